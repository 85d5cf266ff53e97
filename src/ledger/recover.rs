//! Recovers the state from the bytes of lock and journal, whatever happened before. Pure.

use super::Paths;
use super::book::Book;
use super::failure::LedgerError;
use super::journal::{self, Flaw, Header};
use super::lockfile;
use crate::base::digest::Sha256;

/// Returns the combined state of lock and journal, and whether it differs from the lock's alone.
///
/// It is the union of both: a journal next to a lock that it doesn't continue loses nothing, and one that the lock
/// already includes changes nothing.
///
/// # Errors
/// Fails if one of them is damaged or of a newer version, or they belong to different services.
pub(super) fn recover(lock: Option<&[u8]>, journal: &[u8], paths: &Paths) -> Result<(Book, bool), LedgerError> {
    let mut book = match lock {
        Some(text) => lockfile::parse(text, &paths.lock)?,
        None => Book::default(),
    };
    let flawed = |flaw: Flaw| flawed(&flaw, paths);
    let contents = journal::read(journal).map_err(flawed)?;
    let before = contents.header.is_some().then(|| book.clone());
    if let Some(header) = &contents.header {
        settle_service(&mut book, header, lock, paths)?;
    }
    if let Some(line) = contents.torn {
        tracing::warn!(journal = %paths.journal.display(), line, "the journal's end was torn and is left aside");
    }
    contents.replay(&mut book).map_err(flawed)?;
    let changed = before.is_some_and(|before| before != book);
    Ok((book, changed))
}

/// Returns the error for a journal that can't be trusted.
pub(super) fn flawed(flaw: &Flaw, paths: &Paths) -> LedgerError {
    let path = paths.journal.clone();
    match flaw {
        Flaw::Damaged { line, what } => LedgerError::Damaged { path, line: Some(*line), what: (*what).to_owned() },
        Flaw::Newer(version) => LedgerError::Newer { path, version: *version, known: journal::VERSION },
    }
}

/// Sets the book's service to the journal's, if the journal continues this very lock (it may be about to move it) or
/// they agree.
fn settle_service(book: &mut Book, header: &Header, lock: Option<&[u8]>, paths: &Paths) -> Result<(), LedgerError> {
    match book.service() {
        Some(ours) if ours != header.service && header.continues != lock.map(Sha256::of) => {
            Err(LedgerError::ForeignJournal {
                journal: paths.journal.clone(),
                theirs: header.service.clone(),
                lock: paths.lock.clone(),
                ours: ours.to_owned(),
            })
        }
        _ => {
            book.set_service(&header.service);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
