//! The official tests of YAML and TOML, held against the reader of manifests. See `README.md`.

use batch::document::{Flaw, bounds};
use batch::document::{Format, Node, Source, Value, parse};
use serde_json::Value as Json;

/// What became of a text.
pub struct Read {
    /// What it says.
    pub value: Json,
    /// What is wrong with it.
    pub flaws: Vec<Flaw>,
}

/// Reads a text; nothing where the bytes are no text.
pub fn read(bytes: &[u8], format: Format) -> Option<Read> {
    let source = Source::new("test", bounds::decode(bytes.to_vec()).ok()?);
    let parsed = parse(&source, format);
    Some(Read { value: json(parsed.tree.root()), flaws: parsed.flaws })
}

/// A value as JSON. What JSON doesn't have is a text in angle brackets.
fn json(node: Node<'_>) -> Json {
    match node.value() {
        Value::Null => Json::Null,
        Value::Bool(value) => value.into(),
        Value::Integer(value) => value.into(),
        Value::Float(value) if value.is_finite() => value.into(),
        Value::Float(value) => format!("<{value}>").into(),
        Value::String(value) => value.into(),
        Value::List(list) => list.iter().map(json).collect(),
        Value::Table(table) => table.iter().map(|entry| (entry.key.to_owned(), json(entry.value))).collect(),
        Value::Other(odd) => format!("<{odd}>").into(),
        Value::Broken => "<broken>".into(),
    }
}

/// Cases that come out otherwise than their corpus says, each with the reason.
pub type Exceptions = &'static [(&'static str, &'static str)];

/// Holds what came out otherwise against the exceptions: each must be one, and each of them must still be needed.
///
/// # Panics
/// Where that isn't so; it says which.
pub fn judge(corpus: &str, count: usize, otherwise: &[(String, String)], exceptions: Exceptions) {
    let unexpected: Vec<String> = otherwise
        .iter()
        .filter(|(name, _)| !exceptions.iter().any(|(known, _)| known == name))
        .map(|(name, what)| format!("{name}: {what}"))
        .collect();
    let unneeded: Vec<&str> = exceptions
        .iter()
        .map(|(known, _)| *known)
        .filter(|known| !otherwise.iter().any(|(name, _)| name == known))
        .collect();
    println!("{corpus}: {count} cases, {} of them as they should be", count - otherwise.len());
    assert!(unexpected.is_empty(), "{} cases:\n{}", unexpected.len(), unexpected.join("\n"));
    assert!(unneeded.is_empty(), "no exceptions any more: {unneeded:?}");
}
