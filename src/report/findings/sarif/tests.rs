use super::*;
use crate::document::source::Source;
use crate::document::span::Span;
use serde_json::{Value, json};
use std::path::Path;

fn finding(labels: &[(usize, usize, &str)]) -> Finding {
    let label = |&(start, end, text): &(usize, usize, &str)| Label { span: Span::new(start, end), text: text.into() };
    Finding {
        code: Code::DurationResolution,
        severity: Severity::Error,
        message: "1080p videos last 5 s, not 8 s".into(),
        help: Some("write 5".into()),
        fix: None,
        jobs: 1,
        job: Some("close-up".into()),
        labels: labels.iter().map(label).collect(),
    }
}

fn log(path: &str, text: &str, findings: &[Finding]) -> Value {
    let source = Source::new(path, text.to_owned());
    let manifest = Checked { path, source: Some(&source), jobs: 1, findings };
    let mut out = Vec::new();
    write(&mut out, &[manifest], &Root::new(Path::new(".")).unwrap(), 2).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn a_result_has_its_places_and_its_edit() {
    let mut error = finding(&[(12, 13, "8 s asked for here"), (16, 21, "1080p asked for here")]);
    let applicability = crate::diagnostic::fix::Applicability::Safe;
    error.fix = Some(Fix { span: Span::new(12, 13), replacement: "5".into(), applicability });
    let log = log("src/小 狗.yaml", "# 小狗\n小8 # 1080p\n", &[error]);
    let file = json!({ "uri": "src/%E5%B0%8F%20%E7%8B%97.yaml", "uriBaseId": "%SRCROOT%" });
    let region =
        |start: usize, end: usize| json!({ "startLine": 2, "startColumn": start, "endLine": 2, "endColumn": end });
    let place = |start: usize, end: usize| json!({ "artifactLocation": file, "region": region(start, end) });
    let run = &log["runs"][0];
    let mut result = run["results"][0].clone();
    let fingerprint = result["partialFingerprints"]["finding/v1"].take();
    assert!(fingerprint.as_str().unwrap().ends_with(":1"), "{fingerprint}");
    assert_eq!(
        result,
        json!({
            "ruleId": "duration-resolution", "ruleIndex": 22, "level": "error",
            "message": { "text": "1080p videos last 5 s, not 8 s. Help: write 5." },
            "locations": [{ "physicalLocation": place(2, 3), "message": { "text": "8 s asked for here" } }],
            "relatedLocations": [{ "id": 1, "physicalLocation": place(6, 11), "message": { "text": "1080p asked for here" } }],
            "partialFingerprints": { "finding/v1": null },
            "fixes": [{
                "description": { "text": "write 5" },
                "artifactChanges": [{
                    "artifactLocation": file,
                    "replacements": [{ "deletedRegion": region(2, 3), "insertedContent": { "text": "5" } }]
                }]
            }]
        })
    );
    assert_eq!(run["artifacts"], json!([{ "location": file, "encoding": "utf-8" }]));
    assert_eq!(run["invocations"], json!([{ "exitCode": 2, "executionSuccessful": true }]));
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let root = run["originalUriBaseIds"]["%SRCROOT%"]["uri"].as_str().unwrap();
    assert!(root.starts_with("file:///") && root.ends_with('/'), "{root}");
    assert_eq!(run["tool"]["driver"]["rules"][22]["id"], "duration-resolution");
}

#[test]
fn rules_carry_the_manual() {
    let log = log("jobs.yaml", "", &[]);
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), Code::ALL.len());
    for (rule, code) in rules.iter().zip(Code::ALL) {
        assert_eq!(rule["id"], code.as_str());
        assert_eq!(rule["shortDescription"]["text"], code.title());
        let help = rule["help"]["markdown"].as_str().unwrap();
        assert!(help.contains("```") && !help.contains("]("), "{code}: {help}");
        let name = rule["name"].as_str().unwrap_or_default();
        assert!(!name.eq_ignore_ascii_case(code.as_str()), "{code}: a name that says nothing");
    }
    assert_eq!(rules[0]["defaultConfiguration"]["level"], "error");
    assert_eq!(rules[10]["defaultConfiguration"]["level"], "warning", "{}", rules[10]);
}

#[test]
fn a_fingerprint_stays_when_lines_move_and_tells_twins_apart() {
    let of = |text: &str, findings: &[Finding]| -> Vec<String> {
        let log = log("jobs.yaml", text, findings);
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        results.iter().map(|r| r["partialFingerprints"]["finding/v1"].as_str().unwrap().to_owned()).collect()
    };
    let twins = of("8 8 5", &[finding(&[(0, 1, "")]), finding(&[(2, 3, "")])]);
    assert_ne!(twins[0], twins[1]);
    let mut reworded = finding(&[(10, 11, "other words")]);
    reworded.message = "other words".into();
    assert_eq!(of("# a line\n\n8", &[reworded])[0], twins[0]);
    assert_ne!(of("8 8 5", &[finding(&[(4, 5, "")])])[0], twins[0]);
    let other = Finding { job: None, ..finding(&[(0, 1, "")]) };
    assert_ne!(of("8 8 5", &[other])[0], twins[0]);
}

#[test]
fn paths_are_relative_uris_or_whole_ones() {
    for (path, uri) in [("a:b/c#d?.yaml", "a%3Ab/c%23d%3F.yaml"), ("/a b/%.yaml", "file:///a%20b/%25.yaml")] {
        let log = log(path, "", &[finding(&[])]);
        let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], uri);
        assert_eq!(place["artifactLocation"]["uriBaseId"].is_null(), path.starts_with('/'));
        assert_eq!(place["region"], json!({ "startLine": 1 }));
    }
}
