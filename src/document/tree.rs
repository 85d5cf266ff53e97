//! One neutral tree with spans, for YAML, TOML and JSON.

use super::graft::Filled;
use super::locate;
use super::span::Span;
use super::tape::{Inherited, NONE, Tape, What};
use std::ops::Range;

/// The content of a text, with the place of every key and value.
#[derive(Debug)]
pub struct Tree<'s> {
    tape: Tape<'s>,
}

/// A value in a tree.
#[derive(Clone, Copy, Debug)]
pub struct Node<'t> {
    tape: &'t Tape<'t>,
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
    pub(super) fn new(tape: Tape<'s>) -> Tree<'s> {
        Tree { tape }
    }

    /// Returns the outermost value.
    pub fn root(&self) -> Node<'_> {
        Node::at(&self.tape, 0, NONE)
    }

    /// Returns the places of the values that aliases refer to: disjoint, in source order.
    pub fn shared(&self) -> Vec<Span> {
        self.tape.shared()
    }

    pub(super) fn tape(&self) -> &Tape<'s> {
        &self.tape
    }
}

impl<'t> Node<'t> {
    /// Returns the value in a slot, through its alias if it is one.
    pub(super) fn at(tape: &'t Tape<'t>, index: u32, used: u32) -> Node<'t> {
        match tape.slot(index).what {
            What::Alias(target) => Node { tape, index: target, used: if used == NONE { index } else { used } },
            _ => Node { tape, index, used },
        }
    }

    /// Returns the place where the value is written: for an alias, at its anchor. A block ends with its last value; a
    /// TOML table starts at its header.
    pub fn span(self) -> Span {
        self.tape.slot(self.index).span
    }

    /// Returns the alias that brought the value here, if any: of several, the first on the way from the root.
    pub fn used_at(self) -> Option<Span> {
        (self.used != NONE).then(|| self.tape.slot(self.used).span)
    }

    /// Returns a short place, never more than a line, that represents the value as a whole: a table's first key or TOML
    /// header, a list's first item, an opening bracket, a scalar's first line.
    pub fn head(self) -> Span {
        locate::head(self.tape, self.index)
    }

    /// Returns all of the text that contains it.
    pub fn source_text(self) -> &'t str {
        self.tape.text
    }

    /// Returns the text of the value as it is written.
    pub fn written(self) -> &'t str {
        &self.tape.text[self.span().range()]
    }

    /// Returns the content of the value.
    pub fn value(self) -> Value<'t> {
        match self.tape.slot(self.index).what {
            What::Null => Value::Null,
            What::Bool(value) => Value::Bool(value),
            What::Integer(index) => Value::Integer(self.tape.integer_of(index)),
            What::Float(index) => Value::Float(self.tape.float_of(index)),
            What::Verbatim { .. } | What::Decoded(_) => Value::String(self.tape.text_of(self.index)),
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
        match (self.tape.fillings.locate(self.tape, self.index, &range), self.tape.seed) {
            (Some((template, range, _)), Some(seed)) => locate::locate(seed, template, range),
            _ => locate::locate(self.tape, self.index, range),
        }
    }

    /// Returns the place that the content of a range comes from, if it was filled in.
    pub fn content(self, range: Range<usize>) -> Option<Span> {
        self.tape.fillings.locate(self.tape, self.index, &range)?.2
    }

    /// Returns the facts about it if it was filled in: then it has the place of its template.
    pub fn filled(self) -> Option<Filled> {
        self.tape.fillings.filled(self.index)
    }

    /// Where the pieces of a text end that was filled in: what stands in the template, and what it was filled with.
    pub fn pieces(self) -> Option<impl Iterator<Item = usize> + 't> {
        self.tape.fillings.ends(self.index)
    }

    /// Returns whether nothing of it was lost to a mistake.
    pub(super) fn is_whole(self) -> bool {
        !matches!(self.tape.slot(self.index).what, What::Table { whole: false, .. })
    }

    pub(super) fn slot(self) -> (&'t Tape<'t>, u32) {
        (self.tape, self.index)
    }

    /// Returns whether it is a scalar that is written without quotes.
    pub fn is_bare(self) -> bool {
        let slot = self.tape.slot(self.index);
        match slot.what {
            What::List { .. } | What::Table { .. } | What::Broken | What::Alias(_) => false,
            _ => !self.tape.text[slot.span.range()].starts_with(['"', '\'', '|', '>']),
        }
    }
}

impl<'t> List<'t> {
    /// Returns the number of items. Counts them.
    pub fn len(self) -> usize {
        self.iter().count()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.iter().next().is_none()
    }

    /// Returns the items in order.
    pub fn iter(self) -> impl Iterator<Item = Node<'t>> + Clone + use<'t> {
        let Node { tape, index, used } = self.node;
        tape.chain(index).map(move |item| Node::at(tape, item, used))
    }
}

impl<'t> Table<'t> {
    /// Returns the number of entries. Counts them.
    pub fn len(self) -> usize {
        self.iter().count()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.iter().next().is_none()
    }

    /// Returns the entries in the order of the source, no key twice; then those that come by a merge key.
    pub fn iter(self) -> impl Iterator<Item = Entry<'t>> + Clone + use<'t> {
        let Node { tape, index, used } = self.node;
        let own = tape.chain(index).map(move |key| entry(tape, Inherited { key, via: NONE }, used));
        let inherited = tape.inherited(index).iter().map(move |&inherited| entry(tape, inherited, used));
        own.chain(inherited)
    }

    /// Returns the entry with this key. Looks through all of them: index a large table yourself.
    pub fn get(self, key: &str) -> Option<Entry<'t>> {
        self.iter().find(|entry| entry.key == key)
    }

    /// Returns whether all of its entries were read: in a table that lost an entry to a mistake, no key may be called
    /// missing.
    pub fn is_whole(self) -> bool {
        matches!(self.node.tape.slot(self.node.index).what, What::Table { whole: true, .. })
    }
}

/// Returns the entry of a key, in a table that was itself reached through the alias `used`.
fn entry<'t>(tape: &'t Tape<'t>, Inherited { key, via }: Inherited, used: u32) -> Entry<'t> {
    Entry {
        key: tape.text_of(key),
        key_span: tape.slot(key).span,
        value: Node::at(tape, key + 1, if used == NONE { via } else { used }),
        merged_at: (via != NONE).then(|| tape.slot(via).span),
    }
}
