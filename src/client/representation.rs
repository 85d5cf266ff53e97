//! A reply's headers about the file that it sends: with them, a later part is told from a part of another file.

use super::retry;
use jiff::SignedDuration;
use reqwest::StatusCode;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Age from which a `Last-Modified` date identifies a file: at least this much older than the reply (RFC 9110, 8.8.2.2).
const TICK: SignedDuration = SignedDuration::from_secs(1);

/// A reply's headers about the file that it sends.
#[derive(Clone, Debug, Default)]
pub(super) struct Representation {
    tag: Option<HeaderValue>,
    modified: Option<HeaderValue>,
    /// The content encoding.
    encoding: Option<HeaderValue>,
    /// The validator for a request for the rest; `None` if none is reliable, or the server sends no parts.
    validator: Option<HeaderValue>,
}

impl Representation {
    /// Reads the headers of a reply.
    pub(super) fn of(headers: &HeaderMap) -> Representation {
        let value = |name: HeaderName| headers.get(name).cloned();
        let (tag, modified) = (value(header::ETAG), value(header::LAST_MODIFIED));
        let sends_parts = headers.get(header::ACCEPT_RANGES).is_some_and(|value| value == "bytes");
        let strong = tag.clone().filter(is_strong);
        let dated = || modified.clone().filter(|modified| is_settled(modified, headers.get(header::DATE)));
        let validator = strong.or_else(dated).filter(|_| sends_parts);
        Representation { tag, modified, encoding: value(header::CONTENT_ENCODING), validator }
    }

    /// Returns the validator for a request for the rest.
    pub(super) fn validator(&self) -> Option<&HeaderValue> {
        self.validator.as_ref()
    }

    /// Returns the name of the content encoding.
    pub(super) fn encoding(&self) -> Option<&str> {
        self.encoding.as_ref()?.to_str().ok()
    }

    /// Returns whether a part is of the same file. Some servers ignore the condition of a range request, and only the
    /// part's headers tell (RFC 9110, 15.3.7.3).
    pub(super) fn has_part(&self, part: &HeaderMap) -> bool {
        let part = Representation::of(part);
        let differs =
            |ours: &Option<HeaderValue>, its: &Option<HeaderValue>| ours.is_some() && its.is_some() && ours != its;
        if differs(&self.encoding, &part.encoding) {
            return false;
        }
        let has_tag = match (&self.tag, &part.tag) {
            (Some(ours), its) if is_strong(ours) => its.as_ref() == Some(ours),
            (Some(ours), Some(its)) => opaque(ours) == opaque(its),
            _ => true,
        };
        // A tag is no proof: Tornado keeps that of the first file that it saw under a name.
        has_tag && !differs(&self.modified, &part.modified)
    }
}

/// Returns the length of the file if a reply is all of it: a 206 may be, even for a request without a range.
pub(super) fn length_of_whole(status: StatusCode, headers: &HeaderMap) -> Option<u64> {
    let (range, length) = (content_range(headers)?, length_of_file(headers)?);
    (status == StatusCode::PARTIAL_CONTENT && length > 0 && range == format!("0-{}", length - 1)).then_some(length)
}

/// Returns the length of the whole file of a partial reply, if it names one.
pub(super) fn length_of_file(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.rsplit_once('/')?.1.trim().parse().ok()
}

/// Returns the range of bytes in a reply, such as `20-43`.
pub(super) fn content_range(headers: &HeaderMap) -> Option<&str> {
    let range = headers.get(header::CONTENT_RANGE)?.to_str().ok()?.trim();
    let (unit, range) = range.split_once(' ')?;
    let (bytes, _) = range.rsplit_once('/')?;
    unit.eq_ignore_ascii_case("bytes").then_some(bytes.trim())
}

fn is_strong(tag: &HeaderValue) -> bool {
    !tag.as_bytes().starts_with(b"W/")
}

/// Returns a tag without its mark of weakness.
fn opaque(tag: &HeaderValue) -> &[u8] {
    let tag = tag.as_bytes();
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

/// Returns whether a file changed at this time can't have changed again within the same second, by the reply's own clock.
fn is_settled(modified: &HeaderValue, now: Option<&HeaderValue>) -> bool {
    let date = |value: &HeaderValue| value.to_str().ok().and_then(retry::date);
    match (date(modified), now.and_then(date)) {
        (Some(modified), Some(now)) => now.duration_since(modified) >= TICK,
        (modified, _) => modified.is_some(),
    }
}
