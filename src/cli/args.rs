//! The command line, as data: its docs are the help.

use super::commands;
use super::options::Common;
use clap::builder::StyledStr;
use clap::{Command, Parser, Subcommand};
use std::fmt::Write as _;

/// The text below the options of `batch --help`.
const AFTERWORD: &str = "\
Environment:
  BAICAI_API_KEY   The key; may also stand in a .env beside the manifest
  BAICAI_BASE_URL  The service's base URL; wins over the manifest
  BATCH_LEDGER     The shared ledger's URL; wins over the manifest

Exit codes:
  0  All that was asked is so
  1  Jobs failed, or something differs
  2  The command line or the manifest is wrong; nothing was sent
  3  Uncertain jobs wait for `batch resolve`
  4  The service refuses the account, isn't there or can't be reached; nothing is lost
  5  This machine failed: disk, lock, another run
  130, 143, 129  Interrupted; the next run goes on

Try it without an account: batch init demo && batch run demo/jobs.yaml --simulate";

/// The version, with commit and date where a release was built from a checkout.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), env!("BATCH_COMMIT"));

/// Multi-reference video generations from a manifest: checked, run, and never paid for twice.
#[derive(Debug, Parser)]
#[command(name = "batch", version, long_version = VERSION, max_term_width = 100, propagate_version = true, after_help = AFTERWORD)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: Action,
}

/// The commands as `batch --help` lists them, in groups.
const GROUPS: [(&str, &[&str]); 5] = [
    ("Before a run", &["init", "check", "plan", "show"]),
    ("Run", &["run", "status", "fetch", "resolve"]),
    ("After a run", &["verify", "report"]),
    ("Several machines", &["lock", "ledger"]),
    ("Tools", &["convert", "explain", "schema", "simulate", "lsp", "completions", "man", "help"]),
];

/// Returns the list of the commands of `batch`, in groups, and the heading of its options.
pub(super) fn groups(batch: &Command) -> StyledStr {
    let (heading, literal) = (batch.get_styles().get_header(), batch.get_styles().get_literal());
    let mut list = StyledStr::new();
    for (title, names) in GROUPS {
        let _ = writeln!(list, "{heading}{title}:{heading:#}");
        for name in names {
            let about = batch.find_subcommand(name).and_then(Command::get_about).unwrap_or_default();
            let _ = writeln!(list, "  {literal}{name:<11}{literal:#}  {about}");
        }
        let _ = writeln!(list);
    }
    let _ = writeln!(list, "{heading}Options:{heading:#}");
    list
}

#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Run what has no result yet
    Run(Box<commands::run::Args>),
    /// Validate manifests; nothing is sent
    Check(commands::check::Args),
    /// Show what run would do to each job, and why; nothing is sent
    Plan(commands::plan::Args),
    /// Show what is or would be sent for a job, and its price
    Show(commands::show::Args),
    /// Show the status of each job, also during a run
    Status(commands::status::Args),
    /// Check that manifest, lock and files agree (for CI)
    Verify(commands::verify::Args),
    /// Collect what is paid; submits nothing
    Fetch(commands::fetch::Args),
    /// Settle an uncertain job
    Resolve(commands::resolve::Args),
    /// Join locks, or write the lock from a shared ledger
    Lock(commands::lock::Args),
    /// Found, check or fill a shared ledger, for several runs at once
    Ledger(commands::ledger::Args),
    /// Write a page with every job and its videos
    Report(commands::report::Args),
    /// Write a starter manifest, a .gitignore and a folder for images
    Init(commands::init::Args),
    /// Write the same manifest in another format: YAML, TOML or JSON
    Convert(commands::convert::Args),
    /// Explain an error or a warning, with an example
    Explain(commands::explain::Args),
    /// Print a JSON Schema
    Schema(commands::schema::Args),
    /// Serve the simulated service on a local port, until interrupted
    Simulate(commands::simulate::Args),
    /// Serve editors over stdio: what check finds, while you type
    Lsp(commands::lsp::Args),
    /// Print the script for completions in a shell
    Completions(commands::completions::Args),
    /// Print a manual page
    Man(commands::man::Args),
}
