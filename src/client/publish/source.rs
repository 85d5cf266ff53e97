//! A file that is sent in parts, each read and hashed on a blocking thread.

use super::PublishError;
use crate::base::digest::{Hasher, Sha256};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// The size of a part, the least that S3 takes.
pub(super) const PART: usize = 5 * 1024 * 1024;

/// A file that is read from its beginning.
pub(super) struct Source {
    path: PathBuf,
    /// `None` while a thread has it.
    state: Option<(File, Hasher)>,
}

impl Source {
    /// Opens a file.
    ///
    /// # Errors
    /// Fails if it can't be opened.
    pub(super) fn open(path: &Path) -> Result<Source, PublishError> {
        let file = File::open(path).map_err(|error| unreadable(path, &error))?;
        Ok(Source { path: path.to_owned(), state: Some((file, Hasher::default())) })
    }

    /// Returns the next part; one that isn't full is the last.
    ///
    /// # Errors
    /// Fails if it can't be read.
    pub(super) async fn next(&mut self) -> Result<Vec<u8>, PublishError> {
        let lost = || io::Error::other("its reader is gone");
        let (mut file, mut hasher) = self.state.take().ok_or_else(|| unreadable(&self.path, &lost()))?;
        let read = tokio::task::spawn_blocking(move || {
            let mut part = Vec::new();
            let read = file.by_ref().take(PART as u64).read_to_end(&mut part);
            hasher.update(&part);
            (read.map(|_| part), file, hasher)
        });
        let (part, file, hasher) = read.await.map_err(|error| unreadable(&self.path, &io::Error::other(error)))?;
        self.state = Some((file, hasher));
        part.map_err(|error| unreadable(&self.path, &error))
    }

    /// Checks that what was read is the recorded content.
    ///
    /// # Errors
    /// Fails if it isn't: it must not be published then.
    pub(super) fn check(self, sha256: &Sha256) -> Result<(), PublishError> {
        let found = self.state.map(|(_, hasher)| hasher.finish());
        if found == Some(*sha256) { Ok(()) } else { Err(changed(&self.path)) }
    }
}

/// Returns the error for a video with other content than the recorded one.
pub(super) fn changed(path: &Path) -> PublishError {
    PublishError::Local(format!("{} has other content than the recorded video", path.display()))
}

/// Returns the error for a video that can't be read.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> PublishError {
    PublishError::Local(format!("{} can't be read: {error}", path.display()))
}
