//! Turns a run of another process into events, from its ledger, read again and again: every view of a run of this
//! process can show that one too.

use crate::event::{Cause, Event, JobError, Stamped};
use crate::ledger::record::{Record, Stage};
use crate::plan::action::{Action, Reason};
use crate::service::names::{Digest, JobId};
use jiff::Timestamp;
use std::collections::HashMap;

/// A job of the manifest, and its ledger entry at one reading.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'l> {
    /// The job.
    pub job: &'l JobId,
    /// The digest of its input.
    pub digest: &'l Digest,
    /// Its record.
    pub record: Option<&'l Record>,
    /// `true` if its last submit waits for an answer.
    pub open: bool,
}

/// The events reported so far.
#[derive(Debug)]
pub struct Replay {
    /// The time when the run began.
    since: Timestamp,
    told: HashMap<JobId, (u32, Step)>,
}

/// The progress of a submit, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Nothing,
    Asked,
    Submitted,
    Generated,
    Fetched(usize),
    Ended,
}

impl Replay {
    /// Creates the state for a run that began at `since`, with nothing reported yet.
    pub fn new(since: Timestamp) -> Replay {
        Replay { since, told: HashMap::new() }
    }

    /// Returns the events between the previous reading and this one, at `now`. At the first reading: everything that
    /// the run has done so far.
    pub fn look<'l>(&mut self, sights: impl Iterator<Item = Sight<'l>> + Clone, now: Timestamp) -> Vec<Stamped> {
        let mut events = Vec::new();
        let first = self.told.is_empty();
        for sight in sights.clone() {
            if !self.told.contains_key(sight.job) {
                events.push(Stamped { event: self.plan(&sight), time: self.since });
            }
        }
        let planned = events.len();
        for sight in sights {
            // A step without a time of its own has just happened; at the first reading, shortly after the service was done.
            let ended = sight.record.and_then(|record| record.finished_at).filter(|_| first);
            self.tell(&sight, now, ended.unwrap_or(now), &mut events);
        }
        events[planned..].sort_by_key(|event| event.time);
        events
    }

    /// Returns the planned action for a job seen for the first time.
    fn plan(&mut self, sight: &Sight<'_>) -> Event {
        let (action, reason) = match sight.record {
            None => (Action::Submit, Reason::New),
            Some(record) if sight.open || self.is_of_this_run(record) => (Action::Submit, Reason::New),
            Some(record) => match record.stage {
                Stage::Submitted { .. } => (Action::Resume, Reason::InFlight),
                Stage::Generated { .. } => (Action::Download, Reason::Generated),
                Stage::Succeeded { .. } => (Action::Keep, Reason::Succeeded),
                Stage::Failed { .. } => (Action::Submit, Reason::Failed),
                Stage::Refused { .. } => (Action::Hold, Reason::Refused),
                Stage::Uncertain { .. } => (Action::Hold, Reason::Uncertain),
            },
        };
        let told = match (sight.record, reason) {
            (None, _) | (_, Reason::New) => (0, Step::Nothing),
            (Some(record), _) => {
                (record.attempt, steps(record, sight.open).last().map_or(Step::Nothing, |(step, ..)| *step))
            }
        };
        self.told.insert(sight.job.clone(), told);
        let submitted_at = sight.record.filter(|_| action == Action::Resume).and_then(|record| record.submitted_at);
        Event::JobPlanned { job: sight.job.clone(), digest: *sight.digest, action, reason, submitted_at }
    }

    /// Returns whether the run submitted it, or completed it.
    fn is_of_this_run(&self, record: &Record) -> bool {
        record.submitted_at.max(record.finished_at).is_some_and(|at| at >= self.since)
    }

    /// Adds the events of a job since the previous reading.
    fn tell(&mut self, sight: &Sight<'_>, now: Timestamp, ended: Timestamp, events: &mut Vec<Stamped>) {
        let (Some(record), Some(told)) = (sight.record, self.told.get_mut(sight.job)) else { return };
        // An earlier record shows again when the submit after it was refused for now.
        if record.attempt < told.0 {
            return;
        }
        for (step, time, event) in steps(record, sight.open) {
            if (record.attempt, step) > *told {
                *told = (record.attempt, step);
                events.push(Stamped {
                    event: event(sight.job),
                    time: time.unwrap_or(ended).clamp(self.since, now.max(self.since)),
                });
            }
        }
    }
}

/// Creates the event of a step, for the job that has the record.
type Tell<'r> = Box<dyn Fn(&JobId) -> Event + 'r>;

/// A step, its time if that is recorded, and its event.
type Told<'r> = (Step, Option<Timestamp>, Tell<'r>);

/// Returns the steps that led to a record.
fn steps(record: &Record, open: bool) -> Vec<Told<'_>> {
    let attempt = record.attempt;
    let mut steps: Vec<Told<'_>> =
        vec![(Step::Asked, record.submitted_at, Box::new(move |job| Event::Submitting { job: job.clone(), attempt }))];
    if let (Some(task), false) = (record.stage.task(), matches!(record.stage, Stage::Uncertain { .. })) {
        let told =
            move |job: &JobId| Event::Submitted { job: job.clone(), attempt, task_id: task.clone(), price: None };
        steps.push((Step::Submitted, record.submitted_at, Box::new(told)));
    }
    if matches!(record.stage, Stage::Generated { .. } | Stage::Succeeded { .. }) {
        let seconds = record.submitted_at.zip(record.finished_at);
        let seconds = seconds.map(|(start, end)| end.duration_since(start).as_secs_f64().max(0.0));
        steps.push((
            Step::Generated,
            record.finished_at,
            Box::new(move |job| Event::Generated { job: job.clone(), seconds }),
        ));
    }
    for (at, output) in record.stage.outputs().iter().enumerate() {
        let told = move |job: &JobId| Event::Downloaded {
            job: job.clone(),
            path: output.path.clone(),
            sha256: output.sha256.to_string(),
            bytes: output.bytes,
        };
        steps.push((Step::Fetched(at), None, Box::new(told)));
    }
    let problem = |code, message: &str| JobError { code, message: message.to_owned() };
    let end: Option<Tell<'_>> = match &record.stage {
        Stage::Submitted { .. } | Stage::Generated { .. } => None,
        Stage::Uncertain { .. } if open => None,
        Stage::Succeeded { outputs, .. } => {
            let paths: Vec<String> = outputs.iter().map(|output| output.path.clone()).collect();
            let asked = (paths.len() < usize::from(record.videos)).then_some(record.videos);
            Some(Box::new(move |job| Event::Succeeded { job: job.clone(), outputs: paths.clone(), asked }))
        }
        Stage::Failed { error, .. } => {
            let error = problem(Cause::Failed, &error.message);
            Some(Box::new(move |job| Event::Failed { job: job.clone(), error: error.clone(), next: None }))
        }
        Stage::Refused { error } => {
            let error = problem(Cause::Refused, &error.message);
            Some(Box::new(move |job| Event::Failed { job: job.clone(), error: error.clone(), next: None }))
        }
        Stage::Uncertain { reason, task } => Some(Box::new(move |job| Event::Uncertain {
            job: job.clone(),
            message: reason.clone(),
            task_id: task.clone(),
        })),
    };
    steps.extend(end.map(|end| (Step::Ended, None, end)));
    steps
}

#[cfg(test)]
mod tests;
