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

/// Gives the table the entries of the values that stand at its merge keys; its own win, then the earlier ones.
///
/// Each table's inheritance is written down once, so that chains of merges don't multiply. How much that can be is
/// bounded with the aliases themselves.
pub(super) fn inherit(tape: &mut Tape<'_>, table: u32, merges: &[u32], flaws: &mut Vec<Flaw>) {
    let mut seen = Seen::new();
    for key in tape.chain(table) {
        seen.insert(tape.text_of(key), key);
    }
    let mut entries = Vec::new();
    let mut lost = false;
    for (from, via) in sources(tape, merges, &mut lost, flaws) {
        let own = tape.chain(from);
        for key in own.chain(tape.inherited(from).iter().map(|inherited| inherited.key)) {
            if seen.insert(tape.text_of(key), key).is_none() {
                entries.push(Inherited { key, via });
            }
        }
        lost |= !matches!(tape.slot(from).what, What::Table { whole: true, .. });
    }
    if lost {
        tape.lost(table);
    }
    tape.inherit(table, &entries);
}

/// The tables that merge keys bring in, each with its alias.
fn sources(tape: &Tape<'_>, merges: &[u32], lost: &mut bool, flaws: &mut Vec<Flaw>) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    for &merge in merges {
        let (value, via) = target(tape, merge);
        match tape.slot(value).what {
            What::Table { .. } => found.push((value, via)),
            What::List { .. } => {
                for item in tape.chain(value) {
                    let (value, inner) = target(tape, item);
                    match tape.slot(value).what {
                        What::Table { .. } => found.push((value, if via == NONE { inner } else { via })),
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
