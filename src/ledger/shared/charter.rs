//! What a shared ledger says of itself, and the proof that its store can keep one.

use super::access::Access;
use super::bucket::Bucket;
use super::folder::Folder;
use super::key::{PROOFS, SELF};
use super::postgres::Postgres;
use super::store::{Store, StoreError, document};
use crate::ledger::id::{NotAnId, PurchaseId};
use crate::service::ledger_url::{Engine, LedgerUrl};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The version of all that is written there.
const VERSION: i64 = 1;

/// Returns the store at a URL; nothing is asked of it yet.
///
/// # Errors
/// Fails if the environment lacks what the engine needs.
pub fn store_at(url: &LedgerUrl, access: Access) -> Result<Arc<dyn Store>, StoreError> {
    Ok(match url.engine() {
        Engine::Folder(folder) => Arc::new(Folder::new(folder)),
        Engine::Postgres(database) => Arc::new(Postgres::new(database, access)?),
        Engine::Bucket(bucket) => Arc::new(Bucket::new(bucket)?),
    })
}

/// What a ledger says of itself: written once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charter {
    version: i64,
    /// What tells it from all others, also from one that took its place.
    pub id: String,
    /// Where its task ids are valid.
    pub service: String,
}

/// What is read of a ledger that a newer batch may have written.
#[derive(Deserialize)]
struct Version {
    version: i64,
}

impl Charter {
    /// Reads it, where there is one.
    ///
    /// # Errors
    /// Fails if the store doesn't answer, or a newer batch wrote it.
    pub async fn read(store: &dyn Store) -> Result<Option<Charter>, StoreError> {
        let Some(found) = store.get(SELF).await? else { return Ok(None) };
        let damaged = |what: String| StoreError::Damaged { key: SELF.to_owned(), what };
        if let Ok(Version { version: newer }) = document(SELF, &found.text)
            && newer > VERSION
        {
            return Err(StoreError::Refused(format!(
                "a newer batch wrote it (version {newer}; this one knows {VERSION}): use that version of batch"
            )));
        }
        let charter: Charter = document(SELF, &found.text)?;
        if charter.version != VERSION {
            return Err(damaged(format!("{} is not a version of it", charter.version)));
        }
        let id: Result<PurchaseId, NotAnId> = charter.id.parse();
        id.map_err(|error| damaged(format!("`id`: {error}")))?;
        Ok(Some(charter))
    }

    /// Founds a ledger for a service, or reads the one that is there: of many at once one founds it. `id` is its id then.
    ///
    /// # Errors
    /// Fails if the store doesn't answer, or doesn't keep the conditions of writes.
    pub async fn found(store: &dyn Store, id: &str, service: &str) -> Result<Charter, StoreError> {
        if let Some(charter) = Charter::read(store).await? {
            return Ok(charter);
        }
        prove(store, id).await?;
        let charter = Charter { version: VERSION, id: id.to_owned(), service: service.to_owned() };
        let text = serde_json::to_vec(&charter).expect("a charter is JSON");
        if store.create(SELF, text).await?.is_some() {
            return Ok(charter);
        }
        let missing = || StoreError::Damaged { key: SELF.to_owned(), what: "there, and then gone".to_owned() };
        Charter::read(store).await?.ok_or_else(missing)
    }
}

/// Proves that a store keeps the conditions of writes: one that ignores them would give every claim to everybody.
///
/// # Errors
/// Fails if it doesn't, or doesn't answer. `id` must be new.
pub async fn prove(store: &dyn Store, id: &str) -> Result<(), StoreError> {
    let key = format!("{PROOFS}{id}");
    let ignores = |what: &str| Err(StoreError::Refused(format!("the store {what}: no ledger can be kept there")));
    let text = |number: u8| format!("{{\"proof\":{number}}}").into_bytes();
    let Some(first) = store.create(&key, text(1)).await? else { return ignores("refuses what is new") };
    if store.create(&key, text(2)).await?.is_some() {
        return ignores("creates what exists already");
    }
    if store.swap(&key, &first, text(3)).await?.is_none() {
        return ignores("doesn't swap what is as it was");
    }
    if store.swap(&key, &first, text(4)).await?.is_some() {
        return ignores("swaps what has changed meanwhile");
    }
    // A database gives back the same document, and not always the same bytes.
    let document = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).ok();
    match store.get(&key).await? {
        Some(found) if document(&found.text) == document(&text(3)) => Ok(()),
        _ => ignores("doesn't give back what was written"),
    }
}
