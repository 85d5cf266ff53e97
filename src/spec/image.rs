//! The images of a generation that are known by their content, and where each is had from.

use super::elsewhere::Pin;
use crate::base::digest::Sha256;
use std::path::PathBuf;

/// An image that is known by its content, and uploaded first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picture {
    /// A file of the project.
    Local(LocalImage),
    /// An image of elsewhere, as it was when it was fetched.
    Foreign(ForeignImage),
}

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

/// An image of elsewhere that a generation refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignImage {
    /// Its URL, as the manifest has it.
    pub url: String,
    /// How it was when it was fetched; other content is never sent in its place.
    pub pin: Pin,
}

impl Picture {
    /// The hash of its content.
    pub fn sha256(&self) -> Sha256 {
        match self {
            Picture::Local(image) => image.sha256,
            Picture::Foreign(image) => image.pin.sha256,
        }
    }

    /// Its path or URL, as the manifest has it.
    pub fn shown(&self) -> &str {
        match self {
            Picture::Local(image) => &image.shown,
            Picture::Foreign(image) => &image.url,
        }
    }
}
