//! Builds the tree from the parser's events.

use super::anchors::{Anchors, Size};
use super::entries;
use super::layout;
use super::scalar::{self, Tag};
use crate::document::arena::{Arena, NONE, What};
use crate::document::bounds;
use crate::document::flaw::{Flaw, SyntaxKind};
use crate::document::lines::{self, first_character, line_start};
use crate::document::span::Span;
use granit_parser::{ScalarStyle, StructureStyle};
use std::borrow::Cow;

/// The tag on a value: its name, and its place.
type Tagged<'e> = Option<(&'e granit_parser::Tag, Span)>;

/// A tree that is built from events.
pub(super) struct Builder<'s, 'f> {
    pub(super) arena: Arena<'s>,
    pub(super) flaws: &'f mut Vec<Flaw>,
    pub(super) anchors: Anchors<'s>,
    /// The open lists and tables, the root's first.
    pub(super) frames: Vec<Frame<'s>>,
    /// The number of them that stay open until the text ends: their end comes after the last fragment of it.
    pub(super) resumed: usize,
    /// `true` if the next event reopens the one that a fragment continues.
    pub(super) reopening: bool,
    /// `true` if the outermost list or table of the fragment has ended.
    pub(super) ended: bool,
    /// The number of open lists and tables beyond the limit of depth; their content is skipped.
    pub(super) skipped: usize,
    pub(super) documents: usize,
    /// The end of the last event.
    pub(super) end: usize,
    /// The end of the last value or key.
    pub(super) content_end: usize,
    /// The value that was finished last.
    pub(super) last: u32,
    /// The lists and tables that ended since the last scalar.
    pub(super) closed: Vec<u32>,
    /// The last key read as a value: a key is always a string.
    key_value: What,
}

/// Returns the flaw of a list or table at `start` that is used as a key; for braces around a name, as other tools write
/// them, the flaw is that they need quotes.
fn complex_key(text: &str, start: usize) -> Flaw {
    let is_braces = text[..start].ends_with('{') && text[start..].starts_with('{');
    let line = lines::first_line(text, start.saturating_sub(1));
    match text[line.range()].find("}}").filter(|_| is_braces) {
        Some(end) => {
            let span = Span::new(line.start as usize, line.start as usize + end + 2);
            Flaw::Syntax { span, kind: SyntaxKind::PlainTemplate }
        }
        None => Flaw::ComplexKey { span: first_character(text, start) },
    }
}

/// A list or a table that is still open.
pub(super) struct Frame<'s> {
    pub(super) slot: u32,
    /// The end of its chain.
    last: u32,
    /// The column of a block; `None` for a flow collection.
    pub(super) column: Option<usize>,
    pub(super) awaits: Awaits,
    /// The value at its merge key, directly after the slot of the key.
    merge: u32,
    pub(super) anchor: Option<Cow<'s, str>>,
    size: Size,
}

/// The part that is expected next.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Awaits {
    Item,
    Key,
    /// The rest of a key that is a list or a table.
    KeyEnd,
    /// The value of the key in this slot.
    Value(u32),
    /// The value of a merge key.
    Merge,
    /// The value of a key that couldn't be used.
    Nothing,
}

impl<'s, 'f> Builder<'s, 'f> {
    pub(super) fn new(text: &'s str, flaws: &'f mut Vec<Flaw>) -> Builder<'s, 'f> {
        Builder {
            arena: Arena::yaml(text),
            flaws,
            anchors: Anchors::new(text.len()),
            frames: Vec::new(),
            resumed: 1,
            reopening: false,
            ended: false,
            skipped: 0,
            documents: 0,
            end: 0,
            content_end: 0,
            last: NONE,
            closed: Vec::new(),
            key_value: What::Null,
        }
    }

    pub(super) fn text(&self) -> &'s str {
        self.arena.text
    }

    /// Starts a document; returns `false` for a second one.
    pub(super) fn document(&mut self, span: Span) -> bool {
        self.documents += 1;
        if self.documents > 1 {
            self.flaws.push(Flaw::Syntax { span, kind: SyntaxKind::ManyDocuments });
        }
        self.documents == 1
    }

    /// Returns whether the rest of the text is of no interest.
    pub(super) fn is_over(&self) -> bool {
        self.documents > 1
    }

    /// Starts a list.
    pub(super) fn open_list(&mut self, span: Span, style: StructureStyle, column: usize, tag: Tagged<'_>) {
        let text = self.arena.text;
        // For a list in the same column as its key, the parser returns the place after the dash.
        let is_value = matches!(self.frames.last(), Some(Frame { awaits: Awaits::Value(_) | Awaits::Merge, .. }));
        let dash = if is_value { layout::unfinished(text, self.end, span.start as usize).1 } else { None };
        let (span, column) = match dash {
            Some(dash) => (Span::new(dash, dash), text[line_start(text, dash)..dash].chars().count()),
            None => (span, column),
        };
        self.open(span, style, column, What::List { first: NONE }, tag, "seq");
    }

    /// Starts a table.
    pub(super) fn open_table(&mut self, span: Span, style: StructureStyle, column: usize, tag: Tagged<'_>) {
        self.open(span, style, column, What::Table { first: NONE, whole: true, merges: false }, tag, "map");
    }

    fn open(&mut self, span: Span, style: StructureStyle, column: usize, what: What, tag: Tagged<'_>, name: &str) {
        self.end = self.end.max(span.end as usize);
        if std::mem::take(&mut self.reopening) {
            return;
        }
        if self.skipped > 0 {
            self.skipped += 1;
            return;
        }
        if let Some((tag, span)) = tag
            && tag.core_suffix() != Some(name)
        {
            self.flaws.push(Flaw::UnknownTag { span, name: tag.suffix().to_owned() });
        }
        let inside = self.frames.iter().any(|frame| frame.awaits == Awaits::KeyEnd);
        if let Some(frame) = self.frames.last_mut()
            && frame.awaits == Awaits::Key
        {
            frame.awaits = Awaits::KeyEnd;
            if !inside {
                self.flaws.push(complex_key(self.arena.text, span.start as usize));
            }
        }
        if self.frames.len() == bounds::DEPTH {
            self.flaws.push(Flaw::TooDeep { span: first_character(self.arena.text, span.start as usize) });
            self.skipped = 1;
            return;
        }
        let awaits = if name == "seq" { Awaits::Item } else { Awaits::Key };
        let column = (style == StructureStyle::Block).then_some(column);
        let slot = self.arena.push(span, what);
        let size = Size::default();
        self.frames.push(Frame { slot, last: NONE, column, awaits, merge: NONE, anchor: None, size });
        self.content_end = self.content_end.max(span.end as usize);
    }

    /// Ends a list or a table. The outermost stays open until the text ends, in case it continues after a mistake.
    pub(super) fn close(&mut self, span: Span) {
        let flow = span.end > span.start;
        if flow {
            self.end = span.end as usize;
            self.content_end = self.end;
        }
        if self.skipped > 0 {
            self.skipped -= 1;
            if self.skipped == 0 {
                let broken = self.arena.push(Span::new(self.content_end, self.content_end), What::Broken);
                self.place(broken, Size::SCALAR);
            }
            return;
        }
        if self.frames.len() > self.resumed {
            self.pop();
        } else {
            self.ended = true;
        }
    }

    /// Finishes the innermost open list or table.
    pub(super) fn pop(&mut self) {
        if let Some(Frame { awaits: Awaits::Value(_) | Awaits::Merge | Awaits::Nothing, .. }) = self.frames.last() {
            // Only after a mistake: the value of the key is lost.
            let broken = self.arena.push(Span::new(self.content_end, self.content_end), What::Broken);
            self.place(broken, Size::SCALAR);
        }
        let Some(frame) = self.frames.pop() else { return };
        let slot = self.arena.slot_mut(frame.slot);
        slot.span = Span::new(slot.span.start as usize, self.content_end.max(slot.span.start as usize));
        let mut values = frame.size.values + 1;
        if matches!(slot.what, What::Table { .. }) {
            entries::unique(&mut self.arena, frame.slot, self.flaws);
            if frame.merge != NONE {
                values += self.inherit(frame.slot, frame.merge);
            }
        }
        self.closed.push(frame.slot);
        let size = Size { values, depth: frame.size.depth + 1 };
        if let Some(name) = frame.anchor {
            self.anchors.finish(&name, frame.slot, size);
        }
        self.place(frame.slot, size);
    }

    /// Adds to a table the entries that its merge key brings in; returns the number of values.
    fn inherit(&mut self, table: u32, merge: u32) -> u64 {
        let values = entries::inherit(&mut self.arena, table, merge, self.anchors.budget(), self.flaws);
        if !self.anchors.spend(values) {
            self.flaws.extend(self.anchors.too_many(self.arena.slot(merge).span));
        }
        values
    }

    /// Adds a scalar.
    pub(super) fn scalar(&mut self, span: Span, value: &str, style: ScalarStyle, tag: Tagged<'_>) {
        let before = self.end;
        self.end = span.end as usize;
        if self.skipped > 0 || self.reopening {
            return;
        }
        let text = self.arena.text;
        let (span, quotes) = match style {
            ScalarStyle::Plain if span.start == span.end => (layout::behind_indicator(text, span), 0),
            ScalarStyle::Plain => (span, 0),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => (span, 1),
            ScalarStyle::Literal | ScalarStyle::Folded => (layout::block_scalar(text, before, span), 0),
        };
        self.content_end = self.content_end.max(span.end as usize);
        self.closed.clear();
        let what = match tag {
            None if style == ScalarStyle::Plain && span.start == span.end => What::Null,
            None if style == ScalarStyle::Plain => scalar::plain(&mut self.arena, span, value),
            None => self.arena.string(span, quotes, value),
            Some((tag, tag_span)) => self.tagged(span, quotes, value, tag, tag_span),
        };
        if !matches!(self.frames.last(), Some(Frame { awaits: Awaits::Key, .. })) {
            let slot = self.arena.push(span, what);
            self.place(slot, Size::SCALAR);
            return;
        }
        self.key_value = what;
        let what = match what {
            What::Verbatim { .. } | What::Decoded(_) => what,
            // The text of an empty key is not the `~` that the parser returns for it.
            _ if span.start == span.end => What::Verbatim { before: 0, after: 0 },
            _ => self.arena.string(span, quotes, value),
        };
        let key = self.arena.push(span, what);
        let Some(frame) = self.frames.last_mut() else { return };
        if style != ScalarStyle::Plain || value != "<<" {
            frame.awaits = Awaits::Value(key);
        } else if frame.merge == NONE {
            frame.awaits = Awaits::Merge;
        } else {
            frame.awaits = Awaits::Nothing;
            let first = self.arena.slot(frame.merge - 1).span;
            self.flaws.push(Flaw::DuplicateKey { key: value.to_owned(), first, second: span });
        }
    }

    /// Reads a scalar with a tag.
    fn tagged(&mut self, span: Span, quotes: u8, value: &str, tag: &granit_parser::Tag, tag_span: Span) -> What {
        let value = if span.start == span.end { "" } else { value };
        // `!` alone means: no guessing, a string.
        let known = if tag.handle().is_empty() && tag.suffix() == "!" {
            Some(Tag::Str)
        } else {
            tag.core_suffix().and_then(Tag::named)
        };
        known.and_then(|tag| tag.read(&mut self.arena, span, quotes, value)).unwrap_or_else(|| {
            self.flaws.push(Flaw::UnknownTag { span: tag_span, name: tag.suffix().to_owned() });
            What::Broken
        })
    }

    /// Names the value that was just added (or the list or table that was just opened).
    pub(super) fn anchor(&mut self, name: Cow<'s, str>) {
        if self.skipped > 0 {
            self.anchors.lose(name);
            return;
        }
        let newest = self.arena.len().saturating_sub(1);
        match self.frames.last_mut() {
            Some(frame) if frame.slot == newest => {
                self.anchors.open(name.clone(), newest);
                frame.anchor = Some(name);
                return;
            }
            Some(Frame { awaits: Awaits::Value(key), .. }) if *key == newest => {
                // A key with a name: the name refers to a value, which gets a slot of its own before the key's.
                let slot = self.arena.slot(newest);
                *key = self.arena.push(slot.span, slot.what);
                self.arena.slot_mut(newest).what = self.key_value;
            }
            _ => {}
        }
        self.anchors.define(name, newest, Size::SCALAR);
    }

    /// Adds an alias.
    pub(super) fn alias(&mut self, span: Span) {
        self.end = span.end as usize;
        if self.skipped > 0 || self.reopening {
            return;
        }
        self.content_end = self.content_end.max(self.end);
        self.closed.clear();
        let name = self.arena.text.get(span.start as usize + 1..span.end as usize).unwrap_or_default();
        let found = self.anchors.resolve(name, span, self.frames.len(), self.merging());
        let (what, size) = found.map_or_else(
            |flaw| {
                self.flaws.extend(flaw);
                (What::Broken, Size::SCALAR)
            },
            |(target, size)| (What::Alias(target), size),
        );
        if let Some(frame) = self.frames.last_mut()
            && frame.awaits == Awaits::Key
        {
            frame.awaits = match what {
                What::Alias(_) if size.depth == 0 => Awaits::Value(self.arena.push(span, what)),
                What::Alias(_) => {
                    self.flaws.push(Flaw::ComplexKey { span });
                    Awaits::Nothing
                }
                _ => Awaits::Nothing,
            };
            return;
        }
        let slot = self.arena.push(span, what);
        self.place(slot, size);
    }

    /// Returns the number of lists and tables that an alias here brings in without being nested in them: at a merge
    /// key, its own table, and the list in which the alias is.
    fn merging(&self) -> usize {
        match self.frames.as_slice() {
            [.., Frame { awaits: Awaits::Merge, .. }] => 1,
            [.., Frame { awaits: Awaits::Merge, .. }, Frame { awaits: Awaits::Item, .. }] => 2,
            _ => 0,
        }
    }

    /// Adds a finished value at its place.
    pub(super) fn place(&mut self, value: u32, size: Size) {
        self.last = value;
        let merged = usize::from(matches!(self.arena.slot(value).what, What::List { .. })) + 1;
        let Some(frame) = self.frames.last_mut() else { return };
        // Merged entries are not nested inside, but next to the others.
        let depth = if frame.awaits == Awaits::Merge { size.depth.saturating_sub(merged) } else { size.depth };
        frame.size.values = frame.size.values.saturating_add(size.values);
        frame.size.depth = frame.size.depth.max(depth);
        frame.awaits = match frame.awaits {
            Awaits::Item => {
                self.arena.link(frame.slot, frame.last, value);
                frame.last = value;
                Awaits::Item
            }
            Awaits::Value(key) => {
                self.arena.link(frame.slot, frame.last, key);
                frame.last = key;
                Awaits::Key
            }
            Awaits::Merge => {
                frame.merge = value;
                Awaits::Key
            }
            Awaits::KeyEnd => Awaits::Nothing,
            Awaits::Nothing | Awaits::Key => Awaits::Key,
        };
    }

    /// Ends the text.
    pub(super) fn finish(mut self) -> Arena<'s> {
        while !self.frames.is_empty() {
            self.pop();
        }
        if self.arena.len() == 0 {
            let what = if self.flaws.is_empty() { What::Null } else { What::Broken };
            self.arena.push(Span::new(0, 0), what);
        }
        self.arena
    }
}
