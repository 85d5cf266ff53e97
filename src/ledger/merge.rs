//! `batch lock merge`: joins locks by union, in whatever form git left them.

use super::book::Book;
use super::failure::LedgerError;
use super::guard::Guard;
use super::lockfile::{self, from_utf8, parse};
use super::record::Key;
use super::{Paths, read};
use std::path::Path;

/// The outcome of joining.
#[derive(Debug)]
pub struct Merged {
    /// All purchases.
    pub purchases: usize,
    /// The jobs with an input that is paid twice.
    pub bought_twice: Vec<Key>,
}

/// Joins the locks at `inputs`, each with the journal next to it, and writes the result to `out`, which may be one of them.
///
/// # Errors
/// Fails if one can't be read, two belong to different services, a run is using `out`, or it can't be written.
pub fn join(inputs: &[&Path], out: &Path) -> Result<Merged, LedgerError> {
    let mut book = Book::default();
    for input in inputs {
        let paths = Paths::of(input);
        let Some(text) = lockfile::load(&paths.lock)? else {
            return Err(LedgerError::io("read", *input)(std::io::ErrorKind::NotFound.into()));
        };
        take_in(&mut book, &text, &paths.lock)?;
        // A run that was killed has left entries there that its lock doesn't have.
        if paths.journal.exists() {
            unite(&mut book, read(&paths)?.book, &paths.lock)?;
        }
    }
    write(&book, out)
}

/// Fixes a lock that git left in conflict; returns `None` if it has no marks and no halves of blocks.
///
/// # Errors
/// As [`join`].
pub fn mend(paths: &Paths) -> Result<Option<Merged>, LedgerError> {
    let Some(text) = lockfile::load(&paths.lock)? else { return Ok(None) };
    if parse(&text, &paths.lock).is_ok() {
        return Ok(None);
    }
    let mut book = Book::default();
    take_in(&mut book, &text, &paths.lock)?;
    write(&book, &paths.lock).map(Some)
}

/// Adds the purchases of a lock; if git left it in conflict, those of both its sides.
fn take_in(book: &mut Book, text: &[u8], path: &Path) -> Result<(), LedgerError> {
    // A side that is still empty: git gives an empty file if there was no ancestor.
    if text.iter().all(u8::is_ascii_whitespace) {
        return Ok(());
    }
    let refused = match parse(text, path) {
        Ok(read) => return unite(book, read, path),
        Err(refused) => refused,
    };
    let text = from_utf8(text, path)?;
    // If both sides changed a block, git may have mixed its lines: then the checksum of neither side holds.
    for checked in [true, false] {
        let Some(sides) = lockfile::mend(text, checked) else { continue };
        let read = sides.map(|side| parse(side.as_bytes(), path));
        if let [Ok(ours), Ok(theirs)] = read {
            unite(book, ours, path)?;
            return unite(book, theirs, path);
        }
    }
    match lockfile::take_apart(text) {
        Some(apart) => {
            let mut read = parse(apart.as_bytes(), path)?;
            read.follow_names();
            unite(book, read, path)
        }
        None => Err(refused),
    }
}

fn unite(book: &mut Book, other: Book, path: &Path) -> Result<(), LedgerError> {
    match (book.service(), other.service()) {
        (Some(known), Some(wanted)) if known != wanted => {
            let (lock, wanted) = (known.to_owned(), wanted.to_owned());
            Err(LedgerError::OtherService { path: path.to_owned(), lock: wanted, wanted: lock })
        }
        _ => {
            book.unite(other);
            Ok(())
        }
    }
}

/// Writes the lock, which no run may be using.
fn write(book: &Book, out: &Path) -> Result<Merged, LedgerError> {
    let paths = Paths::of(out);
    let _guard = Guard::take(&paths.journal)?;
    lockfile::save(&paths.lock, &lockfile::write(book))?;
    let twice = book.records().filter(|record| !book.bought_twice(&record.key).is_empty());
    Ok(Merged { purchases: book.kept().count(), bought_twice: twice.map(|record| record.key.clone()).collect() })
}
