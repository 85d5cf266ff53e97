//! Runs a plan: keeps the slots at the service full, and makes every state change durable before it counts.
//!
//! ```text
//! dispatcher ── starts ──> purchase ── task id ──> watch       collect <── starts ── dispatcher
//!     ^                    (submit)               (poll)     (download)                  ^
//!     └──── ready, slot free, ended ─────────────────┴── finished: waits as a record ────┘
//! ```
//!
//! The `dispatcher` alone knows the next job and the number in flight; each job is a task of its own that writes its
//! own lines into the ledger and reports back. [`Stop`] is the only switch that ends a run early, `gate` the only place
//! that waits for an unreachable service.

mod at_service;
mod bounds;
mod budget;
mod cadence;
mod collect;
mod context;
mod destination;
mod dispatcher;
mod doubtful;
mod folders;
mod gate;
mod hearing;
mod images;
mod job;
mod listing;
mod others;
mod pausing;
mod published;
pub mod publishing;
mod purchase;
mod queries;
mod sharing;
mod slot;
mod transfer;
mod turns;
mod uploads;
mod video;
mod watch;

use crate::base::clock::Clock;
use crate::base::decimal::Decimal;
use crate::base::digest::Sha256;
use crate::base::folder::Folder;
use crate::client::Service;
use crate::client::publish::PublishError;
use crate::client::retry::Backoff;
use crate::event::JobError;
use crate::event::sender::Events;
use crate::event::stop::{Level, Refused, Stop, StopCause};
use crate::event::summary::Summary;
use crate::ledger::record::{Key, Record};
use crate::ledger::shared::Limits;
use crate::ledger::{JournalWriter, PurchaseId};
use crate::manifest::model::{Job, OnUncertain, Rate};
use crate::mirror::ImageCache;
use crate::service::image::Picture;
use crate::service::names::{JobId, TaskId};
use crate::service::output::VideoName;
use crate::service::request::{Generation, Image};
use publishing::{Backlog, Published};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

pub use budget::Spent;

/// The settings of a run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Maximum number of generations in flight.
    pub concurrency: usize,
    /// Maximum number of generations in flight of all runs of a shared ledger together; `None` means unlimited.
    pub fleet_concurrency: Option<NonZeroUsize>,
    /// Maximum rate of submits; `None` means unlimited.
    pub submit_rate: Option<Rate>,
    /// Time limit of a job from when this run submitted or resumed it.
    pub job_timeout: Duration,
    /// Approximate delay in noticing a finished job.
    pub poll_interval: Duration,
    /// Maximum rate of status queries beyond the first of each job, all jobs together.
    pub poll_rate: Rate,
    /// Maximum number of videos fetched at a time.
    pub downloads: usize,
    /// Time that an unreachable service is waited for.
    pub patience: Duration,
    /// Time that the service must deny a task before it is believed.
    pub denial: Duration,
    /// The treatment of a job whose submit got no answer.
    pub on_uncertain: OnUncertain,
    /// Number of times that a generation is submitted again after the service failed it, for one input.
    pub retries: u32,
    /// Number of failures after which nothing more is submitted; `None` means unlimited.
    pub max_failures: Option<NonZeroUsize>,
    /// The spending limit, by the estimates of the purchases; `None` means unlimited.
    pub max_cost: Option<Decimal>,
    /// The pauses between retries.
    pub backoff: Backoff,
}

/// The parts that a run works with; each is a parameter, so that tests can supply their own.
pub struct Parts<S> {
    /// The service's five calls, and the one for remote images.
    pub service: S,
    /// The service's name in the ledger: its base URL, or `simulate`.
    pub identity: String,
    /// The writer of state changes.
    pub journal_writer: JournalWriter,
    /// The folder that videos' paths are relative to.
    pub folder: Folder,
    /// The time of day.
    pub clock: Clock,
    /// The receiver of events.
    pub events: Events,
    /// The switch that ends the run early.
    pub stop: Stop,
    /// The seed of jitter.
    pub seed: u64,
    /// URLs of content that was uploaded before.
    pub uploads: Vec<(Sha256, String)>,
    /// `true` if images are uploaded anew, since the service forgot what was uploaded before.
    pub reupload: bool,
    /// Remote images that are already fetched.
    pub image_cache: ImageCache,
    /// The limits shared with other runs of the ledger, if it is a shared one.
    pub limits: Option<Arc<Limits>>,
    /// The place where videos are published, if anywhere.
    pub publish: Option<Backlog>,
}

/// A generation to be bought.
#[derive(Clone, Debug)]
pub struct Purchase {
    /// Job and digest.
    pub key: Key,
    /// The number of the submit.
    pub attempt: u32,
    /// The request.
    pub generation: Generation,
    /// Number of purchases of the same input that the service failed.
    pub failures: u32,
    /// Its estimated cost.
    pub price: Decimal,
    /// Short hashes of its parts.
    pub parts: BTreeMap<String, String>,
    /// The names of its videos.
    pub name: VideoName,
    /// The images it refers to that are known by content, each once: they are uploaded first.
    pub images: Vec<Picture>,
    /// The reason why one of its images can't be obtained, if so: then nothing is bought.
    pub unobtainable: Option<JobError>,
    /// The reason why an earlier submit of it has an unknown outcome, if one was lost: it isn't submitted a third time.
    pub lost: Option<String>,
    /// The last purchase of the same job: this one's id is later, whatever the clock says.
    pub after: Option<PurchaseId>,
    /// Purchases without an answer that this one replaces: once it is answered, they no longer count.
    pub releases: Vec<PurchaseId>,
}

impl Purchase {
    /// Creates the purchase of the job's generation, with the number of the submit, its price and the images of the
    /// manifest that are known by content.
    pub fn new(job: &Job, attempt: u32, price: Decimal, images: &BTreeMap<Sha256, Picture>) -> Purchase {
        let all = job.generation.references.iter().flat_map(|reference| &reference.images);
        let contents: BTreeSet<&Sha256> = all
            .filter_map(|image| match image {
                Image::Content(hash) => Some(hash),
                Image::Url(_) => None,
            })
            .collect();
        Purchase {
            key: Key { job: job.id.clone(), digest: job.digest },
            attempt,
            failures: 0,
            price,
            parts: job.generation.parts(job.take),
            name: job.name.clone(),
            images: contents.into_iter().filter_map(|hash| images.get(hash)).cloned().collect(),
            generation: job.generation.clone(),
            unobtainable: None,
            lost: None,
            after: None,
            releases: Vec::new(),
        }
    }
}

/// A paid record to be collected.
#[derive(Clone, Debug)]
pub struct Due {
    /// The record.
    pub record: Record,
    /// Other purchases of the same input that are or may be paid, the best one first: each is collected if those before it
    /// can't be.
    pub others: Vec<Record>,
}

/// The work of a run.
pub struct Work<P> {
    /// Already paid: to be polled and fetched.
    pub collect: Vec<Due>,
    /// To be bought, in this order; taken one by one, so that waiting ones take no memory.
    pub purchases: P,
}

/// The outcome of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The numbers, over the jobs that the engine was given.
    pub summary: Summary,
    /// The money.
    pub spent: Spent,
    /// The reasons why it ended early, if it did.
    pub causes: Vec<StopCause>,
    /// `true` if this machine failed for at least one job (a file in the way, a full disk).
    pub local: bool,
    /// Paid tasks that aren't in the journal, since it can't be written: the lock is their only record.
    pub unrecorded: Vec<(JobId, TaskId)>,
    /// The purchases whose videos are all stored, as the run reports: the record must agree.
    pub succeeded: Vec<PurchaseId>,
    /// The reason why videos were not published, if any weren't.
    pub unpublished: Option<PublishError>,
    /// The keys that another run of a shared ledger had when this one was to buy them.
    pub elsewhere: Vec<Key>,
    /// The keys that were uncertain when the run began, and aren't by a shared ledger's account at its end.
    pub answered: HashSet<Key>,
}

impl Outcome {
    /// Takes in what came of publishing.
    pub fn take_published(&mut self, published: Published) {
        (self.summary.published, self.summary.unpublished) = (published.done, published.left);
        self.unpublished = published.why;
    }
}

/// Does the work; returns when all is done or the run was stopped.
pub async fn run<S, P>(work: Work<P>, mut parts: Parts<S>, settings: Settings) -> Outcome
where
    S: Service,
    P: Iterator<Item = Purchase>,
{
    let stop = parts.stop.clone();
    let (outbox, publishing) = publishing::begin(&mut parts);
    let context = context::Context::new(parts, settings, outbox);
    let jobs = async {
        let summary = dispatcher::Dispatcher::new(context.clone(), work).run().await;
        context.outbox.close();
        summary
    };
    let (summary, published) = futures::join!(jobs, publishing);
    let unrecorded = context.take_unrecorded();
    if let Some(problem) = context.only_turned_away() {
        let of = Refused::Way;
        stop.to(Level::NoSubmits, StopCause::Refused { problem, of });
    }
    let mut outcome = Outcome {
        summary,
        spent: context.budget.spent(),
        causes: stop.causes(),
        local: context.failed_locally(),
        unrecorded,
        succeeded: context.take_successes(),
        unpublished: None,
        elsewhere: context.take_elsewhere(),
        answered: HashSet::new(),
    };
    outcome.take_published(published);
    outcome
}

#[cfg(test)]
mod tests;
