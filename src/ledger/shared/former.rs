//! Former ledgers at the same URL, whose place this one took by explicit consent: what their locks know was brought in.

use super::desk::Desk;
use super::key::{FORMER, escaped};
use super::store::StoreError;

impl Desk {
    /// Writes down that this ledger took the place of a former one.
    ///
    /// # Errors
    /// Fails if the store doesn't answer, or refuses.
    pub async fn take_place_of(&self, former: &str) -> Result<(), StoreError> {
        self.store().create(&key(former), b"{}".to_vec()).await.map(drop)
    }

    /// Returns whether it took the place of a former one.
    ///
    /// # Errors
    /// Fails if the store doesn't answer, or refuses.
    pub async fn took_place_of(&self, former: &str) -> Result<bool, StoreError> {
        Ok(self.store().get(&key(former)).await?.is_some())
    }
}

fn key(id: &str) -> String {
    format!("{FORMER}{}", escaped(id))
}
