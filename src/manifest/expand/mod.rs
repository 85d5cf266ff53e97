//! Many jobs from few lines: a job with `matrix` or `rows` becomes one job for each combination and each row.
//!
//! ```text
//! matrix ─┐
//!         ├─ combinations ─┐
//! rows  ──┘                ├─ one tree a job ─ decode, as if it were written out
//! job ──── template ───────┘
//! ```
//!
//! A job is expanded as a tree, before anything is known about its fields: the result is read and checked as any other
//! job. Its values keep the place of their template, and remember the value that was filled in.

mod block;
mod braces;
mod combinations;
mod csv;
mod evaluate;
mod expression;
mod files;
mod filters;
mod flaw;
mod given;
mod job_template;
mod jsonl;
mod matrix;
mod rows;
mod scope;
mod stray;
mod template;
mod value;

#[cfg(test)]
mod tests;

pub(super) use block::Block;
pub(super) use files::Files;
pub(super) use filters::NAMES as FILTERS;
pub(super) use flaw::{MatrixFlaw, RowsFlaw, TemplateFlaw};
pub(super) use matrix::MOST_NAMES;
pub(super) use rows::MOST_COLUMNS;
pub(super) use scope::Scope;

use super::fields::{JOB, JOBS, MATRIX, ROWS};
use super::problem::{Place, Problem};
use super::suggest::{Meant, meant};
use crate::document::tree::{Entry, Node, Table, Tree, Value};
use block::Soil;
use combinations::Combinations;
use given::Given;
use job_template::JobTemplate;
use matrix::Matrix;
use std::collections::HashMap;
use template::OPEN;

/// The maximum number of jobs that all matrices and rows of a manifest may expand to.
pub(super) const MOST_JOBS: u64 = 1_000_000;

/// The maximum number of bytes of text that all templates together may be filled to.
pub(super) const MOST_BYTES: usize = 1024 * 1024 * 1024;

/// The most bytes of text that the templates of one job may be filled to.
pub(super) const MOST_BYTES_OF_JOB: usize = 16 * 1024 * 1024;

/// The result of expanding the jobs with a matrix or rows.
pub(super) struct Expansion<'t> {
    /// The blocks by the job's position in the list.
    blocks: HashMap<usize, Block<'t>>,
    /// Mistakes in them that do not depend on a single job.
    problems: Vec<Problem>,
}

impl<'t> Expansion<'t> {
    /// Expands the jobs of the manifest in `tree`, whose rows are in `files`.
    pub(super) fn of(tree: &'t Tree<'t>, files: &'t Files) -> Expansion<'t> {
        let mut expansion = Expansion { blocks: HashMap::new(), problems: Vec::new() };
        let soil = Soil { tree, texts: files.texts() };
        let mut left = MOST_JOBS;
        let has_templates = tree.root().source_text().contains(OPEN);
        for (index, job) in jobs(tree.root()).enumerate() {
            let Value::Table(table) = job.value() else { continue };
            let block = match keys(table) {
                (Some(key), _) | (_, Some(key)) => expansion.expand(job, table, key, files, &mut left, soil),
                // The values that a misspelt field was meant to provide are unknown.
                _ if has_templates => match misspelt(table) {
                    Some(combinations) => expansion.outline(job, table, Place::head(job), combinations, soil),
                    None => continue,
                },
                _ => continue,
            };
            expansion.blocks.insert(index, block);
        }
        let text = tree.root().source_text();
        // If nothing is filled in, and no name is written that could be, braces are ordinary text.
        if has_templates || !expansion.blocks.is_empty() || text.contains("row") || text.contains("matrix.") {
            stray::sink(tree.root(), &expansion.blocks, &mut expansion.problems);
        }
        expansion
    }

    /// Expands one job; `key` is the key of its matrix or rows.
    fn expand(
        &mut self,
        job: Node<'t>,
        table: Table<'t>,
        key: Entry<'t>,
        files: &'t Files,
        left: &mut u64,
        soil: Soil<'t>,
    ) -> Block<'t> {
        let (matrix, rows) = keys(table);
        let matrix = matrix.map_or(Given::Nothing, |entry| Matrix::read(&entry, &mut self.problems));
        let rows = rows.map_or(Given::Nothing, |entry| rows::read(&entry, files, &mut self.problems));
        let combinations = Combinations { matrix, rows };
        let at = Place { via: key.merged_at, ..Place::at(key.key_span) };
        if combinations.is_spoilt() {
            return self.outline(job, table, at, combinations, soil);
        }
        let jobs = combinations.count();
        if jobs > *left {
            self.problems.push(Problem::TooManyJobs { at, jobs: MOST_JOBS - *left + jobs });
            return self.outline(job, table, at, combinations, soil);
        }
        *left -= jobs;
        Block { count: Some(jobs as usize), ..self.outline(job, table, at, combinations, soil) }
    }

    /// Adds a job whose values are unknown or too many: the parts of it without templates are known all the same.
    fn outline(
        &mut self,
        job: Node<'t>,
        table: Table<'t>,
        at: Place,
        combinations: Combinations<'t>,
        soil: Soil<'t>,
    ) -> Block<'t> {
        let job_template = JobTemplate::of_job(job, table, &combinations, &mut self.problems);
        let (matrix, rows) = keys(table);
        let made_by = [matrix.map(|_| &MATRIX), rows.map(|_| &ROWS)].into_iter().flatten().collect();
        Block { soil, at, count: None, made_by, job_template, combinations }
    }

    /// Returns the block of the job with this position in the list, if it expands to several.
    pub(super) fn block(&self, index: usize) -> Option<&Block<'t>> {
        self.blocks.get(&index)
    }

    /// Returns the mistakes in matrices, rows and templates that do not depend on a single job.
    pub(super) fn take_problems(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems)
    }
}

/// Returns the jobs as they are written in the manifest.
pub(super) fn jobs(root: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let jobs = match root.value() {
        Value::Table(manifest) => manifest.get(JOBS.name).map(|jobs| jobs.value.value()),
        _ => None,
    };
    let list = match jobs {
        Some(Value::List(list)) => Some(list),
        _ => None,
    };
    list.into_iter().flat_map(|list| list.iter())
}

/// Returns what is known of the values of a job whose `matrix` or `rows` is misspelt; `None` if neither is.
fn misspelt(job: Table<'_>) -> Option<Combinations<'_>> {
    let mut combinations = Combinations { matrix: Given::Nothing, rows: Given::Nothing };
    for entry in job.iter().filter(|entry| JOB.field(entry.key).is_none()) {
        match meant(&JOB, entry.key) {
            Meant::Field(field) if field.name == MATRIX.name => combinations.matrix = Given::Spoilt(None),
            Meant::Field(field) if field.name == ROWS.name => combinations.rows = Given::Spoilt(None),
            _ => {}
        }
    }
    combinations.is_spoilt().then_some(combinations)
}

/// Returns the entries that expand a job.
fn keys(job: Table<'_>) -> (Option<Entry<'_>>, Option<Entry<'_>>) {
    let (mut matrix, mut rows) = (None, None);
    for entry in job.iter() {
        match entry.key {
            key if key == MATRIX.name => matrix = Some(entry),
            key if key == ROWS.name => rows = Some(entry),
            _ => {}
        }
    }
    (matrix, rows)
}
