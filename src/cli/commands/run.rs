//! `batch run`: runs what has no result yet.

use crate::cli::args::{Choosing, Common, Deny, ManifestArg, Progress, Service, Simulation};
use crate::cli::choosing;
use crate::cli::confirm::{self, Agreed};
use crate::cli::destination::Destination;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::page::PageFile;
use crate::cli::progress;
use crate::cli::project::{Project, Realm, folder_shown};
use crate::cli::renames;
use crate::cli::results::ResultFiles;
use crate::cli::session::{self, Session, exit, finish};
use crate::cli::settings;
use crate::cli::signals::Signals;
use crate::cli::terminal::Terminal;
use crate::engine::{Outcome, Purchase, Settings, Spent, Work};
use crate::event::sender::Events;
use crate::event::summary::Cost;
use crate::event::{self, Event};
use crate::ledger;
use crate::ledger::entry::Entry;
use crate::ledger::record::{Record, Stage};
use crate::manifest::model::{Manifest, RunSettings};
use crate::plan::action::{Action, Reason};
use crate::plan::estimate::{Estimate, price};
use crate::plan::{self, Choice, Plan, Step};
use crate::report::Reporter;
use crate::report::gallery::Recorder;
use crate::spec::names::JobId;
use jiff::Timestamp;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Options of `batch run`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    manifest: ManifestArg,
    /// Generations in flight at most; wins over the manifest
    #[arg(short = 'j', long, value_name = "N")]
    concurrency: Option<NonZeroUsize>,
    /// Send nothing, change nothing: exit code 1 if anything would be
    #[arg(long)]
    frozen: bool,
    /// Treat a kind of finding as an error
    #[arg(long, value_name = "WHAT")]
    deny: Vec<Deny>,
    /// Stop submitting after N failures
    #[arg(long, value_name = "N")]
    max_failures: Option<NonZeroUsize>,
    /// Drop finished records of jobs that are no longer in the manifest; their videos stay
    #[arg(long)]
    prune: bool,
    /// Answer the question that `run.confirm_above` in the manifest asks beforehand: go on
    #[arg(short = 'y', long)]
    yes: bool,
    /// Upload local images anew (the service forgot them)
    #[arg(long)]
    reupload: bool,
    /// How to show what happens: bar on a terminal, plain lines elsewhere; json: an event a line on stdout
    #[arg(long, value_name = "HOW", default_value = "auto")]
    progress: Progress,
    /// Write a page with every job and its videos at the end, whatever the outcome
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write a test report with a case for each job at the end, whatever the outcome
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    // Last, since the heading of a group goes on to what follows it.
    #[command(flatten)]
    choosing: Choosing,
    #[command(flatten)]
    service: Service,
    #[command(flatten)]
    simulation: Simulation,
}

pub(in crate::cli) fn run(args: &Args, common: &Common, terminal: &Terminal) -> Result<Exit, Failure> {
    let realm = Realm::of(args.service.simulate);
    let project = Project::open(args.manifest.manifest.as_deref(), realm, &args.deny, common, terminal)?;
    // Before anything is sent: who asked for a page or a report is not told at the end that there is none.
    let page = args.report.as_deref().map(|path| PageFile::at(path, &project)).transpose()?;
    let (results, mut reporters) = ResultFiles::open(args.junit.as_deref(), &project.paths)?;
    let (recorder, receipt) = Recorder::new();
    if page.is_some() {
        reporters.push(Box::new(recorder));
    }
    let mut kept = Vec::new();
    let mut ended = perform(args, &project, reporters, &mut kept, common, terminal);
    if let Some(page) = page
        && let Err(failure) = page.write(&project, receipt.try_recv().ok().as_ref())
    {
        ended = ended.and_then(|exit| worse(exit, failure, terminal));
    }
    match results.write(kept, terminal) {
        Ok(()) => ended,
        Err(failure) => ended.and_then(|exit| worse(exit, failure, terminal)),
    }
}

/// What comes of a run whose page or report couldn't be written.
fn worse(exit: Exit, failure: Failure, terminal: &Terminal) -> Result<Exit, Failure> {
    match exit {
        Exit::Interrupted(_) => {
            failure.say(terminal);
            Ok(exit)
        }
        _ => Err(failure),
    }
}

/// The run itself, told to `reporters` besides; puts the jobs that it leaves alone into `kept`.
fn perform(
    args: &Args,
    project: &Project,
    reporters: Vec<Box<dyn Reporter>>,
    kept: &mut Vec<JobId>,
    common: &Common,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let manifest = &project.manifest;
    let choice = Choice { prune: args.prune, ..settings::choice(&args.choosing, manifest)? };
    if args.frozen {
        return frozen(project, &choice, terminal);
    }
    let agreed = match args.yes {
        true => Agreed::to_anything(),
        false => confirm::ask(project, &choice, terminal)?,
    };
    let ledger = session::open(&project.paths, &project.shown)?;
    choosing::warn_of_idle(&choice.selection, manifest, ledger.book(), terminal);
    let plan = plan::plan(manifest, ledger.book(), &choice);
    agreed.holds(&plan)?;
    let steps_kept = plan.steps.iter().filter(|step| step.action == Action::Keep);
    kept.extend(steps_kept.map(|step| manifest.jobs[step.job].id.clone()));
    let run = run_settings(args, &manifest.run, &choice);
    let signals = Signals::default();
    if plan.is_idle() {
        let reporting = progress::start(args.progress, terminal, reporters)?;
        announce(project, &plan, ledger.book().service().unwrap_or_default(), &run, &reporting.events());
        ledger.close_unchanged()?;
        return Ok(finish(nothing_done(&plan), &signals, reporting, terminal));
    }
    let destination = match args.service.simulate {
        true => Destination::simulated(&args.simulation, ledger.book().service())?,
        false => Destination::service(args.service.base_url.as_deref(), manifest, ledger.book().service(), common)?,
    };
    let mut first = renames::files(&manifest.folder, ledger.book(), &plan.moves)?;
    first.extend(plan.prune.iter().map(|(key, attempt)| Entry::Dropped { key: key.clone(), attempt: *attempt }));
    let reporting = progress::start(args.progress, terminal, reporters)?;
    announce(project, &plan, &destination.identity, &run, &reporting.events());
    let session = Session {
        folder: &manifest.folder,
        settings: Settings {
            max_failures: args.max_failures,
            max_cost: choice.max_cost,
            ..session::settings(&run, &destination)
        },
        destination,
        reupload: args.reupload,
        reporting: &reporting,
        signals: &signals,
    };
    let outcome = session.run(ledger, first, work(manifest, &plan))?;
    Ok(finish(with_held(outcome, &plan), &signals, reporting, terminal))
}

/// `--frozen`: exit code 1 if anything would be sent or changed.
fn frozen(project: &Project, choice: &Choice, terminal: &Terminal) -> Result<Exit, Failure> {
    let snapshot = ledger::read(&project.paths)?;
    choosing::warn_of_idle(&choice.selection, &project.manifest, &snapshot.book, terminal);
    let plan = plan::plan(&project.manifest, &snapshot.book, choice);
    Ok(match exit(&nothing_done(&plan), &Signals::default()) {
        Exit::Done if !plan.is_idle() => return Err(left_to_do(&plan)),
        held => held,
    })
}

/// What a frozen run would have to do.
fn left_to_do(plan: &Plan) -> Failure {
    let works = [(Action::Submit, "to submit"), (Action::Resume, "to poll on"), (Action::Download, "to fetch")];
    let counts = works.map(|(action, words)| (plan.count(action), words));
    let others = [(plan.strays.len(), "to collect of earlier jobs"), (plan.moves.len(), "to rename")];
    let parts: Vec<_> =
        counts.iter().chain(&others).filter(|(n, _)| *n > 0).map(|(n, words)| format!("{n} {words}")).collect();
    Failure { exit: Exit::Failed, ..Failure::usage(format!("something is left to do: {}", parts.join(", "))) }
        .hint("`batch plan` shows each, and why; a run without --frozen does it")
}

/// The manifest's settings, with what the command line says instead.
fn run_settings(args: &Args, manifest: &RunSettings, choice: &Choice) -> RunSettings {
    RunSettings {
        concurrency: args.concurrency.unwrap_or(manifest.concurrency),
        on_uncertain: choice.policy.on_uncertain,
        ..manifest.clone()
    }
}

/// What the engine is to do: collect what is paid, buy what is new. What waits takes no memory: it is made when it is taken.
fn work<'p>(manifest: &'p Manifest, plan: &'p Plan) -> Work<impl Iterator<Item = Purchase> + use<'p>> {
    let paid = plan.steps.iter().filter(|step| matches!(step.action, Action::Resume | Action::Download));
    let paid = paid.filter_map(|step| step.record.as_deref().cloned());
    // Those beyond `--max-cost` wait for what others may give back.
    let bought = |step: &&Step| step.action == Action::Submit || step.reason == Reason::MaxCost;
    let purchases = plan.steps.iter().filter(bought).map(|step| {
        let job = &manifest.jobs[step.job];
        let lost = step.record.as_ref().is_some_and(|record| matches!(record.stage, Stage::Uncertain { .. }));
        let price = price(&manifest.prices, &job.generation);
        Purchase {
            lost: lost.then(|| Reason::Uncertain.meaning().to_owned()),
            ..Purchase::new(job, step.attempt, price, &manifest.images)
        }
    });
    Work { collect: paid.chain(plan.strays.iter().cloned()).collect(), purchases }
}

/// Says what the run will do.
fn announce(project: &Project, plan: &Plan, identity: &str, run: &RunSettings, events: &Events) {
    events.send(Event::RunStarted {
        version: event::VERSION,
        manifest: project.shown.display().to_string(),
        lock: project.lock.clone(),
        folder: folder_shown(project.manifest.folder.path()),
        service: identity.to_owned(),
        jobs: plan.steps.len(),
        concurrency: run.concurrency.get(),
        estimate: (plan.count(Action::Submit) > 0).then(|| plan.estimate.clone()),
    });
    for step in plan.steps.iter().filter(|step| step.action != Action::Keep) {
        let job = &project.manifest.jobs[step.job];
        events.send(Event::JobPlanned {
            job: job.id.clone(),
            digest: job.digest,
            action: step.action,
            reason: step.reason,
            submitted_at: taken_up(step),
        });
    }
    for Record { key, .. } in &plan.unsettled {
        let (job, digest) = (key.job.clone(), key.digest);
        let (action, reason) = (Action::Hold, Reason::Uncertain);
        events.send(Event::JobPlanned { job, digest, action, reason, submitted_at: None });
    }
}

/// When an earlier run submitted what this one takes up again.
fn taken_up(step: &Step) -> Option<Timestamp> {
    let record = step.record.as_deref().filter(|_| step.action == Action::Resume);
    record.and_then(|record| record.submitted_at)
}

/// The outcome of a run that has nothing to do.
fn nothing_done(plan: &Plan) -> Outcome {
    let mut outcome = Outcome::default();
    outcome.summary.left = plan.held(Reason::MaxCost);
    with_held(outcome, plan)
}

/// The outcome, with the jobs that the engine wasn't given, and with what its submits cost.
fn with_held(mut outcome: Outcome, plan: &Plan) -> Outcome {
    let Spent { charged, uncertain, given_back } = outcome.spent;
    if outcome.summary.submits > 0 {
        let Estimate { unit, exact, prices, .. } = plan.estimate.clone();
        outcome.summary.cost = Some(Cost { amount: charged, uncertain, given_back, unit, exact, prices });
    }
    outcome.summary.uncertain += plan.unsettled.len();
    for step in &plan.steps {
        match (step.action, step.reason) {
            (Action::Keep, _) => outcome.summary.kept += 1,
            (Action::Hold, Reason::Limit) => outcome.summary.left += 1,
            // The engine has them, or they have been counted.
            (Action::Hold, Reason::MaxCost) => {}
            (Action::Hold, Reason::Uncertain) => outcome.summary.uncertain += 1,
            (Action::Hold, _) => outcome.summary.failed += 1,
            _ => {}
        }
    }
    outcome
}
