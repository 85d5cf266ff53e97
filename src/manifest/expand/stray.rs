//! Templates where there is nothing to fill in: what was meant to be many jobs must not be bought as one.

use super::template::{OPEN, TemplateFlaw};
use super::{Block, jobs, keys};
use crate::document::tree::{Node, Value};
use crate::manifest::fields::JOBS;
use crate::manifest::problem::{Place, Problem};
use std::collections::HashMap;

/// Blames every template outside of the jobs that stand for several, which are these `blocks`.
pub(super) fn blame(root: Node<'_>, blocks: &HashMap<usize, Block<'_>>, problems: &mut Vec<Problem>) {
    if let Value::Table(manifest) = root.value() {
        for entry in manifest.iter().filter(|entry| entry.key != JOBS.name) {
            walk(entry.value, problems);
        }
    }
    for (index, job) in jobs(root).enumerate() {
        let Value::Table(table) = job.value() else { continue };
        if blocks.contains_key(&index) {
            // What is filled in is not looked at again.
            let (matrix, rows) = keys(table);
            [matrix, rows].into_iter().flatten().for_each(|entry| walk(entry.value, problems));
        } else {
            walk(job, problems);
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
