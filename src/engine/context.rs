//! What all jobs of a run share.

use super::budget::Budget;
use super::cadence::Cadence;
use super::folders::Folders;
use super::gate::{Gate, Patience};
use super::mirror::Again;
use super::spool::Spool;
use super::stop::{Level, Stop};
use super::uploads::Uploads;
use super::{Parts, Settings, StopCause};
use crate::base::clock::Clock;
use crate::base::faultpoint;
use crate::base::folder::Folder;
use crate::client::throttle::Throttle;
use crate::client::{Failure, Service, Verdict};
use crate::event::sender::Events;
use crate::event::{Call, Cause, Event, Problem};
use crate::ledger::Scribe;
use crate::ledger::entry::Entry;
use crate::spec::names::{JobId, TaskId};
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Status queries at most beyond the first of each job, however many jobs are in flight.
const REPEATED_POLLS_PER_SECOND: u32 = 100;

/// Submits in a row without an answer after which no more go out, at the least; with more slots, as many as there are.
const UNANSWERED: usize = 16;

/// Calls other than submits at once.
const CALLS: usize = 64;

/// Submits at once: each holds a connection, whose buffers are most of what a job takes.
const SUBMITS: usize = 64;

/// Downloads at once: their own bound, so that they never hold a generation's slot.
const DOWNLOADS: usize = 8;

/// Videos that are made durable and named at once: enough for the disk to do many in one go, few enough that they don't get
/// into each other's way in their folder.
const STORES: usize = 16;

/// What all jobs of a run share.
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
    pub(super) spool: Spool,
    pub(super) budget: Budget,
    pub(super) calls: Semaphore,
    pub(super) submits: Semaphore,
    pub(super) downloads: Semaphore,
    pub(super) stores: Semaphore,
    /// Holds down how often all jobs together are asked for again.
    pub(super) repeated_polls: Mutex<Throttle>,
    pub(super) sent: Sent,
    scribe: Scribe,
    random: Mutex<fastrand::Rng>,
    local: AtomicBool,
    /// Jobs that failed or are uncertain.
    failures: AtomicUsize,
    /// Submits in a row without an answer.
    row: AtomicUsize,
    unrecorded: Mutex<Vec<(JobId, TaskId)>>,
    strange: AtomicBool,
}

/// What was sent and fetched in this run.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) submits: AtomicUsize,
    pub(super) uploads: AtomicUsize,
    pub(super) polls: AtomicUsize,
    pub(super) videos: AtomicUsize,
    pub(super) bytes: AtomicU64,
}

/// A call that wasn't answered, or not with what was wanted.
#[derive(Debug)]
pub(super) enum Missed {
    /// The run is over.
    Out,
    /// The service said something else; the verdict is never `Unreachable` or `Stop`.
    Failed(Failure),
}

impl<S: Service> Context<S> {
    pub(super) fn new(parts: Parts<S>, settings: Settings) -> Arc<Context<S>> {
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
            spool: parts.spool,
            budget: Budget::new(settings.max_cost),
            calls: Semaphore::new(CALLS),
            submits: Semaphore::new(SUBMITS),
            downloads: Semaphore::new(DOWNLOADS),
            stores: Semaphore::new(STORES),
            repeated_polls: Mutex::new(Throttle::new(REPEATED_POLLS_PER_SECOND, Duration::from_secs(1))),
            sent: Sent::default(),
            scribe: parts.scribe,
            random: Mutex::new(fastrand::Rng::with_seed(parts.seed)),
            local: AtomicBool::new(false),
            failures: AtomicUsize::new(0),
            row: AtomicUsize::new(0),
            unrecorded: Mutex::default(),
            strange: AtomicBool::new(false),
            settings,
        })
    }

    /// A random number in 0..1.
    pub(super) fn random(&self) -> f64 {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).f64()
    }

    /// Writes down a state change; returns when it is durable, or that it can't be.
    ///
    /// A journal that can't be written ends all submits; what is paid is still polled and fetched, and the ledger
    /// keeps it in mind for the lock.
    pub(super) async fn record(&self, entry: Entry) -> Result<(), ()> {
        self.scribe.record(entry).await.map_err(|error| {
            self.stop.to(Level::NoSubmits, StopCause::Journal(error.to_string()));
            self.fail_locally();
        })
    }

    /// Keeps a paid task in mind that the journal doesn't have.
    pub(super) fn keep_in_mind(&self, job: &JobId, task: &TaskId) {
        self.unrecorded.lock().unwrap_or_else(PoisonError::into_inner).push((job.clone(), task.clone()));
    }

    /// The paid tasks that the journal doesn't have.
    pub(super) fn take_unrecorded(&self) -> Vec<(JobId, TaskId)> {
        std::mem::take(&mut self.unrecorded.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes note that a submit got an answer.
    pub(super) fn answered(&self) {
        self.row.store(0, Ordering::Relaxed);
    }

    /// Takes note that a submit got no answer that tells. Many in a row mean something between here and the service that
    /// breaks them all: nothing more is submitted, before every job of the night waits for a person.
    pub(super) fn unanswered(&self) {
        let row = self.row.fetch_add(1, Ordering::Relaxed) + 1;
        if row == self.settings.concurrency.max(UNANSWERED) {
            self.stop.to(Level::NoSubmits, StopCause::Unanswered(row));
        }
    }

    /// Takes note that a job has no result. Whoever holds its slot says so before it is free: else another purchase takes it
    /// that must not go out any more.
    pub(super) fn failed(&self) {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        if self.settings.max_failures.is_some_and(|most| failures >= most.get()) {
            self.stop.to(Level::NoSubmits, StopCause::Failures);
        }
    }

    /// Takes note that this machine failed.
    pub(super) fn fail_locally(&self) {
        self.local.store(true, Ordering::Relaxed);
    }

    pub(super) fn failed_locally(&self) -> bool {
        self.local.load(Ordering::Relaxed)
    }

    /// Whether an unknown status word is heard for the first time in this run.
    pub(super) fn first_strange_word(&self) -> bool {
        !self.strange.swap(true, Ordering::Relaxed)
    }

    /// Makes a call that costs nothing: through the gate, waiting as one with all others while the service is away.
    ///
    /// # Errors
    /// [`Missed`] says why there is no answer. A refused account has stopped the run by then.
    pub(super) async fn call<T, F>(&self, name: Call, job: &JobId, call: impl Fn() -> F) -> Result<T, Missed>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let attempt = async {
            loop {
                let pass = self.gate.pass().await;
                let answer = {
                    let _permit = self.calls.acquire().await;
                    faultpoint::reach(name.as_str(), "send");
                    // Boxed, so that a job that waits between two calls doesn't keep the room that one takes.
                    Box::pin(call()).await
                };
                faultpoint::reach(name.as_str(), "answered");
                match answer {
                    Ok(value) => {
                        pass.reached();
                        return Ok(value);
                    }
                    Err(Failure { verdict: Verdict::Unreachable(asked), message, .. }) => {
                        self.wait_for_service(pass.unreachable(asked, self.random()), message);
                    }
                    Err(failure) => {
                        // A local failure says nothing of the service.
                        if failure.verdict != Verdict::Local {
                            pass.reached();
                        }
                        tracing::debug!(call = name.as_str(), %job, code = failure.code, "{}", failure.message);
                        return Err(failure);
                    }
                }
            }
        };
        match self.stop.unless_out(attempt).await {
            None => Err(Missed::Out),
            Some(Ok(value)) => Ok(value),
            Some(Err(failure)) if failure.verdict == Verdict::Stop => {
                self.refused(failure);
                Err(Missed::Out)
            }
            Some(Err(failure)) => Err(Missed::Failed(failure)),
        }
    }

    /// The service isn't there: says so, and ends the run when its patience is over.
    pub(super) fn wait_for_service(&self, patience: Patience, message: String) {
        match patience {
            Patience::Over => self.stop.to(Level::Out, StopCause::Unreachable(message)),
            Patience::Left(pause) if pause.is_zero() => {}
            Patience::Left(pause) => self.events.send(Event::Throttled { message, pause: pause.as_secs_f64() }),
        }
    }

    /// The service refuses the account, or isn't there at all: the run stops at once.
    pub(super) fn refused(&self, failure: Failure) {
        let problem = Problem { code: Cause::Account, message: failure.message };
        self.stop.to(Level::Out, StopCause::Refused(problem));
    }

    /// The pause after so many failures in a row, not shorter than the service `asked` for.
    pub(super) fn backoff(&self, failures: u32, asked: Option<Duration>) -> Duration {
        self.settings.backoff.pause(failures, asked, self.random())
    }

    /// How an image of elsewhere that `job` needs is tried again.
    pub(super) fn again<'c>(&'c self, job: &'c JobId) -> Again<'c> {
        let (events, stop, backoff) = (&self.events, &self.stop, self.settings.backoff);
        Again { events, stop, backoff, random: &self.random, job: Some(job) }
    }

    /// Says that a call is made again, and waits; the run's end cuts the wait short.
    ///
    /// # Errors
    /// [`Missed::Out`] where the run ended meanwhile.
    pub(super) async fn pause(&self, call: Call, job: &JobId, message: &str, pause: Duration) -> Result<(), Missed> {
        self.events.send(Event::Retrying {
            job: Some(job.clone()),
            call,
            message: message.to_owned(),
            pause: pause.as_secs_f64(),
        });
        self.stop.unless_out(tokio::time::sleep(pause)).await.ok_or(Missed::Out)
    }
}
