//! Texts that need quotes.

use super::page::{Page, double};
use crate::diagnostic::fix::{Applicability, Fix};
use crate::document::flaw::{Flaw, SyntaxKind};
use crate::document::{Format, Span};

/// The edit that mends a mistake in the writing of a text.
pub(super) fn fix(page: Page<'_>, flaw: &Flaw) -> Option<Fix> {
    match flaw {
        Flaw::Syntax { span, kind: SyntaxKind::PlainAt | SyntaxKind::PlainOther(_) } => plain(page, *span),
        Flaw::Syntax { span, kind: SyntaxKind::Unquoted } => unquoted(page, *span),
        Flaw::UnknownAlias { span, nearest: Some(near), .. } => {
            let replacement = format!("*{near}");
            Some(Fix { span: *span, replacement, applicability: Applicability::Unsafe })
        }
        _ => None,
    }
}

/// Quotes around a value of YAML that starts with a character that needs them, where it is clear how far it goes.
fn plain(page: Page<'_>, span: Span) -> Option<Fix> {
    let written = page.written(span);
    let behind = page.text.get(span.end as usize..)?;
    let before = line_before(page.text, span.start as usize);
    let is_key = written.ends_with(':') || written.contains(": ") || written.contains(":\t");
    if page.format == Format::Toml || written.is_empty() || is_key || written.contains(" #") {
        return None;
    }
    let rest = behind.trim_start_matches([' ', '\t']);
    let (ends, is_commented) = match rest.as_bytes().first() {
        None | Some(b'\n' | b'\r') => (!goes_on(before, rest), false),
        Some(b'#') => (true, true),
        Some(b'}' | b']') => (true, false),
        // In brackets: what follows must be another entry, not the rest of the text.
        Some(b',') => (rest[1..].split([',', '}', ']', '\n']).next().is_some_and(|next| next.contains(':')), false),
        _ => (false, false),
    };
    let applicability = if is_commented { Applicability::Unsafe } else { Applicability::Safe };
    let replacement = double(written).filter(|_| ends)?;
    Some(Fix { span, replacement, applicability })
}

/// Quotes around a text of TOML, where it is all that stands there.
fn unquoted(page: Page<'_>, span: Span) -> Option<Fix> {
    let written = page.written(span);
    let odd = |c: char| matches!(c, '"' | '\'' | '\\' | '=' | '[' | ']' | '{' | '}' | ',' | '#' | '\n' | '\r');
    let rest = page.text.get(span.end as usize..)?.trim_start_matches([' ', '\t']);
    let ends = rest.is_empty() || rest.starts_with(['\n', '\r', '#', ',', ']', '}']);
    let is_bounded = ends && page.format == Format::Toml && !written.is_empty() && !written.contains(odd);
    let replacement = double(written).filter(|_| is_bounded)?;
    Some(Fix { span, replacement, applicability: Applicability::Safe })
}

/// What stands before `at` on its line.
fn line_before(text: &str, at: usize) -> &str {
    let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
    text[line..at].trim_start_matches('\u{feff}')
}

/// Whether the line behind a value may belong to it: it is further in than the value's key or dash.
fn goes_on(before: &str, rest: &str) -> bool {
    let indentation = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let lead = before.len() - before.trim_start_matches([' ', '-']).len();
    let owner = match before[..lead].rfind('-') {
        // A key behind dashes stands where they end.
        _ if lead < before.len() => Some(lead),
        Some(dash) => Some(dash),
        // The value stands on a line of its own: a line that is as far in belongs to it.
        None => lead.checked_sub(1),
    };
    let next = rest.lines().skip(1).find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let is_closing = |line: &str| line.trim_start().starts_with(['}', ']']);
    next.is_some_and(|next| !is_closing(next) && owner.is_none_or(|owner| indentation(next) > owner))
}
