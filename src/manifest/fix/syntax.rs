//! Fixes for texts that need quotes, and for other small mistakes of syntax.

use super::page::{Page, double};
use crate::diagnostic::fix::{Applicability, Fix};
use crate::document::flaw::{Around, Flaw, SyntaxKind};
use crate::document::{Format, Span};
use crate::manifest::fields::BLOCKS;

/// Returns the edit that fixes a mistake in the syntax of a text.
pub(super) fn fix(page: Page<'_>, flaw: &Flaw) -> Option<Fix> {
    match flaw {
        Flaw::Syntax { span, kind } => match kind {
            SyntaxKind::PlainAt(around) | SyntaxKind::PlainOther(_, around) => plain(page, *span, *around),
            SyntaxKind::PlainTemplate => plain(page, *span, Around::Brackets),
            SyntaxKind::Unquoted => unquoted(page, *span),
            SyntaxKind::LookAlike(_, meant) => look_alike(page, *span, meant),
            SyntaxKind::NoQuotes => no_quotes(page, *span),
            SyntaxKind::TightColon => {
                let behind = Span { start: span.end, end: span.end };
                Some(Fix { span: behind, replacement: " ".into(), applicability: Applicability::Safe })
            }
            _ => None,
        },
        Flaw::UnknownAlias { span, nearest: Some(near), .. } => {
            let replacement = format!("*{near}").into();
            Some(Fix { span: *span, replacement, applicability: Applicability::Unsafe })
        }
        _ => None,
    }
}

/// Returns the fix that writes the intended character in place of one that looks like it; for quotes, in place of both.
fn look_alike(page: Page<'_>, span: Span, meant: &str) -> Option<Fix> {
    let written = page.written(span);
    let (first, last) = (written.chars().next()?, written.chars().next_back()?);
    if matches!(meant, "\"" | "'") {
        let inner = written.get(first.len_utf8()..written.len() - last.len_utf8())?;
        return Some(Fix { span, replacement: double(inner)?.into(), applicability: Applicability::Safe });
    }
    let behind = page.text.get(span.end as usize..)?;
    let before = &page.text[..span.start as usize];
    let (replacement, is_sure) = match meant {
        ":" | "=" => {
            let key = before.rsplit(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$' | '"'))).next()?;
            let is_field = BLOCKS.iter().any(|block| block.field(key.trim_matches('"')).is_some());
            let space = if behind.starts_with([' ', '\t', '\n', '\r']) || behind.is_empty() { "" } else { " " };
            let lead = if meant == "=" && !before.ends_with(' ') { " " } else { "" };
            (format!("{lead}{meant}{space}"), is_field)
        }
        "," => (if behind.starts_with(' ') { ",".to_owned() } else { ", ".to_owned() }, true),
        _ => (meant.to_owned(), false),
    };
    let applicability = if is_sure { Applicability::Safe } else { Applicability::Unsafe };
    Some(Fix { span, replacement: replacement.into(), applicability })
}

/// Returns the fix that puts double quotes around a text of JSON, in place of single ones if it has those.
fn no_quotes(page: Page<'_>, span: Span) -> Option<Fix> {
    let written = page.written(span);
    let inner = written.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(written);
    let odd =
        |c: char| matches!(c, '"' | '\'' | '\\' | '&' | '*' | '!' | '|' | '>' | '%' | '@' | '`') || c.is_control();
    let rest = page.text.get(span.end as usize..)?.trim_start();
    let ends = rest.starts_with([',', ':', ']', '}']);
    // A text without brackets around it is YAML under another name.
    let is_json = page.text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[', '/']);
    let is_sure = is_json && ends && !inner.is_empty() && !inner.contains(odd);
    Some(Fix { span, replacement: double(inner).filter(|_| is_sure)?.into(), applicability: Applicability::Safe })
}

/// Returns the fix that puts quotes around a value of YAML that needs them, if its end is certain.
fn plain(page: Page<'_>, span: Span, around: Around) -> Option<Fix> {
    let written = page.written(span);
    let is_key = written.ends_with(':') || written.contains(": ") || written.contains(":\t");
    if page.format == Format::Toml || written.is_empty() || is_key {
        return None;
    }
    let behind = page.text.get(span.end as usize..)?;
    let is_commented = behind.trim_start_matches([' ', '\t']).starts_with('#');
    let ends = match around {
        Around::Lines => !goes_on(line_before(page.text, span.start as usize), behind),
        Around::Brackets => balanced(written) && ends_in_brackets(behind),
    };
    // Brackets outside of templates may have had another meaning.
    let has_brackets = around == Around::Brackets && outside_templates(written).contains(['[', '{']);
    let applicability = if is_commented || has_brackets { Applicability::Unsafe } else { Applicability::Safe };
    let replacement = double(written).filter(|_| ends)?;
    Some(Fix { span, replacement: replacement.into(), applicability })
}

/// Returns whether all brackets in a text are closed in it.
fn balanced(written: &str) -> bool {
    let count = |bracket: char| written.matches(bracket).count();
    count('[') == count(']') && count('{') == count('}')
}

/// Returns a text without its templates.
fn outside_templates(written: &str) -> String {
    let mut rest = written;
    let mut outside = String::new();
    while let Some((before, inside)) = rest.split_once("${{") {
        outside.push_str(before);
        rest = inside.split_once("}}").map_or("", |(_, behind)| behind);
    }
    outside + rest
}

/// Returns whether the text after a value in brackets can only be the next entry or the end, not the rest of the value.
fn ends_in_brackets(behind: &str) -> bool {
    let rest = behind.trim_start();
    let Some(next) = rest.strip_prefix(',') else { return rest.starts_with(['}', ']']) };
    let next = next.trim_start();
    next.starts_with(['}', ']'])
        || next.split_once(':').is_some_and(|(key, value)| {
            let name = key.trim_end().trim_matches(['"', '\'']);
            let is_field = BLOCKS.iter().any(|block| block.field(name).is_some());
            is_field && value.starts_with([' ', '\t', '\n', '\r', '"', '\'', '[', '{'])
        })
}

/// Returns the fix that puts quotes around a text of TOML, if nothing else is there.
fn unquoted(page: Page<'_>, span: Span) -> Option<Fix> {
    let written = page.written(span);
    let odd = |c: char| matches!(c, '"' | '\'' | '\\' | '=' | '[' | ']' | '{' | '}' | ',' | '#' | '\n' | '\r');
    let rest = page.text.get(span.end as usize..)?.trim_start_matches([' ', '\t']);
    // A comma after a value outside of brackets belongs to its text.
    let before = line_before(page.text, span.start as usize).trim_end();
    let is_alone = before.ends_with('=') && !before.contains(['[', '{']);
    let ends = rest.is_empty() || rest.starts_with(['\n', '\r', '#', ']', '}']) || rest.starts_with(',') && !is_alone;
    let is_bounded = ends && page.format == Format::Toml && !written.is_empty() && !written.contains(odd);
    let replacement = double(written).filter(|_| is_bounded)?;
    Some(Fix { span, replacement: replacement.into(), applicability: Applicability::Safe })
}

/// Returns the text before `at` on its line.
fn line_before(text: &str, at: usize) -> &str {
    let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
    text[line..at].trim_start_matches('\u{feff}')
}

/// Returns whether the lines after a value may belong to it: the next is indented deeper than the value's key or dash.
/// `rest` starts after the value.
fn goes_on(before: &str, rest: &str) -> bool {
    // A tab counts as the deepest indentation that it may have.
    let indentation = |line: &str| match line.len() - line.trim_start_matches(' ').len() {
        spaces if line[spaces..].starts_with('\t') => usize::MAX,
        spaces => spaces,
    };
    let lead = before.len() - before.trim_start_matches([' ', '-']).len();
    let owner = match before[..lead].rfind('-') {
        // A key after dashes is where they end.
        _ if lead < before.len() => Some(lead),
        Some(dash) => Some(dash),
        // The value is on a line of its own: a line with the same indentation belongs to it.
        None => lead.checked_sub(1),
    };
    let mut lines = rest.lines();
    // A comment ends a text.
    if lines.next().is_some_and(|line| line.trim_start().starts_with('#')) {
        return false;
    }
    let next = lines.find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let is_closing = |line: &str| line.trim_start().starts_with(['}', ']']);
    next.is_some_and(|next| !is_closing(next) && owner.is_none_or(|owner| indentation(next) > owner))
}
