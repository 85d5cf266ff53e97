//! The reason why a run ended early, as its last event tells it.

use crate::event::stop::StopCause;
use crate::event::{Cause, JobError};

/// Returns why a run ended early: of several causes the most important one.
pub fn stopped(causes: &[StopCause]) -> Option<JobError> {
    let weight = |cause: &&StopCause| match cause {
        StopCause::Interrupted => 4,
        StopCause::Journal(_) | StopCause::Ledger(_) => 3,
        StopCause::Refused { .. } | StopCause::Unreachable(_) | StopCause::PutOff { .. } | StopCause::NoWay(_) => 2,
        StopCause::Unanswered => 1,
        StopCause::Failures => 0,
    };
    let (code, message) = match causes.iter().max_by_key(weight)? {
        StopCause::Interrupted => (Cause::Stopped, "the run was interrupted".to_owned()),
        StopCause::Journal(message) | StopCause::Ledger(message) => (Cause::Local, message.clone()),
        StopCause::Refused { problem, .. } => return Some(problem.clone()),
        StopCause::Unreachable(message) | StopCause::NoWay(message) => (Cause::Unreachable, message.clone()),
        StopCause::PutOff { message, .. } => (Cause::PutOff, message.clone()),
        StopCause::Unanswered => (Cause::Stopped, "three submits in a row got no usable reply".to_owned()),
        StopCause::Failures => (Cause::Stopped, "as many jobs failed as --max-failures allows".to_owned()),
    };
    Some(JobError { code, message })
}
