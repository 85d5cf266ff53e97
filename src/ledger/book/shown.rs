//! What a book shows: of each job and digest the purchase that counts, and those beside it.

use super::Book;
use crate::ledger::id::PurchaseId;
use crate::ledger::purchase::{Owed, Purchase, Rung, Standing};
use crate::ledger::record::{Key, Record};
use crate::service::names::{Digest, JobId, TaskId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

impl Book {
    /// Returns the record shown for each job and digest, by job; the job's last digest comes first, then the others by
    /// digest.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.jobs.values().flat_map(|all| {
            let shown = || by_digest(all).filter_map(shown).map(|purchase| &purchase.record);
            let current = current(all);
            let id = current.map(|record| record.id);
            current.into_iter().chain(shown().filter(move |record| Some(record.id) != id))
        })
    }

    /// Returns the record shown for a job and digest.
    pub fn get(&self, key: &Key) -> Option<&Record> {
        shown(self.all_of(key)).map(|purchase| &purchase.record)
    }

    /// Returns the record shown for the last digest of a job.
    pub fn current(&self, job: &JobId) -> Option<&Record> {
        current(self.jobs.get(job)?)
    }

    /// Returns the record shown for each digest of a job.
    pub fn of_job(&self, job: &JobId) -> impl Iterator<Item = &Record> {
        let shown = self.jobs.get(job).into_iter().flat_map(|all| by_digest(all).filter_map(shown));
        shown.map(|purchase| &purchase.record)
    }

    /// Returns the records shown for a digest, under any job.
    pub fn with_digest(&self, digest: &Digest) -> impl Iterator<Item = &Record> {
        self.records().filter(move |record| record.key.digest == *digest)
    }

    /// Returns the purchase that is or may be paid as this task, found by searching all of them.
    pub fn with_task(&self, task: &TaskId) -> Option<&Record> {
        let with_it = self.purchases().filter(|purchase| purchase.task() == Some(task));
        let owed = with_it.filter(|purchase| purchase.owed() > Some(Owed::Nothing));
        owed.max_by_key(|purchase| purchase.owed()).map(|purchase| &purchase.record)
    }

    /// Returns all purchases of a job and digest, from the first to the last.
    pub fn history(&self, key: &Key) -> impl Iterator<Item = &Record> {
        self.all_of(key).iter().map(|purchase| &purchase.record)
    }

    /// Returns the purchases of a job and digest that may or may not be paid.
    pub fn open(&self, key: &Key) -> impl Iterator<Item = &Record> {
        owing(self.all_of(key), Owed::Maybe)
    }

    /// Returns all purchases of which nobody knows whether they are paid, whether or not they are shown, by job and time.
    pub fn unanswered(&self) -> impl Iterator<Item = &Record> {
        self.jobs.values().flat_map(|all| {
            let mut open: Vec<&Record> = owing(all, Owed::Maybe).collect();
            open.sort_by_key(|record| record.id);
            open
        })
    }

    /// Returns the tasks that are or may be paid under a key beside the one that is shown.
    pub fn other_tasks(&self, key: &Key) -> BTreeSet<&TaskId> {
        let owed = self.all_of(key).iter().filter(|purchase| purchase.owed() > Some(Owed::Nothing));
        let mut tasks: BTreeSet<&TaskId> = owed.filter_map(Purchase::task).collect();
        if let Some(task) = self.get(key).and_then(|record| record.stage.task()) {
            tasks.remove(task);
        }
        tasks
    }

    /// Returns the paid tasks under a key, if there are two or more: both stay, and nothing is bought a third time.
    pub fn bought_twice(&self, key: &Key) -> BTreeSet<&TaskId> {
        let paid = owing(self.all_of(key), Owed::Paid);
        let tasks: BTreeSet<&TaskId> = paid.filter_map(|record| record.stage.task()).collect();
        if tasks.len() > 1 { tasks } else { BTreeSet::new() }
    }

    /// Returns the other purchases of a purchase's job and digest that are or may be paid and have a task: those that are shown
    /// before others come first.
    pub fn others(&self, id: PurchaseId) -> impl Iterator<Item = &Record> {
        let all = self.purchase(id).map_or(&[][..], |purchase| self.all_of(&purchase.record.key));
        let is_other = |purchase: &&Purchase| purchase.record.id != id && purchase.task().is_some();
        let mut others: Vec<&Purchase> = all.iter().filter(is_other).collect();
        others.retain(|purchase| purchase.owed() > Some(Owed::Nothing));
        others.sort_by_key(|purchase| std::cmp::Reverse((purchase.owed(), purchase.rung, purchase.record.id)));
        others.into_iter().map(|purchase| &purchase.record)
    }

    /// Returns the tasks that are or may be paid under more than one key, with these: two branches may have recorded one
    /// generation for two jobs.
    pub fn shared_tasks(&self) -> BTreeMap<&TaskId, BTreeSet<&Key>> {
        let mut first: HashMap<&TaskId, &Key> = HashMap::new();
        let mut shared: BTreeMap<&TaskId, BTreeSet<&Key>> = BTreeMap::new();
        for purchase in self.purchases().filter(|purchase| purchase.owed() > Some(Owed::Nothing)) {
            let (Some(task), key) = (purchase.task(), &purchase.record.key) else { continue };
            let known = *first.entry(task).or_insert(key);
            if known != key {
                shared.entry(task).or_default().extend([known, key]);
            }
        }
        shared
    }

    /// Returns whether a person let a key be submitted again, and nothing was submitted since.
    pub fn is_released(&self, key: &Key) -> bool {
        let all = self.all_of(key);
        shown(all).is_none() && all.iter().any(Purchase::is_released)
    }

    /// Returns all purchases that are paid, whether or not they are shown.
    pub fn paid(&self) -> impl Iterator<Item = &Record> {
        self.jobs.values().flat_map(|all| owing(all, Owed::Paid))
    }

    /// Returns the number of the next submit of a key.
    pub fn next_attempt(&self, key: &Key) -> u32 {
        u32::try_from(self.all_of(key).len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// Returns the number of purchases of a key that the service failed.
    pub fn failures(&self, key: &Key) -> u32 {
        self.all_of(key).last().map_or(0, |purchase| purchase.record.failures)
    }

    /// Returns the last purchase of a key, which the next one follows.
    pub fn last(&self, key: &Key) -> Option<PurchaseId> {
        self.all_of(key).last().map(|purchase| purchase.record.id)
    }

    /// Returns whether nothing but the intent of the shown purchase is known: uncertain, unless its run is active.
    pub fn awaits_answer(&self, key: &Key) -> bool {
        shown(self.all_of(key)).is_some_and(|purchase| purchase.rung == Rung::Intended)
    }

    /// Returns whether this purchase's task was named by a person, or found again, after its submit: the submit itself had no answer that told.
    pub fn is_task_told(&self, id: PurchaseId) -> bool {
        self.purchase(id).is_some_and(|purchase| {
            let is_open = (purchase.rung, purchase.standing) == (Rung::Submitted, Standing::Open);
            is_open && purchase.said_at > purchase.record.submitted_at
        })
    }

    /// Returns whether this purchase is recorded with all its videos.
    pub fn has_succeeded(&self, id: PurchaseId) -> bool {
        self.purchase(id).is_some_and(|purchase| purchase.rung == Rung::Succeeded)
    }
}

/// Returns the purchase that a job shows for one digest: first those that are or may be paid, then those that came further,
/// then later ones. A purchase that costs nothing isn't shown if a person allowed a later one to be submitted again.
pub(super) fn shown(purchases: &[Purchase]) -> Option<&Purchase> {
    let released = purchases.iter().filter(|purchase| purchase.is_released()).map(|purchase| purchase.record.id).max();
    let rank = |purchase: &Purchase| {
        let (owed, id) = (purchase.owed()?, purchase.record.id);
        let counts = owed > Owed::Nothing || Some(id) > released;
        let rung = if owed > Owed::Nothing { purchase.rung } else { Rung::Intended };
        counts.then_some((owed, rung, id))
    };
    purchases
        .iter()
        .filter_map(|purchase| Some((rank(purchase)?, purchase)))
        .max_by_key(|(rank, _)| *rank)
        .map(|(_, p)| p)
}

/// Returns the record shown for the job's last digest: one whose videos gave up their name was superseded.
fn current(all: &[Purchase]) -> Option<&Record> {
    let shown = by_digest(all).filter_map(shown).map(|purchase| &purchase.record);
    shown.max_by_key(|record| (!record.is_superseded(), record.id))
}

fn owing(all: &[Purchase], owed: Owed) -> impl Iterator<Item = &Record> {
    all.iter().filter(move |purchase| purchase.owed() == Some(owed)).map(|purchase| &purchase.record)
}

fn by_digest(all: &[Purchase]) -> impl Iterator<Item = &[Purchase]> {
    all.chunk_by(|a, b| a.record.key.digest == b.record.key.digest)
}
