//! The text between the values: the parser leaves out some of the places.

use crate::document::lines::next_line;
use crate::document::span::Span;

/// Returns the start of the part that the parser couldn't finish, after its last event; and the first item's dash
/// before it.
pub(super) fn unfinished(text: &str, from: usize, at: usize) -> (usize, Option<usize>) {
    let mut start = from.min(at);
    let mut dash = None;
    while let Some(rest) = text.get(start..at).filter(|rest| !rest.is_empty()) {
        let skip = match rest.as_bytes()[0] {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => 1,
            b'#' => next_line(text, start).min(at) - start,
            // An indicator, unless a word starts with it.
            b'-' | b':' | b'?' if rest[1..].is_empty() || rest[1..].starts_with([' ', '\t', '\n', '\r']) => {
                dash = dash.or(rest.starts_with('-').then_some(start));
                1
            }
            b':' if from == start => 1,
            b'&' | b'!' => rest.find([' ', '\t', '\n', '\r']).unwrap_or(rest.len()),
            _ => break,
        };
        start += skip;
    }
    (start, dash)
}

/// Returns the place of a missing value: after the `:` or `-` that announces it.
pub(super) fn behind_indicator(text: &str, span: Span) -> Span {
    let at = span.start as usize;
    let at = at + usize::from(text.get(at..).is_some_and(|rest| rest.starts_with([':', '-', '?'])));
    Span::new(at, at)
}

/// Returns the span of a block scalar from its `|` or `>` on, without the blank lines after it. `content` is the
/// parser's span: from the first character of the content to the end of the lines that belong to it.
pub(super) fn block_scalar(text: &str, from: usize, content: Span) -> Span {
    let (start, _) = unfinished(text, from, content.start as usize);
    let indicator = text.get(start..).is_some_and(|rest| rest.starts_with(['|', '>']));
    let start = if indicator { start } else { content.start as usize };
    let written = text.get(start..content.end as usize).unwrap_or_default();
    Span::new(start, start + written.trim_end_matches([' ', '\t', '\n', '\r']).len())
}
