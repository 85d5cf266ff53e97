//! What is left out where there are many findings: how many of each code, and where the next one is.

use super::super::{Checked, Pointed};
use crate::diagnostic::code::{Code, Severity};
use crate::diagnostic::finding::Finding;
use crate::report::look::thousands;
use crate::report::terminal_safe;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Findings that are not shown.
#[derive(Default)]
pub(super) struct Rest {
    /// By code, since that is what is to be mended; a code may be an error here and a warning there.
    kinds: BTreeMap<(Severity, Code), Left>,
}

/// The findings of a kind behind the first.
#[derive(Default)]
struct Left {
    count: usize,
    /// Where the first of them is.
    next: Option<String>,
}

impl Rest {
    /// Whether this is the first finding of its kind, and thus to be shown; if not, it is counted.
    pub(super) fn is_first(&mut self, manifest: &Checked<'_>, finding: &Finding) -> bool {
        let mut is_first = false;
        let left = self.kinds.entry((finding.severity, finding.code)).or_insert_with(|| {
            is_first = true;
            Left::default()
        });
        if !is_first {
            left.count += 1;
            if left.count == 1 {
                left.next = place(manifest, finding);
            }
        }
        is_first
    }

    /// Writes how many there are, and how to see them.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let kinds: Vec<_> = self.kinds.iter().filter(|(_, left)| left.count > 0).collect();
        let more: usize = kinds.iter().map(|(_, left)| left.count).sum();
        if more == 0 {
            return Ok(());
        }
        writeln!(out, "and {} more (`batch check --all` shows them all):", thousands(more))?;
        let number = |left: &Left| thousands(left.count);
        let (mut numbers, mut names) = (0, 0);
        for ((_, code), left) in &kinds {
            numbers = numbers.max(number(left).len());
            names = names.max(code.as_str().len());
        }
        for ((_, code), left) in &kinds {
            let code = code.as_str();
            match &left.next {
                Some(next) => writeln!(out, "  {:>numbers$} {code:<names$}  next: {next}", number(left))?,
                None => writeln!(out, "  {:>numbers$} {code}", number(left))?,
            }
        }
        writeln!(out)
    }
}

/// `jobs.yaml:4:15`.
fn place(manifest: &Checked<'_>, finding: &Finding) -> Option<String> {
    let Pointed { path, source, span } = manifest.pointed_at(finding.span()?)?;
    let position = source.position(span.start as usize);
    Some(format!("{}:{}:{}", terminal_safe::line(path), position.line, position.column))
}
