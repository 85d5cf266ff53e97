//! `batch report`: one self-contained page with every job and its videos.

use crate::cli::choosing;
use crate::cli::destination;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::options::{Common, Named, Standing, Subject};
use crate::cli::page::{self, PageFile, Shown};
use crate::cli::project::Project;
use crate::cli::settings;
use crate::cli::standard_output::print_text;
use crate::cli::terminal::{Terminal, Volume};
use std::env::current_dir;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use url::Url;

/// Options of `batch report`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    subject: Subject,
    /// Where the page goes; `-` for standard output [default: beside the manifest, as jobs.report.html]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Link to published videos, at this web address of the folder where they are published, in place of the files here
    #[arg(long, value_name = "URL", value_parser = web_address)]
    published: Option<Url>,
    #[command(flatten)]
    standing: Standing,
    #[command(flatten)]
    named: Named,
}

/// Parses the web address of a folder.
///
/// # Errors
/// Fails if it is none.
fn web_address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.filter(|url| url.query().is_none() && url.fragment().is_none());
    let url = url.ok_or("not the address of a folder on the web, as https://videos.example.com/trailer")?;
    match url.username().is_empty() && url.password().is_none() {
        true => Ok(url),
        false => Err("a page holds no credentials: leave them out of the address".to_owned()),
    }
}

pub(in crate::cli) fn run(args: &Args, common: &Common, terminal: &Terminal) -> Result<Exit, Failure> {
    let project = Project::look_at(&args.subject, common, terminal)?;
    let selection = settings::by_name(&args.named)?;
    choosing::look(&selection, &project, terminal)?;
    if common.base_url.is_some() {
        destination::warn_of_mismatch(&project, &project.read()?.book, common, terminal)?;
    }
    if args.published.is_some() && project.manifest.publish.is_none() {
        return Err(Failure::usage("--published is of no use: the manifest publishes no videos")
            .hint("`output.publish` names the place where videos are published"));
    }
    let statuses = args.standing.statuses();
    let shown = Shown { selection: &selection, statuses: &statuses, receipt: None, published: args.published.as_ref() };
    let file = match args.output.as_deref() {
        Some(output) if output == Path::new("-") => {
            // If it is saved here, it finds the videos.
            let here = current_dir().and_then(|here| here.canonicalize()).map_err(Failure::machine)?;
            let page = page::page(&project, &here, &shown)?;
            print_text(page)?;
            return Ok(Exit::Done);
        }
        Some(output) => PageFile::at(output, &project)?,
        None => PageFile::beside(&project)?,
    };
    let written = file.write(&project, &shown)?;
    if terminal.volume > Volume::Quiet {
        let _ = writeln!(io::stderr(), "wrote {}", written.display());
    }
    Ok(Exit::Done)
}
