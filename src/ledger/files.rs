//! Lock and journal of a ledger that this process holds, as files: how one becomes the other.

use super::entry::Entry;
use super::failure::LedgerError;
use super::group_commit::Writer;
use super::guard::Guard;
use super::{Book, Buyer, Paths, PurchaseId, journal, lockfile, recover};
use crate::base::digest::Sha256;
use std::sync::Arc;

/// The files, held.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) paths: Paths,
    pub(super) guard: Arc<Guard>,
    /// The hash of the lock as it was read.
    pub(super) lock: Option<Sha256>,
    /// The manifest for which jobs are bought, and purchases dropped.
    pub(super) buyer: Buyer,
    /// Purchases to be dropped, but only when the lock is written.
    pub(super) pruned: Vec<PurchaseId>,
}

impl Files {
    /// Writes the run's entries into the lock, and removes the journal.
    pub(super) fn close(&mut self, mut writer: Writer) -> Result<Book, LedgerError> {
        let book = std::mem::take(&mut writer.book);
        match self.write_down(book, writer.changed) {
            Ok(book) => {
                self.guard.remove()?;
                Ok(book)
            }
            Err(error) => {
                // If the journal was removed as well, the run's purchases would be recorded nowhere.
                if !self.guard.is_in_place()
                    && let Err(lost) = self.put_journal_back(&writer.unsaved)
                {
                    tracing::error!(%lost, "the journal was taken away, and can't be put back");
                }
                Err(error)
            }
        }
    }

    /// Writes the journal again at its path, with the entries that could no longer be appended: the next run includes it.
    fn put_journal_back(&self, unsaved: &[Entry]) -> Result<(), LedgerError> {
        let text = journal::copy(&self.guard.content()?, unsaved);
        let text = text.map_err(|flaw| recover::flawed(&flaw, &self.paths))?;
        self.guard.put_back(&text)
    }

    /// Writes the run's state into the lock, united with another lock that somebody put there in the meantime (a checkout).
    fn write_down(&mut self, known: Book, changed: bool) -> Result<Book, LedgerError> {
        let mut book = known;
        let (hash, found) = self.find()?;
        if !changed && hash == self.lock && self.pruned.is_empty() {
            return Ok(book);
        }
        if let Some(text) = found.filter(|_| hash != self.lock) {
            let theirs = lockfile::parse(&text, &self.paths.lock)?;
            if let (Some(there), Some(here)) = (theirs.service(), book.service())
                && there != here
            {
                let (journal, theirs) = (self.paths.journal.clone(), here.to_owned());
                let (lock, ours) = (self.paths.lock.clone(), there.to_owned());
                return Err(LedgerError::ForeignJournal { journal, theirs, lock, ours });
            }
            book.unite(theirs);
        }
        self.pruned.iter().for_each(|id| book.prune(*id, &self.buyer));
        self.lock = hash;
        self.write_lock(&book)?;
        Ok(book)
    }

    /// Returns the lock as it is on disk now.
    pub(super) fn find(&self) -> Result<(Option<Sha256>, Option<Vec<u8>>), LedgerError> {
        let found = lockfile::load(&self.paths.lock)?;
        Ok((found.as_deref().map(Sha256::of), found))
    }

    /// Writes the whole lock, if its bytes differ.
    pub(super) fn write_lock(&mut self, book: &Book) -> Result<(), LedgerError> {
        let text = lockfile::write(book);
        let hash = Some(Sha256::of(text.as_bytes()));
        let nothing = self.lock.is_none() && book.is_empty();
        if self.lock != hash && !nothing {
            lockfile::save(&self.paths.lock, &text)?;
            self.lock = hash;
        }
        Ok(())
    }
}
