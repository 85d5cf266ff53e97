//! Writes a tree in JSON.

use super::choices::Choices;
use super::page::{Ink, Page};
use super::tree::{Key, Text, Tree};

/// Writes a manifest.
pub(super) fn write(tree: &Tree, choices: &mut Choices) -> Page {
    let mut page = Page::default();
    value(&mut page, tree, choices);
    page.push(choices.one(&["", "\n"]));
    page
}

fn value(page: &mut Page, tree: &Tree, choices: &mut Choices) {
    space(page, choices);
    match tree {
        Tree::Text(value) => text(page, value, choices),
        Tree::Bare(written, mark) => {
            let start = page.end();
            page.push(written);
            page.mark(*mark, start..page.end());
        }
        Tree::List(items) => {
            page.push("[");
            for (number, item) in items.iter().enumerate() {
                page.push(if number > 0 { "," } else { "" });
                value(page, item, choices);
            }
            page.push("]");
        }
        Tree::Table(entries) => {
            page.push("{");
            for (number, (key, entry)) in entries.iter().enumerate() {
                page.push(if number > 0 { "," } else { "" });
                space(page, choices);
                let Key::Text(key) = key else { panic!("no merge keys in JSON") };
                text(page, key, choices);
                space(page, choices);
                page.push(":");
                value(page, entry, choices);
            }
            page.push("}");
        }
        Tree::Named(..) | Tree::Alias(..) => panic!("no anchors in JSON"),
    }
    space(page, choices);
}

fn space(page: &mut Page, choices: &mut Choices) {
    page.push(choices.one(&["", " ", "\n", "\n    ", "\t", "\n\t\t"]));
}

fn text(page: &mut Page, text: &Text, choices: &mut Choices) {
    let start = page.end();
    let mut ink = Ink::new(page);
    ink.page.push("\"");
    for c in text.value.chars() {
        ink.character(&escaped(c, choices));
    }
    ink.page.push("\"");
    let characters = ink.characters;
    page.mark_text(text, start, &characters);
}

/// Returns a character as itself if possible, or as an escape.
fn escaped(c: char, choices: &mut Choices) -> String {
    let units: String = c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect();
    let short = match c {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        '\t' => "\\t".to_owned(),
        '/' => "\\/".to_owned(),
        _ => c.to_string(),
    };
    let itself = if c == '/' { c.to_string() } else { short.clone() };
    match choices.below(6) {
        4 => short,
        5 => units,
        _ => itself,
    }
}
