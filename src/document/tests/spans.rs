//! The places of keys and values.

use super::*;

/// Returns every value with the text of its span and of its head, in order, keys before their values.
fn places(text: &str, format: Format) -> Vec<String> {
    let source = Source::new("t", text.to_owned());
    let parsed = parse(&source, format);
    assert_eq!(parsed.flaws, [], "{text}");
    let slice = |span: Span| source.text()[span.range()].to_owned();
    let mut found = Vec::new();
    let mut nodes = vec![parsed.tree.root()];
    while let Some(node) = nodes.pop() {
        let at = node.used_at().map_or(String::new(), |at| format!(" at {}", slice(at)));
        found.push(format!("{} ^ {}{at}", slice(node.span()), slice(node.head())));
        match node.value() {
            Value::List(list) => nodes.extend(list.iter().collect::<Vec<_>>().into_iter().rev()),
            Value::Table(table) => {
                let entries: Vec<_> = table.iter().collect();
                let keys = entries.iter().map(|entry| {
                    let merged = entry.merged_at.map_or(String::new(), |at| format!(" by {}", slice(at)));
                    format!("{}{merged}", slice(entry.key_span))
                });
                found.extend(keys);
                nodes.extend(entries.iter().map(|entry| entry.value).rev());
            }
            _ => {}
        }
    }
    found
}

#[test]
fn yaml_blocks_end_with_their_last_value() {
    let text = "a:\n  b: 1 # c\n  d:\n  - 'x'\n\n  # no\n  - y: |\n     z\n\n\ne:\n- {f: , g: []}\n-\n";
    assert_eq!(
        places(text, Format::Yaml),
        [
            "a:\n  b: 1 # c\n  d:\n  - 'x'\n\n  # no\n  - y: |\n     z\n\n\ne:\n- {f: , g: []}\n- ^ a",
            "a",
            "e",
            "b: 1 # c\n  d:\n  - 'x'\n\n  # no\n  - y: |\n     z ^ b",
            "b",
            "d",
            "1 ^ 1",
            "- 'x'\n\n  # no\n  - y: |\n     z ^ 'x'",
            "'x' ^ 'x'",
            "y: |\n     z ^ y",
            "y",
            "|\n     z ^ |",
            "- {f: , g: []}\n- ^ f",
            "{f: , g: []} ^ f",
            "f",
            "g",
            " ^ ",
            "[] ^ []",
            " ^ ",
        ]
    );
}

#[test]
fn an_alias_is_where_its_anchor_is_and_knows_where_it_is_used() {
    let text = "x: &x {r: [1]}\ny: {z: &z 2}\nj:\n- <<: [*x, {k: *z}]\n  m: *x\nl: *z\n";
    assert_eq!(
        places(text, Format::Yaml)[4..],
        [
            "l",
            "{r: [1]} ^ r",
            "r",
            "[1] ^ 1",
            "1 ^ 1",
            "{z: &z 2} ^ z",
            "z",
            "2 ^ 2",
            "- <<: [*x, {k: *z}]\n  m: *x ^ <<",
            "<<: [*x, {k: *z}]\n  m: *x ^ <<",
            "m",
            "r by *x",
            "k",
            "{r: [1]} ^ r at *x",
            "r",
            "[1] ^ 1 at *x",
            "1 ^ 1 at *x",
            "[1] ^ 1 at *x",
            "1 ^ 1 at *x",
            "2 ^ 2 at *z",
            "2 ^ 2 at *z",
        ]
    );
}

#[test]
fn toml_tables_start_at_their_header() {
    let text =
        "v = 1\na.b = { c = [ 1,\n 2] }\n\n[[j]] # x\nid = 'x'\n[j.\"s]\"]\nt = 1\n\n[[j]]\nu = []\n[o.p]\nq = 1\n";
    assert_eq!(
        places(text, Format::Toml),
        [
            &format!("{text} ^ v = 1"),
            "v",
            "a",
            "j",
            "o",
            "1 ^ 1",
            "a ^ a",
            "b",
            "{ c = [ 1,\n 2] } ^ {",
            "c",
            "[ 1,\n 2] ^ [",
            "1 ^ 1",
            "2 ^ 2",
            "[[j]] # x\nid = 'x'\n[j.\"s]\"]\nt = 1\n\n[[j]]\nu = [] ^ [[j]]",
            "[[j]] # x\nid = 'x' ^ [[j]]",
            "id",
            "\"s]\"",
            "'x' ^ 'x'",
            "[j.\"s]\"]\nt = 1 ^ [j.\"s]\"]",
            "t",
            "1 ^ 1",
            "[[j]]\nu = [] ^ [[j]]",
            "u",
            "[] ^ [",
            "o ^ o",
            "p",
            "[o.p]\nq = 1 ^ [o.p]",
            "q",
            "1 ^ 1",
        ]
    );
}

#[test]
fn bare_scalars_are_told_from_quoted_ones() {
    for (text, bare, format) in [
        ("a", true, Format::Yaml),
        ("5", true, Format::Yaml),
        ("~", true, Format::Yaml),
        ("\"a\"", false, Format::Yaml),
        ("'a'", false, Format::Yaml),
        ("|\n a", false, Format::Yaml),
        ("[a]", false, Format::Yaml),
        ("a = 5", true, Format::Toml),
        ("a = '5'", false, Format::Toml),
        ("a = {}", false, Format::Toml),
    ] {
        let source = Source::new("t", text.to_owned());
        let parsed = parse(&source, format);
        let root = parsed.tree.root();
        let node = match root.value() {
            Value::Table(table) => table.get("a").expect("`a` is there").value,
            _ => root,
        };
        assert_eq!(node.is_bare(), bare, "{text}");
    }
}

#[test]
fn an_empty_text_is_null_at_its_start() {
    for text in ["", "\n", "# only this\n", "\u{feff}", "---\n", "%YAML 1.2\n---\n..."] {
        let (value, flaws) = shown(text, Format::Yaml);
        assert_eq!((value, flaws), (serde_json::Value::Null, vec![]), "{text:?}");
    }
    let source = Source::new("t", String::new());
    assert_eq!(parse(&source, Format::Yaml).tree.root().span(), Span::new(0, 0));
    assert_eq!(shown("", Format::Toml), (serde_json::json!({}), vec![]));
}

#[test]
fn keys_are_strings_however_they_look() {
    let (value, flaws) = shown("1: a\n0x1F: b\ntrue: c\n~: d\n'q': e\n&k 5: f\n: g\n*k : h\nl: *k\n", Format::Yaml);
    let expected =
        serde_json::json!({"1": "a", "0x1F": "b", "true": "c", "~": "d", "q": "e", "5": "f", "": "g", "l": 5});
    assert_eq!((value, flaws), (expected, vec!["*k: DuplicateKey".to_owned()]));
}

#[test]
fn json_is_read_with_its_own_edges() {
    let long = "x".repeat(100_000);
    let text = format!(
        "{{\t\"a\"\t:\t[1,\t-2.5e+3\t,\"\\/\\ud83d\\ude00\\u72d7\\b\\f\\u0000\"],\r\n\t\"b\":{{\"{k}\":\"{long}\"}},\"n\":null,\"e\":{{}},\"f\":[]\n,\n\"t\"\n:\ntrue}}\n",
        k = "k".repeat(500),
    );
    let expected: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(shown(&text, Format::Json), (expected, vec![]));
    let items: Vec<_> =
        (0..20_000).map(|n| serde_json::json!({"id": n, "p": "@x: y #z", "u": ["a", {"b": "\u{e9}"}]})).collect();
    let expected = serde_json::json!({ "jobs": items });
    assert_eq!(shown(&expected.to_string(), Format::Json), (expected, vec![]));
    assert_eq!(shown("{\"a\":1,\"a\":2}", Format::Json).1, ["\"a\": DuplicateKey"]);
}

#[test]
fn a_format_is_told_by_the_end_of_a_name() {
    for (name, format) in [
        ("jobs.toml", Format::Toml),
        ("x/JOBS.TOML", Format::Toml),
        ("a.json", Format::Json),
        ("a.yml", Format::Yaml),
        ("a.yaml", Format::Yaml),
        ("toml", Format::Yaml),
        ("-", Format::Yaml),
    ] {
        assert_eq!(Format::of_path(Path::new(name)), format, "{name}");
    }
}
