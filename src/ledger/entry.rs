//! The journal's entries: every state change is one of these.

use super::id::PurchaseId;
use super::lockfile::PurchaseTable;
use super::record::{Output, ServiceError};
use crate::base::digest::Sha256;
use crate::service::names::{Digest, JobId, TaskId};
use crate::service::output::VideoName;
use crate::service::remote::{Address, Pin};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A state change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    /// Content was uploaded: `url` has no query, or else it isn't kept.
    #[expect(missing_docs, reason = "`at` is when it happened")]
    Uploaded { sha256: Sha256, url: String, at: Timestamp },
    /// A remote image was fetched: jobs with its URL use this content from now on.
    Mirrored {
        /// Its address.
        #[serde(flatten)]
        address: Address,
        /// Its pin.
        #[serde(flatten)]
        pin: Pin,
        /// `true` if a person accepted it instead of another image: purchases made with that one no longer count.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        taken: bool,
    },
    /// A purchase took a step.
    #[serde(untagged)]
    Purchase {
        /// The purchase.
        id: PurchaseId,
        /// The step.
        #[serde(flatten)]
        step: Step,
    },
}

/// A step of a purchase; `at` is when it happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
#[expect(missing_docs, reason = "fields are those of a record")]
pub enum Step {
    /// The intent: durable before the first byte of a submit is sent.
    Submitting {
        job: JobId,
        digest: Digest,
        parts: BTreeMap<String, String>,
        videos: u8,
        name: VideoName,
        /// The base URL that the submit goes to.
        service: String,
        /// The manifest, if it isn't the one that the lock is named after; the ledger fills it in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        manifest: Option<String>,
        at: Timestamp,
    },
    /// Accepted: durable before the first poll.
    Submitted { task: TaskId, at: Timestamp },
    /// The service knows a task again that it had denied.
    Found { task: TaskId, at: Timestamp },
    /// Refused, nothing was generated.
    Refused {
        error: ServiceError,
        /// `true` if this input is refused for good; otherwise nothing was accepted, and it counts as never submitted.
        last: bool,
        at: Timestamp,
    },
    /// The submit got no conclusive reply; with a task, the service doesn't know that task.
    Uncertain {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task: Option<TaskId>,
        reason: String,
        at: Timestamp,
    },
    /// The service finished.
    Generated { at: Timestamp },
    /// A complete video is stored; it gets its name next.
    Downloaded { output: Output },
    /// All videos that the service lists are stored.
    Succeeded,
    /// A stored video was published.
    Published {
        /// The video's number.
        number: usize,
        /// The hash of its content.
        sha256: Sha256,
        /// The URL of the published file.
        url: String,
    },
    /// The service said FAILED or CANCELED.
    Failed { error: ServiceError, at: Timestamp },
    /// It gets another job, or its videos another name: durable before its files are renamed. The next run renames
    /// those that a crash left behind.
    Moved { job: JobId, name: VideoName, at: Timestamp },
    /// Another manifest that shares the lock uses it.
    Used { manifest: String },
    /// A person settled an uncertain purchase (`batch resolve`), or lets it be submitted again.
    Resolved {
        /// The task that the person knew of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task: Option<TaskId>,
        verdict: Decision,
        at: Timestamp,
    },
    /// The purchase as it was known before the journal's first step of it, so that the journal is complete next to any
    /// lock. The journal's writer adds it.
    Known { purchase: Box<PurchaseTable> },
}

/// A person's decision on an uncertain purchase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Decision {
    /// It arrived, and this is its task.
    Task {
        /// The service's id.
        task: TaskId,
    },
    /// Its job may be submitted again.
    Resubmit,
    /// It failed, and stays so until the job's digest changes.
    Failed,
}

impl Entry {
    /// Returns the entry for a step of a purchase.
    pub fn of(id: PurchaseId, step: Step) -> Entry {
        Entry::Purchase { id, step }
    }

    /// Returns the purchase that the entry is about; entries about images have none.
    pub fn id(&self) -> Option<PurchaseId> {
        match self {
            Entry::Purchase { id, .. } => Some(*id),
            Entry::Uploaded { .. } | Entry::Mirrored { .. } => None,
        }
    }

    /// Returns whether it is an intent, which must be durable before anything is sent.
    pub fn is_intent(&self) -> bool {
        matches!(self, Entry::Purchase { step: Step::Submitting { .. }, .. })
    }
}
