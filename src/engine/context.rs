//! The state shared by all jobs of a run.

use super::at_service::AtService;
use super::bounds::Bounds;
use super::budget::Budget;
use super::cadence::Cadence;
use super::folders::Folders;
use super::gate::{Gate, Pass, Patience};
use super::hearing::Hearing;
use super::pausing::Pausing;
use super::publishing::Outbox;
use super::queries::Queries;
use super::turns::{Ready, TURNED_AWAY, Turn, Turns, UNKNOWNS};
use super::uploads::Uploads;
use super::{Parts, Settings};
use crate::base::clock::Clock;
use crate::base::decimal::Decimal;
use crate::base::faultpoint;
use crate::base::folder::Folder;
use crate::client::publish::Publisher;
use crate::client::rate::Rate;
use crate::client::throttle::Throttle;
use crate::client::{Failure, Service, Urgency, Verdict};
use crate::event::sender::Events;
use crate::event::stop::{Level, Missed, Refused, Stop, StopCause};
use crate::event::{Bound, Call, Cause, Event, JobError};
use crate::ledger::entry::Entry;
use crate::ledger::record::Key;
use crate::ledger::shared::{Limits, Pause, Purse, Word};
use crate::ledger::{Intended, JournalWriter, PurchaseId};
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

/// The longest pause that a service may ask for and mean it.
const LONGEST_WISH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

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

    /// Records a state change; returns once it is durable, or an error if it can't be.
    ///
    /// A journal that can't be written ends all submits; paid tasks are still polled and fetched, and the ledger keeps
    /// the change in memory for the lock.
    pub(super) async fn record(&self, entry: Entry) -> Result<(), ()> {
        self.journal_writer.record(entry).await.map_err(|error| {
            self.stop.to(Level::NoSubmits, StopCause::Journal(error.to_string()));
            self.fail_locally();
        })
    }

    /// Writes down an intent, before its submit; where the ledger is shared, of all runs one may.
    pub(super) async fn intend(
        &self,
        intent: Entry,
        after: Option<PurchaseId>,
        releases: &[PurchaseId],
        price: Decimal,
    ) -> Result<Intended, ()> {
        let intended = self.journal_writer.intend(intent, after, releases, price).await.map_err(|error| {
            self.stop.to(Level::NoSubmits, StopCause::Journal(error.to_string()));
            self.fail_locally();
        })?;
        if !matches!(intended, Intended::Away(_) | Intended::Refused(_)) {
            *self.ledger_away.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        Ok(intended)
    }

    /// Waits a while for a shared ledger that doesn't answer, unless it is away for longer than the run has patience.
    ///
    /// # Errors
    /// Fails if nothing more is submitted.
    pub(super) async fn wait_for_ledger(&self, why: String) -> Result<(), ()> {
        let now = Instant::now();
        let since = *self.ledger_away.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(now);
        if now - since >= self.settings.patience {
            self.ledger_failed(why);
            return Err(());
        }
        let pause = self.backoff(1, None);
        self.events.send(Event::Throttled { message: format!("the ledger: {why}"), pause: pause.as_secs_f64() });
        tokio::select! {
            biased;
            () = self.stop.reached(Level::NoSubmits) => Err(()),
            () = tokio::time::sleep(pause) => Ok(()),
        }
    }

    /// Ends the run's submits, since the shared ledger can't be used: what is paid is brought home.
    pub(super) fn ledger_failed(&self, why: String) {
        self.stop.to(Level::NoSubmits, StopCause::Ledger(why));
    }

    /// Takes note of what another run of a shared ledger has.
    pub(super) fn note_elsewhere(&self, key: &Key) {
        self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner).push(key.clone());
    }

    /// Returns what other runs of a shared ledger have.
    pub(super) fn take_elsewhere(&self) -> Vec<Key> {
        std::mem::take(&mut self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keeps a paid task in mind that the journal doesn't have.
    pub(super) fn keep_in_mind(&self, job: &JobId, task: &TaskId) {
        self.unrecorded.lock().unwrap_or_else(PoisonError::into_inner).push((job.clone(), task.clone()));
    }

    /// Returns the paid tasks that the journal doesn't have.
    pub(super) fn take_unrecorded(&self) -> Vec<(JobId, TaskId)> {
        std::mem::take(&mut self.unrecorded.lock().unwrap_or_else(PoisonError::into_inner))
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

    /// Waits for a turn to submit, and for the gate.
    pub(super) async fn turn(&self) -> (Turn<'_>, Pass<'_>) {
        let full = self.turns.full();
        let door = self.turns.door().await;
        loop {
            match door.ready().await {
                Ready::Look => {
                    self.look().await;
                    door.found();
                }
                Ready::Go => {
                    let pass = self.gate.pass().await;
                    if let Some(turn) = door.take() {
                        self.bounds.waited(Bound::Submits, self.turns.full() - full, || self.hold(Bound::Submits));
                        return (turn, pass);
                    }
                }
            }
        }
    }

    /// Waits until the service itself answers a query; if it doesn't within the run's patience, nothing more is
    /// submitted, and this never returns.
    async fn look(&self) {
        let (since, mut failures) = (Instant::now(), 0);
        loop {
            let task = self.at_service.to_look_for();
            let pass = self.gate.pass().await;
            let failure = match self.service.look(&task).await {
                Ok(()) => return pass.reached(),
                Err(failure) => failure,
            };
            match failure.verdict {
                Verdict::Unreachable(asked) => {
                    self.wait_for_service(pass.unreachable(asked, self.random()), failure.message);
                    continue;
                }
                Verdict::NoWay => {
                    self.no_way(failure.message);
                    return std::future::pending().await;
                }
                _ => pass.reached(),
            }
            failures += 1;
            let left = (since + self.settings.patience).saturating_duration_since(Instant::now());
            if left.is_zero() {
                self.away_for_good(failure.message);
                return std::future::pending().await;
            }
            let asked = if let Verdict::Away(asked) | Verdict::Again(asked) = failure.verdict { asked } else { None };
            // The last probe is sent when the patience ends, not after it.
            let pause = self.backoff(failures, asked).min(left);
            self.events.send(Event::Throttled { message: failure.message, pause: pause.as_secs_f64() });
            tokio::time::sleep(pause).await;
        }
    }

    /// Records a submit whose outcome can't be known. Three of these without a conclusive reply mean that something on
    /// the way to the service breaks them all: submits end, before every job of the night waits for a person.
    pub(super) fn unknown(&self, turn: &Turn<'_>) {
        let unknowns = turn.unknown();
        if unknowns == UNKNOWNS {
            self.stop.to(Level::NoSubmits, StopCause::Unanswered);
        }
    }

    /// Takes note that the way to the service turned a submit away. Whether that ends all submits.
    pub(super) fn turned_away(&self, turn: &Turn<'_>, urgency: Urgency, code: &str, message: String) -> bool {
        let in_a_row = turn.turned_away();
        let ends = urgency == Urgency::AtOnce || in_a_row >= TURNED_AWAY;
        if ends {
            let (of, problem) = (Refused::of(code, Refused::Way), JobError { code: Cause::TurnedAway, message });
            self.stop.to(Level::NoSubmits, StopCause::Refused { problem, of });
        }
        ends
    }

    /// Keeps the refusal by something on the way, until the service itself answers.
    pub(super) fn keep_turned_away(&self, message: String) {
        let problem = JobError { code: Cause::TurnedAway, message };
        *self.turned_away.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem);
    }

    /// Records that the service itself answered a submit.
    pub(super) fn answered(&self) {
        *self.turned_away.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Returns the last refusal at the end, if every submit since the service last answered was turned away on the way.
    pub(super) fn only_turned_away(&self) -> Option<JobError> {
        self.turned_away.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Ends all submits: the service puts them off for longer than the run's patience.
    pub(super) fn put_off_for_good(&self, message: String, asked: Option<Duration>) {
        // What asks for more than anybody waits asks for nothing: no date is made of it.
        let asked = asked.filter(|asked| *asked <= LONGEST_WISH);
        let again = asked.and_then(|asked| self.clock.now_in_seconds().checked_add(asked).ok());
        self.stop.to(Level::NoSubmits, StopCause::PutOff { message, again });
    }

    /// Ends all submits: something other than the service answered for as long as the run's patience, so nothing could
    /// be collected.
    pub(super) fn away_for_good(&self, message: String) {
        self.stop.to(Level::NoSubmits, StopCause::Unreachable(message));
    }

    /// Ends the run: there is no way to the service until a person changes something.
    pub(super) fn no_way(&self, message: String) {
        self.stop.to(Level::Out, StopCause::NoWay(message));
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

    /// Makes a call that costs nothing: through the gate, waiting together with all others while the service is unreachable.
    ///
    /// # Errors
    /// [`Missed`] says why there is no answer. If the account was refused, submits have already been stopped.
    pub(super) async fn call<T, F>(&self, name: Call, job: &JobId, call: impl Fn() -> F) -> Result<T, Missed>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let attempt = async {
            loop {
                let pass = self.gate.pass().await;
                let answer = {
                    let _permit = self.within(Bound::Calls, self.calls.acquire()).await;
                    faultpoint::reach(name.as_str(), "send");
                    // Boxed, so that a job waiting between two calls doesn't keep a call's memory.
                    Box::pin(call()).await
                };
                faultpoint::reach(name.as_str(), "answered");
                match answer {
                    Ok(value) => {
                        pass.reached();
                        self.hearing.answered();
                        return Ok(value);
                    }
                    Err(Failure { verdict: Verdict::Unreachable(asked), message, .. }) => {
                        self.wait_for_service(pass.unreachable(asked, self.random()), message);
                    }
                    Err(failure) => {
                        // A local failure says nothing about the service.
                        if failure.verdict != Verdict::Local {
                            pass.reached();
                        }
                        self.hear(name, &failure.verdict);
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
                // An account that may not upload may still ask for what is paid, and one task may be refused where others aren't.
                self.refused(&failure.code, failure.message.clone());
                if name == Call::Upload { Err(Missed::Out) } else { Err(Missed::Failed(failure)) }
            }
            Some(Err(failure)) if failure.verdict == Verdict::NoWay => {
                self.no_way(failure.message);
                Err(Missed::Out)
            }
            Some(Err(failure)) => Err(Missed::Failed(failure)),
        }
    }

    /// Reports that the service can't be reached, and ends the run when its patience is over.
    pub(super) fn wait_for_service(&self, patience: Patience, message: String) {
        match patience {
            Patience::Over => self.stop.to(Level::Out, StopCause::Unreachable(message)),
            Patience::Left(pause) if pause.is_zero() => {}
            Patience::Left(pause) => self.events.send(Event::Throttled { message, pause: pause.as_secs_f64() }),
        }
    }

    /// Tells the other runs of a shared ledger that the service wants nothing for a while.
    pub(super) fn tell_pause(&self, time: Duration, reason: &str) {
        if let Some(limits) = &self.limits {
            limits.slow_down(Pause { time, reason: reason.to_owned() });
        }
    }

    /// Returns the money that all runs of a shared ledger share, where they do.
    pub(super) fn purse(&self) -> Option<&Purse> {
        self.limits.as_ref().and_then(|limits| limits.purse()).map(|purse| &**purse)
    }

    /// Waits for what the other runs of a shared ledger say; without one, for ever.
    pub(super) async fn word(&self) -> Word {
        match &self.limits {
            Some(limits) => limits.word().await,
            None => std::future::pending().await,
        }
    }

    /// Does what the other runs say.
    pub(super) fn heed(&self, word: Word) {
        match word {
            Word::Pause(Pause { time, reason }) => {
                let pause = self.turns.heard(time);
                let message = format!("another run of the ledger was told to slow down: {reason}");
                self.events.send(Event::Throttled { message, pause: pause.as_secs_f64() });
            }
            Word::Lost(error) => self.ledger_failed(error.to_string()),
        }
    }

    /// Records a reply of the service itself that isn't an answer.
    fn hear(&self, name: Call, verdict: &Verdict) {
        match verdict {
            Verdict::Stop if name != Call::Upload => self.hearing.refused(),
            Verdict::Gone | Verdict::Final | Verdict::Again(_) if matches!(name, Call::Status | Call::Result) => {
                self.hearing.spoke();
            }
            _ => {}
        }
    }

    /// Ends the run's submits, since the service refuses the account: what is paid is brought home.
    pub(super) fn refused(&self, code: &str, message: String) {
        let (of, problem) = (Refused::of(code, Refused::Account), JobError { code: Cause::Account, message });
        self.stop.to(Level::NoSubmits, StopCause::Refused { problem, of });
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

    /// Reports a retry and waits; the end of the run cuts the wait short.
    ///
    /// # Errors
    /// [`Missed::Out`] if the run ended in the meantime.
    pub(super) async fn pause(&self, call: Call, job: &JobId, message: &str, pause: Duration) -> Result<(), Missed> {
        self.events.send(Event::Retrying {
            job: Some(job.clone()),
            call,
            message: message.to_owned(),
            pause: pause.as_secs_f64(),
        });
        let _paused = matches!(call, Call::Result | Call::Download).then(|| self.pausing.begin());
        self.stop.unless_out(tokio::time::sleep(pause)).await.ok_or(Missed::Out)
    }
}
