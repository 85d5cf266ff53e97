//! Jobs: each for itself, and against those before it.

use crate::manifest::blame::Blame;
use crate::manifest::fields::{DURATION, Field, ID, JOB, PROMPT, RESOLUTION};
use crate::manifest::problem::{Place, Problem};
use crate::manifest::raw::{Home, Job, Slot};
use crate::manifest::resolve::Resolved;
use crate::spec::limits::REFERENCES;
use crate::spec::names::{Digest, JobId, Tag};
use crate::spec::request::{Generation, Reference};
use crate::spec::vocabulary::MODEL;
use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

/// A job without a mistake in it.
pub(crate) struct Checked {
    pub id: JobId,
    pub generation: Generation,
    pub take: u32,
    pub tags: BTreeSet<Tag>,
    pub digest: Digest,
}

/// The jobs so far.
#[derive(Default)]
pub(crate) struct Jobs<'t> {
    /// By id in lower case: the id as it is written, and its place.
    ids: HashMap<Cow<'t, str>, (&'t str, Place)>,
    /// By digest: the first job, and how many there are.
    digests: HashMap<Digest, (Place, u32)>,
}

impl<'t> Jobs<'t> {
    /// Checks a job, by itself and against those before it.
    pub(crate) fn check(&mut self, job: &Job<'t>, resolved: &Resolved<'t>, blame: &mut Blame<'t>) -> Option<Checked> {
        blame_missing(job, resolved, blame);
        blame_pair(resolved, blame);
        let id = self.id(job, blame);
        let generation = generation(resolved);
        let take = resolved.take.value_or(1);
        let (generation, take) = (generation?, take?);
        let digest = generation.digest(take);
        self.blame_twin(job, digest, take, blame);
        let tags = resolved.tags.get().cloned().unwrap_or_default();
        Some(Checked { id: id?, generation, take, tags, digest })
    }

    /// The job's id, if it is one and no job before has it.
    fn id(&mut self, job: &Job<'t>, blame: &mut Blame<'t>) -> Option<JobId> {
        let Slot::Set(spot) = job.id else { return None };
        let Ok(id) = JobId::new(spot.value) else {
            blame.push(Problem::JobId { at: Place::of(spot.node), id: spot.value.to_owned() });
            return None;
        };
        let later = Place::of(spot.node).as_use();
        let folded = if spot.value.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(spot.value.to_ascii_lowercase())
        } else {
            Cow::Borrowed(spot.value)
        };
        match self.ids.entry(folded) {
            Entry::Vacant(free) => {
                free.insert((spot.value, later));
                Some(id)
            }
            Entry::Occupied(taken) => {
                let (before, earlier) = *taken.get();
                let (id, before) = (spot.value.to_owned(), before.to_owned());
                blame.push(Problem::DuplicateJobId { later, earlier, id, before });
                None
            }
        }
    }

    /// A warning if a job before asks for the same.
    fn blame_twin(&mut self, job: &Job<'t>, digest: Digest, take: u32, blame: &mut Blame<'t>) {
        let later = job.id.get().map_or_else(|| Place::head(job.node).as_use(), |id| Place::of(id.node).as_use());
        let (first, count) = self.digests.entry(digest).or_insert((later, 0));
        if *count > 0 {
            blame.push(Problem::TwinJobs { later, earlier: *first, take: take.saturating_add(*count) });
        }
        *count += 1;
    }
}

/// A finding for each field that neither the job nor `defaults` has.
fn blame_missing<'t>(job: &Job<'t>, resolved: &Resolved<'t>, blame: &mut Blame<'t>) {
    let at = blame.head(job.node);
    let mut miss = |field: &'static Field, is_absent: bool| {
        if is_absent {
            blame.miss(Problem::MissingField { at, block: &JOB, field });
        }
    };
    miss(&ID, job.id.is_absent());
    miss(&PROMPT, resolved.prompt.is_absent());
    miss(&RESOLUTION, resolved.resolution.is_absent());
    miss(&DURATION, resolved.duration.is_absent());
    if resolved.references.is_absent() && resolved.prompt.get().is_some() {
        blame.miss(Problem::MissingReferences { at });
    }
}

/// A finding if the service doesn't make videos of this duration at this resolution.
fn blame_pair<'t>(resolved: &Resolved<'t>, blame: &mut Blame<'t>) {
    let (Slot::Set(resolution), Slot::Set(duration)) = (resolved.resolution, resolved.duration) else { return };
    if duration.value.goes_with(resolution.value) {
        return;
    }
    // Where one of them is the job's own, that shows the job.
    let home = if resolution.home == duration.home { duration.home } else { Home::Own };
    let (resolution, duration) = ((resolution.node.span(), resolution.value), (duration.node.span(), duration.value));
    blame.push_at(home, Problem::DurationResolution { resolution, duration });
}

/// What is submitted, unless something is wrong with a part of it.
fn generation(resolved: &Resolved<'_>) -> Option<Generation> {
    let links = resolved.references.get()?;
    if !links.whole || !REFERENCES.contains(&links.items.len()) {
        return None;
    }
    let references: Option<Vec<Reference>> =
        links.items.iter().map(|link| link.reference.as_deref().cloned()).collect();
    Some(Generation {
        model: resolved.selected_model.value_or(MODEL)?.to_owned(),
        prompt: resolved.prompt.value()?.to_owned(),
        negative_prompt: resolved.negative_prompt.optional()?.map(str::to_owned),
        resolution: resolved.resolution.value()?,
        duration: resolved.duration.value()?,
        references: references?,
        number_of_videos: resolved.number_of_videos.value_or(1)?,
        need_expand_prompt: resolved.need_expand_prompt.value_or(false)?,
    })
}
