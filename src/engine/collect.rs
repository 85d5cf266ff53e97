//! Fetches what is paid: each video whole, checked, durable under its name. A failed download is never more than that.

use super::context::{Context, Missed};
use super::destination::{Destination, IN_THE_WAY};
use super::transfer::Transfer;
use crate::base::digest::Sha256;
use crate::base::{durable, faultpoint};
use crate::client::{Failure, Service, Verdict};
use crate::event::{Call, Cause, Event, Problem};
use crate::ledger::entry::Entry;
use crate::ledger::record::{Key, Output, Record};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How often the result of a task, and each of its videos, is asked for in one run.
const TRIES: u32 = 8;

/// What became of the videos of a task.
#[derive(Debug)]
pub(super) enum Collected {
    /// All that the service lists are here: their paths.
    All(Vec<String>),
    /// Not all could be had; the task stays paid, and the next run goes on.
    Short(Problem),
    /// This machine couldn't store them.
    Local(Problem),
    /// The run is over.
    Out,
}

/// A video that the service lists, and where it goes.
struct Listed {
    url: String,
    number: usize,
}

/// Fetches the videos of a finished task that aren't here yet.
pub(super) async fn collect<S: Service>(context: &Arc<Context<S>>, record: &Record) -> Collected {
    match fetch_all(context, record).await {
        Ok(paths) => Collected::All(paths),
        Err(Lost::Out) => Collected::Out,
        Err(Lost::Local(problem)) => Collected::Local(problem),
        Err(Lost::Short(problem)) => Collected::Short(problem),
    }
}

/// Why not all videos are here.
enum Lost {
    Out,
    Local(Problem),
    Short(Problem),
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
            Verdict::Local if code == IN_THE_WAY => Lost::Local(Problem { code: Cause::FileInTheWay, message }),
            Verdict::Local => Lost::Local(Problem { code: Cause::Local, message }),
            _ => Lost::Short(Problem { code: Cause::Download, message }),
        }
    }
}

async fn fetch_all<S: Service>(context: &Arc<Context<S>>, record: &Record) -> Result<Vec<String>, Lost> {
    let Some(task) = record.stage.task() else { return Ok(Vec::new()) };
    let mut have: Vec<Output> = record.stage.outputs().to_vec();
    let mut tries = 0;
    // A file in the way of one video keeps no other from being fetched.
    let mut in_the_way = None;
    // Each round asks for fresh URLs: those of the round before have expired.
    'fresh: loop {
        let urls = result(context, &record.key, task).await?;
        let listed = number(&urls, &have);
        for listed in &listed {
            let known = have.iter().find(|output| output.number == listed.number);
            let path = record.name.path(listed.number);
            if known.is_some_and(|output| is_here(context, &path, output)) {
                continue;
            }
            let fetched = loop {
                tries += 1;
                match fetch(context, record, listed, &path, known).await {
                    Err(Missed::Failed(failure)) if tries < TRIES => match failure.verdict {
                        Verdict::Again(asked) | Verdict::Unreachable(asked) => {
                            let pause = context.backoff(tries, asked);
                            context.pause(Call::Download, &record.key.job, &failure.message, pause).await?;
                        }
                        Verdict::Gone => {
                            let pause = context.backoff(tries, None);
                            context.pause(Call::Download, &record.key.job, &failure.message, pause).await?;
                            continue 'fresh;
                        }
                        _ => break Err(Missed::Failed(failure)),
                    },
                    other => break other,
                }
            };
            let fetched = match fetched {
                Err(Missed::Failed(failure)) if failure.code == IN_THE_WAY => {
                    in_the_way.get_or_insert(failure);
                    tries = 0;
                    continue;
                }
                other => other?,
            };
            have.retain(|output| output.number != fetched.number);
            have.push(fetched);
            tries = 0;
        }
        if let Some(failure) = in_the_way {
            return Err(failure.into());
        }
        have.sort_by_key(|output| output.number);
        let is_listed = |output: &Output| listed.iter().any(|listed| listed.number == output.number);
        if let Some(gone) = have.iter().find(|o| !is_listed(o) && !is_here(context, &o.path, o)) {
            let message = format!("{} is gone, and the service no longer lists it for task {task}", gone.path);
            return Err(Lost::Short(Problem { code: Cause::ResultGone, message }));
        }
        let succeeded = Entry::Succeeded { key: record.key.clone(), attempt: record.attempt };
        let _ = context.record(succeeded).await;
        return Ok(have.into_iter().map(|output| output.path).collect());
    }
}

/// The URLs of a finished task's videos.
async fn result<S: Service>(
    context: &Arc<Context<S>>,
    key: &Key,
    task: &crate::spec::names::TaskId,
) -> Result<Vec<String>, Lost> {
    for tries in 1.. {
        match context.call(Call::Result, &key.job, || context.service.result(task)).await {
            Ok(urls) => return Ok(urls),
            Err(Missed::Out) => return Err(Lost::Out),
            Err(Missed::Failed(failure)) => match failure.verdict {
                // It is paid, and was said to be finished: one refusal may come too early, and is not believed.
                Verdict::Again(_) | Verdict::Gone | Verdict::Final if tries < TRIES => {
                    let asked = if let Verdict::Again(asked) = failure.verdict { asked } else { None };
                    let pause = context.backoff(tries, asked);
                    context.pause(Call::Result, &key.job, &failure.message, pause).await?;
                }
                Verdict::Gone => {
                    let message = format!(
                        "the service no longer has the result of task {task}: {}; it is paid and is not submitted again by itself",
                        failure.message
                    );
                    return Err(Lost::Short(Problem { code: Cause::ResultGone, message }));
                }
                _ => return Err(failure.into()),
            },
        }
    }
    unreachable!("the last try returns")
}

/// Numbers the listed videos: a video that is known keeps its number, by its URL without the query; others take
/// theirs from their place in the list, or the next that is free.
fn number(urls: &[String], have: &[Output]) -> Vec<Listed> {
    // URLs that differ in their queries alone tell nothing apart.
    let alone = |url: &str| urls.iter().filter(|other| without_query(other) == without_query(url)).count() == 1;
    let known = |url: &str| {
        let mut same = have.iter().filter(|o| o.source.as_deref() == Some(without_query(url)));
        same.next().filter(|_| same.next().is_none() && alone(url)).map(|o| o.number)
    };
    let mut taken: Vec<usize> = urls.iter().filter_map(|url| known(url)).collect();
    let mut listed = Vec::new();
    for (index, url) in urls.iter().enumerate() {
        let number = known(url).unwrap_or_else(|| {
            let free = (index + 1..).find(|number| !taken.contains(number)).expect("numbers don't end");
            taken.push(free);
            free
        });
        listed.push(Listed { url: url.clone(), number });
    }
    listed
}

fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

/// Whether the video is here as it was fetched.
fn is_here<S: Service>(context: &Context<S>, path: &str, output: &Output) -> bool {
    let path = context.folder.join(path);
    path.metadata().is_ok_and(|m| m.len() == output.bytes)
        && Sha256::of_file(&path).is_ok_and(|hash| hash == output.sha256)
}

/// Fetches one video and gives it its name, durably.
async fn fetch<S: Service>(
    context: &Arc<Context<S>>,
    record: &Record,
    listed: &Listed,
    path: &str,
    known: Option<&Output>,
) -> Result<Output, Missed> {
    let destination = Arc::new(Destination::of(&context.folder, path).map_err(Missed::Failed)?);
    let download = async {
        let _permit = context.downloads.acquire().await;
        context.events.send(Event::Downloading { job: record.key.job.clone(), path: path.to_owned() });
        faultpoint::reach("download", "send");
        let transfer = Transfer::new(context, &record.key.job, Call::Download, path);
        let advance = |bytes, total| transfer.advance(bytes, total);
        context.service.download(&listed.url, destination.path(), advance).await
    };
    let video = context.stop.unless_out(download).await.ok_or(Missed::Out)?.map_err(Missed::Failed)?;
    faultpoint::reach("download", "answered");
    let output = Output {
        number: listed.number,
        path: path.to_owned(),
        sha256: video.sha256,
        bytes: video.bytes,
        source: Some(without_query(&listed.url).to_owned()),
    };
    let ours: Vec<Sha256> = known.map(|known| known.sha256).into_iter().chain([video.sha256]).collect();
    destination.check(&ours).await.map_err(Missed::Failed)?;
    // The hash is on record before the name is taken: else a crash between the two would leave a file that nobody knows.
    let entry = Entry::Downloaded { key: record.key.clone(), attempt: record.attempt, output: output.clone() };
    let _ = context.record(entry).await;
    {
        let _permit = context.stores.acquire().await;
        destination.store(video, ours, record.finished_at).await.map_err(Missed::Failed)?;
    }
    let synced = context.folders.sync(durable::folder_of(destination.path())).await;
    synced.map_err(|error| Missed::Failed(destination.unwritable(&error)))?;
    faultpoint::reach("video", "stored");
    context.sent.videos.fetch_add(1, Ordering::Relaxed);
    context.sent.bytes.fetch_add(output.bytes, Ordering::Relaxed);
    context.events.send(Event::Downloaded {
        job: record.key.job.clone(),
        path: output.path.clone(),
        sha256: output.sha256.to_string(),
        bytes: output.bytes,
    });
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(number: usize, source: &str) -> Output {
        Output { number, path: String::new(), sha256: Sha256::of(b""), bytes: 0, source: Some(source.to_owned()) }
    }

    #[test]
    fn videos_keep_their_numbers_when_the_service_lists_them_anew() {
        let numbers = |urls: &[&str], have: &[Output]| {
            let urls: Vec<String> = urls.iter().map(|&u| u.to_owned()).collect();
            number(&urls, have).into_iter().map(|listed| listed.number).collect::<Vec<_>>()
        };
        assert_eq!(numbers(&["u/a", "u/b"], &[]), [1, 2]);
        let have = [output(1, "u/a"), output(2, "u/b")];
        assert_eq!(numbers(&["u/b?sig=2", "u/a?sig=1"], &have), [2, 1]);
        assert_eq!(numbers(&["u/c", "u/a"], &have), [2, 1], "a new one takes a number that is free");
        assert_eq!(numbers(&["v/a", "v/b"], &have), [1, 2], "other URLs: by their place");
        let have = [output(1, "u/view")];
        assert_eq!(numbers(&["u/view?f=1", "u/view?f=2"], &have), [1, 2], "queries are not kept: by their place");
    }
}
