//! Fixes for keys that aren't fields.

use super::page::Page;
use super::sure;
use crate::base::nearest::near;
use crate::diagnostic::fix::Fix;
use crate::document::{Format, Span};
use crate::manifest::fields::Block;
use crate::manifest::problem::StrangeEntry;
use crate::manifest::suggest::Meant;

/// Returns the fix that writes the field that was meant, unless it exists already. Names of other interfaces are only
/// offered.
pub(super) fn unknown(
    page: Page<'_>,
    key: Span,
    name: &str,
    block: &Block,
    meant: Meant,
    entry: StrangeEntry,
) -> Option<Fix> {
    let Meant::Field(field) = meant else { return None };
    if entry.is_taken || (page.format == Format::Toml && !stands_once(page, key, name, entry.value)) {
        return None;
    }
    let near = near(name, block.fields.iter().map(|field| field.name));
    let is_sure = entry.has_value && near.is_some_and(|near| near.is_sure && near.name == field.name);
    page.key(key, name, field.name, sure(is_sure))
}

/// Returns whether a key of TOML is written in one place only: headers and dotted keys may repeat it.
fn stands_once(page: Page<'_>, key: Span, name: &str, value: Span) -> bool {
    let behind = page.text.get(key.end as usize..).unwrap_or_default().trim_start_matches([' ', '\t']);
    // The last part of a dotted key is written nowhere else.
    if behind.starts_with('=') {
        return true;
    }
    let from = value.start.min(key.start) as usize;
    let all = page.text.get(from..value.end.max(key.end) as usize).unwrap_or_default();
    // Another header may write it with other quotes, or with escapes.
    let is_escaped = all.lines().any(|line| line.trim_start().starts_with('[') && line.contains('\\'));
    behind.starts_with(']') && !is_escaped && all.matches(name).take(2).count() == 1
}
