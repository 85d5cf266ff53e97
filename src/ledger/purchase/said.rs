//! Statements about a purchase: of each two, whoever made them first, the greater one counts.

use super::{Purchase, Rung, Standing};
use crate::ledger::record::{ServiceError, Stage, Word};
use crate::service::names::TaskId;
use jiff::Timestamp;

/// A statement about a purchase: the greater of two counts.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Said {
    pub(super) rung: Rung,
    pub(super) at: Option<Timestamp>,
    pub(super) standing: Standing,
    pub(super) finished_at: Option<Timestamp>,
    pub(super) reason: Option<String>,
    pub(super) error: Option<ServiceError>,
}

impl Said {
    /// Returns a statement that a purchase stands on a rung, since a time.
    pub(super) fn of(rung: Rung, at: Option<Timestamp>) -> Said {
        Said { rung, at, standing: Standing::Open, finished_at: None, reason: None, error: None }
    }
}

impl Purchase {
    /// Records the progress of its task; ignored if another task is known.
    pub(super) fn tell(&mut self, task: &TaskId, said: Said) {
        if self.task().is_none_or(|known| known == task) {
            self.say(said, Some(task.clone()));
        }
    }

    /// Records its progress, if it is further than before, and its task, if none is known.
    pub(super) fn say(&mut self, said: Said, task: Option<TaskId>) {
        let known = self.task().cloned().or(task);
        let (reason, error) = words(&self.record.stage);
        let before = Said {
            rung: self.rung,
            at: self.said_at,
            standing: self.standing,
            finished_at: self.record.finished_at,
            reason,
            error,
        };
        let Said { rung, at, standing, finished_at, reason, error } = said.max(before);
        (self.rung, self.standing, self.said_at, self.record.finished_at) = (rung, standing, at, finished_at);
        let outputs = self.outputs_mut().map(std::mem::take).unwrap_or_default();
        let reason = reason.unwrap_or_else(|| unanswered(self.record.submitted_at));
        let error = error.unwrap_or_else(given_up);
        self.record.stage = match (rung, standing, known) {
            (Rung::Settled | Rung::Submitted, Standing::GivenUp, task) => {
                Stage::Failed { task, error, word: Word::Person }
            }
            (Rung::Refused, ..) => Stage::Refused { error },
            (Rung::Failed, _, task) => Stage::Failed { task, error, word: Word::Service },
            (Rung::Submitted, Standing::Open, Some(task)) => Stage::Submitted { task },
            (Rung::Generated, _, Some(task)) => Stage::Generated { task, outputs },
            (Rung::Succeeded, _, Some(task)) => Stage::Succeeded { task, outputs },
            (_, _, task) => Stage::Uncertain { task, reason },
        };
    }
}

/// Returns the reason and the error of a stage.
pub(super) fn words(stage: &Stage) -> (Option<String>, Option<ServiceError>) {
    match stage {
        Stage::Uncertain { reason, .. } => (Some(reason.clone()), None),
        stage => (None, stage.error().cloned()),
    }
}

/// Returns the message for a submit intended at this time about which nothing more is known.
pub(in crate::ledger) fn unanswered(at: Option<Timestamp>) -> String {
    match at {
        Some(at) => format!(
            "the submit of {} has no recorded answer: it may or may not have arrived",
            Timestamp::from_second(at.as_second()).unwrap_or(at)
        ),
        None => "a submit has no recorded answer: it may or may not have arrived".to_owned(),
    }
}

fn given_up() -> ServiceError {
    ServiceError { code: "resolved".to_owned(), message: "settled by hand as failed".to_owned() }
}
