use super::*;
use crate::base::digest::Sha256;
use crate::ledger::entry::{Decision, Step};
use crate::ledger::id::PurchaseId;
use crate::ledger::record::{Key, Output, ServiceError};
use crate::service::names::{Digest, JobId, TaskId};
use crate::service::output::VideoName;
use jiff::Timestamp;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_770_000_000 + second).unwrap()
}

fn task(name: &str) -> TaskId {
    TaskId::new(name).unwrap()
}

fn intended() -> Purchase {
    let key = Key { job: JobId::new("a").unwrap(), digest: Digest(Sha256::of(b"a")) };
    Purchase::intended(PurchaseId::new(at(0), 7, None), key, VideoName::new("out/a-{n}.mp4"), Some(at(0)))
}

fn after(steps: &[Step]) -> Purchase {
    let mut purchase = intended();
    steps.iter().for_each(|step| purchase.take(step));
    purchase
}

fn fault() -> ServiceError {
    ServiceError { code: "400".into(), message: "no".into() }
}

fn submitted() -> Step {
    Step::Submitted { task: task("t1"), at: at(2) }
}

fn refused(last: bool) -> Step {
    Step::Refused { error: fault(), last, at: at(2) }
}

fn unanswered() -> Step {
    Step::Uncertain { task: None, reason: "no answer".into(), at: at(2) }
}

fn lost(second: i64) -> Step {
    Step::Uncertain { task: Some(task("t1")), reason: "not known".into(), at: at(second) }
}

fn resolved(known: Option<&str>, verdict: Decision, second: i64) -> Step {
    Step::Resolved { task: known.map(task), verdict, at: at(second) }
}

fn downloaded(content: &[u8]) -> Step {
    let (path, sha256) = ("out/a-1.mp4".to_owned(), Sha256::of(content));
    Step::Downloaded {
        output: Output { number: 1, path, sha256, bytes: 1, source: None, published: Default::default() },
    }
}

/// Returns one purchase of each rung, in their order.
fn ladder() -> Vec<Purchase> {
    let failed = Step::Failed { error: fault(), at: at(9) };
    vec![
        after(&[]),
        after(&[refused(false)]),
        after(&[unanswered()]),
        after(&[unanswered(), resolved(None, Decision::Resubmit, 3)]),
        after(&[refused(true)]),
        after(&[submitted()]),
        after(&[submitted(), failed]),
        after(&[submitted(), Step::Generated { at: at(9) }]),
        after(&[submitted(), Step::Generated { at: at(9) }, downloaded(b"1"), Step::Succeeded]),
    ]
}

#[test]
fn of_two_accounts_the_one_that_came_further_counts() {
    let ladder = ladder();
    assert!(ladder.is_sorted_by(|a, b| a.rung < b.rung));
    for (i, lower) in ladder.iter().enumerate() {
        for higher in &ladder[i..] {
            for (mut mine, theirs) in [(lower.clone(), higher.clone()), (higher.clone(), lower.clone())] {
                assert_eq!(mine.join(theirs), None);
                assert_eq!(mine, *higher, "{lower:?}, {higher:?}");
            }
        }
    }
}

#[test]
fn what_there_is_to_lose_follows_from_how_far_it_came() {
    let owed: Vec<_> = ladder().iter().map(Purchase::owed).collect();
    let (nothing, maybe, paid) = (Some(Owed::Nothing), Some(Owed::Maybe), Some(Owed::Paid));
    assert_eq!(owed, [maybe, None, maybe, None, nothing, paid, nothing, paid, paid]);
    assert_eq!(after(&[submitted(), lost(3)]).owed(), maybe);
    assert_eq!(after(&[unanswered(), resolved(None, Decision::Failed, 3)]).owed(), nothing);
    assert_eq!(after(&[submitted(), lost(3), resolved(Some("t1"), Decision::Resubmit, 4)]).owed(), None);
}

#[test]
fn about_a_task_the_last_word_by_time_counts() {
    let found = |second| Step::Found { task: task("t1"), at: at(second) };
    let given_up = |second| resolved(Some("t1"), Decision::Failed, second);
    for (first, second, is_paid) in [
        (lost(3), found(4), true),
        (found(3), lost(4), false),
        (given_up(3), found(4), true),
        (found(3), given_up(4), false),
    ] {
        for steps in [[submitted(), first.clone(), second.clone()], [submitted(), second.clone(), first.clone()]] {
            assert_eq!(after(&steps).owed() == Some(Owed::Paid), is_paid, "{steps:?}");
        }
    }
    // The answer itself is older than any statement about its task.
    assert_eq!(after(&[lost(3), submitted()]).owed(), Some(Owed::Maybe));
}

#[test]
fn a_task_outdoes_what_a_person_said_without_knowing_it() {
    for verdict in [Decision::Resubmit, Decision::Failed] {
        let settled = after(&[unanswered(), resolved(None, verdict.clone(), 30)]);
        assert!(settled.owed() <= Some(Owed::Nothing));
        let mut found = settled.clone();
        found.join(after(&[submitted()]));
        assert_eq!((found.owed(), found.task()), (Some(Owed::Paid), Some(&task("t1"))), "{verdict:?}");
    }
    let failed = Step::Failed { error: fault(), at: at(3) };
    assert_eq!(after(&[failed]), intended(), "only a task fails");
}

#[test]
fn a_word_of_no_answer_says_nothing_about_a_task() {
    let known = after(&[submitted(), unanswered(), resolved(None, Decision::Resubmit, 30)]);
    assert_eq!(known, after(&[submitted()]));
}

#[test]
fn the_last_rename_counts_and_paths_follow() {
    let moved = |job: &str, second| Step::Moved {
        job: JobId::new(job).unwrap(),
        name: VideoName::new(&format!("out/{job}-{{n}}.mp4")),
        at: at(second),
    };
    let here = [submitted(), downloaded(b"1")];
    for steps in [[moved("b", 5), moved("c", 6)], [moved("c", 6), moved("b", 5)]] {
        let purchase = after(&[&here[..], &steps].concat());
        assert_eq!(purchase.record.key.job.as_str(), "c");
        assert_eq!(purchase.record.stage.outputs()[0].path, "out/c-1.mp4");
    }
}

#[test]
fn two_tasks_of_one_submit_are_two_purchases_whoever_tells_first() {
    let (first, second) = (after(&[submitted()]), after(&[Step::Submitted { task: task("t2"), at: at(2) }]));
    let (mut a, mut b) = (first.clone(), second.clone());
    let (of_a, of_b) = (a.join(second).unwrap(), b.join(first).unwrap());
    assert_eq!((a.task(), of_a.task()), (Some(&task("t1")), Some(&task("t2"))));
    assert_eq!((&a, &of_a), (&b, &of_b));
    assert_ne!(a.record.id, of_a.record.id);
}

#[test]
fn a_video_is_published_as_long_as_it_has_the_content_that_was() {
    let published =
        |content: &[u8], url: &str| Step::Published { number: 1, sha256: Sha256::of(content), url: url.to_owned() };
    let urls = |purchase: &Purchase| {
        purchase.record.stage.outputs()[0].published.iter().cloned().collect::<Vec<_>>().join(" ")
    };
    let here = [submitted(), downloaded(b"1"), published(b"1", "s3://a/1"), published(b"2", "s3://a/2")];
    let purchase = after(&here);
    assert_eq!(urls(&purchase), "s3://a/1", "nobody has the other content");
    assert_eq!(urls(&after(&[&here[..], &[downloaded(b"1")]].concat())), "s3://a/1");
    let replaced = after(&[&here[..], &[downloaded(b"2")]].concat());
    assert_eq!(urls(&replaced), "");
    let elsewhere = after(&[submitted(), downloaded(b"1"), published(b"1", "s3://b/1")]);
    for (a, b, expected) in [(&purchase, &elsewhere, "s3://a/1 s3://b/1"), (&replaced, &elsewhere, "")] {
        for (mut mine, theirs) in [(a.clone(), b.clone()), (b.clone(), a.clone())] {
            mine.join(theirs.clone());
            assert_eq!(urls(&mine), expected);
        }
    }
}
