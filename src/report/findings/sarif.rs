//! `check --format sarif`: SARIF 2.1.0, the Static Analysis Results Interchange Format of OASIS.
//!
//! Read by code scanning, by editors and by tools that compare checks. Two checks of the same manifests print the same
//! bytes: there is no time in the log, and paths are relative to the root of the repository.

mod log;
mod rules;

use super::fingerprint::Fingerprints;
use super::root::Root;
use super::{Checked, Pointed, sentence};
use crate::diagnostic::code::{Code, Severity};
use crate::diagnostic::finding::{Finding, Label};
use crate::diagnostic::fix::Fix;
use crate::report::documents;
use log::{
    Artifact, ArtifactChange, ArtifactContent, ArtifactLocation, BaseIds, Driver, Invocation, Level, Location, Log,
    Message, PartialFingerprints, PhysicalLocation, Proposal, Region, Replacement, SarifResult, Tool,
};
use std::io::{self, Write};

/// Writes the log. The check ended with `exit_code`.
///
/// # Errors
/// Fails if `out` can't be written to.
pub fn write(out: impl Write, manifests: &[Checked<'_>], root: &Root, exit_code: u8) -> io::Result<()> {
    let mut fingerprints = Fingerprints::default();
    let findings = manifests.iter().flat_map(|manifest| manifest.findings.iter().map(move |f| (manifest, f)));
    let results = findings.map(|(manifest, finding)| result(manifest, finding, root, &mut fingerprints)).collect();
    let artifact = |manifest: &Checked<'_>| Artifact { location: artifact(manifest.path, root), encoding: "utf-8" };
    let run = log::Run {
        tool: Tool { driver: Driver::new(rules::all()) },
        invocations: [Invocation { exit_code, execution_successful: true }],
        original_uri_base_ids: BaseIds::new(format!("{}/", log::file_uri(root.folder()))),
        artifacts: manifests.iter().map(artifact).collect(),
        column_kind: "unicodeCodePoints",
        results,
    };
    documents::write(out, &Log::new(run))
}

/// Returns one finding as a result.
fn result<'a>(
    manifest: &Checked<'a>,
    finding: &'a Finding,
    root: &Root,
    fingerprints: &mut Fingerprints,
) -> SarifResult<'a> {
    let mut places = finding.labels.iter().filter_map(|label| Some((manifest.pointed(label)?, label)));
    let primary = places.next();
    let fingerprint = fingerprints.of(finding, &root.relative(manifest.path), primary.map(|(place, _)| place));
    SarifResult {
        rule_id: finding.code,
        rule_index: Code::ALL.iter().position(|code| *code == finding.code).unwrap_or_default(),
        level: level(finding.severity),
        message: Message::text(sentence(finding)),
        locations: [match primary {
            Some((place, label)) => location(place, label, root, None),
            None => whole(manifest, root),
        }],
        related_locations: places.zip(1..).map(|((place, label), id)| location(place, label, root, Some(id))).collect(),
        partial_fingerprints: PartialFingerprints { finding: fingerprint },
        fixes: finding.fix.iter().filter_map(|fix| proposal(manifest, finding, fix, root)).collect(),
    }
}

fn location<'a>(place: Pointed<'_>, label: &'a Label, root: &Root, id: Option<usize>) -> Location<'a> {
    Location {
        id,
        physical_location: PhysicalLocation { artifact_location: artifact(place.path, root), region: region(place) },
        message: (!label.text.is_empty()).then(|| Message::text(&*label.text)),
    }
}

/// Returns the first line for a finding about a file as a whole: code scanning refuses a result without a line.
fn whole<'a>(manifest: &Checked<'_>, root: &Root) -> Location<'a> {
    let region = Region { start_line: 1, start_column: None, end_line: None, end_column: None };
    let physical_location = PhysicalLocation { artifact_location: artifact(manifest.path, root), region };
    Location { id: None, physical_location, message: None }
}

fn region(Pointed { source, span, .. }: Pointed<'_>) -> Region {
    let (start, end) = (source.position(span.start as usize), source.position(span.end as usize));
    Region {
        start_line: start.line,
        start_column: Some(start.column),
        end_line: Some(end.line),
        end_column: Some(end.column),
    }
}

fn artifact(path: &str, root: &Root) -> ArtifactLocation {
    ArtifactLocation::new(&root.relative(path))
}

fn proposal<'a>(manifest: &Checked<'a>, finding: &'a Finding, fix: &'a Fix, root: &Root) -> Option<Proposal<'a>> {
    let place = manifest.pointed_at(fix.span)?;
    let replacement =
        Replacement { deleted_region: region(place), inserted_content: ArtifactContent { text: &fix.replacement } };
    let change = ArtifactChange { artifact_location: artifact(place.path, root), replacements: [replacement] };
    let description = finding.help.as_deref().unwrap_or(&finding.message);
    Some(Proposal { description: Message::text(description), artifact_changes: [change] })
}

fn level(severity: Severity) -> Level {
    match severity {
        Severity::Error => Level::Error,
        Severity::Warning => Level::Warning,
    }
}

#[cfg(test)]
mod tests;
