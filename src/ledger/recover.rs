//! From the bytes of lock and journal to the state, after whatever happened. Pure.

use super::Paths;
use super::book::{Book, Memory, Told};
use super::entry::Entry;
use super::failure::LedgerError;
use super::journal::{self, Contents, Flaw, Header};
use super::lockfile;
use crate::base::digest::Sha256;

/// The state that lock and journal stand for together, and whether it is another than the lock's alone.
///
/// Entries are replayed onto whatever lock is there: replay only moves forward, so a journal beside a lock that it doesn't
/// continue loses nothing, and one that the lock has taken in already changes nothing. Where such a lock has another purchase in
/// the place of one that the journal speaks of, both are accounts of the same key, and what is or may be paid of either stays.
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
    book.fold();
    let before = contents.header.is_some().then(|| book.clone());
    if let Some(header) = &contents.header {
        settle_service(&mut book, header, lock, paths)?;
    }
    if let Some(line) = contents.torn {
        tracing::warn!(journal = %paths.journal.display(), line, "the journal's end was torn and is left aside");
    }
    let continues = contents.header.as_ref().is_none_or(|header| header.continues == lock.map(Sha256::of));
    replay(&mut book, &contents, continues).map_err(flawed)?;
    let changed = before.is_some_and(|before| before != book);
    Ok((book, changed))
}

/// What to say of a journal that can't be trusted.
pub(super) fn flawed(flaw: &Flaw, paths: &Paths) -> LedgerError {
    let path = paths.journal.clone();
    match flaw {
        Flaw::Damaged { line, what } => LedgerError::Damaged { path, line: Some(*line), what: (*what).to_owned() },
        Flaw::Newer(version) => LedgerError::Newer { path, version: *version, known: journal::VERSION },
    }
}

/// Applies the entries of a journal; `continues` says whether it was begun on this very book.
fn replay(book: &mut Book, contents: &Contents<'_>, continues: bool) -> Result<(), Flaw> {
    let entries = || {
        let mut memory = Memory::default();
        contents.entries().map(move |entry| entry.map(|entry| memory.complete(entry)))
    };
    if continues {
        for entry in entries() {
            book.apply(&entry?);
        }
    } else {
        let mut told = Told::default();
        for entry in entries() {
            told.hear(&entry?, book);
        }
        let aside = book.set_aside(&told);
        for entry in entries() {
            let entry = entry?;
            if !may_be_of_another(&entry, &aside) {
                book.apply(&entry);
            }
        }
        for entry in entries() {
            book.name_unknown(&entry?);
        }
        book.mix(aside);
    }
    book.fold();
    Ok(())
}

/// Whether an entry may be about a purchase that the journal never knew: then what it says is left to be found out again.
///
/// Nothing is dropped from a lock that the journal doesn't continue, nor taken for another's by its number alone.
fn may_be_of_another(entry: &Entry, aside: &Book) -> bool {
    let nameless = !matches!(entry, Entry::Submitting { .. }) && entry.which().is_none();
    let stands =
        entry.key().is_some_and(|key| aside.get(key).is_some_and(|known| Some(known.attempt) == entry.attempt()));
    matches!(entry, Entry::Dropped { .. }) || nameless && stands
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
