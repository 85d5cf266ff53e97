//! A run beside other runs of a shared ledger: what it waits for, and what it learns from them at its end.

use super::RunError;
use crate::base::runtime;
use crate::engine::{Outcome, Settings};
use crate::event::stop::{Level, Stop};
use crate::ledger::record::{Key, Status};
use crate::ledger::shared::{Doubts, Limits, Slots};
use crate::ledger::{Book, Ledger, Shared};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

pub use crate::ledger::shared::PATIENCE;

/// How long a ledger is waited for when the run is to end.
const LAST_PATIENCE: Duration = Duration::from_secs(10);

/// How long a ledger may take to hear that a run has ended.
const FAREWELL: Duration = Duration::from_secs(3);

/// The work of a run at a shared ledger beside its own.
pub(super) struct Attending {
    limits: Arc<Limits>,
    /// Makes known what comes, and watches the others.
    news: JoinHandle<()>,
    /// Beats, and shares.
    sharing: JoinHandle<()>,
}

impl Attending {
    /// Begins, for a run with these settings whose prices are in `unit`.
    ///
    /// # Errors
    /// Fails if the ledger doesn't answer.
    pub(super) async fn begin(shared: &Shared, settings: &Settings, unit: &str) -> Result<Attending, RunError> {
        let (desk, want) = (shared.desk.clone(), settings.concurrency);
        let slots = settings.fleet_concurrency.map(|most| Slots::new(most, want));
        let limits = Limits::new(desk.clone(), (want, slots), (unit, settings.max_cost), settings.patience);
        let limits = Arc::new(limits);
        limits.begin().await.map_err(|error| shared.failed(error))?;
        let sharing = limits.clone();
        let news = tokio::spawn(async move { desk.attend().await });
        let sharing = tokio::spawn(async move {
            let ((), ()) = futures::join!(sharing.keep_alive(), sharing.attend());
        });
        Ok(Attending { limits, news, sharing })
    }

    /// Returns what the run shares with the others.
    pub(super) fn limits(&self) -> Arc<Limits> {
        self.limits.clone()
    }

    /// Ends what belongs to the run's own work: from here on it only beats, and gives back what it has.
    pub(super) fn worked(&self) {
        self.news.abort();
    }

    /// Says that the run has ended.
    pub(super) async fn leave(self) {
        self.sharing.abort();
        // A heartbeat that only stands still says the same, later.
        let _ = tokio::time::timeout(FAREWELL, self.limits.leave()).await;
    }
}

impl Drop for Attending {
    fn drop(&mut self) {
        self.news.abort();
        self.sharing.abort();
    }
}

/// Makes known what is left, and watches what other runs are about to submit.
///
/// # Errors
/// Fails if it isn't acknowledged within `patience`.
pub(super) async fn settle(shared: &Shared, stop: &Stop, patience: Duration) -> Result<(), RunError> {
    let patience = if stop.level() == Level::Out { LAST_PATIENCE.min(patience) } else { patience };
    acknowledge(shared, patience).await?;
    wait_for_others(shared, stop).await
}

/// Makes known what is left.
///
/// # Errors
/// Fails if it isn't acknowledged within `patience`.
pub(super) async fn acknowledge(shared: &Shared, patience: Duration) -> Result<(), RunError> {
    let unacknowledged = |why| RunError::Unacknowledged { place: shared.place.to_string(), why };
    shared.desk.settle(patience).await.map_err(unacknowledged)
}

/// Watches what other runs are about to submit, until each is answered or its run counts as silent, or this one is to end.
async fn wait_for_others(shared: &Shared, stop: &Stop) -> Result<(), RunError> {
    tokio::select! {
        biased;
        () = stop.reached(Level::Out) => Ok(()),
        waited = shared.desk.wait_for_others() => waited.map_err(|error| shared.failed(error).into()),
    }
}

/// Watches what other runs of a shared ledger are about to submit, until each is answered or its run counts as silent;
/// returns what is no longer uncertain.
///
/// # Errors
/// Fails if the ledger doesn't answer.
pub fn answered_by_others(ledger: &Ledger, stop: &Stop) -> Result<HashSet<Key>, RunError> {
    let Some(shared) = ledger.shared() else { return Ok(HashSet::new()) };
    let book = runtime::on_this_thread()?.block_on(async {
        wait_for_others(shared, stop).await?;
        shared.view(ledger.book(), Doubts::Untold).await.map_err(RunError::from)
    })?;
    Ok(answered(&uncertain(ledger.book()), &uncertain(&book)))
}

/// Returns what is uncertain according to a book.
pub(super) fn uncertain(book: &Book) -> HashSet<Key> {
    let uncertain = book.records().filter(|record| record.stage.status() == Status::Uncertain);
    uncertain.map(|record| record.key.clone()).collect()
}

/// Returns what was uncertain, and isn't any more.
fn answered(before: &HashSet<Key>, still: &HashSet<Key>) -> HashSet<Key> {
    before.difference(still).cloned().collect()
}

/// Compares how a run began and what it left to others with what the ledger says at its end.
pub(super) fn compare(outcome: &mut Outcome, before: &HashSet<Key>, book: &Book) {
    let still = uncertain(book);
    outcome.answered = answered(before, &still);
    let silent = outcome.elsewhere.iter().filter(|key| still.contains(key)).count();
    outcome.summary.elsewhere -= silent;
    outcome.summary.uncertain += silent;
}
