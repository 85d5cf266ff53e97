//! Whether all that stands in a ledger can be read, for `batch ledger check`: a run reads only what it needs.

use super::account::Account;
use super::desk::{AT_ONCE, Desk, is_heartbeat};
use super::key::{ERA, PURCHASES, RUNS, SHARED, UPLOADS};
use super::store::{Era, Listed, StoreError, document};
use super::uploads::SharedUpload;
use super::{pauses, purse, slots};
use futures::{StreamExt as _, TryStreamExt as _, stream};

impl Desk {
    /// Reads every document; returns why some can't be read, by their keys.
    ///
    /// # Errors
    /// Fails if the store doesn't answer, or refuses.
    pub async fn examine(&self) -> Result<Vec<StoreError>, StoreError> {
        let mut listed = vec![Listed { key: ERA.to_owned(), revision: Default::default(), text: None }];
        for prefix in [PURCHASES, UPLOADS, RUNS, SHARED] {
            listed.extend(self.store().list(prefix).await?);
        }
        let look = |Listed { key, text, .. }: Listed| async move {
            let text = match text {
                Some(text) => Some(text),
                None => self.store().get(&key).await?.map(|found| found.text),
            };
            Ok::<_, StoreError>(text.and_then(|text| read(&key, &text).err()))
        };
        let read: Vec<_> = stream::iter(listed).map(look).buffered(AT_ONCE).try_collect().await?;
        Ok(read.into_iter().flatten().collect())
    }
}

/// Reads a document as what stands under its key.
fn read(key: &str, text: &[u8]) -> Result<(), StoreError> {
    match key {
        ERA => document::<Era>(key, text).map(drop),
        _ if key.starts_with(PURCHASES) => Account::read(key, text).map(drop),
        _ if key.starts_with(UPLOADS) => document::<SharedUpload>(key, text).map(drop),
        _ if key.starts_with(RUNS) => is_heartbeat(key, text),
        slots::SLOTS => slots::are_slots(text),
        pauses::PAUSE => pauses::is_pause(text),
        _ if key.starts_with(purse::BUDGETS) => purse::is_budget(key, text),
        // What only a newer batch knows.
        _ => Ok(()),
    }
}
