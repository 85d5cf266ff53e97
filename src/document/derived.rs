//! A tree derived from another: some parts shared unchanged, others filled in.
//!
//! A filled-in value has the place of the text that describes how it is made (a template), and remembers the origin of
//! its content (a value in the same text, or in one attached to it). Everything else is shared with the original tree,
//! so a hundred thousand copies of a block cost only the few slots in which they differ.

use super::arena::{Arena, Extent, Inherited, NONE, Slot, What};
use super::locate::{self, Quotes};
use super::source::Source;
use super::span::Span;
use super::tree::{Entry, Node, Tree, Value};
use std::collections::HashMap;
use std::ops::Range;

/// A tree that is being built, of the same text as another.
#[derive(Debug)]
pub struct DerivedTree<'s> {
    arena: Arena<'s>,
    /// The copied slots: from the slot in the other tree to the one here.
    copied: HashMap<u32, u32>,
    /// The same in the order in which it was copied: what is taken back is the last of it.
    order: Vec<u32>,
    roots: Vec<u32>,
    /// How many bytes of text were filled in.
    bytes: usize,
}

/// A state of a derived tree to which it can be taken back.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    extent: Extent,
    copied: usize,
    roots: usize,
    bytes: usize,
}

/// A list or a table that is being filled.
#[derive(Clone, Copy, Debug)]
pub struct Parent {
    slot: u32,
    last: u32,
}

/// The place for the next value.
#[derive(Debug)]
pub enum Under<'p, 't> {
    /// After the items of a list.
    Item(&'p mut Parent),
    /// After the entries of a table, under the key of this entry.
    Key(&'p mut Parent, Entry<'t>),
}

/// A value that is filled in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a point or an exponent.
    Float(f64),
    /// A text.
    Text(&'a str),
    /// A value that couldn't be filled in, which was already reported.
    Broken,
}

/// A part of a text that is filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its end in the text, in bytes; it starts at the end of the one before.
    pub end: u32,
    /// The bytes of the template's text that produced it, first and end.
    pub template: (u32, u32),
    /// Its origin.
    pub origin: Origin,
}

/// The origin of a part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The template itself, character by character.
    Template,
    /// A part of the template that has no content.
    Nothing,
    /// A filled-in value.
    Content(Content),
}

/// The origin of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    /// The place of the value: its span in the text or in one attached to it.
    pub span: Span,
    /// The form in which it is written there.
    pub form: Form,
}

/// The form in which content is written at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Its characters one by one as they are, after this many bytes.
    Plain(u8),
    /// In the form of the string in this slot of the tree.
    Slot(u32),
    /// In quotes, with each quote inside doubled: in CSV.
    Doubled,
    /// In quotes, with escapes: in JSON.
    Escaped,
    /// In a form that doesn't show its characters.
    Otherwise,
}

/// The slots that were filled in, and their pieces.
#[derive(Debug, Default)]
pub(super) struct Fillings {
    /// The slot, the slot in the other tree that is its template, and the start of its pieces. In the order of the slots.
    slots: Vec<(u32, u32, u32)>,
    pieces: Vec<Piece>,
}

/// Facts about a value that was filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filled {
    /// The one value that is in it, unless there are several.
    pub content: Option<Span>,
    /// `true` if it is nothing but this value.
    pub sole: bool,
}

impl<'s> DerivedTree<'s> {
    /// Creates an empty one, of the text of `tree`, with these attached texts, each with the offset at which its spans
    /// start.
    pub fn of(tree: &'s Tree<'s>, attached: &'s [(usize, Source)]) -> DerivedTree<'s> {
        DerivedTree {
            arena: tree.arena().sprout(attached),
            copied: HashMap::new(),
            order: Vec::new(),
            roots: Vec::new(),
            bytes: 0,
        }
    }

    /// Starts the next tree: a table with the place of `like`.
    pub fn root(&mut self, like: Node<'_>) -> Parent {
        let slot = self.table_slot(like);
        self.roots.push(slot);
        Parent { slot, last: NONE }
    }

    /// Adds a list with the place of `like`.
    pub fn list(&mut self, under: Under<'_, '_>, like: Node<'_>) -> Parent {
        let slot =
            self.put(under, like.used_at(), Slot { what: What::List { first: NONE }, span: like.span(), next: NONE });
        Parent { slot, last: NONE }
    }

    /// Adds a table with the place of `like`.
    pub fn table(&mut self, under: Under<'_, '_>, like: Node<'_>) -> Parent {
        let whole = like.is_whole();
        let what = What::Table { first: NONE, whole, merges: false };
        let slot = self.put(under, like.used_at(), Slot { what, span: like.span(), next: NONE });
        Parent { slot, last: NONE }
    }

    /// Adds `node` of the other tree unchanged.
    pub fn same(&mut self, under: Under<'_, '_>, node: Node<'_>) {
        self.brought(under, node, node.used_at());
    }

    /// Adds `node` of the other tree unchanged, used by the text at `via` as if by an alias.
    pub fn brought(&mut self, under: Under<'_, '_>, node: Node<'_>, via: Option<Span>) {
        let (seed, index) = node.slot();
        let target = self.copy(seed, index);
        let mut slot = self.arena.slot(target);
        slot.next = NONE;
        self.put(under, via, slot);
    }

    /// Adds a value that is filled in at the place of `template`; a text has pieces, anything else has just one.
    pub fn filled(&mut self, under: Under<'_, '_>, template: Node<'_>, value: Scalar<'_>, pieces: &[Piece]) {
        let what = match value {
            Scalar::Null => What::Null,
            Scalar::Bool(value) => What::Bool(value),
            Scalar::Integer(number) => self.arena.integer(number),
            Scalar::Float(number) => self.arena.float(number),
            Scalar::Text(text) => {
                self.bytes += text.len();
                self.arena.decoded(text)
            }
            Scalar::Broken => What::Broken,
        };
        let slot = self.put(under, template.used_at(), Slot { what, span: template.span(), next: NONE });
        let (_, seed) = template.slot();
        self.arena.fillings.push(slot, seed, pieces);
    }

    /// Returns the state that it is in.
    pub fn mark(&self) -> Mark {
        Mark { extent: self.arena.extent(), copied: self.order.len(), roots: self.roots.len(), bytes: self.bytes }
    }

    /// Takes out what was added since it was in this state, which may be any number of trees.
    pub fn rewind(&mut self, mark: &Mark) {
        self.arena.truncate(&mark.extent);
        self.roots.truncate(mark.roots);
        self.bytes = mark.bytes;
        for copied in self.order.drain(mark.copied..) {
            self.copied.remove(&copied);
        }
    }

    /// Copies `node` of the other tree, so that a tree that has it needs no copy of its own.
    pub fn prepare(&mut self, node: Node<'_>) {
        let (seed, index) = node.slot();
        self.copy(seed, index);
    }

    /// Returns the number of bytes of text that were filled in.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the number of trees.
    pub fn len(&self) -> usize {
        self.roots.len()
    }

    /// Returns whether there are no trees.
    pub fn is_empty(&self) -> bool {
        self.roots.is_empty()
    }

    /// Returns the tree with this number.
    pub fn tree(&self, number: usize) -> Node<'_> {
        Node::at(&self.arena, self.roots[number], NONE)
    }

    fn table_slot(&mut self, like: Node<'_>) -> u32 {
        self.arena.push(like.span(), What::Table { first: NONE, whole: like.is_whole(), merges: false })
    }

    /// Adds a slot, or an alias to it if it is used at `via`; returns the slot itself.
    fn put(&mut self, under: Under<'_, '_>, via: Option<Span>, slot: Slot) -> u32 {
        let first = match under {
            Under::Item(parent) => {
                let first = self.arena.len();
                self.arena.link(parent.slot, parent.last, first);
                parent.last = first;
                first
            }
            Under::Key(parent, entry) => {
                let what = self.arena.string(entry.key_span, 0, entry.key);
                let key = self.arena.push(entry.key_span, what);
                self.arena.link(parent.slot, parent.last, key);
                parent.last = key;
                key + 1
            }
        };
        match via {
            Some(span) => {
                self.arena.push(span, What::Alias(first + 1));
                self.arena.push(slot.span, slot.what)
            }
            None => self.arena.push(slot.span, slot.what),
        }
    }

    /// Returns the copy of a slot of the other tree, made on first use.
    fn copy(&mut self, seed: &Arena<'_>, index: u32) -> u32 {
        if let Some(copy) = self.copied.get(&index) {
            return *copy;
        }
        let slot = seed.slot(index);
        let what = match slot.what {
            What::Integer(number) => self.arena.integer(seed.integer_of(number)),
            What::Float(number) => self.arena.float(seed.float_of(number)),
            What::Decoded(_) => self.arena.decoded(seed.text_of(index)),
            What::List { .. } => What::List { first: NONE },
            What::Table { whole, .. } => What::Table { first: NONE, whole, merges: false },
            What::Alias(target) => What::Alias(self.copy(seed, target)),
            what => what,
        };
        let copy = self.arena.push(slot.span, what);
        self.copied.insert(index, copy);
        self.order.push(index);
        let is_table = matches!(slot.what, What::Table { .. });
        let mut last = NONE;
        for child in seed.chain(index) {
            last = self.copy_child(seed, child, is_table, copy, last);
        }
        let inherited: Vec<Inherited> = seed.inherited(index).to_vec();
        if !inherited.is_empty() {
            let entries: Vec<Inherited> = inherited.iter().map(|entry| self.copy_inherited(seed, *entry)).collect();
            self.arena.inherit(copy, &entries);
        }
        copy
    }

    /// Copies an item, or a key with its value, to the end of a chain. A slot that is shared elsewhere is copied once
    /// more, as it can be in one chain only; its content is not.
    fn copy_child(&mut self, seed: &Arena<'_>, child: u32, is_table: bool, parent: u32, last: u32) -> u32 {
        let value = if is_table { child + 1 } else { child };
        let copied = self.copy(seed, value);
        let slot = self.arena.slot(copied);
        let first = if is_table {
            let what = self.key(seed, child);
            self.arena.push(seed.slot(child).span, what)
        } else {
            self.arena.len()
        };
        self.arena.push(slot.span, slot.what);
        self.arena.link(parent, last, first);
        first
    }

    fn copy_inherited(&mut self, seed: &Arena<'_>, Inherited { key, via }: Inherited) -> Inherited {
        let value = self.copy(seed, key + 1);
        let via = if via == NONE { NONE } else { self.copy(seed, via) };
        let slot = self.arena.slot(value);
        let what = self.key(seed, key);
        let key = self.arena.push(seed.slot(key).span, what);
        self.arena.push(slot.span, slot.what);
        Inherited { key, via }
    }

    fn key(&mut self, seed: &Arena<'_>, key: u32) -> What {
        match seed.slot(key).what {
            What::Decoded(_) => self.arena.decoded(seed.text_of(key)),
            What::Alias(_) => self.arena.decoded(seed.text_of(key)),
            what => what,
        }
    }
}

impl Fillings {
    fn push(&mut self, slot: u32, template: u32, pieces: &[Piece]) {
        self.slots.push((slot, template, self.pieces.len() as u32));
        self.pieces.extend_from_slice(pieces);
    }

    pub(super) fn extent(&self) -> (usize, usize) {
        (self.slots.len(), self.pieces.len())
    }

    pub(super) fn truncate(&mut self, (slots, pieces): (usize, usize)) {
        self.slots.truncate(slots);
        self.pieces.truncate(pieces);
    }

    /// Returns where the pieces of a text end, if it was filled in.
    pub(super) fn ends(&self, slot: u32) -> Option<impl Iterator<Item = usize> + '_> {
        let index = self.slots.binary_search_by_key(&slot, |(slot, ..)| *slot).ok()?;
        Some(self.pieces(index).iter().map(|piece| piece.end as usize))
    }

    /// Returns the pieces of the slot at `index`.
    fn pieces(&self, index: usize) -> &[Piece] {
        let end = self.slots.get(index + 1).map_or(self.pieces.len(), |(_, _, start)| *start as usize);
        &self.pieces[self.slots[index].2 as usize..end]
    }

    /// Returns the facts about a slot, if it was filled in.
    pub(super) fn filled(&self, slot: u32) -> Option<Filled> {
        let index = self.slots.binary_search_by_key(&slot, |(slot, ..)| *slot).ok()?;
        let pieces = self.pieces(index);
        let mut contents = pieces.iter().filter_map(|piece| piece.origin.content()).map(|content| content.span);
        let first = contents.next();
        let content = first.filter(|first| contents.all(|other| other == *first));
        Some(Filled { content, sole: pieces.len() == 1 && content.is_some() })
    }

    /// Returns the source of a range of a filled-in text of `arena`: the slot of the other tree and the bytes of its
    /// text, and the place of the content if it has some.
    pub(super) fn locate(
        &self,
        arena: &Arena<'_>,
        slot: u32,
        range: &Range<usize>,
    ) -> Option<(u32, Range<usize>, Option<Span>)> {
        let index = self.slots.binary_search_by_key(&slot, |(slot, ..)| *slot).ok()?;
        let text = arena.text_of(slot);
        let mut start = 0;
        let (mut place, mut content): (Option<Range<usize>>, Option<Span>) = (None, None);
        for piece in self.pieces(index) {
            let end = piece.end as usize;
            let (from, to) = (range.start.max(start), range.end.min(end));
            if from < to || range.is_empty() && place.is_none() && (start..=end).contains(&range.start) {
                let (first, last) = (from - start, to.max(from) - start);
                let written = piece.template.0 as usize;
                let here = match piece.origin {
                    Origin::Template => written + first..written + last,
                    Origin::Nothing | Origin::Content(_) => written..piece.template.1 as usize,
                };
                place = Some(place.map_or(here.clone(), |place| place.start..here.end));
                content = content.or_else(|| {
                    let value = text.get(start..end).unwrap_or_default();
                    piece.origin.content().map(|content| content.part(arena, value, first..last))
                });
            }
            start = end;
        }
        Some((self.slots[index].1, place?, content))
    }
}

impl Origin {
    fn content(self) -> Option<Content> {
        match self {
            Origin::Content(content) => Some(content),
            Origin::Template | Origin::Nothing => None,
        }
    }
}

impl Content {
    /// Returns the content of a node's value.
    pub fn of(node: Node<'_>) -> Content {
        let form = match node.value() {
            Value::String(_) => Form::Slot(node.slot().1),
            _ => Form::Otherwise,
        };
        Content { span: node.span(), form }
    }

    /// Returns the place of a range of `value`, which is the content; the whole place, if the characters can't be told
    /// apart.
    fn part(self, arena: &Arena<'_>, value: &str, range: Range<usize>) -> Span {
        match (self.form, arena.seed) {
            (Form::Plain(before), _) => {
                let start = self.span.start as usize + usize::from(before);
                Span::new(start + range.start, start + range.end)
            }
            (Form::Slot(slot), Some(seed)) if seed.text_of(slot) == value => locate::locate(seed, slot, range),
            (Form::Doubled, _) => self.walk(arena, value, range, Quotes::Doubled),
            (Form::Escaped, _) => self.walk(arena, value, range, Quotes::Escaped),
            _ => self.span,
        }
    }

    fn walk(self, arena: &Arena<'_>, value: &str, range: Range<usize>, quotes: Quotes) -> Span {
        let start = self.span.start as usize;
        let within = |(base, source): &(usize, Source)| {
            let found = locate::in_quotes(source.text(), start.checked_sub(*base)?, value, range.clone(), quotes)?;
            Some(Span::new(base + found.start as usize, base + found.end as usize))
        };
        let text = arena.attached.iter().rev().find(|(base, _)| *base <= start);
        text.and_then(within).unwrap_or(self.span)
    }
}
