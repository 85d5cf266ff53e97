//! The order of submits: every try, first or repeated, passes this door in the order of arrival.
//!
//! Two things are limited here. The number of submits on their way: one at the beginning, doubled with each conclusive
//! reply, and one again after a submit with unknown outcome, when the service is probed first; so an outage costs one
//! uncertain job instead of one per slot. And their rate ([`Rate`]).

use crate::client::rate::Rate;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

/// Number of unknown outcomes without a conclusive reply between them after which submits end.
pub(super) const UNKNOWNS: u32 = 3;

/// Number of refusals in a row from something on the way, each perhaps about one job, after which submits end.
pub(super) const TURNED_AWAY: u32 = 3;

/// The door that submits pass.
#[derive(Debug)]
pub(super) struct Turns {
    /// One waits at the door at a time; the others queue.
    door: Semaphore,
    state: Mutex<State>,
    /// Notifies the one at the door of a change.
    changed: Notify,
    patience: Duration,
}

#[derive(Debug)]
struct State {
    /// Number of submits allowed on their way at a time.
    wide: usize,
    /// The upper limit of `wide`.
    most: usize,
    /// Number of submits on their way.
    out: usize,
    sight: Sight,
    rate: Rate,
    /// Unknown outcomes since the last conclusive reply.
    unknowns: u32,
    /// Refusals from the way since the service last answered.
    turned_away: u32,
    /// The time since which the service has put off every submit.
    put_off: Option<Instant>,
    /// How long submits have waited so far because as many as are ever allowed were on their way.
    full: Duration,
}

/// The knowledge whether the service can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    Clear,
    /// A submit was lost: the service is probed before the next.
    Lost,
}

/// A try's turn: the submit may be sent. Dropping it ends the turn.
#[derive(Debug)]
pub(super) struct Turn<'t> {
    turns: &'t Turns,
    /// The time when it began.
    sent: Instant,
}

/// The place at the door: there is only one.
#[derive(Debug)]
pub(super) struct Door<'t> {
    turns: &'t Turns,
    _permit: SemaphorePermit<'t>,
}

/// The next action of the one at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ready {
    /// Probes the service.
    Look,
    /// Takes the turn.
    Go,
}

/// The reason for waiting at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    /// Too many submits are on their way.
    Full,
    /// It isn't time yet.
    Until(Instant),
    /// The service has to be probed.
    Look,
    Nothing,
}

/// The consequence for the run of a submit that was put off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PutOff {
    /// The next try is made in its turn, after at least this pause.
    Wait(Duration),
    /// The service has put off everything for longer than the run's patience, or requests that; it wants to be asked
    /// again after this time, if it named one.
    Over(Option<Duration>),
}

impl Turns {
    /// Creates a door for `most` submits at a time, at this rate.
    pub(super) fn new(most: usize, rate: Rate, patience: Duration) -> Turns {
        let state = State {
            wide: 1,
            most: most.max(1),
            out: 0,
            sight: Sight::Clear,
            rate,
            unknowns: 0,
            turned_away: 0,
            put_off: None,
            full: Duration::ZERO,
        };
        Turns { door: Semaphore::new(1), state: Mutex::new(state), changed: Notify::new(), patience }
    }

    /// Waits for the place at the door, first come, first served.
    pub(super) async fn door(&self) -> Door<'_> {
        let permit = self.door.acquire().await;
        Door { turns: self, _permit: permit.expect("the door is never closed") }
    }

    /// Returns how long submits have waited so far because as many as are ever allowed were on their way.
    pub(super) fn full(&self) -> Duration {
        self.state().full
    }

    /// Slows down all submits, since another run was told to, and lets them wait for so long; returns the pause.
    pub(super) fn heard(&self, time: Duration) -> Duration {
        let (mut state, now) = (self.state(), Instant::now());
        state.rate.slow_down(now, now);
        state.rate.hold(now + time.min(self.patience));
        state.rate.next(now) - now
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'t> Door<'t> {
    /// Waits until there is room and it is time.
    pub(super) async fn ready(&self) -> Ready {
        loop {
            let wait = self.turns.state().wait(Instant::now());
            match wait {
                Wait::Full => {
                    let since = Instant::now();
                    self.turns.changed.notified().await;
                    let mut state = self.turns.state();
                    if state.wide == state.most {
                        state.full += since.elapsed();
                    }
                }
                Wait::Until(time) => {
                    tokio::select! {
                        () = self.turns.changed.notified() => {}
                        () = sleep_until(time) => {}
                    }
                }
                Wait::Look => return Ready::Look,
                Wait::Nothing => return Ready::Go,
            }
        }
    }

    /// Records that the service was reached.
    pub(super) fn found(&self) {
        self.turns.state().sight = Sight::Clear;
    }

    /// Takes the turn, unless something changed that has to be waited for.
    pub(super) fn take(&self) -> Option<Turn<'t>> {
        let (mut state, now) = (self.turns.state(), Instant::now());
        (state.wait(now) == Wait::Nothing).then(|| {
            state.out += 1;
            state.rate.take(now);
            Turn { turns: self.turns, sent: now }
        })
    }
}

impl State {
    fn wait(&self, now: Instant) -> Wait {
        let next = self.rate.next(now);
        match self.sight {
            _ if self.out >= self.wide => Wait::Full,
            Sight::Lost => Wait::Look,
            Sight::Clear if next > now => Wait::Until(next),
            Sight::Clear => Wait::Nothing,
        }
    }

    /// Records that the service itself answered.
    fn told(&mut self) {
        self.wide = (self.wide * 2).min(self.most);
        (self.unknowns, self.turned_away) = (0, 0);
    }
}

impl Turn<'_> {
    /// Records that the service accepted.
    pub(super) fn accepted(&self) {
        let mut state = self.turns.state();
        state.told();
        state.put_off = None;
        state.rate.accepted(self.sent);
    }

    /// Records that the service itself answered, whatever it said.
    pub(super) fn told(&self) {
        self.turns.state().told();
    }

    /// Records that the submit wasn't put off.
    pub(super) fn moved_on(&self) {
        self.turns.state().put_off = None;
    }

    /// Records a refusal from something on the way, about this job or all; returns how many came in a row.
    pub(super) fn turned_away(&self) -> u32 {
        let mut state = self.turns.state();
        state.put_off = None;
        state.turned_away += 1;
        state.turned_away
    }

    /// Records that it can't be known whether the submit arrived; returns how many of these came since the last
    /// conclusive reply.
    pub(super) fn unknown(&self) -> u32 {
        let mut state = self.turns.state();
        (state.wide, state.sight, state.put_off) = (1, Sight::Lost, None);
        state.unknowns += 1;
        state.unknowns
    }

    /// Slows down all submits, and makes them wait as long as was `asked` for.
    pub(super) fn slow_down(&self, asked: Option<Duration>) -> PutOff {
        let now = Instant::now();
        self.turns.state().rate.slow_down(self.sent, now);
        self.put_off(asked)
    }

    /// Records that the service can't now; if it `asked` for a pause, all submits wait for it.
    pub(super) fn put_off(&self, asked: Option<Duration>) -> PutOff {
        let (mut state, now, patience) = (self.turns.state(), Instant::now(), self.turns.patience);
        let end = *state.put_off.get_or_insert(now) + patience;
        if now >= end || asked.is_some_and(|asked| asked > patience) {
            return PutOff::Over(asked);
        }
        if let Some(asked) = asked {
            // The last try is made when the patience ends, not after it.
            state.rate.hold((now + asked).min(end));
        }
        PutOff::Wait(state.rate.next(now) - now)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.state().out -= 1;
        self.turns.changed.notify_one();
    }
}

#[cfg(test)]
mod tests;
