//! The rules on jobs: each one alone, and compared with the jobs before it.

use crate::document::tree::Node;
use crate::manifest::blame::Blame;
use crate::manifest::fields::{DURATION, Field, ID, JOB, PROMPT, RESOLUTION};
use crate::manifest::model::ListedIn;
use crate::manifest::problem::{Place, Problem, Values};
use crate::manifest::raw::{Home, Job, Slot};
use crate::manifest::resolve::Resolved;
use crate::manifest::rules::references::Links;
use crate::spec::limits::REFERENCES;
use crate::spec::names::{Digest, JobId, Tag, fits_job_id};
use crate::spec::request::{Generation, Reference};
use crate::spec::vocabulary::MODEL;
use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::rc::Rc;

/// A job without a mistake.
pub(crate) struct Checked {
    pub id: JobId,
    pub generation: Generation,
    pub listed_in: ListedIn,
    pub take: u32,
    pub tags: BTreeSet<Tag>,
    pub digest: Digest,
}

/// The jobs so far.
#[derive(Default)]
pub(crate) struct Jobs<'t> {
    /// By id in lower case: the id as it is written, its place, and the job.
    ids: HashMap<Cow<'t, str>, (&'t str, Place, usize)>,
    /// By digest: the first job and its place, and the number of jobs.
    digests: HashMap<Digest, (Place, usize, u32)>,
}

impl<'t> Jobs<'t> {
    /// Checks a job, alone and compared with the jobs before it.
    pub(crate) fn check(
        &mut self,
        job: &Job<'t>,
        mut resolved: Resolved<'t>,
        blame: &mut Blame<'t>,
    ) -> Option<Checked> {
        blame_missing(job, &resolved, blame);
        blame_pair(&resolved, blame);
        let id = self.id(job, blame);
        let take = resolved.take.value_or(1);
        let tags = std::mem::replace(&mut resolved.tags, Slot::Absent);
        let listed_in = resolved.listed_in;
        let (generation, take) = (generation(resolved)?, take?);
        let digest = generation.digest(take);
        self.blame_twin(job, digest, take, blame);
        let tags = if let Slot::Set(tags) = tags { tags } else { BTreeSet::new() };
        Some(Checked { id: id?, generation, listed_in, take, tags, digest })
    }

    /// Returns the job's id, if it is valid and no job before has it.
    fn id(&mut self, job: &Job<'t>, blame: &mut Blame<'t>) -> Option<JobId> {
        let Slot::Set(spot) = job.id else { return None };
        let Ok(id) = JobId::new(spot.value) else {
            let at = match wrong(spot.value) {
                // In an id that is composed of several values, the wrong one is to blame.
                Some(range) if spot.node.filled().is_some() => Place::part_of(spot.node, range),
                _ => Place::of(spot.node),
            };
            blame.push(Problem::JobId { at, id: spot.value.to_owned() });
            return None;
        };
        let later = Place::of(spot.node).as_use();
        let folded = if spot.value.bytes().any(|b| b.is_ascii_uppercase() || !b.is_ascii()) {
            Cow::Owned(spot.value.to_lowercase())
        } else {
            Cow::Borrowed(spot.value)
        };
        match self.ids.entry(folded) {
            Entry::Vacant(free) => {
                free.insert((spot.value, later, job.number));
                Some(id)
            }
            Entry::Occupied(taken) => {
                let (before, earlier, number) = *taken.get();
                let (id, before) = (spot.value.to_owned(), before.to_owned());
                let values = values(blame, (later, job.number), (earlier, number));
                // Different values are shown at their places; if they are the same, the template is to blame.
                let alike = later.at == earlier.at && later.fill == earlier.fill;
                let (later, earlier) = if alike { (later.as_whole(), earlier.as_whole()) } else { (later, earlier) };
                blame.push(Problem::DuplicateJobId { later, earlier, id, before, values });
                None
            }
        }
    }

    /// Warns if a job before makes the same request.
    fn blame_twin(&mut self, job: &Job<'t>, digest: Digest, take: u32, blame: &mut Blame<'t>) {
        let later = job.id.get().map_or_else(|| Place::head(job.node).as_use(), |id| Place::of(id.node).as_use());
        let later = later.as_whole();
        let (first, number, count) = self.digests.entry(digest).or_insert((later, job.number, 0));
        if *count > 0 {
            let (earlier, take) = (*first, take.saturating_add(*count));
            let values = values(blame, (later, job.number), (earlier, *number));
            blame.push(Problem::TwinJobs { later, earlier, take, values });
        }
        *count += 1;
    }
}

/// Returns the values that fill two jobs of one template, each with its place.
fn values(blame: &Blame<'_>, later: (Place, usize), earlier: (Place, usize)) -> Option<Box<[Values; 2]>> {
    if later.0.at != earlier.0.at {
        return None;
    }
    Some(Box::new([blame.values(later.1)?, blame.values(earlier.1)?]))
}

/// Returns the first character of an id that isn't allowed at its position.
fn wrong(id: &str) -> Option<Range<usize>> {
    let (at, c) = id.char_indices().find(|(at, c)| {
        let fits = fits_job_id(*c) && (*at > 0 || c.is_alphanumeric() || *c == '_');
        !fits
    })?;
    Some(at..at + c.len_utf8())
}

/// Adds a finding for each field that neither the job nor `defaults` has.
fn blame_missing<'t>(job: &Job<'t>, resolved: &Resolved<'t>, blame: &mut Blame<'t>) {
    let at = blame.head(job.node);
    let mut miss = |field: &'static Field, is_absent: bool| {
        if is_absent {
            let at = blame.left_out(field).unwrap_or(at);
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

/// Adds a finding if the service doesn't make videos of this duration at this resolution.
fn blame_pair<'t>(resolved: &Resolved<'t>, blame: &mut Blame<'t>) {
    let (Slot::Set(resolution), Slot::Set(duration)) = (resolved.resolution, resolved.duration) else { return };
    if duration.value.goes_with(resolution.value) {
        return;
    }
    // If one of them is the job's own, it shows the job.
    let home = if resolution.home == duration.home { duration.home } else { Home::Own };
    let at = |node: Node<'_>| Place { via: None, ..Place::of(node) };
    let (resolution, duration) = ((at(resolution.node), resolution.value), (at(duration.node), duration.value));
    blame.push_at(home, Problem::DurationResolution { resolution, duration });
}

/// Returns the generation to submit, unless a part of it has a mistake.
pub(crate) fn generation(resolved: Resolved<'_>) -> Option<Generation> {
    let Slot::Set(links) = resolved.references else { return None };
    if !links.whole || !REFERENCES.contains(&links.items.len()) {
        return None;
    }
    Some(Generation {
        model: resolved.selected_model.value_or(MODEL)?.to_owned(),
        prompt: resolved.prompt.value()?.to_owned(),
        negative_prompt: resolved.negative_prompt.optional()?.map(str::to_owned),
        resolution: resolved.resolution.value()?,
        duration: resolved.duration.value()?,
        references: references(links)?,
        number_of_videos: resolved.number_of_videos.value_or(1)?,
        need_expand_prompt: resolved.need_expand_prompt.value_or(false)?,
    })
}

/// Returns the linked references: moves the job's own, and copies shared ones.
fn references(links: Rc<Links<'_>>) -> Option<Vec<Reference>> {
    let mut references = Vec::with_capacity(links.items.len());
    match Rc::try_unwrap(links) {
        Ok(own) => {
            for link in own.items {
                references.push(Rc::unwrap_or_clone(link.reference?));
            }
        }
        Err(shared) => {
            for link in &shared.items {
                references.push(link.reference.as_deref()?.clone());
            }
        }
    }
    Some(references)
}
