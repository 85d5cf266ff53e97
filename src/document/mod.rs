//! Text, spans, and one neutral tree out of YAML, TOML and JSON: everything above it is written once.
//!
//! Mistakes come out as data ([`Flaw`]), and never cost the rest: what a mistake spoils is
//! [`Value::Broken`], and everything else is in the tree.

pub mod bounds;
pub mod emit;
pub mod flaw;
pub mod graft;
mod lines;
mod locate;
pub mod source;
pub mod span;
mod tape;
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

/// How a text is written.
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
    /// The format of a file by the end of its name, whatever the case; YAML unless it says otherwise.
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

/// A text, read.
#[derive(Debug)]
pub struct Parsed<'s> {
    /// What it says. Always there; of a hopeless text the root is [`Value::Broken`].
    pub tree: Tree<'s>,
    /// What is wrong with it, in source order.
    pub flaws: Vec<Flaw>,
}

/// Reads a text: every value, every key, and every mistake, each with its place.
pub fn parse(source: &Source, format: Format) -> Parsed<'_> {
    let mut flaws = Vec::new();
    let tape = match format {
        Format::Yaml | Format::Json => yaml::read(source.text(), &mut flaws),
        Format::Toml => toml::read(source.text(), &mut flaws),
    };
    flaws.sort_by_key(|flaw| flaw.span());
    Parsed { tree: Tree::new(tape), flaws }
}
