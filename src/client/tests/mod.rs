//! The client against a server that says exactly what it is told to say.

mod server;
mod smoke;
mod wire;

use super::http::{HttpService, Limits, Pace, Settings};
use crate::base::secret::ApiKey;
use server::{Act, Server};
use std::time::Duration;

/// The key that no message, log or download may show.
const KEY: &str = "sk-0123456789-secret";

/// Limits that a test can wait for.
fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(5),
        silence: Duration::from_millis(300),
        call: Duration::from_secs(2),
        submit: Duration::from_millis(600),
        idle: Duration::from_millis(100),
        upload: Pace { bytes: 1_000_000, per: Duration::from_secs(1) },
        download: Pace { bytes: 1000, per: Duration::from_millis(200) },
    }
}

/// A service at `base`.
fn service(base: &str) -> HttpService {
    let settings = Settings::new(base.parse().unwrap(), Some(ApiKey::new(KEY).unwrap()), 4);
    HttpService::new(Settings { limits: limits(), ..settings }).unwrap()
}

/// A server that acts so, request by request, and the service on it.
async fn scripted(requests: impl IntoIterator<Item = Vec<Act>>) -> (Server, HttpService) {
    let server = Server::start(requests).await;
    let service = service(&server.base());
    (server, service)
}
