//! A value that templates are filled with, and its place.

use crate::document::derived::{Content, Form};
use crate::document::span::Span;
use crate::document::tree::{Node, Value};
use std::borrow::Cow;

/// A value of a combination or a row.
#[derive(Clone, Copy, Debug)]
pub(super) enum Input<'t> {
    /// A value in the manifest.
    Node(Node<'t>),
    /// A value in a file of rows.
    Cell(&'t Cell<'t>),
}

/// A value in a file of rows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell<'t> {
    pub span: Span,
    pub held: CellValue<'t>,
    pub form: Form,
    /// Its former text, if that differs: with a line break as it is written, which is now always `\n`, or a number by
    /// its numeric value, which is now as it is written.
    pub former: Option<Box<str>>,
}

/// The content of a cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum CellValue<'t> {
    Null,
    Bool(bool),
    /// A number, as it is written.
    Number(Box<str>),
    Text(Cow<'t, str>),
    /// A text that is read as the type of the field that it fills: CSV has no types.
    Loose(Cow<'t, str>),
    /// Values that aren't lists or objects.
    List(Vec<Cell<'t>>),
    /// A value that no template can name, in words.
    Other(&'static str),
}

/// The content of a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Held<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(&'a str),
    Loose(&'a str),
    /// A list or a mapping of the manifest.
    Compound(Node<'a>),
    /// A list of a file.
    List(&'a [Cell<'a>]),
    /// A value that no template can name, in words.
    Other(&'static str),
    /// A value spoilt by a mistake that was already found.
    Broken,
}

impl<'t> Input<'t> {
    /// Returns its content.
    pub(super) fn held(self) -> Held<'t> {
        match self {
            Input::Node(node) => match node.value() {
                Value::Null => Held::Null,
                Value::Bool(value) => Held::Bool(value),
                Value::Integer(number) => Held::Integer(number),
                Value::Float(number) => Held::Float(number),
                Value::String(text) => Held::Text(text),
                Value::Broken => Held::Broken,
                Value::Other(_) if is_number(node) => Held::Float(node.written().parse().unwrap_or(f64::INFINITY)),
                Value::Other(what) => Held::Other(what),
                Value::List(_) | Value::Table(_) => Held::Compound(node),
            },
            Input::Cell(cell) => match &cell.held {
                CellValue::Null => Held::Null,
                CellValue::Bool(value) => Held::Bool(*value),
                CellValue::Number(written) => match written.parse::<i64>() {
                    Ok(number) if number.to_string() == **written => Held::Integer(number),
                    _ => Held::Float(written.parse().unwrap_or(f64::INFINITY)),
                },
                CellValue::List(items) => Held::List(items),
                CellValue::Other(what) => Held::Other(what),
                CellValue::Text(text) => Held::Text(text),
                CellValue::Loose(text) => Held::Loose(text),
            },
        }
    }

    /// Returns a number as it is written: a version 1.10 is not 1.1.
    pub(super) fn written(self) -> Cow<'t, str> {
        match (self, self.held()) {
            (Input::Node(node), _) => Cow::Borrowed(node.written()),
            (Input::Cell(Cell { held: CellValue::Number(written), .. }), _) => Cow::Borrowed(written),
            (_, Held::Float(number)) => Cow::Owned(number.to_string()),
            (_, Held::Text(text) | Held::Loose(text)) => Cow::Borrowed(text),
            (_, Held::Bool(value)) => Cow::Borrowed(if value { "true" } else { "false" }),
            (_, Held::Integer(number)) => Cow::Owned(number.to_string()),
            (_, Held::Null | Held::Compound(_) | Held::List(_) | Held::Other(_) | Held::Broken) => Cow::Borrowed(""),
        }
    }

    /// Returns its place.
    pub(super) fn content(self) -> Content {
        match self {
            Input::Cell(cell) => Content { span: cell.span, form: cell.form },
            Input::Node(node) => Content::of(node),
        }
    }
}

/// Returns whether a value that no field accepts is a number all the same: one that is too large to compute with.
fn is_number(node: Node<'_>) -> bool {
    let written = node.written();
    node.is_bare()
        && written.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+'))
        && written.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E'))
        && written.parse::<f64>().is_ok()
}

/// Returns whether two values are equal; a mapping in `part` need only have the keys that matter.
pub(super) fn covers(whole: Node<'_>, part: Node<'_>, partial: bool) -> bool {
    match (whole.value(), part.value()) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Integer(a), Value::Integer(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Integer(a), Value::Float(b)) | (Value::Float(b), Value::Integer(a)) => a as f64 == b,
        (Value::String(a), Value::String(b)) => a == b,
        (Value::List(a), Value::List(b)) => {
            let (mut a, mut b) = (a.iter(), b.iter());
            loop {
                match (a.next(), b.next()) {
                    (None, None) => return true,
                    (Some(a), Some(b)) if covers(a, b, partial) => {}
                    _ => return false,
                }
            }
        }
        (Value::Table(a), Value::Table(b)) => {
            let has = |key: &str, value| a.get(key).is_some_and(|own| covers(own.value, value, partial));
            (partial || a.len() == b.len()) && b.iter().all(|entry| has(entry.key, entry.value))
        }
        _ => false,
    }
}
