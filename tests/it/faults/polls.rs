//! What is paid is followed whatever the service says meanwhile, and is never paid for again.

use super::bench::{Bench, end, events, gaps, same, table};
use crate::support::service::options;
use batch::simulate::{Call, Latency, Options};
use std::time::Duration;

/// A poll or a request for the result that fails is never more than that.
#[test]
fn a_call_about_what_is_paid_is_made_again() {
    let mut cases = Vec::new();
    for call in ["status", "result"] {
        for action in [
            "reset",
            "reset(early)",
            "garbage",
            "408",
            "429",
            "429(envelope)",
            "429(retry-after=0s)",
            "500",
            "500(html)",
            "500(envelope)",
            "200(envelope=500)",
            "502(html)",
            "503",
            "503(envelope)",
            "504",
            "200(html)",
            "200(empty)",
            "200(envelope=0)",
            "200(envelope=1234)",
            "404",
            "404(envelope)",
            "200(envelope=404)",
            "cut(0)",
            "cut(20)",
            "cut(20,reset)",
            "cut(head)",
            "truncate(20)",
            "drop(code)",
            "drop(data)",
            "set(data=7)",
            "set(code=none)",
            "delay(100ms)",
            "drip(1ms)",
            "hangup(10ms)",
            "shape(array)",
            "chunked",
        ] {
            cases.push(format!("{call}:{action}@1"));
        }
    }
    // What isn't the service's own word is an outage, whatever it says.
    for action in [
        "400",
        "400(envelope)",
        "200(envelope=400)",
        "401",
        "403(html)",
        "404(html)",
        "404(gateway)",
        "422",
        "redirect",
    ] {
        cases.push(format!("status:{action}@1"));
        cases.push(format!("result:{action}@1"));
    }
    for action in ["set(status=7)", "drop(status)", "pad(3000000)"] {
        cases.push(format!("status:{action}@1"));
    }
    for action in
        ["shape(nested)", "drop(urls)", "set(urls=[])", "set(urls=[\"ftp://a.example/1.mp4\"])", "set(urls=7)"]
    {
        cases.push(format!("result:{action}@1"));
    }
    table(&cases, |fault| {
        let bench = Bench::new(&[fault]);
        let ran = bench.run();
        same(&bench.end(&ran), &end(0, "succeeded", 1, 1), &ran)
    });
}

/// The account is refused in the middle: the run stops, and the next one fetches what is paid.
#[test]
fn what_is_paid_survives_an_account_that_is_refused() {
    let mut cases = Vec::new();
    for call in ["status", "result"] {
        for action in ["401(envelope)", "200(envelope=401)", "402(envelope)", "403(envelope)"] {
            cases.push((call, action));
        }
    }
    table(&cases, |(call, action)| {
        // Once, it may be about that task alone, and is asked for again; always, it is left for the next run.
        let bench = Bench::new(&[&format!("{call}:{action}@1")]);
        let ran = bench.run();
        same(&bench.end(&ran), &end(4, "succeeded", 1, 1), &ran)?;
        let bench = Bench::new(&[&format!("{call}:{action}@1-8")]);
        let ran = bench.run();
        let stage = if *call == "status" { "submitted" } else { "generated" };
        same(&bench.end(&ran), &end(4, stage, 1, 1), &ran)?;
        let ran = bench.run();
        same(&bench.end(&ran), &end(0, "succeeded", 1, 1), &ran)
    });
}

/// An unknown word is taken as still running, and said once in a run, however many jobs hear it.
#[test]
fn an_unknown_status_word_is_still_running_and_said_once() {
    let bench = Bench::with(options(&["status:set(status=Queued)@1-9"]), "", &["walk", "trot", "run"]);
    let ran = bench.run();
    assert_eq!(bench.end(&ran), end(0, "succeeded", 3, 3), "{ran:?}");
    assert!(bench.account().calls(Call::Status) >= 10);
    assert_eq!(ran.stderr.matches("unknown status").count(), 1, "{ran:?}");
    let polled = ran.json_lines();
    let heard = events(&polled, "polled").into_iter().filter(|event| event["status"] == "QUEUED").count();
    assert_eq!(heard, 9, "{ran:?}");
}

/// Words are compared without regard to case, and both spellings of a cancellation are one.
#[test]
fn status_words_are_read_in_any_case() {
    let cases =
        [("completed", 0, "succeeded"), ("Failed", 1, "failed"), ("canceled", 1, "failed"), ("CANCELLED", 1, "failed")];
    table(&cases, |(word, exit, status)| {
        let bench = Bench::new(&[&format!("status:set(status={word})")]);
        let ran = bench.run();
        same(&bench.end(&ran), &end(*exit, status, 1, 1), &ran)
    });
}

/// A task that the service forgets for a moment is believed in.
#[test]
fn a_task_that_vanishes_for_a_moment_is_waited_for() {
    let bench = Bench::new(&["status:404(envelope)@1-2"]);
    let ran = bench.run();
    assert_eq!(bench.end(&ran), end(0, "succeeded", 1, 1), "{ran:?}");
}

/// A page in place of every answer is an outage: the task stays submitted, and the next run goes on with it.
#[test]
fn a_page_in_place_of_polls_says_nothing_of_a_task() {
    let bench = Bench::with(options(&["status:404(html)@1-6"]), "patience: 2s", &["walk"]);
    let ran = bench.run();
    assert_eq!(bench.end(&ran), end(4, "submitted", 1, 1), "{ran:?}");
    assert!(ran.stderr.contains("1 job is paid and still at the service"), "{ran:?}");
    let ran = bench.project.batch(["fetch"]).against(&bench.simulator.base_url()).run();
    assert_eq!(bench.end(&ran), end(0, "succeeded", 1, 1), "{ran:?}");
}

/// Of a list the item counts that has the task's id: what failed beside it did not fail here.
#[test]
fn a_list_of_tasks_is_read_by_id() {
    for fault in ["status:shape(among)", "result:shape(among)"] {
        let bench = Bench::new(&[fault]);
        let ran = bench.run();
        assert_eq!(bench.end(&ran), end(0, "succeeded", 1, 1), "{fault}: {ran:?}");
    }
}

/// A task that never ends is left at the service; the next run polls on and pays nothing.
#[test]
fn a_task_that_never_ends_is_left_at_the_service() {
    let bench = Bench::with(options(&["submit:never"]), "job_timeout: 300ms", &["walk"]);
    for _ in 0..2 {
        let ran = bench.run();
        assert_eq!(bench.end(&ran), end(1, "submitted", 1, 1), "{ran:?}");
    }
}

/// A job that is taken up is followed, whatever this machine's clock says of its age: it has been set back or forward.
#[test]
fn a_clock_that_jumps_neither_loses_a_job_nor_pays_for_it_again() {
    let slow = Options { latency: Latency::fixed(Duration::from_millis(700)), ..options(&[]) };
    let bench = Bench::with(slow, "job_timeout: 200ms", &["walk"]);
    let ran = bench.run();
    assert_eq!(bench.end(&ran), end(1, "submitted", 1, 1), "{ran:?}");
    // What a person changes has no checksum.
    let lock = bench.project.read("jobs.lock");
    let lock: String = lock.split_inclusive('\n').filter(|line| !line.starts_with("check = ")).collect();
    let (before, rest) = lock.split_once("submitted_at = ").unwrap();
    let (_, after) = rest.split_once('\n').unwrap();
    std::thread::sleep(Duration::from_millis(500));
    for year in ["1970-01-01T00:00:00Z", "9998-12-30T00:00:00Z"] {
        bench.project.write("jobs.lock", format!("{before}submitted_at = {year}\n{after}"));
        let _ = std::fs::remove_dir_all(bench.project.path("out"));
        let ran = bench.run();
        assert_eq!(bench.end(&ran), end(0, "succeeded", 1, 1), "{year}: {ran:?}");
    }
}

/// A pause that the service asks for between polls is kept, measured where the polls arrive.
#[test]
fn polls_honour_retry_after() {
    let cases = [
        ("status:429(retry-after=1s)@1", 1.0),
        ("status:500(envelope,retry-after=1s)@1", 1.0),
        ("result:429(retry-after=1s)@1", 1.0),
    ];
    table(&cases, |(fault, least)| {
        let bench = Bench::new(&[fault]);
        let ran = bench.run();
        same(&bench.end(&ran), &end(0, "succeeded", 1, 1), &ran)?;
        let call = if fault.starts_with("status") { Call::Status } else { Call::Result };
        let gaps = gaps(&bench.requests(call));
        if gaps[0] >= *least { Ok(()) } else { Err(format!("{gaps:?} s between calls")) }
    });
}
