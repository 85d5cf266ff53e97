//! Fetches remote images: from any host that a manifest names.
//!
//! Requests carry no key, no cookie and no referrer; and unless explicitly allowed, they go only to public addresses: a
//! manifest written by a stranger must not query the machines behind a firewall. `reach` enforces that.

mod reach;

pub use reach::Reach;
#[cfg(test)]
pub(super) use reach::may_follow;

use super::failure::{self};
use super::limits::{Limits, USER_AGENT};
use super::meter::Meter;
use super::partial::{Content, Partial};
use super::printable::shown_url;
use super::retry::pause_of;
use super::stopped::Stopped;
use super::{Failure, Image, Images, reason};
use crate::base::clock::Clock;
use crate::base::cryptography;
use crate::base::durable::{self, Mark};
use crate::service::call::Call;
use crate::service::content::{self, NoImage};
use crate::service::limits::IMAGE_BYTES;
use crate::service::remote::Validator;
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Client, Response, StatusCode};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tokio::time::timeout;
use url::Url;

/// The accepted formats: servers that have several formats of an image then send one that the model accepts.
const FORMATS: &str = "image/png, image/jpeg, image/webp, image/*;q=0.5";

/// The client for remote images.
#[derive(Debug)]
pub struct RemoteImages {
    /// The lock; temporary files are created next to it, under its mark.
    lock: PathBuf,
    reach: Reach,
    limits: Limits,
    clock: Clock,
    /// Created when the first image is requested: most runs request none.
    client: OnceLock<Result<Client, Failure>>,
}

impl RemoteImages {
    /// Creates the client for the run that holds `lock`; nothing is set up before it is needed.
    pub fn new(lock: &Path, reach: Reach) -> RemoteImages {
        RemoteImages::with_limits(lock, reach, Limits::default())
    }

    /// Creates the client with other limits than the usual ones.
    pub fn with_limits(lock: &Path, reach: Reach, limits: Limits) -> RemoteImages {
        RemoteImages { lock: lock.to_owned(), reach, limits, clock: Clock::System, client: OnceLock::new() }
    }

    fn client(&self) -> Result<&Client, Failure> {
        let client = || {
            cryptography::choose();
            let client = Client::builder()
                .user_agent(USER_AGENT)
                .connect_timeout(self.limits.connect)
                .retry(reqwest::retry::never())
                .referer(false)
                .no_gzip();
            self.reach.hold(client)
        };
        // On a bare system without CA certificates, plain http still works.
        let without_roots = |_| client().tls_certs_only([]).build();
        let unusable = |error| failure::local(Call::Image, &reason::cause(&error));
        let client = self.client.get_or_init(|| client().build().or_else(without_roots).map_err(unusable));
        client.as_ref().map_err(Clone::clone)
    }

    /// Requests the image and reads it.
    async fn fetch(&self, url: &Url, shown: &str, known: Option<&Validator>) -> Result<Option<Image>, Stopped> {
        let failed = |failure| Stopped::Failed(failure);
        self.reach.judge(url).map_err(|barred| failed(failure::no_image(shown, &barred.to_string())))?;
        let all = self.limits.call + self.limits.upload.time_for(IMAGE_BYTES);
        let request = self.client().map_err(failed)?.get(url.clone()).headers(condition(known)).timeout(all);
        let response = match timeout(self.limits.silence, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(self.reach.blame(&error, shown)),
            Err(_) => return Err(Stopped::Broken(format!("{shown} did not reply in time"))),
        };
        let status = response.status();
        tracing::debug!(url = shown, status = status.as_u16(), conditional = known.is_some(), "asked for an image");
        if status == StatusCode::NOT_MODIFIED && known.is_some() {
            return Ok(None);
        }
        if status != StatusCode::OK {
            let pause = pause_of(response.headers(), &self.clock);
            return Err(failed(failure::image(shown, status.as_u16(), pause)));
        }
        if response.headers().get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            return Err(failed(failure::no_image(shown, "comes encoded, although no encoding was accepted")));
        }
        self.take_in(response, shown).await.map(Some)
    }

    /// Reads a reply's body, and checks that it is an image.
    async fn take_in(&self, mut response: Response, shown: &str) -> Result<Image, Stopped> {
        let too_large = || {
            let why = format!("has {} MB or more, and the model takes none as large", IMAGE_BYTES / 1_000_000);
            Stopped::Failed(failure::no_image(shown, &why))
        };
        if response.content_length().is_some_and(|length| length >= IMAGE_BYTES) {
            return Err(too_large());
        }
        let mut partial = Partial::new(durable::temporary_beside(&self.lock, &Mark::of(&self.lock))?);
        partial.begin(&response).await?;
        let validator = validator(response.headers());
        let mut meter = Meter::new(self.limits.download);
        loop {
            let chunk = match timeout(self.limits.silence, response.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => break,
                Ok(Err(error)) => return Err(Stopped::Broken(reason::sentence(&error, shown))),
                Err(_) => return Err(Stopped::Broken(format!("{shown} fell silent"))),
            };
            if partial.received() + chunk.len() as u64 >= IMAGE_BYTES {
                return Err(too_large());
            }
            partial.take_in(&chunk).await?;
            if meter.is_too_slow(chunk.len() as u64) {
                return Err(Stopped::Broken(format!("{shown} sends too slowly")));
            }
        }
        if let Some(announced) = partial.mismatch() {
            let received = partial.received();
            return Err(Stopped::Broken(format!("{shown} announced {announced} bytes and sent {received}")));
        }
        let bytes = partial.received();
        let look = |image: &mut dyn Content| Ok::<_, io::Error>(content::look(image));
        let (file, sha256, looked) = partial.finish(look).await?;
        let file = file.into_temp_path();
        let flaw = match looked {
            Ok((kind, _)) => return Ok(Image { file, sha256, bytes, media_type: kind.media_type(), validator }),
            Err(flaw) => flaw,
        };
        let why = match flaw {
            NoImage::Unreadable(reason) => return Err(Stopped::Disk(io::Error::other(reason))),
            NoImage::Empty => "is empty".to_owned(),
            NoImage::LfsPointer => "is what git LFS leaves for a file that was not fetched, not an image".to_owned(),
            NoImage::Other => "is no image by its content".to_owned(),
            NoImage::Broken(format) => format!("starts as a {format} image and breaks off"),
        };
        Err(Stopped::Failed(failure::no_image(shown, &why)))
    }
}

impl Images for RemoteImages {
    async fn image(&self, url: &str, known: Option<&Validator>) -> Result<Option<Image>, Failure> {
        let parsed = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let url = parsed.ok_or_else(|| failure::no_image("what the manifest names", "is no URL of the web"))?;
        let shown = shown_url(&url);
        self.fetch(&url, &shown, known).await.map_err(|stopped| match stopped {
            Stopped::Broken(why) => failure::broken(Call::Image, &why),
            Stopped::Disk(error) => failure::local(Call::Image, &format!("{shown}: {error}")),
            Stopped::Failed(failure) => failure,
        })
    }
}

/// Returns the request's headers; with a validator, the image is sent only if it changed.
fn condition(known: Option<&Validator>) -> HeaderMap {
    let mut headers = HeaderMap::from_iter([
        (header::ACCEPT, HeaderValue::from_static(FORMATS)),
        (header::ACCEPT_ENCODING, HeaderValue::from_static("identity")),
    ]);
    let value = known.and_then(|known| Some((known, HeaderValue::try_from(known.as_str()).ok()?)));
    if let Some((known, value)) = value {
        let name = if known.is_tag() { header::IF_NONE_MATCH } else { header::IF_MODIFIED_SINCE };
        headers.insert(name, value);
    }
    headers
}

/// Returns the validator by which a later change is detected; only a well-formed one is kept.
fn validator(headers: &HeaderMap) -> Option<Validator> {
    let value = |name| headers.get(name).and_then(|value: &HeaderValue| Validator::new(value.to_str().ok()?).ok());
    let tag = value(header::ETAG).filter(Validator::is_tag);
    tag.or_else(|| value(header::LAST_MODIFIED).filter(|date| super::retry::date(date.as_str()).is_some()))
}
