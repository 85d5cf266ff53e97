//! Brings the images of a purchase to the service: local ones, and remote ones exactly as they were fetched.

use super::Purchase;
use super::context::Context;
use super::purchase::Bought;
use super::transfer::Transfer;
use crate::client::{Failure, Image, NO_URL, Service, Verdict};
use crate::event::stop::Missed;
use crate::event::{Call, Cause, Event, JobError};
use crate::ledger::entry::Entry;
use crate::ledger::shared::SharedUpload;
use crate::mirror::{NOT_OBTAINED, obtain_pinned};
use crate::service::image::{LocalImage, Picture};
use crate::service::remote::Address;
use crate::service::request::Urls;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Maximum number of tries of an upload in one run.
const TRIES: u32 = 8;

/// Uploads the images of a purchase that aren't at the service yet.
pub(super) async fn upload<S: Service>(context: &Arc<Context<S>>, purchase: &Purchase) -> Result<Urls, Bought> {
    let mut urls = Urls::new();
    for image in &purchase.images {
        let content = image.sha256();
        let outcome = context.uploads.once(&content, || upload_picture(context, purchase, image)).await;
        let url = outcome.map_err(|failure| {
            let problem = |code| JobError { code, message: failure.message.clone() };
            match failure.verdict {
                Verdict::Local => Bought::Local(problem(Cause::Local)),
                Verdict::Stop => Bought::Out,
                _ if failure.code == NOT_OBTAINED => Bought::Not(problem(Cause::Image)),
                _ => Bought::Not(problem(Cause::Upload)),
            }
        })?;
        urls.insert(content, url);
    }
    Ok(urls)
}

/// Uploads one image from its source.
async fn upload_picture<S: Service>(
    context: &Arc<Context<S>>,
    purchase: &Purchase,
    picture: &Picture,
) -> Result<String, Failure> {
    let sha256 = picture.sha256();
    if !context.reupload
        && let Some(SharedUpload { url, uploaded_at: at }) = context.journal_writer.known_upload(&sha256).await
    {
        let _ = context.record(Entry::Uploaded { sha256, url: url.clone(), at }).await;
        return Ok(url);
    }
    let foreign = match picture {
        Picture::Local(image) => return upload_image(context, purchase, image).await,
        Picture::Foreign(foreign) => foreign,
    };
    let obtaining = context.obtaining(&purchase.key.job);
    let image = obtain_pinned(&context.service, &context.image_cache, foreign, &obtaining).await;
    let Image { file, sha256, bytes, media_type, .. } = image.map_err(|missed| match missed {
        Missed::Out => over(),
        Missed::Failed(failure) => failure,
    })?;
    let shown = Address::of(&foreign.url).to_string();
    let image = LocalImage { path: file.to_path_buf(), shown, sha256, bytes, media_type };
    // The file exists until the upload is complete.
    upload_image(context, purchase, &image).await
}

/// Returns the failure of a run that was stopped in the meantime.
fn over() -> Failure {
    Failure { verdict: Verdict::Stop, code: "stopped".to_owned(), message: "the run was stopped".to_owned() }
}

/// Uploads one image, with retries if they may help.
async fn upload_image<S: Service>(
    context: &Arc<Context<S>>,
    purchase: &Purchase,
    image: &LocalImage,
) -> Result<String, Failure> {
    let job = &purchase.key.job;
    context.events.send(Event::Uploading { job: job.clone(), path: image.shown.clone(), bytes: image.bytes });
    // What the last reply had in the place of the URL, if it had something else.
    let mut strange = None;
    for tries in 1.. {
        let transfer = Transfer::new(context, job, Call::Upload, &image.shown);
        let call = || context.service.upload(image, |bytes| transfer.advance(bytes, Some(image.bytes)));
        match context.call(Call::Upload, job, call).await {
            Ok(mut url) => {
                context.sent.uploads.fetch_add(1, Ordering::Relaxed);
                // URLs that may be signed are not kept; one that can't be recorded is still used now.
                if !url.contains('?') {
                    let upload = SharedUpload { url, uploaded_at: context.clock.now_in_seconds() };
                    let share = context.journal_writer.share_upload(&image.sha256, upload, context.reupload);
                    let SharedUpload { url: known, uploaded_at: at } = share.await;
                    url = known;
                    let _ = context.record(Entry::Uploaded { sha256: image.sha256, url: url.clone(), at }).await;
                }
                let (job, path) = (job.clone(), image.shown.clone());
                context.events.send(Event::Uploaded { job, path, bytes: image.bytes });
                return Ok(url);
            }
            Err(Missed::Out) => return Err(over()),
            Err(Missed::Failed(failure)) => match failure.verdict {
                // What the service says twice it means: another try is of no use.
                _ if failure.code == NO_URL && strange.as_ref() == Some(&failure.message) => return Err(failure),
                Verdict::Again(asked) | Verdict::Away(asked) if tries < TRIES => {
                    let pause = context.backoff(tries, asked);
                    context.pause(Call::Upload, job, &failure.message, pause).await.map_err(|_| over())?;
                    strange = (failure.code == NO_URL).then_some(failure.message);
                }
                _ => return Err(failure),
            },
        }
    }
    unreachable!("the last try returns")
}
