//! The client's settings and timeouts.

use super::remote::{Reach, RemoteImages};
use super::way::Surroundings;
use crate::base::clock::Clock;
use crate::base::durable::Mark;
use crate::base::secret::ApiKey;
use crate::service::address::BaseUrl;
use crate::service::limits::TURNED_AWAY;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// The user agent.
pub(super) const USER_AGENT: &str = concat!("batch/", env!("CARGO_PKG_VERSION"));

/// The settings of an [`HttpService`](super::http::HttpService).
#[derive(Debug)]
pub struct Settings {
    /// The base URL of the service.
    pub base: BaseUrl,
    /// The key for its calls; downloads never carry it.
    pub key: Option<ApiKey>,
    /// Maximum number of concurrent calls: so many connections are kept.
    pub connections: usize,
    /// The user agent.
    pub user_agent: String,
    /// The timeouts.
    pub limits: Limits,
    /// The mark by which temporary files of downloads are found after a crash: the lock's.
    pub temporaries: Mark,
    /// The time of day, for a `Retry-After` that is a date.
    pub clock: Clock,
    /// The client for remote images.
    pub remote_images: RemoteImages,
    /// The proxy and the certificates that the environment names.
    pub surroundings: Surroundings,
    /// Statuses that something on the way to the service returns only for requests that it didn't forward.
    pub turned_away: BTreeSet<u16>,
}

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

impl Settings {
    /// Creates settings with the usual timeouts, and a mark for temporary files that belongs to no lock.
    pub fn new(base: BaseUrl, key: Option<ApiKey>, connections: usize) -> Settings {
        let user_agent = USER_AGENT.to_owned();
        let temporaries = Mark::of(Path::new(""));
        let remote_images = RemoteImages::new(Path::new(""), Reach::Public { past_proxy: false });
        let turned_away = BTreeSet::from(TURNED_AWAY);
        let (limits, clock) = (Limits::default(), Clock::System);
        Settings {
            base,
            key,
            connections,
            user_agent,
            limits,
            temporaries,
            clock,
            remote_images,
            surroundings: Surroundings::default(),
            turned_away,
        }
    }
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
