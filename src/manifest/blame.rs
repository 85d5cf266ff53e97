//! The mistakes found so far, each with the job that it concerns.
//!
//! A value that comes from `defaults` or the library is blamed where it stands, once, with a second label at the first job
//! that uses it; which one that is may become known only after the mistake.

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
    /// Whether a syntax error may have swallowed what seems to be missing.
    torn: bool,
    /// Whether the text is nested too deep, or stands for too much.
    beyond_limits: bool,
    /// Where keys stand that stand once more: which of them is meant, nobody knows.
    repeated: HashSet<Span>,
    /// Where mappings start that are braces around a name, as was said.
    braces: Vec<u32>,
    /// Where lists start of which headers of TOML don't agree that they are lists.
    mixed: Vec<u32>,
    context: Context,
    folds: Folds,
    jobs: Vec<Mark<'t>>,
    /// The jobs that stand for several, and the number of the first job of the one that is being read.
    blocks: Vec<&'t Block<'t>>,
    block: Option<usize>,
    /// The fields that make several of what is being read, and don't stand in it any more.
    made_by: &'t [&'static Field],
    /// The first job that lacks each field of a job, and so uses that of `defaults`.
    default_users: [Option<usize>; JOB.fields.len()],
    /// The first job that uses each entry of the library.
    entry_users: HashMap<usize, usize>,
    /// What aliases stand for: disjoint, in order.
    shared: Vec<Span>,
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
#[derive(Clone, Copy)]
struct Mark<'t> {
    id: Option<&'t str>,
    at: Span,
    /// The block that it came out of, and its number there.
    part: Option<(usize, usize)>,
}

impl<'t> Blame<'t> {
    /// Nothing found yet in `text` but its flaws.
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
        // Of aliases that went too far the first tells all.
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

    /// Takes in what is not to be told: of the job in `node` alone.
    pub(super) fn aside(&self, node: Node<'t>) -> Blame<'t> {
        let mut aside = Blame::new(self.text, self.format, Vec::new(), Vec::new());
        aside.next_job(node);
        aside
    }

    /// Whether the text is nested too deep, or stands for too much.
    pub(super) fn is_beyond_limits(&self) -> bool {
        self.beyond_limits
    }

    /// Whether it was said that `node` is a list to some headers of TOML and none to others.
    pub(super) fn is_mixed(&self, node: Node<'t>) -> bool {
        self.mixed.contains(&node.span().start) && matches!(node.value(), Value::List(_))
    }

    /// Whether it was said that `node` is braces that need quotes.
    pub(super) fn is_braces(&self, node: Node<'t>) -> bool {
        self.braces.contains(&node.span().start) && matches!(node.value(), Value::Table(_))
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

    /// From here on the jobs are read that `block` stands for.
    pub(super) fn enter_block(&mut self, block: &'t Block<'t>) {
        self.blocks.push(block);
        self.block = Some(self.jobs.len());
        self.made_by = block.made_by();
    }

    /// From here on the job is read that `block` is, of which nobody knows what it stands for.
    pub(super) fn enter_outline(&mut self, block: &'t Block<'t>) {
        self.made_by = block.made_by();
    }

    /// From here on jobs are read that stand for themselves.
    pub(super) fn leave_block(&mut self) {
        self.block = None;
        self.made_by = &[];
    }

    /// Whether the job that is being read came out of one that has this field.
    pub(super) fn is_made_by(&self, field: &Field) -> bool {
        self.made_by.iter().any(|own| own.name == field.name)
    }

    /// From here on the next job is read, which stands in `node`.
    pub(super) fn next_job(&mut self, node: Node<'t>) {
        let part = self.block.map(|first| (self.blocks.len() - 1, self.jobs.len() - first));
        self.jobs.push(Mark { id: None, at: node.used_at().unwrap_or(node.head()), part });
        self.context = Context::Job(self.jobs.len() - 1);
    }

    /// The job that was entered last has this id.
    pub(super) fn name_job(&mut self, id: Spot<'t, &'t str>) {
        if let Some(job) = self.jobs.last_mut() {
            job.id = Some(id.value);
            job.at = id.node.used_at().unwrap_or(id.node.span());
        }
    }

    /// How many jobs there are so far.
    pub(super) fn jobs(&self) -> usize {
        self.jobs.len()
    }

    /// What the job with this number is filled with, if it came out of a block.
    pub(super) fn values(&self, job: usize) -> Option<Vec<(String, String)>> {
        let (block, number) = self.jobs[job].part?;
        Some(self.blocks[block].values(number))
    }

    /// Where the job that was entered last is given nothing for `field` by what it is filled with.
    pub(super) fn left_out(&self, field: &Field) -> Option<Place> {
        let Context::Job(job) = self.context else { return None };
        let (block, number) = self.jobs[job].part?;
        self.blocks[block].left_out(number, field)
    }

    /// What is written at `span`.
    pub(super) fn written(&self, span: Span) -> &'t str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// A place for what the mapping or list `node` lacks: never more than a line.
    pub(super) fn head(&self, node: Node<'t>) -> Place {
        if self.format == Format::Toml { self.whole(node) } else { Place::head(node) }
    }

    /// The place of all that `node` is; of the beginning of a mapping or list that goes over lines.
    pub(super) fn whole(&self, node: Node<'t>) -> Place {
        let is_collection = matches!(node.value(), Value::List(_) | Value::Table(_));
        let is_long = is_collection && self.written(node.span()).contains('\n');
        if is_long { Place::head(node) } else { Place::of(node) }
    }

    /// Whether an alias brings what stands there somewhere else too, where it may mean something else.
    fn is_shared(&self, span: Span) -> bool {
        let next = self.shared.partition_point(|shared| shared.start <= span.start);
        next.checked_sub(1).is_some_and(|before| span.start < self.shared[before].end)
    }

    /// Takes in a mistake.
    pub(super) fn push(&mut self, problem: Problem) {
        self.take(problem, self.context, Home::Own);
    }

    /// Takes in a mistake of the current job in a value that may stand elsewhere.
    pub(super) fn push_at(&mut self, home: Home, problem: Problem) {
        self.take(problem, self.context, home);
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

    /// The current job uses this entry of the library. A list in `defaults` uses it for nobody yet.
    pub(super) fn uses_entry(&mut self, entry: usize) {
        if let Context::Job(job) = self.context {
            self.entry_users.entry(entry).or_insert(job);
        }
    }

    /// Takes in what is said of a mistake, together with the same that was met before.
    fn take(&mut self, problem: Problem, context: Context, home: Home) {
        let said = words::said(&problem, self.format);
        let part = match context {
            Context::Job(job) => self.jobs[job].part.map(|(block, _)| (block, job)),
            _ => None,
        };
        self.folds.push(problem, said, context, home, part);
    }

    /// All of it in words, in source order, nothing twice.
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

    /// The finding of a mistake, with who has it.
    fn finding(&self, mistake: Mistake, shown: &Shown) -> Finding {
        let (context, home) = (mistake.context, mistake.home);
        // What a template makes is not what is written there.
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
        // What stands elsewhere shows who uses it.
        if home == Home::Own {
            shown.show(id, &mut finding);
        }
        let is_elsewhere = home == Home::Defaults || !matches!(context, Context::Job(_));
        // A key that is strange or missing is no value that a job uses.
        if is_elsewhere && !matches!(mistake.problem, Problem::UnknownField { .. } | Problem::MissingField { .. }) {
            finding.labels.push(Label { span: at, text: words::used_by(id) });
        }
        finding
    }
}

/// Shows the alias of a mistake that was met so often where it is written, and so often through aliases. A value that is right
/// where it is written, and wrong in one use, is blamed at that use.
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
