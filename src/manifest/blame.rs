//! The mistakes found so far, each with the job that it concerns.
//!
//! A value that comes from `defaults` or the library is blamed where it stands, once, with a second label at the first job
//! that uses it; which one that is may become known only after the mistake.

use super::fields::{Field, JOB};
use super::problem::Problem;
use super::raw::{Home, Spot};
use super::words;
use crate::diagnostic::collector::Collector;
use crate::diagnostic::finding::{Finding, Label};
use crate::document::Format;
use crate::document::span::Span;
use crate::document::tree::Node;
use std::collections::{HashMap, HashSet};

/// The mistakes of a manifest.
pub(super) struct Blame<'t> {
    text: &'t str,
    format: Format,
    /// Whether a syntax error may have swallowed what seems to be missing.
    torn: bool,
    context: Context,
    found: Vec<(Problem, Context, Home)>,
    jobs: Vec<Mark<'t>>,
    /// The first job that lacks each field of a job, and so uses that of `defaults`.
    default_users: [Option<usize>; JOB.fields.len()],
    /// The first job that uses each entry of the library, and where.
    entry_users: HashMap<usize, (usize, Span)>,
}

/// Whose values are being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// Nobody's but the manifest's own.
    Manifest,
    /// Those of `defaults`, of the field with this position among a job's if it is known.
    Defaults(Option<usize>),
    /// Those of the library's entry with this number.
    Entry(usize),
    /// Those of the job with this number.
    Job(usize),
}

/// How a job is shown.
struct Mark<'t> {
    id: Option<&'t str>,
    at: Span,
}

impl<'t> Blame<'t> {
    /// Nothing found yet in `text`. `torn`: a syntax error was.
    pub(super) fn new(text: &'t str, format: Format, torn: bool) -> Blame<'t> {
        Blame {
            text,
            format,
            torn,
            context: Context::Manifest,
            found: Vec::new(),
            jobs: Vec::new(),
            default_users: [None; JOB.fields.len()],
            entry_users: HashMap::new(),
        }
    }

    /// From here on values of `context` are read.
    pub(super) fn enter(&mut self, context: Context) {
        self.context = context;
    }

    /// From here on a field of `defaults` is read.
    pub(super) fn enter_default(&mut self, field: &'static Field) {
        self.context = Context::Defaults(JOB.position(field));
    }

    /// From here on the library's entry with this number is looked at.
    pub(super) fn enter_entry(&mut self, entry: usize) {
        self.context = Context::Entry(entry);
    }

    /// From here on the job with this number is looked at.
    pub(super) fn enter_job(&mut self, job: usize) {
        self.context = Context::Job(job);
    }

    /// From here on the next job is read, which stands in `node`; its number.
    pub(super) fn next_job(&mut self, node: Node<'t>) -> usize {
        self.jobs.push(Mark { id: None, at: node.used_at().unwrap_or(node.head()) });
        self.context = Context::Job(self.jobs.len() - 1);
        self.jobs.len() - 1
    }

    /// The job that was entered last has this id.
    pub(super) fn name_job(&mut self, id: Spot<'t, &'t str>) {
        if let Some(job) = self.jobs.last_mut() {
            *job = Mark { id: Some(id.value), at: id.node.used_at().unwrap_or(id.node.span()) };
        }
    }

    /// How many jobs were entered.
    pub(super) fn jobs(&self) -> usize {
        self.jobs.len()
    }

    /// What is written at `span`.
    pub(super) fn written(&self, span: Span) -> &'t str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// Takes in a mistake.
    pub(super) fn push(&mut self, problem: Problem) {
        self.found.push((problem, self.context, Home::Own));
    }

    /// Takes in a mistake of the current job in a value that may stand elsewhere.
    pub(super) fn push_at(&mut self, home: Home, problem: Problem) {
        self.found.push((problem, self.context, home));
    }

    /// Takes in that something is missing, which nobody can say after a syntax error.
    pub(super) fn miss(&mut self, problem: Problem) {
        if !self.torn {
            self.push(problem);
        }
    }

    /// The current job lacks the field with this position.
    pub(super) fn uses_default(&mut self, position: usize) {
        if let Context::Job(job) = self.context {
            self.default_users[position].get_or_insert(job);
        }
    }

    /// The current job uses this entry of the library, at `span`. A list in `defaults` uses it for nobody yet.
    pub(super) fn uses_entry(&mut self, entry: usize, span: Span) {
        if let Context::Job(job) = self.context {
            self.entry_users.entry(entry).or_insert((job, span));
        }
    }

    /// All of it in words, in source order, nothing twice.
    pub(super) fn finish(self) -> Vec<Finding> {
        let mut seen = HashSet::new();
        let mut collector = Collector::default();
        for (problem, context, home) in &self.found {
            let mut finding = words::finding(problem, self.format);
            if !seen.insert((finding.code, finding.span(), finding.message.clone())) {
                continue;
            }
            match *context {
                Context::Manifest | Context::Defaults(None) => {}
                Context::Defaults(Some(field)) => {
                    if let Some(job) = self.default_users[field] {
                        self.show(&mut finding, job, self.jobs[job].at);
                    }
                }
                Context::Entry(entry) => {
                    if let Some((job, at)) = self.entry_users.get(&entry) {
                        self.show(&mut finding, *job, *at);
                    }
                }
                Context::Job(job) if home == &Home::Defaults => self.show(&mut finding, job, self.jobs[job].at),
                Context::Job(job) => finding.job = self.jobs[job].id.map(str::to_owned),
            }
            collector.push(finding);
        }
        collector.finish()
    }

    /// Shows the job that uses what a finding is about.
    fn show(&self, finding: &mut Finding, job: usize, at: Span) {
        finding.job = self.jobs[job].id.map(str::to_owned);
        finding.labels.push(Label { span: at, text: words::used_by(self.jobs[job].id) });
    }
}
