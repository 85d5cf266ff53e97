//! TOML into a tree.

use super::flaw::{Flaw, SyntaxKind};
use super::span::Span;
use super::tape::{NONE, Odd, Tape, What};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Reads a text to its end, whatever is wrong with it.
pub(super) fn read<'s>(text: &'s str, flaws: &mut Vec<Flaw>) -> Tape<'s> {
    let mut tape = Tape::new(text);
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = error.span().unwrap_or_default();
        let span = Span::new(text.floor_char_boundary(span.start), text.floor_char_boundary(span.end));
        flaws.push(Flaw::Syntax { span, kind: SyntaxKind::Other(error.message().to_owned()) });
    }
    let index = tape.push(Span::new(0, text.len()), What::Null);
    table(&mut tape, index, root.into_inner());
    tape
}

fn table(tape: &mut Tape<'_>, index: u32, table: DeTable<'_>) {
    tape.slot_mut(index).what = What::Table { first: NONE, whole: true, merges: false };
    let mut entries: Vec<_> = table.into_iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let mut last = NONE;
    for (key, content) in entries {
        let range = key.span();
        let span = Span::new(range.start, range.end);
        let quotes = u8::from(tape.text[range].starts_with(['"', '\'']));
        let what = tape.string(span, quotes, key.get_ref());
        let key = tape.push(span, what);
        value(tape, content);
        tape.link(index, last, key);
        last = key;
    }
}

fn value(tape: &mut Tape<'_>, value_: Spanned<DeValue<'_>>) -> u32 {
    let range = value_.span();
    let span = Span::new(range.start, range.end);
    let index = tape.push(span, What::Null);
    let what = match value_.into_inner() {
        DeValue::String(value) => {
            let quotes = if tape.text[range.clone()].starts_with("\"\"\"") || tape.text[range].starts_with("'''") {
                3
            } else {
                1
            };
            tape.string(span, quotes, &value)
        }
        DeValue::Integer(value) => match i64::from_str_radix(value.as_str(), value.radix()) {
            Ok(value) => tape.integer(value),
            Err(_) => What::Other(Odd::LargeInteger),
        },
        DeValue::Float(value) => tape.float(value.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(value) => What::Bool(value),
        DeValue::Datetime(value) => What::Other(if value.date.is_some() { Odd::Date } else { Odd::Time }),
        DeValue::Array(items) => {
            tape.slot_mut(index).what = What::List { first: NONE };
            let mut last = NONE;
            for item in items {
                let item = value(tape, item);
                tape.link(index, last, item);
                last = item;
            }
            return index;
        }
        DeValue::Table(entries) => {
            table(tape, index, entries);
            return index;
        }
    };
    tape.slot_mut(index).what = what;
    index
}
