//! The slots of a tree in memory: the newest as they are, so that its reader can change them; all before in eight bytes.
//!
//! Nearly all slots of a large text need no more: a short text, or a list or a table whose first child follows it at once,
//! with its next sibling not far away. The others, and those that are changed late, are kept whole beside.

use super::arena::{NONE, Slot, What};
use super::span::Span;

/// The number of slots that stay as they are at least: a reader changes the newest ones all the time.
const OPEN: usize = 4096;

/// Slots by number.
#[derive(Debug, Default)]
pub(super) struct Slots {
    packed: Vec<Packed>,
    /// Those that don't fit.
    whole: Vec<Slot>,
    open: Vec<Slot>,
}

/// A slot in eight bytes.
#[derive(Clone, Copy, Debug)]
struct Packed {
    /// The start of its span; of a slot that is kept whole, its index.
    start: u32,
    /// From the lowest bit on: its kind, two more bits of it, the length of its span, and how far its next sibling is away
    /// (0 for none).
    rest: u32,
}

/// The kinds of packed slots.
#[derive(Clone, Copy)]
enum Kind {
    Whole,
    Null,
    Bool,
    Verbatim,
    List,
    Table,
}

const KIND: u32 = 3;
const FLAGS: u32 = 2;
const LENGTH: u32 = 14;
const NEXT: u32 = 32 - KIND - FLAGS - LENGTH;

impl Packed {
    /// Returns the slot with this number in eight bytes, if it fits.
    fn new(slot: &Slot, index: u32) -> Option<Packed> {
        let follows = |first: u32| match first {
            NONE => Some(0),
            _ => (first == index + 1).then_some(1),
        };
        let (kind, flags) = match slot.what {
            What::Null => (Kind::Null, 0),
            What::Bool(value) => (Kind::Bool, u32::from(value)),
            What::Verbatim { before, after } if before == after && u32::from(before) < 1 << FLAGS => {
                (Kind::Verbatim, u32::from(before))
            }
            What::List { first } => (Kind::List, follows(first)?),
            What::Table { first, whole, merges: false } => (Kind::Table, follows(first)? | u32::from(whole) << 1),
            _ => return None,
        };
        let length = slot.span.end.checked_sub(slot.span.start).filter(|length| *length < 1 << LENGTH)?;
        let next = match slot.next {
            NONE => 0,
            next => next.checked_sub(index).filter(|next| (1..1 << NEXT).contains(next))?,
        };
        let rest = kind as u32 | flags << KIND | length << (KIND + FLAGS) | next << (KIND + FLAGS + LENGTH);
        Some(Packed { start: slot.span.start, rest })
    }

    /// Returns the index of a slot that is kept whole.
    fn whole(self) -> Option<usize> {
        (self.rest == Kind::Whole as u32).then_some(self.start as usize)
    }

    /// Returns the slot, whose number is this.
    fn slot(self, index: u32) -> Slot {
        let part = |before: u32, bits: u32| self.rest >> before & ((1 << bits) - 1);
        let flags = part(KIND, FLAGS);
        let first = if flags & 1 == 1 { index + 1 } else { NONE };
        let what = match part(0, KIND) {
            kind if kind == Kind::Bool as u32 => What::Bool(flags == 1),
            kind if kind == Kind::Verbatim as u32 => What::Verbatim { before: flags as u8, after: flags as u8 },
            kind if kind == Kind::List as u32 => What::List { first },
            kind if kind == Kind::Table as u32 => What::Table { first, whole: flags & 2 == 2, merges: false },
            _ => What::Null,
        };
        let span = Span { start: self.start, end: self.start + part(KIND + FLAGS, LENGTH) };
        let next = match part(KIND + FLAGS + LENGTH, NEXT) {
            0 => NONE,
            next => index + next,
        };
        Slot { span, what, next }
    }
}

impl Slots {
    pub(super) fn len(&self) -> usize {
        self.packed.len() + self.open.len()
    }

    pub(super) fn push(&mut self, slot: Slot) {
        self.open.push(slot);
    }

    /// Packs old slots, once they are many.
    pub(super) fn pack(&mut self) {
        if self.open.len() < 2 * OPEN {
            return;
        }
        for slot in self.open.drain(..OPEN) {
            let packed = Packed::new(&slot, self.packed.len() as u32).unwrap_or_else(|| {
                self.whole.push(slot);
                Packed { start: self.whole.len() as u32 - 1, rest: Kind::Whole as u32 }
            });
            self.packed.push(packed);
        }
    }

    pub(super) fn get(&self, index: u32) -> Slot {
        match self.packed.get(index as usize) {
            Some(packed) => packed.whole().map_or_else(|| packed.slot(index), |whole| self.whole[whole]),
            None => self.open[index as usize - self.packed.len()],
        }
    }

    pub(super) fn get_mut(&mut self, index: u32) -> &mut Slot {
        let Some(packed) = self.packed.get_mut(index as usize) else {
            return &mut self.open[index as usize - self.packed.len()];
        };
        let whole = packed.whole().unwrap_or_else(|| {
            self.whole.push(packed.slot(index));
            *packed = Packed { start: self.whole.len() as u32 - 1, rest: Kind::Whole as u32 };
            self.whole.len() - 1
        });
        &mut self.whole[whole]
    }

    /// Takes out all slots from this number on, none of which is packed.
    pub(super) fn truncate(&mut self, length: usize) {
        self.open.truncate(length - self.packed.len());
    }

    /// Gives back the room that is not filled.
    pub(super) fn shrink(&mut self) {
        self.packed.shrink_to_fit();
        self.whole.shrink_to_fit();
        self.open.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::super::arena::Odd;
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::TestRunner;

    /// Returns a slot of a number that is not far from this one, or far.
    fn slots() -> impl Strategy<Value = Slot> {
        let near = || prop_oneof![5 => 0..100_u32, 1 => 0..1_000_000_u32, 1 => Just(NONE)];
        let what = prop_oneof![
            Just(What::Null),
            any::<bool>().prop_map(What::Bool),
            near().prop_map(What::Integer),
            (0..5_u8, 0..5_u8).prop_map(|(before, after)| What::Verbatim { before, after }),
            (0..5_u8).prop_map(|quotes| What::Verbatim { before: quotes, after: quotes }),
            near().prop_map(What::Decoded),
            near().prop_map(|first| What::List { first }),
            (near(), any::<bool>(), any::<bool>()).prop_map(|(first, whole, merges)| What::Table {
                first,
                whole,
                merges
            }),
            near().prop_map(What::Alias),
            Just(What::Other(Odd::Date)),
            Just(What::Broken),
        ];
        (0..1_000_000_u32, prop_oneof![3 => 0..100_u32, 1 => 0..1_000_000_u32], what, near())
            .prop_map(|(start, length, what, next)| Slot { span: Span { start, end: start + length }, what, next })
    }

    #[test]
    fn slots_come_back_as_they_were_however_late_they_are_changed() {
        let runner = &mut TestRunner::new(ProptestConfig::with_cases(32));
        let few = proptest::collection::vec(slots(), 50);
        runner
            .run(&(few, proptest::collection::vec((0..3 * OPEN as u32, slots()), 50)), |(few, changes)| {
                let (mut slots, mut all) = (Slots::default(), Vec::new());
                for number in 0..3 * OPEN {
                    let mut slot = few[number % few.len()];
                    // What is next to it, as nearly always.
                    if let What::List { first } | What::Table { first, .. } = &mut slot.what
                        && *first < 50
                    {
                        *first = number as u32 + 1;
                    }
                    slot.next = if slot.next < 100 { number as u32 + slot.next } else { slot.next };
                    slots.push(slot);
                    slots.pack();
                    all.push(slot);
                }
                for (number, slot) in changes {
                    *slots.get_mut(number) = slot;
                    all[number as usize] = slot;
                }
                prop_assert_eq!(slots.len(), all.len());
                for (number, slot) in all.iter().enumerate() {
                    prop_assert_eq!(slots.get(number as u32), *slot);
                }
                Ok(())
            })
            .unwrap();
    }

    #[test]
    fn a_packed_slot_has_eight_bytes() {
        assert_eq!(size_of::<Packed>(), 8);
    }
}
