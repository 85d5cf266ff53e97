//! What becomes of two accounts of one key, which git mixed: nothing that is or may be paid is hidden by what isn't.
//!
//! In one account the higher attempt counts, since whoever made it knew the lower one: it had failed, or a person gave their word.
//! Of two accounts that don't know each other nothing of the kind can be told, whatever their numbers.

use super::submit::{Answer, Submit, Worth, unanswered};
use super::{Beside, Found, History};
use crate::ledger::entry::Which;
use crate::ledger::record::{Record, Stage, Word};
use crate::spec::names::{JobId, TaskId};
use std::collections::BTreeSet;

impl History {
    /// Takes in what is known of the same digest under another job: it is this job's from now on.
    pub(in crate::ledger) fn absorb(&mut self, job: &JobId, mut other: History) {
        other.submits.iter_mut().for_each(|submit| submit.record.key.job = job.clone());
        let let_go = self.let_go_as(&mut other);
        // A rename is to a job that has nothing of the kind: what has a higher number was bought after it, and read before.
        let number = |history: &History| history.record().map(|record| record.attempt);
        let further = if number(self) > number(&other) { Some(Further::Mine) } else { self.further(&other) };
        self.meet_in(other, further, let_go);
    }

    /// Takes in what a lock says of this key in another place.
    pub(in crate::ledger) fn join(&mut self, other: History) {
        if self.submits.is_empty() && self.beside.is_empty() {
            *self = other;
        } else {
            self.meet(other);
        }
    }

    /// Takes in another account of this key.
    pub(in crate::ledger) fn meet(&mut self, mut other: History) {
        let let_go = self.let_go_as(&mut other);
        let further = self.further(&other);
        self.meet_in(other, further, let_go);
    }

    /// What a person let go by one account counts no more in the other, unless the service has found it since. Gives the last such.
    fn let_go_as(&mut self, other: &mut History) -> Option<Record> {
        let mut last = None;
        let mut counts = |submit: &Submit, let_go: &BTreeSet<TaskId>| {
            let is_let_go = submit.record.stage.task().is_some_and(|task| let_go.contains(task));
            let counts = !is_let_go || !matches!(submit.worth(), Worth::Lost | Worth::Submitted);
            if !counts {
                last = Some(submit.record.clone());
            }
            counts
        };
        other.submits.retain(|submit| counts(submit, &self.beside.let_go));
        self.submits.retain(|submit| counts(submit, &other.beside.let_go));
        last
    }

    /// Which of two accounts knows the other's record, and so what was done about it; none where they don't know each other.
    fn further(&self, other: &History) -> Option<Further> {
        let theirs = || other.tells_of(self).then_some(Further::Theirs);
        if self.tells_of(other) { Some(Further::Mine) } else { theirs() }
    }

    /// The same, where it is known which one goes further, and what one of them `let_go`.
    fn meet_in(&mut self, mut other: History, further: Option<Further>, let_go: Option<Record>) {
        let failed: BTreeSet<TaskId> = self.failed_tasks().chain(other.failed_tasks()).cloned().collect();
        self.seen = self.seen.max(other.seen);
        self.beside.take_in(std::mem::take(&mut other.beside));
        let swap = match further {
            Some(further) => further == Further::Theirs,
            None => other.worth() > self.worth(),
        };
        if swap {
            std::mem::swap(&mut self.submits, &mut other.submits);
        }
        match further {
            Some(_) => other.submits.into_iter().for_each(|submit| self.take_in(submit)),
            None => self.beside.keep(&other),
        }
        self.beside.tasks.retain(|task| !failed.contains(task) && !self.beside.let_go.contains(task));
        self.settle();
        // A person's word was about this submit, and not about another of the same.
        if let Some(record) = let_go.filter(|_| self.record().is_none()) {
            self.show_another(record);
        }
    }

    /// Sees that what is shown hides nothing that is paid, or may be.
    pub(in crate::ledger) fn settle(&mut self) {
        let Some(place) = self.submits.iter().rposition(|submit| submit.answer != Answer::ForNow) else { return };
        let Record { stage, attempt, submitted_at, .. } = &self.submits[place].record;
        match stage {
            // One lock gave its number to a purchase whose task is known, another to one that is open.
            Stage::Uncertain { task: None, .. } => {
                let (attempt, asked) = (*attempt, *submitted_at);
                let is_known = |other: &Submit| other.record.attempt == attempt && other.worth() > Worth::Unanswered;
                if self.submits[..place].iter().any(is_known) {
                    self.submits.remove(place);
                    self.beside.unanswered.extend(asked.map(|at| (attempt, at)));
                }
            }
            Stage::Failed { word: Word::Service, .. } | Stage::Refused { .. } => self.show_what_is_paid(place),
            _ => {}
        }
    }

    /// Keeps of all attempts what a lock keeps.
    pub(in crate::ledger) fn fold(&mut self) {
        self.settle();
        if let [] | [Submit { answer: Answer::Told | Answer::Open, .. }] = self.submits[..] {
            return;
        }
        let shown = self.submits.iter().rposition(|submit| submit.answer != Answer::ForNow);
        let shown = shown.map(|place| self.submits.remove(place));
        self.beside.tasks.extend(self.submits.iter().filter_map(Submit::paid_task).cloned());
        self.submits = shown.into_iter().collect();
    }

    /// A person lets go all attempts up to this one: they count no more, but their tasks are kept in mind.
    pub(super) fn release(&mut self, place: usize) {
        let record = self.submits[place].record.clone();
        let rest = self.submits.split_off(place + 1);
        let released = std::mem::replace(&mut self.submits, rest);
        self.beside.released = self.beside.released.max(record.attempt);
        self.beside.let_go.extend(released.iter().filter_map(Submit::paid_task).cloned());
        // That word was about this submit, and not about another of the same.
        if self.record().is_none() {
            self.show_another(record);
        }
    }

    /// What was unknown of a submit is told: nothing waits for an answer to it any more.
    pub(super) fn is_answered(&mut self, attempt: u32, which: Option<&Which>) {
        if let Some(Which::Asked(at)) = which {
            self.beside.unanswered.remove(&(attempt, *at));
            if let Found::At(place) = self.find(attempt, which)
                && self.submits[place].answer != Answer::ForNow
                && matches!(self.submits[place].record.stage, Stage::Uncertain { task: None, .. })
            {
                self.submits.remove(place);
            }
        }
    }

    /// Shows another one that is paid, in the place of one that isn't, or else one that may be.
    fn show_what_is_paid(&mut self, place: usize) {
        let hidden = self.submits[..place].iter().position(|submit| submit.paid_task().is_some());
        if let Some(hidden) = hidden {
            let submit = self.submits.remove(hidden);
            self.submits.push(submit);
        } else if !self.beside.tasks.is_empty() || !self.beside.unanswered.is_empty() {
            let record = self.submits[place].record.clone();
            self.show_another(record);
        }
    }

    /// Shows what is kept beside the attempts, in the place of `record`, which counts no more: a task, else a submit without an answer.
    fn show_another(&mut self, record: Record) {
        let record = if let Some(task) = self.beside.tasks.pop_first() {
            Record { stage: Stage::Submitted { task }, submitted_at: None, finished_at: None, ..record }
        } else if let Some((attempt, at)) = self.beside.unanswered.pop_first() {
            Record { attempt, submitted_at: Some(at), finished_at: None, stage: unanswered(at), ..record }
        } else {
            return;
        };
        self.submits.push(Submit { record, answer: Answer::Told });
    }

    /// Whether this account knows the record of `other`, and so what was done about it.
    pub(in crate::ledger) fn tells_of(&self, other: &History) -> bool {
        other.shown().is_none_or(|theirs| {
            let beside = theirs.record.stage.task().is_some_and(|task| self.beside.tasks.contains(task));
            beside || self.submits.iter().any(|submit| submit.is_same_as(theirs))
        })
    }

    /// Whether something is paid, or may be, or a person wants it to be left at that.
    pub(in crate::ledger) fn is_paid(&self) -> bool {
        self.worth() >= Worth::Settled
    }

    fn take_in(&mut self, submit: Submit) {
        match self.submits.iter_mut().find(|mine| mine.is_same_as(&submit)) {
            Some(mine) if submit.tells_more_than(mine) => {
                let Record { parts, videos, name, .. } = mine.record.clone();
                *mine = submit;
                // Of one whose intent was never read the other account knows more.
                if mine.record.parts.is_empty() {
                    mine.record = Record { parts, videos, name, ..mine.record.clone() };
                }
            }
            Some(_) => {}
            // The account that goes further has settled it: it isn't what is shown.
            None => {
                let shown = self.submits.iter().rposition(|submit| submit.answer != Answer::ForNow);
                let place = self.place(submit.record.attempt);
                self.submits.insert(shown.map_or(place, |shown| place.min(shown)), submit);
            }
        }
    }

    /// Tasks that the service failed: they cost nothing, whatever another account says.
    fn failed_tasks(&self) -> impl Iterator<Item = &TaskId> {
        let failed = |s: &&Submit| matches!(s.record.stage, Stage::Failed { word: Word::Service, .. });
        self.submits.iter().filter(failed).filter_map(|submit| submit.record.stage.task())
    }

    fn worth(&self) -> Worth {
        self.shown().map_or(Worth::Nothing, Submit::worth)
    }
}

/// Which of two accounts of one key goes further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Further {
    Mine,
    Theirs,
}

impl Beside {
    fn take_in(&mut self, other: Beside) {
        self.tasks.extend(other.tasks);
        self.let_go.extend(other.let_go);
        self.unanswered.extend(other.unanswered);
        self.released = self.released.max(other.released);
    }

    /// Keeps what must not be forgotten of an account that isn't shown.
    fn keep(&mut self, other: &History) {
        self.tasks.extend(other.submits.iter().filter_map(Submit::paid_task).cloned());
        if let Some(Record { stage: Stage::Uncertain { task: None, .. }, attempt, submitted_at, .. }) = other.record() {
            self.unanswered.extend(submitted_at.map(|at| (*attempt, at)));
        }
    }
}
