use super::*;
use crate::base::digest::Sha256;
use crate::ledger::record::{Output, ServiceError, Word};
use crate::report::testing::{at, job, started};
use crate::service::names::TaskId;
use crate::service::output::VideoName;
use std::collections::{BTreeMap, BTreeSet};

fn second(second: i64) -> Timestamp {
    at(second, started(0)).time
}

fn task() -> TaskId {
    TaskId::new("3524e0b3ba014b12ab1faf29f9f00000").unwrap()
}

fn output(number: usize) -> Output {
    Output {
        number,
        path: format!("out/a-{number}.mp4"),
        sha256: Sha256::of(b""),
        bytes: 7,
        source: None,
        published: BTreeSet::new(),
    }
}

fn record(attempt: u32, submitted: i64, finished: Option<i64>, stage: Stage) -> Record {
    let key = crate::ledger::record::Key { job: job("a"), digest: Digest(Sha256::of(b"")) };
    Record {
        id: crate::ledger::PurchaseId::for_test(&key, attempt),
        key,
        parts: BTreeMap::new(),
        attempt,
        failures: 0,
        videos: 1,
        name: VideoName::new("out/a-{n}.mp4"),
        submitted_at: Some(second(submitted)),
        finished_at: finished.map(second),
        stage,
    }
}

fn lost() -> Stage {
    Stage::Uncertain { task: None, reason: "no answer".to_owned() }
}

/// Returns the events of each reading: their kinds and their seconds.
fn told(looks: &[(i64, Option<(Record, bool)>)]) -> Vec<Vec<String>> {
    let mut replay = Replay::new(second(100));
    let (id, digest) = (job("a"), Digest(Sha256::of(b"")));
    let look = |(now, seen): &(i64, Option<(Record, bool)>)| {
        let (record, open) = seen.as_ref().map_or((None, false), |(record, open)| (Some(record), *open));
        let sight = Sight { job: &id, digest: &digest, record, open };
        let events = replay.look(std::iter::once(sight), second(*now));
        let kind = |event: &Stamped| {
            let value = serde_json::to_value(event).unwrap();
            let action = value["action"].as_str().map(|action| format!(" {action}")).unwrap_or_default();
            format!("{}{action} {}", value["event"].as_str().unwrap(), event.time.duration_since(second(0)).as_secs())
        };
        events.iter().map(kind).collect()
    };
    looks.iter().map(look).collect()
}

#[test]
fn a_job_is_told_step_by_step() {
    let submitted = Stage::Submitted { task: task() };
    let generated = Stage::Generated { task: task(), outputs: vec![] };
    let succeeded = Stage::Succeeded { task: task(), outputs: vec![output(1)] };
    assert_eq!(
        told(&[
            (100, None),
            (101, None),
            (102, Some((record(1, 102, None, lost()), true))),
            (103, Some((record(1, 102, None, submitted.clone()), false))),
            (104, Some((record(1, 102, None, submitted), false))),
            (162, Some((record(1, 102, Some(160), generated), false))),
            (165, Some((record(1, 102, Some(160), succeeded.clone()), false))),
            (166, Some((record(1, 102, Some(160), succeeded), false))),
        ]),
        [
            vec!["job_planned submit 100"],
            vec![],
            vec!["submitting 102"],
            vec!["submitted 102"],
            vec![],
            vec!["generated 160"],
            vec!["downloaded 165", "succeeded 165"],
            vec![]
        ]
    );
}

#[test]
fn whoever_comes_late_hears_all_of_this_run_and_nothing_of_earlier_ones() {
    let fault = || ServiceError { code: "FAILED".to_owned(), message: "no".to_owned() };
    let succeeded = || Stage::Succeeded { task: task(), outputs: vec![output(1)] };
    let failed = || Stage::Failed { task: Some(task()), error: fault(), word: Word::Service };
    for (submitted, finished, stage, open, expected) in [
        (
            110,
            Some(150),
            succeeded(),
            false,
            &[
                "job_planned submit 100",
                "submitting 110",
                "submitted 110",
                "generated 150",
                "downloaded 150",
                "succeeded 150",
            ][..],
        ),
        (110, Some(150), failed(), false, &["job_planned submit 100", "submitting 110", "submitted 110", "failed 150"]),
        (
            110,
            None,
            Stage::Refused { error: fault() },
            false,
            &["job_planned submit 100", "submitting 110", "failed 200"],
        ),
        (110, None, lost(), true, &["job_planned submit 100", "submitting 110"]),
        (110, None, lost(), false, &["job_planned submit 100", "submitting 110", "uncertain 200"]),
        (10, Some(50), succeeded(), false, &["job_planned keep 100"]),
        (10, Some(50), failed(), false, &["job_planned submit 100"]),
        (10, Some(50), Stage::Refused { error: fault() }, false, &["job_planned hold 100"]),
        (10, None, lost(), false, &["job_planned hold 100"]),
        (10, None, Stage::Submitted { task: task() }, false, &["job_planned resume 100"]),
    ] {
        assert_eq!(
            told(&[(200, Some((record(1, submitted, finished, stage.clone()), open)))])[0],
            expected,
            "{stage:?}"
        );
    }
}

#[test]
fn another_attempt_is_told_anew() {
    let failed = Stage::Refused { error: ServiceError { code: "400".to_owned(), message: "no".to_owned() } };
    let again = told(&[
        (100, Some((record(1, 10, Some(20), failed.clone()), false))),
        (105, Some((record(2, 104, None, lost()), true))),
        (106, Some((record(1, 10, Some(20), failed), false))),
        (107, Some((record(3, 107, None, Stage::Submitted { task: task() }), false))),
    ]);
    assert_eq!(again[1..], [vec!["submitting 104"], vec![], vec!["submitting 107", "submitted 107"]]);
}
