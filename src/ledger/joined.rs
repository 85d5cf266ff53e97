//! A ledger of this machine that is joined to a shared one: the purchases are kept there, and the lock is written from it.

use super::book::{Book, Projection};
use super::failure::LedgerError;
use super::shared::{Charter, Desk, Doubts, StoreError, Witness, unknown};
use super::{Ledger, Paths, Snapshot, lockfile, recover};
use crate::base::decimal::Decimal;
use crate::service::ledger_url::LedgerUrl;
use crate::service::names::{JobId, TaskId};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A shared ledger as a run works on it.
#[derive(Clone)]
pub struct Shared {
    /// Its place.
    pub place: LedgerUrl,
    /// Its own account of itself.
    pub charter: Charter,
    /// The way to it.
    pub desk: Arc<Desk>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("place", &self.place).field("charter", &self.charter).finish_non_exhaustive()
    }
}

impl Shared {
    /// Reads what it knows, with what `images` has of images.
    ///
    /// # Errors
    /// Fails if it doesn't answer, or has what can't be read.
    pub async fn view(&self, images: &Book, doubts: Doubts) -> Result<Book, LedgerError> {
        let mut book = images.images();
        book.set_service(&self.charter.service);
        self.desk.view(&mut book, doubts).await.map_err(|error| self.failed(error))?;
        book.set_projection(Some(self.projection()));
        Ok(book)
    }

    /// Returns what tells it from all others.
    fn projection(&self) -> Projection {
        Projection { url: self.place.to_string(), id: self.charter.id.clone() }
    }

    async fn took_place_of(&self, former: &str) -> Result<bool, LedgerError> {
        self.desk.took_place_of(former).await.map_err(|error| self.failed(error))
    }

    /// Writes down, where a lock is of a ledger that was here before, that this one took its place: what the lock knows was brought in.
    ///
    /// # Errors
    /// Fails if the ledger doesn't answer.
    pub async fn take_place_in(&self, lock: &Book) -> Result<(), LedgerError> {
        let here = self.projection();
        match lock.projection().filter(|of| of.url == here.url && of.id != here.id) {
            Some(former) => self.desk.take_place_of(&former.id).await.map_err(|error| self.failed(error)),
            None => Ok(()),
        }
    }

    /// Returns what is or may be paid of all that was bought in a unit, as far as was read.
    ///
    /// # Errors
    /// Fails if it has what can't be read.
    pub fn spent(&self, unit: &str) -> Result<Decimal, LedgerError> {
        self.desk.cost(unit).map_err(|error| self.failed(error))
    }

    /// Brings in all that a book knows; how many purchases that is.
    ///
    /// # Errors
    /// Fails if it belongs to another service, or isn't acknowledged in time.
    pub async fn take_in(&self, book: &Book, patience: Duration) -> Result<usize, LedgerError> {
        book.kept().for_each(|purchase| self.desk.note(purchase.clone()));
        let settled = self.desk.settle(patience).await;
        settled.map(|()| book.kept().count()).map_err(|error| self.failed(error))
    }

    /// Compares what a run leaves with what is known there by now.
    ///
    /// # Errors
    /// Fails if something paid is unknown there: it was known before, so that the shared ledger went back while the run was on.
    pub(super) fn knows_all_of(&self, here: &Book, there: &Book, journal: &Path) -> Result<(), LedgerError> {
        let missing = unknown(here, there, Witness::Projection);
        match missing.is_empty() {
            true => Ok(()),
            false => Err(LedgerError::Rewound {
                place: self.place.to_string(),
                lock: journal.to_owned(),
                jobs: missing.into_iter().collect(),
            }),
        }
    }

    /// Returns the tasks that are known here and not acknowledged there.
    pub fn unacknowledged(&self) -> Vec<(JobId, TaskId)> {
        let waiting = self.desk.waiting();
        waiting.iter().filter_map(|known| Some((known.record.key.job.clone(), known.task()?.clone()))).collect()
    }

    /// Says that it failed.
    pub fn failed(&self, source: StoreError) -> LedgerError {
        LedgerError::Shared { place: self.place.to_string(), source }
    }
}

impl Ledger {
    /// Joins a shared ledger: its state is that one's from here on. What a killed run left in the journal is brought in.
    ///
    /// Where `moved`, a person says that the shared ledger took the place of the lock's: then all that the lock knows is brought in,
    /// too.
    ///
    /// # Errors
    /// Fails if the lock is of another ledger, or the shared one doesn't know what is paid here: nothing is bought then.
    pub async fn join(&mut self, shared: Shared, moved: bool, patience: Duration) -> Result<(), LedgerError> {
        let (lock, journal) = self.apart()?;
        let view = shared.view(&self.book, Doubts::Untold).await?;
        let path = || self.files.paths.lock.clone();
        let of = lock.projection();
        let former = of.filter(|of| of.id != shared.charter.id);
        let was_here = former.filter(|former| former.url == shared.place.to_string());
        match former {
            Some(former) if was_here.is_none() && !moved => {
                let (known, wanted) = (former.to_string(), Some(shared.projection().to_string()));
                return Err(LedgerError::OtherLedger { lock: path(), known, wanted });
            }
            Some(former) if !moved && !shared.took_place_of(&former.id).await? => {
                let (known, present) = (former.to_string(), shared.charter.id.clone());
                return Err(LedgerError::Remade { lock: path(), known, present });
            }
            _ => {}
        }
        let witness = |is_own: bool| if is_own { Witness::Projection } else { Witness::Stranger };
        let is_own = of.is_some_and(|of| of.id == shared.charter.id);
        let mut missing = unknown(&lock, &view, witness(is_own));
        // A task id that only the journal has is what it is there for; a purchase that was never intended there isn't.
        missing.extend(unknown(&journal.strangers_to(&view), &view, witness(is_own)));
        if moved {
            shared.take_in(&lock, patience).await?;
            shared.desk.accept_era().await.map_err(|error| shared.failed(error))?;
            shared.take_place_in(&lock).await?;
        } else if !missing.is_empty() {
            let place = shared.place.to_string();
            return Err(LedgerError::Rewound { place, lock: path(), jobs: missing.into_iter().collect() });
        }
        shared.take_in(&journal, patience).await?;
        shared.desk.check_era().await.map_err(|error| shared.failed(error))?;
        self.book = shared.view(&self.book, Doubts::Untold).await?;
        self.changed = self.book != lock;
        self.shared = Some(shared);
        Ok(())
    }

    /// Returns the shared ledger that it is joined to.
    pub fn shared(&self) -> Option<&Shared> {
        self.shared.as_ref()
    }

    /// Returns what the runs of the shared ledger spent so far, in a unit; nothing where there is none.
    ///
    /// # Errors
    /// Fails if it has what can't be read.
    pub fn spent(&self, unit: &str) -> Result<Decimal, LedgerError> {
        self.shared.as_ref().map_or(Ok(Decimal::ZERO), |shared| shared.spent(unit))
    }

    /// Lets go of the shared ledger that the lock was written from, by explicit consent.
    pub fn part(&mut self) {
        self.changed |= self.book.projection().is_some();
        self.book.set_projection(None);
    }

    /// Returns what the lock says, and what the journal alone says.
    fn apart(&self) -> Result<(Book, Book), LedgerError> {
        let paths = &self.files.paths;
        let lock = lockfile::load(&paths.lock)?;
        let lock = lock.map_or_else(|| Ok(Book::default()), |text| lockfile::parse(&text, &paths.lock))?;
        let (journal, _) = recover::recover(None, &self.files.guard.content()?, paths)?;
        Ok((lock, journal))
    }
}

/// Reads the state of a shared ledger, with what the journal beside the lock knows; takes nothing and writes nothing.
///
/// # Errors
/// As [`super::read`], and where the shared ledger doesn't answer.
pub async fn read_shared(paths: &Paths, shared: &Shared) -> Result<Snapshot, LedgerError> {
    let local = super::read(paths)?;
    let mut book = shared.view(&local.book, Doubts::Told).await?;
    if local.journal {
        let journal = super::guard::open_to_read(&paths.journal)
            .and_then(|file| super::guard::read_bounded(&file, &paths.journal));
        let (known, _) = recover::recover(None, &journal.unwrap_or_default(), paths)?;
        book.unite(known);
    }
    Ok(Snapshot { book, shared: Some(shared.clone()), local: Some(local.book), ..local })
}

/// Writes the lock from a shared ledger (`batch lock pull`); how many purchases it has.
///
/// # Errors
/// Fails if a run holds the lock, the lock knows what is paid and the ledger doesn't, or a file can't be written.
pub async fn pull(mut ledger: Ledger, shared: Shared, moved: bool, patience: Duration) -> Result<usize, LedgerError> {
    ledger.join(shared, moved, patience).await?;
    Ok(ledger.close_unchanged()?.kept().count())
}
