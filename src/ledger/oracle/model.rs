//! The reference model: the manual's status table, and what each entry says, told once and in order.
//!
//! It knows nothing of files, replay, idempotence or attempts that come out of order: the ledger has to look like this in spite of them.

use crate::ledger::Book;
use crate::ledger::entry::{Entry, Verdict};
use crate::ledger::record::{Key, Output, Place, Record, Stage, Word};
use crate::spec::names::{JobId, TaskId};
use crate::spec::output::VideoName;
use std::collections::BTreeMap;

/// What is known of a purchase. An intent without an answer is uncertain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Uncertain(Option<TaskId>),
    Submitted(TaskId),
    Generated(TaskId, Vec<Output>),
    Succeeded(TaskId, Vec<Output>),
    Failed(Option<TaskId>, Word),
    Refused,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) known: Known,
    pub(super) attempt: u32,
    pub(super) place: Place,
    pub(super) name: VideoName,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Oracle {
    pub(super) facts: BTreeMap<Key, Fact>,
    /// What was known before the attempt that is open: after a refusal for now it is as if nobody had asked.
    before: BTreeMap<Key, Fact>,
    /// Task ids that somebody was told are durable, and that may be worth money: those of tasks that the service didn't fail.
    tasks: BTreeMap<TaskId, Key>,
}

impl Known {
    fn task(&self) -> Option<&TaskId> {
        match self {
            Known::Submitted(task) | Known::Generated(task, _) | Known::Succeeded(task, _) => Some(task),
            Known::Uncertain(task) | Known::Failed(task, _) => task.as_ref(),
            Known::Refused => None,
        }
    }

    /// How far a task came; it never goes back.
    fn rung(&self) -> u8 {
        match self {
            Known::Uncertain(_) | Known::Submitted(_) | Known::Refused => 0,
            Known::Generated(..) => 1,
            Known::Succeeded(..) | Known::Failed(..) => 2,
        }
    }

    /// Whether money is or may be in it: it must never look as if it could be submitted.
    pub(super) fn is_paid(&self) -> bool {
        !matches!(self, Known::Failed(..) | Known::Refused)
    }

    /// Whether nothing can come of it any more: `run --prune` may drop it.
    pub(super) fn is_finished(&self) -> bool {
        matches!(self, Known::Succeeded(..) | Known::Failed(..) | Known::Refused)
    }
}

impl Fact {
    pub(super) fn of(record: &Record) -> Fact {
        let known = match record.stage.clone() {
            Stage::Submitted { task } => Known::Submitted(task),
            Stage::Generated { task, outputs } => Known::Generated(task, outputs),
            Stage::Succeeded { task, outputs } => Known::Succeeded(task, outputs),
            Stage::Failed { task, word, .. } => Known::Failed(task, word),
            Stage::Refused { .. } => Known::Refused,
            Stage::Uncertain { task, .. } => Known::Uncertain(task),
        };
        Fact { known, attempt: record.attempt, place: record.place, name: record.name.clone() }
    }
}

impl Oracle {
    /// Takes in an entry that became durable, the moment it did.
    pub(super) fn learn(&mut self, entry: &Entry) {
        let Some(key) = entry.key().cloned() else { return };
        match entry {
            Entry::Submitting { attempt, name, .. } => {
                self.make_way(&key);
                let known = Known::Uncertain(None);
                let fact = Fact { known, attempt: *attempt, place: Place::Current, name: name.clone() };
                if let Some(before) = self.facts.insert(key.clone(), fact) {
                    assert!(before.attempt < *attempt, "attempt {attempt} of {key:?} comes twice");
                    self.before.insert(key, before);
                }
            }
            Entry::Submitted { task, .. } => {
                self.tasks.insert(task.clone(), key.clone());
                self.set(&key, Known::Submitted(task.clone()));
            }
            Entry::Refused { last: true, .. } => self.set(&key, Known::Refused),
            Entry::Refused { last: false, .. } => {
                self.facts.remove(&key);
                self.facts.extend(self.before.remove(&key).map(|before| (key, before)));
            }
            Entry::Uncertain { .. } => {
                let task = self.facts[&key].known.task().cloned();
                self.set(&key, Known::Uncertain(task));
            }
            Entry::Generated { .. } => {
                let task = self.task(&key);
                self.set(&key, Known::Generated(task, Vec::new()));
            }
            Entry::Downloaded { output, .. } => match &mut self.fact(&key).known {
                Known::Generated(_, outputs) | Known::Succeeded(_, outputs) => {
                    outputs.retain(|other| other.number != output.number);
                    outputs.push(output.clone());
                    outputs.sort_by_key(|output| output.number);
                }
                other => panic!("a video of {key:?}, which is {other:?}"),
            },
            Entry::Succeeded { .. } => {
                if let Known::Generated(task, outputs) = self.facts[&key].known.clone() {
                    self.set(&key, Known::Succeeded(task, outputs));
                }
            }
            Entry::Failed { .. } => {
                let task = self.task(&key);
                self.tasks.remove(&task);
                self.set(&key, Known::Failed(Some(task), Word::Service));
            }
            Entry::Moved { to, place, name, .. } => self.moved(&key, to.clone(), *place, name),
            Entry::Dropped { .. } => {
                self.facts.remove(&key);
                self.tasks.retain(|_, of| *of != key);
            }
            Entry::Resolved { verdict, .. } => match verdict {
                Verdict::Task { task } => {
                    self.tasks.insert(task.clone(), key.clone());
                    self.set(&key, Known::Submitted(task.clone()));
                }
                // A person gave up what the service doesn't know.
                Verdict::Failed => {
                    let task = self.facts[&key].known.task().cloned();
                    self.tasks.retain(|other, _| Some(other) != task.as_ref());
                    self.set(&key, Known::Failed(task, Word::Person));
                }
                Verdict::Resubmit => {
                    self.facts.remove(&key);
                    self.tasks.retain(|_, of| *of != key);
                }
            },
            Entry::Uploaded { .. } | Entry::Mirrored { .. } => {}
        }
    }

    /// After this process ended nobody knows any more what was before.
    pub(super) fn forget_the_process(&mut self) {
        self.before.clear();
    }

    /// What the book shows must be this, and every task id that was durable must be found in it.
    pub(super) fn agrees_with(&self, book: &Book) {
        let shown: BTreeMap<Key, Fact> = book.records().map(|record| (record.key.clone(), Fact::of(record))).collect();
        assert_eq!(shown, self.facts, "the ledger, and the model");
        for (key, fact) in &self.facts {
            assert_eq!(book.get(key).map(Fact::of).as_ref(), Some(fact));
            let current = book.current(&key.job).is_some_and(|record| record.key == *key);
            assert_eq!(current, fact.place == Place::Current, "{key:?}");
        }
        self.finds_every_task_in(book);
    }

    /// After a stray journal was read: nothing that is or may be paid looks as if it weren't; what the book says counts from now on.
    pub(super) fn puts_up_with(&mut self, book: &Book) {
        for (key, fact) in self.facts.iter().filter(|(_, fact)| fact.known.is_paid()) {
            let now = book.get(key).map(Fact::of);
            // That the service failed this very task may be news.
            let failed = Known::Failed(fact.known.task().cloned(), Word::Service);
            let stands = now.as_ref().is_some_and(|now| now.known.is_paid() || now.known == failed);
            let same_task = now.as_ref().filter(|now| now.known.task() == fact.known.task());
            let forward = same_task.is_none_or(|now| now.known.rung() >= fact.known.rung());
            assert!(stands && forward, "{key:?} was {fact:?}, and is {now:?}");
        }
        self.finds_every_task_in(book);
        self.facts = book.records().map(|record| (record.key.clone(), Fact::of(record))).collect();
        let failed = self.facts.values().filter(|fact| !fact.known.is_paid()).filter_map(|fact| fact.known.task());
        failed.for_each(|task| drop(self.tasks.remove(task)));
        self.before.clear();
    }

    fn finds_every_task_in(&self, book: &Book) {
        for (task, key) in &self.tasks {
            let shown = book.get(key).and_then(|record| record.stage.task()) == Some(task);
            assert!(shown || book.other_tasks(key).contains(task), "task {task} of {key:?} is lost");
        }
    }

    fn fact(&mut self, key: &Key) -> &mut Fact {
        self.facts.get_mut(key).unwrap()
    }

    fn set(&mut self, key: &Key, known: Known) {
        self.fact(key).known = known;
    }

    fn task(&self, key: &Key) -> TaskId {
        self.facts[key].known.task().cloned().unwrap()
    }

    /// A job has one current record: another gives way, and its videos to come get a name that tells their digest.
    fn make_way(&mut self, key: &Key) {
        for (other, fact) in &mut self.facts {
            if other.job == key.job && other != key && fact.place == Place::Current {
                fact.place = Place::Superseded;
                fact.name = fact.name.superseded(&other.digest);
            }
        }
    }

    fn moved(&mut self, key: &Key, to: JobId, place: Place, name: &VideoName) {
        let mut fact = self.facts.remove(key).unwrap();
        let to = Key { job: to, digest: key.digest };
        if place == Place::Current {
            self.make_way(&to);
        }
        if let Known::Generated(_, outputs) | Known::Succeeded(_, outputs) = &mut fact.known {
            for output in outputs {
                output.path = name.path(output.number);
            }
        }
        for of in self.tasks.values_mut().filter(|of| **of == *key) {
            *of = to.clone();
        }
        self.facts.insert(to, Fact { place, name: name.clone(), ..fact });
    }
}
