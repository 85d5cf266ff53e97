//! A job that something happens with right now.

use super::Phase;
use crate::event::Call;
use crate::spec::names::JobId;
use jiff::{SignedDuration, Timestamp};

/// A job that something happens with right now.
#[derive(Clone, Debug)]
pub(in crate::report) struct Active {
    /// The job.
    pub(in crate::report) job: JobId,
    /// Since when it is on its way up, at the service, or on its way down.
    pub(in crate::report) since: Timestamp,
    /// What happens.
    pub(in crate::report) state: State,
    /// A call that failed: which, when it is made again, and why.
    pub(in crate::report) again: Option<(Call, Timestamp, String)>,
}

/// What happens with a job.
#[derive(Clone, Debug)]
pub(in crate::report) enum State {
    /// An image goes up: so many bytes by now, of so many.
    Uploading { path: String, through: Option<u64>, total: u64 },
    /// The request is out.
    Submitting,
    /// The service has it; it hasn't been asked since.
    Accepted,
    /// The service has it, and said this.
    AtService { word: String, progress: Option<String> },
    /// The service is done.
    Generated,
    /// A video comes down: so many bytes by now, of so many where that is known.
    Downloading { path: String, through: u64, total: Option<u64> },
}

impl Active {
    /// How long it is in its phase.
    pub(in crate::report) fn age(&self, now: Timestamp) -> SignedDuration {
        now.duration_since(self.since).max(SignedDuration::ZERO)
    }

    /// The phase that it is counted in.
    pub(in crate::report) fn phase(&self) -> Phase {
        match self.state {
            State::Uploading { .. } => Phase::Uploading,
            State::Submitting | State::Accepted | State::AtService { .. } => Phase::InFlight,
            State::Generated | State::Downloading { .. } => Phase::Fetching,
        }
    }

    /// Bytes of `path` are through.
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
