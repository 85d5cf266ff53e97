//! Counts the findings that are left out if there are many: how many of each code, and the place of the next one.

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
    /// By code, since codes are what has to be fixed; a code may be an error here and a warning there.
    kinds: BTreeMap<(Severity, Code), Left>,
}

/// The findings of a kind after the first.
#[derive(Default)]
struct Left {
    count: usize,
    /// The place of the first of them.
    next: Option<String>,
}

impl Rest {
    /// Returns whether this is the first finding of its kind, and is to be shown; otherwise, it is counted.
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

    /// Writes their number, and how to see them.
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

/// Returns a place such as `jobs.yaml:4:15`.
fn place(manifest: &Checked<'_>, finding: &Finding) -> Option<String> {
    let Pointed { path, source, span } = manifest.pointed_at(finding.span()?)?;
    let position = source.position(span.start as usize);
    Some(format!("{}:{}:{}", terminal_safe::line(path), position.line, position.column))
}
