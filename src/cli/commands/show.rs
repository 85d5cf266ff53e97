//! `batch show`: what is or would be sent for a job; nothing is sent.

use crate::cli::choosing::near_id;
use crate::cli::completing;
use crate::cli::destination;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::options::{Choosing, Common, Format, Trial};
use crate::cli::project::{Project, is_manifest};
use crate::cli::realm::Realm;
use crate::cli::settings;
use crate::cli::standard_output::print;
use crate::cli::terminal::Terminal;
use crate::diagnostic::levels::Levels;
use crate::ledger::Book;
use crate::manifest::model::{Job, Manifest};
use crate::mirror::pinned;
use crate::plan::select::{Idle, Selection};
use crate::plan::{self, Choice};
use crate::report::documents::show::{ShowDocument, ShownJob};
use crate::report::{documents, show};
use std::path::Path;

/// Options of `batch show`.
#[derive(Debug, clap::Args)]
#[command(override_usage = "batch show [OPTIONS] [MANIFEST] <JOB>...")]
pub(in crate::cli) struct Args {
    /// The manifest (by default the one in this folder), and the ids of jobs, or patterns of them
    #[arg(value_names = ["MANIFEST", "JOB"], num_args = 1.., required = true, add = completing::manifest_and_jobs())]
    manifest_and_jobs: Vec<String>,
    /// Print the JSON of each request as it would be sent, one a line
    #[arg(long, conflicts_with = "format")]
    request: bool,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
    #[command(flatten)]
    trial: Trial,
}

pub(in crate::cli) fn run(args: &Args, common: &Common, terminal: &Terminal) -> Result<Exit, Failure> {
    let (manifest, patterns) = match args.manifest_and_jobs.split_first() {
        Some((first, rest)) if first == "-" || is_manifest(first) => (Some(Path::new(first)), rest),
        _ => (None, &args.manifest_and_jobs[..]),
    };
    if patterns.is_empty() {
        return Err(Failure::usage("no job is named")
            .hint("write batch show [MANIFEST] JOB…; `batch plan` lists the jobs, and '*' stands for all of them"));
    }
    let selection = Selection::new(patterns, &[], &[], None).map_err(Failure::usage)?;
    let realm = Realm::of(args.trial.simulate);
    let project = Project::open(manifest, realm, &Levels::default(), common, terminal)?;
    let jobs = project.manifest.jobs.iter().map(|job| (&job.id, job.tags.as_ref()));
    if let Some(idle) = selection.idle(jobs).into_iter().next() {
        return Err(unknown(&idle, &project.manifest.jobs));
    }
    let book = project.read()?.book;
    destination::warn_of_mismatch(&project, &book, common, terminal)?;
    let manifest = pinned(&project.manifest, &book).manifest;
    let plan =
        plan::plan(&manifest, &book, &Choice { selection, ..settings::choice(&Choosing::default(), &manifest)? });
    let jobs = plan.steps.iter().map(|step| (&manifest.jobs[step.job], (step.action, step.reason)));
    if args.request {
        print(|out| {
            jobs.map(|(job, _)| request(job, &manifest, &book)).try_for_each(|body| documents::write(&mut *out, &body))
        })?;
        return Ok(Exit::Done);
    }
    let upload = |content: &_| book.upload(content);
    let document = ShowDocument::new(jobs.map(|(job, step)| ShownJob::new(job, step, &manifest, upload)).collect());
    print(|out| match args.format {
        Format::Json => documents::write(out, &document),
        Format::Human => show::show(out, &document, terminal.stdout),
    })?;
    Ok(Exit::Done)
}

/// Returns the body of the job's submit. The URL of an image that isn't at the service yet is known when it is uploaded.
fn request(job: &Job, manifest: &Manifest, book: &Book) -> serde_json::Value {
    job.generation.body(|content| match book.upload(content) {
        Some(url) => url.to_owned(),
        None => {
            let source = manifest.images.get(content).map(|picture| picture.shown().to_owned());
            format!("(uploaded first) {}", source.unwrap_or_else(|| content.to_string()))
        }
    })
}

fn unknown(idle: &Idle, jobs: &[Job]) -> Failure {
    let (Idle::Only(pattern) | Idle::Skip(pattern)) = idle else { unreachable!("ids are all that is chosen by") };
    let failure = Failure::usage(format!("no job's id matches `{pattern}`"));
    match near_id(pattern, jobs) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None if Path::new(pattern).extension().is_some() => failure.hint("a manifest is named first, and has to exist"),
        None => failure.hint("`batch plan` lists the jobs; in a pattern `*` stands for any characters"),
    }
}
