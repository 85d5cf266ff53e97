//! The folding of mistakes: one mistake is one finding, however many jobs have it.
//!
//! A mistake in the template of a block is in all its jobs, and a mistake in a value is in all jobs that the value
//! fills. So mistakes are told apart by the place that is to be fixed, not by the job.
//!
//! Mistakes are folded as they are met, and only a limited number is kept: a manifest of a megabyte can have a million.

use super::messages::Said;
use super::problem::{Fill, Problem};
use super::raw::Home;
use super::sink::Context;
use crate::diagnostic::code::{Code, Severity};
use crate::diagnostic::finding::{Finding, Label};
use crate::document::span::Span;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

/// The highest number of errors, and of warnings, that is reported for one manifest.
pub(super) const MOST_FINDINGS: usize = 100_000;

/// The data that tells one mistake from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// A mistake in the text as it is written, maybe together with a second place; with its message.
    Written(Code, Option<Span>, Option<Span>, String),
    /// A mistake in the result of this template of a block.
    Template(Template),
    /// A mistake in the result of the template for this value, or for several that it joins; with its message.
    Made(Template, Option<Span>, String),
}

/// A template with a mistake: the block, the rule and the place.
type Template = (usize, Code, Option<Span>);

/// The mistakes met so far, each once.
#[derive(Default)]
pub(super) struct Dedup {
    mistakes: Kept,
    /// The index of each mistake in `mistakes`.
    index: HashMap<Key, usize>,
    /// The number of jobs with a mistake in the result of a template around a value.
    templates: HashMap<Template, Jobs>,
    errors: Count,
    warnings: Count,
}

/// Mistakes, in pieces: there is no room for more than there are, and what was taken out takes none.
#[derive(Default)]
struct Kept(Vec<Vec<Mistake>>);

/// The number of mistakes in a piece.
const PIECE: usize = 256;

impl Kept {
    /// Adds a mistake, and returns its number.
    fn push(&mut self, mistake: Mistake) -> usize {
        if self.0.last().is_none_or(|last| last.len() == PIECE) {
            self.0.push(Vec::with_capacity(if self.0.is_empty() { 0 } else { PIECE }));
        }
        let piece = self.0.len() - 1;
        self.0[piece].push(mistake);
        piece * PIECE + self.0[piece].len() - 1
    }

    fn get_mut(&mut self, number: usize) -> &mut Mistake {
        &mut self.0[number / PIECE][number % PIECE]
    }

    fn into_iter(self) -> impl Iterator<Item = Mistake> {
        self.0.into_iter().flatten()
    }
}

/// A mistake, as it was met first.
pub(super) struct Mistake {
    pub problem: Problem,
    pub said: Said,
    pub context: Context,
    pub home: Home,
    /// The number of times it was met where it is written.
    pub direct: usize,
    /// The number of times it was met through aliases.
    pub aliased: usize,
    /// The block, if it was met in one.
    block: Option<usize>,
    /// The number of jobs of blocks that have it.
    jobs: Jobs,
}

/// Mistakes of one severity.
#[derive(Clone, Copy, Default)]
struct Count {
    kept: usize,
    left_out: usize,
}

/// A count of jobs that are met one after the other.
#[derive(Clone, Copy, Default)]
struct Jobs {
    count: usize,
    last: Option<usize>,
}

impl Jobs {
    fn count(&mut self, job: usize) {
        if self.last.replace(job) != Some(job) {
            self.count += 1;
        }
    }
}

impl Dedup {
    /// Adds a mistake that was met in this context; `part` is the block and the job, if the job comes from one.
    pub(super) fn push(
        &mut self,
        problem: Problem,
        said: Said,
        context: Context,
        home: Home,
        part: Option<(usize, usize)>,
    ) {
        let block = part.map(|(block, _)| block);
        if let (Some((block, job)), Fill::Mixed(_)) = (part, said.fill) {
            self.templates.entry(template(&said, block)).or_default().count(job);
        }
        let via = said.via;
        let (mistake, is_same) = match self.index.entry(key(&said, block)) {
            Entry::Occupied(known) => {
                let known = self.mistakes.get_mut(*known.get());
                let is_same = known.said.is_same(&said);
                (known, is_same)
            }
            Entry::Vacant(free) => {
                let count = match said.finding.severity {
                    Severity::Error => &mut self.errors,
                    Severity::Warning => &mut self.warnings,
                };
                if count.kept == MOST_FINDINGS {
                    count.left_out += 1;
                    return;
                }
                count.kept += 1;
                let (direct, aliased, jobs) = (0, 0, Jobs::default());
                let mistake = Mistake { problem, said, context, home, direct, aliased, block, jobs };
                let number = *free.insert(self.mistakes.push(mistake));
                (self.mistakes.get_mut(number), true)
            }
        };
        if let Some((_, job)) = part {
            mistake.jobs.count(job);
        }
        match via {
            _ if !is_same => {}
            None => mistake.direct += 1,
            Some(_) => mistake.aliased += 1,
        }
    }

    /// Whether a mistake of a template was met before, which has no need of words then: it is counted.
    pub(super) fn has_again(&mut self, problem: &Problem, part: Option<(usize, usize)>) -> bool {
        let (Some((block, job)), Some((code, at))) = (part, problem.of_template()) else { return false };
        let Some(known) = self.index.get(&Key::Template((block, code, Some(at)))) else { return false };
        self.mistakes.get_mut(*known).jobs.count(job);
        true
    }

    /// Returns the number of errors, and of warnings, that were met and are not kept.
    pub(super) fn left_out(&self) -> [(Severity, usize); 2] {
        [(Severity::Error, self.errors.left_out), (Severity::Warning, self.warnings.left_out)]
    }

    /// Returns the mistakes, each with the value to show its finding at. A mistake that all jobs of a block have in a
    /// text around a value is the template's; one that only some have belongs to their values. `size` returns the
    /// number of jobs of a block.
    pub(super) fn finish(self, size: impl Fn(usize) -> usize) -> impl Iterator<Item = (Mistake, Shown)> {
        let Dedup { mistakes, templates, .. } = self;
        let mut seen = HashSet::new();
        mistakes.into_iter().filter_map(move |mistake| {
            let own = Shown { jobs: mistake.jobs.count, value: mistake.said.fill.value() };
            let (Some(block), Fill::Mixed(_)) = (mistake.block, mistake.said.fill) else { return Some((mistake, own)) };
            let template = template(&mistake.said, block);
            let jobs = templates.get(&template).map_or(0, |jobs| jobs.count);
            if jobs < 2 || jobs != size(block) {
                return Some((mistake, own));
            }
            seen.insert(template).then_some((mistake, Shown { jobs, value: None }))
        })
    }
}

/// The value to show a mistake at, and the number of jobs of blocks that have it.
pub(super) struct Shown {
    jobs: usize,
    /// The value that is to blame, if it is elsewhere than the template.
    value: Option<Span>,
}

impl Shown {
    /// Adds to the finding the value that is to blame, and the number of affected jobs of a block, of which `first` is
    /// the first.
    pub(super) fn show(&self, first: Option<&str>, finding: &mut Finding) {
        let jobs = self.jobs;
        if jobs > 1 {
            finding.jobs = jobs;
        }
        let Some(primary) = finding.labels.first_mut() else { return };
        let mut template = self.value.map(|value| {
            let at = std::mem::replace(&mut primary.span, value);
            Label { span: at, text: super::messages::FILLED_IN_HERE.to_owned() }
        });
        if jobs > 1 {
            let shown = super::messages::in_jobs(jobs, first);
            let text = &mut template.as_mut().unwrap_or(primary).text;
            *text = if text.is_empty() { shown } else { format!("{text} ({shown})") };
        }
        if let Some(template) = template {
            finding.labels.insert(1, template);
        }
    }
}

/// Returns the key of a mistake. Until it is known whether all jobs of the block have the mistake, the key includes the
/// value.
fn key(said: &Said, block: Option<usize>) -> Key {
    let finding = &said.finding;
    let written = || Key::Written(finding.code, finding.span(), said.with, finding.message.clone());
    match (block, said.fill) {
        (None, _) | (_, Fill::None) => written(),
        (Some(block), Fill::Template) => Key::Template(template(said, block)),
        // Several things can be wrong with one value.
        (Some(block), Fill::Sole(_) | Fill::Mixed(_)) => {
            Key::Made(template(said, block), said.fill.value(), finding.message.clone())
        }
    }
}

fn template(said: &Said, block: usize) -> Template {
    (block, said.finding.code, said.finding.span())
}
