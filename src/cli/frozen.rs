//! `run --frozen`: nothing is sent or changed; the actions of a run, or the jobs that wait for a person, are printed.

use super::exit::Exit;
use super::failure::Failure;
use super::project::Project;
use super::session::exit;
use super::signals::Signals;
use crate::ledger::Book;
use crate::mirror::lacking;
use crate::plan::action::{Action, Reason};
use crate::plan::{Choice, Plan, Step};
use crate::report::look::{count, thousands};
use crate::run::Preparation;
use crate::service::address::BaseUrl;
use crate::service::names::JobId;
use std::collections::BTreeMap;

/// Maximum number of jobs named in a long list.
const NAMED: usize = 5;

/// Checks what a run would do; `moved` is the name that the lock's service would get.
///
/// # Errors
/// Fails if a run would do anything (exit code 1), or jobs have no result and wait (exit code of a run).
pub(super) fn look(project: &Project, book: &Book, choice: &Choice, moved: Option<&BaseUrl>) -> Result<Exit, Failure> {
    let preparation = Preparation::new(&project.manifest, book, book.pins(), choice);
    let Preparation { pending, plan, .. } = &preparation;
    let images = lacking(&project.manifest, pending, &plan.steps, book.pins()).len();
    let publish = project.manifest.publish.as_ref();
    let unpublished = publish.map_or(0, |url| preparation.unpublished(url, book, choice, &[]).len());
    let left = left_to_do(plan, (images, unpublished), moved);
    let held = held(&preparation);
    let mut nothing_done = preparation.nothing_done();
    // They are asked for again, and a person is waited for all the same.
    let denied = |step: &&Step| (step.action, step.reason) == (Action::Resume, Reason::Denied);
    nothing_done.summary.uncertain += plan.steps.iter().filter(denied).count();
    let exit = match exit(&nothing_done, &Signals::default()) {
        Exit::Done if left.is_none() && held.is_empty() => return Ok(Exit::Done),
        Exit::Done => Exit::Failed,
        held => held,
    };
    let target = project.target();
    let hint = match (&left, exit) {
        (Some(_), _) => format!("{} shows each, and why; a run without --frozen does it", target.plan()),
        (None, Exit::Uncertain) => format!("{} shows each; `batch resolve` settles it", target.status()),
        (None, _) => "edit them, or run with --retry-failed".to_owned(),
    };
    let message = left.into_iter().chain(held).collect::<Vec<_>>().join("; ");
    Err(Failure { exit, ..Failure::usage(message) }.hint(hint))
}

/// Returns the actions that a run would take, if any.
fn left_to_do(plan: &Plan, (images, unpublished): (usize, usize), moved: Option<&BaseUrl>) -> Option<String> {
    let works = [(Action::Submit, "to submit"), (Action::Resume, "to poll on"), (Action::Download, "to fetch")];
    let counts = works.map(|(action, words)| (plan.count(action), words));
    let others = [
        (plan.strays.len(), "to collect of earlier jobs"),
        (plan.moves.len(), if plan.moves.len() == 1 { "job to rename" } else { "jobs to rename" }),
        (plan.misplaced.len(), if plan.misplaced.len() == 1 { "video to rename" } else { "videos to rename" }),
        (images, if images == 1 { "image to fetch" } else { "images to fetch" }),
        (unpublished, if unpublished == 1 { "video to publish" } else { "videos to publish" }),
    ];
    let counted = counts.iter().chain(&others).filter(|(n, _)| *n > 0);
    let mut parts: Vec<_> = counted.map(|(n, words)| format!("{} {words}", thousands(*n))).collect();
    if !plan.prune.is_empty() {
        let jobs: Vec<&JobId> = plan.prune.iter().map(|key| &key.job).collect();
        parts.push(format!("{} to drop ({})", count(jobs.len(), "record"), named(&jobs)));
    }
    parts.extend(moved.map(|base| format!("the lock's service becomes {base}")));
    (!plan.is_idle() || unpublished > 0 || moved.is_some())
        .then(|| format!("something is left to do: {}", parts.join(", ")))
}

/// Returns the jobs without a result that a run would leave as they are, by reason.
fn held(preparation: &Preparation<'_>) -> Vec<String> {
    let Preparation { manifest, plan, .. } = preparation;
    let mut held: BTreeMap<Reason, Vec<&JobId>> = BTreeMap::new();
    for step in plan.steps.iter().filter(|step| step.action == Action::Hold) {
        // Jobs left for another time are no failure.
        if !matches!(step.reason, Reason::Limit | Reason::MaxCost) {
            held.entry(step.reason).or_default().push(&manifest.jobs[step.job].id);
        }
    }
    for record in &plan.unsettled {
        held.entry(Reason::Uncertain).or_default().push(&record.key.job);
    }
    let said = |(reason, jobs): (Reason, Vec<&JobId>)| {
        format!("{} on hold, {} ({})", count(jobs.len(), "job"), reason.meaning(), named(&jobs))
    };
    held.into_iter().map(said).collect()
}

/// Returns the first of them, and the number of the others.
pub(super) fn named(jobs: &[&JobId]) -> String {
    let names: Vec<&str> = jobs.iter().take(NAMED).map(|job| job.as_str()).collect();
    match jobs.len() - names.len() {
        0 => names.join(", "),
        more => format!("{} and {} more", names.join(", "), thousands(more)),
    }
}
