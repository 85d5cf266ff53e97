//! What happened in a run, as data: the contract of `run --progress json`.
//!
//! Events carry all that a reader needs; a reporter never asks the engine back.

pub mod sender;
pub mod summary;

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
    #[schemars(with = "String")]
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
        #[schemars(with = "String")]
        job: JobId,
        #[schemars(with = "String")]
        digest: Digest,
        /// `submit`, `resume`, `download`, `keep` or `hold`.
        action: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// An image of a job is being uploaded.
    Uploading {
        #[schemars(with = "String")]
        job: JobId,
        /// The image's path as the manifest has it.
        path: String,
        bytes: u64,
    },
    /// The intent is durable, the request goes out.
    Submitting {
        #[schemars(with = "String")]
        job: JobId,
        attempt: u32,
    },
    /// The service accepted; the task id is durable.
    Submitted {
        #[schemars(with = "String")]
        job: JobId,
        attempt: u32,
        #[schemars(with = "String")]
        task_id: TaskId,
    },
    /// The service was asked how a task stands.
    Polled {
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
        #[schemars(with = "String")]
        job: JobId,
        /// From submit to finished, in seconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        seconds: Option<f64>,
    },
    /// A video is being fetched.
    Downloading {
        #[schemars(with = "String")]
        job: JobId,
        path: String,
    },
    /// A video is here, whole and durable.
    Downloaded {
        #[schemars(with = "String")]
        job: JobId,
        path: String,
        sha256: String,
        bytes: u64,
    },
    /// All videos of a job are here.
    Succeeded {
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
        #[schemars(with = "String")]
        job: JobId,
        error: Problem,
    },
    /// Nobody can know whether a submit arrived; a person decides.
    Uncertain {
        #[schemars(with = "String")]
        job: JobId,
        message: String,
    },
    /// A call failed and is made again after a pause.
    Retrying {
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        job: Option<JobId>,
        /// `upload`, `submit`, `status`, `result` or `download`.
        call: &'static str,
        message: String,
        /// The pause in seconds.
        pause: f64,
    },
    /// The whole run waits: the service can't be reached, or asks to slow down.
    Throttled {
        message: String,
        /// The pause in seconds.
        pause: f64,
    },
    /// The run is over.
    RunFinished { summary: Summary, exit_code: u8 },
}

/// A cause: a stable code and a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Problem {
    /// `failed`, `refused`, `timed-out`, `download`, … (see the schema).
    pub code: String,
    /// In words, often the service's own.
    pub message: String,
}
