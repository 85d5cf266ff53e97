//! Reads text as a book. Strict: a line is never ignored.

use super::sides::mark;
use super::tables::LockFile;
use super::{VERSION, processors};
use crate::ledger::book::{Book, Projection};
use crate::ledger::failure::LedgerError;
use crate::ledger::purchase::Purchase;
use memchr::memmem;
use std::path::Path;

/// Approximate size of a piece of the text in bytes: pieces are parsed separately, which takes less memory and uses all
/// processors.
const PIECE: usize = 256 * 1024;

/// The headers at which pieces may begin.
const HEADERS: [&str; 6] = ["[[purchase]]", "[[job]]", "[[superseded]]", "[[released]]", "[[upload]]", "[[mirror]]"];

/// The beginning of a git LFS pointer, left for a file that was not fetched.
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// Returns the book of a lock that was read from `path`.
///
/// # Errors
/// Fails if the text isn't a lock, is of a newer version, has the marks of a merge in it, or has an incomplete block.
pub(in crate::ledger) fn parse(text: &[u8], path: &Path) -> Result<Book, LedgerError> {
    if text.starts_with(LFS_POINTER) {
        let what =
            "it is what git LFS leaves for a file that was not fetched (a pointer): fetch it with `git lfs pull`";
        return Err(LedgerError::Damaged { path: path.to_owned(), line: None, what: what.to_owned() });
    }
    Source { text: from_utf8(text, path)?, path, is_mixture: false }.book()
}

/// Returns the book of a text that a merge mixed, and that this program put in order: blocks without checksum aren't a
/// person's.
///
/// # Errors
/// As [`parse`].
pub(super) fn parse_mixture(text: &str, path: &Path) -> Result<Book, LedgerError> {
    Source { text, path, is_mixture: true }.book()
}

/// Returns the text.
///
/// # Errors
/// Fails if it isn't UTF-8.
pub(super) fn from_utf8<'t>(text: &'t [u8], path: &Path) -> Result<&'t str, LedgerError> {
    std::str::from_utf8(text).map_err(|e| LedgerError::Damaged {
        path: path.to_owned(),
        line: Some(line_at(text, e.valid_up_to())),
        what: "the text is not UTF-8".to_owned(),
    })
}

/// The text of a lock, and its path.
#[derive(Clone, Copy)]
struct Source<'t> {
    text: &'t str,
    path: &'t Path,
    is_mixture: bool,
}

/// A part of the text that is valid TOML by itself, and its offset.
type Piece<'t> = (usize, &'t str);

impl<'t> Source<'t> {
    fn book(self) -> Result<Book, LedgerError> {
        let pieces = self.pieces();
        // What is wrong is told in the order of the text: read from its beginning.
        match self.read_in_shares(&pieces) {
            Some(book) => Ok(book),
            None => self.read(&pieces),
        }
    }

    /// Returns the text in pieces: each begins at the header of a table.
    fn pieces(self) -> Vec<Piece<'t>> {
        let text = self.text;
        // A header-like line may be inside a multi-line string. None is ever written, except by hand.
        if ["\"\"\"", "'''"].iter().any(|quotes| memmem::find(text.as_bytes(), quotes.as_bytes()).is_some()) {
            return vec![(0, text)];
        }
        let mut pieces = Vec::new();
        let (mut start, mut end) = (0, 0);
        for line in text.split_inclusive('\n') {
            // The first piece is the head alone.
            if HEADERS.contains(&line.trim_end()) && (start == 0 || end - start >= PIECE) {
                pieces.push((start, &text[start..end]));
                start = end;
            }
            end += line.len();
        }
        pieces.push((start, &text[start..]));
        pieces
    }

    /// Returns the book of many pieces, of which each processor reads a share; `None` if there are few, or something is
    /// wrong.
    fn read_in_shares(self, pieces: &[Piece<'t>]) -> Option<Book> {
        if pieces.len() < 8 {
            return None;
        }
        std::thread::scope(|scope| {
            let spawn = |share| scope.spawn(move || self.read(share));
            let readers: Vec<_> = pieces.chunks(pieces.len().div_ceil(processors())).map(spawn).collect();
            let mut books = readers.into_iter().map(|reader| reader.join().expect("reading doesn't panic").ok());
            let mut all = books.next()??;
            for book in books {
                all.unite(book?);
            }
            Some(all)
        })
    }

    /// Returns the book of a sequence of pieces.
    fn read(self, pieces: &[Piece<'t>]) -> Result<Book, LedgerError> {
        let mut book = Book::default();
        for (start, piece) in pieces {
            let lock = toml::from_str(piece).map_err(|e| self.refusal(&e, *start))?;
            self.take_in(&mut book, lock, *start)?;
        }
        Ok(book)
    }

    /// Adds the content of the piece that starts at `start` to the book.
    fn take_in(self, book: &mut Book, piece: LockFile, start: usize) -> Result<(), LedgerError> {
        let LockFile { version, service, ledger, ledger_id, purchase, upload, mirror, job, superseded, released } =
            piece;
        match version {
            None if start == 0 => return Err(self.damaged(Some(1), "`version` is missing".to_owned())),
            Some(newer @ 3..) => return Err(self.newer(newer)),
            Some(1..) | None => {}
            Some(other) => return Err(self.damaged(Some(1), format!("{other} is not a version of this file"))),
        }
        if let Some(service) = &service {
            book.set_service(service);
        }
        match (ledger, ledger_id) {
            (Some(url), Some(id)) => book.set_projection(Some(Projection { url, id })),
            (None, None) => {}
            _ => return Err(self.damaged(Some(1), "`ledger` and `ledger_id` go together".to_owned())),
        }
        for (i, table) in purchase.into_iter().enumerate() {
            if table.check.is_none() && !self.is_mixture {
                tracing::warn!(job = %table.job, id = %table.id, lock = %self.path.display(), "a purchase without `check` was written by a person");
            }
            let block = format!("the purchase {} of {}", table.id, table.job);
            let purchase = table.into_purchase().map_err(|what| {
                self.damaged(self.line_of_table(start, "[[purchase]]", i), format!("{block}: {what}; {HALVES}"))
            })?;
            book.add(purchase);
        }
        for (tables, header) in [(job, "[[job]]"), (superseded, "[[superseded]]")] {
            for (i, table) in tables.into_iter().enumerate() {
                let wrong = |what: String| self.damaged(self.line_of_table(start, header, i), what);
                let purchases: Vec<Purchase> = table.into_purchases().map_err(wrong)?;
                purchases.into_iter().for_each(|purchase| book.add(purchase));
            }
        }
        for table in released {
            let purchases = table.into_purchases().map_err(|what| self.damaged(None, what))?;
            purchases.into_iter().for_each(|purchase| book.add(purchase));
        }
        for upload in upload {
            book.add_upload(upload.sha256, &upload.url, upload.uploaded_at);
        }
        for table in mirror {
            let (address, pin) = table.into_pin();
            book.add_pin(address, pin, false);
        }
        Ok(())
    }

    /// Returns the best error for an unreadable text: a merge conflict, a newer version, or the block and line of the
    /// damage.
    fn refusal(self, error: &toml::de::Error, start: usize) -> LedgerError {
        if let Some(line) = self.text.lines().position(|line| mark(line).is_some()) {
            return LedgerError::Conflict { path: self.path.to_owned(), line: line + 1 };
        }
        if let Some(version) = version_of(self.text).filter(|version| *version > VERSION) {
            return self.newer(version);
        }
        let line = error.span().map(|span| line_at(self.text.as_bytes(), start + span.start));
        let mut what = error.message().to_owned();
        if what.starts_with("unknown field") {
            what.push_str(" (the lock was edited by hand, or written by a newer batch)");
        }
        if ["unknown field", "missing field"].iter().any(|start| what.starts_with(start)) || what.contains("duplicate")
        {
            what = format!("{what}; {HALVES}");
        }
        if let Some(block) = line.and_then(|line| self.block(line)) {
            what = format!("{block}: {what}");
        }
        self.damaged(line, what)
    }

    /// Returns the name of the block that a line belongs to.
    fn block(self, line: usize) -> Option<String> {
        let lines: Vec<&str> = self.text.lines().collect();
        let header = lines.get(..line)?.iter().rposition(|line| HEADERS.contains(&line.trim_end()))?;
        let rest = lines[header + 1..].iter().take_while(|line| !HEADERS.contains(&line.trim_end()));
        let named = |name: &'static str| {
            let mut named = rest.clone().filter_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix('='));
            named.next().map(|value| value.trim().trim_matches('"'))
        };
        match lines[header].trim_end() {
            "[[purchase]]" => Some(format!("the purchase {} of {}", named("id")?, named("job")?)),
            "[[upload]]" => Some(format!("the upload of {}", named("sha256")?)),
            "[[mirror]]" => Some(format!("the image at {}", named("url")?)),
            _ => Some(format!("the job {}", named("id")?)),
        }
    }

    fn newer(self, version: i64) -> LedgerError {
        LedgerError::Newer { path: self.path.to_owned(), version, known: VERSION }
    }

    fn damaged(self, line: Option<usize>, what: String) -> LedgerError {
        LedgerError::Damaged { path: self.path.to_owned(), line, what }
    }

    /// Returns the line, counted from 1, on which the `index`th table of a kind starts, after `start`.
    fn line_of_table(self, start: usize, header: &str, index: usize) -> Option<usize> {
        let before = line_at(self.text.as_bytes(), start);
        let mut headers = self.text[start..].lines().enumerate().filter(|(_, line)| line.trim_end() == header);
        headers.nth(index).map(|(line, _)| before + line)
    }
}

/// The advice for a block that isn't whole.
pub(super) const HALVES: &str = "where a merge put halves of two blocks together, `batch lock merge` takes them apart";

/// Returns the version that the text states, whatever else it says.
pub(super) fn version_of(text: &str) -> Option<i64> {
    let assignment =
        text.lines().take_while(|line| !line.starts_with('[')).find_map(|line| line.strip_prefix("version"));
    assignment?.trim_start().strip_prefix('=')?.trim().parse().ok()
}

/// Returns the line, counted from 1, of a byte.
fn line_at(text: &[u8], offset: usize) -> usize {
    text[..offset.min(text.len())].iter().filter(|b| **b == b'\n').count() + 1
}
