//! `batch fetch`: collects what is paid; submits nothing, and works although the manifest has errors.

use crate::base::folder::Folder;
use crate::cli::args::{Common, Progress, Subject};
use crate::cli::destination::Destination;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::progress;
use crate::cli::project::{Realm, folder_of_manifest, folder_shown, lock_shown, manifest_path, paths, readable};
use crate::cli::session::{self, Session, finish};
use crate::cli::signals::Signals;
use crate::cli::terminal::Terminal;
use crate::client::elsewhere::{Elsewhere, Reach};
use crate::engine::spool::Spool;
use crate::engine::{Outcome, Work};
use crate::event::{self, Event};
use crate::ledger::record::{Record, Stage};
use crate::plan::videos::{Care, Videos, look};
use crate::spec::vocabulary::BASE_URL;

/// Options of `batch fetch`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    subject: Subject,
    /// How to show what happens
    #[arg(long, value_name = "HOW", default_value = "auto")]
    progress: Progress,
}

pub(in crate::cli) fn run(args: &Args, common: &Common, terminal: &Terminal) -> Result<Exit, Failure> {
    let shown = manifest_path(args.subject.manifest.manifest.as_deref())?;
    let realm = Realm::of(args.subject.trial.simulate);
    // Although it has errors, but not without it: what it says of the folder is where it lies.
    let loaded = readable(&shown, common, terminal)?;
    let paths = paths(&shown, realm, common)?;
    let folder = folder_of_manifest(&shown)?;
    // How to run is taken from a manifest that is sound; what to collect stands in the lock.
    let settings = loaded.manifest.map(|manifest| manifest.run).unwrap_or_default();
    let ledger = session::open(&paths, &shown)?;
    let collect: Vec<Record> = ledger.book().records().filter(|record| is_to_fetch(record, &folder)).cloned().collect();
    let signals = Signals::default();
    let target = realm.target(&shown, &lock_shown(&shown, realm, common)).going_on("fetch", &common.typed);
    let reporting = progress::start(args.progress, terminal, target, Vec::new())?;
    // A lock that isn't there yet has no service; then there is nothing to fetch either.
    let identity = ledger.book().service().map_or_else(|| BASE_URL.to_owned(), str::to_owned);
    reporting.events().send(Event::RunStarted {
        estimate: None,
        version: event::VERSION,
        manifest: shown.display().to_string(),
        lock: lock_shown(&shown, realm, common),
        folder: folder_shown(folder.path()),
        service: identity.clone(),
        jobs: collect.len(),
        concurrency: settings.concurrency.get(),
    });
    if collect.is_empty() {
        ledger.close_unchanged()?;
        return Ok(finish(Outcome::default(), &signals, reporting, terminal));
    }
    let destination = match realm {
        Realm::Trial => Destination::simulated(&Default::default(), Some(&identity))?,
        Realm::Real => Destination::of_lock(&identity, folder.path(), common)?,
    };
    let session = Session {
        folder: &folder,
        settings: session::settings(&settings, &destination),
        destination,
        reupload: false,
        reporting: &reporting,
        stop: session::listen(&signals, &reporting),
        elsewhere: Elsewhere::new(ledger.lock(), Reach::Public { past_proxy: false }),
        spool: Spool::default(),
    };
    let outcome = session.run(ledger, Vec::new(), Vec::new(), Work { collect, purchases: std::iter::empty() })?;
    Ok(finish(outcome, &signals, reporting, terminal))
}

/// Whether a record is paid for and its videos aren't all here.
fn is_to_fetch(record: &Record, folder: &Folder) -> bool {
    match record.stage {
        Stage::Submitted { .. } | Stage::Generated { .. } => true,
        Stage::Succeeded { .. } => look(folder, record, Care::Quick) != Videos::Intact,
        Stage::Failed { .. } | Stage::Refused { .. } | Stage::Uncertain { .. } => false,
    }
}
