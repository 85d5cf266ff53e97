//! Generations, jobs and manifests for tests, all of whose other fields are plain.

use super::model::{Job, ListedIn, Manifest, Prices, RunSettings};
use crate::base::folder::Folder;
use crate::service::names::{JobId, ReferenceName};
use crate::service::output::VideoName;
use crate::service::request::{Generation, Image, Reference};
use crate::service::vocabulary::{Duration, MODEL, ReferenceType, Resolution};

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

/// Returns a job with its videos in `out/`.
pub(crate) fn job(id: &str, generation: Generation) -> Job {
    Job {
        id: JobId::new(id).unwrap(),
        digest: generation.digest(1),
        take: 1,
        tags: Default::default(),
        name: VideoName::new(&format!("out/{id}-{{n}}.mp4")),
        generation,
        listed_in: ListedIn::Job,
        former: Vec::new(),
    }
}

/// Returns a manifest with default settings in the system's folder for temporary files.
pub(crate) fn manifest(jobs: Vec<Job>) -> Manifest {
    Manifest {
        folder: Folder::open(&std::env::temp_dir()).unwrap(),
        base_url: None,
        turned_away: Default::default(),
        run: RunSettings::default(),
        output_dir: "out".into(),
        publish: None,
        prices: Prices::default(),
        jobs,
        images: Default::default(),
    }
}
