//! Slots at the service that the runs of a ledger share: how many generations each may have in flight, so that all of them together
//! have no more than `run.fleet_concurrency`.
//!
//! One document says how many each run holds. A run takes more only by a swap after which the sum is within the limit, and gives back
//! what it has no generation for; so the sum is kept whatever the order of their steps. What a run holds whose heartbeat stands still
//! is given to the others, though its generations may be at the service still: once for each run that dies.

use super::desk::{Desk, Life};
use super::store::{Found, StoreError, counted, document};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The key of the document.
pub(super) const SLOTS: &str = "f/slots";

/// The slots of this run: the ledger says how many it may use, the run how many it uses and would use.
#[derive(Debug)]
pub struct Slots {
    most: NonZeroUsize,
    count: Mutex<Count>,
    changed: Notify,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    /// No generation is begun while as many are in flight.
    may: usize,
    /// How many of this run's are in flight.
    used: usize,
    /// How many it would have in flight.
    want: usize,
}

/// What the runs hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    /// Counts the writes: no two states are equal in bytes.
    #[serde(deserialize_with = "counted")]
    rev: u64,
    /// By their ids, so that the one that began first is the first.
    runs: BTreeMap<String, Part>,
}

/// The part of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    want: usize,
    holds: usize,
    /// The limit that it knows: the smallest one holds.
    most: NonZeroUsize,
}

impl Slots {
    /// Returns the slots of a run that would have `want` generations in flight, of `most` that all may have; it may use none yet.
    pub fn new(most: NonZeroUsize, want: usize) -> Slots {
        Slots { most, count: Mutex::new(Count { may: 0, used: 0, want }), changed: Notify::new() }
    }

    /// Returns how many all runs together may use.
    pub fn most(&self) -> NonZeroUsize {
        self.most
    }

    /// Takes a slot, if this run may use one more.
    pub fn take(&self) -> bool {
        let mut count = self.count();
        let may = count.used < count.may;
        count.used += usize::from(may);
        may
    }

    /// Gives a slot back.
    pub fn free(&self) {
        self.count().used -= 1;
    }

    /// Says how many generations wait for a slot, and how many this run would have in flight at most.
    pub fn wait_for(&self, waiting: usize, most: usize) {
        let mut count = self.count();
        count.want = count.used.saturating_add(waiting).min(most);
    }

    /// Returns how many this run would use.
    pub fn wanted(&self) -> usize {
        self.count().want
    }

    /// Waits until this run may use more than it could.
    pub async fn more(&self) {
        self.changed.notified().await;
    }

    /// Sets how many this run may use.
    fn allow(&self, may: usize) {
        let before = std::mem::replace(&mut self.count().may, may);
        if may > before {
            self.changed.notify_one();
        }
    }

    /// Lets the run use no more than so many from here on, and returns how it stands then.
    fn at_most(&self, may: usize) -> Count {
        let mut count = self.count();
        count.may = count.may.min(may);
        *count
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Document {
    fn read(found: Option<&Found>) -> Result<Document, StoreError> {
        found.map_or_else(|| Ok(Document::default()), |found| document(SLOTS, &found.text))
    }

    /// Takes out the runs that are gone.
    fn without(mut self, is_gone: impl Fn(&str) -> bool) -> Document {
        self.runs.retain(|run, _| !is_gone(run));
        self
    }

    /// Returns how many slots are this run's share, as far as the others leave them.
    fn share_of(&self, run: &str, want: usize, most: NonZeroUsize) -> usize {
        let others = || self.runs.iter().filter(|(other, _)| *other != run);
        let most = others().map(|(_, part)| part.most).fold(most, NonZeroUsize::min).get();
        let mut wants: BTreeMap<&str, usize> =
            others().map(|(other, part)| (other.as_str(), part.want.min(most))).collect();
        wants.insert(run, want.min(most));
        let fair = shares(most, &wants).get(run).copied().unwrap_or(0);
        let held = others().fold(0_usize, |held, (_, part)| held.saturating_add(part.holds));
        fair.min(most.saturating_sub(held))
    }

    fn with(mut self, run: &str, part: Part) -> Document {
        self.runs.insert(run.to_owned(), part);
        self
    }
}

/// Checks that a text says what the runs hold.
///
/// # Errors
/// Fails if it doesn't.
pub(super) fn are_slots(text: &[u8]) -> Result<(), StoreError> {
    document::<Document>(SLOTS, text).map(drop)
}

/// Shares `most` slots among runs by what they want: one for each first, as far as there are, and the others in proportion. Nobody gets
/// more than it wants, and none is left while somebody wants it.
fn shares<'r>(most: usize, wants: &BTreeMap<&'r str, usize>) -> BTreeMap<&'r str, usize> {
    let mut left = most;
    let mut shares: BTreeMap<&str, usize> = BTreeMap::new();
    for (run, want) in wants {
        let one = usize::from(*want > 0 && left > 0);
        left -= one;
        shares.insert(run, one);
    }
    let open = |run: &str, has: usize| wants[run] - has;
    let wanted = shares.iter().fold(0_usize, |wanted, (run, has)| wanted.saturating_add(open(run, *has)));
    if wanted == 0 {
        return shares;
    }
    let slots = left.min(wanted);
    // What a division leaves over goes to those who miss the most by it.
    let mut missing: Vec<(usize, &str)> = Vec::new();
    for (run, has) in &mut shares {
        let product = open(run, *has) * slots;
        *has += product / wanted;
        left -= product / wanted;
        missing.push((product % wanted, run));
    }
    missing.sort_by_key(|(misses, _)| std::cmp::Reverse(*misses));
    for (_, run) in missing {
        if left > 0 && shares[run] < wants[run] {
            shares.entry(run).and_modify(|has| *has += 1);
            left -= 1;
        }
    }
    shares
}

impl Desk {
    /// Takes and gives back slots, as the others leave and want them.
    ///
    /// # Errors
    /// Fails if the store doesn't answer.
    pub(super) async fn share(&self, slots: &Slots) -> Result<(), StoreError> {
        let run = &self.me().run;
        loop {
            let found = self.store().get(SLOTS).await?;
            let before = Document::read(found.as_ref())?;
            self.look_for(before.runs.keys().map(String::as_str)).await?;
            let others = before.clone().without(|other| other != run && self.life(other) == Life::Gone);
            let share = others.share_of(run, slots.wanted(), slots.most());
            // What it may use no more is given back once it isn't in use.
            let Count { used, want, .. } = slots.at_most(share);
            let part = Part { want, holds: share.max(used), most: slots.most() };
            let after = others.with(run, part);
            if after == before
                || self.replace(SLOTS, found.as_ref(), &Document { rev: before.rev + 1, ..after }).await?
            {
                slots.allow(share);
                return Ok(());
            }
        }
    }

    /// Gives back all slots.
    ///
    /// # Errors
    /// Fails if the store doesn't answer.
    pub(super) async fn give_back(&self, slots: &Slots) -> Result<(), StoreError> {
        slots.at_most(0);
        loop {
            let found = self.store().get(SLOTS).await?;
            let mut document = Document::read(found.as_ref())?;
            document.rev += 1;
            if document.runs.remove(&self.me().run).is_none() || self.replace(SLOTS, found.as_ref(), &document).await? {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(most: usize, wants: &[usize]) -> Vec<usize> {
        let names: Vec<String> = (0..wants.len()).map(|number| format!("{number:03}")).collect();
        let wants = names.iter().map(String::as_str).zip(wants.iter().copied()).collect();
        shares(most, &wants).into_values().collect()
    }

    #[test]
    fn slots_are_shared_by_what_is_wanted_and_none_is_left_over() {
        assert_eq!(shared(20, &[8, 8]), [8, 8]);
        assert_eq!(shared(20, &[8, 8, 8]), [7, 7, 6]);
        assert_eq!(shared(20, &[100, 1]), [19, 1]);
        assert_eq!(shared(20, &[0, 30, 10]), [0, 15, 5]);
        assert_eq!(shared(2, &[4, 4, 4]), [1, 1, 0]);
        assert_eq!(shared(5, &[]), [0; 0]);
        for most in 0..30 {
            for wants in [&[3, 9, 4][..], &[1, 1, 1, 1], &[10, 0, 7], &[30, 2, 2]] {
                let (shares, wanted) = (shared(most, wants), wants.iter().sum::<usize>());
                assert_eq!(shares.iter().sum::<usize>(), most.min(wanted), "{most} among {wants:?}");
                assert!(shares.iter().zip(wants).all(|(share, want)| share <= want), "{shares:?} of {wants:?}");
            }
        }
    }

    #[test]
    fn a_run_takes_no_more_than_the_others_leave() {
        let limit = |most| NonZeroUsize::new(most).unwrap();
        let part = |want, holds| Part { want, holds, most: limit(20) };
        let first = Document::default().with("a", part(20, 20));
        assert_eq!(first.share_of("b", 10, limit(20)), 0, "the first has all of them in use");
        let first = first.with("a", part(20, 17));
        assert_eq!(first.share_of("b", 10, limit(20)), 3);
        let first = first.with("a", part(20, 13));
        assert_eq!(first.share_of("b", 10, limit(20)), 7, "its share");
        assert_eq!(first.share_of("b", 10, limit(14)), 1, "the smallest limit holds");
        assert_eq!(first.without(|run| run == "a").share_of("b", 10, limit(20)), 10, "the first is gone");
    }

    #[test]
    fn a_slot_is_taken_while_the_run_may() {
        let slots = Slots::new(NonZeroUsize::new(3).unwrap(), 3);
        assert!(!slots.take(), "nothing was shared out yet");
        slots.allow(2);
        assert!(slots.take() && slots.take() && !slots.take());
        assert_eq!(slots.at_most(1).used, 2);
        slots.free();
        assert!(!slots.take());
        slots.free();
        assert!(slots.take());
    }
}
