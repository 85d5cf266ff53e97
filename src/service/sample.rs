//! Generations for tests, all of whose other fields are plain.

use super::names::ReferenceName;
use super::request::{Generation, Image, Reference};
use super::vocabulary::{Duration, MODEL, ReferenceType, Resolution};

/// Returns a subject with remote images.
pub(crate) fn reference(name: &str, urls: &[&str]) -> Reference {
    Reference {
        kind: ReferenceType::Subject,
        name: ReferenceName::new(name).unwrap(),
        images: urls.iter().map(|url| Image::Url((*url).to_owned())).collect(),
    }
}

/// Returns a generation of one video of 5 s in 720p.
pub(crate) fn generation(prompt: &str, references: Vec<Reference>) -> Generation {
    Generation {
        model: MODEL.into(),
        prompt: prompt.into(),
        negative_prompt: None,
        resolution: Resolution::P720,
        duration: Duration::Five,
        references: references.into(),
        number_of_videos: 1,
        need_expand_prompt: false,
    }
}
