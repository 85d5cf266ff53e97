//! The schema of manifests against the manifests of the tests: it flags no good one, and every bad one that a schema can.

use batch::document::{self, Format, Node, Source, Value as Written};
use batch::manifest::schema::schema;
use jsonschema::Validator;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The cases that a schema can't flag, in groups; each group starts with its reason in brackets.
const BEYOND: &str = include_str!("../manifests/beyond-the-schema.txt");

fn validator() -> Validator {
    jsonschema::validator_for(&schema()).unwrap()
}

fn cases(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(kind);
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    cases.sort();
    cases
}

/// The manifests of a case as JSON, as an editor reads them; none where it can't read them at all.
fn manifests(case: &Path) -> impl Iterator<Item = (PathBuf, Option<Value>)> {
    let paths = ["jobs.yaml", "jobs.toml", "jobs.json"].map(|name| case.join(name));
    paths.into_iter().filter(|path| path.exists()).map(|path| {
        let text = fs::read_to_string(&path).ok();
        let value = text.and_then(|text| {
            let source = Source::new("", text);
            let parsed = document::parse(&source, Format::of_path(&path));
            parsed.flaws.is_empty().then(|| json(parsed.tree.root()))
        });
        (path, value)
    })
}

fn json(node: Node<'_>) -> Value {
    match node.value() {
        Written::Bool(value) => value.into(),
        Written::Integer(value) => value.into(),
        Written::Float(value) => value.into(),
        Written::String(value) => value.into(),
        Written::List(list) => list.iter().map(json).collect(),
        Written::Table(table) => table.iter().map(|entry| (entry.key.to_owned(), json(entry.value))).collect(),
        // Dates of TOML are no JSON: as wrong as nothing.
        Written::Null | Written::Other(_) | Written::Broken => Value::Null,
    }
}

#[test]
fn no_good_manifest_is_flagged() {
    let validator = validator();
    let mut checked = 0;
    for case in cases("tests/manifests/good").into_iter().chain(cases("examples")) {
        for (path, manifest) in manifests(&case) {
            let manifest = manifest.unwrap_or_else(|| panic!("{} is not read", path.display()));
            let flagged: Vec<_> = validator.iter_errors(&manifest).map(|error| error.to_string()).collect();
            assert!(flagged.is_empty(), "{}: {flagged:?}", path.display());
            checked += 1;
        }
    }
    assert!(checked > 40, "only {checked} manifests were found");
}

#[test]
fn every_bad_manifest_is_flagged_but_those_that_a_schema_has_no_words_for() {
    let mut beyond: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut reason = "";
    for line in BEYOND.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(title) => reason = title,
            None => assert!(beyond.entry(reason).or_default().insert(line), "{line} stands twice"),
        }
    }
    let listed: BTreeSet<&str> = beyond.values().flatten().copied().collect();
    let validator = validator();
    let mut unflagged = BTreeSet::new();
    for case in cases("tests/manifests/bad") {
        let name = case.file_name().unwrap().to_str().unwrap().to_owned();
        // What can't be read is flagged by every editor, if it can be opened at all.
        if manifests(&case).any(|(_, manifest)| manifest.is_some_and(|manifest| validator.is_valid(&manifest))) {
            unflagged.insert(name);
        }
    }
    let unflagged: BTreeSet<&str> = unflagged.iter().map(String::as_str).collect();
    let missed: Vec<_> = unflagged.difference(&listed).collect();
    assert!(missed.is_empty(), "the schema doesn't flag these, and the list doesn't say why: {missed:#?}");
    let stale: Vec<_> = listed.difference(&unflagged).collect();
    assert!(stale.is_empty(), "the list says that the schema can't flag these: {stale:?}");
}
