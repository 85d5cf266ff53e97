//! Whether an engine may have forgotten what it acknowledged: it is in another era than the ledger knows.

use super::store::{Era, Store, StoreError};

/// The key of the era that the ledger knows.
const ERA: &str = "era";

/// Returns the era that the ledger knows; where it knows none yet, the present one is kept. None where the engine has no eras.
///
/// # Errors
/// Fails if the store doesn't answer, or refuses.
pub(super) async fn known(store: &dyn Store) -> Result<Option<Era>, StoreError> {
    if let Some(found) = store.get(ERA).await? {
        return read(&found.text).map(Some);
    }
    let Some(present) = store.era().await? else { return Ok(None) };
    match store.create(ERA, text(&present)).await? {
        Some(_) => Ok(Some(present)),
        None => store.get(ERA).await?.map(|found| read(&found.text)).transpose(),
    }
}

/// Takes the present era for the ledger's, by explicit consent; returns it.
///
/// # Errors
/// Fails if the store doesn't answer, or refuses.
pub(super) async fn accept(store: &dyn Store) -> Result<Option<Era>, StoreError> {
    let known = known(store).await?;
    let Some(present) = store.era().await? else { return Ok(None) };
    if known.as_ref() != Some(&present)
        && let Some(found) = store.get(ERA).await?
        && store.swap(ERA, &found.revision, text(&present)).await?.is_none()
    {
        return Err(StoreError::Away("somebody else took the new era for the ledger's at the same moment".to_owned()));
    }
    Ok(Some(present))
}

/// Compares the engine's era at its last write with the one that the ledger knows.
///
/// # Errors
/// Fails if it is another one: nothing may be submitted then.
pub(super) async fn compare(store: &dyn Store, known: Option<&Era>) -> Result<(), StoreError> {
    match (store.era().await?, known) {
        (Some(present), Some(known)) if present != *known => Err(StoreError::Refused(format!(
            "its server isn't what it was ({} before, {} now): a standby took over or a backup was put back, and it may have forgotten purchases; `batch ledger import` with the locks of all who ran brings back what they know and takes the new server for good, and `batch run --move-ledger` does so with its own lock",
            known.0, present.0
        ))),
        _ => Ok(()),
    }
}

fn text(era: &Era) -> Vec<u8> {
    serde_json::to_vec(era).expect("an era is JSON")
}

fn read(text: &[u8]) -> Result<Era, StoreError> {
    serde_json::from_slice(text).map_err(|error| StoreError::Damaged { key: ERA.to_owned(), what: error.to_string() })
}
