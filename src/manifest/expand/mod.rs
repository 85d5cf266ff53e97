//! Many jobs from few lines: a job with `matrix` or `rows` becomes one job for each combination and each row.
//!
//! ```text
//! matrix ─┐
//!         ├─ combinations ─┐
//! rows  ──┘                ├─ one tree a job ─ decode, as if it were written out
//! job ──── stencil ────────┘
//! ```
//!
//! A job is expanded as a tree, before anything is known about its fields: the result is read and checked as any other
//! job. Its values keep the place of their template, and remember the value that was filled in.

mod braces;
mod csv;
mod datum;
mod expression;
mod files;
mod filters;
mod jsonl;
mod made;
mod matrix;
mod rows;
mod sets;
mod stencil;
mod stray;
mod template;

#[cfg(test)]
mod tests;

pub(super) use expression::Scope;
pub(super) use files::Files;
pub(super) use filters::NAMES as FILTERS;
pub(super) use matrix::MatrixFlaw;
pub(super) use rows::RowsFlaw;
pub(super) use template::TemplateFlaw;

use super::fields::{Field, JOB, JOBS, MATRIX, ROWS};
use super::problem::{Place, Problem};
use super::suggest::{Meant, meant};
use crate::document::graft::Graft;
use crate::document::tree::{Entry, Node, Table, Tree, Value};
use braces::Names;
use matrix::Matrix;
use sets::{Given, Reading, Sets};
use std::collections::HashMap;
use stencil::Stencil;
use template::OPEN;

/// The maximum number of jobs that all matrices and rows of a manifest may expand to.
pub(super) const MOST_JOBS: u64 = 1_000_000;

/// The maximum number of bytes of text that all templates together may be filled to.
const MOST_BYTES: usize = 1024 * 1024 * 1024;

/// The result of expanding the jobs with a matrix or rows.
pub(super) struct Expansion<'t> {
    graft: Graft<'t>,
    /// The blocks by the job's position in the list.
    blocks: HashMap<usize, Block<'t>>,
    /// Mistakes in them that do not depend on a single job.
    problems: Vec<Problem>,
}

/// A job that expands to several.
pub(super) struct Block<'t> {
    /// The number of its first tree among the derived ones.
    first: usize,
    count: usize,
    /// The tree of the job as far as it is known, if its values are unknown.
    outline: Option<usize>,
    /// The fields that expand it.
    made_by: Vec<&'static Field>,
    /// The parsed job and the values that fill it; `None` if these are unknown.
    parts: Option<(Stencil<'t>, Sets<'t>)>,
    /// Templates that can't be filled in: by the number of the job, in order.
    failures: Vec<(usize, Problem)>,
    /// The jobs as they were when their table was read differently: the numbers of the job, in order, and of the tree.
    former: Vec<(usize, usize)>,
}

impl<'t> Expansion<'t> {
    /// Returns an expansion without any blocks.
    pub(super) fn none(tree: &'t Tree<'t>) -> Expansion<'t> {
        Expansion { graft: Graft::of(tree, &[]), blocks: HashMap::new(), problems: Vec::new() }
    }

    /// Expands the jobs of the manifest in `tree`, whose rows are in `files`.
    pub(super) fn of(tree: &'t Tree<'t>, files: &'t Files) -> Expansion<'t> {
        let mut expansion = Expansion { graft: Graft::of(tree, files.texts()), ..Expansion::none(tree) };
        let mut left = MOST_JOBS;
        let has_templates = tree.root().source_text().contains(OPEN);
        for (index, job) in jobs(tree.root()).enumerate() {
            let Value::Table(table) = job.value() else { continue };
            let block = match keys(table) {
                (Some(key), _) | (_, Some(key)) => expansion.expand(job, table, key, files, &mut left),
                // The values that a misspelt field was meant to provide are unknown.
                _ if has_templates => match misspelt(table) {
                    Some(sets) => expansion.outline(job, table, &sets),
                    None => continue,
                },
                _ => continue,
            };
            expansion.blocks.insert(index, block);
        }
        let text = tree.root().source_text();
        // If nothing is filled in, and no name is written that could be, braces are ordinary text.
        if has_templates || !expansion.blocks.is_empty() || text.contains("row") || text.contains("matrix.") {
            stray::blame(tree.root(), &expansion.blocks, &mut expansion.problems);
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
    ) -> Block<'t> {
        let (matrix, rows) = keys(table);
        let matrix = matrix.map_or(Given::Nothing, |entry| Matrix::read(&entry, &mut self.problems));
        let rows = rows.map_or(Given::Nothing, |entry| rows::read(&entry, files, &mut self.problems));
        let sets = Sets { matrix, rows };
        if sets.is_spoilt() {
            return self.outline(job, table, &sets);
        }
        let jobs = sets.count();
        let at = Place { via: key.merged_at, ..Place::at(key.key_span) };
        if jobs > *left {
            self.problems.push(Problem::TooManyJobs { at, jobs: MOST_JOBS - *left + jobs });
            return self.outline(job, table, &sets);
        }
        *left -= jobs;
        let mut block = Block::new(self.graft.len(), table);
        let stencil = Stencil::of_job(job, table, &sets, &mut self.problems);
        let mut failures = Vec::new();
        let has_former = stencil.has_former();
        for number in 0..jobs as usize {
            stencil.cut(Some(sets.set(number)), &mut self.graft, &mut failures);
            block.failures.extend(failures.drain(..).map(|problem| (number, problem)));
            block.count += 1;
            if self.graft.bytes() > MOST_BYTES {
                self.problems.push(Problem::TooMuchText { at });
                break;
            }
        }
        for number in 0..block.count {
            let set = sets.set(number);
            let by_filter = has_former.then_some(set.read_as(Reading::Former));
            let by_cell = set.former().filter(|set| !(has_former && set.reading == Reading::Former));
            for set in by_filter.into_iter().chain(by_cell) {
                if self.graft.bytes() > MOST_BYTES {
                    break;
                }
                block.former.push((number, self.graft.len()));
                stencil.cut(Some(set), &mut self.graft, &mut Vec::new());
            }
        }
        block.parts = Some((stencil, sets));
        block
    }

    /// Adds a job whose values are unknown or too many: the parts of it without templates are known all the same.
    fn outline(&mut self, job: Node<'t>, table: Table<'t>, sets: &Sets<'t>) -> Block<'t> {
        let number = self.graft.len();
        let stencil = Stencil::of_job(job, table, sets, &mut self.problems);
        stencil.cut(None, &mut self.graft, &mut Vec::new());
        Block { outline: Some(number), ..Block::new(number, table) }
    }

    /// Returns the block of the job with this position in the list, if it expands to several.
    pub(super) fn block(&self, index: usize) -> Option<&Block<'t>> {
        self.blocks.get(&index)
    }

    /// Returns the jobs of a block, as if they were written out.
    pub(super) fn jobs<'e>(&'e self, block: &'e Block<'t>) -> impl Iterator<Item = Node<'e>> {
        (0..block.count).map(|number| self.graft.tree(block.first + number))
    }

    /// Returns the job of a block with this number as it was when its table was read differently.
    pub(super) fn former<'e>(&'e self, block: &'e Block<'t>, number: usize) -> impl Iterator<Item = Node<'e>> {
        let start = block.former.partition_point(|(job, _)| *job < number);
        let of_job = block.former[start..].iter().take_while(move |(job, _)| *job == number);
        of_job.map(|(_, tree)| self.graft.tree(*tree))
    }

    /// Returns the job of a block as far as it is known, if its values are unknown.
    pub(super) fn outline_of<'e>(&'e self, block: &'e Block<'t>) -> Option<Node<'e>> {
        block.outline.map(|number| self.graft.tree(number))
    }

    /// Returns the mistakes in matrices, rows and templates that do not depend on a single job.
    pub(super) fn take_problems(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems)
    }
}

impl<'t> Block<'t> {
    /// Returns a block without jobs, whose first will be the tree with this number.
    fn new(first: usize, table: Table<'t>) -> Block<'t> {
        let (matrix, rows) = keys(table);
        let made_by = [matrix.map(|_| &MATRIX), rows.map(|_| &ROWS)].into_iter().flatten().collect();
        Block { first, count: 0, outline: None, made_by, parts: None, failures: Vec::new(), former: Vec::new() }
    }

    /// Returns the names of the values that fill it, as far as they are known.
    fn names(&self) -> Names {
        Names { known: self.parts.as_ref().map(|(_, sets)| sets.names()).unwrap_or_default() }
    }

    /// Returns the fields that expand it.
    pub(super) fn made_by(&self) -> &[&'static Field] {
        &self.made_by
    }

    /// Returns the number of its jobs.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Returns the templates that can't be filled in for the job with this number.
    pub(super) fn failures(&self, number: usize) -> impl Iterator<Item = &Problem> {
        let start = self.failures.partition_point(|(job, _)| *job < number);
        self.failures[start..].iter().take_while(move |(job, _)| *job == number).map(|(_, problem)| problem)
    }

    /// Returns the values that fill the job with this number, by name.
    pub(super) fn values(&self, number: usize) -> Vec<(String, String)> {
        self.parts.as_ref().map(|(_, sets)| sets.set(number).values()).unwrap_or_default()
    }

    /// Returns the place that leaves a field empty in the job with this number: an empty cell, or a null.
    pub(super) fn left_out(&self, number: usize, field: &Field) -> Option<Place> {
        let (stencil, sets) = self.parts.as_ref()?;
        stencil.left_out(field.name, sets.set(number))
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
fn misspelt(job: Table<'_>) -> Option<Sets<'_>> {
    let mut sets = Sets { matrix: Given::Nothing, rows: Given::Nothing };
    for entry in job.iter().filter(|entry| JOB.field(entry.key).is_none()) {
        match meant(&JOB, entry.key) {
            Meant::Field(field) if field.name == MATRIX.name => sets.matrix = Given::Spoilt(None),
            Meant::Field(field) if field.name == ROWS.name => sets.rows = Given::Spoilt(None),
            _ => {}
        }
    }
    sets.is_spoilt().then_some(sets)
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
