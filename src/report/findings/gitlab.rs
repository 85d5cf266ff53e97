//! `check --format gitlab`: a report of code quality, which GitLab shows in a merge request.

use super::fingerprint::Fingerprints;
use super::root::Root;
use super::{Checked, sentence};
use crate::diagnostic::code::{Code, Severity};
use crate::diagnostic::finding::Finding;
use crate::report::documents;
use serde::Serialize;
use std::borrow::Cow;
use std::io::{self, Write};
use std::rc::Rc;

/// Writes the report: a list of all findings.
///
/// # Errors
/// Fails if `out` can't be written to.
pub fn write(out: impl Write, manifests: &[Checked<'_>], root: &Root) -> io::Result<()> {
    let mut fingerprints = Fingerprints::default();
    let findings = manifests.iter().flat_map(|manifest| manifest.findings.iter().map(move |f| (manifest, f)));
    let all: Vec<_> =
        findings.map(|(manifest, finding)| violation(manifest, finding, root, &mut fingerprints)).collect();
    documents::write(out, &all)
}

/// One finding, in GitLab's format.
#[derive(Serialize)]
struct Violation<'a> {
    description: Cow<'a, str>,
    check_name: Code,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: Rc<str>,
    lines: Lines,
}

/// Lines, from 1.
#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

fn violation<'a>(
    manifest: &Checked<'_>,
    finding: &'a Finding,
    root: &Root,
    fingerprints: &mut Fingerprints,
) -> Violation<'a> {
    let place = finding.labels.first().and_then(|label| manifest.pointed(label));
    let lines = place.map_or(Lines { begin: 1, end: 1 }, |place| Lines {
        begin: place.source.position(place.span.start as usize).line,
        end: place.source.position(place.span.end as usize).line,
    });
    Violation {
        description: sentence(finding),
        check_name: finding.code,
        fingerprint: fingerprints.of(finding, &root.relative(manifest.path), place),
        severity: match finding.severity {
            Severity::Error => "major",
            Severity::Warning => "minor",
        },
        location: Location { path: root.relative(place.map_or(manifest.path, |place| place.path)), lines },
    }
}
