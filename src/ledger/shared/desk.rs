//! Takes the steps at a store: an intent with its claim, what is known of purchases, and doubts.

mod beating;
mod claiming;
mod telling;
mod watching;

use super::account::{Account, Doubts, Runner};
use super::era;
use super::key::PURCHASES;
use super::patience::{PAUSE, patiently};
use super::purse::Purse;
use super::store::{Found, Listed, Revision, Store, StoreError};
use super::timer::Timer;
use super::times::Times;
use crate::base::decimal::Decimal;
use crate::ledger::book::Book;
use crate::ledger::id::PurchaseId;
use crate::ledger::purchase::Purchase;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

pub use beating::Life;
pub(super) use beating::is_heartbeat;
pub use claiming::Claimed;

/// Calls at once at most.
pub(super) const AT_ONCE: usize = 128;

/// One run's way to a shared ledger.
pub struct Desk {
    store: Arc<dyn Store>,
    timer: Arc<dyn Timer>,
    times: Times,
    me: Runner,
    state: Mutex<State>,
    news: Notify,
    /// Wakes whoever waits for an acknowledgement.
    told: Notify,
}

struct State {
    random: fastrand::Rng,
    /// What stood under keys when they were last read or written.
    known: HashMap<String, Found>,
    /// What is known here and not acknowledged there.
    waiting: BTreeMap<PurchaseId, Purchase>,
    /// Whether the store didn't take what it was last told.
    is_away: bool,
    /// What the ledger is known by, once it was asked.
    ledger: Option<era::Known>,
    /// Open intents of others: since when they stand there unchanged, by this machine's steady clock.
    watched: HashMap<String, (Revision, Duration)>,
    /// What purchases cost is written in this unit, and taken out of this purse.
    money: Option<(String, Option<Arc<Purse>>)>,
    /// The heartbeats of this run, and of the others.
    own: beating::Own,
    others: beating::Others,
}

impl Desk {
    /// Returns a desk for the run `me`; `seed` is where its claims come from, and must be unknown to all others.
    pub fn new(store: Arc<dyn Store>, timer: Arc<dyn Timer>, times: Times, me: Runner, seed: u64) -> Desk {
        let state = State {
            random: fastrand::Rng::with_seed(seed),
            known: HashMap::new(),
            waiting: BTreeMap::new(),
            is_away: false,
            ledger: None,
            watched: HashMap::new(),
            money: None,
            own: beating::Own::default(),
            others: beating::Others::default(),
        };
        Desk { store, timer, times, me, state: Mutex::new(state), news: Notify::new(), told: Notify::new() }
    }

    /// Lets what purchases cost be written beside them, in this unit; with a purse, it is reserved there before.
    pub(super) fn pay(&self, unit: &str, purse: Option<Arc<Purse>>) {
        self.state().money = Some((unit.to_owned(), purse));
    }

    /// Returns what is or may be paid of all that was bought in a unit, as far as was seen.
    ///
    /// # Errors
    /// Fails if what stands there can't be read.
    pub fn cost(&self, unit: &str) -> Result<Decimal, StoreError> {
        self.cost_of(unit, |_| true)
    }

    /// Looks at what was seen under each key with this beginning.
    ///
    /// # Errors
    /// As `look`.
    pub(super) fn each_seen(
        &self,
        prefix: &str,
        mut look: impl FnMut(&str, &Found) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let state = self.state();
        let mut seen = state.known.iter().filter(|(key, _)| key.starts_with(prefix));
        seen.try_for_each(|(key, found)| look(key, found))
    }

    /// Returns the run whose desk it is.
    pub(super) fn me(&self) -> &Runner {
        &self.me
    }

    /// Returns the clocks.
    pub(super) fn timer(&self) -> &dyn Timer {
        &*self.timer
    }

    /// Returns the times that hold.
    pub(super) fn times(&self) -> &Times {
        &self.times
    }

    /// Writes a document in the place of what was found; whether that was what stood there.
    ///
    /// # Errors
    /// Fails if the store doesn't answer.
    pub(super) async fn replace<T: Serialize>(
        &self,
        key: &str,
        found: Option<&Found>,
        document: &T,
    ) -> Result<bool, StoreError> {
        let text = serde_json::to_vec(document).expect("a document is JSON");
        let written = match found {
            None => self.store.create(key, text).await?,
            Some(found) => self.store.swap(key, &found.revision, text).await?,
        };
        Ok(written.is_some())
    }

    /// Returns the store.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Compares the ledger, and its engine's era, with what it is known by.
    ///
    /// # Errors
    /// Fails if it is another one, so that it may have forgotten purchases, or if the store doesn't answer.
    pub async fn check_era(&self) -> Result<(), StoreError> {
        let known = self.state().ledger.clone();
        let known = match known {
            Some(known) => known,
            None => {
                let known = era::known(&*self.store).await?;
                self.state().ledger.insert(known).clone()
            }
        };
        era::compare(&*self.store, &known).await
    }

    /// Takes the engine's present era for the ledger's, by explicit consent.
    ///
    /// # Errors
    /// Fails if the store doesn't answer, or refuses.
    pub async fn accept_era(&self) -> Result<(), StoreError> {
        let present = era::accept(&*self.store).await?;
        self.state().ledger = Some(present);
        Ok(())
    }

    /// Reads all purchases into a book.
    ///
    /// # Errors
    /// Fails if the store doesn't answer, or one can't be read.
    pub async fn view(&self, book: &mut Book, doubts: Doubts) -> Result<(), StoreError> {
        for (key, found) in self.patiently(async || self.read_all().await).await? {
            Account::read(&key, &found.text)?.tell(book, doubts);
        }
        Ok(())
    }

    /// Reads all purchases; what is remembered as it stands there isn't read again.
    pub(super) async fn read_all(&self) -> Result<Vec<(String, Found)>, StoreError> {
        let listed = self.store.list(PURCHASES).await?;
        let read = |listed: Listed| async move {
            let known = self.state().known.get(&listed.key).filter(|known| known.revision == listed.revision).cloned();
            let found = match (known, listed.text) {
                (Some(known), _) => Some(known),
                (None, Some(text)) => Some(Found { revision: listed.revision, text }),
                (None, None) => self.store.get(&listed.key).await?,
            };
            if let Some(found) = &found {
                self.remember(&listed.key, Some(found));
            }
            Ok::<_, StoreError>(found.map(|found| (listed.key, found)))
        };
        let all: Vec<Option<_>> = stream::iter(listed).map(read).buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(all.into_iter().flatten().collect())
    }

    /// Makes known what is noted as it comes, and watches the open intents of others; ends with the run that spawned it.
    pub async fn attend(&self) {
        let deliver = async {
            loop {
                self.news.notified().await;
                while self.deliver().await.is_err() {
                    self.timer.pause(PAUSE).await;
                }
            }
        };
        let watch = async {
            loop {
                self.timer.pause(self.times.beat).await;
                if let Err(error) = self.look_at_others().await {
                    tracing::warn!(%error, "the ledger can't be read");
                }
            }
        };
        let ((), ()) = futures::join!(deliver, watch);
    }

    /// Writes an account in the place of what is known; whether that was what stood there.
    async fn write(&self, key: &str, known: Option<&Found>, next: &Account) -> Result<bool, StoreError> {
        let text = next.text();
        let written = match known {
            None => self.store.create(key, text.clone()).await?,
            Some(known) => self.store.swap(key, &known.revision, text.clone()).await?,
        };
        if let Some(revision) = written {
            self.remember(key, Some(&Found { revision, text }));
            return Ok(true);
        }
        Ok(false)
    }

    async fn patiently<T>(&self, call: impl AsyncFnMut() -> Result<T, StoreError>) -> Result<T, StoreError> {
        patiently(&*self.timer, self.times.once, call).await
    }

    fn remembered(&self, key: &str) -> Option<Found> {
        self.state().known.get(key).cloned()
    }

    fn remember(&self, key: &str, found: Option<&Found>) {
        let mut state = self.state();
        match found {
            Some(found) => drop(state.known.insert(key.to_owned(), found.clone())),
            None => drop(state.known.remove(key)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the account that a text is; an empty one where there is none.
fn read(key: &str, found: Option<&Found>) -> Result<Account, StoreError> {
    found.map_or_else(|| Ok(Account::default()), |found| Account::read(key, &found.text))
}

#[cfg(test)]
mod tests;
