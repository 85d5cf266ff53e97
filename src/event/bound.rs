//! The bounds that may hold a run back.

use serde::Serialize;

/// A bound on what a run does at a time, or in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub enum Bound {
    /// Status queries in a time: a setting.
    #[serde(rename = "run.poll_rate")]
    PollRate,
    /// Videos fetched at a time: a setting.
    #[serde(rename = "run.downloads")]
    Downloads,
    /// Generations in flight of all runs of a shared ledger: a setting.
    #[serde(rename = "run.fleet_concurrency")]
    FleetConcurrency,
    /// Calls at a time, submits and downloads apart.
    #[serde(rename = "calls")]
    Calls,
    /// Submits at a time.
    #[serde(rename = "submits")]
    Submits,
    /// Videos made durable at a time.
    #[serde(rename = "stores")]
    Stores,
}

impl Bound {
    /// Every bound.
    pub const ALL: [Bound; 6] =
        [Bound::PollRate, Bound::Downloads, Bound::FleetConcurrency, Bound::Calls, Bound::Submits, Bound::Stores];

    /// Returns what waits at it, and for what, in words.
    pub fn meaning(self) -> &'static str {
        match self {
            Bound::PollRate => "jobs wait for their status query",
            Bound::Downloads => "videos wait for their download",
            Bound::FleetConcurrency => "jobs wait for a slot that other runs of the ledger use",
            Bound::Calls => "jobs wait for a call",
            Bound::Submits => "jobs wait for their submit",
            Bound::Stores => "videos wait to be made durable",
        }
    }

    /// Returns the field of the manifest that sets it, if one does.
    pub fn setting(self) -> Option<&'static str> {
        match self {
            Bound::PollRate => Some("run.poll_rate"),
            Bound::Downloads => Some("run.downloads"),
            Bound::FleetConcurrency => Some("run.fleet_concurrency"),
            Bound::Calls | Bound::Submits | Bound::Stores => None,
        }
    }
}
