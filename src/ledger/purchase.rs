//! One purchase, and the union of two accounts of it. Pure.
//!
//! Each account moves up one ladder ([`Rung`]) and never down, so that it doesn't matter in which order, or how often,
//! accounts are joined. On two rungs, people and the service may make several statements: there the latest counts. A
//! task id, once known, stays; videos are united.

mod said;
mod union;
mod videos;

use super::Buyer;
use super::entry::{Decision, Step};
use super::id::PurchaseId;
use super::record::{Key, Output, Record, ServiceError, Stage};
use crate::service::names::{Digest, JobId, TaskId};
use crate::service::output::VideoName;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

pub(super) use said::unanswered;
use said::{Said, words};

/// One submit that was intended, and its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Purchase {
    /// The record that is shown of it.
    pub(super) record: Record,
    pub(super) rung: Rung,
    pub(super) standing: Standing,
    /// The time of the statement about its standing.
    pub(super) said_at: Option<Timestamp>,
    /// The time when it got its job and name, if after the intent.
    pub(super) renamed_at: Option<Timestamp>,
    /// The manifest, relative to the lock, if it isn't the one that the lock is named after.
    pub(super) manifest: Option<String>,
    /// Other manifests that use it: their jobs have its input. The set only grows.
    pub(super) used_by: BTreeSet<String>,
    /// Number of times that another content replaced a video, by the video's number.
    pub(super) revisions: BTreeMap<usize, u32>,
}

/// The progress of a purchase, in the order in which one account overrides another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rung {
    /// Only the intent is known: it may have been sent.
    Intended,
    /// It was never sent, or the service accepted nothing for now. This knows more than the intent.
    NotTaken,
    /// It was sent, and no reply tells whether it arrived. It may be paid, which must not be hidden by an account that
    /// assumes it wasn't accepted.
    Unanswered,
    /// A person settled it without a task id, knowing that there was no answer.
    Settled,
    /// The service refused it for good: an answer overrides a person's assumption without one.
    Refused,
    /// Its task id is known. A submit both refused and accepted was sent twice by something on the way: one of them is paid.
    Submitted,
    /// The service accepted it, then failed it.
    Failed,
    /// The service finished it. Even if it also reported a failure, videos that may be fetched aren't bought again.
    Generated,
    /// All videos are stored.
    Succeeded,
}

/// The latest statement about a purchase that waits for an answer or for its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// Nothing else.
    Open,
    /// The service doesn't know the task.
    Lost,
    /// A person allows the job to be submitted again.
    Released,
    /// A person marked it as failed.
    GivenUp,
}

/// The amount at stake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owed {
    /// It costs nothing, or a person decided to leave it at that.
    Nothing,
    /// It may be paid.
    Maybe,
    /// It is paid.
    Paid,
}

impl Purchase {
    /// Returns a purchase that is intended.
    pub(super) fn intended(id: PurchaseId, key: Key, name: VideoName, submitted_at: Option<Timestamp>) -> Purchase {
        let stage = Stage::Uncertain { task: None, reason: unanswered(submitted_at) };
        let record = Record {
            id,
            key,
            parts: BTreeMap::new(),
            attempt: 1,
            failures: 0,
            videos: 1,
            name,
            submitted_at,
            finished_at: None,
            stage,
        };
        let (rung, standing) = (Rung::Intended, Standing::Open);
        let (manifest, used_by, revisions) = (None, BTreeSet::new(), BTreeMap::new());
        Purchase { record, rung, standing, said_at: None, renamed_at: None, manifest, used_by, revisions }
    }

    /// Returns the same purchase with its progress: from [`Rung::Submitted`] on, its stage needs a task.
    pub(super) fn at(
        mut self,
        rung: Rung,
        standing: Standing,
        said_at: Option<Timestamp>,
        (task, outputs): (Option<TaskId>, Vec<Output>),
        (finished_at, reason, error): (Option<Timestamp>, Option<String>, Option<ServiceError>),
    ) -> Purchase {
        self.say(Said { rung, at: said_at, standing, finished_at, reason, error }, task);
        if let Some(mine) = self.outputs_mut() {
            *mine = outputs;
        }
        self
    }

    /// Returns the service's id, if one is known.
    pub(super) fn task(&self) -> Option<&TaskId> {
        self.record.stage.task()
    }

    /// Returns the amount at stake; `None` if it counts as never submitted.
    pub(super) fn owed(&self) -> Option<Owed> {
        match (self.rung, self.standing) {
            (Rung::NotTaken, _) | (Rung::Settled | Rung::Submitted, Standing::Released) => None,
            (Rung::Settled, _) | (Rung::Submitted, Standing::GivenUp) => Some(Owed::Nothing),
            (Rung::Refused | Rung::Failed, _) => Some(Owed::Nothing),
            (Rung::Intended | Rung::Unanswered, _) | (Rung::Submitted, Standing::Lost) => Some(Owed::Maybe),
            (Rung::Submitted, Standing::Open) | (Rung::Generated | Rung::Succeeded, _) => Some(Owed::Paid),
        }
    }

    /// Returns whether it was bought for this manifest, or is used by it.
    pub(super) fn is_used_by(&self, buyer: &Buyer) -> bool {
        self.is_bought_for(buyer) || self.used_by.contains(&buyer.manifest)
    }

    /// Returns whether no other manifest than this one bought it or uses it.
    pub(super) fn is_used_only_by(&self, buyer: &Buyer) -> bool {
        self.is_bought_for(buyer) && self.used_by.iter().all(|manifest| *manifest == buyer.manifest)
    }

    fn is_bought_for(&self, buyer: &Buyer) -> bool {
        self.manifest.as_ref().map_or(buyer.alone, |manifest| *manifest == buyer.manifest)
    }

    /// Returns whether a person allows its job to be submitted again.
    pub(super) fn is_released(&self) -> bool {
        self.standing == Standing::Released && self.owed().is_none()
    }

    /// Applies a step. Harmless if it was applied before.
    pub(super) fn take(&mut self, step: &Step) {
        match step {
            Step::Submitted { task, .. } => self.tell(task, Said::of(Rung::Submitted, self.record.submitted_at)),
            Step::Found { task, at } => self.tell(task, Said::of(Rung::Submitted, Some(*at))),
            Step::Refused { error, last: true, at } => {
                let (finished_at, error) = (Some(whole_seconds(*at)), Some(error.clone()));
                self.say(Said { finished_at, error, ..Said::of(Rung::Refused, None) }, None);
            }
            Step::Refused { last: false, .. } => self.say(Said::of(Rung::NotTaken, None), None),
            Step::Uncertain { task: Some(task), reason, at } => {
                let (standing, reason) = (Standing::Lost, Some(reason.clone()));
                self.tell(task, Said { standing, reason, ..Said::of(Rung::Submitted, Some(*at)) });
            }
            Step::Uncertain { task: None, reason, .. } => {
                let reason = Some(reason.clone());
                self.say(Said { reason, ..Said::of(Rung::Unanswered, None) }, None);
            }
            Step::Generated { at } if self.task().is_some() => {
                let finished_at = Some(whole_seconds(*at));
                self.say(Said { finished_at, ..Said::of(Rung::Generated, None) }, None);
            }
            Step::Downloaded { output } if self.task().is_some() => {
                let known = self.record.stage.outputs().iter().find(|known| known.number == output.number);
                let (replaces, published) = match known {
                    Some(known) if known.sha256 == output.sha256 => (false, &known.published | &output.published),
                    known => (known.is_some(), output.published.clone()),
                };
                let output = Output { published, ..output.clone() };
                self.put(&output, self.revision(&output) + u32::from(replaces));
            }
            Step::Published { number, sha256, url } => self.publish(*number, sha256, url),
            Step::Succeeded if self.task().is_some() => {
                let finished_at = self.record.finished_at;
                self.say(Said { finished_at, ..Said::of(Rung::Succeeded, None) }, None);
            }
            Step::Failed { error, at } if self.task().is_some() => {
                let (finished_at, error) = (Some(whole_seconds(*at)), Some(error.clone()));
                self.say(Said { finished_at, error, ..Said::of(Rung::Failed, None) }, None);
            }
            Step::Moved { job, name, at } => self.rename(job, name, Some(*at)),
            Step::Used { manifest } => _ = self.used_by.insert(manifest.clone()),
            Step::Resolved { task, verdict, at } => self.resolve(task.as_ref(), verdict, *at),
            Step::Submitting { .. }
            | Step::Generated { .. }
            | Step::Downloaded { .. }
            | Step::Succeeded
            | Step::Failed { .. }
            | Step::Known { .. } => {}
        }
    }

    /// Applies a person's decision, made with knowledge of this task, or of none.
    fn resolve(&mut self, task: Option<&TaskId>, verdict: &Decision, at: Timestamp) {
        let (reason, _) = words(&self.record.stage);
        let mut said = Said::of(if task.is_some() { Rung::Submitted } else { Rung::Settled }, Some(at));
        match verdict {
            Decision::Task { task } => return self.take(&Step::Found { task: task.clone(), at }),
            Decision::Resubmit => (said.standing, said.reason) = (Standing::Released, reason),
            Decision::Failed => (said.standing, said.finished_at) = (Standing::GivenUp, Some(whole_seconds(at))),
        }
        match task {
            Some(task) => self.tell(task, said),
            None => self.say(said, None),
        }
    }

    /// Changes its job and name, if this is the latest change.
    fn rename(&mut self, job: &JobId, name: &VideoName, at: Option<Timestamp>) {
        let record = &self.record;
        if (at, job, name) > (self.renamed_at, &record.key.job, &record.name) {
            self.renamed_at = at;
            self.record = record.clone().moved(job, name.clone());
        }
    }
}

/// Returns the name of videos whose name was never read: the default place, with the digest so that they can't block others.
pub(super) fn unknown_name(job: &JobId, digest: &Digest) -> VideoName {
    VideoName::new(&format!("out/{job}-{{n}}.mp4")).superseded(digest)
}

/// Returns a time in the precision of a lock; clocks before 1970 count as zero.
pub(super) fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().max(0)).unwrap_or(at)
}

/// Returns the time of an intent or a statement in the precision kept: two may be made in the same second.
pub(super) fn whole_microseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond().max(0)).unwrap_or(at)
}

/// Returns a URL up to its query or fragment: the rest may be signed, and the URL is requested anew by task id.
pub(super) fn without_query(url: &str) -> &str {
    url.find(['?', '#']).map_or(url, |end| &url[..end])
}

#[cfg(test)]
mod tests;
