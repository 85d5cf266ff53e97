//! The mistakes found so far, each with the job that it concerns.
//!
//! A mistake in a value from `defaults` or the library is reported once, at the value itself, with a second label at
//! the first job that uses it. Which job that is may become known only after the mistake.

use super::context::Context;
use super::dedup::{Dedup, Facts, Rare, Shown};
use super::expand::Block;
use super::fields::{Field, ID, JOB};
use super::fix;
use super::messages;
use super::problem::{Place, Problem, Values};
use super::raw::{Home, Spot};
use crate::base::recent::Recent;
use crate::diagnostic::code::Code;
use crate::diagnostic::finding::{Finding, Label};
use crate::diagnostic::fix::Fix;
use crate::diagnostic::order::in_source_order;
use crate::document::Format;
use crate::document::flaw::{Flaw, SyntaxKind};
use crate::document::span::Span;
use crate::document::tree::{Node, Value};
use std::collections::{HashMap, HashSet};

/// The mistakes of a manifest.
pub(super) struct Sink<'t> {
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
    dedup: Dedup,
    /// The texts of mistakes that were met a short time ago.
    recent: Recent,
    /// The jobs that stand for themselves.
    jobs: Vec<Mark>,
    /// Those that stand for several; of their jobs nothing is kept, since they can be cut out again.
    blocks: Vec<Read<'t>>,
    /// Whether the last of them is being read.
    in_block: bool,
    /// How many jobs there are so far.
    count: usize,
    /// The job of a block that was cut out last to be shown: the next one to be shown often is the same.
    recalled: Option<(usize, Recalled)>,
    /// The fields that expand the job being read to several jobs; they are no longer part of it.
    made_by: &'t [&'static Field],
    /// The first job that lacks each field of a job, and so uses the value in `defaults`.
    default_users: [Option<usize>; JOB.fields.len()],
    /// The first job that uses each entry of the library.
    entry_users: HashMap<usize, usize>,
    /// The spans that aliases refer to: disjoint, in order.
    shared: Vec<Span>,
}

/// How a job that stands for itself is shown: its place, and its id.
enum Mark {
    /// It has no id.
    Unnamed(Span),
    /// Its id stands at its place, after this many bytes and before as many.
    Named(Span, u8),
    /// Its id is written otherwise, or elsewhere.
    Otherwise(Box<Recalled>),
}

/// A job that stands for several, as far as these were read.
struct Read<'t> {
    block: &'t Block<'t>,
    /// The number of the first of them.
    first: usize,
    count: usize,
    /// How many jobs before stand for themselves.
    others: usize,
}

/// How an earlier job is shown.
#[derive(Clone)]
pub(super) struct Recalled {
    /// Its id, as it is written.
    pub id: Option<String>,
    /// Where its id stands, or else it; as a use.
    pub at: Place,
}

impl<'t> Sink<'t> {
    /// Creates the collection for `text`, with nothing in it but the flaws of the text.
    pub(super) fn new(text: &'t str, format: Format, flaws: Vec<Flaw>, shared: Vec<Span>) -> Sink<'t> {
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
        let mut sink = Sink {
            text,
            format,
            torn,
            beyond_limits,
            repeated,
            braces,
            mixed,
            context: Context::Manifest,
            dedup: Dedup::default(),
            recent: Recent::default(),
            jobs: Vec::new(),
            blocks: Vec::new(),
            in_block: false,
            count: 0,
            recalled: None,
            made_by: &[],
            default_users: [None; JOB.fields.len()],
            entry_users: HashMap::new(),
            shared,
        };
        for flaw in flaws.into_iter().filter(once) {
            sink.push(Problem::Flaw(flaw));
        }
        sink
    }

    /// Returns a separate collection, for the job in `node` alone, whose mistakes are not reported.
    pub(super) fn aside(&self, node: Node<'_>) -> Sink<'t> {
        let mut aside = Sink::new(self.text, self.format, Vec::new(), Vec::new());
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
        self.blocks.push(Read { block, first: self.count, count: 0, others: self.jobs.len() });
        self.in_block = true;
        self.made_by = block.made_by();
    }

    /// Starts the job of `block` itself, for a block whose jobs are unknown.
    pub(super) fn enter_outline(&mut self, block: &'t Block<'t>) {
        self.made_by = block.made_by();
    }

    /// Ends a block: the jobs from here on are written out.
    pub(super) fn leave_block(&mut self) {
        self.in_block = false;
        self.made_by = &[];
    }

    /// Returns whether the job that is being read was expanded from one that has this field.
    pub(super) fn is_made_by(&self, field: &Field) -> bool {
        self.made_by.iter().any(|own| own.name == field.name)
    }

    /// Starts the next job, which is in `node`.
    pub(super) fn next_job(&mut self, node: Node<'_>) {
        match self.blocks.last_mut().filter(|_| self.in_block) {
            Some(read) => read.count += 1,
            None => self.jobs.push(Mark::Unnamed(node.used_at().unwrap_or(node.head()))),
        }
        self.context = Context::Job(self.count);
        self.count += 1;
    }

    /// Sets the id of the job that was entered last.
    pub(super) fn name_job(&mut self, id: Spot<'_, &str>) {
        if self.in_block {
            return;
        }
        let at = id.node.used_at().unwrap_or(id.node.span());
        let stands = |quotes: &u8| self.named(at, *quotes) == Some(id.value);
        let mark = match [0, 1].into_iter().find(stands) {
            Some(quotes) => Mark::Named(at, quotes),
            None => Mark::Otherwise(Box::new(Recalled { id: Some(id.value.to_owned()), at: Place::at(at) })),
        };
        if let Some(job) = self.jobs.last_mut() {
            *job = mark;
        }
    }

    /// Returns the id that stands at its job's place, in so many quotes.
    fn named(&self, at: Span, quotes: u8) -> Option<&'t str> {
        let quotes = usize::from(quotes);
        self.text.get(at.start as usize + quotes..(at.end as usize).saturating_sub(quotes))
    }

    /// Returns the number of jobs so far.
    pub(super) fn jobs(&self) -> usize {
        self.count
    }

    /// Returns the block that the job with this number came out of, and its number there.
    fn part(&self, job: usize) -> Option<(usize, usize)> {
        let block = self.blocks.partition_point(|read| read.first <= job).checked_sub(1)?;
        let number = job - self.blocks[block].first;
        (number < self.blocks[block].count).then_some((block, number))
    }

    /// Returns whether the job with this number came out of a block.
    pub(super) fn is_of_block(&self, job: usize) -> bool {
        self.part(job).is_some()
    }

    /// Returns how the job with this number is shown.
    pub(super) fn recall(&mut self, job: usize) -> Recalled {
        if let Some((_, recalled)) = self.recalled.as_ref().filter(|(number, _)| *number == job) {
            return recalled.clone();
        }
        let recalled = match self.part(job) {
            Some((block, number)) => recut(self.blocks[block].block, number),
            None => self.mark(job),
        };
        self.recalled = Some((job, recalled.clone()));
        recalled
    }

    /// Returns how a job is shown that stands for itself.
    fn mark(&self, job: usize) -> Recalled {
        let next = self.blocks.partition_point(|read| read.first <= job);
        let before = next.checked_sub(1).map(|before| &self.blocks[before]);
        let index = before.map_or(job, |read| read.others + job - read.first - read.count);
        match &self.jobs[index] {
            Mark::Unnamed(at) => Recalled { id: None, at: Place::at(*at) },
            Mark::Named(at, quotes) => Recalled { id: self.named(*at, *quotes).map(str::to_owned), at: Place::at(*at) },
            Mark::Otherwise(recalled) => recalled.as_ref().clone(),
        }
    }

    /// Returns the values that fill the job with this number, if it comes from a block.
    fn values(&self, job: usize) -> Option<Values> {
        let (block, number) = self.part(job)?;
        Some(self.blocks[block].block.values(number))
    }

    /// Returns the place that leaves `field` empty in the job that was entered last, among the values that fill it.
    pub(super) fn left_out(&self, field: &Field) -> Option<Place> {
        let Context::Job(job) = self.context else { return None };
        let (block, number) = self.part(job)?;
        self.blocks[block].block.left_out(number, field)
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
        let part = match context {
            Context::Job(job) => self.part(job).map(|(block, _)| (block, job)),
            _ => None,
        };
        if self.dedup.has_again(&problem, part) {
            return;
        }
        let said = messages::said(&problem, self.format, None, &mut self.recent);
        let Sink { text, format, recent, .. } = self;
        self.dedup.push(problem, said, (context, home), part, |problem| {
            let fix = fix::of(problem, text, *format)?;
            Some(Fix { replacement: recent.share(&fix.replacement), ..fix })
        });
    }

    /// Returns all findings in source order, without duplicates.
    pub(super) fn finish(mut self) -> Vec<Finding> {
        let dedup = std::mem::take(&mut self.dedup);
        let left_out = dedup.left_out().into_iter().filter(|(_, left_out)| *left_out > 0);
        let sizes: Vec<usize> = self.blocks.iter().map(|read| read.count).collect();
        let mut findings =
            dedup.finish(|block| sizes[block], |finding, facts, shown| self.complete(finding, facts, shown));
        findings.extend(left_out.map(|(severity, left_out)| {
            let problem = Problem::TooManyFindings { severity, left_out };
            messages::said(&problem, self.format, None, &mut self.recent).finding
        }));
        in_source_order(findings)
    }

    /// Adds to a finding the jobs that have it.
    fn complete(&mut self, finding: &mut Finding, facts: &Facts, shown: &Shown) {
        let (context, home) = (facts.context, facts.home);
        // What two jobs are filled with is only looked up where it is shown.
        if let Some(problem) = facts.rare().and_then(|rare| rare.alike.as_ref())
            && let Some((later, earlier)) = problem.filled_alike()
            && let Some(values) = self.values(later).zip(self.values(earlier))
        {
            *finding = messages::said(problem, self.format, Some(&values.into()), &mut self.recent).finding;
        }
        let is_aliased = facts.rare().is_some_and(|rare| rare.aliased > 0);
        let is_apart = |fix: &mut Fix| !self.is_shared(fix.span) && !self.repeated.contains(&fix.span);
        finding.fix.take_if(|fix| is_aliased || !is_apart(fix));
        if let Some(Rare { via: Some(via), direct, aliased, .. }) = facts.rare() {
            show_use(*via, *direct, *aliased, finding);
        }
        let user = match context {
            Context::Manifest | Context::Defaults(None) => None,
            Context::Defaults(Some(field)) => self.default_users[field],
            Context::Entry(entry) => self.entry_users.get(&entry).copied(),
            Context::Job(job) => Some(job),
        };
        let Some(job) = user else { return };
        let Recalled { id, at } = self.recall(job);
        finding.job = id.as_deref().map(|id| self.recent.share(id));
        // A value outside the job shows its users.
        if home == Home::Own {
            shown.show(id.as_deref(), finding);
        }
        let is_elsewhere = home == Home::Defaults || !matches!(context, Context::Job(_));
        // An unknown or missing key is not a value that a job uses.
        if is_elsewhere && !matches!(finding.code, Code::UnknownField | Code::MissingField) {
            finding.labels.push(Label { span: at.at, text: messages::used_by(id.as_deref()).into() });
        }
    }
}

/// Returns how the job of a block with this number is shown.
fn recut(block: &Block<'_>, number: usize) -> Recalled {
    let mut cutter = block.cutter();
    let job = cutter.cut(number).node;
    let table = if let Value::Table(table) = job.value() { Some(table) } else { None };
    let id = table.and_then(|table| table.get(ID.name)).map(|entry| entry.value);
    match id.map(|node| (node, node.value())) {
        Some((node, Value::String(id))) => Recalled { id: Some(id.to_owned()), at: Place::of(node).as_use() },
        _ => Recalled { id: None, at: Place::head(job).as_use() },
    }
}

/// Moves the label of a mistake that was met `direct` times where it is written and `aliased` times through aliases: a
/// value that is right where it is written and wrong in a single use is reported at that use.
fn show_use(via: Span, direct: usize, aliased: usize, finding: &mut Finding) {
    let Some(primary) = finding.labels.first_mut() else { return };
    let second = match (direct, aliased) {
        (0, 1) => {
            let written = std::mem::replace(&mut primary.span, via);
            Label { span: written, text: messages::WRITTEN_HERE.into() }
        }
        (0, _) => Label { span: via, text: messages::USED_HERE.into() },
        _ => return,
    };
    finding.labels.insert(1, second);
}
