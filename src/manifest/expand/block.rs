//! A job that stands for several, and the cutting of these out of it.

use super::braces::Names;
use super::combinations::{Combination, Combinations, Reading};
use super::job_template::JobTemplate;
use crate::document::derived::{DerivedTree, Mark};
use crate::document::source::Source;
use crate::document::tree::{Node, Tree};
use crate::manifest::fields::Field;
use crate::manifest::problem::{Place, Problem};

/// A job that expands to several.
pub(in crate::manifest) struct Block<'t> {
    pub(super) soil: Soil<'t>,
    /// The place of its `matrix`, its `rows`, or its head.
    pub(super) at: Place,
    /// The number of jobs; `None` if it can't be known.
    pub(super) count: Option<usize>,
    /// The fields that expand it.
    pub(super) made_by: Vec<&'static Field>,
    /// The template of its jobs, and the values for it.
    pub(super) job_template: JobTemplate<'t>,
    pub(super) combinations: Combinations<'t>,
}

/// The source of jobs: the tree, and the texts of tables.
#[derive(Clone, Copy)]
pub(super) struct Soil<'t> {
    pub(super) tree: &'t Tree<'t>,
    pub(super) texts: &'t [(usize, Source)],
}

/// Cuts the jobs out of a block, one at a time: what they share is kept once.
pub(in crate::manifest) struct Cutter<'t> {
    pub(super) block: &'t Block<'t>,
    pub(super) derived: DerivedTree<'t>,
    /// The part that all of them share.
    pub(super) shared: Mark,
}

/// A job that was cut out.
pub(in crate::manifest) struct Cut<'c> {
    /// The job, as if it were written out.
    pub node: Node<'c>,
    /// The templates that can't be filled in.
    pub failures: Vec<Problem>,
    /// The number of bytes of text that were filled in.
    pub bytes: usize,
}

impl<'t> Block<'t> {
    /// Returns what its jobs are cut out with.
    pub(in crate::manifest) fn cutter(&'t self) -> Cutter<'t> {
        let mut derived = DerivedTree::of(self.soil.tree, self.soil.texts);
        self.job_template.prepare(&mut derived);
        Cutter { block: self, shared: derived.mark(), derived }
    }

    /// Returns the names of the values that fill it, as far as they are known.
    pub(super) fn names(&self) -> Names {
        // Of what can't be told how many it is, nothing is filled in.
        Names { known: if self.count.is_some() { self.combinations.names() } else { Vec::new() } }
    }

    /// Returns the fields that expand it.
    pub(in crate::manifest) fn made_by(&self) -> &[&'static Field] {
        &self.made_by
    }

    /// Returns where it says that it stands for several.
    pub(in crate::manifest) fn at(&self) -> Place {
        self.at
    }

    /// Returns the number of jobs; `None` if the values are unknown, or there are too many.
    pub(in crate::manifest) fn count(&self) -> Option<usize> {
        self.count
    }

    /// Returns the values that fill the job with this number, by name.
    pub(in crate::manifest) fn values(&self, number: usize) -> Vec<(String, String)> {
        self.combinations.set(number).values()
    }

    /// Returns the place that leaves a field empty in the job with this number: an empty cell, or a null.
    pub(in crate::manifest) fn left_out(&self, number: usize, field: &Field) -> Option<Place> {
        self.job_template.left_out(field.name, self.combinations.set(number))
    }

    /// Returns what the job with this number was when its table was read otherwise: with what it was filled.
    fn former(&self, number: usize) -> impl Iterator<Item = Combination<'_, 't>> {
        let set = self.combinations.set(number);
        let has_former = self.job_template.has_former();
        let by_filter = has_former.then(|| set.read_as(Reading::Former));
        let by_cell = set.former().filter(move |set| !(has_former && set.reading == Reading::Former));
        by_filter.into_iter().chain(by_cell)
    }
}

impl<'t> Cutter<'t> {
    /// Returns the job as far as it is known, where it can't be known what it stands for.
    pub(in crate::manifest) fn outline(&mut self) -> Node<'_> {
        self.derived.rewind(&self.shared);
        self.block.job_template.cut(None, &mut self.derived, &mut Vec::new());
        self.derived.tree(0)
    }

    /// Returns the job with this number.
    pub(in crate::manifest) fn cut(&mut self, number: usize) -> Cut<'_> {
        self.derived.rewind(&self.shared);
        let mut failures = Vec::new();
        self.block.job_template.cut(Some(self.block.combinations.set(number)), &mut self.derived, &mut failures);
        Cut { node: self.derived.tree(0), failures, bytes: self.derived.bytes() }
    }

    /// Returns what the job with this number was when its table was read otherwise.
    pub(in crate::manifest) fn former(&mut self, number: usize) -> Vec<Node<'_>> {
        self.derived.rewind(&self.shared);
        for set in self.block.former(number) {
            self.block.job_template.cut(Some(set), &mut self.derived, &mut Vec::new());
        }
        (0..self.derived.len()).map(|tree| self.derived.tree(tree)).collect()
    }
}
