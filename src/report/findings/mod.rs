//! The findings in manifests, rendered: the same for people and for machines.

pub mod concise;
mod excerpt;
mod fingerprint;
pub mod github;
pub mod gitlab;
pub mod human;
pub mod json;
pub mod root;
pub mod sarif;

use crate::diagnostic::code::Severity;
use crate::diagnostic::finding::{Finding, Label};
use crate::document::source::Source;
use crate::document::span::Span;
use std::borrow::Cow;

/// A checked manifest, and its findings.
#[derive(Clone, Copy)]
pub struct Checked<'a> {
    /// The manifest, as it was named.
    pub path: &'a str,
    /// Its text, with the files that it refers to; `None` if it can't be read, and then no finding has a label.
    pub source: Option<&'a Source>,
    /// Number of jobs in it.
    pub jobs: usize,
    /// The findings, in source order.
    pub findings: &'a [Finding],
}

/// The target of a label: a place in the manifest, or in a file that it refers to.
#[derive(Clone, Copy)]
pub struct Pointed<'a> {
    /// The file, by the name that people know.
    pub path: &'a str,
    /// Its text.
    pub source: &'a Source,
    /// The place in this text.
    pub span: Span,
}

impl<'a> Checked<'a> {
    /// Returns the target of `label`; `None` if the manifest can't be read.
    pub fn pointed(&self, label: &Label) -> Option<Pointed<'a>> {
        self.pointed_at(label.span)
    }

    /// Returns the target of `span` in the manifest, or in a file that it refers to.
    fn pointed_at(&self, span: Span) -> Option<Pointed<'a>> {
        let own = self.source?;
        let (source, span) = own.of(span);
        let path = if std::ptr::eq(source, own) { self.path } else { source.name() };
        Some(Pointed { path, source, span })
    }
}

/// Number of findings of each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
}

impl Tally {
    /// Counts the findings of all `manifests`.
    pub fn of(manifests: &[Checked<'_>]) -> Tally {
        let mut tally = Tally::default();
        for finding in manifests.iter().flat_map(|manifest| manifest.findings) {
            match finding.severity {
                Severity::Error => tally.errors += 1,
                Severity::Warning => tally.warnings += 1,
            }
        }
        tally
    }
}

/// Returns message and help as two sentences: readers with little room show the first.
fn sentence(finding: &Finding) -> Cow<'_, str> {
    match &finding.help {
        Some(help) => Cow::Owned(format!("{}. Help: {help}.", finding.message)),
        None => Cow::Borrowed(&finding.message),
    }
}
