//! Checks whether the lock is still the one that a run read: git may replace it at any time.

use super::book::Book;
use super::failure::LedgerError;
use super::lockfile;
use super::record::Key;
use crate::base::digest::Sha256;
use crate::base::durable;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A lock that was read.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    path: PathBuf,
    content: Option<Sha256>,
    /// Taken before the content was read.
    stamp: Option<Stamp>,
    /// The lock's current content, if it is another one.
    there: There,
}

/// The current content of the lock's path.
#[derive(Clone, Debug)]
enum There {
    /// The content that was read.
    Same,
    Another(Box<Book>),
    /// Its content can't be known.
    Unreadable,
}

/// The metadata that, practically always, changes together with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    file: u64,
    length: u64,
    modified: Option<SystemTime>,
}

impl Watched {
    /// Returns the state of the lock at `path` before it is read.
    pub(super) fn before_reading(path: &Path) -> Watched {
        Watched { path: path.to_owned(), content: None, stamp: Stamp::of(path), there: There::Same }
    }

    /// Sets the content that was read.
    pub(super) fn with_content(self, content: Option<Sha256>) -> Watched {
        Watched { content, ..self }
    }

    /// Returns its path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the lock with itself, or with `empty` if there is none, so that a lock that can't be replaced is
    /// noticed before anything is paid.
    ///
    /// # Errors
    /// Fails if it can't be read or written.
    pub(super) fn replace_by_itself(&mut self, empty: &str) -> Result<(), LedgerError> {
        let text = lockfile::load(&self.path)?;
        let is_known = text.as_deref().map(Sha256::of) == self.content && Stamp::of(&self.path) == self.stamp;
        durable::write_whole(&self.path, text.as_deref().unwrap_or(empty.as_bytes()))
            .map_err(LedgerError::io("replace", &self.path))?;
        if is_known {
            self.content = Some(Sha256::of(text.as_deref().unwrap_or(empty.as_bytes())));
            self.stamp = Stamp::of(&self.path);
        }
        Ok(())
    }

    /// Looks at the lock again; its file is read only if something about it changed.
    pub(super) fn look_again(&mut self) {
        let stamp = Stamp::of(&self.path);
        if stamp != self.stamp {
            self.stamp = stamp;
            self.there = self.look();
        }
    }

    /// Returns whether another lock has appeared in which `key` is or may be paid without `known` knowing that.
    pub(super) fn forbids(&self, key: &Key, known: &Book) -> bool {
        match &self.there {
            There::Same => false,
            There::Another(there) => there.has_paid_what_is_unknown_to(known, key),
            There::Unreadable => true,
        }
    }

    fn look(&self) -> There {
        let Ok(text) = lockfile::load(&self.path) else { return There::Unreadable };
        if text.as_deref().map(Sha256::of) == self.content {
            return There::Same;
        }
        // If there is none, nothing is known that this run doesn't know.
        let book = text.map_or_else(|| Ok(Book::default()), |text| lockfile::parse(&text, &self.path));
        book.map_or(There::Unreadable, |book| There::Another(Box::new(book)))
    }
}

impl Stamp {
    fn of(path: &Path) -> Option<Stamp> {
        let found = path.metadata().ok()?;
        Some(Stamp { file: file_number(&found), length: found.len(), modified: found.modified().ok() })
    }
}

#[cfg(unix)]
fn file_number(found: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(found)
}

#[cfg(not(unix))]
fn file_number(_: &std::fs::Metadata) -> u64 {
    0
}
