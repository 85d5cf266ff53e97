//! The reference model: the manual's status table, and what each entry says, told once and in order.
//!
//! It knows nothing of files, replay, idempotence or attempts that come out of order: the ledger has to look like this in spite of them.

use crate::ledger::Book;
use crate::ledger::entry::{Entry, Verdict, Which};
use crate::ledger::record::{Key, Output, Place, Record, Stage, Word};
use crate::spec::names::{Digest, JobId, TaskId};
use crate::spec::output::VideoName;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

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
    pub(super) asked_at: Option<Timestamp>,
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
    /// Those that a person let go.
    let_go: BTreeMap<TaskId, Key>,
    /// Submits without an answer beside what is known: only where two accounts were mixed.
    unanswered: BTreeMap<Key, BTreeSet<(u32, Timestamp)>>,
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
        let Record { attempt, submitted_at, place, name, .. } = record;
        Fact { known, attempt: *attempt, asked_at: *submitted_at, place: *place, name: name.clone() }
    }

    /// What tells its purchase from others.
    pub(super) fn which(&self) -> Option<Which> {
        self.known.task().cloned().map(Which::Task).or(self.asked_at.map(Which::Asked))
    }
}

/// A name that tells its digest; one that does already stays.
pub(super) fn superseded(name: &VideoName, digest: &Digest) -> VideoName {
    let tells = name.pattern().contains(&format!("~{}", digest.short()));
    if tells { name.clone() } else { name.superseded(digest) }
}

impl Oracle {
    /// Takes in an entry that became durable, the moment it did.
    pub(super) fn learn(&mut self, entry: &Entry) {
        let Some(key) = entry.key().cloned() else { return };
        match entry {
            Entry::Submitting { attempt, name, at, .. } => {
                self.make_way(&key);
                let known = Known::Uncertain(None);
                let (asked_at, place) = (Some(*at), Place::Current);
                let fact = Fact { known, attempt: *attempt, asked_at, place, name: name.clone() };
                if let Some(before) = self.facts.insert(key.clone(), fact) {
                    assert!(before.attempt < *attempt, "attempt {attempt} of {key:?} comes twice");
                    self.before.insert(key, before);
                }
            }
            Entry::Submitted { task, .. } => {
                self.tasks.insert(task.clone(), key.clone());
                self.set(&key, Known::Submitted(task.clone()));
            }
            Entry::Refused { last: true, .. } => {
                self.set(&key, Known::Refused);
                self.show_what_is_paid(&key);
            }
            Entry::Refused { last: false, .. } => {
                self.facts.remove(&key);
                self.facts.extend(self.before.remove(&key).map(|before| (key, before)));
            }
            Entry::Uncertain { at, .. } => {
                let task = self.facts[&key].known.task().cloned();
                self.set(&key, Known::Uncertain(task));
                self.fact(&key).asked_at.get_or_insert(*at);
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
                self.show_what_is_paid(&key);
            }
            Entry::Moved { to, place, name, .. } => self.moved(&key, to.clone(), *place, name),
            Entry::Dropped { .. } => panic!("no entry drops a record any more"),
            Entry::Resolved { verdict, .. } => match verdict {
                Verdict::Task { task } => {
                    let known = self.facts[&key].known.task().filter(|known| *known != task).cloned();
                    if let Some(known) = known {
                        self.tasks.remove(&known);
                        self.let_go.insert(known, key.clone());
                    }
                    self.tasks.insert(task.clone(), key.clone());
                    self.let_go.remove(task);
                    self.set(&key, Known::Submitted(task.clone()));
                }
                // A person gave up what the service doesn't know.
                Verdict::Failed => {
                    let task = self.facts[&key].known.task().cloned();
                    self.tasks.retain(|other, _| Some(other) != task.as_ref());
                    self.set(&key, Known::Failed(task, Word::Person));
                }
                Verdict::Resubmit => {
                    let fact = self.facts.remove(&key).unwrap();
                    if let Some(task) = fact.known.task() {
                        self.tasks.remove(task);
                        self.let_go.insert(task.clone(), key.clone());
                    }
                    self.show_another(&key, fact);
                }
            },
            Entry::Uploaded { .. } | Entry::Mirrored { .. } => {}
        }
    }

    /// All task ids that must not be lost.
    pub(super) fn all_tasks(&self) -> BTreeSet<TaskId> {
        self.tasks.keys().chain(self.let_go.keys()).cloned().collect()
    }

    /// `run --prune` came to its end.
    pub(super) fn prune(&mut self, key: &Key) {
        self.facts.remove(key);
        self.unanswered.remove(key);
        self.tasks.retain(|_, of| of != key);
        self.let_go.retain(|_, of| of != key);
    }

    /// What isn't paid must not hide what is, or may be.
    fn show_what_is_paid(&mut self, key: &Key) {
        let fact = self.facts[key].clone();
        self.show_another(key, fact);
    }

    fn show_another(&mut self, key: &Key, fact: Fact) {
        let task = self.tasks.iter().find(|(_, of)| *of == key).map(|(task, _)| task.clone());
        if let Some(task) = task {
            self.facts.insert(key.clone(), Fact { known: Known::Submitted(task), asked_at: None, ..fact });
        } else if let Some((attempt, at)) = self.unanswered.get_mut(key).and_then(BTreeSet::pop_first) {
            let known = Known::Uncertain(None);
            self.facts.insert(key.clone(), Fact { known, attempt, asked_at: Some(at), ..fact });
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
            let moved = || book.with_digest(&key.digest).find(|record| record.stage.task() == fact.known.task());
            let now = book.get(key).or_else(moved).map(Fact::of);
            // That the service failed this very task may be news.
            let failed = Known::Failed(fact.known.task().cloned(), Word::Service);
            let stands = now.as_ref().is_some_and(|now| now.known.is_paid() || now.known == failed);
            let same_task = now.as_ref().filter(|now| now.known.task() == fact.known.task());
            let forward = same_task.is_none_or(|now| now.known.rung() >= fact.known.rung());
            assert!(stands && forward, "{key:?} was {fact:?}, and is {now:?}");
        }
        self.finds_every_task_in(book);
        self.believe(book);
    }

    /// After another lock took the place of this one, and what `ours` says of these keys was mixed into it: what is or may be paid by
    /// either account stays so. What is in neither is forgotten.
    pub(super) fn puts_up_with_both(
        &mut self,
        ours: &BTreeSet<Key>,
        named: &BTreeSet<TaskId>,
        theirs: &Book,
        book: &Book,
    ) {
        self.facts.retain(|key, _| ours.contains(key));
        self.tasks.retain(|task, _| named.contains(task));
        self.let_go.retain(|task, _| named.contains(task));
        let known = theirs.records().map(|record| (record.key.clone(), Fact::of(record)));
        for (key, fact) in self.facts.clone().into_iter().chain(known).filter(|(_, fact)| fact.known.is_paid()) {
            let now = book.get(&key).map(Fact::of);
            let stands = now.as_ref().is_some_and(|now| now.known.is_paid());
            assert!(stands, "{key:?} was {fact:?} in one of the locks, and is {now:?}");
            self.tasks.extend(fact.known.task().map(|task| (task.clone(), key)));
        }
        self.finds_every_task_in(book);
        self.believe(book);
    }

    fn believe(&mut self, book: &Book) {
        self.facts = book.records().map(|record| (record.key.clone(), Fact::of(record))).collect();
        let failed = self.facts.values().filter(|fact| !fact.known.is_paid()).filter_map(|fact| fact.known.task());
        failed.for_each(|task| drop(self.tasks.remove(task)));
        for (key, fact) in self.facts.iter().filter(|(_, fact)| fact.known.is_paid()) {
            self.tasks.extend(fact.known.task().map(|task| (task.clone(), key.clone())));
        }
        self.unanswered.clear();
        let bare = book.released().map(|(key, _)| key);
        for key in self.facts.keys().cloned().chain(bare) {
            let beside = book.beside(&key);
            self.tasks.extend(beside.tasks.into_iter().map(|task| (task, key.clone())));
            self.let_go.extend(beside.let_go.into_iter().map(|task| (task, key.clone())));
            self.unanswered.insert(key, beside.unanswered);
        }
        self.before.clear();
    }

    fn finds_every_task_in(&self, book: &Book) {
        for (task, key) in self.tasks.iter().chain(&self.let_go) {
            let is_shown = |record: &Record| record.stage.task() == Some(task);
            let beside = book.beside(key);
            let kept = beside.tasks.contains(task) || beside.let_go.contains(task);
            let moved = || book.with_digest(&key.digest).any(is_shown);
            assert!(kept || moved(), "task {task} of {key:?} is lost");
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
                fact.name = superseded(&fact.name, &other.digest);
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
        for of in self.tasks.values_mut().chain(self.let_go.values_mut()).filter(|of| **of == *key) {
            *of = to.clone();
        }
        if let Some(unanswered) = self.unanswered.remove(key) {
            self.unanswered.entry(to.clone()).or_default().extend(unanswered);
        }
        self.facts.insert(to, Fact { place, name: name.clone(), ..fact });
    }
}
