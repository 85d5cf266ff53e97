//! JSON Lines, with one object per line, and JSON arrays of objects; every value with its place.

use super::flaw::RowsFlaw;
use super::rows::{Row, Rows, first_line};
use super::value::{Cell, CellValue};
use crate::document::derived::Form;
use crate::document::flaw::{Flaw, SyntaxKind};
use crate::document::span::Span;
use crate::document::tree::{Node, Table, Value};
use crate::document::{self, Format, Source};
use crate::manifest::problem::{Place, Problem};
use serde::de::IgnoredAny;
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

/// The maximum number of mistakes reported for one array.
const MISTAKES: usize = 100;

/// Reads the sound rows in `text`, whose spans start at `base`; the names are those of all rows, in the order of their
/// first use.
pub(super) fn rows<'t>(text: &'t str, base: usize, named: Place, problems: &mut Vec<Problem>) -> Rows<'t> {
    let mut reader = Reader { base, named, problems, rows: Rows::default(), positions: HashMap::new() };
    let content = text.trim_start_matches('\u{feff}').trim();
    match content.chars().next() {
        Some('[') => reader.array(text),
        Some('{') if is_one_object(content) => reader.one_object(text),
        _ => reader.lines(text),
    }
    let mut rows = reader.rows;
    rows.has_all_names = !(rows.torn || rows.names.is_empty());
    rows
}

/// A reader of objects.
struct Reader<'p, 't> {
    base: usize,
    named: Place,
    problems: &'p mut Vec<Problem>,
    rows: Rows<'t>,
    positions: HashMap<String, usize>,
}

impl Reader<'_, '_> {
    fn lines(&mut self, text: &str) {
        let mut start = 0;
        for line in text.split_inclusive(['\n', '\r']) {
            let offset = start;
            start += line.len();
            let mark = if offset == 0 { line.len() - line.trim_start_matches('\u{feff}').len() } else { 0 };
            let offset = offset + mark;
            let line = line[mark..].trim_end();
            if !line.trim_start().is_empty() {
                self.line(line, offset);
            }
        }
    }

    fn line(&mut self, line: &str, offset: usize) {
        // The line is well-formed JSON, so the reader of manifests finds the place of each value.
        let source = Source::new("", line.to_owned());
        let parsed = document::parse(&source, Format::Json);
        let is_json = self.is_json(line, offset, &parsed.flaws, false);
        let root = parsed.tree.root();
        match root.value() {
            Value::Table(table) if is_json => self.object(root, table, offset, parsed.flaws.is_empty()),
            value => {
                if is_json && !matches!(value, Value::Broken) {
                    self.flawed(offset, 0..line.len(), RowsFlaw::NotAnObject { entry: None });
                }
                self.rows.torn = true;
            }
        }
    }

    fn array(&mut self, text: &str) {
        let source = Source::new("", text.to_owned());
        let parsed = document::parse(&source, Format::Json);
        let is_json = self.is_json(text, 0, &parsed.flaws, true);
        self.rows.torn |= !is_json || !parsed.flaws.is_empty();
        let Value::List(list) = parsed.tree.root().value() else { return };
        let mut entries = Entries::of(text);
        for item in list.iter() {
            match item.value() {
                Value::Table(table) => self.object(item, table, 0, is_json && table.is_whole()),
                Value::Broken => self.rows.torn = true,
                _ => {
                    self.rows.torn = true;
                    self.flawed(
                        0,
                        item.head().range(),
                        RowsFlaw::NotAnObject { entry: Some(entries.up_to(item.span().start as usize)) },
                    );
                }
            }
        }
    }

    /// Reports a file that is one object, as exports with a head are.
    fn one_object(&mut self, text: &str) {
        let source = Source::new("", text.to_owned());
        let parsed = document::parse(&source, Format::Json);
        let root = parsed.tree.root();
        let mut key = None;
        if let Value::Table(table) = root.value() {
            let is_rows = |value: Value<'_>| match value {
                Value::List(list) => list.iter().next().is_some_and(|item| matches!(item.value(), Value::Table(_))),
                _ => false,
            };
            key = table.iter().find(|entry| is_rows(entry.value.value())).map(|entry| entry.key.to_owned());
        }
        self.rows.torn = true;
        self.flawed(0, first_line(root).range(), RowsFlaw::OneObject(key));
    }

    /// Returns whether a text is JSON, and reports the mistakes that its reader found; of an array with the entry that each
    /// is in.
    fn is_json(&mut self, text: &str, offset: usize, flaws: &[Flaw], is_array: bool) -> bool {
        let entry_at = |at: usize| is_array.then(|| Entries::of(text).up_to(at));
        let own = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mark = text.len() - own.len();
        let error = serde_json::from_str::<IgnoredAny>(own).err();
        // In a line with a comment, the other mistakes follow from the comment.
        let is_comment = |flaw: &Flaw| matches!(flaw, Flaw::Syntax { kind: SyntaxKind::Comment, .. });
        let has_comments = flaws.iter().any(is_comment);
        for flaw in flaws.iter().filter(|flaw| !has_comments || is_comment(flaw)).take(MISTAKES) {
            let entry = entry_at(flaw.span().start as usize);
            self.flawed(offset, flaw.span().range(), RowsFlaw::NotJson { why: reason_of(flaw), entry });
        }
        let Some(error) = error else { return true };
        if flaws.is_empty() {
            let lines = own.split_inclusive('\n').take(error.line().saturating_sub(1));
            let line: usize = mark + lines.map(str::len).sum::<usize>();
            let at = text.floor_char_boundary((line + error.column().saturating_sub(1)).min(text.len()));
            let end = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
            self.flawed(offset, at..end, RowsFlaw::NotJson { why: reason(&error), entry: entry_at(at) });
        }
        false
    }

    /// Adds an object as a row; the text that it is in starts at `offset`.
    fn object(&mut self, node: Node<'_>, table: Table<'_>, offset: usize, is_sound: bool) {
        let base = self.base + offset;
        let names = &mut self.rows.names;
        let mut cells: Vec<(u32, Cell<'static>)> = Vec::new();
        for entry in table.iter() {
            let position = *self.positions.entry(entry.key.to_owned()).or_insert_with(|| {
                names.push(entry.key.to_owned());
                names.len() - 1
            });
            cells.push((position as u32, cell(entry.value, base)));
        }
        cells.sort_by_key(|(position, _)| *position);
        self.rows.torn |= !is_sound;
        if is_sound {
            let at = shifted(first_line(node), base);
            let (positions, cells): (Vec<u32>, Vec<_>) = cells.into_iter().unzip();
            self.rows.push(Row::Cells { cells, positions: Some(positions.into()), at });
        }
    }

    fn flawed(&mut self, offset: usize, range: Range<usize>, flaw: RowsFlaw) {
        let base = self.base + offset;
        let at = Place::at(Span::new(base + range.start, base + range.end));
        self.problems.push(Problem::Rows { at, flaw, also: Some(self.named) });
    }
}

/// Returns a value in a text that starts at `base`.
fn cell(node: Node<'_>, base: usize) -> Cell<'static> {
    let (mut form, mut former) = (Form::Otherwise, None);
    let held = match node.value() {
        Value::Null => CellValue::Null,
        Value::Bool(value) => CellValue::Bool(value),
        // Numbers are kept as they are written: a version 1.10 is not 1.1.
        Value::Integer(_) | Value::Float(_) | Value::Other(_) => {
            let written = node.written();
            let counted = match node.value() {
                Value::Integer(number) => number.to_string(),
                Value::Float(number) => number.to_string(),
                _ => written.to_owned(),
            };
            former = (counted != written).then(|| counted.into());
            CellValue::Number(written.into())
        }
        Value::String(text) => {
            let is_plain = text.len() + 2 == (node.span().end - node.span().start) as usize;
            form = if is_plain { Form::Plain(1) } else { Form::Escaped };
            if text.contains('\r') {
                // A line break counts as one character, however it is written; the original characters of each can't be
                // told any more.
                (form, former) = (Form::Otherwise, Some(text.into()));
            }
            CellValue::Text(Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")))
        }
        Value::List(list) => {
            let items: Vec<_> = list.iter().map(|item| cell(item, base)).collect();
            match items.iter().all(|item| !matches!(item.held, CellValue::List(_) | CellValue::Other(_))) {
                true => CellValue::List(items),
                false => CellValue::Other("a list with lists or objects in it"),
            }
        }
        Value::Table(_) => CellValue::Other("an object"),
        Value::Broken => CellValue::Other("a value with a mistake in it"),
    };
    Cell { span: shifted(node.span(), base), held, form, former }
}

fn shifted(span: Span, base: usize) -> Span {
    Span::new(base + span.start as usize, base + span.end as usize)
}

/// Counts the entries of an array up to a byte of its text.
struct Entries<'t> {
    text: &'t str,
    at: usize,
    entry: usize,
    depth: usize,
    in_quotes: bool,
    escaped: bool,
}

impl<'t> Entries<'t> {
    fn of(text: &'t str) -> Entries<'t> {
        Entries { text, at: 0, entry: 1, depth: 0, in_quotes: false, escaped: false }
    }

    /// Returns the number of the entry, from 1, that the byte `at` is in, which isn't before the last one asked for.
    fn up_to(&mut self, at: usize) -> usize {
        for byte in self.text.as_bytes().get(self.at..at).unwrap_or_default() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = self.in_quotes,
                b'"' => self.in_quotes = !self.in_quotes,
                _ if self.in_quotes => {}
                b'[' | b'{' => self.depth += 1,
                b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                b',' if self.depth == 1 => self.entry += 1,
                _ => {}
            }
        }
        self.at = self.at.max(at);
        self.entry
    }
}

/// Returns whether a text is one object on several lines, or one that holds a list of objects.
fn is_one_object(text: &str) -> bool {
    let has_lines = text.contains(['\n', '\r']);
    let is_list_in_it = || text.contains(":[{") || text.contains(": [{") || text.contains(":[ {");
    (has_lines || is_list_in_it()) && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Returns in a few words why a text isn't JSON.
fn reason_of(flaw: &Flaw) -> String {
    match flaw {
        Flaw::DuplicateKey { key, .. } => format!("the key `{key}` occurs twice"),
        Flaw::TooDeep { .. } => "it is nested too deep".to_owned(),
        Flaw::Syntax { kind, .. } => match kind {
            SyntaxKind::Comment => "JSON has no comments".to_owned(),
            SyntaxKind::HalfCharacter => {
                "this escape is half of a character (one of a surrogate pair), and the other half is missing".to_owned()
            }
            SyntaxKind::Control(c) => format!("there is an invisible character here: `\\u{:04x}`", u32::from(*c)),
            SyntaxKind::NoQuotes => "a text needs double quotes".to_owned(),
            SyntaxKind::RawBreak => "a text has no line break in it".to_owned(),
            SyntaxKind::BadEscape => "a backslash starts nothing that JSON knows".to_owned(),
            SyntaxKind::UnclosedQuote { .. } => "a quote is never closed".to_owned(),
            SyntaxKind::UnclosedBracket { .. } => "a bracket is never closed".to_owned(),
            SyntaxKind::AfterQuote => "text follows a closing quote; a quote before it may be missing".to_owned(),
            SyntaxKind::EmptyItem => "nothing is between two commas".to_owned(),
            SyntaxKind::NoComma => "a comma is missing before this".to_owned(),
            SyntaxKind::LookAlike(c, meant) => {
                format!("this is {} (`{c}`), where `{meant}` is meant", crate::base::look_alike::name(*c))
            }
            SyntaxKind::Other(words) => words.clone(),
            _ => "it can't be read".to_owned(),
        },
        _ => "it can't be read".to_owned(),
    }
}

/// Returns the parser's message without the place, which is shown separately.
fn reason(error: &serde_json::Error) -> String {
    let words = error.to_string();
    words.split(" at line ").next().unwrap_or(&words).to_owned()
}
