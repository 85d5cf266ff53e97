//! The union of two accounts of a purchase: commutative, associative and idempotent.

use super::said::{Said, words};
use super::{Purchase, Rung};
use crate::ledger::record::Record;
use crate::service::names::TaskId;

impl Purchase {
    /// Joins another account of the same purchase. Returns an account of another task, if two resulted from one submit.
    pub(in crate::ledger) fn join(&mut self, mut other: Purchase) -> Option<Purchase> {
        let second = match (self.task(), other.task()) {
            (Some(mine), Some(theirs)) if mine != theirs => {
                // The same one keeps the id, in whichever order they are joined.
                if theirs < mine {
                    std::mem::swap(self, &mut other);
                }
                Some(other.clone().of_other_task())
            }
            _ => None,
        };
        self.rename(&other.record.key.job, &other.record.name, other.renamed_at);
        let Purchase { record, rung, standing, said_at, renamed_at: _, manifest, used_by, revisions } = other;
        self.record.parts = std::mem::take(&mut self.record.parts).max(record.parts);
        self.record.videos = self.record.videos.max(record.videos);
        self.record.submitted_at = self.record.submitted_at.max(record.submitted_at);
        self.manifest = self.manifest.take().max(manifest);
        self.used_by.extend(used_by);
        if second.is_none() {
            let Record { stage, finished_at, .. } = record;
            let (reason, error) = words(&stage);
            let task = stage.task().cloned();
            self.say(Said { rung, at: said_at, standing, finished_at, reason, error }, task);
            for output in stage.outputs() {
                self.unite(output, revisions.get(&output.number).copied().unwrap_or(0));
            }
        }
        second
    }

    /// Returns the purchase of another task of the same submit. The next run of another manifest records anew that it uses it:
    /// whichever account was joined first must not matter.
    pub(in crate::ledger) fn of_other_task(mut self) -> Purchase {
        if let Some(task) = self.task() {
            self.record.id = self.record.id.of_other_task(task.as_str());
            self.used_by.clear();
        }
        self
    }

    /// Returns the same purchase with another task, about which nothing else is known yet.
    pub(in crate::ledger) fn with_task(&self, task: &TaskId) -> Purchase {
        let Record { id, key, parts, videos, name, submitted_at, .. } = self.record.clone();
        let mut other = Purchase::intended(id, key, name, submitted_at);
        (other.record.parts, other.record.videos) = (parts, videos);
        (other.renamed_at, other.manifest) = (self.renamed_at, self.manifest.clone());
        other.say(Said::of(Rung::Submitted, submitted_at), Some(task.clone()));
        other
    }
}
