//! An intent with its claim: of all runs one may send its submit.

use super::super::account::{Account, Barrier, Claim, Runner};
use super::super::key::of_purchases;
use super::super::pass::Pass;
use super::super::patience::PAUSE;
use super::super::purse::Cost;
use super::super::store::{Found, StoreError};
use super::{Desk, read};
use crate::base::decimal::Decimal;
use crate::base::faultpoint;
use crate::ledger::entry::{Entry, Step};
use crate::ledger::id::PurchaseId;
use crate::ledger::purchase::{Purchase, Rung};
use crate::ledger::record::Key;

/// What became of an intent.
#[derive(Debug)]
pub enum Claimed {
    /// It is durable, and its maker may send its submit.
    Mine(Pass),
    /// Another purchase has this later id: the intent needs one that is later still.
    Behind(PurchaseId),
    /// There is no money for it: all runs together would spend more than they may. Nothing was written.
    NoMoney,
    /// Another run was there before, or something happened since it was decided to buy.
    Taken(Option<Runner>),
    /// It took too long: nothing may be sent.
    Late,
}

/// An intent that is to be written.
struct Made<'m> {
    claim: Claim,
    intent: &'m Entry,
    of: Key,
    after: Option<PurchaseId>,
    releases: &'m [PurchaseId],
    price: Decimal,
}

impl Desk {
    /// Writes down an intent with a claim of its own (step 1).
    ///
    /// `after` is the last purchase that was known when it was decided to buy, `releases` are those without an answer in whose place
    /// it is made; `price` is what it costs.
    ///
    /// # Errors
    /// Fails if the store doesn't answer within the budget, or refuses. Whatever was written is withdrawn once it answers.
    pub async fn claim(
        &self,
        intent: &Entry,
        after: Option<PurchaseId>,
        releases: &[PurchaseId],
        price: Decimal,
    ) -> Result<Claimed, StoreError> {
        let Some(purchase) = intended(intent) else { return Ok(Claimed::Taken(None)) };
        let pass = Pass::begun(&self.timer, self.times.budget);
        let claim = self.new_claim(purchase.record.id);
        let made = Made { claim, intent, of: purchase.record.key.clone(), after, releases, price };
        let outcome = self.claim_within(&pass, &made).await;
        if !matches!(outcome, Ok(Claimed::Mine(_) | Claimed::NoMoney)) {
            // Nobody knows what became of a write without an answer.
            self.note(withdrawn(purchase));
        }
        outcome
    }

    async fn claim_within(&self, pass: &Pass, made: &Made<'_>) -> Result<Claimed, StoreError> {
        let Made { claim, intent, of, after, releases, price } = made;
        let key = of_purchases(of);
        let mut known = self.remembered(&key);
        let (mut is_fresh, mut is_paid) = (false, false);
        let (cost, purse) = self.state().money.clone().unzip();
        let cost = cost.map(|unit| Cost { price: *price, unit, run: self.me.run.clone() });
        let purse = purse.flatten();
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
            match account.intend(intent, *after, releases, claim, &self.me, cost.as_ref()) {
                Ok(next) => {
                    if let Some(purse) = purse.as_ref().filter(|_| !is_paid) {
                        faultpoint::reach("share", "reserve");
                        if !self.reserve(purse, claim.purchase, *price).await? {
                            return Ok(Claimed::NoMoney);
                        }
                        faultpoint::reach("share", "reserved");
                        is_paid = true;
                        if !pass.holds() {
                            return Ok(Claimed::Late);
                        }
                    }
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

    /// Hands out the right to submit, once it is sure that nothing was forgotten there.
    async fn mine(&self, pass: &Pass) -> Result<Claimed, StoreError> {
        loop {
            match self.check_era().await {
                Ok(()) => return Ok(Claimed::Mine(pass.clone())),
                Err(StoreError::Away(_)) if pass.holds() => self.timer.pause(PAUSE).await,
                Err(error) => return Err(error),
            }
        }
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

    fn new_claim(&self, purchase: PurchaseId) -> Claim {
        let bits = self.state().random.u128(..);
        Claim { purchase, bits: format!("{bits:032x}") }
    }

    /// Says of an intent that it was never sent: its maker alone knows.
    pub(in crate::ledger) fn withdraw(&self, intent: &Entry) {
        if let Some(purchase) = intended(intent) {
            self.note(withdrawn(purchase));
        }
    }
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
