//! The client's timeouts, and its name.

use std::time::Duration;

/// The user agent.
pub(super) const USER_AGENT: &str = concat!("batch/", env!("CARGO_PKG_VERSION"));

/// The timeouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time until a connection is made.
    pub connect: Duration,
    /// Time without a byte, while a reply is awaited or read.
    pub silence: Duration,
    /// Duration of a whole call; an upload gets extra time for its size.
    pub call: Duration,
    /// Duration of a whole submit: longer, since an abandoned submit is an uncertain job.
    pub submit: Duration,
    /// The slowest accepted upload.
    pub upload: Pace,
    /// The slowest accepted download, over any interval; its total duration isn't limited.
    pub download: Pace,
}

/// A minimum speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The number of bytes.
    pub bytes: u64,
    /// The interval.
    pub per: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connect: Duration::from_secs(10),
            silence: Duration::from_secs(30),
            call: Duration::from_secs(60),
            submit: Duration::from_secs(120),
            upload: Pace { bytes: 16 * 1024, per: Duration::from_secs(1) },
            download: Pace { bytes: 64 * 1024, per: Duration::from_secs(60) },
        }
    }
}

impl Pace {
    /// Returns how long `bytes` may take.
    pub fn time_for(&self, bytes: u64) -> Duration {
        let stretches = u32::try_from(bytes.div_ceil(self.bytes.max(1))).unwrap_or(u32::MAX);
        self.per.saturating_mul(stretches)
    }
}
