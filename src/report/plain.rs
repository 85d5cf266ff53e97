//! `--progress plain`: a line for each change of state, and a status line in between.

use super::Reporter;
use super::look::{Hue, Look};
use super::messages::{self, Weight};
use super::outlet::Outlet;
use super::run_state::RunState;
use crate::event::{Event, Stamped};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::fmt::Display;
use std::io::Write;

/// Interval between two status lines.
const SUMMARY: SignedDuration = SignedDuration::from_secs(30);

/// Writes lines, each with the time of day.
#[derive(Debug)]
pub struct Plain<W> {
    out: Outlet<W>,
    look: Look,
    zone: TimeZone,
    /// The least weight of a line.
    least: Weight,
    run_state: RunState,
    /// `true` while the plan is being reported.
    planning: bool,
    /// The time of the last status line, or of the beginning.
    said: Option<Timestamp>,
}

impl<W: Write> Plain<W> {
    /// Writes to `out`, in the time of `zone`.
    pub fn new(out: W, look: Look, zone: TimeZone) -> Plain<W> {
        let (least, run_state) = (Weight::Step, RunState::default());
        Plain { out: Outlet::new(out), look, zone, least, run_state, planning: true, said: None }
    }

    /// Makes it also print each call and transfer.
    pub fn in_detail(self) -> Plain<W> {
        Plain { least: Weight::Detail, ..self }
    }

    fn line(&mut self, time: Timestamp, hue: Hue, text: impl Display) {
        let clock = self.zone.to_datetime(time).time();
        let clock = format!("{:02}:{:02}:{:02}", clock.hour(), clock.minute(), clock.second());
        self.out.line(format_args!("{} {}", self.look.paint(Hue::Faint, clock), self.look.paint(hue, text)));
    }

    /// Prints a status line, if it is due.
    fn sum_up(&mut self, now: Timestamp) {
        let said = *self.said.get_or_insert(now);
        if now.duration_since(said) < SUMMARY {
            return;
        }
        self.said = Some(now);
        let (done, total) = (self.run_state.done(), self.run_state.total());
        let words = match self.run_state.away() {
            None => self.run_state.words(now),
            Some(away) => away.words(now),
        };
        let gap = if words.is_empty() { "" } else { ": " };
        self.line(now, Hue::Plain, format_args!("{done} of {total} done{gap}{words}"));
    }
}

impl<W: Write + Send> Reporter for Plain<W> {
    fn event(&mut self, Stamped { event, time }: &Stamped) {
        if self.planning && !event.precedes_the_work() {
            self.planning = false;
            self.line(*time, Hue::Plain, self.run_state.plan());
        }
        let away = self.run_state.away().map(|away| away.since);
        self.run_state.event(event, *time);
        if let (Some(since), None) = (away, self.run_state.away()) {
            let (hue, text) = messages::back(since, *time);
            self.line(*time, hue, text);
        }
        if let Some((_, hue, text)) = messages::line(event).filter(|(weight, ..)| *weight >= self.least) {
            self.line(*time, hue, text);
        }
        if !matches!(event, Event::RunFinished { .. }) {
            self.sum_up(*time);
        }
    }

    fn tick(&mut self, now: Timestamp) {
        self.sum_up(now);
    }
}

#[cfg(test)]
mod tests;
