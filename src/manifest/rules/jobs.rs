//! The rules on jobs: each one alone, and compared with the jobs before it.

use crate::base::digest::Likeness;
use crate::document::tree::Node;
use crate::manifest::fields::{DURATION, Field, ID, JOB, PROMPT, RESOLUTION};
use crate::manifest::model::ListedIn;
use crate::manifest::problem::{Place, Problem};
use crate::manifest::raw::{Home, Input, Job, Slot};
use crate::manifest::resolve::Resolved;
use crate::manifest::rules::references::Links;
use crate::manifest::rules::shares::Shares;
use crate::manifest::sink::{Recalled, Sink};
use crate::service::limits::REFERENCES;
use crate::service::names::{Digest, JobId, Tag, fits_job_id};
use crate::service::request::Generation;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

/// A job without a mistake.
pub(crate) struct Checked {
    pub id: JobId,
    pub generation: Generation,
    pub listed_in: ListedIn,
    pub take: u32,
    pub tags: Arc<BTreeSet<Tag>>,
    pub digest: Digest,
}

/// The jobs so far: of each no more than tells whether another is like it.
#[derive(Default)]
pub(crate) struct Jobs {
    /// By the id in lower case.
    ids: HashMap<Likeness, u32>,
    /// By the digest: the first job, and how many there are.
    digests: HashMap<Likeness, (u32, u32)>,
}

impl Jobs {
    /// Makes room for so many more.
    pub(crate) fn expect(&mut self, jobs: usize) {
        self.ids.reserve(jobs);
        self.digests.reserve(jobs);
    }

    /// Checks a job, alone and compared with the jobs before it.
    pub(crate) fn check(
        &mut self,
        job: &Job<'_>,
        resolved: Resolved<'_>,
        shares: &mut Shares,
        sink: &mut Sink<'_>,
    ) -> Option<Checked> {
        blame_missing(job, &resolved.input, sink);
        blame_pair(&resolved.input, sink);
        let id = self.id(job, sink);
        let Resolved { mut input, listed_in } = resolved;
        let take = input.take.value_or(1);
        let tags = std::mem::replace(&mut input.tags, Slot::Absent);
        let (generation, take) = (generation(input, shares)?, take?);
        let digest = generation.digest(take);
        self.blame_twin(job, digest, take, sink);
        let tags = shares.tags(if let Slot::Set(tags) = tags { tags } else { BTreeSet::new() });
        Some(Checked { id: id?, generation, listed_in, take, tags, digest })
    }

    /// Returns the job's id, if it is valid and no job before has it.
    fn id(&mut self, job: &Job<'_>, sink: &mut Sink<'_>) -> Option<JobId> {
        let Slot::Set(spot) = job.id else { return None };
        let Ok(id) = JobId::new(spot.value) else {
            let at = match wrong(spot.value) {
                // In an id that is composed of several values, the wrong one is to blame.
                Some(range) if spot.node.filled().is_some() => Place::part_of(spot.node, range),
                _ => Place::of(spot.node),
            };
            sink.push(Problem::JobId { at, id: spot.value.to_owned() });
            return None;
        };
        let folded = if spot.value.bytes().any(|b| b.is_ascii_uppercase() || !b.is_ascii()) {
            Likeness::of_text(&spot.value.to_lowercase())
        } else {
            Likeness::of_text(spot.value)
        };
        match self.ids.entry(folded) {
            Entry::Vacant(free) => {
                free.insert(job.number as u32);
                Some(id)
            }
            Entry::Occupied(taken) => {
                let number = *taken.get() as usize;
                let Recalled { id: before, at: earlier } = sink.recall(number);
                let later = Place::of(spot.node).as_use();
                let (id, before) = (spot.value.to_owned(), before.unwrap_or_default());
                let jobs = of_one_template(sink, (later, job.number), (earlier, number));
                // Different values are shown at their places; if they are the same, the template is to blame.
                let alike = later.at == earlier.at && later.fill == earlier.fill;
                let (later, earlier) = if alike { (later.as_whole(), earlier.as_whole()) } else { (later, earlier) };
                sink.push(Problem::DuplicateJobId { later, earlier, id, before, jobs });
                None
            }
        }
    }

    /// Warns if a job before makes the same request.
    fn blame_twin(&mut self, job: &Job<'_>, digest: Digest, take: u32, sink: &mut Sink<'_>) {
        let (number, count) = self.digests.entry(Likeness::of(&digest.0)).or_insert((job.number as u32, 0));
        let (number, before) = (*number as usize, std::mem::replace(count, count.saturating_add(1)));
        if before > 0 {
            let later = job.id.get().map_or_else(|| Place::head(job.node).as_use(), |id| Place::of(id.node).as_use());
            let later = later.as_whole();
            let (earlier, take) = (sink.recall(number).at.as_whole(), take.saturating_add(before));
            let jobs = of_one_template(sink, (later, job.number), (earlier, number));
            sink.push(Problem::TwinJobs { later, earlier, take, jobs });
        }
    }
}

/// Returns the numbers of two jobs, each with its place, if both came out of one template.
fn of_one_template(sink: &Sink<'_>, later: (Place, usize), earlier: (Place, usize)) -> Option<(usize, usize)> {
    let jobs = (later.1, earlier.1);
    (later.0.at == earlier.0.at && sink.is_of_block(jobs.0) && sink.is_of_block(jobs.1)).then_some(jobs)
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
fn blame_missing<'t, R>(job: &Job<'t>, input: &Input<'t, R>, sink: &mut Sink<'_>) {
    let at = sink.head(job.node);
    let mut miss = |field: &'static Field, is_absent: bool| {
        if is_absent {
            let at = sink.left_out(field).unwrap_or(at);
            sink.miss(Problem::MissingField { at, block: &JOB, field });
        }
    };
    miss(&ID, job.id.is_absent());
    miss(&PROMPT, input.prompt.is_absent());
    miss(&RESOLUTION, input.resolution.is_absent());
    miss(&DURATION, input.duration.is_absent());
    if input.references.is_absent() && input.prompt.get().is_some() {
        sink.miss(Problem::MissingReferences { at });
    }
}

/// Adds a finding if the service doesn't make videos of this duration at this resolution.
fn blame_pair<'t, R>(input: &Input<'t, R>, sink: &mut Sink<'_>) {
    let (Slot::Set(resolution), Slot::Set(duration)) = (input.resolution, input.duration) else { return };
    if duration.value.goes_with(resolution.value) {
        return;
    }
    // If one of them is the job's own, it shows the job.
    let home = if resolution.home == duration.home { duration.home } else { Home::Own };
    let at = |node: Node<'_>| Place { via: None, ..Place::of(node) };
    let (resolution, duration) = ((at(resolution.node), resolution.value), (at(duration.node), duration.value));
    sink.push_at(home, Problem::DurationResolution { resolution, duration });
}

/// Returns the generation to submit, unless a part of it has a mistake.
pub(crate) fn generation(input: Input<'_, Rc<Links<'_>>>, shares: &mut Shares) -> Option<Generation> {
    let Slot::Set(links) = input.references else { return None };
    if !links.whole || !REFERENCES.contains(&links.items.len()) {
        return None;
    }
    let model = input.selected_model.optional()?;
    let (prompt, negative_prompt) = (input.prompt.get()?, input.negative_prompt);
    negative_prompt.optional()?;
    Some(Generation {
        model: match model {
            Some(_) => shares.model.of(input.selected_model.get()?),
            None => shares.default_model(),
        },
        prompt: shares.prompt.of(prompt),
        negative_prompt: negative_prompt.get().map(|spot| shares.negative_prompt.of(spot)),
        resolution: input.resolution.value()?,
        duration: input.duration.value()?,
        references: shares.references(links)?,
        number_of_videos: input.number_of_videos.value_or(1)?,
        need_expand_prompt: input.need_expand_prompt.value_or(false)?,
    })
}
