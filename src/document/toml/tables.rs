//! Which tables there are, and which keys each may still take: the rules of TOML for headers and dotted keys.

use super::super::bounds;
use super::super::span::Span;
use super::super::tape::{NONE, Tape, What};
use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// One key of a dotted key, or of a header.
#[derive(Debug)]
pub(super) struct Part<'s> {
    pub(super) span: Span,
    pub(super) text: Cow<'s, str>,
    pub(super) quoted: bool,
    /// It is not well-formed.
    pub(super) broken: bool,
}

/// The tables that can still grow. A table that isn't in here is closed.
pub(super) struct Tables<'s> {
    pub(super) tape: Tape<'s>,
    growing: HashMap<u32, Growing, BuildHasherDefault<BySlot>>,
}

/// Spreads slots in a map. They are counted up here, so nobody can choose them to collide.
#[derive(Default)]
struct BySlot(u64);

impl Hasher for BySlot {
    fn write_u32(&mut self, slot: u32) {
        // An odd number by the golden ratio: the lower bits stay apart, and the upper ones depend on all.
        self.0 = u64::from(slot).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("slots are numbers of 32 bits");
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// How a table, or a list of tables, came to be.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Origin {
    /// By a header of a table inside it.
    Implied,
    /// By its own header; the root too.
    Header,
    /// By a dotted key.
    Dotted,
    /// By braces that are still open.
    Inline,
    /// A list, by `[[header]]`.
    List,
}

struct Growing {
    origin: Origin,
    depth: usize,
    /// The end of its chain.
    last: u32,
    count: usize,
    /// Its keys, once they are many.
    index: Option<HashMap<Box<str>, u32>>,
}

/// Why a key can't be had.
pub(super) enum Clash {
    /// It stands already, here.
    Taken(Span),
    TooDeep,
}

/// Up to how many keys are compared one by one.
const FEW: usize = 16;

impl<'s> Tables<'s> {
    /// The root alone.
    pub(super) fn new(text: &'s str) -> Tables<'s> {
        let mut tables = Tables { tape: Tape::toml(text), growing: HashMap::default() };
        tables.open(Span::new(0, 0), Origin::Header, 1);
        tables
    }

    /// Adds a table that belongs to nothing yet and can grow.
    pub(super) fn open(&mut self, span: Span, origin: Origin, depth: usize) -> u32 {
        let table = self.tape.push(span, What::Broken);
        self.grow(table, origin, depth);
        table
    }

    /// Makes a slot an empty table that can grow.
    pub(super) fn grow(&mut self, slot: u32, origin: Origin, depth: usize) {
        self.tape.slot_mut(slot).what = match origin {
            Origin::List => What::List { first: NONE },
            _ => What::Table { first: NONE, whole: true, merges: false },
        };
        self.growing.insert(slot, Growing { origin, depth, last: NONE, count: 0, index: None });
    }

    /// Lets a table, or a list of tables, and all in it grow no more. Goes as deep as they are nested, which is bounded.
    pub(super) fn close(&mut self, table: u32) {
        match self.growing.remove(&table) {
            // Its other tables were closed before this one began.
            Some(Growing { origin: Origin::List, last, .. }) => self.close(last),
            Some(_) => {
                let mut key = self.tape.first(table);
                while key != NONE {
                    self.close(key + 1);
                    key = self.tape.slot(key).next;
                }
            }
            None => {}
        }
    }

    /// How deep a table lies; the root is 1.
    pub(super) fn depth(&self, table: u32) -> usize {
        self.growing.get(&table).map_or(0, |growing| growing.depth)
    }

    /// The slot of a key in a table.
    fn find(&self, table: u32, key: &str) -> Option<u32> {
        match self.growing.get(&table)?.index.as_ref() {
            Some(index) => index.get(key).copied(),
            None => self.tape.chain(table).find(|&slot| self.tape.text_of(slot) == key),
        }
    }

    /// Adds a key to a table, and nothing for it: the next slot is its value.
    pub(super) fn add(&mut self, table: u32, part: &Part<'_>) -> Result<(), Clash> {
        match self.find(table, &part.text) {
            Some(first) => Err(Clash::Taken(self.tape.slot(first).span)),
            None => {
                let what = self.tape.string(part.span, u8::from(part.quoted), &part.text);
                let key = self.tape.push(part.span, what);
                self.link(table, key);
                Ok(())
            }
        }
    }

    /// Puts a key, or a table of a list, at the end.
    fn link(&mut self, parent: u32, child: u32) {
        let Some(growing) = self.growing.get_mut(&parent) else { return };
        self.tape.link(parent, growing.last, child);
        growing.last = child;
        growing.count += 1;
        if growing.origin == Origin::List {
            return;
        }
        if let Some(index) = &mut growing.index {
            index.insert(self.tape.text_of(child).into(), child);
        } else if growing.count > FEW {
            growing.index = Some(self.tape.chain(parent).map(|key| (self.tape.text_of(key).into(), key)).collect());
        }
    }

    /// The table that `part` names in `table`, made if there is none: by a header (`Implied`) or a dotted key.
    pub(super) fn enter(&mut self, table: u32, part: &Part<'_>, origin: Origin) -> Result<u32, Clash> {
        let depth = self.depth(table) + 1;
        let Some(key) = self.find(table, &part.text) else {
            if depth > bounds::DEPTH {
                return Err(Clash::TooDeep);
            }
            self.add(table, part)?;
            return Ok(self.open(part.span, origin, depth));
        };
        let taken = Clash::Taken(self.tape.slot(key).span);
        let value = key + 1;
        match self.growing.get_mut(&value).map(|growing| (&mut growing.origin, growing.last)) {
            Some((Origin::List, last)) if origin == Origin::Implied => Ok(last),
            Some((Origin::Dotted, _)) => Ok(value),
            Some((found @ Origin::Implied, _)) => {
                *found = origin;
                Ok(value)
            }
            Some((Origin::Header, _)) if origin == Origin::Implied => Ok(value),
            _ => Err(taken),
        }
    }

    /// The table that a header `[... part]` starts in `table`.
    pub(super) fn header(&mut self, table: u32, part: &Part<'_>, header: Span) -> Result<u32, Clash> {
        let depth = self.depth(table) + 1;
        let Some(key) = self.find(table, &part.text) else {
            if depth > bounds::DEPTH {
                return Err(Clash::TooDeep);
            }
            self.add(table, part)?;
            return Ok(self.open(header, Origin::Header, depth));
        };
        match self.growing.get_mut(&(key + 1)) {
            Some(growing) if growing.origin == Origin::Implied => {
                growing.origin = Origin::Header;
                self.tape.slot_mut(key + 1).span = header;
                Ok(key + 1)
            }
            _ => Err(Clash::Taken(self.tape.slot(key).span)),
        }
    }

    /// The list, and the new table in it, that a header `[[... part]]` starts in `table`.
    pub(super) fn list_header(&mut self, table: u32, part: &Part<'_>, header: Span) -> Result<(u32, u32), Clash> {
        let depth = self.depth(table) + 2;
        let list = match self.find(table, &part.text) {
            Some(key) => match self.growing.get(&(key + 1)) {
                Some(Growing { origin: Origin::List, last, .. }) => {
                    self.close(*last);
                    key + 1
                }
                _ => return Err(Clash::Taken(self.tape.slot(key).span)),
            },
            None if depth > bounds::DEPTH => return Err(Clash::TooDeep),
            None => {
                self.add(table, part)?;
                self.open(header, Origin::List, depth - 1)
            }
        };
        let item = self.open(header, Origin::Header, depth);
        self.link(list, item);
        Ok((list, item))
    }
}
