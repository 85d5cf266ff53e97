//! JSON Lines: an object on each line, every value with its place.

use super::datum::{Cell, CellValue};
use super::rows::{Row, Rows, RowsFlaw};
use crate::document::graft::Form;
use crate::document::span::Span;
use crate::document::tree::{Node, Value};
use crate::document::{self, Format, Source};
use crate::manifest::problem::{Place, Problem};
use serde::de::IgnoredAny;
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

/// The rows in `text` in which nothing is wrong, whose spans start at `base`; the names are those of all rows, in the order
/// of their first use.
pub(super) fn rows<'t>(text: &'t str, base: usize, named: Place, problems: &mut Vec<Problem>) -> Rows<'t> {
    let mut rows = Rows::default();
    let mut positions = HashMap::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let offset = start;
        start += line.len();
        let mark = if offset == 0 { line.len() - line.trim_start_matches('\u{feff}').len() } else { 0 };
        let offset = offset + mark;
        let line = line[mark..].trim_end();
        if line.trim_start().is_empty() {
            continue;
        }
        let mut flawed = |range: Range<usize>, flaw| {
            let at = Place::at(Span::new(base + offset + range.start, base + offset + range.end));
            problems.push(Problem::Rows { at, flaw, also: Some(named) });
        };
        if let Err(error) = serde_json::from_str::<IgnoredAny>(line) {
            let at = line.floor_char_boundary(error.column().saturating_sub(1));
            let end = line[at..].chars().next().map_or(at, |c| at + c.len_utf8());
            flawed(at..end, RowsFlaw::NotJson(reason(&error)));
            rows.torn = true;
            continue;
        }
        // It is sound JSON, and so the reader of manifests gives each value its place.
        let source = Source::new("", line.to_owned());
        let parsed = document::parse(&source, Format::Json);
        for flaw in &parsed.flaws {
            let reason = match flaw {
                document::Flaw::DuplicateKey { key, .. } => format!("the key `{key}` stands twice"),
                _ => "it is nested too deep".to_owned(),
            };
            flawed(flaw.span().range(), RowsFlaw::NotJson(reason));
        }
        let table = match parsed.tree.root().value() {
            Value::Table(table) => table,
            value => {
                if !matches!(value, Value::Broken) {
                    flawed(0..line.len(), RowsFlaw::NotAnObject);
                }
                rows.torn = true;
                continue;
            }
        };
        let mut is_sound = parsed.flaws.is_empty();
        let mut cells = vec![MISSING; rows.names.len()];
        for entry in table.iter() {
            let position = *positions.entry(entry.key.to_owned()).or_insert_with(|| {
                rows.names.push(entry.key.to_owned());
                rows.names.len() - 1
            });
            cells.resize(cells.len().max(position + 1), MISSING);
            match held(entry.value) {
                Some(held) => cells[position] = cell(entry.value, held, base + offset),
                None => {
                    is_sound = false;
                    if !matches!(entry.value.value(), Value::Broken) {
                        flawed(entry.value.span().range(), RowsFlaw::Nested(entry.key.to_owned()));
                    }
                }
            }
        }
        rows.torn |= !is_sound;
        if is_sound {
            rows.rows.push(Row::Cells { cells });
        }
    }
    rows.has_all_names = !(rows.torn || rows.names.is_empty());
    rows
}

const MISSING: Cell<'static> =
    Cell { span: Span { start: 0, end: 0 }, held: CellValue::Missing, form: Form::Otherwise };

/// What a value is; none for lists and objects.
fn held(node: Node<'_>) -> Option<CellValue<'static>> {
    Some(match node.value() {
        Value::Null => CellValue::Null,
        Value::Bool(value) => CellValue::Bool(value),
        Value::Integer(number) => CellValue::Integer(number),
        Value::Float(number) => CellValue::Float(number),
        Value::String(text) => CellValue::Text(Cow::Owned(text.to_owned())),
        Value::List(_) | Value::Table(_) | Value::Other(_) | Value::Broken => return None,
    })
}

fn cell(node: Node<'_>, held: CellValue<'static>, base: usize) -> Cell<'static> {
    let Span { start, end } = node.span();
    let form = match &held {
        CellValue::Text(text) if text.len() + 2 == (end - start) as usize => Form::Plain(1),
        CellValue::Text(_) => Form::Escaped,
        _ => Form::Otherwise,
    };
    Cell { span: Span::new(base + start as usize, base + end as usize), held, form }
}

/// The parser's words without the place, which is shown.
fn reason(error: &serde_json::Error) -> String {
    let words = error.to_string();
    words.split(" at line ").next().unwrap_or(&words).to_owned()
}
