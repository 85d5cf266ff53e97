//! Text as a book.

use super::{VERSION, name_of};
use crate::base::digest::Sha256;
use crate::ledger::book::Book;
use crate::ledger::failure::LedgerError;
use crate::ledger::record::{Fault, Key, Output, Place, Record, Stage, Status, Word};
use crate::spec::elsewhere::{Address, Pin, Validator};
use crate::spec::names::{Digest, JobId, TaskId};
use crate::spec::output::VideoName;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use memchr::memmem;
use serde::{Deserialize, Deserializer, de};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use toml::value::Datetime;

/// Bytes of a piece of the text, about: pieces are parsed by themselves, which takes less memory and all processors.
const PIECE: usize = 256 * 1024;

/// The book of a lock that was read from `path`.
///
/// # Errors
/// Where the text is no lock, is of a newer version, has the marks of a merge in it, or says something twice.
pub(in crate::ledger) fn parse(text: &[u8], path: &Path) -> Result<Book, LedgerError> {
    let damaged = |line, what: String| LedgerError::Damaged { path: path.to_owned(), line, what };
    let text = std::str::from_utf8(text)
        .map_err(|e| damaged(Some(line_at(text, e.valid_up_to())), "the text is not UTF-8".to_owned()))?;
    let mut book = Book::default();
    for (start, piece) in parse_pieces(&pieces(text)) {
        let piece = piece.map_err(|e| refusal(text, path, &e, start))?;
        let (job, superseded) = (piece.job, piece.superseded);
        let damaged_at =
            |line: Option<usize>, what| damaged(line.map(|line| line_at(text.as_bytes(), start) + line - 1), what);
        if start == 0 {
            piece.version.ok_or_else(|| damaged(Some(1), "`version` is missing".to_owned()))?;
        }
        if let Some(service) = &piece.service {
            book.set_service(service);
        }
        let tables = [(job, Place::Current, "[[job]]"), (superseded, Place::Superseded, "[[superseded]]")];
        for (tables, place, header) in tables {
            for (i, table) in tables.into_iter().enumerate() {
                let wrong = |what: String| damaged_at(line_of_table(&text[start..], header, i), what);
                let others = table.other_task_ids.iter().cloned().collect();
                let record = table.into_record(place).map_err(|what| wrong(what.to_owned()))?;
                if book.contradicts(&record) {
                    let Key { job, digest } = &record.key;
                    return Err(wrong(format!("the job {job} ({}) stands in the lock twice", digest.short())));
                }
                book.insert(record, others);
            }
        }
        for upload in piece.upload {
            book.add_upload(upload.sha256, &upload.url, upload.uploaded_at);
        }
        for mirror in piece.mirror {
            let MirrorTable { url, query, sha256, bytes, validator, fetched_at, former } = mirror;
            // Of two of one address, which a merge leaves, none is lost.
            book.add_pin(Address { url, query }, Pin { sha256, bytes, validator, at: fetched_at, former }, false);
        }
    }
    Ok(book)
}

/// The text in pieces that are TOML by themselves, and where each starts: a piece begins at the header of a table.
fn pieces(text: &str) -> Vec<(usize, &str)> {
    // What looks like a header may stand within a string of several lines. None is ever written, but by hand.
    if ["\"\"\"", "'''"].iter().any(|quotes| memmem::find(text.as_bytes(), quotes.as_bytes()).is_some()) {
        return vec![(0, text)];
    }
    let mut pieces = Vec::new();
    let (mut start, mut end) = (0, 0);
    for line in text.split_inclusive('\n') {
        let header = ["[[job]]", "[[superseded]]", "[[upload]]", "[[mirror]]"].contains(&line.trim_end());
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

/// Parses the pieces, on several processors where there are many.
fn parse_pieces(pieces: &[(usize, &str)]) -> Vec<(usize, Result<Lock, toml::de::Error>)> {
    let parse = |(start, piece): &(usize, &str)| (*start, toml::from_str(piece));
    if pieces.len() < 8 {
        return pieces.iter().map(parse).collect();
    }
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get().min(8));
    std::thread::scope(|scope| {
        let spawn = |share| scope.spawn(move || -> Vec<_> { <[_]>::iter(share).map(parse).collect() });
        let workers: Vec<_> = pieces.chunks(pieces.len().div_ceil(threads)).map(spawn).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("parsing doesn't panic")).collect()
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lock {
    #[serde(default, deserialize_with = "known_version")]
    version: Option<()>,
    service: Option<String>,
    #[serde(default)]
    job: Vec<Table>,
    #[serde(default)]
    superseded: Vec<Table>,
    #[serde(default)]
    upload: Vec<UploadTable>,
    #[serde(default)]
    mirror: Vec<MirrorTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    id: JobId,
    digest: Digest,
    #[serde(default)]
    parts: BTreeMap<String, String>,
    status: Status,
    attempt: u32,
    #[serde(default = "one")]
    videos: u8,
    name: Option<VideoName>,
    task_id: Option<TaskId>,
    #[serde(default)]
    other_task_ids: Vec<TaskId>,
    #[serde(default, deserialize_with = "some_time")]
    submitted_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "some_time")]
    finished_at: Option<Timestamp>,
    reason: Option<String>,
    error: Option<Fault>,
    word: Option<Word>,
    #[serde(default)]
    output: Vec<OutputTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutputTable {
    number: Option<usize>,
    path: String,
    sha256: Sha256,
    bytes: u64,
    source: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UploadTable {
    sha256: Sha256,
    url: String,
    #[serde(deserialize_with = "time")]
    uploaded_at: Timestamp,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MirrorTable {
    url: String,
    query: Option<String>,
    sha256: Sha256,
    bytes: u64,
    validator: Option<Validator>,
    #[serde(deserialize_with = "time")]
    fetched_at: Timestamp,
    #[serde(default)]
    former: BTreeSet<Sha256>,
}

impl Table {
    /// The record; what doesn't go with its status is refused, since it couldn't be written back.
    fn into_record(self, place: Place) -> Result<Record, &'static str> {
        let outputs: Vec<Output> = self.output.into_iter().enumerate().map(|(i, o)| o.into_output(i)).collect();
        if !outputs.is_sorted_by(|a, b| a.number < b.number) {
            return Err("the outputs of a job are not in the order of their numbers");
        }
        let name = self.name.or_else(|| name_of(&outputs)).ok_or("`name` is missing")?;
        let fields = (self.task_id, self.reason, self.error, self.word, outputs);
        let stage = match (self.status, fields) {
            (Status::Submitted, (Some(task), None, None, None, none)) if none.is_empty() => Stage::Submitted { task },
            (Status::Generated, (Some(task), None, None, None, outputs)) => Stage::Generated { task, outputs },
            (Status::Succeeded, (Some(task), None, None, None, outputs)) => Stage::Succeeded { task, outputs },
            (Status::Failed, (task, None, Some(error), word, none)) if none.is_empty() => {
                Stage::Failed { task, error, word: word.unwrap_or(Word::Service) }
            }
            (Status::Refused, (None, None, Some(error), None, none)) if none.is_empty() => Stage::Refused { error },
            (Status::Uncertain, (task, Some(reason), None, None, none)) if none.is_empty() => {
                Stage::Uncertain { task, reason }
            }
            _ => return Err("the job's fields don't go with its status (one is missing, or one is too many)"),
        };
        Ok(Record {
            key: Key { job: self.id, digest: self.digest },
            parts: self.parts,
            place,
            attempt: self.attempt,
            videos: self.videos,
            name,
            submitted_at: self.submitted_at,
            finished_at: self.finished_at,
            stage,
        })
    }
}

impl OutputTable {
    fn into_output(self, place: usize) -> Output {
        let OutputTable { number, path, sha256, bytes, source } = self;
        Output { number: number.unwrap_or(place + 1), path, sha256, bytes, source }
    }
}

fn one() -> u8 {
    1
}

fn known_version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<()>, D::Error> {
    match i64::deserialize(deserializer)? {
        VERSION => Ok(Some(())),
        other => Err(de::Error::custom(format!("{other} is not a version of this file"))),
    }
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let what = "a time has a date, a time of day and an offset, as in 2026-03-09T02:44:54Z";
    timestamp(&Datetime::deserialize(deserializer)?).ok_or_else(|| de::Error::custom(what))
}

/// The point in time, where the text names one.
fn timestamp(written: &Datetime) -> Option<Timestamp> {
    let (date, time) = (written.date?, written.time?);
    let offset = match written.offset? {
        toml::value::Offset::Z => Offset::UTC,
        toml::value::Offset::Custom { minutes } => Offset::from_seconds(i32::from(minutes) * 60).ok()?,
    };
    let small = |number: u8| i8::try_from(number).ok();
    // A leap second is taken for the one before it.
    let second = small(time.second.unwrap_or(0).min(59))?;
    let fraction = i32::try_from(time.nanosecond.unwrap_or(0)).ok()?;
    let date = Date::new(i16::try_from(date.year).ok()?, small(date.month)?, small(date.day)?).ok()?;
    let time = Time::new(small(time.hour)?, small(time.minute)?, second, fraction).ok()?;
    offset.to_timestamp(date.to_datetime(time)).ok()
}

fn some_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    time(deserializer).map(Some)
}

/// The best word for a text that can't be read: a merge conflict, a newer version, or the line of the damage.
fn refusal(text: &str, path: &Path, error: &toml::de::Error, start: usize) -> LedgerError {
    let mark = |line: &str| ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark));
    if let Some(line) = text.lines().position(mark) {
        return LedgerError::Conflict { path: path.to_owned(), line: line + 1 };
    }
    if let Some(version) = version_of(text).filter(|version| *version > VERSION) {
        return LedgerError::Newer { path: path.to_owned(), version, known: VERSION };
    }
    let line = error.span().map(|span| line_at(text.as_bytes(), start + span.start));
    let mut what = error.message().to_owned();
    if what.starts_with("unknown field") {
        what.push_str(" (the lock was edited by hand, or written by a newer batch)");
    }
    LedgerError::Damaged { path: path.to_owned(), line, what }
}

/// The version that the text states, whatever else it says.
fn version_of(text: &str) -> Option<i64> {
    let assignment =
        text.lines().take_while(|line| !line.starts_with('[')).find_map(|line| line.strip_prefix("version"));
    assignment?.trim_start().strip_prefix('=')?.trim().parse().ok()
}

/// The line, counted from 1, on which the `index`th table of a kind starts.
fn line_of_table(text: &str, header: &str, index: usize) -> Option<usize> {
    text.lines().enumerate().filter(|(_, line)| line.trim_end() == header).nth(index).map(|(line, _)| line + 1)
}

/// The line, counted from 1, of a byte.
fn line_at(text: &[u8], offset: usize) -> usize {
    text[..offset.min(text.len())].iter().filter(|b| **b == b'\n').count() + 1
}
