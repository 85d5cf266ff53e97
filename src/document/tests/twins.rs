//! The same data in all formats yields the same tree.

use super::*;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

#[test]
fn twins_say_the_same() {
    let yaml = "version: 1\njobs:\n  - id: a\n    n: [1, 2.5, true]\n    t: {x: 'y'}\n  - id: b\n";
    let toml = "version = 1\n[[jobs]]\nid = 'a'\nn = [1, 2.5, true]\nt = { x = 'y' }\n[[jobs]]\nid = \"b\"\n";
    let json = r#"{"version": 1, "jobs": [{"id": "a", "n": [1, 2.5, true], "t": {"x": "y"}}, {"id": "b"}]}"#;
    let expected = json!({"version": 1, "jobs": [{"id": "a", "n": [1, 2.5, true], "t": {"x": "y"}}, {"id": "b"}]});
    for (text, format) in [(yaml, Format::Yaml), (toml, Format::Toml), (json, Format::Json)] {
        assert_eq!(shown(text, format), (expected.clone(), vec![]));
    }
}

/// Returns strings, including ones that are awkward in one of the formats.
fn string() -> impl Strategy<Value = String> {
    let awkward = [
        "", "no", "~", "720p", "1_000", "0x1F", "1e3", "@dog", "- a", "a: b", "a #b", "'", "\"", "\\", "&a", "{", "|",
        "\n", " a ", "\ta", "a\nb\n", "a\n\n  b",
    ];
    prop_oneof![prop::sample::select(awkward.to_vec()).prop_map(str::to_owned), "[a-z狗🐶 @:#'\"\\\\\n\t-]{0,12}"]
}

fn value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        (-1e6..1e6_f64).prop_map(Json::from),
        string().prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            prop::collection::hash_map(string(), inner, 0..5).prop_map(|table| table.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_in_three_formats_is_read_as_one(table in prop::collection::hash_map(string(), value(), 0..5)) {
        let value: Json = table.into_iter().collect();
        let expected = (value.clone(), vec![]);
        let yaml = serde_yaml::to_string(&value).expect("YAML writes all JSON");
        prop_assert_eq!(&shown(&yaml, Format::Yaml), &expected, "{}", yaml);
        prop_assert_eq!(&shown(&value.to_string(), Format::Json), &expected, "{}", value);
        let pretty = serde_json::to_string_pretty(&value).expect("it is JSON").replace("  ", "\t");
        if !value.to_string().contains("  ") {
            prop_assert_eq!(&shown(&pretty, Format::Json), &expected, "{}", pretty);
        }
        let toml = ::toml::to_string_pretty(&value).expect("TOML writes tables without null");
        prop_assert_eq!(&shown(&toml, Format::Toml), &expected, "{}", toml);
    }
}
