//! A file that a command writes at its end: checked to be writable before it begins, and to replace nothing of somebody
//! else's.

use super::failure::Failure;
use crate::base::durable::{self, Mark, folder_of};
use crate::ledger::Paths;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The kind of file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// Its noun, such as `page`: completes "the … can't be written".
    pub(super) noun: &'static str,
    /// The beginning of each file of this kind: by it an earlier one is recognized, which may be replaced.
    pub(super) beginning: &'static str,
}

/// A writable file.
#[derive(Debug)]
pub(super) struct OutputFile {
    kind: Kind,
    /// The path as it was named.
    shown: PathBuf,
    /// Its real path.
    real: PathBuf,
}

impl OutputFile {
    /// Returns the file at `path`, checked to be writable, to contain at most an earlier one of its kind, and to be
    /// none of the `ledger`'s.
    ///
    /// # Errors
    /// Fails if one of these is not true.
    pub(super) fn at(path: &Path, kind: Kind, ledger: &Paths) -> Result<OutputFile, Failure> {
        let failed = |error: io::Error| {
            Failure::usage(format!("the {} can't be written to {}: {error}", kind.noun, path.display()))
                .hint("name a file in a folder that exists and can be written to")
        };
        if path == Path::new("-") {
            return Err(Failure::usage(format!("the {} of a run goes to a file, not to standard output", kind.noun))
                .hint("name a file; one that is called `-` is `./-`"));
        }
        let real = match path.canonicalize() {
            Ok(real) => real,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let name = path.file_name().ok_or_else(|| failed(io::ErrorKind::IsADirectory.into()))?;
                folder_of(path).canonicalize().map_err(failed)?.join(name)
            }
            Err(error) => return Err(failed(error)),
        };
        let file = OutputFile { kind, shown: path.to_owned(), real };
        if !file.is_free().map_err(failed)? {
            return Err(Failure::usage(file.taken()).hint(file.left()));
        }
        // Even if it doesn't exist yet: the next run would read it as the record of purchases.
        if [&ledger.lock, &ledger.journal].contains(&&file.real) || is_named_as_a_ledger(&file.real) {
            let message = format!("{} is the name of a lock or its journal", path.display());
            return Err(Failure::usage(message).hint(file.left()));
        }
        // Dropped at once: it only proves that a file can be created.
        durable::temporary_beside(&file.real, &Mark::of(&file.real)).map_err(failed)?;
        Ok(file)
    }

    /// Returns the path as it was named.
    pub(super) fn shown(&self) -> &Path {
        &self.shown
    }

    /// Returns the real path of its folder.
    pub(super) fn folder(&self) -> &Path {
        folder_of(&self.real)
    }

    /// Writes it completely or not at all.
    ///
    /// # Errors
    /// Fails if this machine does, or something else has taken the name in the meantime.
    pub(super) fn write(&self, content: &str) -> Result<(), Failure> {
        let failed = |error| {
            Failure::machine(format!("the {} can't be written to {}: {error}", self.kind.noun, self.shown.display()))
        };
        // A video of the run may have taken it.
        if !self.is_free().map_err(failed)? {
            return Err(Failure::machine(self.taken()).hint(self.left()));
        }
        durable::write_whole(&self.real, content.as_bytes()).map_err(failed)
    }

    fn taken(&self) -> String {
        format!("{} exists, and is no {} of batch", self.shown.display(), self.kind.noun)
    }

    fn left(&self) -> String {
        format!("it was left as it is: name another file for the {}", self.kind.noun)
    }

    /// Returns whether replacing the file loses nothing: it doesn't exist, is empty, or is an earlier one.
    fn is_free(&self) -> io::Result<bool> {
        match self.real.metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
            Err(error) => return Err(error),
            // Neither a folder nor a device.
            Ok(found) if !found.is_file() => return Ok(false),
            Ok(_) => {}
        }
        let mut start = Vec::new();
        File::open(&self.real)?.take(self.kind.beginning.len() as u64).read_to_end(&mut start)?;
        Ok(start.is_empty() || start == self.kind.beginning.as_bytes())
    }
}

/// Returns whether a path has the name of a lock or a journal, of any manifest.
fn is_named_as_a_ledger(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "lock" || extension == "journal")
}
