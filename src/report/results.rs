//! The outcome of each job of a run, collected from the run's events: the basis of everything written at its end.

use super::Reporter;
use crate::event::summary::Summary;
use crate::event::{Event, JobError, Stamped};
use crate::plan::action::{Action, Reason};
use crate::service::names::JobId;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::sync::mpsc::{self, Receiver, Sender};

/// A finished run.
#[derive(Clone, Debug)]
pub struct Results {
    /// The manifest, as it was named.
    pub manifest: String,
    /// The time when the run began.
    pub started: Timestamp,
    /// The time of the last event.
    pub ended: Timestamp,
    /// Its summary and the exit code; `None` if it broke off.
    pub end: Option<(Summary, u8)>,
    /// The reason why it ended early, if it did.
    pub stopped: Option<JobError>,
    /// The jobs, in the order in which they were first mentioned.
    pub jobs: Vec<JobResult>,
}

/// The outcome of a job.
#[derive(Clone, Debug)]
pub struct JobResult {
    /// The job.
    pub id: JobId,
    /// Its end.
    pub ending: Ending,
    /// The time from its first step to its last one.
    pub took: Option<SignedDuration>,
}

/// The end of a job in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Nothing had to be done.
    Kept,
    /// The run didn't come to its end, and didn't submit it as far as is known.
    Open,
    /// The run didn't come to its end: it is paid, and still at the service, or finished there.
    AtService,
    /// It was left as it is.
    Held(Reason),
    /// All its videos are stored.
    Succeeded(Vec<String>),
    /// Another run of the shared ledger has it: who, in words.
    Elsewhere(String),
    /// Nobody can know whether its submit arrived.
    Uncertain(String),
    /// It has no result.
    Failed(JobError),
}

impl Ending {
    fn gravity(&self) -> u8 {
        match self {
            Ending::Kept | Ending::Open => 0,
            Ending::Held(Reason::Uncertain) | Ending::Uncertain(_) => 3,
            Ending::AtService | Ending::Held(_) | Ending::Elsewhere(_) => 1,
            Ending::Succeeded(_) => 2,
            Ending::Failed(_) => 4,
        }
    }
}

impl JobResult {
    /// Sets the end, unless a graver one is known: a job may have one for its current input, and one for the input
    /// before an edit.
    fn end(&mut self, ending: Ending) {
        if ending.gravity() >= self.ending.gravity() {
            self.ending = ending;
        }
    }
}

impl Results {
    /// Adds jobs that the run left alone because their videos exist: no event mentions them.
    pub fn add_kept(&mut self, kept: impl IntoIterator<Item = JobId>) {
        self.jobs.extend(kept.into_iter().map(|id| JobResult { id, ending: Ending::Kept, took: None }));
    }

    /// Returns how long the run took.
    pub fn took(&self) -> SignedDuration {
        self.ended.duration_since(self.started)
    }
}

/// Collects the results of a run, and sends them at its end.
#[derive(Debug)]
pub struct Collector {
    results: Option<Results>,
    /// The index of each job in the results, and the time when work on it began.
    known: HashMap<JobId, (usize, Option<Timestamp>)>,
    to: Sender<Results>,
}

impl Collector {
    /// Returns a collector, and the receiver of its results. Nothing is sent if no run began.
    pub fn new() -> (Collector, Receiver<Results>) {
        let (to, results) = mpsc::channel();
        (Collector { results: None, known: HashMap::new(), to }, results)
    }

    /// Returns the job's result; a new one is added at the end.
    fn job(&mut self, job: &JobId) -> Option<(&mut JobResult, &mut Option<Timestamp>)> {
        let results = self.results.as_mut()?;
        let (index, began) = self.known.entry(job.clone()).or_insert_with(|| {
            results.jobs.push(JobResult { id: job.clone(), ending: Ending::Open, took: None });
            (results.jobs.len() - 1, None)
        });
        Some((&mut results.jobs[*index], began))
    }

    /// Records the plan for a job.
    fn plan(&mut self, job: &JobId, action: Action, reason: Reason) {
        let ending = match action {
            Action::Keep => Ending::Kept,
            Action::Hold => Ending::Held(reason),
            Action::Submit => Ending::Open,
            Action::Resume | Action::Download => Ending::AtService,
        };
        if let Some((result, _)) = self.job(job) {
            result.end(ending);
        }
    }

    /// Records a step of a job.
    fn step(&mut self, job: &JobId, time: Timestamp, ending: Ending) {
        if let Some((result, began)) = self.job(job) {
            result.took = Some(time.duration_since(*began.get_or_insert(time)));
            result.end(ending);
        }
    }
}

impl Reporter for Collector {
    fn event(&mut self, Stamped { event, time }: &Stamped) {
        if let Some(results) = &mut self.results {
            results.ended = *time;
        }
        match event {
            Event::RunStarted { manifest, .. } => {
                let (manifest, started, ended) = (manifest.clone(), *time, *time);
                self.results = Some(Results { manifest, started, ended, end: None, stopped: None, jobs: Vec::new() });
            }
            Event::JobPlanned { job, action, reason, .. } => self.plan(job, *action, *reason),
            Event::Succeeded { job, outputs, .. } => self.step(job, *time, Ending::Succeeded(outputs.clone())),
            Event::Failed { job, error, .. } => self.step(job, *time, Ending::Failed(error.clone())),
            Event::Uncertain { job, message, .. } => self.step(job, *time, Ending::Uncertain(message.clone())),
            Event::Elsewhere { job, message } => self.step(job, *time, Ending::Elsewhere(message.clone())),
            Event::Submitted { job, .. } => {
                // Submitted again, and this time with an answer.
                if let Some((result @ JobResult { ending: Ending::Uncertain(_), .. }, _)) = self.job(job) {
                    result.ending = Ending::AtService;
                }
                self.step(job, *time, Ending::AtService);
            }
            Event::RunFinished { summary, exit_code, stopped } => {
                if let Some(results) = &mut self.results {
                    results.end = Some((summary.clone(), *exit_code));
                    results.stopped.clone_from(stopped);
                }
            }
            Event::Uploading { job, .. }
            | Event::Uploaded { job, .. }
            | Event::Transferring { job, .. }
            | Event::Submitting { job, .. }
            | Event::Polled { job, .. }
            | Event::Generated { job, .. }
            | Event::Downloading { job, .. }
            | Event::Downloaded { job, .. }
            | Event::Retrying { job: Some(job), .. } => self.step(job, *time, Ending::Open),
            Event::Retrying { job: None, .. }
            | Event::Throttled { .. }
            | Event::Bounded { .. }
            | Event::Lagged { .. }
            | Event::LookingAtImages { .. }
            | Event::ImageFetched { .. }
            | Event::ImageChanged { .. }
            | Event::ImagesUnchecked { .. }
            | Event::Estimated { .. } => {}
        }
    }

    fn finish(&mut self) {
        if let Some(results) = self.results.take() {
            // The receiver may be gone already.
            let _ = self.to.send(results);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::{a_run, at, failed, job, started, submitted, succeeded, uncertain};

    fn collected(events: &[Stamped]) -> Option<Results> {
        let (mut collector, results) = Collector::new();
        events.iter().for_each(|event| collector.event(event));
        collector.finish();
        results.try_recv().ok()
    }

    #[test]
    fn every_job_has_one_end() {
        let mut results = collected(&a_run()).unwrap();
        results.add_kept([job("kept")]);
        let ends: Vec<_> = results.jobs.iter().map(|job| (job.id.as_str(), job.ending.gravity())).collect();
        let expected =
            [("park-walk", 2), ("close-up", 4), ("hill", 3), ("done", 0), ("old", 3), ("late", 4), ("kept", 0)];
        assert_eq!(ends, expected);
        assert_eq!(results.jobs[0].took.map(|took| took.as_secs()), Some(131));
        assert_eq!((results.took().as_secs(), results.end.map(|(_, exit)| exit)), (151, Some(3)));
    }

    #[test]
    fn a_run_that_broke_off_has_results_and_one_that_never_began_has_none() {
        let results = collected(&[at(0, started(1)), at(2, submitted("a"))]).unwrap();
        assert_eq!((results.jobs[0].ending.clone(), results.end), (Ending::AtService, None));
        assert!(collected(&[]).is_none());
    }

    #[test]
    fn an_answer_settles_and_the_graver_end_counts() {
        use crate::event::Cause;
        let end = |events: &[Stamped]| collected(events).unwrap().jobs[0].ending.gravity();
        let again = [at(0, started(1)), at(1, uncertain("a")), at(2, submitted("a")), at(3, succeeded("a"))];
        assert_eq!(end(&again), 2);
        let both = [at(0, started(1)), at(1, failed("a", Cause::ResultGone, "gone")), at(2, succeeded("a"))];
        assert_eq!(end(&both), 4);
    }
}
