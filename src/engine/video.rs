//! Fetches one listed video: complete, checked, durable under its name.

use super::context::Context;
use super::destination::Destination;
use super::doubtful::{self, Doubt};
use super::listing::{Listing, Shelf};
use super::publishing::Unpublished;
use super::transfer::Transfer;
use crate::base::digest::Sha256;
use crate::base::{durable, faultpoint};
use crate::client::{Failure, Service, Undelivered, Verdict, Video};
use crate::event::stop::Missed;
use crate::event::{Bound, Call, Event};
use crate::ledger::entry::{Entry, Step};
use crate::ledger::record::{Output, Record};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Maximum number of requests for the result of a task, and for each of its videos, in one run.
pub(super) const TRIES: u32 = 8;

/// Fetches one video, with retries while they may help. Content that isn't known to be one in the end is kept next to
/// its place.
pub(super) async fn patiently<S: Service>(
    context: &Arc<Context<S>>,
    record: &Record,
    listing: &mut Listing,
    place: usize,
    shelf: &Shelf,
) -> Result<Output, Missed> {
    let (mut tries, mut doubt) = (0, Doubt::default());
    loop {
        tries += 1;
        match fetch(context, record, listing, place, shelf, &mut doubt).await {
            Err(Missed::Failed(Failure {
                verdict: Verdict::Again(asked) | Verdict::Away(asked) | Verdict::Unreachable(asked),
                message,
                ..
            })) if tries < TRIES => {
                let pause = context.backoff(tries, asked);
                context.pause(Call::Download, &record.key.job, &message, pause).await?;
            }
            Err(Missed::Failed(failure)) => {
                let path = record.name.path(listing.expected(place, shelf));
                return Err(Missed::Failed(doubt.keep(context, &record.key.job, &path, failure).await));
            }
            other => return other,
        }
    }
}

/// Fetches one video and renames it to its final name, durably.
async fn fetch<S: Service>(
    context: &Arc<Context<S>>,
    record: &Record,
    listing: &mut Listing,
    place: usize,
    shelf: &Shelf,
    doubt: &mut Doubt,
) -> Result<Output, Missed> {
    let (video, expected) = download(context, record, listing, place, shelf, doubt).await?;
    let number = listing.identify(place, &video.sha256, shelf);
    let known = shelf.get(number);
    let output = Output {
        number,
        path: record.name.path(number),
        sha256: video.sha256,
        bytes: video.bytes,
        source: Some(listing.source(place).to_owned()),
        published: known
            .filter(|known| known.sha256 == video.sha256)
            .map(|known| known.published.clone())
            .unwrap_or_default(),
    };
    if let Some(known) = known.filter(|_| shelf.here.contains(&number)) {
        // It was listed under another URL, by which it is found from now on.
        let output = Output { source: output.source, ..known.clone() };
        let _ = context.record(Entry::of(record.id, Step::Downloaded { output: output.clone() })).await;
        return Ok(output);
    }
    let destination = match expected {
        expected if expected.shown() == output.path => expected,
        _ => Arc::new(Destination::of(&context.folder, &output.path).map_err(Missed::Failed)?),
    };
    let ours: Vec<Sha256> = known.map(|known| known.sha256).into_iter().chain([video.sha256]).collect();
    store(context, record, &output, (video, ours), &destination).await?;
    Ok(output)
}

/// Makes a fetched video durable at its destination, where a file may only be replaced if it has one of the hashes `ours`, and
/// reports it.
pub(super) async fn store<S: Service>(
    context: &Arc<Context<S>>,
    record: &Record,
    output: &Output,
    (video, ours): (Video, Vec<Sha256>),
    destination: &Arc<Destination>,
) -> Result<(), Missed> {
    let replacing = destination.check(&ours).await.map_err(Missed::Failed)?;
    // The hash is recorded before the rename: otherwise a crash between the two would leave an unknown file.
    let _ = context.record(Entry::of(record.id, Step::Downloaded { output: output.clone() })).await;
    {
        let _permit = context.within(Bound::Stores, context.stores.acquire()).await;
        destination.store(video, (replacing, ours), record.finished_at).await.map_err(Missed::Failed)?;
    }
    let synced = context.folders.sync(durable::folder_of(destination.path())).await;
    synced.map_err(|error| Missed::Failed(destination.unwritable(&error)))?;
    // A purchase of this run has none: it would have ended with it.
    if record.submitted_at.is_some() {
        doubtful::clear(Arc::clone(destination)).await;
    }
    faultpoint::reach("video", "stored");
    context.sent.videos.fetch_add(1, Ordering::Relaxed);
    context.sent.bytes.fetch_add(output.bytes, Ordering::Relaxed);
    context.events.send(Event::Downloaded {
        job: record.key.job.clone(),
        path: output.path.clone(),
        sha256: output.sha256.to_string(),
        bytes: output.bytes,
    });
    if context.publisher.as_ref().is_some_and(|place| place.url().find(&output.published).is_none()) {
        context.outbox.put(Unpublished { id: record.id, output: output.clone() });
    }
    Ok(())
}

/// Fetches one video to a temporary file next to its most likely destination, which is returned with it.
async fn download<S: Service>(
    context: &Arc<Context<S>>,
    record: &Record,
    listing: &Listing,
    place: usize,
    shelf: &Shelf,
    doubt: &mut Doubt,
) -> Result<(Video, Arc<Destination>), Missed> {
    let (job, path) = (&record.key.job, record.name.path(listing.expected(place, shelf)));
    let destination = Arc::new(Destination::of(&context.folder, &path).map_err(Missed::Failed)?);
    // A file modified since then blocks its own name; no download is needed to see that.
    if let Some(known) = listing.known(place, shelf) {
        destination.check(&[known.sha256]).await.map_err(Missed::Failed)?;
    }
    let download = async {
        let _permit = context.within(Bound::Downloads, context.downloads.acquire()).await;
        context.events.send(Event::Downloading { job: job.clone(), path: path.clone() });
        faultpoint::reach("download", "send");
        let transfer = Transfer::new(context, job, Call::Download, &path);
        let advance = |bytes, total| transfer.advance(bytes, total);
        context.service.download(listing.url(place), destination.path(), advance).await
    };
    let fetched = context.stop.unless_out(download).await.ok_or(Missed::Out)?;
    let video = fetched.map_err(|Undelivered { failure, doubtful }| {
        doubt.take_in(doubtful);
        Missed::Failed(failure)
    })?;
    faultpoint::reach("download", "answered");
    Ok((video, destination))
}
