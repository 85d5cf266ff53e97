//! `batch check`: validates manifests; nothing is sent.

use crate::cli::actions;
use crate::cli::args::Deny;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::project::{checked, manifest_path};
use crate::cli::terminal::{Terminal, Volume};
use crate::diagnostic::collector::deny_warnings;
use crate::manifest;
use crate::report::findings::human::{self, Extent};
use crate::report::findings::{Checked, Tally, github, json, sarif};
use std::io;
use std::path::PathBuf;

/// How to print what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Human,
    /// One document
    Json,
    /// Annotations of a pull request, and the step's summary
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

/// Options of `batch check`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The manifests; `-` is standard input
    #[arg(value_name = "MANIFEST")]
    manifests: Vec<PathBuf>,
    /// How to print what was found
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
    /// Treat a kind of finding as an error
    #[arg(long, value_name = "WHAT")]
    deny: Vec<Deny>,
    /// Show every finding, however many there are
    #[arg(long)]
    all: bool,
}

pub(in crate::cli) fn run(args: &Args, terminal: &Terminal) -> Result<Exit, Failure> {
    let paths: Vec<PathBuf> = match &args.manifests[..] {
        [] => vec![manifest_path(None)?],
        named => named.to_vec(),
    };
    let mut loaded: Vec<_> = paths.iter().map(|path| manifest::load(path)).collect();
    if !args.deny.is_empty() {
        loaded.iter_mut().for_each(|loaded| deny_warnings(&mut loaded.findings));
    }
    let checked: Vec<Checked<'_>> = loaded.iter().map(|loaded| checked(loaded, &loaded.findings)).collect();
    let extent = if args.all { Extent::All } else { Extent::Summary };
    let exit = if Tally::of(&checked).errors == 0 { Exit::Done } else { Exit::Usage };
    // A reader that went away has read enough.
    let _ = match args.format {
        Format::Json => json::write(io::stdout().lock(), &checked),
        Format::Sarif => sarif::write(io::stdout().lock(), &checked, &actions::root()?, exit.code()),
        Format::Github => {
            let root = actions::root()?;
            if let Some(page) = actions::step_summary() {
                actions::written(github::summarize(&page, &checked, &root), &page, terminal);
            }
            github::write(io::stdout().lock(), &checked, &root)
        }
        Format::Human if terminal.volume == Volume::Quiet && Tally::of(&checked).errors == 0 => Ok(()),
        Format::Human => human::write(io::stderr().lock(), &checked, extent, terminal.stderr),
    };
    Ok(exit)
}
