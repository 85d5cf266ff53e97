//! `check --format github`: workflow commands, which GitHub shows as annotations of a pull request.
//!
//! GitHub shows only the first ten errors and ten warnings of a step. So they are not in the order of the source: the
//! first of each code comes before the second of any, and ten annotations cover as many kinds of mistakes as possible.

use super::{Checked, Pointed, Tally};
use crate::diagnostic::code::{Code, Severity};
use crate::diagnostic::finding::Finding;
use crate::report::findings::root::Root;
use crate::report::look::count;
use crate::report::step_summary::{self, Table};
use crate::report::terminal_safe;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Writes a command for each finding.
///
/// # Errors
/// Fails if `out` can't be written to.
pub fn write(out: impl Write, manifests: &[Checked<'_>], root: &Root) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    for (manifest, finding) in in_order(manifests) {
        writeln!(out, "{}", annotation(manifest, finding, root))?;
    }
    out.flush()
}

/// Adds a table of all findings, in the order of the source, to the page at `path`.
///
/// # Errors
/// Fails if the file can't be written.
pub fn summarize(path: &Path, manifests: &[Checked<'_>], root: &Root) -> io::Result<()> {
    let findings = manifests.iter().flat_map(|manifest| manifest.findings.iter().map(move |f| (manifest, f)));
    step_summary::append(
        path,
        Table {
            title: &title(manifests),
            columns: &["", "Place", "Job", "What is wrong", "Code"],
            rows: findings.map(|(manifest, finding)| row(manifest, finding, root)),
            rest: "have no room here; `batch check --format json` has them all",
        },
    )
}

/// Returns errors before warnings, and in each the first of every code, then the second of every code.
fn in_order<'m, 'a>(manifests: &'m [Checked<'a>]) -> Vec<(&'m Checked<'a>, &'a Finding)> {
    let mut seen: HashMap<(Code, Severity), usize> = HashMap::new();
    let mut ranked: Vec<_> = manifests
        .iter()
        .flat_map(|manifest| manifest.findings.iter().map(move |finding| (manifest, finding)))
        .map(|(manifest, finding)| {
            let nth = seen.entry((finding.code, finding.severity)).or_default();
            *nth += 1;
            ((finding.severity, *nth), (manifest, finding))
        })
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, found)| found).collect()
}

/// Returns the command: `::error file=jobs.yaml,line=8,…,title=duration::a video lasts 5 or 8 s`.
fn annotation(manifest: &Checked<'_>, finding: &Finding, root: &Root) -> String {
    let kind = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let place = finding.labels.first().and_then(|label| manifest.pointed(label));
    let path = place.map_or(manifest.path, |place| place.path);
    let mut line = format!("::{kind} file={}", property(&root.relative(path)));
    if let Some(place) = place {
        line += &span(place);
    }
    let title = match &finding.job {
        Some(job) => format!("{} ({job})", finding.code),
        None => finding.code.to_string(),
    };
    let _ = write!(line, ",title={}::{}", property(&title), data(&message(manifest, finding, root)));
    line
}

/// Returns the position: `,line=8,endLine=8,col=15,endColumn=15`. The end is the last character, as GitHub counts:
/// without an end it uses the start. It refuses columns over several lines.
fn span(Pointed { source, span, .. }: Pointed<'_>) -> String {
    let start = source.position(span.start as usize);
    let text = source.text()[span.range()].trim_end_matches(['\n', '\r']);
    let last = text.char_indices().next_back().map_or(0, |(at, _)| at);
    let end = source.position(span.start as usize + last);
    if start.line == end.line {
        format!(",line={},endLine={},col={},endColumn={}", start.line, end.line, start.column, end.column)
    } else {
        format!(",line={},endLine={}", start.line, end.line)
    }
}

/// Returns the message, the help, and each place with its text: a log shows only the message.
fn message(manifest: &Checked<'_>, finding: &Finding, root: &Root) -> String {
    let mut message = finding.message.to_string();
    if let Some(help) = &finding.help {
        let _ = write!(message, "\nhelp: {help}");
    }
    for label in &finding.labels {
        if let Some(place) = manifest.pointed(label) {
            let gap = if label.text.is_empty() { "" } else { ": " };
            let _ = write!(message, "\n  at {}{gap}{}", position(place, root), label.text);
        }
    }
    message
}

/// Returns a place such as `videos/jobs.yaml:8:15`.
fn position(place: Pointed<'_>, root: &Root) -> String {
    let start = place.source.position(place.span.start as usize);
    format!("{}:{}:{}", root.relative(place.path), start.line, start.column)
}

/// Returns the text of a command. A log interprets the same characters as a terminal.
fn data(text: &str) -> String {
    let escaped = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    terminal_safe::line(&escaped).into_owned()
}

/// Returns the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

fn title(manifests: &[Checked<'_>]) -> String {
    let Tally { errors, warnings } = Tally::of(manifests);
    let place = match manifests {
        [one] => format!("`{}`", one.path),
        many => count(many.len(), "manifest"),
    };
    let jobs = count(manifests.iter().map(|manifest| manifest.jobs).sum(), "job");
    match (errors, warnings) {
        (0, 0) => format!("batch check: nothing wrong in {place} ({jobs})"),
        (errors, 0) => format!("batch check: {} in {place}", count(errors, "error")),
        (0, warnings) => format!("batch check: {} in {place}", count(warnings, "warning")),
        _ => format!("batch check: {}, {} in {place}", count(errors, "error"), count(warnings, "warning")),
    }
}

fn row(manifest: &Checked<'_>, finding: &Finding, root: &Root) -> [String; 5] {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let place = finding.labels.first().and_then(|label| manifest.pointed(label));
    let place = place.map_or_else(|| root.relative(manifest.path).to_string(), |place| position(place, root));
    let (place, code) = (format!("`{place}`"), format!("`{}`", finding.code));
    let help = finding.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    let job = finding.job.as_deref().unwrap_or_default().to_owned();
    [severity.to_owned(), place, job, format!("{}{help}", finding.message), code]
}

#[cfg(test)]
mod tests;
