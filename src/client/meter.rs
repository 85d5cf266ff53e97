//! Detects a transfer that trickles: never silent, but never done.

use super::limits::Pace;
use tokio::time::Instant;

/// Measures one interval after the other.
pub(super) struct Meter {
    pace: Pace,
    since: Instant,
    bytes: u64,
}

impl Meter {
    /// Starts measuring now.
    pub(super) fn new(pace: Pace) -> Meter {
        Meter { pace, since: Instant::now(), bytes: 0 }
    }

    /// Adds `bytes` and returns whether the last full interval was too slow; each interval is judged by itself.
    pub(super) fn is_too_slow(&mut self, bytes: u64) -> bool {
        self.bytes += bytes;
        if self.since.elapsed() < self.pace.per {
            return false;
        }
        let slow = self.bytes < self.pace.bytes;
        *self = Meter::new(self.pace);
        slow
    }
}
