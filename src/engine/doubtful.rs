//! Keeps content that was received instead of a video and isn't known to be one: it is paid, and a person may find it
//! usable.

use super::context::Context;
use super::destination::Destination;
use crate::base::durable::{self, Replacing};
use crate::client::{Failure, Service, Video};
use crate::service::names::JobId;
use crate::service::output::{DOUBTFUL, doubtful};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The longest content received for a video in several tries.
#[derive(Debug, Default)]
pub(super) struct Doubt(Option<Box<Video>>);

impl Doubt {
    /// Takes the content of another try: the longest counts.
    pub(super) fn take_in(&mut self, video: Option<Box<Video>>) {
        let bytes = self.0.as_ref().map_or(0, |before| before.bytes);
        if let Some(video) = video.filter(|video| video.bytes >= bytes) {
            self.0 = Some(video);
        }
    }

    /// Keeps it next to the `path` of the video, and mentions it in the `failure` of the last try.
    pub(super) async fn keep<S: Service>(
        self,
        context: &Arc<Context<S>>,
        job: &JobId,
        path: &str,
        failure: Failure,
    ) -> Failure {
        let Some(video) = self.0 else { return failure };
        let shown = doubtful(path);
        let destination = match Destination::of(&context.folder, &shown) {
            Ok(destination) => destination,
            Err(failure) => return failure,
        };
        let place = destination.path().to_owned();
        let stored = tokio::task::spawn_blocking(move || store(*video, &place)).await;
        let stored = match stored.map_err(io::Error::other).and_then(|stored| stored) {
            Ok(()) => context.folders.sync(durable::folder_of(destination.path())).await,
            Err(error) => Err(error),
        };
        match stored {
            Ok(()) => {
                let kept = format!("what came is kept as {shown}, and if it plays to its end");
                let message = format!("{}; {kept}, batch fetch --accept-doubtful {job} takes it", failure.message);
                Failure { message, ..failure }
            }
            Err(error) => destination.unwritable(&error),
        }
    }
}

/// Renames the content to its final name, durably, unless an earlier run received more.
fn store(video: Video, place: &Path) -> io::Result<()> {
    match place.metadata() {
        Ok(found) if found.len() > video.bytes => Ok(()),
        _ => durable::name(video.file, place, Replacing::Anything),
    }
}

/// Removes the content of an earlier run once the video is stored, if the video begins with it.
pub(super) async fn clear(video: Arc<Destination>) {
    let mut before = video.path().as_os_str().to_owned();
    before.push(DOUBTFUL);
    let before = PathBuf::from(before);
    if !before.is_file() {
        return;
    }
    let cleared = tokio::task::spawn_blocking(move || {
        if begins_with(video.path(), &before)? { durable::remove(&before) } else { Ok(()) }
    });
    if let Ok(Err(error)) = cleared.await {
        tracing::warn!(%error, "a doubtful video can't be removed although the whole one is here");
    }
}

/// Returns whether one file begins with the content of another.
fn begins_with(whole: &Path, part: &Path) -> io::Result<bool> {
    let (mut whole, mut part) = (io::BufReader::new(File::open(whole)?), io::BufReader::new(File::open(part)?));
    let (mut expected, mut found) = (Vec::new(), Vec::new());
    loop {
        expected.clear();
        found.clear();
        part.by_ref().take(64 * 1024).read_to_end(&mut expected)?;
        whole.by_ref().take(expected.len() as u64).read_to_end(&mut found)?;
        if expected.is_empty() || expected != found {
            return Ok(expected == found);
        }
    }
}
