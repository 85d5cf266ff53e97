//! Brings the images of a purchase to the service: local ones, and those of elsewhere as they were when they were fetched.

use super::Purchase;
use super::context::{Context, Missed};
use super::mirror::obtain;
use super::purchase::Bought;
use super::transfer::Transfer;
use crate::base::digest::Sha256;
use crate::client::{Failure, Image, Service, Verdict};
use crate::event::{Call, Cause, Event, Problem};
use crate::ledger::entry::Entry;
use crate::spec::elsewhere::Address;
use crate::spec::image::{ForeignImage, LocalImage, Picture};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How often an upload is tried in one run.
const TRIES: u32 = 8;

/// The code of a failure to have an image of elsewhere as the job asks for it.
const NOT_HAD: &str = "image";

/// The URLs of a purchase's images that are known by content.
pub(super) type Urls = HashMap<Sha256, String>;

/// Uploads the images of a purchase that aren't at the service yet.
pub(super) async fn upload<S: Service>(context: &Arc<Context<S>>, purchase: &Purchase) -> Result<Urls, Bought> {
    let mut urls = Urls::new();
    for image in &purchase.images {
        let content = image.sha256();
        let outcome = context.uploads.once(&content, || upload_picture(context, purchase, image)).await;
        let url = outcome.map_err(|failure| {
            let problem = |code| Problem { code, message: failure.message.clone() };
            match failure.verdict {
                Verdict::Local => Bought::Local(problem(Cause::Local)),
                Verdict::Stop => Bought::Out,
                _ if failure.code == NOT_HAD => Bought::Not(problem(Cause::Image)),
                _ => Bought::Not(problem(Cause::Upload)),
            }
        })?;
        urls.insert(content, url);
    }
    Ok(urls)
}

/// Uploads one image, from where it is had.
async fn upload_picture<S: Service>(
    context: &Arc<Context<S>>,
    purchase: &Purchase,
    picture: &Picture,
) -> Result<String, Failure> {
    let foreign = match picture {
        Picture::Local(image) => return upload_image(context, purchase, image).await,
        Picture::Foreign(foreign) => foreign,
    };
    let Image { file, sha256, bytes, media_type, .. } = at_hand(context, purchase, foreign).await?;
    let shown = Address::of(&foreign.url).to_string();
    let image = LocalImage { path: file.to_path_buf(), shown, sha256, bytes, media_type };
    // The file is there until the upload is through.
    upload_image(context, purchase, &image).await
}

/// An image of elsewhere as the job asks for it: as it was fetched in this run, or fetched again. Another one is never sent.
async fn at_hand<S: Service>(
    context: &Arc<Context<S>>,
    purchase: &Purchase,
    foreign: &ForeignImage,
) -> Result<Image, Failure> {
    if let Some(image) = context.spool.take(&foreign.pin.sha256) {
        return Ok(image);
    }
    let again = context.again(&purchase.key.job);
    let image = match obtain(&context.service, &foreign.url, &again).await {
        Ok(image) => image,
        Err(Missed::Out) => return Err(over()),
        Err(Missed::Failed(failure)) => return Err(Failure { code: NOT_HAD.to_owned(), ..failure }),
    };
    if image.sha256 == foreign.pin.sha256 {
        return Ok(image);
    }
    let message = format!(
        "image: {} is another picture than on {}, when it was fetched for this job; nothing was sent: put the old one back, or take the new one with --refresh-images",
        Address::of(&foreign.url),
        foreign.pin.at.strftime("%F"),
    );
    Err(Failure { verdict: Verdict::Final, code: NOT_HAD.to_owned(), message })
}

/// The run was stopped meanwhile.
fn over() -> Failure {
    Failure { verdict: Verdict::Stop, code: "stopped".to_owned(), message: "the run was stopped".to_owned() }
}

/// Uploads one image, trying again where that may help.
async fn upload_image<S: Service>(
    context: &Arc<Context<S>>,
    purchase: &Purchase,
    image: &LocalImage,
) -> Result<String, Failure> {
    let job = &purchase.key.job;
    context.events.send(Event::Uploading { job: job.clone(), path: image.shown.clone(), bytes: image.bytes });
    for tries in 1.. {
        let transfer = Transfer::new(context, job, Call::Upload, &image.shown);
        let call = || context.service.upload(image, |bytes| transfer.advance(bytes, Some(image.bytes)));
        match context.call(Call::Upload, job, call).await {
            Ok(url) => {
                context.sent.uploads.fetch_add(1, Ordering::Relaxed);
                // What may be signed is not kept; that it can't be kept is no reason not to use it now.
                if !url.contains('?') {
                    let at = context.clock.now_in_seconds();
                    let _ = context.record(Entry::Uploaded { sha256: image.sha256, url: url.clone(), at }).await;
                }
                let (job, path) = (job.clone(), image.shown.clone());
                context.events.send(Event::Uploaded { job, path, bytes: image.bytes });
                return Ok(url);
            }
            Err(Missed::Out) => return Err(over()),
            Err(Missed::Failed(failure)) => match failure.verdict {
                Verdict::Again(asked) | Verdict::Away(asked) if tries < TRIES => {
                    let pause = context.backoff(tries, asked);
                    context.pause(Call::Upload, job, &failure.message, pause).await.map_err(|_| over())?;
                }
                _ => return Err(failure),
            },
        }
    }
    unreachable!("the last try returns")
}
