//! The state of a run, counted from its events: the basis of live view and status lines.

mod active;
mod pace;
mod words;

pub(super) use active::{Active, State};

use super::look::columns_of;
use super::terminal_safe;
use crate::base::decimal::Decimal;
use crate::event::{Call, Cause, Event};
use crate::plan::action::Action;
use crate::service::names::JobId;
use jiff::{SignedDuration, Timestamp};
use pace::Pace;
use std::collections::{BTreeMap, HashMap};

/// The phase of a job in this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Its turn hasn't come, or its images are uploaded and it waits for a slot.
    Waiting,
    /// An image of it is on its way to the service.
    Uploading,
    /// It is at the service, or on its way there: it holds a slot.
    InFlight,
    /// The service is done with it; its videos are being fetched.
    Fetching,
    /// Nothing had to be done.
    Kept,
    /// It waits for a person or an option.
    Held,
    /// All its videos are stored.
    Succeeded,
    /// Another run of the shared ledger has it.
    Elsewhere,
    /// It has no result in this run.
    Failed,
    /// It can't be known whether its submit arrived.
    Uncertain,
}

const PHASES: usize = 10;

/// The jobs of a run, each in its phase.
#[derive(Debug, Default)]
pub(super) struct RunState {
    places: HashMap<JobId, Place>,
    counts: [usize; PHASES],
    /// The active jobs, in the order in which they became active.
    active: BTreeMap<u64, Active>,
    /// Number of jobs that have become active so far.
    tickets: u64,
    /// Columns of the widest id of the jobs that are to be worked on.
    widest: usize,
    /// The outage of the service, or its request to slow down.
    away: Option<Away>,
    pace: Pace,
    /// The cost of this run's submits that the service accepted and didn't fail, and its unit.
    spent: Decimal,
    unit: Option<String>,
    /// The cost of each job at the service: it is given back if the service fails the job.
    prices: HashMap<JobId, Decimal>,
}

/// The phase in which a job is counted, and its ticket among the active ones.
#[derive(Clone, Copy, Debug)]
struct Place {
    phase: Phase,
    ticket: Option<u64>,
}

/// An outage that the whole run waits for.
#[derive(Clone, Debug)]
pub(super) struct Away {
    /// The time when it began.
    pub(super) since: Timestamp,
    /// The time of the next try.
    pub(super) until: Timestamp,
    /// The failure.
    pub(super) message: String,
}

impl RunState {
    /// Applies an event.
    pub(super) fn event(&mut self, event: &Event, time: Timestamp) {
        self.service(event, time);
        match event {
            Event::RunStarted { concurrency, estimate, .. } => {
                self.pace.start(time, *concurrency);
                self.unit = estimate.as_ref().map(|estimate| estimate.unit.clone());
            }
            Event::JobPlanned { job, action, submitted_at, .. } => self.planned(job, *action, *submitted_at, time),
            Event::Uploading { job, path, bytes } => {
                let state = State::Uploading { path: path.clone(), through: None, total: *bytes };
                self.active(job, Phase::Uploading, time, state);
            }
            Event::Uploaded { job, .. } => self.passive(job, Phase::Waiting),
            Event::Submitting { job, .. } => self.active(job, Phase::InFlight, time, State::Submitting),
            Event::Submitted { job, price, .. } => {
                self.active(job, Phase::InFlight, time, State::Accepted);
                if let Some(price) = price {
                    self.spent += *price;
                    self.prices.insert(job.clone(), *price);
                }
            }
            Event::Polled { job, status, progress } => {
                let state = State::AtService { word: status.clone(), progress: progress.clone() };
                self.active(job, Phase::InFlight, time, state);
            }
            Event::Generated { job, .. } => self.active(job, Phase::Fetching, time, State::Generated),
            Event::Downloading { job, path } => {
                let state = State::Downloading { path: path.clone(), through: 0, total: None };
                self.active(job, Phase::Fetching, time, state);
            }
            Event::Downloaded { job, .. } => self.active(job, Phase::Fetching, time, State::Generated),
            Event::Transferring { job, path, bytes, total, .. } => {
                if let Some(active) = self.active_mut(job) {
                    active.moved(path, *bytes, *total);
                }
            }
            Event::Retrying { job: Some(job), call, message, pause } => {
                let until = later(time, *pause);
                if let Some(active) = self.active_mut(job) {
                    active.again = Some((*call, until, message.clone()));
                }
            }
            Event::Succeeded { job, .. } => {
                self.prices.remove(job);
                self.ended(job, Phase::Succeeded, time);
            }
            Event::Failed { job, error, .. } => {
                let price = self.prices.remove(job).filter(|_| error.code == Cause::Failed);
                self.spent = self.spent.minus(price.unwrap_or(Decimal::ZERO));
                self.ended(job, Phase::Failed, time);
            }
            Event::Uncertain { job, .. } => self.ended(job, Phase::Uncertain, time),
            Event::Elsewhere { job, .. } => self.ended(job, Phase::Elsewhere, time),
            Event::Retrying { job: None, .. }
            | Event::Throttled { .. }
            | Event::Bounded { .. }
            | Event::Lagged { .. }
            | Event::LookingAtImages { .. }
            | Event::ImageFetched { .. }
            | Event::ImageChanged { .. }
            | Event::ImagesUnchecked { .. }
            | Event::Estimated { .. }
            | Event::RunFinished { .. } => {}
        }
    }

    /// Records whether the service answers.
    fn service(&mut self, event: &Event, time: Timestamp) {
        match event {
            Event::Throttled { message, pause } => {
                let since = self.away.as_ref().map_or(time, |away| away.since);
                self.away = Some(Away { since, until: later(time, *pause), message: message.clone() });
            }
            // Videos and images may come from other hosts, and say nothing about the service.
            Event::Uploaded { .. } | Event::Submitted { .. } | Event::Polled { .. } | Event::Generated { .. } => {
                self.away = None;
            }
            Event::Retrying { call, .. } if !matches!(call, Call::Download | Call::Image) => self.away = None,
            _ => {}
        }
    }

    fn planned(&mut self, job: &JobId, action: Action, submitted_at: Option<Timestamp>, time: Timestamp) {
        let phase = match action {
            Action::Keep => Phase::Kept,
            Action::Hold => Phase::Held,
            Action::Submit | Action::Download => Phase::Waiting,
            Action::Resume => Phase::InFlight,
        };
        if !matches!(phase, Phase::Kept | Phase::Held) {
            self.widest = self.widest.max(columns_of(&terminal_safe::line(job.as_str())));
        }
        match phase {
            Phase::InFlight => self.active(job, phase, submitted_at.unwrap_or(time).min(time), State::Accepted),
            _ => self.passive(job, phase),
        }
    }

    /// Marks a job as active from `time` on, unless it is in this phase already.
    fn active(&mut self, job: &JobId, phase: Phase, time: Timestamp, state: State) {
        let before = self.places.get(job).copied();
        let known = before.and_then(|place| place.ticket);
        let ticket = known.unwrap_or_else(|| {
            self.tickets += 1;
            self.tickets
        });
        self.put(job, Place { phase, ticket: Some(ticket) });
        let since = self.active.get(&ticket).map(|active| active.since);
        if before.is_none_or(|place| place.phase != phase) {
            self.left_phase(before, since, time);
        }
        let since = since.filter(|_| before.is_some_and(|place| place.phase == phase)).unwrap_or(time);
        self.active.insert(ticket, Active { job: job.clone(), since, state, again: None });
        self.pace.busy(self.count(Phase::InFlight));
    }

    /// Marks a job as inactive for now.
    fn passive(&mut self, job: &JobId, phase: Phase) {
        if let Some(ticket) = self.places.get(job).and_then(|place| place.ticket) {
            self.active.remove(&ticket);
        }
        self.put(job, Place { phase, ticket: None });
    }

    /// Records the end of a job in this run.
    fn ended(&mut self, job: &JobId, phase: Phase, time: Timestamp) {
        let before = self.places.get(job).copied();
        let since = before.and_then(|place| self.active.get(&place.ticket?)).map(|active| active.since);
        self.left_phase(before, since, time);
        self.passive(job, phase);
        self.pace.done(time);
    }

    /// Records how long a job was in a phase.
    fn left_phase(&mut self, before: Option<Place>, since: Option<Timestamp>, time: Timestamp) {
        let (Some(Place { phase, .. }), Some(since)) = (before, since) else { return };
        let seconds = time.duration_since(since).as_secs_f64().max(0.0);
        match phase {
            Phase::InFlight => self.pace.generated(seconds),
            Phase::Fetching => self.pace.fetched(seconds),
            _ => {}
        }
    }

    fn put(&mut self, job: &JobId, place: Place) {
        if let Some(before) = self.places.insert(job.clone(), place) {
            self.counts[before.phase as usize] -= 1;
        }
        self.counts[place.phase as usize] += 1;
    }

    fn active_mut(&mut self, job: &JobId) -> Option<&mut Active> {
        let ticket = self.places.get(job)?.ticket?;
        self.active.get_mut(&ticket)
    }

    /// Returns the number of jobs in `phase`.
    pub(super) fn count(&self, phase: Phase) -> usize {
        self.counts[phase as usize]
    }

    /// Returns the active jobs, those that became active first at the front.
    pub(super) fn all_active(&self) -> impl ExactSizeIterator<Item = &Active> {
        self.active.values()
    }

    /// Returns the columns of the widest id of the jobs that are to be worked on.
    pub(super) fn widest(&self) -> usize {
        self.widest
    }

    /// Returns the outage, if the whole run waits for the service.
    pub(super) fn away(&self) -> Option<&Away> {
        self.away.as_ref()
    }

    /// Returns the number of jobs that this run has to work on.
    pub(super) fn total(&self) -> usize {
        self.places.len() - self.count(Phase::Kept) - self.count(Phase::Held)
    }

    /// Returns how many of them are done.
    pub(super) fn done(&self) -> usize {
        let ended = [Phase::Succeeded, Phase::Elsewhere, Phase::Failed, Phase::Uncertain];
        ended.map(|phase| self.count(phase)).iter().sum()
    }
}

fn later(time: Timestamp, seconds: f64) -> Timestamp {
    SignedDuration::try_from_secs_f64(seconds).ok().and_then(|pause| time.checked_add(pause).ok()).unwrap_or(time)
}

#[cfg(test)]
mod tests;
