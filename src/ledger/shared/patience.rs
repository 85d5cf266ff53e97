//! Calls that are made again while a store doesn't answer.

use super::store::StoreError;
use super::timer::Timer;
use std::time::Duration;

/// The pause before a call is made again that got no answer.
pub(super) const PAUSE: Duration = Duration::from_millis(500);

/// How long a store is waited for when something is needed of it once.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Makes a call until it gets an answer, for as long as there is `patience`. Only for calls that may be made twice.
///
/// # Errors
/// Fails as the last call did.
pub async fn patiently<T>(
    timer: &dyn Timer,
    patience: Duration,
    mut call: impl AsyncFnMut() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let (begun, mut is_told) = (timer.now().steady, false);
    loop {
        match call().await {
            Err(StoreError::Away(why)) if timer.now().steady.saturating_sub(begun) < patience => {
                if !is_told {
                    tracing::warn!(%why, "the ledger doesn't answer: it is asked again");
                }
                is_told = true;
                timer.pause(PAUSE).await;
            }
            answer => return answer,
        }
    }
}
