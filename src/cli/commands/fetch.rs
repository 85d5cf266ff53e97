//! `batch fetch`: collects what is paid; submits nothing, and works although the manifest has errors.

use crate::base::folder::Folder;
use crate::cli::choosing;
use crate::cli::completing;
use crate::cli::destination::Destination;
use crate::cli::doubtful;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::fleet::Fleet;
use crate::cli::on_finish::OnFinish;
use crate::cli::options::{Common, Progress, Subject, Which};
use crate::cli::progress;
use crate::cli::project::{folder_of_manifest, folder_shown, lock_shown, manifest_path, paths, readable};
use crate::cli::publishing;
use crate::cli::realm::Realm;
use crate::cli::session::{self, Closing, finish};
use crate::cli::settings;
use crate::cli::signals::Signals;
use crate::cli::terminal::{Terminal, Volume};
use crate::client::remote::{Reach, RemoteImages};
use crate::engine::publishing::Backlog;
use crate::engine::{Due, Outcome, Work};
use crate::event::{self, Event};
use crate::ledger::record::Record;
use crate::ledger::{Book, Renamed};
use crate::manifest::Manifest;
use crate::mirror::ImageCache;
use crate::plan::action::{Action, Reason};
use crate::plan::reconcile::{Move, Reconciler, namesakes};
use crate::plan::select::{OfManifest, Selection};
use crate::plan::stray::{Stray, to_collect};
use crate::plan::videos::{Care, Shelf, is_short};
use crate::report::Reporter;
use crate::run::{self, Execution, end_without_work, renames};
use crate::service::names::JobId;
use crate::service::vocabulary::BASE_URL;
use std::collections::HashSet;
use std::io::{self, Write as _};

/// Options of `batch fetch`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    subject: Subject,
    /// How to show what happens
    #[arg(long, value_name = "HOW", default_value = "auto")]
    progress: Progress,
    /// Let the shell run this at the end, with the event `run_finished` as JSON on its standard input and BATCH_EXIT_CODE set
    #[arg(long, value_name = "COMMAND")]
    on_finish: Option<String>,
    #[command(flatten)]
    which: Which,
    /// Take the doubtful videos of this job (NAME.doubtful beside their places) for its videos; repeatable
    #[arg(long, value_name = "JOB", value_parser = job_id, add = completing::jobs())]
    accept_doubtful: Vec<JobId>,
}

/// Parses the id of a job.
///
/// # Errors
/// Fails if it is none.
fn job_id(text: &str) -> Result<JobId, String> {
    JobId::new(text).map_err(|error| error.to_string())
}

pub(in crate::cli) fn run(args: &Args, common: &Common, terminal: &Terminal) -> Result<Exit, Failure> {
    let Some((on_finish, reporter)) = args.on_finish.as_deref().map(OnFinish::new) else {
        return perform(args, Vec::new(), common, terminal);
    };
    let ended = perform(args, vec![reporter], common, terminal);
    on_finish.run(&ended, terminal);
    ended
}

/// Fetches, and tells `reporters` besides.
fn perform(
    args: &Args,
    reporters: Vec<Box<dyn Reporter>>,
    common: &Common,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let shown = manifest_path(args.subject.manifest.manifest.as_deref())?;
    let realm = Realm::of(args.subject.trial.simulate);
    // Although it has errors, but not without it: what it says of the folder is where it lies.
    let manifest = readable(&shown, common, terminal)?.manifest;
    let paths = paths(&shown, realm, common)?;
    let folder = folder_of_manifest(&shown)?;
    let fleet = Fleet::named(manifest.as_ref(), realm, common)?;
    // How to run is taken from a manifest that is sound; what to collect stands in the lock.
    let settings = manifest.as_ref().map(|manifest| manifest.run.clone()).unwrap_or_default();
    let selection = settings::selection(&args.which)?;
    if selection.is_said() {
        if manifest.is_none() && !args.which.named.tag.is_empty() {
            return Err(Failure::usage("--tag can't be used while the manifest has errors: the tags are in it")
                .hint("fix it (`batch check` shows what is wrong), or choose by --only"));
        }
        choosing::among(&selection, manifest.as_ref(), &fleet.read(&paths)?.book, terminal)?;
    }
    let service = || settings::base_url(common, manifest.as_ref()).map(|(base, _)| base.to_string());
    let mut ledger = fleet.open_ledger(&paths, &shown, service)?;
    if !args.accept_doubtful.is_empty() {
        for said in doubtful::accept(ledger, &folder, &args.accept_doubtful)? {
            if terminal.volume > Volume::Quiet {
                // Where standard error is closed, nobody reads it.
                let _ = writeln!(io::stderr(), "{said}");
            }
        }
        ledger = fleet.open_ledger(&paths, &shown, service)?;
    }
    // A trial publishes nothing.
    let of_real = manifest.as_ref().filter(|_| realm == Realm::Real);
    let mut publish = publishing::place(of_real, &ledger, terminal);
    let (strays, misplaced) = to_fetch(ledger.book(), manifest.as_ref(), &selection, &folder);
    renames::put_right(&folder, ledger.book(), misplaced)?;
    // A lock that isn't there yet has no service; then there is nothing to fetch either.
    let mut identity = ledger.book().service().map_or_else(|| BASE_URL.to_owned(), str::to_owned);
    let destination = match realm {
        _ if strays.is_empty() => None,
        Realm::Trial => Some(Destination::simulated(&Default::default(), Some(&identity))?),
        Realm::Real => Some(Destination::of_paid(&identity, manifest.as_ref(), folder.path(), common)?),
    };
    if let Some(destination) = &destination {
        identity.clone_from(&destination.service.identity);
    }
    let signals = Signals::default();
    let target = realm.target(&shown, &lock_shown(&shown, realm, common)).going_on("fetch", &common.typed);
    let key = destination.as_ref().and_then(|destination| destination.key_source.clone());
    let closing = Closing { signals: &signals, target: &target, key };
    let reporting = progress::start(args.progress, terminal, target.clone(), reporters)?;
    reporting.events().send(Event::RunStarted {
        estimate: None,
        version: event::VERSION,
        manifest: shown.display().to_string(),
        lock: lock_shown(&shown, realm, common),
        folder: folder_shown(folder.path()),
        service: identity,
        jobs: strays.len(),
        concurrency: settings.concurrency.get(),
    });
    let renamings = renames::of(&folder, ledger.book(), &with_own_names(ledger.book(), &strays));
    if let Some(Backlog { publisher, videos }) = &mut publish {
        let chosen = OfManifest::new(&selection, manifest.as_ref().map_or(&[][..], |manifest| &manifest.jobs));
        let is_chosen = |record: &Record| chosen.takes(&record.key.job);
        *videos = run::publishing::unpublished(publisher.url(), ledger.book(), &folder, &renamings, is_chosen);
    }
    let stop = session::listen(&signals, &reporting);
    let Some(destination) = destination else {
        let mut outcome = Outcome::default();
        let publish = publish.map(|backlog| (backlog, folder, stop));
        outcome.take_published(end_without_work(ledger, Vec::new(), None, service, publish)?);
        return Ok(finish(outcome, &closing, reporting, terminal));
    };
    run::announce(&strays, &reporting.events());
    let execution = Execution {
        folder: &folder,
        settings: session::settings(&settings, &destination),
        unit: manifest.as_ref().map(|manifest| manifest.prices.unit.clone()).unwrap_or_default(),
        destination: &destination.service,
        reupload: false,
        events: reporting.events(),
        stop,
        remote_images: RemoteImages::new(ledger.lock(), Reach::Public { past_proxy: false }),
        image_cache: ImageCache::default(),
        publish,
    };
    let after = |record: &Record| renames::after(&renamings, record);
    let due = |Stray { record, .. }: Stray| Due {
        others: ledger.book().others(record.id).map(after).collect(),
        record: after(&record),
    };
    let collect = strays.into_iter().map(due).collect();
    let work = Work { collect, purchases: std::iter::empty() };
    let failed = |error| Failure::of_run(error, &target);
    let (outcome, unclosed) = execution.run(ledger, renamings, Vec::new(), work).map_err(failed)?;
    let unclosed = unclosed.map(failed);
    let exit = finish(outcome, &closing, reporting, terminal);
    unclosed.iter().for_each(|failure| failure.say(terminal));
    Ok(exit)
}

/// Returns the moves of what would get the name of another input of its job.
fn with_own_names(book: &Book, strays: &[Stray]) -> Vec<Move> {
    let jobs: HashSet<&JobId> = strays.iter().map(|stray| &stray.record.key.job).collect();
    let displaced = namesakes(book, |record| jobs.contains(&record.key.job));
    Reconciler::new(book, &[], &HashSet::new()).moves(&displaced)
}

/// Returns all records that are paid for and whose videos aren't all here, by the same table as a run, and the videos that lie under another name
/// than the lock knows.
fn to_fetch(
    book: &Book,
    manifest: Option<&Manifest>,
    selection: &Selection,
    folder: &Folder,
) -> (Vec<Stray>, Vec<Renamed>) {
    let jobs = manifest.map_or(&[][..], |manifest| &manifest.jobs);
    let chosen = OfManifest::new(selection, jobs);
    let shelf = Shelf::new(folder, book, jobs, Care::Quick);
    let ids: Option<HashSet<&JobId>> = manifest.map(|manifest| manifest.jobs.iter().map(|job| &job.id).collect());
    let of_record = |record| {
        // What fell short is asked for once more, since that costs nothing.
        let fewer = || is_short(record).then_some((Action::Download, Reason::FewerVideos));
        let (action, reason) = to_collect(&shelf, record).or_else(fewer)?;
        let is_removed = ids.as_ref().is_some_and(|ids| !ids.contains(&record.key.job));
        let reason = match (is_removed, record.is_superseded()) {
            (true, _) => Reason::Removed,
            (false, true) => Reason::Superseded,
            (false, false) => reason,
        };
        Some(Stray { record: record.clone(), action, reason })
    };
    let strays = book.records().filter(|record| chosen.takes(&record.key.job)).filter_map(of_record).collect();
    (strays, shelf.into_misplaced())
}
