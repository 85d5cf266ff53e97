//! The state that lock and journal stand for: all records, uploads and pins. Pure: no file, no clock.

mod mixed;

pub(super) use mixed::{Memory, Told};

use super::entry::{Entry, Which};
use super::history::{Asked, Beside, History, Refusal};
use super::job::Job;
use super::record::{Key, Output, Place, Record};
use crate::base::digest::Sha256;
use crate::spec::elsewhere::{Address, Pin};
use crate::spec::names::{Digest, JobId, TaskId};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// All that is known of a manifest's purchases.
///
/// [`apply`](Book::apply) is the only way in which it changes. Entries may come twice, or onto a lock that already has
/// them: a purchase only ever moves forward, and no task id is forgotten.
#[derive(Clone, Debug, Default)]
pub struct Book {
    service: Option<String>,
    jobs: BTreeMap<JobId, Job>,
    uploads: BTreeMap<Sha256, Upload>,
    pins: Pins,
    renamed: Vec<Renamed>,
}

/// A video that took another name, by an entry that was applied: the entry comes first, the file is renamed then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// Its path before.
    pub from: String,
    /// Its path from then on.
    pub to: String,
    /// The hash of its content.
    pub sha256: Sha256,
}

/// What images of elsewhere were when they were fetched.
pub type Pins = BTreeMap<Address, Pin>;

/// Content that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Upload {
    /// Where it is, without a query.
    pub(super) url: String,
    /// Since when.
    pub(super) at: Timestamp,
}

impl Book {
    /// Where task ids and uploads are valid: a base URL, or `simulate`.
    pub fn service(&self) -> Option<&str> {
        self.service.as_deref()
    }

    /// Says where task ids and uploads are valid.
    pub fn set_service(&mut self, service: &str) {
        self.service = Some(service.to_owned());
    }

    /// All records, by job, place and digest.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.jobs.values().flat_map(Job::records)
    }

    /// The record of a key.
    pub fn get(&self, key: &Key) -> Option<&Record> {
        self.history(key).and_then(History::record)
    }

    /// The record of the digest that a job has now.
    pub fn current(&self, job: &JobId) -> Option<&Record> {
        self.jobs.get(job)?.current_record()
    }

    /// The records whose digest their job no longer has, by job and digest.
    pub fn superseded(&self) -> impl Iterator<Item = &Record> {
        self.records().filter(|record| record.place == Place::Superseded)
    }

    /// The records of a digest under whatever job.
    pub fn with_digest(&self, digest: &Digest) -> impl Iterator<Item = &Record> {
        self.records().filter(move |record| record.key.digest == *digest)
    }

    /// The record that a task belongs to, found by looking at all of them.
    pub fn with_task(&self, task: &TaskId) -> Option<&Record> {
        let of_record = |record: &Record| record.stage.task() == Some(task);
        let all = || self.jobs.values().flat_map(Job::histories);
        let shown = all().filter_map(History::record).find(|record| of_record(record));
        shown.or_else(|| all().find(|history| history.had(task))?.record())
    }

    /// Tasks that were paid for under a key beside the one of its record: kept so that none is ever forgotten.
    ///
    /// Only a second submit that a person or `on_uncertain: resubmit` allowed, or locks that were mixed, leave any.
    pub fn other_tasks(&self, key: &Key) -> BTreeSet<&TaskId> {
        self.history(key).map(History::other_tasks).unwrap_or_default()
    }

    /// What the lock keeps beside the record of a key.
    pub(super) fn beside(&self, key: &Key) -> Beside {
        self.history(key).map(History::beside).unwrap_or_default()
    }

    /// Keys that have no record, since a person let their purchases go: what is kept of them, by job and digest.
    pub(super) fn released(&self) -> impl Iterator<Item = (Key, Beside)> {
        self.jobs.iter().flat_map(|(id, job)| {
            let key = |digest: &Digest| Key { job: id.clone(), digest: *digest };
            job.released().map(move |(digest, beside)| (key(digest), beside))
        })
    }

    /// Where content lies that was uploaded already.
    pub fn upload(&self, content: &Sha256) -> Option<&str> {
        self.uploads.get(content).map(|upload| upload.url.as_str())
    }

    /// All content that is uploaded, with its URL.
    pub fn uploaded(&self) -> impl Iterator<Item = (&Sha256, &str)> {
        self.uploads.iter().map(|(content, upload)| (content, upload.url.as_str()))
    }

    /// What images of elsewhere were when they were fetched.
    pub fn pins(&self) -> &Pins {
        &self.pins
    }

    /// The number of the next submit of a key; also counts submits that were refused and left no record.
    pub fn next_attempt(&self, key: &Key) -> u32 {
        self.history(key).map_or(1, History::next_attempt)
    }

    /// Whether nothing is known of a key's last submit but that it was to go out: uncertain, unless its run is on.
    pub fn awaits_answer(&self, key: &Key) -> bool {
        self.history(key).is_some_and(History::is_open)
    }

    /// The videos that took another name, in the order of the entries that say so.
    pub fn renamed(&self) -> &[Renamed] {
        &self.renamed
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        let nothing = self.uploads.is_empty() && self.pins.is_empty() && self.records().next().is_none();
        nothing && self.released().next().is_none()
    }

    /// Takes in a state change. Harmless where it is known already.
    pub fn apply(&mut self, entry: &Entry) {
        match entry {
            Entry::Uploaded { sha256, url, at } => return self.add_upload(*sha256, url, *at),
            Entry::Mirrored { address, pin, taken } => return self.add_pin(address.clone(), pin.clone(), *taken),
            _ => {}
        }
        if let (Some(key), Some(attempt)) = (entry.key(), entry.attempt()) {
            self.history_mut(key).saw(attempt);
        }
        match entry {
            Entry::Uploaded { .. } | Entry::Mirrored { .. } => {}
            Entry::Submitting { key, attempt, parts, videos, name, service, at } => {
                self.service.get_or_insert_with(|| service.clone());
                let asked = Asked { parts, videos: *videos, name, at: whole_microseconds(*at) };
                self.history_mut(key).asked(key, *attempt, &asked);
                self.make_current(key);
                self.history_mut(key).put(Place::Current, Some(name));
            }
            Entry::Submitted { key, attempt, which, task, at } => {
                self.tell(key, |history| history.submitted(key, *attempt, which.as_ref(), task, whole_seconds(*at)));
            }
            Entry::Refused { key, attempt, which, error, last, at } => {
                let refusal = Refusal { error, last: *last, at: whole_seconds(*at) };
                self.tell(key, |history| history.refused(key, *attempt, which.as_ref(), &refusal));
            }
            Entry::Uncertain { key, attempt, which, reason, at } => {
                self.tell(key, |history| history.uncertain(key, *attempt, which.as_ref(), reason, whole_seconds(*at)));
            }
            Entry::Generated { key, attempt, which, at } => {
                self.tell(key, |history| history.generated(key, *attempt, which.as_ref(), whole_seconds(*at)));
            }
            Entry::Downloaded { key, attempt, which, output } => {
                let source = output.source.as_deref().map(without_query);
                let output = Output { source: source.map(str::to_owned), ..output.clone() };
                self.tell(key, |history| history.downloaded(key, *attempt, which.as_ref(), &output));
            }
            Entry::Succeeded { key, attempt, which } => {
                self.tell(key, |history| history.succeeded(key, *attempt, which.as_ref()));
            }
            Entry::Failed { key, attempt, which, error, at } => {
                self.tell(key, |history| history.failed(key, *attempt, which.as_ref(), error, whole_seconds(*at)));
            }
            Entry::Resolved { key, attempt, which, verdict, at } => {
                self.tell(key, |history| history.resolved(key, *attempt, which.as_ref(), verdict, whole_seconds(*at)));
            }
            Entry::Dropped { key, attempt, which } => self.history_mut(key).dropped(*attempt, which.as_ref()),
            Entry::Moved { key, attempt, which, to, place, name } => {
                let to = Key { job: to.clone(), digest: key.digest };
                let before: Vec<Output> =
                    self.get(key).map(|record| record.stage.outputs().to_vec()).unwrap_or_default();
                self.take_over(key, *attempt, which.as_ref(), &to);
                self.put(&to, *place);
                // Read again beside another lock, it must not rename what that one has in the place.
                if self.history(&to).is_some_and(|history| history.knows(*attempt, which.as_ref())) {
                    self.history_mut(&to).moved(&to.job, *place, name);
                    self.note_renamed(before, &to);
                } else {
                    self.history_mut(&to).put(*place, None);
                }
            }
        }
    }

    /// Whether the book has another record in the place of this one.
    pub(super) fn contradicts(&self, record: &Record) -> bool {
        self.jobs.get(&record.key.job).is_some_and(|job| job.contradicts(&record.key.digest, record.place))
    }

    /// Takes in a record of the lock, and what it keeps beside it.
    pub(super) fn insert(&mut self, record: Record, beside: Beside) {
        let key = record.key.clone();
        if record.place == Place::Current {
            self.make_current(&key);
        }
        self.history_mut(&key).join(History::of(record, beside));
    }

    /// The book of a lock of which this one is the beginning; none where a record of the rest has its place here already.
    pub(super) fn join(mut self, mut rest: Book) -> Option<Book> {
        let last = self.jobs.last_key_value().map(|(id, _)| id);
        // Nothing is shared where the jobs of the one come behind those of the other, as they do in a lock.
        let behind = rest.jobs.keys().next().is_none_or(|first| last.is_none_or(|last| last < first));
        let both = |id: &&JobId| !behind && self.jobs.contains_key(*id);
        let shared: Vec<JobId> = rest.jobs.keys().filter(both).cloned().collect();
        for id in shared {
            let (Some(mine), Some(theirs)) = (self.jobs.get_mut(&id), rest.jobs.remove(&id)) else { continue };
            mine.join(theirs)?;
        }
        self.jobs.append(&mut rest.jobs);
        self.uploads.append(&mut rest.uploads);
        rest.pins.into_iter().for_each(|(address, pin)| self.add_pin(address, pin, false));
        Some(self)
    }

    /// Takes in what the lock keeps of purchases that a person let go.
    pub(super) fn insert_released(&mut self, key: &Key, beside: Beside) {
        self.history_mut(key).join(History::released(beside));
    }

    /// Keeps of all attempts what a lock keeps, and sees that no record hides that something else is paid under its key.
    pub(super) fn fold(&mut self) {
        self.jobs.values_mut().flat_map(Job::histories_mut).for_each(History::fold);
    }

    /// A finished record is no longer kept; another purchase that has its place by now is.
    pub(super) fn prune(&mut self, key: &Key, attempt: u32, which: Option<&Which>) {
        let is_meant = |record: &Record| record.attempt == attempt && record.which().as_ref() == which;
        if self.get(key).is_some_and(|record| record.is_finished() && is_meant(record)) {
            self.history_mut(key).dropped(attempt, which);
        }
    }

    /// Takes in an upload; one whose URL has a query is not kept, since what is signed expires.
    pub(super) fn add_upload(&mut self, sha256: Sha256, url: &str, at: Timestamp) {
        if without_query(url) == url {
            self.uploads.insert(sha256, Upload { url: url.to_owned(), at: whole_seconds(at) });
        } else {
            self.uploads.remove(&sha256);
        }
    }

    /// Takes in how an image of elsewhere was: the latest look counts, and of the same second the last word. Another content
    /// that was known before is kept in mind, unless this one was `taken` in its place.
    pub(super) fn add_pin(&mut self, address: Address, pin: Pin, taken: bool) {
        let mut later = Pin { at: whole_seconds(pin.at), ..pin };
        if let Some(known) = self.pins.remove(&address) {
            let replaces = known.at <= later.at;
            let earlier = if replaces { known } else { std::mem::replace(&mut later, known) };
            if !(replaces && taken) {
                later.former.extend(earlier.former);
                later.former.insert(earlier.sha256);
            }
        }
        later.former.remove(&later.sha256);
        self.pins.insert(address, later);
    }

    /// The uploads, by content.
    pub(super) fn uploads(&self) -> impl Iterator<Item = (&Sha256, &Upload)> {
        self.uploads.iter()
    }

    /// Tells a history something; one that was unknown before gets the job's place if that is free.
    fn tell(&mut self, key: &Key, tell: impl FnOnce(&mut History)) {
        let known = self.get(key).is_some();
        tell(self.history_mut(key));
        if !known && self.jobs.get(&key.job).is_some_and(|job| job.has_room_for(&key.digest)) {
            self.put(key, Place::Current);
            self.history_mut(key).put(Place::Current, None);
        }
    }

    /// Takes note of videos that have another path than `before`.
    fn note_renamed(&mut self, before: Vec<Output>, key: &Key) {
        let now = self.get(key).map(|record| record.stage.outputs()).unwrap_or_default();
        let renamed = before.into_iter().filter_map(|Output { number, path: from, sha256, .. }| {
            let now = now.iter().find(|now| now.number == number && now.sha256 == sha256 && now.path != from)?;
            Some(Renamed { from, to: now.path.clone(), sha256 })
        });
        let renamed: Vec<Renamed> = renamed.collect();
        self.renamed.extend(renamed);
    }

    fn put(&mut self, key: &Key, place: Place) {
        match place {
            Place::Current => self.make_current(key),
            Place::Superseded => self.leave(key),
        }
    }

    /// Makes a key's digest the one that its job has; another that had the place is superseded.
    fn make_current(&mut self, key: &Key) {
        self.jobs.entry(key.job.clone()).or_default().make_current(key.digest);
    }

    /// A key's digest is no longer the one that its job has.
    fn leave(&mut self, key: &Key) {
        if let Some(job) = self.jobs.get_mut(&key.job) {
            job.leave(&key.digest);
        }
    }

    /// The purchases under `from` up to the one that is meant belong to `to` from now on.
    fn take_over(&mut self, from: &Key, attempt: u32, which: Option<&Which>, to: &Key) {
        if from == to {
            return;
        }
        if let Some(taken) = self.history_mut(from).take(attempt, which) {
            self.history_mut(to).absorb(&to.job, taken);
        }
        if self.get(from).is_none() {
            self.leave(from);
        }
    }

    fn history(&self, key: &Key) -> Option<&History> {
        self.jobs.get(&key.job)?.history(&key.digest)
    }

    fn history_mut(&mut self, key: &Key) -> &mut History {
        self.jobs.entry(key.job.clone()).or_default().history_mut(key.digest)
    }
}

/// Two books are equal where their locks are: what a lock doesn't keep (numbers of refused submits, former names) is left aside.
impl PartialEq for Book {
    fn eq(&self, other: &Book) -> bool {
        let with_others = |book: &Book| -> Vec<(Record, Beside)> {
            book.records().map(|record| (record.clone(), book.beside(&record.key))).collect()
        };
        self.service == other.service
            && self.uploads == other.uploads
            && self.pins == other.pins
            && with_others(self) == with_others(other)
            && self.released().eq(other.released())
    }
}

/// What a lock keeps of a time; before 1970 no clock was right.
fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().max(0)).unwrap_or(at)
}

/// What is kept of the time of an intent, which tells it from another: two machines may act in the same second.
fn whole_microseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond().max(0)).unwrap_or(at)
}

/// A URL up to its query or fragment: what is behind may be signed, and is asked for again by task id.
fn without_query(url: &str) -> &str {
    url.find(['?', '#']).map_or(url, |end| &url[..end])
}

#[cfg(test)]
mod tests;
