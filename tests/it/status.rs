//! `batch status` against its contract: where each job stands, whoever is at work meanwhile.

use crate::formats::conforms;
use crate::support::service::options;
use crate::support::setup::{LOCK, MANIFEST, Setup, manifest, manifest_of};
use batch::simulate::{Latency, Options};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::time::Duration;

fn states(status: &Value) -> Vec<(&str, &str)> {
    let jobs = status["jobs"].as_array().unwrap().iter();
    jobs.map(|job| (job["id"].as_str().unwrap(), job["status"].as_str().unwrap())).collect()
}

#[test]
fn a_finished_job_is_shown_with_its_task_and_its_videos() {
    let setup = Setup::new(&manifest(&[("a", "@dog runs")]), &[]);
    setup.run([]).exits(0);
    let status = setup.batch(["status", "--format", "json"]).exits(0).json();
    let video = fs::read(setup.project.path("out/a-1.mp4")).unwrap();
    let hash: String = Sha256::digest(&video).iter().map(|byte| format!("{byte:02x}")).collect();
    let submitted_at = status["jobs"][0]["submitted_at"].clone();
    assert_eq!(
        status,
        json!({
            "version": 1,
            "jobs": [{
                "id": "a", "status": "succeeded", "task_id": setup.service.account().books().tasks[0],
                "submitted_at": submitted_at,
                "outputs": [{ "path": "out/a-1.mp4", "sha256": hash, "bytes": video.len() }]
            }],
            "summary": {
                "new": 0, "changed": 0, "submitted": 0, "generated": 0,
                "succeeded": 1, "failed": 0, "refused": 0, "uncertain": 0
            },
            "spent": {
                "estimate": { "amount": 45, "unit": "credits", "exact": false },
                "submits": 1, "unknown": 0, "tags": {},
                "months": { &submitted_at.as_str().unwrap()[..7]: 45 },
                "runs": [{ "from": submitted_at, "to": submitted_at, "submits": 1, "amount": 45 }]
            }
        })
    );
    let lock = setup.project.read(LOCK);
    assert!(
        lock.contains(&hash) && lock.contains(&format!("submitted_at = {}", submitted_at.as_str().unwrap())),
        "{lock}"
    );
}

#[test]
fn every_status_has_its_word() {
    let jobs = [
        ("done", "@dog 1"),
        ("fails", "@cat fails"),
        ("refused", "@cat refused"),
        ("lost", "@cat lost"),
        ("unfetched", "@cat unfetched"),
        ("edited", "@dog 2"),
    ];
    let faults =
        ["submit:moderate~fails", "submit:400(envelope)~refused", "submit:502~lost", "download:stall~unfetched"];
    let setup = Setup::new(&manifest(&jobs), &faults);
    let mut running = setup.running(["-j1"]).start();
    running.wait_for_stderr("edited succeeded");
    running.signal("INT");
    running.end().exits(130);
    let mut edited = jobs.to_vec();
    edited[5].1 = "@dog 3";
    edited.push(("new", "@dog 4"));
    setup.project.write(MANIFEST, manifest(&edited));
    let status = setup.batch(["status", "--format", "json"]).exits(0).json();
    let expected = [
        ("done", "succeeded"),
        ("fails", "failed"),
        ("refused", "refused"),
        ("lost", "uncertain"),
        ("unfetched", "generated"),
        ("edited", "changed"),
        ("new", "new"),
    ];
    assert_eq!(states(&status), expected);
    for (job, has) in [(0, false), (1, true), (2, true), (3, true)] {
        assert_eq!(status["jobs"][job]["error"]["message"].is_string(), has, "{status:#}");
    }
    let human = setup.batch(["status"]).exits(0);
    for (id, word) in expected {
        assert!(human.stdout.lines().any(|line| line.starts_with(id) && line.contains(word)), "{id}: {human:?}");
    }
}

#[test]
fn a_run_that_is_on_can_be_looked_at() {
    let latency = Latency::fixed(Duration::from_millis(1500));
    let setup = Setup::with(&manifest_of(3), Options { latency, ..options(&[]) });
    let mut running = setup.running(["-j2"]).start();
    running.wait_for_stderr("j2 submitted");
    let status = setup.batch(["status", "--format", "json"]).exits(0).json();
    assert_eq!(states(&status), [("j1", "submitted"), ("j2", "submitted"), ("j3", "new")]);
    assert_eq!(status["jobs"][0]["task_id"], setup.service.account().books().tasks[0]);
    conforms(&setup.project, "status", &status);
    setup.batch(["plan"]).exits(0);
    let verify = setup.batch(["verify", "--format", "json"]).exits(1).json();
    assert_eq!(verify["problems"][0]["kind"], "open-journal", "{verify:#}");
    running.end().exits(0);
    assert_eq!(setup.charges(), 3);
}
