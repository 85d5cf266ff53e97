//! `check --format concise`: one line per finding, `file:line:column: code: message`, as compilers print for editors
//! and `grep`.

use super::Checked;
use crate::report::terminal_safe;
use std::io::{self, BufWriter, Write};

/// Writes a line for each finding; one about a file as a whole is placed at its first character.
///
/// # Errors
/// Fails if `out` can't be written to.
pub fn write(out: impl Write, manifests: &[Checked<'_>]) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    for (manifest, finding) in manifests.iter().flat_map(|m| m.findings.iter().map(move |finding| (m, finding))) {
        let place = finding.labels.first().and_then(|label| manifest.pointed(label));
        let (path, line, column) = place.map_or((manifest.path, 1, 1), |place| {
            let start = place.source.position(place.span.start as usize);
            (place.path, start.line, start.column)
        });
        let (path, message) = (terminal_safe::line(path), terminal_safe::line(&finding.message));
        writeln!(out, "{path}:{line}:{column}: {}: {message}", finding.code)?;
    }
    out.flush()
}
