//! How a run stands, counted from its events.

use super::look::thousands;
use crate::event::Event;
use crate::plan::action::Action;
use crate::spec::names::JobId;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

/// How far a job is in this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Its turn hasn't come.
    Waiting,
    /// It is at the service, or on its way there.
    InFlight,
    /// The service is done with it; its videos come.
    Fetching,
    /// Nothing had to be done.
    Kept,
    /// It waits for a person or an option.
    Held,
    /// All its videos are here.
    Succeeded,
    /// It has no result in this run.
    Failed,
    /// Nobody can know whether its submit arrived.
    Uncertain,
}

const PHASES: usize = 8;

/// The jobs of a run, each in its phase.
#[derive(Debug, Default)]
pub(super) struct Standing {
    phases: HashMap<JobId, Phase>,
    counts: [usize; PHASES],
    started: Option<Timestamp>,
}

impl Standing {
    /// Takes in what happened.
    pub(super) fn event(&mut self, event: &Event, time: Timestamp) {
        self.started.get_or_insert(time);
        let (job, phase) = match event {
            Event::JobPlanned { job, action, .. } => (job, planned(*action)),
            Event::Uploading { job, .. }
            | Event::Submitting { job, .. }
            | Event::Submitted { job, .. }
            | Event::Polled { job, .. } => (job, Phase::InFlight),
            Event::Generated { job, .. } | Event::Downloading { job, .. } | Event::Downloaded { job, .. } => {
                (job, Phase::Fetching)
            }
            Event::Succeeded { job, .. } => (job, Phase::Succeeded),
            Event::Failed { job, .. } => (job, Phase::Failed),
            Event::Uncertain { job, .. } => (job, Phase::Uncertain),
            Event::RunStarted { .. } | Event::Retrying { .. } | Event::Throttled { .. } | Event::RunFinished { .. } => {
                return;
            }
        };
        if let Some(before) = self.phases.insert(job.clone(), phase) {
            self.counts[before as usize] -= 1;
        }
        self.counts[phase as usize] += 1;
    }

    /// The number of jobs in `phase`.
    pub(super) fn count(&self, phase: Phase) -> usize {
        self.counts[phase as usize]
    }

    /// The jobs that this run has something to do with.
    pub(super) fn total(&self) -> usize {
        self.phases.len() - self.count(Phase::Kept) - self.count(Phase::Held)
    }

    /// Those of them that it is done with.
    pub(super) fn done(&self) -> usize {
        self.count(Phase::Succeeded) + self.count(Phase::Failed) + self.count(Phase::Uncertain)
    }

    /// `3 to do, 12 kept, 1 on hold`: what a plan comes to.
    pub(super) fn plan(&self) -> String {
        let parts = [
            (self.total(), "to do"),
            (self.count(Phase::Kept), "kept as they are"),
            (self.count(Phase::Held), "on hold"),
        ];
        let told = parts.iter().enumerate().filter(|(i, (n, _))| *i == 0 || *n > 0);
        told.map(|(_, (n, words))| format!("{} {words}", thousands(*n))).collect::<Vec<_>>().join(", ")
    }

    /// `4 in flight, 1 failed; 2.5/min, 3m 12s left`: what isn't zero, and what can be told at `now`.
    pub(super) fn words(&self, now: Timestamp) -> String {
        let parts = [
            (Phase::InFlight, "in flight"),
            (Phase::Fetching, "being fetched"),
            (Phase::Failed, "failed"),
            (Phase::Uncertain, "uncertain"),
        ];
        let parts = parts.iter().map(|(phase, words)| (self.count(*phase), words)).filter(|(n, _)| *n > 0);
        let mut words = parts.map(|(n, words)| format!("{} {words}", thousands(n))).collect::<Vec<_>>().join(", ");
        if let Some(pace) = self.pace(now) {
            let gap = if words.is_empty() { "" } else { "; " };
            words = format!("{words}{gap}{pace}");
        }
        words
    }

    /// How fast the run goes, and how long it will still take at this pace.
    fn pace(&self, now: Timestamp) -> Option<String> {
        let seconds = self.started.map(|started| now.duration_since(started).as_secs_f64()).filter(|s| *s >= 1.0)?;
        let done = self.done();
        if done == 0 {
            return None;
        }
        let each = seconds / done as f64;
        let rate = format!("{:.1}/min", 60.0 / each);
        let left = self.total() - done;
        if left == 0 {
            return Some(rate);
        }
        let time = SignedDuration::try_from_secs_f64(each * left as f64).ok()?;
        Some(format!("{rate}, {} left", about(time)))
    }
}

/// What a plan makes of a job.
fn planned(action: Action) -> Phase {
    match action {
        Action::Keep => Phase::Kept,
        Action::Hold => Phase::Held,
        Action::Submit | Action::Resume | Action::Download => Phase::Waiting,
    }
}

/// A duration in whole seconds, as `3m 12s`.
pub(super) fn about(duration: SignedDuration) -> String {
    format!("{:#}", SignedDuration::from_secs(duration.as_secs()))
}

#[cfg(test)]
mod tests;
