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
mod files;
mod group_commit;
mod guard;
mod holder;
mod id;
mod joined;
mod journal;
mod lockfile;
mod merge;
mod opened;
mod paths;
mod purchase;
pub mod record;
mod recover;
mod session;
pub mod shared;
mod snapshot;
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
pub use opened::{Buyer, Ledger, open};
pub use paths::Paths;
pub use session::Session;
pub use snapshot::{Snapshot, is_held, read};

/// Returns the text of the lock of a book.
pub fn written(book: &Book) -> String {
    lockfile::write(book)
}

#[cfg(test)]
mod measure;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
