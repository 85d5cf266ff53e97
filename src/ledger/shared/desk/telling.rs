//! What is known of purchases, made known to the ledger until it acknowledges it.

use super::super::key::of_purchases;
use super::super::patience::PAUSE;
use super::super::store::StoreError;
use super::{AT_ONCE, Desk, read};
use crate::base::faultpoint;
use crate::ledger::id::PurchaseId;
use crate::ledger::purchase::Purchase;
use futures::{StreamExt as _, stream};
use std::time::Duration;

impl Desk {
    /// Takes note of what is known of a purchase: [`Desk::deliver`] makes it known there.
    pub(in crate::ledger) fn note(&self, purchase: Purchase) {
        let mut state = self.state();
        if let Some((_, Some(purse))) = &state.money {
            purse.saw(&purchase);
        }
        state.waiting.insert(purchase.record.id, purchase);
        drop(state);
        self.news.notify_one();
    }

    /// Makes known what was noted, each once.
    ///
    /// # Errors
    /// Fails if one of them wasn't acknowledged: it waits still. An error that stays comes before one that may pass.
    pub async fn deliver(&self) -> Result<(), StoreError> {
        let waiting: Vec<Purchase> = self.state().waiting.values().cloned().collect();
        let put = |purchase: Purchase| async move {
            let told = self.put(&purchase).await;
            self.state().is_away = told.is_err();
            match &told {
                Ok(()) => self.forget(&[purchase]),
                Err(error) => tracing::warn!(id = %purchase.record.id, %error, "the ledger doesn't know it yet"),
            }
            self.told.notify_waiters();
            told.err()
        };
        let errors = stream::iter(waiting).map(put).buffer_unordered(AT_ONCE).filter_map(std::future::ready);
        let worst = errors.fold(None, |worst: Option<StoreError>, error| {
            std::future::ready(Some(worst.filter(|_| !error.is_final()).unwrap_or(error)))
        });
        worst.await.map_or(Ok(()), Err)
    }

    /// Waits until what was noted of a purchase is acknowledged, or the store doesn't take it: then it is told again and again beside the run.
    pub(in crate::ledger) async fn acknowledged(&self, id: PurchaseId) {
        let told = async {
            loop {
                let told = self.told.notified();
                let is_over = {
                    let state = self.state();
                    state.is_away || !state.waiting.contains_key(&id)
                };
                if is_over {
                    return;
                }
                told.await;
            }
        };
        let too_long = self.timer.pause(self.times.once);
        futures::future::select(std::pin::pin!(told), std::pin::pin!(too_long)).await;
    }

    /// Makes known what is left of what was noted, for as long as there is `patience`.
    ///
    /// # Errors
    /// Fails if not all of it is acknowledged, as the last one that isn't.
    pub async fn settle(&self, patience: Duration) -> Result<(), StoreError> {
        let (mut since, mut before) = (self.timer.now().steady, usize::MAX);
        loop {
            let delivered = self.deliver().await;
            let (left, now) = (self.waiting().len(), self.timer.now().steady);
            let error = match delivered {
                Err(error) => error,
                Ok(()) if left == 0 => return Ok(()),
                // More became known meanwhile.
                Ok(()) => continue,
            };
            if left < before {
                (since, before) = (now, left);
            }
            if error.is_final() || now.saturating_sub(since) >= patience {
                return Err(error);
            }
            self.timer.pause(PAUSE).await;
        }
    }

    /// Returns what was noted and isn't acknowledged.
    pub(in crate::ledger) fn waiting(&self) -> Vec<Purchase> {
        self.state().waiting.values().cloned().collect()
    }

    /// Makes known what is known of a purchase, whatever became of its account.
    async fn put(&self, purchase: &Purchase) -> Result<(), StoreError> {
        let key = of_purchases(&purchase.record.key);
        let (mut known, mut is_fresh) = (self.remembered(&key), false);
        loop {
            match read(&key, known.as_ref())?.with(purchase) {
                // Nothing new, unless what is remembered is old: an intent whose reply was lost may stand there.
                None if is_fresh => return Ok(()),
                None => {}
                Some(next) => {
                    faultpoint::reach("share", "tell");
                    if self.write(&key, known.as_ref(), &next).await? {
                        faultpoint::reach("share", "told");
                        return Ok(());
                    }
                }
            }
            known = self.store.get(&key).await?;
            self.remember(&key, known.as_ref());
            is_fresh = true;
        }
    }

    /// Lets go of what is acknowledged, unless more became known meanwhile.
    pub(super) fn forget(&self, told: &[Purchase]) {
        let mut state = self.state();
        for purchase in told {
            if state.waiting.get(&purchase.record.id) == Some(purchase) {
                state.waiting.remove(&purchase.record.id);
            }
        }
    }
}
