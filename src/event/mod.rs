//! What happened in a run, as data: the contract of `run --progress json`.
//!
//! Events carry all that a reader needs; a reporter never asks the engine back.

pub mod sender;
pub mod summary;

use crate::plan::action::{Action, Reason};
use crate::spec::names::{Digest, JobId, TaskId};
use jiff::Timestamp;
use serde::Serialize;
use summary::Summary;

/// An event and when it happened: one line of NDJSON.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Stamped {
    /// What happened, its kind under `event`.
    #[serde(flatten)]
    pub event: Event,
    /// When, in UTC (RFC 3339).
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub time: Timestamp,
}

/// What happened.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run begins.
    RunStarted {
        /// The version of this format.
        version: u32,
        /// The manifest, as it was named.
        manifest: String,
        /// The lock file.
        lock: String,
        /// The base URL, or `simulate`.
        service: String,
        /// Jobs of the manifest that were selected.
        jobs: usize,
        /// Generations in flight at most.
        concurrency: usize,
    },
    /// What will be done with a job.
    JobPlanned {
        /// The job.
        #[schemars(with = "String")]
        job: JobId,
        /// What identifies its input.
        #[schemars(with = "String", regex(pattern = "^sha256:[0-9a-f]{64}$"))]
        digest: Digest,
        /// What.
        action: Action,
        /// Why.
        reason: Reason,
    },
    /// An image of a job is being uploaded.
    Uploading {
        /// The job.
        #[schemars(with = "String")]
        job: JobId,
        /// The image's path as the manifest has it.
        path: String,
        /// Its size.
        bytes: u64,
    },
    /// The intent is durable, the request goes out.
    Submitting {
        /// The job.
        #[schemars(with = "String")]
        job: JobId,
        /// Which submit of this input it is, counted from 1.
        attempt: u32,
    },
    /// The service accepted; the task id is durable.
    Submitted {
        /// The job.
        #[schemars(with = "String")]
        job: JobId,
        /// Which submit of this input it is, counted from 1.
        attempt: u32,
        /// The service's id of the generation.
        #[schemars(with = "String")]
        task_id: TaskId,
    },
    /// The service was asked how a task stands.
    Polled {
        /// The job.
        #[schemars(with = "String")]
        job: JobId,
        /// The service's word, upper-case.
        status: String,
        /// What it says of the progress.
        #[serde(skip_serializing_if = "Option::is_none")]
        progress: Option<String>,
    },
    /// The service finished; the videos are not here yet.
    Generated {
        /// The job.
        #[schemars(with = "String")]
        job: JobId,
        /// From submit to finished, in seconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        seconds: Option<f64>,
    },
    /// A video is being fetched.
    Downloading {
        /// The job.
        #[schemars(with = "String")]
        job: JobId,
        /// The video's path, relative to the manifest's folder.
        path: String,
    },
    /// A video is here, whole and durable.
    Downloaded {
        /// The job.
        #[schemars(with = "String")]
        job: JobId,
        /// The video's path, relative to the manifest's folder.
        path: String,
        /// The hash of its content.
        sha256: String,
        /// Its size.
        bytes: u64,
    },
    /// All videos of a job are here.
    Succeeded {
        /// The job.
        #[schemars(with = "String")]
        job: JobId,
        /// The videos' paths.
        outputs: Vec<String>,
        /// Fewer videos than were asked for: how many were asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        asked: Option<u8>,
    },
    /// A job has no (complete) result in this run; `error` says why.
    Failed {
        /// The job.
        #[schemars(with = "String")]
        job: JobId,
        /// Why.
        error: Problem,
    },
    /// Nobody can know whether a submit arrived; a person decides.
    Uncertain {
        /// The job.
        #[schemars(with = "String")]
        job: JobId,
        /// What happened, in words.
        message: String,
    },
    /// A call failed and is made again after a pause.
    Retrying {
        /// The job, where it is about one.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        job: Option<JobId>,
        /// Which call.
        call: Call,
        /// What happened, in words.
        message: String,
        /// The pause in seconds.
        pause: f64,
    },
    /// The whole run waits: the service can't be reached, or asks to slow down.
    Throttled {
        /// What happened, in words.
        message: String,
        /// The pause in seconds.
        pause: f64,
    },
    /// The run is over.
    RunFinished {
        /// What it did, in numbers.
        summary: Summary,
        /// How it ended: the exit code of the process.
        exit_code: u8,
    },
}

/// A call of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Call {
    /// A local image goes up.
    Upload,
    /// A generation is asked for.
    Submit,
    /// How a task stands.
    Status,
    /// Where the videos of a finished task are.
    Result,
    /// A video comes down.
    Download,
}

/// A cause: a stable code and a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, schemars::JsonSchema)]
pub struct Problem {
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
    /// The job took longer than `run.job_timeout`; it is at the service still, and the next run polls on.
    TimedOut,
    /// The service doesn't give the result out any more.
    ResultGone,
    /// An image couldn't be uploaded.
    Upload,
    /// A video couldn't be fetched; the next run tries again.
    Download,
    /// The service couldn't be asked; the next run tries again.
    Unreachable,
    /// The service refuses the account, or isn't there: the run stops.
    Account,
    /// A file that isn't known to be this job's stands where its video goes.
    FileInTheWay,
    /// This machine failed: a file can't be read or written, or changed under the run.
    Local,
    /// The run was stopped before the job was through.
    Stopped,
}

impl Call {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Call::Upload => "upload",
            Call::Submit => "submit",
            Call::Status => "status",
            Call::Result => "result",
            Call::Download => "download",
        }
    }
}

impl Cause {
    /// What happened to the job, for people: completes "park-walk …".
    pub fn meaning(self) -> &'static str {
        match self {
            Cause::Failed => "failed at the service",
            Cause::Refused => "refused by the service",
            Cause::TimedOut => "took too long, and is at the service still",
            Cause::ResultGone => "generated, but the service gives it out no more",
            Cause::Upload => "not submitted: an image can't be uploaded",
            Cause::Download => "generated, but not downloaded",
            Cause::Unreachable => "not finished: the service can't be asked",
            Cause::Account => "not submitted: the service refuses the account",
            Cause::FileInTheWay => "not stored: another file is in the way",
            Cause::Local => "not finished: this machine failed",
            Cause::Stopped => "not finished: the run was stopped",
        }
    }

    /// Whether the next run goes on with the job as it is.
    pub fn passes(self) -> bool {
        match self {
            Cause::TimedOut | Cause::Upload | Cause::Download | Cause::Unreachable | Cause::Stopped => true,
            Cause::Failed
            | Cause::Refused
            | Cause::ResultGone
            | Cause::Account
            | Cause::FileInTheWay
            | Cause::Local => false,
        }
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Cause::Failed => "failed",
            Cause::Refused => "refused",
            Cause::TimedOut => "timed-out",
            Cause::ResultGone => "result-gone",
            Cause::Upload => "upload",
            Cause::Download => "download",
            Cause::Unreachable => "unreachable",
            Cause::Account => "account",
            Cause::FileInTheWay => "file-in-the-way",
            Cause::Local => "local",
            Cause::Stopped => "stopped",
        }
    }
}
