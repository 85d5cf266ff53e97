//! `-q`: prints only errors, and that an unreachable service is being waited for, since a run that hangs in silence
//! looks broken.

use super::look::{Hue, Look};
use super::outlet::Outlet;
use super::run_state::RunState;
use super::{Reporter, messages, terminal_safe};
use crate::event::{Event, Stamped};
use crate::plan::action::Action;
use jiff::{SignedDuration, Timestamp};
use std::io::Write;

/// Time that a service is unreachable before that is reported.
const FIRST: SignedDuration = SignedDuration::from_secs(10);

/// Interval between two reports of the same outage.
const AGAIN: SignedDuration = SignedDuration::from_mins(10);

/// Reports the jobs without a result, with the reason, and waiting for the service; nothing else.
#[derive(Debug)]
pub struct Quiet<W> {
    out: Outlet<W>,
    look: Look,
    run_state: RunState,
    /// The time of the last report about the present outage.
    said: Option<Timestamp>,
}

impl<W: Write> Quiet<W> {
    /// Writes to `out`.
    pub fn new(out: W, look: Look) -> Quiet<W> {
        Quiet { out: Outlet::new(out), look, run_state: RunState::default(), said: None }
    }

    fn say(&mut self, hue: Hue, text: &str) {
        self.out.line(format_args!("{}", self.look.paint(hue, text)));
    }
}

impl<W: Write + Send> Reporter for Quiet<W> {
    fn event(&mut self, Stamped { event, time }: &Stamped) {
        let since = self.run_state.away().map(|away| away.since);
        self.run_state.event(event, *time);
        if let (Some(since), None) = (since, self.run_state.away())
            && self.said.take().is_some()
        {
            let (hue, text) = messages::back(since, *time);
            self.say(hue, &text);
        }
        // The subject of the exit code.
        if matches!(
            event,
            Event::Failed { .. } | Event::Uncertain { .. } | Event::JobPlanned { action: Action::Hold, .. }
        ) && let Some((_, hue, text)) = messages::line(event)
        {
            self.say(hue, &text);
        }
    }

    fn tick(&mut self, now: Timestamp) {
        let Some(away) = self.run_state.away() else { return };
        let due = self.said.map_or((away.since, FIRST), |said| (said, AGAIN));
        if now.duration_since(due.0) >= due.1 {
            let text = format!("{}: {}", away.words(now), terminal_safe::line(&away.message));
            self.said = Some(now);
            self.say(Hue::Caution, &text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::{Shared, a_run, at, started, submitted};

    #[test]
    fn jobs_without_a_result_are_named_and_nothing_else_of_a_run() {
        let out = Shared::default();
        let mut quiet = Quiet::new(out.clone(), Look::PLAIN);
        a_run().iter().for_each(|event| quiet.event(event));
        insta::assert_snapshot!(out.text(), @"
        old on hold: nobody knows whether its submit arrived
        close-up refused by the service: the prompt was refused by content moderation (HTTP 400, code 400)
        hill uncertain: the connection broke after the request went out
        late took too long, and is still at the service: not finished 30 min after its submit
        ");
    }

    #[test]
    fn only_an_absence_that_lasts_is_spoken_of() {
        let out = Shared::default();
        let mut quiet = Quiet::new(out.clone(), Look::PLAIN);
        let now = |seconds| at(seconds, started(1)).time;
        let away =
            |seconds| at(seconds, Event::Throttled { message: "connection refused\x1b".to_owned(), pause: 60.0 });
        quiet.event(&away(1000));
        quiet.tick(now(1009));
        quiet.event(&at(1009, submitted("a")));
        assert_eq!(out.text(), "", "a moment is no matter");
        for seconds in 2000..3300 {
            if seconds % 60 == 0 {
                quiet.event(&away(seconds));
            }
            quiet.tick(now(seconds));
        }
        quiet.event(&at(3300, submitted("a")));
        insta::assert_snapshot!(out.text(), @"
        waiting for the service for 10s, next try in 50s: connection refused␛
        waiting for the service for 10m 10s, next try in 50s: connection refused␛
        waiting for the service for 20m 10s, next try in 50s: connection refused␛
        the service answers again, after 21m
        ");
    }
}
