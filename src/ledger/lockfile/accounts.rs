//! Everything that a lock tells, also one that a merge left in conflict or mixed: the account of each side.

use super::VERSION;
use super::halves::take_apart;
use super::read::{HALVES, from_utf8, parse, parse_mixture, version_of};
use super::sides::split;
use crate::ledger::book::Book;
use crate::ledger::failure::LedgerError;
use std::path::Path;

/// Returns the books of a lock; if git left it in conflict, those of both its sides.
///
/// # Errors
/// Fails if the text, or one of its sides, can't be read: the cause is that of the side.
pub(in crate::ledger) fn accounts(text: &[u8], path: &Path) -> Result<Vec<Book>, LedgerError> {
    // A side that is still empty: git gives an empty file if there was no ancestor.
    if text.iter().all(u8::is_ascii_whitespace) {
        return Ok(Vec::new());
    }
    let refused = match parse(text, path) {
        Ok(book) => return Ok(vec![book]),
        Err(newer @ LedgerError::Newer { .. }) => return Err(newer),
        Err(refused) => refused,
    };
    let text = from_utf8(text, path)?;
    let Some(sides) = split(text, true) else {
        let Some(apart) = take_apart(text) else { return Err(without_a_circle(refused)) };
        let mut book = parse_mixture(&apart, path).map_err(without_a_circle)?;
        book.follow_names();
        return Ok(vec![book]);
    };
    // A side may have marks of its own, or halves of blocks.
    let read = side_by_side(&sides, path);
    if read.is_err()
        // If both sides changed a block, git may have mixed its lines: then the checksum of neither side holds.
        && let Some([ours, theirs]) = split(text, false)
        && let (Ok(ours), Ok(theirs)) = (parse_mixture(&ours, path), parse_mixture(&theirs, path))
    {
        return Ok(vec![ours, theirs]);
    }
    read
}

/// Returns the books of both sides, each read by its own version.
fn side_by_side(sides: &[String; 2], path: &Path) -> Result<Vec<Book>, LedgerError> {
    let newer = sides.iter().filter_map(|side| version_of(side)).find(|version| *version > VERSION);
    if let Some(version) = newer {
        return Err(LedgerError::Newer { path: path.to_owned(), version, known: VERSION });
    }
    let mut books = Vec::new();
    for (side, name) in sides.iter().zip(["ours", "theirs"]) {
        books.extend(accounts(side.as_bytes(), path).map_err(|error| match error {
            // A side's lines aren't those of the file.
            LedgerError::Damaged { path, what, .. } => {
                LedgerError::Damaged { path, line: None, what: format!("between the marks of a merge, {name}: {what}") }
            }
            other => other,
        })?);
    }
    Ok(books)
}

/// Returns what `batch lock merge` can't take apart doesn't name it as the way out.
fn without_a_circle(error: LedgerError) -> LedgerError {
    match error {
        LedgerError::Damaged { path, line, what } => {
            LedgerError::Damaged { path, line, what: what.trim_end_matches(HALVES).trim_end_matches("; ").to_owned() }
        }
        other => other,
    }
}
