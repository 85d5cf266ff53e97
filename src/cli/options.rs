//! Options that several commands share; their docs are the help.

use super::codes::LintParser;
use super::completing;
use super::failure::Failure;
use super::terminal::{ColorChoice, Volume};
use crate::base::decimal::Decimal;
use crate::diagnostic::levels::{Levels, Lint};
use crate::manifest::fields::{self, Kind};
use crate::plan::select::Shard;
use crate::report::commands::Typed;
use crate::report::documents::status::JobStatus;
use crate::service::names::Tag;
use clap::{Args as ClapArgs, ValueEnum, ValueHint};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

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
    /// What was typed that goes on with the same run when it is typed again.
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

/// Which jobs a command is about, by their ids and tags.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Choosing jobs")]
pub(super) struct Named {
    /// Only jobs whose id matches this glob; repeatable
    #[arg(long, value_name = "PATTERN", add = completing::jobs())]
    pub(super) only: Vec<String>,
    /// No jobs whose id matches this glob; repeatable
    #[arg(long, value_name = "PATTERN", add = completing::jobs())]
    pub(super) skip: Vec<String>,
    /// Only jobs with this tag; repeatable: with any of them
    #[arg(long, value_name = "TAG", value_parser = Tag::new, add = completing::tags())]
    pub(super) tag: Vec<Tag>,
}

/// Which jobs a command is about.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Choosing jobs")]
pub(super) struct Which {
    #[command(flatten)]
    pub(super) named: Named,
    /// Only the I-th of N parts, by a hash of the job id: stable when jobs are added
    #[arg(long, value_name = "I/N")]
    pub(super) shard: Option<Shard>,
}

/// Which of the chosen jobs are shown.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Choosing jobs")]
pub(super) struct Standing {
    /// Show only jobs of these statuses, by comma: new, changed, submitted, generated, succeeded, failed, refused, uncertain
    #[arg(long, value_name = "WORD,…", value_delimiter = ',', value_parser = status, add = completing::statuses())]
    status: Vec<JobStatus>,
    /// Show only jobs that failed or were refused
    #[arg(long)]
    failed: bool,
    /// Show no jobs, only how many have each status and what was spent
    #[arg(long)]
    pub(super) summary: bool,
}

impl Standing {
    /// Returns the statuses whose jobs are shown.
    pub(super) fn statuses(&self) -> Vec<JobStatus> {
        JobStatus::ALL.into_iter().filter(|status| self.takes(*status)).collect()
    }

    /// Returns whether jobs that stand so are shown.
    pub(super) fn takes(&self, status: JobStatus) -> bool {
        let failed = self.failed && matches!(status, JobStatus::Failed | JobStatus::Refused);
        let is_asked = self.status.is_empty() && !self.failed || failed || self.status.contains(&status);
        is_asked && !self.summary
    }
}

/// Parses a status of a job.
///
/// # Errors
/// Fails if it is none.
fn status(text: &str) -> Result<JobStatus, String> {
    let found = JobStatus::ALL.into_iter().find(|status| status.as_str() == text.trim());
    found.ok_or_else(|| format!("the statuses are {}", JobStatus::ALL.map(JobStatus::as_str).join(", ")))
}

/// Which jobs a command is about, and what becomes of those without a result.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Choosing jobs")]
pub(super) struct Choosing {
    #[command(flatten)]
    pub(super) which: Which,
    /// Submit at most N jobs this time: a pilot run
    #[arg(long, value_name = "N", value_parser = whole::<usize>)]
    pub(super) limit: Option<usize>,
    /// Submit nothing that would take the estimated cost beyond X, in the unit of the manifest's prices
    #[arg(long, value_name = "X")]
    pub(super) max_cost: Option<Decimal>,
    /// Leave failed jobs as they are
    #[arg(long, conflicts_with = "retry_failed")]
    pub(super) keep_failed: bool,
    /// Also try jobs again that were refused for good or failed too often
    #[arg(long)]
    pub(super) retry_failed: bool,
    /// What to do with jobs whose submit got no answer; wins over the manifest
    #[arg(long, value_name = "WHAT")]
    pub(super) on_uncertain: Option<OnUncertain>,
}

impl Choosing {
    /// Says whether anything was typed that chooses jobs or says what becomes of them.
    pub(super) fn is_said(&self) -> bool {
        let Choosing { which: Which { named: Named { only, skip, tag }, shard }, limit, max_cost, .. } = self;
        let Choosing { keep_failed, retry_failed, on_uncertain, .. } = self;
        let chosen = !only.is_empty() || !skip.is_empty() || !tag.is_empty() || shard.is_some() || limit.is_some();
        chosen || max_cost.is_some() || *keep_failed || *retry_failed || on_uncertain.is_some()
    }
}

/// What becomes of jobs whose submit got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum OnUncertain {
    /// They wait for `batch resolve`
    Hold,
    /// They are submitted again, once, at the risk of paying twice
    Resubmit,
}

impl From<OnUncertain> for crate::manifest::model::OnUncertain {
    fn from(what: OnUncertain) -> Self {
        match what {
            OnUncertain::Hold => Self::Hold,
            OnUncertain::Resubmit => Self::Resubmit,
        }
    }
}

/// Look at the trial instead of the real thing.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub(super) struct Trial {
    /// Look at the trial that `run --simulate` made (jobs.sim.lock)
    #[arg(long)]
    pub(super) simulate: bool,
}

/// What a command looks at: a manifest, and the real thing or the trial.
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

/// How to show what happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Progress {
    Auto,
    Bar,
    Plain,
    Json,
    None,
}

/// What becomes of warnings.
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

impl Simulation {
    /// Refuses options that say how the simulated service behaves where the jobs would go to the real one.
    ///
    /// # Errors
    /// Fails if there is one of them.
    pub(super) fn suit(&self) -> Result<(), Failure> {
        let Simulation { simulate, latency, failures, seed, fault } = self;
        let named = [
            (latency.is_some(), "--sim-latency"),
            (failures.is_some(), "--sim-failures"),
            (seed.is_some(), "--sim-seed"),
            (!fault.is_empty(), "--sim-fault"),
        ];
        match named.iter().find(|(is_there, _)| *is_there && !*simulate) {
            None => Ok(()),
            Some((_, name)) => Err(Failure::usage(format!(
                "{name} says how the simulated service behaves, but this would be a real run: nothing was sent"
            ))
            .hint("add --simulate for a trial, or leave it out")),
        }
    }
}

/// A trial, and how its simulated service behaves.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Simulated service")]
pub(super) struct Simulation {
    /// Use a simulated service inside this process: no key, no cost; its lock is jobs.sim.lock
    #[arg(long)]
    pub(super) simulate: bool,
    /// How long a generation takes: `2s`, or a range such as `1s..3s`
    #[arg(long = "sim-latency", value_name = "TIME")]
    pub(super) latency: Option<crate::simulate::Latency>,
    /// The share of generations that fail, 0 to 1
    #[arg(long = "sim-failures", value_name = "SHARE")]
    pub(super) failures: Option<crate::simulate::Share>,
    /// The seed of chance: the same seed gives the same failures
    #[arg(long = "sim-seed", value_name = "N", value_parser = whole::<u64>)]
    pub(super) seed: Option<u64>,
    /// Misbehave: CALL:ACTION@WHEN, such as `submit:503@1-3`; repeatable
    #[arg(long = "sim-fault", value_name = "FAULT")]
    pub(super) fault: Vec<crate::simulate::Fault>,
}

/// For people or for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Human,
    Json,
}
