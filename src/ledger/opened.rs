//! A ledger that this process holds and whose run has not begun.

use super::failure::LedgerError;
use super::files::Files;
use super::group_commit::Writer;
use super::guard::Guard;
use super::joined::Shared;
use super::journal::{self, Encoder, Header};
use super::record::Key;
use super::session::Session;
use super::watched::Watched;
use super::{Book, Holder, JournalWriter, Paths, lockfile, recover};
use crate::base::digest::Sha256;
use std::path::Path;
use std::sync::Arc;

/// A ledger that this process holds and has not changed.
#[derive(Debug)]
pub struct Ledger {
    pub(super) files: Files,
    pub(super) watched: Watched,
    pub(super) book: Book,
    pub(super) holder: Holder,
    /// `true` if a killed run left a journal.
    pub(super) leftover: bool,
    /// `true` if the state differs from the lock's.
    pub(super) changed: bool,
    pub(super) shared: Option<Shared>,
}

/// The manifest for which jobs are bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buyer {
    /// The manifest's path, relative to the lock.
    pub manifest: String,
    /// `true` if the lock belongs to this manifest alone, by its name: then purchases need not name it.
    pub alone: bool,
}

impl Default for Buyer {
    fn default() -> Buyer {
        Buyer { manifest: String::new(), alone: true }
    }
}

/// Takes the advisory lock and recovers the state. Writes nothing.
///
/// # Errors
/// Fails if another run holds it, or a file can't be read, is damaged or of a newer version.
pub fn open(paths: &Paths, holder: Holder) -> Result<Ledger, LedgerError> {
    let guard = Guard::take(&paths.journal)?;
    let journal = guard.content()?;
    let watched = Watched::before_reading(&paths.lock);
    let lock = lockfile::load(&paths.lock)?;
    let (book, changed) = recover::recover(lock.as_deref(), &journal, paths)?;
    let lock = lock.as_deref().map(Sha256::of);
    let (paths, guard, buyer) = (paths.clone(), Arc::new(guard), Buyer::default());
    let files = Files { paths, guard, lock, buyer, pruned: Vec::new() };
    Ok(Ledger {
        files,
        watched: watched.with_content(lock),
        book,
        holder,
        leftover: !journal.is_empty(),
        changed,
        shared: None,
    })
}

impl Ledger {
    /// Returns the state.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// Returns the real path of the lock.
    pub fn lock(&self) -> &Path {
        &self.files.paths.lock
    }

    /// Returns whether the previous run was killed: its temporary files may still exist.
    pub fn follows_a_kill(&self) -> bool {
        self.leftover || self.files.guard.was_found()
    }

    /// Renames the service (`--move-service`). The leftover of a killed run goes into the lock first.
    ///
    /// # Errors
    /// Fails if a file can't be written.
    pub fn move_service(&mut self, service: &str) -> Result<(), LedgerError> {
        self.take_in_leftover()?;
        self.changed |= self.book.service() != Some(service);
        self.book.set_service(service);
        Ok(())
    }

    /// Sets the manifest for which jobs are bought from now on.
    pub fn buy_for(&mut self, buyer: Buyer) {
        self.files.buyer = buyer;
    }

    /// Marks the purchases of these keys to be dropped once a run has written the lock: a run that is killed drops
    /// nothing, and whichever lock exists by then, only these very purchases are dropped from it, and only if no other
    /// manifest uses them.
    pub fn prune(&mut self, keys: &[Key]) {
        let all = keys.iter().flat_map(|key| self.book.history(key)).map(|record| record.id);
        self.files.pruned.extend(all.filter(|id| self.book.is_used_only_by(*id, &self.files.buyer)));
    }

    /// Begins a run on `service`: the leftover of a killed run goes into the lock, and a new journal is begun and
    /// synced. Needs a tokio runtime.
    ///
    /// # Errors
    /// Fails if the records belong to another service, or a file can't be written.
    pub fn start(mut self, service: &str) -> Result<(JournalWriter, Session), LedgerError> {
        if let Some(lock) = self.book.service().filter(|lock| *lock != service && !self.book.is_empty()) {
            let (path, lock) = (self.files.paths.lock.clone(), lock.to_owned());
            return Err(LedgerError::OtherService { path, lock, wanted: service.to_owned() });
        }
        self.take_in_leftover()?;
        self.book.set_service(service);
        let header = Header {
            journal: journal::VERSION,
            holder: self.holder,
            continues: self.files.lock,
            service: service.to_owned(),
        };
        let (encoder, first_line) = Encoder::new(&header);
        let journal = self.files.paths.journal.clone();
        self.files.guard.append(&first_line).map_err(LedgerError::io("write", &journal))?;
        let guard = Arc::clone(&self.files.guard);
        let writer = Writer::new(guard, encoder, self.book, journal, self.watched, self.changed);
        let Buyer { manifest, alone } = self.files.buyer.clone();
        let writer = writer.of_manifest((!alone).then_some(manifest));
        let (journal_writer, inbox, writer) = writer.joined_to(self.shared.as_ref()).spawn();
        Ok((journal_writer, Session { files: self.files, shared: self.shared, inbox, writer }))
    }

    /// Closes an unused ledger: the lock stays as it is, unless a killed run left something to include.
    ///
    /// # Errors
    /// Fails if a file can't be written; the journal stays then.
    pub fn close_unchanged(mut self) -> Result<Book, LedgerError> {
        self.save()?;
        self.files.guard.remove()?;
        Ok(self.book)
    }

    /// Writes the leftover of a killed run into the lock; its journal is obsolete then, and a new one replaces it.
    fn take_in_leftover(&mut self) -> Result<(), LedgerError> {
        if self.leftover {
            self.save()?;
            Arc::get_mut(&mut self.files.guard).expect("nobody else has it before a run is started").renew()?;
            self.leftover = false;
        }
        Ok(())
    }

    /// Writes the lock if the state differs from the one that was read.
    fn save(&mut self) -> Result<(), LedgerError> {
        if self.changed {
            if self.files.find()?.0 != self.files.lock {
                let what =
                    "changed by another program since it was read: nothing was overwritten, run the command again";
                let path = self.files.paths.lock.clone();
                return Err(LedgerError::Damaged { path, line: None, what: what.to_owned() });
            }
            self.files.write_lock(&self.book)?;
            self.watched = Watched::before_reading(&self.files.paths.lock).with_content(self.files.lock);
            self.changed = false;
        }
        Ok(())
    }
}
