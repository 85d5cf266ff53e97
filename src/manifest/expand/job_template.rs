//! A job whose templates are parsed once, and which is then filled in with each of its combinations of values.

mod text;

use super::braces::{self, Names};
use super::combinations::{Combination, Combinations};
use super::filters::Filters;
use super::keys;
use super::template::{OPEN, Part};
use crate::document::derived::{DerivedTree, Parent, Scalar, Under};
use crate::document::tree::{Entry, Node, Table, Value};
use crate::manifest::fields::{ID, JOB, Kind, NEGATIVE_PROMPT, PROMPT};
use crate::manifest::problem::{Place, Problem};
use text::Text;

/// A value of a job, with the templates in it.
pub(super) enum JobTemplate<'t> {
    /// A value that is the same in all jobs.
    Same(Node<'t>),
    /// A template with a mistake in it, which was already reported.
    Spoilt(Node<'t>),
    /// A text with templates in it.
    Text(Text<'t>),
    /// A list.
    List(Node<'t>, Vec<JobTemplate<'t>>),
    /// A mapping.
    Table(Node<'t>, Vec<(Entry<'t>, JobTemplate<'t>)>),
}

/// The role of a field: how it accepts a filled-in value.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Role {
    /// `true` if the field is kept even if nothing is filled in.
    required: bool,
    /// `true` for a text in which blanks count.
    exact: bool,
}

impl Role {
    /// Returns the role of a job's field with this key.
    fn of(key: &str) -> Role {
        let exact = [PROMPT.name, NEGATIVE_PROMPT.name].contains(&key);
        Role { required: [ID.name, PROMPT.name].contains(&key), exact }
    }
}

/// The values to fill in, and the collection of mistakes.
struct Given<'g, 't> {
    combinations: &'g Combinations<'t>,
    names: Names,
    problems: &'g mut Vec<Problem>,
}

/// The kind that is read in a place; `None` if it is unknown.
type Wanted = Option<Kind>;

impl<'t> JobTemplate<'t> {
    /// Parses the job in `table`, without the fields that expand it.
    pub(super) fn of_job(
        job: Node<'t>,
        table: Table<'t>,
        combinations: &Combinations<'t>,
        problems: &mut Vec<Problem>,
    ) -> JobTemplate<'t> {
        let (matrix, rows) = keys(table);
        let keys = [matrix, rows].map(|entry| entry.map(|entry| entry.key));
        let entries = table.iter().filter(|entry| !keys.contains(&Some(entry.key)));
        let mut given = Given { combinations, names: Names { known: combinations.names() }, problems };
        let entries = entries.map(|entry| {
            let field = JOB.field(entry.key);
            let role = Role::of(entry.key);
            let job_template = JobTemplate::of(entry.value, field.map(|field| field.kind), role, &mut given);
            (entry, job_template)
        });
        JobTemplate::Table(job, entries.collect())
    }

    fn of(node: Node<'t>, wanted: Wanted, role: Role, given: &mut Given<'_, 't>) -> JobTemplate<'t> {
        match node.value() {
            // The mistake with braces is reported once; whatever follows from it is not.
            Value::String(text) if text.contains(['{', '}']) && !braces::find(text, &given.names).is_empty() => {
                JobTemplate::Spoilt(node)
            }
            Value::String(text) if text.contains(OPEN) => Text::read(node, text, wanted, role, given),
            Value::List(list) => {
                let item = wanted.map(Kind::item);
                let items = list.iter().map(|node| JobTemplate::of(node, item, Role::default(), given));
                let items: Vec<_> = items.collect();
                match items.iter().all(JobTemplate::is_same) {
                    true => JobTemplate::Same(node),
                    false => JobTemplate::List(node, items),
                }
            }
            Value::Table(table) => {
                let wanted = |key: &str| match wanted {
                    Some(Kind::Table(block) | Kind::Use(block)) => block.field(key).map(|field| field.kind),
                    _ => None,
                };
                let entries = table.iter().map(|entry| {
                    let job_template = JobTemplate::of(entry.value, wanted(entry.key), Role::default(), given);
                    (entry, job_template)
                });
                let entries: Vec<_> = entries.collect();
                match entries.iter().all(|(_, value)| value.is_same()) {
                    true => JobTemplate::Same(node),
                    false => JobTemplate::Table(node, entries),
                }
            }
            _ => JobTemplate::Same(node),
        }
    }

    /// Returns whether a filter in it had another result in an earlier version.
    pub(super) fn has_former(&self) -> bool {
        match self {
            JobTemplate::Same(_) | JobTemplate::Spoilt(_) => false,
            JobTemplate::Text(text) => text.template.parts.iter().any(|part| match part {
                Part::Expression { expression, .. } => expression.filters.as_ref().is_some_and(Filters::has_former),
                Part::Text(_) => false,
            }),
            JobTemplate::List(_, items) => items.iter().any(JobTemplate::has_former),
            JobTemplate::Table(_, entries) => {
                entries.iter().any(|(entry, value)| entry.key != ID.name && value.has_former())
            }
        }
    }

    fn is_same(&self) -> bool {
        matches!(self, JobTemplate::Same(_))
    }

    /// Returns the place that leaves out a field of the job for one set of values, because it is empty.
    pub(super) fn left_out(&self, field: &str, set: Combination<'_, 't>) -> Option<Place> {
        let JobTemplate::Table(_, entries) = self else { return None };
        match entries.iter().find(|(entry, _)| entry.key == field)? {
            (_, JobTemplate::Text(text)) => text.left_out(set),
            _ => None,
        }
    }

    /// Copies what is the same in all jobs, so that each of them has it for nothing.
    pub(super) fn prepare(&self, derived: &mut DerivedTree<'_>) {
        match self {
            JobTemplate::Same(node) => derived.prepare(*node),
            JobTemplate::Spoilt(_) | JobTemplate::Text(_) => {}
            JobTemplate::List(_, items) => items.iter().for_each(|item| item.prepare(derived)),
            JobTemplate::Table(_, entries) => entries.iter().for_each(|(_, value)| value.prepare(derived)),
        }
    }

    /// Writes the job for one set of values; without a set, every template becomes a broken value.
    pub(super) fn cut(
        &self,
        set: Option<Combination<'_, 't>>,
        derived: &mut DerivedTree<'_>,
        failures: &mut Vec<Problem>,
    ) {
        let JobTemplate::Table(job, entries) = self else { return };
        let mut root = derived.root(*job);
        put_entries(entries, &mut root, set, derived, failures);
    }

    fn put(
        &self,
        under: Under<'_, 't>,
        set: Option<Combination<'_, 't>>,
        derived: &mut DerivedTree<'_>,
        failures: &mut Vec<Problem>,
    ) {
        match (self, set) {
            (JobTemplate::Same(node), _) => derived.same(under, *node),
            (JobTemplate::Text(own), Some(set)) => own.put(under, set, derived, failures),
            (JobTemplate::Spoilt(node) | JobTemplate::Text(Text { node, .. }), _) => {
                derived.filled(under, *node, Scalar::Broken, &[]);
            }
            (JobTemplate::List(node, items), _) => {
                let mut parent = derived.list(under, *node);
                for item in items {
                    item.put(Under::Item(&mut parent), set, derived, failures);
                }
            }
            (JobTemplate::Table(node, entries), _) => {
                let mut parent = derived.table(under, *node);
                put_entries(entries, &mut parent, set, derived, failures);
            }
        }
    }
}

fn put_entries<'t>(
    entries: &[(Entry<'t>, JobTemplate<'t>)],
    parent: &mut Parent,
    set: Option<Combination<'_, 't>>,
    derived: &mut DerivedTree<'_>,
    failures: &mut Vec<Problem>,
) {
    for (entry, value) in entries {
        value.put(Under::Key(parent, *entry), set, derived, failures);
    }
}
