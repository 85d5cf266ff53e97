//! The tables of a lock, and the records that they stand for.

use super::{VERSION, name_of};
use crate::base::digest::Sha256;
use crate::ledger::history::Beside;
use crate::ledger::record::{Fault, Key, Output, Place, Record, Stage, Status, Word};
use crate::spec::elsewhere::{Address, Pin, Validator};
use crate::spec::names::{Digest, JobId, TaskId};
use crate::spec::output::VideoName;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use serde::{Deserialize, Deserializer, de};
use std::collections::{BTreeMap, BTreeSet};
use toml::value::Datetime;

/// A lock, or a piece of one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lock {
    #[serde(default, deserialize_with = "known_version")]
    pub(super) version: Option<()>,
    pub(super) service: Option<String>,
    #[serde(default)]
    pub(super) job: Vec<Table>,
    #[serde(default)]
    pub(super) superseded: Vec<Table>,
    #[serde(default)]
    pub(super) released: Vec<ReleasedTable>,
    #[serde(default)]
    pub(super) upload: Vec<UploadTable>,
    #[serde(default)]
    pub(super) mirror: Vec<MirrorTable>,
}

/// `[[job]]` and `[[superseded]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
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
    other_task_ids: BTreeSet<TaskId>,
    #[serde(default)]
    released_task_ids: BTreeSet<TaskId>,
    #[serde(default)]
    unanswered: Vec<SubmitTable>,
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

/// `[[released]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReleasedTable {
    id: JobId,
    digest: Digest,
    attempt: u32,
    #[serde(default)]
    other_task_ids: BTreeSet<TaskId>,
    #[serde(default)]
    released_task_ids: BTreeSet<TaskId>,
    #[serde(default)]
    unanswered: Vec<SubmitTable>,
}

/// A submit without an answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubmitTable {
    attempt: u32,
    #[serde(deserialize_with = "time")]
    submitted_at: Timestamp,
}

/// `[[upload]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UploadTable {
    pub(super) sha256: Sha256,
    pub(super) url: String,
    #[serde(deserialize_with = "time")]
    pub(super) uploaded_at: Timestamp,
}

/// `[[mirror]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MirrorTable {
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
    /// The record, and what is kept beside it; what doesn't go with its status is refused, since it couldn't be written back.
    pub(super) fn into_record(self, place: Place) -> Result<(Record, Beside), &'static str> {
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
        let record = Record {
            key: Key { job: self.id, digest: self.digest },
            parts: self.parts,
            place,
            attempt: self.attempt,
            videos: self.videos,
            name,
            submitted_at: self.submitted_at,
            finished_at: self.finished_at,
            stage,
        };
        Ok((record, beside(self.other_task_ids, self.released_task_ids, self.unanswered, 0)))
    }
}

impl ReleasedTable {
    /// The key, and what is kept of its purchases.
    pub(super) fn into_key(self) -> (Key, Beside) {
        let ReleasedTable { id, digest, attempt, other_task_ids, released_task_ids, unanswered } = self;
        (Key { job: id, digest }, beside(other_task_ids, released_task_ids, unanswered, attempt))
    }
}

fn beside(tasks: BTreeSet<TaskId>, let_go: BTreeSet<TaskId>, unanswered: Vec<SubmitTable>, released: u32) -> Beside {
    let unanswered = unanswered.into_iter().map(|submit| (submit.attempt, submit.submitted_at)).collect();
    Beside { tasks, let_go, unanswered, released }
}

impl MirrorTable {
    /// What an image of elsewhere was, and where it lies.
    pub(super) fn into_pin(self) -> (Address, Pin) {
        let MirrorTable { url, query, sha256, bytes, validator, fetched_at: at, former } = self;
        (Address { url, query }, Pin { sha256, bytes, validator, at, former })
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
