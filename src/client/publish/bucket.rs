//! Published videos in a bucket.

use super::source::{PART, Source};
use super::{PublishError, Video};
use crate::base::bucket::{BucketUrl, failed, is_absent};
use crate::base::digest::Sha256;
use crate::base::durable::{Mark, temporary_beside};
use crate::client::partial::Partial;
use object_store::path::Path as Key;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, WriteMultipart};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Maximum number of parts of a file on their way at once.
const PARTS: usize = 2;

/// The objects of a folder in a bucket.
pub(super) struct Objects {
    url: BucketUrl,
    store: Arc<dyn ObjectStore>,
}

impl Objects {
    /// Returns the objects at a URL.
    pub(super) fn new(url: &BucketUrl, store: Arc<dyn ObjectStore>) -> Objects {
        Objects { url: url.clone(), store }
    }

    fn key(&self, name: &str) -> Result<Key, PublishError> {
        Key::parse(self.url.key(name)).map_err(|error| PublishError::Refused(error.to_string()))
    }

    /// Writes a file's content under a name, in parts if it is large.
    ///
    /// # Errors
    /// Fails if it isn't the recorded content, or can't be written.
    pub(super) async fn put(&self, file: &Path, name: &str, sha256: &Sha256) -> Result<(), PublishError> {
        let (key, mut source) = (self.key(name)?, Source::open(file)?);
        let refused = |error: Error| PublishError::from(failed("write to", &error));
        let mut part = source.next().await?;
        if part.len() < PART {
            source.check(sha256)?;
            return self.store.put(&key, part.into()).await.map(drop).map_err(refused);
        }
        let upload = self.store.put_multipart(&key).await.map_err(refused)?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PART);
        let sent = loop {
            if part.is_empty() {
                break source.check(sha256);
            }
            if let Err(error) = upload.wait_for_capacity(PARTS).await {
                break Err(refused(error));
            }
            upload.put(part.into());
            part = match source.next().await {
                Ok(part) => part,
                Err(error) => break Err(error),
            };
        };
        match sent {
            Ok(()) => upload.finish().await.map(drop).map_err(refused),
            Err(error) => {
                if let Err(left) = upload.abort().await {
                    tracing::warn!(%left, name, "parts of an upload that was broken off may be left in the bucket");
                }
                Err(error)
            }
        }
    }

    /// Fetches the object with a name, in parts, to a temporary file next to `destination`: as many bytes as are recorded, so
    /// that its hash tells whether it is the same.
    ///
    /// # Errors
    /// Fails if it doesn't exist or is shorter, or can't be fetched or written.
    pub(super) async fn get(
        &self,
        name: &str,
        bytes: u64,
        destination: &Path,
        temporaries: &Mark,
    ) -> Result<Video, PublishError> {
        let key = self.key(name)?;
        let local = |error: io::Error| PublishError::Local(format!("{}: {error}", destination.display()));
        let mut partial = Partial::new(temporary_beside(destination, temporaries).map_err(local)?);
        while partial.received() < bytes {
            let from = partial.received();
            let part = match self.store.get_range(&key, from..bytes.min(from + PART as u64)).await {
                Ok(part) if !part.is_empty() => part,
                Ok(_) => break,
                Err(error) if is_absent(&error) => {
                    return Err(PublishError::NotAsRecorded(format!("{} no longer exists", self.shown(name))));
                }
                Err(error) if is_shorter(&error) => break,
                Err(error) => return Err(failed("read from", &error).into()),
            };
            partial.take_in(&part).await.map_err(local)?;
        }
        let received = partial.received();
        let (file, sha256, ()) = partial.finish(|_| Ok::<_, io::Error>(())).await.map_err(local)?;
        Ok(Video { file, sha256, bytes: received })
    }

    fn shown(&self, name: &str) -> String {
        format!("{}/{name}", self.url)
    }
}

/// Returns whether an object ends before the part that was asked for: it isn't the recorded one.
fn is_shorter(error: &Error) -> bool {
    let text = error.to_string();
    matches!(error, Error::Generic { .. }) && (text.contains("416") || text.contains("range"))
}
