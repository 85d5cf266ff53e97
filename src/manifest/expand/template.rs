//! A text with `${{ … }}` in it.

use super::expression::{Expression, Scope};
use crate::document::span::Span;
use std::ops::Range;

/// The start of an expression.
pub(crate) const OPEN: &str = "${{";

/// The end of an expression.
const CLOSE: &str = "}}";

/// A mistake in a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TemplateFlaw {
    /// It isn't closed.
    Open,
    /// It is empty.
    Empty,
    /// It doesn't start with `matrix` or `row`.
    NoName,
    /// It contains something other than names and filters: this.
    NotAllowed(String),
    /// The engine can't parse it; its message.
    Syntax(String),
    /// No scope has this name.
    UnknownScope {
        /// The name as it is written.
        name: String,
        /// The scope that is meant.
        nearest: Option<Scope>,
    },
    /// The job has no such values.
    NoScope(Scope),
    /// `matrix` or `row` alone.
    Bare(Scope),
    /// None of the values has this name.
    Unknown {
        /// The scope.
        scope: Scope,
        /// The name as it is written.
        name: String,
        /// The similar name.
        nearest: Option<String>,
        /// All names that exist.
        known: Vec<String>,
    },
    /// Other combinations or rows have this name, but not this one.
    Unset {
        /// The name as it is written.
        name: String,
        /// The scope of the name.
        scope: Scope,
        /// The row that lacks it, if it is a row.
        row: Option<Span>,
    },
    /// No filter has this name.
    UnknownFilter {
        /// The name as it is written.
        name: String,
        /// The similar name.
        nearest: Option<&'static str>,
    },
    /// A filter doesn't accept this value or these arguments; the engine's message.
    Filter(String),
    /// A value in the middle of a text isn't text.
    NotText {
        /// The name as it is written.
        name: String,
        /// Its kind, with an article.
        what: &'static str,
    },
    /// Braces around a name aren't a template.
    Braces {
        /// The braces as they are written.
        written: String,
        /// The template that is meant.
        meant: String,
        /// `true` if the job has values to fill in.
        is_filled: bool,
    },
    /// The filled-in text exceeds the limit.
    TooLong,
    /// It is at a place where nothing is filled in.
    Outside,
}

/// A parsed text.
#[derive(Debug)]
pub(super) struct Template {
    pub parts: Vec<Part>,
}

/// A part of a template.
#[derive(Debug)]
pub(super) enum Part {
    /// These bytes of the text, as they are.
    Text(Range<usize>),
    /// An expression to fill in.
    Expression {
        /// Its bytes, with the braces.
        range: Range<usize>,
        /// Its content.
        expression: Expression,
    },
}

impl Template {
    /// Parses `text`; `$${{` is an escape for `${{`.
    ///
    /// # Errors
    /// Returns all mistakes, each with its bytes.
    pub(super) fn parse(text: &str) -> Result<Template, Vec<(Range<usize>, TemplateFlaw)>> {
        let (mut parts, mut flaws, mut at) = (Vec::new(), Vec::new(), 0);
        let push_text = |parts: &mut Vec<Part>, range: Range<usize>| {
            if !range.is_empty() {
                parts.push(Part::Text(range));
            }
        };
        let mut kept = 0;
        while let Some(found) = text[at..].find(OPEN) {
            let start = at + found;
            if text[kept..start].ends_with('$') {
                push_text(&mut parts, kept..start - 1);
                (kept, at) = (start, start + OPEN.len());
                continue;
            }
            push_text(&mut parts, kept..start);
            let inner = start + OPEN.len();
            let Some(end) = close(&text[inner..]).map(|end| inner + end) else {
                let line = text[start..].find(['\n', '\r']).map_or(text.len(), |end| start + end);
                flaws.push((start..line, TemplateFlaw::Open));
                kept = text.len();
                break;
            };
            let range = start..end + CLOSE.len();
            match Expression::parse(text, inner..end) {
                Ok(expression) => parts.push(Part::Expression { range: range.clone(), expression }),
                Err((at, TemplateFlaw::Empty)) if at.is_empty() => flaws.push((range.clone(), TemplateFlaw::Empty)),
                Err(flaw) => flaws.push(flaw),
            }
            (kept, at) = (range.end, range.end);
        }
        push_text(&mut parts, kept..text.len());
        if flaws.is_empty() { Ok(Template { parts }) } else { Err(flaws) }
    }

    /// Returns the expression, if the text has nothing else.
    pub(super) fn sole(&self) -> Option<(&Range<usize>, &Expression)> {
        match self.parts.as_slice() {
            [Part::Expression { range, expression }] => Some((range, expression)),
            _ => None,
        }
    }
}

/// Returns the end of the expression that `text` starts with: at the first `}}` that isn't in quotes.
fn close(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '}') if text[at..].starts_with(CLOSE) => return Some(at),
            // The next one starts before this one ends.
            (None, '$') if text[at..].starts_with(OPEN) => return None,
            _ => {}
        }
    }
    // A quote that isn't closed is the smaller mistake.
    quote.and_then(|_| text.find(CLOSE))
}
