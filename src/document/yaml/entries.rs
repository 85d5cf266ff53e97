//! The content of a finished table: no key twice, and the entries inherited by merge keys.

use super::super::arena::{Arena, Inherited, NONE, What};
use super::super::flaw::Flaw;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// The number of keys that are compared one by one: most tables are small, and a hash map costs more than it saves there.
const FEW: usize = 16;

/// The keys seen so far, with their slots.
struct Seen<'t> {
    /// The first of them, as many as `count`.
    few: [(&'t str, u32); FEW],
    count: usize,
    /// All of them, once they are more.
    many: HashMap<&'t str, u32>,
}

impl<'t> Seen<'t> {
    fn new() -> Seen<'t> {
        Seen { few: [("", NONE); FEW], count: 0, many: HashMap::new() }
    }

    /// Adds a key; returns the slot of an equal one before it, if any.
    fn insert(&mut self, key: &'t str, slot: u32) -> Option<u32> {
        if self.many.is_empty() {
            if let Some((_, first)) = self.few[..self.count].iter().find(|(other, _)| *other == key) {
                return Some(*first);
            }
            if let Some(free) = self.few.get_mut(self.count) {
                *free = (key, slot);
                self.count += 1;
                return None;
            }
            self.many = self.few.into_iter().collect();
        }
        match self.many.entry(key) {
            Entry::Occupied(first) => Some(*first.get()),
            Entry::Vacant(free) => {
                free.insert(slot);
                None
            }
        }
    }
}

/// Removes every repeated key from the table's chain, and reports it.
pub(super) fn unique(arena: &mut Arena<'_>, table: u32, flaws: &mut Vec<Flaw>) {
    let mut again = Vec::new();
    let mut seen = Seen::new();
    let mut kept = NONE;
    for key in arena.chain(table) {
        match seen.insert(arena.text_of(key), key) {
            None => kept = key,
            Some(first) => again.push((kept, key, first)),
        }
    }
    for (before, key, first) in again {
        arena.slot_mut(before).next = arena.slot(key).next;
        flaws.push(Flaw::DuplicateKey {
            key: arena.text_of(key).to_owned(),
            first: arena.slot(first).span,
            second: arena.slot(key).span,
        });
    }
}

/// Adds to the table the entries of the value at its merge key; its own win, then the earlier ones. Returns the number
/// of values added; if it would exceed `budget`, the rest is left out.
///
/// Each table's inheritance is resolved once, so that chains of merges don't multiply.
pub(super) fn inherit(arena: &mut Arena<'_>, table: u32, merge: u32, budget: u64, flaws: &mut Vec<Flaw>) -> u64 {
    let mut seen = Seen::new();
    for key in arena.chain(table) {
        seen.insert(arena.text_of(key), key);
    }
    let mut entries = Vec::new();
    let mut values = 0;
    let mut lost = false;
    'sources: for (from, via) in sources(arena, merge, &mut lost, flaws) {
        for key in arena.keys(from) {
            if seen.insert(arena.text_of(key), key).is_none() {
                values = weigh(arena, key + 1, values + 1, budget);
                if values > budget {
                    lost = true;
                    break 'sources;
                }
                entries.push(Inherited { key, via });
            }
        }
        lost |= !matches!(arena.slot(from).what, What::Table { whole: true, .. });
    }
    if lost {
        arena.lost(table);
    }
    arena.inherit(table, &entries);
    values
}

/// Returns `values` plus the number of values of `slot`, counted no further than past `budget`. The recursion is as
/// deep as values are nested, which is bounded.
fn weigh(arena: &Arena<'_>, slot: u32, values: u64, budget: u64) -> u64 {
    let add = |values, slot| if values > budget { values } else { weigh(arena, slot, values, budget) };
    match arena.slot(slot).what {
        What::Alias(target) => weigh(arena, target, values, budget),
        What::List { .. } => arena.chain(slot).fold(values + 1, add),
        What::Table { .. } => arena.keys(slot).map(|key| key + 1).fold(values + 1, add),
        _ => values + 1,
    }
}

/// Returns the tables that a merge key brings in, each with its alias.
fn sources(arena: &Arena<'_>, merge: u32, lost: &mut bool, flaws: &mut Vec<Flaw>) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    let (value, via) = target(arena, merge);
    let mut take = |slot: u32, via: u32, at: u32| match arena.slot(slot).what {
        What::Table { .. } => found.push((slot, via)),
        What::Broken => *lost = true,
        _ => flaws.push(Flaw::BadMerge { span: arena.slot(at).span }),
    };
    if let What::List { .. } = arena.slot(value).what {
        for item in arena.chain(value) {
            let (table, inner) = target(arena, item);
            take(table, if via == NONE { inner } else { via }, item);
        }
    } else {
        take(value, via, merge);
    }
    found
}

/// Returns the target of a slot, and the slot itself if it is an alias.
fn target(arena: &Arena<'_>, slot: u32) -> (u32, u32) {
    match arena.slot(slot).what {
        What::Alias(target) => (target, slot),
        _ => (slot, NONE),
    }
}
