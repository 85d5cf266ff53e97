//! Options that several commands share; their docs are the help.

mod choosing;
mod simulation;

use super::codes::LintParser;
use super::completing;
use super::failure::Failure;
use super::terminal::{ColorChoice, Volume};
use crate::diagnostic::levels::{Levels, Lint};
use crate::manifest::fields::{self, Kind};
use crate::report::commands::Typed;
use clap::{Args as ClapArgs, ValueEnum, ValueHint};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

pub(super) use choosing::{Choosing, Named, Standing, Which};
pub(super) use simulation::Simulation;

/// Options of every command, and those that many share: [`uses`] says which command has a use for which.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(super) struct Common {
    /// When to use colors
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "General")]
    pub(super) color: ColorChoice,
    /// Print more on stderr; twice: still more
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "General")]
    pub(super) verbose: u8,
    /// Print less on stderr: errors only
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "General")]
    pub(super) quiet: bool,
    /// The lock file, instead of the one beside the manifest
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = LEDGER)]
    pub(super) lock: Option<PathBuf>,
    /// The shared ledger where the purchases are kept; wins over BATCH_LEDGER, which wins over `run.ledger` in the manifest
    #[arg(long, global = true, value_name = "URL", help_heading = LEDGER)]
    pub(super) ledger: Option<String>,
    /// Look at the lock alone, and not at the shared ledger that it was written from
    #[arg(long, global = true, help_heading = LEDGER)]
    pub(super) offline: bool,
    /// The shared ledger takes the place of the lock's: bring in what the lock knows; without a ledger: go on with the lock alone
    #[arg(long, global = true, help_heading = LEDGER)]
    pub(super) move_ledger: bool,
    /// The lock's service has a new base URL: keep its task ids and uploads
    #[arg(long, global = true, help_heading = SERVICE)]
    pub(super) move_service: bool,
    /// The service's base URL; wins over BAICAI_BASE_URL, which wins over the manifest
    #[arg(long, global = true, value_name = "URL", help_heading = SERVICE)]
    pub(super) base_url: Option<String>,
    /// Send the key to a base URL that only the manifest names
    #[arg(long, global = true, help_heading = SERVICE)]
    pub(super) trust_base_url: bool,
    /// The typed options that continue the same run when they are typed again.
    #[arg(skip)]
    pub(super) typed: Vec<Typed>,
}

/// The heading of options about what is known of the jobs.
const LEDGER: &str = "Lock and ledger";

/// The heading of options about where the jobs go.
const SERVICE: &str = "Service";

/// Returns whether a command, as `lock merge`, has a use for an option of [`Common`]; an option that it has no use for is not in its
/// help, and is refused.
pub(super) fn uses(command: &str, option: &str) -> bool {
    let reads = ["run", "plan", "show", "status", "verify", "fetch", "resolve", "report"].contains(&command);
    match option {
        "lock" => reads || ["lock", "lock merge", "lock pull"].contains(&command),
        "ledger" => reads || command == "lock pull" || command.starts_with("ledger"),
        "offline" => reads,
        "move_ledger" => ["run", "fetch", "resolve", "lock pull"].contains(&command),
        "move_service" => ["run", "plan", "verify", "fetch", "lock merge"].contains(&command),
        "base_url" => reads || ["ledger init", "ledger import"].contains(&command),
        "trust_base_url" => ["run", "fetch"].contains(&command),
        _ => true,
    }
}

impl Common {
    /// Returns the amount of output.
    pub(super) fn volume(&self) -> Volume {
        match (self.quiet, self.verbose) {
            (true, _) => Volume::Quiet,
            (false, 0) => Volume::Normal,
            (false, more) => Volume::Verbose(more),
        }
    }
}

/// The manifest that a command is about.
#[derive(Clone, Debug, ClapArgs)]
pub(super) struct ManifestArg {
    /// The manifest; by default jobs.yaml, jobs.yml, jobs.toml or jobs.json, if exactly one is here
    #[arg(value_name = "MANIFEST", add = completing::manifests())]
    pub(super) manifest: Option<PathBuf>,
}

/// Look at the trial instead of the real thing.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub(super) struct Trial {
    /// Look at the trial that `run --simulate` made (jobs.sim.lock)
    #[arg(long)]
    pub(super) simulate: bool,
}

/// The subject of a command: a manifest, and the real thing or the trial.
#[derive(Clone, Debug, ClapArgs)]
pub(super) struct Subject {
    #[command(flatten)]
    pub(super) manifest: ManifestArg,
    #[command(flatten)]
    pub(super) trial: Trial,
}

/// Parses a whole number.
///
/// # Errors
/// Fails if it is none, or larger than can be counted.
pub(super) fn whole<T: FromStr>(text: &str) -> Result<T, &'static str> {
    text.parse().map_err(|_| "it is a whole number such as `5`")
}

/// Parses a whole number of something that there has to be one of.
///
/// # Errors
/// Fails if it is none.
pub(super) fn at_least_one(text: &str) -> Result<NonZeroUsize, &'static str> {
    text.parse().map_err(|_| "it is a whole number from 1, such as `5`")
}

/// Generations in flight at most, as `run.concurrency` of a manifest may be.
///
/// # Errors
/// Fails if it is no number, or one that no manifest may have.
pub(super) fn concurrency(text: &str) -> Result<NonZeroUsize, String> {
    let Kind::Integer(least, most) = fields::CONCURRENCY.kind else { unreachable!("it is a number") };
    let number = text.parse::<i64>().ok().filter(|number| (least..=most).contains(number));
    let number = number.and_then(|number| NonZeroUsize::new(usize::try_from(number).ok()?));
    number.ok_or_else(|| format!("as `run.concurrency` in the manifest, it is a whole number from {least} to {most}"))
}

/// The display of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Progress {
    Auto,
    Bar,
    Plain,
    Json,
    None,
}

/// The treatment of warnings.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(super) struct Strictness {
    /// Treat warnings of this code as errors, or all of them with `warnings`; repeatable
    #[arg(long, value_name = "CODE", value_parser = LintParser, hide_possible_values = true)]
    deny: Vec<Lint>,
    /// Leave out warnings of this code, or all of them with `warnings`; repeatable
    #[arg(long, value_name = "CODE", value_parser = LintParser, hide_possible_values = true)]
    allow: Vec<Lint>,
}

impl Strictness {
    /// Returns how bad each warning is.
    ///
    /// # Errors
    /// Fails if one is to be both an error and left out.
    pub(super) fn levels(&self) -> Result<Levels, Failure> {
        Levels::new(&self.deny, &self.allow).map_err(|contradiction| Failure::usage(contradiction).hint("choose one"))
    }
}

/// For people or for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Human,
    Json,
}
