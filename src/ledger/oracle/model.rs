//! The reference model: a set of purchases, recorded once and in order, and joined by union.
//!
//! It knows nothing of files, replay, tables or entries out of order: the ledger has to agree with it in spite of them.

use crate::ledger::entry::{Decision, Entry, Step};
use crate::ledger::record::{Key, Output, Record, Stage, Word};
use crate::ledger::{Book, PurchaseId};
use crate::service::names::TaskId;
use crate::service::output::VideoName;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The progress of a purchase, in the manual's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Came {
    Intended,
    NotTaken,
    Unanswered,
    /// A person allowed it to be submitted again, or marked it as failed, without a task.
    Settled,
    Refused,
    Submitted,
    Failed,
    Generated,
    Succeeded,
}

/// The latest statement about a purchase that is settled, or about its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Said {
    Nothing,
    NotKnown,
    MayBeSubmittedAgain,
    CalledFailed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) key: Key,
    pub(super) name: VideoName,
    named_at: Option<Timestamp>,
    came: Came,
    said: (Option<Timestamp>, Said),
    pub(super) task: Option<TaskId>,
    pub(super) outputs: Vec<Output>,
    /// Number of times that another content replaced a video.
    replaced: BTreeMap<usize, u32>,
}

/// The state that a job shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Uncertain(Option<TaskId>),
    Submitted(TaskId),
    Generated(TaskId, Vec<Output>),
    Succeeded(TaskId, Vec<Output>),
    Failed(Option<TaskId>, Word),
    Refused,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Oracle {
    pub(super) facts: BTreeMap<PurchaseId, Fact>,
}

impl Fact {
    /// Returns 2 if it is paid, 1 if it may be, 0 if it costs nothing, `None` if it counts as never submitted.
    fn worth(&self) -> Option<u8> {
        match (self.came, self.said.1) {
            (Came::NotTaken, _) | (Came::Settled | Came::Submitted, Said::MayBeSubmittedAgain) => None,
            (Came::Settled | Came::Submitted, Said::CalledFailed) | (Came::Refused | Came::Failed, _) => Some(0),
            (Came::Intended | Came::Unanswered, _) | (Came::Submitted, Said::NotKnown) => Some(1),
            _ => Some(2),
        }
    }

    pub(super) fn is_paid(&self) -> bool {
        self.worth() > Some(0)
    }

    pub(super) fn is_open(&self) -> bool {
        self.worth() == Some(1)
    }

    /// Returns whether nothing can come of it any more: `run --prune` may drop it.
    pub(super) fn is_finished(&self) -> bool {
        self.came == Came::Succeeded || self.worth() < Some(1)
    }

    fn shown(&self) -> Shown {
        let (task, outputs) = (self.task.clone(), self.outputs.clone());
        match (self.came, self.said.1) {
            (Came::Settled | Came::Submitted, Said::CalledFailed) => Shown::Failed(task, Word::Person),
            (Came::Refused, _) => Shown::Refused,
            (Came::Submitted, Said::Nothing) => Shown::Submitted(task.unwrap()),
            (Came::Failed, _) => Shown::Failed(task, Word::Service),
            (Came::Generated, _) => Shown::Generated(task.unwrap(), outputs),
            (Came::Succeeded, _) => Shown::Succeeded(task.unwrap(), outputs),
            _ => Shown::Uncertain(task),
        }
    }

    /// Joins another account of the same purchase: the further one counts, and the facts known to either stay.
    fn meet(&mut self, other: &Fact) {
        let name = |fact: &Fact| (fact.named_at, fact.key.job.clone(), fact.name.clone());
        if name(other) > name(self) {
            (self.named_at, self.key, self.name) = (other.named_at, other.key.clone(), other.name.clone());
        }
        if (other.came, other.said) > (self.came, self.said) {
            (self.came, self.said) = (other.came, other.said);
        }
        self.task = self.task.take().or(other.task.clone());
        for output in &other.outputs {
            let known = self.outputs.iter().position(|known| known.number == output.number);
            let rank = |fact: &Fact, output: &Output| (fact.replaced.get(&output.number).copied(), output.sha256);
            match known {
                Some(known) if rank(self, &self.outputs[known]) >= rank(other, output) => continue,
                Some(known) => self.outputs[known] = output.clone(),
                None => self.outputs.push(output.clone()),
            }
            let replaced = other.replaced.get(&output.number);
            self.replaced.extend(replaced.map(|times| (output.number, *times)));
        }
        self.name_outputs();
    }

    fn name_outputs(&mut self) {
        self.outputs.sort_by_key(|output| output.number);
        for output in &mut self.outputs {
            output.path = self.name.path(output.number);
        }
    }
}

impl Oracle {
    /// Applies an entry the moment it became durable.
    pub(super) fn learn(&mut self, entry: &Entry) {
        let Entry::Purchase { id, step } = entry else { return };
        if let Step::Submitting { job, digest, name, .. } = step {
            let key = Key { job: job.clone(), digest: *digest };
            let (came, said) = (Came::Intended, (None, Said::Nothing));
            let fact = Fact {
                key,
                name: name.clone(),
                named_at: None,
                came,
                said,
                task: None,
                outputs: Vec::new(),
                replaced: BTreeMap::new(),
            };
            assert!(self.facts.insert(*id, fact).is_none(), "{id} is intended twice");
            return;
        }
        let fact = self.facts.get_mut(id).unwrap_or_else(|| panic!("{id} was never intended"));
        match step {
            Step::Submitted { task, .. } => {
                (fact.came, fact.task) = (Came::Submitted, Some(task.clone()));
            }
            Step::Refused { last, .. } => fact.came = if *last { Came::Refused } else { Came::NotTaken },
            Step::Uncertain { task: None, .. } => fact.came = Came::Unanswered,
            Step::Uncertain { task: Some(_), at, .. } => fact.said = (Some(*at), Said::NotKnown),
            Step::Found { at, .. } => fact.said = (Some(*at), Said::Nothing),
            Step::Generated { .. } => (fact.came, fact.said) = (Came::Generated, (None, Said::Nothing)),
            Step::Downloaded { output } => {
                let before = fact.outputs.iter().find(|other| other.number == output.number);
                if before.is_some_and(|before| before.sha256 != output.sha256) {
                    *fact.replaced.entry(output.number).or_default() += 1;
                }
                fact.outputs.retain(|other| other.number != output.number);
                fact.outputs.push(output.clone());
                fact.name_outputs();
            }
            Step::Succeeded => fact.came = Came::Succeeded,
            Step::Failed { .. } => (fact.came, fact.said) = (Came::Failed, (None, Said::Nothing)),
            Step::Moved { job, name, at } => {
                fact.key.job = job.clone();
                (fact.name, fact.named_at) = (name.clone(), Some(*at));
                fact.name_outputs();
            }
            Step::Resolved { verdict, at, .. } => {
                let (came, said) = match verdict {
                    Decision::Task { task } if fact.task.is_none() => {
                        fact.task = Some(task.clone());
                        (Came::Submitted, Said::Nothing)
                    }
                    Decision::Task { task } => {
                        assert_eq!(fact.task.as_ref(), Some(task), "scripts name the task that it has");
                        (Came::Submitted, Said::Nothing)
                    }
                    Decision::Resubmit if fact.task.is_some() => (Came::Submitted, Said::MayBeSubmittedAgain),
                    Decision::Resubmit => (Came::Settled, Said::MayBeSubmittedAgain),
                    Decision::Failed if fact.task.is_some() => (Came::Submitted, Said::CalledFailed),
                    Decision::Failed => (Came::Settled, Said::CalledFailed),
                };
                (fact.came, fact.said) = (came, (Some(*at), said));
            }
            Step::Submitting { .. } | Step::Published { .. } | Step::Used { .. } | Step::Known { .. } => {
                unreachable!("no script says so")
            }
        }
    }

    /// Adds everything that the other model knows.
    pub(super) fn unite(&mut self, other: &Oracle) {
        for (id, theirs) in &other.facts {
            match self.facts.get_mut(id) {
                Some(mine) => mine.meet(theirs),
                None => drop(self.facts.insert(*id, theirs.clone())),
            }
        }
    }

    /// Returns the knowledge about these purchases alone.
    pub(super) fn of(&self, ids: &BTreeSet<PurchaseId>) -> Oracle {
        let facts = self.facts.iter().filter(|(id, _)| ids.contains(id));
        Oracle { facts: facts.map(|(id, fact)| (*id, fact.clone())).collect() }
    }

    /// Returns the purchases that a lock keeps: of the others nothing was accepted.
    pub(super) fn kept(&self) -> Oracle {
        let facts = self.facts.iter().filter(|(_, fact)| fact.came != Came::NotTaken);
        Oracle { facts: facts.map(|(id, fact)| (*id, fact.clone())).collect() }
    }

    /// Returns the purchase shown for a key: paid or possibly paid ones first, further before less far, later before
    /// earlier.
    pub(super) fn get(&self, key: &Key) -> Option<(PurchaseId, &Fact)> {
        let of_key = || self.facts.iter().filter(|(_, fact)| fact.key == *key);
        let again = |fact: &Fact| fact.worth().is_none() && fact.said.1 == Said::MayBeSubmittedAgain;
        let let_go = of_key().filter(|(_, fact)| again(fact)).map(|(id, _)| *id).max();
        let mut best: Option<((u8, Came, PurchaseId), &Fact)> = None;
        for (id, fact) in of_key() {
            let Some(worth) = fact.worth() else { continue };
            if worth == 0 && Some(*id) < let_go {
                continue;
            }
            let rank = (worth, if worth == 0 { Came::Intended } else { fact.came }, *id);
            if best.is_none_or(|(other, _)| rank > other) {
                best = Some((rank, fact));
            }
        }
        best.map(|((_, _, id), fact)| (id, fact))
    }

    pub(super) fn keys(&self) -> BTreeSet<Key> {
        self.facts.values().map(|fact| fact.key.clone()).collect()
    }

    /// Returns the known task ids.
    pub(super) fn tasks(&self) -> BTreeSet<TaskId> {
        self.facts.values().filter_map(|fact| fact.task.clone()).collect()
    }

    /// Checks that the book shows the same, and contains every task id that was durable.
    pub(super) fn agrees_with(&self, book: &Book) {
        for key in self.keys() {
            let expected = self.get(&key).map(|(id, fact)| (id, fact.shown(), fact.name.clone()));
            let found = book.get(&key).map(|record| (record.id, shown(record), record.name.clone()));
            assert_eq!(found, expected, "{key:?}: the ledger, and the model: {self:#?}");
            let failures = self.facts.values().filter(|fact| fact.key == key && fact.came == Came::Failed).count();
            assert_eq!(book.failures(&key) as usize, failures, "{key:?}: failures, and the model: {self:#?}");
            assert_eq!(book.awaits_answer(&key), self.get(&key).is_some_and(|(_, fact)| fact.came == Came::Intended));
        }
        let shown = self.keys().into_iter().filter(|key| self.get(key).is_some()).count();
        assert_eq!(book.records().count(), shown);
        for fact in self.facts.values() {
            let kept = || book.history(&fact.key).filter_map(|record| record.stage.task());
            let is_kept = fact.task.as_ref().is_none_or(|task| kept().any(|kept| kept == task));
            assert!(is_kept, "{:?} of {:?} is lost", fact.task, fact.key);
        }
    }
}

fn shown(record: &Record) -> Shown {
    match record.stage.clone() {
        Stage::Submitted { task } => Shown::Submitted(task),
        Stage::Generated { task, outputs } => Shown::Generated(task, outputs),
        Stage::Succeeded { task, outputs } => Shown::Succeeded(task, outputs),
        Stage::Failed { task, word, .. } => Shown::Failed(task, word),
        Stage::Refused { .. } => Shown::Refused,
        Stage::Uncertain { task, .. } => Shown::Uncertain(task),
    }
}

impl Shown {
    pub(super) fn of(fact: &Fact) -> Shown {
        fact.shown()
    }
}
