//! The journal's entries: every state change is one of these.

use super::record::{Fault, Key, Output, Place};
use crate::base::digest::Sha256;
use crate::spec::elsewhere::{Address, Pin};
use crate::spec::names::{JobId, TaskId};
use crate::spec::output::VideoName;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which of the purchases that have the same number is meant: of two locks that are mixed, each may have one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// The one that is this task at the service.
    Task(TaskId),
    /// The one whose submit was to go out then, to the microsecond.
    Asked(Timestamp),
}

/// A state change.
///
/// `which` says whom an entry is about; journals leave it out where they told it before, and are completed where they are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
#[expect(missing_docs, reason = "fields are those of a record, and `at` is when it happened")]
pub enum Entry {
    /// The intent: durable before the first byte of a submit is sent.
    Submitting {
        #[serde(flatten)]
        key: Key,
        attempt: u32,
        parts: BTreeMap<String, String>,
        videos: u8,
        name: VideoName,
        /// The base URL that the submit goes to.
        service: String,
        at: Timestamp,
    },
    /// Accepted: durable before the first poll.
    Submitted {
        #[serde(flatten)]
        key: Key,
        attempt: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        which: Option<Which>,
        task: TaskId,
        at: Timestamp,
    },
    /// Refused, nothing was generated.
    Refused {
        #[serde(flatten)]
        key: Key,
        attempt: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        which: Option<Which>,
        error: Fault,
        /// Whether this input is refused for good; otherwise it is as if it had never been asked.
        last: bool,
        at: Timestamp,
    },
    /// The submit got no answer that tells, or the service doesn't know the task.
    Uncertain {
        #[serde(flatten)]
        key: Key,
        attempt: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        which: Option<Which>,
        reason: String,
        at: Timestamp,
    },
    /// The service finished.
    Generated {
        #[serde(flatten)]
        key: Key,
        attempt: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        which: Option<Which>,
        at: Timestamp,
    },
    /// A video is here, whole; it takes its name next.
    Downloaded {
        #[serde(flatten)]
        key: Key,
        attempt: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        which: Option<Which>,
        output: Output,
    },
    /// All videos that the service lists are here.
    Succeeded {
        #[serde(flatten)]
        key: Key,
        attempt: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        which: Option<Which>,
    },
    /// The service said FAILED or CANCELED.
    Failed {
        #[serde(flatten)]
        key: Key,
        attempt: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        which: Option<Which>,
        error: Fault,
        at: Timestamp,
    },
    /// Content was uploaded: `url` is without a query, else it isn't kept.
    Uploaded { sha256: Sha256, url: String, at: Timestamp },
    /// An image of elsewhere was fetched: this is what jobs with its URL ask for from now on.
    Mirrored {
        #[serde(flatten)]
        address: Address,
        #[serde(flatten)]
        pin: Pin,
        /// Whether a person took it in the place of another picture: what was paid for with that one counts no more.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        taken: bool,
    },
    /// A record takes another place, name or job: durable before its files are renamed. The next run renames those that a crash
    /// left behind.
    ///
    /// Attempt and `which` say what purchase is meant: read again, the entry must not catch another one of the same key.
    Moved {
        #[serde(flatten)]
        key: Key,
        attempt: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        which: Option<Which>,
        /// The job that has the record from now on.
        to: JobId,
        place: Place,
        name: VideoName,
    },
    /// A record is no longer kept; later attempts of its key are not meant. Journals of before have it: what is pruned now goes
    /// when the lock is written.
    Dropped {
        #[serde(flatten)]
        key: Key,
        attempt: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        which: Option<Which>,
    },
    /// A person settled an uncertain job (`batch resolve`).
    Resolved {
        #[serde(flatten)]
        key: Key,
        attempt: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        which: Option<Which>,
        verdict: Verdict,
        at: Timestamp,
    },
}

/// A person's word on an uncertain job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It arrived, and this is its task.
    Task {
        /// The service's id.
        task: TaskId,
    },
    /// It may be submitted again.
    Resubmit,
    /// It failed, and stays so until its digest changes.
    Failed,
}

impl Entry {
    /// The record that the entry is about; uploads and images of elsewhere are about none.
    pub fn key(&self) -> Option<&Key> {
        match self {
            Entry::Uploaded { .. } | Entry::Mirrored { .. } => None,
            Entry::Submitting { key, .. }
            | Entry::Submitted { key, .. }
            | Entry::Refused { key, .. }
            | Entry::Uncertain { key, .. }
            | Entry::Generated { key, .. }
            | Entry::Downloaded { key, .. }
            | Entry::Succeeded { key, .. }
            | Entry::Failed { key, .. }
            | Entry::Moved { key, .. }
            | Entry::Dropped { key, .. }
            | Entry::Resolved { key, .. } => Some(key),
        }
    }

    /// Which purchase is meant, where the entry says so; an intent says it by its time.
    pub fn which(&self) -> Option<&Which> {
        match self {
            Entry::Uploaded { .. } | Entry::Mirrored { .. } | Entry::Submitting { .. } => None,
            Entry::Submitted { which, .. }
            | Entry::Refused { which, .. }
            | Entry::Uncertain { which, .. }
            | Entry::Generated { which, .. }
            | Entry::Downloaded { which, .. }
            | Entry::Succeeded { which, .. }
            | Entry::Failed { which, .. }
            | Entry::Moved { which, .. }
            | Entry::Dropped { which, .. }
            | Entry::Resolved { which, .. } => which.as_ref(),
        }
    }

    /// Where the entry says which purchase is meant.
    pub(super) fn which_mut(&mut self) -> Option<&mut Option<Which>> {
        match self {
            Entry::Uploaded { .. } | Entry::Mirrored { .. } | Entry::Submitting { .. } => None,
            Entry::Submitted { which, .. }
            | Entry::Refused { which, .. }
            | Entry::Uncertain { which, .. }
            | Entry::Generated { which, .. }
            | Entry::Downloaded { which, .. }
            | Entry::Succeeded { which, .. }
            | Entry::Failed { which, .. }
            | Entry::Moved { which, .. }
            | Entry::Dropped { which, .. }
            | Entry::Resolved { which, .. } => Some(which),
        }
    }

    /// Which submit of its key the entry is about, counted from 1.
    pub fn attempt(&self) -> Option<u32> {
        match self {
            Entry::Uploaded { .. } | Entry::Mirrored { .. } => None,
            Entry::Submitting { attempt, .. }
            | Entry::Submitted { attempt, .. }
            | Entry::Refused { attempt, .. }
            | Entry::Uncertain { attempt, .. }
            | Entry::Generated { attempt, .. }
            | Entry::Downloaded { attempt, .. }
            | Entry::Succeeded { attempt, .. }
            | Entry::Failed { attempt, .. }
            | Entry::Moved { attempt, .. }
            | Entry::Dropped { attempt, .. }
            | Entry::Resolved { attempt, .. } => Some(*attempt),
        }
    }
}
