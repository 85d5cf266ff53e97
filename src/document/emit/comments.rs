//! The comments of a text, which conversion can't keep.

use crate::document::tree::{Node, Value};
use crate::document::{Format, Span, Tree};

/// The comment that tells an editor the schema of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modeline<'s> {
    /// The schema's address.
    pub schema: &'s str,
}

impl<'s> Modeline<'s> {
    /// Returns the modeline in a comment.
    fn of(comment: &'s str) -> Option<Modeline<'s>> {
        let yaml = comment.strip_prefix('#')?.trim_start().strip_prefix("yaml-language-server:");
        let schema = match yaml {
            Some(rest) => rest.trim_start().strip_prefix("$schema="),
            None => comment.strip_prefix("#:schema "),
        };
        schema.map(str::trim).filter(|schema| !schema.is_empty()).map(|schema| Modeline { schema })
    }

    /// Returns the modeline in this format; JSON has no comments.
    pub fn line(self, format: Format) -> Option<String> {
        match format {
            Format::Yaml => Some(format!("# yaml-language-server: $schema={}\n", self.schema)),
            Format::Toml => Some(format!("#:schema {}\n", self.schema)),
            Format::Json => None,
        }
    }
}

/// Returns the number of comments in a text, without the modeline; and the modeline.
pub(super) fn comments<'s>(text: &'s str, tree: &Tree<'_>) -> (usize, Option<Modeline<'s>>) {
    let mut spans = Vec::new();
    scalars(tree.root(), &mut spans);
    spans.sort_unstable();
    let (mut count, mut modeline, mut at, mut next) = (0, None, 0, 0);
    while let Some(found) = text[at..].find('#').map(|found| at + found) {
        // A value that starts before and continues: no comment is in it.
        while spans.get(next).is_some_and(|span| span.end as usize <= found) {
            next += 1;
        }
        if let Some(span) = spans.get(next).filter(|span| (span.start as usize) <= found) {
            at = span.end as usize;
            continue;
        }
        let end = text[found..].find('\n').map_or(text.len(), |end| found + end);
        match Modeline::of(text[found..end].trim_end()) {
            Some(line) if modeline.is_none() => modeline = Some(line),
            _ => count += 1,
        }
        at = end;
    }
    (count, modeline)
}

/// Adds the spans of keys and scalars.
fn scalars(node: Node<'_>, spans: &mut Vec<Span>) {
    // The content of an alias is written elsewhere.
    if node.used_at().is_some() {
        return;
    }
    match node.value() {
        Value::List(list) => list.iter().for_each(|item| scalars(item, spans)),
        Value::Table(table) => {
            for entry in table.iter().filter(|entry| entry.merged_at.is_none()) {
                spans.push(entry.key_span);
                scalars(entry.value, spans);
            }
        }
        _ => spans.push(node.span()),
    }
}
