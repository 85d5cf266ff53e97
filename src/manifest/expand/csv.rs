//! CSV as RFC 4180 describes it, with the place of every cell.

use crate::document::graft::Form;
use crate::document::span::Span;
use std::borrow::Cow;
use std::ops::Range;

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field<'s> {
    pub text: Cow<'s, str>,
    /// Its bytes, with the quotes.
    pub span: Span,
    pub form: Form,
}

/// What is wrong with a text as CSV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CsvFlaw {
    /// A quote that is opened here isn't closed.
    OpenQuote(Range<usize>),
    /// Text behind a quote that is closed.
    BehindQuote(Range<usize>),
}

/// Reads records from a text.
pub(super) struct Records<'s> {
    text: &'s str,
    at: usize,
}

impl<'s> Records<'s> {
    /// Those of `text`, whose byte order mark is passed over.
    pub(super) fn of(text: &'s str) -> Records<'s> {
        Records { text, at: if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 } }
    }

    /// The next record; empty lines are none.
    ///
    /// # Errors
    /// Behind a mistake it goes on with the next line.
    pub(super) fn next(&mut self) -> Option<Result<Vec<Field<'s>>, CsvFlaw>> {
        while let Some(length) = line_break(&self.text[self.at..]) {
            self.at += length;
        }
        if self.at == self.text.len() {
            return None;
        }
        let mut fields = Vec::new();
        loop {
            match self.field() {
                Ok(field) => fields.push(field),
                Err(flaw) => {
                    let rest = &self.text[self.at..];
                    self.at += rest.find('\n').map_or(rest.len(), |end| end + 1);
                    return Some(Err(flaw));
                }
            }
            let rest = &self.text[self.at..];
            if rest.starts_with(',') {
                self.at += 1;
                continue;
            }
            self.at += line_break(rest).unwrap_or_default();
            return Some(Ok(fields));
        }
    }

    /// The next cell; stops before what ends it.
    fn field(&mut self) -> Result<Field<'s>, CsvFlaw> {
        let start = self.at;
        if self.text[start..].starts_with('"') {
            return self.quoted(start);
        }
        let end = self.end_of_bare(start);
        self.at = end;
        Ok(Field { text: Cow::Borrowed(&self.text[start..end]), span: Span::new(start, end), form: Form::Plain(0) })
    }

    /// The end of what stands there without quotes.
    fn end_of_bare(&self, start: usize) -> usize {
        let rest = &self.text[start..];
        let end = rest.find([',', '\n']).unwrap_or(rest.len());
        let is_line = rest[end..].starts_with('\n');
        start + if is_line && rest[..end].ends_with('\r') { end - 1 } else { end }
    }

    fn quoted(&mut self, start: usize) -> Result<Field<'s>, CsvFlaw> {
        let (inner, mut doubled) = (start + 1, false);
        let mut at = inner;
        let end = loop {
            let Some(found) = self.text[at..].find('"') else {
                let line = self.text[start..].find(['\r', '\n']).map_or(self.text.len(), |end| start + end);
                self.at = line;
                return Err(CsvFlaw::OpenQuote(start..line));
            };
            at += found + 1;
            if !self.text[at..].starts_with('"') {
                break at - 1;
            }
            doubled = true;
            at += 1;
        };
        self.at = end + 1;
        let rest = &self.text[self.at..];
        if !(rest.is_empty() || rest.starts_with(',') || line_break(rest).is_some()) {
            return Err(CsvFlaw::BehindQuote(self.at..self.end_of_bare(self.at)));
        }
        let text = &self.text[inner..end];
        let span = Span::new(start, self.at);
        Ok(if doubled {
            Field { text: Cow::Owned(text.replace("\"\"", "\"")), span, form: Form::Doubled }
        } else {
            Field { text: Cow::Borrowed(text), span, form: Form::Plain(1) }
        })
    }
}

/// How long the line break at the start of `text` is.
fn line_break(text: &str) -> Option<usize> {
    if text.starts_with('\n') {
        Some(1)
    } else if text.starts_with("\r\n") {
        Some(2)
    } else {
        None
    }
}
