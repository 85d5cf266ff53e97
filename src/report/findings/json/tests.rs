use super::*;
use crate::diagnostic::fix::Applicability;
use serde_json::{Value, json};

fn written(manifests: &[Checked<'_>]) -> Value {
    let mut out = Vec::new();
    write(&mut out, manifests).unwrap();
    serde_json::from_slice(&out).unwrap()
}

fn finding(code: Code, severity: Severity, labels: Vec<Label>) -> Finding {
    let message = "1080p videos last 5 s, not 8 s".into();
    let (help, job) = (Some("…".into()), Some("close-up".into()));
    Finding { code, severity, message, help, fix: None, job, jobs: 1, labels }
}

#[test]
fn the_document_is_the_one_of_the_manual() {
    // Two lines of Chinese: offsets count bytes, columns count characters.
    let text = "# 小狗\n小: 8 # 1080p\n";
    let source = Source::new("jobs.yaml", text.to_owned());
    let labels = vec![
        Label { span: Span::new(14, 15), text: "8 s asked for here".into() },
        Label { span: Span::new(18, 23), text: "only with 5 s".into() },
    ];
    let mut error = finding(Code::DurationResolution, Severity::Error, labels);
    let applicability = Applicability::Unsafe;
    error.fix = Some(Fix { span: Span::new(14, 15), replacement: "5".into(), applicability });
    let findings = [error];
    let manifest = Checked { path: "jobs.yaml", source: Some(&source), jobs: 3, findings: &findings };
    assert_eq!(
        written(&[manifest]),
        json!({"version": 1, "ok": false, "errors": 1, "warnings": 0, "manifests": [{"path": "jobs.yaml", "jobs": 3}],
        "diagnostics": [{"code": "duration-resolution", "severity": "error",
            "message": "1080p videos last 5 s, not 8 s", "help": "…", "job": "close-up",
            "fix": {"span": {"start": {"offset": 14, "line": 2, "column": 4}, "end": {"offset": 15, "line": 2, "column": 5}},
                "replacement": "5", "safe": false},
            "labels": [
                {"path": "jobs.yaml", "start": {"offset": 14, "line": 2, "column": 4},
                    "end": {"offset": 15, "line": 2, "column": 5}, "text": "8 s asked for here", "primary": true},
                {"path": "jobs.yaml", "start": {"offset": 18, "line": 2, "column": 8},
                    "end": {"offset": 23, "line": 2, "column": 13}, "text": "only with 5 s", "primary": false},
            ]}]})
    );
}

#[test]
fn what_many_jobs_of_a_template_have_in_common_is_said_once_with_their_number() {
    let source = Source::new("jobs.yaml", "jobs: []\n".to_owned());
    let mut many = finding(Code::Duration, Severity::Error, vec![]);
    many.jobs = 200;
    let findings = [many];
    let manifest = Checked { path: "jobs.yaml", source: Some(&source), jobs: 200, findings: &findings };
    assert_eq!(written(&[manifest])["diagnostics"][0]["jobs"], 200);
}

#[test]
fn a_label_has_the_path_and_the_position_of_its_own_file() {
    let mut source = Source::new("jobs.yaml", "jobs: []\n".to_owned());
    let cell = source.end() + 4;
    source.attach(Source::new("rows.csv", "a,b\n小,6\n".to_owned()));
    let label = |span| Label { span, text: "".into() };
    let labels = vec![label(Span::new(cell, cell + 3)), label(Span::new(6, 8))];
    let findings = [finding(Code::Duration, Severity::Error, labels)];
    let document = written(&[Checked { path: "./jobs.yaml", source: Some(&source), jobs: 1, findings: &findings }]);
    let labels = document["diagnostics"][0]["labels"].as_array().unwrap();
    let places: Vec<_> = labels.iter().map(|label| (&label["path"], &label["start"], &label["end"])).collect();
    assert_eq!(
        json!(places),
        json!([
            ["rows.csv", {"offset": 4, "line": 2, "column": 1}, {"offset": 7, "line": 2, "column": 2}],
            ["./jobs.yaml", {"offset": 6, "line": 1, "column": 7}, {"offset": 8, "line": 1, "column": 9}],
        ])
    );
}

#[test]
fn what_is_not_known_is_left_out() {
    let mut unreadable = finding(Code::Unreadable, Severity::Error, vec![]);
    unreadable.help = None;
    unreadable.job = None;
    let findings = [unreadable];
    let document = written(&[Checked { path: "jobs.yaml", source: None, jobs: 0, findings: &findings }]);
    assert_eq!(
        document["diagnostics"],
        json!([{"code": "unreadable", "severity": "error", "message": "1080p videos last 5 s, not 8 s", "labels": []}])
    );
}

#[test]
fn warnings_are_no_hindrance_and_all_findings_are_there() {
    let findings = vec![finding(Code::TwinJobs, Severity::Warning, vec![]); 1000];
    let manifest = Checked { path: "a.yaml", source: None, jobs: 1000, findings: &findings };
    let document = written(&[manifest, Checked { path: "b.yaml", ..manifest }]);
    assert_eq!([&document["ok"], &document["warnings"], &document["errors"]], [&json!(true), &json!(2000), &json!(0)]);
    assert_eq!(document["diagnostics"].as_array().unwrap().len(), 2000);
    assert_eq!(document["manifests"][1]["path"], "b.yaml");
}
