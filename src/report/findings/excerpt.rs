//! Excerpts: the lines of a manifest around a finding's labels, in a form that a terminal can show.
//!
//! A manifest may be one line of 65 MB, hold escape sequences, tabs and characters two columns wide. The excerpt is a small
//! text made from it: the labelled lines with one line of context, cut to windows around the labels, tabs expanded, controls
//! replaced. Labels are mapped into this text. The cost is that of the source's line index, not of the source.

use crate::diagnostic::finding::Label;
use crate::document::source::Source;
use crate::report::look::{Look, columns_of_char};
use crate::report::terminal_safe::stand_in;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::Range;

/// Columns from one tab stop to the next.
const TAB: usize = 4;

/// A label over more lines than this is shown only on its first line.
const LABEL_LINES: usize = 4;

/// A small text with labels in it.
#[derive(Debug)]
pub(super) struct Excerpt {
    /// The text; every line ends with a line feed.
    pub(super) text: String,
    /// Its lines.
    pub(super) lines: Vec<Line>,
    /// The positions of the labels in it, in their order.
    pub(super) marks: Vec<Mark>,
}

/// A line of an excerpt.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The line's number in the source, counted from 0.
    pub(super) number: usize,
    /// Its start in the excerpt.
    pub(super) start: usize,
}

/// A label, mapped into the excerpt.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The bytes of the excerpt.
    pub(super) range: Range<usize>,
    /// Its column in the source, counted from 1 in characters.
    pub(super) column: usize,
}

impl Excerpt {
    /// Returns the lines of `source` around `labels`, at most `columns` wide.
    pub(super) fn new(source: &Source, labels: &[Label], look: Look, columns: usize) -> Excerpt {
        let spans: Vec<_> = labels.iter().map(|label| shortened(source, label.span.range())).collect();
        let mut numbers = BTreeSet::new();
        for span in &spans {
            let (first, last) = lines_of(source, span);
            numbers.extend(first.saturating_sub(1)..=last);
            // The text after the last line break is a line too, but useless as context if empty.
            let end = source.line_count() - 1;
            numbers.extend(
                Some(last + 1).filter(|&next| next < end || next == end && !source.line_span(end).range().is_empty()),
            );
        }
        let mut excerpt = Excerpt { text: String::new(), lines: Vec::new(), marks: Vec::new() };
        let mut places = Vec::new();
        for number in numbers {
            let line = content_of(source, number);
            let here: Vec<_> = spans.iter().filter_map(|span| overlap(span, &line)).collect();
            excerpt.lines.push(Line { number, start: excerpt.text.len() });
            excerpt.push_line(source.text(), line, &here, look, columns, &mut places);
        }
        for (label, span) in labels.iter().zip(&spans) {
            let column = source.position(label.span.start as usize).column;
            let range = excerpt.place(&places, span.start)..excerpt.place(&places, span.end);
            excerpt.marks.push(Mark { range: range.start..range.end.max(range.start), column });
        }
        excerpt
    }

    /// Returns the index of the line that contains `offset`.
    pub(super) fn line_at(&self, offset: usize) -> usize {
        self.lines.partition_point(|line| line.start <= offset).saturating_sub(1)
    }

    /// Returns the number of columns before `offset` on its line.
    pub(super) fn columns_before(&self, offset: usize) -> usize {
        let start = self.lines.get(self.line_at(offset)).map_or(0, |line| line.start);
        self.text[start..offset].chars().map(columns_of_char).sum()
    }

    /// Adds a line of the source, or the windows of it that show `marks`; adds the mapping of its offsets to `places`.
    fn push_line(
        &mut self,
        source: &str,
        line: Range<usize>,
        marks: &[Range<usize>],
        look: Look,
        columns: usize,
        places: &mut Vec<(usize, usize)>,
    ) {
        let text = &source[line.clone()];
        let marks: Vec<_> = marks.iter().map(|mark| mark.start - line.start..mark.end - line.start).collect();
        let windows = windows(text, &marks, columns.saturating_sub(2 * look.ellipsis().len()), columns);
        let mut shown_to = 0;
        for window in windows {
            if window.start > shown_to {
                self.text.push_str(look.ellipsis());
            }
            let mut column = 0;
            for (at, c) in text[window.clone()].char_indices() {
                places.push((line.start + window.start + at, self.text.len()));
                column += self.push(c, column);
            }
            shown_to = window.end;
            places.push((line.start + shown_to, self.text.len()));
        }
        if shown_to < text.len() {
            self.text.push_str(look.ellipsis());
        }
        self.text.push('\n');
    }

    /// Adds a character at `column`; returns the columns that it takes.
    fn push(&mut self, c: char, column: usize) -> usize {
        let start = self.text.len();
        match (c, stand_in(c)) {
            ('\t', _) => self.text.extend(std::iter::repeat_n(' ', TAB - column % TAB)),
            (_, Some(stand_in)) => write!(self.text, "{stand_in}").expect("a string takes all"),
            (_, None) => self.text.push(c),
        }
        self.text[start..].chars().map(columns_of_char).sum()
    }

    /// Returns the position of a source offset in the excerpt: that of the next shown character, if it isn't shown itself.
    fn place(&self, places: &[(usize, usize)], offset: usize) -> usize {
        let next = places.partition_point(|(from, _)| *from < offset);
        places.get(next).map_or(self.text.len().saturating_sub(1), |(_, to)| *to)
    }
}

/// Returns `span` within the text and between characters, cut after its first line if it covers many, and never within
/// a line's end.
fn shortened(source: &Source, span: Range<usize>) -> Range<usize> {
    let start = source.text().floor_char_boundary(span.start);
    let end = source.text().ceil_char_boundary(span.end).max(start);
    let (first, last) = lines_of(source, &(start..end));
    let line = if last - first < LABEL_LINES { last } else { first };
    let content = content_of(source, line);
    let start = if first == line { start.clamp(content.start, content.end) } else { start };
    start..end.min(content.end).max(start)
}

/// Returns the first and the last line that contain a byte of `span`.
fn lines_of(source: &Source, span: &Range<usize>) -> (usize, usize) {
    let last = if span.is_empty() { span.start } else { span.end - 1 };
    (source.line_of(span.start), source.line_of(last))
}

/// Returns the bytes of a line, without its end and without a byte order mark.
fn content_of(source: &Source, line: usize) -> Range<usize> {
    let mut content = source.line_span(line).range();
    if line == 0 && source.text().starts_with('\u{feff}') {
        content.start += '\u{feff}'.len_utf8();
    }
    content
}

/// Returns the part of `span` that is in `line`.
fn overlap(span: &Range<usize>, line: &Range<usize>) -> Option<Range<usize>> {
    let (start, end) = (span.start.max(line.start), span.end.min(line.end));
    (start <= end).then_some(start..end)
}

/// Returns the parts of `line` to show: all of it if it fits into `columns`, else `room` columns around the marks.
fn windows(line: &str, marks: &[Range<usize>], room: usize, columns: usize) -> Vec<Range<usize>> {
    let mut windows: Vec<Range<usize>> = Vec::with_capacity(marks.len().max(1));
    let whole = forward(line, 0, columns) == line.len();
    if whole || marks.is_empty() {
        windows.push(0..if whole { line.len() } else { forward(line, 0, room) });
        return windows;
    }
    let share = (room / marks.len()).max(8);
    let head = forward(line, 0, share);
    let mut marks = marks.to_vec();
    marks.sort_unstable_by_key(|mark| mark.start);
    for mark in marks {
        let (start, end) = if mark.end <= head {
            (0, head)
        } else {
            // A third of the room is before the mark; more if the line ends soon.
            let start = backward(line, mark.start, share / 3);
            let end = forward(line, start, share);
            let rest = if end == line.len() { backward(line, end, share) } else { start };
            (start.min(rest), end)
        };
        match windows.last_mut() {
            Some(last) if start <= last.end => last.end = last.end.max(end),
            _ => windows.push(start..end),
        }
    }
    windows
}

/// Returns the offset `columns` after `at`.
fn forward(line: &str, at: usize, columns: usize) -> usize {
    at + advance(line[at..].chars(), columns)
}

/// Returns the offset `columns` before `at`.
fn backward(line: &str, at: usize, columns: usize) -> usize {
    at - advance(line[..at].chars().rev(), columns)
}

/// Returns the bytes of the `chars` that fit into `columns`; masses of zero-width characters don't count as fitting.
fn advance(chars: impl Iterator<Item = char>, columns: usize) -> usize {
    let (mut taken, mut bytes) = (0, 0);
    for c in chars.take(4 * columns) {
        taken += match stand_in(c) {
            Some(_) if c == '\t' => TAB,
            Some(stand_in) => stand_in.to_string().len(),
            None => columns_of_char(c),
        };
        if taken > columns {
            break;
        }
        bytes += c.len_utf8();
    }
    bytes
}
