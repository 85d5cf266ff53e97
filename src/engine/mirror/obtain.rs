//! Fetches one image, with retries if they may help.

use crate::base::faultpoint;
use crate::client::retry::Backoff;
use crate::client::{Failure, Image, Images, Verdict};
use crate::engine::missed::Missed;
use crate::engine::stop::Stop;
use crate::event::sender::Events;
use crate::event::{Call, Event};
use crate::service::names::JobId;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Maximum number of tries of an image in one run.
const TRIES: u32 = 4;

/// The means for retries.
pub(in crate::engine) struct Again<'a> {
    pub(in crate::engine) events: &'a Events,
    pub(in crate::engine) stop: &'a Stop,
    pub(in crate::engine) backoff: Backoff,
    pub(in crate::engine) random: &'a Mutex<fastrand::Rng>,
    /// The job that needs it, if it is for one.
    pub(in crate::engine) job: Option<&'a JobId>,
}

/// Returns the image at `url`, whatever its content is now.
///
/// # Errors
/// Fails if it can't be fetched, or the run is over.
pub(in crate::engine) async fn obtain<I: Images>(images: &I, url: &str, again: &Again<'_>) -> Result<Image, Missed> {
    for tries in 1.. {
        faultpoint::reach("image", "send");
        let answer = again.stop.unless_out(images.image(url, None)).await.ok_or(Missed::Out)?;
        faultpoint::reach("image", "answered");
        let failure = match answer {
            Ok(Some(image)) => return Ok(image),
            Ok(None) => unconditional(),
            Err(failure) => failure,
        };
        match failure.verdict {
            Verdict::Again(asked) | Verdict::Unreachable(asked) if tries < TRIES => {
                again.pause(tries, asked, &failure).await?;
            }
            _ => return Err(Missed::Failed(failure)),
        }
    }
    unreachable!("the last try returns")
}

impl Again<'_> {
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
