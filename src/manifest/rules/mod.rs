//! The rules: what the manifest says, joined and checked.

pub(super) mod images;
pub(super) mod jobs;
pub(super) mod mentions;
pub(super) mod output;
pub(super) mod paths;
pub(super) mod references;
pub(super) mod setting;

use super::blame::Blame;
use super::model::{Job, Manifest};
use super::raw;
use super::resolve::Shared;
use crate::base::digest::Sha256;
use crate::base::folder::Folder;
use crate::spec::image::LocalImage;
use crate::spec::request::{Image, Reference};
use images::Images;
use jobs::Jobs;
use paths::Paths;
use references::Library;
use std::collections::BTreeMap;

/// The checked manifest; none where a mistake keeps a part of it from being made.
pub(super) fn check<'t>(raw: raw::Manifest<'t>, folder: &Folder, blame: &mut Blame<'t>) -> Option<Manifest> {
    let mut looked = Images::new(folder);
    let library = Library::check(&raw.library, &mut looked, blame);
    let shared = Shared::new(library, &raw.defaults, &mut looked, blame);
    let mut paths = Paths::check(&raw.output, folder, blame);
    let mut before = Jobs::default();
    let mut images = BTreeMap::new();
    let mut jobs = Some(Vec::with_capacity(raw.jobs.len()));
    for raw in &raw.jobs {
        let resolved = shared.resolve(raw, &mut looked, blame);
        let checked = before.check(raw, &resolved, blame);
        let name = paths.of_job(raw, &resolved, blame);
        let job = checked.zip(name).map(|(checked, name)| {
            keep_images(&checked.generation.references, &looked, &mut images);
            let jobs::Checked { id, generation, take, tags, digest } = checked;
            Job { id, generation, take, tags, digest, name }
        });
        match (job, &mut jobs) {
            (Some(job), Some(jobs)) => jobs.push(job),
            (_, jobs) => *jobs = None,
        }
    }
    let raw::Manifest { base_url, run, prices, .. } = raw;
    let output_dir = paths.dir()?.to_owned();
    Some(Manifest { folder: folder.clone(), base_url, run, output_dir, prices, jobs: jobs?, images })
}

/// Keeps the local images of a job's references, each content once.
fn keep_images(references: &[Reference], looked: &Images<'_>, images: &mut BTreeMap<Sha256, LocalImage>) {
    for image in references.iter().flat_map(|reference| &reference.images) {
        if let Image::Content(content) = image
            && !images.contains_key(content)
        {
            images.extend(looked.local(content).map(|image| (*content, image.clone())));
        }
    }
}
