//! The service over HTTP.

use super::failure::{self, Call, Exchange, Reply};
use super::printable::{EXCERPT, printable};
use super::remote::RemoteImages;
pub use super::settings::{Limits, Pace, Settings};
use super::verdict::{self, Since, Way};
use super::way::Surroundings;
use super::{Failure, Image, Images, Progress, Service, Speaker, Submission, Undelivered, Video, reason, retry};
use super::{download, upload};
use crate::base::clock::Clock;
use crate::base::cryptography;
use crate::base::durable::Mark;
use crate::base::secret::ApiKey;
use crate::service::address::BaseUrl;
use crate::service::image::LocalImage;
use crate::service::names::TaskId;
use crate::service::remote::Validator;
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, redirect};
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use url::Url;

/// Largest accepted API reply, in bytes; the service's own have some hundred.
const REPLY: usize = 1024 * 1024;

/// Smallest number of bytes of a key that is treated as secret; the service's own have some dozens.
const SECRET: usize = 8;

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
    asking: Client,
    /// The client for uploads.
    sending: Client,
    /// The client for submits, each on a connection of its own.
    submitting: Client,
    /// The client for videos, without the key.
    pub(super) fetching: Client,
    /// The client for images, from anywhere but the service.
    remote_images: RemoteImages,
    surroundings: Surroundings,
    turned_away: BTreeSet<u16>,
    /// `true` once the service itself has answered a submit.
    answered: AtomicBool,
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
    async fn ask(&self, call: Call, path: &str) -> Exchange {
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
        retry_after(headers, &self.clock)
    }
}

impl Images for HttpService {
    async fn image(&self, url: &str, known: Option<&Validator>) -> Result<Option<Image>, Failure> {
        self.remote_images.image(url, known).await
    }
}

impl Service for HttpService {
    async fn upload(&self, image: &LocalImage, advance: impl Fn(u64) + Send + Sync) -> Result<String, Failure> {
        upload::upload(self, image, advance).await
    }

    async fn submit(&self, body: &serde_json::Value) -> Submission {
        let url = self.base.call("/v1/videos/generations");
        let request = self.submitting.post(url).json(body).timeout(self.limits.submit);
        let exchange = self.exchange(Call::Submit, request).await;
        // Read only now: others may have been answered while this one was on its way.
        let since = if self.answered.load(Ordering::Relaxed) { Since::Answered } else { Since::Start };
        let answer = verdict::submission(exchange, Way { since, turned_away: &self.turned_away });
        let is_answered = match &answer {
            Submission::Accepted(_) => true,
            Submission::NotTaken(not_taken) => not_taken.by == Speaker::Service,
            Submission::Unknown(_) => false,
        };
        if is_answered {
            self.answered.store(true, Ordering::Relaxed);
        }
        answer
    }

    async fn status(&self, task: &TaskId) -> Result<Progress, Failure> {
        failure::progress(self.ask(Call::Status, &status_of(task)).await, task)
    }

    async fn look(&self, task: &TaskId) -> Result<(), Failure> {
        verdict::presence(self.ask(Call::Status, &status_of(task)).await)
    }

    async fn result(&self, task: &TaskId) -> Result<Vec<String>, Failure> {
        failure::videos(self.ask(Call::Result, &format!("/v1/comfyui/tasks/{task}/result")).await, task)
    }

    async fn download(
        &self,
        url: &str,
        destination: &Path,
        advance: impl Fn(u64, Option<u64>) + Send + Sync,
    ) -> Result<Video, Undelivered> {
        download::download(self, url, destination, advance).await
    }
}

/// Prints neither the key nor anything that might hold it.
impl fmt::Debug for HttpService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpService").field("base", &self.base).finish_non_exhaustive()
    }
}

/// Returns the path of a task's status.
fn status_of(task: &TaskId) -> String {
    format!("/v1/comfyui/tasks/{task}/status")
}

/// Returns the pause that a reply requests; `clock` is used if the reply has no date of its own.
pub(super) fn retry_after(headers: &HeaderMap, clock: &Clock) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let now = text(header::DATE).and_then(retry::date).unwrap_or_else(|| clock.now());
    retry::retry_after(text(header::RETRY_AFTER)?, now)
}

/// Returns the redirect policy of downloads.
fn redirects() -> redirect::Policy {
    redirect::Policy::custom(|attempt| match download::may_follow(attempt.previous(), attempt.url()) {
        Ok(()) => attempt.follow(),
        Err(why) => attempt.error(why),
    })
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

/// Overwrites a key that the service repeats, in any JSON spelling: replies end up in messages, logs and the lock.
///
/// A key too short to be a secret is left alone, since it may occur in a task id by chance.
fn conceal(body: &mut [u8], key: &[u8]) {
    if key.len() < SECRET {
        return;
    }
    let mut at = 0;
    while at < body.len() {
        match spelt(&body[at..], key) {
            Some(length) => {
                body[at..at + length].fill(b'*');
                at += length;
            }
            None => at += 1,
        }
    }
}

/// Returns the number of bytes at the beginning of `text` that spell `key`: as it is, with backslashes, or as `\u` escapes.
fn spelt(text: &[u8], key: &[u8]) -> Option<usize> {
    let mut length = 0;
    for character in key {
        length += match &text[length..] {
            [b'\\', b'u', code @ ..] if is_code_of(code.get(..4)?, *character) => 6,
            [b'\\', escaped, ..] if escaped == character => 2,
            [plain, ..] if plain == character => 1,
            _ => return None,
        };
    }
    Some(length)
}

/// Returns whether these four digits are the code of `character`.
fn is_code_of(digits: &[u8], character: u8) -> bool {
    let text = std::str::from_utf8(digits).ok();
    text.and_then(|digits| u32::from_str_radix(digits, 16).ok()) == Some(character.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn concealed(text: &str, key: &str) -> String {
        let mut body = text.as_bytes().to_vec();
        conceal(&mut body, key.as_bytes());
        String::from_utf8(body).unwrap()
    }

    #[test]
    fn a_key_is_found_however_it_is_spelt() {
        for (text, left) in [
            ("no abc/defg+h here", "no ********** here"),
            (r#"{"message":"abc\/defg+h"}"#, r#"{"message":"***********"}"#),
            (r"\u0061bc/defg\u002Bh", "********************"),
            (r"\u0061bc\u002fdefg\u002bh.", "*************************."),
            ("abc/defg+habc/defg+h", "********************"),
            ("aabc/defg+h", "a**********"),
            ("abc/defg+", "abc/defg+"),
            (r"\u006", r"\u006"),
            (r"\u0061", r"\u0061"),
            ("", ""),
        ] {
            assert_eq!(concealed(text, "abc/defg+h"), left, "{text}");
        }
        assert_eq!(concealed(r"abcdefg\\h, abcdefg\h", r"abcdefg\h"), "**********, *********");
        assert_eq!(concealed("abc", "abc"), "abc", "too short to be a secret");
    }
}
