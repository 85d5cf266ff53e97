//! The client against a scripted server.

mod download;
mod elsewhere;
mod hurdles;
mod resume;
mod server;
mod smoke;
mod upload;
mod verdicts;
mod wire;

use super::http::{HttpService, Limits, Settings};
use crate::base::secret::ApiKey;
use server::{Act, Server};
use std::time::Duration;

/// The key that no message, log or download may show.
const KEY: &str = "sk-0123456789-secret";

/// A complete video.
const VIDEO: &[u8] = b"\0\0\0\x0cftypisom\0\0\0\x18mdat0123456789abcdef\0\0\0\x08moov";

/// Returns a service at `base`.
fn service(base: &str) -> HttpService {
    limited(base, |_| {})
}

/// Returns a service at `base`, with other limits than the usual.
fn limited(base: &str, adapt: impl Fn(&mut Limits)) -> HttpService {
    let mut settings = Settings::new(base.parse().unwrap(), Some(ApiKey::new(KEY).unwrap()), 4);
    adapt(&mut settings.limits);
    HttpService::new(settings).unwrap()
}

/// Starts a server with this script, request by request, and the service on it.
async fn scripted(requests: impl IntoIterator<Item = Vec<Act>>) -> (Server, HttpService) {
    let server = Server::start(requests).await;
    let service = service(&server.base());
    (server, service)
}

/// Returns a number of milliseconds.
fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
