use super::*;

mod fuzz;
mod limits;
mod located;
mod oracle;
mod recovery;
mod spans;
mod twins;

/// YAML with every kind of scalar and structure, in a manifest's shape.
const YAML: &str = include_str!("sample.yaml");

/// TOML likewise.
const TOML: &str = include_str!("sample.toml");

/// Returns a value as JSON.
pub(super) fn json(node: Node<'_>) -> serde_json::Value {
    match node.value() {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => value.into(),
        Value::Integer(value) => value.into(),
        Value::Float(value) => value.into(),
        Value::String(value) => value.into(),
        Value::List(list) => list.iter().map(json).collect(),
        Value::Table(table) => table.iter().map(|entry| (entry.key.to_owned(), json(entry.value))).collect(),
        Value::Other(odd) => format!("<{odd}>").into(),
        Value::Broken => "<broken>".into(),
    }
}

/// Returns the content of a text and its flaws: the text that each flaw points at, and its name.
pub(super) fn shown(text: &str, format: Format) -> (serde_json::Value, Vec<String>) {
    let source = Source::new("test", text.to_owned());
    let parsed = parse(&source, format);
    let flaws = parsed.flaws.iter().map(|flaw| {
        let name = match flaw {
            Flaw::Syntax { kind, .. } => format!("{kind:?}"),
            _ => format!("{flaw:?}"),
        };
        let name = name.split([' ', '{', '(']).next().unwrap_or_default().to_owned();
        format!("{}: {name}", &text[flaw.span().range()])
    });
    (json(parsed.tree.root()), flaws.collect())
}
