//! `batch resolve`: a person settles an uncertain job.

use crate::base::clock::Clock;
use crate::cli::args::{Common, Trial};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::project::{Realm, lock_shown, manifest_path, paths, readable};
use crate::cli::session;
use crate::cli::terminal::{Terminal, Volume};
use crate::ledger::entry::{Entry, Verdict};
use crate::ledger::record::{Place, Record, Stage, Status};
use crate::ledger::{self, Book};
use crate::manifest::Manifest;
use crate::plan::mirror::pinned;
use crate::report::commands::Target;
use crate::report::terminal_safe;
use crate::spec::names::{JobId, TaskId};
use jiff::Timestamp;
use std::io::{self, Write};
use std::path::Path;

/// Options of `batch resolve`.
#[derive(Debug, clap::Args)]
#[command(override_usage = "batch resolve [OPTIONS] [MANIFEST] <JOB>")]
pub(in crate::cli) struct Args {
    /// The manifest (by default the one in this folder), and the job's id
    #[arg(value_names = ["MANIFEST", "JOB"], num_args = 0..=2)]
    manifest_and_job: Vec<String>,
    /// It arrived at the service, and this is its task
    #[arg(long, value_name = "ID", group = "verdict")]
    task_id: Option<String>,
    /// Let the next run submit it again: if it did arrive, it is paid twice
    #[arg(long, group = "verdict")]
    resubmit: bool,
    /// Call it failed; it stays so until its digest changes
    #[arg(long, group = "verdict")]
    failed: bool,
    #[command(flatten)]
    trial: Trial,
}

pub(in crate::cli) fn run(args: &Args, common: &Common, terminal: &Terminal) -> Result<Exit, Failure> {
    let (manifest, job) = match &args.manifest_and_job[..] {
        [job] => (None, job),
        [manifest, job] => (Some(Path::new(manifest)), job),
        _ => {
            return Err(Failure::usage("which job is to be settled?")
                .hint("say it: batch resolve [MANIFEST] JOB; `batch status` shows which ones are uncertain"));
        }
    };
    let job = JobId::new(job).map_err(|error| Failure::usage(format!("`{job}` is no job id: {error}")))?;
    let shown = manifest_path(manifest)?;
    let realm = Realm::of(args.trial.simulate);
    let loaded = readable(&shown, common, terminal)?;
    let paths = paths(&shown, realm, common)?;
    let target = realm.target(&shown, &lock_shown(&shown, realm, common));
    let Some(verdict) = verdict(args)? else {
        let snapshot = ledger::read(&paths)?;
        let record = uncertain(&snapshot.book, &job)?;
        let prompt = loaded.manifest.and_then(|manifest| prompt(&manifest, &snapshot.book, record));
        explain(record, snapshot.book.service().unwrap_or_default(), prompt.as_deref(), &target, terminal);
        return Ok(Exit::Uncertain);
    };
    let ledger = session::open(&paths, &shown)?;
    if let Verdict::Task { task } = &verdict
        && has_task(ledger.book(), &job, task)
    {
        ledger.close_unchanged()?;
        return Ok(settled(&format!("{job} is task {task} already"), terminal));
    }
    let record = uncertain(ledger.book(), &job)?;
    if let Verdict::Task { task } = &verdict
        && let Some(other) = ledger.book().with_task(task).filter(|other| other.key != record.key)
    {
        return Err(Failure::usage(format!("task {task} is that of job {}", other.key.job)));
    }
    let said = match &verdict {
        Verdict::Task { task } => format!("{job} is task {task}: the next run collects it, or {}", target.fetch()),
        Verdict::Resubmit => format!("{job} is submitted again by the next run"),
        Verdict::Failed => format!("{job} has failed, and is not submitted again until its digest changes"),
    };
    let (key, attempt, which) = (record.key.clone(), record.attempt, record.which());
    let entry = Entry::Resolved { key, attempt, which, verdict, at: Clock::System.now_in_seconds() };
    let service = ledger.book().service().unwrap_or_default().to_owned();
    session::write_down(ledger, &service, vec![entry])?;
    Ok(settled(&said, terminal))
}

/// Whether the job's submit has this task on record: whoever was told to say so once more, since it was unknown whether the disk
/// took it, is right.
fn has_task(book: &Book, job: &JobId, task: &TaskId) -> bool {
    let known = book.with_task(task).filter(|record| record.key.job == *job);
    // One that a person let go is kept in mind alone.
    let has = |record: &Record| record.stage.task() == Some(task) || book.other_tasks(&record.key).contains(task);
    known.is_some_and(|record| record.stage.status() != Status::Uncertain && has(record))
}

/// Says what became of the job.
fn settled(said: &str, terminal: &Terminal) -> Exit {
    if terminal.volume > Volume::Quiet {
        // Where standard error is closed, nobody reads it.
        let _ = writeln!(io::stderr(), "{said}");
    }
    Exit::Done
}

/// What the options say; nothing where they say nothing.
fn verdict(args: &Args) -> Result<Option<Verdict>, Failure> {
    Ok(match &args.task_id {
        Some(id) => {
            let task = TaskId::new(id).map_err(|error| Failure::usage(format!("--task-id `{id}`: {error}")))?;
            Some(Verdict::Task { task })
        }
        None if args.resubmit => Some(Verdict::Resubmit),
        None if args.failed => Some(Verdict::Failed),
        None => None,
    })
}

/// The job's record that waits for a person: the current one, else one that was superseded.
fn uncertain<'b>(book: &'b Book, job: &JobId) -> Result<&'b Record, Failure> {
    let mut of_job: Vec<&Record> = book.records().filter(|record| record.key.job == *job).collect();
    of_job.sort_by_key(|record| record.place != Place::Current);
    let waits = |record: &&&Record| record.stage.status() == Status::Uncertain;
    match (of_job.iter().find(waits), of_job.first()) {
        (Some(record), _) => Ok(record),
        (None, Some(record)) => Err(Failure::usage(format!(
            "job {job} is {}, not uncertain: there is nothing to settle",
            record.stage.status().as_str()
        ))),
        (None, None) => Err(Failure::usage(format!("the lock knows no job {job}"))),
    }
}

/// The prompt that was sent, where the manifest still has it.
fn prompt(manifest: &Manifest, book: &Book, record: &Record) -> Option<String> {
    let pinned = pinned(manifest, book);
    let asked = pinned.manifest.jobs.iter().find(|job| job.digest == record.key.digest)?;
    Some(asked.generation.prompt.clone())
}

/// A time as people want it.
fn in_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// Words that help a person decide.
fn explain(record: &Record, service: &str, prompt: Option<&str>, target: &Target, terminal: &Terminal) {
    let Stage::Uncertain { task, reason } = &record.stage else { return };
    let job = &record.key.job;
    let sent =
        record.submitted_at.map_or_else(|| "at an unknown time".to_owned(), |at| format!("at {}", in_seconds(at)));
    let mut out = io::stderr().lock();
    let _ = write!(
        out,
        "{job} is uncertain: {reason}\n\
         \n  what    {videos} for digest {digest}\
         \n  where   {service}\
         \n  when    submit {attempt} went out {sent}, by this machine's clock\n",
        reason = terminal_safe::lines(reason),
        videos = match record.videos {
            1 => "1 video".to_owned(),
            n => format!("{n} videos"),
        },
        digest = record.key.digest,
        service = terminal_safe::line(service),
        attempt = record.attempt,
    );
    if let Some(prompt) = prompt {
        let _ = writeln!(out, "  prompt  {}", terminal_safe::line(prompt.trim_end()));
    }
    if let Some(task) = task {
        let _ = writeln!(out, "  task    {task}, which the service says that it doesn't know");
    }
    if terminal.volume > Volume::Quiet {
        let settle = target.resolve(job);
        let _ = write!(
            out,
            "\nLook into the service's console for a generation with this job's prompt from that time on. Then, if\
             \n  it is there:                 {settle} --task-id ID\
             \n  it isn't, or you don't mind: {settle} --resubmit     (pays again if it is there after all)\
             \n  it is not to be made at all: {settle} --failed\n"
        );
    }
}
