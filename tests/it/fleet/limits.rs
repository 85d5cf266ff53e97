//! What the runs of one ledger share while they are on: that they are alive, slots, a pause, and money.

// The figures are the evidence; `--nocapture` shows them.
#![expect(clippy::print_stdout)]

use super::site::Site;
use super::team::{Team, until_stopped};
use crate::formats::conforms;
use crate::support::lanes;
use crate::support::program::{Ended, Started};
use crate::support::service::options;
use batch::simulate::{Call, Latency, Options};
use serde_json::Value;
use std::time::Duration;

/// A team whose generations take so long, on a service with these faults.
fn slow(jobs: usize, clones: usize, latency: Duration, faults: &[&str]) -> Team {
    Team::new(jobs, clones, Options { latency: Latency::fixed(latency), ..options(faults) })
}

#[test]
fn a_run_is_alive_while_its_heartbeat_moves() {
    let team = slow(1, 2, Duration::from_secs(60), &[]);
    let mut run = team.batch(0, ["run", "--progress", "plain"]).start();
    run.wait_for_stderr("submitted");
    let who = format!("alive: process {} on ", run.id());
    let checked = team.batch(1, ["ledger", "check"]).run().exits(0);
    assert!(checked.stdout.contains(&who), "{checked:?}");
    run.signal("STOP");
    until_stopped(&run);
    let checked = team.batch(1, ["ledger", "check"]).run().exits(0);
    assert!(checked.stdout.contains("no run is alive"), "{checked:?}");
    run.signal("CONT");
    let checked = team.batch(1, ["ledger", "check"]).run().exits(0);
    assert!(checked.stdout.contains(&who), "{checked:?}");
    run.signal("INT");
    run.end();
    // It said itself that it has ended.
    let checked = team.batch(1, ["ledger", "check"]).env("BATCH_FENCE", "400 900 600000").run().exits(0);
    assert!(checked.stdout.contains("no run is alive"), "{checked:?}");
}

#[test]
fn a_person_is_refused_while_the_run_that_submitted_is_alive() {
    let team = slow(2, 2, Duration::from_secs(60), &["submit:reset@1"]);
    let mut run = team.batch(0, ["run", "-j", "1", "--progress", "plain"]).start();
    run.wait_for_stderr("submitted");
    let resolve = || team.batch(1, ["resolve", "jobs.yaml", "j1", "--resubmit"]).run();
    let refused = resolve().exits(2);
    let who = format!("is at it still: process {} on ", run.id());
    assert!(refused.stderr.contains(&who), "{refused:?}");
    run.signal("KILL");
    run.end();
    resolve().exits(0);
}

/// How many jobs a run bought itself, by its events.
fn bought(run: &Ended) -> usize {
    run.json_lines().iter().filter(|event| event["event"] == "submitted").count()
}

/// A heartbeat a second, so that none that a busy store holds up for a moment lets its run look gone.
const STEADY: &str = "6000 9000 1000";

fn three_keep_to_the_fleets_concurrency(engine: &str, site: &Site) {
    let options = Options { latency: Latency::fixed(Duration::from_millis(1500)), ..options(&[]) };
    let team = site.team("slots", 21, 3, options).set("fleet_concurrency: 5").fenced(STEADY);
    let run = |clone| team.batch(clone, ["run", "-j", "8", "--progress", "json"]).start();
    let runs: Vec<Started> = (0..3).map(run).collect();
    let ended: Vec<Ended> = runs.into_iter().map(|run| run.end().exits(0)).collect();
    let most = team.service.account().books().most_in_flight;
    let each: Vec<usize> = ended.iter().map(bought).collect();
    println!(
        "{engine}: 3 runs of 8 at a time with fleet_concurrency 5: {most} in flight at most; they bought {each:?}"
    );
    assert_eq!((most, team.charges()), (5, 21));
    assert!(each.iter().all(|bought| *bought > 0), "{each:?}");
    let held = |run: &Ended| run.json_lines().iter().any(|event| event["bound"] == "run.fleet_concurrency");
    assert!(ended.iter().any(held), "{ended:?}");
    ended[0].json_lines().iter().for_each(|event| conforms(&team.clones[0], "events", event));
}

#[test]
fn three_runs_together_keep_to_the_fleets_concurrency() {
    lanes::each(Site::all(), |(engine, site)| three_keep_to_the_fleets_concurrency(engine, &site));
}

#[test]
fn slots_of_a_run_that_dies_go_to_the_others() {
    let team = slow(16, 2, Duration::from_secs(1), &[]).set("fleet_concurrency: 4");
    let mut dies = team.batch(0, ["run", "--progress", "plain"]).start();
    dies.wait_for_stderr("submitted");
    let goes_on = team.batch(1, ["run", "--progress", "json"]).start();
    std::thread::sleep(Duration::from_millis(1500));
    dies.signal("KILL");
    dies.end();
    let ended = goes_on.end();
    assert!([0, 3].contains(&ended.code()), "{ended:?}");
    let most = team.service.account().books().most_in_flight;
    println!("one of 2 runs with fleet_concurrency 4 dies: {most} in flight at most");
    assert!((4..=8).contains(&most), "{most}");
    assert!(bought(&ended) > 4 && team.charges() >= 15, "{ended:?}");
    team.paid_once("after one died");
}

fn one_slows_all(engine: &str, site: &Site) {
    let faults = options(&["submit:429(envelope,retry-after=6s)@12"]);
    let options = Options { latency: Latency::fixed(Duration::from_millis(300)), ..faults };
    let team = site.team("pause", 48, 3, options).set("patience: 60s");
    let runs: Vec<Started> = (0..3).map(|clone| team.batch(clone, ["run", "--progress", "json"]).start()).collect();
    let ended: Vec<Ended> = runs.into_iter().map(|run| run.end().exits(0)).collect();
    let requests = team.service.account().requests();
    let submits: Vec<_> = requests.iter().filter(|request| request.call == Some(Call::Submit)).collect();
    let after = |n: usize| submits[n].at.duration_since(submits[11].at).as_secs_f64();
    let quiet: Vec<f64> = (12..submits.len()).map(after).collect();
    println!("{engine}: 3 runs, one is told to wait for 6 s: submits follow after {quiet:.1?} s");
    assert!(quiet.iter().all(|after| *after < 4.0 || *after > 5.9), "{quiet:?}");
    let told = |run: &Ended| {
        let is_it = |event: &Value| event["message"].as_str().is_some_and(|text| text.starts_with("another run of"));
        run.json_lines().iter().any(is_it)
    };
    assert_eq!(ended.iter().filter(|run| told(run)).count(), 2, "{ended:?}");
    assert_eq!(team.charges(), 48);
}

#[test]
fn a_request_to_slow_down_that_one_run_sees_slows_all() {
    lanes::each(Site::all(), |(engine, site)| one_slows_all(engine, &site));
}
