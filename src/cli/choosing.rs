//! A word on patterns and tags that choose nothing: most likely they are misspelt.

use super::terminal::{Terminal, Volume};
use crate::base::nearest::nearest;
use crate::ledger::Book;
use crate::manifest::model::Manifest;
use crate::plan::select::{Idle, Selection};
use crate::report::look::Hue;
use crate::report::terminal_safe;
use crate::spec::names::Tag;
use std::collections::BTreeSet;
use std::io::{self, Write};

/// Warns on standard error of patterns that match no job of the manifest or the lock, and of tags that no job has.
pub(super) fn warn_of_idle(selection: &Selection, manifest: &Manifest, book: &Book, terminal: &Terminal) {
    let none = BTreeSet::new();
    let jobs = manifest.jobs.iter().map(|job| (&job.id, &job.tags));
    let idle = selection.idle(jobs.chain(book.records().map(|record| (&record.key.job, &none))));
    if terminal.volume == Volume::Quiet {
        return;
    }
    let look = terminal.stderr;
    let mut err = io::stderr().lock();
    for idle in &idle {
        let (message, near) = words(idle, manifest);
        // Where standard error is closed, nobody reads it.
        let _ = writeln!(err, "{} {}", look.paint(Hue::Caution, "warning:"), terminal_safe::line(&message));
        if let Some(near) = near {
            let _ = writeln!(err, "{} did you mean `{near}`?", look.paint(Hue::Accent, "help:"));
        }
    }
}

/// What is said, and what was probably meant.
fn words(idle: &Idle, manifest: &Manifest) -> (String, Option<String>) {
    let ids = || manifest.jobs.iter().map(|job| job.id.as_str());
    let near_id = |pattern: &str| nearest(pattern, ids()).map(str::to_owned);
    match idle {
        Idle::Only(pattern) => (format!("no job's id matches --only `{pattern}`"), near_id(pattern)),
        Idle::Skip(pattern) => {
            (format!("no job's id matches --skip `{pattern}`: it leaves nothing out"), near_id(pattern))
        }
        Idle::Tag(tag) => {
            let tags: BTreeSet<&Tag> = manifest.jobs.iter().flat_map(|job| &job.tags).collect();
            let near = nearest(tag.as_str(), tags.iter().map(|tag| tag.as_str())).map(str::to_owned);
            (format!("no job has the tag `{tag}`"), near)
        }
    }
}
