//! The client's settings and timeouts.

use super::limits::{Limits, USER_AGENT};
use super::remote::{Reach, RemoteImages};
use super::way::Surroundings;
use crate::base::clock::Clock;
use crate::base::durable::Mark;
use crate::base::secret::ApiKey;
use crate::service::address::BaseUrl;
use crate::service::limits::TURNED_AWAY;
use std::collections::BTreeSet;
use std::path::Path;

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
