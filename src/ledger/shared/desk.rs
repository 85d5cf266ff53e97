//! Takes the steps at a store: an intent with its claim, what is known of purchases, and doubts.

use super::account::{Account, Barrier, Claim, Runner};
use super::era;
use super::key::{PURCHASES, of_purchases};
use super::pass::Pass;
use super::patience::{PATIENCE, PAUSE, patiently};
use super::store::{Era, Found, Listed, Revision, Store, StoreError};
use super::timer::Timer;
use crate::base::faultpoint;
use crate::ledger::book::Book;
use crate::ledger::entry::{Entry, Step};
use crate::ledger::id::PurchaseId;
use crate::ledger::purchase::{Purchase, Rung};
use crate::ledger::record::Key;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Calls at once at most.
const AT_ONCE: usize = 128;

/// The times that fencing hangs on.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// From before an intent is written until its submit is sent, at most.
    pub budget: Duration,
    /// How long an intent must be seen unchanged before its holder counts as silent: longer than the budget and a submit together.
    pub doubt: Duration,
    /// How often it is looked whether something changed.
    pub beat: Duration,
    /// How long an answer is waited for that is needed once.
    pub once: Duration,
}

/// A submit may take so long from when it is sent.
const SUBMIT: Duration = Duration::from_secs(120);

impl Times {
    /// Returns the times that hold, by which a submit is over long before its holder counts as silent.
    ///
    /// Builds with debug assertions take others from `BATCH_FENCE`, as `BUDGET DOUBT BEAT` in milliseconds: tests can't wait for minutes.
    pub fn usual() -> Times {
        let budget = Duration::from_secs(20);
        let usual = Times {
            budget,
            doubt: SUBMIT + budget + Duration::from_secs(30),
            beat: Duration::from_secs(15),
            once: PATIENCE,
        };
        match std::env::var("BATCH_FENCE") {
            Ok(text) if cfg!(debug_assertions) => {
                let mut times = text.split(' ').filter_map(|time| time.parse().ok()).map(Duration::from_millis);
                let (Some(budget), Some(doubt), Some(beat)) = (times.next(), times.next(), times.next()) else {
                    return usual;
                };
                Times { budget, doubt, beat, ..usual }
            }
            _ => usual,
        }
    }
}

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
    /// The engine's era that the ledger knows, once it was asked.
    era: Option<Option<Era>>,
    /// Open intents of others: since when they stand there unchanged, by this machine's steady clock.
    watched: HashMap<String, (Revision, Duration)>,
}

/// How an open intent of another run looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// Its run may still submit it.
    Open,
    /// Its run is silent: nothing more comes of it.
    Silent,
    /// It isn't open any more.
    Answered,
}

/// Whether a book is told why a purchase is doubted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubts {
    /// With the reason, for who looks.
    Told,
    /// As its holder left it, for a lock: its holder may withdraw it still.
    Untold,
}

/// What became of an intent.
#[derive(Debug)]
pub enum Claimed {
    /// It is durable, and its maker may send its submit.
    Mine(Pass),
    /// Another purchase has this later id: the intent needs one that is later still.
    Behind(PurchaseId),
    /// Another run was there before, or something happened since it was decided to buy.
    Taken(Option<Runner>),
    /// It took too long: nothing may be sent.
    Late,
}

impl Desk {
    /// Returns a desk for the run `me`; `seed` is where its claims come from, and must be unknown to all others.
    pub fn new(store: Arc<dyn Store>, timer: Arc<dyn Timer>, times: Times, me: Runner, seed: u64) -> Desk {
        let state = State {
            random: fastrand::Rng::with_seed(seed),
            known: HashMap::new(),
            waiting: BTreeMap::new(),
            is_away: false,
            era: None,
            watched: HashMap::new(),
        };
        Desk { store, timer, times, me, state: Mutex::new(state), news: Notify::new(), told: Notify::new() }
    }

    async fn patiently<T>(&self, call: impl AsyncFnMut() -> Result<T, StoreError>) -> Result<T, StoreError> {
        patiently(&*self.timer, self.times.once, call).await
    }

    /// Returns the store.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Compares the engine's era with the one that the ledger knows.
    ///
    /// # Errors
    /// Fails if it is another one, so that the engine may have forgotten purchases, or if the store doesn't answer.
    pub async fn check_era(&self) -> Result<(), StoreError> {
        let known = self.state().era.clone();
        let known = match known {
            Some(known) => known,
            None => {
                let known = era::known(&*self.store).await?;
                self.state().era.insert(known).clone()
            }
        };
        era::compare(&*self.store, known.as_ref()).await
    }

    /// Takes the engine's present era for the ledger's, by explicit consent.
    ///
    /// # Errors
    /// Fails if the store doesn't answer, or refuses.
    pub async fn accept_era(&self) -> Result<(), StoreError> {
        let present = era::accept(&*self.store).await?;
        self.state().era = Some(present);
        Ok(())
    }

    /// Reads all purchases into a book.
    ///
    /// # Errors
    /// Where the store doesn't answer, or one can't be read.
    pub async fn view(&self, book: &mut Book, doubts: Doubts) -> Result<(), StoreError> {
        let listed = self.patiently(async || self.store.list(PURCHASES).await).await?;
        let read = |listed: Listed| async move {
            let known = self.state().known.get(&listed.key).filter(|known| known.revision == listed.revision).cloned();
            let found = match (known, listed.text) {
                (Some(known), _) => Some(known),
                (None, Some(text)) => Some(Found { revision: listed.revision, text }),
                (None, None) => self.patiently(async || self.store.get(&listed.key).await).await?,
            };
            Ok::<_, StoreError>((listed.key, found))
        };
        let all: Vec<(String, Option<Found>)> =
            stream::iter(listed).map(read).buffer_unordered(AT_ONCE).try_collect().await?;
        for (key, found) in all {
            if let Some(found) = found {
                Account::read(&key, &found.text)?.tell(book, doubts);
                self.remember(&key, Some(&found));
            }
        }
        Ok(())
    }

    /// Writes down an intent with a claim of its own (step 1).
    ///
    /// `after` is the last purchase that was known when it was decided to buy, `releases` are those without an answer in whose place
    /// it is made.
    ///
    /// # Errors
    /// Where the store doesn't answer within the budget, or refuses. Whatever was written is withdrawn once it answers.
    pub async fn claim(
        &self,
        intent: &Entry,
        after: Option<PurchaseId>,
        releases: &[PurchaseId],
    ) -> Result<Claimed, StoreError> {
        let Some(purchase) = intended(intent) else { return Ok(Claimed::Taken(None)) };
        let pass = Pass::begun(&self.timer, self.times.budget);
        let claim = self.new_claim(purchase.record.id);
        let outcome = self.claim_within(&pass, &claim, intent, &purchase.record.key, after, releases).await;
        if !matches!(outcome, Ok(Claimed::Mine(_))) {
            // Nobody knows what became of a write without an answer.
            self.note(withdrawn(purchase));
        }
        outcome
    }

    async fn claim_within(
        &self,
        pass: &Pass,
        claim: &Claim,
        intent: &Entry,
        of: &Key,
        after: Option<PurchaseId>,
        releases: &[PurchaseId],
    ) -> Result<Claimed, StoreError> {
        let key = of_purchases(of);
        let mut known = self.remembered(&key);
        let mut is_fresh = false;
        loop {
            let account = read(&key, known.as_ref())?;
            // A reply that was lost, or a refusal of what was written before: who has the claim has the answer.
            if account.is_claimed_by(claim) {
                return self.mine(pass).await;
            }
            if !pass.holds() {
                return Ok(Claimed::Late);
            }
            let (account, told) = self.with_waiting(account, of);
            match account.intend(intent, after, releases, claim, &self.me) {
                Ok(next) => {
                    faultpoint::reach("share", "intend");
                    match self.write(&key, known.as_ref(), &next).await {
                        Ok(true) => {
                            faultpoint::reach("share", "intended");
                            self.forget(&told);
                            return self.mine(pass).await;
                        }
                        Ok(false) => {}
                        // It may have taken effect: what stands there tells.
                        Err(StoreError::Away(_)) => self.timer.pause(PAUSE).await,
                        Err(error) => return Err(error),
                    }
                }
                // What is remembered may be old.
                Err(_) if !is_fresh => {}
                Err(Barrier::Behind(last)) => return Ok(Claimed::Behind(last)),
                Err(Barrier::Taken(holder)) => return Ok(Claimed::Taken(holder)),
            }
            known = self.look(&key, pass).await?;
            is_fresh = true;
        }
    }

    /// Hands out the right to submit, once it is sure that the engine has forgotten nothing.
    async fn mine(&self, pass: &Pass) -> Result<Claimed, StoreError> {
        self.check_era().await.map(|()| Claimed::Mine(pass.clone()))
    }

    /// Takes note of what is known of a purchase: [`Desk::deliver`] makes it known there.
    pub(in crate::ledger) fn note(&self, purchase: Purchase) {
        self.state().waiting.insert(purchase.record.id, purchase);
        self.news.notify_one();
    }

    /// Says of an intent that it was never sent: its maker alone knows.
    pub(in crate::ledger) fn withdraw(&self, intent: &Entry) {
        if let Some(purchase) = intended(intent) {
            self.note(withdrawn(purchase));
        }
    }

    /// Makes known what was noted, each until it is acknowledged or the store doesn't answer; returns how many wait still.
    pub async fn deliver(&self) -> usize {
        let waiting: Vec<Purchase> = self.state().waiting.values().cloned().collect();
        let put = |purchase: Purchase| async move {
            let told = self.put(&purchase).await;
            self.state().is_away = told.is_err();
            match told {
                Ok(()) => self.forget(&[purchase]),
                Err(error) => tracing::warn!(id = %purchase.record.id, %error, "the ledger doesn't know it yet"),
            }
            self.told.notify_waiters();
        };
        stream::iter(waiting).for_each_concurrent(AT_ONCE, put).await;
        self.waiting().len()
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

    /// Makes known what is noted as it comes, and watches the open intents of others; ends with the run that spawned it.
    pub async fn attend(&self) {
        let deliver = async {
            loop {
                self.news.notified().await;
                while self.deliver().await > 0 {
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

    /// Makes known what is left of what was noted, for as long as there is `patience`; whether all of it is acknowledged.
    pub async fn settle(&self, patience: Duration) -> bool {
        let (mut since, mut before) = (self.timer.now().steady, usize::MAX);
        loop {
            let left = self.deliver().await;
            if left == 0 {
                return true;
            }
            let now = self.timer.now().steady;
            if left < before {
                (since, before) = (now, left);
            }
            if now.saturating_sub(since) >= patience {
                return false;
            }
            self.timer.pause(PAUSE).await;
        }
    }

    /// Watches the open intents of others until none is left, each answered, withdrawn or called uncertain.
    ///
    /// # Errors
    /// Where the store doesn't answer.
    pub async fn wait_for_others(&self) -> Result<(), StoreError> {
        while self.patiently(async || self.look_at_others().await).await? > 0 {
            self.timer.pause(self.times.beat).await;
        }
        Ok(())
    }

    /// Watches the open intent under a key, where there is one; whether nothing came of it until its holder counted as silent.
    ///
    /// # Errors
    /// Where the store doesn't answer.
    pub async fn is_silent(&self, key: &Key) -> Result<bool, StoreError> {
        let key = of_purchases(key);
        let before = self.remembered(&key).map(|found| found.revision);
        loop {
            match self.patiently(async || self.look_at(&key).await).await? {
                Seen::Silent => return Ok(true),
                Seen::Answered => return Ok(false),
                Seen::Open if self.remembered(&key).map(|found| found.revision) != before => return Ok(false),
                Seen::Open => self.timer.pause(self.times.beat).await,
            }
        }
    }

    /// Returns what was noted and isn't acknowledged.
    pub(in crate::ledger) fn waiting(&self) -> Vec<Purchase> {
        self.state().waiting.values().cloned().collect()
    }

    /// Looks at the open intents of others, and calls those uncertain whose holder is silent (step 6); returns how many are left.
    ///
    /// # Errors
    /// Where the store doesn't answer.
    pub async fn look_at_others(&self) -> Result<usize, StoreError> {
        let keys: Vec<String> = {
            let state = self.state();
            let is_open = |(key, found): (&String, &Found)| {
                let account = Account::read(key, &found.text).ok()?;
                (self.is_others(&account) && account.open().is_some()).then(|| key.clone())
            };
            state.known.iter().filter_map(is_open).collect()
        };
        let mut left = 0;
        for key in keys {
            left += usize::from(self.look_at(&key).await? == Seen::Open);
        }
        Ok(left)
    }

    /// Looks at an open intent of another run, and calls it uncertain where it was seen unchanged for long enough.
    async fn look_at(&self, key: &str) -> Result<Seen, StoreError> {
        let Some(found) = self.store.get(key).await? else { return Ok(Seen::Answered) };
        self.remember(key, Some(&found));
        let account = Account::read(key, &found.text)?;
        if account.is_doubted() {
            return Ok(Seen::Silent);
        }
        let Some(doubted) = account.doubted().filter(|_| self.is_others(&account)) else { return Ok(Seen::Answered) };
        let now = self.timer.now().steady;
        let since = {
            let mut state = self.state();
            let seen = state.watched.entry(key.to_owned()).or_insert_with(|| (found.revision.clone(), now));
            if seen.0 != found.revision {
                *seen = (found.revision.clone(), now);
            }
            seen.1
        };
        if now.saturating_sub(since) < self.times.doubt {
            return Ok(Seen::Open);
        }
        // Where something else was written meanwhile, it is looked at again.
        Ok(if self.write(key, Some(&found), &doubted).await? { Seen::Silent } else { Seen::Open })
    }

    /// Whether a purchase of a job and digest may still be submitted by its holder, as far as was seen.
    pub fn is_open(&self, key: &Key) -> bool {
        let found = self.remembered(&of_purchases(key));
        found.and_then(|found| Account::read("", &found.text).ok()).is_some_and(|account| account.open().is_some())
    }

    fn is_others(&self, account: &Account) -> bool {
        account.holder().is_some_and(|holder| holder.run != self.me.run)
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

    /// Reads what stands under a key, as often as it takes within the time that is left.
    async fn look(&self, key: &str, pass: &Pass) -> Result<Option<Found>, StoreError> {
        loop {
            match self.store.get(key).await {
                Ok(found) => {
                    self.remember(key, found.as_ref());
                    return Ok(found);
                }
                Err(StoreError::Away(_)) if pass.holds() => self.timer.pause(PAUSE).await,
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns an account with what waits to be made known of it, and what that is.
    fn with_waiting(&self, mut account: Account, key: &Key) -> (Account, Vec<Purchase>) {
        let told: Vec<Purchase> =
            self.state().waiting.values().filter(|purchase| purchase.record.key == *key).cloned().collect();
        for purchase in &told {
            account = account.with(purchase).unwrap_or(account);
        }
        (account, told)
    }

    /// Lets go of what is acknowledged, unless more became known meanwhile.
    fn forget(&self, told: &[Purchase]) {
        let mut state = self.state();
        for purchase in told {
            if state.waiting.get(&purchase.record.id) == Some(purchase) {
                state.waiting.remove(&purchase.record.id);
            }
        }
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

    fn new_claim(&self, purchase: PurchaseId) -> Claim {
        let bits = self.state().random.u128(..);
        Claim { purchase, bits: format!("{bits:032x}") }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the account that a text is; an empty one where there is none.
fn read(key: &str, found: Option<&Found>) -> Result<Account, StoreError> {
    found.map_or_else(|| Ok(Account::default()), |found| Account::read(key, &found.text))
}

/// Returns the purchase that an intent is about.
fn intended(intent: &Entry) -> Option<Purchase> {
    let Entry::Purchase { id, step: Step::Submitting { job, digest, name, at, .. } } = intent else { return None };
    let key = Key { job: job.clone(), digest: *digest };
    Some(Purchase::intended(*id, key, name.clone(), Some(*at)))
}

/// Returns the same purchase as one that was never sent.
fn withdrawn(purchase: Purchase) -> Purchase {
    Purchase { rung: Rung::NotTaken, ..purchase }
}

#[cfg(test)]
mod tests;
