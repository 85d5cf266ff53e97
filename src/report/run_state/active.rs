//! An active job.

use super::Phase;
use crate::event::Call;
use crate::service::names::JobId;
use jiff::{SignedDuration, Timestamp};

/// An active job.
#[derive(Clone, Debug)]
pub(in crate::report) struct Active {
    /// The job.
    pub(in crate::report) job: JobId,
    /// The time since when it is being uploaded, at the service, or being fetched.
    pub(in crate::report) since: Timestamp,
    /// Its current activity.
    pub(in crate::report) state: State,
    /// A failed call: its kind, the time of the retry, and the reason.
    pub(in crate::report) again: Option<(Call, Timestamp, String)>,
}

/// The current activity of a job.
#[derive(Clone, Debug)]
pub(in crate::report) enum State {
    /// An image is being uploaded: `through` of `total` bytes so far.
    Uploading { path: String, through: Option<u64>, total: u64 },
    /// The request is sent.
    Submitting,
    /// The service accepted it; it hasn't been polled since.
    Accepted,
    /// The service has it, and reported this.
    AtService { word: String, progress: Option<String> },
    /// The service is done.
    Generated,
    /// A video is being fetched: `through` bytes so far, of `total` if that is known.
    Downloading { path: String, through: u64, total: Option<u64> },
}

impl Active {
    /// Returns how long it has been in its phase.
    pub(in crate::report) fn age(&self, now: Timestamp) -> SignedDuration {
        now.duration_since(self.since).max(SignedDuration::ZERO)
    }

    /// Returns the phase in which it is counted.
    pub(in crate::report) fn phase(&self) -> Phase {
        match self.state {
            State::Uploading { .. } => Phase::Uploading,
            State::Submitting | State::Accepted | State::AtService { .. } => Phase::InFlight,
            State::Generated | State::Downloading { .. } => Phase::Fetching,
        }
    }

    /// Records that `bytes` of `path` have been transferred.
    pub(super) fn moved(&mut self, path: &str, bytes: u64, all: Option<u64>) {
        match &mut self.state {
            State::Uploading { path: own, through, total } if own == path => {
                *through = Some(bytes);
                *total = all.unwrap_or(*total);
            }
            State::Downloading { path: own, through, total } if own == path => (*through, *total) = (bytes, all),
            _ => return,
        }
        self.again = None;
    }
}
