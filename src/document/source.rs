//! A text with its name, and the line and column of every byte in it.
//!
//! A manifest may refer to further texts (the files of its rows). They are attached to its source, and the offset of a
//! span tells in which of them it is: the first starts one byte after the end of the manifest, each next one after the
//! one before. So a span stays eight bytes, whatever it points at, and spans sort by text and place.

use super::flaw::Flaw;
use super::span::Span;
use super::{Format, conflict, json, repair};
use std::sync::OnceLock;

/// The number of bytes between two entries of the index of columns.
const STRIDE: usize = 4096;

/// A text, and an index of its lines.
#[derive(Debug)]
pub struct Source {
    name: String,
    text: String,
    /// Built when a position is first requested: a manifest without findings needs none.
    index: OnceLock<Index>,
    /// Set when the text is read.
    looked: OnceLock<Looked>,
    /// Set if the text can't be read because of characters that look like others.
    repaired: OnceLock<Looked>,
    /// The texts that this one refers to, each with the offset at which its spans start.
    attached: Vec<(u32, Source)>,
}

/// The result of checking a text before it is given to a reader.
#[derive(Debug)]
struct Looked {
    /// The text for its reader, if it differs.
    clean: Option<String>,
    flaws: Vec<Flaw>,
}

/// The positions of the lines and the characters of a text.
#[derive(Debug)]
struct Index {
    /// The start of each line; the first at 0.
    lines: Vec<u32>,
    /// The number of characters that start before each multiple of [`STRIDE`]: a column stays cheap in a line of a
    /// megabyte.
    characters: Vec<u32>,
}

/// A place as users and editors count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Bytes from the start of the text, from 0.
    pub offset: usize,
    /// The line, from 1.
    pub line: usize,
    /// The column in Unicode scalar values, from 1. A byte order mark is not counted.
    pub column: usize,
}

impl Source {
    /// Creates a source with the name that users know it by: its path.
    ///
    /// # Panics
    /// If the text is larger than 4 GiB, which `bounds` forbids.
    pub fn new(name: impl Into<String>, text: String) -> Source {
        assert!(u32::try_from(text.len()).is_ok(), "a text is smaller than 4 GiB");
        Source {
            name: name.into(),
            text,
            index: OnceLock::new(),
            looked: OnceLock::new(),
            repaired: OnceLock::new(),
            attached: Vec::new(),
        }
    }

    /// Attaches a text that this one refers to.
    ///
    /// # Panics
    /// If all texts together are larger than 4 GiB, which `bounds` forbids.
    pub fn attach(&mut self, other: Source) {
        let base = Span::new(self.end(), self.end()).start;
        self.attached.push((base, other));
    }

    /// Returns the offset at which the spans of the next attached text start.
    pub fn end(&self) -> usize {
        self.attached.last().map_or(self.text.len(), |(base, last)| *base as usize + last.text.len()) + 1
    }

    /// Returns the text that contains `span`, this one or one attached to it, and the span in that text.
    pub fn of(&self, span: Span) -> (&Source, Span) {
        match self.attached.partition_point(|(base, _)| *base <= span.start).checked_sub(1) {
            None => (self, span),
            Some(index) => {
                let (base, source) = &self.attached[index];
                (source, Span { start: span.start - base, end: span.end.saturating_sub(*base) })
            }
        }
    }

    /// Returns this text and those attached to it.
    pub fn texts(&self) -> impl Iterator<Item = &Source> {
        std::iter::once(self).chain(self.attached.iter().map(|(_, source)| source))
    }

    /// Returns the name that users know it by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns all of the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the text for its reader, in which every place is the same: without conflict markers and with one side of
    /// each conflict, and without comments if the format has none.
    pub fn read_as(&self, format: Format) -> &str {
        if let Some(Looked { clean: Some(clean), .. }) = self.repaired.get() {
            return clean;
        }
        let looked = self.looked.get_or_init(|| Looked::at(&self.text, format));
        looked.clean.as_deref().unwrap_or(&self.text)
    }

    /// Returns the flaws found before any reader, once the text was [read](Source::read_as).
    pub fn own_flaws(&self) -> &[Flaw] {
        let looked = self.repaired.get().or_else(|| self.looked.get());
        looked.map_or(&[], |looked| &looked.flaws)
    }

    /// Returns whether it is read with some characters replaced.
    pub(super) fn is_repaired(&self) -> bool {
        self.repaired.get().is_some()
    }

    /// Replaces the text for its reader by `clean`, in which these flaws are repaired.
    pub(super) fn repair(&self, clean: String, flaws: impl Iterator<Item = Flaw>) -> &str {
        let flaws = self.own_flaws().iter().cloned().chain(flaws).collect();
        let looked = self.repaired.get_or_init(|| Looked { clean: Some(clean), flaws });
        looked.clean.as_deref().unwrap_or(&self.text)
    }

    /// Returns the position of a byte as users count it. An offset past the end is the end; one inside a character is
    /// its start.
    pub fn position(&self, offset: usize) -> Position {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.line_of(offset);
        let start = self.lines()[line] as usize;
        let mark = usize::from(line == 0 && offset > 0 && self.text.starts_with('\u{feff}'));
        let column = self.characters_before(offset) - self.characters_before(start) - mark + 1;
        Position { offset, line: line + 1, column }
    }

    /// Returns the line of a byte, from 0.
    pub fn line_of(&self, offset: usize) -> usize {
        self.lines().partition_point(|&start| start as usize <= offset) - 1
    }

    /// Returns a whole line (from 0) without its end. A line past the last is the empty end of the text.
    pub fn line_span(&self, line: usize) -> Span {
        let Some(&start) = self.lines().get(line) else {
            return Span::new(self.text.len(), self.text.len());
        };
        let end = self.lines().get(line + 1).map_or(self.text.len(), |&next| next as usize - 1);
        let whole = &self.text[start as usize..end];
        Span::new(start as usize, start as usize + whole.strip_suffix('\r').unwrap_or(whole).len())
    }

    /// Returns the number of lines; after a last line break there is one more, empty line.
    pub fn line_count(&self) -> usize {
        self.lines().len()
    }

    /// Returns the number of characters that start before `offset`.
    fn characters_before(&self, offset: usize) -> usize {
        let block = offset / STRIDE;
        self.index().characters[block] as usize + starts(&self.text.as_bytes()[block * STRIDE..offset])
    }

    /// Returns the start of each line; the first at 0.
    fn lines(&self) -> &[u32] {
        &self.index().lines
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::of(&self.text))
    }
}

impl Looked {
    fn at(text: &str, format: Format) -> Looked {
        let conflicts = conflict::conflicts(text);
        let (mut flaws, mut clean) = (Vec::new(), None);
        if let Some((conflicts, one_side)) = conflicts {
            flaws.extend(conflicts.into_iter().map(|marks| Flaw::Conflict { marks }));
            clean = Some(one_side);
        }
        if format == Format::Json {
            let found = json::look(clean.as_deref().unwrap_or(text));
            flaws.extend(found.flaws);
            if !found.comments.is_empty() {
                clean = Some(conflict::blanked(clean.as_deref().unwrap_or(text), &found.comments, b' '));
            }
            if !found.repairs.is_empty() {
                clean = Some(repair::repaired(clean.as_deref().unwrap_or(text), &found.repairs));
            }
        }
        Looked { clean, flaws }
    }
}

impl Index {
    fn of(text: &str) -> Index {
        let small = |n: usize| n as u32;
        let breaks = memchr::memchr2_iter(b'\n', b'\r', text.as_bytes());
        // A carriage return alone ends a line too; with a line feed after it, that one ends it.
        let ends = breaks.filter(|at| text.as_bytes()[*at] == b'\n' || text.as_bytes().get(at + 1) != Some(&b'\n'));
        let lines = std::iter::once(0).chain(ends.map(|at| small(at) + 1)).collect();
        let mut before = 0;
        let mut characters = Vec::with_capacity(text.len() / STRIDE + 1);
        for block in text.as_bytes().chunks(STRIDE) {
            characters.push(small(before));
            before += starts(block);
        }
        characters.push(small(before));
        Index { lines, characters }
    }
}

/// Returns the number of characters that start in these bytes of UTF-8.
fn starts(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_says_in_which_text_it_lies() {
        let mut source = Source::new("jobs.yaml", "version: 1\n".into());
        for (name, text) in [("a.csv", "id\n小狗\n"), ("empty.csv", ""), ("b.csv", "x")] {
            let end = source.end();
            source.attach(Source::new(name, text.into()));
            for at in [0, text.len()] {
                let (found, span) = source.of(Span::new(end + at, end + at));
                assert_eq!((found.name(), span), (name, Span::new(at, at)));
            }
        }
        let (found, span) = source.of(Span::new(11, 11));
        assert_eq!((found.name(), span), ("jobs.yaml", Span::new(11, 11)));
    }
    use proptest::prelude::*;

    #[test]
    fn places_are_counted_in_characters_from_one() {
        let source = Source::new("jobs.yaml", "\u{feff}ab\r\n小狗🐶x\n".to_owned());
        let at = |needle| source.position(source.text().find(needle).expect("it is there"));
        assert_eq!(at("a"), Position { offset: 3, line: 1, column: 1 });
        assert_eq!(at("b"), Position { offset: 4, line: 1, column: 2 });
        assert_eq!(at("x"), Position { offset: 17, line: 2, column: 4 });
        assert_eq!(source.position(0).column, 1);
        assert_eq!(source.position(8), at("小"), "inside a character is its start");
        assert_eq!(source.position(999), Position { offset: 19, line: 3, column: 1 });
        assert_eq!(&source.text()[source.line_span(0).range()], "\u{feff}ab");
        assert_eq!(&source.text()[source.line_span(1).range()], "小狗🐶x");
        assert_eq!(source.line_span(2), Span::new(19, 19));
        assert_eq!(source.line_span(7), Span::new(19, 19));
        assert_eq!((source.line_count(), source.line_of(18), source.line_of(19)), (3, 1, 2));
        assert_eq!(Source::new("", String::new()).position(0), Position { offset: 0, line: 1, column: 1 });
    }

    proptest! {
        #[test]
        fn the_index_agrees_with_counting(text in "[a狗\n\r]{0,40}", repeat in 1_usize..600, at in 0_usize..30_000) {
            let source = Source::new("t", text.repeat(repeat));
            let place = source.position(at);
            let before = &source.text()[..place.offset];
            // A carriage return ends a line unless a line feed follows it and does so.
            let text = source.text().as_bytes();
            let ends = |at: &usize| text[*at] == b'\n' || text[*at] == b'\r' && text.get(at + 1) != Some(&b'\n');
            let breaks: Vec<usize> = (0..place.offset).filter(ends).collect();
            prop_assert_eq!(place.line, breaks.len() + 1);
            let line = breaks.last().map_or(0, |end| end + 1);
            prop_assert_eq!(place.column, before[line..].chars().count() + 1);
        }
    }
}
