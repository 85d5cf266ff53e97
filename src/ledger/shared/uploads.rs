//! Images that the service has, for all runs of a ledger: each content under a key of its own.

use super::desk::Desk;
use super::key::of_upload;
use super::store::{StoreError, document};
use crate::base::digest::Sha256;
use crate::service::address::web_url;
use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// An image that the service has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedUpload {
    /// Where the service keeps it: an http(s) URL.
    #[serde(deserialize_with = "of_image")]
    pub url: String,
    /// The time of the upload.
    pub uploaded_at: Timestamp,
}

/// Reads the URL of an image, as the service would have to take it.
fn of_image<'d, D: Deserializer<'d>>(deserializer: D) -> Result<String, D::Error> {
    let url = String::deserialize(deserializer)?;
    let is_as_sent = web_url(&url).is_some_and(|sent| sent.as_str() == url);
    if is_as_sent { Ok(url) } else { Err(D::Error::custom("`url` is no http(s) URL")) }
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
    /// With `anew`, the service forgot what was known before, and this one takes its place; so it does of what can't be read.
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
        if let Some(found) = self.store().get(&key).await? {
            let known: Result<SharedUpload, StoreError> = document(&key, &found.text);
            if anew || known.is_err() {
                // Whoever was faster uploaded it anew as well.
                self.store().swap(&key, &found.revision, text).await?;
            }
        }
        Ok(self.upload(content).await?.unwrap_or(upload))
    }
}
