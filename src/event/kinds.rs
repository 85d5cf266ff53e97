//! Each thing that happens in a run.

use super::summary::Summary;
use super::{Bound, Call, JobError};
use crate::base::decimal::Decimal;
use crate::base::digest::Sha256;
use crate::plan::action::{Action, Reason};
use crate::plan::estimate::Estimate;
use crate::service::names::{Digest, JobId, TaskId};
use jiff::Timestamp;
use serde::Serialize;

/// An event of a run.
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
        /// The folder that the videos' paths are relative to.
        folder: String,
        /// The base URL, or `simulate`.
        service: String,
        /// Jobs of the manifest that were selected.
        jobs: usize,
        /// Generations in flight at most.
        concurrency: usize,
        /// The cost of the submits; absent if there are none. Remote images may change it: see `estimated`.
        #[serde(skip_serializing_if = "Option::is_none")]
        estimate: Option<Estimate>,
    },
    /// Remote images are fetched, or asked whether they changed, before the plan is final.
    LookingAtImages {
        /// The number of images fetched for the first time.
        fetch: usize,
        /// The number of images checked for changes.
        check: usize,
    },
    /// A remote image was fetched: its content is what jobs ask for from now on.
    ImageFetched {
        /// Its URL, without its query.
        url: String,
        /// The hash of its content.
        #[schemars(with = "String")]
        sha256: Sha256,
        /// Its size.
        bytes: u64,
    },
    /// A remote image is another one than jobs ask for.
    ImageChanged {
        /// Its URL, without its query.
        url: String,
        /// The hash of the content that jobs asked for so far.
        #[schemars(with = "String")]
        pinned: Sha256,
        /// The hash of the content that was found.
        #[schemars(with = "String")]
        found: Sha256,
        /// Jobs of the manifest with this image.
        jobs: usize,
        /// `true` if they use the new one from now on (`--refresh-images`); otherwise nothing changes for them.
        taken: bool,
    },
    /// Images of one host couldn't be asked whether they changed; what is known of them holds.
    ImagesUnchecked {
        /// The host.
        host: String,
        /// The number of images.
        images: usize,
        /// The failure of the first of them, in words.
        message: String,
    },
    /// The cost of the submits after remote images were looked at, if it is another amount than before.
    Estimated {
        /// The estimate.
        estimate: Estimate,
    },
    /// The action for a job.
    JobPlanned {
        /// The job.
        #[schemars(with = "String")]
        job: JobId,
        /// The digest of its input.
        #[schemars(with = "String", regex(pattern = "^sha256:[0-9a-f]{64}$"))]
        digest: Digest,
        /// The action.
        action: Action,
        /// Why.
        reason: Reason,
        /// The time when an earlier run submitted it, if this one resumes it.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>", extend("format" = "date-time"))]
        submitted_at: Option<Timestamp>,
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
    /// An image of a job is at the service.
    Uploaded {
        /// The job.
        #[schemars(with = "String")]
        job: JobId,
        /// The image's path as the manifest has it.
        path: String,
        /// Its size.
        bytes: u64,
    },
    /// The progress of an image or a video: once a second at most, so that short transfers are never reported.
    Transferring {
        /// The job.
        #[schemars(with = "String")]
        job: JobId,
        /// `upload` or `download`.
        call: Call,
        /// The path of the image or of the video.
        path: String,
        /// The bytes that are through.
        bytes: u64,
        /// All bytes, where that is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        total: Option<u64>,
    },
    /// The intent is durable, the request goes out.
    Submitting {
        /// The job.
        #[schemars(with = "String")]
        job: JobId,
        /// The number of this submit among those of the same input, counted from 1.
        attempt: u32,
    },
    /// The service accepted; the task id is durable.
    Submitted {
        /// The job.
        #[schemars(with = "String")]
        job: JobId,
        /// The number of this submit among those of the same input, counted from 1.
        attempt: u32,
        /// The service's id of the generation.
        #[schemars(with = "String")]
        task_id: TaskId,
        /// Its cost by the estimate, in the unit of `run_started`.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<f64>")]
        price: Option<Decimal>,
    },
    /// The service was asked how a task stands.
    Polled {
        /// The job.
        #[schemars(with = "String")]
        job: JobId,
        /// The service's word, upper-case.
        status: String,
        /// The progress by the service's own account.
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
        error: JobError,
        /// The next run's action, with manifest and options as they are; absent if it depends on what happens in the meantime.
        #[serde(skip_serializing_if = "Option::is_none")]
        next: Option<Action>,
    },
    /// Nobody can know whether a submit arrived; a person decides.
    Uncertain {
        /// The job.
        #[schemars(with = "String")]
        job: JobId,
        /// The reason, in words.
        message: String,
        /// The task, where its submit arrived and the service no longer knows it: the next run asks for it again.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        task_id: Option<TaskId>,
    },
    /// Another run of the shared ledger has the job: this one sends nothing for it.
    Elsewhere {
        /// The job.
        #[schemars(with = "String")]
        job: JobId,
        /// The run that has it, in words.
        message: String,
    },
    /// A call failed and is made again after a pause.
    Retrying {
        /// The job, where it is about one.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        job: Option<JobId>,
        /// The kind of call.
        call: Call,
        /// The failure, in words.
        message: String,
        /// The pause in seconds.
        pause: f64,
    },
    /// The whole run waits: the service can't be reached, or asks to slow down.
    Throttled {
        /// The reason, in words.
        message: String,
        /// The pause in seconds.
        pause: f64,
    },
    /// One of the run's bounds holds it: jobs wait for it longer than a finished one may go unnoticed. Once for each.
    Bounded {
        /// The bound: a setting of the manifest by its name, or a bound of the program itself.
        bound: Bound,
        /// Its value: a rate, or a number at a time.
        most: String,
    },
    /// Whoever reads these lines doesn't keep up: `polled`, `transferring` and `retrying` were left out, no other.
    Lagged {
        /// The number of events left out.
        missed: usize,
    },
    /// The run is over.
    RunFinished {
        /// The numbers of the run.
        summary: Summary,
        /// The exit code of the process.
        exit_code: u8,
        /// Why it ended before its time, where it did: jobs without an end of their own have none for this.
        #[serde(skip_serializing_if = "Option::is_none")]
        stopped: Option<JobError>,
    },
}

impl Event {
    /// Returns whether the event describes the plan or its inputs: the work begins with the first other one.
    pub fn precedes_the_work(&self) -> bool {
        matches!(
            self,
            Event::RunStarted { .. }
                | Event::JobPlanned { .. }
                | Event::LookingAtImages { .. }
                | Event::ImageFetched { .. }
                | Event::ImageChanged { .. }
                | Event::ImagesUnchecked { .. }
                | Event::Estimated { .. }
        )
    }

    /// Returns whether the event is incidental: it changes no job's state, and more may follow any time.
    pub fn is_by_the_way(&self) -> bool {
        matches!(self, Event::Polled { .. } | Event::Transferring { .. } | Event::Retrying { .. })
    }
}
