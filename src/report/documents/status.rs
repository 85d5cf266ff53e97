//! `status --format json`: the state of each job.

use super::VERSION;
use crate::base::digest::Sha256;
use crate::ledger::record::{Output, ServiceError, Status};
use crate::plan::spent::Spent;
use crate::service::names::{JobId, TaskId};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeSet;

/// The state of each job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct StatusDocument {
    /// The version of this format.
    #[schemars(extend("const" = VERSION))]
    version: u32,
    /// The jobs, in the manifest's order.
    pub jobs: Vec<JobState>,
    /// The purchases that the manifest doesn't ask for now: of jobs that were changed or removed since.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub superseded: Vec<JobState>,
    /// The number of chosen jobs of each status, whether or not `--status` leaves them in `jobs`.
    pub summary: StatusSummary,
    /// The amount spent on the chosen jobs.
    pub spent: Spent,
}

/// The state of one job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct JobState {
    /// The job.
    #[schemars(with = "String")]
    pub id: JobId,
    /// Its status.
    pub status: JobStatus,
    /// The service's id of its generation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub task_id: Option<TaskId>,
    /// The time of its submit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub submitted_at: Option<Timestamp>,
    /// The videos that are here.
    pub outputs: Vec<VideoFile>,
    /// Why it has no result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<StatusError>,
    /// All tasks that are paid for the same, where that are two or more: nothing is bought again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Option<Vec<String>>")]
    pub bought_twice: Vec<TaskId>,
    /// The other jobs, or the job itself with another input, for which its task is recorded too; absent where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Option<Vec<String>>")]
    pub same_task: Vec<JobId>,
}

/// The status of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobStatus {
    /// It was not submitted yet, or a person lets it be submitted again.
    New,
    /// It was changed since the last submit.
    Changed,
    /// It is at the service.
    Submitted,
    /// The service finished; videos are missing.
    Generated,
    /// All its videos are here.
    Succeeded,
    /// The service failed it.
    Failed,
    /// The service refused this input for good.
    Refused,
    /// Nobody can know whether its submit arrived: it waits for `batch resolve`.
    Uncertain,
}

/// A video that is here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct VideoFile {
    /// Relative to the manifest's folder.
    pub path: String,
    /// The hash of its content.
    #[schemars(with = "String", regex(pattern = "^[0-9a-f]{64}$"))]
    pub sha256: Sha256,
    /// Its size.
    pub bytes: u64,
    /// The URLs under which it was published; absent where it wasn't.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(with = "Option<Vec<String>>")]
    pub published: BTreeSet<String>,
}

/// Why a job has no result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct StatusError {
    /// The service's code, an HTTP status or the service's status word; `uncertain` where nobody knows, `released` where a person
    /// lets it be submitted again.
    pub code: String,
    /// In words, often the service's own.
    pub message: String,
}

/// The number of jobs of each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct StatusSummary {
    /// Never asked for.
    pub new: usize,
    /// Changed since they were asked for.
    pub changed: usize,
    /// At the service.
    pub submitted: usize,
    /// Finished, videos missing.
    pub generated: usize,
    /// All their videos here.
    pub succeeded: usize,
    /// Failed.
    pub failed: usize,
    /// Refused for good.
    pub refused: usize,
    /// Waiting for `batch resolve`.
    pub uncertain: usize,
}

impl StatusDocument {
    /// Creates the document for these jobs, with its summary counted.
    pub fn new(jobs: Vec<JobState>, superseded: Vec<JobState>, spent: Spent) -> StatusDocument {
        let mut summary = StatusSummary::default();
        for job in &jobs {
            *summary.of_mut(job.status) += 1;
        }
        StatusDocument { version: VERSION, jobs, superseded, summary, spent }
    }

    /// Returns it with the jobs that stand as `takes` says; the summary stays.
    pub fn only(mut self, takes: impl Fn(JobStatus) -> bool) -> StatusDocument {
        self.jobs.retain(|job| takes(job.status));
        self.superseded.retain(|job| takes(job.status));
        self
    }
}

impl StatusSummary {
    /// Returns the number of jobs with `status`.
    pub fn of(mut self, status: JobStatus) -> usize {
        *self.of_mut(status)
    }

    fn of_mut(&mut self, status: JobStatus) -> &mut usize {
        match status {
            JobStatus::New => &mut self.new,
            JobStatus::Changed => &mut self.changed,
            JobStatus::Submitted => &mut self.submitted,
            JobStatus::Generated => &mut self.generated,
            JobStatus::Succeeded => &mut self.succeeded,
            JobStatus::Failed => &mut self.failed,
            JobStatus::Refused => &mut self.refused,
            JobStatus::Uncertain => &mut self.uncertain,
        }
    }
}

impl JobStatus {
    /// All of them, in the order in which a job goes through them.
    pub const ALL: [JobStatus; 8] = [
        JobStatus::New,
        JobStatus::Changed,
        JobStatus::Submitted,
        JobStatus::Generated,
        JobStatus::Succeeded,
        JobStatus::Failed,
        JobStatus::Refused,
        JobStatus::Uncertain,
    ];

    /// Returns its word.
    pub fn as_str(self) -> &'static str {
        match self {
            JobStatus::New => "new",
            JobStatus::Changed => "changed",
            JobStatus::Submitted => "submitted",
            JobStatus::Generated => "generated",
            JobStatus::Succeeded => "succeeded",
            JobStatus::Failed => "failed",
            JobStatus::Refused => "refused",
            JobStatus::Uncertain => "uncertain",
        }
    }
}

impl From<Status> for JobStatus {
    fn from(status: Status) -> JobStatus {
        match status {
            Status::Submitted => JobStatus::Submitted,
            Status::Generated => JobStatus::Generated,
            Status::Succeeded => JobStatus::Succeeded,
            Status::Failed => JobStatus::Failed,
            Status::Refused => JobStatus::Refused,
            Status::Uncertain => JobStatus::Uncertain,
        }
    }
}

impl From<&Output> for VideoFile {
    fn from(output: &Output) -> VideoFile {
        VideoFile {
            path: output.path.clone(),
            sha256: output.sha256,
            bytes: output.bytes,
            published: output.published.clone(),
        }
    }
}

impl From<&ServiceError> for StatusError {
    fn from(fault: &ServiceError) -> StatusError {
        StatusError { code: fault.code.clone(), message: fault.message.clone() }
    }
}
