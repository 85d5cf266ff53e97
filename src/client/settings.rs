//! What the client needs to know, and how long it waits.

use super::elsewhere::{Elsewhere, Reach};
use super::way::Surroundings;
use crate::base::clock::Clock;
use crate::base::durable::Mark;
use crate::base::secret::ApiKey;
use crate::spec::address::BaseUrl;
use crate::spec::limits::TURNED_AWAY;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// How `batch` names itself.
pub(super) const USER_AGENT: &str = concat!("batch/", env!("CARGO_PKG_VERSION"));

/// What an [`HttpService`](super::http::HttpService) needs to know.
#[derive(Debug)]
pub struct Settings {
    /// Where the service is.
    pub base: BaseUrl,
    /// What its calls carry; downloads never do.
    pub key: Option<ApiKey>,
    /// Calls at a time at most: so many connections are kept.
    pub connections: usize,
    /// How `batch` names itself.
    pub user_agent: String,
    /// How long anything may take.
    pub limits: Limits,
    /// By which the temporary files of downloads are found after a crash: the lock's.
    pub temporaries: Mark,
    /// The time of day, for a `Retry-After` that names one.
    pub clock: Clock,
    /// What fetches images of elsewhere.
    pub elsewhere: Elsewhere,
    /// The proxy and the certificates that the environment names.
    pub surroundings: Surroundings,
    /// Statuses that the way to the service says only of requests that it didn't pass on.
    pub turned_away: BTreeSet<u16>,
}

/// How long anything may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Until a connection is made.
    pub connect: Duration,
    /// Without a byte, while a reply is awaited or read.
    pub silence: Duration,
    /// A whole call; an upload gets the time that its size takes on top.
    pub call: Duration,
    /// A whole submit: longer, since one that is given up is an uncertain job.
    pub submit: Duration,
    /// The slowest upload.
    pub upload: Pace,
    /// The slowest download, in any stretch of time; there is no limit to the whole.
    pub download: Pace,
}

/// So many bytes in so long, at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How many bytes.
    pub bytes: u64,
    /// In how long.
    pub per: Duration,
}

impl Settings {
    /// These, with the usual limits, and temporary files that are nobody's.
    pub fn new(base: BaseUrl, key: Option<ApiKey>, connections: usize) -> Settings {
        let user_agent = USER_AGENT.to_owned();
        let temporaries = Mark::of(Path::new(""));
        let elsewhere = Elsewhere::new(Path::new(""), Reach::Public { past_proxy: false });
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
            elsewhere,
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
    /// How long `bytes` may take.
    pub fn time_for(&self, bytes: u64) -> Duration {
        let stretches = u32::try_from(bytes.div_ceil(self.bytes.max(1))).unwrap_or(u32::MAX);
        self.per.saturating_mul(stretches)
    }
}
