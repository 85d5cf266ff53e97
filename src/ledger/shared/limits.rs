//! What the runs of a ledger share while they are on: that they are alive, slots at the service, and its requests to slow down.

use super::desk::Desk;
use super::patience::{PATIENCE, patiently};
use super::pauses::{Pause, Pauses};
use super::purse::Purse;
use super::slots::Slots;
use super::store::StoreError;
use crate::base::decimal::Decimal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// The pause between two pauses that are told.
const BETWEEN: Duration = Duration::from_secs(1);

/// One run's part in the limits of all runs.
pub struct Limits {
    desk: Arc<Desk>,
    /// How many generations the run would have in flight, where slots aren't shared.
    want: usize,
    slots: Option<Arc<Slots>>,
    purse: Option<Arc<Purse>>,
    pauses: Pauses,
    patience: Duration,
    /// Why the run can't share any more.
    lost: Mutex<Option<StoreError>>,
    is_lost: Notify,
}

/// What a run is told while it works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// The service told another run to slow down.
    Pause(Pause),
    /// What is shared can't be read or written any more, or the ledger hasn't answered for longer than there is patience.
    Lost(StoreError),
}

impl Limits {
    /// Returns the part of a run that would have `want` generations in flight, and waits so long for a ledger that doesn't answer. With
    /// `slots`, those are shared, and with a limit of what all runs may spend, money is; what purchases cost is in `unit`.
    pub fn new(
        desk: Arc<Desk>,
        (want, slots): (usize, Option<Slots>),
        (unit, max_cost): (&str, Option<Decimal>),
        patience: Duration,
    ) -> Limits {
        let purse = max_cost.map(|most| Arc::new(Purse::new(most, unit)));
        desk.pay(unit, purse.clone());
        let (slots, pauses) = (slots.map(Arc::new), Pauses::default());
        Limits { desk, want, slots, purse, pauses, patience, lost: Mutex::default(), is_lost: Notify::new() }
    }

    /// Looks at the pause that was told last, and begins to share money, where the run has a limit.
    ///
    /// # Errors
    /// Fails if the ledger doesn't answer, or what is shared can't be read.
    pub async fn begin(&self) -> Result<(), StoreError> {
        patiently(self.desk.timer(), PATIENCE, async || self.desk.hear_pause(&self.pauses).await).await?;
        let Some(purse) = &self.purse else { return Ok(()) };
        patiently(self.desk.timer(), PATIENCE, async || self.desk.join_money(purse).await).await
    }

    /// Returns the money of all runs, where this one has a limit.
    pub fn purse(&self) -> Option<&Arc<Purse>> {
        self.purse.as_ref()
    }

    /// Returns the slots of this run, where the runs share them.
    pub fn slots(&self) -> Option<&Arc<Slots>> {
        self.slots.as_ref()
    }

    /// Tells the other runs that the service wants nothing for a while.
    pub fn slow_down(&self, pause: Pause) {
        self.pauses.to_tell(pause);
    }

    /// Waits for what the run is told next.
    pub async fn word(&self) -> Word {
        tokio::select! {
            pause = self.pauses.heard() => Word::Pause(pause),
            error = self.lost() => Word::Lost(error),
        }
    }

    async fn lost(&self) -> StoreError {
        loop {
            if let Some(error) = self.lost.lock().unwrap_or_else(PoisonError::into_inner).take() {
                return error;
            }
            self.is_lost.notified().await;
        }
    }

    fn lose(&self, error: StoreError) {
        *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        self.is_lost.notify_one();
    }

    /// Takes note of a failure to share, after which it is tried again; one that stays ends the run's submits.
    fn failed(&self, what: &str, error: StoreError) {
        tracing::debug!(%error, what);
        if error.is_final() {
            self.lose(error);
        }
    }

    /// Beats until it is dropped.
    pub async fn keep_alive(&self) {
        loop {
            if let Err(error) = self.desk.beat(self.wanted()).await {
                tracing::debug!(%error, "the ledger takes no heartbeat");
            }
            self.desk.timer().pause(self.desk.times().beat).await;
        }
    }

    /// Shares slots, and tells and hears of pauses, until it is dropped.
    pub async fn attend(&self) {
        let tell = async {
            loop {
                self.pauses.wait_to_tell().await;
                while let Err(error) = self.desk.tell_pause(&self.pauses).await {
                    self.failed("the others don't know yet that the service wants less", error);
                    self.desk.timer().pause(BETWEEN).await;
                }
                self.desk.timer().pause(BETWEEN).await;
            }
        };
        let hear = async {
            loop {
                self.desk.timer().pause(self.desk.times().look()).await;
                if let Err(error) = self.desk.hear_pause(&self.pauses).await {
                    self.failed("the ledger doesn't say whether the service wants less", error);
                }
            }
        };
        let ((), (), (), ()) = futures::join!(tell, hear, self.share(), self.spend());
    }

    /// Says that this run has ended, and gives back its slots.
    ///
    /// # Errors
    /// Fails if the ledger doesn't answer.
    pub async fn leave(&self) -> Result<(), StoreError> {
        if let Some(slots) = &self.slots {
            self.desk.give_back(slots).await?;
        }
        if let Some(purse) = &self.purse {
            self.desk.settle_money(purse).await?;
        }
        self.desk.leave().await
    }

    async fn share(&self) {
        let Some(slots) = &self.slots else { return };
        let (mut away, mut has_beaten) = (None, false);
        loop {
            let now = self.desk.timer().now().steady;
            let shared = async {
                // Before the run takes its part: a run without a heartbeat is gone for the others, which would take it as well.
                if !has_beaten {
                    self.desk.beat(slots.wanted()).await?;
                    has_beaten = true;
                }
                self.desk.share(slots).await
            };
            match shared.await {
                Ok(()) => away = None,
                Err(StoreError::Away(why)) => {
                    tracing::debug!(why, "the ledger shares no slots");
                    let since = *away.get_or_insert(now);
                    if now.saturating_sub(since) >= self.patience {
                        let why = format!("it doesn't answer, so the runs can't share slots any more: {why}");
                        self.lose(StoreError::Away(why));
                    }
                }
                Err(error) => self.lose(error),
            }
            self.desk.timer().pause(self.desk.times().look()).await;
        }
    }

    /// Writes down what was settled, and looks what the others spend.
    async fn spend(&self) {
        let Some(purse) = &self.purse else { return };
        let settle = async {
            loop {
                purse.settled().await;
                while let Err(error) = self.desk.settle_money(purse).await {
                    self.failed("the ledger doesn't know yet what was spent", error);
                    self.desk.timer().pause(BETWEEN).await;
                }
                self.desk.timer().pause(self.desk.times().look().min(BETWEEN)).await;
            }
        };
        let look = async {
            loop {
                self.desk.timer().pause(self.desk.times().look()).await;
                if let Err(error) = self.desk.look_at_money(purse).await {
                    self.failed("the ledger doesn't say what the others spent", error);
                }
                // A write whose reply was lost.
                if !purse.is_told() {
                    purse.noted();
                }
            }
        };
        let ((), ()) = futures::join!(settle, look);
    }

    fn wanted(&self) -> usize {
        self.slots.as_ref().map_or(self.want, |slots| slots.wanted())
    }
}

#[cfg(test)]
mod tests;
