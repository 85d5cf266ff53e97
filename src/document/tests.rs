use super::*;

fn json(node: Node<'_>) -> serde_json::Value {
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

/// What a text says, as JSON.
fn read(text: &str, format: Format) -> serde_json::Value {
    let source = Source::new("test", text.to_owned());
    json(parse(&source, format).tree.root())
}

#[test]
fn twins_say_the_same() {
    let yaml = "version: 1\njobs:\n  - id: a\n    n: [1, 2.5, true]\n    t: {x: 'y'}\n  - id: b\n";
    let toml = "version = 1\n[[jobs]]\nid = 'a'\nn = [1, 2.5, true]\nt = { x = 'y' }\n[[jobs]]\nid = \"b\"\n";
    let json = r#"{"version": 1, "jobs": [{"id": "a", "n": [1, 2.5, true], "t": {"x": "y"}}, {"id": "b"}]}"#;
    assert_eq!(read(yaml, Format::Yaml), read(toml, Format::Toml));
    assert_eq!(read(yaml, Format::Yaml), read(json, Format::Json));
}
