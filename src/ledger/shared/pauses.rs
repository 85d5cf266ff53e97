//! A pause for all runs of a ledger: one that the service told to slow down says so to the others.
//!
//! Each who reads it waits by its own clock, from when it first saw it. What was said before a run began it doesn't hear: it begins with
//! a single submit anyway.

use super::desk::Desk;
use super::store::{Found, Revision, StoreError, counted, document};
use serde::{Deserialize, Serialize};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// The key.
pub(super) const PAUSE: &str = "f/pause";

/// A pause, as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// How long nothing is submitted.
    pub time: Duration,
    /// Why.
    pub reason: String,
}

/// The pauses that this run tells and hears.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    state: Mutex<State>,
    noted: Notify,
    news: Notify,
}

#[derive(Debug, Default)]
struct State {
    to_tell: Option<Pause>,
    heard: Option<Pause>,
    /// What stood there last; none before the first look.
    seen: Option<Option<Revision>>,
}

/// What stands there.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(deserialize_with = "counted")]
    rev: u64,
    run: String,
    milliseconds: u64,
    reason: String,
}

impl Pauses {
    /// Takes note of a pause, to be told to the others.
    pub(super) fn to_tell(&self, pause: Pause) {
        let mut state = self.state();
        if state.to_tell.as_ref().is_none_or(|known| known.time < pause.time) {
            state.to_tell = Some(pause);
        }
        self.noted.notify_one();
    }

    /// Waits until there is one to tell.
    pub(super) async fn wait_to_tell(&self) {
        self.noted.notified().await;
    }

    /// Waits for a pause that another run tells.
    pub(super) async fn heard(&self) -> Pause {
        loop {
            if let Some(pause) = self.state().heard.take() {
                return pause;
            }
            self.news.notified().await;
        }
    }

    /// Takes in what stands there.
    fn saw(&self, found: Option<&Found>, me: &str) -> Result<Option<Document>, StoreError> {
        let document: Option<Document> = found.map(|found| document(PAUSE, &found.text)).transpose()?;
        let revision = found.map(|found| found.revision.clone());
        let mut state = self.state();
        let before = state.seen.replace(revision.clone());
        if let (Some(before), Some(Document { run, milliseconds, reason, .. })) = (before, &document)
            && before != revision
            && run != me
        {
            state.heard = Some(Pause { time: Duration::from_millis(*milliseconds), reason: reason.clone() });
            self.news.notify_one();
        }
        Ok(document)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Checks that a text tells of a pause.
///
/// # Errors
/// Fails if it doesn't.
pub(super) fn is_pause(text: &[u8]) -> Result<(), StoreError> {
    document::<Document>(PAUSE, text).map(drop)
}

impl Desk {
    /// Looks whether another run was told to slow down.
    ///
    /// # Errors
    /// Fails if the store doesn't answer.
    pub(super) async fn hear_pause(&self, pauses: &Pauses) -> Result<(), StoreError> {
        let found = self.store().get(PAUSE).await?;
        pauses.saw(found.as_ref(), &self.me().run).map(drop)
    }

    /// Tells the others of the pause that was noted, if one was.
    ///
    /// # Errors
    /// Fails if the store doesn't answer: then it is noted still.
    pub(super) async fn tell_pause(&self, pauses: &Pauses) -> Result<(), StoreError> {
        let Some(pause) = pauses.state().to_tell.clone() else { return Ok(()) };
        let milliseconds = u64::try_from(pause.time.as_millis()).unwrap_or(u64::MAX);
        loop {
            let found = self.store().get(PAUSE).await?;
            let rev = pauses.saw(found.as_ref(), &self.me().run)?.map_or(1, |document| document.rev + 1);
            let document = Document { rev, run: self.me().run.clone(), milliseconds, reason: pause.reason.clone() };
            if self.replace(PAUSE, found.as_ref(), &document).await? {
                let mut state = pauses.state();
                if state.to_tell.as_ref() == Some(&pause) {
                    state.to_tell = None;
                }
                return Ok(());
            }
        }
    }
}
