//! One mistake is one finding, however many jobs it is met in.
//!
//! Of the jobs that a block stands for, what is wrong in the template is wrong in all of them, and what is wrong in a value is
//! wrong in all that are filled with it. So a mistake is told apart by the place that is to be mended, not by the job.

use super::problem::Fill;
use super::words::Said;
use crate::diagnostic::code::Code;
use crate::diagnostic::finding::{Finding, Label};
use crate::document::span::Span;
use std::collections::{HashMap, HashSet};

/// What tells one mistake from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key<'s> {
    /// What is written there is wrong, maybe together with a second place, and this is said of it.
    Written(Code, Option<Span>, Option<Span>, &'s str),
    /// Something is wrong with what this template of a block makes.
    Template(Template),
    /// Something is wrong with what it makes of this value.
    Value(Template, Span),
}

/// A template where something is wrong: the block, the rule and the place.
type Template = (usize, Code, Option<Span>);

/// Mistakes by what tells them apart.
#[derive(Default)]
pub(super) struct Folds<'s> {
    /// How many jobs have something wrong with what a template makes around a value.
    templates: HashMap<Template, Jobs>,
    /// Those where all jobs have.
    whole: HashSet<Template>,
    /// How many jobs of blocks have a mistake.
    jobs: HashMap<Key<'s>, Jobs>,
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

impl<'s> Folds<'s> {
    /// Folds mistakes, each with the block and the job that it is met in, if it came out of one; `size` is how many jobs a
    /// block has.
    pub(super) fn of(
        mistakes: impl Iterator<Item = (&'s Said, Option<(usize, usize)>)> + Clone,
        size: impl Fn(usize) -> usize,
    ) -> Folds<'s> {
        let mut folds = Folds::default();
        for (said, part) in mistakes.clone() {
            if let (Some((block, job)), Fill::Mixed(_)) = (part, said.fill) {
                folds.templates.entry(template(said, block)).or_default().count(job);
            }
        }
        let is_whole = |(template, jobs): (&Template, &Jobs)| {
            (jobs.count > 1 && jobs.count == size(template.0)).then_some(*template)
        };
        folds.whole = folds.templates.iter().filter_map(is_whole).collect();
        for (said, part) in mistakes {
            if let Some((_, job)) = part {
                let key = folds.key(said, part);
                folds.jobs.entry(key).or_default().count(job);
            }
        }
        folds
    }

    /// What tells a mistake from others. One that all jobs of a block have in a text around a value is the template's; one
    /// that only some have is their values'.
    pub(super) fn key(&self, said: &'s Said, part: Option<(usize, usize)>) -> Key<'s> {
        let Some((block, _)) = part else { return said.key() };
        let template = template(said, block);
        match said.fill {
            Fill::None => said.key(),
            Fill::Sole(value) => Key::Value(template, value),
            Fill::Mixed(Some(value)) if !self.whole.contains(&template) => Key::Value(template, value),
            Fill::Mixed(_) => Key::Template(template),
        }
    }

    /// Shows the value that is to blame, and how many jobs of a block are concerned, of which `first` is the first.
    pub(super) fn show(&self, key: &Key<'s>, first: Option<&str>, finding: &mut Finding) {
        let jobs = self.jobs.get(key).map_or(0, |jobs| jobs.count);
        if jobs > 1 {
            finding.jobs = jobs;
        }
        let Some(primary) = finding.labels.first_mut() else { return };
        let mut template = match key {
            Key::Value(_, value) => {
                let at = std::mem::replace(&mut primary.span, *value);
                Some(Label { span: at, text: super::words::FILLED_IN_HERE.to_owned() })
            }
            Key::Written(..) | Key::Template(_) => None,
        };
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

fn template(said: &Said, block: usize) -> Template {
    (block, said.finding.code, said.finding.span())
}
