//! Jobs and manifests for tests, all of whose other fields are plain; with generations.

use super::model::{Job, ListedIn, Manifest, Prices, RunSettings};
use crate::base::folder::Folder;
use crate::service::names::JobId;
use crate::service::output::VideoName;
use crate::service::request::Generation;

pub(crate) use crate::service::sample::{generation, reference};

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
