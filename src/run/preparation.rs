//! The work of a run, and the messages about jobs that it leaves alone.

use super::renames::{self, Renaming};
use super::{announce, publishing, taken_up};
use crate::engine::publishing::Unpublished;
use crate::engine::{Due, Outcome, Purchase, Spent, Work};
use crate::event::Event;
use crate::event::sender::Events;
use crate::event::stop::Stop;
use crate::event::summary::Cost;
use crate::ledger::entry::{self, Entry};
use crate::ledger::record::{Key, Record, Stage};
use crate::ledger::{Book, Buyer, Pins};
use crate::manifest::model::Manifest;
use crate::mirror::Looked;
use crate::mirror::{Pinned, urls, with_pins};
use crate::plan::action::{Action, Reason};
use crate::plan::estimate::{Estimate, price};
use crate::plan::select::OfManifest;
use crate::plan::{self, Choice, Plan, Step};
use crate::service::names::JobId;
use crate::service::publish_url::PublishUrl;
use crate::service::remote::Address;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

/// The work of a run, as far as the content of remote images is known.
pub struct Preparation<'m> {
    /// The manifest, with images by content.
    pub manifest: Cow<'m, Manifest>,
    /// Jobs with unknown images.
    pub pending: BTreeSet<usize>,
    /// The plan for each job.
    pub plan: Plan,
}

impl<'m> Preparation<'m> {
    /// Returns the work for `manifest`, with the records of `book` and these pins.
    pub fn new(manifest: &'m Manifest, book: &Book, pins: &Pins, choice: &Choice) -> Preparation<'m> {
        let Pinned { manifest, pending } = with_pins(manifest, book, pins);
        let mut plan = plan::plan(&manifest, book, choice);
        // A job whose input isn't known yet may take over a record that seems unneeded.
        if !pending.is_empty() {
            plan.prune.clear();
        }
        Preparation { manifest, pending, plan }
    }

    /// Returns the engine's work: collect paid tasks, buy new ones. Waiting purchases take no memory: each is created
    /// when it is taken.
    ///
    /// A job whose images couldn't be fetched is not bought, and its failure says why; `written` has their URLs. The other
    /// purchases of a record come from `book`, and have the names that the `renamings` give them.
    pub fn work<'p>(
        &'p self,
        written: &'p Manifest,
        looked: &'p Looked,
        book: &Book,
        renamings: &[Renaming],
    ) -> Work<impl Iterator<Item = Purchase> + use<'p, 'm>> {
        let paid = self.plan.steps.iter().filter(|step| matches!(step.action, Action::Resume | Action::Download));
        let paid = paid.filter_map(|step| step.record.as_deref());
        let purchases = self.plan.steps.iter().filter(|step| self.is_bought(step)).map(|step| {
            let job = &self.manifest.jobs[step.job];
            let lost = step.record.as_ref().filter(|record| matches!(record.stage, Stage::Uncertain { .. }));
            let price = price(&self.manifest.prices, &job.generation);
            let pending = self.pending.contains(&step.job);
            Purchase {
                unobtainable: pending.then(|| looked.problem(urls(&written.jobs[step.job]))),
                lost: lost.map(|_| Reason::Uncertain.meaning().to_owned()),
                releases: lost.map(|record| record.id).into_iter().collect(),
                failures: step.failures,
                after: step.after,
                ..Purchase::new(job, step.attempt, price, &self.manifest.images)
            }
        });
        let collect = paid.chain(self.plan.strays.iter().map(|stray| &stray.record)).map(|record| Due {
            record: record.clone(),
            others: book.others(record.id).map(|other| renames::after(renamings, other)).collect(),
        });
        Work { collect: collect.collect(), purchases }
    }

    /// Reports what the run will do with each job that it doesn't leave alone.
    pub fn announce(&self, events: &Events) {
        for step in self.plan.steps.iter().filter(|step| step.action != Action::Keep) {
            let job = &self.manifest.jobs[step.job];
            events.send(Event::JobPlanned {
                job: job.id.clone(),
                digest: job.digest,
                action: step.action,
                reason: step.reason,
                submitted_at: step.record.as_deref().and_then(|record| taken_up(step.action, record)),
            });
        }
        announce(&self.plan.strays, events);
        for Record { key, .. } in &self.plan.unsettled {
            let (job, digest) = (key.job.clone(), key.digest);
            let (action, reason) = (Action::Hold, Reason::Uncertain);
            events.send(Event::JobPlanned { job, digest, action, reason, submitted_at: None });
        }
    }

    /// Returns the jobs that the run leaves alone, since all is there.
    pub fn kept(&self) -> impl Iterator<Item = &JobId> {
        let kept = self.plan.steps.iter().filter(|step| step.action == Action::Keep);
        kept.map(|step| &self.manifest.jobs[step.job].id)
    }

    /// Returns the entries to be durable before anything is sent: what images showed, which purchases the manifest uses, and
    /// the pins of the images to be bought with.
    pub fn first_entries(&self, written: &Manifest, looked: &Looked, buyer: &Buyer) -> Vec<Entry> {
        let mut first: Vec<Entry> = looked.entries.iter().cloned().chain(self.uses(buyer)).collect();
        if written.run.mirror {
            first.extend(self.pins(written, &looked.pins));
        }
        first
    }

    /// Returns the pins of the images to be bought with: recorded once more before the purchase, so that a record by
    /// content is never without them, whichever lock is put next to it.
    fn pins(&self, written: &Manifest, pins: &Pins) -> Vec<Entry> {
        let bought = self.plan.steps.iter().filter(|step| self.is_bought(step));
        let addresses: BTreeSet<Address> =
            bought.flat_map(|step| urls(&written.jobs[step.job])).map(Address::of).collect();
        let pinned = addresses.into_iter().filter_map(|address| Some((pins.get(&address)?.clone(), address)));
        pinned.map(|(pin, address)| Entry::Mirrored { address, pin, taken: false }).collect()
    }

    /// Returns the entries that record which purchases the manifest uses, so that no other one drops them.
    pub fn uses(&self, buyer: &Buyer) -> impl Iterator<Item = Entry> {
        let used = entry::Step::Used { manifest: buyer.manifest.clone() };
        self.plan.uses.iter().map(move |id| Entry::of(*id, used.clone()))
    }

    /// Returns the videos of the selected jobs, and of earlier ones of their names, that earlier runs stored and didn't publish at
    /// `url`, under the names that the `renamings` give them.
    pub fn unpublished(
        &self,
        url: &PublishUrl,
        book: &Book,
        choice: &Choice,
        renamings: &[Renaming],
    ) -> Vec<Unpublished> {
        let chosen = OfManifest::new(&choice.selection, &self.manifest.jobs);
        let is_chosen = |record: &Record| chosen.takes(&record.key.job) && book.is_used_by(record.id, &choice.buyer);
        publishing::unpublished(url, book, &self.manifest.folder, renamings, is_chosen)
    }

    /// Returns whether the engine is to buy a step. Those beyond `--max-cost` wait for money given back by others,
    /// unless their images are unknown: then they are left for another run.
    fn is_bought(&self, step: &Step) -> bool {
        step.action == Action::Submit || step.reason == Reason::MaxCost && !self.pending.contains(&step.job)
    }

    /// Returns the first job beyond `--max-cost` with what it costs, where nothing comes before it.
    pub fn first_beyond(&self) -> Option<(&JobId, Estimate)> {
        let is_next = |step: &&Step| step.action == Action::Submit || step.reason == Reason::MaxCost;
        let step = self.plan.steps.iter().find(is_next).filter(|step| step.reason == Reason::MaxCost)?;
        let job = &self.manifest.jobs[step.job];
        let mut price = Estimate::zero(&self.manifest.prices);
        price.add(&self.manifest.prices, &job.generation);
        Some((&job.id, price))
    }

    /// Returns the outcome of a run that has nothing to do.
    pub fn nothing_done(&self) -> Outcome {
        let mut outcome = Outcome::default();
        let is_unbought = |step: &&Step| step.reason == Reason::MaxCost && self.is_bought(step);
        outcome.summary.left = self.plan.steps.iter().filter(is_unbought).count();
        outcome.summary.not_submitted = outcome.summary.left;
        self.with_rest(outcome)
    }

    /// Returns the outcome with the jobs that the engine didn't get, and the cost of its submits.
    pub fn with_rest(&self, mut outcome: Outcome) -> Outcome {
        let Spent { charged, uncertain, given_back } = outcome.spent;
        if outcome.summary.submits > 0 {
            let Estimate { unit, exact, prices, .. } = self.plan.estimate.clone();
            outcome.summary.cost = Some(Cost { amount: charged, uncertain, given_back, unit, exact, prices });
        }
        outcome.summary.uncertain += self.plan.unsettled.len();
        for step in &self.plan.steps {
            match (step.action, step.reason) {
                (Action::Keep, _) => outcome.summary.kept += 1,
                (Action::Hold, Reason::Limit) => {
                    outcome.summary.left += 1;
                    outcome.summary.not_submitted += 1;
                }
                // The engine has them, or they have been counted.
                (Action::Hold, Reason::MaxCost) if self.is_bought(step) => {}
                (Action::Hold, Reason::MaxCost) => {
                    outcome.summary.left += 1;
                    outcome.summary.not_submitted += 1;
                }
                (Action::Hold, Reason::Uncertain) => outcome.summary.uncertain += 1,
                (Action::Hold, _) => outcome.summary.failed += 1,
                _ => {}
            }
        }
        outcome
    }

    /// Returns the outcome, where by what a shared ledger says at the end these are no longer uncertain: another run has the answer.
    pub fn settled(&self, mut outcome: Outcome, answered: &HashSet<Key>) -> Outcome {
        for step in
            self.plan.steps.iter().filter(|step| (step.action, step.reason) == (Action::Hold, Reason::Uncertain))
        {
            if step.record.as_ref().is_some_and(|record| answered.contains(&record.key)) {
                outcome.summary.uncertain -= 1;
                outcome.summary.elsewhere += 1;
            }
        }
        outcome
    }

    /// Returns the outcome of a run that was interrupted while it looked at images.
    pub fn broken_off(&self, stop: &Stop) -> Outcome {
        let mut outcome = self.nothing_done();
        let paid = self.plan.count(Action::Resume) + self.plan.count(Action::Download) + self.plan.strays.len();
        outcome.summary.not_submitted += self.plan.count(Action::Submit);
        outcome.summary.at_service += paid;
        outcome.summary.left += self.plan.count(Action::Submit) + paid;
        Outcome { causes: stop.causes(), ..outcome }
    }
}
