//! `check --format json`: every finding, as one document.

use super::{Checked, Pointed, Tally};
use crate::diagnostic::code::{Code, Severity};
use crate::diagnostic::finding::{Finding, Label};
use crate::diagnostic::fix::Fix;
use crate::document::source::Source;
use crate::document::span::Span;
use crate::report::documents::{self, VERSION};
use serde::{Serialize, Serializer};
use std::io::{self, Write};

/// Writes the document; findings are converted to JSON one by one, however many there are.
///
/// # Errors
/// Fails if `out` can't be written to.
pub fn write(out: impl Write, manifests: &[Checked<'_>]) -> io::Result<()> {
    documents::write(out, &CheckDocument::new(manifests))
}

/// The findings about manifests.
#[derive(Serialize, schemars::JsonSchema)]
pub struct CheckDocument<'a> {
    /// The version of this format.
    #[schemars(extend("const" = VERSION))]
    version: u32,
    /// `true` if there is no error.
    ok: bool,
    /// The number of errors.
    errors: usize,
    /// The number of warnings.
    warnings: usize,
    /// The manifests that were checked.
    manifests: Vec<ManifestEntry<'a>>,
    /// All that was found, in source order.
    #[schemars(with = "Vec<Diagnostic<'a>>")]
    diagnostics: Diagnostics<'a>,
}

/// A manifest that was checked.
#[derive(Serialize, schemars::JsonSchema)]
struct ManifestEntry<'a> {
    /// Its path, as it was named.
    path: &'a str,
    /// The number of jobs in it.
    jobs: usize,
}

/// One mistake.
#[derive(Serialize, schemars::JsonSchema)]
struct Diagnostic<'a> {
    /// The rule: the name of its section in the manual.
    #[schemars(schema_with = "codes")]
    code: Code,
    /// Its severity.
    severity: Severity,
    /// The message: what was found, and what is allowed.
    message: &'a str,
    /// The help: what to write instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    /// The edit that does what the help says, where there is just one.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Edit<'a>>,
    /// The id of the job that it is about, as it stands in the manifest; of several that one template makes, the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<&'a str>,
    /// The number of jobs of one template that it is about, if they are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    jobs: Option<usize>,
    /// The places, the primary one first; none for a manifest that can't be read.
    labels: Vec<Place<'a>>,
}

/// A place in a manifest, or in a file that it refers to.
#[derive(Serialize, schemars::JsonSchema)]
struct Place<'a> {
    /// The file: the manifest as it was named, or one that it refers to, by its path from there.
    path: &'a str,
    /// Its start.
    start: Position,
    /// Its end: the position after its last character.
    end: Position,
    /// The text of the label.
    text: &'a str,
    /// `true` if it is the place to fix; otherwise it is one that explains it.
    primary: bool,
}

/// An edit that mends a mistake.
#[derive(Serialize, schemars::JsonSchema)]
struct Edit<'a> {
    /// The text that is replaced; empty if text is only inserted.
    span: Range,
    /// The new text, in the syntax of the place.
    replacement: &'a str,
    /// `true` if `check --fix` applies it; otherwise it is a guess, or one way out of several.
    safe: bool,
}

/// A stretch of a manifest.
#[derive(Serialize, schemars::JsonSchema)]
struct Range {
    /// Its start.
    start: Position,
    /// Its end: the position after its last character.
    end: Position,
}

/// A position in a manifest.
#[derive(Serialize, schemars::JsonSchema)]
struct Position {
    /// Bytes before it.
    offset: usize,
    /// Its line, counted from 1.
    line: usize,
    /// Its column in characters (Unicode scalar values), counted from 1.
    column: usize,
}

/// All findings of all manifests: each becomes a [`Diagnostic`] only while it is written.
struct Diagnostics<'a>(&'a [Checked<'a>]);

impl<'a> CheckDocument<'a> {
    fn new(manifests: &'a [Checked<'a>]) -> CheckDocument<'a> {
        let Tally { errors, warnings } = Tally::of(manifests);
        CheckDocument {
            version: VERSION,
            ok: errors == 0,
            errors,
            warnings,
            manifests: manifests.iter().map(|m| ManifestEntry { path: m.path, jobs: m.jobs }).collect(),
            diagnostics: Diagnostics(manifests),
        }
    }
}

impl Serialize for Diagnostics<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let all = self.0.iter().flat_map(|manifest| manifest.findings.iter().map(move |finding| (manifest, finding)));
        serializer.collect_seq(all.map(|(manifest, finding)| Diagnostic::new(manifest, finding)))
    }
}

impl<'a> Diagnostic<'a> {
    fn new(manifest: &Checked<'a>, finding: &'a Finding) -> Diagnostic<'a> {
        let place = |(i, label): (usize, &'a Label)| {
            let Pointed { path, source, span } = manifest.pointed(label)?;
            let (start, end) = (Position::of(source, span.start), Position::of(source, span.end));
            Some(Place { path, start, end, text: &label.text, primary: i == 0 })
        };
        Diagnostic {
            code: finding.code,
            severity: finding.severity,
            message: &finding.message,
            help: finding.help.as_deref(),
            fix: finding.fix.as_ref().zip(manifest.source).map(|(fix, source)| Edit::new(source, fix)),
            job: finding.job.as_deref(),
            jobs: (finding.jobs > 1).then_some(finding.jobs),
            labels: finding.labels.iter().enumerate().filter_map(place).collect(),
        }
    }
}

impl<'a> Edit<'a> {
    fn new(source: &Source, fix: &'a Fix) -> Edit<'a> {
        let Fix { span: Span { start, end }, replacement, applicability } = fix;
        let span = Range { start: Position::of(source, *start), end: Position::of(source, *end) };
        Edit { span, replacement, safe: applicability.is_safe() }
    }
}

impl Position {
    fn of(source: &Source, offset: u32) -> Position {
        let position = source.position(offset as usize);
        Position { offset: position.offset, line: position.line, column: position.column }
    }
}

/// Returns the schema of the codes, each with its rule.
fn codes(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let each = Code::ALL
        .iter()
        .map(|code| serde_json::json!({ "type": "string", "const": code.as_str(), "description": code.title() }));
    schemars::json_schema!({ "oneOf": each.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests;
