//! The evaluation of an expression with a set of values.

use super::combinations::{Combination, Reading, Variable};
use super::expression::Expression;
use super::flaw::TemplateFlaw;
use super::scope::Scope;
use super::value::{Held, Input};
use crate::document::derived::{Content, Form, Origin, Piece, Scalar};
use crate::document::span::Span;
use crate::document::tree::{self, Node};
use crate::manifest::fields::Shape;
use crate::manifest::problem::Fill;
use minijinja::value::{Value, ValueKind};
use std::borrow::Cow;
use std::ops::Range;

/// The result of filling in a template.
pub(super) enum Filled<'s> {
    /// Nothing: the field or item is left out.
    Nothing,
    /// A list or mapping of the manifest.
    Brought(Node<'s>),
    /// A value, and the pieces that it consists of.
    Value(Evaluated<'s>, Vec<Piece>),
    /// A list of values, each with its place.
    List(Vec<Item<'s>>),
}

/// An item of a list that is filled in.
pub(super) type Item<'s> = (Evaluated<'s>, Content);

/// The reason why a template can't be filled in: its bytes, the mistake, and the value that is to blame.
pub(super) type Failed = (Range<usize>, TemplateFlaw, Fill);

/// The value of an expression.
#[derive(Debug)]
pub(super) enum Evaluated<'s> {
    Null,
    Bool(bool),
    Integer(i64),
    /// A number with the text as which it is written.
    Float(f64, Cow<'s, str>),
    Text(Cow<'s, str>),
    /// A text that is read as the type of the field that it fills.
    Loose(Cow<'s, str>),
    Compound(Node<'s>),
    List(Vec<Item<'s>>),
    /// A value that no template can name, in words.
    Other(&'static str),
    Broken,
}

/// Evaluates `expression` with `set`, in which it names `variable`; also returns the origin of the value. Blanks around
/// a cell count for an `exact` text only.
///
/// # Errors
/// Fails if the set has no such value, or if a filter doesn't accept it.
pub(super) fn make<'s>(
    range: &Range<usize>,
    expression: &Expression,
    variable: &Variable,
    set: Combination<'s, '_>,
    exact: bool,
) -> Result<(Evaluated<'s>, Origin), Failed> {
    let input = set.get(variable);
    let of_datum = |input: Input<'s>| {
        let (made, content) = (Evaluated::of(input).read_before(input, set.reading), input.content());
        match made {
            Evaluated::Loose(text) if !exact => trimmed(text, content),
            made => (made, content),
        }
    };
    let given = match (set.of_job(variable), input) {
        (Some(number), _) => Some((Evaluated::Integer(number), Origin::Nothing)),
        (None, Some(input)) => {
            let (made, content) = of_datum(input);
            Some((made, Origin::Content(content)))
        }
        (None, None) => None,
    };
    let Some(filters) = &expression.filters else { return given.ok_or_else(|| unset(range, expression, set)) };
    let (made, plain) = match given {
        Some(given) => given,
        None if filters.has_default() => (Evaluated::Null, Origin::Nothing),
        None => return Err(unset(range, expression, set)),
    };
    // A filtered text isn't the source text character by character.
    let origin = match plain {
        Origin::Content(content) => Origin::Content(Content { form: Form::Otherwise, ..content }),
        origin => origin,
    };
    let is_loose = matches!(made, Evaluated::Loose(_));
    let value = match &made {
        Evaluated::Null => Value::from(""),
        Evaluated::Bool(value) => Value::from(*value),
        Evaluated::Integer(number) => Value::from(*number),
        Evaluated::Float(_, text) | Evaluated::Text(text) | Evaluated::Loose(text) => Value::from(text.as_ref()),
        Evaluated::Compound(_) | Evaluated::List(_) | Evaluated::Other(_) => {
            return Err(not_text(range, expression, &made, origin));
        }
        Evaluated::Broken => return Ok((Evaluated::Broken, origin)),
    };
    let refused = |words| (range.clone(), TemplateFlaw::Filter(words), blamed(origin));
    let result = filters.apply(value, set.reading != Reading::Now).map_err(refused)?;
    if let Ok(items) = result.try_iter()
        && result.kind() == ValueKind::Seq
    {
        let text = made.text().unwrap_or_default();
        return Ok((Evaluated::List(parts(&text, plain, items.map(|item| item.to_string()))), origin));
    }
    Ok((Evaluated::of_result(&result, is_loose).map_err(refused)?, origin))
}

/// Returns a text without the blanks around it.
fn trimmed<'s>(text: Cow<'s, str>, content: Content) -> (Evaluated<'s>, Content) {
    let before = text.len() - text.trim_start().len();
    let length = text.trim().len();
    if length == text.len() {
        return (Evaluated::Loose(text), content);
    }
    let content = match content.form {
        Form::Plain(quotes) => part(content, usize::from(quotes) + before, length),
        _ => Content { form: Form::Otherwise, ..content },
    };
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    };
    (Evaluated::Loose(text), content)
}

/// Returns a part of the bytes of content that is written literally.
fn part(content: Content, from: usize, length: usize) -> Content {
    let start = content.span.start as usize + from;
    Content { span: Span::new(start, start + length), form: Form::Plain(0) }
}

/// Returns the parts of a text from `origin`, each with its place.
fn parts<'s>(text: &str, origin: Origin, items: impl Iterator<Item = String>) -> Vec<Item<'s>> {
    let whole = match origin {
        Origin::Content(content) => content,
        Origin::Template | Origin::Nothing => Content { span: Span::default(), form: Form::Otherwise },
    };
    let mut from = 0;
    let mut place = |item: &str| {
        let Form::Plain(quotes) = whole.form else { return Content { form: Form::Otherwise, ..whole } };
        match text[from..].find(item) {
            Some(at) => {
                let at = from + at;
                from = at + item.len();
                part(whole, usize::from(quotes) + at, item.len())
            }
            // Another filter made it.
            None => Content { form: Form::Otherwise, ..whole },
        }
    };
    items
        .map(|item| {
            let at = place(&item);
            (Evaluated::Loose(Cow::Owned(item)), at)
        })
        .collect()
}

/// Returns the mistake of a missing value. It has no place of its own: it is shown at the template, for all jobs that
/// lack the value, with the first row without it.
fn unset(range: &Range<usize>, expression: &Expression, set: Combination<'_, '_>) -> Failed {
    let row = if expression.scope == Scope::Row { set.place_of_row() } else { None };
    (range.clone(), TemplateFlaw::Unset { name: expression.name(), scope: expression.scope, row }, Fill::Template)
}

/// Returns the mistake of a value that can't be a part of a text.
pub(super) fn not_text(range: &Range<usize>, expression: &Expression, made: &Evaluated<'_>, origin: Origin) -> Failed {
    let what = match made {
        Evaluated::List(_) => "a list",
        Evaluated::Other(what) => what,
        Evaluated::Compound(node) if matches!(node.value(), tree::Value::List(_)) => "a list",
        _ => "a mapping",
    };
    (range.clone(), TemplateFlaw::NotText { name: expression.name(), what }, blamed(origin))
}

/// Returns what to blame for a mistake in the value of an expression: if all values are affected alike, the template.
pub(super) fn blamed(origin: Origin) -> Fill {
    match origin {
        Origin::Content(content) => Fill::Mixed(Some(content.span)),
        Origin::Template | Origin::Nothing => Fill::Template,
    }
}

impl<'s> Evaluated<'s> {
    fn of(input: Input<'s>) -> Evaluated<'s> {
        match input.held() {
            Held::Null => Evaluated::Null,
            Held::Bool(value) => Evaluated::Bool(value),
            Held::Integer(number) => Evaluated::Integer(number),
            Held::Float(number) => Evaluated::Float(number, input.written()),
            Held::Text(text) => Evaluated::Text(Cow::Borrowed(text)),
            Held::Loose(text) => Evaluated::Loose(Cow::Borrowed(text)),
            Held::Compound(node) => Evaluated::Compound(node),
            Held::List(items) => Evaluated::List(
                items.iter().map(Input::Cell).map(|item| (Evaluated::of(item), item.content())).collect(),
            ),
            Held::Other(what) => Evaluated::Other(what),
            Held::Broken => Evaluated::Broken,
        }
    }

    /// Returns the value as it was read before, if that differs.
    fn read_before(self, input: Input<'s>, reading: Reading) -> Evaluated<'s> {
        let Input::Cell(cell) = input else { return self };
        let former = cell.former.as_deref().filter(|_| reading == Reading::Former);
        match self {
            Evaluated::Loose(_) if former.is_some() => Evaluated::Loose(Cow::Borrowed(former.unwrap_or_default())),
            Evaluated::Integer(_) | Evaluated::Float(..) | Evaluated::Text(_) if former.is_some() => {
                Evaluated::Text(Cow::Borrowed(former.unwrap_or_default()))
            }
            Evaluated::Loose(text) if reading == Reading::FormerWithReturns => {
                Evaluated::Loose(Cow::Owned(text.replace('\n', "\r\n")))
            }
            made => made,
        }
    }

    /// Converts the result of filters. A loose text stays loose.
    fn of_result(result: &Value, is_loose: bool) -> Result<Evaluated<'s>, String> {
        Ok(match result.kind() {
            ValueKind::Bool => Evaluated::Bool(result.is_true()),
            ValueKind::Number => match i64::try_from(result.clone()) {
                Ok(number) => Evaluated::Integer(number),
                Err(_) => {
                    let number = f64::try_from(result.clone()).map_err(|error| error.to_string())?;
                    Evaluated::Float(number, Cow::Owned(result.to_string()))
                }
            },
            ValueKind::String if is_loose => Evaluated::Loose(Cow::Owned(result.to_string())),
            ValueKind::String => Evaluated::Text(Cow::Owned(result.to_string())),
            _ => Evaluated::Null,
        })
    }

    /// Returns whether there is nothing to fill in: a null, or an empty cell.
    pub(super) fn is_nothing(&self) -> bool {
        match self {
            Evaluated::Null => true,
            Evaluated::Loose(text) => text.is_empty(),
            Evaluated::List(items) => items.is_empty(),
            _ => false,
        }
    }

    pub(super) fn is_broken(&self) -> bool {
        matches!(self, Evaluated::Broken)
    }

    /// Returns the value as a part of a text; `None` for lists and mappings.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Evaluated::Null => Cow::Borrowed(""),
            Evaluated::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
            Evaluated::Integer(number) => Cow::Owned(number.to_string()),
            Evaluated::Float(_, text) | Evaluated::Text(text) | Evaluated::Loose(text) => Cow::Borrowed(text.as_ref()),
            Evaluated::Compound(_) | Evaluated::List(_) | Evaluated::Other(_) | Evaluated::Broken => return None,
        })
    }

    /// Converts the value for a field of this shape: texts take it as it is written, and an untyped value gets the
    /// field's type.
    pub(super) fn read_as(self, shape: Option<Shape>) -> Evaluated<'s> {
        match (shape, self) {
            (
                Some(Shape::Text | Shape::TextOrTable),
                made @ (Evaluated::Null | Evaluated::Bool(_) | Evaluated::Integer(_) | Evaluated::Float(..)),
            ) => {
                let text = made.text().map(Cow::into_owned).unwrap_or_default();
                Evaluated::Text(Cow::Owned(text))
            }
            (Some(Shape::Integer | Shape::Number), Evaluated::Loose(text)) => match text.trim().parse() {
                Ok(number) => Evaluated::Integer(number),
                Err(_) => match number(text.trim()) {
                    Some(number) => Evaluated::Float(number, text),
                    None => Evaluated::Text(text),
                },
            },
            (Some(Shape::Boolean), Evaluated::Loose(text)) => match text.trim() {
                // In the spelling of spreadsheets, too.
                word if word.eq_ignore_ascii_case("true") => Evaluated::Bool(true),
                word if word.eq_ignore_ascii_case("false") => Evaluated::Bool(false),
                _ => Evaluated::Text(text),
            },
            (_, Evaluated::Loose(text)) => Evaluated::Text(text),
            (_, made) => made,
        }
    }

    /// Returns the value as it goes into the tree.
    pub(super) fn scalar(&self) -> Scalar<'_> {
        match self {
            Evaluated::Null => Scalar::Null,
            Evaluated::Bool(value) => Scalar::Bool(*value),
            Evaluated::Integer(number) => Scalar::Integer(*number),
            Evaluated::Float(number, _) => Scalar::Float(*number),
            Evaluated::Text(text) | Evaluated::Loose(text) => Scalar::Text(text),
            Evaluated::Compound(_) | Evaluated::List(_) | Evaluated::Other(_) | Evaluated::Broken => Scalar::Broken,
        }
    }
}

/// Returns the number in a cell, written with a decimal point or an exponent.
fn number(text: &str) -> Option<f64> {
    let is_number = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E'));
    text.parse().ok().filter(|number: &f64| is_number && number.is_finite())
}
