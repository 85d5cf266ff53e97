//! `batch run`: runs what has no result yet.

mod begun;
mod said;
mod steps;
mod work;

use crate::cli::completing;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::images::ImageOptions;
use crate::cli::on_finish::OnFinish;
use crate::cli::options::{Choosing, Common, Progress, Simulation, Strictness, at_least_one, concurrency};
use crate::cli::page::{PageFile, Shown};
use crate::cli::project::Project;
use crate::cli::realm::Realm;
use crate::cli::results::ResultFiles;
use crate::cli::saved::{self, Saved, Texts};
use crate::cli::terminal::Terminal;
use crate::plan::select::Selection;
use crate::report::Reporter;
use crate::report::documents::status::JobStatus;
use crate::report::gallery::Recorder;
use crate::service::names::JobId;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use steps::RunCommand;

/// Options of `batch run`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The manifest, or a plan that `batch plan --out` saved; by default jobs.yaml, jobs.yml, jobs.toml or jobs.json, if exactly one is here
    #[arg(value_name = "MANIFEST", add = completing::manifests())]
    manifest: Option<PathBuf>,
    /// Generations in flight at most; wins over the manifest
    #[arg(short = 'j', long, value_name = "N", value_parser = concurrency)]
    concurrency: Option<NonZeroUsize>,
    /// Send nothing, change nothing: exit code 1 if anything would be
    #[arg(long)]
    frozen: bool,
    #[command(flatten)]
    strictness: Strictness,
    /// Stop submitting after N failures
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    max_failures: Option<NonZeroUsize>,
    /// Drop finished records of jobs that are no longer in the manifest: their videos stay, and a job that comes back is bought again
    #[arg(long)]
    prune: bool,
    /// Skip the confirmation that `run.confirm_above` in the manifest asks for
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
    /// Let the shell run this at the end, with the event `run_finished` as JSON on its standard input and BATCH_EXIT_CODE set
    #[arg(long, value_name = "COMMAND")]
    on_finish: Option<String>,
    // Last, since the heading of a group goes on to what follows it.
    #[command(flatten)]
    choosing: Choosing,
    #[command(flatten)]
    images: ImageOptions,
    #[command(flatten)]
    simulation: Simulation,
}

pub(in crate::cli) fn run(args: &Args, common: &Common, terminal: &Terminal) -> Result<Exit, Failure> {
    let realm = Realm::of(args.simulation.simulate);
    args.simulation.suit()?;
    let saved = args.manifest.as_deref().map(Saved::at).transpose()?.flatten();
    let named = saved.as_ref().map(Saved::manifest).or_else(|| args.manifest.clone());
    let levels = args.strictness.levels()?;
    let look = |source: &_| saved.is_some().then(|| saved::texts(source));
    let (project, texts) = Project::seen(named.as_deref(), realm, &levels, common, terminal, look)?;
    let saved = saved.zip(texts);
    // Before anything is sent: who asked for a page or a report is not told at the end that there is none.
    let page = args.report.as_deref().map(|path| PageFile::at(path, &project)).transpose()?;
    let (results, mut reporters) = ResultFiles::open(args.junit.as_deref(), &project.paths)?;
    let (recorder, receipt) = Recorder::new();
    if page.is_some() {
        reporters.push(Box::new(recorder));
    }
    let on_finish = args.on_finish.as_deref().map(OnFinish::new).map(|(on_finish, reporter)| {
        reporters.push(reporter);
        on_finish
    });
    let mut kept = Vec::new();
    let mut ended = perform(args, &project, saved.as_ref(), reporters, &mut kept, common, terminal);
    if let Some(page) = page
        && let Err(failure) = page.write(
            &project,
            &Shown {
                selection: &Selection::default(),
                statuses: &JobStatus::ALL,
                receipt: receipt.try_recv().ok().as_ref(),
                published: None,
            },
        )
    {
        ended = ended.and_then(|exit| worse(exit, failure, terminal));
    }
    if let Err(failure) = results.write(kept, terminal) {
        ended = ended.and_then(|exit| worse(exit, failure, terminal));
    }
    if let Some(on_finish) = on_finish {
        on_finish.run(&ended, terminal);
    }
    ended
}

/// Runs the manifest, as a plan says where one was `saved`, and tells `reporters` besides; puts the jobs that it leaves alone into
/// `kept`.
fn perform(
    args: &Args,
    project: &Project,
    saved: Option<&(Saved, Texts)>,
    reporters: Vec<Box<dyn Reporter>>,
    kept: &mut Vec<JobId>,
    common: &Common,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let mut command = RunCommand::of(args, project, saved, common, terminal)?;
    if args.frozen {
        return command.look();
    }
    let agreed = command.ask()?;
    let ledger = command.open_ledger()?;
    let mut preparation = command.prepare(&ledger, agreed)?;
    // Before images are looked at: that the key is missing is not said at the end of that.
    let destination = if preparation.plan.is_idle() { None } else { Some(command.destination(&ledger)?) };
    let begun = command.begin(&ledger, &preparation.plan, destination.as_ref(), reporters)?;
    let looked = command.look_at_images(&ledger, &begun)?;
    if !looked.entries.is_empty() {
        let before = preparation.plan.estimate;
        preparation = command.prepare_with(&looked, &ledger);
        if let Err(declined) = agreed.to_pictures(project, &preparation.plan, &begun.stop, terminal) {
            return command.decline(declined, ledger, &looked, begun);
        }
        begun.say_estimate(&preparation.plan.estimate, &before);
    }
    command.announce(&preparation, ledger.book(), &begun);
    kept.extend(preparation.kept().cloned());
    if preparation.plan.is_idle() || begun.is_interrupted() {
        return command.end_without_work(ledger, &preparation, looked, begun);
    }
    let destination = destination.map_or_else(|| command.destination(&ledger), Ok)?;
    command.execute(ledger, &preparation, &looked, &destination, begun)
}

/// Returns what comes of a run whose page or report couldn't be written.
fn worse(exit: Exit, failure: Failure, terminal: &Terminal) -> Result<Exit, Failure> {
    match exit {
        Exit::Interrupted(_) => {
            failure.say(terminal);
            Ok(exit)
        }
        _ => Err(failure),
    }
}
