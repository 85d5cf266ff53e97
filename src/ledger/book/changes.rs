//! How a book grows: by an entry, by another account of a purchase, by another book.

use super::images::Upload;
use super::{Book, Renamed};
use crate::ledger::entry::{Decision, Entry, Step};
use crate::ledger::id::PurchaseId;
use crate::ledger::purchase::{Purchase, whole_microseconds};
use crate::ledger::record::{Key, Output};
use jiff::SignedDuration;

impl Book {
    /// Applies a state change. Harmless if it is known already.
    pub fn apply(&mut self, entry: &Entry) {
        let (id, step) = match entry {
            Entry::Uploaded { sha256, url, at } => return self.add_upload(*sha256, url, *at),
            Entry::Mirrored { address, pin, taken } => return self.add_pin(address.clone(), pin.clone(), *taken),
            Entry::Purchase { id, step } => (*id, step),
        };
        match step {
            Step::Submitting { job, digest, parts, videos, name, service, manifest, at } => {
                self.service.get_or_insert_with(|| service.clone());
                let key = Key { job: job.clone(), digest: *digest };
                let mut purchase = Purchase::intended(id, key, name.clone(), Some(whole_microseconds(*at)));
                (purchase.record.parts, purchase.record.videos) = (parts.clone(), *videos);
                purchase.manifest.clone_from(manifest);
                self.add(purchase);
            }
            Step::Known { purchase } => {
                // An invalid purchase is in no journal.
                if let Ok(purchase) = (**purchase).clone().into_purchase() {
                    self.add(purchase);
                }
            }
            step => self.tell(id, step),
        }
    }

    /// Applies state changes as a run records them, each later than the one before.
    #[cfg(test)]
    pub(crate) fn record(&mut self, id: PurchaseId, steps: impl IntoIterator<Item = Step>) {
        for step in steps {
            let mut entry = Entry::of(id, step);
            self.date(&mut entry);
            self.apply(&entry);
        }
    }

    /// Adds everything that another book knows.
    pub fn unite(&mut self, other: Book) {
        self.service = self.service.take().or(other.service);
        self.projection = self.projection.take().or(other.projection);
        other.jobs.into_values().flatten().for_each(|purchase| self.add(purchase));
        for (content, Upload { url, at }) in other.uploads {
            self.add_upload(content, &url, at);
        }
        other.pins.into_iter().for_each(|(address, pin)| self.add_pin(address, pin, false));
        self.renamed.extend(other.renamed);
    }

    /// Dates an entry after the statement that it follows, whatever this machine's clock says.
    pub(in crate::ledger) fn date(&self, entry: &mut Entry) {
        let (at, before) = match entry {
            Entry::Uploaded { sha256, url, at } => {
                (at, self.uploads.get(sha256).filter(|known| known.url != *url).map(|known| known.at))
            }
            Entry::Mirrored { address, pin, .. } => {
                let known = self.pins.get(address).filter(|known| known.sha256 != pin.sha256);
                (&mut pin.at, known.map(|known| known.at))
            }
            Entry::Purchase { id, step } => {
                let Some(known) = self.purchase(*id) else { return };
                match step {
                    Step::Moved { at, .. } => (at, known.renamed_at.max(known.record.submitted_at)),
                    Step::Found { at, .. } | Step::Uncertain { at, .. } | Step::Resolved { at, .. } => {
                        (at, known.said_at.max(known.record.submitted_at))
                    }
                    _ => return,
                }
            }
        };
        let next = before.and_then(|before| before.checked_add(SignedDuration::from_micros(1)).ok());
        *at = next.map_or(*at, |next| next.max(*at));
    }

    /// Adds a purchase, or another account of a known one.
    pub(in crate::ledger) fn add(&mut self, purchase: Purchase) {
        let second = match self.take_out(purchase.record.id) {
            Some(mut known) => {
                let second = known.join(purchase);
                self.put(known);
                second
            }
            None => {
                self.put(purchase);
                None
            }
        };
        if let Some(second) = second {
            self.add(second);
        }
    }

    /// Applies a step to a purchase.
    fn tell(&mut self, id: PurchaseId, step: &Step) {
        let Some(known) = self.purchase(id) else {
            tracing::debug!(%id, ?step, "a step of a purchase that isn't known");
            return;
        };
        let (told, mine) = match step {
            Step::Resolved { task, verdict: Decision::Task { task: told }, at } => {
                // A person replaces the task that they knew of with another one.
                if let Some(known) = task.as_ref().filter(|known| *known != told) {
                    let verdict = Decision::Resubmit;
                    self.tell(id, &Step::Resolved { task: Some(known.clone()), verdict, at: *at });
                }
                return self.tell(id, &Step::Found { task: told.clone(), at: *at });
            }
            Step::Submitted { task, .. } | Step::Found { task, .. } => (Some(task), known.task()),
            Step::Uncertain { task, .. } | Step::Resolved { task, .. } => (task.as_ref(), known.task()),
            _ => (None, None),
        };
        // It resulted in another task than the known one: a purchase of its own.
        if let (Some(told), Some(mine)) = (told, mine)
            && told != mine
        {
            let second = known.with_task(told).of_other_task();
            let id = second.record.id;
            self.add(second);
            return self.change(id, step);
        }
        self.change(id, step);
    }

    /// Applies a step to a purchase, and records videos whose path changes.
    fn change(&mut self, id: PurchaseId, step: &Step) {
        let Some(mut purchase) = self.take_out(id) else { return };
        let before: Vec<Output> = match step {
            Step::Moved { .. } => purchase.record.stage.outputs().to_vec(),
            _ => Vec::new(),
        };
        purchase.take(step);
        let renamed = before.into_iter().zip(purchase.record.stage.outputs()).filter(|(from, to)| from.path != to.path);
        let renamed =
            renamed.map(|(Output { path: from, sha256, .. }, to)| Renamed { from, to: to.path.clone(), sha256 });
        self.renamed.extend(renamed);
        self.put(purchase);
    }
}
