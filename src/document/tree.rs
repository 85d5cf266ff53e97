//! One neutral tree with spans, for YAML, TOML and JSON.

use super::arena::{Arena, Inherited, NONE, What};
use super::derived::Filled;
use super::locate;
use super::span::Span;
use std::ops::Range;

/// The content of a text, with the place of every key and value.
#[derive(Debug)]
pub struct Tree<'s> {
    arena: Arena<'s>,
}

/// A value in a tree.
#[derive(Clone, Copy, Debug)]
pub struct Node<'t> {
    arena: &'t Arena<'t>,
    /// Its slot; never an alias.
    index: u32,
    /// The slot of the outermost alias on the way here, or [`NONE`].
    used: u32,
}

/// The content of a value.
#[derive(Clone, Copy, Debug)]
pub enum Value<'t> {
    /// Nothing: `null`, `~`, or no value at all.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a decimal point or an exponent.
    Float(f64),
    /// A text.
    String(&'t str),
    /// Values in order.
    List(List<'t>),
    /// Values by key.
    Table(Table<'t>),
    /// Something that no field accepts, in words: `a date`, `an integer that is too large`.
    Other(&'static str),
    /// A value spoilt by a syntax error or an alias to nothing: it was reported as a flaw.
    Broken,
}

/// Values in order.
#[derive(Clone, Copy, Debug)]
pub struct List<'t> {
    node: Node<'t>,
}

/// Values by key, in the order of the source; then those that come by a merge key.
#[derive(Clone, Copy, Debug)]
pub struct Table<'t> {
    node: Node<'t>,
}

/// A key with its value.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'t> {
    /// The key.
    pub key: &'t str,
    /// The place where the key is written.
    pub key_span: Span,
    /// The value.
    pub value: Node<'t>,
    /// The alias at the merge key (`<<: *here`) through which the entry came, if it did.
    pub merged_at: Option<Span>,
}

impl<'s> Tree<'s> {
    pub(super) fn new(arena: Arena<'s>) -> Tree<'s> {
        Tree { arena }
    }

    /// Returns the outermost value.
    pub fn root(&self) -> Node<'_> {
        Node::at(&self.arena, 0, NONE)
    }

    /// Returns the places of the values that aliases refer to: disjoint, in source order.
    pub fn shared(&self) -> Vec<Span> {
        self.arena.shared()
    }

    pub(super) fn arena(&self) -> &Arena<'s> {
        &self.arena
    }
}

impl<'t> Node<'t> {
    /// Returns the value in a slot, through its alias if it is one.
    pub(super) fn at(arena: &'t Arena<'t>, index: u32, used: u32) -> Node<'t> {
        match arena.slot(index).what {
            What::Alias(target) => Node { arena, index: target, used: if used == NONE { index } else { used } },
            _ => Node { arena, index, used },
        }
    }

    /// Returns the place where the value is written: for an alias, at its anchor. A block ends with its last value; a
    /// TOML table starts at its header.
    pub fn span(self) -> Span {
        self.arena.slot(self.index).span
    }

    /// Returns the alias that brought the value here, if any: of several, the first on the way from the root.
    pub fn used_at(self) -> Option<Span> {
        (self.used != NONE).then(|| self.arena.slot(self.used).span)
    }

    /// Returns a short place, never more than a line, that represents the value as a whole: a table's first key or TOML
    /// header, a list's first item, an opening bracket, a scalar's first line.
    pub fn head(self) -> Span {
        locate::head(self.arena, self.index)
    }

    /// Returns all of the text that contains it.
    pub fn source_text(self) -> &'t str {
        self.arena.text
    }

    /// Returns the text of the value as it is written.
    pub fn written(self) -> &'t str {
        &self.arena.text[self.span().range()]
    }

    /// Returns the content of the value.
    pub fn value(self) -> Value<'t> {
        let slot = self.arena.slot(self.index);
        match slot.what {
            What::Null => Value::Null,
            What::Bool(value) => Value::Bool(value),
            What::Integer(index) => Value::Integer(self.arena.integer_of(index)),
            What::Float(index) => Value::Float(self.arena.float_of(index)),
            What::Verbatim { .. } | What::Decoded(_) => Value::String(self.arena.text_in(slot)),
            What::List { .. } => Value::List(List { node: self }),
            What::Table { .. } => Value::Table(Table { node: self }),
            What::Other(odd) => Value::Other(odd.name()),
            What::Broken | What::Alias(_) => Value::Broken,
        }
    }

    /// Returns the place where a range of bytes of a string's value is written: exact through quotes, escapes,
    /// indentation and folding. For anything but a string, and for a range that doesn't match its characters, the whole
    /// span.
    pub fn locate(self, range: Range<usize>) -> Span {
        match (self.arena.fillings.locate(self.arena, self.index, &range), self.arena.seed) {
            (Some((template, range, _)), Some(seed)) => locate::locate(seed, template, range),
            _ => locate::locate(self.arena, self.index, range),
        }
    }

    /// Returns the place that the content of a range comes from, if it was filled in.
    pub fn content(self, range: Range<usize>) -> Option<Span> {
        self.arena.fillings.locate(self.arena, self.index, &range)?.2
    }

    /// Returns the facts about it if it was filled in: then it has the place of its template.
    pub fn filled(self) -> Option<Filled> {
        self.arena.fillings.filled(self.index)
    }

    /// Returns where the pieces of a text end that was filled in: what stands in the template, and what it was filled with.
    pub fn pieces(self) -> Option<impl Iterator<Item = usize> + 't> {
        self.arena.fillings.ends(self.index)
    }

    /// Returns whether nothing of it was lost to a mistake.
    pub(super) fn is_whole(self) -> bool {
        !matches!(self.arena.slot(self.index).what, What::Table { whole: false, .. })
    }

    pub(super) fn slot(self) -> (&'t Arena<'t>, u32) {
        (self.arena, self.index)
    }

    /// Returns whether it is a scalar that is written without quotes.
    pub fn is_bare(self) -> bool {
        let slot = self.arena.slot(self.index);
        match slot.what {
            What::List { .. } | What::Table { .. } | What::Broken | What::Alias(_) => false,
            _ => !self.arena.text[slot.span.range()].starts_with(['"', '\'', '|', '>']),
        }
    }
}

impl<'t> List<'t> {
    /// Returns the number of items. Counts them.
    pub fn len(self) -> usize {
        self.iter().count()
    }

    /// Returns whether there are none.
    pub fn is_empty(self) -> bool {
        self.iter().next().is_none()
    }

    /// Returns the items in order.
    pub fn iter(self) -> impl Iterator<Item = Node<'t>> + Clone + use<'t> {
        let Node { arena, index, used } = self.node;
        arena.chain(index).map(move |item| Node::at(arena, item, used))
    }
}

impl<'t> Table<'t> {
    /// Returns the number of entries. Counts them.
    pub fn len(self) -> usize {
        self.iter().count()
    }

    /// Returns whether there are none.
    pub fn is_empty(self) -> bool {
        self.iter().next().is_none()
    }

    /// Returns the entries in the order of the source, no key twice; then those that come by a merge key.
    pub fn iter(self) -> impl Iterator<Item = Entry<'t>> + Clone + use<'t> {
        let Node { arena, index, used } = self.node;
        let own = arena.chain(index).map(move |key| entry(arena, Inherited { key, via: NONE }, used));
        let inherited = arena.inherited(index).iter().map(move |&inherited| entry(arena, inherited, used));
        own.chain(inherited)
    }

    /// Returns the entry with this key. Looks through all of them: index a large table yourself.
    pub fn get(self, key: &str) -> Option<Entry<'t>> {
        self.iter().find(|entry| entry.key == key)
    }

    /// Returns whether all of its entries were read: in a table that lost an entry to a mistake, no key may be called
    /// missing.
    pub fn is_whole(self) -> bool {
        matches!(self.node.arena.slot(self.node.index).what, What::Table { whole: true, .. })
    }
}

/// Returns the entry of a key, in a table that was itself reached through the alias `used`.
fn entry<'t>(arena: &'t Arena<'t>, Inherited { key, via }: Inherited, used: u32) -> Entry<'t> {
    let slot = arena.slot(key);
    Entry {
        key: arena.text_in(slot),
        key_span: slot.span,
        value: Node::at(arena, key + 1, if used == NONE { via } else { used }),
        merged_at: (via != NONE).then(|| arena.slot(via).span),
    }
}
