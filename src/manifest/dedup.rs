//! The folding of mistakes: one mistake is one finding, however many jobs have it.
//!
//! A mistake in the template of a block is in all its jobs, and a mistake in a value is in all jobs that the value
//! fills. So mistakes are told apart by the place that is to be fixed, not by the job.
//!
//! Mistakes are folded as they are met, and only a limited number is kept: a manifest of a megabyte can have a million.

use super::context::Context;
use super::messages::Said;
use super::problem::{Fill, Problem};
use super::raw::Home;
use crate::base::digest::{Likeness, Sha256};
use crate::diagnostic::code::{Code, Severity};
use crate::diagnostic::finding::{Finding, Label};
use crate::diagnostic::fix::Fix;
use crate::document::span::Span;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};

/// The highest number of errors, and of warnings, that is reported for one manifest.
pub(super) const MOST_FINDINGS: usize = 100_000;

/// The data that tells one mistake from another.
#[derive(Hash)]
enum Key<'m> {
    /// A mistake in the text as it is written, maybe together with a second place; with its message.
    Written(Code, Option<Span>, Option<Span>, &'m str),
    /// A mistake in the result of this template of a block.
    Template(Template),
    /// A mistake in the result of the template for this value, or for several that it joins; with its message.
    Made(Template, Option<Span>, &'m str),
}

/// A template with a mistake: the block, the rule and the place.
type Template = (usize, Code, Option<Span>);

/// The mistakes met so far, each once.
#[derive(Default)]
pub(super) struct Dedup {
    findings: Vec<Finding>,
    /// What else is known of each of them.
    facts: Vec<Facts>,
    /// The number of each of them.
    index: HashMap<Likeness, u32>,
    /// The number of jobs with a mistake in the result of a template around a value.
    templates: HashMap<Template, Jobs>,
    errors: Count,
    warnings: Count,
}

/// Facts about a mistake as it was met first, besides its finding.
pub(super) struct Facts {
    pub context: Context,
    pub home: Home,
    rare: Option<Box<Rare>>,
}

/// Facts that hardly any of a hundred thousand mistakes has.
#[derive(Default)]
pub(super) struct Rare {
    /// The mistake itself, if what its jobs are filled with is still to be said.
    pub alike: Option<Problem>,
    /// The alias through which its text is used.
    pub via: Option<Span>,
    /// The second place of a mistake that is in both together.
    with: Option<Span>,
    /// The filling of the first place.
    fill: Fill,
    /// The number of times it was met where it is written; counted if it was met through an alias first.
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

impl Facts {
    fn new(problem: Problem, said: &Said, context: Context, home: Home, block: Option<usize>) -> Facts {
        let Said { via, with, fill, .. } = *said;
        let alike = problem.filled_alike().is_some().then_some(problem);
        let is_usual = alike.is_none() && (via, with, fill, block) == (None, None, Fill::None, None);
        let rare = Rare { alike, via, with, fill, block, ..Rare::default() };
        Facts { context, home, rare: (!is_usual).then(|| Box::new(rare)) }
    }

    /// Returns what hardly any mistake has, if this one has it.
    pub(super) fn rare(&self) -> Option<&Rare> {
        self.rare.as_deref()
    }

    fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }
}

impl Dedup {
    /// Adds a mistake that was met in this context; `part` is the block and the job, if the job comes from one. `fix` makes
    /// its fix, which is needed once.
    pub(super) fn push(
        &mut self,
        problem: Problem,
        said: Said,
        (context, home): (Context, Home),
        part: Option<(usize, usize)>,
        fix: impl FnOnce(&Problem) -> Option<Fix>,
    ) {
        let block = part.map(|(block, _)| block);
        if let (Some((block, job)), Fill::Mixed(_)) = (part, said.fill) {
            self.templates.entry(template(&said.finding, block)).or_default().count(job);
        }
        let via = said.via;
        let (number, is_same) = match self.index.entry(key(&said, block).likeness()) {
            Entry::Occupied(known) => {
                let number = *known.get() as usize;
                let (known, with) = (&self.findings[number], self.facts[number].rare().and_then(|rare| rare.with));
                let is_same =
                    (known.span(), with, &known.message) == (said.finding.span(), said.with, &said.finding.message);
                (number, is_same)
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
                let number = self.findings.len();
                free.insert(number as u32);
                // The text that a template makes is not the text that is written there.
                let fix = if said.fill == Fill::None { fix(&problem) } else { None };
                self.facts.push(Facts::new(problem, &said, context, home, block));
                self.findings.push(Finding { fix, ..said.finding });
                (number, true)
            }
        };
        let facts = &mut self.facts[number];
        if let Some((_, job)) = part {
            facts.rare_mut().jobs.count(job);
        }
        match via {
            _ if !is_same => {}
            None => facts.rare.iter_mut().for_each(|rare| rare.direct += 1),
            Some(_) => facts.rare_mut().aliased += 1,
        }
    }

    /// Returns whether a mistake of a template was met before, which has no need of words then: it is counted.
    pub(super) fn has_again(&mut self, problem: &Problem, part: Option<(usize, usize)>) -> bool {
        let (Some((block, job)), Some((code, at))) = (part, problem.of_template()) else { return false };
        let Some(known) = self.index.get(&Key::Template((block, code, Some(at))).likeness()) else { return false };
        self.facts[*known as usize].rare_mut().jobs.count(job);
        true
    }

    /// Returns the number of errors, and of warnings, that were met and are not kept.
    pub(super) fn left_out(&self) -> [(Severity, usize); 2] {
        [(Severity::Error, self.errors.left_out), (Severity::Warning, self.warnings.left_out)]
    }

    /// Returns the findings, each after `complete` has added to it; with the value to show it at. A mistake that all jobs of
    /// a block have in a text around a value is the template's; one that only some have belongs to their values. `size`
    /// returns the number of jobs of a block.
    pub(super) fn finish(
        self,
        size: impl Fn(usize) -> usize,
        mut complete: impl FnMut(&mut Finding, &Facts, &Shown),
    ) -> Vec<Finding> {
        let Dedup { mut findings, facts, index, templates, .. } = self;
        drop(index);
        let mut facts = facts.into_iter();
        let mut seen = HashSet::new();
        findings.retain_mut(|finding| {
            let Some(facts) = facts.next() else { return true };
            let Some(shown) = shown(finding, &facts, &templates, &mut seen, &size) else { return false };
            complete(finding, &facts, &shown);
            true
        });
        findings
    }
}

/// Returns the value to show a finding at; `None` if it was shown for its template already.
fn shown(
    finding: &Finding,
    facts: &Facts,
    templates: &HashMap<Template, Jobs>,
    seen: &mut HashSet<Template>,
    size: impl Fn(usize) -> usize,
) -> Option<Shown> {
    let Some(rare) = facts.rare() else { return Some(Shown { jobs: 0, value: None }) };
    let own = Shown { jobs: rare.jobs.count, value: rare.fill.value() };
    let (Some(block), Fill::Mixed(_)) = (rare.block, rare.fill) else { return Some(own) };
    let template = template(finding, block);
    let jobs = templates.get(&template).map_or(0, |jobs| jobs.count);
    if jobs < 2 || jobs != size(block) {
        return Some(own);
    }
    seen.insert(template).then_some(Shown { jobs, value: None })
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
            Label { span: at, text: super::messages::FILLED_IN_HERE.into() }
        });
        if jobs > 1 {
            let shown = super::messages::in_jobs(jobs, first);
            let text = &mut template.as_mut().unwrap_or(primary).text;
            *text = if text.is_empty() { shown } else { format!("{text} ({shown})") }.into();
        }
        if let Some(template) = template {
            finding.labels.insert(1, template);
        }
    }
}

/// Returns the key of a mistake. Until it is known whether all jobs of the block have the mistake, the key includes the
/// value.
fn key(said: &Said, block: Option<usize>) -> Key<'_> {
    let finding = &said.finding;
    let written = || Key::Written(finding.code, finding.span(), said.with, &finding.message);
    match (block, said.fill) {
        (None, _) | (_, Fill::None) => written(),
        (Some(block), Fill::Template) => Key::Template(template(finding, block)),
        // Several things can be wrong with one value.
        (Some(block), Fill::Sole(_) | Fill::Mixed(_)) => {
            Key::Made(template(finding, block), said.fill.value(), &finding.message)
        }
    }
}

fn template(finding: &Finding, block: usize) -> Template {
    (block, finding.code, finding.span())
}

/// The number of bytes that the data of most mistakes stay below.
const USUAL: usize = 256;

impl Key<'_> {
    fn likeness(&self) -> Likeness {
        let mut bytes = Bytes(Vec::with_capacity(USUAL));
        self.hash(&mut bytes);
        Likeness::of(&Sha256::of(&bytes.0))
    }
}

/// A hasher that only puts together what is to be hashed.
struct Bytes(Vec<u8>);

impl Hasher for Bytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}
