//! The collector of findings, which puts them in order.

use super::code::Severity;
use super::finding::Finding;

/// All findings in one manifest.
#[derive(Debug, Default)]
pub struct Collector {
    findings: Vec<Finding>,
}

impl Collector {
    /// Adds a finding.
    pub fn push(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Returns whether there is an error among them.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// Returns the findings in source order, each once; at one place, errors first.
    pub fn finish(mut self) -> Vec<Finding> {
        self.findings.sort_by_key(|finding| {
            let span = finding.span();
            (span.map(|s| s.start), finding.severity, span.map(|s| s.end), finding.code)
        });
        self.findings.dedup();
        self.findings
    }
}
