//! The content of the braces: a name, and the filters that its value passes through.
//!
//! The name is read here, so that a value keeps its type and its place; filters are the template engine's.

use super::filters::{self, Filters};
use super::flaw::TemplateFlaw;
use super::scope::Scope;
use crate::base::nearest::nearest;
use std::ops::Range;

/// A name with its filters.
#[derive(Debug)]
pub(super) struct Expression {
    pub scope: Scope,
    /// The names after the scope: one name, and those inside its value.
    pub names: Vec<Segment>,
    pub filters: Option<Filters>,
}

/// A part of a name.
#[derive(Debug)]
pub(super) struct Segment {
    pub text: String,
    /// Its bytes in the template.
    pub range: Range<usize>,
}

/// A mistake and its bytes.
type Flawed = (Range<usize>, TemplateFlaw);

impl Expression {
    /// Parses the expression in these bytes of `text`.
    pub(super) fn parse(text: &str, range: Range<usize>) -> Result<Expression, Flawed> {
        let mut reader = Reader { text: &text[..range.end], at: range.start };
        reader.blanks();
        let Some(scope) = reader.word() else {
            let rest = reader.at..text[..range.end].trim_end().len().max(reader.at);
            let empty = rest.end <= rest.start;
            return Err(if empty { (0..0, TemplateFlaw::Empty) } else { (rest, TemplateFlaw::NoName) });
        };
        let name = &text[scope.clone()];
        let Some(known) = Scope::ALL.into_iter().find(|known| known.word() == name) else {
            // Singular and plural are both understood.
            let near = nearest(name, ["matrix", "row", "rows", "job", "jobs"]);
            let nearest = Scope::ALL.into_iter().find(|known| near.is_some_and(|near| near.starts_with(known.word())));
            return Err((scope, TemplateFlaw::UnknownScope { name: name.to_owned(), nearest }));
        };
        let mut names = Vec::new();
        loop {
            reader.blanks();
            match reader.segment()? {
                Some(segment) => names.push(segment),
                None => break,
            }
        }
        if names.is_empty() {
            return Err((scope, TemplateFlaw::Bare(known)));
        }
        let rest = &text[reader.at..range.end];
        let filters = match rest.chars().next() {
            None => None,
            Some('|') => Some(filters::compile(rest).map_err(|(range, flaw)| (shifted(&range, reader.at), flaw))?),
            Some(c) => {
                let at = reader.at..reader.at + c.len_utf8();
                return Err((at, TemplateFlaw::NotAllowed(c.to_string())));
            }
        };
        Ok(Expression { scope: known, names, filters })
    }

    /// Returns the name as it is written, without blanks: `matrix.product.name`.
    pub(super) fn name(&self) -> String {
        self.names.iter().fold(self.scope.word().to_owned(), |name, segment| format!("{name}.{}", segment.text))
    }
}

fn shifted(range: &Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}

/// A reader of a name.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// Reads a word as the services with matrices write it: letters of any script, digits, `_` and `-`.
    fn word(&mut self) -> Option<Range<usize>> {
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).unwrap_or(rest.len());
        let range = self.at..self.at + end;
        self.at = range.end;
        (end > 0).then_some(range)
    }

    /// Reads `.name`, `["any name"]` or `['any name']`.
    fn segment(&mut self) -> Result<Option<Segment>, Flawed> {
        let start = self.at;
        if self.rest().starts_with('.') {
            self.at += 1;
            self.blanks();
            let Some(range) = self.word() else {
                return Err((start..start + 1, TemplateFlaw::NotAllowed(".".to_owned())));
            };
            return Ok(Some(Segment { text: self.text[range.clone()].to_owned(), range }));
        }
        if !self.rest().starts_with('[') {
            return Ok(None);
        }
        let refused = (start..start + 1, TemplateFlaw::NotAllowed("[".to_owned()));
        self.at += 1;
        self.blanks();
        let quote = self.rest().chars().next().filter(|c| matches!(c, '"' | '\''));
        let Some(quote) = quote else { return Err(refused) };
        let from = self.at + 1;
        let Some(length) = self.text[from..].find(quote) else { return Err(refused) };
        let range = from..from + length;
        self.at = range.end + 1;
        self.blanks();
        if !self.rest().starts_with(']') {
            return Err(refused);
        }
        self.at += 1;
        Ok(Some(Segment { text: self.text[range.clone()].to_owned(), range }))
    }
}
