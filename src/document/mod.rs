//! Text, spans, and one neutral tree for YAML, TOML and JSON: everything above it is written once.
//!
//! Mistakes are returned as data ([`Flaw`]), and never cost the rest: the part that a mistake spoils is
//! [`Value::Broken`], and everything else is in the tree.

mod arena;
pub mod bounds;
mod conflict;
pub mod derived;
pub mod emit;
pub mod flaw;
mod json;
mod lines;
mod locate;
mod repair;
mod slots;
pub mod source;
pub mod span;
mod toml;
pub mod tree;
mod yaml;

#[cfg(test)]
mod tests;

pub use flaw::{Flaw, SyntaxKind};
pub use source::{Position, Source};
pub use span::Span;
pub use tree::{Entry, List, Node, Table, Tree, Value};

use std::path::Path;

/// The format of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML 1.2, core schema.
    Yaml,
    /// TOML 1.1.
    Toml,
    /// JSON. It is YAML, and is read as such.
    Json,
}

impl Format {
    /// Returns the format of a file by its extension, whatever the case; YAML unless it says otherwise.
    pub fn of_path(path: &Path) -> Format {
        let extension = path.extension().unwrap_or_default();
        if extension.eq_ignore_ascii_case("toml") {
            Format::Toml
        } else if extension.eq_ignore_ascii_case("json") {
            Format::Json
        } else {
            Format::Yaml
        }
    }
}

/// The result of parsing a text.
#[derive(Debug)]
pub struct Parsed<'s> {
    /// Its content. Always present; for a hopeless text the root is [`Value::Broken`].
    pub tree: Tree<'s>,
    /// The flaws in it, in source order.
    pub flaws: Vec<Flaw>,
}

/// Reads a text: every value, every key, and every mistake, each with its place.
pub fn parse(source: &Source, format: Format) -> Parsed<'_> {
    let text = source.read_as(format);
    let (mut tree, mut flaws) = read(text, format);
    if repair::is_likely(text) && !source.is_repaired() {
        let (found, clean) = repairs(text, format, &tree, &flaws);
        if !found.is_empty() {
            (tree, flaws) = read(source.repair(clean, found.into_iter().map(repair::Repair::flaw)), format);
        }
    }
    let own = source.own_flaws();
    if !own.is_empty() {
        // The reader's flaws about these characters follow from those found before.
        let is_left = |flaw: &&Flaw| {
            !matches!(
                flaw,
                Flaw::Conflict { .. } | Flaw::Syntax { kind: SyntaxKind::LookAlike(..) | SyntaxKind::Comment, .. }
            )
        };
        let mut left: Vec<Span> = own.iter().filter(is_left).map(Flaw::span).collect();
        left.sort_unstable();
        let follows = |flaw: &Flaw| {
            let start = flaw.span().start;
            let before = left.partition_point(|span| span.start <= start).checked_sub(1);
            matches!(flaw, Flaw::Syntax { .. }) && before.is_some_and(|before| start <= left[before].end)
        };
        flaws.retain(|flaw| !follows(flaw));
        flaws.extend_from_slice(own);
    }
    flaws.sort_by_key(Flaw::span);
    Parsed { tree, flaws }
}

fn read(text: &str, format: Format) -> (Tree<'_>, Vec<Flaw>) {
    let mut flaws = Vec::new();
    let mut arena = match format {
        Format::Yaml | Format::Json => yaml::read(text, &mut flaws),
        Format::Toml => toml::read(text, &mut flaws),
    };
    arena.shrink();
    (Tree::new(arena), flaws)
}

/// Returns the look-alikes that keep a text from being read, and the text without them.
fn repairs(text: &str, format: Format, tree: &Tree<'_>, flaws: &[Flaw]) -> (Vec<repair::Repair>, String) {
    let count = |flaws: &[Flaw]| flaws.iter().filter(|flaw| matches!(flaw, Flaw::Syntax { .. })).count();
    let (mut all, mut clean) = (Vec::new(), text.to_owned());
    let (mut texts, mut wrong) = (texts_for_mappings(tree.root()), flaws.to_vec());
    for _ in 0..repair::ROUNDS {
        let found = repair::look(&clean, format, &wrong, &texts);
        if found.is_empty() {
            break;
        }
        let next = repair::repaired(&clean, &found);
        let (tree, flaws) = read(&next, format);
        if count(&flaws) > count(&wrong) {
            break;
        }
        (texts, wrong) = (texts_for_mappings(tree.root()), flaws);
        drop(tree);
        clean = next;
        all.extend(found);
    }
    (all, clean)
}

/// Returns the places of texts that were most likely meant for mappings: the outermost value, and items of a list in
/// it, that start like a key.
fn texts_for_mappings(root: Node<'_>) -> Vec<Span> {
    let is_key = |node: &Node<'_>| match node.value() {
        Value::String(text) => {
            let word = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
            word > 0 && text[word..].starts_with(|c: char| !c.is_ascii() && repair::meant(c) == Some(":"))
        }
        _ => false,
    };
    let items = match root.value() {
        Value::Table(table) => table.iter().map(|entry| entry.value).collect(),
        _ => vec![root],
    };
    let lists = items.iter().filter_map(|node| if let Value::List(list) = node.value() { Some(list) } else { None });
    let nested: Vec<Node<'_>> = lists.flat_map(|list| list.iter()).collect();
    items.into_iter().chain(nested).filter(is_key).map(Node::span).collect()
}
