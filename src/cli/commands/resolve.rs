//! `batch resolve`: a person settles uncertain jobs, or reads what to look for at the service.

use crate::base::clock::Clock;
use crate::cli::completing;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::fleet::Fleet;
use crate::cli::options::{Common, Trial};
use crate::cli::project::{is_manifest, lock_shown, manifest_path, paths, readable};
use crate::cli::realm::Realm;
use crate::cli::session;
use crate::cli::settings;
use crate::cli::standard_output::print;
use crate::cli::terminal::{Terminal, Volume};
use crate::ledger::Book;
use crate::ledger::entry::{Decision, Entry, Step};
use crate::ledger::record::{Record, Stage, Status};
use crate::manifest::Manifest;
use crate::mirror::pinned;
use crate::plan::select::Selection;
use crate::report::commands::Target;
use crate::report::look::count;
use crate::report::terminal_safe;
use crate::run;
use crate::service::names::{JobId, Tag, TaskId};
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};
use std::path::Path;

/// Options of `batch resolve`.
#[derive(Debug, clap::Args)]
#[command(override_usage = "batch resolve [OPTIONS] [MANIFEST] [JOB]")]
pub(in crate::cli) struct Args {
    /// The manifest (by default the one in this folder), and the job's id; without a job or an action all uncertain ones are listed
    #[arg(value_names = ["MANIFEST", "JOB"], num_args = 0..=2, add = completing::manifest_and_uncertain_job())]
    manifest_and_job: Vec<String>,
    /// Every uncertain job whose id matches, in place of JOB (repeatable)
    #[arg(long, value_name = "PATTERN", conflicts_with = "task_id")]
    only: Vec<String>,
    /// Not those whose id matches (repeatable)
    #[arg(long, value_name = "PATTERN", conflicts_with = "task_id")]
    skip: Vec<String>,
    /// Every uncertain job with this tag in the manifest, in place of JOB (repeatable)
    #[arg(long, value_name = "TAG", value_parser = Tag::new, conflicts_with = "task_id")]
    tag: Vec<Tag>,
    /// Every uncertain job, in place of JOB
    #[arg(long, conflicts_with_all = ["only", "tag", "task_id"])]
    all: bool,
    /// It arrived at the service as this task
    #[arg(long, value_name = "ID", group = "verdict")]
    task_id: Option<String>,
    /// Submit it again with the next run: if it did arrive, it is paid twice
    #[arg(long, group = "verdict")]
    resubmit: bool,
    /// Mark it as failed; it stays so until its digest changes, or a run retries what failed
    #[arg(long, group = "verdict")]
    failed: bool,
    #[command(flatten)]
    trial: Trial,
}

/// The jobs that are meant.
enum Whom {
    One(JobId),
    /// Those of the uncertain ones that are chosen.
    Many(Selection),
}

pub(in crate::cli) fn run(args: &Args, common: &Common, terminal: &Terminal) -> Result<Exit, Failure> {
    let verdict = verdict(args)?;
    let (manifest, whom) = whom(args, verdict.as_ref())?;
    let shown = manifest_path(manifest)?;
    let realm = Realm::of(args.trial.simulate);
    let loaded = readable(&shown, common, terminal)?;
    let paths = paths(&shown, realm, common)?;
    let target = realm.target(&shown, &lock_shown(&shown, realm, common));
    let fleet = Fleet::named(loaded.manifest.as_ref(), realm, common)?;
    let Some(verdict) = verdict else {
        let snapshot = fleet.read(&paths)?;
        return match whom {
            Whom::One(job) => {
                let open = uncertain(&snapshot.book, &job)?;
                let prompt = loaded.manifest.and_then(|manifest| prompt(&manifest, &snapshot.book, open[0]));
                let service = snapshot.book.service().unwrap_or_default();
                explain(&open, service, prompt.as_deref(), &target, terminal);
                Ok(Exit::Uncertain)
            }
            Whom::Many(selection) if chosen(&snapshot.book, &selection, loaded.manifest.as_ref()).is_empty() => {
                Ok(settled(nobody(args)?, terminal))
            }
            Whom::Many(selection) => list(&snapshot.book, &selection, loaded.manifest.as_ref(), &target, terminal),
        };
    };
    let service = || settings::base_url(common, loaded.manifest.as_ref()).map(|(base, _)| base.to_string());
    let ledger = fleet.open_ledger(&paths, &shown, service)?;
    if let (Decision::Task { task }, Whom::One(job)) = (&verdict, &whom)
        && has_task(ledger.book(), job, task)
    {
        ledger.close_unchanged()?;
        return Ok(settled(&format!("{job} is task {task} already"), terminal));
    }
    let records = match &whom {
        Whom::One(job) => match (&verdict, uncertain(ledger.book(), job), told(ledger.book(), job)) {
            // Of several submits the last one: the others wait on.
            (Decision::Task { .. }, Ok(open), _) => open.last().copied().into_iter().collect(),
            // Whoever mistyped a task's id says the right one.
            (Decision::Task { .. }, Err(_), Some(record)) => vec![record],
            (_, open, _) => open?,
        },
        Whom::Many(selection) => chosen(ledger.book(), selection, loaded.manifest.as_ref()),
    };
    if records.is_empty() {
        let said = nobody(args)?;
        ledger.close_unchanged()?;
        return Ok(settled(said, terminal));
    }
    // A word waits until whoever may still submit it is silent.
    if verdict == Decision::Resubmit {
        records.iter().try_for_each(|record| session::wait_for_silence(&ledger, &record.key, terminal))?;
    }
    let (mut said, mut entries) = (Vec::new(), Vec::new());
    for record in records {
        let job = &record.key.job;
        if let Decision::Task { task } = &verdict
            && let Some(other) = ledger.book().with_task(task).filter(|other| other.key != record.key)
        {
            return Err(Failure::usage(format!("task {task} is that of job {}", other.key.job)));
        }
        if let (Decision::Resubmit, Some(known)) = (&verdict, record.stage.task()) {
            Failure::usage(format!(
                "the submit of {job} arrived as task {known}: if the service knows that task after all, it is paid twice"
            ))
            .hint(format!("`{}` asks for it once more, at no cost", target.fetch()))
            .warn(terminal);
        }
        let words = settles(&verdict, record, ledger.book(), &target);
        if said.last() != Some(&words) {
            said.push(words);
        }
        let (task, verdict) = (record.stage.task().cloned(), verdict.clone());
        entries.push(Entry::of(record.id, Step::Resolved { task, verdict, at: Clock::System.now_in_seconds() }));
    }
    let service = ledger.book().service().unwrap_or_default().to_owned();
    run::record_all(ledger, &service, entries)?;
    Ok(settled(&said.join("\n"), terminal))
}

/// Says what follows from a verdict on a purchase.
fn settles(verdict: &Decision, record: &Record, book: &Book, target: &Target) -> String {
    let job = &record.key.job;
    let shown = book.get(&record.key).map_or(Status::Uncertain, |shown| shown.stage.status());
    match verdict {
        Decision::Task { task } => {
            let instead = record.stage.task().map(|known| format!(", not {known}")).unwrap_or_default();
            format!("{job} is task {task}{instead}: the next run collects it, or {}", target.fetch())
        }
        Decision::Resubmit | Decision::Failed if shown != Status::Uncertain => {
            let shown = shown.as_str();
            format!(
                "{job} is {shown} by another submit: the one without an answer is settled, and nothing is submitted"
            )
        }
        Decision::Resubmit if record.is_superseded() => {
            format!("{job} was changed since: its earlier submit is settled, and is not made again")
        }
        Decision::Resubmit => format!("{job} is submitted again by the next run"),
        Decision::Failed => {
            format!("{job} has failed, and is submitted again only when its digest changes, or by `run --retry-failed`")
        }
    }
}

/// Returns the manifest and the jobs that the arguments name. Without anything to be done, a manifest alone means all of its jobs.
fn whom<'a>(args: &'a Args, verdict: Option<&Decision>) -> Result<(Option<&'a Path>, Whom), Failure> {
    let all = || Whom::Many(Selection::default());
    let one = |job: &str| {
        let refused = |error| Failure::usage(format!("`{job}` is no job id: {error}"));
        JobId::new(job).map(Whom::One).map_err(refused)
    };
    let is_many = args.all || !(args.only.is_empty() && args.skip.is_empty() && args.tag.is_empty());
    let chosen = || Selection::new(&args.only, &args.skip, &args.tag, None).map(Whom::Many).map_err(Failure::usage);
    Ok(match &args.manifest_and_job[..] {
        [] if is_many => (None, chosen()?),
        [manifest] if is_many => (Some(Path::new(manifest)), chosen()?),
        [] if verdict.is_none() => (None, all()),
        [manifest] if verdict.is_none() && is_manifest(manifest) => (Some(Path::new(manifest)), all()),
        [job] => (None, one(job)?),
        [manifest, job] if !is_many => (Some(Path::new(manifest)), one(job)?),
        _ if is_many => {
            return Err(Failure::usage("JOB doesn't go with --all and --only, --skip or --tag: they name the jobs"));
        }
        _ => {
            return Err(Failure::usage("no job is named").hint(
                "write batch resolve [MANIFEST] JOB, or --all, or --only PATTERN; `batch resolve` alone lists what is uncertain",
            ));
        }
    })
}

/// Returns the uncertain records of chosen jobs.
fn chosen<'b>(book: &'b Book, selection: &Selection, manifest: Option<&Manifest>) -> Vec<&'b Record> {
    let untagged = BTreeSet::new();
    let tags: HashMap<&JobId, &BTreeSet<Tag>> =
        manifest.iter().flat_map(|manifest| &manifest.jobs).map(|job| (&job.id, &*job.tags)).collect();
    let takes = |job: &JobId| selection.takes(job, tags.get(job).copied().unwrap_or(&untagged));
    book.unanswered().filter(|record| takes(&record.key.job)).collect()
}

/// Returns what to say where no uncertain job is chosen.
///
/// # Errors
/// Fails if a pattern was given: it was meant to match one.
fn nobody(args: &Args) -> Result<&'static str, Failure> {
    let tags = args.tag.iter().map(|tag| format!("the tag {tag}"));
    let skipped = args.skip.iter().map(|pattern| format!("what is left without {pattern}"));
    match args.only.iter().cloned().chain(tags).chain(skipped).collect::<Vec<_>>().as_slice() {
        [] => Ok("no job is uncertain"),
        said => Err(Failure::usage(format!("no uncertain job matches {}", said.join(" or ")))
            .hint("`batch resolve` alone lists what is uncertain")),
    }
}

/// Lists uncertain jobs as a person takes them to the service's console.
fn list(
    book: &Book,
    selection: &Selection,
    manifest: Option<&Manifest>,
    target: &Target,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let records = chosen(book, selection, manifest);
    print(|out| {
        let service = terminal_safe::line(book.service().unwrap_or_default());
        writeln!(out, "{} uncertain at {service}:", count(records.len(), "job"))?;
        for record in &records {
            let Stage::Uncertain { task, reason } = &record.stage else { continue };
            let since = record.submitted_at.map_or_else(|| "unknown".to_owned(), |at| in_seconds(at).to_string());
            writeln!(out, "\n{}", record.key.job)?;
            writeln!(out, "  since   {since}")?;
            if let Some(task) = task {
                writeln!(out, "{}", denied(task, target))?;
            }
            writeln!(out, "  why     {}", terminal_safe::line(reason))?;
            if let Some(prompt) = manifest.and_then(|manifest| prompt(manifest, book, record)) {
                writeln!(out, "  prompt  {}", terminal_safe::line(prompt.trim_end()))?;
            }
        }
        Ok(())
    })?;
    if terminal.volume > Volume::Quiet {
        let (job, settle) = (&records[0].key.job, target.resolve_all());
        let _ = write!(
            io::stderr(),
            "\nLook into the service's console for generations with these prompts from these times on. Then, for each\
             \n  that is there:                 {one} --task-id ID\
             \n  for all that aren't:           {settle} --resubmit     (pays again for what is there after all)\
             \n  for all that aren't to be made: {settle} --failed\
             \n`--only PATTERN` in place of --all takes some of them.\n",
            one = target.resolve(job),
        );
    }
    Ok(Exit::Uncertain)
}

/// Returns whether the job's submit has this task on record: whoever was told to say so once more, since it was unknown whether the disk
/// took it, is right.
fn has_task(book: &Book, job: &JobId, task: &TaskId) -> bool {
    let known = book.with_task(task).filter(|record| record.key.job == *job);
    known.is_some_and(|record| record.stage.status() != Status::Uncertain)
}

/// Says what became of the job.
fn settled(said: &str, terminal: &Terminal) -> Exit {
    if terminal.volume > Volume::Quiet {
        // Where standard error is closed, nobody reads it.
        let _ = writeln!(io::stderr(), "{said}");
    }
    Exit::Done
}

/// Returns what the options say; nothing where they say nothing.
fn verdict(args: &Args) -> Result<Option<Decision>, Failure> {
    Ok(match &args.task_id {
        Some(id) => {
            let task = TaskId::new(id).map_err(|error| Failure::usage(format!("--task-id `{id}`: {error}")))?;
            Some(Decision::Task { task })
        }
        None if args.resubmit => Some(Decision::Resubmit),
        None if args.failed => Some(Decision::Failed),
        None => None,
    })
}

/// Returns the purchases of the job of which nobody knows whether they are paid, from the first to the last: those of its current
/// digest, else of one that was superseded.
///
/// # Errors
/// Fails if there are none.
fn uncertain<'b>(book: &'b Book, job: &JobId) -> Result<Vec<&'b Record>, Failure> {
    let mut of_job: Vec<&Record> = book.records().filter(|record| record.key.job == *job).collect();
    of_job.sort_by_key(|record| record.is_superseded());
    let open = of_job.iter().map(|record| book.open(&record.key).collect::<Vec<_>>()).find(|open| !open.is_empty());
    match (open, of_job.first()) {
        (Some(open), _) => Ok(open),
        (None, Some(record)) => Err(Failure::usage(format!(
            "job {job} is {}; only uncertain jobs can be resolved",
            record.stage.status().as_str()
        ))),
        (None, None) => Err(Failure::usage(format!("the lock knows no job {job}"))),
    }
}

/// Returns the job's record whose task a person named, where nothing is known of that task yet.
fn told<'b>(book: &'b Book, job: &JobId) -> Option<&'b Record> {
    let of_job = book.records().filter(|record| record.key.job == *job && book.is_task_told(record.id));
    of_job.min_by_key(|record| record.is_superseded())
}

/// Returns the prompt that was sent, where the manifest still has it.
fn prompt(manifest: &Manifest, book: &Book, record: &Record) -> Option<String> {
    let pinned = pinned(manifest, book);
    let asked = pinned.manifest.jobs.iter().find(|job| job.digest == record.key.digest)?;
    Some(asked.generation.prompt.to_string())
}

/// Returns the line about a task that the service denied.
fn denied(task: &TaskId, target: &Target) -> String {
    format!("  task    {task}, which the service no longer knows: `{}` asks again", target.fetch())
}

/// Returns a time as people want it.
fn in_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// Explains what a person needs to know to decide about a job's submits without an answer.
fn explain(open: &[&Record], service: &str, prompt: Option<&str>, target: &Target, terminal: &Terminal) {
    let last = open[open.len() - 1];
    let Stage::Uncertain { reason, .. } = &last.stage else { return };
    let job = &last.key.job;
    let mut out = io::stderr().lock();
    let _ = write!(
        out,
        "{job} is uncertain: {reason}\n\
         \n  what    {videos} for digest {digest}\
         \n  where   {service}\n",
        reason = terminal_safe::lines(reason),
        videos = match last.videos {
            1 => "1 video".to_owned(),
            n => format!("{n} videos"),
        },
        digest = last.key.digest,
        service = terminal_safe::line(service),
    );
    for record in open {
        let sent =
            record.submitted_at.map_or_else(|| "at an unknown time".to_owned(), |at| format!("at {}", in_seconds(at)));
        let _ = writeln!(out, "  when    submit {} went out {sent}, by this machine's clock", record.attempt);
    }
    if let Some(prompt) = prompt {
        let _ = writeln!(out, "  prompt  {}", terminal_safe::line(prompt.trim_end()));
    }
    for task in open.iter().filter_map(|record| record.stage.task()) {
        let _ = writeln!(out, "{}", denied(task, target));
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
        if open.len() > 1 {
            let _ = writeln!(
                out,
                "\nEach of the {} submits may be paid. --task-id is about one of them: type it once for each that is there.\
                 \n--resubmit and --failed are about all of them.",
                open.len()
            );
        }
    }
}
