//! The rules: the content of the manifest, joined and checked.

pub(super) mod images;
pub(super) mod jobs;
pub(super) mod mentions;
pub(super) mod output;
pub(super) mod paths;
pub(super) mod references;
pub(super) mod setting;
pub(super) mod shares;

use super::Wanted;
use super::expand::{MOST_BYTES, MOST_BYTES_OF_JOB};
use super::model::{Job, Manifest};
use super::problem::Texts;
use super::raw;
use super::resolve::Shared;
use super::sink::Sink;
use crate::base::digest::Sha256;
use crate::base::folder::Folder;
use crate::service::image::Picture;
use crate::service::limits::TURNED_AWAY;
use crate::service::names::Digest;
use crate::service::request::{Generation, Image, Reference};
use images::Images;
use jobs::Jobs;
use paths::Paths;
use references::Library;
use shares::Shares;
use std::collections::BTreeMap;

/// The most bytes that jobs may have for themselves which templates make: so many, and so many more for each of them.
const MOST_KEPT: usize = 32 * 1024 * 1024;
const MOST_KEPT_OF_JOB: usize = 256;

/// The rules, and the jobs that they have produced so far.
pub(super) struct Rules<'r, 't> {
    raw: &'r raw::Manifest<'t>,
    folder: &'r Folder,
    looked: Images<'r>,
    shared: Shared<'r, 't>,
    paths: Paths<'r, 't>,
    before: Jobs,
    shares: Shares,
    /// `None` if a mistake prevents one of them, or they aren't wanted.
    jobs: Option<Vec<Job>>,
    images: BTreeMap<Sha256, Picture>,
    made: Made,
}

/// The amount of text that templates have made so far.
#[derive(Default)]
struct Made {
    jobs: usize,
    /// Bytes of text, those of all jobs together.
    bytes: usize,
    /// Bytes that no two of these jobs share.
    kept: usize,
    /// The same of jobs that stand for themselves: they are in the manifest.
    plain: usize,
}

impl Made {
    /// Returns what exceeds its limit, when the last job has so many bytes of text.
    fn too_much(&self, bytes: usize) -> Option<Texts> {
        match () {
            () if bytes > MOST_BYTES_OF_JOB => Some(Texts::Job),
            () if self.bytes > MOST_BYTES => Some(Texts::Manifest),
            () if self.kept > MOST_KEPT + MOST_KEPT_OF_JOB * self.jobs => Some(Texts::Unshared),
            () => None,
        }
    }
}

impl<'r, 't> Rules<'r, 't> {
    /// Checks what the jobs draw on; the library is checked, and its images are looked at.
    pub(super) fn new(
        raw: &'r raw::Manifest<'t>,
        (mut looked, library): (Images<'r>, &'r Library<'t>),
        folder: &'r Folder,
        wanted: Wanted,
        sink: &mut Sink<'_>,
    ) -> Rules<'r, 't> {
        let shared = Shared::new(library, &raw.defaults, &mut looked, sink);
        let paths = Paths::check(&raw.output, folder, sink);
        let (before, shares) = (Jobs::default(), Shares::default());
        let jobs = (wanted == Wanted::Manifest).then(Vec::new);
        let (images, made) = (BTreeMap::new(), Made::default());
        Rules { raw, folder, looked, shared, paths, before, shares, jobs, images, made }
    }

    /// Makes room for so many jobs: those of the list, or those that a block of it stands for.
    pub(super) fn expect(&mut self, jobs: usize) {
        self.before.expect(jobs);
        self.jobs.iter_mut().for_each(|all| all.reserve(jobs));
        self.made.plain = self.shares.bytes() - self.made.kept;
    }

    /// Takes in that the last job was made of a block, with so many bytes of text; of what there is too much now.
    pub(super) fn too_much(&mut self, bytes: usize) -> Option<Texts> {
        self.made.jobs += 1;
        self.made.bytes += bytes;
        self.made.kept = self.shares.bytes() - self.made.plain;
        self.made.too_much(bytes)
    }

    /// Checks the next job; `former` are the versions of it from when its table was read differently.
    pub(super) fn check(&mut self, raw: &raw::Job<'_>, former: &[raw::Job<'_>], sink: &mut Sink<'_>) {
        let resolved = self.shared.resolve(raw, &mut self.looked, sink);
        let videos = resolved.input.number_of_videos.value();
        let checked = self.before.check(raw, resolved, &mut self.shares, sink);
        let name = self.paths.of_job(raw, videos, sink);
        let job = checked.zip(name).map(|(checked, name)| {
            keep_images(&checked.generation.references, &self.looked, &mut self.images);
            let jobs::Checked { id, generation, listed_in, take, tags, digest } = checked;
            let former = self.former(former, take, digest, sink);
            Job { id, generation, listed_in, take, tags, digest, name, former }
        });
        match (job, &mut self.jobs) {
            (Some(job), Some(jobs)) => jobs.push(job),
            (_, jobs) => *jobs = None,
        }
    }

    /// Returns the former requests of a job, if their digests were different.
    fn former(&mut self, former: &[raw::Job<'_>], take: u32, digest: Digest, sink: &Sink<'_>) -> Vec<Generation> {
        let mut generations: Vec<Generation> = Vec::new();
        for raw in former {
            let resolved = self.shared.resolve(raw, &mut self.looked, &mut sink.aside(raw.node));
            let Some(generation) = jobs::generation(resolved.input, &mut self.shares) else { continue };
            if generation.digest(take) != digest && !generations.contains(&generation) {
                keep_images(&generation.references, &self.looked, &mut self.images);
                generations.push(generation);
            }
        }
        generations
    }

    /// Returns the checked manifest; `None` if a mistake prevents a part of it.
    pub(super) fn finish(self) -> Option<Manifest> {
        let output_dir = self.paths.dir()?.to_owned();
        let raw::Manifest { base_url, turned_away, run, prices, output, .. } = self.raw;
        let (base_url, run, prices) = (base_url.clone(), run.clone(), prices.clone());
        Some(Manifest {
            folder: self.folder.clone(),
            base_url,
            turned_away: turned_away.clone().unwrap_or_else(|| TURNED_AWAY.into()),
            run,
            output_dir,
            publish: output.publish.clone(),
            prices,
            jobs: self.jobs?,
            images: self.images,
        })
    }
}

/// Keeps the local images of a job's references, each content once.
fn keep_images(references: &[Reference], looked: &Images<'_>, images: &mut BTreeMap<Sha256, Picture>) {
    for image in references.iter().flat_map(|reference| &reference.images) {
        if let Image::Content(content) = image
            && !images.contains_key(content)
        {
            images.extend(looked.local(content).map(|image| (*content, Picture::Local(image.clone()))));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sizes are too large to fill in a test: the decision is tested with the limits that the manual names.
    #[test]
    fn templates_may_fill_as_much_as_the_manual_says() {
        let made = |jobs, bytes, kept| Made { jobs, bytes, kept, plain: 0 };
        let (job, all, kept) = (16 << 20, 1 << 30, (32 << 20) + 3 * 256);
        for (made, bytes, expected) in [
            (made(3, all, kept), job, None),
            (made(3, all, kept), job + 1, Some(Texts::Job)),
            (made(3, all + 1, kept), job, Some(Texts::Manifest)),
            (made(3, all, kept + 1), job, Some(Texts::Unshared)),
        ] {
            assert_eq!(made.too_much(bytes), expected);
        }
        let manual = include_str!("../../../docs/manifest.md");
        assert!(manual.contains("16 MiB for a job and 1 GiB for a manifest at most"));
        assert!(manual.contains("32 MiB and 256 bytes a job at most"));
    }
}
