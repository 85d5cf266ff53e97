//! The order of findings.

use super::finding::Finding;

/// Returns the findings in source order, each once; at one place, errors first.
pub fn in_source_order(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| {
        let span = finding.span();
        (span.map(|s| s.start), finding.severity, span.map(|s| s.end), finding.code)
    });
    findings.dedup();
    findings
}
