//! `matrix`: every combination of the values of its axes, except those under `exclude`, plus those under `include`.
//!
//! The meaning is that of matrices in GitHub Actions workflows, which users know.

use super::MOST_JOBS;
use super::datum::covers;
use super::sets::Given;
use crate::base::nearest::nearest;
use crate::document::tree::{Entry, Node, Table, Value};
use crate::manifest::problem::{Place, Problem};
use std::collections::HashSet;

/// The keys that are not axes.
const INCLUDE: &str = "include";
const EXCLUDE: &str = "exclude";

/// The maximum number of comparisons of a combination with an entry of `include` or `exclude`.
const MOST_LOOKS: u64 = 100_000_000;

/// A mistake in a matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MatrixFlaw {
    /// It isn't a mapping, or is empty.
    NoAxes,
    /// The values of this axis aren't a list.
    NotAList(String),
    /// This axis has no values.
    NoValues(String),
    /// `include` or `exclude` isn't a list of mappings.
    NotMappings(&'static str),
    /// A key under `exclude` isn't an axis.
    NotAnAxis {
        /// The key.
        key: String,
        /// The axis with a similar name.
        nearest: Option<String>,
        /// All axes.
        axes: Vec<String>,
    },
    /// An entry under `exclude` matches no combination.
    NothingExcluded,
    /// There are too many entries to compare with so many combinations.
    TooManyEntries,
    /// Everything is excluded.
    NothingLeft,
}

/// The combinations of a matrix, in order.
pub(super) struct Matrix<'t> {
    /// The axes, then the names that only `include` has.
    pub names: Vec<Name<'t>>,
    pub combinations: Vec<Box<[Option<Node<'t>>]>>,
}

/// A name with all values that combinations have for it.
pub(super) struct Name<'t> {
    pub name: &'t str,
    pub values: Vec<Node<'t>>,
}

/// The entries under `include` or `exclude`.
type Entries<'t> = Vec<(Node<'t>, Table<'t>)>;

/// A matrix as it is written.
#[derive(Default)]
struct Written<'t> {
    /// All axes, including those with wrong values.
    axes: Vec<&'t str>,
    /// The axes whose values can be used.
    names: Vec<Name<'t>>,
    include: Entries<'t>,
    exclude: Entries<'t>,
    /// `true` if a part of it was lost to a syntax error.
    torn: bool,
}

impl<'t> Matrix<'t> {
    /// Reads the matrix in `entry`.
    pub(super) fn read(entry: &Entry<'t>, problems: &mut Vec<Problem>) -> Given<Matrix<'t>> {
        let node = entry.value;
        let before = problems.len();
        let written = match node.value() {
            Value::Table(table) if !table.is_empty() => Written::read(table, problems),
            Value::Broken => return Given::Spoilt(None),
            _ => {
                problems.push(Problem::Matrix { at: Place::head(node), flaw: MatrixFlaw::NoAxes });
                return Given::Spoilt(None);
            }
        };
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
        let mut matrix = Matrix { names, combinations: Vec::new() };
        matrix.combine();
        matrix.exclude(&exclude, problems);
        matrix.include(&include);
        if matrix.combinations.is_empty() {
            problems.push(Problem::Matrix { at: Place::head(node), flaw: MatrixFlaw::NothingLeft });
            return spoilt;
        }
        Given::Values(matrix)
    }

    /// Adds every combination of the axes' values; the last axis changes fastest.
    fn combine(&mut self) {
        // A matrix of `include` alone has none.
        if self.names.is_empty() {
            return;
        }
        let mut at = vec![0; self.names.len()];
        loop {
            self.combinations.push(self.names.iter().zip(&at).map(|(axis, at)| Some(axis.values[*at])).collect());
            let mut axis = at.len();
            loop {
                let Some(next) = axis.checked_sub(1) else { return };
                axis = next;
                at[axis] += 1;
                if at[axis] < self.names[axis].values.len() {
                    break;
                }
                at[axis] = 0;
            }
        }
    }

    /// Removes the combinations that have all values of an entry.
    fn exclude(&mut self, exclude: &Entries<'t>, problems: &mut Vec<Problem>) {
        for (node, table) in exclude {
            let keys: Vec<_> =
                table.iter().filter_map(|entry| Some((self.position(entry.key)?, entry.value))).collect();
            let before = self.combinations.len();
            let is_excluded = |values: &[Option<Node<'t>>]| {
                keys.iter().all(|(axis, value)| values[*axis].is_some_and(|own| covers(own, *value, true)))
            };
            self.combinations.retain(|values| !is_excluded(values));
            if self.combinations.len() == before {
                problems.push(Problem::Matrix { at: Place::head(*node), flaw: MatrixFlaw::NothingExcluded });
            }
        }
    }

    /// Adds the values of each entry to the combinations whose axis values stay unchanged by it; an entry that fits
    /// none of them is a combination of its own.
    fn include(&mut self, include: &Entries<'t>) {
        let (axes, combined) = (self.names.len(), self.combinations.len());
        for (_, table) in include {
            for entry in table.iter() {
                match self.position(entry.key) {
                    Some(position) => self.names[position].values.push(entry.value),
                    None => self.names.push(Name { name: entry.key, values: vec![entry.value] }),
                }
            }
        }
        if self.names.len() > axes {
            for values in &mut self.combinations {
                let mut longer = std::mem::take(values).into_vec();
                longer.resize(self.names.len(), None);
                *values = longer.into_boxed_slice();
            }
        }
        for (_, table) in include {
            let entries: Vec<_> =
                table.iter().filter_map(|entry| Some((self.position(entry.key)?, entry.value))).collect();
            let mut fits_one = false;
            for values in &mut self.combinations[..combined] {
                let own = |axis: usize, value| values[axis].is_some_and(|own| covers(own, value, false));
                if entries.iter().all(|(name, value)| *name >= axes || own(*name, *value)) {
                    fits_one = true;
                    for (name, value) in entries.iter().filter(|(name, _)| *name >= axes) {
                        values[*name] = Some(*value);
                    }
                }
            }
            if !fits_one {
                let mut values = vec![None; self.names.len()];
                for (name, value) in entries {
                    values[name] = Some(value);
                }
                self.combinations.push(values.into_boxed_slice());
            }
        }
    }

    /// Returns the position of a name among the names.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|own| own.name == name)
    }
}

impl<'t> Written<'t> {
    fn read(table: Table<'t>, problems: &mut Vec<Problem>) -> Written<'t> {
        let mut flawed = |at: Place, flaw| problems.push(Problem::Matrix { at, flaw });
        let mut written = Written { torn: !table.is_whole(), ..Written::default() };
        for entry in table.iter() {
            match entry.key {
                INCLUDE => written.include = mappings(entry.value, INCLUDE, &mut written.torn, &mut flawed),
                EXCLUDE => written.exclude = mappings(entry.value, EXCLUDE, &mut written.torn, &mut flawed),
                axis => {
                    written.axes.push(axis);
                    match entry.value.value() {
                        Value::List(values) if values.is_empty() => {
                            flawed(Place::of(entry.value), MatrixFlaw::NoValues(axis.to_owned()));
                        }
                        Value::List(values) => {
                            written.names.push(Name { name: axis, values: values.iter().collect() });
                        }
                        Value::Broken => written.torn = true,
                        _ => flawed(Place::head(entry.value), MatrixFlaw::NotAList(axis.to_owned())),
                    }
                }
            }
        }
        // The axis that such a key names may be the part that was lost.
        if !written.torn || table.is_whole() {
            written.blame_exclude(&mut flawed);
        }
        written
    }

    /// Reports the keys under `exclude` that are not axes.
    fn blame_exclude(&self, flawed: &mut impl FnMut(Place, MatrixFlaw)) {
        let entries = self.exclude.iter().flat_map(|(_, table)| table.iter());
        for entry in entries.filter(|entry| !self.axes.contains(&entry.key)) {
            let nearest = nearest(entry.key, self.axes.iter().copied()).map(str::to_owned);
            let axes = self.axes.iter().map(|axis| (*axis).to_owned()).collect();
            let at = Place { via: entry.merged_at, ..Place::at(entry.key_span) };
            flawed(at, MatrixFlaw::NotAnAxis { key: entry.key.to_owned(), nearest, axes });
        }
    }

    /// Returns all names that templates may use; `None` if some may have been lost.
    fn all_names(&self) -> Option<Vec<String>> {
        let included = self.include.iter().flat_map(|(_, table)| table.iter()).map(|entry| entry.key);
        let mut seen = HashSet::new();
        let names = self.axes.iter().copied().chain(included).filter(|name| seen.insert(*name));
        (!self.torn).then(|| names.map(str::to_owned).collect())
    }
}

/// Returns the number of combinations of the axes.
fn product(axes: &[Name<'_>]) -> u64 {
    if axes.is_empty() {
        return 0;
    }
    axes.iter().fold(1, |product: u64, axis| product.saturating_mul(axis.values.len() as u64))
}

/// Returns the mappings in a list; sets `torn` if a part of them was lost to a syntax error.
fn mappings<'t>(
    node: Node<'t>,
    key: &'static str,
    torn: &mut bool,
    flawed: &mut impl FnMut(Place, MatrixFlaw),
) -> Entries<'t> {
    let Value::List(list) = node.value() else {
        match node.value() {
            Value::Broken => *torn = true,
            _ => flawed(Place::head(node), MatrixFlaw::NotMappings(key)),
        }
        return Vec::new();
    };
    let mut entries = Vec::new();
    for item in list.iter() {
        match item.value() {
            Value::Table(table) if !table.is_empty() => {
                *torn |= !table.is_whole();
                entries.push((item, table));
            }
            Value::Broken => *torn = true,
            _ => flawed(Place::head(item), MatrixFlaw::NotMappings(key)),
        }
    }
    entries
}
