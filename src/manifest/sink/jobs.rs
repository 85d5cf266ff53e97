//! The jobs that were read so far, and how each of them is shown.

use super::Sink;
use crate::document::span::Span;
use crate::document::tree::{Node, Value};
use crate::manifest::context::Context;
use crate::manifest::expand::Block;
use crate::manifest::fields::{Field, ID};
use crate::manifest::problem::{Place, Values};
use crate::manifest::raw::Spot;

/// The place and the id of a job that stands for itself.
pub(super) enum Mark {
    /// It has no id.
    Unnamed(Span),
    /// Its id stands at its place, after this many bytes and before as many.
    Named(Span, u8),
    /// Its id is written otherwise, or elsewhere.
    Otherwise(Box<Recalled>),
}

/// A job that stands for several, as far as these were read.
pub(super) struct Read<'t> {
    pub(super) block: &'t Block<'t>,
    /// The number of the first of them.
    pub(super) first: usize,
    pub(super) count: usize,
    /// The number of jobs before it that stand for themselves.
    pub(super) others: usize,
}

/// The place and the id of an earlier job.
#[derive(Clone)]
pub(in crate::manifest) struct Recalled {
    /// Its id, as it is written.
    pub id: Option<String>,
    /// The place of its id, or else its own; as a use.
    pub at: Place,
}

impl<'t> Sink<'t> {
    /// Starts the jobs that `block` expands to.
    pub(in crate::manifest) fn enter_block(&mut self, block: &'t Block<'t>) {
        self.blocks.push(Read { block, first: self.count, count: 0, others: self.jobs.len() });
        self.in_block = true;
        self.made_by = block.made_by();
    }

    /// Starts the job of `block` itself, for a block whose jobs are unknown.
    pub(in crate::manifest) fn enter_outline(&mut self, block: &'t Block<'t>) {
        self.made_by = block.made_by();
    }

    /// Ends a block: the jobs from here on are written out.
    pub(in crate::manifest) fn leave_block(&mut self) {
        self.in_block = false;
        self.made_by = &[];
    }

    /// Returns whether the job that is being read was expanded from one that has this field.
    pub(in crate::manifest) fn is_made_by(&self, field: &Field) -> bool {
        self.made_by.iter().any(|own| own.name == field.name)
    }

    /// Starts the next job, which is in `node`.
    pub(in crate::manifest) fn next_job(&mut self, node: Node<'_>) {
        match self.blocks.last_mut().filter(|_| self.in_block) {
            Some(read) => read.count += 1,
            None => self.jobs.push(Mark::Unnamed(node.used_at().unwrap_or(node.head()))),
        }
        self.context = Context::Job(self.count);
        self.count += 1;
    }

    /// Sets the id of the job that was entered last.
    pub(in crate::manifest) fn name_job(&mut self, id: Spot<'_, &str>) {
        if self.in_block {
            return;
        }
        let at = id.node.used_at().unwrap_or(id.node.span());
        let stands = |quotes: &u8| self.named(at, *quotes) == Some(id.value);
        let mark = match [0, 1].into_iter().find(stands) {
            Some(quotes) => Mark::Named(at, quotes),
            None => Mark::Otherwise(Box::new(Recalled { id: Some(id.value.to_owned()), at: Place::at(at) })),
        };
        if let Some(job) = self.jobs.last_mut() {
            *job = mark;
        }
    }

    /// Returns the id that stands at its job's place, in so many quotes.
    fn named(&self, at: Span, quotes: u8) -> Option<&'t str> {
        let quotes = usize::from(quotes);
        self.text.get(at.start as usize + quotes..(at.end as usize).saturating_sub(quotes))
    }

    /// Returns the number of jobs so far.
    pub(in crate::manifest) fn jobs(&self) -> usize {
        self.count
    }

    /// Returns the block that the job with this number came out of, and its number there.
    pub(super) fn part(&self, job: usize) -> Option<(usize, usize)> {
        let block = self.blocks.partition_point(|read| read.first <= job).checked_sub(1)?;
        let number = job - self.blocks[block].first;
        (number < self.blocks[block].count).then_some((block, number))
    }

    /// Returns whether the job with this number came out of a block.
    pub(in crate::manifest) fn is_of_block(&self, job: usize) -> bool {
        self.part(job).is_some()
    }

    /// Returns how the job with this number is shown.
    pub(in crate::manifest) fn recall(&mut self, job: usize) -> Recalled {
        if let Some((_, recalled)) = self.recalled.as_ref().filter(|(number, _)| *number == job) {
            return recalled.clone();
        }
        let recalled = match self.part(job) {
            Some((block, number)) => recut(self.blocks[block].block, number),
            None => self.mark(job),
        };
        self.recalled = Some((job, recalled.clone()));
        recalled
    }

    /// Returns how a job is shown that stands for itself.
    fn mark(&self, job: usize) -> Recalled {
        let next = self.blocks.partition_point(|read| read.first <= job);
        let before = next.checked_sub(1).map(|before| &self.blocks[before]);
        let index = before.map_or(job, |read| read.others + job - read.first - read.count);
        match &self.jobs[index] {
            Mark::Unnamed(at) => Recalled { id: None, at: Place::at(*at) },
            Mark::Named(at, quotes) => Recalled { id: self.named(*at, *quotes).map(str::to_owned), at: Place::at(*at) },
            Mark::Otherwise(recalled) => recalled.as_ref().clone(),
        }
    }

    /// Returns the values that fill the job with this number, if it comes from a block.
    pub(super) fn values(&self, job: usize) -> Option<Values> {
        let (block, number) = self.part(job)?;
        Some(self.blocks[block].block.values(number))
    }

    /// Returns the place that leaves `field` empty in the job that was entered last, among the values that fill it.
    pub(in crate::manifest) fn left_out(&self, field: &Field) -> Option<Place> {
        let Context::Job(job) = self.context else { return None };
        let (block, number) = self.part(job)?;
        self.blocks[block].block.left_out(number, field)
    }
}

/// Returns how the job of a block with this number is shown.
fn recut(block: &Block<'_>, number: usize) -> Recalled {
    let mut cutter = block.cutter();
    let job = cutter.cut(number).node;
    let table = if let Value::Table(table) = job.value() { Some(table) } else { None };
    let id = table.and_then(|table| table.get(ID.name)).map(|entry| entry.value);
    match id.map(|node| (node, node.value())) {
        Some((node, Value::String(id))) => Recalled { id: Some(id.to_owned()), at: Place::of(node).as_use() },
        _ => Recalled { id: None, at: Place::head(job).as_use() },
    }
}
