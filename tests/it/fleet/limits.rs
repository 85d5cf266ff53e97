//! What the runs of one ledger share while they are on: that they are alive, slots, a pause, and money.

use super::team::{Team, until_stopped};
use crate::support::service::options;
use batch::simulate::{Latency, Options};
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
