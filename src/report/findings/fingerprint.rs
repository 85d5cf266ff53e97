//! Identifies a finding with one of an earlier check, even if lines have moved.

use super::Pointed;
use crate::base::digest::Sha256;
use crate::diagnostic::finding::Finding;
use std::collections::HashMap;

/// The findings that have a fingerprint, counted: two that look alike are distinguished by their order.
#[derive(Debug, Default)]
pub(super) struct Fingerprints(HashMap<Sha256, usize>);

impl Fingerprints {
    /// Returns the fingerprint from file, rule, job and the underlined text; neither from line and column nor from the
    /// message, which a later version may improve.
    pub(super) fn of(&mut self, finding: &Finding, path: &str, place: Option<Pointed<'_>>) -> String {
        let underlined = place.map_or("", |place| &place.source.text()[place.span.range()]);
        let job = finding.job.as_deref().unwrap_or_default();
        let identity = [path, finding.code.as_str(), job, underlined].join("\0");
        let content = Sha256::of(identity.as_bytes());
        let nth = self.0.entry(content).or_default();
        *nth += 1;
        format!("{}:{nth}", content.short())
    }
}
