//! Templates where there is nothing to fill in: what was meant to be many jobs must not be bought as one.

use super::template::{OPEN, TemplateFlaw};
use super::{jobs, keys};
use crate::document::tree::{Node, Value};
use crate::manifest::fields::JOBS;
use crate::manifest::problem::{Place, Problem};

/// Blames every template outside of the jobs that stand for several.
pub(super) fn blame(root: Node<'_>, problems: &mut Vec<Problem>) {
    // The rule for all manifests: there are none.
    if !root.source_text().contains(OPEN) {
        return;
    }
    if let Value::Table(manifest) = root.value() {
        for entry in manifest.iter().filter(|entry| entry.key != JOBS.name) {
            walk(entry.value, problems);
        }
    }
    for job in jobs(root) {
        let Value::Table(table) = job.value() else { continue };
        match keys(table) {
            (None, None) => walk(job, problems),
            // What is filled in is not looked at again.
            (matrix, rows) => [matrix, rows].into_iter().flatten().for_each(|entry| walk(entry.value, problems)),
        }
    }
}

fn walk(node: Node<'_>, problems: &mut Vec<Problem>) {
    match node.value() {
        Value::String(text) => {
            if let Some(start) = text.find(OPEN) {
                let end = text[start..].find("}}").map_or(start + OPEN.len(), |end| start + end + 2);
                let at = Place::part_of(node, start..end);
                problems.push(Problem::Template { at, flaw: TemplateFlaw::Outside });
            }
        }
        Value::List(list) => list.iter().for_each(|item| walk(item, problems)),
        Value::Table(table) => table.iter().for_each(|entry| walk(entry.value, problems)),
        _ => {}
    }
}
