//! What the service says to questions that cost nothing, all jobs together: where one task is refused, or something else answers in
//! its place, that says nothing of the other tasks.

use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// Refusals of the account in a row, with no answer to any job between them, after which none is asked about twice.
const REFUSALS: u32 = 8;

/// What the service said last.
#[derive(Debug, Default)]
pub(super) struct Hearing(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// When the service itself spoke last, whatever it said.
    spoke: Option<Instant>,
    /// Refusals of the account since it last answered.
    refusals: u32,
}

impl Hearing {
    /// Takes note of an answer.
    pub(super) fn answered(&self) {
        *self.state() = State { spoke: Some(Instant::now()), refusals: 0 };
    }

    /// Takes note that the service itself said something else.
    pub(super) fn spoke(&self) {
        self.state().spoke = Some(Instant::now());
    }

    /// Takes note that the service refused the account.
    pub(super) fn refused(&self) {
        let mut state = self.state();
        state.spoke = Some(Instant::now());
        state.refusals += 1;
    }

    /// Returns whether the service refuses whatever is asked.
    pub(super) fn refuses_all(&self) -> bool {
        self.state().refusals >= REFUSALS
    }

    /// Returns whether the service itself spoke since then, to whichever job.
    pub(super) fn heard_since(&self, then: Instant) -> bool {
        self.state().spoke.is_some_and(|spoke| spoke > then)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
