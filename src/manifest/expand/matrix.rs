//! `matrix`: every combination of the values of its axes, except those under `exclude`, plus those under `include`.
//!
//! The meaning is that of matrices in GitHub Actions workflows, which users know.

mod written;

use super::MOST_JOBS;
use super::flaw::MatrixFlaw;
use super::given::Given;
use super::value::covers;
use crate::document::tree::{Entry, Node, Table, Value};
use crate::manifest::problem::{Place, Problem};
use std::collections::HashMap;
use written::Written;

/// The keys that are not axes.
const INCLUDE: &str = "include";
const EXCLUDE: &str = "exclude";

/// The most names that a matrix may have, of axes and in `include`.
pub(crate) const MOST_NAMES: usize = 100;

/// The maximum number of comparisons of a combination with an entry of `include` or `exclude`.
const MOST_LOOKS: u64 = 100_000_000;

/// The combinations of a matrix, in order. Those of the axes are numbers: what they are made of is kept once.
pub(super) struct Matrix<'t> {
    /// The axes, then the names that only `include` has.
    pub names: Vec<Name<'t>>,
    axes: Vec<Axis>,
    /// The combinations of the axes that are left; the last axis changes fastest.
    combined: Combined,
    /// The entries of `include`: their values by the position of the name, in order.
    included: Vec<Vec<(usize, Node<'t>)>>,
    /// The additions of `include` to each combination of the axes: an index into `additions`, or [`NOTHING`]. Empty if it adds nothing.
    added: Vec<u32>,
    /// An entry of `include`, and what was added before it.
    additions: Vec<(u32, u32)>,
    /// The entries of `include` that are combinations of their own.
    own: Vec<u32>,
}

/// A name with all values that combinations have for it.
pub(super) struct Name<'t> {
    pub name: &'t str,
    pub values: Vec<Node<'t>>,
}

/// The order of an axis's values in the combinations.
struct Axis {
    length: usize,
    /// For how many combinations each value stays.
    stride: usize,
}

/// Combinations of axes.
enum Combined {
    /// All of them, which are so many.
    All(usize),
    /// Those with these numbers.
    Left(Vec<u32>),
}

/// No addition.
const NOTHING: u32 = u32::MAX;

/// The entries under `include` or `exclude`.
type Entries<'t> = Vec<(Node<'t>, Table<'t>)>;

impl<'t> Matrix<'t> {
    /// Reads the matrix in `entry`.
    pub(super) fn read(entry: &Entry<'t>, problems: &mut Vec<Problem>) -> Given<Matrix<'t>> {
        let node = entry.value;
        let before = problems.len();
        let (written, is_whole) = match node.value() {
            Value::Table(table) if !table.is_empty() => (Written::read(table, problems), table.is_whole()),
            Value::Broken => return Given::Spoilt(None),
            _ => {
                problems.push(Problem::Matrix { at: Place::head(node), flaw: MatrixFlaw::NoAxes });
                return Given::Spoilt(None);
            }
        };
        let names = written.count_names();
        if names > MOST_NAMES {
            let flaw = MatrixFlaw::TooManyNames(names);
            problems.push(Problem::Matrix { at: Place::at(entry.key_span), flaw });
            return Given::Spoilt(None);
        }
        written.blame_exclude(is_whole, problems);
        let spoilt = Given::Spoilt(written.all_names());
        if problems.len() > before || written.torn {
            return spoilt;
        }
        let Written { names, include, exclude, .. } = written;
        let product = product(&names);
        if product > MOST_JOBS {
            problems.push(Problem::TooManyJobs { at: Place::at(entry.key_span), jobs: product });
            return spoilt;
        }
        if product.saturating_mul((include.len() + exclude.len()) as u64) > MOST_LOOKS {
            let flaw = MatrixFlaw::TooManyEntries;
            problems.push(Problem::Matrix { at: Place::at(entry.key_span), flaw });
            return spoilt;
        }
        let mut matrix = Matrix::combine(names, product as usize);
        matrix.exclude(&exclude, problems);
        matrix.include(&include);
        if matrix.len() == 0 {
            problems.push(Problem::Matrix { at: Place::head(node), flaw: MatrixFlaw::NothingLeft });
            return spoilt;
        }
        Given::Values(matrix)
    }

    /// Returns every combination of the axes' values.
    fn combine(names: Vec<Name<'t>>, product: usize) -> Matrix<'t> {
        let mut stride = product;
        let axis = |name: &Name<'t>| {
            stride /= name.values.len();
            Axis { length: name.values.len(), stride }
        };
        let axes = names.iter().map(axis).collect();
        let combined = Combined::All(product);
        let (included, added, additions, own) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Matrix { names, axes, combined, included, added, additions, own }
    }

    /// Returns how many combinations there are.
    pub(super) fn len(&self) -> usize {
        self.combined.len() + self.own.len()
    }

    /// Returns the value that a combination has of the name with this position.
    pub(super) fn value(&self, combination: usize, position: usize) -> Option<Node<'t>> {
        let included = |entry: u32| {
            let values = &self.included[entry as usize];
            values.iter().rfind(|(name, _)| *name == position).map(|(_, value)| *value)
        };
        let combined = self.combined.len();
        if let Some(own) = combination.checked_sub(combined) {
            return included(self.own[own]);
        }
        if let Some(axis) = self.axes.get(position) {
            return Some(self.names[position].values[axis.at(self.combined.number(combination))]);
        }
        let mut addition = *self.added.get(combination)?;
        while addition != NOTHING {
            let (before, entry) = self.additions[addition as usize];
            if let Some(value) = included(entry) {
                return Some(value);
            }
            addition = before;
        }
        None
    }

    /// Returns whether all combinations have the same value of the name with this position.
    pub(super) fn is_constant(&self, position: usize) -> bool {
        let is_axis = self.axes.get(position).is_some_and(|axis| axis.length == 1);
        is_axis && self.own.is_empty()
    }

    /// Returns what an entry asks of the axes: which values each of them may have, but for those that may have all; `None` if an axis
    /// may have no value.
    fn wanted(&self, values: &[(usize, Node<'t>)], partial: bool) -> Option<Vec<(usize, Vec<bool>)>> {
        let mut wanted = Vec::new();
        for (position, value) in values.iter().filter(|(position, _)| *position < self.axes.len()) {
            let own = self.names[*position].values.iter().take(self.axes[*position].length);
            let fits: Vec<bool> = own.map(|own| covers(*own, *value, partial)).collect();
            if !fits.contains(&true) {
                return None;
            }
            if fits.contains(&false) {
                wanted.push((*position, fits));
            }
        }
        Some(wanted)
    }

    /// Returns whether the combination of the axes with this number is one of those that are wanted.
    fn fits(&self, number: usize, wanted: &[(usize, Vec<bool>)]) -> bool {
        wanted.iter().all(|(axis, fits)| fits[self.axes[*axis].at(number)])
    }

    /// Returns the values of an entry by the positions of their names.
    fn positions(&self, table: Table<'t>) -> Vec<(usize, Node<'t>)> {
        table.iter().filter_map(|entry| Some((self.position(entry.key)?, entry.value))).collect()
    }

    /// Removes the combinations that have all values of an entry.
    fn exclude(&mut self, exclude: &Entries<'t>, problems: &mut Vec<Problem>) {
        for (node, table) in exclude {
            let before = self.combined.len();
            if let Some(wanted) = self.wanted(&self.positions(*table), true) {
                let left = (0..before).map(|combination| self.combined.number(combination));
                let left: Vec<u32> =
                    left.filter(|number| !self.fits(*number, &wanted)).map(|number| number as u32).collect();
                if left.len() < before {
                    self.combined = Combined::Left(left);
                    continue;
                }
            }
            problems.push(Problem::Matrix { at: Place::head(*node), flaw: MatrixFlaw::NothingExcluded });
        }
    }

    /// Adds the values of each entry to the combinations whose axis values stay unchanged by it; an entry that fits
    /// none of them is a combination of its own.
    fn include(&mut self, include: &Entries<'t>) {
        for entry in include.iter().flat_map(|(_, table)| table.iter()) {
            match self.position(entry.key) {
                Some(position) => self.names[position].values.push(entry.value),
                None => self.names.push(Name { name: entry.key, values: vec![entry.value] }),
            }
        }
        for (_, table) in include {
            let values = self.positions(*table);
            let has_more = values.iter().any(|(position, _)| *position >= self.axes.len());
            let wanted = self.wanted(&values, false);
            let entry = self.included.len() as u32;
            self.included.push(values);
            if !wanted.is_some_and(|wanted| self.add(entry, has_more, &wanted)) {
                self.own.push(entry);
            }
        }
    }

    /// Adds an entry to the combinations of the axes that are wanted; whether there are any.
    fn add(&mut self, entry: u32, has_more: bool, wanted: &[(usize, Vec<bool>)]) -> bool {
        let combined = self.combined.len();
        let mut fits_one = false;
        // What is added to several combinations behind the same is kept once.
        let mut behind: HashMap<u32, u32> = HashMap::new();
        for combination in 0..combined {
            if !self.fits(self.combined.number(combination), wanted) {
                continue;
            }
            fits_one = true;
            if !has_more {
                break;
            }
            if self.added.is_empty() {
                self.added = vec![NOTHING; combined];
            }
            let before = self.added[combination];
            self.added[combination] = *behind.entry(before).or_insert_with(|| {
                self.additions.push((before, entry));
                self.additions.len() as u32 - 1
            });
        }
        fits_one
    }

    /// Returns the position of a name among the names.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|own| own.name == name)
    }
}

impl Axis {
    /// Returns which of its values a combination of the axes has.
    fn at(&self, number: usize) -> usize {
        number / self.stride % self.length
    }
}

impl Combined {
    fn len(&self) -> usize {
        match self {
            Combined::All(count) => *count,
            Combined::Left(numbers) => numbers.len(),
        }
    }

    /// Returns the number of a combination among all of the axes.
    fn number(&self, combination: usize) -> usize {
        match self {
            Combined::All(_) => combination,
            Combined::Left(numbers) => numbers[combination] as usize,
        }
    }
}

/// Returns the number of combinations of the axes.
fn product(axes: &[Name<'_>]) -> u64 {
    if axes.is_empty() {
        return 0;
    }
    axes.iter().fold(1, |product: u64, axis| product.saturating_mul(axis.values.len() as u64))
}
