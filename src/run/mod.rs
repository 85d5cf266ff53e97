//! One run from its beginning to its end: what is opened, looked at, made durable, sent and said, and in which order.
//!
//! ```text
//! open ── Preparation ── look_at_images ── Preparation ─┬─ Execution ── outcome
//!                                                       └─ nothing to do: end ┘
//! ```
//!
//! It knows neither arguments nor a terminal: a command decides what is chosen, asks people, and words the errors.
//! [`Execution::run`] holds the order in which things become durable.

mod cleanup;
mod ending;
mod error;
mod execution;
pub mod fleet;
mod images;
mod preparation;
pub mod publishing;
pub mod renames;

pub use ending::stopped;
pub use error::RunError;
pub use execution::{Destination, Execution, end_without_work, record_all};
pub use images::look_at_images;
pub use preparation::Preparation;

use crate::client::retry::Backoff;
use crate::event::Event;
use crate::event::sender::Events;
use crate::ledger::record::Record;
use crate::ledger::{self, Holder, Ledger, Paths};
use crate::plan::action::Action;
use crate::plan::stray::Stray;
use jiff::Timestamp;
use std::path::Path;
use std::time::Duration;

/// The pauses between retries.
pub const BACKOFF: Backoff = Backoff { first: Duration::from_millis(500), most: Duration::from_secs(60) };

/// Opens the ledger of a manifest; what a killed run was writing is removed, and what it was renaming is renamed.
///
/// # Errors
/// Fails if another process holds the ledger, it can't be read, or a video can't be renamed.
pub fn open(paths: &Paths, manifest: &Path) -> Result<Ledger, RunError> {
    let ledger = ledger::open(paths, Holder::this_process())?;
    if ledger.follows_a_kill() {
        cleanup::settle(&ledger, manifest)?;
    }
    Ok(ledger)
}

/// Reports the records to be collected besides the jobs of the manifest.
pub fn announce(strays: &[Stray], events: &Events) {
    for Stray { record, action, reason } in strays {
        let (job, digest, submitted_at) = (record.key.job.clone(), record.key.digest, taken_up(*action, record));
        events.send(Event::JobPlanned { job, digest, action: *action, reason: *reason, submitted_at });
    }
}

/// Returns the time at which an earlier run submitted a task that this one polls.
fn taken_up(action: Action, record: &Record) -> Option<Timestamp> {
    record.submitted_at.filter(|_| action == Action::Resume)
}
