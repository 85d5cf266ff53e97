//! The problems of a job: their causes.

use crate::plan::action::Action;
use serde::Serialize;

/// A cause: a stable code and a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, schemars::JsonSchema)]
pub struct JobError {
    /// The kind of cause.
    pub code: Cause,
    /// In words, often the service's own.
    pub message: String,
}

/// Why a job has no (complete) result in this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The service said FAILED or CANCELED; nothing is paid.
    Failed,
    /// The service refused this input for good; nothing is paid.
    Refused,
    /// The job took longer than `run.job_timeout`; it is still at the service, and the next run polls on.
    TimedOut,
    /// The service doesn't give the result out any more.
    ResultGone,
    /// An image couldn't be uploaded.
    Upload,
    /// A remote image couldn't be had, or is another one by now.
    Image,
    /// A video couldn't be fetched; the next run tries again.
    Download,
    /// The service couldn't be asked; the next run tries again.
    Unreachable,
    /// The service answered again and again that it can't now; the next run tries again.
    PutOff,
    /// Something before the service turned the submit away; the next run tries again.
    TurnedAway,
    /// The service refuses the account, or isn't there: the run stops.
    Account,
    /// A file that isn't known to be this job's stands where its video goes.
    FileInTheWay,
    /// This machine failed: a file can't be read or written, or changed under the run.
    Local,
    /// The run was stopped before the job was through.
    Stopped,
}

impl Cause {
    /// Returns what happened to the job, for people: completes "park-walk …".
    pub fn meaning(self) -> &'static str {
        match self {
            Cause::Failed => "failed at the service",
            Cause::Refused => "refused by the service",
            Cause::TimedOut => "took too long, and is still at the service",
            Cause::ResultGone => "generated, but the service no longer provides the video",
            Cause::Upload => "not submitted: an image can't be uploaded",
            Cause::Image => "not submitted: a remote image can't be fetched",
            Cause::Download => "generated, but not downloaded",
            Cause::Unreachable => "not finished: the service can't be asked",
            Cause::PutOff => "not submitted: the service defers it",
            Cause::TurnedAway => "not submitted: turned away before the service",
            Cause::Account => "not submitted: the service refuses the account",
            Cause::FileInTheWay => "not saved: another file already has this name",
            Cause::Local => "not finished: this machine failed",
            Cause::Stopped => "not finished: the run was stopped",
        }
    }

    /// Returns whether the job is paid, and still to be fetched from the service.
    pub fn is_at_service(self) -> bool {
        matches!(self, Cause::TimedOut | Cause::Download | Cause::Unreachable)
    }

    /// Returns what the next run does with the job, if that doesn't depend on actions in between.
    pub fn next(self) -> Option<Action> {
        match self {
            Cause::Failed | Cause::Upload | Cause::Image | Cause::PutOff | Cause::TurnedAway => Some(Action::Submit),
            Cause::Refused => Some(Action::Hold),
            Cause::TimedOut => Some(Action::Resume),
            Cause::ResultGone | Cause::Download | Cause::FileInTheWay => Some(Action::Download),
            Cause::Unreachable | Cause::Account | Cause::Local | Cause::Stopped => None,
        }
    }

    /// Returns whether the next run continues with the job without a change.
    pub fn passes(self) -> bool {
        match self {
            Cause::TimedOut
            | Cause::Upload
            | Cause::Image
            | Cause::Download
            | Cause::Unreachable
            | Cause::PutOff
            | Cause::TurnedAway
            | Cause::Stopped => true,
            Cause::Failed
            | Cause::Refused
            | Cause::ResultGone
            | Cause::Account
            | Cause::FileInTheWay
            | Cause::Local => false,
        }
    }

    /// Returns its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Cause::Failed => "failed",
            Cause::Refused => "refused",
            Cause::TimedOut => "timed-out",
            Cause::ResultGone => "result-gone",
            Cause::Upload => "upload",
            Cause::Image => "image",
            Cause::Download => "download",
            Cause::Unreachable => "unreachable",
            Cause::PutOff => "put-off",
            Cause::TurnedAway => "turned-away",
            Cause::Account => "account",
            Cause::FileInTheWay => "file-in-the-way",
            Cause::Local => "local",
            Cause::Stopped => "stopped",
        }
    }
}
