//! The gate before the service: while it can't be reached, the whole run waits together.
//!
//! While it is down, a single call at a time is let through as a probe, with growing pauses between; ten thousand jobs
//! don't each use up their own retries. When the run's patience is over, the gate reports it.

use crate::client::retry::Backoff;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// The gate.
#[derive(Debug)]
pub(super) struct Gate {
    state: watch::Sender<State>,
    patience: Duration,
    backoff: Backoff,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Calls pass, from the given time on.
    Open(Option<Instant>),
    /// The service has been unreachable `since`; after `failures` probes the next one may be sent at `from`. A pause
    /// that it `asked` for is kept even if another call is answered in the meantime.
    Down { since: Instant, failures: u32, from: Instant, probing: bool, asked: Option<Instant> },
}

/// A call's permission to pass; its outcome must be reported.
#[must_use]
#[derive(Debug)]
pub(super) struct Pass<'g> {
    gate: &'g Gate,
    probe: bool,
}

/// The consequence of an unreachable service for the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// The next probe is sent after this pause.
    Left(Duration),
    /// The service has been unreachable for longer than the run's patience.
    Over,
}

impl Gate {
    /// Creates an open gate.
    pub(super) fn new(patience: Duration, backoff: Backoff) -> Gate {
        Gate { state: watch::Sender::new(State::Open(None)), patience, backoff }
    }

    /// Waits until a call may be sent.
    pub(super) async fn pass(&self) -> Pass<'_> {
        let mut state = self.state.subscribe();
        loop {
            let now = Instant::now();
            let seen = *state.borrow_and_update();
            let from = match seen {
                State::Open(None) => return Pass { gate: self, probe: false },
                State::Open(Some(from)) if from <= now => return Pass { gate: self, probe: false },
                State::Down { from, probing: false, .. } if from <= now => {
                    if self.claim_probe() {
                        return Pass { gate: self, probe: true };
                    }
                    continue;
                }
                State::Open(Some(from)) | State::Down { from, probing: false, .. } => Some(from),
                State::Down { .. } => None,
            };
            tokio::select! {
                _ = state.changed() => {}
                () = sleep_until(from.unwrap_or(now)), if from.is_some() => {}
            }
        }
    }

    fn claim_probe(&self) -> bool {
        self.state.send_if_modified(|state| match state {
            State::Down { probing, .. } if !*probing => {
                *probing = true;
                true
            }
            _ => false,
        })
    }
}

impl Pass<'_> {
    /// Reports that the service answered, whatever it said.
    pub(super) fn reached(mut self) {
        self.probe = false;
        self.gate.state.send_if_modified(|state| {
            let State::Down { asked, .. } = *state else { return false };
            *state = State::Open(asked);
            true
        });
    }

    /// Reports that the service can't be reached; it may have requested a pause. `random` is in 0..1.
    pub(super) fn unreachable(mut self, asked: Option<Duration>, random: f64) -> Patience {
        let now = Instant::now();
        let probe = std::mem::replace(&mut self.probe, false);
        let mut verdict = Patience::Left(Duration::ZERO);
        self.gate.state.send_modify(|state| {
            let (since, failures) = match *state {
                State::Open(_) => (now, 0),
                // Calls that were on their way when it went down say nothing new.
                State::Down { from, .. } if !probe => {
                    verdict = Patience::Left(from.saturating_duration_since(now));
                    return;
                }
                State::Down { since, failures, .. } => (since, failures),
            };
            let end = since + self.gate.patience;
            verdict = if now >= end {
                Patience::Over
            } else {
                let pause = self.gate.backoff.pause(failures + 1, asked, random);
                // The last probe is sent when the patience ends, not after it.
                Patience::Left(pause.min(end - now))
            };
            let from = match verdict {
                Patience::Left(pause) => now + pause,
                Patience::Over => now,
            };
            let asked = asked.map(|_| from);
            *state = State::Down { since, failures: failures + 1, from, probing: false, asked };
        });
        verdict
    }
}

/// A probe that ended without an answer (its job was stopped) lets another one take its turn.
impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.probe {
            self.gate.state.send_modify(|state| {
                if let State::Down { probing, .. } = state {
                    *probing = false;
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn gate() -> Gate {
        let backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_secs(30) };
        Gate::new(Duration::from_secs(60), backoff)
    }

    #[tokio::test(start_paused = true)]
    async fn a_single_probe_at_a_time_goes_to_a_service_that_is_away() {
        let gate = Arc::new(gate());
        let calls = Arc::new(AtomicUsize::new(0));
        let mut waiting = tokio::task::JoinSet::new();
        assert!(matches!(gate.pass().await.unreachable(None, 0.5), Patience::Left(_)));
        for _ in 0..1000 {
            let (gate, calls) = (gate.clone(), calls.clone());
            waiting.spawn(async move {
                loop {
                    let pass = gate.pass().await;
                    calls.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    if pass.unreachable(None, 0.5) == Patience::Over {
                        return;
                    }
                }
            });
        }
        let started = Instant::now();
        waiting.join_next().await;
        assert!((59..=61).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
        assert!(calls.load(Ordering::Relaxed) < 15, "{calls:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn one_answer_opens_it_for_all() {
        let gate = gate();
        let early = gate.pass().await;
        assert!(matches!(gate.pass().await.unreachable(None, 0.5), Patience::Left(_)));
        early.reached();
        let started = Instant::now();
        gate.pass().await.reached();
        assert_eq!(started.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_is_dropped_leaves_its_place() {
        let gate = gate();
        let _ = gate.pass().await.unreachable(Some(Duration::from_secs(3)), 0.5);
        drop(gate.pass().await);
        let started = Instant::now();
        gate.pass().await.reached();
        assert_eq!(started.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_was_asked_for_outlasts_the_answer_to_another_call() {
        let gate = gate();
        let (refused, other) = (gate.pass().await, gate.pass().await);
        let Patience::Left(pause) = refused.unreachable(Some(Duration::from_secs(20)), 0.0) else { panic!() };
        other.reached();
        let started = Instant::now();
        gate.pass().await.reached();
        assert_eq!((pause.as_secs(), started.elapsed()), (20, pause));
    }
}
