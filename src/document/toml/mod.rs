//! From TOML to a tree. The only place that knows the parser.
//!
//! The text goes to the parser in chunks of whole statements, so that memory holds the tokens of a chunk and not of a
//! large file; and a bracket or quote that is never closed costs its own statement only, not all that follow.

mod chunk;
mod events;
mod mistake;
mod reader;
mod tables;

use super::arena::Arena;
use super::flaw::Flaw;
use chunk::Quotes;
use reader::Reader;

/// Reads a text to its end, whatever is wrong with it.
pub(super) fn read<'s>(text: &'s str, flaws: &mut Vec<Flaw>) -> Arena<'s> {
    let (arena, found) = read_with(text, Quotes::Trusted);
    // A `"""` that is never closed turns all later strings inside out. If there is a mistake anyway, the reading that
    // ends such a string at a header inside it is better if it finds fewer mistakes.
    if found.iter().any(|flaw| matches!(flaw, Flaw::Syntax { .. })) && chunk::headers_in_strings(text) {
        let (again, fewer) = read_with(text, Quotes::EndAtHeaders);
        if fewer.len() <= found.len() {
            flaws.extend(fewer);
            return again;
        }
    }
    flaws.extend(found);
    arena
}

fn read_with(text: &str, quotes: Quotes) -> (Arena<'_>, Vec<Flaw>) {
    let mut flaws = Vec::new();
    let mut reader = Reader::new(text, &mut flaws);
    for chunk in chunk::chunks(text, quotes) {
        reader.read(&chunk);
    }
    (reader.finish(), flaws)
}

#[cfg(test)]
pub(super) mod tests;
