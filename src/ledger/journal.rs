//! The text of `jobs.lock.journal`: its lines, their checksums, and the rules for a torn end.
//!
//! ```text
//! 0f8a3c11 {"journal":2,"host":"box","pid":4711,"started":"2026-03-09T02:44:50Z","continues":"51b0…","service":"https://…"}
//! 9d20b7e4 0 0 {"id":"0192f0c1-…","entry":"submitting","job":"park-walk","digest":"sha256:9f2c…",…}
//! 77ab0192 1 1 {"id":"0192f0c1-…","entry":"submitted","task":"3524e0b3…",…}
//! 1c6e02d8 2 1 {"id":"0192f0c2-…","entry":"submitting","job":"rooftop",…}
//! ```
//!
//! Before the first step of a purchase that this journal didn't intend comes its known state (`known`), so that a
//! journal means the same next to any lock.
//!
//! The first line is the header: version, writer, and the hash and service of the lock that it continues. Each line
//! after it is `checksum number group entry`: lines are numbered from 0, and `group` is the number of the first line
//! that was written and synced together with this one. The checksum is the CRC-32 of the rest of the line, seeded with
//! the header's, so that a line of another journal (a stale block of a reused disk) never counts as one of this one.
//!
//! **Trusted lines.** A group is written only after the one before it is on disk, and nothing at all before the header is.
//! So if any sound line says `group = g`, the header and all lines before `g` were synced: if one of them is missing or
//! broken, that is damage, and an error. Unreadable lines from `g` on were never confirmed to anybody (a kill or a power cut
//! may leave a part of the group, zeros, or its later pages without its earlier ones): they are a torn end, and ignored.
//! Sound lines of that last group are true whether they were confirmed or not, so they count, even after a broken one.

mod version1;

use super::book::Book;
use super::entry::{Entry, Step};
use super::holder::Holder;
use super::id::PurchaseId;
use super::lockfile::PurchaseTable;
use crate::base::digest::Sha256;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// The version that is written; the one before can be read.
pub(super) const VERSION: i64 = 2;

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    /// The version of the format.
    pub(super) journal: i64,
    /// The writer.
    #[serde(flatten)]
    pub(super) holder: Holder,
    /// The hash of the lock that it continues; `None` if there was no lock.
    pub(super) continues: Option<Sha256>,
    /// The service for which task ids and uploads of its entries are valid.
    pub(super) service: String,
}

/// Writes lines.
#[derive(Debug)]
pub(super) struct Encoder {
    seed: u32,
    next: u64,
    /// The purchases that the journal already describes.
    told: HashSet<PurchaseId>,
}

/// The flaw of a journal, and its line, counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    Damaged { line: usize, what: &'static str },
    Newer(i64),
}

/// A journal that was read.
#[derive(Debug)]
pub(super) struct Contents<'t> {
    /// `None` if not even the header was written completely.
    pub(super) header: Option<Header>,
    lines: Vec<Line<'t>>,
    /// The first line of the torn end, counted from 1.
    pub(super) torn: Option<usize>,
}

/// A sound line.
#[derive(Clone, Copy, Debug)]
struct Line<'t> {
    place: usize,
    number: u64,
    group: u64,
    entry: &'t [u8],
}

impl Encoder {
    /// Returns an encoder for a new journal, and the text of its first line.
    pub(super) fn new(header: &Header) -> (Encoder, Vec<u8>) {
        let text = serde_json::to_vec(header).expect("a header is JSON");
        let seed = crc32fast::hash(&text);
        let mut line = format!("{seed:08x} ").into_bytes();
        line.extend(text);
        line.push(b'\n');
        (Encoder { seed, next: 0, told: HashSet::new() }, line)
    }

    /// Returns the text of a group of entries, to be written and synced together; `book` is the state before them.
    pub(super) fn group<'e>(&mut self, entries: impl IntoIterator<Item = &'e Entry>, book: &Book) -> Vec<u8> {
        let group = self.next;
        let mut text = Vec::new();
        for entry in entries {
            if let Some(id) = entry.id()
                && self.told.insert(id)
                && !entry.is_intent()
                && let Some(known) = book.purchase(id)
            {
                let purchase = Box::new(PurchaseTable::of(known));
                self.line(group, &Entry::of(id, Step::Known { purchase }), &mut text);
            }
            self.line(group, entry, &mut text);
        }
        text
    }

    fn line(&mut self, group: u64, entry: &Entry, text: &mut Vec<u8>) {
        let mut line = format!("{} {group} ", self.next).into_bytes();
        serde_json::to_writer(&mut line, entry).expect("an entry is JSON, and memory takes all that is written");
        text.extend(format!("{:08x} ", checksum(self.seed, &line)).into_bytes());
        text.extend(line);
        text.push(b'\n');
        self.next += 1;
    }
}

/// Reads a journal: returns all lines that can be trusted, or the line of the damage.
pub(super) fn read(text: &[u8]) -> Result<Contents<'_>, Flaw> {
    let (first, rest) = text.split_at(text.iter().position(|b| *b == b'\n').map_or(text.len(), |end| end + 1));
    let Some((seed, header)) = sound_header(first)? else {
        // A header with its newline was written completely, and synced before anything was written after it.
        return if text.contains(&b'\n') {
            Err(Flaw::Damaged { line: 1, what: "the journal's first line is damaged" })
        } else {
            Ok(Contents { header: None, lines: Vec::new(), torn: (!text.is_empty()).then_some(1) })
        };
    };
    let pieces = rest.split_inclusive(|b| *b == b'\n').enumerate().map(|(i, line)| (i + 2, line));
    let mut lines: Vec<Line<'_>> = Vec::new();
    let mut torn = None;
    for (place, line) in pieces {
        match sound_line(seed, place, line) {
            Some(line) => lines.push(line),
            None => torn = torn.or(Some(place)),
        }
    }
    let last_group = lines.iter().map(|line| line.group).max().unwrap_or(0);
    check_synced(&lines, last_group)?;
    Ok(Contents { header: Some(header), lines, torn })
}

/// Returns the text of a journal with the entries of `text`, and `more`.
pub(super) fn copy(text: &[u8], more: &[Entry]) -> Result<Vec<u8>, Flaw> {
    let contents = read(text)?;
    let entries = contents.entries().collect::<Result<Vec<Entry>, Flaw>>()?;
    let Some(header) = &contents.header else { return Ok(Vec::new()) };
    let (mut encoder, mut copy) = Encoder::new(header);
    copy.extend(encoder.group(entries.iter().chain(more), &Book::default()));
    Ok(copy)
}

/// Returns the writer of a journal, read from its first line alone.
pub(super) fn holder(text: &[u8]) -> Option<Holder> {
    let first = text.split_inclusive(|b| *b == b'\n').next()?;
    sound_header(first).ok()?.map(|(_, header)| header.holder)
}

impl Contents<'_> {
    /// Applies the journal's entries to a book.
    pub(super) fn replay(&self, book: &mut Book) -> Result<(), Flaw> {
        let Some(header) = self.header.as_ref().filter(|header| header.journal < VERSION) else {
            let mut told = Book::default();
            self.entries().try_for_each(|entry| entry.map(|entry| told.apply(&entry)))?;
            told.forget_service();
            book.unite(told);
            return Ok(());
        };
        let mut reader = version1::Reader::new(header.holder.started);
        self.lines.iter().try_for_each(|line| reader.take(line.entry, book).ok_or_else(|| unknown(line.place)))
    }

    /// Returns the entries, in order.
    fn entries(&self) -> impl Iterator<Item = Result<Entry, Flaw>> {
        self.lines.iter().map(|line| serde_json::from_slice(line.entry).map_err(|_| unknown(line.place)))
    }
}

fn unknown(line: usize) -> Flaw {
    Flaw::Damaged { line, what: "the line is sound, but this batch doesn't know what it says" }
}

/// Checks that every line before the last group exists, in its place.
fn check_synced(lines: &[Line<'_>], last_group: u64) -> Result<(), Flaw> {
    for (number, place, line) in lines.iter().zip(0..).map(|(line, number)| (number, number as usize + 2, line)) {
        if number < last_group && (line.number != number || line.place != place) {
            let what = "the line is damaged, and sound ones that were written after it was safe on the disk follow";
            return Err(Flaw::Damaged { line: place, what });
        }
        if number >= last_group && line.group != last_group {
            return Err(Flaw::Damaged { line: line.place, what: "the line is out of order" });
        }
    }
    Ok(())
}

fn sound_header(line: &[u8]) -> Result<Option<(u32, Header)>, Flaw> {
    #[derive(Deserialize)]
    struct Version {
        journal: i64,
    }
    let Some((seed, text)) = summed(line).filter(|(sum, text)| crc32fast::hash(text) == *sum) else { return Ok(None) };
    match serde_json::from_slice::<Version>(text) {
        Ok(Version { journal }) if journal > VERSION => return Err(Flaw::Newer(journal)),
        _ => {}
    }
    let header =
        serde_json::from_slice(text).map_err(|_| Flaw::Damaged { line: 1, what: "not the first line of a journal" })?;
    Ok(Some((seed, header)))
}

fn sound_line(seed: u32, place: usize, line: &[u8]) -> Option<Line<'_>> {
    let (_, text) = summed(line).filter(|(sum, text)| checksum(seed, text) == *sum)?;
    let mut parts = text.splitn(3, |b| *b == b' ');
    let mut number = || std::str::from_utf8(parts.next()?).ok()?.parse().ok();
    let (number, group) = (number()?, number()?);
    Some(Line { place, number, group, entry: parts.next()? })
}

/// Returns the checksum that a line states, and the text that it covers. A line that lost only the newline at its end
/// is complete, and so is one whose line ending was converted to another system's.
fn summed(line: &[u8]) -> Option<(u32, &[u8])> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (sum, text) = (line.get(..8)?, line.get(9..)?);
    let digits = std::str::from_utf8(sum)
        .ok()
        .filter(|_| line[8] == b' ' && sum.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))?;
    Some((u32::from_str_radix(digits, 16).ok()?, text))
}

fn checksum(seed: u32, text: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(seed);
    hasher.update(text);
    hasher.finalize()
}

#[cfg(test)]
mod tests;
