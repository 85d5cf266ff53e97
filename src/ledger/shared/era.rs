//! Whether a ledger may have forgotten what was acknowledged: its engine is in another era than it knows, or it isn't the same ledger.

use super::key::{ERA, SELF};
use super::store::{Era, Found, Store, StoreError, document};

/// What a ledger is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// The engine's era that the ledger knows; none where the engine has no eras.
    era: Option<Era>,
    /// What it says of itself.
    charter: Option<Vec<u8>>,
}

/// Returns what the ledger is known by; where it knows no era yet, the present one is kept.
///
/// # Errors
/// Fails if the store doesn't answer, or refuses.
pub(super) async fn known(store: &dyn Store) -> Result<Known, StoreError> {
    Ok(Known { charter: charter(store).await?, era: known_era(store).await? })
}

async fn known_era(store: &dyn Store) -> Result<Option<Era>, StoreError> {
    if let Some(found) = store.get(ERA).await? {
        return document(ERA, &found.text).map(Some);
    }
    let Some(present) = store.era().await? else { return Ok(None) };
    match store.create(ERA, text(&present)).await? {
        Some(_) => Ok(Some(present)),
        None => store.get(ERA).await?.map(|found| document(ERA, &found.text)).transpose(),
    }
}

async fn charter(store: &dyn Store) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(store.get(SELF).await?.map(|found| found.text))
}

/// Takes the present era for the ledger's, by explicit consent; returns what the ledger is known by then.
///
/// # Errors
/// Fails if the store doesn't answer, or refuses.
pub(super) async fn accept(store: &dyn Store) -> Result<Known, StoreError> {
    let charter = charter(store).await?;
    let Some(present) = store.era().await? else { return Ok(Known { era: None, charter }) };
    // What can't be read is replaced as well.
    let is_known = |found: &Found| document::<Era>(ERA, &found.text).is_ok_and(|known| known == present);
    let written = match store.get(ERA).await? {
        Some(found) if is_known(&found) => true,
        Some(found) => store.swap(ERA, &found.revision, text(&present)).await?.is_some(),
        None => store.create(ERA, text(&present)).await?.is_some(),
    };
    match written {
        true => Ok(Known { era: Some(present), charter }),
        false => Err(StoreError::Away("somebody else took the new era for the ledger's at the same moment".to_owned())),
    }
}

/// Compares the engine's era at its last write, and the ledger that stands there now, with what the ledger is known by.
///
/// # Errors
/// Fails if they differ: nothing may be submitted then.
pub(super) async fn compare(store: &dyn Store, known: &Known) -> Result<(), StoreError> {
    if let (Some(present), Some(known)) = (store.era().await?, &known.era)
        && present != *known
    {
        return Err(StoreError::Refused(format!(
            "its server isn't what it was ({} before, {} now): a standby took over or a backup was put back, and it may have forgotten purchases; `batch ledger import` with the locks of all who ran brings back what they know and takes the new server for good, and `batch run --move-ledger` does so with its own lock",
            known.0, present.0
        )));
    }
    let present = charter(store).await?;
    if present != known.charter {
        let what = if present.is_none() { "was emptied" } else { "gave place to another one" };
        return Err(StoreError::Refused(format!(
            "the ledger {what} while this run was on, and what others bought is forgotten there; `batch ledger import` with the locks of all who ran brings back what they know, and `batch run --move-ledger` does so with its own lock"
        )));
    }
    Ok(())
}

fn text(era: &Era) -> Vec<u8> {
    serde_json::to_vec(era).expect("an era is JSON")
}
