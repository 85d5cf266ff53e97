//! Whose status is queried next: all jobs share one rate, and it is spent where it tells most.
//!
//! A job whose pause is over waits here for its turn. A turn goes to the job that has most probably been finished for
//! longest, by the durations of this run's jobs and the time since it was last seen running.

use super::cadence::Cadence;
use crate::client::throttle::Throttle;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

/// How early a turn is given: timers are no finer than a millisecond, and a rate may be.
const AHEAD: Duration = Duration::from_millis(2);

/// Number of times per poll interval that the waiting jobs are compared anew.
const LOOKS: u32 = 10;

/// The queue of status queries.
#[derive(Debug)]
pub(super) struct Queries {
    /// Time after which the comparison of the waiting jobs is out of date.
    stale: Duration,
    state: Mutex<State>,
    /// One of the waiting jobs gives out the turns, to whoever they belong.
    giver: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State {
    throttle: Throttle,
    waiting: BinaryHeap<Waiting>,
    /// The time when the waiting jobs were last compared.
    compared: Instant,
}

/// A job that is to be queried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// Its age at the time `at`.
    pub(super) age: Duration,
    pub(super) at: Instant,
    /// The age at which it was last seen running.
    pub(super) running: Duration,
    /// The end of its time: then it is queried a last time.
    pub(super) deadline: Instant,
}

/// A job in the queue.
#[derive(Debug)]
struct Waiting {
    asked: Asked,
    /// Its claim to the next turn, when that was last computed: the time in seconds for which it has been finished
    /// without anybody noticing; endless for a job whose time is over.
    unnoticed: f64,
    turn: oneshot::Sender<Instant>,
}

impl Queries {
    /// Creates a queue for the rate of `throttle`, of jobs that are polled about every `interval`.
    pub(super) fn new(throttle: Throttle, interval: Duration) -> Queries {
        let state = State { throttle, waiting: BinaryHeap::new(), compared: Instant::now() };
        Queries { stale: interval / LOOKS, state: Mutex::new(state), giver: tokio::sync::Mutex::default() }
    }

    /// Waits until it is the job's turn.
    pub(super) async fn turn(&self, cadence: &Cadence, asked: Asked) {
        let (turn, mut given) = oneshot::channel();
        let unnoticed = asked.unnoticed(cadence, Instant::now());
        self.state().waiting.push(Waiting { asked, unnoticed, turn });
        let turn = tokio::select! {
            biased;
            turn = &mut given => turn,
            never = self.give(cadence) => match never {},
        };
        if let Ok(turn) = turn {
            sleep_until(turn).await;
        }
    }

    /// Gives out turns for as long as the caller has none: then another one does.
    async fn give(&self, cadence: &Cadence) -> Infallible {
        let _giver = self.giver.lock().await;
        loop {
            let now = Instant::now();
            let next = self.state().throttle.next(now);
            if next > now + AHEAD {
                sleep_until(next - AHEAD).await;
                continue;
            }
            if !self.give_one(cadence, now) {
                // The caller has its turn.
                return std::future::pending().await;
            }
        }
    }

    /// Gives the next turn; returns whether somebody waited for it.
    fn give_one(&self, cadence: &Cadence, now: Instant) -> bool {
        let mut state = self.state();
        if now - state.compared >= self.stale {
            state.compared = now;
            let mut waiting = std::mem::take(&mut state.waiting).into_vec();
            waiting.iter_mut().for_each(|waiting| waiting.unnoticed = waiting.asked.unnoticed(cadence, now));
            state.waiting = waiting.into();
        }
        let turn = state.throttle.next(now);
        while let Some(first) = state.waiting.pop() {
            // Who no longer waits uses up no turn.
            if first.turn.send(turn).is_ok() {
                state.throttle.reserve(now);
                return true;
            }
        }
        false
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asked {
    fn unnoticed(&self, cadence: &Cadence, now: Instant) -> f64 {
        if now >= self.deadline { f64::INFINITY } else { cadence.unnoticed(self.running, self.age + (now - self.at)) }
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Waiting) -> Ordering {
        self.unnoticed.total_cmp(&other.unnoticed)
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Waiting) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Waiting) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Waiting {}

#[cfg(test)]
mod tests;
