//! The state shared by all jobs of a run.

mod calls;
mod ledger;
mod submits;

use super::at_service::AtService;
use super::bounds::Bounds;
use super::budget::Budget;
use super::cadence::Cadence;
use super::folders::Folders;
use super::gate::Gate;
use super::hearing::Hearing;
use super::pausing::Pausing;
use super::publishing::Outbox;
use super::queries::Queries;
use super::turns::Turns;
use super::uploads::Uploads;
use super::{Parts, Settings};
use crate::base::clock::Clock;
use crate::base::folder::Folder;
use crate::client::Service;
use crate::client::publish::Publisher;
use crate::client::rate::Rate;
use crate::client::throttle::Throttle;
use crate::event::sender::Events;
use crate::event::stop::{Level, Stop, StopCause};
use crate::event::{Bound, Event, JobError};
use crate::ledger::record::Key;
use crate::ledger::shared::Limits;
use crate::ledger::{JournalWriter, PurchaseId};
use crate::mirror::{ImageCache, Obtaining};
use crate::service::names::{JobId, TaskId};
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Maximum number of concurrent calls other than submits.
const CALLS: usize = 64;

/// Maximum number of concurrent submits: each holds a connection, whose buffers are most of a job's memory.
const SUBMITS: usize = 64;

/// Maximum number of videos made durable and renamed at once: enough for the disk to handle many together, few enough
/// that they don't block each other in their folder.
const STORES: usize = 16;

/// The state that all jobs of a run share.
pub(super) struct Context<S> {
    pub(super) service: S,
    pub(super) identity: String,
    pub(super) folder: Folder,
    pub(super) settings: Settings,
    pub(super) clock: Clock,
    pub(super) events: Events,
    pub(super) stop: Stop,
    pub(super) gate: Gate,
    pub(super) cadence: Cadence,
    pub(super) uploads: Uploads,
    pub(super) folders: Folders,
    pub(super) image_cache: ImageCache,
    pub(super) publisher: Option<Arc<Publisher>>,
    pub(super) outbox: Outbox,
    pub(super) budget: Budget,
    pub(super) calls: Semaphore,
    pub(super) turns: Turns,
    pub(super) at_service: AtService,
    pub(super) hearing: Hearing,
    /// Their own limit, so that downloads never hold a generation's slot.
    pub(super) downloads: Semaphore,
    pub(super) stores: Semaphore,
    pub(super) pausing: Pausing,
    pub(super) queries: Queries,
    pub(super) bounds: Bounds,
    pub(super) sent: Sent,
    pub(super) limits: Option<Arc<Limits>>,
    pub(super) journal_writer: JournalWriter,
    pub(super) reupload: bool,
    random: Mutex<fastrand::Rng>,
    local: AtomicBool,
    /// Number of jobs that failed or are uncertain.
    failures: AtomicUsize,
    /// The last refusal of a submit by something on the way, since the service last answered one.
    turned_away: Mutex<Option<JobError>>,
    unrecorded: Mutex<Vec<(JobId, TaskId)>>,
    succeeded: Mutex<Vec<PurchaseId>>,
    /// The jobs that another run of a shared ledger has.
    elsewhere: Mutex<Vec<Key>>,
    /// Since when the shared ledger doesn't answer.
    ledger_away: Mutex<Option<Instant>>,
    strange: AtomicBool,
}

/// The requests sent and videos fetched in this run.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) submits: AtomicUsize,
    pub(super) uploads: AtomicUsize,
    pub(super) polls: AtomicUsize,
    pub(super) videos: AtomicUsize,
    pub(super) bytes: AtomicU64,
}

impl<S: Service> Context<S> {
    pub(super) fn new(parts: Parts<S>, settings: Settings, outbox: Outbox) -> Arc<Context<S>> {
        let most = settings.submit_rate.map(|rate| Throttle::new(rate.count, rate.per));
        let rate = Rate::new(most, settings.backoff.most);
        Arc::new(Context {
            service: parts.service,
            identity: parts.identity,
            folder: parts.folder,
            clock: parts.clock,
            events: parts.events,
            stop: parts.stop,
            gate: Gate::new(settings.patience, settings.backoff),
            cadence: Cadence::new(settings.poll_interval),
            uploads: Uploads::new(parts.uploads),
            folders: Folders::default(),
            image_cache: parts.image_cache,
            publisher: parts.publish.map(|publish| publish.publisher),
            outbox,
            budget: Budget::new(settings.max_cost),
            calls: Semaphore::new(CALLS),
            turns: Turns::new(settings.concurrency.min(SUBMITS), rate, settings.patience),
            at_service: AtService::default(),
            hearing: Hearing::default(),
            downloads: Semaphore::new(settings.downloads),
            stores: Semaphore::new(STORES),
            pausing: Pausing::default(),
            queries: Queries::new(
                Throttle::new(settings.poll_rate.count, settings.poll_rate.per),
                settings.poll_interval,
            ),
            bounds: Bounds::new(settings.poll_interval),
            sent: Sent::default(),
            limits: parts.limits,
            journal_writer: parts.journal_writer,
            reupload: parts.reupload,
            random: Mutex::new(fastrand::Rng::with_seed(parts.seed)),
            local: AtomicBool::new(false),
            failures: AtomicUsize::new(0),
            turned_away: Mutex::default(),
            unrecorded: Mutex::default(),
            succeeded: Mutex::default(),
            elsewhere: Mutex::default(),
            ledger_away: Mutex::default(),
            strange: AtomicBool::new(false),
            settings,
        })
    }

    /// Returns a random number in 0..1.
    pub(super) fn random(&self) -> f64 {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).f64()
    }

    /// Returns a random number.
    pub(super) fn random_bits(&self) -> u64 {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).u64(..)
    }

    /// Records a purchase whose videos are all reported as stored.
    pub(super) fn note_success(&self, id: PurchaseId) {
        self.succeeded.lock().unwrap_or_else(PoisonError::into_inner).push(id);
    }

    /// Returns the purchases whose videos are all reported as stored.
    pub(super) fn take_successes(&self) -> Vec<PurchaseId> {
        std::mem::take(&mut self.succeeded.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Awaits `turn`, which `bound` may delay; a run that it holds says so.
    pub(super) async fn within<T>(&self, bound: Bound, turn: impl Future<Output = T>) -> T {
        self.bounds.wait(bound, turn, || self.hold(bound)).await
    }

    /// Takes in that something waited since then because of `bound`; a run that it holds says so.
    pub(super) fn waited(&self, bound: Bound, since: Instant) {
        self.bounds.waited(bound, since.elapsed(), || self.hold(bound));
    }

    /// Reports that `bound` holds the run.
    pub(super) fn hold(&self, bound: Bound) {
        let most = match bound {
            Bound::PollRate => self.settings.poll_rate.to_string(),
            Bound::Downloads => self.settings.downloads.to_string(),
            Bound::Calls => CALLS.to_string(),
            Bound::Submits => SUBMITS.to_string(),
            Bound::Stores => STORES.to_string(),
            Bound::FleetConcurrency => self.settings.fleet_concurrency.map(|most| most.to_string()).unwrap_or_default(),
        };
        self.events.send(Event::Bounded { bound, most });
    }

    /// Records that a job has no result. The holder of its slot calls this before freeing it: otherwise another
    /// purchase could take the slot although no more may be sent.
    pub(super) fn failed(&self) {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        if self.settings.max_failures.is_some_and(|most| failures >= most.get()) {
            self.stop.to(Level::NoSubmits, StopCause::Failures);
        }
    }

    /// Records that this machine failed.
    pub(super) fn fail_locally(&self) {
        self.local.store(true, Ordering::Relaxed);
    }

    pub(super) fn failed_locally(&self) -> bool {
        self.local.load(Ordering::Relaxed)
    }

    /// Returns `true` for the first unknown status word of this run.
    pub(super) fn first_strange_word(&self) -> bool {
        !self.strange.swap(true, Ordering::Relaxed)
    }

    /// Returns the pause after so many failures in a row, not shorter than the service `asked` for.
    pub(super) fn backoff(&self, failures: u32, asked: Option<Duration>) -> Duration {
        self.settings.backoff.pause(failures, asked, self.random())
    }

    /// Returns the means to retry a remote image that `job` needs.
    pub(super) fn obtaining<'c>(&'c self, job: &'c JobId) -> Obtaining<'c> {
        let (events, stop, backoff) = (&self.events, &self.stop, self.settings.backoff);
        Obtaining { events, stop, backoff, random: &self.random, job: Some(job) }
    }
}
