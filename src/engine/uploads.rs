//! Uploads each content once, however many jobs need it.

use crate::base::digest::Sha256;
use crate::client::Failure;
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// The outcome of an upload, once it is known.
type Outcome = Arc<OnceCell<Result<String, Failure>>>;

/// The URLs of uploaded content, those of earlier runs included.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    outcomes: Mutex<HashMap<Sha256, Outcome>>,
}

impl Uploads {
    /// Starts with the uploads of earlier runs.
    pub(super) fn new(known: impl IntoIterator<Item = (Sha256, String)>) -> Uploads {
        let outcomes = known.into_iter().map(|(hash, url)| (hash, Arc::new(OnceCell::new_with(Some(Ok(url))))));
        Uploads { outcomes: Mutex::new(outcomes.collect()) }
    }

    /// Returns the content's URL, calling `upload` if it isn't known; concurrent callers wait for the same outcome.
    ///
    /// # Errors
    /// Returns the failure of `upload`; the same content isn't tried again in this run.
    pub(super) async fn once<F>(&self, content: &Sha256, upload: impl FnOnce() -> F) -> Result<String, Failure>
    where
        F: Future<Output = Result<String, Failure>>,
    {
        self.outcome(content).get_or_init(upload).await.clone()
    }

    fn outcome(&self, content: &Sha256) -> Outcome {
        // A panic elsewhere can't leave the map half changed.
        let mut outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        outcomes.entry(*content).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_first_uploads_and_the_others_wait() {
        let content = Sha256::of(b"pixels");
        let uploads = Uploads::new([(Sha256::of(b"old"), "https://up/old".to_owned())]);
        let count = std::cell::Cell::new(0);
        let upload = || async {
            count.set(count.get() + 1);
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            Ok("https://up/1".to_owned())
        };
        let (a, b) = tokio::join!(uploads.once(&content, upload), uploads.once(&content, upload));
        assert_eq!((a.unwrap().as_str(), b.unwrap().as_str(), count.get()), ("https://up/1", "https://up/1", 1));
        let known = uploads.once(&Sha256::of(b"old"), || async { unreachable!("it is known") }).await;
        assert_eq!(known.unwrap(), "https://up/old");
    }
}
