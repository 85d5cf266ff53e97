//! `batch verify`: manifest, lock and files agree.

use crate::cli::choosing;
use crate::cli::destination;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::options::{Common, Format, Named, Subject};
use crate::cli::project::Project;
use crate::cli::realm::Realm;
use crate::cli::settings;
use crate::cli::sharing::{asked_elsewhere, shared_task};
use crate::cli::standard_output::print;
use crate::cli::terminal::Terminal;
use crate::ledger::record::{Key, Output, Record, Status};
use crate::ledger::{Book, Snapshot};
use crate::manifest::model::{Job, Manifest};
use crate::mirror::pinned;
use crate::plan::action::Reason;
use crate::plan::reconcile::{Reconciler, is_named};
use crate::plan::select::{OfManifest, Selection};
use crate::plan::videos::{Care, Shelf, Videos, is_short, look_at};
use crate::report::documents::verify::{ProblemKind, VerifyDocument, VerifyProblem};
use crate::report::{documents, tables};
use crate::service::names::{JobId, TaskId};
use crate::service::publish_url::PublishUrl;
use std::collections::HashSet;

/// Options of `batch verify`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    subject: Subject,
    /// Manifest and lock only: for CI, where the videos aren't
    #[arg(long)]
    no_files: bool,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
    #[command(flatten)]
    named: Named,
}

pub(in crate::cli) fn run(args: &Args, common: &Common, terminal: &Terminal) -> Result<Exit, Failure> {
    let project = Project::look_at(&args.subject, common, terminal)?;
    let selection = settings::by_name(&args.named)?;
    let snapshot = project.read()?;
    choosing::among(&selection, Some(&project.manifest), &snapshot.book, terminal)?;
    let mut problems = Vec::new();
    if snapshot.journal {
        let message = "a run is on, or was killed: `batch status` says more, `batch run` goes on".to_owned();
        problems.push(VerifyProblem { kind: ProblemKind::OpenJournal, job: None, path: None, message });
    }
    if let Some((other, wanted)) = destination::mismatch(&project, &snapshot.book, common)? {
        let message = format!("the lock belongs to {other}, the jobs would go to {wanted}");
        problems.push(VerifyProblem { kind: ProblemKind::OtherService, job: None, path: None, message });
    }
    let pinned = pinned(&project.manifest, &snapshot.book);
    let elsewhere = asked_elsewhere(&project, &snapshot.book);
    problems.extend(of_records(&pinned.manifest, &snapshot, &elsewhere, &selection, !args.no_files));
    // A trial publishes nothing.
    if let Some(url) = project.manifest.publish.as_ref().filter(|_| project.realm == Realm::Real) {
        problems.extend(unpublished(url, &pinned.manifest, &snapshot.book, &selection, !args.no_files));
    }
    let document = VerifyDocument::new(problems);
    print(|out| match args.format {
        Format::Json => documents::write(out, &document),
        Format::Human => tables::verify(out, &document, terminal.stdout),
    })?;
    Ok(if document.ok() { Exit::Done } else { Exit::Failed })
}

fn of_records(
    manifest: &Manifest,
    snapshot: &Snapshot,
    elsewhere: &HashSet<Key>,
    selection: &Selection,
    files: bool,
) -> Vec<VerifyProblem> {
    let book = &snapshot.book;
    let mut problems = Vec::new();
    let mut reconciler = Reconciler::new(book, &manifest.jobs, elsewhere);
    let mut taken = HashSet::new();
    let chosen = OfManifest::new(selection, &manifest.jobs);
    let shelf = Shelf::new(&manifest.folder, book, &manifest.jobs, Care::Thorough);
    for job in &manifest.jobs {
        let found = reconciler.record(job);
        if !selection.takes(&job.id, &job.tags) {
            continue;
        }
        match found {
            Some(record) => {
                taken.insert(&record.key);
                problems.extend(to_rename(record, job, book));
                problems.extend(unfinished(record, &job.id));
            }
            None if book.is_released(&Key { job: job.id.clone(), digest: job.digest }) => {
                problems.push(problem(ProblemKind::NotRun, &job.id, Reason::Released.meaning()));
            }
            None if book.current(&job.id).is_some() => {
                problems.push(problem(ProblemKind::Changed, &job.id, "changed since the last submit"));
            }
            None => problems.push(problem(ProblemKind::NotRun, &job.id, "not submitted yet")),
        }
    }
    let shared = book.shared_tasks();
    let ids: HashSet<&JobId> = manifest.jobs.iter().map(|job| &job.id).collect();
    for record in book.records().filter(|record| chosen.takes(&record.key.job)) {
        // What was pruned from the lock, or another clone bought, a shared ledger keeps.
        let is_of_others = !ids.contains(&record.key.job) && !snapshot.is_recorded_here(&record.key);
        if !taken.contains(&record.key) {
            // What a job of the manifest was asked for before is kept on purpose.
            if !ids.contains(&record.key.job) && !is_of_others && !elsewhere.contains(&record.key) {
                let message = format!("the manifest no longer has it ({})", record.key.digest);
                problems.push(problem(ProblemKind::Orphan, &record.key.job, &message));
            }
            problems.extend(still_open(record));
        }
        let twice = book.bought_twice(&record.key);
        if !twice.is_empty() {
            let tasks: Vec<&str> = twice.into_iter().map(TaskId::as_str).collect();
            let message =
                format!("paid twice, as tasks {}: both stay, and nothing is bought again", tasks.join(" and "));
            problems.push(problem(ProblemKind::BoughtTwice, &record.key.job, &message));
        }
        if record.stage.status() != Status::Uncertain && book.open(&record.key).next().is_some() {
            let message = "another submit of it got no answer: it can't be known whether it was paid".to_owned();
            problems.push(problem(ProblemKind::Uncertain, &record.key.job, &message));
        }
        for (task, keys) in shared.iter().filter(|(_, keys)| keys.contains(&record.key)) {
            problems.push(problem(ProblemKind::SharedTask, &record.key.job, &shared_task(task, keys.iter().copied())));
        }
        if files && !is_of_others {
            problems.extend(of_files(&shelf, book, record));
        }
    }
    problems
}

/// Returns the videos that the next run publishes. Where no files are looked at, all that are recorded count as stored here.
fn unpublished(
    url: &PublishUrl,
    manifest: &Manifest,
    book: &Book,
    selection: &Selection,
    files: bool,
) -> Vec<VerifyProblem> {
    let chosen = OfManifest::new(selection, &manifest.jobs);
    let records = book.records().filter(|record| chosen.takes(&record.key.job));
    let outputs = records.flat_map(|record| record.stage.outputs().iter().map(move |output| (record, output)));
    let left = outputs.filter(|(record, output)| {
        let is_here = || look_at(&manifest.folder, output, record.finished_at, Care::Quick) == Videos::Intact;
        url.find(&output.published).is_none() && (!files || is_here())
    });
    let problem = |(record, output): (&Record, &Output)| VerifyProblem {
        kind: ProblemKind::NotPublished,
        job: Some(record.key.job.clone()),
        path: Some(output.path.clone()),
        message: format!("the video isn't published at {url} yet: the next `batch run` or `batch fetch` does it"),
    };
    left.map(problem).collect()
}

/// Returns what a run renames: a record that a job takes over, or videos whose name isn't the manifest's.
fn to_rename(record: &Record, job: &Job, book: &Book) -> Option<VerifyProblem> {
    let message = if record.key.job != job.id {
        format!("the next run takes over what {} bought, at no cost", record.key.job)
    } else if !is_named(book, record, &job.name) {
        format!("the next run renames its videos to {}", job.name.pattern())
    } else {
        return None;
    };
    Some(problem(ProblemKind::Renamed, &job.id, &message))
}

/// Returns a record that isn't finished, as a problem of `job`.
fn unfinished(record: &Record, job: &JobId) -> Option<VerifyProblem> {
    let said = || record.stage.error().map_or(String::new(), |error| format!(": {}", error.message));
    let (kind, message) = match record.stage.status() {
        Status::Succeeded if is_short(record) => (ProblemKind::FewerVideos, fewer(record)),
        Status::Succeeded => return None,
        Status::Submitted => (ProblemKind::InFlight, "at the service".to_owned()),
        Status::Generated => (ProblemKind::NotFetched, "finished, but its videos are not all here".to_owned()),
        Status::Failed => (ProblemKind::Failed, format!("failed{}", said())),
        Status::Refused => (ProblemKind::Refused, format!("refused{}", said())),
        Status::Uncertain => (ProblemKind::Uncertain, "it can't be known whether it was paid".to_owned()),
    };
    Some(problem(kind, job, &message))
}

/// Returns how many videos came, of how many.
fn fewer(record: &Record) -> String {
    let came = record.stage.outputs().len();
    format!("{came} of {} videos came; `batch fetch` asks for the others once more", record.videos)
}

/// Returns a record that no job asks for, and that is or may be paid for without its videos being here.
fn still_open(record: &Record) -> Option<VerifyProblem> {
    let open = matches!(record.stage.status(), Status::Submitted | Status::Generated | Status::Uncertain);
    let VerifyProblem { kind, message, .. } = unfinished(record, &record.key.job).filter(|_| open)?;
    let message = format!("as it was submitted before ({}): {message}", record.key.digest);
    Some(problem(kind, &record.key.job, &message))
}

/// Returns the videos of a record that aren't as the lock knows; if a job was bought twice, those of either purchase will do.
fn of_files<'b>(shelf: &Shelf<'b>, book: &'b Book, record: &'b Record) -> Vec<VerifyProblem> {
    let of = |record: &'b Record| -> Vec<VerifyProblem> {
        record.stage.outputs().iter().filter_map(|output| of_file(shelf, record, output)).collect()
    };
    let found = of(record);
    let is_twin = |twin: &&'b Record| twin.id != record.id && twin.stage.status() == Status::Succeeded;
    if found.is_empty() || book.history(&record.key).filter(is_twin).any(|twin| of(twin).is_empty()) {
        return Vec::new();
    }
    match shelf.of_paid(record) {
        (twin, _) if twin.id != record.id => of(twin),
        _ => found,
    }
}

/// Returns a video that is gone, lies under another name, or has other content than the lock knows.
fn of_file<'b>(shelf: &Shelf<'b>, record: &'b Record, output: &'b Output) -> Option<VerifyProblem> {
    let (kind, message) = match shelf.look_at(output, None, Care::Thorough) {
        Videos::Intact => {
            let place = shelf.place_of(output)?;
            (ProblemKind::MissingFile, format!("its video lies under another name, {place}: the next run renames it"))
        }
        Videos::Missing => (ProblemKind::MissingFile, "the video is gone".to_owned()),
        Videos::Altered => (ProblemKind::AlteredFile, "the video has other content than the lock knows".to_owned()),
    };
    let path = Some(output.path.clone());
    Some(VerifyProblem { kind, job: Some(record.key.job.clone()), path, message })
}

fn problem(kind: ProblemKind, job: &JobId, message: &str) -> VerifyProblem {
    VerifyProblem { kind, job: Some(job.clone()), path: None, message: message.to_owned() }
}
