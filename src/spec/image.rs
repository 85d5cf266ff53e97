//! Local images: what they are by their content.

use crate::base::digest::Sha256;
use std::path::PathBuf;

/// A local image that a generation refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalImage {
    /// Its real path, links resolved.
    pub path: PathBuf,
    /// Its path as the manifest has it, for people.
    pub shown: String,
    /// The hash that its content had when the digest was made; other content is never sent in its place.
    pub sha256: Sha256,
    /// Its size.
    pub bytes: u64,
    /// Its media type by content, as `image/png`.
    pub media_type: &'static str,
}

/// The formats that the model's maker lists \[upstream\], as media type and usual extension.
pub const FORMATS: [(&str, &str); 3] = [("image/png", "png"), ("image/jpeg", "jpg"), ("image/webp", "webp")];
