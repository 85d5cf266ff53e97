//! Fetches a video: streamed to a temporary file, hashed on the way, taken up again where the connection broke.
//!
//! Plain `http` is allowed here, unlike for the API: no secret travels, and a video is no program. What a redirect must not
//! do is take an `https` URL down to `http`.

use super::failure::{self, Call};
use super::http::{HttpService, Pace};
use super::printable::shown_url;
use super::video::{self, Flaw};
use super::{Failure, Verdict, Video, reason};
use crate::base::digest::Hasher;
use crate::base::durable;
use reqwest::header::{self, HeaderMap};
use reqwest::{Response, StatusCode, redirect};
use std::io;
use std::path::Path;
use tokio::fs::File;
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _, BufWriter};
use tokio::time::{Instant, timeout};
use url::{Host, Url};

/// Bytes of a video at most; the longest that the service makes has some dozen MB.
const VIDEO: u64 = 4 * 1024 * 1024 * 1024;

/// Redirects at most.
const REDIRECTS: usize = 10;

/// Times that one call takes up a broken transfer; the engine's tries come on top.
const RESUMES: u32 = 5;

/// Fetches `url` to a temporary file beside `destination`.
pub(super) async fn download(
    service: &HttpService,
    url: &str,
    destination: &Path,
    advance: impl Fn(u64) + Send + Sync,
) -> Result<Video, Failure> {
    let parsed = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = parsed.ok_or_else(|| {
        failure::of(Call::Download, Verdict::Final, "url", "what the service lists is no URL of the web")
    })?;
    let (file, path) = durable::temporary_beside(destination).map_err(|error| disk(destination, &error))?.into_parts();
    let mut fetch = Fetch { service, shown: shown_url(&url), url, destination, advance, told: 0 };
    let mut partial = Partial::new(File::from_std(file));
    let mut resumes = 0;
    loop {
        match fetch.attempt(&mut partial).await {
            Ok(()) => break,
            Err(Stopped::Failed(failure)) => return Err(failure),
            Err(Stopped::Broken(why)) if resumes < RESUMES && partial.resumable() => {
                resumes += 1;
                tracing::debug!(from = partial.received, why, "a download is taken up again");
            }
            Err(Stopped::Broken(why)) => return Err(failure::broken(Call::Download, &why)),
        }
    }
    let Partial { file, hasher, received, .. } = partial;
    let mut file = file.into_inner().into_std().await;
    let checked = tokio::task::spawn_blocking(move || video::check(&mut file, received)).await;
    match checked.unwrap_or_else(|panic| Err(Flaw::Unreadable(io::Error::other(panic)))) {
        Ok(()) => Ok(Video { file: path, sha256: hasher.finish(), bytes: received }),
        Err(Flaw::Unreadable(error)) => Err(disk(destination, &error)),
        Err(flaw) => Err(fetch.no_video(&flaw.to_string())),
    }
}

/// Follows a few redirects, none of them from `https` down to `http`.
pub(super) fn redirects() -> redirect::Policy {
    redirect::Policy::custom(|attempt| {
        let secure = attempt.previous().iter().any(|url| url.scheme() == "https");
        match attempt.url().scheme() {
            _ if attempt.previous().len() > REDIRECTS => attempt.error("too many redirects"),
            "https" => attempt.follow(),
            "http" if !secure || is_loopback(attempt.url()) => attempt.follow(),
            "http" => attempt.error("it leads from https to http"),
            _ => attempt.error("it leads out of the web"),
        }
    })
}

/// Why an attempt ended early.
enum Stopped {
    /// On the way: what came may be continued.
    Broken(String),
    /// For good, for this call.
    Failed(Failure),
}

/// What came so far.
struct Partial {
    file: BufWriter<File>,
    hasher: Hasher,
    received: u64,
    announced: Option<u64>,
    /// What tells that a later reply is of the same file: a strong `ETag`, or a date.
    validator: Option<header::HeaderValue>,
}

impl Partial {
    fn new(file: File) -> Partial {
        let file = BufWriter::with_capacity(256 * 1024, file);
        Partial { file, hasher: Hasher::default(), received: 0, announced: None, validator: None }
    }

    fn resumable(&self) -> bool {
        self.received > 0 && self.validator.is_some() && self.announced.is_some_and(|all| self.received < all)
    }

    /// Forgets what came.
    async fn restart(&mut self) -> io::Result<()> {
        self.file.flush().await?;
        self.file.rewind().await?;
        self.file.get_mut().set_len(0).await?;
        (self.hasher, self.received, self.announced, self.validator) = (Hasher::default(), 0, None, None);
        Ok(())
    }

    async fn take_in(&mut self, chunk: &[u8]) -> io::Result<()> {
        self.file.write_all(chunk).await?;
        self.hasher.update(chunk);
        self.received += chunk.len() as u64;
        Ok(())
    }
}

/// One video that is being fetched.
struct Fetch<'a, A> {
    service: &'a HttpService,
    url: Url,
    shown: String,
    destination: &'a Path,
    advance: A,
    /// Bytes that were told of.
    told: u64,
}

impl<A: Fn(u64)> Fetch<'_, A> {
    /// Sends one request and takes in what comes.
    async fn attempt(&mut self, partial: &mut Partial) -> Result<(), Stopped> {
        let resuming = partial.resumable();
        let mut request = self.service.fetching.get(self.url.clone()).header(header::ACCEPT_ENCODING, "identity");
        if resuming {
            request = request.header(header::RANGE, format!("bytes={}-", partial.received));
            request = request.headers(partial.validator.iter().map(|v| (header::IF_RANGE, v.clone())).collect());
        }
        let silence = self.service.limits.silence;
        let response = match timeout(silence, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(self.unsent(error)),
            Err(_) => return Err(Stopped::Broken(format!("{} did not reply in time", self.shown))),
        };
        if !(resuming && continues(&response, partial)) {
            self.judge(&response).map_err(Stopped::Failed)?;
            partial.restart().await.map_err(|error| self.disk(&error))?;
            partial.announced = response.content_length().filter(|_| plain(response.headers()));
            partial.validator = validator(response.headers());
        }
        self.drain(response, partial).await
    }

    /// Takes in a reply's body.
    async fn drain(&mut self, mut response: Response, partial: &mut Partial) -> Result<(), Stopped> {
        let limits = self.service.limits;
        let mut meter = Meter::new(limits.pace);
        loop {
            let chunk = match timeout(limits.silence, response.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => break,
                Ok(Err(error)) => return Err(Stopped::Broken(reason::sentence(error, &self.shown))),
                Err(_) => return Err(Stopped::Broken(format!("{} fell silent", self.shown))),
            };
            if partial.received + chunk.len() as u64 > VIDEO {
                return Err(Stopped::Failed(self.too_long()));
            }
            partial.take_in(&chunk).await.map_err(|error| self.disk(&error))?;
            if let Some(news) = partial.received.checked_sub(self.told).filter(|news| *news > 0) {
                (self.advance)(news);
                self.told = partial.received;
            }
            if meter.is_too_slow(chunk.len() as u64) {
                return Err(Stopped::Failed(failure::broken(
                    Call::Download,
                    &format!("{} sends too slowly", self.shown),
                )));
            }
        }
        partial.file.flush().await.map_err(|error| self.disk(&error))?;
        match partial.announced {
            Some(announced) if announced != partial.received => Err(Stopped::Broken(format!(
                "{} announced {announced} bytes and sent {}",
                self.shown, partial.received
            ))),
            _ => Ok(()),
        }
    }

    /// Whether a reply's head promises a video.
    fn judge(&self, response: &Response) -> Result<(), Failure> {
        let status = response.status();
        if status != StatusCode::OK {
            let verdict = failure::download_status(
                status.as_u16(),
                self.service.retry_after(response.headers()),
                self.is_at_home(),
            );
            let message = format!("{}: HTTP {}", self.shown, status.as_u16());
            return Err(failure::of(Call::Download, verdict, status.as_str(), &message));
        }
        let media_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = media_type.unwrap_or_default().to_ascii_lowercase();
        match media_type.split(';').next().unwrap_or_default().trim() {
            "text/html" => Err(self.no_video("it is a page of HTML")),
            "application/json" => Err(self.no_video("it is JSON")),
            _ if response.content_length().is_some_and(|length| length > VIDEO) => Err(self.too_long()),
            _ => Ok(()),
        }
    }

    /// A request that got no reply.
    fn unsent(&self, error: reqwest::Error) -> Stopped {
        if error.is_connect() && self.is_at_home() {
            return Stopped::Failed(failure::no_connection(Call::Download, &reason::sentence(error, &self.shown)));
        }
        Stopped::Broken(reason::sentence(error, &self.shown))
    }

    /// Whether the video lies on the service itself.
    fn is_at_home(&self) -> bool {
        Url::parse(&self.service.base.to_string()).is_ok_and(|base| base.origin() == self.url.origin())
    }

    fn no_video(&self, why: &str) -> Failure {
        failure::of(
            Call::Download,
            Verdict::Again(None),
            "no-video",
            &format!("{} is not a whole video: {why}", self.shown),
        )
    }

    fn too_long(&self) -> Failure {
        failure::of(
            Call::Download,
            Verdict::Final,
            "too-long",
            &format!("{} is longer than any video of the service", self.shown),
        )
    }

    fn disk(&self, error: &io::Error) -> Stopped {
        Stopped::Failed(disk(self.destination, error))
    }
}

/// Whether a reply goes on exactly where `partial` ends.
fn continues(response: &Response, partial: &Partial) -> bool {
    let Some(all) = partial.announced else { return false };
    let wanted = format!("bytes {}-{}/{all}", partial.received, all - 1);
    let range = response.headers().get(header::CONTENT_RANGE).and_then(|value| value.to_str().ok());
    response.status() == StatusCode::PARTIAL_CONTENT && plain(response.headers()) && range == Some(wanted.as_str())
}

/// Whether the body is the file itself, not an encoding of it.
fn plain(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_ENCODING).is_none_or(|value| value == "identity")
}

/// What a later reply can be held against, where the server takes ranges at all.
fn validator(headers: &HeaderMap) -> Option<header::HeaderValue> {
    headers.get(header::ACCEPT_RANGES).filter(|value| *value == "bytes")?;
    let tag = headers.get(header::ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/"));
    tag.or_else(|| headers.get(header::LAST_MODIFIED)).cloned()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn disk(destination: &Path, error: &io::Error) -> Failure {
    failure::local(Call::Download, &format!("writing {}: {error}", destination.display()))
}

/// Notices a transfer that drips: never silent, and never done.
struct Meter {
    pace: Pace,
    since: Instant,
    bytes: u64,
}

impl Meter {
    fn new(pace: Pace) -> Meter {
        Meter { pace, since: Instant::now(), bytes: 0 }
    }

    /// Counts more bytes in; looks at each stretch of time by itself.
    fn is_too_slow(&mut self, bytes: u64) -> bool {
        self.bytes += bytes;
        if self.since.elapsed() < self.pace.per {
            return false;
        }
        let slow = self.bytes < self.pace.bytes;
        *self = Meter::new(self.pace);
        slow
    }
}
