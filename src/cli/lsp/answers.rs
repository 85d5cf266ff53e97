//! What an editor asks: which fixes there are, and what a finding means.

use super::documents::{Document, Documents, diagnostic};
use super::places;
use crate::document::{Source, Span};
use crate::manifest::{Loaded, fix_text};
use crate::report::explain;
use crate::report::manual::Language;
use lsp_types::{
    CodeAction, CodeActionKind, CodeActionParams, Hover, HoverContents, HoverParams, MarkupContent, MarkupKind, Range,
    TextEdit, Uri, WorkspaceEdit,
};
use std::collections::HashMap;

/// Columns of a replacement that a title shows.
const SHOWN: usize = 40;

/// Returns the fixes of what was found in a range, and one for all that are safe.
pub(super) fn actions(params: &CodeActionParams, documents: &Documents) -> Vec<CodeAction> {
    let uri = &params.text_document.uri;
    let Some((document, loaded)) = documents.checked(uri) else { return Vec::new() };
    let wanted = |kind: &CodeActionKind| {
        let only = params.context.only.as_deref();
        only.is_none_or(|only| only.iter().any(|asked| kind.as_str().starts_with(asked.as_str())))
    };
    let mut actions = Vec::new();
    if wanted(&CodeActionKind::QUICKFIX) {
        actions.extend(fixes(params.range, uri, loaded));
    }
    if wanted(&CodeActionKind::SOURCE_FIX_ALL) {
        actions.extend(all_fixes(uri, document));
    }
    actions
}

/// Returns a fix for each finding that touches the range.
fn fixes<'a>(range: Range, uri: &'a Uri, loaded: &'a Loaded) -> impl Iterator<Item = CodeAction> + 'a {
    let own = |span: Span| std::ptr::eq(loaded.source.of(span).0, &raw const loaded.source);
    let findings = loaded.findings.iter().filter(move |finding| finding.span().is_some_and(own));
    findings.filter_map(move |finding| {
        let (fix, at) = (finding.fix.as_ref()?, places::range(&loaded.source, finding.span()?));
        let edited = places::range(&loaded.source, fix.span);
        if !own(fix.span) || !(places::touch(at, range) || places::touch(edited, range)) {
            return None;
        }
        let was = loaded.source.text().get(fix.span.range())?;
        let unsure = if fix.applicability.is_safe() { "" } else { " (look at it: it may not be meant)" };
        Some(CodeAction {
            title: format!("{}: {}{unsure}", finding.code, change(was, &fix.replacement)),
            kind: Some(CodeActionKind::QUICKFIX),
            diagnostics: Some(vec![diagnostic(finding, at, None)]),
            edit: Some(edit(uri, edited, &fix.replacement)),
            is_preferred: Some(fix.applicability.is_safe()),
            ..CodeAction::default()
        })
    })
}

/// Returns all safe fixes at once, if there are any.
fn all_fixes(uri: &Uri, document: &Document) -> Option<CodeAction> {
    let text = document.text().to_owned();
    let name = document.path().display().to_string();
    let fixed = fix_text(&name, text, document.format(), &document.folder()?);
    let (span, replacement) = difference(&fixed.original, fixed.loaded.source.text())?;
    let range = places::range(&Source::new("", fixed.original.clone()), span);
    Some(CodeAction {
        title: format!("Apply all safe fixes ({})", fixed.fixed.len()),
        kind: Some(CodeActionKind::SOURCE_FIX_ALL),
        edit: Some(edit(uri, range, replacement)),
        ..CodeAction::default()
    })
}

/// Returns what of `before` is replaced by what, so that it becomes `after`.
fn difference<'a>(before: &str, after: &'a str) -> Option<(Span, &'a str)> {
    if before == after {
        return None;
    }
    let same = |(a, b): &(char, char)| a == b;
    let start: usize = before.chars().zip(after.chars()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
    let ends = before[start..].chars().rev().zip(after[start..].chars().rev());
    let end: usize = ends.take_while(same).map(|(c, _)| c.len_utf8()).sum();
    Some((Span::new(start, before.len() - end), &after[start..after.len() - end]))
}

fn change(was: &str, now: &str) -> String {
    let short = |text: &str| match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    };
    match (was.is_empty(), now.trim().is_empty()) {
        (true, true) => "put in a space".to_owned(),
        (true, false) => format!("put in `{}`", short(now)),
        (false, true) => format!("take out `{}`", short(was)),
        (false, false) => format!("write `{}`, not `{}`", short(now), short(was)),
    }
}

fn edit(uri: &Uri, range: Range, text: &str) -> WorkspaceEdit {
    WorkspaceEdit::new(HashMap::from([(uri.clone(), vec![TextEdit::new(range, text.to_owned())])]))
}

/// Returns the manual's page of what was found under the pointer.
pub(super) fn hover(params: &HoverParams, documents: &Documents, language: Language) -> Option<Hover> {
    let asked = &params.text_document_position_params;
    let (_, loaded) = documents.checked(&asked.text_document.uri)?;
    let pointer = Range { start: asked.position, end: asked.position };
    let mut pages = Vec::new();
    let mut under = None;
    for finding in &loaded.findings {
        let own = finding
            .labels
            .iter()
            .filter(|label| std::ptr::eq(loaded.source.of(label.span).0, &raw const loaded.source));
        let mut ranges = own.map(|label| places::range(&loaded.source, label.span));
        let Some(range) = ranges.find(|range| places::touch(*range, pointer)) else { continue };
        let page = explain::markdown(finding.code, language);
        under = under.or(Some(range));
        if !pages.contains(&page) {
            pages.push(page);
        }
    }
    let contents = MarkupContent { kind: MarkupKind::Markdown, value: pages.join("\n\n---\n\n") };
    Some(Hover { contents: HoverContents::Markup(contents), range: Some(under?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_as_small_as_it_may_be() {
        let found =
            |before: &str, after: &'static str| difference(before, after).map(|(span, text)| (span.range(), text));
        assert_eq!(found("a小b", "a小b"), None);
        assert_eq!(found("a小b", "a狗b"), Some((1..4, "狗")));
        assert_eq!(found("aa", "aaa"), Some((2..2, "a")));
        assert_eq!(found("abab", "ab"), Some((2..4, "")));
    }
}
