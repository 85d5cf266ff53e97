//! The record of each job: `jobs.lock`, and the journal next to it during a run.
//!
//! [`open`] takes the advisory lock and recovers the leftover of a killed run; [`Ledger::start`] begins a journal and
//! returns a [`JournalWriter`], whose [`record`](JournalWriter::record) returns when an entry is durable; [`Session::close`] writes
//! the whole lock and removes the journal. [`read`] reads without taking the lock.
//!
//! The promise, per lock file: whatever is killed, whenever, no purchase is made twice without explicit consent, and no
//! task id is lost; at worst a job is marked as uncertain.

pub mod book;
pub mod entry;
mod failure;
mod group_commit;
mod guard;
mod holder;
mod id;
mod joined;
mod journal;
mod lockfile;
mod merge;
mod paths;
mod purchase;
pub mod record;
mod recover;
pub mod shared;
mod unmerged;
mod watched;

pub use book::{Book, Pins, Projection, Renamed};
pub use failure::LedgerError;
pub use group_commit::{Intended, JournalWriter, Unwritable};
pub use holder::Holder;
pub use id::PurchaseId;
pub use joined::{Shared, pull, read_shared};
pub use lockfile::{LockFile, PurchaseTable};
pub use merge::{Merged, Services, drive, join, resolve_conflict};
pub use paths::Paths;

use crate::base::decimal::Decimal;
use crate::base::digest::Sha256;
use entry::Entry;
use group_commit::{Message, Writer};
use guard::Guard;
use journal::{Encoder, Header};
use record::Key;
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use watched::Watched;

/// The state of lock and journal, read without the advisory lock.
#[derive(Debug)]
pub struct Snapshot {
    /// The state.
    pub book: Book,
    /// The active run, if any: the state of its jobs in flight is as recent as its journal's last lines.
    pub held_by: Option<Holder>,
    /// `true` if a journal exists next to the lock.
    pub journal: bool,
    /// The shared ledger, if the state is that one's.
    shared: Option<Shared>,
}

impl Snapshot {
    /// Returns what the runs of the shared ledger spent so far, in a unit; nothing where there is none.
    ///
    /// # Errors
    /// Fails if it has what can't be read.
    pub fn spent(&self, unit: &str) -> Result<Decimal, LedgerError> {
        self.shared.as_ref().map_or(Ok(Decimal::ZERO), |shared| shared.spent(unit))
    }
}

/// A ledger that this process holds and has not changed.
#[derive(Debug)]
pub struct Ledger {
    files: Files,
    watched: Watched,
    book: Book,
    holder: Holder,
    /// `true` if a killed run left a journal.
    leftover: bool,
    /// `true` if the state differs from the lock's.
    changed: bool,
    shared: Option<Shared>,
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

/// Closes the ledger of a run.
#[derive(Debug)]
pub struct Session {
    files: Files,
    shared: Option<Shared>,
    inbox: mpsc::Sender<Message>,
    writer: JoinHandle<Writer>,
}

/// The files, held.
#[derive(Debug)]
struct Files {
    paths: Paths,
    guard: Arc<Guard>,
    /// The hash of the lock as it was read.
    lock: Option<Sha256>,
    /// The manifest for which jobs are bought, and purchases dropped.
    buyer: Buyer,
    /// Purchases to be dropped, but only when the lock is written.
    pruned: Vec<PurchaseId>,
}

/// Reads the state without taking the advisory lock, and without writing anything.
///
/// # Errors
/// As for [`open`], except for [`LedgerError::Held`].
pub fn read(paths: &Paths) -> Result<Snapshot, LedgerError> {
    // A run that begins while its journal is being read replaces it: a mixture of both looks like damage.
    let mut tries = 3;
    loop {
        match read_once(paths) {
            Err(LedgerError::Damaged { .. }) if tries > 1 => tries -= 1,
            outcome => return outcome,
        }
    }
}

/// Returns the text of the lock of a book.
pub fn written(book: &Book) -> String {
    lockfile::write(book)
}

/// Returns whether a run is active, at little cost.
pub fn is_held(paths: &Paths) -> bool {
    guard::open_to_read(&paths.journal).is_ok_and(|file| guard::is_held(&file))
}

fn read_once(paths: &Paths) -> Result<Snapshot, LedgerError> {
    // The journal first, and whole: a run that ends in the meantime has everything in the lock before its journal goes.
    let (journal, held_by) = match guard::open_to_read(&paths.journal) {
        Ok(file) => {
            let text = guard::read_bounded(&file, &paths.journal)?;
            let holder = if guard::is_held(&file) { journal::holder(&text) } else { None };
            (Some(text), holder)
        }
        Err(LedgerError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => (None, None),
        Err(e) => return Err(e),
    };
    let lock = lockfile::load(&paths.lock)?;
    let (book, _) = recover::recover(lock.as_deref(), journal.as_deref().unwrap_or_default(), paths)?;
    Ok(Snapshot { book, held_by, journal: journal.is_some(), shared: None })
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

impl Session {
    /// Ends the run: writes the whole lock if anything changed, removes the journal, and releases the advisory lock
    /// last. Entries that are recorded already are in the book; later ones are refused.
    ///
    /// # Errors
    /// Fails if the lock can't be written; the journal stays then, and the next run includes it.
    pub async fn close(self) -> Result<Book, LedgerError> {
        let Session { mut files, shared, inbox, writer } = self;
        // The writer may be gone already: then there is nothing to tell it.
        let _ = inbox.send(Message::Close).await;
        drop(inbox);
        let path = files.paths.lock.clone();
        let broke_off = |e: tokio::task::JoinError| LedgerError::io("write", &path)(io::Error::other(e));
        let mut writer = writer.await.map_err(broke_off)?;
        if let Some(shared) = shared {
            // What isn't known there stays in the journal, which the next run brings in.
            let view = shared.view(&writer.book, shared::Doubts::Untold).await?;
            shared.knows_all_of(&writer.book, &view, &files.paths.journal)?;
            (writer.book, writer.changed) = (view, true);
        }
        tokio::task::spawn_blocking(move || files.close(writer)).await.map_err(broke_off)?
    }
}

impl Files {
    /// Writes the run's entries into the lock, and removes the journal.
    fn close(&mut self, mut writer: Writer) -> Result<Book, LedgerError> {
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
    fn find(&self) -> Result<(Option<Sha256>, Option<Vec<u8>>), LedgerError> {
        let found = lockfile::load(&self.paths.lock)?;
        Ok((found.as_deref().map(Sha256::of), found))
    }

    /// Writes the whole lock, if its bytes differ.
    fn write_lock(&mut self, book: &Book) -> Result<(), LedgerError> {
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

#[cfg(test)]
mod measure;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
