//! Events of a run, as data: the contract of `run --progress json`.
//!
//! Events carry everything that a reader needs; a reporter never queries the engine.

mod bound;
mod job_error;
mod kinds;
pub mod sender;
pub mod stop;
pub mod summary;

pub use crate::service::call::Call;
pub use bound::Bound;
pub use job_error::{Cause, JobError};
pub use kinds::Event;

use jiff::Timestamp;
use serde::Serialize;

/// The version of this format.
pub const VERSION: u32 = 1;

/// An event and when it happened: one line of NDJSON.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Stamped {
    /// The event, its kind under `event`.
    #[serde(flatten)]
    pub event: Event,
    /// The time, in UTC (RFC 3339).
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub time: Timestamp,
}
