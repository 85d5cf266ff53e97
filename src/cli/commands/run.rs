//! `batch run`: runs what has no result yet.

use crate::base::decimal::Decimal;
use crate::cli::choosing;
use crate::cli::completing;
use crate::cli::confirm::{self, Agreed};
use crate::cli::destination::{Destination, SIMULATED};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::frozen;
use crate::cli::images::ImageOptions;
use crate::cli::on_finish::OnFinish;
use crate::cli::options::{Choosing, Common, Progress, Simulation, Strictness, at_least_one, concurrency};
use crate::cli::page::{PageFile, Shown};
use crate::cli::progress;
use crate::cli::project::{Project, folder_shown};
use crate::cli::publishing;
use crate::cli::realm::Realm;
use crate::cli::results::ResultFiles;
use crate::cli::saved::{self, Saved, Texts};
use crate::cli::session::{self, Closing, finish};
use crate::cli::settings;
use crate::cli::sharing::{asked_elsewhere, warn_of_shared_tasks};
use crate::cli::signals::Signals;
use crate::cli::terminal::{Terminal, Volume};
use crate::engine::Settings;
use crate::engine::publishing::Backlog;
use crate::event::sender::Events;
use crate::event::stop::Level;
use crate::event::{self, Event};
use crate::ledger::Book;
use crate::ledger::record::Key;
use crate::manifest::model::RunSettings;
use crate::mirror::ImageCache;
use crate::plan::action::Action;
use crate::plan::select::Selection;
use crate::plan::{Choice, Plan};
use crate::report::Reporter;
use crate::report::documents::status::JobStatus;
use crate::report::gallery::Recorder;
use crate::report::look::count;
use crate::report::money::estimated;
use crate::report::standard_error;
use crate::run::{self, Execution, Preparation, end_without_work, fleet, renames};
use crate::service::address::BaseUrl;
use crate::service::names::JobId;
use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::path::PathBuf;

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
    let manifest = &project.manifest;
    let mut choice = match saved {
        Some((saved, _)) => {
            saved.suit(&args.choosing, args.prune || args.images.are_refreshed())?;
            saved.choice(&manifest.run, project.buyer())
        }
        None => Choice { prune: args.prune, buyer: project.buyer(), ..settings::choice(&args.choosing, manifest)? },
    };
    let holds = |book: &Book| match saved {
        Some((saved, texts)) => saved.holds(project, texts, common, book),
        None => Ok(()),
    };
    if saved.is_some() {
        holds(&project.read()?.book)?;
    }
    args.images.suit(manifest)?;
    choosing::look(&choice.selection, project, terminal)?;
    if args.frozen {
        let snapshot = project.read()?;
        choice.elsewhere = asked_elsewhere(project, &snapshot.book);
        choice.spent = snapshot.spent(&manifest.prices.unit)?;
        let moved = new_service(project, &snapshot.book, common)?;
        return frozen::look(project, &snapshot.book, &choice, moved.as_ref());
    }
    let agreed = match args.yes {
        true => Agreed::to_anything(),
        false => confirm::ask(project, &choice, terminal)?,
    };
    let service = || settings::base_url(common, Some(manifest)).map(|(base, _)| base.to_string());
    let mut ledger = project.fleet.open_ledger(&project.paths, &project.shown, service)?;
    ledger.buy_for(choice.buyer.clone());
    choice.elsewhere = asked_elsewhere(project, ledger.book());
    choice.spent = ledger.spent(&manifest.prices.unit)?;
    // Once more, now that no other run can write to it.
    holds(ledger.book())?;
    let mut preparation = Preparation::new(manifest, ledger.book(), ledger.book().pins(), &choice);
    if let Some((saved, _)) = saved {
        saved.buys_the_same(&preparation.manifest, &preparation.plan)?;
    }
    agreed.holds(&preparation.plan)?;
    renames::put_right(&manifest.folder, ledger.book(), std::mem::take(&mut preparation.plan.misplaced))?;
    let destination = || match args.simulation.simulate {
        true => Destination::simulated(&args.simulation, ledger.book().service()),
        false => Destination::service(manifest, ledger.book().service(), common),
    };
    // Before images are looked at: that the key is missing is not said at the end of that.
    let mut chosen = if preparation.plan.is_idle() { None } else { Some(destination()?) };
    let run = run_settings(args, &manifest.run, &choice);
    let target = match saved {
        // What is left of it is another plan.
        Some(_) => project.target().going_on("plan", &[]),
        None => project.target().going_on("run", &common.typed),
    };
    let (signals, reporting) =
        (Signals::default(), progress::start(args.progress, terminal, target.clone(), reporters)?);
    let identity =
        chosen.as_ref().map_or(ledger.book().service().unwrap_or_default(), |chosen| &chosen.service.identity);
    begin(project, &preparation.plan, identity, &run, &reporting.events());
    let (stop, image_cache) = (session::listen(&signals, &reporting), ImageCache::default());
    let mut publish = publishing::place(Some(manifest), &ledger, terminal);
    let remote_images = args.images.remote_images(ledger.lock());
    let looked = run::look_at_images(
        manifest,
        ledger.book(),
        &choice,
        args.images.changed(),
        (&remote_images, &image_cache),
        (&reporting.events(), &stop),
    )?;
    if !looked.entries.is_empty() {
        let before = preparation.plan.estimate;
        preparation = Preparation::new(manifest, ledger.book(), &looked.pins, &choice);
        if let Err(declined) = agreed.to_pictures(project, &preparation.plan, &stop, terminal) {
            reporting.leave();
            let seen = looked.first_seen(ledger.book());
            end_without_work(ledger, seen, None, service, None)?;
            return Err(declined);
        }
        if preparation.plan.estimate != before {
            reporting.events().send(Event::Estimated { estimate: preparation.plan.estimate.clone() });
        }
    }
    if choice.prune && !preparation.pending.is_empty() {
        let jobs = preparation.pending.len();
        tracing::warn!(
            jobs,
            "nothing is dropped while it isn't known what images of jobs show: their records may be among it"
        );
    }
    preparation.announce(&reporting.events());
    warn_of_shared_tasks(ledger.book(), terminal);
    kept.extend(preparation.kept().cloned());
    let Preparation { manifest, plan, .. } = &preparation;
    let interrupted = stop.level() == Level::Out;
    if plan.is_idle() || interrupted {
        let entries = match interrupted {
            true => looked.first_seen(ledger.book()),
            false => looked.entries.into_iter().chain(preparation.uses(&choice.buyer)).collect(),
        };
        let moved = new_service(project, ledger.book(), common)?.filter(|_| !interrupted);
        // What another run is about to submit is no more uncertain than that run is silent.
        let answered = if interrupted { HashSet::new() } else { fleet::answered_by_others(&ledger, &stop)? };
        if let Some(Backlog { publisher, videos }) = &mut publish {
            *videos = preparation.unpublished(publisher.url(), ledger.book(), &choice, &[]);
        }
        let publish = publish.filter(|_| !interrupted).map(|backlog| (backlog, manifest.folder.clone(), stop.clone()));
        let published = end_without_work(ledger, entries, moved.as_ref(), service, publish)?;
        let mut outcome = if interrupted {
            preparation.broken_off(&stop)
        } else {
            preparation.settled(preparation.nothing_done(), &answered)
        };
        outcome.take_published(published);
        let closing = Closing { signals: &signals, target: &target, key: None };
        let exit = finish(outcome, &closing, reporting, terminal);
        no_room(&preparation, &choice, terminal);
        return Ok(exit);
    }
    let destination = chosen.take().map_or_else(destination, Ok)?;
    let closing = Closing { signals: &signals, target: &target, key: destination.key_source.clone() };
    let first = preparation.first_entries(&project.manifest, &looked, &choice.buyer);
    ledger.prune(&plan.prune);
    let kept_by = if ledger.shared().is_some() { KeptBy::SharedLedger } else { KeptBy::Nobody };
    let renamings = renames::of(&manifest.folder, ledger.book(), &plan.moves);
    if let Some(Backlog { publisher, videos }) = &mut publish {
        *videos = preparation.unpublished(publisher.url(), ledger.book(), &choice, &renamings);
    }
    let execution = Execution {
        folder: &manifest.folder,
        settings: Settings {
            max_failures: args.max_failures,
            max_cost: choice.max_cost,
            ..session::settings(&run, &destination)
        },
        unit: manifest.prices.unit.clone(),
        destination: &destination.service,
        reupload: args.reupload,
        events: reporting.events(),
        stop,
        remote_images,
        image_cache,
        publish,
    };
    let work = preparation.work(&project.manifest, &looked, ledger.book(), &renamings);
    let failed = |error| Failure::of_run(error, &target);
    let (mut outcome, unclosed) = execution.run(ledger, renamings, first, work).map_err(failed)?;
    let unclosed = unclosed.map(failed);
    let answered = std::mem::take(&mut outcome.answered);
    let outcome = preparation.settled(preparation.with_rest(outcome), &answered);
    let exit = finish(outcome, &closing, reporting, terminal);
    unclosed.iter().for_each(|failure| failure.say(terminal));
    no_room(&preparation, &choice, terminal);
    if unclosed.is_none() {
        say_pruned(&preparation.plan.prune, kept_by, terminal);
    }
    Ok(exit)
}

/// Who still knows of records that `--prune` dropped from the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeptBy {
    Nobody,
    /// Nothing is deleted there: other clones and manifests may need it.
    SharedLedger,
}

/// Says which records `--prune` dropped: with them goes the knowledge that they are paid, unless a shared ledger keeps it.
fn say_pruned(dropped: &[Key], kept_by: KeptBy, terminal: &Terminal) {
    if !dropped.is_empty() && terminal.volume > Volume::Quiet {
        let jobs: Vec<&JobId> = dropped.iter().map(|key| &key.job).collect();
        let records = count(jobs.len(), "record");
        let named = frozen::named(&jobs);
        standard_error::say(match kept_by {
            KeptBy::Nobody => {
                format!(
                    "dropped {records} of jobs that left the manifest ({named}): a job that comes back is bought again\n"
                )
            }
            KeptBy::SharedLedger => format!(
                "dropped {records} of jobs that left the manifest ({named}) from the lock: the shared ledger keeps them, so that a job that comes back isn't bought again, and the next run without --prune writes them into the lock\n"
            ),
        });
    }
}

/// Says where `--max-cost` has no room for a single job: that is hardly what was meant.
fn no_room(preparation: &Preparation<'_>, choice: &Choice, terminal: &Terminal) {
    if let Some((job, price)) = preparation.first_beyond()
        && let Some(most) = choice.max_cost.filter(|most| choice.spent.plus(price.amount) > *most)
    {
        let price = estimated(&price);
        let spent = match choice.spent {
            Decimal::ZERO => String::new(),
            spent => format!(": {spent} of it is spent by what the runs of this ledger bought"),
        };
        Failure::usage(format!(
            "nothing was submitted: the next job, {job}, costs {price}; --max-cost {most} has no room for it{spent}"
        ))
        .warn(terminal);
    }
}

/// Returns the name that the lock's service is to have from now on (`--move-service`), if it has another.
fn new_service(project: &Project, book: &Book, common: &Common) -> Result<Option<BaseUrl>, Failure> {
    if project.realm == Realm::Trial || !common.move_service {
        return Ok(None);
    }
    let (base, _) = settings::base_url(common, Some(&project.manifest))?;
    // No word of a person makes the simulated service the same as a real one.
    let other = |service: &str| service != SIMULATED && service != base.to_string();
    Ok(book.service().is_some_and(other).then_some(base))
}

/// Returns the manifest's settings, with what the command line says instead.
fn run_settings(args: &Args, manifest: &RunSettings, choice: &Choice) -> RunSettings {
    RunSettings {
        concurrency: args.concurrency.unwrap_or(manifest.concurrency),
        on_uncertain: choice.policy.on_uncertain,
        ..manifest.clone()
    }
}

/// Says what the run is about.
fn begin(project: &Project, plan: &Plan, identity: &str, run: &RunSettings, events: &Events) {
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
}
