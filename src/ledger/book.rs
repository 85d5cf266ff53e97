//! The state described by lock and journal: a set of purchases, with uploads and pins. Pure: no file, no clock.
//!
//! Two accounts of it are joined by union ([`Book::unite`]). The state that a job shows is a function of its purchases:
//! the same set shows the same, whatever its history and whoever reported first.

mod changes;
mod images;
mod manifests;
mod shown;

use super::Buyer;
use super::id::PurchaseId;
use super::purchase::{Owed, Purchase, Rung};
use super::record::{Key, Record};
use crate::base::digest::Sha256;
use crate::service::names::{Digest, JobId};
use std::collections::{BTreeMap, HashMap};
use std::fmt;

pub use images::Pins;
use images::Upload;

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
    /// Its place.
    pub url: String,
    /// The id that tells it from all others.
    pub id: String,
}

impl fmt::Display for Projection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (id {})", self.url, self.id)
    }
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

    /// Returns the videos that got another name, in the order of the entries that renamed them.
    pub fn renamed(&self) -> &[Renamed] {
        &self.renamed
    }

    /// Returns whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.uploads.is_empty() && self.pins.is_empty() && self.kept().next().is_none()
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
