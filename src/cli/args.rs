//! The command line, as data: its docs are the help.

use crate::plan::select::Shard;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// What stands below the options of `batch --help`.
const AFTERWORD: &str = "\
Environment:
  BAICAI_API_KEY   The key; may also stand in a .env beside the manifest
  BAICAI_BASE_URL  The service's base URL; wins over the manifest

Exit codes:
  0  All that was asked is so
  1  Jobs failed, or something differs
  2  The command line or the manifest is wrong; nothing was sent
  3  Uncertain jobs wait for `batch resolve`
  4  The service refuses the account, isn't there or can't be reached; nothing is lost
  5  This machine failed: disk, lock, another run
  130, 143, 129  Interrupted; the next run goes on

Try it without an account: batch init demo && batch run demo/jobs.yaml --simulate";

/// Multi-reference video generations from a manifest: checked, run, and never paid for twice.
#[derive(Debug, Parser)]
#[command(name = "batch", version, max_term_width = 100, propagate_version = true, after_help = AFTERWORD)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, ClapArgs)]
pub(super) struct Common {
    /// When to use colors
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "General")]
    pub(super) color: ColorChoice,
    /// Say more on stderr; twice: still more
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "General")]
    pub(super) verbose: u8,
    /// Say less on stderr: errors only
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "General")]
    pub(super) quiet: bool,
    /// The lock file, instead of the one beside the manifest
    #[arg(long, global = true, value_name = "FILE", help_heading = "General")]
    pub(super) lock: Option<PathBuf>,
    /// The lock's service has a new base URL: keep its task ids and uploads
    #[arg(long, global = true, help_heading = "General")]
    pub(super) move_service: bool,
    /// Let the key go to a base URL that only stands in the manifest
    #[arg(long, global = true, help_heading = "General")]
    pub(super) trust_base_url: bool,
}

/// When to use colors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run what has no result yet
    Run(Box<Run>),
    /// Validate manifests; nothing is sent
    Check(Check),
    /// Show what run would do to each job, and why; nothing is sent
    Plan(Plan),
    /// Show where each job stands, also while a run is on
    Status(Status),
    /// See whether manifest, lock and files agree (for CI)
    Verify(Verify),
    /// Collect what is paid: poll and download what the lock knows; submits nothing
    Fetch(Fetch),
    /// Settle an uncertain job
    Resolve(Resolve),
    /// Write a starter manifest, a .gitignore and a folder for images
    Init(Init),
    /// Print a JSON Schema
    Schema(Schema),
    /// Serve the simulated service on a local port, until interrupted
    Simulate(Simulate),
}

/// The manifest that a command is about.
#[derive(Clone, Debug, ClapArgs)]
pub(super) struct Manifest {
    /// The manifest; by default jobs.yaml, jobs.yml, jobs.toml or jobs.json, if exactly one is here
    #[arg(value_name = "MANIFEST")]
    pub(super) manifest: Option<PathBuf>,
}

/// Which jobs a command is about.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Choosing jobs")]
pub(super) struct Choosing {
    /// Only jobs whose id matches this glob; repeatable
    #[arg(long, value_name = "PATTERN")]
    pub(super) only: Vec<String>,
    /// No jobs whose id matches this glob; repeatable
    #[arg(long, value_name = "PATTERN")]
    pub(super) skip: Vec<String>,
    /// Only the I-th of N parts, by a hash of the job id: stable when jobs are added
    #[arg(long, value_name = "I/N")]
    pub(super) shard: Option<Shard>,
    /// Submit at most N jobs this time: a pilot run
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<usize>,
    /// Leave failed jobs as they are
    #[arg(long, conflicts_with = "retry_failed")]
    pub(super) keep_failed: bool,
    /// Try jobs again that were refused for good, too
    #[arg(long)]
    pub(super) retry_failed: bool,
    /// What becomes of jobs whose submit got no answer: wins over the manifest
    #[arg(long, value_name = "WHAT")]
    pub(super) on_uncertain: Option<OnUncertain>,
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

/// Where a command's jobs go.
#[derive(Clone, Debug, ClapArgs)]
#[command(next_help_heading = "Service")]
pub(super) struct Service {
    /// Use a simulated service inside this process: no key, no cost; its lock is jobs.sim.lock
    #[arg(long, conflicts_with = "base_url")]
    pub(super) simulate: bool,
    /// The service's base URL; wins over BAICAI_BASE_URL, which wins over the manifest
    #[arg(long, value_name = "URL")]
    pub(super) base_url: Option<String>,
}

/// Look at the trial instead of the real thing.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub(super) struct Trial {
    /// Look at the trial that `run --simulate` made (jobs.sim.lock)
    #[arg(long)]
    pub(super) simulate: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Run {
    #[command(flatten)]
    pub(super) manifest: Manifest,
    /// Generations in flight at most; wins over the manifest
    #[arg(short = 'j', long, value_name = "N")]
    pub(super) concurrency: Option<NonZeroUsize>,
    /// Send nothing, change nothing: exit code 1 if anything would be
    #[arg(long)]
    pub(super) frozen: bool,
    /// Treat a kind of finding as an error
    #[arg(long, value_name = "WHAT")]
    pub(super) deny: Vec<Deny>,
    /// Stop submitting after N failures
    #[arg(long, value_name = "N")]
    pub(super) max_failures: Option<NonZeroUsize>,
    /// Drop finished records of jobs that are no longer in the manifest; their videos stay
    #[arg(long)]
    pub(super) prune: bool,
    /// Upload local images anew (the service forgot them)
    #[arg(long)]
    pub(super) reupload: bool,
    /// How to show what happens: bar on a terminal, plain lines elsewhere; json: an event a line on stdout
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub(super) progress: Progress,
    // Last, since the heading of a group goes on to what follows it.
    #[command(flatten)]
    pub(super) choosing: Choosing,
    #[command(flatten)]
    pub(super) service: Service,
    #[command(flatten)]
    pub(super) simulation: Simulation,
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

/// What is treated as an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Deny {
    Warnings,
}

/// How the simulated service behaves.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Simulated service")]
pub(super) struct Simulation {
    /// How long a generation takes: `2s`, or a range such as `1s..3s`
    #[arg(long = "sim-latency", value_name = "TIME")]
    pub(super) latency: Option<crate::simulate::Latency>,
    /// The share of generations that fail, 0 to 1
    #[arg(long = "sim-failures", value_name = "SHARE")]
    pub(super) failures: Option<crate::simulate::Share>,
    /// What chance depends on: the same seed, the same failures
    #[arg(long = "sim-seed", value_name = "N")]
    pub(super) seed: Option<u64>,
    /// Misbehave: CALL:ACTION@WHEN, as `submit:503@1-3`; repeatable
    #[arg(long = "sim-fault", value_name = "FAULT")]
    pub(super) fault: Vec<crate::simulate::Fault>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Check {
    /// The manifests; `-` is standard input
    #[arg(value_name = "MANIFEST")]
    pub(super) manifests: Vec<PathBuf>,
    /// How to print what was found
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(super) format: Format,
    /// Treat a kind of finding as an error
    #[arg(long, value_name = "WHAT")]
    pub(super) deny: Vec<Deny>,
}

/// For people or for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Human,
    Json,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Plan {
    #[command(flatten)]
    pub(super) manifest: Manifest,
    #[command(flatten)]
    pub(super) trial: Trial,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(super) format: Format,
    /// Exit with 1 if a run would do anything
    #[arg(long)]
    pub(super) exit_code: bool,
    #[command(flatten)]
    pub(super) choosing: Choosing,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Status {
    #[command(flatten)]
    pub(super) manifest: Manifest,
    #[command(flatten)]
    pub(super) trial: Trial,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(super) format: Format,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Verify {
    #[command(flatten)]
    pub(super) manifest: Manifest,
    #[command(flatten)]
    pub(super) trial: Trial,
    /// Manifest and lock only: for CI, where the videos aren't
    #[arg(long)]
    pub(super) no_files: bool,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(super) format: Format,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Fetch {
    #[command(flatten)]
    pub(super) manifest: Manifest,
    #[command(flatten)]
    pub(super) trial: Trial,
    /// How to show what happens
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub(super) progress: Progress,
}

#[derive(Debug, ClapArgs)]
#[command(override_usage = "batch resolve [OPTIONS] [MANIFEST] <JOB>")]
pub(super) struct Resolve {
    /// The manifest (by default the one in this folder), and the job's id
    #[arg(value_names = ["MANIFEST", "JOB"], num_args = 1..=2, required = true)]
    pub(super) manifest_and_job: Vec<String>,
    /// It arrived at the service, and this is its task
    #[arg(long, value_name = "ID", group = "verdict")]
    pub(super) task_id: Option<String>,
    /// Let the next run submit it again: if it did arrive, it is paid twice
    #[arg(long, group = "verdict")]
    pub(super) resubmit: bool,
    /// Call it failed; it stays so until its digest changes
    #[arg(long, group = "verdict")]
    pub(super) failed: bool,
    #[command(flatten)]
    pub(super) trial: Trial,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Init {
    /// The folder; it is made if it isn't there
    #[arg(value_name = "DIR", default_value = ".")]
    pub(super) dir: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Schema {
    /// Which one
    #[arg(value_name = "NAME", default_value = "manifest")]
    pub(super) name: String,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Simulate {
    /// The port on 127.0.0.1; 0 takes any that is free
    #[arg(long, value_name = "PORT", default_value_t = 8787)]
    pub(super) port: u16,
    /// How long a generation takes: `2s`, or a range such as `1s..3s`
    #[arg(long, value_name = "TIME")]
    pub(super) latency: Option<crate::simulate::Latency>,
    /// The share of generations that fail, 0 to 1
    #[arg(long, value_name = "SHARE")]
    pub(super) failure_rate: Option<crate::simulate::Share>,
    /// What chance depends on: the same seed, the same failures
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// Misbehave: CALL:ACTION@WHEN, as `submit:503@1-3`; repeatable
    #[arg(long, value_name = "FAULT")]
    pub(super) fault: Vec<crate::simulate::Fault>,
    /// Demand this key of every call that carries one
    #[arg(long, value_name = "KEY")]
    pub(super) demand_key: Option<String>,
}
