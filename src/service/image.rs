//! The images of a generation that are known by their content, and the source of each.

use super::remote::Pin;
use crate::base::digest::Sha256;
use std::path::PathBuf;

/// An image that is known by its content, and uploaded first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picture {
    /// A file of the project.
    Local(LocalImage),
    /// A remote image, with the content that it had when it was fetched.
    Foreign(ForeignImage),
}

/// A local image that a generation refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalImage {
    /// Its real path, links resolved.
    pub path: PathBuf,
    /// Its path as the manifest has it, for messages.
    pub shown: String,
    /// The hash of its content when the digest was computed; other content is never sent in its place.
    pub sha256: Sha256,
    /// Its size.
    pub bytes: u64,
    /// Its media type by content, as `image/png`.
    pub media_type: &'static str,
}

/// A remote image that a generation refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignImage {
    /// Its URL, as the manifest has it.
    pub url: String,
    /// Its state when it was fetched; other content is never sent in its place.
    pub pin: Pin,
}

impl Picture {
    /// Returns the hash of its content.
    pub fn sha256(&self) -> Sha256 {
        match self {
            Picture::Local(image) => image.sha256,
            Picture::Foreign(image) => image.pin.sha256,
        }
    }

    /// Returns its path or URL, as the manifest has it.
    pub fn shown(&self) -> &str {
        match self {
            Picture::Local(image) => &image.shown,
            Picture::Foreign(image) => &image.url,
        }
    }
}
