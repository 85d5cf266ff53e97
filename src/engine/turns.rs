//! Whose turn it is to submit: every try, first or again, passes this door, in the order in which they came.
//!
//! Two things are held down here. How many submits are out at a time: one at the beginning, twice as many with each answer that
//! tells, and one again after a submit whose outcome is unknown, when the service is looked for first; so an outage costs one
//! uncertain job, and not as many as there are slots. And how fast they go out ([`Rate`]).

use crate::client::rate::Rate;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

/// Unknown outcomes without an answer that tells between them after which no more is submitted.
pub(super) const UNKNOWNS: u32 = 3;

/// Replies of the way in a row, each about one job perhaps, after which no more is submitted.
pub(super) const TURNED_AWAY: u32 = 3;

/// The door that submits pass.
#[derive(Debug)]
pub(super) struct Turns {
    /// One stands at the door at a time; the others queue.
    door: Semaphore,
    state: Mutex<State>,
    /// Something changed that whoever stands at the door waits for.
    changed: Notify,
    patience: Duration,
}

#[derive(Debug)]
struct State {
    /// Submits that may be out at a time.
    wide: usize,
    /// The same at the most.
    most: usize,
    /// Submits that are out.
    out: usize,
    sight: Sight,
    rate: Rate,
    /// Unknown outcomes since the last answer that told.
    unknowns: u32,
    /// Replies of the way since the last answer of the service.
    turned_away: u32,
    /// Since when the service has put off every submit.
    put_off: Option<Instant>,
}

/// Whether the service is known to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    Clear,
    /// A submit was lost: the service is looked for before the next.
    Lost,
}

/// A try's turn: the submit may go out. Dropped, it is over.
#[derive(Debug)]
pub(super) struct Turn<'t> {
    turns: &'t Turns,
    /// When it began.
    sent: Instant,
}

/// The place at the door: only one stands there.
#[derive(Debug)]
pub(super) struct Door<'t> {
    turns: &'t Turns,
    _permit: SemaphorePermit<'t>,
}

/// What whoever stands at the door does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ready {
    /// Looks for the service.
    Look,
    /// Takes the turn.
    Go,
}

/// What keeps whoever stands at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    /// Others are out.
    Full,
    /// It isn't time yet.
    Until(Instant),
    /// The service has to be looked for.
    Look,
    Nothing,
}

/// What a submit that was put off means for the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PutOff {
    /// The next try goes in its turn, after this pause at the least.
    Wait(Duration),
    /// The service has put off everything for longer than the run has patience, or asks for that; it wants to be asked again after
    /// this time, if it said so.
    Over(Option<Duration>),
}

impl Turns {
    /// A door for `most` submits at a time, at this rate.
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
        };
        Turns { door: Semaphore::new(1), state: Mutex::new(state), changed: Notify::new(), patience }
    }

    /// Waits to stand at the door, first come, first served.
    pub(super) async fn door(&self) -> Door<'_> {
        let permit = self.door.acquire().await;
        Door { turns: self, _permit: permit.expect("the door is never closed") }
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
                Wait::Full => self.turns.changed.notified().await,
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

    /// Takes note that the service was found.
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

    /// The service itself answered.
    fn told(&mut self) {
        self.wide = (self.wide * 2).min(self.most);
        (self.unknowns, self.turned_away) = (0, 0);
    }
}

impl Turn<'_> {
    /// The service accepted.
    pub(super) fn accepted(&self) {
        let mut state = self.turns.state();
        state.told();
        state.put_off = None;
        state.rate.accepted(self.sent);
    }

    /// The service itself answered, whatever it said.
    pub(super) fn told(&self) {
        self.turns.state().told();
    }

    /// It wasn't put off.
    pub(super) fn moved_on(&self) {
        self.turns.state().put_off = None;
    }

    /// Something on the way said no, of this job or of all; gives how many times in a row.
    pub(super) fn turned_away(&self) -> u32 {
        let mut state = self.turns.state();
        state.put_off = None;
        state.turned_away += 1;
        state.turned_away
    }

    /// Nobody can know whether it arrived; gives how many of these there were since the last answer that told.
    pub(super) fn unknown(&self) -> u32 {
        let mut state = self.turns.state();
        (state.wide, state.sight, state.put_off) = (1, Sight::Lost, None);
        state.unknowns += 1;
        state.unknowns
    }

    /// All submits are to slow down, and to wait as long as was `asked` for.
    pub(super) fn slow_down(&self, asked: Option<Duration>) -> PutOff {
        let now = Instant::now();
        self.turns.state().rate.slow_down(self.sent, now);
        self.put_off(asked)
    }

    /// The service can't now; where it `asked` for a pause, all submits keep to it.
    pub(super) fn put_off(&self, asked: Option<Duration>) -> PutOff {
        let (mut state, now, patience) = (self.turns.state(), Instant::now(), self.turns.patience);
        let end = *state.put_off.get_or_insert(now) + patience;
        if now >= end || asked.is_some_and(|asked| asked > patience) {
            return PutOff::Over(asked);
        }
        if let Some(asked) = asked {
            // The last try goes when the patience ends, not after it.
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
