//! What an expression makes of a set of values.

use super::datum::{Datum, Held};
use super::expression::Expression;
use super::sets::{Set, Variable};
use super::template::TemplateFlaw;
use crate::document::graft::{Content, Form, Origin, Piece, Scalar};
use crate::document::tree::Node;
use crate::manifest::fields::Shape;
use crate::manifest::problem::Fill;
use minijinja::value::{Value, ValueKind};
use std::borrow::Cow;
use std::ops::Range;

/// What a template became.
pub(super) enum Filled<'s> {
    /// Nothing: what it stands in is left out.
    Nothing,
    /// A list or mapping of the manifest.
    Brought(Node<'s>),
    /// A value, and what it is made of.
    Value(Made<'s>, Vec<Piece>),
}

/// Why a template can't be filled in: its bytes, the mistake, and the value that is to blame.
pub(super) type Failed = (Range<usize>, TemplateFlaw, Fill);

/// What an expression makes.
#[derive(Debug)]
pub(super) enum Made<'s> {
    Null,
    Bool(bool),
    Integer(i64),
    /// With the text as which it is written.
    Float(f64, Cow<'s, str>),
    Text(Cow<'s, str>),
    /// A text that is read as what it fills.
    Loose(Cow<'s, str>),
    Compound(Node<'s>),
    Broken,
}

/// What `expression` makes of `set`, in which `variable` is what it names; and from what.
///
/// # Errors
/// Where the set has no such value, or a filter doesn't take it.
pub(super) fn make<'s>(
    range: &Range<usize>,
    expression: &Expression,
    variable: &Variable,
    set: Set<'s, '_>,
) -> Result<(Made<'s>, Origin), Failed> {
    let datum = set.get(variable);
    let Some(filters) = &expression.filters else {
        let Some(datum) = datum else { return Err(unset(range, expression)) };
        return Ok((Made::of(datum), Origin::Content(datum.content())));
    };
    let (made, origin) = match datum {
        // What is filtered isn't there character by character.
        Some(datum) => (Made::of(datum), Origin::Content(Content { form: Form::Otherwise, ..datum.content() })),
        None if filters.has_default() => (Made::Null, Origin::Nothing),
        None => return Err(unset(range, expression)),
    };
    let is_loose = matches!(made, Made::Loose(_));
    let value = match &made {
        Made::Null => Value::from(""),
        Made::Bool(value) => Value::from(*value),
        Made::Integer(number) => Value::from(*number),
        Made::Float(_, text) | Made::Text(text) | Made::Loose(text) => Value::from(text.as_ref()),
        Made::Compound(_) => {
            return Err((range.clone(), TemplateFlaw::NotText(expression.name()), blamed(origin)));
        }
        Made::Broken => return Ok((Made::Broken, origin)),
    };
    let refused = |words| (range.clone(), TemplateFlaw::Filter(words), blamed(origin));
    let result = filters.apply(value).map_err(refused)?;
    Ok((Made::of_result(&result, is_loose).map_err(refused)?, origin))
}

/// One place can't show what isn't there: the template does, for all jobs that lack it.
fn unset(range: &Range<usize>, expression: &Expression) -> Failed {
    (range.clone(), TemplateFlaw::Unset { name: expression.name(), scope: expression.scope }, Fill::Template)
}

/// What to blame for what an expression makes of a value: where all values fare alike, the template.
pub(super) fn blamed(origin: Origin) -> Fill {
    match origin {
        Origin::Content(content) => Fill::Mixed(Some(content.span)),
        Origin::Template | Origin::Nothing => Fill::Template,
    }
}

impl<'s> Made<'s> {
    fn of(datum: Datum<'s>) -> Made<'s> {
        match datum.held() {
            Held::Null => Made::Null,
            Held::Bool(value) => Made::Bool(value),
            Held::Integer(number) => Made::Integer(number),
            Held::Float(number) => Made::Float(number, datum.written()),
            Held::Text(text) => Made::Text(Cow::Borrowed(text)),
            Held::Loose(text) => Made::Loose(Cow::Borrowed(text)),
            Held::Compound(node) => Made::Compound(node),
            Held::Broken => Made::Broken,
        }
    }

    /// What filters made. A text stays as loose as it was.
    fn of_result(result: &Value, is_loose: bool) -> Result<Made<'s>, String> {
        Ok(match result.kind() {
            ValueKind::Bool => Made::Bool(result.is_true()),
            ValueKind::Number => match i64::try_from(result.clone()) {
                Ok(number) => Made::Integer(number),
                Err(_) => {
                    let number = f64::try_from(result.clone()).map_err(|error| error.to_string())?;
                    Made::Float(number, Cow::Owned(result.to_string()))
                }
            },
            ValueKind::String if is_loose => Made::Loose(Cow::Owned(result.to_string())),
            ValueKind::String => Made::Text(Cow::Owned(result.to_string())),
            _ => Made::Null,
        })
    }

    /// Whether there is nothing to fill in: a null, or an empty cell.
    pub(super) fn is_nothing(&self) -> bool {
        match self {
            Made::Null => true,
            Made::Loose(text) => text.is_empty(),
            _ => false,
        }
    }

    pub(super) fn is_broken(&self) -> bool {
        matches!(self, Made::Broken)
    }

    /// As a part of a text; none for lists and mappings.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Made::Null => Cow::Borrowed(""),
            Made::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
            Made::Integer(number) => Cow::Owned(number.to_string()),
            Made::Float(_, text) | Made::Text(text) | Made::Loose(text) => Cow::Borrowed(text.as_ref()),
            Made::Compound(_) | Made::Broken => return None,
        })
    }

    /// As a value of a field of this shape: texts take what is written, and what has no type takes the field's.
    pub(super) fn read_as(self, shape: Option<Shape>) -> Made<'s> {
        match (shape, self) {
            (
                Some(Shape::Text | Shape::TextOrTable),
                made @ (Made::Null | Made::Bool(_) | Made::Integer(_) | Made::Float(..)),
            ) => {
                let text = made.text().map(Cow::into_owned).unwrap_or_default();
                Made::Text(Cow::Owned(text))
            }
            (Some(Shape::Integer | Shape::Number), Made::Loose(text)) => match text.trim().parse() {
                Ok(number) => Made::Integer(number),
                Err(_) => Made::Text(text),
            },
            (Some(Shape::Boolean), Made::Loose(text)) => match text.trim() {
                // As spreadsheets write it, too.
                word if word.eq_ignore_ascii_case("true") => Made::Bool(true),
                word if word.eq_ignore_ascii_case("false") => Made::Bool(false),
                _ => Made::Text(text),
            },
            (_, Made::Loose(text)) => Made::Text(text),
            (_, made) => made,
        }
    }

    /// As it goes into the tree.
    pub(super) fn scalar(&self) -> Scalar<'_> {
        match self {
            Made::Null => Scalar::Null,
            Made::Bool(value) => Scalar::Bool(*value),
            Made::Integer(number) => Scalar::Integer(*number),
            Made::Float(number, _) => Scalar::Float(*number),
            Made::Text(text) | Made::Loose(text) => Scalar::Text(text),
            Made::Compound(_) | Made::Broken => Scalar::Broken,
        }
    }
}
