//! The tables of `plan`, `status` and `verify` for people, each with a summary line.

mod columns;
mod spent;

use super::commands::Target;
use super::documents::plan::{MadeOf, PlanDocument, PlannedJob};
use super::documents::status::{JobState, JobStatus, StatusDocument};
use super::documents::verify::{VerifyDocument, VerifyProblem};
use super::look::{Hue, Look, count, size, thousands};
use super::money::estimated;
use crate::plan::action::{Action, Reason};
use crate::plan::changes::Change;
use crate::service::names::JobId;
use columns::{Cell, table};
use std::io::{self, BufWriter, Write};

/// The listed jobs of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// All of them.
    All,
    /// Those with an action or a message; the others are counted in the summary.
    Changes,
}

/// Writes what a run would do to each job, and why.
///
/// # Errors
/// Fails if `out` can't be written to.
pub fn plan(out: impl Write, plan: &PlanDocument, look: Look, rows: Rows) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    let listed = || plan.jobs.iter().filter(|job| rows == Rows::All || job.action != Action::Keep || is_news(job));
    if listed().any(|job| job.made_of.is_some()) {
        table(&mut out, look, ["job", "action", "why", "made of"], || {
            listed().map(|job| {
                let [id, action, why] = cells_of(job);
                [id, action, why, Cell::plain(job.made_of.as_ref().map(made_of).unwrap_or_default())]
            })
        })?;
    } else {
        table(&mut out, look, ["job", "action", "why"], || listed().map(cells_of))?;
    }
    if !plan.removed.is_empty() {
        let ids: Vec<_> = plan.removed.iter().take(REMOVED_SHOWN).map(|id| id.as_str()).collect();
        let more = plan.removed.len() - ids.len();
        let more = if more > 0 { format!(" and {} more", thousands(more)) } else { String::new() };
        let what = count(plan.removed.len(), "job");
        writeln!(out, "not in the manifest any more: {what} ({}{more})", ids.join(", "))?;
    }
    if plan.images > 0 {
        let (images, they) =
            (count(plan.images, "remote image"), if plan.images == 1 { "it shows" } else { "they show" });
        let fetched = if plan.images == 1 { "is fetched" } else { "are fetched" };
        writeln!(out, "{images} {fetched} first: what {they} decides whether a job is new")?;
    }
    let parts = Action::ALL.iter().map(|&action| {
        let words = match action {
            Action::Submit => "to submit",
            Action::Resume => "to poll on",
            Action::Download => "to fetch",
            Action::Keep => "to keep",
            Action::Hold => "on hold",
        };
        (plan.summary.of(action), words, of_action(action))
    });
    let submits = plan.summary.submit > 0;
    let price = if submits { format!("; {}", estimated(&plan.estimate)) } else { String::new() };
    writeln!(out, "{}{price}", sum(parts, plan.jobs.len(), look))?;
    out.flush()
}

/// Writes the state of each job, and how to settle uncertain ones.
///
/// # Errors
/// Fails if `out` can't be written to.
pub fn status(out: impl Write, status: &StatusDocument, target: &Target, look: Look) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    let all =
        || status.jobs.iter().map(|job| (job, "")).chain(status.superseded.iter().map(|job| (job, "superseded: ")));
    table(&mut out, look, ["job", "status", "task", "videos"], || {
        all().map(|(job, prefix)| {
            let task = job.task_id.as_ref().map_or("-", |task| task.as_str());
            // A full id is for copying; on a terminal there is no room.
            let task = if look.width.is_some() { look.fit(task, TASK_SHOWN).into_owned() } else { task.to_owned() };
            [
                Cell::plain(job.id.as_str()),
                Cell::new(of_status(job.status), job.status.as_str()),
                Cell::new(Hue::Faint, task),
                Cell::plain(format!("{prefix}{}", results(job))),
            ]
        })
    })?;
    status_in_short(out, status, target, look)
}

/// Writes the number of jobs by status, and how to settle uncertain ones.
///
/// # Errors
/// Fails if `out` can't be written to.
pub fn status_in_short(mut out: impl Write, status: &StatusDocument, target: &Target, look: Look) -> io::Result<()> {
    let parts = JobStatus::ALL.iter().map(|&at| (status.summary.of(at), at.as_str(), of_status(at)));
    let jobs = JobStatus::ALL.iter().map(|&at| status.summary.of(at)).sum();
    writeln!(out, "{}", sum(parts, jobs, look))?;
    for job in status.jobs.iter().chain(&status.superseded).filter(|job| !job.bought_twice.is_empty()) {
        let tasks: Vec<&str> = job.bought_twice.iter().map(|task| task.as_str()).collect();
        let word = look.paint(Hue::Caution, "bought-twice");
        writeln!(out, "{word}: {} is paid as tasks {}; nothing is bought again", job.id, tasks.join(" and "))?;
    }
    for job in status.jobs.iter().chain(&status.superseded).filter(|job| !job.same_task.is_empty()) {
        let others: Vec<&str> = job.same_task.iter().map(JobId::as_str).collect();
        let word = look.paint(Hue::Caution, "shared-task");
        writeln!(out, "{word}: {} has the task of {} too", job.id, others.join(" and "))?;
    }
    if let Some(job) = status.jobs.iter().find(|job| job.status == JobStatus::Uncertain) {
        writeln!(out, "to settle what is uncertain: {}", look.paint(Hue::Accent, target.resolve(&job.id)))?;
    }
    spent::spent(&mut out, &status.spent, target)?;
    out.flush()
}

/// Writes the disagreements between manifest, lock and files.
///
/// # Errors
/// Fails if `out` can't be written to.
pub fn verify(out: impl Write, verify: &VerifyDocument, look: Look) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    table(&mut out, look, ["job", "problem", "what"], || {
        verify.problems().iter().map(|problem| {
            let job = problem.job.as_ref().map_or("-", |job| job.as_str());
            [Cell::plain(job), Cell::new(Hue::Bad, problem.kind.as_str()), Cell::plain(what(problem))]
        })
    })?;
    if verify.ok() {
        writeln!(out, "{}: manifest, lock and files agree", look.paint(Hue::Good, "ok"))?;
    } else {
        writeln!(out, "{}", look.paint(Hue::Bad, count(verify.problems().len(), "problem")))?;
    }
    out.flush()
}

/// Maximum number of removed jobs that are named.
const REMOVED_SHOWN: usize = 10;

/// Columns of a task's id on a terminal.
const TASK_SHOWN: usize = 9;

/// Returns whether a kept job is worth a line all the same: its record moves to another job.
fn is_news(job: &PlannedJob) -> bool {
    job.reason != Reason::Succeeded
}

fn why(job: &PlannedJob) -> Cell<'_> {
    let changes = match job.details.as_slice() {
        [] => job.changed.join(", "),
        details => details.iter().map(change).collect::<Vec<_>>().join("; "),
    };
    if changes.is_empty() {
        Cell::plain(job.reason.meaning())
    } else {
        Cell::plain(format!("{}: {}", job.reason.meaning(), changes))
    }
}

/// Returns a change such as `dog: refs/dog.png has other content`.
fn change(Change { part, message, .. }: &Change) -> String {
    match part.as_str() {
        "prompt" | "settings" => message.clone(),
        part => format!("{}: {message}", part.strip_prefix("reference.").unwrap_or(part)),
    }
}

fn cells_of(job: &PlannedJob) -> [Cell<'_>; 3] {
    [Cell::plain(job.id.as_str()), Cell::new(of_action(job.action), job.action.as_str()), why(job)]
}

/// Returns the origin of a job, such as `line 12: matrix.product=cup, matrix.resolution=720p`.
fn made_of(made: &MadeOf) -> String {
    let values: Vec<_> = made.values.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("line {}: {}", made.line, values.join(", "))
}

fn results(job: &JobState) -> String {
    let paths: Vec<_> = job.outputs.iter().map(|video| video.path.as_str()).collect();
    let bytes: u64 = job.outputs.iter().map(|video| video.bytes).sum();
    match (&job.error, paths.as_slice()) {
        (Some(error), _) => error.message.clone(),
        (None, []) => "-".to_owned(),
        (None, paths) => format!("{} ({})", paths.join(", "), size(bytes)),
    }
}

fn what(problem: &VerifyProblem) -> String {
    match &problem.path {
        Some(path) if !problem.message.contains(path.as_str()) => format!("{path}: {}", problem.message),
        _ => problem.message.clone(),
    }
}

/// Returns the numbers other than zero: `3 to submit, 1 on hold`.
fn sum(parts: impl Iterator<Item = (usize, &'static str, Hue)>, jobs: usize, look: Look) -> String {
    let parts: Vec<_> = parts
        .filter(|(n, _, _)| *n > 0)
        .map(|(n, words, hue)| look.paint(hue, format!("{} {words}", thousands(n))).to_string())
        .collect();
    if parts.is_empty() { "no jobs".to_owned() } else { format!("{}: {}", count(jobs, "job"), parts.join(", ")) }
}

fn of_action(action: Action) -> Hue {
    match action {
        Action::Submit | Action::Resume | Action::Download => Hue::Accent,
        Action::Keep => Hue::Faint,
        Action::Hold => Hue::Caution,
    }
}

fn of_status(status: JobStatus) -> Hue {
    match status {
        JobStatus::New | JobStatus::Changed => Hue::Plain,
        JobStatus::Submitted | JobStatus::Generated => Hue::Accent,
        JobStatus::Succeeded => Hue::Good,
        JobStatus::Failed | JobStatus::Refused => Hue::Bad,
        JobStatus::Uncertain => Hue::Caution,
    }
}

#[cfg(test)]
mod tests;
