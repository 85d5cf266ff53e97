//! Published videos: files in a bucket, or in a folder that several machines share.
//!
//! A file is sent in parts, so that no video is held in memory, and only if it still has the recorded content; what is fetched
//! counts only with the recorded content too. A place that doesn't answer is left alone after a few calls, since a run has
//! better things to do than to wait for it.

mod bucket;
mod folder;
mod source;

use super::Video;
use crate::base::bucket::{BucketError, Calls, connect};
use crate::base::digest::Sha256;
use crate::base::durable::Mark;
use crate::service::publish_url::{PublishUrl, published_name};
use bucket::Objects;
use folder::Files;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Number of calls in a row without an answer after which the place counts as away.
const MISSES: u32 = 3;

/// The place where videos are published.
pub struct Publisher {
    url: PublishUrl,
    /// The folder of all videos, relative to the manifest's.
    dir: String,
    /// The mark of this run's temporary files.
    temporaries: Mark,
    place: Place,
    reach: Mutex<Reach>,
}

enum Place {
    Bucket(Objects),
    Folder(Files),
}

/// The last news of the place.
#[derive(Debug, Default)]
struct Reach {
    misses: u32,
    /// The reason why it isn't asked again.
    closed: Option<PublishError>,
}

/// The reason why a video wasn't published, or not fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The place doesn't answer: it may later.
    #[error("{0}")]
    Away(String),
    /// The place refuses until a person changes something.
    #[error("{0}")]
    Refused(String),
    /// The published file doesn't exist, or has other content than the recorded one.
    #[error("{0}")]
    NotAsRecorded(String),
    /// This machine can't read or write the video, or it has other content than the recorded one.
    #[error("{0}")]
    Local(String),
}

impl From<BucketError> for PublishError {
    fn from(error: BucketError) -> PublishError {
        match error {
            BucketError::Away(why) => PublishError::Away(why),
            BucketError::Refused(why) => PublishError::Refused(why),
        }
    }
}

impl Publisher {
    /// Returns the place at `url`, for videos below `dir`; nothing is asked of it yet. What is fetched goes into temporary
    /// files with this mark.
    ///
    /// # Errors
    /// Fails if the environment lacks what the provider needs.
    pub fn new(url: &PublishUrl, dir: &str, temporaries: Mark) -> Result<Publisher, PublishError> {
        let place = match url {
            PublishUrl::Bucket(bucket) => Place::Bucket(Objects::new(bucket, connect(bucket, Calls::Files)?)),
            PublishUrl::Folder(folder) => Place::Folder(Files::new(folder)),
        };
        Ok(Publisher { url: url.clone(), dir: dir.to_owned(), temporaries, place, reach: Mutex::default() })
    }

    /// Returns its URL.
    pub fn url(&self) -> &PublishUrl {
        &self.url
    }

    /// Returns the URL under which a video with this path and content is published.
    pub fn url_of(&self, path: &str, sha256: &Sha256) -> String {
        let below = path.strip_prefix(&self.dir).and_then(|path| path.strip_prefix('/')).unwrap_or(path);
        self.url.url_of(&published_name(below, sha256))
    }

    /// Publishes `file` under `url`, if it has this content.
    ///
    /// # Errors
    /// Fails if it hasn't, or if the place doesn't take it.
    pub async fn put(&self, file: &Path, url: &str, sha256: &Sha256) -> Result<(), PublishError> {
        let name = self.name(url)?;
        let put = match &self.place {
            Place::Bucket(objects) => objects.put(file, name, sha256).await,
            Place::Folder(files) => files.put(file, name, sha256).await,
        };
        self.heard(put)
    }

    /// Fetches the video with this content that was published under `url`, to a temporary file next to `destination`.
    ///
    /// # Errors
    /// Fails if it isn't there, has other content, or the place doesn't answer.
    pub async fn get(
        &self,
        url: &str,
        (sha256, bytes): (&Sha256, u64),
        destination: &Path,
    ) -> Result<Video, PublishError> {
        let name = self.name(url)?;
        let got = match &self.place {
            Place::Bucket(objects) => objects.get(name, bytes, destination, &self.temporaries).await,
            Place::Folder(files) => files.get(name, bytes, destination, &self.temporaries).await,
        };
        let video = self.heard(got)?;
        if video.sha256 != *sha256 {
            return Err(PublishError::NotAsRecorded(format!("{url} has other content than the recorded video")));
        }
        Ok(video)
    }

    /// Lets a place that counted as away be asked once more; `false` if it refuses.
    pub fn ask_again(&self) -> bool {
        let mut reach = self.reach.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(PublishError::Refused(_)) = reach.closed {
            return false;
        }
        *reach = Reach { misses: MISSES - 1, closed: None };
        true
    }

    /// Returns the name of the file at `url`, if the place is still asked.
    fn name<'u>(&self, url: &'u str) -> Result<&'u str, PublishError> {
        if let Some(closed) = &self.reach.lock().unwrap_or_else(PoisonError::into_inner).closed {
            return Err(closed.clone());
        }
        self.url.name_of(url).ok_or_else(|| PublishError::Refused(format!("{url} isn't at {}", self.url)))
    }

    /// Takes note of what a call says of the place.
    fn heard<T>(&self, answer: Result<T, PublishError>) -> Result<T, PublishError> {
        let mut reach = self.reach.lock().unwrap_or_else(PoisonError::into_inner);
        match &answer {
            Ok(_) | Err(PublishError::NotAsRecorded(_)) => reach.misses = 0,
            Err(PublishError::Local(_)) => {}
            Err(error) => {
                reach.misses += 1;
                if reach.misses >= MISSES || matches!(error, PublishError::Refused(_)) {
                    reach.closed.get_or_insert_with(|| error.clone());
                }
            }
        }
        answer
    }
}

#[cfg(test)]
mod tests;
