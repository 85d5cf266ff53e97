//! The body of a submit \[spec\], and its digest.

use super::names::{Digest, ReferenceName};
use super::text::Text;
use super::vocabulary::{Duration, ReferenceType, Resolution, TASK_TYPE};
use crate::base::canonical;
use crate::base::digest::Sha256;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The content of one submit. A field equal to the service's default is neither sent nor digested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// The model's name.
    pub model: Text,
    /// The description of the video; mentions references as `@name`.
    pub prompt: Text,
    /// The description of what the video must not show.
    pub negative_prompt: Option<Text>,
    /// The videos' resolution.
    pub resolution: Resolution,
    /// The videos' duration.
    pub duration: Duration,
    /// One to three references, in order.
    pub references: Arc<Vec<Reference>>,
    /// The number of videos, 1 to 4; the default is 1.
    pub number_of_videos: u8,
    /// `true` if the service rewrites the prompt; the default is `false`.
    pub need_expand_prompt: bool,
}

/// A named subject or background.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Its type: subject or background.
    pub kind: ReferenceType,
    /// The name by which the prompt mentions it.
    pub name: ReferenceName,
    /// One to three images, in order.
    pub images: Vec<Image>,
}

/// An image, by its identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Image {
    /// An image somewhere on the web.
    Url(String),
    /// The content of a local image, sent as the URL that the service returned on upload.
    Content(Sha256),
}

/// The URLs of uploaded images, by their content.
pub type Urls = HashMap<Sha256, String>;

impl Generation {
    /// Returns the body of the submit; `upload` returns the URL of a local image's content.
    pub fn body(&self, upload: impl Fn(&Sha256) -> String) -> serde_json::Value {
        let body = self.wire(|image| match image {
            Image::Url(url) => Cow::Borrowed(url.as_str()),
            Image::Content(hash) => Cow::Owned(upload(hash)),
        });
        serde_json::to_value(body).expect("strings, numbers and booleans are JSON")
    }

    /// Returns the digest: SHA-256 of the canonical JSON of the body, with each local image's content hash in place of
    /// its URL, and with `take` if it isn't 1.
    pub fn digest(&self, take: u32) -> Digest {
        let mut body = self.wire(Image::identity);
        body.take = (take != 1).then_some(take);
        Digest(Sha256::of(&canonical::sorted(&body)))
    }

    /// Returns short hashes of the digest's parts, so that a later run can say which of them changed.
    ///
    /// The parts: `prompt`, `reference.NAME` for each reference, and `settings` for the rest (including the order of
    /// the references). For a reference with several images, also `reference.NAME@N` for each of them, counted from 1.
    pub fn parts(&self, take: u32) -> BTreeMap<String, String> {
        let body = self.wire(Image::identity);
        let mut parts =
            BTreeMap::from([("prompt".to_owned(), short(&(body.input.prompt, body.input.negative_prompt)))]);
        for reference in &body.input.mutil_reference {
            parts.insert(format!("reference.{}", reference.name), short(reference));
            if reference.urls.len() > 1 {
                let images = reference.urls.iter().enumerate();
                parts.extend(images.map(|(n, url)| (format!("reference.{}@{}", reference.name, n + 1), short(url))));
            }
        }
        let order: Vec<&str> = body.input.mutil_reference.iter().map(|r| r.name).collect();
        parts.insert("settings".to_owned(), self.settings_part(take, &order));
        parts
    }

    /// Returns the short hash of the settings, with references of these names in this order.
    pub fn settings_part(&self, take: u32, order: &[&str]) -> String {
        let body = self.wire(Image::identity);
        short(&(
            (body.selected_model, body.task_type, body.input.resolution, body.input.duration),
            (body.input.number_of_videos, body.need_expand_prompt, take, order),
        ))
    }

    /// Returns the short hash that the reference with this number would have if it were of this kind.
    pub fn reference_part(&self, number: usize, kind: ReferenceType) -> Option<String> {
        let body = self.wire(Image::identity);
        let reference = body.input.mutil_reference.into_iter().nth(number)?;
        Some(short(&WireReference { kind, ..reference }))
    }

    fn wire<'g>(&'g self, url: impl Fn(&'g Image) -> Cow<'g, str>) -> Body<'g> {
        let reference = |r: &'g Reference| WireReference {
            kind: r.kind,
            name: r.name.as_str(),
            urls: r.images.iter().map(&url).collect(),
        };
        Body {
            input: Input {
                duration: self.duration.seconds(),
                mutil_reference: self.references.iter().map(reference).collect(),
                negative_prompt: self.negative_prompt.as_ref(),
                number_of_videos: (self.number_of_videos != 1).then_some(self.number_of_videos),
                prompt: &self.prompt,
                resolution: self.resolution,
            },
            need_expand_prompt: self.need_expand_prompt.then_some(true),
            selected_model: &self.model,
            take: None,
            task_type: TASK_TYPE,
        }
    }
}

impl Image {
    /// Returns the short hash of the image, as it is among the parts of a digest if its reference has several.
    pub fn part(&self) -> String {
        short(&self.identity())
    }

    /// Returns the image's name in a digest: its URL, or `sha256:` and the hash of its content.
    fn identity(&self) -> Cow<'_, str> {
        match self {
            Image::Url(url) => Cow::Borrowed(url),
            Image::Content(hash) => Cow::Owned(format!("sha256:{hash}")),
        }
    }
}

/// The body, with all fields in the order of their names: that makes its JSON canonical without sorting.
#[derive(Serialize)]
struct Body<'g> {
    input: Input<'g>,
    #[serde(skip_serializing_if = "Option::is_none")]
    need_expand_prompt: Option<bool>,
    selected_model: &'g Text,
    /// In the digest only.
    #[serde(skip_serializing_if = "Option::is_none")]
    take: Option<u32>,
    task_type: &'static str,
}

#[derive(Serialize)]
struct Input<'g> {
    duration: u8,
    /// The misspelling is the service's.
    mutil_reference: Vec<WireReference<'g>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    negative_prompt: Option<&'g Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number_of_videos: Option<u8>,
    prompt: &'g Text,
    resolution: Resolution,
}

#[derive(Serialize)]
struct WireReference<'g> {
    name: &'g str,
    #[serde(rename = "type")]
    kind: ReferenceType,
    urls: Vec<Cow<'g, str>>,
}

/// Returns the short hash of a part.
fn short(part: &impl Serialize) -> String {
    Sha256::of(&canonical::sorted(part)).short()
}

#[cfg(test)]
mod tests;
