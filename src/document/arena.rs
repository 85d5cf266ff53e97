//! The layout of a tree in memory: one slot for each key and each value, by number.
//!
//! A slot points at its next sibling by index. A table's chain consists of its keys; a key's value is the slot directly
//! after the key. An alias is a slot that points at its target, so shared values cost nothing. Strings that are written
//! literally in the source stay there.

use super::derived::Fillings;
use super::slots::Slots;
use super::source::Source;
use super::span::Span;
use std::collections::HashMap;
use std::ops::Range;

/// No slot.
pub(super) const NONE: u32 = u32::MAX;

/// A key or a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Slot {
    /// Its place.
    pub(super) span: Span,
    /// Its content.
    pub(super) what: What,
    /// The next sibling, or [`NONE`].
    pub(super) next: u32,
}

/// The content of a slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum What {
    Null,
    Bool(bool),
    /// An index into the integers.
    Integer(u32),
    /// An index into the floats.
    Float(u32),
    /// A string that is its span without this many bytes before and after.
    Verbatim {
        before: u8,
        after: u8,
    },
    /// A string that the source writes differently: an index into the decoded strings.
    Decoded(u32),
    List {
        first: u32,
    },
    /// `whole`: nothing of it was lost to a mistake. `merges`: it inherits entries.
    Table {
        first: u32,
        whole: bool,
        merges: bool,
    },
    /// The target of an alias; never itself an alias.
    Alias(u32),
    Other(Odd),
    Broken,
}

/// Values that no field accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Odd {
    Date,
    Time,
    LargeInteger,
    LargeNumber,
}

impl Odd {
    /// Returns the name, with an article.
    pub(super) fn name(self) -> &'static str {
        match self {
            Odd::Date => "a date",
            Odd::Time => "a time of day",
            Odd::LargeInteger => "an integer that is too large",
            Odd::LargeNumber => "a number that is too large",
        }
    }
}

/// An entry that a table has through a merge key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inherited {
    /// The entry's key, in the table where it is written.
    pub(super) key: u32,
    /// The alias through which it came; [`NONE`] for a table that is written at the merge key itself.
    pub(super) via: u32,
}

/// All slots of a text, the root first.
#[derive(Debug)]
pub(super) struct Arena<'s> {
    pub(super) text: &'s str,
    /// `true` for TOML, `false` for YAML.
    pub(super) is_toml: bool,
    slots: Slots,
    /// Whether one of them is an alias: most texts have none.
    has_aliases: bool,
    integers: Vec<i64>,
    floats: Vec<f64>,
    decoded: String,
    /// The end of each decoded string.
    decoded_ends: Vec<u32>,
    inherited: Vec<Inherited>,
    /// The inherited entries of each table.
    merges: HashMap<u32, Range<u32>>,
    /// The filled-in slots; empty in a tree that was read.
    pub(super) fillings: Fillings,
    /// The arena that this one is derived from, unless it was read.
    pub(super) seed: Option<&'s Arena<'s>>,
    /// The texts that filled-in values come from, each with the offset at which its spans start.
    pub(super) attached: &'s [(usize, Source)],
}

/// How far an arena is filled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub(super) slots: usize,
    integers: usize,
    floats: usize,
    decoded: (usize, usize),
    inherited: usize,
    fillings: (usize, usize),
}

impl<'s> Arena<'s> {
    /// Creates the arena of a text in TOML.
    pub(super) fn toml(text: &'s str) -> Arena<'s> {
        Arena { is_toml: true, ..Arena::yaml(text) }
    }

    /// Creates the arena of a text in YAML.
    pub(super) fn yaml(text: &'s str) -> Arena<'s> {
        Arena {
            text,
            is_toml: false,
            slots: Slots::default(),
            has_aliases: false,
            integers: Vec::new(),
            floats: Vec::new(),
            decoded: String::new(),
            decoded_ends: Vec::new(),
            inherited: Vec::new(),
            merges: HashMap::new(),
            fillings: Fillings::default(),
            seed: None,
            attached: &[],
        }
    }

    /// Creates an empty arena of the same text, to be filled from this one and from `attached` texts.
    pub(super) fn sprout(&'s self, attached: &'s [(usize, Source)]) -> Arena<'s> {
        Arena { is_toml: self.is_toml, seed: Some(self), attached, ..Arena::yaml(self.text) }
    }

    /// Gives back the room that it was not filled with.
    pub(super) fn shrink(&mut self) {
        self.slots.shrink();
        self.decoded.shrink_to_fit();
        self.decoded_ends.shrink_to_fit();
    }

    pub(super) fn len(&self) -> u32 {
        self.slots.len() as u32
    }

    pub(super) fn slot(&self, index: u32) -> Slot {
        self.slots.get(index)
    }

    pub(super) fn slot_mut(&mut self, index: u32) -> &mut Slot {
        self.slots.get_mut(index)
    }

    /// Adds a slot that belongs to no chain yet.
    pub(super) fn push(&mut self, span: Span, what: What) -> u32 {
        let index = self.len();
        self.slots.push(Slot { span, what, next: NONE });
        self.has_aliases |= matches!(what, What::Alias(_));
        // What is derived is taken back again and again.
        if self.seed.is_none() {
            self.slots.pack();
        }
        index
    }

    pub(super) fn integer(&mut self, value: i64) -> What {
        self.integers.push(value);
        What::Integer(self.integers.len() as u32 - 1)
    }

    pub(super) fn float(&mut self, value: f64) -> What {
        self.floats.push(value);
        What::Float(self.floats.len() as u32 - 1)
    }

    /// Returns a string that is written at `span`, inside quotes of `quotes` bytes; it is stored only if the source
    /// differs.
    pub(super) fn string(&mut self, span: Span, quotes: u8, value: &str) -> What {
        let around = usize::from(quotes);
        let range = span.range();
        if self.text.get(range.start + around..range.end.saturating_sub(around)) == Some(value) {
            return What::Verbatim { before: quotes, after: quotes };
        }
        self.decoded(value)
    }

    /// Stores a string that is not written literally in the source.
    pub(super) fn decoded(&mut self, value: &str) -> What {
        self.decoded.push_str(value);
        self.decoded_ends.push(self.decoded.len() as u32);
        What::Decoded(self.decoded_ends.len() as u32 - 1)
    }

    pub(super) fn integer_of(&self, index: u32) -> i64 {
        self.integers[index as usize]
    }

    pub(super) fn float_of(&self, index: u32) -> f64 {
        self.floats[index as usize]
    }

    /// Returns the text of a string or a key; for anything else, the text as it is written.
    pub(super) fn text_of(&self, index: u32) -> &str {
        self.text_in(self.slot(index))
    }

    /// Does the same for a slot that was looked up.
    pub(super) fn text_in(&self, slot: Slot) -> &str {
        let range = slot.span.range();
        match slot.what {
            What::Alias(target) => self.text_of(target),
            What::Decoded(index) => {
                let start = index.checked_sub(1).map_or(0, |before| self.decoded_ends[before as usize]);
                &self.decoded[start as usize..self.decoded_ends[index as usize] as usize]
            }
            What::Verbatim { before, after } => {
                &self.text[range.start + usize::from(before)..range.end - usize::from(after)]
            }
            _ => &self.text[range],
        }
    }

    /// Returns the first slot in the chain of a list or a table.
    pub(super) fn first(&self, index: u32) -> u32 {
        match self.slot(index).what {
            What::List { first } | What::Table { first, .. } => first,
            _ => NONE,
        }
    }

    /// Adds `child` (an item, or an entry's key) at the end of `parent`'s chain, whose end so far is `last`.
    pub(super) fn link(&mut self, parent: u32, last: u32, child: u32) {
        if last != NONE {
            self.slot_mut(last).next = child;
        } else if let What::List { first } | What::Table { first, .. } = &mut self.slot_mut(parent).what {
            *first = child;
        }
    }

    /// Returns the chain of a list's items or a table's keys.
    pub(super) fn chain(&self, parent: u32) -> impl Iterator<Item = u32> + Clone + '_ {
        let present = |index: u32| (index != NONE).then_some(index);
        std::iter::successors(present(self.first(parent)), move |&index| present(self.slot(index).next))
    }

    /// Returns all keys of a table: its own, then the inherited ones.
    pub(super) fn keys(&self, table: u32) -> impl Iterator<Item = u32> + '_ {
        self.chain(table).chain(self.inherited(table).iter().map(|inherited| inherited.key))
    }

    /// Records that a part of a table was lost to a mistake.
    pub(super) fn lost(&mut self, index: u32) {
        if let What::Table { whole, .. } = &mut self.slot_mut(index).what {
            *whole = false;
        }
    }

    /// Adds the inherited entries of a table.
    pub(super) fn inherit(&mut self, table: u32, entries: &[Inherited]) {
        let start = self.inherited.len() as u32;
        self.inherited.extend_from_slice(entries);
        self.merges.insert(table, start..self.inherited.len() as u32);
        if let What::Table { merges, .. } = &mut self.slot_mut(table).what {
            *merges = true;
        }
    }

    /// Returns the targets of aliases: disjoint, in source order.
    pub(super) fn shared(&self) -> Vec<Span> {
        if !self.has_aliases {
            return Vec::new();
        }
        let target =
            |slot| if let What::Alias(target) = self.slot(slot).what { Some(self.slot(target).span) } else { None };
        let mut spans: Vec<Span> = (0..self.len()).filter_map(target).collect();
        spans.sort_unstable();
        spans.dedup_by(|later, earlier| {
            let overlaps = later.start < earlier.end;
            if overlaps {
                earlier.end = earlier.end.max(later.end);
            }
            overlaps
        });
        spans
    }

    /// Returns how far it is filled.
    pub(super) fn extent(&self) -> Extent {
        Extent {
            slots: self.slots.len(),
            integers: self.integers.len(),
            floats: self.floats.len(),
            decoded: (self.decoded.len(), self.decoded_ends.len()),
            inherited: self.inherited.len(),
            fillings: self.fillings.extent(),
        }
    }

    /// Takes out what was added since it was filled so far.
    pub(super) fn truncate(&mut self, extent: &Extent) {
        if self.inherited.len() > extent.inherited {
            self.merges.retain(|table, _| (*table as usize) < extent.slots);
        }
        self.slots.truncate(extent.slots);
        self.integers.truncate(extent.integers);
        self.floats.truncate(extent.floats);
        self.decoded.truncate(extent.decoded.0);
        self.decoded_ends.truncate(extent.decoded.1);
        self.inherited.truncate(extent.inherited);
        self.fillings.truncate(extent.fillings);
    }

    /// Returns the inherited entries of a table.
    pub(super) fn inherited(&self, table: u32) -> &[Inherited] {
        match self.slot(table).what {
            What::Table { merges: true, .. } => {
                let range = self.merges.get(&table).cloned().unwrap_or_default();
                &self.inherited[range.start as usize..range.end as usize]
            }
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_slot_stays_small() {
        assert_eq!(size_of::<super::Slot>(), 20);
    }
}
