//! `batch lock merge`: locks joined by union, whatever git left of them.

use super::book::Book;
use super::failure::LedgerError;
use super::guard::Guard;
use super::lockfile::{self, from_utf8, parse};
use super::record::Key;
use super::{Paths, read};
use std::path::Path;

/// What joining came to.
#[derive(Debug)]
pub struct Merged {
    /// All purchases.
    pub purchases: usize,
    /// The jobs of which one input is paid twice.
    pub bought_twice: Vec<Key>,
}

/// Joins the locks at `inputs`, each with the journal beside it, and writes the result to `out`, which may be one of them.
///
/// # Errors
/// Where one can't be read, two are of different services, a run is using `out`, or it can't be written.
pub fn join(inputs: &[&Path], out: &Path) -> Result<Merged, LedgerError> {
    let mut book = Book::default();
    for input in inputs {
        let paths = Paths::of(input);
        let Some(text) = lockfile::load(&paths.lock)? else {
            return Err(LedgerError::io("read", *input)(std::io::ErrorKind::NotFound.into()));
        };
        take_in(&mut book, &text, &paths.lock)?;
        // A run that was killed has left there what its lock doesn't know.
        if paths.journal.exists() {
            unite(&mut book, read(&paths)?.book, &paths.lock)?;
        }
    }
    write(&book, out)
}

/// Mends a lock that git left in conflict; none where it has no marks and no halves of blocks.
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

/// Takes in what a lock says; where git left it in conflict, what both its sides say.
fn take_in(book: &mut Book, text: &[u8], path: &Path) -> Result<(), LedgerError> {
    // A side that has nothing yet: git gives an empty file where there was no ancestor.
    if text.iter().all(u8::is_ascii_whitespace) {
        return Ok(());
    }
    let refused = match parse(text, path) {
        Ok(read) => return unite(book, read, path),
        Err(refused) => refused,
    };
    let text = from_utf8(text, path)?;
    // Where both sides changed a block, git may have mixed its lines: the checksum of neither side holds then.
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
