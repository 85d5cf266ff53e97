//! The destination of a video: inside its folder, and never over a file that isn't its own.

use crate::base::digest::Sha256;
use crate::base::durable::{self, Replacing};
use crate::base::folder::{Folder, Found, Outside};
use crate::client::{Failure, Verdict, Video};
use crate::event::{Cause, JobError};
use crate::plan::videos::stamp_file;
use jiff::Timestamp;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The code of a failure to store a video because another file has its name.
pub(super) const IN_THE_WAY: &str = "file-in-the-way";

/// The destination of a video.
#[derive(Debug)]
pub(super) struct Destination {
    path: PathBuf,
    /// The path as written in the manifest, for messages.
    shown: String,
    /// `true` if nothing had that name when it was looked at.
    free: bool,
}

impl Destination {
    /// Returns the destination `shown` in `folder`; its parent folder is created.
    ///
    /// # Errors
    /// Fails if it leads out of `folder`, can't be created, or is taken by something other than a file.
    pub(super) fn of(folder: &Folder, shown: &str) -> Result<Destination, Failure> {
        let refused = |error: Outside| match error {
            Outside::Io(error) => unwritable(shown, &error),
            outside => unwritable(shown, &io::Error::other(outside.to_string())),
        };
        let (mut path, mut found) = folder.look(shown).map_err(refused)?;
        if let Found::NoFolder = found {
            durable::make_folder(durable::folder_of(&path)).map_err(|error| unwritable(shown, &error))?;
            // A link may have appeared since the manifest was checked: the path is checked again now that the folder exists.
            (path, found) = folder.look(shown).map_err(refused)?;
        }
        if matches!(&found, Found::Something(found) if !found.is_file()) {
            return Err(taken(shown));
        }
        let free = !matches!(found, Found::Something(_));
        Ok(Destination { path, shown: shown.to_owned(), free })
    }

    /// Returns its real path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path as written in the manifest.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// Checks that a video with one of the hashes `ours` may be stored there, and returns what it replaces. A name that
    /// was free isn't looked at again: if it no longer is when the video is to have it, that is an error then.
    ///
    /// # Errors
    /// Fails if another file has that name.
    pub(super) async fn check(self: &Arc<Self>, ours: &[Sha256]) -> Result<Replacing, Failure> {
        if self.free {
            return Ok(Replacing::Nothing);
        }
        let ours = ours.to_vec();
        self.on_disk(move |destination| destination.replacing(&ours)).await
    }

    /// Makes a fetched video durable and renames it to its final name, which is durable once its folder is synced. It
    /// replaces what [`check`](Destination::check) found, if that is still there. Its modification time tells later that it
    /// is untouched; `finished_at` is when its purchase was finished.
    ///
    /// # Errors
    /// Fails if another file has that name, or it can't be written.
    pub(super) async fn store(
        self: &Arc<Self>,
        video: Video,
        (replacing, ours): (Replacing, Vec<Sha256>),
        finished_at: Option<Timestamp>,
    ) -> Result<(), Failure> {
        self.on_disk(move |destination| {
            if let Some(at) = finished_at {
                stamp_file(video.file.as_file(), at, &video.sha256);
            }
            // A name that was free is only taken if it still is; of a file that is replaced, the content must still be ours.
            let replacing = match replacing {
                Replacing::Nothing => Replacing::Nothing,
                Replacing::Anything => destination.replacing(&ours)?,
            };
            durable::name(video.file, &destination.path, replacing).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => taken(&destination.shown),
                _ => destination.unwritable(&error),
            })
        })
        .await
    }

    /// Returns the failure to write there.
    pub(super) fn unwritable(&self, error: &io::Error) -> Failure {
        unwritable(&self.shown, error)
    }

    /// Allows overwriting a file only if its content is one of `ours`: a recorded hash, or the very video to be stored
    /// (a run that was killed while its disk was full may have stored it without recording that).
    fn replacing(&self, ours: &[Sha256]) -> Result<Replacing, Failure> {
        match self.path.symlink_metadata() {
            Err(_) => Ok(Replacing::Nothing),
            Ok(found) if found.is_file() && Sha256::of_file(&self.path).is_ok_and(|hash| ours.contains(&hash)) => {
                Ok(Replacing::Anything)
            }
            Ok(_) => Err(taken(&self.shown)),
        }
    }

    /// Runs `work` on a blocking thread.
    async fn on_disk<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Destination) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let destination = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || work(&destination)).await;
        done.unwrap_or_else(|panic| Err(self.unwritable(&io::Error::other(panic))))
    }
}

/// Returns the problem of a file that blocks a video's name.
pub(super) fn in_the_way(path: &str) -> JobError {
    JobError {
        code: Cause::FileInTheWay,
        message: format!(
            "{path} exists and has other content than this lock knows for it; it may be a paid video of another version of the lock: move it away, then run again"
        ),
    }
}

fn taken(path: &str) -> Failure {
    Failure { verdict: Verdict::Local, code: IN_THE_WAY.to_owned(), message: in_the_way(path).message }
}

fn unwritable(path: &str, error: &io::Error) -> Failure {
    Failure { verdict: Verdict::Local, code: "disk".to_owned(), message: format!("{path} can't be written: {error}") }
}
