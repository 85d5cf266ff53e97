//! A service that is away is waited for as one, and the run goes on when it is back.

use super::bench::{Bench, end, gaps};
use crate::support::service::{options, simulator};
use batch::simulate::{Call, Latency, Options, Simulator};
use std::time::Duration;

/// A simulator on the port that another one had a moment ago.
fn again(port: u16, options: Options) -> batch::simulate::Running {
    Simulator::spawn_thread(Options { port, ..options }).unwrap()
}

/// A proxy says 503 to all: one job is uncertain, the service is looked for, and the others are paid once each when it is there.
#[test]
fn a_way_that_says_503_to_all_costs_one_uncertain_job() {
    let jobs = ["walk", "trot", "amble", "run", "jump", "swim"];
    let bench = Bench::with(options(&["any:503@1-4"]), "concurrency: 6", &jobs);
    let ran = bench.run().exits(3);
    let submits = bench.requests(Call::Submit);
    assert_eq!((bench.account().charges(), submits.len()), (5, 6), "{ran:?}");
    // Three looks in vain, with pauses of half of what the doubling gives, at least.
    assert!(gaps(&submits)[0] >= 0.24 + 0.49 + 0.9, "{:?}", gaps(&submits));
    assert_eq!(bench.job("walk")["status"], "uncertain", "{ran:?}");
    for job in &jobs[1..] {
        assert_eq!(bench.job(job)["status"], "succeeded", "{ran:?}");
    }
    assert_eq!(bench.account().books().charges_by_prompt.values().max(), Some(&1));
}

/// A proxy that loses every answer: three jobs wait for a person, not as many as there are slots.
#[test]
fn a_way_that_loses_every_answer_makes_three_jobs_uncertain() {
    let jobs: Vec<String> = (0..40).map(|n| format!("job-{n}")).collect();
    let jobs: Vec<&str> = jobs.iter().map(String::as_str).collect();
    let bench = Bench::with(options(&["submit:502(html,charged)"]), "concurrency: 40", &jobs);
    let ran = bench.run().exits(4);
    assert_eq!((bench.account().charges(), bench.account().calls(Call::Submit)), (3, 3), "{ran:?}");
    assert!(ran.stderr.contains("three submits in a row got no usable reply"), "{ran:?}");
}

/// What is paid comes home in the run that has no money left.
#[test]
fn an_empty_account_stops_submits_and_not_the_fetching() {
    let slow = Options { latency: Latency::fixed(Duration::from_millis(400)), ..options(&["submit:402(envelope)@3-"]) };
    let bench = Bench::with(slow, "concurrency: 3", &["walk", "trot", "amble", "run", "jump", "swim"]);
    let ran = bench.run().exits(4);
    assert_eq!(bench.account().charges(), 2, "{ran:?}");
    // Once the first is taken, two go out together: which of them arrives first is the network's.
    let jobs = ["walk", "trot", "amble", "run", "jump", "swim"].map(|job| bench.job(job)["status"].clone());
    let of = |status: &str| jobs.iter().filter(|found| *found == status).count();
    assert_eq!((&jobs[0], of("succeeded"), of("new")), (&"succeeded".into(), 2, 4), "{ran:?}");
    assert!(ran.stderr.contains("code 402") && ran.stderr.contains("balance"), "{ran:?}");
}

/// The service is gone in the middle of a generation and comes back: the run waits, polls on, and pays nothing more.
#[test]
fn a_service_that_is_down_for_a_while_is_waited_for() {
    let slow = || Options { latency: Latency::fixed(Duration::from_millis(900)), ..options(&[]) };
    let Bench { project, simulator } = Bench::with(slow(), "patience: 20s", &["walk", "trot"]);
    let (port, before) = (simulator.address().port(), simulator.account());
    let mut run = project.batch(["run", "--progress", "json"]).against(&simulator.base_url()).start();
    run.wait_for_stdout("polled");
    drop(simulator);
    run.wait_for_stdout("throttled");
    std::thread::sleep(Duration::from_millis(300));
    let simulator = again(port, slow());
    let ran = run.end().exits(0);
    let after = simulator.account();
    assert_eq!((before.charges(), after.charges()), (2, 0), "{ran:?}");
    assert_eq!((before.calls(Call::Submit), after.calls(Call::Submit)), (2, 0), "{ran:?}");
    let bench = Bench { project, simulator };
    for job in ["walk", "trot"] {
        assert_eq!(bench.job(job)["status"], "succeeded", "{ran:?}");
    }
}

/// The service isn't there when the run begins: nothing was sent, so nothing is uncertain, and it starts when it is there.
#[test]
fn a_service_that_comes_late_is_waited_for() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let Bench { project, simulator } = Bench::with(options(&[]), "patience: 20s", &["walk", "trot"]);
    drop(simulator);
    let mut run = project.batch(["run", "--progress", "json"]).against(&format!("http://127.0.0.1:{port}")).start();
    run.wait_for_stdout("throttled");
    let bench = Bench { project, simulator: again(port, options(&[])) };
    let ran = run.end().exits(0);
    assert_eq!((bench.account().charges(), bench.account().calls(Call::Submit)), (2, 2), "{ran:?}");
}

/// Patience ends: exit code 4, what is paid is on the record, and the next run fetches it.
#[test]
fn patience_ends_and_nothing_is_lost() {
    let slow = Options { latency: Latency::fixed(Duration::from_millis(300)), ..options(&[]) };
    let Bench { project, simulator } = Bench::with(slow, "patience: 600ms", &["walk"]);
    let (port, account) = (simulator.address().port(), simulator.account());
    let mut run = project.batch(["run", "--progress", "json"]).against(&simulator.base_url()).start();
    run.wait_for_stdout("polled");
    drop(simulator);
    let ran = run.end().exits(4);
    assert!(ran.stderr.contains("can't be reached"), "{ran:?}");
    let bench = Bench { project, simulator: again(port, options(&[])) };
    assert_eq!(bench.job("walk")["status"], "submitted", "{ran:?}");
    let ran = bench.run();
    assert_eq!(bench.end(&ran), end(0, "succeeded", 0, 0), "{ran:?}");
    assert_eq!(account.charges(), 1);
}

/// A time to come back: nobody asks earlier, measured where the requests arrive.
#[test]
fn a_time_to_come_back_is_kept() {
    // At a 429 the rate halves too: one submit in the last second makes one in two.
    for (fault, most) in [("submit:429(retry-after=1s)@1", 2.8), ("submit:503(envelope,retry-after=1s)@1", 1.8)] {
        let bench = Bench::with(options(&[fault]), "concurrency: 1", &["walk"]);
        let ran = bench.run();
        assert_eq!(bench.end(&ran), end(0, "succeeded", 1, 2), "{ran:?}");
        let gaps = gaps(&bench.requests(Call::Submit));
        assert!((1.0..most).contains(&gaps[0]), "{gaps:?}");
    }
}

/// A storage elsewhere that is down concerns its videos alone: other jobs are submitted meanwhile.
#[test]
fn a_storage_that_is_down_does_not_stop_submits() {
    let storage = simulator(&[]).address();
    let fault = format!("result:set(urls=[\"http://{storage}/1.mp4\"])@1-2");
    let bench = Bench::with(options(&[&fault]), "concurrency: 1", &["walk", "trot", "run"]);
    let mut run = bench.project.batch(["run", "--progress", "json"]).against(&bench.simulator.base_url()).start();
    run.wait_for_stdout("\"event\":\"retrying\"");
    // Its videos are tried again for a minute; the others don't wait for that.
    let said = run.wait_for_stdout("\"job\":\"run\",\"outputs\"");
    assert!(!said.contains("run_finished"), "{said}");
    run.signal("INT");
    run.end().exits(130);
    assert_eq!(bench.account().charges(), 3);
}
