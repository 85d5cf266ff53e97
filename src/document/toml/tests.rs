use crate::document::tests::{json as of_node, shown};
use crate::document::{Flaw, Format, Source, parse};
use serde_json::json;

const BROKEN: &str = "<broken>";

/// Reads a text both ways: if `toml` accepts it, the result must be the same and without a flaw, and the other way round.
pub(in crate::document) fn compare(text: &str) {
    let source = Source::new("t", text.to_owned());
    let parsed = parse(&source, Format::Toml);
    match toml::from_str::<toml::Table>(text) {
        // There a number that is too large is refused, here it is a value of its own kind.
        Err(error) if ["too large", "integer", "float"].iter().any(|word| error.message().contains(word)) => {}
        Ok(table) => {
            assert_eq!(parsed.flaws, [], "{text}");
            // The other reader keeps the carriage returns of a text over several lines.
            let unified = |value: serde_json::Value| value.to_string().replace("\\r\\n", "\\n");
            assert_eq!(unified(of_node(parsed.tree.root())), unified(of_toml(&toml::Value::Table(table))), "{text}");
        }
        Err(error) => assert!(!parsed.flaws.is_empty(), "accepted, though {error}"),
    }
}

fn of_toml(value: &toml::Value) -> serde_json::Value {
    match value {
        toml::Value::String(value) => value.as_str().into(),
        toml::Value::Integer(value) => (*value).into(),
        toml::Value::Float(value) => (*value).into(),
        toml::Value::Boolean(value) => (*value).into(),
        toml::Value::Datetime(value) if value.date.is_some() => "<a date>".into(),
        toml::Value::Datetime(_) => "<a time of day>".into(),
        toml::Value::Array(items) => items.iter().map(of_toml).collect(),
        toml::Value::Table(table) => table.iter().map(|(key, value)| (key.clone(), of_toml(value))).collect(),
    }
}

#[test]
fn headers_and_dotted_keys_follow_the_rules() {
    for text in [
        "a = 1\nb.c = 2\nb.d.e = 3\n[x]\ny = 1\n[x.z]\nw = 2\n[[j]]\nn = 1\n[j.s]\nt = 1\n[[j.r]]\nu = 1\n[[j]]\n[j.s]",
        "[a.b]\nx = 1\n[a]\ny = 1",
        "[a]\n[a]",
        "[a]\nb.c = 1\n[a.b]",
        "[a]\nb.c = 1\n[a.b.d]\nx = 1",
        "a.b = 1\na.c = 2\na = 3",
        "a = 1\n[a]",
        "a = 1\n[a.b]",
        "a = 1\n[[a]]",
        "a = []\n[[a]]",
        "a = {}\n[a]",
        "a = {}\na.b = 1",
        "a = {}\n[a.b]",
        "[[a]]\n[a]",
        "[a]\n[[a]]",
        "[[a]]\na.b = 1\n[[a.b]]",
        "[a.b.c]\nz = 9\n[a]\nb.c.t = 1",
        "[a.b.c]\nz = 9\n[a]\nb.t = 1",
        "a = { b.c = 1, b.d = 2 }",
        "a = { b = {}, b.d = 2 }",
        "a = { b.d = 2, b = {} }",
        "a = { x = 1, x = 2 }",
        "a = { x = 1,\n y = 2, # c\n}",
        "[[a.b]]\n[a]\nc = 1\n[[a.b]]",
        "[a]\nx = 1\n[b]\n[a.c]\ny = 1\n[a.d]",
        "[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\n[a.c]",
        "[[a]]\n[a.c]\n[[a]]\n[a.c]",
        "''",
        "'' = 1\n\"a b\" = 2\n1.2 = 3",
        "[]",
        "[a",
        "a = [1, [2, {b = 3}]]",
        "a = 1 b = 2",
        "a = 1979-05-27\nb = 07:32:00\nc = 1979-05-27T07:32:00Z\nd = 1979-13-27",
        "a = 0x_f\nb = 1_0\nc = 0b101\nd = 0o17\ne = 1e3\nf = -inf\ng = +0.5",
        "a = 9223372036854775808",
        "\u{feff}a = 1",
        "a = \"\"\"\nx\\\n   y\"\"\"\nb = '''\nz'''",
        "a = 1\r\nb = 2\r\n",
        "a = 1\rb = 2",
        "# \u{1}",
    ] {
        if text.contains("9223372036854775808") {
            assert_eq!(shown(text, Format::Toml).0["a"], "<an integer that is too large>");
        } else {
            compare(text);
        }
    }
}

#[test]
fn what_the_parser_skips_spoils_nothing_else() {
    let deep = "[".repeat(70);
    for (text, value, flaws) in [
        (format!("a = {deep}\n[t]\nb = 1"), json!({"a": BROKEN, "t": {"b": 1}}), 1),
        ("a = {{x = 1}, b = 2}\nc = 3".to_owned(), json!({"a": BROKEN, "c": 3}), 1),
        ("a = {[1], b = 2}\nc = {}".to_owned(), json!({"a": BROKEN, "c": {}}), 1),
        ("a = 1 [2\nb = [3]\nc = {}".to_owned(), json!({"a": BROKEN, "b": [3], "c": {}}), 1),
        ("a = {{[}\nb = 1\n[c]\nd = {}".to_owned(), json!({"a": BROKEN, "b": 1, "c": {"d": {}}}), 1),
        ("a = [1, 2\n\nb = { c = 1\n[d]\ne = 1".to_owned(), json!({"a": BROKEN, "b": BROKEN, "d": {"e": 1}}), 2),
        ("a = \"\"\"\nx\n[b]\nc = \"\"\"\ny\n\"\"\"".to_owned(), json!({"a": BROKEN, "b": {"c": "y\n"}}), 1),
        (
            "a = '\nb =\nc = 5s\nd = 1 2\n[e\nf = 1\n[[g]\nh = 2".to_owned(),
            json!({"a": BROKEN, "b": BROKEN, "c": BROKEN, "d": BROKEN, "e": {"f": 1}, "g": [{"h": 2}]}),
            6,
        ),
    ] {
        let (read, found) = shown(&text, Format::Toml);
        assert_eq!((read, found.len()), (value, flaws), "{text} {found:?}");
    }
}

#[test]
fn toml_mistakes_are_named() {
    for (text, flaw) in [
        ("a = @dog walks", "@dog walks: Unquoted"),
        ("a = 720p", "720p: Unquoted"),
        ("a = 狗", "狗: Unquoted"),
        ("a = \"x", "\"x: UnclosedQuote"),
        ("a = '''\nx", "''': UnclosedQuote"),
        ("a = \"\\q\"", "\\q: BadEscape"),
        ("a = \"\\u12\"", "\\u12: BadEscape"),
        ("a = 1\n[[a]]", "a: DuplicateKey"),
        ("a = 'it's'", "s': AfterQuote"),
        ("a = [1, 2", "[: UnclosedBracket"),
        ("a = { b = 1", "{: UnclosedBracket"),
        ("[a", "[: UnclosedBracket"),
        ("a = [1 'x']", "': NoComma"),
        ("a = [1, , 2]", ",: EmptyItem"),
        ("a: 1", ":: ColonForEquals"),
        ("a =", "=: Other"),
        ("a", "a: Other"),
        ("a = True", "True: Other"),
        ("a = 0x", "0x: Other"),
        ("a = 1_0٠", "1_0٠: Other"),
        ("a = 'x\u{7f}'", "\u{7f}: Control"),
        ("a = 1 # \u{1}", "\u{1}: Control"),
        ("a = 1\n'a' = 2", "'a': DuplicateKey"),
        ("[a]\n[ a ]", "a: DuplicateKey"),
        ("a.b = 1\n[a]", "a: DuplicateKey"),
    ] {
        assert_eq!(shown(text, Format::Toml).1, [flaw], "{text}");
    }
}

#[test]
fn every_bad_escape_of_a_string_is_named() {
    for text in [r#"a = "\q \w x \u12 \ud800 \"\n \z""#, "a = \"\"\"\n\\q \\w x\n\\u12 \\ud800 \\n \\z\"\"\""] {
        let bad = [r"\q", r"\w", r"\u12", r"\ud800", r"\z"].map(|escape| {
            let kind = if escape.starts_with(r"\ud8") { "HalfCharacter" } else { "BadEscape" };
            format!("{escape}: {kind}")
        });
        assert_eq!(shown(text, Format::Toml).1, bad, "{text}");
    }
    // Mistakes that follow from one before on the same line are not reported.
    assert_eq!(shown("a = [ 'x' 'y\nb = \"\\q\" \"\\w\"", Format::Toml).1.len(), 2);
}

#[test]
fn every_text_without_quotes_of_an_array_is_named() {
    for (text, flaws) in [
        ("a = [dog, cat, 1, 狗]", &["dog: Unquoted", "cat: Unquoted", "狗: Unquoted"][..]),
        ("a = [[dog], { b = cat }, x]\nb = [y]", &["dog: Unquoted", "y: Unquoted"]),
        ("a = dog, cat", &["dog: Unquoted"]),
    ] {
        assert_eq!(shown(text, Format::Toml).1, flaws, "{text}");
    }
}

#[test]
fn headers_in_one_bracket_and_in_two_are_told_once_and_make_one_list() {
    let item = |n: usize| json!({ "id": n });
    for (text, flaw) in [
        ("[a]\nid = 0\n[[a]]\nid = 1\n[[a]]\nid = 2", ("[a]", "[[a]]")),
        ("[[a]]\nid = 0\n[a]\nid = 1\n[a]\nid = 2", ("[a]", "[[a]]")),
        ("[[a]]\nid = 0\n[ a ] # x\nid = 1\n[[a]]\nid = 2", ("[ a ]", "[[a]]")),
        ("[ 'a' ]\nid = 0\n[[a]]\nid = 1\n[a]\nid = 2", ("[ 'a' ]", "[[a]]")),
    ] {
        let source = Source::new("t", text.to_owned());
        let parsed = parse(&source, Format::Toml);
        let [Flaw::MixedHeaders { name, table, list }] = parsed.flaws.as_slice() else {
            panic!("{text}: {:?}", parsed.flaws)
        };
        assert_eq!((name.as_str(), (&text[table.range()], &text[list.range()])), ("a", flaw), "{text}");
        assert_eq!(shown(text, Format::Toml).0, json!({ "a": [item(0), item(1), item(2)] }), "{text}");
    }
    // A table inside of one that became an item belongs to that one.
    let text = "[a]\n[a.b]\nx = 1\n[[a]]\n[a.b]\nx = 2\n[c]\ny = 3";
    let (value, flaws) = shown(text, Format::Toml);
    assert_eq!(value, json!({ "a": [{ "b": { "x": 1 } }, { "b": { "x": 2 } }], "c": { "y": 3 } }));
    assert_eq!(flaws, ["[a]: MixedHeaders"]);
}

#[test]
fn a_line_break_in_a_text_is_one_whatever_ends_the_lines() {
    for text in ["a = \"\"\"\nx\ny\"\"\"\n", "a = '''\nx\ny'''\n"] {
        for text in [text.to_owned(), text.replace('\n', "\r\n")] {
            assert_eq!(shown(&text, Format::Toml), (json!({ "a": "x\ny" }), vec![]), "{text:?}");
        }
    }
    assert_eq!(shown("a = \"x\\r\\ny\"", Format::Toml).0, json!({ "a": "x\r\ny" }));
}
