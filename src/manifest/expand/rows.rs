//! `rows`: a job for each row of a table, in a file or in the manifest itself.

use super::csv::{CsvFlaw, Dialect, Field, Records};
use super::files::{Files, Kind, kind};
use super::flaw::RowsFlaw;
use super::given::Given;
use super::jsonl;
use super::value::{Cell, CellValue, Held, Input};
use crate::document::Format;
use crate::document::derived::Form;
use crate::document::flaw::Flaw;
use crate::document::span::Span;
use crate::document::tree::{Entry, List, Node, Value};
use crate::manifest::problem::{Place, Problem};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

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

/// Reads the table in a CSV text whose spans start at `base`. Mistakes are also shown where the file is named.
fn csv<'t>(text: &'t str, preferred: char, base: usize, named: Place, problems: &mut Vec<Problem>) -> Given<Rows<'t>> {
    let here = |range: Range<usize>| Place::at(Span::new(base + range.start, base + range.end));
    let mut flawed = |at: Range<usize>, flaw, also: Option<Range<usize>>| {
        let also = also.map_or(named, here);
        problems.push(Problem::Rows { at: here(at), flaw, also: Some(also) });
    };
    let dialect = Dialect::of(text, preferred);
    let mut records = Records::of(text, dialect);
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
    let whole_header = header[0].span.range().start..header[header.len() - 1].span.range().end;
    // If the header uses another separator, the columns are unknown.
    if let Some(other) = other_separator(&header, records.clone()) {
        let flaw = RowsFlaw::Separator { found: other, expected: dialect.separator, in_header: true };
        flawed(whole_header, flaw, None);
        return Given::Spoilt(None);
    }
    let mut seen: HashMap<&str, Range<usize>> = HashMap::new();
    let mut is_clear = true;
    for field in &header {
        let (name, at) = (field.text.trim(), field.span.range());
        if !name.is_empty()
            && let Some(first) = seen.insert(name, at.clone())
        {
            is_clear = false;
            flawed(at, RowsFlaw::DuplicateColumn(name.to_owned()), Some(first));
        }
    }
    let mut nameless = Nameless::of(&header);
    let mut rows = Rows::default();
    // Text after a quote that isn't closed may belong inside of it.
    let mut is_quoted = false;
    let mut is_parted_otherwise = false;
    while let Some(record) = records.next() {
        let mut fields = match record {
            Ok(fields) => fields,
            Err(flaw) => {
                rows.torn = true;
                is_quoted |= matches!(flaw, CsvFlaw::OpenQuote(_));
                let (at, flaw) = of_csv(flaw);
                flawed(at, flaw, None);
                continue;
            }
        };
        if fields.iter().all(|field| field.text.trim().is_empty()) {
            rows.blank.count(here(fields[0].span.start as usize..fields[fields.len() - 1].span.end as usize));
            continue;
        }
        nameless.fit(&mut fields, header.len());
        if fields.len() != header.len() {
            rows.torn = true;
            let [first, ..] = fields.as_slice() else { continue };
            let fits = |other: &char| fields.len() == 1 && first.text.matches(*other).count() + 1 == header.len();
            let other = OTHERS.into_iter().find(fits);
            match other {
                // One message is enough for all rows.
                Some(_) if std::mem::replace(&mut is_parted_otherwise, true) => {}
                Some(found) => {
                    let flaw = RowsFlaw::Separator { found, expected: dialect.separator, in_header: false };
                    flawed(first.span.range(), flaw, Some(whole_header.clone()));
                }
                None => {
                    // The first surplus cell, or the last existing one.
                    let at = fields.get(header.len()).or(fields.last()).map_or(0..0, |field| field.span.range());
                    let flaw = RowsFlaw::Ragged { cells: fields.len(), columns: header.len() };
                    flawed(at, flaw, Some(whole_header.clone()));
                }
            }
            continue;
        }
        nameless.look(&fields);
        if !is_quoted {
            let at = Span::new(base + fields[0].span.start as usize, base + fields[0].span.end as usize);
            let cells = fields.into_iter().map(|field| cell(field, base)).collect();
            rows.rows.push(Row::Cells { cells, positions: None, at });
        }
    }
    rows.names = header.iter().map(|field| field.text.trim().to_owned()).collect();
    for (column, at) in nameless.with_values {
        is_clear = false;
        flawed(at, RowsFlaw::NoColumnName { is_first: column == 0 }, None);
    }
    if is_clear && let Some((first, count)) = nameless.without {
        let flaw = RowsFlaw::BlankColumns { count };
        problems.push(Problem::Rows { at: here(first), flaw, also: Some(named) });
    }
    // It is unknown which of two columns a name means, or which name a column has.
    if !is_clear {
        return Given::Spoilt(None);
    }
    rows.has_all_names = true;
    Given::Values(rows)
}

/// The separators that cells may have instead of the expected one: those of other tables, and commas of other scripts.
const OTHERS: [char; 8] = [',', ';', '\t', '|', '，', '；', '、', '،'];

/// Returns the actual separator of a header that was read with a wrong one: it is more frequent there, and in the first
/// row too.
fn other_separator(header: &[Field<'_>], mut rows: Records<'_>) -> Option<char> {
    let count = |fields: &[Field<'_>], separator: char| {
        fields.iter().map(|field| field.text.matches(separator).count()).sum::<usize>()
    };
    let most = OTHERS.into_iter().rev().max_by_key(|separator| count(header, *separator))?;
    let is_more = count(header, most) >= header.len();
    let is_parted = |row: Option<Result<Vec<Field<'_>>, CsvFlaw>>| match row {
        Some(Ok(row)) => count(&row, most) > 0,
        Some(Err(_)) => true,
        None => false,
    };
    (is_more && is_parted(rows.next())).then_some(most)
}

/// The columns of a header without a name.
struct Nameless {
    /// Those at its end, which rows need not have.
    at_end: usize,
    /// Their places; removed as soon as one has a value.
    columns: Vec<(usize, Range<usize>)>,
    with_values: Vec<(usize, Range<usize>)>,
    /// The first without a value, and their number; known at the end.
    without: Option<(Range<usize>, usize)>,
}

impl Nameless {
    fn of(header: &[Field<'_>]) -> Nameless {
        let is_nameless = |field: &Field<'_>| field.text.trim().is_empty();
        let columns: Vec<_> = header.iter().enumerate().filter(|(_, field)| is_nameless(field)).collect();
        let columns: Vec<_> = columns.into_iter().map(|(column, field)| (column, field.span.range())).collect();
        let at_end = header.iter().rev().take_while(|field| is_nameless(field)).count();
        let without = columns.first().map(|(_, first)| (first.clone(), columns.len()));
        Nameless { at_end, columns, with_values: Vec::new(), without }
    }

    /// Accepts fewer or more empty cells at the end of a row than the header has columns.
    fn fit(&mut self, fields: &mut Vec<Field<'_>>, columns: usize) {
        while fields.len() > columns && fields.last().is_some_and(|field| field.text.trim().is_empty()) {
            let surplus = fields.pop();
            if self.without.is_none() {
                self.without = surplus.map(|field| (field.span.range(), 1));
            }
        }
        if let Some(last) = fields.last().filter(|_| fields.len() + self.at_end >= columns) {
            let end = last.span.end as usize;
            let empty =
                Field { text: Cow::Borrowed(""), as_written: None, span: Span::new(end, end), form: Form::Plain(0) };
            while fields.len() < columns {
                fields.push(empty.clone());
            }
        }
    }

    /// Checks which of them have a value in a row.
    fn look(&mut self, fields: &[Field<'_>]) {
        let has_value = |(column, _): &(usize, Range<usize>)| !fields[*column].text.trim().is_empty();
        let with_values: Vec<_> = self.columns.extract_if(.., |column| has_value(column)).collect();
        if !with_values.is_empty() {
            self.with_values.extend(with_values);
            self.without = self.columns.first().map(|(_, first)| (first.clone(), self.columns.len()));
        }
    }
}

fn cell(field: Field<'_>, base: usize) -> Cell<'_> {
    let Field { text, as_written, span, form } = field;
    let span = Span::new(base + span.start as usize, base + span.end as usize);
    Cell { span, held: CellValue::Loose(text), form, former: as_written }
}

fn of_csv(flaw: CsvFlaw) -> (Range<usize>, RowsFlaw) {
    match flaw {
        CsvFlaw::OpenQuote(at) => (at, RowsFlaw::OpenQuote),
        CsvFlaw::BehindQuote(at) => (at, RowsFlaw::BehindQuote),
    }
}
