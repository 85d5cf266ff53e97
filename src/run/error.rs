//! The reasons why a run can't begin, continue or end as it should.

use crate::client::http::Unusable;
use crate::ledger::shared::StoreError;
use crate::ledger::{LedgerError, Unwritable};
use crate::service::names::{JobId, TaskId};
use std::io;

/// The reason why a run ended without an outcome, or what went wrong beside its outcome.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The ledger can't be used. Nothing was sent.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The ledger couldn't be closed when the run ended. Something may have been sent.
    #[error(transparent)]
    Unclosed(LedgerError),
    /// The journal can't be written.
    #[error(transparent)]
    Journal(#[from] Unwritable),
    /// The clients of the service can't be set up.
    #[error(transparent)]
    Client(#[from] Unusable),
    /// The system provides no runtime.
    #[error(transparent)]
    Runtime(#[from] io::Error),
    /// A video can't be renamed.
    #[error("{from} can't become {to}: {why}")]
    Rename {
        /// Its present path.
        from: String,
        /// The path that it should get.
        to: String,
        /// The reason.
        why: String,
    },
    /// A video can't be renamed, since another file has its new name.
    #[error("{from} can't become {to}: another file exists there")]
    InTheWay {
        /// Its present path.
        from: String,
        /// The path that it should get.
        to: String,
    },
    /// The shared ledger doesn't acknowledge what the run did.
    #[error("the ledger {place} doesn't acknowledge what this command did: {why}")]
    Unacknowledged {
        /// Its place.
        place: String,
        /// The reason.
        why: StoreError,
    },
    /// Purchases whose videos exist aren't recorded so.
    #[error("{missing} of {of} purchases whose videos are here are not recorded so: this is a bug of batch")]
    Unrecorded {
        /// The number of them.
        missing: usize,
        /// The number of all purchases that succeeded.
        of: usize,
    },
    /// Paid tasks could be written neither into the journal nor into the ledger.
    #[error("{source}")]
    WithTasks {
        /// The reason.
        source: Box<RunError>,
        /// The tasks, with their jobs.
        tasks: Vec<(JobId, TaskId)>,
    },
}

impl RunError {
    /// Adds the paid tasks that could not be written down.
    pub(super) fn with_tasks(self, tasks: Vec<(JobId, TaskId)>) -> RunError {
        if tasks.is_empty() { self } else { RunError::WithTasks { source: Box::new(self), tasks } }
    }
}
