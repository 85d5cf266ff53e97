//! Text as a book.

use super::VERSION;
use super::tables::Lock;
use crate::ledger::book::Book;
use crate::ledger::failure::LedgerError;
use crate::ledger::record::{Key, Place};
use memchr::memmem;
use std::path::Path;

/// Bytes of a piece of the text, about: pieces are parsed by themselves, which takes less memory and all processors.
const PIECE: usize = 256 * 1024;

/// How the file starts that git LFS leaves for one that was not fetched.
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// The book of a lock that was read from `path`.
///
/// # Errors
/// Where the text is no lock, is of a newer version, has the marks of a merge in it, or says something twice.
pub(in crate::ledger) fn parse(text: &[u8], path: &Path) -> Result<Book, LedgerError> {
    if text.starts_with(LFS_POINTER) {
        let what =
            "it is what git LFS leaves for a file that was not fetched (a pointer): fetch it with `git lfs pull`";
        return Err(LedgerError::Damaged { path: path.to_owned(), line: None, what: what.to_owned() });
    }
    let source = Source { text: from_utf8(text, path)?, path };
    let pieces = source.pieces();
    // What is wrong is told in the order of the text: read from its beginning.
    match source.read_in_shares(&pieces) {
        Some(book) => Ok(book),
        None => source.read(&pieces),
    }
}

fn from_utf8<'t>(text: &'t [u8], path: &Path) -> Result<&'t str, LedgerError> {
    std::str::from_utf8(text).map_err(|e| LedgerError::Damaged {
        path: path.to_owned(),
        line: Some(line_at(text, e.valid_up_to())),
        what: "the text is not UTF-8".to_owned(),
    })
}

/// The text of a lock, and where it was read.
#[derive(Clone, Copy)]
struct Source<'t> {
    text: &'t str,
    path: &'t Path,
}

/// A part of the text that is TOML by itself, and where it starts.
type Piece<'t> = (usize, &'t str);

impl<'t> Source<'t> {
    /// The text in pieces: each begins at the header of a table.
    fn pieces(self) -> Vec<Piece<'t>> {
        let text = self.text;
        // What looks like a header may stand within a string of several lines. None is ever written, but by hand.
        if ["\"\"\"", "'''"].iter().any(|quotes| memmem::find(text.as_bytes(), quotes.as_bytes()).is_some()) {
            return vec![(0, text)];
        }
        let mut pieces = Vec::new();
        let (mut start, mut end) = (0, 0);
        for line in text.split_inclusive('\n') {
            let header =
                ["[[job]]", "[[superseded]]", "[[released]]", "[[upload]]", "[[mirror]]"].contains(&line.trim_end());
            // The first piece is the head alone.
            if header && (start == 0 || end - start >= PIECE) {
                pieces.push((start, &text[start..end]));
                start = end;
            }
            end += line.len();
        }
        pieces.push((start, &text[start..]));
        pieces
    }

    /// The book of many pieces, of which each processor reads a share; none where there are few, or something is wrong.
    fn read_in_shares(self, pieces: &[Piece<'t>]) -> Option<Book> {
        if pieces.len() < 8 {
            return None;
        }
        let processors = std::thread::available_parallelism().map_or(1, |threads| threads.get().min(8));
        std::thread::scope(|scope| {
            let spawn = |share| scope.spawn(move || self.read(share));
            let readers: Vec<_> = pieces.chunks(pieces.len().div_ceil(processors)).map(spawn).collect();
            let mut books = readers.into_iter().map(|reader| reader.join().expect("reading doesn't panic").ok());
            let mut all = books.next()??;
            for book in books {
                all = all.join(book?)?;
            }
            Some(all)
        })
    }

    /// The book of a row of pieces.
    fn read(self, pieces: &[Piece<'t>]) -> Result<Book, LedgerError> {
        let mut book = Book::default();
        for (start, piece) in pieces {
            let lock = toml::from_str(piece).map_err(|e| self.refusal(&e, *start))?;
            self.take_in(&mut book, lock, *start)?;
        }
        Ok(book)
    }

    /// Takes what the piece that starts at `start` says into the book.
    fn take_in(self, book: &mut Book, piece: Lock, start: usize) -> Result<(), LedgerError> {
        let Lock { version, service, job, superseded, released, upload, mirror } = piece;
        if start == 0 {
            version.ok_or_else(|| self.damaged(Some(1), "`version` is missing".to_owned()))?;
        }
        if let Some(service) = &service {
            book.set_service(service);
        }
        let tables = [(job, Place::Current, "[[job]]"), (superseded, Place::Superseded, "[[superseded]]")];
        for (tables, place, header) in tables {
            for (i, table) in tables.into_iter().enumerate() {
                let wrong = |what: String| self.damaged(self.line_of_table(start, header, i), what);
                let (record, beside) = table.into_record(place).map_err(|what| wrong(what.to_owned()))?;
                if book.contradicts(&record) {
                    let Key { job, digest } = &record.key;
                    return Err(wrong(format!("the job {job} ({}) stands in the lock twice", digest.short())));
                }
                book.insert(record, beside);
            }
        }
        for table in released {
            // Of two of one digest, which a merge leaves, or of one beside a record, none is lost.
            let (key, beside) = table.into_key();
            book.insert_released(&key, beside);
        }
        for upload in upload {
            book.add_upload(upload.sha256, &upload.url, upload.uploaded_at);
        }
        for table in mirror {
            let (address, pin) = table.into_pin();
            // Of two of one address, which a merge leaves, none is lost.
            book.add_pin(address, pin, false);
        }
        Ok(())
    }

    /// The best word for a text that can't be read: a merge conflict, a newer version, or the line of the damage.
    fn refusal(self, error: &toml::de::Error, start: usize) -> LedgerError {
        let mark = |line: &str| ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark));
        if let Some(line) = self.text.lines().position(mark) {
            return LedgerError::Conflict { path: self.path.to_owned(), line: line + 1 };
        }
        if let Some(version) = version_of(self.text).filter(|version| *version > VERSION) {
            return LedgerError::Newer { path: self.path.to_owned(), version, known: VERSION };
        }
        let line = error.span().map(|span| line_at(self.text.as_bytes(), start + span.start));
        let mut what = error.message().to_owned();
        if what.starts_with("unknown field") {
            what.push_str(" (the lock was edited by hand, or written by a newer batch)");
        }
        self.damaged(line, what)
    }

    fn damaged(self, line: Option<usize>, what: String) -> LedgerError {
        LedgerError::Damaged { path: self.path.to_owned(), line, what }
    }

    /// The line, counted from 1, on which the `index`th table of a kind starts, behind `start`.
    fn line_of_table(self, start: usize, header: &str, index: usize) -> Option<usize> {
        let before = line_at(self.text.as_bytes(), start);
        let mut headers = self.text[start..].lines().enumerate().filter(|(_, line)| line.trim_end() == header);
        headers.nth(index).map(|(line, _)| before + line)
    }
}

/// The version that the text states, whatever else it says.
fn version_of(text: &str) -> Option<i64> {
    let assignment =
        text.lines().take_while(|line| !line.starts_with('[')).find_map(|line| line.strip_prefix("version"));
    assignment?.trim_start().strip_prefix('=')?.trim().parse().ok()
}

/// The line, counted from 1, of a byte.
fn line_at(text: &[u8], offset: usize) -> usize {
    text[..offset.min(text.len())].iter().filter(|b| **b == b'\n').count() + 1
}
