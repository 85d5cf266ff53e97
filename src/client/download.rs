//! Fetches a video: streamed to a temporary file, hashed on the way, taken up again where the connection broke.
//!
//! Plain `http` is allowed here, unlike for the API: no secret travels, and a video is no program. Only from `https` down to
//! `http` no redirect is followed.

use super::failure::{self, Call, FoundNoVideo};
use super::http::HttpService;
use super::meter::Meter;
use super::partial::Partial;
use super::printable::shown_url;
use super::stopped::Stopped;
use super::video::{self, Flaw};
use super::{Failure, Video, reason};
use crate::base::durable;
use crate::spec::address::is_loopback;
use reqwest::{Response, StatusCode, header};
use std::io;
use std::path::Path;
use tokio::time::timeout;
use url::Url;

/// Bytes of a video at most; the longest that the service makes has some dozen MB.
const LONGEST: u64 = 4 * 1024 * 1024 * 1024;

/// Redirects at most.
const REDIRECTS: usize = 10;

/// Times that one call takes up a broken transfer; the engine's tries come on top.
const RESUMES: u32 = 5;

/// Fetches `url` to a temporary file beside `destination`.
pub(super) async fn download(
    service: &HttpService,
    url: &str,
    destination: &Path,
    advance: impl Fn(u64, Option<u64>) + Send + Sync,
) -> Result<Video, Failure> {
    let source = Source::new(url, service)?;
    let disk = |error: io::Error| failure::local(Call::Download, &format!("{}: {error}", destination.display()));
    let file = durable::temporary_beside(destination, &service.temporaries).map_err(disk)?;
    let mut partial = Partial::new(file);
    transfer(service, &source, &mut partial, &advance).await.map_err(|stopped| match stopped {
        Stopped::Disk(error) => disk(error),
        Stopped::Broken(why) => failure::broken(Call::Download, &why),
        Stopped::Failed(failure) => failure,
    })?;
    let bytes = partial.received();
    match partial.finish(move |mut content| video::check(&mut content, bytes)).await {
        Ok((file, sha256, ())) => Ok(Video { file, sha256, bytes }),
        Err(Flaw::Unreadable(error)) => Err(disk(error)),
        Err(flaw) => Err(failure::no_video(&source.shown, FoundNoVideo::Broken(&flaw.to_string()))),
    }
}

/// Whether a redirect from the last of `previous` to `next` may be followed; if not, why.
pub(super) fn may_follow(previous: &[Url], next: &Url) -> Result<(), &'static str> {
    let secure = previous.iter().any(|url| url.scheme() == "https");
    match next.scheme() {
        _ if previous.len() > REDIRECTS => Err("there are too many of them"),
        "https" => Ok(()),
        "http" if !secure || is_loopback(next) => Ok(()),
        "http" => Err("it leads from https down to http"),
        _ => Err("it leads out of the web"),
    }
}

/// Where a video is.
struct Source {
    url: Url,
    /// Without its query, for people.
    shown: String,
    /// Whether it lies on the service itself.
    at_home: bool,
}

impl Source {
    fn new(url: &str, service: &HttpService) -> Result<Source, Failure> {
        let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let url = url.ok_or_else(|| failure::no_video("what the service lists", FoundNoVideo::NoUrl))?;
        Ok(Source { shown: shown_url(&url), at_home: service.base.is_origin_of(&url), url })
    }
}

/// Requests the video, and its rest where the connection broke.
async fn transfer(
    service: &HttpService,
    source: &Source,
    partial: &mut Partial,
    advance: &(impl Fn(u64, Option<u64>) + Send + Sync),
) -> Result<(), Stopped> {
    let mut resumes = 0;
    loop {
        match request(service, source, partial, advance).await {
            Err(Stopped::Broken(why)) if resumes < RESUMES && partial.range().is_some() => {
                resumes += 1;
                tracing::debug!(url = source.shown, from = partial.received(), why, "a download is taken up again");
            }
            ended => return ended,
        }
    }
}

/// Sends one request and takes in what comes.
async fn request(
    service: &HttpService,
    source: &Source,
    partial: &mut Partial,
    advance: &(impl Fn(u64, Option<u64>) + Send + Sync),
) -> Result<(), Stopped> {
    let shown = &source.shown;
    let range = partial.range();
    let resuming = range.is_some();
    let request = service.fetching.get(source.url.clone()).header(header::ACCEPT_ENCODING, "identity");
    let response = match timeout(service.limits.silence, request.headers(range.unwrap_or_default()).send()).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) if error.is_connect() && source.at_home => {
            return Err(Stopped::Failed(failure::no_connection(Call::Download, &reason::sentence(&error, shown))));
        }
        Ok(Err(error)) => return Err(Stopped::Broken(reason::sentence(&error, shown))),
        Err(_) => return Err(Stopped::Broken(format!("{shown} did not reply in time"))),
    };
    tracing::debug!(url = shown, status = response.status().as_u16(), resuming, "downloading");
    if !(resuming && partial.is_continued_by(&response)) {
        judge(service, source, &response).map_err(Stopped::Failed)?;
        partial.begin(&response).await?;
    }
    drain(service, source, response, partial, advance).await
}

/// Whether a reply's head promises a video.
fn judge(service: &HttpService, source: &Source, response: &Response) -> Result<(), Failure> {
    let status = response.status();
    if status != StatusCode::OK {
        let pause = service.retry_after(response.headers());
        return Err(failure::download(&source.shown, status.as_u16(), pause, source.at_home));
    }
    let media_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.unwrap_or_default().to_ascii_lowercase();
    let found = match media_type.split(';').next().unwrap_or_default().trim() {
        "text/html" => FoundNoVideo::Broken("it is a page of HTML"),
        "application/json" => FoundNoVideo::Broken("it is JSON"),
        _ if response.content_length().is_some_and(|length| length > LONGEST) => FoundNoVideo::TooLong,
        _ => return Ok(()),
    };
    Err(failure::no_video(&source.shown, found))
}

/// Takes in a reply's body.
async fn drain(
    service: &HttpService,
    source: &Source,
    mut response: Response,
    partial: &mut Partial,
    advance: &(impl Fn(u64, Option<u64>) + Send + Sync),
) -> Result<(), Stopped> {
    let shown = &source.shown;
    let mut meter = Meter::new(service.limits.download);
    loop {
        let chunk = match timeout(service.limits.silence, response.chunk()).await {
            Ok(Ok(Some(chunk))) => chunk,
            Ok(Ok(None)) => break,
            Ok(Err(error)) => return Err(Stopped::Broken(reason::sentence(&error, shown))),
            Err(_) => return Err(Stopped::Broken(format!("{shown} fell silent"))),
        };
        if partial.received() + chunk.len() as u64 > LONGEST {
            return Err(Stopped::Failed(failure::no_video(shown, FoundNoVideo::TooLong)));
        }
        partial.take_in(&chunk).await?;
        advance(partial.received(), partial.announced());
        if meter.is_too_slow(chunk.len() as u64) {
            return Err(Stopped::Broken(format!("{shown} sends too slowly")));
        }
    }
    match partial.mismatch() {
        None => Ok(()),
        Some(announced) => {
            Err(Stopped::Broken(format!("{shown} announced {announced} bytes and sent {}", partial.received())))
        }
    }
}
