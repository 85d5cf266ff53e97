//! Who may submit when, and what ends all submits.

use super::Context;
use crate::client::{Service, Urgency, Verdict};
use crate::engine::gate::Pass;
use crate::engine::turns::{Ready, TURNED_AWAY, Turn, UNKNOWNS};
use crate::event::stop::{Level, Refused, StopCause};
use crate::event::{Bound, Cause, Event, JobError};
use std::sync::PoisonError;
use std::time::Duration;
use tokio::time::Instant;

/// The longest pause that a service may ask for and mean it.
const LONGEST_WISH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl<S: Service> Context<S> {
    /// Waits for a turn to submit, and for the gate.
    pub(in crate::engine) async fn turn(&self) -> (Turn<'_>, Pass<'_>) {
        let full = self.turns.full();
        let door = self.turns.door().await;
        loop {
            match door.ready().await {
                Ready::Look => {
                    self.look().await;
                    door.found();
                }
                Ready::Go => {
                    let pass = self.gate.pass().await;
                    if let Some(turn) = door.take() {
                        self.bounds.waited(Bound::Submits, self.turns.full() - full, || self.hold(Bound::Submits));
                        return (turn, pass);
                    }
                }
            }
        }
    }

    /// Waits until the service itself answers a query; if it doesn't within the run's patience, nothing more is
    /// submitted, and this never returns.
    async fn look(&self) {
        let (since, mut failures) = (Instant::now(), 0);
        loop {
            let task = self.at_service.to_look_for();
            let pass = self.gate.pass().await;
            let failure = match self.service.look(&task).await {
                Ok(()) => return pass.reached(),
                Err(failure) => failure,
            };
            match failure.verdict {
                Verdict::Unreachable(asked) => {
                    self.wait_for_service(pass.unreachable(asked, self.random()), failure.message);
                    continue;
                }
                Verdict::NoWay => {
                    self.no_way(failure.message);
                    return std::future::pending().await;
                }
                _ => pass.reached(),
            }
            failures += 1;
            let left = (since + self.settings.patience).saturating_duration_since(Instant::now());
            if left.is_zero() {
                self.away_for_good(failure.message);
                return std::future::pending().await;
            }
            let asked = if let Verdict::Away(asked) | Verdict::Again(asked) = failure.verdict { asked } else { None };
            // The last probe is sent when the patience ends, not after it.
            let pause = self.backoff(failures, asked).min(left);
            self.events.send(Event::Throttled { message: failure.message, pause: pause.as_secs_f64() });
            tokio::time::sleep(pause).await;
        }
    }

    /// Records a submit whose outcome can't be known. Three of these without a conclusive reply mean that something on
    /// the way to the service breaks them all: submits end, before every job of the night waits for a person.
    pub(in crate::engine) fn unknown(&self, turn: &Turn<'_>) {
        let unknowns = turn.unknown();
        if unknowns == UNKNOWNS {
            self.stop.to(Level::NoSubmits, StopCause::Unanswered);
        }
    }

    /// Takes note that the way to the service turned a submit away. Whether that ends all submits.
    pub(in crate::engine) fn turned_away(
        &self,
        turn: &Turn<'_>,
        urgency: Urgency,
        code: &str,
        message: String,
    ) -> bool {
        let in_a_row = turn.turned_away();
        let ends = urgency == Urgency::AtOnce || in_a_row >= TURNED_AWAY;
        if ends {
            let (of, problem) = (Refused::of(code, Refused::Way), JobError { code: Cause::TurnedAway, message });
            self.stop.to(Level::NoSubmits, StopCause::Refused { problem, of });
        }
        ends
    }

    /// Keeps the refusal by something on the way, until the service itself answers.
    pub(in crate::engine) fn keep_turned_away(&self, message: String) {
        let problem = JobError { code: Cause::TurnedAway, message };
        *self.turned_away.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem);
    }

    /// Records that the service itself answered a submit.
    pub(in crate::engine) fn answered(&self) {
        *self.turned_away.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Returns the last refusal at the end, if every submit since the service last answered was turned away on the way.
    pub(in crate::engine) fn only_turned_away(&self) -> Option<JobError> {
        self.turned_away.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Ends all submits: the service puts them off for longer than the run's patience.
    pub(in crate::engine) fn put_off_for_good(&self, message: String, asked: Option<Duration>) {
        // What asks for more than anybody waits asks for nothing: no date is made of it.
        let asked = asked.filter(|asked| *asked <= LONGEST_WISH);
        let again = asked.and_then(|asked| self.clock.now_in_seconds().checked_add(asked).ok());
        self.stop.to(Level::NoSubmits, StopCause::PutOff { message, again });
    }

    /// Ends the run's submits, since the service refuses the account: what is paid is brought home.
    pub(in crate::engine) fn refused(&self, code: &str, message: String) {
        let (of, problem) = (Refused::of(code, Refused::Account), JobError { code: Cause::Account, message });
        self.stop.to(Level::NoSubmits, StopCause::Refused { problem, of });
    }
}
