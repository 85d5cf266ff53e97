//! Images that the service has, for all runs of a ledger: each content under a key of its own.

use super::desk::Desk;
use super::key::of_upload;
use super::store::{StoreError, document};
use crate::base::digest::Sha256;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An image that the service has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedUpload {
    /// Where the service keeps it.
    pub url: String,
    /// The time of the upload.
    pub uploaded_at: Timestamp,
}

impl Desk {
    /// Returns the upload of this content that a run made known, if one did.
    ///
    /// # Errors
    /// Fails if the store doesn't answer, or what it has can't be read.
    pub async fn upload(&self, content: &Sha256) -> Result<Option<SharedUpload>, StoreError> {
        let key = of_upload(content);
        let Some(found) = self.store().get(&key).await? else { return Ok(None) };
        document(&key, &found.text).map(Some)
    }

    /// Makes an upload known, and returns the one that counts: of several runs that uploaded the same content at once, the first one's.
    /// With `anew`, the service forgot what was known before, and this one takes its place.
    ///
    /// # Errors
    /// Fails if the store doesn't answer, or refuses.
    pub async fn share_upload(
        &self,
        content: &Sha256,
        upload: SharedUpload,
        anew: bool,
    ) -> Result<SharedUpload, StoreError> {
        let key = of_upload(content);
        let text = serde_json::to_vec(&upload).expect("an upload is JSON");
        if self.store().create(&key, text.clone()).await?.is_some() {
            return Ok(upload);
        }
        if anew && let Some(found) = self.store().get(&key).await? {
            // Whoever was faster uploaded it anew as well.
            self.store().swap(&key, &found.revision, text).await?;
        }
        Ok(self.upload(content).await?.unwrap_or(upload))
    }
}
