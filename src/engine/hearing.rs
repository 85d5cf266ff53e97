//! The service's replies to queries, over all jobs: a refusal of one task, or a reply from something else in its place,
//! says nothing about the other tasks.

use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// Refusals of the account in a row, without an answer to any job between them, after which no query is repeated.
const REFUSALS: u32 = 8;

/// The service's most recent replies.
#[derive(Debug, Default)]
pub(super) struct Hearing(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Time of the service's last reply of its own, whatever it said.
    spoke: Option<Instant>,
    /// Refusals of the account since its last answer.
    refusals: u32,
}

impl Hearing {
    /// Records an answer.
    pub(super) fn answered(&self) {
        *self.state() = State { spoke: Some(Instant::now()), refusals: 0 };
    }

    /// Records another reply of the service itself.
    pub(super) fn spoke(&self) {
        self.state().spoke = Some(Instant::now());
    }

    /// Records that the service refused the account.
    pub(super) fn refused(&self) {
        let mut state = self.state();
        state.spoke = Some(Instant::now());
        state.refusals += 1;
    }

    /// Returns whether the service refuses every query.
    pub(super) fn refuses_all(&self) -> bool {
        self.state().refusals >= REFUSALS
    }

    /// Returns whether the service itself has replied to any job since `then`.
    pub(super) fn heard_since(&self, then: Instant) -> bool {
        self.state().spoke.is_some_and(|spoke| spoke > then)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
