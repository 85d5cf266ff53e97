//! Reads a ledger that may be another process's at the time.

use super::failure::LedgerError;
use super::joined::Shared;
use super::record::Key;
use super::{Book, Holder, Paths, guard, journal, lockfile, recover};
use crate::base::decimal::Decimal;
use std::io;

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
    pub(super) shared: Option<Shared>,
    /// The state of lock and journal, if `book` is a shared ledger's.
    pub(super) local: Option<Book>,
}

impl Snapshot {
    /// Returns whether lock or journal have a purchase of this key; a shared ledger may know of others.
    pub fn is_recorded_here(&self, key: &Key) -> bool {
        self.local.as_ref().unwrap_or(&self.book).get(key).is_some()
    }

    /// Returns what the runs of the shared ledger spent so far, in a unit; nothing where there is none.
    ///
    /// # Errors
    /// Fails if it has what can't be read.
    pub fn spent(&self, unit: &str) -> Result<Decimal, LedgerError> {
        self.shared.as_ref().map_or(Ok(Decimal::ZERO), |shared| shared.spent(unit))
    }
}

/// Reads the state without taking the advisory lock, and without writing anything.
///
/// # Errors
/// As for [`open`](super::open), except for [`LedgerError::Held`].
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
    Ok(Snapshot { book, held_by, journal: journal.is_some(), shared: None, local: None })
}

/// Returns whether a run is active, at little cost.
pub fn is_held(paths: &Paths) -> bool {
    guard::open_to_read(&paths.journal).is_ok_and(|file| guard::is_held(&file))
}
