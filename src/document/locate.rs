//! From a value back to its source.

use super::span::Span;
use super::tape::{NONE, Tape, What};
use std::ops::Range;

/// A short place for a value as a whole; never more than a line.
pub(super) fn head(tape: &Tape<'_>, index: u32) -> Span {
    let slot = tape.slot(index);
    let first = tape.first(index);
    let text = &tape.text[slot.span.range()];
    let own = |length: usize| Span::new(slot.span.start as usize, slot.span.start as usize + length);
    match slot.what {
        What::Table { .. } | What::List { .. } if text.starts_with("<<") => own(2),
        What::Table { .. } if first != NONE => tape.slot(first).span,
        What::List { .. } if first != NONE => match tape.slot(first).what {
            What::Alias(_) => tape.slot(first).span,
            _ => head(tape, first),
        },
        _ => own(text.find(['\n', '\r']).unwrap_or(text.len())),
    }
}

/// Where a range of bytes of a string's value is written.
pub(super) fn locate(tape: &Tape<'_>, index: u32, range: Range<usize>) -> Span {
    let slot = tape.slot(index);
    match slot.what {
        What::Verbatim { before, .. } if tape.text_of(index).get(range.clone()).is_some() => {
            let start = slot.span.start as usize + usize::from(before);
            Span::new(start + range.start, start + range.end)
        }
        _ => slot.span,
    }
}
