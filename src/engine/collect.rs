//! Fetches what is paid: each video whole, checked, durable under its name. A failed download is never more than that.

use super::context::{Context, Missed};
use super::transfer::Transfer;
use crate::base::digest::Sha256;
use crate::base::durable::{self, Replacing};
use crate::base::{faultpoint, folder::Outside};
use crate::client::{Failure, Service, Verdict, Video};
use crate::event::{Call, Cause, Event, Problem};
use crate::ledger::entry::Entry;
use crate::ledger::record::{Key, Output, Record};
use crate::plan::videos::stamp_file;
use jiff::Timestamp;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How often the result of a task, and each of its videos, is asked for in one run.
const TRIES: u32 = 8;

/// The code of a failure to store a video because another file stands there.
const IN_THE_WAY: &str = "file-in-the-way";

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
    let destination = place(context, path).map_err(Missed::Failed)?;
    if destination.symlink_metadata().is_ok_and(|found| !found.is_file()) {
        return Err(Missed::Failed(in_the_way_failure(path)));
    }
    let download = async {
        let _permit = context.downloads.acquire().await;
        context.events.send(Event::Downloading { job: record.key.job.clone(), path: path.to_owned() });
        faultpoint::reach("download", "send");
        let transfer = Transfer::new(context, &record.key.job, Call::Download, path);
        let advance = |bytes, total| transfer.advance(bytes, total);
        context.service.download(&listed.url, &destination, advance).await
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
    let mut ours: Vec<Sha256> = known.map(|known| known.sha256).into_iter().chain([video.sha256]).collect();
    if destination.symlink_metadata().is_ok() {
        let (destination, shown) = (destination.clone(), path.to_owned());
        ours = on_disk(path, move || free(&destination, &shown, &ours).map(|_| ours)).await?;
    }
    // The hash is on record before the name is taken: else a crash between the two would leave a file that nobody knows.
    let entry = Entry::Downloaded { key: record.key.clone(), attempt: record.attempt, output: output.clone() };
    let _ = context.record(entry).await;
    let folder = durable::folder_of(&destination).to_owned();
    let (shown, stamp) = (path.to_owned(), record.finished_at);
    {
        let _permit = context.stores.acquire().await;
        on_disk(path, move || store(video, &destination, &shown, &ours, stamp)).await?;
    }
    context.folders.sync(&folder).await.map_err(|error| Missed::Failed(local(path, &error)))?;
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

/// Does what takes the disk a while, beside the run.
async fn on_disk<T: Send + 'static>(
    path: &str,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Missed> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|panic| Err(local(path, &io::Error::other(panic)))).map_err(Missed::Failed)
}

/// The real path for a video, its folder made.
fn place<S: Service>(context: &Context<S>, path: &str) -> Result<PathBuf, Failure> {
    let refused = |error: &Outside| match error {
        Outside::Io(error) => local(path, error),
        outside => local(path, &io::Error::other(outside.to_string())),
    };
    let destination = context.folder.inside(path).map_err(|error| refused(&error))?;
    let folder = durable::folder_of(&destination);
    if folder.symlink_metadata().is_ok_and(|found| found.is_dir()) {
        return Ok(destination);
    }
    std::fs::create_dir_all(folder).map_err(|error| local(path, &error))?;
    // A link may have appeared since the manifest was checked: the folder is looked at again now that it is there.
    context.folder.inside(path).map_err(|error| refused(&error))
}

/// What stands where a video is to go.
enum Found {
    Nothing,
    /// A file that may be overwritten.
    Ours,
}

/// A file is overwritten only if its content is `ours`: what the record knows, or the very video that is to take its place
/// (a run that was killed while its disk was full has put it there and could write nothing down).
fn free(destination: &Path, path: &str, ours: &[Sha256]) -> Result<Found, Failure> {
    match destination.symlink_metadata() {
        Err(_) => Ok(Found::Nothing),
        Ok(found) if found.is_file() && Sha256::of_file(destination).is_ok_and(|hash| ours.contains(&hash)) => {
            Ok(Found::Ours)
        }
        Ok(_) => Err(in_the_way_failure(path)),
    }
}

/// Makes a fetched video durable and gives it its name, which is durable once the folder is synced.
fn store(
    video: Video,
    destination: &Path,
    path: &str,
    ours: &[Sha256],
    stamp: Option<Timestamp>,
) -> Result<(), Failure> {
    if let Some(stamp) = stamp {
        stamp_file(video.file.as_file(), stamp);
    }
    let replacing = match free(destination, path, ours)? {
        Found::Nothing => Replacing::Nothing,
        Found::Ours => Replacing::Anything,
    };
    durable::name(video.file, destination, replacing).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => in_the_way_failure(path),
        _ => local(path, &error),
    })
}

/// What to say of a file that stands where a video is to go.
pub(super) fn in_the_way(path: &str) -> Problem {
    Problem {
        code: Cause::FileInTheWay,
        message: format!(
            "{path} exists and is not a video that this lock knows: move it away or delete it, then run again"
        ),
    }
}

fn in_the_way_failure(path: &str) -> Failure {
    Failure { verdict: Verdict::Local, code: IN_THE_WAY.to_owned(), message: in_the_way(path).message }
}

fn local(path: &str, error: &io::Error) -> Failure {
    Failure { verdict: Verdict::Local, code: "disk".to_owned(), message: format!("{path} can't be written: {error}") }
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
