//! Version 1 of the journal, whose entries named a record by job, digest and number, and if that wasn't enough, by task
//! or time.

use crate::ledger::book::Book;
use crate::ledger::entry::{Decision, Entry, Step};
use crate::ledger::id::PurchaseId;
use crate::ledger::lockfile::Which;
use crate::ledger::purchase::{Purchase, Rung, Standing, unknown_name};
use crate::ledger::record::{Key, Record};
use crate::service::names::{JobId, TaskId};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Reads one journal.
pub(super) struct Reader {
    /// The purchases that the journal described, by job, digest and number.
    told: BTreeMap<(Key, u32), PurchaseId>,
    /// Their tasks, as far as it named them.
    tasks: BTreeMap<PurchaseId, TaskId>,
    /// A time for each statement that had none.
    now: Timestamp,
}

/// The common beginning of every entry about a purchase.
#[derive(Deserialize)]
struct About {
    #[serde(flatten)]
    key: Key,
    attempt: u32,
    which: Option<Which>,
}

impl Reader {
    /// Returns a reader of the journal of a run that began at this time.
    pub(super) fn new(started: Timestamp) -> Reader {
        Reader { told: BTreeMap::new(), tasks: BTreeMap::new(), now: started }
    }

    /// Applies an entry to the book; returns `None` if it isn't an entry.
    pub(super) fn take(&mut self, entry: &[u8], book: &mut Book) -> Option<()> {
        let fields: Map<String, Value> = serde_json::from_slice(entry).ok()?;
        self.now = self.now.checked_add(SignedDuration::from_micros(1)).ok()?;
        match fields.get("entry")?.as_str()? {
            "uploaded" | "mirrored" => book.apply(&serde_json::from_slice(entry).ok()?),
            // Dropped purchases may be kept: they cost nothing.
            "dropped" => {}
            "submitting" => {
                let About { key, attempt, .. } = serde_json::from_slice(entry).ok()?;
                let at = serde_json::from_value(fields.get("at")?.clone()).ok()?;
                let id = find(book, &key, &Which::Asked(at)).unwrap_or_else(|| Which::Asked(at).id(&key));
                self.told.insert((key, attempt), id);
                book.apply(&Entry::of(id, serde_json::from_slice(entry).ok()?));
            }
            "moved" => self.moved(entry, &fields, book)?,
            _ => {
                let about: About = serde_json::from_slice(entry).ok()?;
                let mut step: Step = serde_json::from_slice(entry).ok()?;
                let id = self.purchase(&about, book);
                match &mut step {
                    Step::Submitted { task, .. } => drop(self.tasks.insert(id, task.clone())),
                    Step::Uncertain { task, .. } | Step::Resolved { task, .. } => {
                        *task = match &about.which {
                            Some(Which::Task(known)) => Some(known.clone()),
                            Some(Which::Asked(_)) => None,
                            None => self.tasks.get(&id).cloned(),
                        };
                    }
                    _ => {}
                }
                // Allowing one to be submitted again included those before it.
                let others: Vec<PurchaseId> = match &step {
                    Step::Resolved { verdict: Decision::Resubmit, .. } => {
                        book.open(&about.key).map(|record| record.id).filter(|other| *other < id).collect()
                    }
                    _ => Vec::new(),
                };
                others.into_iter().chain([id]).for_each(|id| book.apply(&Entry::of(id, step.clone())));
            }
        }
        Some(())
    }

    /// Moves all purchases up to the named one to another job.
    fn moved(&mut self, entry: &[u8], fields: &Map<String, Value>, book: &mut Book) -> Option<()> {
        let about: About = serde_json::from_slice(entry).ok()?;
        let job: JobId = serde_json::from_value(fields.get("to")?.clone()).ok()?;
        let name = serde_json::from_value(fields.get("name")?.clone()).ok()?;
        let to = Key { job: job.clone(), digest: about.key.digest };
        // The lock may already include it.
        if let Some(which) = &about.which
            && find(book, &about.key, which).is_none()
            && find(book, &to, which).is_some()
        {
            return Some(());
        }
        let id = self.purchase(&about, book);
        let all: Vec<PurchaseId> =
            book.history(&about.key).map(|record| record.id).filter(|other| *other <= id).collect();
        let step = Step::Moved { job, name, at: self.now };
        all.iter().for_each(|other| book.apply(&Entry::of(*other, step.clone())));
        let told = self.told.iter().filter(|(_, id)| all.contains(id));
        let told: Vec<_> = told.map(|((_, attempt), id)| ((to.clone(), *attempt), *id)).collect();
        self.told.extend(told);
        Some(())
    }

    /// Returns the purchase that an entry is about; one that was never read is added as far as the entry names it.
    fn purchase(&self, About { key, attempt, which }: &About, book: &mut Book) -> PurchaseId {
        let told = self.told.get(&(key.clone(), *attempt)).copied();
        let Some(which) = which else {
            let id = told.or_else(|| book.get(key).map(|record| record.id));
            return id.unwrap_or_else(|| add_unknown(key, &Which::Asked(Timestamp::UNIX_EPOCH), book));
        };
        find(book, key, which).unwrap_or_else(|| add_unknown(key, which, book))
    }
}

/// Returns the purchase with this task, or intended at this time.
fn find(book: &Book, key: &Key, which: &Which) -> Option<PurchaseId> {
    let is_meant = |record: &&Record| match which {
        Which::Task(task) => record.stage.task() == Some(task),
        Which::Asked(at) => record.submitted_at == Some(*at),
    };
    book.history(key).filter(is_meant).last().map(|record| record.id)
}

/// Adds a purchase about which only its name is known: it is or may be paid.
fn add_unknown(key: &Key, which: &Which, book: &mut Book) -> PurchaseId {
    let id = which.id(key);
    let name = unknown_name(&key.job, &key.digest);
    let intended = |at| Purchase::intended(id, key.clone(), name, at);
    book.add(match which {
        Which::Task(task) => {
            let had = (Some(task.clone()), Vec::new());
            intended(None).at(Rung::Submitted, Standing::Open, None, had, (None, None, None))
        }
        Which::Asked(at) => intended(Some(*at)),
    });
    id
}
