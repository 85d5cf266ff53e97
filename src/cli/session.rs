//! A run against a service: from an open ledger to a closed one, and to an exit code.

use super::cleanup;
use super::destination::Destination;
use super::exit::Exit;
use super::failure::Failure;
use super::fleet::{self, Attending, Fleet};
use super::progress::Reporting;
use super::renames::{self, Renaming, Stuck};
use super::settings::{KEY, KeySource};
use super::signals::Signals;
use super::terminal::{Terminal, Volume};
use crate::base::clock::Clock;
use crate::base::durable::Mark;
use crate::base::folder::Folder;
use crate::client::http::{self, HttpService};
use crate::client::remote::RemoteImages;
use crate::client::retry::Backoff;
use crate::engine::image_cache::ImageCache;
use crate::engine::stop::Stop;
use crate::engine::{self, Outcome, Parts, Purchase, Refused, Settings, StopCause, Work};
use crate::event::sender::Events;
use crate::event::{Cause, Event, JobError};
use crate::ledger::entry::Entry;
use crate::ledger::record::{Key, Record};
use crate::ledger::shared::{Doubts, Life};
use crate::ledger::{self, Book, Holder, Ledger, Paths, PurchaseId};
use crate::manifest::model::RunSettings;
use crate::plan::action::Action;
use crate::plan::stray::Stray;
use crate::report::commands::Target;
use crate::report::look::count;
use crate::report::standard_error;
use crate::service::names::{JobId, TaskId};
use jiff::Timestamp;
use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

/// Delay in noticing a finished job at the service, unless the manifest says otherwise.
const POLL_INTERVAL: Duration = Duration::from_secs(10);

/// The same at the simulated service, where generations take seconds.
const TRIAL_POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Time that the service must deny a task before it is believed.
const DENIAL: Duration = Duration::from_secs(2 * 60);

/// The pauses between retries.
pub(super) const BACKOFF: Backoff = Backoff { first: Duration::from_millis(500), most: Duration::from_secs(60) };

/// The parts of a run.
pub(super) struct Session<'s> {
    /// The folder of the videos.
    pub(super) folder: &'s Folder,
    /// The destination of the jobs.
    pub(super) destination: Destination,
    /// The settings.
    pub(super) settings: Settings,
    /// `true` if uploads of earlier runs are ignored.
    pub(super) reupload: bool,
    /// The reporters.
    pub(super) reporting: &'s Reporting,
    /// The switch that ends it early.
    pub(super) stop: Stop,
    /// The client for remote images.
    pub(super) remote_images: RemoteImages,
    /// The images that are already fetched.
    pub(super) image_cache: ImageCache,
    /// The target of commands about it.
    pub(super) target: Target,
}

impl Session<'_> {
    /// Opens the journal, records `first`, renames files, does the work, and closes the ledger whatever the outcome. If the lock
    /// can't be written at the end, says so beside the outcome; the journal then keeps the run's entries.
    ///
    /// # Errors
    /// Fails if the journal can't be begun, or a file can't be renamed.
    pub(super) fn run(
        self,
        mut ledger: Ledger,
        renamings: Vec<Renaming>,
        first: Vec<Entry>,
        work: Work<impl Iterator<Item = Purchase>>,
    ) -> Result<(Outcome, Option<Failure>), Failure> {
        let Destination { base, key, identity, surroundings, turned_away, .. } = &self.destination;
        // Whether it may be is decided where the destination is chosen.
        if ledger.book().service().is_some_and(|service| service != identity) {
            ledger.move_service(identity)?;
        }
        let shared = ledger.shared().cloned();
        let uncertain = shared.as_ref().map(|_| fleet::uncertain(ledger.book())).unwrap_or_default();
        let client = http::Settings {
            temporaries: Mark::of(ledger.lock()),
            remote_images: self.remote_images,
            surroundings: surroundings.clone(),
            turned_away: turned_away.clone(),
            ..http::Settings::new(base.clone(), key.clone(), self.settings.concurrency)
        };
        let service = HttpService::new(client).map_err(Failure::machine)?;
        let uploads = match self.reupload {
            true => Vec::new(),
            false => ledger.book().uploaded().map(|(content, url)| (*content, url.to_owned())).collect(),
        };
        let runtime = runtime()?;
        let outcome = runtime.block_on(async {
            let (journal_writer, session) = ledger.start(identity)?;
            // Together, so that they share syncs. A journal that can't be written reports that again, and the engine reacts.
            futures::future::join_all(first.into_iter().map(|entry| journal_writer.record(entry))).await;
            if let Err(Stuck { failure, midway }) = renames::perform(self.folder, renamings, &journal_writer).await {
                drop(journal_writer);
                // Renamings recorded but not performed are completed by the next command: the journal stays.
                return if midway {
                    Err(failure)
                } else {
                    session.close().await.map_err(Failure::after_a_run).and(Err(failure))
                };
            }
            let parts = Parts {
                service,
                identity: identity.clone(),
                journal_writer,
                folder: self.folder.clone(),
                clock: Clock::System,
                events: self.reporting.events(),
                stop: self.stop,
                seed: fastrand::u64(..),
                uploads,
                image_cache: self.image_cache,
            };
            let (stop, patience) = (parts.stop.clone(), self.settings.patience);
            let want = self.settings.concurrency;
            let attending = shared.as_ref().map(|shared| Attending::begin(shared, want));
            let mut outcome = engine::run(work, parts, self.settings).await;
            attending.iter().for_each(Attending::worked);
            if let Some(shared) = &shared {
                fleet::settle(shared, &stop, patience)
                    .await
                    .map_err(|failure| with_tasks(failure, &shared.unacknowledged(), &self.target))?;
            }
            if let Some(attending) = attending {
                attending.leave().await;
            }
            match session.close().await {
                Ok(book) => {
                    if shared.is_some() {
                        fleet::compare(&mut outcome, &uncertain, &book);
                    }
                    recorded(&book, &outcome.succeeded).map(|()| (outcome, None))
                }
                Err(error) => {
                    let failure = with_tasks(Failure::after_a_run(error), &outcome.unrecorded, &self.target);
                    Ok((Outcome { local: true, ..outcome }, Some(failure)))
                }
            }
        });
        // Cancelled tasks must not delay the end; nothing of them is needed any more.
        runtime.shutdown_background();
        outcome
    }
}

/// Returns the switch that ends a run early: from here on it reacts to signals.
pub(super) fn listen(signals: &Signals, reporting: &Reporting) -> Stop {
    let stop = Stop::default();
    let (screen, heard) = reporting.when_interrupted();
    signals.listen(stop.clone(), screen, heard);
    stop
}

/// Returns the time at which an earlier run submitted a task that this one polls.
pub(super) fn taken_up(action: Action, record: &Record) -> Option<Timestamp> {
    record.submitted_at.filter(|_| action == Action::Resume)
}

/// Reports the records to be collected besides the jobs of the manifest.
pub(super) fn announce(strays: &[Stray], events: &Events) {
    for Stray { record, action, reason } in strays {
        let (job, digest, submitted_at) = (record.key.job.clone(), record.key.digest, taken_up(*action, record));
        events.send(Event::JobPlanned { job, digest, action: *action, reason: *reason, submitted_at });
    }
}

/// Writes entries into the journal and the lock, without sending anything.
///
/// # Errors
/// Fails if they can't be written.
pub(super) fn write_down(ledger: Ledger, service: &str, entries: Vec<Entry>) -> Result<(), Failure> {
    let runtime = runtime()?;
    let shared = ledger.shared().cloned();
    runtime.block_on(async {
        let (journal_writer, session) = ledger.start(service)?;
        let recorded =
            futures::future::try_join_all(entries.into_iter().map(|entry| journal_writer.record(entry))).await;
        drop(journal_writer);
        if let Some(shared) = &shared {
            fleet::acknowledge(shared, fleet::PATIENCE).await?;
        }
        session.close().await?;
        recorded.map(drop).map_err(Failure::machine)
    })
}

/// Compares a run's report with its records: a difference is never ignored silently.
fn recorded(book: &Book, succeeded: &[PurchaseId]) -> Result<(), Failure> {
    match succeeded.iter().filter(|id| !book.has_succeeded(**id)).count() {
        0 => Ok(()),
        missing => Err(Failure::machine(format!(
            "{missing} of {} purchases whose videos are here are not recorded so: this is a bug of batch",
            succeeded.len()
        ))
        .hint("keep the lock and its videos as they are, and report it")),
    }
}

/// Adds the unrecorded tasks to a failure: neither journal nor lock could be written, so paid tasks are named here or
/// nowhere.
fn with_tasks(failure: Failure, unrecorded: &[(JobId, TaskId)], target: &Target) -> Failure {
    if unrecorded.is_empty() {
        return failure;
    }
    let tasks = unrecorded
        .iter()
        .fold(String::new(), |tasks, (job, task)| format!("{tasks}\n  {}", target.resolve_as(job, task)));
    failure.hint(format!("these are paid and could not be written down; keep these lines, and run them once it can be written again:{tasks}"))
}

/// Returns the settings of a run: the manifest's, or the usual values.
pub(super) fn settings(run: &RunSettings, destination: &Destination) -> Settings {
    let simulated = destination.identity == super::destination::SIMULATED;
    let usual = if simulated { TRIAL_POLL_INTERVAL } else { POLL_INTERVAL };
    Settings {
        concurrency: run.concurrency.get(),
        submit_rate: run.submit_rate,
        job_timeout: run.job_timeout,
        poll_interval: run.poll_interval.unwrap_or(usual),
        poll_rate: run.poll_rate,
        downloads: run.downloads.get(),
        patience: run.patience,
        denial: DENIAL,
        on_uncertain: run.on_uncertain,
        retries: run.retries,
        max_failures: None,
        max_cost: None,
        backoff: BACKOFF,
    }
}

/// Opens the ledger of a manifest; what a killed run was writing is removed, and what it was renaming is renamed. Where the ledger is
/// shared, its state is that one's; `service` is whose purchases it keeps, where it is founded now.
pub(super) fn open(
    paths: &Paths,
    manifest: &Path,
    fleet: &Fleet,
    service: impl FnOnce() -> Result<String, Failure>,
) -> Result<Ledger, Failure> {
    let mut ledger = ledger::open(paths, this_process())?;
    if ledger.follows_a_kill() {
        cleanup::settle(&ledger, manifest)?;
    }
    fleet.join(&mut ledger, service)?;
    Ok(ledger)
}

/// Watches what other runs of a shared ledger are about to submit, until each is answered or its run counts as silent; gives what is
/// uncertain no more.
///
/// # Errors
/// Where the ledger doesn't answer.
pub(super) fn wait_for_others(ledger: &Ledger, stop: &Stop) -> Result<HashSet<Key>, Failure> {
    let Some(shared) = ledger.shared() else { return Ok(HashSet::new()) };
    let book = fleet::block_on(async {
        fleet::wait_for_others(shared, stop).await?;
        shared.view(ledger.book(), Doubts::Untold).await.map_err(Failure::from)
    })?;
    Ok(fleet::answered(&fleet::uncertain(ledger.book()), &fleet::uncertain(&book)))
}

/// Waits until nobody can submit this job any more whose submit is without an answer: the time for that is over, and its run gone.
///
/// # Errors
/// Where its run is at it still.
pub(super) fn wait_for_silence(ledger: &Ledger, key: &Key, terminal: &Terminal) -> Result<(), Failure> {
    let Some(shared) = ledger.shared() else { return Ok(()) };
    let (desk, failed) = (&shared.desk, |error| shared.failed(error));
    fleet::block_on(async {
        let holder = desk.holder(key);
        if let Some(holder) = &holder {
            desk.look_at_runs().await.map_err(failed)?;
            if terminal.volume > Volume::Quiet && (desk.is_open(key) || desk.life(&holder.run) == Life::Unknown) {
                let job = &key.job;
                standard_error::say(format!("waiting until the run that was to submit {job} can't do so any more\n"));
            }
        }
        if let Some(holder) = holder
            && desk.is_alive(&holder).await.map_err(failed)?
        {
            return Err(Failure::usage(format!("the run that was to submit {} is at it still: {holder}", key.job))
                .hint("it may settle the job itself: once it has ended, run this again; nothing was changed"));
        }
        if desk.is_open(key) && !desk.is_silent(key).await.map_err(failed)? {
            return Err(Failure::usage(format!("the run that was to submit {} is at it still", key.job))
                .hint("`batch status` shows what came of it; nothing was changed"));
        }
        Ok(())
    })
}

/// Returns the runtime of a command that makes calls or waits.
///
/// # Errors
/// If the system gives none.
pub(in crate::cli) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::machine)
}

/// Who holds the ledger, for whoever finds it held.
pub(super) fn this_process() -> Holder {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| std::env::var("HOSTNAME").ok());
    let host = host.map_or_else(|| "this machine".to_owned(), |host| host.trim().to_owned());
    Holder { host, pid: std::process::id(), started: Clock::System.now_in_seconds() }
}

/// What there is to say at the end of a run, beside what came of it.
pub(super) struct Closing<'c> {
    /// Which signals came.
    pub(super) signals: &'c Signals,
    /// How commands about the run are typed.
    pub(super) target: &'c Target,
    /// Where its key comes from, where it has one.
    pub(super) key: Option<KeySource>,
}

/// Says how a run ended, and chooses its exit code.
pub(super) fn finish(outcome: Outcome, closing: &Closing<'_>, reporting: Reporting, terminal: &Terminal) -> Exit {
    let exit = exit(&outcome, closing.signals);
    let at_service = outcome.summary.at_service;
    let goes_on = goes_on(at_service, closing.target);
    let shown = reporting.finish(outcome.summary, exit, stopped(&outcome.causes));
    for cause in &outcome.causes {
        let failure = match cause {
            StopCause::Interrupted | StopCause::Failures => continue,
            StopCause::Unanswered => {
                Failure::service("three submits in a row got no usable reply: nothing more was submitted")
                    .hint("check what is between this machine and the service (a proxy, for example), then run again")
            }
            StopCause::Journal(message) => Failure::machine(message)
                .hint("nothing more was submitted; what was paid is in the lock or will be polled by the next run"),
            StopCause::Ledger(message) => Failure::machine(format!("the ledger can't be used: {message}"))
                .hint(format!("nothing more was submitted; {goes_on}")),
            StopCause::Refused { problem, of } => {
                let (why, cured) = refused(*of, closing.key.as_ref());
                Failure::service(format!("{why}: {}", problem.message)).hint(format!("{cured}; {goes_on}"))
            }
            StopCause::PutOff { message, again } => {
                let again = again.map(|again| format!("; it asks to be tried again at {again}")).unwrap_or_default();
                Failure::service(format!(
                    "nothing more was submitted, since the service defers everything: {message}{again}"
                ))
                .hint(format!("`run.submit_rate` sets a limit of your own; {goes_on}"))
            }
            StopCause::NoWay(message) => {
                Failure::service(format!("there is no way to the service: {message}")).hint(&goes_on)
            }
            StopCause::Unreachable(message) => Failure::service(format!("the service can't be reached: {message}"))
                .hint(format!("check the network and the base URL; {goes_on}")),
        };
        failure.say(terminal);
    }
    match shown {
        Ok(()) => exit,
        Err(failure) => {
            failure.say(terminal);
            if let Exit::Interrupted(_) = exit { exit } else { failure.exit }
        }
    }
}

/// What a refusal of all submits is about, and what cures it.
fn refused(of: Refused, key: Option<&KeySource>) -> (&'static str, String) {
    let nothing_more = "nothing more was submitted";
    match of {
        Refused::Key => {
            let source = match key {
                Some(source @ KeySource::Environment) => format!(": it comes from {source} ({KEY})"),
                Some(source @ KeySource::File(_)) => {
                    format!(": it comes from {source}, since {KEY} isn't set in the environment")
                }
                None => String::new(),
            };
            ("the key is refused, and nothing more was submitted", format!("check the key{source}"))
        }
        Refused::Money => (
            "the account has no money left, and nothing more was submitted",
            "check the account's balance, and top it up".to_owned(),
        ),
        Refused::Account => (nothing_more, "check the account's permissions, its key and its balance".to_owned()),
        Refused::Way => {
            (nothing_more, "check the base URL, and what is between this machine and the service".to_owned())
        }
    }
}

/// What a stopped run leaves, and how it goes on.
fn goes_on(at_service: usize, target: &Target) -> String {
    let again = target.go_on();
    match at_service {
        0 => format!("nothing is lost: then `{again}` goes on"),
        n => format!(
            "nothing is lost: {} {} paid and still at the service, `{}` or the next run (`{again}`) brings {}",
            count(n, "job"),
            if n == 1 { "is" } else { "are" },
            target.fetch(),
            if n == 1 { "it" } else { "them" },
        ),
    }
}

/// Returns why a run ended early: of several causes the most important one.
fn stopped(causes: &[StopCause]) -> Option<JobError> {
    let weight = |cause: &&StopCause| match cause {
        StopCause::Interrupted => 4,
        StopCause::Journal(_) | StopCause::Ledger(_) => 3,
        StopCause::Refused { .. } | StopCause::Unreachable(_) | StopCause::PutOff { .. } | StopCause::NoWay(_) => 2,
        StopCause::Unanswered => 1,
        StopCause::Failures => 0,
    };
    let (code, message) = match causes.iter().max_by_key(weight)? {
        StopCause::Interrupted => (Cause::Stopped, "the run was interrupted".to_owned()),
        StopCause::Journal(message) | StopCause::Ledger(message) => (Cause::Local, message.clone()),
        StopCause::Refused { problem, .. } => return Some(problem.clone()),
        StopCause::Unreachable(message) | StopCause::NoWay(message) => (Cause::Unreachable, message.clone()),
        StopCause::PutOff { message, .. } => (Cause::PutOff, message.clone()),
        StopCause::Unanswered => (Cause::Stopped, "three submits in a row got no usable reply".to_owned()),
        StopCause::Failures => (Cause::Stopped, "as many jobs failed as --max-failures allows".to_owned()),
    };
    Some(JobError { code, message })
}

/// Returns the exit code: if several apply, first interrupted, then 5, 4, 3, 1.
pub(super) fn exit(outcome: &Outcome, signals: &Signals) -> Exit {
    let stopped_by = |kind: fn(&StopCause) -> bool| outcome.causes.iter().any(kind);
    if let Some(signal) = signals.first() {
        Exit::Interrupted(signal)
    } else if outcome.local || stopped_by(|cause| matches!(cause, StopCause::Journal(_) | StopCause::Ledger(_))) {
        Exit::Machine
    } else if stopped_by(|cause| !matches!(cause, StopCause::Interrupted | StopCause::Failures)) {
        Exit::Service
    } else if outcome.summary.uncertain > 0 {
        Exit::Uncertain
    } else if outcome.summary.failed > 0 {
        Exit::Failed
    } else {
        Exit::Done
    }
}
