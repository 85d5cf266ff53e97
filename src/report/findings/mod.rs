//! What was found in manifests, shown: the same findings for people and for machines.

mod excerpt;
pub mod human;
pub mod json;

use crate::diagnostic::code::Severity;
use crate::diagnostic::finding::Finding;
use crate::document::source::Source;

/// A manifest that was checked, and what was found in it.
#[derive(Clone, Copy)]
pub struct Checked<'a> {
    /// The manifest, as it was named.
    pub path: &'a str,
    /// Its text; `None` where it can't be read, and then no finding has a label.
    pub source: Option<&'a Source>,
    /// How many jobs stand in it.
    pub jobs: usize,
    /// What was found, in source order.
    pub findings: &'a [Finding],
}

/// How many findings there are of each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
}

impl Tally {
    /// Counts the findings of all of `manifests`.
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
