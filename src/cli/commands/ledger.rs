//! `batch ledger`: a shared ledger is founded, looked at, and filled from locks.

use crate::base::bucket::{Rules, rules_of};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::fleet::{self, Fleet};
use crate::cli::options::{Common, ManifestArg};
use crate::cli::project::{NAMES, manifest_path, readable};
use crate::cli::realm::Realm;
use crate::cli::settings;
use crate::cli::standard_output::print_text;
use crate::cli::terminal::{Terminal, Volume};
use crate::ledger::record::Status;
use crate::ledger::shared::{Doubts, policy, prove};
use crate::ledger::{self, Book, LedgerError, Paths, Shared};
use crate::manifest::Manifest;
use crate::report::look::count;
use crate::report::standard_error;
use crate::service::ledger_url::Engine;
use std::path::{Path, PathBuf};

/// Options of `batch ledger`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Prove that a ledger can be kept there, and found it
    Init(ManifestArg),
    /// Prove it again, and count what the ledger knows
    Check(ManifestArg),
    /// Bring in what locks, and the journals beside them, know: nothing is bought again
    Import(Import),
}

/// Options of `batch ledger import`.
#[derive(Debug, clap::Args)]
struct Import {
    /// The locks
    #[arg(value_name = "LOCK", required = true)]
    locks: Vec<PathBuf>,
}

pub(in crate::cli) fn run(args: &Args, common: &Common, terminal: &Terminal) -> Result<Exit, Failure> {
    match &args.action {
        Action::Init(manifest) => init(&Subject::of(manifest.manifest.as_deref(), common, terminal)?, terminal),
        Action::Check(manifest) => check(&Subject::of(manifest.manifest.as_deref(), common, terminal)?),
        Action::Import(import) => self::import(import, &Subject::of(None, common, terminal)?, terminal),
    }
}

/// The ledger that is meant, and the manifest that names it, where one does.
struct Subject<'c> {
    common: &'c Common,
    fleet: Fleet,
    manifest: Option<Manifest>,
}

impl Subject<'_> {
    fn of<'c>(named: Option<&Path>, common: &'c Common, terminal: &Terminal) -> Result<Subject<'c>, Failure> {
        // A ledger that is named otherwise needs no manifest.
        let is_there = named.is_some() || NAMES.into_iter().any(|name| Path::new(name).exists());
        let manifest = match is_there {
            true => readable(&manifest_path(named)?, common, terminal)?.manifest,
            false => None,
        };
        let fleet = Fleet::named(manifest.as_ref(), Realm::Real, common)?;
        if is_there && manifest.is_none() && fleet.url().is_err() {
            return Err(Failure::usage("the manifest has errors, so its `run.ledger` can't be read")
                .hint("`batch check` shows them; or name the ledger by --ledger or BATCH_LEDGER"));
        }
        Ok(Subject { common, fleet, manifest })
    }

    async fn found(&self) -> Result<Shared, Failure> {
        let (base, _) = settings::base_url(self.common, self.manifest.as_ref())?;
        self.fleet.found(&base.to_string()).await
    }
}

fn init(subject: &Subject<'_>, terminal: &Terminal) -> Result<Exit, Failure> {
    let shared = fleet::block_on(subject.found())?;
    // Whoever may add it to the bucket takes it from here.
    if let Engine::Bucket(bucket) = shared.place.engine()
        && let Some(policy) = policy(bucket)
    {
        print_text(policy + "\n")?;
    }
    say(&format!("{} is a ledger for {} (id {})", shared.place, shared.charter.service, shared.charter.id), terminal);
    Ok(Exit::Done)
}

fn check(subject: &Subject<'_>) -> Result<Exit, Failure> {
    let (shared, book, alive, rules) = fleet::block_on(async {
        let shared = subject.fleet.existing().await?;
        prove(shared.desk.store(), &fleet::fresh_id()).await.map_err(|error| shared.failed(error))?;
        let broken = shared.desk.examine().await.map_err(|error| shared.failed(error))?;
        if !broken.is_empty() {
            let what = count(broken.len(), "document");
            let broken = broken.iter().fold(String::new(), |all, error| format!("{all}\n  {error}"));
            return Err(Failure::machine(format!(
                "the ledger {} has {what} that can't be read:{broken}",
                shared.place
            )));
        }
        let book = shared.view(&Book::default(), Doubts::Told).await?;
        let alive = shared.desk.runs_alive().await.map_err(|error| shared.failed(error))?;
        let rules = match shared.place.engine() {
            Engine::Bucket(bucket) => rules_of(bucket).await.map_err(Failure::machine)?,
            Engine::Folder(_) | Engine::Postgres(_) => None,
        };
        Ok((shared, book, alive, rules))
    })?;
    let statuses =
        [Status::Submitted, Status::Generated, Status::Succeeded, Status::Failed, Status::Refused, Status::Uncertain];
    let counts =
        statuses.map(|status| (status, book.records().filter(|record| record.stage.status() == status).count()));
    let counts = counts.iter().filter(|(_, n)| *n > 0).map(|(status, n)| format!("{n} {}", status.as_str()));
    let counts: Vec<String> = counts.collect();
    let jobs = if counts.is_empty() { "no job yet".to_owned() } else { counts.join(", ") };
    let alive: Vec<String> = alive.iter().map(ToString::to_string).collect();
    let runs = if alive.is_empty() { "no run is alive".to_owned() } else { format!("alive: {}", alive.join(", ")) };
    let (place, charter) = (&shared.place, &shared.charter);
    print_text(format!(
        "{place}: keeps the conditions of writes\nid {}\nservice {}\n{jobs}\n{runs}\n{}",
        charter.id,
        charter.service,
        rules.as_ref().map(told).unwrap_or_default()
    ))?;
    match rules.and_then(|rules| rules.lifecycle.ok()) {
        Some(taking) if !taking.is_empty() => {
            let rules = taking.join(", ");
            Err(Failure::machine(format!("lifecycle rules of the bucket take objects of the ledger away: {rules}"))
                .hint("exclude its folder from them: what is forgotten there is bought again"))
        }
        _ => Ok(Exit::Done),
    }
}

/// Says what a bucket does to the ledger's objects by itself, a line for each thing.
fn told(rules: &Rules) -> String {
    let versions = match &rules.versioning {
        Ok(true) => "former versions of objects are kept".to_owned(),
        Ok(false) => "former versions of objects are not kept: versioning lets a damaged one be put back".to_owned(),
        Err(why) => format!("whether former versions of objects are kept can't be read: {why}"),
    };
    let lifecycle = match &rules.lifecycle {
        Ok(taking) if taking.is_empty() => "no lifecycle rule takes objects of the ledger away".to_owned(),
        Ok(taking) => format!("lifecycle rules that take objects of the ledger away: {}", taking.join(", ")),
        Err(why) => format!("whether a lifecycle rule takes objects of the ledger away can't be read: {why}"),
    };
    format!("{versions}\n{lifecycle}\n")
}

fn import(import: &Import, subject: &Subject<'_>, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut books = Vec::new();
    for lock in &import.locks {
        let paths = Paths::named(lock);
        if !paths.lock.exists() && !paths.journal.exists() {
            return Err(Failure::machine(format!("{} doesn't exist", lock.display())));
        }
        books.push((lock, ledger::read(&paths)?.book));
    }
    let service = books.iter().find_map(|(_, book)| book.service().map(str::to_owned));
    fleet::block_on(async {
        let shared = match &service {
            Some(service) => subject.fleet.found(service).await?,
            None => subject.found().await?,
        };
        for (lock, book) in &books {
            if let Some(other) = book.service().filter(|service| *service != shared.charter.service) {
                let (path, lock, wanted) = ((*lock).clone(), other.to_owned(), shared.charter.service.clone());
                return Err(LedgerError::OtherService { path, lock, wanted }.into());
            }
            let brought = shared.take_in(book, fleet::PATIENCE).await?;
            shared.take_place_in(book).await?;
            say(&format!("{}: {} known to {}", lock.display(), count(brought, "purchase"), shared.place), terminal);
        }
        shared.desk.accept_era().await.map_err(|error| shared.failed(error))?;
        Ok(Exit::Done)
    })
}

fn say(said: &str, terminal: &Terminal) {
    if terminal.volume > Volume::Quiet {
        standard_error::say(format!("{said}\n"));
    }
}
