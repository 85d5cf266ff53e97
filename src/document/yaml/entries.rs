//! What a finished table holds: no key twice, and what it inherits by merge keys.

use super::super::flaw::Flaw;
use super::super::tape::{Inherited, NONE, Tape, What};
use std::collections::HashMap;

/// Keys that were seen, with their slots. Most tables are small, and a hash map costs more than it saves there.
enum Seen<'t> {
    Few(Vec<(&'t str, u32)>),
    Many(HashMap<&'t str, u32>),
}

impl<'t> Seen<'t> {
    const FEW: usize = 16;

    fn new() -> Seen<'t> {
        Seen::Few(Vec::with_capacity(Self::FEW))
    }

    /// Takes in a key; gives the slot of the one before it, if there is one.
    fn insert(&mut self, key: &'t str, slot: u32) -> Option<u32> {
        match self {
            Seen::Few(seen) => {
                if let Some(&(_, first)) = seen.iter().find(|(other, _)| *other == key) {
                    return Some(first);
                }
                seen.push((key, slot));
                if seen.len() > Self::FEW {
                    *self = Seen::Many(seen.drain(..).collect());
                }
                None
            }
            Seen::Many(seen) => match seen.entry(key) {
                std::collections::hash_map::Entry::Occupied(first) => Some(*first.get()),
                std::collections::hash_map::Entry::Vacant(place) => {
                    place.insert(slot);
                    None
                }
            },
        }
    }
}

/// Takes every key that stands a second time out of the table's chain, and reports it.
pub(super) fn unique(tape: &mut Tape<'_>, table: u32, flaws: &mut Vec<Flaw>) {
    let mut again = Vec::new();
    let mut seen = Seen::new();
    let mut kept = NONE;
    for key in tape.chain(table) {
        match seen.insert(tape.text_of(key), key) {
            None => kept = key,
            Some(first) => again.push((kept, key, first)),
        }
    }
    for (before, key, first) in again {
        tape.slot_mut(before).next = tape.slot(key).next;
        flaws.push(Flaw::DuplicateKey {
            key: tape.text_of(key).to_owned(),
            first: tape.slot(first).span,
            second: tape.slot(key).span,
        });
    }
}

/// What a table got by its merge keys.
#[derive(Default)]
pub(super) struct Inheritance {
    /// How many values that is.
    pub(super) values: u64,
    /// The merge key's value that would have brought in more than the budget.
    pub(super) too_many: Option<u32>,
}

/// Gives the table the entries of the values that stand at its merge keys; its own win, then the earlier ones.
///
/// Each table's inheritance is written down once, so that chains of merges don't multiply. It is at most `budget` values.
pub(super) fn inherit(
    tape: &mut Tape<'_>,
    table: u32,
    merges: &[u32],
    budget: u64,
    flaws: &mut Vec<Flaw>,
) -> Inheritance {
    let mut seen = Seen::new();
    for key in tape.chain(table) {
        seen.insert(tape.text_of(key), key);
    }
    let mut entries = Vec::new();
    let mut inheritance = Inheritance::default();
    let mut lost = false;
    'sources: for source in sources(tape, merges, &mut lost, flaws) {
        let own = tape.chain(source.table);
        for key in own.chain(tape.inherited(source.table).iter().map(|inherited| inherited.key)) {
            if seen.insert(tape.text_of(key), key).is_none() {
                inheritance.values = weigh(tape, key + 1, inheritance.values + 1, budget);
                if inheritance.values > budget {
                    inheritance.too_many = Some(source.merge);
                    lost = true;
                    break 'sources;
                }
                entries.push(Inherited { key, via: source.via });
            }
        }
        lost |= !matches!(tape.slot(source.table).what, What::Table { whole: true, .. });
    }
    if lost {
        tape.lost(table);
    }
    tape.inherit(table, &entries);
    inheritance
}

/// How many values there are after those of `slot` come to the `values` so far, counted no further than past `budget`.
/// Goes as deep as values are nested, which is bounded.
fn weigh(tape: &Tape<'_>, slot: u32, values: u64, budget: u64) -> u64 {
    let add = |values, slot| if values > budget { values } else { weigh(tape, slot, values, budget) };
    match tape.slot(slot).what {
        What::Alias(target) => weigh(tape, target, values, budget),
        What::List { .. } => tape.chain(slot).fold(values + 1, add),
        What::Table { .. } => {
            let own = tape.chain(slot);
            own.chain(tape.inherited(slot).iter().map(|inherited| inherited.key))
                .map(|key| key + 1)
                .fold(values + 1, add)
        }
        _ => values + 1,
    }
}

/// A table that a merge key brings in.
struct Source {
    table: u32,
    /// The alias that stands for it, or [`NONE`].
    via: u32,
    /// The value at the merge key.
    merge: u32,
}

/// The tables that merge keys bring in.
fn sources(tape: &Tape<'_>, merges: &[u32], lost: &mut bool, flaws: &mut Vec<Flaw>) -> Vec<Source> {
    let mut found = Vec::new();
    for &merge in merges {
        let (value, via) = target(tape, merge);
        match tape.slot(value).what {
            What::Table { .. } => found.push(Source { table: value, via, merge }),
            What::List { .. } => {
                for item in tape.chain(value) {
                    let (table, inner) = target(tape, item);
                    match tape.slot(table).what {
                        What::Table { .. } => {
                            found.push(Source { table, via: if via == NONE { inner } else { via }, merge });
                        }
                        What::Broken => *lost = true,
                        _ => flaws.push(Flaw::BadMerge { span: tape.slot(item).span }),
                    }
                }
            }
            What::Broken => *lost = true,
            _ => flaws.push(Flaw::BadMerge { span: tape.slot(merge).span }),
        }
    }
    found
}

/// What a slot stands for, and the slot itself if it is an alias.
fn target(tape: &Tape<'_>, slot: u32) -> (u32, u32) {
    match tape.slot(slot).what {
        What::Alias(target) => (target, slot),
        _ => (slot, NONE),
    }
}
