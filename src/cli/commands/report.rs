//! `batch report`: one self-contained page with every job and its videos.

use crate::cli::choosing;
use crate::cli::destination;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::options::{Common, Named, Standing, Subject};
use crate::cli::page::{self, PageFile};
use crate::cli::project::Project;
use crate::cli::settings;
use crate::cli::standard_output::print_text;
use crate::cli::terminal::{Terminal, Volume};
use std::env::current_dir;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Options of `batch report`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    subject: Subject,
    /// Where the page goes; `-` for standard output [default: beside the manifest, as jobs.report.html]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    standing: Standing,
    #[command(flatten)]
    named: Named,
}

pub(in crate::cli) fn run(args: &Args, common: &Common, terminal: &Terminal) -> Result<Exit, Failure> {
    let project = Project::look_at(&args.subject, common, terminal)?;
    let selection = settings::by_name(&args.named)?;
    choosing::look(&selection, &project, terminal)?;
    if common.base_url.is_some() {
        destination::warn_of_mismatch(&project, &project.read()?.book, common, terminal)?;
    }
    let statuses = args.standing.statuses();
    let file = match args.output.as_deref() {
        Some(output) if output == Path::new("-") => {
            // If it is saved here, it finds the videos.
            let here = current_dir().and_then(|here| here.canonicalize()).map_err(Failure::machine)?;
            let page = page::page(&project, &here, &selection, &statuses, None)?;
            print_text(page)?;
            return Ok(Exit::Done);
        }
        Some(output) => PageFile::at(output, &project)?,
        None => PageFile::beside(&project)?,
    };
    let written = file.write(&project, &selection, &statuses, None)?;
    if terminal.volume > Volume::Quiet {
        let _ = writeln!(io::stderr(), "wrote {}", written.display());
    }
    Ok(Exit::Done)
}
