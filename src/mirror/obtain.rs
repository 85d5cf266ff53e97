//! Obtains one image, with retries if they may help.

use super::image_cache::ImageCache;
use crate::base::faultpoint;
use crate::client::retry::Backoff;
use crate::client::{Failure, Image, Images, Verdict};
use crate::event::sender::Events;
use crate::event::stop::{Missed, Stop};
use crate::event::{Call, Event};
use crate::service::image::ForeignImage;
use crate::service::names::JobId;
use crate::service::remote::Address;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Maximum number of tries of an image in one run.
const TRIES: u32 = 4;

/// The code of a failure to obtain a remote image with the content that a job needs.
pub const NOT_OBTAINED: &str = "image";

/// The means to fetch an image: whom to tell of retries, their pauses, and what ends them.
pub struct Obtaining<'a> {
    /// The receiver of events.
    pub events: &'a Events,
    /// The switch that ends it early.
    pub stop: &'a Stop,
    /// The pauses between retries.
    pub backoff: Backoff,
    /// The source of jitter.
    pub random: &'a Mutex<fastrand::Rng>,
    /// The job that needs the image, if it is for a single one.
    pub job: Option<&'a JobId>,
}

/// Returns the image at `url`, whatever its content is now.
///
/// # Errors
/// Fails if it can't be fetched, or the run is over.
pub(super) async fn obtain<I: Images>(images: &I, url: &str, obtaining: &Obtaining<'_>) -> Result<Image, Missed> {
    for tries in 1.. {
        faultpoint::reach("image", "send");
        let answer = obtaining.stop.unless_out(images.image(url, None)).await.ok_or(Missed::Out)?;
        faultpoint::reach("image", "answered");
        let failure = match answer {
            Ok(Some(image)) => return Ok(image),
            Ok(None) => unconditional(),
            Err(failure) => failure,
        };
        match failure.verdict {
            Verdict::Again(asked) | Verdict::Unreachable(asked) if tries < TRIES => {
                obtaining.pause(tries, asked, &failure).await?;
            }
            _ => return Err(Missed::Failed(failure)),
        }
    }
    unreachable!("the last try returns")
}

/// Returns a remote image with the content that a job needs: from this run's cache, or fetched again. Any other content is
/// never sent.
///
/// # Errors
/// Fails if it can't be fetched, has another content now, or the run is over.
pub async fn obtain_pinned<I: Images>(
    images: &I,
    image_cache: &ImageCache,
    foreign: &ForeignImage,
    obtaining: &Obtaining<'_>,
) -> Result<Image, Missed> {
    if let Some(image) = image_cache.take(&foreign.pin.sha256) {
        return Ok(image);
    }
    let image = obtain(images, &foreign.url, obtaining).await.map_err(|missed| match missed {
        Missed::Failed(failure) => Missed::Failed(Failure { code: NOT_OBTAINED.to_owned(), ..failure }),
        Missed::Out => Missed::Out,
    })?;
    if image.sha256 == foreign.pin.sha256 {
        return Ok(image);
    }
    let message = format!(
        "image: {} is another picture than on {}, when it was fetched for this job; nothing was sent: put the old one back, or take the new one with --refresh-images",
        Address::of(&foreign.url),
        foreign.pin.at.strftime("%F"),
    );
    Err(Missed::Failed(Failure { verdict: Verdict::Final, code: NOT_OBTAINED.to_owned(), message }))
}

impl Obtaining<'_> {
    async fn pause(&self, tries: u32, asked: Option<Duration>, failure: &Failure) -> Result<(), Missed> {
        let random = self.random.lock().unwrap_or_else(PoisonError::into_inner).f64();
        // A host that anybody may have named doesn't decide how long the run waits.
        let asked = asked.map(|asked| asked.min(self.backoff.most));
        let pause = self.backoff.pause(tries, asked, random);
        self.events.send(Event::Retrying {
            job: self.job.cloned(),
            call: Call::Image,
            message: failure.message.clone(),
            pause: pause.as_secs_f64(),
        });
        self.stop.unless_out(tokio::time::sleep(pause)).await.ok_or(Missed::Out)
    }
}

/// Returns the failure of a reply "unchanged" to an unconditional request.
fn unconditional() -> Failure {
    let message = "image: called unchanged, although no encoding was accepted".to_owned();
    Failure { verdict: Verdict::Final, code: "nonsense".to_owned(), message }
}
