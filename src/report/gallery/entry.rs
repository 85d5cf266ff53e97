//! The page's entry for each job: manifest and ledger combined.

use super::Source;
use crate::event::JobError;
use crate::ledger::Book;
use crate::ledger::record::{Record, Stage};
use crate::manifest::model::{Job, Manifest};
use crate::plan::estimate::Estimate;
use crate::plan::reconcile::Reconciler;
use crate::plan::select::OfManifest;
use crate::report::documents::status::JobStatus;
use crate::service::names::JobId;
use crate::service::request::Image;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::collections::HashSet;

/// All entries of the page.
#[derive(Debug)]
pub(super) struct Entries<'s> {
    /// The jobs of the manifest, in its order.
    pub(super) jobs: Vec<Entry<'s>>,
    /// Earlier inputs that the manifest no longer has.
    pub(super) earlier: Vec<Entry<'s>>,
}

/// A job, or an earlier input of one.
#[derive(Debug)]
pub(super) struct Entry<'s> {
    /// The job.
    pub(super) id: &'s JobId,
    /// The job in the manifest; `None` if the manifest now has a different input.
    pub(super) job: Option<&'s Job>,
    /// Its record in the ledger.
    pub(super) record: Option<&'s Record>,
    /// Its status.
    pub(super) status: JobStatus,
    /// The price of one submit.
    pub(super) price: Option<Estimate>,
    /// Paid submits other than the record's.
    pub(super) other_tasks: Vec<&'s str>,
    /// The reason why it has no result, if only the run knows it.
    pub(super) problem: Option<&'s JobError>,
}

impl<'s> Entries<'s> {
    pub(super) fn of(source: &Source<'s>) -> Entries<'s> {
        let Source { manifest, book, elsewhere, receipt, selection, .. } = *source;
        let chosen = OfManifest::new(selection, &manifest.jobs);
        let mut reconciler = Reconciler::new(book, &manifest.jobs, elsewhere);
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

    /// Leaves out the jobs with other statuses.
    pub(super) fn retain(&mut self, statuses: &[JobStatus]) {
        self.jobs.retain(|entry| statuses.contains(&entry.status));
        self.earlier.retain(|entry| statuses.contains(&entry.status));
    }

    /// Returns all of them.
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
    /// Returns its anchor in the page: unique, and stable for links from outside.
    pub(super) fn anchor(&self) -> String {
        match (self.job, self.record) {
            (None, Some(record)) => format!("earlier-{}-{}", self.id, record.key.digest.short()),
            _ => format!("job-{}", self.id),
        }
    }

    /// Returns what all takes of one input have in common.
    pub(super) fn takes(&self) -> Option<String> {
        self.job.map(|job| job.generation.digest(1).short())
    }

    /// Returns what the script has to know before it draws a card: anchor, id, status, takes; when it was submitted, how long it took,
    /// how long its videos are, what it cost; and the words that are searched.
    pub(super) fn known(&self) -> Value {
        let words = self.job.map(|job| {
            let references = job.generation.references.iter().map(|reference| {
                let urls = reference.images.iter().filter_map(|image| match image {
                    Image::Url(url) => Some(url.as_str()),
                    Image::Content(_) => None,
                });
                let urls = urls.collect::<Vec<_>>().join(" ");
                format!("{} {} {urls}", reference.name, reference.kind.as_str())
            });
            let tags = job.tags.iter().map(ToString::to_string);
            let all = std::iter::once(job.generation.prompt.to_string()).chain(references).chain(tags);
            all.collect::<Vec<_>>().join("\n")
        });
        json!([
            self.anchor(),
            self.id,
            self.status,
            self.takes(),
            self.record.and_then(|record| record.submitted_at).map(|at| at.as_second()),
            self.took().map(|took| took.as_secs()),
            self.job.map(|job| job.generation.duration.seconds()),
            self.cost().map(|cost| cost.amount),
            words.unwrap_or_default(),
        ])
    }

    /// Returns what it costs, or would cost; `None` if the service failed or refused it.
    pub(super) fn cost(&self) -> Option<&Estimate> {
        self.price.as_ref().filter(|_| !matches!(self.status, JobStatus::Failed | JobStatus::Refused))
    }

    /// Returns the number of paid submits.
    pub(super) fn purchases(&self) -> usize {
        let stage = self.record.map(|record| &record.stage);
        let last = matches!(stage, Some(Stage::Submitted { .. } | Stage::Generated { .. } | Stage::Succeeded { .. }));
        self.other_tasks.len() + usize::from(last)
    }

    /// Returns how long the service took.
    pub(super) fn took(&self) -> Option<SignedDuration> {
        let record = self.record?;
        let took = record.finished_at?.duration_since(record.submitted_at?);
        Some(took).filter(|took| !took.is_negative())
    }

    /// Returns why there is no result: a code and a message.
    pub(super) fn error(&self) -> Option<(&str, &str)> {
        match self.record.map(|record| &record.stage) {
            Some(Stage::Failed { error, .. } | Stage::Refused { error }) => Some((&error.code, &error.message)),
            Some(Stage::Uncertain { reason, .. }) => Some(("uncertain", reason)),
            _ => self.problem.map(|problem| (problem.code.as_str(), problem.message.as_str())),
        }
    }
}
