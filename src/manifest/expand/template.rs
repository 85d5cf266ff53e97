//! A text with `${{ … }}` in it.

use super::expression::Expression;
use super::flaw::TemplateFlaw;
use std::ops::Range;

/// The start of an expression.
pub(crate) const OPEN: &str = "${{";

/// The end of an expression.
const CLOSE: &str = "}}";

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
