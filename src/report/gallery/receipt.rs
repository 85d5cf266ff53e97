//! The outcome of a run, kept for the page at its end.

use crate::event::summary::Summary;
use crate::event::{Event, JobError, Stamped};
use crate::report::Reporter;
use crate::service::names::JobId;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver, Sender};

/// The outcome of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The time when it began.
    pub started: Timestamp,
    /// The time when it ended.
    pub ended: Timestamp,
    /// The numbers.
    pub summary: Summary,
    /// The exit code.
    pub exit_code: u8,
    /// The reasons why jobs have no (complete) result.
    pub problems: BTreeMap<JobId, JobError>,
}

/// Makes the receipt from the events of a run.
#[derive(Debug)]
pub struct Recorder {
    started: Option<Timestamp>,
    problems: BTreeMap<JobId, JobError>,
    to: Sender<Receipt>,
}

impl Recorder {
    /// Returns a recorder, and the receiver of its receipt when the run is over.
    pub fn new() -> (Recorder, Receiver<Receipt>) {
        let (to, receipt) = mpsc::channel();
        (Recorder { started: None, problems: BTreeMap::new(), to }, receipt)
    }
}

impl Reporter for Recorder {
    fn event(&mut self, Stamped { event, time }: &Stamped) {
        match event {
            Event::RunStarted { .. } => self.started = Some(*time),
            Event::Failed { job, error, .. } => {
                self.problems.insert(job.clone(), error.clone());
            }
            Event::RunFinished { summary, exit_code, .. } => {
                let receipt = Receipt {
                    started: self.started.unwrap_or(*time),
                    ended: *time,
                    summary: summary.clone(),
                    exit_code: *exit_code,
                    problems: std::mem::take(&mut self.problems),
                };
                // The receiver may be gone already.
                let _ = self.to.send(receipt);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Cause;
    use crate::report::testing;

    #[test]
    fn a_receipt_has_the_times_the_numbers_and_the_problems() {
        let (mut recorder, receipt) = Recorder::new();
        testing::a_run().iter().for_each(|event| recorder.event(event));
        let receipt = receipt.try_recv().unwrap();
        assert_eq!(receipt.ended.duration_since(receipt.started).as_secs(), 151);
        assert_eq!((receipt.summary.submits, receipt.exit_code), (3, 3));
        let causes: Vec<_> = receipt.problems.iter().map(|(job, problem)| (job.as_str(), problem.code)).collect();
        assert_eq!(causes, [("close-up", Cause::Refused), ("late", Cause::TimedOut)]);
    }
}
