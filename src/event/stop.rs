//! The early end of a run: the switch for it, and the causes.

use super::JobError;
use crate::client::Failure;
use jiff::Timestamp;
use std::future::Future;
use std::sync::Arc;
use tokio::sync::watch;

/// The switch that all of a run's tasks watch. It only ever moves forward: go, no more submits, out.
#[derive(Clone, Debug)]
pub struct Stop(Arc<watch::Sender<State>>);

#[derive(Debug)]
struct State {
    level: Level,
    /// The causes, in the order in which they came.
    causes: Vec<StopCause>,
}

/// The extent to which a run is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It continues.
    Go,
    /// Nothing more is submitted; paid tasks are still polled and fetched.
    NoSubmits,
    /// Everything ends at once, except that replies to submits on their way are awaited.
    Out,
}

/// The reason why a run ends early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopCause {
    /// Somebody interrupted it.
    Interrupted,
    /// The maximum number of failures is reached.
    Failures,
    /// Three submits got no conclusive reply, and none between them did.
    Unanswered,
    /// The journal can't be written.
    Journal(String),
    /// The shared ledger can't be used.
    Ledger(String),
    /// The service refuses the account, or something before it turns submits away.
    Refused {
        /// The refusal in words.
        problem: JobError,
        /// Its subject.
        of: Refused,
    },
    /// The service put off every submit for as long as the run has patience, or asked for that.
    PutOff {
        /// Its last message.
        message: String,
        /// The time when it wants to be asked again, if it named one.
        again: Option<Timestamp>,
    },
    /// No connection will be made until a person changes something.
    NoWay(String),
    /// The service couldn't be reached for as long as the run's patience.
    Unreachable(String),
}

/// The subject of a refusal of all submits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The key (401).
    Key,
    /// The balance of the account (402).
    Money,
    /// The permissions of the account.
    Account,
    /// The place: nothing there takes submits.
    Way,
}

impl Refused {
    /// Returns the subject of a refusal with this code, an HTTP status mostly; `otherwise` if the code says nothing.
    pub fn of(code: &str, otherwise: Refused) -> Refused {
        match code {
            "401" => Refused::Key,
            "402" => Refused::Money,
            _ => otherwise,
        }
    }
}

/// The lack of an answer to a call.
#[derive(Debug)]
pub enum Missed {
    /// The run is over.
    Out,
    /// The call failed.
    Failed(Failure),
}

/// Returns whether two causes say the same. A refused key isn't an exhausted balance.
fn is_alike(one: &StopCause, other: &StopCause) -> bool {
    match (one, other) {
        (StopCause::Refused { of: one, .. }, StopCause::Refused { of: other, .. }) => one == other,
        _ => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

impl Default for Stop {
    fn default() -> Stop {
        Stop(Arc::new(watch::Sender::new(State { level: Level::Go, causes: Vec::new() })))
    }
}

impl Stop {
    /// Moves on to `level`, because of `cause`.
    pub fn to(&self, level: Level, cause: StopCause) {
        self.0.send_modify(|state| {
            state.level = state.level.max(level);
            // Only the first of each kind counts: later ones say the same about other jobs.
            if !state.causes.iter().any(|known| is_alike(known, &cause)) {
                state.causes.push(cause);
            }
        });
    }

    /// Returns the current level.
    pub fn level(&self) -> Level {
        self.0.borrow().level
    }

    /// Returns the causes, in the order in which they came.
    pub fn causes(&self) -> Vec<StopCause> {
        self.0.borrow().causes.clone()
    }

    /// Waits until the level is at least `level`.
    pub async fn reached(&self, level: Level) {
        let mut watcher = self.0.subscribe();
        // The sender lives in `self`, so this can't fail.
        let _ = watcher.wait_for(|state| state.level >= level).await;
    }

    /// Returns the output of `work`, or `None` if the run ends first.
    pub async fn unless_out<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.reached(Level::Out) => None,
            value = work => Some(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Cause;

    #[tokio::test]
    async fn the_level_only_moves_on() {
        let stop = Stop::default();
        assert_eq!(stop.unless_out(async { 1 }).await, Some(1));
        stop.to(Level::Out, StopCause::Interrupted);
        stop.to(Level::NoSubmits, StopCause::Journal("full".into()));
        assert_eq!(stop.level(), Level::Out);
        assert_eq!(stop.unless_out(std::future::pending::<()>()).await, None);
        stop.to(Level::NoSubmits, StopCause::Journal("full again".into()));
        assert_eq!(stop.causes(), [StopCause::Interrupted, StopCause::Journal("full".into())]);
    }

    #[test]
    fn a_refused_key_and_an_empty_purse_are_two_causes() {
        let refused = |of, message: &str| {
            let problem = JobError { code: Cause::Account, message: message.into() };
            StopCause::Refused { problem, of }
        };
        let stop = Stop::default();
        stop.to(Level::NoSubmits, refused(Refused::Key, "401"));
        stop.to(Level::NoSubmits, refused(Refused::Money, "402"));
        stop.to(Level::NoSubmits, refused(Refused::Key, "401 again"));
        assert_eq!(stop.causes(), [refused(Refused::Key, "401"), refused(Refused::Money, "402")]);
    }
}
