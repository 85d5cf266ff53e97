//! Uploads: one part named `file`.

use crate::base::digest::Sha256;
use bytes::Bytes;
use futures::stream;
use hyper::header::{CONTENT_TYPE, HeaderMap};
use std::convert::Infallible;

/// A file that was uploaded.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) sha256: Sha256,
    pub(super) file_name: String,
}

impl Upload {
    /// Reads a multipart body.
    ///
    /// # Errors
    /// Returns what is wrong with it, as a message.
    pub(super) async fn read(headers: &HeaderMap, body: Bytes) -> Result<Upload, String> {
        let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let boundary = multer::parse_boundary(media_type)
            .map_err(|e| format!("content-type: multipart/form-data with a boundary is expected ({e})"))?;
        let mut parts = multer::Multipart::new(stream::iter([Ok::<_, Infallible>(body)]), boundary);
        let broken = |e| format!("the multipart body can't be read: {e}");
        let part = parts.next_field().await.map_err(broken)?.ok_or("file: the part is missing")?;
        if part.name() != Some("file") {
            return Err(format!("{}: the one part is named file", part.name().unwrap_or("a part without a name")));
        }
        let file_name = part.file_name().filter(|name| !name.is_empty()).ok_or("file: has no file name")?.to_owned();
        let content = part.bytes().await.map_err(broken)?;
        if content.is_empty() {
            return Err("file: is empty".to_owned());
        }
        if parts.next_field().await.map_err(broken)?.is_some() {
            return Err("file: is followed by another part".to_owned());
        }
        Ok(Upload { sha256: Sha256::of(&content), file_name })
    }

    /// Returns the image's URL: the same for the same content in every simulator, and nowhere on the web (RFC 2606).
    pub(super) fn url(&self) -> String {
        let extension = self.file_name.rsplit_once('.').map_or("bin", |(_, extension)| extension);
        let plain = !extension.is_empty() && extension.bytes().all(|b| b.is_ascii_alphanumeric());
        format!("https://images.simulated.invalid/{}.{}", self.sha256, if plain { extension } else { "bin" })
    }
}
