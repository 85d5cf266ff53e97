//! The steps at a ledger that reserve, settle and count the money of its runs.

use super::{Document, Hold, Own, Part, Purse, Wish, afforded};
use crate::base::decimal::Decimal;
use crate::ledger::id::PurchaseId;
use crate::ledger::shared::account::Account;
use crate::ledger::shared::desk::{Desk, Life};
use crate::ledger::shared::key::PURCHASES;
use crate::ledger::shared::store::{Found, Revision, StoreError};
use tokio::sync::oneshot;

impl Desk {
    /// Reserves the price of a purchase, before it is intended: whether there is money for it.
    ///
    /// # Errors
    /// Fails if the store doesn't answer: then nothing is reserved.
    pub(in crate::ledger::shared) async fn reserve(
        &self,
        purse: &Purse,
        id: PurchaseId,
        price: Decimal,
    ) -> Result<bool, StoreError> {
        let (answer, mut answered) = oneshot::channel();
        purse.state().wishes.push(Wish { id, price, answer });
        let mut writing = purse.writing.lock().await;
        // Who had it before may have written for this one, too.
        if let Ok(answer) = answered.try_recv() {
            return answer;
        }
        self.grant(purse, &mut writing).await;
        answered.await.unwrap_or_else(|_| Err(StoreError::Away("nobody answered".to_owned())))
    }

    /// Writes down what was settled.
    ///
    /// # Errors
    /// Fails if the store doesn't answer.
    pub(in crate::ledger::shared) async fn settle_money(&self, purse: &Purse) -> Result<(), StoreError> {
        let mut writing = purse.writing.lock().await;
        if purse.is_told() { Ok(()) } else { self.write_part(purse, &mut writing, &[]).await.map(drop) }
    }

    /// Writes for all who wish, and answers them.
    async fn grant(&self, purse: &Purse, writing: &mut Option<Found>) {
        let wishes = std::mem::take(&mut purse.state().wishes);
        let prices: Vec<Decimal> = wishes.iter().map(|wish| wish.price).collect();
        let granted = self.write_part(purse, writing, &prices).await;
        let mut state = purse.state();
        for (number, Wish { id, price, answer }) in wishes.into_iter().enumerate() {
            let is_granted = granted.clone().map(|granted| number < granted);
            if is_granted == Ok(true) {
                state.holds.insert(id, Hold { price, spent: None });
            }
            if answer.send(is_granted).is_err() && state.holds.remove(&id).is_some() {
                state.own.reserved = state.own.reserved.minus(price);
                state.is_told = false;
            }
        }
    }

    /// Writes this run's part, with as many of these prices reserved, from the first on, as there is money for; returns how many.
    async fn write_part(
        &self,
        purse: &Purse,
        known: &mut Option<Found>,
        prices: &[Decimal],
    ) -> Result<usize, StoreError> {
        let run = &self.me().run;
        let mut is_fresh = false;
        loop {
            let mut document = Document::read(&purse.key, known.as_ref())?;
            purse.look_into(&document, run);
            let (Own { spent, reserved }, beside, is_told) = {
                let state = purse.state();
                (state.own, state.beside, state.is_told)
            };
            let (granted, more) = afforded(beside, spent.plus(reserved), prices);
            if granted < prices.len() && !is_fresh {
                // What is known may be old.
                (*known, is_fresh) = (self.store().get(&purse.key).await?, true);
                continue;
            }
            if granted == 0 && is_told {
                return Ok(0);
            }
            let number = document.runs.get(run).map_or(1, |part| part.number + 1);
            let part = Part { number, most: purse.most, spent, reserved: reserved.plus(more) };
            document.runs.insert(run.clone(), part);
            document.rev += 1;
            purse.state().is_told = false;
            if let Some(written) = self.exchange(&purse.key, known.as_ref(), &document).await? {
                *known = Some(written);
                let mut state = purse.state();
                (state.is_in, state.rev) = (true, document.rev);
                state.is_told = state.own == Own { spent, reserved };
                state.own.reserved += more;
                return Ok(granted);
            }
            (*known, is_fresh) = (self.store().get(&purse.key).await?, true);
        }
    }

    /// Looks what the others have spent and reserved, and lets go of the parts of runs that are gone, of which nothing can come any more.
    ///
    /// # Errors
    /// Fails if the store doesn't answer.
    pub(in crate::ledger::shared) async fn look_at_money(&self, purse: &Purse) -> Result<(), StoreError> {
        let found = self.store().get(&purse.key).await?;
        let document = Document::read(&purse.key, found.as_ref())?;
        purse.look_into(&document, &self.me().run);
        self.look_for(document.runs.keys().map(String::as_str)).await?;
        let now = self.timer().now().steady;
        for (run, part) in document.runs.iter().filter(|(run, _)| **run != self.me().run) {
            let since = purse.unmoved_since(run, part.number, now);
            let is_silent = now.saturating_sub(since) >= self.times().doubt && self.life(run) == Life::Gone;
            if is_silent || self.has_ended(run) {
                self.let_go(purse, run, part.number).await?;
            }
        }
        Ok(())
    }

    /// Takes the part of a run that is gone out: from here on its purchases speak for it.
    ///
    /// What it had reserved and never intended is free again: its right to submit ended long ago.
    async fn let_go(&self, purse: &Purse, run: &str, number: u64) -> Result<(), StoreError> {
        self.read_all().await?;
        let cost = self.cost_of(&purse.unit, |other| other == run)?;
        loop {
            let found = self.store().get(&purse.key).await?;
            let mut document = Document::read(&purse.key, found.as_ref())?;
            if document.runs.get(run).is_none_or(|part| part.number != number) {
                return Ok(());
            }
            document.runs.remove(run);
            (document.past, document.rev) = (document.past.plus(cost), document.rev + 1);
            if self.exchange(&purse.key, found.as_ref(), &document).await?.is_some() {
                purse.look_into(&document, &self.me().run);
                return Ok(());
            }
        }
    }

    /// Begins to share money. Where all others have ended, what was bought so far is counted anew, by what the ledger knows of it by now.
    ///
    /// # Errors
    /// Fails if the store doesn't answer.
    pub(in crate::ledger::shared) async fn join_money(&self, purse: &Purse) -> Result<(), StoreError> {
        let run = &self.me().run;
        self.look_at_runs().await?;
        loop {
            let mut writing = purse.writing.lock().await;
            let found = self.store().get(&purse.key).await?;
            let mut document = Document::read(&purse.key, found.as_ref())?;
            if document.runs.keys().any(|other| other != run && !self.has_ended(other)) {
                *writing = found;
                return self.write_part(purse, &mut writing, &[]).await.map(drop);
            }
            self.read_all().await?;
            document.past = self.cost_of(&purse.unit, |other| other != run)?;
            document.runs.clear();
            let Own { spent, reserved } = purse.state().own;
            document.runs.insert(run.clone(), Part { number: 1, most: purse.most, spent, reserved });
            document.rev += 1;
            if let Some(written) = self.exchange(&purse.key, found.as_ref(), &document).await? {
                *writing = Some(written);
                let mut state = purse.state();
                (state.is_in, state.rev) = (true, document.rev);
                state.is_told = state.own == Own { spent, reserved };
                drop(state);
                purse.look_into(&document, run);
                return Ok(());
            }
        }
    }

    /// Returns what is or may be paid of what was bought in a unit, as far as was seen, by the runs that are asked about.
    ///
    /// # Errors
    /// Fails if what stands there can't be read.
    pub(in crate::ledger::shared) fn cost_of(
        &self,
        unit: &str,
        of: impl Fn(&str) -> bool,
    ) -> Result<Decimal, StoreError> {
        let mut all = Decimal::ZERO;
        self.each_seen(PURCHASES, |key, found| {
            all += Account::read(key, &found.text)?.cost(unit, &of);
            Ok(())
        })?;
        Ok(all)
    }

    /// Writes a document in the place of what was found; returns it as it stands there then, or none where something else stood there.
    async fn exchange(
        &self,
        key: &str,
        found: Option<&Found>,
        document: &Document,
    ) -> Result<Option<Found>, StoreError> {
        let text = serde_json::to_vec(document).expect("a document is JSON");
        let written: Option<Revision> = match found {
            None => self.store().create(key, text.clone()).await?,
            Some(found) => self.store().swap(key, &found.revision, text.clone()).await?,
        };
        Ok(written.map(|revision| Found { revision, text }))
    }
}
