//! Hosts of images that answer by a script, and count what they are asked.

use crate::base::digest::Sha256;
use crate::client::{Failure, Image, Images};
use crate::service::remote::Validator;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The content at a URL, by the number of requests for it so far.
pub(crate) type Content = Box<dyn Fn(&str, usize) -> Result<String, Failure> + Send + Sync>;

/// The time until a reply.
const REPLY: Duration = Duration::from_millis(100);

/// The hosts; an image's validator is its content.
#[derive(Clone)]
pub(crate) struct FakeHosts {
    content: Arc<Content>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    requests: HashMap<String, usize>,
    /// Files of images that were given out and still exist.
    files: Vec<PathBuf>,
    most_files: usize,
}

impl Default for FakeHosts {
    /// Returns hosts whose images contain their URLs.
    fn default() -> FakeHosts {
        FakeHosts::new(Box::new(|url, _| Ok(url.to_owned())))
    }
}

impl FakeHosts {
    pub(crate) fn new(content: Content) -> FakeHosts {
        FakeHosts { content: Arc::new(content), seen: Arc::default() }
    }

    /// Returns the number of requests for any image.
    pub(crate) fn requests(&self) -> usize {
        self.seen.lock().unwrap().requests.values().sum()
    }

    /// Returns the number of requests for this image.
    pub(crate) fn requests_for(&self, url: &str) -> usize {
        self.seen.lock().unwrap().requests.get(url).copied().unwrap_or_default()
    }

    /// Returns the largest number of files that existed at a time.
    pub(crate) fn most_files(&self) -> usize {
        self.seen.lock().unwrap().most_files
    }

    /// Returns whether a file that was given out still exists.
    pub(crate) fn keeps_files(&self) -> bool {
        self.seen.lock().unwrap().files.iter().any(|file| file.exists())
    }
}

impl Images for FakeHosts {
    async fn image(&self, url: &str, known: Option<&Validator>) -> Result<Option<Image>, Failure> {
        let before = self.requests_for(url);
        self.seen.lock().unwrap().requests.insert(url.to_owned(), before + 1);
        tokio::time::sleep(REPLY).await;
        let content = (self.content)(url, before)?;
        let validator = Validator::new(&format!("\"{content}\"")).ok();
        if known.is_some() && known == validator.as_ref() {
            return Ok(None);
        }
        let file = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        std::fs::write(&file, &content).unwrap();
        let mut seen = self.seen.lock().unwrap();
        seen.files.push(file.to_path_buf());
        seen.files.retain(|file| file.exists());
        seen.most_files = seen.most_files.max(seen.files.len());
        let (sha256, bytes) = (Sha256::of(content.as_bytes()), content.len() as u64);
        Ok(Some(Image { file, sha256, bytes, media_type: "image/png", validator }))
    }
}
