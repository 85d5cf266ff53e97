//! One mistake is one finding, however many jobs it is met in.
//!
//! Of the jobs that a block stands for, what is wrong in the template is wrong in all of them, and what is wrong in a value is
//! wrong in all that are filled with it. So a mistake is told apart by the place that is to be mended, not by the job.
//!
//! Mistakes are folded as they are met, and only so many are kept: a manifest of a megabyte can have a million.

use super::blame::Context;
use super::problem::{Fill, Problem};
use super::raw::Home;
use super::words::Said;
use crate::diagnostic::code::{Code, Severity};
use crate::diagnostic::finding::{Finding, Label};
use crate::document::span::Span;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

/// The most errors, and the most warnings, that are reported of one manifest.
pub(super) const MOST_FINDINGS: usize = 100_000;

/// What tells one mistake from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// What is written there is wrong, maybe together with a second place, and this is said of it.
    Written(Code, Option<Span>, Option<Span>, String),
    /// Something is wrong with what this template of a block makes.
    Template(Template),
    /// This is said of what it makes of this value; or of several that it joins.
    Made(Template, Option<Span>, String),
}

/// A template where something is wrong: the block, the rule and the place.
type Template = (usize, Code, Option<Span>);

/// The mistakes met so far, each once.
#[derive(Default)]
pub(super) struct Folds {
    mistakes: Vec<Mistake>,
    /// Which of them it is.
    index: HashMap<Key, usize>,
    /// How many jobs have something wrong with what a template makes around a value.
    templates: HashMap<Template, Jobs>,
    errors: Count,
    warnings: Count,
}

/// A mistake, as it was met first.
pub(super) struct Mistake {
    pub problem: Problem,
    pub said: Said,
    pub context: Context,
    pub home: Home,
    /// How often the same was met where it is written.
    pub direct: usize,
    /// How often the same was met through aliases.
    pub aliased: usize,
    /// The block, if it was met in one.
    block: Option<usize>,
    /// How many jobs of blocks have it.
    jobs: Jobs,
}

/// Mistakes of one severity.
#[derive(Clone, Copy, Default)]
struct Count {
    kept: usize,
    left_out: usize,
}

/// How many jobs there are of those met one after the other.
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

impl Folds {
    /// Takes in a mistake that was met in this context; `part` is the block and the job, if the job came out of one.
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
                let known = &mut self.mistakes[*known.get()];
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
                let number = *free.insert(self.mistakes.len());
                let (direct, aliased, jobs) = (0, 0, Jobs::default());
                self.mistakes.push(Mistake { problem, said, context, home, direct, aliased, block, jobs });
                (&mut self.mistakes[number], true)
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

    /// How many errors, and how many warnings, were met and are not kept.
    pub(super) fn left_out(&self) -> [(Severity, usize); 2] {
        [(Severity::Error, self.errors.left_out), (Severity::Warning, self.warnings.left_out)]
    }

    /// The mistakes, each with what tells where its finding is shown. One that all jobs of a block have in a text around a
    /// value is the template's; one that only some have is their values'. `size` is how many jobs a block has.
    pub(super) fn finish(self, size: impl Fn(usize) -> usize) -> impl Iterator<Item = (Mistake, Shown)> {
        let Folds { mistakes, templates, .. } = self;
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

/// Where a mistake is shown, and in how many jobs of blocks it is.
pub(super) struct Shown {
    jobs: usize,
    /// The value that is to blame, where that stands elsewhere than the template.
    value: Option<Span>,
}

impl Shown {
    /// Shows the value that is to blame, and how many jobs of a block are concerned, of which `first` is the first.
    pub(super) fn show(&self, first: Option<&str>, finding: &mut Finding) {
        let jobs = self.jobs;
        if jobs > 1 {
            finding.jobs = jobs;
        }
        let Some(primary) = finding.labels.first_mut() else { return };
        let mut template = self.value.map(|value| {
            let at = std::mem::replace(&mut primary.span, value);
            Label { span: at, text: super::words::FILLED_IN_HERE.to_owned() }
        });
        if jobs > 1 {
            let shown = super::words::in_jobs(jobs, first);
            let text = &mut template.as_mut().unwrap_or(primary).text;
            *text = if text.is_empty() { shown } else { format!("{text} ({shown})") };
        }
        if let Some(template) = template {
            finding.labels.insert(1, template);
        }
    }
}

/// What tells a mistake from others: as long as it isn't known whether all jobs of the block have it, by the value.
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
