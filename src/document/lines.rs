//! Lines and characters of a text: short places to point at.

use super::span::Span;

/// Returns the rest of a line from `start` on, without white space at its end.
pub(super) fn first_line(text: &str, start: usize) -> Span {
    let rest = text.get(start..).unwrap_or_default();
    let line = rest.find(['\n', '\r']).map_or(rest, |end| &rest[..end]);
    Span::new(start, start + line.trim_end().len())
}

/// Returns the character at `start`; empty at the end of the text, and of a line.
pub(super) fn first_character(text: &str, start: usize) -> Span {
    let first = text.get(start..).and_then(|rest| rest.chars().next()).filter(|c| !matches!(c, '\n' | '\r'));
    Span::new(start, start + first.map_or(0, char::len_utf8))
}

/// Returns the start of the line with the byte `at`.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1)
}

/// Returns the start of the line after the one with the byte `at`.
pub(super) fn next_line(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |end| at + end + 1)
}
