//! The settings of a run, and its end: what is said, and the exit code.

use super::destination::{Destination, SIMULATED};
use super::dotenv::KEY;
use super::exit::Exit;
use super::failure::Failure;
use super::fleet;
use super::progress::Reporting;
use super::publishing::say_unpublished;
use super::settings::KeySource;
use super::signals::Signals;
use super::terminal::{Terminal, Volume};
use crate::engine::{Outcome, Settings};
use crate::event::stop::{Refused, Stop, StopCause};
use crate::ledger::Ledger;
use crate::ledger::record::Key;
use crate::ledger::shared::Life;
use crate::manifest::model::RunSettings;
use crate::report::commands::Target;
use crate::report::look::count;
use crate::report::standard_error;
use crate::run::{BACKOFF, stopped};
use std::time::Duration;

/// Delay in noticing a finished job at the service, unless the manifest says otherwise.
const POLL_INTERVAL: Duration = Duration::from_secs(10);

/// The same at the simulated service, where generations take seconds.
const TRIAL_POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Time that the service must deny a task before it is believed.
const DENIAL: Duration = Duration::from_secs(2 * 60);

/// Returns the switch that ends a run early: from here on it reacts to signals.
pub(super) fn listen(signals: &Signals, reporting: &Reporting) -> Stop {
    let stop = Stop::default();
    let (screen, heard) = reporting.when_interrupted();
    signals.listen(stop.clone(), screen, heard);
    stop
}

/// Returns the settings of a run: the manifest's, or the usual values.
pub(super) fn settings(run: &RunSettings, destination: &Destination) -> Settings {
    let simulated = destination.service.identity == SIMULATED;
    let usual = if simulated { TRIAL_POLL_INTERVAL } else { POLL_INTERVAL };
    Settings {
        concurrency: run.concurrency.get(),
        fleet_concurrency: run.fleet_concurrency,
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

/// Waits until nobody can submit this job any more whose submit is without an answer: the time for that is over, and its run gone.
///
/// # Errors
/// Fails if its run is at it still.
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

/// The means for the last words of a run, besides its outcome.
pub(super) struct Closing<'c> {
    /// The signals that came.
    pub(super) signals: &'c Signals,
    /// The form of commands about the run.
    pub(super) target: &'c Target,
    /// The source of its key, if it has one.
    pub(super) key: Option<KeySource>,
}

/// Says how a run ended, and chooses its exit code.
pub(super) fn finish(outcome: Outcome, closing: &Closing<'_>, reporting: Reporting, terminal: &Terminal) -> Exit {
    let exit = exit(&outcome, closing.signals);
    let at_service = outcome.summary.at_service;
    let goes_on = goes_on(at_service, closing.target);
    let unpublished = outcome.summary.unpublished;
    let shown = reporting.finish(outcome.summary, exit, stopped(&outcome.causes));
    if let Some(why) = &outcome.unpublished {
        say_unpublished(unpublished, why, terminal);
    }
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

/// Returns what a refusal of all submits is about, and what cures it.
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

/// Returns what a stopped run leaves, and how it goes on.
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
