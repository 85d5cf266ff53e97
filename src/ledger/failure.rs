//! Errors of reading, opening or writing a ledger.

use super::holder::Holder;
use super::shared::StoreError;
use crate::service::names::JobId;
use jiff::Timestamp;
use std::io;
use std::path::PathBuf;

/// An error of reading, opening or writing a ledger. Nothing was overwritten, and nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Another run holds it.
    #[error("another run is using {}{}", .journal.display(), words_for(.holder.as_ref()))]
    Held {
        /// The journal, on which the lock is.
        journal: PathBuf,
        /// Its holder, if that can be read.
        holder: Option<Holder>,
    },
    /// A lock or a journal that can't be trusted.
    #[error("{}{}: {what}", .path.display(), .line.map(|line| format!(":{line}")).unwrap_or_default())]
    Damaged {
        /// The lock or the journal.
        path: PathBuf,
        /// The line, counted from 1, if there is one.
        line: Option<usize>,
        /// The problem.
        what: String,
    },
    /// A lock with the marks of a merge in it.
    #[error("{}:{line}: the marks of a merge conflict", .path.display())]
    Conflict {
        /// The lock.
        path: PathBuf,
        /// The line of the first mark, counted from 1.
        line: usize,
    },
    /// A file that is no lock stands where one is to be written.
    #[error("{} exists, and can't be read as a lock: {what}", .path.display())]
    NoLock {
        /// The file.
        path: PathBuf,
        /// Why not.
        what: String,
    },
    /// A file of a later version.
    #[error("{} was written by a newer batch (version {version}; this one knows {known})", .path.display())]
    Newer {
        /// The lock or the journal.
        path: PathBuf,
        /// Its version.
        version: i64,
        /// The version that this program knows.
        known: i64,
    },
    /// The records belong to another service than the requested one.
    #[error("{} belongs to {lock}, not to {wanted}: task ids and uploads are only valid there", .path.display())]
    OtherService {
        /// The lock.
        path: PathBuf,
        /// The service that it belongs to.
        lock: String,
        /// The requested service.
        wanted: String,
    },
    /// A journal left by a run with another service that doesn't continue this lock.
    #[error(
        "{} was left by a run on {theirs}, but {} belongs to {ours}: put back the lock that it continues",
        .journal.display(), .lock.display()
    )]
    ForeignJournal {
        /// The journal.
        journal: PathBuf,
        /// Its service.
        theirs: String,
        /// The lock.
        lock: PathBuf,
        /// The lock's service.
        ours: String,
    },
    /// Something other than a regular file has the journal's path.
    #[error("{} is a link, or no file at all: nothing was read from it or written to it", .path.display())]
    NoFile {
        /// The journal.
        path: PathBuf,
    },
    /// A shared ledger doesn't answer, refuses, or has what can't be read.
    #[error("the ledger {place}: {source}")]
    Shared {
        /// Its place.
        place: String,
        /// The cause.
        source: StoreError,
    },
    /// The lock is of another shared ledger than the one that is named, or none is named.
    #[error("{} was written from the ledger {known}, and this command works {}", .lock.display(), words_for_ledger(.wanted.as_deref()))]
    OtherLedger {
        /// The lock.
        lock: PathBuf,
        /// Its ledger: URL and id.
        known: String,
        /// The ledger that was named, where one was: URL and id.
        wanted: Option<String>,
    },
    /// Another ledger took the place of the lock's.
    #[error(
        "{} was written from the ledger {known}; the one there now has the id {present}: it was made anew, and has forgotten what others bought",
        .lock.display()
    )]
    Remade {
        /// The lock.
        lock: PathBuf,
        /// Its ledger: URL and id.
        known: String,
        /// The id of the one that is there now.
        present: String,
    },
    /// A shared ledger doesn't know what is paid by a lock or a journal.
    #[error("{} says that {} paid of which the ledger {place} doesn't know: it went back to an earlier state, or never knew them", .lock.display(), words_for_jobs(.jobs))]
    Rewound {
        /// Its place.
        place: String,
        /// The lock.
        lock: PathBuf,
        /// The jobs.
        jobs: Vec<JobId>,
    },
    /// A file can't be read or written.
    #[error("can't {doing} {}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operation: `read`, `write`, …
        doing: &'static str,
        /// The cause.
        source: io::Error,
    },
}

impl LedgerError {
    /// Attaches the operation and its file to an I/O error.
    pub(super) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> LedgerError {
        let path = path.into();
        move |source| LedgerError::Io { path, doing, source }
    }
}

fn words_for(holder: Option<&Holder>) -> String {
    let words = |Holder { host, pid, started }: &Holder| -> String {
        format!(" (process {pid} on {host}, since {})", Timestamp::from_second(started.as_second()).unwrap_or(*started))
    };
    holder.map(words).unwrap_or_default()
}

fn words_for_ledger(wanted: Option<&str>) -> String {
    wanted.map_or_else(|| "without one".to_owned(), |wanted| format!("on {wanted}"))
}

fn words_for_jobs(jobs: &[JobId]) -> String {
    match jobs {
        [job] => format!("{job} is or may be"),
        [first, others @ ..] => format!("{first} and {} more are or may be", others.len()),
        [] => "nothing is".to_owned(),
    }
}
