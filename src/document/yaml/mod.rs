//! From YAML to a tree. The only place that knows the parser.
//!
//! The parser stops at the first syntax error. Then reading continues at the next line that looks like an entry of a
//! list or a table that is still open, entry by entry: each is a fragment that the parser reads on its own.

mod anchors;
mod build;
mod entries;
pub(super) mod escape;
mod layout;
mod mistake;
mod recover;
mod resync;
mod scalar;

use super::arena::Arena;
use super::flaw::Flaw;
use super::lines::next_line;
use super::span::Span;
use build::Builder;
use granit_parser::{Event, Options, Parser, ScanError};
use recover::EntryLine;
use std::ops::Range;

/// Reads a text to its end, whatever is wrong with it.
pub(super) fn read<'s>(text: &'s str, flaws: &mut Vec<Flaw>) -> Arena<'s> {
    let mut builder = Builder::new(text, flaws);
    let mut fragment = 0..text.len();
    loop {
        let next = match events(&mut builder, fragment.clone()) {
            Ok(Some(entry)) => Some(entry),
            Ok(None) if builder.is_over() => None,
            Ok(None) => recover::next_entry(text, fragment.end, &builder.columns()),
            Err(error) => builder.fail(&error, fragment.start),
        };
        let Some(entry) = next else { break };
        builder.resume(entry.depth, entry.start);
        let bound = next_line(text, entry.start);
        let end = recover::next_entry(text, bound, &builder.columns()).map_or(text.len(), |next| next.start);
        fragment = entry.start..end;
    }
    builder.finish()
}

/// Feeds the builder with all events of one fragment; its spans are those of the whole text. Returns the entry where
/// reading continues, if the rest of the fragment was misread.
fn events(builder: &mut Builder<'_, '_>, fragment: Range<usize>) -> Result<Option<EntryLine>, ScanError> {
    let base = fragment.start;
    for event in Parser::new_from_str_with_options(&builder.text()[fragment], options()) {
        // An event is looked at where it is: it is large, and there are many.
        let (event, place) = match &event {
            Ok((event, place)) => (event, place),
            Err(error) => return Err(error.clone()),
        };
        let range = place.byte_range().unwrap_or_default();
        let span = Span::new(base + range.start, base + range.end);
        let tag =
            place.tag_span().and_then(|tag| tag.byte_range()).map(|tag| Span::new(base + tag.start, base + tag.end));
        match event {
            // Nothing after a second document's start is of interest.
            Event::DocumentStart(..) if !builder.document(span) => return Ok(None),
            Event::Scalar(value, style, _, name) => {
                if let Some(entry) = builder.runs_on(span, *style) {
                    return Ok(Some(entry));
                }
                builder.scalar(span, value, *style, name.as_deref().zip(tag));
            }
            Event::SequenceStart(style, _, name) => {
                builder.open_list(span, *style, place.start.col(), name.as_deref().zip(tag));
            }
            Event::MappingStart(style, _, name) => {
                builder.open_table(span, *style, place.start.col(), name.as_deref().zip(tag));
            }
            Event::SequenceEnd | Event::MappingEnd => builder.close(span),
            Event::Anchor(_, name) => builder.anchor(name.clone()),
            // Names, not the parser's numbers: an anchor outlives its fragment.
            Event::Alias(_) | Event::UnresolvedAlias(_) => builder.alias(span),
            _ => {}
        }
    }
    Ok(None)
}

fn options() -> Options {
    granit_parser::options! { emit_comments: false, emit_unresolved_aliases: true, emit_anchor_events: true }
}
