//! `--progress bar`: one bar at the bottom of the terminal, and above it what is out of the ordinary.

use super::Reporter;
use super::look::{Drawing, Look};
use super::standing::Standing;
use super::words::{self, Weight};
use crate::event::{Event, Stamped};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use std::io::{self, Write};

/// Shows how far a run is.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    look: Look,
    standing: Standing,
}

/// Writes to standard error above a bar, without tearing it: for log lines.
#[derive(Clone, Debug)]
pub struct AboveBar(ProgressBar);

impl Bar {
    /// A bar on `target`, usually [`ProgressDrawTarget::stderr`].
    pub fn new(target: ProgressDrawTarget, look: Look) -> Bar {
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let characters = match look.drawing {
            Drawing::Unicode => "━╸ ",
            Drawing::Ascii => "=> ",
        };
        let style = ProgressStyle::with_template("[{bar:24}] {pos}/{len} {wide_msg}").expect("the template is valid");
        bar.set_style(style.progress_chars(characters));
        Bar { bar, look, standing: Standing::default() }
    }

    /// Where log lines go while the bar is shown.
    pub fn above(&self) -> AboveBar {
        AboveBar(self.bar.clone())
    }

    fn draw(&self, now: Timestamp) {
        let far = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        self.bar.set_length(far(self.standing.total()));
        self.bar.set_position(far(self.standing.done()));
        self.bar.set_message(self.standing.words(now));
    }
}

impl Reporter for Bar {
    fn event(&mut self, Stamped { event, time }: &Stamped) {
        self.standing.event(event, *time);
        match words::line(event) {
            Some((Weight::Notable, hue, text)) => self.bar.println(self.look.paint(hue, text).to_string()),
            Some((Weight::Step, ..)) | None => {}
        }
        // The plan of a hundred thousand jobs is one change.
        if !matches!(event, Event::JobPlanned { .. }) {
            self.draw(*time);
        }
    }

    fn tick(&mut self, now: Timestamp) {
        self.draw(now);
        self.bar.tick();
    }

    fn finish(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Write for AboveBar {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests;
