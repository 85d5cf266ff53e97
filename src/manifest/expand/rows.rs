//! `rows`: a job for each row of a table, in a file or in the manifest itself.

use super::csv::{CsvFlaw, Field, Records};
use super::datum::{Cell, CellValue, Datum};
use super::files::{Files, Kind, kind};
use super::jsonl;
use super::sets::Given;
use crate::document::bounds::Misencoded;
use crate::document::span::Span;
use crate::document::tree::{Entry, List, Node, Value};
use crate::manifest::problem::{Place, Problem, Unreadable};
use std::collections::HashMap;
use std::ops::Range;

/// What is wrong with rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RowsFlaw {
    /// Neither a path nor a list.
    NotRows,
    /// An item of the list that is no mapping.
    NotAMapping,
    /// No path is written.
    NoPath,
    /// A path with backslashes.
    Backslash,
    /// A path from the root, a drive or a home folder on.
    Absolute,
    /// A path that leads out of the project, or of the manifest's folder where there is no project.
    Escapes {
        /// Whether the bound is a git work tree.
        project: bool,
    },
    /// A file of another kind than is known.
    Kind,
    /// It can't be read.
    File(Unreadable),
    /// It is too large.
    TooLarge,
    /// It is no text.
    Misencoded(Misencoded),
    /// There is no header.
    NoHeader,
    /// A column without a name.
    NoColumnName,
    /// Two columns of one name.
    DuplicateColumn(String),
    /// A row of more or fewer cells than the header has.
    Ragged {
        /// How many it has.
        cells: usize,
        /// How many there are in the header.
        columns: usize,
    },
    /// A quote that isn't closed.
    OpenQuote,
    /// Text behind a quote that is closed.
    BehindQuote,
    /// A line that is no JSON; why.
    NotJson(String),
    /// A line that is no JSON object.
    NotAnObject,
    /// A list or an object in a row.
    Nested(String),
    /// There are none.
    NoRows,
}

/// A table.
#[derive(Default)]
pub(super) struct Rows<'t> {
    pub names: Vec<String>,
    /// Whether there can be no other names.
    pub has_all_names: bool,
    /// Those in which nothing is wrong.
    pub rows: Vec<Row<'t>>,
    /// A row was lost to a mistake.
    pub torn: bool,
}

/// A row.
pub(super) enum Row<'t> {
    /// Of a file.
    Cells { cells: Vec<Cell<'t>> },
    /// Of a list in the manifest.
    Nodes { values: Vec<Option<Node<'t>>> },
}

impl<'t> Row<'t> {
    /// The value with this position.
    pub(super) fn get(&self, position: usize) -> Option<Datum<'_>> {
        match self {
            Row::Cells { cells } => cells.get(position).filter(|cell| cell.held != CellValue::Missing).map(Datum::Cell),
            Row::Nodes { values } => values.get(position).copied().flatten().map(Datum::Node),
        }
    }
}

/// The table in `entry`: of one in which some rows are wrong, the others.
pub(super) fn read<'t>(entry: &Entry<'t>, files: &'t Files, problems: &mut Vec<Problem>) -> Given<Rows<'t>> {
    let node = entry.value;
    let before = problems.len();
    let at = Place::head(node);
    let given = match node.value() {
        Value::String(path) => match files.get(path) {
            Ok((base, source)) => match kind(path) {
                Some(Kind::Jsonl) => Given::Values(jsonl::rows(source.text(), base, at, problems)),
                _ => csv(source.text(), base, at, problems),
            },
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
    match given {
        Given::Values(rows) if rows.rows.is_empty() => {
            let is_sound = problems.len() == before && !rows.torn;
            if is_sound {
                problems.push(Problem::Rows { at, flaw: RowsFlaw::NoRows, also: None });
                return Given::Values(rows);
            }
            // Which jobs there would be, nobody knows.
            Given::Spoilt(rows.has_all_names.then_some(rows.names))
        }
        given => given,
    }
}

/// The mappings of a list in the manifest.
fn listed<'t>(list: List<'t>, problems: &mut Vec<Problem>) -> Rows<'t> {
    let mut rows = Rows::default();
    let mut positions = HashMap::new();
    for item in list.iter() {
        match item.value() {
            Value::Table(table) => {
                let mut values = vec![None; rows.names.len()];
                for entry in table.iter() {
                    let position = *positions.entry(entry.key).or_insert_with(|| {
                        rows.names.push(entry.key.to_owned());
                        rows.names.len() - 1
                    });
                    values.resize(values.len().max(position + 1), None);
                    values[position] = Some(entry.value);
                }
                rows.torn |= !table.is_whole();
                if table.is_whole() {
                    rows.rows.push(Row::Nodes { values });
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
    // What is lost may have had any name, and where there is nothing, nobody has said what there would be.
    rows.has_all_names = !(rows.torn || rows.names.is_empty());
    rows
}

/// The table in a CSV text whose spans start at `base`. Mistakes show where the file is named, too.
fn csv<'t>(text: &'t str, base: usize, named: Place, problems: &mut Vec<Problem>) -> Given<Rows<'t>> {
    let here = |range: Range<usize>| Place::at(Span::new(base + range.start, base + range.end));
    let mut flawed = |at: Range<usize>, flaw, also: Option<Range<usize>>| {
        let also = also.map_or(named, here);
        problems.push(Problem::Rows { at: here(at), flaw, also: Some(also) });
    };
    let mut records = Records::of(text);
    let header = match records.next() {
        None => {
            flawed(0..0, RowsFlaw::NoHeader, None);
            return Given::Spoilt(None);
        }
        Some(Err(flaw)) => {
            let (at, flaw) = of_csv(flaw);
            flawed(at, flaw, None);
            return Given::Spoilt(None);
        }
        Some(Ok(header)) => header,
    };
    let mut seen: HashMap<&str, Range<usize>> = HashMap::new();
    let mut is_clear = true;
    for field in &header {
        let (name, at) = (field.text.trim(), field.span.range());
        if name.is_empty() {
            is_clear = false;
            flawed(at, RowsFlaw::NoColumnName, None);
        } else if let Some(first) = seen.insert(name, at.clone()) {
            is_clear = false;
            flawed(at, RowsFlaw::DuplicateColumn(name.to_owned()), Some(first));
        }
    }
    let whole_header = header[0].span.range().start..header[header.len() - 1].span.range().end;
    let mut rows = Vec::new();
    let mut torn = false;
    // What stands behind a quote that isn't closed may stand inside of it.
    let mut is_quoted = false;
    while let Some(record) = records.next() {
        match record {
            Err(flaw) => {
                torn = true;
                is_quoted |= matches!(flaw, CsvFlaw::OpenQuote(_));
                let (at, flaw) = of_csv(flaw);
                flawed(at, flaw, None);
            }
            Ok(fields) if fields.len() != header.len() => {
                torn = true;
                // The first cell too many, or the last that is there.
                let at = fields.get(header.len()).or(fields.last()).map_or(0..0, |field| field.span.range());
                let flaw = RowsFlaw::Ragged { cells: fields.len(), columns: header.len() };
                flawed(at, flaw, Some(whole_header.clone()));
            }
            Ok(_) if is_quoted => {}
            Ok(fields) => rows.push(Row::Cells { cells: fields.into_iter().map(|field| cell(field, base)).collect() }),
        }
    }
    let names: Vec<String> = header.iter().map(|field| field.text.trim().to_owned()).collect();
    // Which of two columns a name means, or which name one has, nobody knows.
    if !is_clear {
        return Given::Spoilt(None);
    }
    Given::Values(Rows { names, has_all_names: true, rows, torn })
}

fn cell(field: Field<'_>, base: usize) -> Cell<'_> {
    let Field { text, span, form } = field;
    let span = Span::new(base + span.start as usize, base + span.end as usize);
    Cell { span, held: CellValue::Loose(text), form }
}

fn of_csv(flaw: CsvFlaw) -> (Range<usize>, RowsFlaw) {
    match flaw {
        CsvFlaw::OpenQuote(at) => (at, RowsFlaw::OpenQuote),
        CsvFlaw::BehindQuote(at) => (at, RowsFlaw::BehindQuote),
    }
}
