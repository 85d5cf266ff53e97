//! The open intents of other runs, watched until each is answered or its holder counts as silent.

use super::super::account::Account;
use super::super::key::of_purchases;
use super::super::store::{Found, StoreError};
use super::Desk;
use crate::ledger::record::Key;

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

impl Desk {
    /// Watches the open intents of others until none is left, each answered, withdrawn or called uncertain.
    ///
    /// # Errors
    /// Fails if the store doesn't answer.
    pub async fn wait_for_others(&self) -> Result<(), StoreError> {
        while self.patiently(async || self.look_at_others().await).await? > 0 {
            self.timer.pause(self.times.beat).await;
        }
        Ok(())
    }

    /// Watches the open intent under a key, where there is one; whether nothing came of it until its holder counted as silent.
    ///
    /// # Errors
    /// Fails if the store doesn't answer.
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

    /// Looks at the open intents of others, and calls those uncertain whose holder is silent (step 6); returns how many are left.
    ///
    /// # Errors
    /// Fails if the store doesn't answer.
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

    /// Returns whether a purchase of a job and digest may still be submitted by its holder, as far as was seen.
    pub fn is_open(&self, key: &Key) -> bool {
        let key = of_purchases(key);
        let account = self.remembered(&key).and_then(|found| Account::read(&key, &found.text).ok());
        account.is_some_and(|account| account.open().is_some())
    }

    fn is_others(&self, account: &Account) -> bool {
        account.holder().is_some_and(|holder| holder.run != self.me.run)
    }
}
