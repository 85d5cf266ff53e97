//! What the page shows of each job: manifest and ledger brought together.

use super::Source;
use crate::event::Problem;
use crate::ledger::Book;
use crate::ledger::record::{Record, Stage};
use crate::manifest::model::{Job, Manifest};
use crate::plan::estimate::Estimate;
use crate::plan::reconcile::Reconciler;
use crate::plan::select::OfManifest;
use crate::report::documents::status::JobStatus;
use crate::spec::names::JobId;
use jiff::SignedDuration;
use std::collections::HashSet;

/// All that the page shows.
#[derive(Debug)]
pub(super) struct Entries<'s> {
    /// The jobs of the manifest, in its order.
    pub(super) jobs: Vec<Entry<'s>>,
    /// What was asked for, although the manifest doesn't ask for it now.
    pub(super) earlier: Vec<Entry<'s>>,
}

/// A job, or what was asked of one earlier.
#[derive(Debug)]
pub(super) struct Entry<'s> {
    /// The job.
    pub(super) id: &'s JobId,
    /// What the manifest says of it; nothing where it asks for something else now.
    pub(super) job: Option<&'s Job>,
    /// What the ledger says of it.
    pub(super) record: Option<&'s Record>,
    /// How far it came.
    pub(super) status: JobStatus,
    /// What one submit of it costs.
    pub(super) price: Option<Estimate>,
    /// Submits that were paid beside the one of the record.
    pub(super) other_tasks: Vec<&'s str>,
    /// Why it has no result, where only the run could tell.
    pub(super) problem: Option<&'s Problem>,
}

impl<'s> Entries<'s> {
    pub(super) fn of(source: &Source<'s>) -> Entries<'s> {
        let Source { manifest, book, receipt, selection, .. } = *source;
        let chosen = OfManifest::new(selection, &manifest.jobs);
        let mut reconciler = Reconciler::new(book, &manifest.jobs);
        let mut taken = HashSet::new();
        let jobs = manifest.jobs.iter().map(|job| {
            let record = reconciler.record(job);
            taken.extend(record.map(|record| &record.key));
            let problem = receipt.and_then(|receipt| receipt.problems.get(&job.id));
            Entry { problem, ..entry(manifest, book, &job.id, Some(job), record) }
        });
        let jobs = jobs.filter(|entry| chosen.takes(entry.id)).collect();
        let others = book.records().filter(|record| chosen.takes(&record.key.job) && !taken.contains(&record.key));
        let earlier = others.map(|record| entry(manifest, book, &record.key.job, None, Some(record))).collect();
        Entries { jobs, earlier }
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Entry<'s>> {
        self.jobs.iter().chain(&self.earlier)
    }
}

fn entry<'s>(
    manifest: &Manifest,
    book: &'s Book,
    id: &'s JobId,
    job: Option<&'s Job>,
    record: Option<&'s Record>,
) -> Entry<'s> {
    let status = match record {
        Some(record) => record.stage.status().into(),
        None if book.current(id).is_some() => JobStatus::Changed,
        None => JobStatus::New,
    };
    let price = job.map(|job| {
        let mut price = Estimate::zero(&manifest.prices);
        price.add(&manifest.prices, &job.generation);
        price
    });
    let tasks = record.map(|record| book.other_tasks(&record.key)).unwrap_or_default();
    let other_tasks = tasks.into_iter().map(|task| task.as_str()).collect();
    Entry { id, job, record, status, price, other_tasks, problem: None }
}

impl Entry<'_> {
    /// Where the page has it: unique, and a link from elsewhere keeps its meaning.
    pub(super) fn anchor(&self) -> String {
        match (self.job, self.record) {
            (None, Some(record)) => format!("earlier-{}-{}", self.id, record.key.digest.short()),
            _ => format!("job-{}", self.id),
        }
    }

    /// What it costs, or would: nothing where the service failed or refused it.
    pub(super) fn cost(&self) -> Option<&Estimate> {
        self.price.as_ref().filter(|_| !matches!(self.status, JobStatus::Failed | JobStatus::Refused))
    }

    /// How many submits of it were paid.
    pub(super) fn purchases(&self) -> usize {
        let stage = self.record.map(|record| &record.stage);
        let last = matches!(stage, Some(Stage::Submitted { .. } | Stage::Generated { .. } | Stage::Succeeded { .. }));
        self.other_tasks.len() + usize::from(last)
    }

    /// How long the service took.
    pub(super) fn took(&self) -> Option<SignedDuration> {
        let record = self.record?;
        let took = record.finished_at?.duration_since(record.submitted_at?);
        Some(took).filter(|took| !took.is_negative())
    }

    /// A word on why there is no result: a code and a message.
    pub(super) fn error(&self) -> Option<(&str, &str)> {
        match self.record.map(|record| &record.stage) {
            Some(Stage::Failed { error, .. } | Stage::Refused { error }) => Some((&error.code, &error.message)),
            Some(Stage::Uncertain { reason, .. }) => Some(("uncertain", reason)),
            _ => self.problem.map(|problem| (problem.code.as_str(), problem.message.as_str())),
        }
    }
}
