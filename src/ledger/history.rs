//! All submits of one key, and how each moves forward.
//!
//! An attempt only ever moves up this ladder, whatever the order and number of the entries that speak of it:
//!
//! ```text
//! asked < refused for now < refused, uncertain < submitted, uncertain with a task < generated < succeeded, failed
//! ```
//!
//! On the rung of `submitted` the last word counts: the service may lose a task that it accepted, and find it again. The
//! exception is a person's word (`Resolved`). What is shown as the key's record is its highest attempt that stands, so that a
//! record stands again when the attempt after it was refused for now.

use super::entry::Verdict;
use super::record::{Fault, Key, Output, Place, Record, Stage, Word};
use crate::spec::names::{Digest, JobId, TaskId};
use crate::spec::output::VideoName;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// All that is known of one key.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    /// The attempts, ascending.
    submits: Vec<Submit>,
    /// The highest attempt that any entry spoke of.
    seen: u32,
    /// Tasks that were paid for under this key and belong to no attempt that is shown.
    others: BTreeSet<TaskId>,
}

/// One attempt.
#[derive(Clone, Debug)]
struct Submit {
    record: Record,
    answer: Answer,
}

/// Whether anything is known of an attempt beyond its intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// Only the intent: it may have been sent or not.
    Open,
    /// Refused, but not for good: as if it had never been asked.
    ForNow,
    /// The record's stage says what.
    Told,
}

/// How far an attempt came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Asked,
    ForNow,
    Answered,
    Submitted,
    Generated,
    Final,
}

impl History {
    /// The history that a record of the lock stands for.
    pub(super) fn of(record: Record, others: BTreeSet<TaskId>) -> History {
        History { seen: record.attempt, submits: vec![Submit { record, answer: Answer::Told }], others }
    }

    /// The key's record: its highest attempt that stands.
    pub(super) fn record(&self) -> Option<&Record> {
        self.submits.iter().rev().find(|s| s.answer != Answer::ForNow).map(|s| &s.record)
    }

    /// Whether the attempt that is shown waits for an answer.
    pub(super) fn is_open(&self) -> bool {
        self.submits.iter().rev().find(|s| s.answer != Answer::ForNow).is_some_and(|s| s.answer == Answer::Open)
    }

    /// How far an attempt came.
    #[cfg(test)]
    pub(super) fn rank(&self, attempt: u32) -> Option<Rank> {
        self.submits.iter().find(|s| s.record.attempt == attempt).map(Submit::rank)
    }

    /// The number of the next submit.
    pub(super) fn next_attempt(&self) -> u32 {
        self.seen.saturating_add(1)
    }

    /// Remembers that an attempt was spoken of.
    pub(super) fn saw(&mut self, attempt: u32) {
        self.seen = self.seen.max(attempt);
    }

    /// Tasks that were paid for under this key, beside the one of its record.
    pub(super) fn other_tasks(&self) -> BTreeSet<&TaskId> {
        let shown = self.record();
        let hidden = self.submits.iter().map(|s| &s.record).filter(|r| !matches!(r.stage, Stage::Failed { .. }));
        let mut others: BTreeSet<&TaskId> = hidden.filter_map(|r| r.stage.task()).chain(&self.others).collect();
        if let Some(task) = shown.and_then(|r| r.stage.task()) {
            others.remove(task);
        }
        others
    }

    /// Gives all attempts a place, and a name where one is given.
    pub(super) fn put(&mut self, place: Place, name: Option<&VideoName>) {
        for Submit { record, .. } in &mut self.submits {
            record.place = place;
            if let Some(name) = name {
                record.name = name.clone();
            }
        }
    }

    /// The purchases take another place and name, their files having been renamed.
    pub(super) fn moved(&mut self, to: &JobId, place: Place, name: &VideoName) {
        for Submit { record, .. } in &mut self.submits {
            *record = record.clone().moved(to, place, name.clone());
        }
    }

    /// Another digest takes the job's place: what is still to come must not take the names of its videos.
    pub(super) fn supersede(&mut self) {
        for Submit { record, .. } in &mut self.submits {
            record.place = Place::Superseded;
            if !record.name.pattern().contains(&format!("~{}", record.key.digest.short())) {
                record.name = record.name.superseded(&record.key.digest);
            }
        }
    }

    /// The intent of an attempt.
    pub(super) fn asked(&mut self, key: &Key, attempt: u32, asked: &Asked<'_>) {
        if let Err(place) = self.find(attempt) {
            let record = Record {
                key: key.clone(),
                parts: asked.parts.clone(),
                place: Place::Current,
                attempt,
                videos: asked.videos,
                name: asked.name.clone(),
                submitted_at: Some(asked.at),
                finished_at: None,
                stage: Stage::Uncertain {
                    task: None,
                    reason: format!(
                        "the submit of {} has no recorded answer: it may or may not have arrived",
                        asked.at
                    ),
                },
            };
            self.submits.insert(place, Submit { record, answer: Answer::Open });
        }
    }

    /// Accepted as `task`.
    pub(super) fn submitted(&mut self, key: &Key, attempt: u32, task: &TaskId, at: Timestamp) {
        let submit = self.submit(key, attempt);
        let known = submit.record.stage.task().cloned();
        match &submit.record.stage {
            // The service knows it after all.
            Stage::Uncertain { .. } if known.as_ref() == Some(task) => {}
            _ if known.as_ref() == Some(task) => return,
            // Two tasks under one attempt come of a journal beside a foreign lock. Both are paid: none may be forgotten.
            Stage::Submitted { .. } | Stage::Generated { .. } | Stage::Succeeded { .. } => {
                self.others.insert(task.clone());
                return;
            }
            // What the service failed is refunded, whichever task it was.
            Stage::Failed { task: None, error, word: Word::Service } => {
                submit.tell(Stage::Failed { task: Some(task.clone()), error: error.clone(), word: Word::Service });
                return;
            }
            Stage::Failed { .. } | Stage::Refused { .. } | Stage::Uncertain { .. } => {}
        }
        let refunded = matches!(submit.record.stage, Stage::Failed { .. });
        submit.tell(Stage::Submitted { task: task.clone() });
        submit.record.submitted_at = Some(at);
        submit.record.finished_at = None;
        self.others.remove(task);
        self.others.extend(known.filter(|known| known != task && !refunded));
    }

    /// Refused; `last` where it is for good.
    pub(super) fn refused(&mut self, key: &Key, attempt: u32, error: &Fault, last: bool, at: Timestamp) {
        if last {
            let submit = self.submit(key, attempt);
            if submit.rank() < Rank::Answered {
                submit.tell(Stage::Refused { error: error.clone() });
                submit.record.finished_at = Some(at);
            }
        } else if let Ok(place) = self.find(attempt)
            && self.submits[place].answer == Answer::Open
        {
            self.submits[place].answer = Answer::ForNow;
        }
    }

    /// Nobody can know, or the service doesn't know the task.
    pub(super) fn uncertain(&mut self, key: &Key, attempt: u32, reason: &str, at: Timestamp) {
        let submit = self.submit(key, attempt);
        let task = match &submit.record.stage {
            Stage::Uncertain { task, .. } => task.clone(),
            Stage::Submitted { task } => Some(task.clone()),
            _ => return,
        };
        submit.tell(Stage::Uncertain { task, reason: reason.to_owned() });
        submit.record.submitted_at.get_or_insert(at);
    }

    /// The service finished.
    pub(super) fn generated(&mut self, key: &Key, attempt: u32, at: Timestamp) {
        let submit = self.submit(key, attempt);
        submit.answer = Answer::Told;
        if submit.rank() < Rank::Generated
            && let Some(task) = submit.record.stage.task().cloned()
        {
            submit.tell(Stage::Generated { task, outputs: Vec::new() });
            submit.record.finished_at = Some(at);
        }
    }

    /// A video is here; one of the same number is replaced.
    pub(super) fn downloaded(&mut self, key: &Key, attempt: u32, output: &Output) {
        let submit = self.submit(key, attempt);
        submit.answer = Answer::Told;
        if let Stage::Submitted { task } | Stage::Uncertain { task: Some(task), .. } = &submit.record.stage {
            submit.tell(Stage::Generated { task: task.clone(), outputs: Vec::new() });
        }
        if let Stage::Generated { outputs, .. } | Stage::Succeeded { outputs, .. } = &mut submit.record.stage {
            match outputs.binary_search_by_key(&output.number, |o| o.number) {
                Ok(place) => outputs[place] = output.clone(),
                Err(place) => outputs.insert(place, output.clone()),
            }
        }
    }

    /// All videos are here.
    pub(super) fn succeeded(&mut self, key: &Key, attempt: u32) {
        let submit = self.submit(key, attempt);
        submit.answer = Answer::Told;
        if submit.rank() < Rank::Final
            && let Some(task) = submit.record.stage.task().cloned()
        {
            let outputs = submit.record.stage.outputs().to_vec();
            submit.tell(Stage::Succeeded { task, outputs });
        }
    }

    /// The service failed; what has videos here didn't.
    pub(super) fn failed(&mut self, key: &Key, attempt: u32, error: &Fault, at: Timestamp) {
        let submit = self.submit(key, attempt);
        let stage = &submit.record.stage;
        if submit.rank() == Rank::Final || matches!(stage, Stage::Refused { .. }) || !stage.outputs().is_empty() {
            return;
        }
        let task = stage.task().cloned();
        submit.tell(Stage::Failed { task: task.clone(), error: error.clone(), word: Word::Service });
        submit.record.finished_at = Some(at);
        if let Some(task) = task {
            self.others.remove(&task);
        }
    }

    /// A person's word on an attempt that is uncertain.
    pub(super) fn resolved(&mut self, key: &Key, attempt: u32, verdict: &Verdict, at: Timestamp) {
        match verdict {
            Verdict::Task { task } => {
                let submit = self.submit(key, attempt);
                let known = submit.record.stage.task().filter(|known| *known != task).cloned();
                if !matches!(submit.record.stage, Stage::Uncertain { .. }) {
                    self.others.extend(known.map(|_| task.clone()));
                    return;
                }
                submit.tell(Stage::Submitted { task: task.clone() });
                submit.record.submitted_at.get_or_insert(at);
                self.others.extend(known);
                self.others.remove(task);
            }
            Verdict::Resubmit => {
                let uncertain = |s: &Submit| matches!(s.record.stage, Stage::Uncertain { .. });
                if self.find(attempt).is_ok_and(|place| uncertain(&self.submits[place])) {
                    self.dropped(attempt);
                }
            }
            Verdict::Failed => {
                let submit = self.submit(key, attempt);
                if let Stage::Uncertain { task, .. } = &submit.record.stage {
                    let error = Fault { code: "resolved".to_owned(), message: "settled by hand as failed".to_owned() };
                    submit.tell(Stage::Failed { task: task.clone(), error, word: Word::Person });
                    submit.record.finished_at = Some(at);
                }
            }
        }
    }

    /// Forgets all attempts up to `attempt`, where that one is here.
    pub(super) fn dropped(&mut self, attempt: u32) {
        let _ = self.take(attempt);
    }

    /// Takes out all attempts up to `attempt`, where that one is here.
    pub(super) fn take(&mut self, attempt: u32) -> Option<History> {
        let place = self.find(attempt).ok()?;
        let rest = self.submits.split_off(place + 1);
        let submits = std::mem::replace(&mut self.submits, rest);
        let others = if self.submits.is_empty() { std::mem::take(&mut self.others) } else { BTreeSet::new() };
        Some(History { submits, seen: attempt, others })
    }

    /// Takes in what is known of the same purchase under another job: it is this job's from now on.
    pub(super) fn absorb(&mut self, job: &JobId, other: History) {
        self.saw(other.seen);
        self.others.extend(other.others);
        for mut submit in other.submits {
            submit.record.key.job = job.clone();
            match self.find(submit.record.attempt) {
                Err(place) => self.submits.insert(place, submit),
                Ok(place) => {
                    let mine = &mut self.submits[place];
                    if submit.goes_before(mine) {
                        std::mem::swap(mine, &mut submit);
                    }
                    let failed = matches!(submit.record.stage, Stage::Failed { .. });
                    let task = submit.record.stage.task().filter(|task| mine.record.stage.task() != Some(task));
                    self.others.extend(task.filter(|_| !failed).cloned());
                }
            }
        }
    }

    /// Where an attempt is, or belongs.
    fn find(&self, attempt: u32) -> Result<usize, usize> {
        self.submits.binary_search_by_key(&attempt, |s| s.record.attempt)
    }

    /// The attempt; where its intent was never read (a journal beside a foreign lock), something was paid or may have been.
    fn submit(&mut self, key: &Key, attempt: u32) -> &mut Submit {
        let place = self.find(attempt).unwrap_or_else(|place| {
            let record = Record {
                key: key.clone(),
                parts: BTreeMap::new(),
                place: Place::Superseded,
                attempt,
                videos: 1,
                name: unknown_name(&key.job, &key.digest),
                submitted_at: None,
                finished_at: None,
                stage: Stage::Uncertain {
                    task: None,
                    reason: "the journal speaks of a submit whose record is in no lock: it may have been paid"
                        .to_owned(),
                },
            };
            self.submits.insert(place, Submit { record, answer: Answer::Open });
            place
        });
        &mut self.submits[place]
    }
}

/// What an intent says.
pub(super) struct Asked<'e> {
    pub(super) parts: &'e BTreeMap<String, String>,
    pub(super) videos: u8,
    pub(super) name: &'e VideoName,
    pub(super) at: Timestamp,
}

/// Where videos go whose name was never read: the default place, where they can be in nobody's way.
fn unknown_name(job: &JobId, digest: &Digest) -> VideoName {
    VideoName::new(&format!("out/{job}-{{n}}.mp4")).superseded(digest)
}

impl Submit {
    fn tell(&mut self, stage: Stage) {
        self.record.stage = stage;
        self.answer = Answer::Told;
    }

    fn rank(&self) -> Rank {
        match (&self.record.stage, self.answer) {
            (_, Answer::ForNow) => Rank::ForNow,
            (_, Answer::Open) => Rank::Asked,
            (Stage::Refused { .. } | Stage::Uncertain { task: None, .. }, Answer::Told) => Rank::Answered,
            (Stage::Submitted { .. } | Stage::Uncertain { task: Some(_), .. }, _) => Rank::Submitted,
            (Stage::Generated { .. }, _) => Rank::Generated,
            (Stage::Succeeded { .. } | Stage::Failed { .. }, _) => Rank::Final,
        }
    }

    /// Which of two accounts of one number is kept in sight: of the same task the further one, else the one that is paid.
    fn goes_before(&self, other: &Submit) -> bool {
        let task = self.record.stage.task();
        if task.is_some() && task == other.record.stage.task() {
            self.rank() > other.rank()
        } else {
            (self.paid(), self.rank()) > (other.paid(), other.rank())
        }
    }

    /// How likely there is something to be had for it.
    fn paid(&self) -> u8 {
        match self.record.stage {
            Stage::Succeeded { .. } | Stage::Generated { .. } => 3,
            Stage::Submitted { .. } | Stage::Uncertain { task: Some(_), .. } => 2,
            // Without even an intent it is but an echo of the other one.
            Stage::Uncertain { task: None, .. } => u8::from(self.record.submitted_at.is_some()),
            Stage::Failed { .. } | Stage::Refused { .. } => 0,
        }
    }
}
