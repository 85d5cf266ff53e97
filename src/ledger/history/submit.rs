//! One attempt under a key: its record, and how far that came.

use crate::ledger::entry::Which;
use crate::ledger::record::{Key, Place, Record, Stage, Word};
use crate::spec::names::{Digest, JobId, TaskId};
use crate::spec::output::VideoName;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// One attempt.
#[derive(Clone, Debug)]
pub(super) struct Submit {
    pub(super) record: Record,
    pub(super) answer: Answer,
}

/// Whether anything is known of an attempt beyond its intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Only the intent: it may have been sent or not.
    Open,
    /// Refused, but not for good: as if it had never been asked.
    ForNow,
    /// The record's stage says what.
    Told,
}

/// How far an attempt came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ledger) enum Rank {
    Asked,
    ForNow,
    Answered,
    Submitted,
    Generated,
    Final,
}

/// What there is to be had for a purchase, or lost if it is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Worth {
    Nothing,
    Failed,
    Refused,
    Settled,
    Unanswered,
    Lost,
    Submitted,
    Generated,
    Succeeded,
}

/// Where videos go whose name was never read: the default place, where they can be in nobody's way.
pub(super) fn unknown_name(job: &JobId, digest: &Digest) -> VideoName {
    VideoName::new(&format!("out/{job}-{{n}}.mp4")).superseded(digest)
}

/// What is known of a submit that was to go out at this time, and no more.
pub(super) fn unanswered(at: Timestamp) -> Stage {
    let shown = Timestamp::from_second(at.as_second()).unwrap_or(at);
    let reason = format!("the submit of {shown} has no recorded answer: it may or may not have arrived");
    Stage::Uncertain { task: None, reason }
}

impl Submit {
    /// A purchase of which nothing but what an entry calls it was ever read.
    pub(super) fn unknown(key: &Key, attempt: u32, which: Option<&Which>) -> Submit {
        let reason = "the journal speaks of a submit whose record is in no lock: it may have been paid".to_owned();
        let (stage, submitted_at, answer) = match which {
            Some(Which::Task(task)) => (Stage::Submitted { task: task.clone() }, None, Answer::Told),
            Some(Which::Asked(at)) => (Stage::Uncertain { task: None, reason }, Some(*at), Answer::Open),
            None => (Stage::Uncertain { task: None, reason }, None, Answer::Open),
        };
        let record = Record {
            key: key.clone(),
            parts: BTreeMap::new(),
            place: Place::Superseded,
            attempt,
            videos: 1,
            name: unknown_name(&key.job, &key.digest),
            submitted_at,
            finished_at: None,
            stage,
        };
        Submit { record, answer }
    }

    /// The same, whose task the service doesn't know.
    pub(super) fn lost(mut self) -> Submit {
        if let Stage::Submitted { task } = &self.record.stage {
            let reason = format!("the service doesn't know task {task}");
            self.tell(Stage::Uncertain { task: Some(task.clone()), reason });
        }
        self
    }

    pub(super) fn tell(&mut self, stage: Stage) {
        self.record.stage = stage;
        self.answer = Answer::Told;
    }

    pub(super) fn rank(&self) -> Rank {
        match (&self.record.stage, self.answer) {
            (_, Answer::ForNow) => Rank::ForNow,
            (_, Answer::Open) => Rank::Asked,
            (Stage::Refused { .. } | Stage::Uncertain { task: None, .. }, Answer::Told) => Rank::Answered,
            (Stage::Submitted { .. } | Stage::Uncertain { task: Some(_), .. }, _) => Rank::Submitted,
            (Stage::Generated { .. }, _) => Rank::Generated,
            (Stage::Succeeded { .. } | Stage::Failed { .. }, _) => Rank::Final,
        }
    }

    pub(super) fn worth(&self) -> Worth {
        match &self.record.stage {
            Stage::Failed { word: Word::Service, .. } => Worth::Failed,
            Stage::Refused { .. } => Worth::Refused,
            Stage::Failed { word: Word::Person, .. } => Worth::Settled,
            Stage::Uncertain { task: None, .. } => Worth::Unanswered,
            Stage::Uncertain { task: Some(_), .. } => Worth::Lost,
            Stage::Submitted { .. } => Worth::Submitted,
            Stage::Generated { .. } => Worth::Generated,
            Stage::Succeeded { .. } => Worth::Succeeded,
        }
    }

    /// Its task, unless that failed.
    pub(super) fn paid_task(&self) -> Option<&TaskId> {
        self.record.stage.task().filter(|_| !matches!(self.record.stage, Stage::Failed { .. }))
    }

    /// Whether both are accounts of one purchase.
    pub(super) fn is_same_as(&self, other: &Submit) -> bool {
        let (mine, theirs) = (&self.record, &other.record);
        match (mine.stage.task(), theirs.stage.task()) {
            (Some(mine), Some(theirs)) => mine == theirs,
            // Where nothing tells which it is, one is but an echo of the other.
            _ if mine.which().is_none() || theirs.which().is_none() => mine.attempt == theirs.attempt,
            _ => {
                mine.attempt == theirs.attempt
                    && mine.submitted_at.is_some()
                    && mine.submitted_at == theirs.submitted_at
            }
        }
    }

    /// Which of two accounts of one purchase says more: what is here was not failed.
    pub(super) fn tells_more_than(&self, other: &Submit) -> bool {
        let told = |submit: &Submit| {
            let stage = &submit.record.stage;
            (stage.task().is_some(), !stage.outputs().is_empty(), submit.rank())
        };
        told(self) > told(other)
    }
}
