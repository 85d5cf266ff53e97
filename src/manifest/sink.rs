//! The mistakes found so far, each with the job that it concerns.
//!
//! A mistake in a value from `defaults` or the library is reported once, at the value itself, with a second label at
//! the first job that uses it. Which job that is may become known only after the mistake.

mod findings;
mod jobs;

use super::context::Context;
use super::dedup::Dedup;
use super::fields::{Field, JOB};
use super::problem::{Place, Problem};
use super::raw::Home;
use crate::base::recent::Recent;
use crate::document::Format;
use crate::document::flaw::{Flaw, SyntaxKind};
use crate::document::span::Span;
use crate::document::tree::{Node, Value};
use jobs::{Mark, Read};
use std::collections::{HashMap, HashSet};

pub(super) use jobs::Recalled;

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
    /// `true` while the last of them is being read.
    in_block: bool,
    /// The number of jobs so far.
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
}
