//! From the bytes of lock and journal to the state, after whatever happened. Pure.

use super::Paths;
use super::book::Book;
use super::failure::LedgerError;
use super::journal::{self, Flaw, Header};
use super::lockfile;
use crate::base::digest::Sha256;

/// Returns the state that lock and journal stand for together, and whether it is another than the lock's alone.
///
/// That is the union of both: a journal beside a lock that it doesn't continue loses nothing, and one that the lock has taken in
/// already changes nothing.
///
/// # Errors
/// Where one of them is damaged or of a newer version, or they are of two services.
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

/// Returns what to say of a journal that can't be trusted.
pub(super) fn flawed(flaw: &Flaw, paths: &Paths) -> LedgerError {
    let path = paths.journal.clone();
    match flaw {
        Flaw::Damaged { line, what } => LedgerError::Damaged { path, line: Some(*line), what: (*what).to_owned() },
        Flaw::Newer(version) => LedgerError::Newer { path, version: *version, known: journal::VERSION },
    }
}

/// The journal's service is the book's, where the journal continues this very lock (it may be about to move it) or they agree.
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
