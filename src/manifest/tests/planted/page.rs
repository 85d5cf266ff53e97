//! A text that is being written, and the places of its marks.

use super::tree::{Mark, Text};
use crate::document::Span;
use std::collections::HashMap;
use std::ops::Range;

/// The text so far. Its lines end with a line feed; the final line ends are chosen when it is finished.
#[derive(Default)]
pub(super) struct Page {
    text: String,
    marks: HashMap<Mark, Range<usize>>,
    /// The end of a block scalar: lines after it may belong to it.
    block_end: usize,
}

/// The options for finishing a page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finish {
    pub(super) byte_order_mark: bool,
    pub(super) carriage_returns: bool,
}

impl Page {
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub(super) fn spaces(&mut self, n: usize) {
        self.text.extend(std::iter::repeat_n(' ', n));
    }

    /// Returns the position of the end of the text.
    pub(super) fn end(&self) -> usize {
        self.text.len()
    }

    /// Returns the column of the end.
    pub(super) fn column(&self) -> usize {
        self.text.rsplit('\n').next().unwrap_or_default().chars().count()
    }

    /// Removes the line feed of the last line.
    pub(super) fn cut_line_end(&mut self) {
        self.text.truncate(self.text.trim_end_matches('\n').len());
    }

    /// Marks the end of a block scalar.
    pub(super) fn end_block(&mut self) {
        self.block_end = self.end();
    }

    /// Returns whether a block scalar ended here.
    pub(super) fn is_behind_block(&self) -> bool {
        self.block_end > 0 && self.block_end == self.end()
    }

    pub(super) fn mark(&mut self, mark: Mark, range: Range<usize>) {
        assert_eq!(self.marks.insert(mark, range), None, "a mark is set once");
    }

    /// Marks what was written for a text since `start`, with the range of each of its characters.
    pub(super) fn mark_text(&mut self, text: &Text, start: usize, characters: &[Range<usize>]) {
        let end = self.text.trim_end_matches([' ', '\n']).len();
        self.mark(text.whole, start..end);
        for (part, mark) in &text.parts {
            let of = |at: usize| text.value[..at].chars().count();
            let (first, last) = (of(part.start), of(part.end) - 1);
            self.mark(*mark, characters[first].start..characters[last].end);
        }
    }

    /// Returns the text, and the places of the marks in it.
    pub(super) fn finish(self, finish: Finish) -> (String, HashMap<Mark, Span>) {
        let mark = if finish.byte_order_mark { "\u{feff}" } else { "" };
        let ends = |offset: usize| self.text[..offset].matches('\n').count();
        let moved = |offset: usize| mark.len() + offset + if finish.carriage_returns { ends(offset) } else { 0 };
        let marks = self.marks.iter().map(|(mark, at)| (*mark, Span::new(moved(at.start), moved(at.end)))).collect();
        let text = if finish.carriage_returns { self.text.replace('\n', "\r\n") } else { self.text };
        (format!("{mark}{text}"), marks)
    }
}

/// A writer of the characters of a text that records their ranges.
pub(super) struct Ink<'p> {
    pub(super) page: &'p mut Page,
    pub(super) characters: Vec<Range<usize>>,
}

impl<'p> Ink<'p> {
    pub(super) fn new(page: &'p mut Page) -> Ink<'p> {
        Ink { page, characters: Vec::new() }
    }

    /// Writes the next character in this form.
    pub(super) fn character(&mut self, written: &str) {
        let start = self.page.end();
        self.page.push(written);
        self.characters.push(start..self.page.end());
    }

    /// Writes characters that are not written one by one, such as folded lines.
    pub(super) fn layout(&mut self, characters: usize, written: &str) {
        let start = self.page.end();
        self.page.push(written);
        self.characters.extend(std::iter::repeat_n(start..self.page.end(), characters));
    }
}
