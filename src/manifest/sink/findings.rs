//! Mistakes become findings: one for those that are alike, each with the jobs that have it.

use super::Sink;
use super::jobs::Recalled;
use crate::diagnostic::code::Code;
use crate::diagnostic::finding::{Finding, Label};
use crate::diagnostic::fix::Fix;
use crate::diagnostic::order::in_source_order;
use crate::document::span::Span;
use crate::manifest::context::Context;
use crate::manifest::dedup::{Facts, Rare, Shown};
use crate::manifest::fix;
use crate::manifest::messages;
use crate::manifest::problem::Problem;
use crate::manifest::raw::Home;

impl<'t> Sink<'t> {
    /// Adds the message of a mistake, joined with equal ones that were met before.
    pub(super) fn take(&mut self, problem: Problem, context: Context, home: Home) {
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
    pub(in crate::manifest) fn finish(mut self) -> Vec<Finding> {
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
