//! `batch lock`: joins locks of branches, clones and shards.

use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, Sides};
use crate::cli::fleet::{self, Fleet};
use crate::cli::options::{Common, ManifestArg, Trial};
use crate::cli::project::{lock_shown, manifest_path, paths, readable};
use crate::cli::realm::Realm;
use crate::cli::sharing::{LOOK_UP, shared_task};
use crate::cli::terminal::{Terminal, Volume};
use crate::ledger::{self, Holder, Merged, Paths, Services};
use crate::report::look::count;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Options of `batch lock`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Join locks: no task id is lost, nothing is bought again
    Merge(Merge),
    /// Write the lock from the shared ledger, as a run does at its end
    Pull(ManifestArg),
}

/// Options of `batch lock merge`.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "batch lock merge [MANIFEST]\n       batch lock merge LOCK... -o OUT\n       batch lock merge --driver BASE OURS THEIRS PATH"
)]
struct Merge {
    /// The manifest whose lock git left in conflict; with -o, the locks to join
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write the joined lock there; an existing lock is joined as well
    #[arg(short = 'o', long = "output", value_name = "OUT")]
    out: Option<PathBuf>,
    /// Join as git's merge driver: BASE OURS THEIRS PATH, which git gives as %O %A %B %P
    #[arg(long, num_args = 4, value_names = ["BASE", "OURS", "THEIRS", "PATH"], conflicts_with_all = ["files", "out"])]
    driver: Vec<PathBuf>,
    #[command(flatten)]
    trial: Trial,
}

pub(in crate::cli) fn run(args: &Args, common: &Common, terminal: &Terminal) -> Result<Exit, Failure> {
    let args = match &args.action {
        Action::Merge(args) => args,
        Action::Pull(args) => return pull(args, common, terminal),
    };
    let services = if common.move_service { Services::Moved } else { Services::Apart };
    if let [_, ours, theirs, path] = &args.driver[..] {
        // What both come from is in both.
        let merged = ledger::drive(ours, theirs, path, services)
            .map_err(|error| Failure::unjoined(error, Sides::OfConflict(path)))?;
        return Ok(say(&path.display().to_string(), &merged, terminal));
    }
    if let Some(out) = &args.out {
        if args.files.is_empty() {
            return Err(Failure::usage("no locks are named").hint("name them: batch lock merge A B -o OUT"));
        }
        let inputs: Vec<&Path> = args.files.iter().map(PathBuf::as_path).collect();
        let merged = ledger::join(&inputs, out, services).map_err(|error| Failure::unjoined(error, Sides::InFiles))?;
        return Ok(say(&out.display().to_string(), &merged, terminal));
    }
    let lock = match &args.files[..] {
        [] | [_] if common.lock.is_some() => {
            paths(args.files.first().map_or(Path::new("-"), PathBuf::as_path), Realm::Real, common)?
        }
        [lock] if lock.extension() == Some(OsStr::new("lock")) => Paths::of(lock),
        [] => paths(&manifest_path(None)?, Realm::of(args.trial.simulate), common)?,
        [manifest] => paths(manifest, Realm::of(args.trial.simulate), common)?,
        _ => {
            return Err(Failure::usage("several locks are named, and no output")
                .hint("write batch lock merge A B -o OUT; it may be one of them"));
        }
    };
    let shown = lock.lock.display().to_string();
    match ledger::resolve_conflict(&lock, services)
        .map_err(|error| Failure::unjoined(error, Sides::OfConflict(&lock.lock)))?
    {
        Some(merged) => Ok(say(&shown, &merged, terminal)),
        None => {
            if terminal.volume > Volume::Quiet {
                let _ = writeln!(io::stderr(), "{shown} has no marks of a merge: nothing was changed");
            }
            Ok(Exit::Done)
        }
    }
}

/// Writes the lock from the shared ledger.
fn pull(args: &ManifestArg, common: &Common, terminal: &Terminal) -> Result<Exit, Failure> {
    let shown = manifest_path(args.manifest.as_deref())?;
    let manifest = readable(&shown, common, terminal)?.manifest;
    let paths = paths(&shown, Realm::Real, common)?;
    let fleet = Fleet::named(manifest.as_ref(), Realm::Real, common)?;
    let ledger = ledger::open(&paths, Holder::this_process())?;
    let purchases = fleet::block_on(async {
        let shared = fleet.existing().await?;
        Ok(ledger::pull(ledger, shared, fleet.is_moved(), fleet::PATIENCE).await?)
    })?;
    if terminal.volume > Volume::Quiet {
        let shown = lock_shown(&shown, Realm::Real, common);
        let _ = writeln!(io::stderr(), "{shown}: {} of {}", count(purchases, "purchase"), fleet.url()?);
    }
    Ok(Exit::Done)
}

/// Says what the locks came to.
fn say(lock: &str, merged: &Merged, terminal: &Terminal) -> Exit {
    if terminal.volume > Volume::Quiet {
        let mut said = format!("{lock}: joined, {}\n", count(merged.purchases, "purchase"));
        for key in &merged.bought_twice {
            said += &format!(
                "bought-twice: {} is paid twice for the same; both stay, and nothing is bought again\n",
                key.job
            );
        }
        for (task, keys) in &merged.shared_tasks {
            said += &format!("shared-task: {}; {LOOK_UP}\n", shared_task(task, keys));
        }
        // If standard error is closed, nobody reads it.
        let _ = io::stderr().write_all(said.as_bytes());
    }
    Exit::Done
}
