//! `rows`: a job for each row of a table, in a file or in the manifest itself.

mod csv;

use super::files::{Files, Kind, kind};
use super::flaw::RowsFlaw;
use super::given::Given;
use super::jsonl;
use super::value::{Cell, Held, Input};
use crate::document::Format;
use crate::document::flaw::Flaw;
use crate::document::span::Span;
use crate::document::tree::{Entry, List, Node, Value};
use crate::manifest::problem::{Place, Problem};
use csv::csv;
use std::collections::HashMap;

/// The most columns that a table may have.
pub(crate) const MOST_COLUMNS: usize = 1000;

/// A table.
#[derive(Default)]
pub(super) struct Rows<'t> {
    pub names: Vec<String>,
    /// `true` if no other names can exist.
    pub has_all_names: bool,
    /// The rows without a mistake.
    pub rows: Vec<Row<'t>>,
    /// `true` if a row was lost to a mistake.
    pub torn: bool,
    /// Rows without a value, which are skipped.
    pub blank: Blank,
}

/// Rows without a value.
#[derive(Clone, Copy, Default)]
pub(super) struct Blank {
    /// The place of the first, and their number.
    pub found: Option<(Place, usize)>,
}

impl Blank {
    fn count(&mut self, at: Place) {
        self.found.get_or_insert((at, 0)).1 += 1;
    }
}

impl<'t> Rows<'t> {
    /// Adds a row, unless all of its values are empty.
    pub(super) fn push(&mut self, row: Row<'t>) {
        match row.is_blank() {
            true => self.blank.count(Place::at(row.at())),
            false => self.rows.push(row),
        }
    }
}

/// A row.
pub(super) enum Row<'t> {
    /// A row of a file; with a short place that shows it.
    Cells {
        cells: Vec<Cell<'t>>,
        /// The positions of the cells in order, where it needn't have all of them.
        positions: Option<Box<[u32]>>,
        at: Span,
    },
    /// Of a list in the manifest: its values by position, in order.
    Nodes { values: Vec<(u32, Node<'t>)>, at: Span },
}

impl<'t> Row<'t> {
    /// Returns the value with this position.
    pub(super) fn get(&self, position: usize) -> Option<Input<'_>> {
        match self {
            Row::Cells { cells, positions: None, .. } => cells.get(position).map(Input::Cell),
            Row::Cells { cells, positions: Some(positions), .. } => {
                positions.binary_search(&(position as u32)).ok().map(|index| Input::Cell(&cells[index]))
            }
            Row::Nodes { values, .. } => {
                let found = values.binary_search_by_key(&(position as u32), |(position, _)| *position);
                found.ok().map(|index| Input::Node(values[index].1))
            }
        }
    }

    /// Returns its cells, if it is one of a file.
    pub(super) fn cells(&self) -> &[Cell<'t>] {
        match self {
            Row::Cells { cells, .. } => cells,
            Row::Nodes { .. } => &[],
        }
    }

    /// Returns a short place that shows it.
    pub(super) fn at(&self) -> Span {
        match self {
            Row::Cells { at, .. } | Row::Nodes { at, .. } => *at,
        }
    }

    /// Returns whether all of its values are empty. A mapping of the manifest without values, or with a single null,
    /// was written so on purpose.
    fn is_blank(&self) -> bool {
        let is_empty = |input: Input<'_>| match input.held() {
            Held::Null => true,
            Held::Text(text) | Held::Loose(text) => text.trim().is_empty(),
            _ => false,
        };
        match self {
            Row::Cells { cells, .. } => cells.iter().all(|cell| is_empty(Input::Cell(cell))),
            Row::Nodes { values, .. } => {
                let is_text = |node: Node<'_>| matches!(node.value(), Value::String(_));
                let may_be = values.len() > 1 || values.iter().any(|(_, node)| is_text(*node));
                may_be && values.iter().all(|(_, node)| is_empty(Input::Node(*node)))
            }
        }
    }
}

/// Reads the table in `entry`; rows with mistakes are left out.
pub(super) fn read<'t>(entry: &Entry<'t>, files: &'t Files, problems: &mut Vec<Problem>) -> Given<Rows<'t>> {
    let node = entry.value;
    let before = problems.len();
    let at = Place::head(node);
    let mut given = match node.value() {
        Value::String(path) => match files.get(path) {
            Ok((base, source)) => {
                let text = source.read_as(Format::Yaml);
                for flaw in source.own_flaws() {
                    let Flaw::Conflict { marks } = flaw else { continue };
                    let shifted = |mark: &Span| Span::new(base + mark.start as usize, base + mark.end as usize);
                    let marks: Vec<Span> = marks.iter().map(shifted).collect();
                    let here = marks.first().copied().map_or(at, Place::at);
                    problems.push(Problem::Rows { at: here, flaw: RowsFlaw::Conflict(marks), also: Some(at) });
                }
                match kind(path) {
                    Some(Kind::Json) => Given::Values(jsonl::rows(text, base, at, problems)),
                    Some(Kind::Tsv) => csv(text, '\t', base, at, problems),
                    Some(Kind::Csv) | None => csv(text, ',', base, at, problems),
                }
            }
            Err(flaw) => {
                problems.push(Problem::Rows { at: Place::of(node), flaw, also: None });
                Given::Spoilt(None)
            }
        },
        Value::List(list) => Given::Values(listed(list, problems)),
        Value::Broken => Given::Spoilt(None),
        _ => {
            problems.push(Problem::Rows { at, flaw: RowsFlaw::NotRows, also: None });
            Given::Spoilt(None)
        }
    };
    let is_torn = problems.len() > before && problems[before..].iter().any(|problem| !is_passed_over(problem));
    let mut is_blank = false;
    if let Given::Values(rows) = &mut given
        && let Some((first, count)) = rows.blank.found
    {
        is_blank = true;
        let named = matches!(node.value(), Value::String(_)).then_some(at);
        problems.push(Problem::Rows { at: first, flaw: RowsFlaw::BlankRows { count }, also: named });
    }
    match given {
        Given::Values(rows) if rows.names.len() > MOST_COLUMNS => {
            let flaw = RowsFlaw::TooManyColumns(rows.names.len());
            problems.push(Problem::Rows { at, flaw, also: None });
            Given::Spoilt(None)
        }
        Given::Values(rows) if rows.rows.is_empty() => {
            if !is_torn && !rows.torn {
                if !is_blank {
                    problems.push(Problem::Rows { at, flaw: RowsFlaw::NoRows, also: None });
                }
                return Given::Values(rows);
            }
            // The jobs that would result are unknown.
            Given::Spoilt(rows.has_all_names.then_some(rows.names))
        }
        given => given,
    }
}

/// Returns the first line of the text of a node.
pub(super) fn first_line(node: Node<'_>) -> Span {
    let (span, written) = (node.span(), node.written());
    let length = written.find(['\n', '\r']).unwrap_or(written.len());
    Span { start: span.start, end: span.start + length as u32 }
}

/// Returns whether a problem costs no row.
fn is_passed_over(problem: &Problem) -> bool {
    matches!(problem, Problem::Rows { flaw: RowsFlaw::BlankRows { .. } | RowsFlaw::BlankColumns { .. }, .. })
}

/// Reads the mappings of a list in the manifest.
fn listed<'t>(list: List<'t>, problems: &mut Vec<Problem>) -> Rows<'t> {
    let mut rows = Rows::default();
    let mut positions = HashMap::new();
    for item in list.iter() {
        match item.value() {
            Value::Table(table) => {
                let mut values = Vec::new();
                for entry in table.iter() {
                    let position = *positions.entry(entry.key).or_insert_with(|| {
                        rows.names.push(entry.key.to_owned());
                        rows.names.len() - 1
                    });
                    values.push((position as u32, entry.value));
                }
                values.sort_unstable_by_key(|(position, _)| *position);
                rows.torn |= !table.is_whole();
                if table.is_whole() {
                    rows.push(Row::Nodes { values, at: first_line(item) });
                }
            }
            Value::Broken => rows.torn = true,
            _ => {
                rows.torn = true;
                let at = Place::head(item);
                problems.push(Problem::Rows { at, flaw: RowsFlaw::NotAMapping, also: None });
            }
        }
    }
    // A lost row may have had any name, and without any rows the intended names are unknown.
    rows.has_all_names = !(rows.torn || rows.names.is_empty());
    rows
}
