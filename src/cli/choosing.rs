//! Patterns and tags that choose nothing: most likely they are misspelt. A choice of nothing is refused, as success would be a lie.

use super::failure::Failure;
use super::project::Project;
use super::terminal::Terminal;
use crate::base::nearest::nearest;
use crate::ledger::Book;
use crate::manifest::model::{Job, Manifest};
use crate::plan::select::{Idle, Selection};
use crate::service::names::Tag;
use std::collections::BTreeSet;

/// Looks whether `selection` chooses a job of the project, as [`among`] does, before anything else is done.
///
/// # Errors
/// As [`among`]; and where the lock can't be read.
pub(super) fn look(selection: &Selection, project: &Project, terminal: &Terminal) -> Result<(), Failure> {
    match selection.is_said() {
        true => among(selection, Some(&project.manifest), &project.read()?.book, terminal),
        false => Ok(()),
    }
}

/// Warns on standard error of patterns that match no job of the manifest or the lock, and of tags that no job has.
///
/// # Errors
/// Fails if no job is chosen at all.
pub(super) fn among(
    selection: &Selection,
    manifest: Option<&Manifest>,
    book: &Book,
    terminal: &Terminal,
) -> Result<(), Failure> {
    if !selection.is_said() {
        return Ok(());
    }
    let none = BTreeSet::new();
    let jobs = manifest.map_or(&[][..], |manifest| &manifest.jobs);
    let all = || {
        let of_lock = book.records().map(|record| (&record.key.job, &none));
        jobs.iter().map(|job| (&job.id, job.tags.as_ref())).chain(of_lock)
    };
    let idle = selection.idle(all()).into_iter().map(|idle| words(&idle, jobs));
    if selection.takes_any(all()) {
        idle.for_each(|warning| warning.warn(terminal));
        return Ok(());
    }
    let idle: Vec<Failure> = idle.collect();
    let hint = idle.iter().find_map(|failure| failure.hint.clone());
    let reasons: Vec<&str> = idle.iter().map(|failure| failure.message.as_str()).collect();
    let message = match reasons.is_empty() {
        true => "no job is chosen: --only, --skip and --tag together leave none".to_owned(),
        false => format!("no job is chosen: {}", reasons.join("; ")),
    };
    let hint =
        hint.unwrap_or_else(|| "`batch status` lists the jobs; in a pattern `*` stands for any characters".to_owned());
    Err(Failure::usage(message).hint(hint))
}

/// Returns what is said, and what was probably meant.
fn words(idle: &Idle, jobs: &[Job]) -> Failure {
    let (message, option, text, near) = match idle {
        Idle::Only(pattern) => {
            (format!("no job's id matches --only `{pattern}`"), "--only", pattern.as_str(), near_id(pattern, jobs))
        }
        Idle::Skip(pattern) => {
            let message = format!("no job's id matches --skip `{pattern}`: it leaves nothing out");
            (message, "--skip", pattern.as_str(), near_id(pattern, jobs))
        }
        Idle::Tag(tag) => {
            let tags: BTreeSet<&Tag> = jobs.iter().flat_map(|job| job.tags.as_ref()).collect();
            let near = nearest(tag.as_str(), tags.iter().map(|tag| tag.as_str())).map(str::to_owned);
            (format!("no job has the tag `{tag}`"), "--tag", tag.as_str(), near)
        }
    };
    let failure = Failure::usage(message);
    match near {
        // Inside of braces a comma parts what a pattern may be.
        _ if text.contains(',') && !text.contains('{') => {
            let each: Vec<String> = text.split(',').map(|part| format!("{option} {}", part.trim())).collect();
            failure.hint(format!("a comma doesn't separate patterns: write {}", each.join(" ")))
        }
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure,
    }
}

/// Returns the id that is nearest to a pattern which matches none.
pub(super) fn near_id(pattern: &str, jobs: &[Job]) -> Option<String> {
    nearest(pattern, jobs.iter().map(|job| job.id.as_str())).map(str::to_owned)
}
