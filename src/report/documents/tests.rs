use super::plan::{PlanDocument, PlannedJob};
use super::status::{JobState, JobStatus, StatusDocument, StatusError, VideoFile};
use super::verify::{ProblemKind, VerifyDocument, VerifyProblem};
use crate::base::decimal::Decimal;
use crate::base::digest::Sha256;
use crate::plan::action::{Action, Reason};
use crate::plan::estimate::{Estimate, PriceTable};
use crate::report::testing::nothing_spent;
use crate::service::names::{Digest, JobId, TaskId};
use serde::Serialize;
use serde_json::{Value, json};

fn job(id: &str) -> JobId {
    JobId::new(id).unwrap()
}

/// Returns the document as it is written: one line, and read back.
fn written(document: &impl Serialize) -> Value {
    let mut out = Vec::new();
    super::write(&mut out, document).unwrap();
    assert_eq!(out.iter().filter(|b| **b == b'\n').count(), 1);
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn a_plan_is_written_as_the_manual_shows_it() {
    let digest = Digest(Sha256::of(b""));
    let planned = |id, action, reason, changed: &[&str]| PlannedJob {
        id: job(id),
        details: vec![],
        implied: vec![],
        action,
        reason,
        changed: changed.iter().map(|&part| part.to_owned()).collect(),
        digest,
        made_of: None,
    };
    let jobs = vec![
        planned("a", Action::Submit, Reason::Changed, &["prompt"]),
        planned("b", Action::Keep, Reason::Succeeded, &[]),
    ];
    let estimate =
        Estimate { amount: Decimal::whole(60), unit: "credits".to_owned(), exact: false, prices: PriceTable::Maker };
    assert_eq!(
        written(&PlanDocument::new(jobs, vec![job("gone")], estimate)),
        json!({
            "version": 1,
            "jobs": [
                {"id": "a", "action": "submit", "reason": "changed", "changed": ["prompt"], "digest": digest.to_string()},
                {"id": "b", "action": "keep", "reason": "succeeded", "changed": [], "digest": digest.to_string()},
            ],
            "removed": ["gone"],
            "summary": {"submit": 1, "resume": 0, "download": 0, "keep": 1, "hold": 0},
            "estimate": {"amount": 60, "unit": "credits", "exact": false},
        })
    );
}

#[test]
fn amounts_are_whole_where_they_are_whole() {
    let amount = |amount: &str| {
        written(&Estimate {
            amount: amount.parse().unwrap(),
            unit: "CNY".to_owned(),
            exact: true,
            prices: PriceTable::Manifest,
        })["amount"]
            .to_string()
    };
    assert_eq!([amount("60.0"), amount("3.5"), amount("0.3"), amount("0")], ["60", "3.5", "0.3", "0"]);
}

#[test]
fn a_status_is_written_as_the_manual_shows_it() {
    let done = JobState {
        id: job("a"),
        status: JobStatus::Succeeded,
        task_id: Some(TaskId::new("t1").unwrap()),
        submitted_at: Some("2026-03-09T02:44:54Z".parse().unwrap()),
        outputs: vec![VideoFile {
            path: "out/a-1.mp4".to_owned(),
            sha256: Sha256::of(b""),
            bytes: 1,
            published: Default::default(),
        }],
        error: None,
        bought_twice: vec![],
        same_task: vec![],
    };
    let refused = JobState {
        id: job("b"),
        status: JobStatus::Refused,
        task_id: None,
        submitted_at: None,
        outputs: vec![],
        error: Some(StatusError { code: "400".to_owned(), message: "no".to_owned() }),
        bought_twice: vec![],
        same_task: vec![],
    };
    let document = written(&StatusDocument::new(vec![done.clone(), refused], vec![done], nothing_spent()));
    let videos = json!([{"path": "out/a-1.mp4", "sha256": Sha256::of(b"").to_string(), "bytes": 1}]);
    let first = json!({"id": "a", "status": "succeeded", "task_id": "t1", "submitted_at": "2026-03-09T02:44:54Z",
        "outputs": videos});
    let second = json!({"id": "b", "status": "refused", "outputs": [], "error": {"code": "400", "message": "no"}});
    assert_eq!(document["jobs"], json!([first, second]));
    assert_eq!(document["superseded"], json!([first]));
    assert_eq!(document["summary"]["succeeded"], 1);
    assert_eq!(document["summary"]["refused"], 1);
    assert_eq!(document["version"], 1);
}

#[test]
fn a_verification_is_written_as_the_manual_shows_it() {
    assert_eq!(written(&VerifyDocument::new(vec![])), json!({"version": 1, "ok": true, "problems": []}));
    let problem = VerifyProblem {
        kind: ProblemKind::MissingFile,
        job: Some(job("a")),
        path: Some("out/a-1.mp4".to_owned()),
        message: "the video is gone".to_owned(),
    };
    let stray =
        VerifyProblem { kind: ProblemKind::OpenJournal, job: None, path: None, message: "a run is on".to_owned() };
    assert_eq!(
        written(&VerifyDocument::new(vec![problem, stray])),
        json!({"version": 1, "ok": false, "problems": [
            {"kind": "missing-file", "job": "a", "path": "out/a-1.mp4", "message": "the video is gone"},
            {"kind": "open-journal", "message": "a run is on"},
        ]})
    );
}

#[test]
fn words_are_written_as_they_are_spelled() {
    for status in JobStatus::ALL {
        assert_eq!(written(&status), status.as_str());
    }
    for kind in ProblemKind::ALL {
        assert_eq!(written(&kind), kind.as_str());
    }
}
