//! Fetches videos that another machine published, before the service is asked for them.

use super::context::Context;
use super::destination::Destination;
use super::listing::Shelf;
use super::video::store;
use crate::base::faultpoint;
use crate::client::publish::{PublishError, Publisher};
use crate::client::{Failure, Service, Verdict};
use crate::event::stop::Missed;
use crate::event::{Bound, Call, Event};
use crate::ledger::record::{Output, Record};
use std::sync::Arc;

/// Fetches the recorded videos that are missing here and were published; returns how many. Those that can't be fetched are left
/// to the service, and one that was published with other content is published anew once it is here.
///
/// # Errors
/// Fails if the run is over, or this machine can't store a video.
pub(super) async fn fetch<S: Service>(
    context: &Arc<Context<S>>,
    record: &Record,
    shelf: &mut Shelf,
) -> Result<usize, Missed> {
    let Some(publisher) = &context.publisher else { return Ok(0) };
    let missing: Vec<Output> =
        shelf.have.iter().filter(|output| !shelf.here.contains(&output.number)).cloned().collect();
    let mut fetched = 0;
    for mut output in missing {
        let Some(url) = publisher.url().find(&output.published).map(str::to_owned) else { continue };
        match one(context, publisher, record, &output, &url).await? {
            Ok(()) => {
                shelf.here.insert(output.number);
                fetched += 1;
            }
            Err(why) => {
                context.events.send(Event::Retrying {
                    job: Some(record.key.job.clone()),
                    call: Call::Download,
                    message: format!("{why}; the service is asked instead"),
                    pause: 0.0,
                });
                if let PublishError::NotAsRecorded(_) = why {
                    output.published.remove(&url);
                    shelf.have.retain(|known| known.number != output.number);
                    shelf.have.push(output);
                }
            }
        }
    }
    Ok(fetched)
}

/// Fetches one published video; the inner result says why the place doesn't give it.
async fn one<S: Service>(
    context: &Arc<Context<S>>,
    publisher: &Publisher,
    record: &Record,
    output: &Output,
    url: &str,
) -> Result<Result<(), PublishError>, Missed> {
    let destination = Arc::new(Destination::of(&context.folder, &output.path).map_err(Missed::Failed)?);
    // A file modified since then blocks its own name; no download is needed to see that.
    destination.check(&[output.sha256]).await.map_err(Missed::Failed)?;
    let download = async {
        let _permit = context.within(Bound::Downloads, context.downloads.acquire()).await;
        context.events.send(Event::Downloading { job: record.key.job.clone(), path: output.path.clone() });
        faultpoint::reach("publish", "fetch");
        publisher.get(url, (&output.sha256, output.bytes), destination.path()).await
    };
    let video = match context.stop.unless_out(download).await.ok_or(Missed::Out)? {
        Ok(video) => video,
        Err(PublishError::Local(message)) => {
            return Err(Missed::Failed(Failure { verdict: Verdict::Local, code: "disk".to_owned(), message }));
        }
        Err(why) => return Ok(Err(why)),
    };
    store(context, record, output, (video, vec![output.sha256]), &destination).await.map(Ok)
}
