//! The tables, and the keys that each may still get: the rules of TOML for headers and dotted keys.

use super::super::arena::{Arena, NONE, Slot, What};
use super::super::bounds;
use super::super::span::Span;
use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// One key of a dotted key, or of a header.
#[derive(Debug)]
pub(super) struct Part<'s> {
    pub(super) span: Span,
    pub(super) text: Cow<'s, str>,
    pub(super) quoted: bool,
    /// `true` if it is not well-formed.
    pub(super) broken: bool,
}

/// The tables that can still grow. A table that isn't in here is closed.
pub(super) struct Tables<'s> {
    pub(super) arena: Arena<'s>,
    growing: HashMap<u32, Growing, BuildHasherDefault<BySlot>>,
}

/// A hasher of slots. They are counted up here, so nobody can choose them to collide.
#[derive(Default)]
struct BySlot(u64);

impl Hasher for BySlot {
    fn write_u32(&mut self, slot: u32) {
        // An odd number by the golden ratio: the lower bits stay distinct, and the upper ones depend on all.
        self.0 = u64::from(slot).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("slots are numbers of 32 bits");
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The syntax that created a table, or a list of tables.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Origin {
    /// The header of a table inside it.
    Implied,
    /// Its own header; the root too.
    Header,
    /// A dotted key.
    Dotted,
    /// Braces that are still open.
    Inline,
    /// A list, from `[[header]]`.
    List,
}

struct Growing {
    origin: Origin,
    depth: usize,
    /// The end of its chain.
    last: u32,
    count: usize,
    /// For a list: `true` if it was already reported that headers of both kinds name it.
    mixed: bool,
    /// Its keys, once they are many.
    index: Option<HashMap<Box<str>, u32>>,
}

/// The reason why a key isn't allowed.
pub(super) enum Clash {
    /// It exists already, here.
    Taken(Span),
    TooDeep,
}

/// The table that a header starts.
pub(super) struct Section {
    /// The list that it is the last item of.
    pub(super) list: Option<u32>,
    pub(super) table: u32,
    /// The headers of this name are of both kinds, which wasn't reported yet.
    pub(super) mixed: Option<Mixed>,
}

/// Two headers of one name, the first of each kind.
pub(super) struct Mixed {
    /// The one in single brackets.
    pub(super) table: Span,
    /// The one in double brackets.
    pub(super) list: Span,
}

/// The number of keys up to which they are compared one by one.
const FEW: usize = 16;

impl<'s> Tables<'s> {
    /// Creates the root alone.
    pub(super) fn new(text: &'s str) -> Tables<'s> {
        let mut tables = Tables { arena: Arena::toml(text), growing: HashMap::default() };
        tables.open(Span::new(0, 0), Origin::Header, 1);
        tables
    }

    /// Adds a table that belongs to no chain yet and can grow.
    pub(super) fn open(&mut self, span: Span, origin: Origin, depth: usize) -> u32 {
        let table = self.arena.push(span, What::Broken);
        self.grow(table, origin, depth);
        table
    }

    /// Turns a slot into an empty table that can grow.
    pub(super) fn grow(&mut self, slot: u32, origin: Origin, depth: usize) {
        self.arena.slot_mut(slot).what = match origin {
            Origin::List => What::List { first: NONE },
            _ => What::Table { first: NONE, whole: true, merges: false },
        };
        self.growing.insert(slot, Growing { origin, depth, last: NONE, count: 0, mixed: false, index: None });
    }

    /// Stops a table, or a list of tables, and all in it from growing. The recursion is as deep as they are nested,
    /// which is bounded.
    pub(super) fn close(&mut self, table: u32) {
        match self.growing.remove(&table) {
            // Its other tables were closed before this one began.
            Some(Growing { origin: Origin::List, last, .. }) => self.close(last),
            Some(_) => {
                let mut key = self.arena.first(table);
                while key != NONE {
                    self.close(key + 1);
                    key = self.arena.slot(key).next;
                }
            }
            None => {}
        }
    }

    /// Returns the depth of a table; the root is 1.
    pub(super) fn depth(&self, table: u32) -> usize {
        self.growing.get(&table).map_or(0, |growing| growing.depth)
    }

    /// Returns the slot of a key in a table.
    fn find(&self, table: u32, key: &str) -> Option<u32> {
        match self.growing.get(&table)?.index.as_ref() {
            Some(index) => index.get(key).copied(),
            None => self.arena.chain(table).find(|&slot| self.arena.text_of(slot) == key),
        }
    }

    /// Adds a key to a table, without a value: the next slot is its value.
    pub(super) fn add(&mut self, table: u32, part: &Part<'_>) -> Result<(), Clash> {
        match self.find(table, &part.text) {
            Some(first) => Err(Clash::Taken(self.arena.slot(first).span)),
            None => {
                let what = self.arena.string(part.span, u8::from(part.quoted), &part.text);
                let key = self.arena.push(part.span, what);
                self.link(table, key);
                Ok(())
            }
        }
    }

    /// Adds a key, or a table of a list, at the end.
    fn link(&mut self, parent: u32, child: u32) {
        let Some(growing) = self.growing.get_mut(&parent) else { return };
        self.arena.link(parent, growing.last, child);
        growing.last = child;
        growing.count += 1;
        if growing.origin == Origin::List {
            return;
        }
        if let Some(index) = &mut growing.index {
            index.insert(self.arena.text_of(child).into(), child);
        } else if growing.count > FEW {
            growing.index = Some(self.arena.chain(parent).map(|key| (self.arena.text_of(key).into(), key)).collect());
        }
    }

    /// Returns the table that `part` names in `table`, created if it is missing: by a header (`Implied`) or a dotted key.
    pub(super) fn enter(&mut self, table: u32, part: &Part<'_>, origin: Origin) -> Result<u32, Clash> {
        let depth = self.depth(table) + 1;
        let Some(key) = self.find(table, &part.text) else {
            if depth > bounds::DEPTH {
                return Err(Clash::TooDeep);
            }
            self.add(table, part)?;
            return Ok(self.open(part.span, origin, depth));
        };
        let taken = Clash::Taken(self.arena.slot(key).span);
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

    /// Returns the table that a header `[... part]` starts in `table`; if `part` names a list, another item of it.
    pub(super) fn header(&mut self, table: u32, part: &Part<'_>, header: Span) -> Result<Section, Clash> {
        let depth = self.depth(table) + 1;
        let alone = |table| Section { list: None, table, mixed: None };
        let Some(key) = self.find(table, &part.text) else {
            if depth > bounds::DEPTH {
                return Err(Clash::TooDeep);
            }
            self.add(table, part)?;
            return Ok(alone(self.open(header, Origin::Header, depth)));
        };
        match self.growing.get_mut(&(key + 1)) {
            Some(growing) if growing.origin == Origin::Implied => {
                growing.origin = Origin::Header;
                self.arena.slot_mut(key + 1).span = header;
                Ok(alone(key + 1))
            }
            Some(growing) if growing.origin == Origin::List => {
                let is_new = !std::mem::replace(&mut growing.mixed, true);
                let section = self.list_header(table, part, header)?;
                let mixed = is_new.then(|| Mixed { table: header, list: self.header_of(key) });
                Ok(Section { mixed, ..section })
            }
            _ => Err(Clash::Taken(self.arena.slot(key).span)),
        }
    }

    /// Returns the new table that a header `[[... part]]` starts in `table`, in a list; a table of that name becomes
    /// its first item.
    pub(super) fn list_header(&mut self, table: u32, part: &Part<'_>, header: Span) -> Result<Section, Clash> {
        let depth = self.depth(table) + 2;
        let mut mixed = None;
        let list = match self.find(table, &part.text) {
            Some(key) => match self.growing.get(&(key + 1)) {
                Some(Growing { origin: Origin::List, last, .. }) => {
                    self.close(*last);
                    key + 1
                }
                Some(Growing { origin: Origin::Header, .. }) if depth <= bounds::DEPTH => {
                    mixed = Some(Mixed { table: self.header_of(key), list: header });
                    self.make_list(key + 1, depth - 1);
                    key + 1
                }
                _ => return Err(Clash::Taken(self.arena.slot(key).span)),
            },
            None if depth > bounds::DEPTH => return Err(Clash::TooDeep),
            None => {
                self.add(table, part)?;
                self.open(header, Origin::List, depth - 1)
            }
        };
        let item = self.open(header, Origin::Header, depth);
        self.link(list, item);
        Ok(Section { list: Some(list), table: item, mixed })
    }

    /// Turns a table into a list that has it as its first item: it was meant as one.
    fn make_list(&mut self, slot: u32, depth: usize) {
        self.close(slot);
        let Slot { span, what, .. } = self.arena.slot(slot);
        let item = self.arena.push(span, what);
        self.grow(slot, Origin::List, depth);
        if let Some(growing) = self.growing.get_mut(&slot) {
            growing.mixed = true;
        }
        self.link(slot, item);
    }

    /// Returns the header that first contains the key of a table or a list of tables.
    fn header_of(&self, key: u32) -> Span {
        let (start, end) = (self.arena.slot(key + 1).span.start as usize, self.arena.slot(key).span.end as usize);
        let behind = &self.arena.text[end..];
        let inner = behind.trim_start_matches([' ', '\t']);
        let closing = inner.len() - inner.trim_start_matches(']').len();
        Span::new(start.min(end), end + behind.len() - inner.len() + closing)
    }
}
