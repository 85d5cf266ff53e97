//! The page of a manifest: where it goes, and how it gets there.

use super::failure::Failure;
use super::project::{Project, Realm};
use crate::base::durable::{self, Mark, folder_of};
use crate::ledger;
use crate::report::gallery::{self, Receipt, Source};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A file that a page can be written to.
#[derive(Debug)]
pub(super) struct PageFile {
    /// As it was named.
    shown: PathBuf,
    /// Its real path.
    real: PathBuf,
}

impl PageFile {
    /// The file at `path`, seen to be writable and to hold nothing but an earlier page.
    ///
    /// # Errors
    /// Where it isn't so.
    pub(super) fn at(path: &Path) -> Result<PageFile, Failure> {
        let failed = |error: io::Error| {
            Failure::usage(format!("the page can't be written to {}: {error}", path.display()))
                .hint("name a file in a folder that is there and can be written to")
        };
        let real = match path.canonicalize() {
            Ok(real) => real,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let name = path.file_name().ok_or_else(|| failed(io::ErrorKind::IsADirectory.into()))?;
                folder_of(path).canonicalize().map_err(failed)?.join(name)
            }
            Err(error) => return Err(failed(error)),
        };
        if !is_free(&real).map_err(failed)? {
            return Err(Failure::usage(taken(path)).hint(LEFT));
        }
        // Dropped at once: it only shows that there can be one.
        durable::temporary_beside(&real, &Mark::of(&real)).map_err(failed)?;
        Ok(PageFile { shown: path.to_owned(), real })
    }

    /// The usual file: beside the manifest, under its name.
    pub(super) fn beside(project: &Project, realm: Realm) -> Result<PageFile, Failure> {
        if project.shown == Path::new("-") {
            return Err(Failure::usage("a manifest from standard input has no place for its page")
                .hint("say where it goes: --output FILE, or --output - for standard output"));
        }
        PageFile::at(&project.shown.with_extension(match realm {
            Realm::Real => "report.html",
            Realm::Trial => "sim.report.html",
        }))
    }

    /// Writes the page of `project` as it stands now; says where.
    pub(super) fn write(&self, project: &Project, realm: Realm, receipt: Option<&Receipt>) -> Result<&Path, Failure> {
        let page = page(project, realm, folder_of(&self.real), receipt)?;
        let failed =
            |error| Failure::machine(format!("the page can't be written to {}: {error}", self.shown.display()));
        // A video of the run may have taken the name meanwhile.
        if !is_free(&self.real).map_err(failed)? {
            return Err(Failure::machine(taken(&self.shown)).hint(LEFT));
        }
        durable::write_whole(&self.real, page.as_bytes()).map_err(failed)?;
        Ok(&self.shown)
    }
}

/// The page of `project` as it stands now, for `folder`.
pub(super) fn page(
    project: &Project,
    realm: Realm,
    folder: &Path,
    receipt: Option<&Receipt>,
) -> Result<String, Failure> {
    let snapshot = ledger::read(&project.paths)?;
    let source = Source {
        manifest: &project.manifest,
        book: &snapshot.book,
        name: &project.shown.file_name().unwrap_or_default().to_string_lossy(),
        target: &project.target(realm),
        held_by: snapshot.held_by.as_ref(),
        receipt,
    };
    Ok(gallery::page(&source, folder))
}

const LEFT: &str = "it was left as it is: name another file for the page";

fn taken(path: &Path) -> String {
    format!("{} is there, and is no page of batch", path.display())
}

/// Whether nothing is lost when a page takes this file's place: it isn't there, is empty, or is a page.
fn is_free(path: &Path) -> io::Result<bool> {
    match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
        // Neither a folder nor a device.
        Ok(found) if !found.is_file() => return Ok(false),
        Ok(_) => {}
    }
    let mut beginning = Vec::new();
    File::open(path)?.take(gallery::BEGINNING.len() as u64).read_to_end(&mut beginning)?;
    Ok(beginning.is_empty() || beginning == gallery::BEGINNING.as_bytes())
}
