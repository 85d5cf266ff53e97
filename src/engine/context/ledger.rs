//! What the jobs of a run write down, and what they hear from other runs of a shared ledger.

use super::Context;
use crate::base::decimal::Decimal;
use crate::client::Service;
use crate::event::Event;
use crate::event::stop::{Level, StopCause};
use crate::ledger::entry::Entry;
use crate::ledger::record::Key;
use crate::ledger::shared::{Pause, Purse, Word};
use crate::ledger::{Intended, PurchaseId};
use crate::service::names::{JobId, TaskId};
use std::sync::PoisonError;
use std::time::Duration;
use tokio::time::Instant;

impl<S: Service> Context<S> {
    /// Records a state change; returns once it is durable, or an error if it can't be.
    ///
    /// A journal that can't be written ends all submits; paid tasks are still polled and fetched, and the ledger keeps
    /// the change in memory for the lock.
    pub(in crate::engine) async fn record(&self, entry: Entry) -> Result<(), ()> {
        self.journal_writer.record(entry).await.map_err(|error| {
            self.stop.to(Level::NoSubmits, StopCause::Journal(error.to_string()));
            self.fail_locally();
        })
    }

    /// Writes down an intent, before its submit; where the ledger is shared, of all runs one may.
    pub(in crate::engine) async fn intend(
        &self,
        intent: Entry,
        after: Option<PurchaseId>,
        releases: &[PurchaseId],
        price: Decimal,
    ) -> Result<Intended, ()> {
        let intended = self.journal_writer.intend(intent, after, releases, price).await.map_err(|error| {
            self.stop.to(Level::NoSubmits, StopCause::Journal(error.to_string()));
            self.fail_locally();
        })?;
        if !matches!(intended, Intended::Away(_) | Intended::Refused(_)) {
            *self.ledger_away.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        Ok(intended)
    }

    /// Waits a while for a shared ledger that doesn't answer, unless it is away for longer than the run has patience.
    ///
    /// # Errors
    /// Fails if nothing more is submitted.
    pub(in crate::engine) async fn wait_for_ledger(&self, why: String) -> Result<(), ()> {
        let now = Instant::now();
        let since = *self.ledger_away.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(now);
        if now - since >= self.settings.patience {
            self.ledger_failed(why);
            return Err(());
        }
        let pause = self.backoff(1, None);
        self.events.send(Event::Throttled { message: format!("the ledger: {why}"), pause: pause.as_secs_f64() });
        tokio::select! {
            biased;
            () = self.stop.reached(Level::NoSubmits) => Err(()),
            () = tokio::time::sleep(pause) => Ok(()),
        }
    }

    /// Ends the run's submits, since the shared ledger can't be used: what is paid is brought home.
    pub(in crate::engine) fn ledger_failed(&self, why: String) {
        self.stop.to(Level::NoSubmits, StopCause::Ledger(why));
    }

    /// Takes note of what another run of a shared ledger has.
    pub(in crate::engine) fn note_elsewhere(&self, key: &Key) {
        self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner).push(key.clone());
    }

    /// Returns what other runs of a shared ledger have.
    pub(in crate::engine) fn take_elsewhere(&self) -> Vec<Key> {
        std::mem::take(&mut self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keeps a paid task in mind that the journal doesn't have.
    pub(in crate::engine) fn keep_in_mind(&self, job: &JobId, task: &TaskId) {
        self.unrecorded.lock().unwrap_or_else(PoisonError::into_inner).push((job.clone(), task.clone()));
    }

    /// Returns the paid tasks that the journal doesn't have.
    pub(in crate::engine) fn take_unrecorded(&self) -> Vec<(JobId, TaskId)> {
        std::mem::take(&mut self.unrecorded.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells the other runs of a shared ledger that the service wants nothing for a while.
    pub(in crate::engine) fn tell_pause(&self, time: Duration, reason: &str) {
        if let Some(limits) = &self.limits {
            limits.slow_down(Pause { time, reason: reason.to_owned() });
        }
    }

    /// Returns the money that all runs of a shared ledger share, where they do.
    pub(in crate::engine) fn purse(&self) -> Option<&Purse> {
        self.limits.as_ref().and_then(|limits| limits.purse()).map(|purse| &**purse)
    }

    /// Waits for what the other runs of a shared ledger say; without one, for ever.
    pub(in crate::engine) async fn word(&self) -> Word {
        match &self.limits {
            Some(limits) => limits.word().await,
            None => std::future::pending().await,
        }
    }

    /// Does what the other runs say.
    pub(in crate::engine) fn heed(&self, word: Word) {
        match word {
            Word::Pause(Pause { time, reason }) => {
                let pause = self.turns.heard(time);
                let message = format!("another run of the ledger was told to slow down: {reason}");
                self.events.send(Event::Throttled { message, pause: pause.as_secs_f64() });
            }
            Word::Lost(error) => self.ledger_failed(error.to_string()),
        }
    }
}
