//! A second opinion on the content of texts, from parsers of other families.

use super::fuzz::edited;
use super::*;
use proptest::prelude::*;

/// YAML that both readers accept, with every kind of scalar, alias and merge key.
const PLAIN: &str = include_str!("plain.yaml");

/// Returns the other reader's result for YAML; `None` if it refuses, or if a key isn't a string: it loses the spelling.
fn other(text: &str) -> Option<serde_json::Value> {
    let mut value: serde_yaml::Value = serde_yaml::from_str(text).ok()?;
    value.apply_merge().ok()?;
    of_yaml(&value)
}

fn of_yaml(value: &serde_yaml::Value) -> Option<serde_json::Value> {
    Some(match value {
        serde_yaml::Value::Null => serde_json::Value::Null,
        serde_yaml::Value::Bool(value) => (*value).into(),
        serde_yaml::Value::Number(value) => match (value.as_i64(), value.as_u64()) {
            (Some(value), _) => value.into(),
            (None, Some(_)) => "<an integer that is too large>".into(),
            (None, None) => value.as_f64()?.into(),
        },
        serde_yaml::Value::String(value) => value.as_str().into(),
        serde_yaml::Value::Sequence(items) => items.iter().map(of_yaml).collect::<Option<_>>()?,
        serde_yaml::Value::Mapping(entries) => {
            let entry = |(key, value): (&serde_yaml::Value, _)| Some((key.as_str()?.to_owned(), of_yaml(value)?));
            entries.iter().map(entry).collect::<Option<_>>()?
        }
        serde_yaml::Value::Tagged(_) => return None,
    })
}

/// Returns whether the two readers are known to differ: on `0121`, on `? key: value` in braces, on a merge key in
/// quotes or in merged tables, on numbers that are too large, and on the line breaks that YAML 1.2 no longer has.
fn differ(text: &str) -> bool {
    let zero = |at: usize| text[at + 1..].starts_with(|c: char| c.is_ascii_digit());
    let merges = text.matches("<<").count() > 2 || text.contains("'<<") || text.contains("\"<<");
    let breaks = text.contains(['\u{85}', '\u{2028}', '\u{2029}']);
    let large = text.contains("e999");
    text.match_indices('0').any(|(at, _)| zero(at)) || text.contains('?') || merges || breaks || large
}

#[test]
fn samples_say_the_same_to_both() {
    let expected = other(PLAIN).expect("the other reader takes the sample");
    assert_eq!(shown(PLAIN, Format::Yaml), (expected, vec![]));
}

proptest! {
    #[test]
    fn edited_yaml_says_the_same_to_both(text in edited(PLAIN)) {
        let (value, flaws) = shown(&text, Format::Yaml);
        if flaws.is_empty() && !differ(&text) && let Some(expected) = other(&text) {
            prop_assert_eq!(value, expected, "{}", text);
        }
    }

    #[test]
    fn edited_toml_is_judged_as_by_toml(text in edited(TOML)) {
        crate::document::toml::tests::compare(&text);
    }
}
