//! Reports: findings, plans and runs, shown to people and to machines.
//!
//! The view of a run is made from its events alone: a [`Reporter`] receives them, and [`fanout::Fanout`] gives each reporter
//! a thread of its own, so that no terminal, pipe or file keeps a run waiting. All text from a manifest or from the service
//! goes through [`terminal_safe`] before it reaches a terminal. The page is made from manifest and ledger, by [`gallery`].

pub mod bar;
pub mod commands;
pub mod documents;
mod echo;
pub mod explain;
pub mod fanout;
pub mod findings;
pub mod gallery;
mod json;
pub mod junit;
pub mod look;
pub mod manual;
mod markdown;
mod messages;
pub mod money;
pub mod ndjson;
mod outlet;
mod picture;
pub mod plain;
pub mod quiet;
pub mod replay;
pub mod results;
mod run_state;
pub mod schemas;
pub mod screen;
pub mod show;
mod span;
pub mod standard_error;
pub mod step_summary;
pub mod summary;
pub mod tables;
pub mod terminal_safe;

use crate::event::Stamped;
use jiff::Timestamp;
use std::time::Duration;

/// Displays a run, or records it, from its events.
pub trait Reporter: Send {
    /// Receives an event.
    fn event(&mut self, event: &Stamped);

    /// Returns the interval between its ticks.
    fn pace(&self) -> Duration {
        Duration::from_secs(1)
    }

    /// Receives a tick.
    fn tick(&mut self, _now: Timestamp) {}

    /// Ends the reporter: no more events come.
    fn finish(&mut self) {}
}

/// Several reporters in the same place, in their order: a bar and, once it is gone, the summary.
impl Reporter for Vec<Box<dyn Reporter>> {
    fn event(&mut self, event: &Stamped) {
        self.iter_mut().for_each(|reporter| reporter.event(event));
    }

    fn pace(&self) -> Duration {
        self.iter().map(|reporter| reporter.pace()).min().unwrap_or(Duration::MAX)
    }

    fn tick(&mut self, now: Timestamp) {
        self.iter_mut().for_each(|reporter| reporter.tick(now));
    }

    fn finish(&mut self) {
        self.iter_mut().for_each(|reporter| reporter.finish());
    }
}

#[cfg(test)]
mod testing;
