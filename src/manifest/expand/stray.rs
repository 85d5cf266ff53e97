//! Templates where nothing is filled in, and braces that aren't templates: a job that was meant to be many must not be
//! bought as one.

use super::braces::{self, Names};
use super::flaw::TemplateFlaw;
use super::template::OPEN;
use super::{Block, jobs, keys};
use crate::document::tree::{Node, Value};
use crate::manifest::fields::JOBS;
use crate::manifest::problem::{Place, Problem};
use std::collections::HashMap;

/// Reports every template outside of the jobs that expand to several, which are these `blocks`, and everywhere all text
/// that looks like one.
pub(super) fn sink(root: Node<'_>, blocks: &HashMap<usize, Block<'_>>, problems: &mut Vec<Problem>) {
    let mut outside = Walk { names: None, problems };
    if let Value::Table(manifest) = root.value() {
        for entry in manifest.iter().filter(|entry| entry.key != JOBS.name) {
            outside.walk(entry.value);
        }
    }
    for (index, job) in jobs(root).enumerate() {
        let Value::Table(table) = job.value() else { continue };
        let Some(block) = blocks.get(&index) else {
            outside.walk(job);
            continue;
        };
        // Filled-in values are not looked at again.
        let (matrix, rows) = keys(table);
        let given = [matrix, rows].map(|entry| entry.map(|entry| entry.key));
        [matrix, rows].into_iter().flatten().for_each(|entry| outside.templates(entry.value));
        let mut inside = Walk { names: Some(block.names()), problems: outside.problems };
        for entry in table.iter().filter(|entry| !given.contains(&Some(entry.key))) {
            inside.walk(entry.value);
        }
        outside.problems = inside.problems;
    }
}

/// A walk through the texts of a manifest.
struct Walk<'p> {
    /// The names that can be filled in; `None` if nothing is filled in.
    names: Option<Names>,
    problems: &'p mut Vec<Problem>,
}

impl Walk<'_> {
    /// Reports the mistakes in `node`.
    fn walk(&mut self, node: Node<'_>) {
        match node.value() {
            Value::String(text) => {
                if self.names.is_none() {
                    self.templates(node);
                }
                let none = Names::default();
                for found in braces::find(text, self.names.as_ref().unwrap_or(&none)) {
                    let (at, written) = (Place::part_of(node, found.range.clone()), text[found.range].to_owned());
                    let flaw = TemplateFlaw::Braces { written, meant: found.meant, is_filled: self.names.is_some() };
                    self.problems.push(Problem::Template { at, flaw });
                }
            }
            Value::List(list) => list.iter().for_each(|item| self.walk(item)),
            Value::Table(table) => table.iter().for_each(|entry| self.walk(entry.value)),
            _ => {}
        }
    }

    /// Reports the templates in `node`.
    fn templates(&mut self, node: Node<'_>) {
        match node.value() {
            Value::String(text) => {
                if let Some(start) = text.find(OPEN) {
                    let end = text[start..].find("}}").map_or(start + OPEN.len(), |end| start + end + 2);
                    let at = Place::part_of(node, start..end);
                    self.problems.push(Problem::Template { at, flaw: TemplateFlaw::Outside });
                }
            }
            Value::List(list) => list.iter().for_each(|item| self.templates(item)),
            Value::Table(table) => table.iter().for_each(|entry| self.templates(entry.value)),
            _ => {}
        }
    }
}
