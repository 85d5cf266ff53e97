//! What to do with each job, and why: deciding is pure, files are looked at first.

pub mod action;
pub mod changes;
pub mod decide;
pub mod estimate;
pub mod misplaced;
pub mod reconcile;
pub mod saved;
pub mod select;
pub mod spent;
pub mod stray;
pub mod videos;

use crate::base::decimal::Decimal;
use crate::ledger::record::{Key, Record, Stage};
use crate::ledger::{Book, Buyer, PurchaseId, Renamed};
use crate::manifest::model::{Job, Manifest};
use crate::service::names::{Digest, JobId};
use action::{Action, Reason};
use decide::{Known, Policy, decide};
use estimate::{Estimate, price};
use reconcile::{Move, Reconciler, namesakes};
use select::{OfManifest, Selection};
use std::collections::{BTreeSet, HashMap, HashSet};
use stray::{Stray, to_collect};
use videos::{Care, Shelf, Sight, Videos};

/// The plan of a run.
#[derive(Debug)]
pub struct Plan {
    /// The selected jobs, in the manifest's order.
    pub steps: Vec<Step>,
    /// Records that take another place first, in an order in which their files can be renamed.
    pub moves: Vec<Move>,
    /// Videos that lie under another name than the lock knows, and get it before anything else.
    pub misplaced: Vec<Renamed>,
    /// Records that no job of the manifest asks for, but whose videos are still to be collected; as after the moves.
    pub strays: Vec<Stray>,
    /// Records that no job of the manifest asks for, and that wait for a person: they may be paid.
    pub unsettled: Vec<Record>,
    /// Ids that have a record and are in no manifest.
    pub removed: Vec<JobId>,
    /// Records that are dropped.
    pub prune: Vec<Key>,
    /// Purchases that jobs of this manifest use, and of which the lock doesn't say so yet.
    pub uses: Vec<PurchaseId>,
    /// The cost of the submits.
    pub estimate: Estimate,
}

/// A run's action for one job.
#[derive(Clone, Debug)]
pub struct Step {
    /// The job's index in the manifest.
    pub job: usize,
    /// The action.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// The parts of the digest that changed since the job was last submitted.
    pub changed: Vec<String>,
    /// The record that the job has, as after the moves; not kept for a job that is kept.
    pub record: Option<Box<Record>>,
    /// The number of the next submit.
    pub attempt: u32,
    /// The number of purchases of the same input that the service failed.
    pub failures: u32,
    /// The last purchase of the same input, after which the next one comes.
    pub after: Option<PurchaseId>,
}

/// The inputs of a plan, besides manifest and book.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// The selection of jobs.
    pub selection: Selection,
    /// The treatment of jobs that ended without a result.
    pub policy: Policy,
    /// Submits at most; the jobs beyond it are left for another run.
    pub limit: Option<usize>,
    /// The maximum cost of the submits; from the first job on that exceeds it, jobs are left for another run.
    pub max_cost: Option<Decimal>,
    /// The amount that counts towards it already: the spending of the runs of a shared ledger.
    pub spent: Decimal,
    /// `true` if finished records of jobs that left the manifest are dropped.
    pub prune: bool,
    /// The check of stored videos.
    pub sight: Sight,
    /// For whom jobs are bought: what another manifest bought or uses that shares the lock isn't dropped.
    pub buyer: Buyer,
    /// The keys of other manifests that share the lock: no job of this one takes them over under another id.
    pub elsewhere: HashSet<Key>,
}

/// Decides what to do with each selected job of `manifest`, given what `book` knows of it.
pub fn plan(manifest: &Manifest, book: &Book, choice: &Choice) -> Plan {
    let mut estimate = Estimate::zero(&manifest.prices);
    let mut reconciler = Reconciler::new(book, &manifest.jobs, &choice.elsewhere);
    let shelf = Shelf::new(&manifest.folder, book, &manifest.jobs, Care::Quick).by(choice.sight);
    let mut displaced = Vec::new();
    let mut steps = Vec::new();
    let (mut submits, mut spent) = (0, false);
    for (index, job) in manifest.jobs.iter().enumerate().filter(|(_, job)| choice.selection.takes(&job.id, &job.tags)) {
        let record = reconciler.record(job);
        let former = book.current(&job.id).filter(|record| record.key.digest != job.digest);
        let others = book.of_job(&job.id).filter(|record| record.key.digest != job.digest);
        displaced.extend(others);
        let is_released = || book.is_released(&Key { job: job.id.clone(), digest: job.digest });
        let known = match (record, former) {
            (None, _) if is_released() => Known::Released,
            (_, Some(_)) => Known::WithAnotherDigest,
            (_, None) => Known::Never,
        };
        let paid = record.map(|record| shelf.of_paid(record));
        let (record, videos) = (paid.map(|(record, _)| record), paid.map_or(Videos::Missing, |(_, videos)| videos));
        let (mut action, mut reason) = decide(record, known, videos, choice.policy);
        if action == Action::Submit && choice.limit.is_some_and(|limit| submits >= limit) {
            (action, reason) = (Action::Hold, Reason::Limit);
        } else if action == Action::Submit {
            submits += 1;
            let price = price(&manifest.prices, &job.generation);
            spent |= choice.max_cost.is_some_and(|most| choice.spent.plus(estimate.amount).plus(price) > most);
            if spent {
                (action, reason) = (Action::Hold, Reason::MaxCost);
            } else {
                estimate.add(&manifest.prices, &job.generation);
            }
        } else if action == Action::Keep {
            reason = record.map_or(reason, |record| kept(record, job));
        }
        let key = record.map_or_else(|| Key { job: job.id.clone(), digest: job.digest }, |record| record.key.clone());
        steps.push(Step {
            job: index,
            action,
            reason,
            changed: match former {
                Some(former) if action == Action::Submit && reason != Reason::Released => changes::parts(former, job),
                _ => Vec::new(),
            },
            // The records of a hundred thousand jobs that are kept are not copied.
            record: record
                .filter(|_| action != Action::Keep)
                .map(|record| Box::new(record.clone().moved(&job.id, job.name.clone()))),
            attempt: book.next_attempt(&key),
            failures: book.failures(&key),
            after: book.last(&key),
        });
    }
    let ids: HashSet<&JobId> = manifest.jobs.iter().map(|job| &job.id).collect();
    // What is fetched for a job that left the manifest never gets the name of another input of it.
    displaced.extend(namesakes(book, |record| !ids.contains(&record.key.job) && to_collect(&shelf, record).is_some()));
    let moves = reconciler.moves(&displaced);
    let uses = unrecorded_uses(manifest, book, &moves, &choice.buyer);
    let left = || book.records().filter(|record| !ids.contains(&record.key.job));
    let is_asked = |record: &&Record| choice.elsewhere.contains(&record.key);
    let removed: BTreeSet<&JobId> = left().filter(|record| !is_asked(record)).map(|record| &record.key.job).collect();
    // What a job asks for, selected or not, may yet be taken over by it.
    let asked: HashSet<&Digest> = manifest.jobs.iter().map(|job| &job.digest).collect();
    let is_prunable = |record: &&Record| {
        record.is_finished() && !asked.contains(&record.key.digest) && book.is_used_only_by(record.id, &choice.buyer)
    };
    let prune: Vec<&Record> = if choice.prune { left().filter(is_prunable).collect() } else { Vec::new() };
    let pruned: HashSet<&Key> = prune.iter().map(|record| &record.key).collect();
    let (mut strays, mut unsettled) = (Vec::new(), Vec::new());
    for (record, to) in unasked(manifest, book, &moves, &choice.selection) {
        let after = || match to {
            Some(Move { to, name, .. }) => record.clone().moved(to, name.clone()),
            None => record.clone(),
        };
        if matches!(record.stage, Stage::Uncertain { task: None, .. }) {
            unsettled.push(after());
        } else if !pruned.contains(&record.key)
            && let Some((action, _)) = to_collect(&shelf, record)
        {
            let record = after();
            let reason = if !ids.contains(&record.key.job) { Reason::Removed } else { Reason::Superseded };
            strays.push(Stray { record, action, reason });
        }
    }
    let prune = prune.into_iter().map(|record| record.key.clone()).collect();
    let removed = removed.into_iter().cloned().collect();
    let misplaced = shelf.into_misplaced();
    Plan { steps, moves, misplaced, strays, unsettled, removed, prune, uses, estimate }
}

impl Plan {
    /// Returns whether a run would send nothing and change nothing.
    pub fn is_idle(&self) -> bool {
        let idle = |step: &Step| matches!(step.action, Action::Keep | Action::Hold);
        let renames_nothing = self.moves.is_empty() && self.misplaced.is_empty();
        renames_nothing && self.prune.is_empty() && self.strays.is_empty() && self.steps.iter().all(idle)
    }

    /// Returns how many jobs are held for this reason.
    pub fn held(&self, reason: Reason) -> usize {
        self.steps.iter().filter(|step| (step.action, step.reason) == (Action::Hold, reason)).count()
    }

    /// Returns how many jobs get this action.
    pub fn count(&self, action: Action) -> usize {
        self.steps.iter().filter(|step| step.action == action).count()
    }
}

/// Returns the purchases that jobs of this manifest have, or take over, although the lock doesn't say yet that it uses them.
fn unrecorded_uses(manifest: &Manifest, book: &Book, moves: &[Move], buyer: &Buyer) -> Vec<PurchaseId> {
    let mut others = book.not_used_by(buyer).peekable();
    if others.peek().is_none() {
        return Vec::new();
    }
    let asked: HashSet<(&JobId, Digest)> = manifest.jobs.iter().map(|job| (&job.id, job.digest)).collect();
    let taken_over = moves.iter().filter(|to| asked.contains(&(&to.to, to.key.digest)));
    let taken_over: HashSet<&Key> = taken_over.map(|to| &to.key).collect();
    let is_used = |key: &Key| taken_over.contains(key) || asked.contains(&(&key.job, key.digest));
    others.filter(|record| is_used(&record.key)).map(|record| record.id).collect()
}

/// Returns why a job is kept: its videos are here, perhaps because its record came to it.
fn kept(record: &Record, job: &Job) -> Reason {
    if record.key.job != job.id {
        Reason::Renamed
    } else if record.is_superseded() {
        Reason::TakenBack
    } else {
        Reason::Succeeded
    }
}

/// Returns the records that no job asks for, and where they are moved.
fn unasked<'p>(
    manifest: &'p Manifest,
    book: &'p Book,
    moves: &'p [Move],
    selection: &'p Selection,
) -> impl Iterator<Item = (&'p Record, Option<&'p Move>)> + 'p {
    // The last move of a record is where it ends up.
    let moved: HashMap<&Key, &Move> = moves.iter().map(|m| (&m.key, m)).collect();
    let wanted: HashSet<(&JobId, _)> = manifest.jobs.iter().map(|job| (&job.id, job.digest)).collect();
    let chosen = OfManifest::new(selection, &manifest.jobs);
    book.records().filter_map(move |record| {
        let to = moved.get(&record.key).copied();
        let job = to.map_or(&record.key.job, |to| &to.to);
        (!wanted.contains(&(job, record.key.digest)) && chosen.takes(job)).then_some((record, to))
    })
}

#[cfg(test)]
mod tests;
