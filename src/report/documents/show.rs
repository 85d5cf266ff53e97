//! `show --format json`: the requests that are or would be sent for jobs.

use super::VERSION;
use crate::base::digest::Sha256;
use crate::manifest::model::{Job, ListedIn, Manifest};
use crate::plan::action::{Action, Reason};
use crate::plan::estimate::Estimate;
use crate::service::image::Picture;
use crate::service::mention::mentions;
use crate::service::names::{Digest, JobId, ReferenceName, Tag};
use crate::service::request::{Image, Reference};
use crate::service::text::Text;
use crate::service::vocabulary::Resolution;
use serde::Serialize;

/// The requests of jobs, sent or to be sent.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct ShowDocument {
    /// The version of this format.
    #[schemars(extend("const" = VERSION))]
    version: u32,
    /// The jobs, in the manifest's order.
    pub jobs: Vec<ShownJob>,
}

/// The request of a job, sent or to be sent.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct ShownJob {
    /// The job.
    #[schemars(with = "String")]
    pub id: JobId,
    /// A run's action for it.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// The prompt.
    pub prompt: String,
    /// The places where the prompt mentions references, in order.
    pub mentions: Vec<ShownMention>,
    /// The description of what the video must not show; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub negative_prompt: Option<String>,
    /// The references, in the order in which they are sent.
    pub references: Vec<ShownReference>,
    /// The resolution.
    #[schemars(with = "String")]
    pub resolution: Resolution,
    /// The duration of a video, in seconds.
    pub duration: u8,
    /// The number of videos.
    pub number_of_videos: u8,
    /// `true` if the service rewrites the prompt.
    pub need_expand_prompt: bool,
    /// The model.
    pub selected_model: String,
    /// The number of this take of the same input.
    pub take: u32,
    /// Words by which it is chosen; absent where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub tags: Vec<Tag>,
    /// The path of its videos, relative to the manifest.
    pub videos: Vec<String>,
    /// The cost of a submit.
    pub price: Estimate,
    /// The digest of the input.
    #[schemars(with = "String", regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: Digest,
}

/// A place where a prompt mentions a reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ShownMention {
    /// The reference.
    pub name: String,
    /// The characters (Unicode scalar values) of the prompt before its `@`.
    pub start: usize,
    /// The characters before what follows it.
    pub end: usize,
}

/// A reference of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ShownReference {
    /// Its name.
    #[schemars(with = "String")]
    pub name: ReferenceName,
    /// `subject` or `background`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The place where it is listed; `prompt`: nowhere, a mention implies it.
    pub listed_in: ListedIn,
    /// Its images, in order.
    pub images: Vec<ShownImage>,
}

/// An image of a reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ShownImage {
    /// Its path or URL, as the manifest has it.
    pub source: String,
    /// The hash of its content, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", regex(pattern = "^[0-9a-f]{64}$"))]
    pub sha256: Option<Sha256>,
    /// Its size in bytes, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The URL that is sent; absent where the image has to be uploaded first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl ShowDocument {
    /// Creates the document for these jobs.
    pub fn new(jobs: Vec<ShownJob>) -> ShowDocument {
        ShowDocument { version: VERSION, jobs }
    }
}

impl ShownJob {
    /// Creates the job's part of the document; `upload` returns the URL of a content that the service has.
    pub fn new<'u>(
        job: &Job,
        (action, reason): (Action, Reason),
        manifest: &Manifest,
        upload: impl Fn(&Sha256) -> Option<&'u str>,
    ) -> ShownJob {
        let generation = &job.generation;
        let mut price = Estimate::zero(&manifest.prices);
        price.add(&manifest.prices, generation);
        ShownJob {
            id: job.id.clone(),
            action,
            reason,
            prompt: generation.prompt.to_string(),
            mentions: mentioned(&generation.prompt.text(), &generation.references),
            negative_prompt: generation.negative_prompt.as_ref().map(Text::to_string),
            references: generation
                .references
                .iter()
                .map(|reference| shown(reference, job, manifest, &upload))
                .collect(),
            resolution: generation.resolution,
            duration: generation.duration.seconds(),
            number_of_videos: generation.number_of_videos,
            need_expand_prompt: generation.need_expand_prompt,
            selected_model: generation.model.to_string(),
            take: job.take,
            tags: job.tags.iter().cloned().collect(),
            videos: (1..=usize::from(generation.number_of_videos)).map(|number| job.name.path(number)).collect(),
            price,
            digest: job.digest,
        }
    }
}

fn mentioned(prompt: &str, references: &[Reference]) -> Vec<ShownMention> {
    let names: Vec<&str> = references.iter().map(|reference| reference.name.as_str()).collect();
    let characters = |at: usize| prompt[..at].chars().count();
    let found = mentions(prompt, &names).into_iter();
    let known = found.filter_map(|mention| Some((names[mention.target.name()?].to_owned(), mention.range)));
    known
        .map(|(name, range)| ShownMention { name, start: characters(range.start), end: characters(range.end) })
        .collect()
}

fn shown<'u>(
    reference: &Reference,
    job: &Job,
    manifest: &Manifest,
    upload: &impl Fn(&Sha256) -> Option<&'u str>,
) -> ShownReference {
    let image = |image: &Image| match image {
        Image::Url(url) => ShownImage { source: url.clone(), sha256: None, bytes: None, url: Some(url.clone()) },
        Image::Content(content) => {
            let picture = manifest.images.get(content);
            let bytes = picture.map(|picture| match picture {
                Picture::Local(image) => image.bytes,
                Picture::Foreign(image) => image.pin.bytes,
            });
            let source = picture.map_or_else(|| content.short(), |picture| picture.shown().to_owned());
            ShownImage { source, sha256: Some(*content), bytes, url: upload(content).map(str::to_owned) }
        }
    };
    ShownReference {
        name: reference.name.clone(),
        kind: reference.kind.as_str(),
        listed_in: job.listed_in,
        images: reference.images.iter().map(image).collect(),
    }
}
