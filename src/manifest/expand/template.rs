//! A text with `${{ … }}` in it.

use super::expression::{Expression, Scope};
use crate::document::span::Span;
use std::ops::Range;

/// How an expression starts.
pub(crate) const OPEN: &str = "${{";

/// How it ends.
const CLOSE: &str = "}}";

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TemplateFlaw {
    /// It isn't closed.
    Open,
    /// There is nothing in it.
    Empty,
    /// It doesn't start with `matrix` or `row`.
    NoName,
    /// Something else than names and filters; what.
    NotAllowed(String),
    /// The engine can't make sense of it; its words.
    Syntax(String),
    /// No values are called that.
    UnknownScope {
        /// What is written.
        name: String,
        /// The one that is meant.
        nearest: Option<Scope>,
    },
    /// The job has no such values.
    NoScope(Scope),
    /// `matrix` or `row` alone.
    Bare(Scope),
    /// None of the values has this name.
    Unknown {
        /// Whose.
        scope: Scope,
        /// What is written.
        name: String,
        /// The one that is near.
        nearest: Option<String>,
        /// All that there are.
        known: Vec<String>,
    },
    /// Others have this name, but not this combination or row.
    Unset {
        /// The name as it is written.
        name: String,
        /// What has none.
        scope: Scope,
        /// The row that has none, if it is one.
        row: Option<Span>,
    },
    /// There is no such filter.
    UnknownFilter {
        /// What is written.
        name: String,
        /// The one that is near.
        nearest: Option<&'static str>,
    },
    /// A filter doesn't take this value or these arguments; the engine's words.
    Filter(String),
    /// Something in the middle of a text that is none.
    NotText {
        /// The name as it is written.
        name: String,
        /// What it is, with an article.
        what: &'static str,
    },
    /// Braces around a name that are no template: what stands there, and what is meant.
    Braces {
        /// As it is written.
        written: String,
        /// As it would be.
        meant: String,
        /// Whether the job has values that are filled in.
        is_filled: bool,
    },
    /// It is filled to more text than anybody writes.
    TooLong,
    /// It stands where there is nothing to fill in.
    Outside,
}

/// A text, taken apart.
#[derive(Debug)]
pub(super) struct Template {
    pub parts: Vec<Part>,
}

/// A part of a template.
#[derive(Debug)]
pub(super) enum Part {
    /// These bytes of the text, as they are.
    Text(Range<usize>),
    /// What is filled in.
    Expression {
        /// Its bytes, with the braces.
        range: Range<usize>,
        /// What it says.
        expression: Expression,
    },
}

impl Template {
    /// Takes `text` apart; `$${{` stands for `${{`.
    ///
    /// # Errors
    /// All that is wrong, each with its bytes.
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

    /// The expression, if that is all there is.
    pub(super) fn sole(&self) -> Option<(&Range<usize>, &Expression)> {
        match self.parts.as_slice() {
            [Part::Expression { range, expression }] => Some((range, expression)),
            _ => None,
        }
    }
}

/// Where the expression ends that `text` starts with: at the first `}}` that isn't in quotes.
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
