//! Fetches paid videos: all of a task, with as many tries as needed. A failed download is not a failed task.

use super::context::Context;
use super::destination::IN_THE_WAY;
use super::listing::{Listing, Shelf};
use super::published;
use super::video::{TRIES, patiently};
use crate::client::{Failure, Service, Verdict};
use crate::event::stop::Missed;
use crate::event::{Call, Cause, JobError};
use crate::ledger::entry::{Entry, Step};
use crate::ledger::record::{Key, Output, Record, Stage};
use crate::plan::videos::{Care, Videos, is_short, look_at};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::time::Instant;

/// Maximum number of further requests if fewer videos are listed than ordered: with the usual first pause, over half a
/// minute.
const MORE_LOOKS: u32 = 4;

/// The outcome of fetching a task's videos.
#[derive(Debug)]
pub(super) enum Collected {
    /// All listed videos are stored: their paths.
    All(Vec<String>),
    /// Not all could be fetched; the task stays paid, and the next run continues.
    Short(JobError),
    /// This machine couldn't store them.
    Local(JobError),
    /// The run is over.
    Out,
}

/// Fetches the missing videos of a finished task.
pub(super) async fn collect<S: Service>(context: &Arc<Context<S>>, record: &Record) -> Collected {
    match fetch_all(context, record).await {
        Ok(paths) => Collected::All(paths),
        Err(Lost::Out) => Collected::Out,
        Err(Lost::Local(problem)) => Collected::Local(problem),
        Err(Lost::Short(problem)) => Collected::Short(problem),
    }
}

/// The reason why a video is missing.
enum Lost {
    Out,
    Local(JobError),
    Short(JobError),
}

impl From<Missed> for Lost {
    fn from(missed: Missed) -> Lost {
        match missed {
            Missed::Out => Lost::Out,
            Missed::Failed(failure) => failure.into(),
        }
    }
}

impl From<Failure> for Lost {
    fn from(failure: Failure) -> Lost {
        let Failure { verdict, code, message } = failure;
        match verdict {
            Verdict::Local if code == IN_THE_WAY => Lost::Local(JobError { code: Cause::FileInTheWay, message }),
            Verdict::Local => Lost::Local(JobError { code: Cause::Local, message }),
            _ => Lost::Short(JobError { code: Cause::Download, message }),
        }
    }
}

impl Lost {
    /// Combines it with another reason, and returns the graver one: the run's end before this machine's failure before
    /// all others.
    fn with(self, other: Option<Lost>) -> Lost {
        match (self, other) {
            (Lost::Short(_), Some(graver @ Lost::Local(_))) | (_, Some(graver @ Lost::Out)) => graver,
            (lost, _) => lost,
        }
    }
}

async fn fetch_all<S: Service>(context: &Arc<Context<S>>, record: &Record) -> Result<Vec<String>, Lost> {
    let Some(task) = record.stage.task() else { return Ok(Vec::new()) };
    let have = record.stage.outputs().to_vec();
    let here: BTreeSet<usize> =
        have.iter().filter(|output| is_here(context, output)).map(|output| output.number).collect();
    let mut shelf = Shelf { have, here, left: Vec::new() };
    let published = published::fetch(context, record, &mut shelf).await?;
    // If all earlier videos are stored, only newly listed ones are looked for.
    let is_settled = matches!(record.stage, Stage::Succeeded { .. }) && shelf.here.len() == shelf.have.len();
    if is_settled && published > 0 && !is_short(record) {
        return Ok(shelf.have.into_iter().map(|output| output.path).collect());
    }
    let mut looks = if is_settled { MORE_LOOKS } else { 0 };
    // A failure of one video doesn't keep the others from being fetched.
    let mut trouble: Option<Lost> = None;
    let (mut idle, mut brought) = (0, 0);
    // Each round requests fresh URLs: those of the round before have expired.
    let listing = loop {
        let urls = if is_settled {
            match context.call(Call::Result, &record.key.job, || context.service.result(task)).await {
                Ok(urls) if urls.len() > shelf.have.len() => urls,
                Err(Missed::Out) => return Err(Lost::Out),
                // Nothing new: the state stays as it was.
                _ => return Ok(shelf.have.into_iter().map(|output| output.path).collect()),
            }
        } else {
            match result(context, &record.key, task).await {
                Ok(urls) => urls,
                Err(lost) => return Err(lost.with(trouble)),
            }
        };
        let mut listing = Listing::new(urls, &shelf);
        let round = round(context, record, &mut listing, &mut shelf).await;
        let expired = round.expired.map(|failure| (context.backoff(idle + 1, None), failure));
        brought += round.brought;
        // The tries are limited even if the service lists other videos each time.
        idle = if round.brought > 0 && brought <= listing.len() { 0 } else { idle + 1 };
        trouble = match (trouble, round.trouble) {
            (Some(before), now) => Some(before.with(now)),
            (None, now) => now,
        };
        match expired {
            Some((pause, failure)) if idle < TRIES => {
                context.pause(Call::Download, &record.key.job, &failure.message, pause).await?;
            }
            Some((_, failure)) => return Err(Lost::from(failure).with(trouble)),
            // Some videos of a task may be listed later than others.
            None if listing.len() < usize::from(record.videos) && looks < MORE_LOOKS && trouble.is_none() => {
                looks += 1;
                let pause = context.settings.backoff.first * (2 << looks);
                let message = format!("{} of {} videos are listed", listing.len(), record.videos);
                context.pause(Call::Result, &record.key.job, &message, pause).await?;
            }
            None => break listing,
        }
    };
    if let Some(lost) = trouble {
        return Err(lost);
    }
    let Shelf { mut have, here, .. } = shelf;
    have.sort_by_key(|output| output.number);
    if let Some(gone) = have.iter().find(|output| !listing.has(output.number) && !here.contains(&output.number)) {
        let message = format!("{} is gone, and the service no longer lists it for task {task}", gone.path);
        return Err(Lost::Short(JobError { code: Cause::ResultGone, message }));
    }
    let _ = context.record(Entry::of(record.id, Step::Succeeded)).await;
    Ok(have.into_iter().map(|output| output.path).collect())
}

/// The outcome of one listing.
#[derive(Default)]
struct Round {
    /// Number of videos newly fetched.
    brought: usize,
    /// The refusal of an expired URL: another listing may have a fresh one.
    expired: Option<Failure>,
    /// The reason why videos can't be fetched in this run.
    trouble: Option<Lost>,
}

/// Fetches the listed videos that aren't stored yet.
async fn round<S: Service>(
    context: &Arc<Context<S>>,
    record: &Record,
    listing: &mut Listing,
    shelf: &mut Shelf,
) -> Round {
    let mut round = Round::default();
    for place in listing.places(shelf) {
        if !listing.is_wanted(place, shelf) {
            continue;
        }
        match patiently(context, record, listing, place, shelf).await {
            Ok(output) => {
                round.brought += usize::from(!shelf.here.contains(&output.number));
                shelf.put(output);
            }
            Err(Missed::Failed(failure)) if failure.verdict == Verdict::Gone => {
                round.expired.get_or_insert(failure);
            }
            Err(missed) => {
                let left = (listing.source(place).to_owned(), listing.expected(place, shelf));
                shelf.left.push(left);
                let lost = Lost::from(missed);
                // A failing disk or the end of the run affects all videos alike.
                let is_for_all = match &lost {
                    Lost::Out => true,
                    Lost::Local(problem) => problem.code == Cause::Local,
                    Lost::Short(_) => false,
                };
                round.trouble = Some(match round.trouble {
                    Some(before) => before.with(Some(lost)),
                    None => lost,
                });
                if is_for_all {
                    return Round { expired: None, ..round };
                }
            }
        }
    }
    round
}

/// Returns the URLs of a finished task's videos.
async fn result<S: Service>(
    context: &Arc<Context<S>>,
    key: &Key,
    task: &crate::service::names::TaskId,
) -> Result<Vec<String>, Lost> {
    let (mut tries, mut away) = (0, None::<Instant>);
    loop {
        match context.call(Call::Result, &key.job, || context.service.result(task)).await {
            Ok(urls) => return Ok(urls),
            Err(Missed::Out) => return Err(Lost::Out),
            Err(Missed::Failed(failure)) => match failure.verdict {
                // Something other than the service answered: that says nothing about the task.
                Verdict::Away(asked) => {
                    let now = Instant::now();
                    let since = *away.get_or_insert(now);
                    let end = since + context.settings.patience;
                    if now >= end {
                        if context.hearing.heard_since(since) {
                            return Err(failure.into());
                        }
                        context.away_for_good(failure.message);
                        return Err(Lost::Out);
                    }
                    tries += 1;
                    let pause = context.backoff(tries, asked).min(end - now);
                    context.pause(Call::Result, &key.job, &failure.message, pause).await?;
                }
                // It is paid, and was reported finished: a single refusal may be premature, and is not believed.
                Verdict::Stop if context.hearing.refuses_all() => return Err(failure.into()),
                Verdict::Again(_) | Verdict::Gone | Verdict::Final | Verdict::Stop if tries + 1 < TRIES => {
                    (tries, away) = (tries + 1, None);
                    let asked = if let Verdict::Again(asked) = failure.verdict { asked } else { None };
                    let pause = context.backoff(tries, asked);
                    context.pause(Call::Result, &key.job, &failure.message, pause).await?;
                }
                Verdict::Gone => {
                    let message = format!(
                        "the service no longer has the result of task {task}: {}; it is paid and is not submitted again by itself",
                        failure.message
                    );
                    return Err(Lost::Short(JobError { code: Cause::ResultGone, message }));
                }
                _ => return Err(failure.into()),
            },
        }
    }
}

/// Returns whether the video is stored unchanged.
pub(super) fn is_here<S: Service>(context: &Context<S>, output: &Output) -> bool {
    look_at(&context.folder, output, None, Care::Thorough) == Videos::Intact
}
