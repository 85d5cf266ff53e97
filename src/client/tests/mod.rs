//! The client against a scripted server.

mod download;
mod hurdles;
mod remote;
mod resume;
mod server;
mod smoke;
mod upload;
mod verdicts;
mod wire;

use super::http::{HttpService, Limits, Settings};
use crate::base::secret::ApiKey;
use crate::service::request::Generation;
use crate::service::sample;
use server::{Act, Server};
use std::time::Duration;

/// The key that no message, log or download may show.
const KEY: &str = "sk-0123456789-secret";

/// A complete video: one frame, and the index that lists it.
const VIDEO: &[u8] = b"\0\0\0\x0cftypisom\0\0\0\x18mdat0123456789abcdef\
\0\0\0\x6cmoov\0\0\0\x64trak\0\0\0\x5cmdia\0\0\0\x54minf\0\0\0\x4cstbl\
\0\0\0\x1cstsc\0\0\0\0\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\x01\
\0\0\0\x14stsz\0\0\0\0\0\0\0\x10\0\0\0\x01\
\0\0\0\x14stco\0\0\0\0\0\0\0\x01\0\0\0\x14";

/// Returns another, shorter one.
fn shorter() -> Vec<u8> {
    let index = VIDEO[36..].iter().map(|byte| if *byte == 0x10 { 0x04 } else { *byte });
    b"\0\0\0\x0cftypisom\0\0\0\x0cmdat1234".iter().copied().chain(index).collect()
}

/// Returns a generation without local images.
fn generation() -> Generation {
    sample::generation("@dog runs", vec![sample::reference("dog", &["https://images.example.com/dog.png"])])
}

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
