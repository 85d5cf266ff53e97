//! `batch check`: validates manifests; nothing is sent.

use crate::cli::actions;
use crate::cli::autofix::Fixes;
use crate::cli::completing;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::options::Strictness;
use crate::cli::project::{checked, manifest_path};
use crate::cli::standard_output::print;
use crate::cli::terminal::{Terminal, Volume};
use crate::report::findings::human::{self, Extent};
use crate::report::findings::{Checked, Tally, concise, github, gitlab, json, sarif};
use std::io;
use std::path::{Path, PathBuf};

/// The format of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Human,
    /// One line a finding, as compilers write them
    Concise,
    /// One document
    Json,
    /// Annotations of a pull request, and the step's summary
    Github,
    /// Code quality of a GitLab merge request
    Gitlab,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

/// Options of `batch check`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The manifests; `-` is standard input
    #[arg(value_name = "MANIFEST", add = completing::manifests())]
    manifests: Vec<PathBuf>,
    /// How to print what was found
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
    #[command(flatten)]
    strictness: Strictness,
    /// Show every finding, however many there are
    #[arg(long)]
    all: bool,
    /// Apply the safe fixes, and report what remains; `-` is printed with its fixes
    #[arg(long)]
    fix: bool,
    /// Show what --fix would change, as a diff; nothing is written
    #[arg(long)]
    diff: bool,
}

pub(in crate::cli) fn run(args: &Args, terminal: &Terminal) -> Result<Exit, Failure> {
    let paths: Vec<PathBuf> = match &args.manifests[..] {
        [] => vec![manifest_path(None)?],
        named => named.to_vec(),
    };
    let fixes = Fixes::of(args.fix, args.diff);
    let is_printed = |path: &PathBuf| fixes == Fixes::Shown || (fixes == Fixes::Written && path == Path::new("-"));
    if args.format != Format::Human && paths.iter().any(is_printed) {
        return Err(Failure::usage("standard output can't take both the fixes and the findings for machines")
            .hint("leave out `--format`, or fix the manifest in its file first"));
    }
    let levels = args.strictness.levels()?;
    let mut loaded = Vec::with_capacity(paths.len());
    let mut fixed = 0;
    for path in &paths {
        let (manifest, count) = fixes.load(path, &levels, terminal)?;
        loaded.push(manifest);
        fixed += count;
    }
    let checked: Vec<Checked<'_>> = loaded.iter().map(|loaded| checked(loaded, &loaded.findings)).collect();
    let extent = if args.all { Extent::All } else { Extent::Summary };
    let exit = match Tally::of(&checked).errors {
        0 if fixes == Fixes::Shown && fixed > 0 => Exit::Failed,
        0 => Exit::Done,
        _ => Exit::Usage,
    };
    match args.format {
        Format::Json => print(|out| json::write(out, &checked))?,
        Format::Concise => print(|out| concise::write(out, &checked))?,
        Format::Gitlab => {
            let root = actions::root()?;
            print(|out| gitlab::write(out, &checked, &root))?;
        }
        Format::Sarif => {
            let root = actions::root()?;
            print(|out| sarif::write(out, &checked, &root, exit.code()))?;
        }
        Format::Github => {
            let root = actions::root()?;
            if let Some(page) = actions::step_summary() {
                actions::written(github::summarize(&page, &checked, &root), &page, terminal);
            }
            print(|out| github::write(out, &checked, &root))?;
        }
        Format::Human if terminal.volume == Volume::Quiet && Tally::of(&checked).errors == 0 => {}
        Format::Human => {
            // If standard error is closed, nobody reads it.
            let _ = human::write(io::stderr().lock(), &checked, extent, terminal.stderr);
        }
    }
    Ok(exit)
}
