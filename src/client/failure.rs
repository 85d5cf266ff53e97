//! Failures of calls: their names, and the interpretation of replies to uploads, downloads and requests for remote
//! images. The meaning of replies about money is decided in `verdict`.

use super::printable::{EXCERPT, printable};
use super::verdict::{query, telling};
use super::wire::{Envelope, NoUrl};
use super::{Failure, NO_CONNECTION, NO_URL, NO_WAY, Progress, Verdict};
use crate::service::call::Call;
use crate::service::names::TaskId;
use reqwest::StatusCode;
use std::time::Duration;

/// The outcome of a request, not yet judged.
#[derive(Clone, Debug)]
pub enum Exchange {
    /// No connection was made, so nothing was sent.
    NoConnection(String),
    /// No connection was made, and none will be until a person changes something.
    NoWay(String),
    /// The connection broke or timed out, and it isn't known how much of the request was sent.
    Broken(String),
    /// At least the head of a reply arrived.
    Reply(Reply),
}

/// A reply of the service.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The pause that `Retry-After` requests.
    pub retry_after: Option<Duration>,
    /// The host that a redirect points to.
    pub location: Option<String>,
    /// The sender's own name (`Server`).
    pub server: Option<String>,
    /// The recipient: the service's host and port.
    pub host: String,
    /// The body, as far as it arrived.
    pub body: Vec<u8>,
    /// The reason why the body is incomplete, if it is.
    pub flaw: Option<String>,
}

/// Returns the status of `task`.
///
/// # Errors
/// Fails if the reply reports a failure, or has no status.
pub fn progress(exchange: Exchange, task: &TaskId) -> Result<Progress, Failure> {
    let call = Call::Status;
    query(call, exchange)?.progress(task).ok_or_else(|| nonsense(call, "the reply has no status of this task in it"))
}

/// Returns the URLs of the videos of `task`: at least one, all http(s).
///
/// # Errors
/// Fails if the reply reports a failure, lists no videos yet, or has no list.
pub fn videos(exchange: Exchange, task: &TaskId) -> Result<Vec<String>, Failure> {
    let call = Call::Result;
    match query(call, exchange)?.videos(task) {
        Ok(urls) if !urls.is_empty() => Ok(urls),
        Ok(_) => Err(of(call, Verdict::Again(None), "not-ready", "no videos are listed yet")),
        Err(NoUrl::Absent) => Err(nonsense(call, "the reply has no list of URLs of this task in it")),
        Err(NoUrl::Other(what)) => {
            Err(nonsense(call, &format!("the reply lists {what} in the place of a video's URL")))
        }
    }
}

/// Returns the URL of an uploaded image.
///
/// # Errors
/// Fails if the reply reports a failure, or has no URL.
pub fn upload(exchange: Exchange) -> Result<String, Failure> {
    let call = Call::Upload;
    answer(call, exchange)?.upload().map_err(|no_url| match no_url {
        NoUrl::Absent => nonsense(call, "the reply has no URL of the image in it"),
        NoUrl::Other(what) => {
            let why = format!("the reply has {what} in the place of the image's URL");
            of(call, Verdict::Again(None), NO_URL, &why)
        }
    })
}

/// Returns the envelope of a successful reply to an upload; any other reply is a failure.
fn answer(call: Call, exchange: Exchange) -> Result<Envelope, Failure> {
    let reply = match exchange {
        Exchange::NoConnection(why) => return Err(no_connection(call, &why)),
        Exchange::NoWay(why) => return Err(of(call, Verdict::NoWay, NO_WAY, &why)),
        Exchange::Broken(why) => return Err(broken(call, &why)),
        Exchange::Reply(reply) => reply,
    };
    let envelope = Envelope::read(&reply.body);
    match (reply.status, envelope.code, &reply.flaw) {
        (200..=299, Some(0), None) => Ok(envelope),
        (200..=299, None | Some(0), _) => {
            Err(nonsense(call, &format!("{}; the reply makes no sense: {}", words(&reply, &envelope), excerpt(&reply))))
        }
        (status, code, _) => {
            let code = telling(status, code);
            let verdict = match code {
                401..=403 => Verdict::Stop,
                404 => Verdict::Gone,
                503 => Verdict::Unreachable(reply.retry_after),
                300..=407 | 409..=428 | 430..=499 => Verdict::Final,
                _ => Verdict::Again(reply.retry_after),
            };
            Err(of(call, verdict, &code.to_string(), &words(&reply, &envelope)))
        }
    }
}

/// Returns the failure of a download with another status than 200. The videos may be on other hosts than the service,
/// so none of these failures stops the run; 503 makes the whole run wait only if it is the service's own (`at_home`).
pub(super) fn download(shown: &str, status: u16, pause: Option<Duration>, at_home: bool) -> Failure {
    let verdict = match status {
        403 | 404 | 410 => Verdict::Gone,
        503 if at_home => Verdict::Unreachable(pause),
        _ => Verdict::Again(pause),
    };
    of(Call::Download, verdict, &status.to_string(), &format!("{shown}: HTTP {status}"))
}

/// Content received instead of a video.
#[derive(Clone, Copy, Debug)]
pub(super) enum FoundNoVideo<'a> {
    /// There was no URL.
    NoUrl,
    /// Something other than a complete video, in words.
    Broken(&'a str),
    /// Something endless.
    TooLong,
}

/// Returns the failure of a download that got no complete video.
pub(super) fn no_video(shown: &str, found: FoundNoVideo<'_>) -> Failure {
    let (verdict, why) = match found {
        FoundNoVideo::NoUrl => (Verdict::Final, "no URL of the web"),
        FoundNoVideo::Broken(why) => (Verdict::Again(None), why),
        FoundNoVideo::TooLong => (Verdict::Final, "longer than any video of the service"),
    };
    of(Call::Download, verdict, "no-video", &format!("{shown} is not a whole video: {why}"))
}

/// Returns the failure of a remote image with another status than 200. Its host is not the service: no such failure
/// stops or delays the run.
pub(super) fn image(shown: &str, status: u16, pause: Option<Duration>) -> Failure {
    let verdict = match status {
        408 | 429 | 500..=599 => Verdict::Again(pause),
        _ => Verdict::Final,
    };
    of(Call::Image, verdict, &status.to_string(), &format!("{shown}: HTTP {status}"))
}

/// Returns the failure of a request that got something other than an image, in words.
pub(super) fn no_image(shown: &str, why: &str) -> Failure {
    of(Call::Image, Verdict::Final, "no-image", &format!("{shown} {why}"))
}

/// Returns a failure of `call`, with a `code` for machines and the cause for people.
pub(super) fn of(call: Call, verdict: Verdict, code: &str, why: &str) -> Failure {
    Failure { verdict, code: code.to_owned(), message: format!("{call}: {why}") }
}

/// Returns a failure before anything was sent.
pub(super) fn no_connection(call: Call, why: &str) -> Failure {
    of(call, Verdict::Unreachable(None), NO_CONNECTION, why)
}

/// Returns a failure on the way.
pub(super) fn broken(call: Call, why: &str) -> Failure {
    of(call, Verdict::Again(None), "broken", why)
}

/// Returns the failure of a reply that makes no sense.
pub(super) fn nonsense(call: Call, why: &str) -> Failure {
    of(call, Verdict::Again(None), "nonsense", why)
}

/// Returns a failure of this machine.
pub(super) fn local(call: Call, why: &str) -> Failure {
    of(call, Verdict::Local, "local", why)
}

/// Returns the reply in words for people.
pub(super) fn words(reply: &Reply, envelope: &Envelope) -> String {
    let mut words = format!("HTTP {}", reply.status);
    let usual = StatusCode::from_u16(reply.status).ok().filter(|status| !status.is_success());
    if let Some(usual) = usual.and_then(|status| status.canonical_reason()) {
        words += &format!(" {usual}");
    }
    if let Some(code) = envelope.code {
        words += &format!(", code {code}");
    }
    if !envelope.message.is_empty() {
        words += &format!(": {}", envelope.message);
    }
    if let Some(host) = &reply.location {
        words += &format!("; a redirect to {host}, which is not followed: is the base URL right?");
    }
    if let Some(flaw) = &reply.flaw {
        words += &format!("; {flaw}");
    }
    words
}

/// Returns the sender of a reply and its host, for people who look for it.
pub(super) fn place(reply: &Reply) -> String {
    let by = reply.server.as_ref().map(|server| format!(" by {server}")).unwrap_or_default();
    let at = if reply.host.is_empty() { String::new() } else { format!(" at {}", reply.host) };
    format!("{by}{at}")
}

/// Returns the beginning of a body, for a person to judge.
pub(super) fn excerpt(reply: &Reply) -> String {
    match printable(&String::from_utf8_lossy(&reply.body), EXCERPT) {
        empty if empty.is_empty() => "it is empty".to_owned(),
        text => text,
    }
}
