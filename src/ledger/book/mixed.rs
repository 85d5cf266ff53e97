//! Two books of one manifest, which git mixed: a lock that took another's place, and a journal beside a lock that it doesn't
//! continue.

use super::{Book, whole_microseconds};
use crate::ledger::entry::{Entry, Which};
use crate::ledger::history::History;
use crate::ledger::record::Key;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

impl Book {
    /// Takes in all that another book of the same manifest knows; which digest a job has now, this one says.
    pub(in crate::ledger) fn mix(&mut self, other: Book) {
        self.service = self.service.take().or(other.service);
        self.renamed.extend(other.renamed);
        for (id, theirs) in other.jobs {
            self.jobs.entry(id).or_default().mix(theirs);
        }
        for (content, upload) in other.uploads {
            self.uploads.entry(content).or_insert(upload);
        }
        for (address, pin) in other.pins {
            self.add_pin(address, pin, false);
        }
    }

    /// Whether something is or may be paid here under `key` of which `other` knows nothing.
    pub(in crate::ledger) fn has_paid_what_is_unknown_to(&self, other: &Book, key: &Key) -> bool {
        let paid = self.history(key).filter(|history| history.is_paid());
        paid.is_some_and(|paid| other.history(key).is_none_or(|known| !known.tells_of(paid)))
    }

    /// Gives a purchase whose intent was never read the name that a rename in the journal gave it, before it was known here.
    pub(in crate::ledger) fn name_unknown(&mut self, entry: &Entry) {
        let Entry::Moved { key, attempt, which: Some(which), to, name, .. } = entry else { return };
        let to = Key { job: to.clone(), digest: key.digest };
        let is_unknown = |known: &History| known.knows(*attempt, Some(which)) && known.given_name().is_none();
        if let Some(place) =
            self.get(&to).map(|record| record.place).filter(|_| self.history(&to).is_some_and(is_unknown))
        {
            self.history_mut(&to).put(place, Some(name));
        }
    }

    /// Takes out what a foreign journal speaks of without knowing the purchase that the book has: what it says is of another one.
    pub(in crate::ledger) fn set_aside(&mut self, told: &Told) -> Book {
        let mut aside = Book::default();
        for key in told.keys.difference(&told.known) {
            if let Some(taken) = self.jobs.get_mut(&key.job).and_then(|job| job.take_out(&key.digest)) {
                aside.jobs.entry(key.job.clone()).or_default().mix(taken);
            }
        }
        aside
    }
}

/// What a journal speaks of.
#[derive(Debug, Default)]
pub(in crate::ledger) struct Told {
    keys: BTreeSet<Key>,
    /// Those of which it names the very purchase that the book has.
    known: BTreeSet<Key>,
}

impl Told {
    /// Takes note of an entry that is read beside `book`.
    pub(in crate::ledger) fn hear(&mut self, entry: &Entry, book: &Book) {
        let (Some(key), Some(attempt)) = (entry.key(), entry.attempt()) else { return };
        let to = match entry {
            Entry::Moved { to, .. } => Some(Key { job: to.clone(), digest: key.digest }),
            _ => None,
        };
        let named = named(entry);
        for key in to.iter().chain([key]) {
            let is_known = |history: &History| named.iter().any(|which| history.knows(attempt, Some(which)));
            if book.history(key).is_some_and(is_known) && !self.known.contains(key) {
                self.known.insert(key.clone());
            }
            if !self.keys.contains(key) {
                self.keys.insert(key.clone());
            }
        }
    }
}

/// The purchases that an entry names.
fn named(entry: &Entry) -> Vec<Which> {
    match entry {
        Entry::Submitting { at, .. } => vec![Which::Asked(whole_microseconds(*at))],
        Entry::Submitted { which, task, .. } => which.iter().cloned().chain([Which::Task(task.clone())]).collect(),
        other => other.which().into_iter().cloned().collect(),
    }
}

/// What a journal told so far. Its entries leave out which purchase they are about, where that was told with its number before.
#[derive(Debug, Default)]
pub(in crate::ledger) struct Memory {
    purchases: BTreeMap<(Key, u32), Which>,
}

impl Memory {
    /// The entry with the purchase that it is about, as far as the journal told before.
    pub(in crate::ledger) fn complete(&mut self, mut entry: Entry) -> Entry {
        let Some(place) = entry.key().cloned().zip(entry.attempt()) else { return entry };
        if let Some(which) = entry.which_mut()
            && which.is_none()
        {
            *which = self.purchases.get(&place).cloned();
        }
        self.hear(place, &entry);
        entry
    }

    /// The entry as a journal that told the entries before it has it: without the purchase that [`complete`](Memory::complete) finds
    /// again.
    pub(in crate::ledger) fn abridge<'e>(&mut self, entry: &'e Entry) -> Cow<'e, Entry> {
        let mut abridged = Cow::Borrowed(entry);
        let Some(place) = entry.key().cloned().zip(entry.attempt()) else { return abridged };
        if entry.which().is_some()
            && entry.which() == self.purchases.get(&place)
            && let Some(which) = abridged.to_mut().which_mut()
        {
            *which = None;
        }
        self.hear(place, entry);
        abridged
    }

    fn hear(&mut self, place: (Key, u32), entry: &Entry) {
        let told = match entry {
            Entry::Submitting { at, .. } => Some(Which::Asked(whole_microseconds(*at))),
            Entry::Submitted { task, .. } => Some(Which::Task(task.clone())),
            _ => None,
        };
        self.purchases.extend(told.map(|which| (place, which)));
    }
}
