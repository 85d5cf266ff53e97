//! The clients for calls to the service, and the exchange of a request for a reply.

use super::conceal::conceal;
use super::failure::{Exchange, Reply};
use super::limits::Limits;
use super::printable::{EXCERPT, printable};
use super::reason;
use super::redirects::redirects;
use super::remote::RemoteImages;
use super::retry::pause_of;
use super::settings::Settings;
use super::way::Surroundings;
use crate::base::clock::Clock;
use crate::base::cryptography;
use crate::base::durable::Mark;
use crate::base::secret::ApiKey;
use crate::service::address::BaseUrl;
use crate::service::call::Call;
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, redirect};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use url::Url;

/// Largest accepted API reply, in bytes; the service's own have some hundred.
const REPLY: usize = 1024 * 1024;

/// A failure to set up the HTTP client.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client can't be set up: {0}")]
pub struct Unusable(String);

/// The service over HTTP.
pub struct HttpService {
    pub(super) base: BaseUrl,
    pub(super) limits: Limits,
    pub(super) temporaries: Mark,
    key: Option<ApiKey>,
    clock: Clock,
    /// The client for queries: status and result.
    pub(super) asking: Client,
    /// The client for uploads.
    sending: Client,
    /// The client for submits, each on a connection of its own.
    pub(super) submitting: Client,
    /// The client for videos, without the key.
    pub(super) fetching: Client,
    /// The client for images, from anywhere but the service.
    pub(super) remote_images: RemoteImages,
    surroundings: Surroundings,
    pub(super) turned_away: BTreeSet<u16>,
    /// `true` once the service itself has answered a submit.
    pub(super) answered: AtomicBool,
}

impl HttpService {
    /// Sets up the clients; no connection is made yet.
    ///
    /// # Errors
    /// Fails if the user agent isn't valid in a header, or TLS can't be set up (a system without any CA certificates).
    pub fn new(settings: Settings) -> Result<HttpService, Unusable> {
        let Settings {
            base,
            key,
            connections,
            user_agent,
            limits,
            temporaries,
            clock,
            remote_images,
            surroundings,
            turned_away,
        } = settings;
        cryptography::choose();
        let plain = base.to_string().starts_with("http:");
        let client = || {
            let client = Client::builder()
                .user_agent(&user_agent)
                .connect_timeout(limits.connect)
                .pool_max_idle_per_host(connections)
                .redirect(redirect::Policy::none())
                .retry(reqwest::retry::never())
                .referer(false);
            // On loopback the key may travel unencrypted; through a proxy it would leave the machine.
            if plain { client.no_proxy() } else { client }
        };
        // A trial on loopback also works on a bare system without CA certificates; for any other host that is an error.
        let without_roots = |client: ClientBuilder| if plain { client.tls_certs_only([]) } else { client };
        // Content that a server labels as compressed may not be: the bytes are checked before they are unpacked.
        let fetching = || client().redirect(redirects()).no_gzip();
        let unusable = |error: reqwest::Error| Unusable(reason::cause(&error));
        Ok(HttpService {
            asking: without_roots(client()).read_timeout(limits.silence).build().map_err(unusable)?,
            sending: without_roots(client()).http1_only().build().map_err(unusable)?,
            // Connections are not reused: a proxy that reloads closes idle ones at once, and with them a submit on its
            // way. HTTP/1.1, since over HTTP/2 a server's GOAWAY ends all submits of a connection.
            submitting: without_roots(client()).http1_only().pool_max_idle_per_host(0).build().map_err(unusable)?,
            fetching: fetching().build().or_else(|_| without_roots(fetching()).build()).map_err(unusable)?,
            base,
            limits,
            temporaries,
            key,
            clock,
            remote_images,
            surroundings,
            turned_away,
            answered: AtomicBool::new(false),
        })
    }

    /// Sends a GET to the API.
    pub(super) async fn ask(&self, call: Call, path: &str) -> Exchange {
        let request = self.asking.get(self.base.call(path)).timeout(self.limits.call);
        self.exchange(call, request).await
    }

    /// Builds a POST to the API.
    pub(super) fn post(&self, path: &str) -> RequestBuilder {
        self.sending.post(self.base.call(path))
    }

    /// Sends a request with the key and reads the reply.
    pub(super) async fn exchange(&self, call: Call, request: RequestBuilder) -> Exchange {
        let request = match &self.key {
            Some(key) => request.header(header::AUTHORIZATION, bearer(key)),
            None => request,
        };
        let host = host(&self.base);
        let started = tokio::time::Instant::now();
        let exchange = match request.send().await {
            Ok(response) => Exchange::Reply(self.read(response).await),
            Err(error) if error.is_connect() || error.is_builder() => {
                self.surroundings.explain(&error, &host, reason::sentence(&error, &host)).await
            }
            Err(error) => Exchange::Broken(reason::sentence(&error, &host)),
        };
        let status = if let Exchange::Reply(reply) = &exchange { Some(reply.status) } else { None };
        tracing::debug!(%call, status, elapsed = ?started.elapsed(), "called");
        exchange
    }

    /// Reads a reply as far as it comes, up to the size limit.
    async fn read(&self, mut response: Response) -> Reply {
        let mut reply = Reply {
            status: response.status().as_u16(),
            retry_after: self.retry_after(response.headers()),
            location: location(&response),
            server: response
                .headers()
                .get(header::SERVER)
                .map(|server| printable(&String::from_utf8_lossy(server.as_bytes()), EXCERPT)),
            host: host(&self.base),
            ..Reply::default()
        };
        loop {
            match response.chunk().await {
                Ok(None) => break,
                Ok(Some(chunk)) if reply.body.len() + chunk.len() <= REPLY => reply.body.extend_from_slice(&chunk),
                Ok(Some(_)) => {
                    reply.flaw = Some("the reply is longer than any of the service's".to_owned());
                    break;
                }
                Err(error) => {
                    reply.flaw = Some(format!("the reply was cut short ({})", reason::cause(&error)));
                    break;
                }
            }
        }
        if let Some(key) = &self.key {
            conceal(&mut reply.body, key.expose().as_bytes());
        }
        reply
    }

    /// Returns the pause that a reply requests.
    pub(super) fn retry_after(&self, headers: &HeaderMap) -> Option<Duration> {
        pause_of(headers, &self.clock)
    }
}

/// Prints neither the key nor anything that might hold it.
impl fmt::Debug for HttpService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpService").field("base", &self.base).finish_non_exhaustive()
    }
}

/// Returns the `Authorization` header, marked as sensitive so that it is never printed.
fn bearer(key: &ApiKey) -> HeaderValue {
    let mut value = HeaderValue::try_from(format!("Bearer {}", key.expose())).expect("a key is visible ASCII");
    value.set_sensitive(true);
    value
}

/// Returns host and port of the service, for messages.
fn host(base: &BaseUrl) -> String {
    base.to_string().split_once("://").map(|(_, rest)| rest.to_owned()).unwrap_or_default()
}

/// Returns the host that a redirect points to.
fn location(response: &Response) -> Option<String> {
    let location = response.headers().get(header::LOCATION).filter(|_| response.status().is_redirection())?;
    let location = location.to_str().ok()?;
    let url: Url = response.url().join(location).ok()?;
    Some(printable(url.host_str()?, EXCERPT))
}
