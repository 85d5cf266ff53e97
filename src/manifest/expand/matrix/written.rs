//! A matrix as it is written, before its combinations are known.

use super::{EXCLUDE, Entries, INCLUDE, Name};
use crate::base::nearest::nearest;
use crate::document::tree::{Node, Table, Value};
use crate::manifest::expand::flaw::{MatrixFlaw, SHOWN_NAMES};
use crate::manifest::problem::{Place, Problem};
use std::collections::HashSet;

/// A matrix as it is written.
#[derive(Default)]
pub(super) struct Written<'t> {
    /// All axes, including those with wrong values.
    pub(super) axes: Vec<&'t str>,
    /// The axes whose values can be used.
    pub(super) names: Vec<Name<'t>>,
    pub(super) include: Entries<'t>,
    pub(super) exclude: Entries<'t>,
    /// `true` if a part of it was lost to a syntax error.
    pub(super) torn: bool,
}

impl<'t> Written<'t> {
    pub(super) fn read(table: Table<'t>, problems: &mut Vec<Problem>) -> Written<'t> {
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
        written
    }

    /// Reports the keys under `exclude` that are not axes.
    pub(super) fn blame_exclude(&self, is_whole: bool, problems: &mut Vec<Problem>) {
        // The axis that such a key names may be the part that was lost.
        if self.torn && !is_whole {
            return;
        }
        let entries = self.exclude.iter().flat_map(|(_, table)| table.iter());
        for entry in entries.filter(|entry| !self.axes.contains(&entry.key)) {
            let nearest = nearest(entry.key, self.axes.iter().copied()).map(str::to_owned);
            let axes = self.axes.iter().take(SHOWN_NAMES).map(|axis| (*axis).to_owned()).collect();
            let at = Place { via: entry.merged_at, ..Place::at(entry.key_span) };
            let flaw = MatrixFlaw::NotAnAxis { key: entry.key.to_owned(), nearest, axes };
            problems.push(Problem::Matrix { at, flaw });
        }
    }

    /// Returns how many names there are, of axes and in `include`.
    pub(super) fn count_names(&self) -> usize {
        let included = self.include.iter().flat_map(|(_, table)| table.iter()).map(|entry| entry.key);
        self.axes.iter().copied().chain(included).collect::<HashSet<_>>().len()
    }

    /// Returns all names that templates may use; `None` if some may have been lost.
    pub(super) fn all_names(&self) -> Option<Vec<String>> {
        let included = self.include.iter().flat_map(|(_, table)| table.iter()).map(|entry| entry.key);
        let mut seen = HashSet::new();
        let names = self.axes.iter().copied().chain(included).filter(|name| seen.insert(*name));
        (!self.torn).then(|| names.map(str::to_owned).collect())
    }
}

/// Returns the mappings in a list; sets `torn` if a part of them was lost to a syntax error.
pub(super) fn mappings<'t>(
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
