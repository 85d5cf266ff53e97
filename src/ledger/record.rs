//! The record of a job: the status table of the manual, as types.

use super::id::PurchaseId;
use crate::base::digest::Sha256;
use crate::service::names::{Digest, JobId, TaskId};
use crate::service::output::VideoName;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The subject of a purchase: nothing is ever paid twice under one key without explicit consent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// The job under which it was submitted.
    pub job: JobId,
    /// The digest of its input.
    pub digest: Digest,
}

/// A purchase, as it is shown: the request under a key, and its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The purchase.
    pub id: PurchaseId,
    /// Job and digest.
    pub key: Key,
    /// Short hashes of the digest's parts, to tell later which ones changed.
    pub parts: BTreeMap<String, String>,
    /// The number of this submit of the key, counted from 1 over those that are known.
    pub attempt: u32,
    /// Number of purchases of this key that the service failed: this one and those before it.
    pub failures: u32,
    /// Number of videos ordered.
    pub videos: u8,
    /// The name of the videos.
    pub name: VideoName,
    /// The time of the intent, to the microsecond.
    pub submitted_at: Option<Timestamp>,
    /// The time when the service was found to be done with it.
    pub finished_at: Option<Timestamp>,
    /// Its progress.
    pub stage: Stage,
}

/// The progress of a purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Accepted: the task id is known.
    Submitted {
        /// The service's id.
        task: TaskId,
    },
    /// The service finished; not all videos are stored.
    Generated {
        /// The service's id.
        task: TaskId,
        /// Those that are stored.
        outputs: Vec<Output>,
    },
    /// All videos are stored.
    Succeeded {
        /// The service's id.
        task: TaskId,
        /// The videos, by number.
        outputs: Vec<Output>,
    },
    /// The service said FAILED or CANCELED, or a person said so.
    Failed {
        /// The service's id, if one is known.
        task: Option<TaskId>,
        /// The service's error.
        error: ServiceError,
        /// The source of the failure: a person's decision holds until the digest changes.
        word: Word,
    },
    /// A final refusal of this input: submitting it again is of no use.
    Refused {
        /// The service's error.
        error: ServiceError,
    },
    /// A submit was sent and its reply never came, or the service doesn't know its task id.
    Uncertain {
        /// The id that the service doesn't know.
        task: Option<TaskId>,
        /// The reason, in words.
        reason: String,
    },
}

/// The one who marked a job as failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Word {
    /// The service: the next run submits again.
    Service,
    /// A person, by `batch resolve --failed`: nothing is submitted until the digest changes.
    Person,
}

/// A stored video.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Output {
    /// Its number, counted from 1.
    pub number: usize,
    /// Its path relative to the manifest's folder, with `/` between its parts.
    pub path: String,
    /// The hash of its content.
    pub sha256: Sha256,
    /// Its size.
    pub bytes: u64,
    /// The URL it came from, without the query: by this a video is found again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The URLs under which it was published: files with this very content, as far as anybody knows.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub published: BTreeSet<String>,
}

/// The service's account of a refusal or a failure: a code and a sentence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceError {
    /// The service's code, an HTTP status, or the status word; for machines.
    pub code: String,
    /// In words.
    pub message: String,
}

/// The status word of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The task id is known.
    Submitted,
    /// The service finished; videos are missing.
    Generated,
    /// Videos here, hashes known.
    Succeeded,
    /// The service failed.
    Failed,
    /// A final refusal.
    Refused,
    /// Nobody knows whether it was paid.
    Uncertain,
}

impl Stage {
    /// Returns the status word.
    pub fn status(&self) -> Status {
        match self {
            Stage::Submitted { .. } => Status::Submitted,
            Stage::Generated { .. } => Status::Generated,
            Stage::Succeeded { .. } => Status::Succeeded,
            Stage::Failed { .. } => Status::Failed,
            Stage::Refused { .. } => Status::Refused,
            Stage::Uncertain { .. } => Status::Uncertain,
        }
    }

    /// Returns the service's id, if one is known.
    pub fn task(&self) -> Option<&TaskId> {
        match self {
            Stage::Submitted { task } | Stage::Generated { task, .. } | Stage::Succeeded { task, .. } => Some(task),
            Stage::Failed { task, .. } | Stage::Uncertain { task, .. } => task.as_ref(),
            Stage::Refused { .. } => None,
        }
    }

    /// Returns the stored videos.
    pub fn outputs(&self) -> &[Output] {
        match self {
            Stage::Generated { outputs, .. } | Stage::Succeeded { outputs, .. } => outputs,
            _ => &[],
        }
    }

    /// Returns the service's error, if it refused or failed.
    pub fn error(&self) -> Option<&ServiceError> {
        match self {
            Stage::Failed { error, .. } | Stage::Refused { error } => Some(error),
            _ => None,
        }
    }
}

impl Status {
    /// Returns its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Submitted => "submitted",
            Status::Generated => "generated",
            Status::Succeeded => "succeeded",
            Status::Failed => "failed",
            Status::Refused => "refused",
            Status::Uncertain => "uncertain",
        }
    }
}

impl Record {
    /// Returns whether nothing more will come of it.
    pub fn is_finished(&self) -> bool {
        matches!(self.stage, Stage::Succeeded { .. } | Stage::Failed { .. } | Stage::Refused { .. })
    }

    /// Returns whether its videos have the name of a digest that their job no longer has.
    pub fn is_superseded(&self) -> bool {
        self.name.is_superseded(&self.key.digest)
    }

    /// Returns the record under another job or name; its videos' paths follow their name.
    pub fn moved(mut self, to: &JobId, name: VideoName) -> Record {
        if let Stage::Generated { outputs, .. } | Stage::Succeeded { outputs, .. } = &mut self.stage {
            for output in outputs {
                output.path = name.path(output.number);
            }
        }
        Record { key: Key { job: to.clone(), digest: self.key.digest }, name, ..self }
    }
}
