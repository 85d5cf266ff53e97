//! Version 1 of the lock, which had records instead of purchases: each gets an id made from its facts.

use super::tables::{LockStatus, OutputTable, PurchaseTable, some_time, time};
use crate::ledger::id::PurchaseId;
use crate::ledger::purchase::{Purchase, unanswered, unknown_name};
use crate::ledger::record::{Key, ServiceError, Word};
use crate::service::names::{Digest, JobId, TaskId};
use crate::service::output::VideoName;
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// `[[job]]` and `[[superseded]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    id: JobId,
    digest: Digest,
    #[serde(default)]
    parts: BTreeMap<String, String>,
    status: LockStatus,
    attempt: u32,
    videos: Option<u8>,
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
    error: Option<ServiceError>,
    word: Option<Word>,
    #[serde(default)]
    output: Vec<OutputTable>,
}

/// `[[released]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReleasedTable {
    id: JobId,
    digest: Digest,
    #[serde(rename = "attempt")]
    _attempt: u32,
    #[serde(default)]
    other_task_ids: BTreeSet<TaskId>,
    #[serde(default)]
    released_task_ids: BTreeSet<TaskId>,
    #[serde(default)]
    unanswered: Vec<SubmitTable>,
}

/// A submit without an answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SubmitTable {
    #[serde(rename = "attempt")]
    _attempt: u32,
    #[serde(deserialize_with = "time")]
    submitted_at: Timestamp,
}

/// The facts that identified purchases before they had ids.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::ledger) enum Which {
    /// Its task at the service.
    Task(TaskId),
    /// The time of its intent, to the microsecond.
    Asked(Timestamp),
}

impl Which {
    /// Returns the id of the purchase: the same on each machine.
    pub(in crate::ledger) fn id(&self, key: &Key) -> PurchaseId {
        let (job, digest) = (key.job.as_str(), key.digest.to_string());
        match self {
            Which::Task(task) => PurchaseId::of_facts(None, &[job, &digest, "task", task.as_str()]),
            Which::Asked(at) => PurchaseId::of_facts(Some(*at), &[job, &digest, "submitted", &at.to_string()]),
        }
    }
}

impl Table {
    /// Returns the record's purchase, and those that were kept next to it.
    pub(super) fn into_purchases(self) -> Result<Vec<Purchase>, String> {
        let key = Key { job: self.id, digest: self.digest };
        let by_task = || self.task_id.clone().map(Which::Task).map(|which| which.id(&key));
        let number = self.attempt.to_string();
        let by_number = || PurchaseId::of_facts(None, &[key.job.as_str(), &key.digest.to_string(), &number]);
        let id = self.submitted_at.map(|at| Which::Asked(at).id(&key)).or_else(by_task).unwrap_or_else(by_number);
        let table = PurchaseTable {
            videos: self.videos.unwrap_or(1),
            name: self.name,
            parts: self.parts,
            task_id: self.task_id,
            finished_at: self.finished_at,
            reason: self.reason,
            error: self.error,
            word: self.word,
            output: self.output,
            ..plain(&key, id, self.status, self.submitted_at)
        };
        let first = table.clone().into_purchase()?;
        let like = PurchaseTable { name: Some(first.record.name.clone()), ..table };
        let mut all = beside(&key, &like, self.other_task_ids, self.released_task_ids, self.unanswered)?;
        all.push(first);
        Ok(all)
    }
}

impl ReleasedTable {
    /// Returns the purchases that were kept for reference.
    pub(super) fn into_purchases(self) -> Result<Vec<Purchase>, String> {
        let key = Key { job: self.id, digest: self.digest };
        let name = Some(unknown_name(&key.job, &key.digest));
        let like = PurchaseTable { name, ..plain(&key, PurchaseId::of_facts(None, &[]), LockStatus::Released, None) };
        beside(&key, &like, self.other_task_ids, self.released_task_ids, self.unanswered)
    }
}

/// Returns the table of a purchase about which nothing more is known.
fn plain(key: &Key, id: PurchaseId, status: LockStatus, submitted_at: Option<Timestamp>) -> PurchaseTable {
    PurchaseTable {
        job: key.job.clone(),
        digest: key.digest,
        id,
        videos: 1,
        name: None,
        manifest: None,
        check: None,
        used_by: BTreeSet::new(),
        parts: BTreeMap::new(),
        status,
        task_id: None,
        submitted_at,
        renamed_at: None,
        said_at: None,
        finished_at: None,
        reason: None,
        error: None,
        word: None,
        output: Vec::new(),
    }
}

/// Returns the purchases kept next to a record: paid tasks, tasks that a person released, and submits without an answer.
fn beside(
    key: &Key,
    like: &PurchaseTable,
    tasks: BTreeSet<TaskId>,
    let_go: BTreeSet<TaskId>,
    open: Vec<SubmitTable>,
) -> Result<Vec<Purchase>, String> {
    let tasks = tasks.into_iter().map(|task| (Which::Task(task), LockStatus::Submitted));
    let let_go = let_go.into_iter().map(|task| (Which::Task(task), LockStatus::Released));
    let open = open.into_iter().map(|submit| (Which::Asked(submit.submitted_at), LockStatus::Uncertain));
    let purchase = |(which, status): (Which, LockStatus)| {
        let (task_id, at) = match &which {
            Which::Task(task) => (Some(task.clone()), None),
            Which::Asked(at) => (None, Some(*at)),
        };
        let reason = (status != LockStatus::Submitted).then(|| unanswered(at));
        let (videos, name, parts) = (like.videos, like.name.clone(), like.parts.clone());
        PurchaseTable { videos, name, parts, task_id, reason, ..plain(key, which.id(key), status, at) }.into_purchase()
    };
    tasks.chain(let_go).chain(open).map(purchase).collect()
}
