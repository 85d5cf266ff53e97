//! Builds the tree out of the parser's events.

use super::entries;
use super::mistake::{self, Circumstances};
use super::recover::{self, EntryLine};
use super::scalar::{self, Tag};
use crate::base::nearest::nearest;
use crate::document::bounds;
use crate::document::flaw::Flaw;
use crate::document::lines::{first_character, first_line, line_start, next_line};
use crate::document::span::Span;
use crate::document::tape::{NONE, Tape, What};
use granit_parser::{ScalarStyle, ScanError, StructureStyle};
use std::borrow::Cow;
use std::collections::HashMap;

/// The tag on a value: its name, and where it stands.
type Tagged<'e> = Option<(&'e granit_parser::Tag, Span)>;

/// For how many unknown aliases the nearest anchor is looked up: after that many, no person reads on.
const SUGGESTIONS: usize = 100;

/// A tree that grows by events.
pub(super) struct Builder<'s, 'f> {
    tape: Tape<'s>,
    flaws: &'f mut Vec<Flaw>,
    /// The lists and tables that are open, the root's first.
    frames: Vec<Frame<'s>>,
    anchors: HashMap<Cow<'s, str>, Anchor>,
    /// How many frames the fragment continues: its outermost end is not theirs.
    resumed: usize,
    /// A fragment continues an open list or table: the event that opens it again says nothing.
    reopening: bool,
    /// How many lists and tables are open beyond the limit of depth; their content is skipped.
    skipped: usize,
    documents: usize,
    /// The outermost list or table of the fragment has ended.
    ended: bool,
    /// The tables that ended since the last value.
    closed: Vec<u32>,
    /// Where the last event ended.
    end: usize,
    /// Where the last value or key ended.
    content_end: usize,
    /// The value that was finished last.
    last: u32,
    /// What the last scalar would be as a value; a key is always a string.
    key_value: What,
    /// How many values all aliases stand for so far.
    expansion: u64,
    /// It was said that these are too many.
    too_many: bool,
    suggestions: usize,
}

/// A list or a table that is still open.
struct Frame<'s> {
    slot: u32,
    /// The end of its chain.
    last: u32,
    /// The column of a block; a flow collection has none.
    column: Option<usize>,
    awaits: Awaits,
    merges: Vec<u32>,
    anchor: Option<Cow<'s, str>>,
    size: Size,
}

/// What comes next.
#[derive(Clone, Copy, PartialEq)]
enum Awaits {
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

/// How much a value stands for, its aliases counted as often as they are used.
#[derive(Clone, Copy, Default)]
struct Size {
    values: u64,
    depth: usize,
}

impl Size {
    const SCALAR: Size = Size { values: 1, depth: 0 };
}

/// What an anchor names.
enum Anchor {
    /// A list or table that isn't finished.
    Open(u32),
    Done(u32, Size),
    Broken,
}

impl<'s, 'f> Builder<'s, 'f> {
    pub(super) fn new(text: &'s str, flaws: &'f mut Vec<Flaw>) -> Builder<'s, 'f> {
        Builder {
            tape: Tape::yaml(text),
            flaws,
            frames: Vec::new(),
            anchors: HashMap::new(),
            resumed: 1,
            reopening: false,
            skipped: 0,
            documents: 0,
            ended: false,
            closed: Vec::new(),
            end: 0,
            content_end: 0,
            last: NONE,
            key_value: What::Null,
            expansion: 0,
            too_many: false,
            suggestions: 0,
        }
    }

    pub(super) fn text(&self) -> &'s str {
        self.tape.text
    }

    /// The columns of the open blocks, and which of them are lists.
    pub(super) fn columns(&self) -> Vec<(Option<usize>, bool)> {
        let is_list = |frame: &Frame<'_>| matches!(self.tape.slot(frame.slot).what, What::List { .. });
        self.frames.iter().map(|frame| (frame.column, is_list(frame))).collect()
    }

    /// A document starts; false for a second one.
    pub(super) fn document(&mut self, span: Span) -> bool {
        self.documents += 1;
        if self.documents > 1 {
            self.flaws.push(mistake::many_documents(span));
        }
        self.documents == 1
    }

    /// Whether nothing after this is of interest.
    pub(super) fn is_over(&self) -> bool {
        self.documents > 1
    }

    /// Goes on after a mistake: the fragment at `start` continues the frame number `depth`.
    pub(super) fn resume(&mut self, depth: usize, start: usize) {
        while self.frames.len() > depth + 1 {
            self.pop();
        }
        self.resumed = self.frames.len();
        self.reopening = true;
        self.documents = usize::from(self.text().get(start..).is_some_and(recover::starts_document));
        self.ended = false;
        self.end = start;
        self.last = NONE;
    }

    /// A list starts.
    pub(super) fn open_list(&mut self, span: Span, style: StructureStyle, column: usize, tag: Tagged<'_>) {
        let text = self.tape.text;
        // Of a list that stands as far out as its key, the parser gives the place after the dash.
        let is_value = matches!(self.frames.last(), Some(Frame { awaits: Awaits::Value(_) | Awaits::Merge, .. }));
        let dash = if is_value { mistake::unfinished(text, self.end, span.start as usize).1 } else { None };
        let (span, column) = match dash {
            Some(dash) => (Span::new(dash, dash), text[line_start(text, dash)..dash].chars().count()),
            None => (span, column),
        };
        self.open(span, style, column, What::List { first: NONE }, tag, "seq");
    }

    /// A table starts.
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
            self.flaws.push(Flaw::UnknownTag { span });
        }
        let inside = self.frames.iter().any(|frame| frame.awaits == Awaits::KeyEnd);
        if let Some(frame) = self.frames.last_mut()
            && frame.awaits == Awaits::Key
        {
            frame.awaits = Awaits::KeyEnd;
            if !inside {
                self.flaws.push(Flaw::ComplexKey { span: first_character(self.tape.text, span.start as usize) });
            }
        }
        if self.frames.len() == bounds::DEPTH {
            self.flaws.push(Flaw::TooDeep { span: first_character(self.tape.text, span.start as usize) });
            self.skipped = 1;
            return;
        }
        let awaits = if name == "seq" { Awaits::Item } else { Awaits::Key };
        let column = (style == StructureStyle::Block).then_some(column);
        let slot = self.tape.push(span, what);
        let (merges, size) = (Vec::new(), Size::default());
        self.frames.push(Frame { slot, last: NONE, column, awaits, merges, anchor: None, size });
        self.content_end = self.content_end.max(span.end as usize);
    }

    /// A list or a table ends. The outermost stays open until the text ends, in case that it goes on after a mistake.
    pub(super) fn close(&mut self, span: Span) {
        let flow = span.end > span.start;
        if flow {
            self.end = span.end as usize;
            self.content_end = self.end;
        }
        if self.skipped > 0 {
            self.skipped -= 1;
            if self.skipped == 0 {
                let broken = self.tape.push(Span::new(self.content_end, self.content_end), What::Broken);
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
    fn pop(&mut self) {
        let Some(mut frame) = self.frames.pop() else { return };
        if let Awaits::Value(_) | Awaits::Merge | Awaits::Nothing = frame.awaits {
            // Only after a mistake: what the key was for is lost.
            let broken = self.tape.push(Span::new(self.content_end, self.content_end), What::Broken);
            self.frames.push(frame);
            self.place(broken, Size::SCALAR);
            frame = self.frames.pop().expect("it was pushed two lines above");
        }
        let start = self.tape.slot(frame.slot).span.start;
        self.tape.slot_mut(frame.slot).span = Span::new(start as usize, self.content_end.max(start as usize));
        if matches!(self.tape.slot(frame.slot).what, What::Table { .. }) {
            entries::unique(&mut self.tape, frame.slot, self.flaws);
            if !frame.merges.is_empty() {
                let budget = bounds::expansion(self.tape.text.len()).saturating_sub(self.expansion);
                let got = entries::inherit(&mut self.tape, frame.slot, &frame.merges, budget, self.flaws);
                self.expansion = self.expansion.saturating_add(got.values);
                frame.size.values = frame.size.values.saturating_add(got.values);
                if let Some(merge) = got.too_many {
                    self.too_many_aliases(self.tape.slot(merge).span);
                }
            }
        }
        self.closed.push(frame.slot);
        let size = Size { values: frame.size.values + 1, depth: frame.size.depth + 1 };
        if let Some(name) = frame.anchor
            && let Some(anchor @ Anchor::Open(_)) = self.anchors.get_mut(&name)
            && matches!(*anchor, Anchor::Open(slot) if slot == frame.slot)
        {
            *anchor = Anchor::Done(frame.slot, size);
        }
        self.place(frame.slot, size);
    }

    /// A scalar.
    pub(super) fn scalar(&mut self, span: Span, value: &str, style: ScalarStyle, tag: Tagged<'_>) {
        let before = self.end;
        self.end = span.end as usize;
        if self.skipped > 0 || self.reopening {
            return;
        }
        let text = self.tape.text;
        let (span, quotes) = match style {
            ScalarStyle::Plain if span.start == span.end => (mistake::behind_indicator(text, span), 0),
            ScalarStyle::Plain => (span, 0),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => (span, 1),
            ScalarStyle::Literal | ScalarStyle::Folded => (mistake::block_scalar(text, before, span), 0),
        };
        self.content_end = self.content_end.max(span.end as usize);
        self.closed.clear();
        let what = match tag {
            None if style == ScalarStyle::Plain && span.start == span.end => What::Null,
            None if style == ScalarStyle::Plain => scalar::plain(&mut self.tape, span, value),
            None => self.tape.string(span, quotes, value),
            Some((tag, tag_span)) => self.tagged(span, quotes, value, tag, tag_span),
        };
        if !matches!(self.frames.last(), Some(Frame { awaits: Awaits::Key, .. })) {
            let slot = self.tape.push(span, what);
            self.place(slot, Size::SCALAR);
            return;
        }
        self.key_value = what;
        let what = match what {
            What::Verbatim { .. } | What::Decoded(_) => what,
            // The text of an empty key is not the `~` that the parser gives for it.
            _ if span.start == span.end => What::Verbatim { before: 0, after: 0 },
            _ => self.tape.string(span, quotes, value),
        };
        let key = self.tape.push(span, what);
        let merge = style == ScalarStyle::Plain && value == "<<";
        if let Some(frame) = self.frames.last_mut() {
            frame.awaits = if merge { Awaits::Merge } else { Awaits::Value(key) };
        }
    }

    /// What a scalar with a tag is.
    fn tagged(&mut self, span: Span, quotes: u8, value: &str, tag: &granit_parser::Tag, tag_span: Span) -> What {
        let value = if span.start == span.end { "" } else { value };
        // `!` alone means: no guessing, a string.
        let known = if tag.handle().is_empty() && tag.suffix() == "!" {
            Some(Tag::Str)
        } else {
            tag.core_suffix().and_then(Tag::named)
        };
        known.and_then(|tag| tag.read(&mut self.tape, span, quotes, value)).unwrap_or_else(|| {
            self.flaws.push(Flaw::UnknownTag { span: tag_span });
            What::Broken
        })
    }

    /// The value that just came (or the list or table that just opened) has a name.
    pub(super) fn anchor(&mut self, name: Cow<'s, str>) {
        if self.skipped > 0 {
            self.anchors.insert(name, Anchor::Broken);
            return;
        }
        let newest = self.tape.len().saturating_sub(1);
        match self.frames.last_mut() {
            Some(frame) if frame.slot == newest => {
                self.anchors.insert(name.clone(), Anchor::Open(frame.slot));
                frame.anchor = Some(name);
            }
            Some(Frame { awaits: Awaits::Value(key), .. }) if *key == newest => {
                // A key with a name: the name means a value, which gets a slot of its own before the key's.
                let slot = *self.tape.slot(newest);
                *key = self.tape.push(slot.span, slot.what);
                self.tape.slot_mut(newest).what = self.key_value;
                self.anchors.insert(name, Anchor::Done(newest, Size::SCALAR));
            }
            _ => {
                self.anchors.insert(name, Anchor::Done(newest, Size::SCALAR));
            }
        }
    }

    /// An alias.
    pub(super) fn alias(&mut self, span: Span) {
        self.end = span.end as usize;
        if self.skipped > 0 || self.reopening {
            return;
        }
        self.content_end = self.content_end.max(self.end);
        self.closed.clear();
        let name = self.tape.text.get(span.start as usize + 1..span.end as usize).unwrap_or_default();
        let (what, size) = match self.anchors.get(name) {
            Some(&Anchor::Done(target, size)) => {
                let merging = self.merging();
                // What a merge key brings in is counted when it is known what of it counts.
                let values = if merging > 0 { 1 } else { size.values };
                self.expansion = self.expansion.saturating_add(values);
                if self.expansion > bounds::expansion(self.tape.text.len()) {
                    self.too_many_aliases(span);
                    (What::Broken, Size::SCALAR)
                } else if self.frames.len() + size.depth > bounds::DEPTH + merging {
                    self.flaws.push(Flaw::TooDeep { span });
                    (What::Broken, Size::SCALAR)
                } else {
                    (What::Alias(target), Size { values, ..size })
                }
            }
            Some(Anchor::Open(_)) => {
                self.flaws.push(Flaw::RecursiveAlias { span });
                (What::Broken, Size::SCALAR)
            }
            Some(Anchor::Broken) => (What::Broken, Size::SCALAR),
            None => {
                let nearest = self.nearest(name);
                self.flaws.push(Flaw::UnknownAlias { name: name.to_owned(), span, nearest });
                (What::Broken, Size::SCALAR)
            }
        };
        match self.frames.last_mut() {
            Some(frame) if frame.awaits == Awaits::Key => {
                let is_collection = |target| {
                    matches!(self.tape.slot(target).what, What::List { .. } | What::Table { .. } | What::Broken)
                };
                frame.awaits = match what {
                    What::Alias(target) if !is_collection(target) => Awaits::Value(self.tape.push(span, what)),
                    What::Alias(_) => {
                        self.flaws.push(Flaw::ComplexKey { span });
                        Awaits::Nothing
                    }
                    _ => Awaits::Nothing,
                };
            }
            _ => {
                let slot = self.tape.push(span, what);
                self.place(slot, size);
            }
        }
    }

    /// How many lists and tables an alias that stands here brings in without being inside them: at a merge key, its own
    /// table, and the list in which it stands there.
    fn merging(&self) -> usize {
        match self.frames.as_slice() {
            [.., Frame { awaits: Awaits::Merge, .. }] => 1,
            [.., Frame { awaits: Awaits::Merge, .. }, Frame { awaits: Awaits::Item, .. }] => 2,
            _ => 0,
        }
    }

    /// Says once that aliases stand for too much.
    fn too_many_aliases(&mut self, span: Span) {
        if !std::mem::replace(&mut self.too_many, true) {
            self.flaws.push(Flaw::TooManyAliases { span });
        }
    }

    /// The anchor that was probably meant by a name.
    fn nearest(&mut self, name: &str) -> Option<String> {
        self.suggestions += 1;
        if self.suggestions > SUGGESTIONS {
            return None;
        }
        let mut names: Vec<&str> = self.anchors.keys().map(Cow::as_ref).collect();
        names.sort_unstable();
        nearest(name, names).map(str::to_owned)
    }

    /// Puts a finished value where it belongs.
    fn place(&mut self, value: u32, size: Size) {
        self.last = value;
        let merged = usize::from(matches!(self.tape.slot(value).what, What::List { .. })) + 1;
        let Some(frame) = self.frames.last_mut() else { return };
        // What is merged is not inside, but beside.
        let depth = if frame.awaits == Awaits::Merge { size.depth.saturating_sub(merged) } else { size.depth };
        frame.size.values = frame.size.values.saturating_add(size.values);
        frame.size.depth = frame.size.depth.max(depth);
        frame.awaits = match frame.awaits {
            Awaits::Item => {
                self.tape.link(frame.slot, frame.last, value);
                frame.last = value;
                Awaits::Item
            }
            Awaits::Value(key) => {
                self.tape.link(frame.slot, frame.last, key);
                frame.last = key;
                Awaits::Key
            }
            Awaits::Merge => {
                frame.merges.push(value);
                Awaits::Key
            }
            Awaits::KeyEnd => Awaits::Nothing,
            Awaits::Nothing | Awaits::Key => Awaits::Key,
        };
    }

    /// Takes in a syntax error in the fragment that starts at `base`: reports it, and breaks what it spoils. Gives the
    /// next entry, where to go on.
    pub(super) fn fail(&mut self, error: &ScanError, base: usize) -> Option<EntryLine> {
        let text = self.tape.text;
        let at = text.floor_char_boundary(base + error.marker().byte_offset().unwrap_or(0));
        let (start, dash) = mistake::unfinished(text, self.end, at);
        let flow = self.frames.iter().position(|frame| frame.column.is_none()).filter(|_| !self.ended);
        let bracket = match flow {
            Some(depth) => Some(self.tape.slot(self.frames[depth].slot).span.start as usize),
            // The parser tells of a bracket late, as it might be a key.
            None => text.get(start..).is_some_and(|rest| rest.starts_with(['[', '{'])).then_some(start),
        };
        let scalar = (self.last != NONE).then(|| self.tape.slot(self.last).span);
        let too_deep = std::mem::take(&mut self.skipped) > 0;
        let attributed = self.spoil(flow, dash.is_some(), start, at);
        let next = recover::next_entry(text, next_line(text, bracket.unwrap_or(start)), &self.columns());
        let ran_on = next.is_some_and(|next| next.start <= at);
        if !too_deep {
            self.flaws.push(mistake::flaw(text, error.kind(), Circumstances { at, start, bracket, scalar, ran_on }));
        }
        let resumed = next.map_or(text.len(), |next| next.start);
        let line_end = next_line(text, if ran_on { start } else { at });
        let skipped = text.get(line_end..resumed).is_some_and(|lines| !lines.trim().is_empty());
        // What is lost may hold anchors; an alias to one of them is not a mistake of its own.
        for name in recover::anchors(text.get(self.end..resumed).unwrap_or_default()) {
            self.anchors.entry(Cow::Borrowed(name)).or_insert(Anchor::Broken);
        }
        if skipped || !attributed {
            self.lose(next.map_or(0, |next| next.depth));
        }
        next
    }

    /// Breaks the value in which a syntax error lies. False where it is in none.
    fn spoil(&mut self, flow: Option<usize>, dash: bool, start: usize, at: usize) -> bool {
        if self.ended {
            return true;
        }
        if let Some(depth) = flow {
            while self.frames.len() > depth + 1 {
                let Some(frame) = self.frames.pop() else { break };
                self.break_frame(frame);
            }
            if let Some(frame) = self.frames.pop() {
                let slot = frame.slot;
                let opened = self.tape.slot(slot).span.start as usize;
                self.tape.slot_mut(slot).span = Span::new(opened, self.content_end.max(opened));
                self.break_frame(frame);
                self.place(slot, Size::SCALAR);
            }
            return true;
        }
        let pending = match self.frames.last().map(|frame| frame.awaits) {
            Some(Awaits::Value(_) | Awaits::Merge | Awaits::Nothing) => true,
            Some(Awaits::Item) => dash,
            _ => false,
        };
        if pending {
            let broken = self.tape.push(first_line(self.tape.text, start), What::Broken);
            self.place(broken, Size::SCALAR);
            return true;
        }
        let same_line = self.last != NONE && {
            let end = self.tape.slot(self.last).span.end as usize;
            self.tape.text.get(end..at).is_some_and(|between| !between.contains('\n'))
        };
        if same_line {
            self.tape.slot_mut(self.last).what = What::Broken;
        }
        same_line
    }

    /// Breaks a list or table that will not be finished.
    fn break_frame(&mut self, frame: Frame<'s>) {
        self.tape.slot_mut(frame.slot).what = What::Broken;
        if let Some(name) = frame.anchor {
            self.anchors.insert(name, Anchor::Broken);
        }
    }

    /// Something was lost that could have belonged to any table that is open from `depth` on, or has just been closed.
    fn lose(&mut self, depth: usize) {
        for frame in self.frames.iter().skip(depth) {
            self.tape.lost(frame.slot);
        }
        for slot in self.closed.drain(..) {
            self.tape.lost(slot);
        }
    }

    /// The text has ended.
    pub(super) fn finish(mut self) -> Tape<'s> {
        while !self.frames.is_empty() {
            self.pop();
        }
        if self.tape.len() == 0 {
            let what = if self.flaws.is_empty() { What::Null } else { What::Broken };
            self.tape.push(Span::new(0, 0), what);
        }
        self.tape
    }
}
