//! The mistakes found so far, each with the job that it concerns.
//!
//! A mistake in a value from `defaults` or the library is reported once, at the value itself, with a second label at
//! the first job that uses it. Which job that is may become known only after the mistake.

use super::expand::Block;
use super::fields::{Field, JOB};
use super::fix;
use super::fold::{Folds, Mistake, Shown};
use super::problem::{Fill, Place, Problem};
use super::raw::{Home, Spot};
use super::words;
use crate::diagnostic::collector::Collector;
use crate::diagnostic::finding::{Finding, Label};
use crate::document::Format;
use crate::document::flaw::{Flaw, SyntaxKind};
use crate::document::span::Span;
use crate::document::tree::{Node, Value};
use std::collections::{HashMap, HashSet};

/// The mistakes of a manifest.
pub(super) struct Blame<'t> {
    text: &'t str,
    format: Format,
    /// `true` if a syntax error may have swallowed what seems to be missing.
    torn: bool,
    /// `true` if the text is nested too deep, or expands to too much.
    beyond_limits: bool,
    /// The places of keys that are repeated: which of the values is meant is unknown.
    repeated: HashSet<Span>,
    /// The starts of mappings that were already reported as braces around a name.
    braces: Vec<u32>,
    /// The starts of lists whose TOML headers disagree about whether they are lists.
    mixed: Vec<u32>,
    context: Context,
    folds: Folds,
    jobs: Vec<Mark<'t>>,
    /// The jobs that expand to several, and the number of the first job of the one that is being read.
    blocks: Vec<&'t Block<'t>>,
    block: Option<usize>,
    /// The fields that expand the job being read to several jobs; they are no longer part of it.
    made_by: &'t [&'static Field],
    /// The first job that lacks each field of a job, and so uses the value in `defaults`.
    default_users: [Option<usize>; JOB.fields.len()],
    /// The first job that uses each entry of the library.
    entry_users: HashMap<usize, usize>,
    /// The spans that aliases refer to: disjoint, in order.
    shared: Vec<Span>,
}

/// The owner of the values that are being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// The manifest itself.
    Manifest,
    /// `defaults`; with the position of the field among a job's fields, if it is known.
    Defaults(Option<usize>),
    /// The library's entry with this number.
    Entry(usize),
    /// The job with this number.
    Job(usize),
}

/// The data that identifies a job in a finding.
#[derive(Clone, Copy)]
struct Mark<'t> {
    id: Option<&'t str>,
    at: Span,
    /// The block that the job comes from, and its number in it.
    part: Option<(usize, usize)>,
}

impl<'t> Blame<'t> {
    /// Creates the collection for `text`, with nothing in it but the flaws of the text.
    pub(super) fn new(text: &'t str, format: Format, flaws: Vec<Flaw>, shared: Vec<Span>) -> Blame<'t> {
        let torn = flaws.iter().any(|flaw| matches!(flaw, Flaw::Syntax { .. } | Flaw::Conflict { .. }));
        let is_limit = |flaw: &Flaw| matches!(flaw, Flaw::TooDeep { .. } | Flaw::TooManyAliases { .. });
        let beyond_limits = flaws.iter().any(is_limit);
        let repeated = flaws.iter().filter_map(|flaw| match flaw {
            Flaw::DuplicateKey { first, .. } => Some(*first),
            _ => None,
        });
        let repeated = repeated.collect();
        let mixed = flaws.iter().filter_map(|flaw| match flaw {
            Flaw::MixedHeaders { table, list, .. } => Some(table.start.min(list.start)),
            _ => None,
        });
        let mixed = mixed.collect();
        let braces = flaws.iter().filter_map(|flaw| match flaw {
            Flaw::Syntax { span, kind: SyntaxKind::PlainTemplate } => Some(span.start),
            _ => None,
        });
        let braces = braces.collect();
        // Of aliases that expand too far, the first says it all.
        let mut is_first = true;
        let once = |flaw: &Flaw| !matches!(flaw, Flaw::TooManyAliases { .. }) || std::mem::take(&mut is_first);
        let mut blame = Blame {
            text,
            format,
            torn,
            beyond_limits,
            repeated,
            braces,
            mixed,
            context: Context::Manifest,
            folds: Folds::default(),
            jobs: Vec::new(),
            blocks: Vec::new(),
            block: None,
            made_by: &[],
            default_users: [None; JOB.fields.len()],
            entry_users: HashMap::new(),
            shared,
        };
        for flaw in flaws.into_iter().filter(once) {
            blame.push(Problem::Flaw(flaw));
        }
        blame
    }

    /// Returns a separate collection, for the job in `node` alone, whose mistakes are not reported.
    pub(super) fn aside(&self, node: Node<'t>) -> Blame<'t> {
        let mut aside = Blame::new(self.text, self.format, Vec::new(), Vec::new());
        aside.next_job(node);
        aside
    }

    /// Returns whether the text is nested too deep, or expands to too much.
    pub(super) fn is_beyond_limits(&self) -> bool {
        self.beyond_limits
    }

    /// Returns whether it was already reported that some TOML headers make `node` a list and others don't.
    pub(super) fn is_mixed(&self, node: Node<'t>) -> bool {
        self.mixed.contains(&node.span().start) && matches!(node.value(), Value::List(_))
    }

    /// Returns whether it was already reported that `node` is braces that need quotes.
    pub(super) fn is_braces(&self, node: Node<'t>) -> bool {
        self.braces.contains(&node.span().start) && matches!(node.value(), Value::Table(_))
    }

    /// Marks the values that are read from here on as those of `context`.
    pub(super) fn enter(&mut self, context: Context) {
        self.context = context;
    }

    /// Marks the values that are read from here on as those of a field of `defaults`.
    pub(super) fn enter_default(&mut self, field: &'static Field) {
        self.context = Context::Defaults(JOB.position(field));
    }

    /// Marks the values that are read from here on as those of the library's entry with this number.
    pub(super) fn enter_entry(&mut self, entry: usize) {
        self.context = Context::Entry(entry);
    }

    /// Marks the values that are read from here on as those of the job with this number.
    pub(super) fn enter_job(&mut self, job: usize) {
        self.context = Context::Job(job);
    }

    /// Starts the jobs that `block` expands to.
    pub(super) fn enter_block(&mut self, block: &'t Block<'t>) {
        self.blocks.push(block);
        self.block = Some(self.jobs.len());
        self.made_by = block.made_by();
    }

    /// Starts the job of `block` itself, for a block whose jobs are unknown.
    pub(super) fn enter_outline(&mut self, block: &'t Block<'t>) {
        self.made_by = block.made_by();
    }

    /// Ends a block: the jobs from here on are written out.
    pub(super) fn leave_block(&mut self) {
        self.block = None;
        self.made_by = &[];
    }

    /// Returns whether the job that is being read was expanded from one that has this field.
    pub(super) fn is_made_by(&self, field: &Field) -> bool {
        self.made_by.iter().any(|own| own.name == field.name)
    }

    /// Starts the next job, which is in `node`.
    pub(super) fn next_job(&mut self, node: Node<'t>) {
        let part = self.block.map(|first| (self.blocks.len() - 1, self.jobs.len() - first));
        self.jobs.push(Mark { id: None, at: node.used_at().unwrap_or(node.head()), part });
        self.context = Context::Job(self.jobs.len() - 1);
    }

    /// Sets the id of the job that was entered last.
    pub(super) fn name_job(&mut self, id: Spot<'t, &'t str>) {
        if let Some(job) = self.jobs.last_mut() {
            job.id = Some(id.value);
            job.at = id.node.used_at().unwrap_or(id.node.span());
        }
    }

    /// Returns the number of jobs so far.
    pub(super) fn jobs(&self) -> usize {
        self.jobs.len()
    }

    /// Returns the values that fill the job with this number, if it comes from a block.
    pub(super) fn values(&self, job: usize) -> Option<Vec<(String, String)>> {
        let (block, number) = self.jobs[job].part?;
        Some(self.blocks[block].values(number))
    }

    /// Returns the place that leaves `field` empty in the job that was entered last, among the values that fill it.
    pub(super) fn left_out(&self, field: &Field) -> Option<Place> {
        let Context::Job(job) = self.context else { return None };
        let (block, number) = self.jobs[job].part?;
        self.blocks[block].left_out(number, field)
    }

    /// Returns the text at `span`.
    pub(super) fn written(&self, span: Span) -> &'t str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// Returns a place for something that the mapping or list `node` lacks: never more than a line.
    pub(super) fn head(&self, node: Node<'t>) -> Place {
        if self.format == Format::Toml { self.whole(node) } else { Place::head(node) }
    }

    /// Returns the place of the whole of `node`; for a mapping or list over several lines, only that of its beginning.
    pub(super) fn whole(&self, node: Node<'t>) -> Place {
        let is_collection = matches!(node.value(), Value::List(_) | Value::Table(_));
        let is_long = is_collection && self.written(node.span()).contains('\n');
        if is_long { Place::head(node) } else { Place::of(node) }
    }

    /// Returns whether an alias also uses the text at `span` elsewhere, where it may mean something else.
    fn is_shared(&self, span: Span) -> bool {
        let next = self.shared.partition_point(|shared| shared.start <= span.start);
        next.checked_sub(1).is_some_and(|before| span.start < self.shared[before].end)
    }

    /// Adds a mistake.
    pub(super) fn push(&mut self, problem: Problem) {
        self.take(problem, self.context, Home::Own);
    }

    /// Adds a mistake of the current job, in a value that may be in `defaults`.
    pub(super) fn push_at(&mut self, home: Home, problem: Problem) {
        self.take(problem, self.context, home);
    }

    /// Adds a mistake about something missing, unless a syntax error may have swallowed it.
    pub(super) fn miss(&mut self, problem: Problem) {
        if !self.torn {
            self.push(problem);
        }
    }

    /// Records that the current job lacks the field with this position.
    pub(super) fn uses_default(&mut self, position: usize) {
        if let Context::Job(job) = self.context {
            self.default_users[position].get_or_insert(job);
        }
    }

    /// Records that the current job uses this entry of the library. A list in `defaults` alone counts for no job.
    pub(super) fn uses_entry(&mut self, entry: usize) {
        if let Context::Job(job) = self.context {
            self.entry_users.entry(entry).or_insert(job);
        }
    }

    /// Adds the message of a mistake, joined with equal ones that were met before.
    fn take(&mut self, problem: Problem, context: Context, home: Home) {
        let said = words::said(&problem, self.format);
        let part = match context {
            Context::Job(job) => self.jobs[job].part.map(|(block, _)| (block, job)),
            _ => None,
        };
        self.folds.push(problem, said, context, home, part);
    }

    /// Returns all findings in source order, without duplicates.
    pub(super) fn finish(mut self) -> Vec<Finding> {
        let mut collector = Collector::default();
        for (severity, left_out) in self.folds.left_out().into_iter().filter(|(_, left_out)| *left_out > 0) {
            collector.push(words::said(&Problem::TooManyFindings { severity, left_out }, self.format).finding);
        }
        let folds = std::mem::take(&mut self.folds);
        for (mistake, shown) in folds.finish(|block| self.blocks[block].count()) {
            collector.push(self.finding(mistake, &shown));
        }
        collector.finish()
    }

    /// Returns the finding of a mistake, with the jobs that have it.
    fn finding(&self, mistake: Mistake, shown: &Shown) -> Finding {
        let (context, home) = (mistake.context, mistake.home);
        // The text that a template makes is not the text that is written there.
        let is_filled = mistake.said.fill != Fill::None;
        let fix = if is_filled { None } else { fix::of(&mistake.problem, self.text, self.format) };
        let fix =
            fix.filter(|fix| mistake.aliased == 0 && !self.is_shared(fix.span) && !self.repeated.contains(&fix.span));
        let mut finding = mistake.said.finding;
        finding.fix = fix;
        if let Some(via) = mistake.said.via {
            show_use(via, mistake.direct, mistake.aliased, &mut finding);
        }
        let user = match context {
            Context::Manifest | Context::Defaults(None) => None,
            Context::Defaults(Some(field)) => self.default_users[field],
            Context::Entry(entry) => self.entry_users.get(&entry).copied(),
            Context::Job(job) => Some(job),
        };
        let Some(job) = user else { return finding };
        let Mark { id, at, .. } = self.jobs[job];
        finding.job = id.map(str::to_owned);
        // A value outside the job shows its users.
        if home == Home::Own {
            shown.show(id, &mut finding);
        }
        let is_elsewhere = home == Home::Defaults || !matches!(context, Context::Job(_));
        // An unknown or missing key is not a value that a job uses.
        if is_elsewhere && !matches!(mistake.problem, Problem::UnknownField { .. } | Problem::MissingField { .. }) {
            finding.labels.push(Label { span: at, text: words::used_by(id) });
        }
        finding
    }
}

/// Moves the label of a mistake that was met `direct` times where it is written and `aliased` times through aliases: a
/// value that is right where it is written and wrong in a single use is reported at that use.
fn show_use(via: Span, direct: usize, aliased: usize, finding: &mut Finding) {
    let Some(primary) = finding.labels.first_mut() else { return };
    let second = match (direct, aliased) {
        (0, 1) => {
            let written = std::mem::replace(&mut primary.span, via);
            Label { span: written, text: words::WRITTEN_HERE.to_owned() }
        }
        (0, _) => Label { span: via, text: words::USED_HERE.to_owned() },
        _ => return,
    };
    finding.labels.insert(1, second);
}
