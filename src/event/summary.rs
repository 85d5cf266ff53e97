//! The run in numbers.

use serde::Serialize;

/// What a run did, counted over the jobs that it was about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Summary {
    /// Jobs whose videos were completed in this run.
    pub succeeded: usize,
    /// Jobs that already had all their videos.
    pub kept: usize,
    /// Jobs that failed, were refused, or whose videos can't be had.
    pub failed: usize,
    /// Jobs that wait for `batch resolve`.
    pub uncertain: usize,
    /// Jobs left for another run: timed out, interrupted, or beyond a limit.
    pub left: usize,
    /// Submits that went out.
    pub submits: usize,
    /// Images uploaded.
    pub uploads: usize,
    /// Questions how a task stands.
    pub polls: usize,
    /// Videos downloaded.
    pub videos: usize,
    /// Their bytes.
    pub bytes: u64,
}
