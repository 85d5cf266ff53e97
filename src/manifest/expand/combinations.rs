//! The combinations of values that a job expands to: every row with every combination.

use super::expression::Expression;
use super::flaw::SHOWN_NAMES;
use super::flaw::TemplateFlaw;
use super::given::Given;
use super::matrix::Matrix;
use super::rows::{Row, Rows};
use super::scope::Scope;
use super::value::{CellValue, Held, Input};
use crate::base::nearest::nearest;
use crate::document::span::Span;
use crate::document::tree::{Node, Value};
use std::ops::Range;

/// The only name in the scope of the job itself.
const NUMBER: &str = "number";

/// The values that fill a job's templates.
pub(super) struct Combinations<'t> {
    pub matrix: Given<Matrix<'t>>,
    pub rows: Given<Rows<'t>>,
}

/// One of them: a row, a combination of the matrix, or both.
#[derive(Clone, Copy)]
pub(super) struct Combination<'s, 't> {
    combinations: &'s Combinations<'t>,
    number: usize,
    row: usize,
    combination: usize,
    pub reading: Reading,
}

/// The way in which a table is read: as it is now, or as it was when its jobs may have been bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// As the manual describes it.
    Now,
    /// Line breaks in cells as they are written, JSON numbers by their numeric value, and `slug` for ASCII alone.
    Former,
    /// The same for a table whose line breaks were all written as a carriage return and a line feed.
    FormerWithReturns,
}

/// A name that was found among the values.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    scope: Scope,
    position: usize,
    /// The names inside its value.
    inner: Vec<String>,
}

impl<'t> Combinations<'t> {
    /// Returns the names of all values, each with its scope.
    pub(super) fn names(&self) -> Vec<(Scope, String)> {
        let rows = self.rows.get().into_iter().flat_map(|rows| &rows.names);
        let matrix = self.matrix.get().into_iter().flat_map(|matrix| &matrix.names);
        let rows = rows.filter(|name| !name.is_empty()).map(|name| (Scope::Row, name.clone()));
        rows.chain(matrix.map(|name| (Scope::Matrix, name.name.to_owned()))).collect()
    }

    /// Returns whether the values are unknown because of a mistake.
    pub(super) fn is_spoilt(&self) -> bool {
        self.matrix.is_spoilt() || self.rows.is_spoilt()
    }

    /// Returns the number of combinations, saturating.
    pub(super) fn count(&self) -> u64 {
        let rows = self.rows.get().map_or(1, |rows| rows.rows.len() as u64);
        rows.saturating_mul(self.matrix.get().map_or(1, |matrix| matrix.len() as u64))
    }

    /// Returns the set with this number: all combinations of one row, then those of the next.
    pub(super) fn set(&self, number: usize) -> Combination<'_, 't> {
        let combinations = self.matrix.get().map_or(1, Matrix::len);
        let (row, combination) = (number / combinations, number % combinations);
        Combination { combinations: self, number, row, combination, reading: Reading::Now }
    }

    /// Returns any set, if all have the same value of this variable.
    pub(super) fn constant(&self, variable: &Variable) -> Option<Combination<'_, 't>> {
        let matrix = self.matrix.get().filter(|_| variable.scope == Scope::Matrix)?;
        (self.count() > 0 && matrix.is_constant(variable.position)).then(|| self.set(0))
    }

    /// Finds the variable that `expression` names.
    ///
    /// # Errors
    /// Fails if no set has it, returns the mistake and its bytes; `None` if a mistake elsewhere leaves that unknown.
    pub(super) fn find(&self, expression: &Expression) -> Result<Variable, Option<(Range<usize>, TemplateFlaw)>> {
        let Expression { scope, names, .. } = expression;
        let scope = *scope;
        let (first, inner) = names.split_first().expect("an expression has a name after its scope");
        let whole = first.range.start..names[names.len() - 1].range.end;
        if scope == Scope::Job {
            // There is only one.
            return match inner {
                [] if first.text == NUMBER => Ok(Variable { scope, position: 0, inner: Vec::new() }),
                _ => Err(Some((whole, unknown(scope, &first.text, &[NUMBER])))),
            };
        }
        let names: Option<Vec<&str>> = match (scope, &self.matrix, &self.rows) {
            (Scope::Matrix, Given::Values(matrix), _) => Some(matrix.names.iter().map(|name| name.name).collect()),
            (Scope::Row, _, Given::Values(rows)) => Some(rows.names.iter().map(String::as_str).collect()),
            (Scope::Matrix, Given::Spoilt(names), _) | (Scope::Row, _, Given::Spoilt(names)) => {
                names.as_ref().map(|names| names.iter().map(String::as_str).collect())
            }
            _ => {
                return Err(Some((whole, TemplateFlaw::NoScope(scope))));
            }
        };
        let Some(known) = names else { return Err(None) };
        let Some(position) = known.iter().position(|known| *known == first.text) else {
            let is_known = scope == Scope::Matrix || self.rows.get().is_none_or(|rows| rows.has_all_names);
            return Err(is_known.then(|| (first.range.clone(), unknown(scope, &first.text, &known))));
        };
        if self.is_spoilt() {
            return Err(None);
        }
        if inner.is_empty() {
            return Ok(Variable { scope, position, inner: Vec::new() });
        }
        let mut values: Vec<Node<'_>> = match scope {
            Scope::Matrix => {
                self.matrix.get().into_iter().flat_map(|matrix| &matrix.names[position].values).copied().collect()
            }
            Scope::Row => {
                let rows = self.rows.get().into_iter().flat_map(|rows| &rows.rows);
                let input = rows.filter_map(|row| row.get(position));
                input.filter_map(|input| if let Input::Node(node) = input { Some(node) } else { None }).collect()
            }
            Scope::Job => Vec::new(),
        };
        for segment in inner {
            let found: Vec<_> = values.iter().filter_map(|node| inside(*node, &segment.text)).collect();
            if found.is_empty() {
                let mut known: Vec<&str> = Vec::new();
                for node in &values {
                    if let Value::Table(table) = node.value() {
                        known.extend(table.iter().map(|entry| entry.key));
                    }
                }
                known.sort_unstable();
                known.dedup();
                return Err(Some((segment.range.clone(), unknown(scope, &segment.text, &known))));
            }
            values = found;
        }
        Ok(Variable { scope, position, inner: inner.iter().map(|segment| segment.text.clone()).collect() })
    }
}

/// Returns the value in a mapping under this name.
fn inside<'n>(node: Node<'n>, name: &str) -> Option<Node<'n>> {
    match node.value() {
        Value::Table(table) => table.get(name).map(|entry| entry.value),
        _ => None,
    }
}

fn unknown(scope: Scope, name: &str, known: &[&str]) -> TemplateFlaw {
    TemplateFlaw::Unknown {
        scope,
        name: name.to_owned(),
        nearest: nearest(name, known.iter().copied()).map(str::to_owned),
        known: known.iter().take(SHOWN_NAMES).map(|known| (*known).to_owned()).collect(),
    }
}

impl<'s, 't> Combination<'s, 't> {
    /// Returns the value of a name, if this set has one.
    pub(super) fn get(self, variable: &Variable) -> Option<Input<'s>> {
        let mut input = match variable.scope {
            Scope::Matrix => Input::Node(self.combinations.matrix.get()?.value(self.combination, variable.position)?),
            Scope::Row => self.row()?.get(variable.position)?,
            Scope::Job => return None,
        };
        for name in &variable.inner {
            let Input::Node(node) = input else { return None };
            let Value::Table(table) = node.value() else { return None };
            input = Input::Node(table.get(name)?.value);
        }
        Some(input)
    }

    /// Returns the same set with its table read as in `reading`.
    pub(super) fn read_as(self, reading: Reading) -> Combination<'s, 't> {
        Combination { reading, ..self }
    }

    /// Returns the value of a name of the job itself: its number among the jobs of its block, from 1.
    pub(super) fn of_job(self, variable: &Variable) -> Option<i64> {
        (variable.scope == Scope::Job).then_some(self.number as i64 + 1)
    }

    /// Returns the former readings of its table that could change a text.
    pub(super) fn former(self) -> impl Iterator<Item = Combination<'s, 't>> {
        let cells = self.row().map_or(&[][..], Row::cells);
        let is_other = cells.iter().any(|cell| cell.former.is_some());
        let has_breaks = cells.iter().any(|cell| matches!(&cell.held, CellValue::Loose(text) if text.contains('\n')));
        let readings = [(is_other, Reading::Former), (has_breaks, Reading::FormerWithReturns)];
        readings.into_iter().filter(|(is_likely, _)| *is_likely).map(move |(_, reading)| self.read_as(reading))
    }

    /// Returns the place of its row, if it has one.
    pub(super) fn place_of_row(self) -> Option<Span> {
        self.row().map(Row::at)
    }

    fn row(self) -> Option<&'s Row<'t>> {
        self.combinations.rows.get().map(|rows| &rows.rows[self.row])
    }

    /// Returns its values by name, as they are shown: first those of the row, then those of the combination.
    pub(super) fn values(self) -> Vec<(String, String)> {
        let mut values = Vec::new();
        if let (Some(rows), Some(row)) = (self.combinations.rows.get(), self.row()) {
            for (position, name) in rows.names.iter().enumerate() {
                if let Some(input) = row.get(position) {
                    show(format!("row.{name}"), input, &mut values);
                }
            }
        }
        if let Some(matrix) = self.combinations.matrix.get() {
            for (position, name) in matrix.names.iter().enumerate() {
                if let Some(node) = matrix.value(self.combination, position) {
                    show(format!("matrix.{}", name.name), Input::Node(node), &mut values);
                }
            }
        }
        values
    }
}

/// Adds a value as it is shown; for a mapping, each value in it.
fn show(name: String, input: Input<'_>, values: &mut Vec<(String, String)>) {
    match input.held() {
        Held::Text(text) | Held::Loose(text) => values.push((name, text.to_owned())),
        Held::Compound(node) => match node.value() {
            Value::Table(table) => {
                for entry in table.iter() {
                    show(format!("{name}.{}", entry.key), Input::Node(entry.value), values);
                }
            }
            _ => values.push((name, "[…]".to_owned())),
        },
        Held::List(_) => values.push((name, "[…]".to_owned())),
        Held::Other(_) => values.push((name, "{…}".to_owned())),
        _ => values.push((name, input.written().into_owned())),
    }
}
