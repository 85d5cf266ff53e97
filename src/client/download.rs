//! Fetches a video: streamed to a temporary file, hashed on the way, and resumed where the connection broke.
//!
//! Plain `http` is allowed here, unlike for the API: no secret travels, and a video is not executed. Redirects from
//! `https` to `http` are never followed. The content type that a server names doesn't matter: the bytes decide.

use super::connection::HttpService;
use super::failure::{self, FoundNoVideo};
use super::meter::Meter;
use super::partial::{Content, Continuation, Partial};
use super::printable::shown_url;
use super::representation::length_of_whole;
use super::stopped::Stopped;
use super::unpack::{Unpacked, unpack};
use super::video::{self, End, Flaw};
use super::{Failure, Undelivered, Video, length, reason};
use crate::base::durable;
use crate::service::call::Call;
use bytes::Bytes;
use reqwest::header::{self, HeaderMap};
use reqwest::{Response, StatusCode};
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::time::timeout;
use url::Url;

/// Largest accepted video, in bytes; the longest that the service makes has some dozen MB.
pub(super) const LONGEST: u64 = 4 * 1024 * 1024 * 1024;

/// Maximum number of times that one call resumes a broken transfer; the engine's retries come on top.
const RESUMES: u32 = 5;

/// Fetches `url` to a temporary file next to `destination`.
pub(super) async fn download(
    service: &HttpService,
    url: &str,
    destination: &Path,
    advance: impl Fn(u64, Option<u64>) + Send + Sync,
) -> Result<Video, Undelivered> {
    let source = Source::new(url, service)?;
    let disk = |error: io::Error| failure::local(Call::Download, &format!("{}: {error}", destination.display()));
    let temporary = || durable::temporary_beside(destination, &service.temporaries).map_err(disk);
    let mut partial = Partial::new(temporary()?);
    let broken = match transfer(service, &source, &mut partial, &advance).await {
        Ok(()) => None,
        Err(Stopped::Disk(error)) => return Err(disk(error).into()),
        Err(Stopped::Failed(failure)) => return Err(failure.into()),
        Err(Stopped::Broken(why)) => Some(failure::broken(Call::Download, &why)),
    };
    let (announced, encoding, received) = (partial.announced(), partial.encoding(), partial.received());
    let look = move |mut content: &mut dyn Content| Ok::<_, io::Error>(video::check(&mut content, received));
    let (file, sha256, mut looked) = partial.finish(look).await.map_err(disk)?;
    let mut video = Video { file, sha256, bytes: received };
    if let (Err(flaw), Some(encoding)) = (&looked, encoding)
        && flaw.may_be_packed()
        && let Some(Unpacked { file, sha256, bytes, end }) =
            unpacked(&video, encoding, temporary()?).await.map_err(disk)?
    {
        (video, looked) = (Video { file, sha256, bytes }, Ok(end));
    }
    let doubtful = |failure, video| Err(Undelivered { failure, doubtful: Some(Box::new(video)) });
    let end = match (looked, broken) {
        (Err(Flaw::Unreadable(error)), _) => return Err(disk(error).into()),
        (Ok(end), None) => end,
        // Complete by its own structure, but not by the length that the server announced.
        (Ok(_), Some(broken)) => return doubtful(broken, video),
        (Err(_), Some(broken)) => return Err(broken.into()),
        (Err(flaw), None) => {
            let failure = failure::no_video(&source.shown, FoundNoVideo::Broken(&flaw.to_string()));
            return if flaw.is_doubtful() { doubtful(failure, video) } else { Err(failure.into()) };
        }
    };
    if end == End::Proven || announced.is_some() {
        return Ok(video);
    }
    match length::ask(service, &source, received).await {
        Ok(length) if length == received => Ok(video),
        Ok(length) => {
            let why = format!("{received} bytes came, and asked again its server says that it has {length}");
            doubtful(failure::no_video(&source.shown, FoundNoVideo::Broken(&why)), video)
        }
        Err(failure) => doubtful(failure, video),
    }
}

/// Unpacks a video on a blocking thread.
async fn unpacked(video: &Video, encoding: String, into: tempfile::NamedTempFile) -> io::Result<Option<Unpacked>> {
    let packed = video.file.reopen()?;
    tokio::task::spawn_blocking(move || unpack(packed, &encoding, into, LONGEST)).await.map_err(io::Error::other)?
}

/// The location of a video.
pub(super) struct Source {
    pub(super) url: Url,
    /// The URL without its query, for messages.
    pub(super) shown: String,
    /// `true` if it is on the service itself.
    at_home: bool,
}

impl Source {
    fn new(url: &str, service: &HttpService) -> Result<Source, Failure> {
        let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let url = url.ok_or_else(|| failure::no_video("what the service lists", FoundNoVideo::NoUrl))?;
        Ok(Source { shown: shown_url(&url), at_home: service.base.is_origin_of(&url), url })
    }
}

/// Requests the video, and the rest of it when the connection breaks.
async fn transfer(
    service: &HttpService,
    source: &Source,
    partial: &mut Partial,
    advance: &(impl Fn(u64, Option<u64>) + Send + Sync),
) -> Result<(), Stopped> {
    let mut resumes = 0;
    loop {
        let why = match request(service, source, partial, advance).await {
            Ok(Came::All) => return Ok(()),
            Ok(Came::Another) if resumes < RESUMES => {
                partial.forget().await?;
                format!("{} is another file now", source.shown)
            }
            Ok(Came::Another) => return Err(Stopped::Broken(format!("{} is another file each time", source.shown))),
            Err(Stopped::Broken(why)) if resumes < RESUMES && partial.range().is_some() => why,
            Err(stopped) => return Err(stopped),
        };
        resumes += 1;
        tracing::debug!(url = source.shown, from = partial.received(), why, "a download is taken up again");
    }
}

/// The outcome of a request.
enum Came {
    /// Everything that was announced.
    All,
    /// A part of a different file than the one begun.
    Another,
}

/// Sends one request and reads the reply.
async fn request(
    service: &HttpService,
    source: &Source,
    partial: &mut Partial,
    advance: &(impl Fn(u64, Option<u64>) + Send + Sync),
) -> Result<Came, Stopped> {
    let range = partial.range();
    let resuming = range.is_some();
    let response = send(service, source, range.unwrap_or_default()).await?;
    tracing::debug!(url = source.shown, status = response.status().as_u16(), resuming, "downloading");
    match if resuming { partial.continuation(&response) } else { Continuation::None } {
        Continuation::Rest => {}
        Continuation::Another => return Ok(Came::Another),
        Continuation::None => {
            judge(service, source, &response).map_err(Stopped::Failed)?;
            partial.begin(&response).await?;
        }
    }
    drain(service, source, response, partial, advance).await.map(|()| Came::All)
}

/// Sends a request for the video, or for a part of it.
pub(super) async fn send(service: &HttpService, source: &Source, part: HeaderMap) -> Result<Response, Stopped> {
    let shown = &source.shown;
    let request = service.fetching.get(source.url.clone()).header(header::ACCEPT_ENCODING, "identity");
    match timeout(service.limits.silence, request.headers(part).send()).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) if error.is_connect() && source.at_home => {
            Err(Stopped::Failed(failure::no_connection(Call::Download, &reason::sentence(&error, shown))))
        }
        Ok(Err(error)) => Err(Stopped::Broken(reason::sentence(&error, shown))),
        Err(_) => Err(Stopped::Broken(format!("{shown} did not reply in time"))),
    }
}

/// Checks whether a reply's head promises all of a file; its content type doesn't matter.
pub(super) fn judge(service: &HttpService, source: &Source, response: &Response) -> Result<(), Failure> {
    let (status, headers) = (response.status(), response.headers());
    let is_all = matches!(status, StatusCode::OK | StatusCode::NON_AUTHORITATIVE_INFORMATION)
        || length_of_whole(status, headers).is_some();
    if !is_all {
        return Err(failure::download(&source.shown, status.as_u16(), service.retry_after(headers), source.at_home));
    }
    if response.content_length().is_some_and(|length| length > LONGEST) {
        return Err(failure::no_video(&source.shown, FoundNoVideo::TooLong));
    }
    Ok(())
}

/// Reads a reply's body.
async fn drain(
    service: &HttpService,
    source: &Source,
    response: Response,
    partial: &mut Partial,
    advance: &(impl Fn(u64, Option<u64>) + Send + Sync),
) -> Result<(), Stopped> {
    let shown = &source.shown;
    let mut body = Body::of(response, service);
    while let Some(chunk) = body.next(shown).await? {
        if partial.received() + chunk.len() as u64 > LONGEST {
            return Err(Stopped::Failed(failure::no_video(shown, FoundNoVideo::TooLong)));
        }
        partial.take_in(&chunk).await?;
        advance(partial.received(), partial.announced());
    }
    match partial.mismatch() {
        None => Ok(()),
        Some(announced) => {
            Err(Stopped::Broken(format!("{shown} announced {announced} bytes and sent {}", partial.received())))
        }
    }
}

/// The body of a reply, which may neither stall nor trickle.
pub(super) struct Body {
    response: Response,
    silence: Duration,
    meter: Meter,
}

impl Body {
    /// Returns the body of a reply, from its beginning.
    pub(super) fn of(response: Response, service: &HttpService) -> Body {
        Body { response, silence: service.limits.silence, meter: Meter::new(service.limits.download) }
    }

    /// Returns the next chunk, or `None` at the end.
    pub(super) async fn next(&mut self, shown: &str) -> Result<Option<Bytes>, Stopped> {
        let chunk = match timeout(self.silence, self.response.chunk()).await {
            Ok(Ok(chunk)) => chunk,
            Ok(Err(error)) => return Err(Stopped::Broken(reason::sentence(&error, shown))),
            Err(_) => return Err(Stopped::Broken(format!("{shown} fell silent"))),
        };
        let bytes = chunk.as_ref().map(|chunk| chunk.len() as u64);
        if bytes.is_some_and(|bytes| self.meter.is_too_slow(bytes)) {
            return Err(Stopped::Broken(format!("{shown} sends too slowly")));
        }
        Ok(chunk)
    }
}
