//! `batch status`: shows the state of each job, also during a run.

mod watch;

use crate::cli::choosing;
use crate::cli::destination;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::options::{Common, Format, Standing, Subject, Which};
use crate::cli::project::Project;
use crate::cli::settings;
use crate::cli::sharing::{asked_elsewhere, warn_of_shared_tasks};
use crate::cli::standard_output::print;
use crate::cli::terminal::{Terminal, Volume};
use crate::ledger::Book;
use crate::ledger::record::{Key, Record, Stage};
use crate::manifest::model::Job;
use crate::mirror::pinned;
use crate::plan::action::Reason;
use crate::plan::reconcile::Reconciler;
use crate::plan::select::{OfManifest, Selection};
use crate::plan::spent::spent;
use crate::report::documents::status::{JobState, JobStatus, StatusDocument, StatusError};
use crate::report::{documents, tables};
use crate::service::names::JobId;
use std::collections::{HashMap, HashSet};
use std::io::{self, Write as _};

/// Options of `batch status`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    subject: Subject,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
    /// Watch the run that is on, until it ends
    #[arg(long, conflicts_with = "format")]
    watch: bool,
    #[command(flatten)]
    standing: Standing,
    #[command(flatten)]
    which: Which,
}

pub(in crate::cli) fn run(args: &Args, common: &Common, terminal: &Terminal) -> Result<Exit, Failure> {
    let project = Project::look_at(&args.subject, common, terminal)?;
    let selection = settings::selection(&args.which)?;
    let snapshot = project.read()?;
    choosing::among(&selection, Some(&project.manifest), &snapshot.book, terminal)?;
    destination::warn_of_mismatch(&project, &snapshot.book, common, terminal)?;
    if args.watch && snapshot.held_by.is_some() {
        return watch::watch(&project, &selection, snapshot, terminal);
    }
    let document = document(&project, &snapshot.book, &selection).only(|status| args.standing.takes(status));
    warn_of_shared_tasks(&snapshot.book, terminal);
    let target = project.target();
    print(|out| match args.format {
        Format::Json => documents::write(out, &document),
        Format::Human if args.standing.summary => tables::status_in_short(out, &document, &target, terminal.stdout),
        Format::Human => tables::status(out, &document, &target, terminal.stdout),
    })?;
    if args.watch && terminal.volume > Volume::Quiet {
        let _ = writeln!(io::stderr(), "no run is on");
    }
    Ok(Exit::Done)
}

fn document(project: &Project, book: &Book, selection: &Selection) -> StatusDocument {
    let manifest = &pinned(&project.manifest, book).manifest;
    let mut reconciler = Reconciler::new(book, &manifest.jobs, &asked_elsewhere(project, book));
    let shared = same_task(book);
    let mut taken = HashSet::new();
    let mut jobs = Vec::with_capacity(manifest.jobs.len());
    for job in &manifest.jobs {
        let record = reconciler.record(job);
        taken.extend(record.map(|record| &record.key));
        if selection.takes(&job.id, &job.tags) {
            jobs.push(record.map_or_else(|| without_record(job, book), |record| state(&job.id, record, book, &shared)));
        }
    }
    let takes = OfManifest::new(selection, &manifest.jobs);
    let others = book.records().filter(|record| !taken.contains(&record.key) && takes.takes(&record.key.job));
    let superseded = others.map(|record| state(&record.key.job, record, book, &shared)).collect();
    let spent = spent(manifest, book, |job| takes.takes(job));
    StatusDocument::new(jobs, superseded, spent)
}

/// The other jobs with the task of a record, by its key.
type SameTask = HashMap<Key, Vec<JobId>>;

fn same_task(book: &Book) -> SameTask {
    let mut same = SameTask::new();
    for keys in book.shared_tasks().into_values() {
        for key in &keys {
            let others = keys.iter().filter(|other| *other != key).map(|other| other.job.clone());
            same.entry((*key).clone()).or_default().extend(others);
        }
    }
    same
}

fn without_record(job: &Job, book: &Book) -> JobState {
    let known = book.current(&job.id).is_some();
    let is_released = book.is_released(&Key { job: job.id.clone(), digest: job.digest });
    let released = || StatusError { code: "released".to_owned(), message: Reason::Released.meaning().to_owned() };
    JobState {
        id: job.id.clone(),
        status: if known { JobStatus::Changed } else { JobStatus::New },
        task_id: None,
        submitted_at: None,
        outputs: Vec::new(),
        error: is_released.then(released),
        bought_twice: Vec::new(),
        same_task: Vec::new(),
    }
}

fn state(id: &JobId, record: &Record, book: &Book, shared: &SameTask) -> JobState {
    JobState {
        id: id.clone(),
        status: record.stage.status().into(),
        task_id: record.stage.task().cloned(),
        submitted_at: record.submitted_at,
        outputs: record.stage.outputs().iter().map(Into::into).collect(),
        error: match &record.stage {
            Stage::Uncertain { reason, .. } => {
                Some(StatusError { code: "uncertain".to_owned(), message: reason.clone() })
            }
            stage => stage.error().map(Into::into),
        },
        bought_twice: book.bought_twice(&record.key).into_iter().cloned().collect(),
        same_task: shared.get(&record.key).cloned().unwrap_or_default(),
    }
}
