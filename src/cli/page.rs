//! The page of a manifest: where it goes, and how it gets there.

use super::failure::Failure;
use super::output_file::{Kind, OutputFile};
use super::project::Project;
use super::realm::Realm;
use super::sharing::asked_elsewhere;
use crate::mirror::pinned;
use crate::plan::select::Selection;
use crate::report::documents::status::JobStatus;
use crate::report::gallery::{self, Receipt, Source};
use std::path::Path;
use url::Url;

/// The file of a page.
const KIND: Kind = Kind { noun: "page", beginning: gallery::BEGINNING };

/// A file that a page can be written to.
#[derive(Debug)]
pub(super) struct PageFile(OutputFile);

impl PageFile {
    /// Returns the file at `path`, seen to be writable and to hold nothing but an earlier page.
    ///
    /// # Errors
    /// Fails if it isn't so.
    pub(super) fn at(path: &Path, project: &Project) -> Result<PageFile, Failure> {
        OutputFile::at(path, KIND, &project.paths).map(PageFile)
    }

    /// Returns the usual file: beside the manifest, under its name.
    pub(super) fn beside(project: &Project) -> Result<PageFile, Failure> {
        if project.shown == Path::new("-") {
            return Err(Failure::usage("a manifest from standard input has no place for its page")
                .hint("say where it goes: --output FILE, or --output - for standard output"));
        }
        let extension = match project.realm {
            Realm::Real => "report.html",
            Realm::Trial => "sim.report.html",
        };
        PageFile::at(&project.shown.with_extension(extension), project)
    }

    /// Writes the page of `project` as it stands now; says where.
    pub(super) fn write(&self, project: &Project, shown: &Shown<'_>) -> Result<&Path, Failure> {
        let page = page(project, self.0.folder(), shown)?;
        self.0.write(&page)?;
        Ok(self.0.shown())
    }
}

/// The content of a page.
pub(super) struct Shown<'s> {
    /// The selected jobs.
    pub(super) selection: &'s Selection,
    /// The statuses whose jobs are shown.
    pub(super) statuses: &'s [JobStatus],
    /// The run at whose end it is made.
    pub(super) receipt: Option<&'s Receipt>,
    /// The web address of published videos, if it links to these.
    pub(super) published: Option<&'s Url>,
}

/// Returns the page of the selected jobs of `project` as they stand now, for `folder`.
pub(super) fn page(project: &Project, folder: &Path, shown: &Shown<'_>) -> Result<String, Failure> {
    let Shown { selection, statuses, receipt, published } = *shown;
    let snapshot = project.read()?;
    let pinned = pinned(&project.manifest, &snapshot.book);
    let source = Source {
        manifest: &pinned.manifest,
        book: &snapshot.book,
        elsewhere: &asked_elsewhere(project, &snapshot.book),
        name: &project.shown.file_name().unwrap_or_default().to_string_lossy(),
        target: &project.target(),
        held_by: snapshot.held_by.as_ref(),
        receipt,
        selection,
        statuses,
        published,
    };
    Ok(gallery::page(&source, folder))
}
