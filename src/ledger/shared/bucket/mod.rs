//! A shared ledger in a bucket: objects that are created where there is none, and replaced where they are as they were.
//!
//! A write is sent once: a client that sends it again by itself would be told that what it wrote the first time is there already.
//! Whoever is told so reads what stands there; that is the business of those who call, for all engines.

mod policy;

pub use policy::policy;

use super::store::{Call, Found, Listed, Revision, Store, StoreError};
use crate::base::bucket::{self, BucketError, BucketUrl, Calls, Provider};
use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::{Error, ObjectMeta, ObjectStore, PutMode, PutOptions, UpdateVersion};
use object_store::{ObjectStoreExt as _, PutResult};
use std::sync::Arc;

/// A store in a bucket.
pub(super) struct Bucket {
    url: BucketUrl,
    /// Where it is read from: calls that got no answer are made again.
    reading: Arc<dyn ObjectStore>,
    /// Where it is written to: once.
    writing: Arc<dyn ObjectStore>,
}

impl Bucket {
    /// Returns the store at a URL; nothing is asked of it yet.
    ///
    /// # Errors
    /// Fails if the environment lacks what the provider needs.
    pub(super) fn new(url: &BucketUrl) -> Result<Bucket, StoreError> {
        let (reading, writing) = (bucket::connect(url, Calls::Texts)?, bucket::connect(url, Calls::TextsOnce)?);
        Ok(Bucket { url: url.clone(), reading, writing })
    }

    fn path(&self, key: &str) -> Result<Path, StoreError> {
        Path::parse(self.url.key(key)).map_err(|error| StoreError::Refused(error.to_string()))
    }

    async fn put(&self, key: &str, text: Vec<u8>, mode: PutMode) -> Result<Option<Revision>, StoreError> {
        let options = PutOptions { mode, ..PutOptions::default() };
        match self.writing.put_opts(&self.path(key)?, text.into(), options).await {
            Ok(PutResult { e_tag, version, .. }) => self.revision(e_tag, version).map(Some),
            // A conflict, and an object that isn't there to be replaced, are the same case: what stands there tells.
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(None),
            Err(error) => Err(failed("write to", &error)),
        }
    }

    /// Returns what one state of an object is called. Google's conditions know it by its generation, all others by its ETag.
    fn revision(&self, e_tag: Option<String>, version: Option<String>) -> Result<Revision, StoreError> {
        let name = if self.url.provider == Provider::Google { version } else { e_tag };
        name.map(Revision).ok_or_else(nameless)
    }

    async fn found(&self, key: &str) -> Result<Option<Found>, StoreError> {
        let found = match self.reading.get(&self.path(key)?).await {
            Ok(found) => found,
            Err(error) if bucket::is_absent(&error) => return Ok(None),
            Err(error) => return Err(failed("read from", &error)),
        };
        let ObjectMeta { e_tag, version, .. } = found.meta.clone();
        let text = found.bytes().await.map_err(|error| failed("read from", &error))?;
        Ok(Some(Found { revision: self.revision(e_tag, version)?, text: text.into() }))
    }

    async fn listed(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        let folder = self.path(prefix.trim_end_matches('/'))?;
        let all: Vec<ObjectMeta> =
            self.reading.list(Some(&folder)).try_collect().await.map_err(|error| failed("list", &error))?;
        let before = self.url.key("").len();
        let listed = |ObjectMeta { location, e_tag, version, .. }: ObjectMeta| {
            let key = location.as_ref()[before..].to_owned();
            // Google lists no generations: the object is read again then.
            let revision = self.revision(e_tag, version).or_else(|error| match self.url.provider {
                Provider::Google => Ok(Revision(String::new())),
                Provider::S3 | Provider::Azure => Err(error),
            });
            Ok(Listed { key, revision: revision?, text: None })
        };
        all.into_iter().map(listed).collect()
    }
}

impl Store for Bucket {
    fn get<'s>(&'s self, key: &'s str) -> Call<'s, Option<Found>> {
        Box::pin(self.found(key))
    }

    fn list<'s>(&'s self, prefix: &'s str) -> Call<'s, Vec<Listed>> {
        Box::pin(self.listed(prefix))
    }

    fn create<'s>(&'s self, key: &'s str, text: Vec<u8>) -> Call<'s, Option<Revision>> {
        Box::pin(self.put(key, text, PutMode::Create))
    }

    fn swap<'s>(&'s self, key: &'s str, from: &'s Revision, text: Vec<u8>) -> Call<'s, Option<Revision>> {
        let name = Some(from.0.clone());
        let version = match self.url.provider {
            Provider::Google => UpdateVersion { e_tag: None, version: name },
            Provider::S3 | Provider::Azure => UpdateVersion { e_tag: name, version: None },
        };
        Box::pin(async move {
            match self.put(key, text, PutMode::Update(version)).await {
                // There is no object whose state it could be.
                Err(StoreError::Refused(_)) if self.found(key).await?.is_none() => Ok(None),
                swapped => swapped,
            }
        })
    }
}

fn nameless() -> StoreError {
    StoreError::Refused("the store gives its objects no ETag: no ledger can be kept there".to_owned())
}

/// Returns why a call failed.
fn failed(doing: &str, error: &Error) -> StoreError {
    match (bucket::failed(doing, error), error) {
        (BucketError::Away(why) | BucketError::Refused(why), _) if why.contains("ETag Header missing") => nameless(),
        (BucketError::Refused(why), Error::NotSupported { .. } | Error::NotImplemented { .. }) => StoreError::Refused(
            format!("the store doesn't know conditional writes: no ledger can be kept there: {why}"),
        ),
        (failed, _) => failed.into(),
    }
}

impl From<BucketError> for StoreError {
    fn from(error: BucketError) -> StoreError {
        match error {
            BucketError::Away(why) => StoreError::Away(why),
            BucketError::Refused(why) => StoreError::Refused(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::memory::InMemory;

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
    }

    #[test]
    fn an_object_is_created_once_and_replaced_as_it_was() {
        let memory = Arc::new(InMemory::new());
        let url = "s3://team/films".parse().unwrap();
        let bucket = Bucket { url, reading: memory.clone(), writing: memory.clone() };
        run(async {
            let key = "p/aa/=e5=9c=ba";
            assert_eq!((bucket.get(key).await, bucket.list("p/").await), (Ok(None), Ok(Vec::new())));
            let first = bucket.create(key, b"1".to_vec()).await.unwrap().unwrap();
            assert_eq!(bucket.create(key, b"2".to_vec()).await, Ok(None));
            let second = bucket.swap(key, &first, b"3".to_vec()).await.unwrap().unwrap();
            assert_eq!(bucket.swap(key, &first, b"4".to_vec()).await, Ok(None));
            assert_eq!(bucket.swap("p/bb/c", &first, b"5".to_vec()).await, Ok(None));
            let found = bucket.get(key).await.unwrap().unwrap();
            assert_eq!((found.revision.clone(), &*found.text), (second, &b"3"[..]));
            let listed = bucket.list("p/").await.unwrap();
            assert_eq!(listed, [Listed { key: key.to_owned(), revision: found.revision, text: None }]);
        });
        let keys: Vec<_> = run(memory.list(None).try_collect::<Vec<_>>()).unwrap();
        assert_eq!(keys[0].location.as_ref(), "films/p/aa/=e5=9c=ba");
    }
}
