//! Signals: a run ends in order and in time, and the next one goes on without paying again.

use crate::support::program::Ended;
use crate::support::service::options;
use crate::support::setup::{LOCK, MANIFEST, Setup, manifest_of};
use batch::simulate::{Latency, Options};
use std::time::{Duration, Instant};

/// How long a run may take to its end, with all that a busy machine adds.
const SOON: Duration = Duration::from_millis(1500);

fn slow(jobs: usize, latency: Duration, faults: &[&str]) -> Setup {
    Setup::with(&manifest_of(jobs), Options { latency: Latency::fixed(latency), ..options(faults) })
}

/// Runs until `word` is on standard error, then sends signals.
#[track_caller]
fn interrupt(setup: &Setup, word: &str, signals: &[&str]) -> (Ended, Duration) {
    let mut running = setup.running(["-j2"]).start();
    running.wait_for_stderr(word);
    let sent = Instant::now();
    for (index, signal) in signals.iter().enumerate() {
        if index > 0 {
            // The first must have been taken, or the system makes one of two.
            std::thread::sleep(Duration::from_millis(100));
        }
        running.signal(signal);
    }
    let ended = running.end();
    (ended, sent.elapsed())
}

#[test]
fn a_signal_ends_a_run_in_order_and_the_next_run_goes_on() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let setup = slow(3, Duration::from_millis(1200), &[]);
        let (ended, took) = interrupt(&setup, "j2 submitted", &[signal]);
        let ended = ended.exits(code);
        assert!(took < SOON, "{took:?}: {ended:?}");
        assert_eq!(setup.project.files("."), [LOCK, MANIFEST], "the journal is closed");
        let lock = setup.project.read(LOCK);
        assert_eq!(lock.matches("status = \"submitted\"").count(), 2, "{lock}");
        for task in setup.service.account().books().tasks {
            assert!(lock.contains(&task), "{lock}");
        }
        setup.run([]).exits(0);
        assert_eq!((setup.submits().len(), setup.charges()), (3, 3), "{signal}");
        setup.batch(["verify"]).exits(0);
    }
}

#[test]
fn the_reply_of_a_submit_that_is_out_is_waited_for() {
    let setup = slow(2, Duration::ZERO, &["submit:delay(600ms)"]);
    let mut running = setup.running(["-j1", "--progress", "json"]).start();
    running.wait_for_stdout("\"submitting\"");
    // The request may be on its way still.
    std::thread::sleep(Duration::from_millis(150));
    running.signal("INT");
    running.end().exits(130);
    let lock = setup.project.read(LOCK);
    assert!(lock.contains(&setup.service.account().books().tasks[0]), "{lock}");
    setup.run(["-j1"]).exits(0);
    assert_eq!((setup.submits().len(), setup.charges()), (2, 2));
}

#[test]
fn the_second_signal_ends_it_at_once_and_still_nothing_is_lost() {
    let setup = slow(2, Duration::ZERO, &["submit:stall(charged)@1"]);
    let mut running = setup.running(["-j1", "--progress", "json"]).start();
    running.wait_for_stdout("\"submitting\"");
    std::thread::sleep(Duration::from_millis(150));
    running.signal("INT");
    std::thread::sleep(Duration::from_millis(150));
    let sent = Instant::now();
    running.signal("TERM");
    running.end().exits(143);
    assert!(sent.elapsed() < SOON, "{:?}", sent.elapsed());
    assert!(setup.project.path("jobs.lock.journal").exists());
    setup.run([]).exits(3);
    assert_eq!(setup.submits().len(), 2, "the first is uncertain, and isn't sent again");
    let status = setup.batch(["status", "--format", "json"]).exits(0).json();
    assert_eq!(
        (&status["jobs"][0]["status"], &status["jobs"][1]["status"]),
        (&"uncertain".into(), &"succeeded".into())
    );
}

#[test]
fn pauses_and_stalls_dont_hold_up_the_end() {
    for (fault, word) in [
        ("submit:429(retry-after=3600s)", "paused for"),
        ("status:stall", "j1 submitted"),
        ("result:stall", "generated"),
        ("download:stall", "generated"),
        ("download:hang(100)", "generated"),
        ("any:503(retry-after=3600s)", "paused for"),
    ] {
        // The second job waits until the service is seen, where the first one got no answer.
        let patient = manifest_of(2).replace("patience: 10ms", "patience: 1d");
        let setup = Setup::new(&patient, &[fault]);
        let mut running = setup.running([]).start();
        running.wait_for_stderr(word);
        let sent = Instant::now();
        running.signal("INT");
        running.end().exits(130);
        assert!(sent.elapsed() < SOON, "{fault}: {:?}", sent.elapsed());
        assert!(!setup.project.path("jobs.lock.journal").exists(), "{fault}");
    }
}

#[test]
fn a_trial_is_interrupted_and_goes_on_in_another_process() {
    let setup = Setup::new(&manifest_of(3), &[]);
    let mut trial = setup.project.batch(["run", "--simulate", "-j2", "--sim-latency", "1s"]).start();
    trial.wait_for_stderr("j2 submitted");
    trial.signal("INT");
    trial.end().exits(130);
    let before = setup.project.read("jobs.sim.lock");
    assert_eq!(before.matches("status = \"submitted\"").count(), 2, "{before}");
    let again = setup.project.batch(["run", "--simulate", "--sim-latency", "1s"]).run().exits(0);
    assert!(again.stderr.contains("1 submit,"), "{again:?}");
    assert_eq!(setup.calls(), 0);
}

#[test]
fn a_simulated_service_ends_by_a_signal() {
    let setup = Setup::new(&manifest_of(1), &[]);
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let mut service = setup.project.batch(["simulate", "--port", "0"]).start();
        let address = service.wait_for_stdout("\n");
        assert!(address.starts_with("http://127.0.0.1:"), "{address}");
        service.signal(signal);
        assert_eq!(service.end().exits(code).stdout, address);
    }
}
