//! Published videos in a folder.

use super::source::{changed, unreadable};
use super::{PublishError, Video};
use crate::base::digest::{Hasher, Sha256};
use crate::base::durable::{Mark, folder_of, make_folder, persist, temporary_beside};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// The files of a folder.
pub(super) struct Files(PathBuf);

impl Files {
    /// Returns the files below `folder`.
    pub(super) fn new(folder: &Path) -> Files {
        Files(folder.to_owned())
    }

    /// Copies a file, durably.
    ///
    /// # Errors
    /// Fails if it isn't the recorded content, or can't be written.
    pub(super) async fn put(&self, file: &Path, name: &str, sha256: &Sha256) -> Result<(), PublishError> {
        let (from, root, to, sha256) = (file.to_owned(), self.0.clone(), self.0.join(name), *sha256);
        let refused = |to: &Path, error: &io::Error| PublishError::Refused(format!("{}: {error}", to.display()));
        on_disk(move || {
            // What a disk that isn't mounted leaves isn't taken for the place.
            if !root.is_dir() {
                return Err(PublishError::Refused(absent(&root)));
            }
            let source = File::open(&from).map_err(|error| unreadable(&from, &error))?;
            make_folder(folder_of(&to)).map_err(|error| refused(&to, &error))?;
            let copy = temporary_beside(&to, &Mark::of(&to)).map_err(|error| refused(&to, &error))?;
            let unread = |error| unreadable(&from, &error);
            let Video { file, sha256: found, .. } = copied(source, copy, unread, |error| refused(&to, &error))?;
            if found != sha256 {
                return Err(changed(&from));
            }
            persist(file, &to).map_err(|error| refused(&to, &error))
        })
        .await
    }

    /// Copies the file with a name to a temporary file next to `destination`, if it is as long as the recorded one.
    ///
    /// # Errors
    /// Fails if it isn't, or can't be read or written.
    pub(super) async fn get(
        &self,
        name: &str,
        bytes: u64,
        destination: &Path,
        temporaries: &Mark,
    ) -> Result<Video, PublishError> {
        let (from, destination, temporaries) = (self.0.join(name), destination.to_owned(), temporaries.clone());
        let root = self.0.clone();
        on_disk(move || {
            let away = |error: &io::Error| match error.kind() {
                io::ErrorKind::NotFound if !root.is_dir() => PublishError::Away(absent(&root)),
                io::ErrorKind::NotFound => PublishError::NotAsRecorded(format!("{} doesn't exist", from.display())),
                _ => PublishError::Away(format!("{}: {error}", from.display())),
            };
            // Looked at first: to open a pipe, for example, would wait for its writer.
            let found = from.metadata().map_err(|error| away(&error))?;
            if !found.is_file() || found.len() != bytes {
                return Err(PublishError::NotAsRecorded(format!(
                    "{} has other content than the recorded video",
                    from.display()
                )));
            }
            let source = File::open(&from).map_err(|error| away(&error))?;
            let local = |error: io::Error| PublishError::Local(format!("{}: {error}", destination.display()));
            let copy = temporary_beside(&destination, &temporaries).map_err(local)?;
            copied(source.take(bytes), copy, |error| away(&error), local)
        })
        .await
    }
}

/// Says that the folder of published files doesn't exist, and what to do.
fn absent(root: &Path) -> String {
    let shown = root.display();
    match root.exists() {
        true => format!("{shown} is no folder"),
        false => format!(
            "the folder {shown} doesn't exist: mount its disk, or make it, once, for the first video (`mkdir -p '{shown}'`)"
        ),
    }
}

/// Copies content into a temporary file; errors of either side are what the functions make of them.
fn copied(
    mut from: impl Read,
    mut to: NamedTempFile,
    unread: impl Fn(io::Error) -> PublishError,
    unwritten: impl Fn(io::Error) -> PublishError,
) -> Result<Video, PublishError> {
    let (mut hasher, mut bytes) = (Hasher::default(), 0);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match from.read(&mut buffer).map_err(&unread)? {
            0 => return Ok(Video { file: to, sha256: hasher.finish(), bytes }),
            n => {
                to.write_all(&buffer[..n]).map_err(&unwritten)?;
                hasher.update(&buffer[..n]);
                bytes += n as u64;
            }
        }
    }
}

/// Runs `work` on a blocking thread.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PublishError> + Send + 'static,
) -> Result<T, PublishError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|panic| Err(PublishError::Local(panic.to_string())))
}
