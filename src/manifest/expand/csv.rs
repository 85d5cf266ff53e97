//! CSV as RFC 4180 describes it and as spreadsheets write it, with the place of every cell.

use crate::document::derived::Form;
use crate::document::span::Span;
use std::borrow::Cow;
use std::ops::Range;

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field<'s> {
    /// Its text; a line break in it is `\n`, however it is written.
    pub text: Cow<'s, str>,
    /// Its text with line breaks as they are written, if that differs.
    pub as_written: Option<Box<str>>,
    /// Its bytes, with the quotes.
    pub span: Span,
    pub form: Form,
}

/// A mistake in a CSV text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CsvFlaw {
    /// A quote that is opened here isn't closed.
    OpenQuote(Range<usize>),
    /// There is text after a closing quote.
    BehindQuote(Range<usize>),
}

/// The separators of cells, in order of preference.
const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];

/// The separator of the cells of a text, and the start of its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    pub separator: char,
    start: usize,
}

impl Dialect {
    /// Determines how the cells of `text` are separated: as a first line `sep=…` says, or by `preferred` if the header
    /// has it; else by the one of comma, semicolon, tab and bar that is most frequent in the header.
    pub(super) fn of(text: &str, preferred: char) -> Dialect {
        let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        if let Some((separator, length)) = named(&text[start..]) {
            return Dialect { separator, start: start + length };
        }
        let header = header(text[start..].trim_start_matches(['\r', '\n']));
        if count(header, preferred) > 0 {
            return Dialect { separator: preferred, start };
        }
        // `max_by_key` returns the last of equals, so the order is reversed.
        let most = SEPARATORS.into_iter().rev().max_by_key(|separator| count(header, *separator));
        let separator = most.filter(|separator| count(header, *separator) > 0).unwrap_or(',');
        Dialect { separator, start }
    }
}

/// Returns the separator named by a first line `sep=…`, as spreadsheets write it, and the length of that line.
fn named(text: &str) -> Option<(char, usize)> {
    let end = text.find(['\r', '\n']).unwrap_or(text.len());
    let line = text[..end].trim_matches('"');
    let separator = line.get(..4).filter(|start| start.eq_ignore_ascii_case("sep="));
    let separator = separator.and_then(|_| line[4..].chars().next())?;
    // A header may start so too; after the separator only others of its kind may follow, which a program added to fill
    // the line.
    let rest = &line[4 + separator.len_utf8()..];
    let is_whole = rest.chars().all(|c| c == separator || c == ',' || c == ';');
    let length = end + line_break(&text[end..]).unwrap_or_default();
    (is_whole && !separator.is_alphanumeric() && separator != '"').then_some((separator, length))
}

/// Returns the first record, found without reading its cells.
fn header(text: &str) -> &str {
    let mut quoted = false;
    let end = text.find(|c| {
        quoted ^= c == '"';
        !quoted && matches!(c, '\r' | '\n')
    });
    &text[..end.unwrap_or(text.len())]
}

/// Counts a character outside of quotes.
fn count(text: &str, wanted: char) -> usize {
    let mut quoted = false;
    let is_wanted = |c: &char| {
        quoted ^= *c == '"';
        !quoted && *c == wanted
    };
    text.chars().filter(is_wanted).count()
}

/// A reader of the records of a text.
#[derive(Clone)]
pub(super) struct Records<'s> {
    text: &'s str,
    at: usize,
    separator: char,
}

impl<'s> Records<'s> {
    /// Starts at the header of `text`.
    pub(super) fn of(text: &'s str, dialect: Dialect) -> Records<'s> {
        Records { text, at: dialect.start, separator: dialect.separator }
    }

    /// Returns the next record; skips empty lines.
    ///
    /// # Errors
    /// After a mistake it continues with the next line.
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
                    self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
                    return Some(Err(flaw));
                }
            }
            let rest = &self.text[self.at..];
            if rest.starts_with(self.separator) {
                self.at += self.separator.len_utf8();
                continue;
            }
            self.at += line_break(rest).unwrap_or_default();
            return Some(Ok(fields));
        }
    }

    /// Reads the next cell, and stops before its separator.
    fn field(&mut self) -> Result<Field<'s>, CsvFlaw> {
        let start = self.at;
        if self.text[start..].starts_with('"') {
            return self.quoted(start);
        }
        let end = self.end_of_bare(start);
        self.at = end;
        let text = Cow::Borrowed(&self.text[start..end]);
        Ok(Field { text, as_written: None, span: Span::new(start, end), form: Form::Plain(0) })
    }

    /// Returns the end of a cell without quotes.
    fn end_of_bare(&self, start: usize) -> usize {
        let rest = &self.text[start..];
        start + rest.find([self.separator, '\n', '\r']).unwrap_or(rest.len())
    }

    /// Reads a cell in quotes, of which the first is at `quote`.
    fn quoted(&mut self, quote: usize) -> Result<Field<'s>, CsvFlaw> {
        let (inner, mut doubled) = (quote + 1, false);
        let mut at = inner;
        let end = loop {
            let Some(found) = self.text[at..].find('"') else {
                let line = self.text[quote..].find(['\r', '\n']).map_or(self.text.len(), |end| quote + end);
                self.at = line;
                return Err(CsvFlaw::OpenQuote(quote..line));
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
        let blanks = rest.len() - rest.trim_start_matches(' ').len();
        let behind = &rest[blanks..];
        if !(behind.is_empty() || behind.starts_with(self.separator) || line_break(behind).is_some()) {
            return Err(CsvFlaw::BehindQuote(self.at..self.end_of_bare(self.at)));
        }
        let span = Span::new(quote, self.at);
        self.at += blanks;
        let written = &self.text[inner..end];
        let text = if doubled { Cow::Owned(written.replace("\"\"", "\"")) } else { Cow::Borrowed(written) };
        let (text, as_written) = match text.contains('\r') {
            true => (Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")), Some(text.into())),
            false => (text, None),
        };
        let form = if doubled || as_written.is_some() { Form::Doubled } else { Form::Plain(1) };
        Ok(Field { text, as_written, span, form })
    }
}

/// Returns the length of the line break at the start of `text`.
fn line_break(text: &str) -> Option<usize> {
    match text.as_bytes() {
        [b'\r', b'\n', ..] => Some(2),
        [b'\n' | b'\r', ..] => Some(1),
        _ => None,
    }
}
