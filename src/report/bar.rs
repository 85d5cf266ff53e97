//! `--progress bar`: a live view of the run at the bottom of the terminal, with notable events above it.

use super::look::{Hue, Look, thousands};
use super::messages::{self, Weight};
use super::run_state::RunState;
use super::screen::Screen;
use super::{Reporter, picture};
use crate::event::{Event, Stamped};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::time::Duration;

/// Interval between two frames: ten per second look smooth and cost nothing.
const PACE: Duration = Duration::from_millis(100);

/// Maximum number of messages between two frames: if thousands of jobs fail at once, the summary says why.
const MESSAGES: usize = 10;

/// Displays the progress of a run.
#[derive(Debug)]
pub struct Bar {
    screen: Screen,
    look: Look,
    zone: TimeZone,
    /// The least weight of a line above the live view.
    least: Weight,
    run_state: RunState,
    /// Messages since the last frame: printed ones, and ones left out.
    said: usize,
    left_out: usize,
}

impl Bar {
    /// Creates a bar on `screen`, with the time of the end in this zone.
    pub fn new(screen: Screen, look: Look, zone: TimeZone) -> Bar {
        Bar { screen, look, zone, least: Weight::Notable, run_state: RunState::default(), said: 0, left_out: 0 }
    }

    /// Makes it also print each step, call and transfer.
    pub fn in_detail(self) -> Bar {
        Bar { least: Weight::Detail, ..self }
    }

    fn say(&mut self, hue: Hue, text: &str) {
        if self.said < MESSAGES {
            self.screen.say(&format!("{}\n", self.look.paint(hue, self.look.wrapped(text))));
            self.said += 1;
        } else {
            self.left_out += 1;
        }
    }

    fn draw(&mut self, now: Timestamp) {
        if self.left_out > 0 {
            let words = format!("{} and {} more messages\n", self.look.ellipsis(), thousands(self.left_out));
            self.screen.say(&self.look.paint(Hue::Faint, words).to_string());
        }
        (self.said, self.left_out) = (0, 0);
        let show = picture::Show { look: self.look, zone: &self.zone };
        self.screen.draw(|room| picture::lines(&self.run_state, show, room, now));
    }
}

impl Reporter for Bar {
    fn event(&mut self, Stamped { event, time }: &Stamped) {
        let away = self.run_state.away().map(|away| away.since);
        self.run_state.event(event, *time);
        match (event, away) {
            // The live view counts the tries.
            (Event::Throttled { .. }, Some(_)) => {}
            _ => {
                if let Some((_, hue, text)) = messages::line(event).filter(|(weight, ..)| *weight >= self.least) {
                    self.say(hue, &text);
                }
            }
        }
        if let (Some(since), None) = (away, self.run_state.away()) {
            let (hue, text) = messages::back(since, *time);
            self.say(hue, &text);
        }
    }

    fn pace(&self) -> Duration {
        PACE
    }

    fn tick(&mut self, now: Timestamp) {
        self.draw(now);
    }

    fn finish(&mut self) {
        self.screen.leave();
    }
}

#[cfg(test)]
mod tests;
