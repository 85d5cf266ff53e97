//! Rows of a CSV file.

use super::{Row, Rows};
use crate::document::derived::Form;
use crate::document::span::Span;
use crate::manifest::expand::csv::{CsvFlaw, Dialect, Field, Records};
use crate::manifest::expand::flaw::RowsFlaw;
use crate::manifest::expand::given::Given;
use crate::manifest::expand::value::{Cell, CellValue};
use crate::manifest::problem::{Place, Problem};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

/// Reads the table in a CSV text whose spans start at `base`. Mistakes are also shown where the file is named.
pub(super) fn csv<'t>(
    text: &'t str,
    preferred: char,
    base: usize,
    named: Place,
    problems: &mut Vec<Problem>,
) -> Given<Rows<'t>> {
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
pub(super) const OTHERS: [char; 8] = [',', ';', '\t', '|', '，', '；', '、', '،'];

/// Returns the actual separator of a header that was read with a wrong one: it is more frequent there, and in the first
/// row too.
pub(super) fn other_separator(header: &[Field<'_>], mut rows: Records<'_>) -> Option<char> {
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
pub(super) struct Nameless {
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

pub(super) fn cell(field: Field<'_>, base: usize) -> Cell<'_> {
    let Field { text, as_written, span, form } = field;
    let span = Span::new(base + span.start as usize, base + span.end as usize);
    Cell { span, held: CellValue::Loose(text), form, former: as_written }
}

pub(super) fn of_csv(flaw: CsvFlaw) -> (Range<usize>, RowsFlaw) {
    match flaw {
        CsvFlaw::OpenQuote(at) => (at, RowsFlaw::OpenQuote),
        CsvFlaw::BehindQuote(at) => (at, RowsFlaw::BehindQuote),
    }
}
