//! The state described by lock and journal: a set of purchases, with uploads and pins. Pure: no file, no clock.
//!
//! Two accounts of it are joined by union ([`Book::unite`]). The state that a job shows is a function of its purchases:
//! the same set shows the same, whatever its history and whoever reported first.

use super::Buyer;
use super::entry::{Entry, Step, Verdict};
use super::id::PurchaseId;
use super::purchase::{Owed, Purchase, Rung, Standing, whole_microseconds, without_query};
use super::record::{Key, Output, Record};
use crate::base::digest::Sha256;
use crate::service::names::{Digest, JobId, TaskId};
use crate::service::remote::{Address, Pin};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The purchases of a manifest.
///
/// It grows only through [`apply`](Book::apply) and [`unite`](Book::unite). Entries may come twice, or onto a lock that
/// already has them: a purchase only ever moves forward, and no task id is forgotten.
#[derive(Clone, Debug, Default)]
pub struct Book {
    service: Option<String>,
    /// The purchases of each job, by digest and id: nearly always there is one.
    jobs: BTreeMap<JobId, Vec<Purchase>>,
    /// The job of each purchase.
    places: HashMap<PurchaseId, JobId>,
    uploads: BTreeMap<Sha256, Upload>,
    pins: Pins,
    renamed: Vec<Renamed>,
    projection: Option<Projection>,
}

/// Of which shared ledger a lock is a projection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projection {
    /// Where it is.
    pub url: String,
    /// What tells it from all others.
    pub id: String,
}

/// A video that got another name, by an applied entry: the entry comes first, then the file is renamed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// Its previous path.
    pub from: String,
    /// Its new path.
    pub to: String,
    /// The hash of its content.
    pub sha256: Sha256,
}

/// The content of remote images when they were fetched.
pub type Pins = BTreeMap<Address, Pin>;

/// Uploaded content; of two the later counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Upload {
    /// The time of the upload.
    pub(super) at: Timestamp,
    /// Its URL, without a query.
    pub(super) url: String,
}

impl Book {
    /// Returns the service for which task ids and uploads are valid: a base URL, or `simulate`.
    pub fn service(&self) -> Option<&str> {
        self.service.as_deref()
    }

    /// Sets the service for which task ids and uploads are valid.
    pub fn set_service(&mut self, service: &str) {
        self.service = Some(service.to_owned());
    }

    /// Returns the shared ledger of which this is a projection.
    pub fn projection(&self) -> Option<&Projection> {
        self.projection.as_ref()
    }

    /// Says of which shared ledger this is a projection.
    pub(super) fn set_projection(&mut self, projection: Option<Projection>) {
        self.projection = projection;
    }

    /// Returns what it knows of images, and of no purchase.
    pub(super) fn images(&self) -> Book {
        let (uploads, pins) = (self.uploads.clone(), self.pins.clone());
        Book { service: self.service.clone(), uploads, pins, ..Book::default() }
    }

    /// Returns the purchases of which another book doesn't know at all.
    pub(super) fn strangers_to(&self, other: &Book) -> Book {
        let mut unknown = Book::default();
        let unheard = self.kept().filter(|purchase| other.purchase(purchase.record.id).is_none());
        unheard.for_each(|purchase| unknown.add(purchase.clone()));
        unknown
    }

    /// Leaves open where its purchases are valid.
    pub(super) fn forget_service(&mut self) {
        self.service = None;
    }

    /// Returns the record shown for each job and digest, by job; the job's last digest comes first, then the others by
    /// digest.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.jobs.values().flat_map(|all| {
            let shown = || by_digest(all).filter_map(shown).map(|purchase| &purchase.record);
            let current = current(all);
            let id = current.map(|record| record.id);
            current.into_iter().chain(shown().filter(move |record| Some(record.id) != id))
        })
    }

    /// Returns the record shown for a job and digest.
    pub fn get(&self, key: &Key) -> Option<&Record> {
        shown(self.all_of(key)).map(|purchase| &purchase.record)
    }

    /// Returns the record shown for the last digest of a job.
    pub fn current(&self, job: &JobId) -> Option<&Record> {
        current(self.jobs.get(job)?)
    }

    /// Returns the record shown for each digest of a job.
    pub fn of_job(&self, job: &JobId) -> impl Iterator<Item = &Record> {
        let shown = self.jobs.get(job).into_iter().flat_map(|all| by_digest(all).filter_map(shown));
        shown.map(|purchase| &purchase.record)
    }

    /// Returns the records shown for a digest, under any job.
    pub fn with_digest(&self, digest: &Digest) -> impl Iterator<Item = &Record> {
        self.records().filter(move |record| record.key.digest == *digest)
    }

    /// Returns the purchase that is or may be paid as this task, found by searching all of them.
    pub fn with_task(&self, task: &TaskId) -> Option<&Record> {
        let with_it = self.purchases().filter(|purchase| purchase.task() == Some(task));
        let owed = with_it.filter(|purchase| purchase.owed() > Some(Owed::Nothing));
        owed.max_by_key(|purchase| purchase.owed()).map(|purchase| &purchase.record)
    }

    /// Returns all purchases of a job and digest, from the first to the last.
    pub fn history(&self, key: &Key) -> impl Iterator<Item = &Record> {
        self.all_of(key).iter().map(|purchase| &purchase.record)
    }

    /// Returns the purchases of a job and digest that may or may not be paid.
    pub fn open(&self, key: &Key) -> impl Iterator<Item = &Record> {
        owing(self.all_of(key), Owed::Maybe)
    }

    /// Returns all purchases of which nobody knows whether they are paid, whether or not they are shown, by job and time.
    pub fn unanswered(&self) -> impl Iterator<Item = &Record> {
        self.jobs.values().flat_map(|all| {
            let mut open: Vec<&Record> = owing(all, Owed::Maybe).collect();
            open.sort_by_key(|record| record.id);
            open
        })
    }

    /// Returns the tasks that are or may be paid under a key beside the one that is shown.
    pub fn other_tasks(&self, key: &Key) -> BTreeSet<&TaskId> {
        let owed = self.all_of(key).iter().filter(|purchase| purchase.owed() > Some(Owed::Nothing));
        let mut tasks: BTreeSet<&TaskId> = owed.filter_map(Purchase::task).collect();
        if let Some(task) = self.get(key).and_then(|record| record.stage.task()) {
            tasks.remove(task);
        }
        tasks
    }

    /// Returns the paid tasks under a key, if there are two or more: both stay, and nothing is bought a third time.
    pub fn bought_twice(&self, key: &Key) -> BTreeSet<&TaskId> {
        let paid = owing(self.all_of(key), Owed::Paid);
        let tasks: BTreeSet<&TaskId> = paid.filter_map(|record| record.stage.task()).collect();
        if tasks.len() > 1 { tasks } else { BTreeSet::new() }
    }

    /// Returns the other purchases of a purchase's job and digest that are or may be paid and have a task: those that are shown
    /// before others come first.
    pub fn others(&self, id: PurchaseId) -> impl Iterator<Item = &Record> {
        let all = self.purchase(id).map_or(&[][..], |purchase| self.all_of(&purchase.record.key));
        let is_other = |purchase: &&Purchase| purchase.record.id != id && purchase.task().is_some();
        let mut others: Vec<&Purchase> = all.iter().filter(is_other).collect();
        others.retain(|purchase| purchase.owed() > Some(Owed::Nothing));
        others.sort_by_key(|purchase| std::cmp::Reverse((purchase.owed(), purchase.rung, purchase.record.id)));
        others.into_iter().map(|purchase| &purchase.record)
    }

    /// Returns the tasks that are or may be paid under more than one key, with these: two branches may have recorded one
    /// generation for two jobs.
    pub fn shared_tasks(&self) -> BTreeMap<&TaskId, BTreeSet<&Key>> {
        let mut first: HashMap<&TaskId, &Key> = HashMap::new();
        let mut shared: BTreeMap<&TaskId, BTreeSet<&Key>> = BTreeMap::new();
        for purchase in self.purchases().filter(|purchase| purchase.owed() > Some(Owed::Nothing)) {
            let (Some(task), key) = (purchase.task(), &purchase.record.key) else { continue };
            let known = *first.entry(task).or_insert(key);
            if known != key {
                shared.entry(task).or_default().extend([known, key]);
            }
        }
        shared
    }

    /// Returns whether a person let a key be submitted again, and nothing was submitted since.
    pub fn is_released(&self, key: &Key) -> bool {
        let all = self.all_of(key);
        shown(all).is_none() && all.iter().any(Purchase::is_released)
    }

    /// Returns all purchases that are paid, whether or not they are shown.
    pub fn paid(&self) -> impl Iterator<Item = &Record> {
        self.jobs.values().flat_map(|all| owing(all, Owed::Paid))
    }

    /// Returns where content lies that was uploaded already.
    pub fn upload(&self, content: &Sha256) -> Option<&str> {
        self.uploads.get(content).map(|upload| upload.url.as_str())
    }

    /// Returns all uploaded content, with its URL.
    pub fn uploaded(&self) -> impl Iterator<Item = (&Sha256, &str)> {
        self.uploads.iter().map(|(content, upload)| (content, upload.url.as_str()))
    }

    /// Returns the content of remote images when they were fetched.
    pub fn pins(&self) -> &Pins {
        &self.pins
    }

    /// Returns the number of the next submit of a key.
    pub fn next_attempt(&self, key: &Key) -> u32 {
        u32::try_from(self.all_of(key).len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// Returns the number of purchases of a key that the service failed.
    pub fn failures(&self, key: &Key) -> u32 {
        self.all_of(key).last().map_or(0, |purchase| purchase.record.failures)
    }

    /// Returns the last purchase of a key, which the next one follows.
    pub fn last(&self, key: &Key) -> Option<PurchaseId> {
        self.all_of(key).last().map(|purchase| purchase.record.id)
    }

    /// Returns whether nothing but the intent of the shown purchase is known: uncertain, unless its run is active.
    pub fn awaits_answer(&self, key: &Key) -> bool {
        shown(self.all_of(key)).is_some_and(|purchase| purchase.rung == Rung::Intended)
    }

    /// Returns whether this purchase's task was named by a person, or found again, after its submit: the submit itself had no answer that told.
    pub fn is_task_told(&self, id: PurchaseId) -> bool {
        self.purchase(id).is_some_and(|purchase| {
            let is_open = (purchase.rung, purchase.standing) == (Rung::Submitted, Standing::Open);
            is_open && purchase.said_at > purchase.record.submitted_at
        })
    }

    /// Returns whether this purchase is recorded with all its videos.
    pub fn has_succeeded(&self, id: PurchaseId) -> bool {
        self.purchase(id).is_some_and(|purchase| purchase.rung == Rung::Succeeded)
    }

    /// Returns whether a purchase was made for this manifest, or is recorded as used by it.
    pub fn is_used_by(&self, id: PurchaseId, buyer: &Buyer) -> bool {
        self.purchase(id).is_some_and(|purchase| purchase.is_used_by(buyer))
    }

    /// Returns whether a purchase was made for this manifest, and no other is recorded as using it.
    pub fn is_used_only_by(&self, id: PurchaseId, buyer: &Buyer) -> bool {
        self.purchase(id).is_some_and(|purchase| purchase.is_used_only_by(buyer))
    }

    /// Returns the purchases that aren't recorded as bought for or used by this manifest.
    pub fn not_used_by(&self, buyer: &Buyer) -> impl Iterator<Item = &Record> {
        self.purchases().filter(|purchase| !purchase.is_used_by(buyer)).map(|purchase| &purchase.record)
    }

    /// Returns the keys that each other manifest bought or uses; `None` is the one that the lock is named after.
    pub fn of_other_manifests(&self, buyer: &Buyer) -> BTreeMap<Option<&str>, Vec<&Key>> {
        let mut keys: BTreeMap<Option<&str>, Vec<&Key>> = BTreeMap::new();
        for purchase in self.purchases().filter(|purchase| !purchase.is_used_only_by(buyer)) {
            let used_by = purchase.used_by.iter().map(|manifest| Some(manifest.as_str()));
            for manifest in std::iter::once(purchase.manifest.as_deref()).chain(used_by) {
                let is_other = manifest.map_or(!buyer.alone, |manifest| manifest != buyer.manifest);
                keys.entry(manifest).or_default().extend(is_other.then_some(&purchase.record.key));
            }
        }
        keys.retain(|_, keys| !keys.is_empty());
        keys
    }

    /// Returns the videos that got another name, in the order of the entries that renamed them.
    pub fn renamed(&self) -> &[Renamed] {
        &self.renamed
    }

    /// Returns whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.uploads.is_empty() && self.pins.is_empty() && self.kept().next().is_none()
    }

    /// Applies a state change. Harmless if it is known already.
    pub fn apply(&mut self, entry: &Entry) {
        let (id, step) = match entry {
            Entry::Uploaded { sha256, url, at } => return self.add_upload(*sha256, url, *at),
            Entry::Mirrored { address, pin, taken } => return self.add_pin(address.clone(), pin.clone(), *taken),
            Entry::Purchase { id, step } => (*id, step),
        };
        match step {
            Step::Submitting { job, digest, parts, videos, name, service, manifest, at } => {
                self.service.get_or_insert_with(|| service.clone());
                let key = Key { job: job.clone(), digest: *digest };
                let mut purchase = Purchase::intended(id, key, name.clone(), Some(whole_microseconds(*at)));
                (purchase.record.parts, purchase.record.videos) = (parts.clone(), *videos);
                purchase.manifest.clone_from(manifest);
                self.add(purchase);
            }
            Step::Known { purchase } => {
                // An invalid purchase is in no journal.
                if let Ok(purchase) = (**purchase).clone().into_purchase() {
                    self.add(purchase);
                }
            }
            step => self.tell(id, step),
        }
    }

    /// Applies state changes as a run records them, each later than the one before.
    #[cfg(test)]
    pub(crate) fn record(&mut self, id: PurchaseId, steps: impl IntoIterator<Item = Step>) {
        for step in steps {
            let mut entry = Entry::of(id, step);
            self.date(&mut entry);
            self.apply(&entry);
        }
    }

    /// Adds everything that another book knows.
    pub fn unite(&mut self, other: Book) {
        self.service = self.service.take().or(other.service);
        self.projection = self.projection.take().or(other.projection);
        other.jobs.into_values().flatten().for_each(|purchase| self.add(purchase));
        for (content, Upload { url, at }) in other.uploads {
            self.add_upload(content, &url, at);
        }
        other.pins.into_iter().for_each(|(address, pin)| self.add_pin(address, pin, false));
        self.renamed.extend(other.renamed);
    }

    /// Dates an entry after the statement that it follows, whatever this machine's clock says.
    pub(super) fn date(&self, entry: &mut Entry) {
        let (at, before) = match entry {
            Entry::Uploaded { sha256, url, at } => {
                (at, self.uploads.get(sha256).filter(|known| known.url != *url).map(|known| known.at))
            }
            Entry::Mirrored { address, pin, .. } => {
                let known = self.pins.get(address).filter(|known| known.sha256 != pin.sha256);
                (&mut pin.at, known.map(|known| known.at))
            }
            Entry::Purchase { id, step } => {
                let Some(known) = self.purchase(*id) else { return };
                match step {
                    Step::Moved { at, .. } => (at, known.renamed_at.max(known.record.submitted_at)),
                    Step::Found { at, .. } | Step::Uncertain { at, .. } | Step::Resolved { at, .. } => {
                        (at, known.said_at.max(known.record.submitted_at))
                    }
                    _ => return,
                }
            }
        };
        let next = before.and_then(|before| before.checked_add(SignedDuration::from_micros(1)).ok());
        *at = next.map_or(*at, |next| next.max(*at));
    }

    /// Returns whether something is or may be paid here under `key` that `other` doesn't know.
    pub(super) fn has_paid_what_is_unknown_to(&self, other: &Book, key: &Key) -> bool {
        let owed = self.all_of(key).iter().filter(|purchase| purchase.owed() > Some(Owed::Nothing));
        owed.into_iter().any(|purchase| !other.places.contains_key(&purchase.record.id))
    }

    /// Returns a purchase.
    pub(super) fn purchase(&self, id: PurchaseId) -> Option<&Purchase> {
        let all = self.jobs.get(self.places.get(&id)?)?;
        all.iter().find(|purchase| purchase.record.id == id)
    }

    /// Returns the purchases that a lock keeps, in the order of job and id: all except those of which nothing was accepted.
    pub(super) fn kept(&self) -> impl Iterator<Item = &Purchase> {
        self.jobs.values().flat_map(|all| {
            let mut kept: Vec<&Purchase> = all.iter().filter(|purchase| purchase.rung != Rung::NotTaken).collect();
            kept.sort_by_key(|purchase| purchase.record.id);
            kept
        })
    }

    /// Makes the paths of videos follow their names: after a merge of two halves of a block they may disagree.
    pub(super) fn follow_names(&mut self) {
        for purchase in self.jobs.values_mut().flatten() {
            let Record { key, name, .. } = purchase.record.clone();
            purchase.record = purchase.record.clone().moved(&key.job, name);
        }
    }

    /// Forgets a purchase of which nothing more comes, unless another manifest uses it.
    pub(super) fn prune(&mut self, id: PurchaseId, buyer: &Buyer) {
        let is_over = |purchase: &Purchase| purchase.owed() <= Some(Owed::Nothing) || purchase.rung == Rung::Succeeded;
        if self.purchase(id).is_some_and(|purchase| is_over(purchase) && purchase.is_used_only_by(buyer)) {
            let _ = self.take_out(id);
        }
    }

    /// Adds a purchase, or another account of a known one.
    pub(super) fn add(&mut self, purchase: Purchase) {
        let second = match self.take_out(purchase.record.id) {
            Some(mut known) => {
                let second = known.join(purchase);
                self.put(known);
                second
            }
            None => {
                self.put(purchase);
                None
            }
        };
        if let Some(second) = second {
            self.add(second);
        }
    }

    /// Adds an upload; one whose URL has a query is not kept, since signed URLs expire.
    pub(super) fn add_upload(&mut self, sha256: Sha256, url: &str, at: Timestamp) {
        if without_query(url) == url {
            let upload = Upload { at: whole_microseconds(at), url: url.to_owned() };
            let known = self.uploads.entry(sha256).or_insert_with(|| upload.clone());
            *known = upload.max(known.clone());
        }
    }

    /// Adds the content of a remote image: the latest one counts. A different content that was known before is kept as
    /// a former one, unless this one was `taken` to replace it.
    pub(super) fn add_pin(&mut self, address: Address, pin: Pin, taken: bool) {
        let rank = |pin: &Pin| (pin.at, pin.sha256, pin.bytes, pin.validator.clone().map(String::from));
        let mut later = Pin { at: whole_microseconds(pin.at), ..pin };
        if let Some(known) = self.pins.remove(&address) {
            let replaces = rank(&known) <= rank(&later);
            let earlier = if replaces { known } else { std::mem::replace(&mut later, known) };
            if !(replaces && taken) {
                later.former.extend(earlier.former);
                later.former.insert(earlier.sha256);
            }
        }
        later.former.remove(&later.sha256);
        self.pins.insert(address, later);
    }

    /// Returns the uploads, by content.
    pub(super) fn uploads(&self) -> impl Iterator<Item = (&Sha256, &Upload)> {
        self.uploads.iter()
    }

    /// Applies a step to a purchase.
    fn tell(&mut self, id: PurchaseId, step: &Step) {
        let Some(known) = self.purchase(id) else {
            tracing::debug!(%id, ?step, "a step of a purchase that isn't known");
            return;
        };
        let (told, mine) = match step {
            Step::Resolved { task, verdict: Verdict::Task { task: told }, at } => {
                // A person replaces the task that they knew of with another one.
                if let Some(known) = task.as_ref().filter(|known| *known != told) {
                    let verdict = Verdict::Resubmit;
                    self.tell(id, &Step::Resolved { task: Some(known.clone()), verdict, at: *at });
                }
                return self.tell(id, &Step::Found { task: told.clone(), at: *at });
            }
            Step::Submitted { task, .. } | Step::Found { task, .. } => (Some(task), known.task()),
            Step::Uncertain { task, .. } | Step::Resolved { task, .. } => (task.as_ref(), known.task()),
            _ => (None, None),
        };
        // It resulted in another task than the known one: a purchase of its own.
        if let (Some(told), Some(mine)) = (told, mine)
            && told != mine
        {
            let second = known.with_task(told).of_other_task();
            let id = second.record.id;
            self.add(second);
            return self.change(id, step);
        }
        self.change(id, step);
    }

    /// Applies a step to a purchase, and records videos whose path changes.
    fn change(&mut self, id: PurchaseId, step: &Step) {
        let Some(mut purchase) = self.take_out(id) else { return };
        let before: Vec<Output> = match step {
            Step::Moved { .. } => purchase.record.stage.outputs().to_vec(),
            _ => Vec::new(),
        };
        purchase.take(step);
        let renamed = before.into_iter().zip(purchase.record.stage.outputs()).filter(|(from, to)| from.path != to.path);
        let renamed =
            renamed.map(|(Output { path: from, sha256, .. }, to)| Renamed { from, to: to.path.clone(), sha256 });
        self.renamed.extend(renamed);
        self.put(purchase);
    }

    fn take_out(&mut self, id: PurchaseId) -> Option<Purchase> {
        let job = self.places.remove(&id)?;
        let all = self.jobs.get_mut(&job)?;
        let place = all.iter().position(|purchase| purchase.record.id == id)?;
        let purchase = all.remove(place);
        number(all, &purchase.record.key.digest);
        if all.is_empty() {
            self.jobs.remove(&job);
        }
        Some(purchase)
    }

    fn put(&mut self, purchase: Purchase) {
        let Key { job, digest } = purchase.record.key.clone();
        self.places.insert(purchase.record.id, job.clone());
        // Nearly every job is bought once: there is room for one, and for more only with the second.
        let all = self.jobs.entry(job).or_insert_with(|| Vec::with_capacity(1));
        let order = |purchase: &Purchase| (purchase.record.key.digest, purchase.record.id);
        let place = all.partition_point(|other| order(other) < order(&purchase));
        all.insert(place, purchase);
        number(all, &digest);
    }

    fn all_of(&self, key: &Key) -> &[Purchase] {
        let all = self.jobs.get(&key.job).map_or(&[][..], Vec::as_slice);
        let start = all.partition_point(|purchase| purchase.record.key.digest < key.digest);
        let end = all.partition_point(|purchase| purchase.record.key.digest <= key.digest);
        &all[start..end]
    }

    fn purchases(&self) -> impl Iterator<Item = &Purchase> {
        self.jobs.values().flatten()
    }
}

/// Returns the purchase that a job shows for one digest: first those that are or may be paid, then those that came further,
/// then later ones. A purchase that costs nothing isn't shown if a person allowed a later one to be submitted again.
fn shown(purchases: &[Purchase]) -> Option<&Purchase> {
    let released = purchases.iter().filter(|purchase| purchase.is_released()).map(|purchase| purchase.record.id).max();
    let rank = |purchase: &Purchase| {
        let (owed, id) = (purchase.owed()?, purchase.record.id);
        let counts = owed > Owed::Nothing || Some(id) > released;
        let rung = if owed > Owed::Nothing { purchase.rung } else { Rung::Intended };
        counts.then_some((owed, rung, id))
    };
    purchases
        .iter()
        .filter_map(|purchase| Some((rank(purchase)?, purchase)))
        .max_by_key(|(rank, _)| *rank)
        .map(|(_, p)| p)
}

/// Returns the record shown for the job's last digest: one whose videos gave up their name was superseded.
fn current(all: &[Purchase]) -> Option<&Record> {
    let shown = by_digest(all).filter_map(shown).map(|purchase| &purchase.record);
    shown.max_by_key(|record| (!record.is_superseded(), record.id))
}

fn owing(all: &[Purchase], owed: Owed) -> impl Iterator<Item = &Record> {
    all.iter().filter(move |purchase| purchase.owed() == Some(owed)).map(|purchase| &purchase.record)
}

fn by_digest(all: &[Purchase]) -> impl Iterator<Item = &[Purchase]> {
    all.chunk_by(|a, b| a.record.key.digest == b.record.key.digest)
}

/// Counts the purchases of a digest, and those that the service failed.
fn number(all: &mut [Purchase], digest: &Digest) {
    let of_digest = all.iter_mut().filter(|purchase| purchase.record.key.digest == *digest);
    let mut failures = 0;
    for (attempt, purchase) in (1..).zip(of_digest) {
        failures += u32::from(purchase.rung == Rung::Failed);
        (purchase.record.attempt, purchase.record.failures) = (attempt, failures);
    }
}

/// Two books are equal if their locks are: facts that a lock doesn't keep (submits that weren't accepted, former names)
/// are ignored.
impl PartialEq for Book {
    fn eq(&self, other: &Book) -> bool {
        let same = |(mine, theirs): (&Purchase, &Purchase)| {
            let attempt = mine.record.attempt;
            *mine == Purchase { record: Record { attempt, ..theirs.record.clone() }, ..theirs.clone() }
        };
        self.service == other.service
            && self.projection == other.projection
            && self.uploads == other.uploads
            && self.pins == other.pins
            && self.kept().count() == other.kept().count()
            && self.kept().zip(other.kept()).all(same)
    }
}

#[cfg(test)]
mod tests;
