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
//!
//! A number alone doesn't say which purchase is meant, since locks that git mixes may have given it to two: an entry names the
//! task, or when it was asked for ([`Which`]). `mixed` says what becomes of two accounts of one key.

mod mixed;
mod submit;

use super::entry::{Verdict, Which};
use super::record::{Fault, Key, Output, Place, Record, Stage, Word};
use crate::spec::names::{JobId, TaskId};
use crate::spec::output::VideoName;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use submit::{Answer, Submit, unanswered, unknown_name};

pub(super) use submit::Rank;

/// All that is known of one key.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    /// The attempts, ascending; behind them one that is shown in their place.
    submits: Vec<Submit>,
    /// The highest attempt that any entry spoke of.
    seen: u32,
    /// What is kept in mind beside the attempts.
    beside: Beside,
}

/// What is known of a key beside the record that is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Beside {
    /// Tasks that were paid for and belong to no attempt that is shown.
    pub(super) tasks: BTreeSet<TaskId>,
    /// Tasks that the service doesn't know and a person let go, naming another one or allowing another submit: they count no more,
    /// and are kept in mind alone.
    pub(super) let_go: BTreeSet<TaskId>,
    /// Submits without an answer that another lock knew: number, and when they were to go out.
    pub(super) unanswered: BTreeSet<(u32, Timestamp)>,
    /// The highest attempt that a person let go, so that the job may be bought anew; 0 where there is none.
    pub(super) released: u32,
}

/// Where a purchase is that an entry speaks of.
enum Found {
    /// The submit at this index.
    At(usize),
    /// Its task, or when it was asked for, is all that is kept of it.
    Beside,
    /// Nothing of it is known.
    Nowhere,
}

impl History {
    /// The history that a record of the lock stands for.
    pub(super) fn of(record: Record, beside: Beside) -> History {
        let unanswered = beside.unanswered.last().map_or(0, |(attempt, _)| *attempt);
        let seen = record.attempt.max(beside.released).max(unanswered);
        History { seen, submits: vec![Submit { record, answer: Answer::Told }], beside }
    }

    /// The history of a key whose purchases a person let go.
    pub(super) fn released(beside: Beside) -> History {
        History { seen: beside.released, submits: Vec::new(), beside }
    }

    /// The key's record: its highest attempt that stands.
    pub(super) fn record(&self) -> Option<&Record> {
        self.shown().map(|submit| &submit.record)
    }

    /// Whether the attempt that is shown waits for an answer.
    pub(super) fn is_open(&self) -> bool {
        self.shown().is_some_and(|submit| submit.answer == Answer::Open)
    }

    fn shown(&self) -> Option<&Submit> {
        self.submits.iter().rev().find(|submit| submit.answer != Answer::ForNow)
    }

    /// How far an attempt came.
    #[cfg(test)]
    pub(super) fn rank(&self, attempt: u32) -> Option<Rank> {
        self.submits.iter().rev().find(|s| s.record.attempt == attempt).map(Submit::rank)
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
        let mut others: BTreeSet<&TaskId> = hidden.filter_map(|r| r.stage.task()).chain(&self.beside.tasks).collect();
        if let Some(task) = shown.and_then(|r| r.stage.task()) {
            others.remove(task);
        }
        others
    }

    /// What a lock keeps beside the record, or in its place.
    pub(super) fn beside(&self) -> Beside {
        let Beside { tasks: _, let_go, unanswered, released } = self.beside.clone();
        let tasks: BTreeSet<TaskId> = self.other_tasks().into_iter().cloned().collect();
        let released = match self.record() {
            // Its number is higher.
            Some(_) => 0,
            None if tasks.is_empty() && let_go.is_empty() => released,
            None => released.max(self.seen),
        };
        Beside { tasks, let_go, unanswered, released }
    }

    /// The name that its videos were given, where that was ever read.
    pub(super) fn given_name(&self) -> Option<&VideoName> {
        self.record().filter(|record| record.name != unknown_name(&record.key.job, &record.key.digest)).map(|r| &r.name)
    }

    /// Whether a task was ever had under this key.
    pub(super) fn had(&self, task: &TaskId) -> bool {
        self.other_tasks().contains(task) || self.beside.let_go.contains(task)
    }

    /// Whether an entry of this attempt speaks of a purchase that is known here.
    pub(super) fn knows(&self, attempt: u32, which: Option<&Which>) -> bool {
        !matches!(self.find(attempt, which), Found::Nowhere)
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
        if self.knows(attempt, Some(&Which::Asked(asked.at))) {
            return;
        }
        let record = Record {
            key: key.clone(),
            parts: asked.parts.clone(),
            place: Place::Current,
            attempt,
            videos: asked.videos,
            name: asked.name.clone(),
            submitted_at: Some(asked.at),
            finished_at: None,
            stage: unanswered(asked.at),
        };
        self.insert(Submit { record, answer: Answer::Open });
    }

    /// Accepted as `task`.
    pub(super) fn submitted(&mut self, key: &Key, attempt: u32, which: Option<&Which>, task: &TaskId, at: Timestamp) {
        let of_task = Which::Task(task.clone());
        if self.knows(attempt, Some(&of_task)) {
            // Its intent may have been taken for that of another purchase, until it was said which task came of it.
            self.is_answered(attempt, which);
            if let Found::At(place) = self.find(attempt, Some(&of_task))
                && matches!(self.submits[place].record.stage, Stage::Uncertain { .. })
            {
                // The service knows it after all.
                self.submits[place].tell(Stage::Submitted { task: task.clone() });
            }
            return;
        }
        if matches!(self.find(attempt, which), Found::Beside) {
            self.is_answered(attempt, which);
            self.beside.tasks.insert(task.clone());
            return self.settle();
        }
        let submit = self.submit(key, attempt, which);
        let known = submit.record.stage.task().cloned();
        match &submit.record.stage {
            // Two tasks of one submit: whatever it comes of, both may be paid, and none is forgotten.
            Stage::Submitted { .. } | Stage::Generated { .. } | Stage::Succeeded { .. } => {
                self.beside.tasks.insert(task.clone());
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
        // When it was to go out tells it from others: that stays.
        submit.record.submitted_at.get_or_insert(at);
        submit.record.finished_at = None;
        self.beside.tasks.extend(known.filter(|known| known != task && !refunded));
    }

    /// Refused; `last` where it is for good.
    pub(super) fn refused(&mut self, key: &Key, attempt: u32, which: Option<&Which>, refusal: &Refusal<'_>) {
        if matches!(self.find(attempt, which), Found::Beside) {
            self.is_answered(attempt, which);
        } else if refusal.last {
            let submit = self.submit(key, attempt, which);
            if submit.rank() < Rank::Answered {
                submit.tell(Stage::Refused { error: refusal.error.clone() });
                submit.record.finished_at = Some(refusal.at);
            }
        } else if let Found::At(place) = self.find(attempt, which)
            && self.submits[place].answer == Answer::Open
        {
            self.submits[place].answer = Answer::ForNow;
        }
        self.settle();
    }

    /// Nobody can know, or the service doesn't know the task.
    pub(super) fn uncertain(&mut self, key: &Key, attempt: u32, which: Option<&Which>, reason: &str, at: Timestamp) {
        if matches!(self.find(attempt, which), Found::Beside) {
            return;
        }
        let submit = self.submit(key, attempt, which);
        let task = match &submit.record.stage {
            // That no answer came was said before it was found out which task it is.
            stage if matches!(which, Some(Which::Asked(_))) && stage.task().is_some() => return,
            Stage::Uncertain { task, .. } => task.clone(),
            Stage::Submitted { task } => Some(task.clone()),
            _ => return,
        };
        submit.tell(Stage::Uncertain { task, reason: reason.to_owned() });
        submit.record.submitted_at.get_or_insert(at);
    }

    /// The service finished.
    pub(super) fn generated(&mut self, key: &Key, attempt: u32, which: Option<&Which>, at: Timestamp) {
        if matches!(self.find(attempt, which), Found::Beside) {
            return;
        }
        let submit = self.submit(key, attempt, which);
        submit.answer = Answer::Told;
        if submit.rank() < Rank::Generated
            && let Some(task) = submit.record.stage.task().cloned()
        {
            submit.tell(Stage::Generated { task, outputs: Vec::new() });
            submit.record.finished_at = Some(at);
        }
    }

    /// A video is here; one of the same number is replaced.
    pub(super) fn downloaded(&mut self, key: &Key, attempt: u32, which: Option<&Which>, output: &Output) {
        if matches!(self.find(attempt, which), Found::Beside) {
            return;
        }
        let submit = self.submit(key, attempt, which);
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
    pub(super) fn succeeded(&mut self, key: &Key, attempt: u32, which: Option<&Which>) {
        if matches!(self.find(attempt, which), Found::Beside) {
            return;
        }
        let submit = self.submit(key, attempt, which);
        submit.answer = Answer::Told;
        if submit.rank() < Rank::Final
            && let Some(task) = submit.record.stage.task().cloned()
        {
            let outputs = submit.record.stage.outputs().to_vec();
            submit.tell(Stage::Succeeded { task, outputs });
        }
    }

    /// The service failed; what has videos here didn't.
    pub(super) fn failed(&mut self, key: &Key, attempt: u32, which: Option<&Which>, error: &Fault, at: Timestamp) {
        if let (Found::Beside, Some(Which::Task(task))) = (self.find(attempt, which), which) {
            self.beside.tasks.remove(task);
            return;
        }
        let submit = self.submit(key, attempt, which);
        let stage = &submit.record.stage;
        if submit.rank() == Rank::Final || matches!(stage, Stage::Refused { .. }) || !stage.outputs().is_empty() {
            return;
        }
        let task = stage.task().cloned();
        submit.tell(Stage::Failed { task: task.clone(), error: error.clone(), word: Word::Service });
        submit.record.finished_at = Some(at);
        if let Some(task) = task {
            self.beside.tasks.remove(&task);
        }
        self.settle();
    }

    /// A person's word on an attempt that is uncertain.
    pub(super) fn resolved(
        &mut self,
        key: &Key,
        attempt: u32,
        which: Option<&Which>,
        verdict: &Verdict,
        at: Timestamp,
    ) {
        let place = match self.find(attempt, which) {
            Found::At(place) => place,
            // It isn't what is shown, or was settled before: only the task that a person names may be news.
            Found::Beside => {
                self.is_answered(attempt, which);
                if let Verdict::Task { task } = verdict
                    && !self.knows(attempt, Some(&Which::Task(task.clone())))
                {
                    self.beside.tasks.insert(task.clone());
                }
                return self.settle();
            }
            // What a person let go that isn't here is gone already.
            _ if *verdict == Verdict::Resubmit => return,
            // Nobody settles what isn't uncertain.
            _ => self.insert(Submit::unknown(key, attempt, which).lost()),
        };
        let submit = &mut self.submits[place];
        let Stage::Uncertain { task: known, .. } = submit.record.stage.clone() else {
            // It was settled otherwise in another lock: both may be right.
            if let Verdict::Task { task } = verdict
                && submit.record.stage.task() != Some(task)
            {
                self.beside.tasks.insert(task.clone());
            }
            return;
        };
        match verdict {
            Verdict::Task { task } => {
                submit.tell(Stage::Submitted { task: task.clone() });
                submit.record.submitted_at.get_or_insert(at);
                self.beside.let_go.extend(known.filter(|known| known != task));
                self.beside.tasks.remove(task);
                self.beside.let_go.remove(task);
            }
            Verdict::Resubmit => self.release(place),
            Verdict::Failed => {
                let error = Fault { code: "resolved".to_owned(), message: "settled by hand as failed".to_owned() };
                submit.tell(Stage::Failed { task: known, error, word: Word::Person });
                submit.record.finished_at = Some(at);
            }
        }
    }

    /// Forgets all attempts up to this one, where it is here.
    pub(super) fn dropped(&mut self, attempt: u32, which: Option<&Which>) {
        let _ = self.take(attempt, which);
    }

    /// Takes out all attempts up to this one, where it is here.
    pub(super) fn take(&mut self, attempt: u32, which: Option<&Which>) -> Option<History> {
        let Found::At(place) = self.find(attempt, which) else { return None };
        let rest = self.submits.split_off(place + 1);
        let submits = std::mem::replace(&mut self.submits, rest);
        let beside = if self.record().is_none() { std::mem::take(&mut self.beside) } else { Beside::default() };
        Some(History { submits, seen: attempt, beside })
    }

    /// Where a purchase is. Without a name it is the last one of its number.
    fn find(&self, attempt: u32, which: Option<&Which>) -> Found {
        let of_number = |record: &Record| record.attempt == attempt;
        let place = self.submits.iter().rposition(|Submit { record, .. }| match which {
            None => of_number(record),
            Some(Which::Task(task)) => record.stage.task() == Some(task),
            Some(Which::Asked(at)) => of_number(record) && record.submitted_at == Some(*at),
        });
        match (place, which) {
            (Some(place), _) => Found::At(place),
            (None, Some(Which::Task(task))) if self.beside.has(task) => Found::Beside,
            (None, Some(Which::Asked(at))) if self.beside.unanswered.contains(&(attempt, *at)) => Found::Beside,
            _ => Found::Nowhere,
        }
    }

    fn insert(&mut self, submit: Submit) -> usize {
        let place = self.place(submit.record.attempt);
        self.submits.insert(place, submit);
        place
    }

    /// Behind all of this number and of lower ones.
    fn place(&self, attempt: u32) -> usize {
        let before = self.submits.iter().rposition(|other| other.record.attempt <= attempt);
        before.map_or(0, |before| before + 1)
    }

    /// The attempt; where its intent was never read (a journal beside a foreign lock), something was paid or may have been.
    fn submit(&mut self, key: &Key, attempt: u32, which: Option<&Which>) -> &mut Submit {
        let place = match self.find(attempt, which) {
            Found::At(place) => place,
            Found::Beside | Found::Nowhere => self.insert(Submit::unknown(key, attempt, which)),
        };
        &mut self.submits[place]
    }
}

impl Beside {
    /// Whether nothing is kept.
    pub(super) fn is_empty(&self) -> bool {
        *self == Beside::default()
    }

    fn has(&self, task: &TaskId) -> bool {
        self.tasks.contains(task) || self.let_go.contains(task)
    }
}

/// What an intent says.
pub(super) struct Asked<'e> {
    pub(super) parts: &'e BTreeMap<String, String>,
    pub(super) videos: u8,
    pub(super) name: &'e VideoName,
    pub(super) at: Timestamp,
}

/// What a refusal says.
pub(super) struct Refusal<'e> {
    pub(super) error: &'e Fault,
    /// Whether it is for good.
    pub(super) last: bool,
    pub(super) at: Timestamp,
}
