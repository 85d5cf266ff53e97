//! `batch run`: runs what has no result yet.

use crate::base::clock::Clock;
use crate::cli::args::{Common, Run, Simulation};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::progress;
use crate::cli::project::{Project, Realm};
use crate::cli::renames;
use crate::cli::settings::{self, Origin};
use crate::cli::signals::Signals;
use crate::cli::terminal::Terminal;
use crate::client::http::{self, HttpService};
use crate::client::retry::Backoff;
use crate::engine::stop::Stop;
use crate::engine::{self, Outcome, Parts, StopCause, Work};
use crate::event::Event;
use crate::event::sender::Events;
use crate::ledger::{self, Holder, Ledger};
use crate::manifest::model::Manifest;
use crate::plan::action::{Action, Reason};
use crate::plan::{self, Choice, Plan};
use crate::simulate::{Options, Running, Simulator};
use crate::spec::address::BaseUrl;
use std::time::Duration;

/// The version of the events.
const FORMAT: u32 = 1;

/// The ledger's name for the simulated service, whatever its port.
const SIMULATED: &str = "simulate";

/// How late a finished job may be noticed at the service, unless the manifest says otherwise.
const POLL_INTERVAL: Duration = Duration::from_secs(10);

/// The same in a trial, where generations take seconds.
const TRIAL_POLL_INTERVAL: Duration = Duration::from_millis(250);

/// The pauses between tries.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(500), most: Duration::from_secs(60) };

pub(in crate::cli) fn run(args: &Run, common: &Common, terminal: &Terminal) -> Result<Exit, Failure> {
    let realm = Realm::of(args.service.simulate);
    let project = Project::open(args.manifest.manifest.as_deref(), realm, &args.deny, common, terminal)?;
    let choice = settings::choice(&args.choosing, &project.manifest)?;
    if args.frozen {
        return frozen(&project, &choice);
    }
    let mut ledger = ledger::open(&project.paths, this_process())?;
    let plan = plan::plan(&project.manifest, ledger.book(), &choice);
    let signals = Signals::default();
    if plan.is_idle() {
        let reporting = progress::start(args.progress, terminal)?;
        let identity = ledger.book().service().unwrap_or_default().to_owned();
        announce(&project, &plan, &identity, engine_settings(args, &project.manifest).concurrency, &reporting.events());
        ledger.close_unchanged()?;
        return Ok(finish(with_held(Outcome::default(), &plan), &signals, reporting, terminal));
    }
    let destination = Destination::choose(args, common, &project.manifest, ledger.book().service())?;
    ledger.move_service(&destination.identity);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::machine)?;
    let reporting = progress::start(args.progress, terminal)?;
    let outcome = runtime.block_on(work(args, &project, &plan, ledger, destination, &signals, reporting.events()));
    // What was cancelled must not hold up the end; nothing of it is needed any more.
    runtime.shutdown_background();
    Ok(finish(with_held(outcome?, &plan), &signals, reporting, terminal))
}

/// Who holds the ledger, for whoever finds it held.
fn this_process() -> Holder {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| std::env::var("HOSTNAME").ok());
    let host = host.map_or_else(|| "this machine".to_owned(), |host| host.trim().to_owned());
    Holder { host, pid: std::process::id(), started: Clock::System.now_in_seconds() }
}

/// `--frozen`: exit code 1 if anything would be sent or changed.
fn frozen(project: &Project, choice: &Choice) -> Result<Exit, Failure> {
    let snapshot = ledger::read(&project.paths)?;
    let plan = plan::plan(&project.manifest, &snapshot.book, choice);
    let held = with_held(Outcome::default(), &plan);
    match exit(&held, &Signals::default()) {
        Exit::Done if !plan.is_idle() => Ok(Exit::Failed),
        Exit::Uncertain if !plan.is_idle() => Ok(Exit::Uncertain),
        exit => Ok(exit),
    }
}

/// Where the jobs go.
struct Destination {
    base: BaseUrl,
    /// The ledger's name for it.
    identity: String,
    key: Option<crate::base::secret::ApiKey>,
    /// The simulated service lives as long as this.
    _simulator: Option<Running>,
}

impl Destination {
    fn choose(args: &Run, common: &Common, manifest: &Manifest, of_lock: Option<&str>) -> Result<Destination, Failure> {
        if args.service.simulate {
            let simulator = Simulator::spawn_thread(simulation(&args.simulation))
                .map_err(|error| Failure::machine(format!("the simulated service can't be started: {error}")))?;
            let base = simulator.base_url().parse().map_err(Failure::machine)?;
            return Ok(Destination { base, identity: SIMULATED.to_owned(), key: None, _simulator: Some(simulator) });
        }
        let (base, origin): (BaseUrl, Origin) = settings::base_url(args.service.base_url.as_deref(), Some(manifest))?;
        let identity = base.to_string();
        if let Some(other) = of_lock.filter(|of_lock| *of_lock != identity && !common.move_service) {
            return Err(Failure::usage(format!("the lock belongs to {other}, the jobs would go to {identity}")).hint(
                "use another lock for another service: --lock FILE; or say that it is the same service under a new name: --move-service",
            ));
        }
        settings::may_have_key(&base, origin, common)?;
        let key = settings::key(manifest.folder.path())?;
        Ok(Destination { base, identity, key: Some(key), _simulator: None })
    }
}

fn simulation(args: &Simulation) -> Options {
    let defaults = Options::default();
    Options {
        latency: args.latency.unwrap_or(defaults.latency),
        failure_rate: args.failures.unwrap_or(defaults.failure_rate),
        seed: args.seed.unwrap_or(defaults.seed),
        faults: args.fault.clone(),
        ..defaults
    }
}

/// Opens the journal, moves what is to be moved, runs the engine, and closes the ledger whatever came of it.
async fn work(
    args: &Run,
    project: &Project,
    plan: &Plan,
    ledger: Ledger,
    destination: Destination,
    signals: &Signals,
    events: Events,
) -> Result<Outcome, Failure> {
    let manifest = &project.manifest;
    let settings = engine_settings(args, manifest);
    announce(project, plan, &destination.identity, settings.concurrency, &events);
    let service =
        HttpService::new(http::Settings::new(destination.base.clone(), destination.key.clone(), settings.concurrency))
            .map_err(Failure::machine)?;
    let uploads = match args.reupload {
        true => Vec::new(),
        false => ledger.book().uploaded().map(|(content, url)| (*content, url.to_owned())).collect(),
    };
    let renamed = renames::files(&manifest.folder, ledger.book(), &plan.moves)?;
    let (scribe, closer) = ledger.start(&destination.identity)?;
    for entry in renamed {
        if scribe.record(entry).await.is_err() {
            break;
        }
    }
    let stop = Stop::default();
    signals.listen(stop.clone());
    let parts = Parts {
        service,
        identity: destination.identity.clone(),
        scribe,
        folder: manifest.folder.clone(),
        clock: Clock::System,
        events,
        stop,
        seed: fastrand::u64(..),
        uploads,
    };
    let outcome = engine::run(to_do(manifest, plan), parts, settings).await;
    closer.close().await?;
    Ok(outcome)
}

fn engine_settings(args: &Run, manifest: &Manifest) -> engine::Settings {
    let usual = if args.service.simulate { TRIAL_POLL_INTERVAL } else { POLL_INTERVAL };
    engine::Settings {
        concurrency: args.concurrency.unwrap_or(manifest.run.concurrency).get(),
        submit_rate: manifest.run.submit_rate,
        job_timeout: manifest.run.job_timeout,
        poll_interval: manifest.run.poll_interval.unwrap_or(usual),
        patience: manifest.run.patience,
        on_uncertain: args.choosing.on_uncertain.map_or(manifest.run.on_uncertain, Into::into),
        backoff: BACKOFF,
    }
}

/// What the engine is to do: collect what is paid, buy what is new. What waits takes no memory: it is made when it is taken.
fn to_do<'p>(manifest: &'p Manifest, plan: &'p Plan) -> Work<impl Iterator<Item = engine::Purchase> + use<'p>> {
    let paid = plan.steps.iter().filter(|step| matches!(step.action, Action::Resume | Action::Download));
    let paid = paid.filter_map(|step| step.record.as_deref().cloned());
    let purchases = plan.steps.iter().filter(|step| step.action == Action::Submit).map(|step| {
        let job = &manifest.jobs[step.job];
        engine::Purchase::new(job, step.attempt, &manifest.images)
    });
    Work { collect: paid.chain(plan.strays.iter().cloned()).collect(), purchases }
}

/// Says what the run will do.
fn announce(project: &Project, plan: &Plan, identity: &str, concurrency: usize, events: &Events) {
    events.send(Event::RunStarted {
        version: FORMAT,
        manifest: project.shown.display().to_string(),
        lock: project.paths.lock.display().to_string(),
        service: identity.to_owned(),
        jobs: plan.steps.len(),
        concurrency,
    });
    for step in plan.steps.iter().filter(|step| step.action != Action::Keep) {
        let job = &project.manifest.jobs[step.job];
        events.send(Event::JobPlanned {
            job: job.id.clone(),
            digest: job.digest,
            action: step.action,
            reason: step.reason,
        });
    }
}

/// The outcome, with the jobs that the engine wasn't given.
fn with_held(mut outcome: Outcome, plan: &Plan) -> Outcome {
    for step in &plan.steps {
        match (step.action, step.reason) {
            (Action::Keep, _) => outcome.summary.kept += 1,
            (Action::Hold, Reason::Uncertain) => outcome.summary.uncertain += 1,
            (Action::Hold, _) => outcome.summary.failed += 1,
            _ => {}
        }
    }
    outcome
}

/// Says how the run ended, and chooses its exit code.
fn finish(outcome: Outcome, signals: &Signals, reporting: progress::Reporting, terminal: &Terminal) -> Exit {
    let exit = exit(&outcome, signals);
    reporting.finish(outcome.summary, exit);
    for cause in &outcome.causes {
        let failure = match cause {
            StopCause::Interrupted => continue,
            StopCause::Journal(message) => Failure::machine(message)
                .hint("nothing more was submitted; what was paid is in the lock or will be polled by the next run"),
            StopCause::Refused(problem) => Failure::service(format!("the run was stopped: {}", problem.message))
                .hint("nothing is lost: the next run goes on"),
            StopCause::Unreachable(message) => Failure::service(format!("the service can't be reached: {message}"))
                .hint("nothing is lost: the next run goes on"),
        };
        failure.say(terminal);
    }
    exit
}

/// Where several hold: interrupted, then 5, 4, 3, 1.
fn exit(outcome: &Outcome, signals: &Signals) -> Exit {
    let stopped_by = |kind: fn(&StopCause) -> bool| outcome.causes.iter().any(kind);
    if let Some(signal) = signals.first() {
        Exit::Interrupted(signal)
    } else if outcome.local || stopped_by(|cause| matches!(cause, StopCause::Journal(_))) {
        Exit::Machine
    } else if stopped_by(|cause| matches!(cause, StopCause::Refused(_) | StopCause::Unreachable(_))) {
        Exit::Service
    } else if outcome.summary.uncertain > 0 {
        Exit::Uncertain
    } else if outcome.summary.failed > 0 {
        Exit::Failed
    } else {
        Exit::Done
    }
}
