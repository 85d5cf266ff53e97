//! What the runs of one ledger spend together: never more than the smallest `--max-cost`.

// The figures are the evidence; `--nocapture` shows them.
#![expect(clippy::print_stdout)]

use super::site::Site;
use super::team::Team;
use crate::support::lanes;
use crate::support::program::{Ended, Started};
use crate::support::service::options;
use batch::simulate::{Latency, Options};
use std::time::Duration;

/// Four runs at once on many jobs of price 1, which may cost 10 together.
fn race(team: &Team, engine: &str) {
    let run = |clone| team.batch(clone, ["run", "-j", "8", "--max-cost", "10"]).start();
    let runs: Vec<Started> = (0..4).map(run).collect();
    let ended: Vec<Ended> = runs.into_iter().map(|run| run.end().exits(0)).collect();
    println!("{engine}: 4 runs at once on 40 jobs of price 1 with --max-cost 10: {} charges", team.charges());
    assert_eq!(team.charges(), 10, "{ended:?}");
    team.paid_once(engine);
    // What was bought before counts for whoever comes later.
    team.batch(0, ["run", "--max-cost", "10"]).run().exits(0);
    assert_eq!(team.charges(), 10);
    team.batch(1, ["run", "--max-cost", "12"]).run().exits(0);
    assert_eq!(team.charges(), 12);
}

fn fast(jobs: usize, clones: usize, faults: &[&str]) -> Team {
    Team::new(jobs, clones, Options { latency: Latency::fixed(Duration::from_millis(20)), ..options(faults) }).priced()
}

#[test]
fn four_runs_that_race_spend_exactly_what_they_may() {
    let latency = Latency::fixed(Duration::from_millis(20));
    let options = || Options { latency, ..options(&[]) };
    lanes::each(Site::all(), |(engine, site)| race(&site.team("money", 40, 4, options()).priced(), engine));
}

#[test]
fn what_a_killed_run_reserved_is_free_again_once_it_can_submit_nothing() {
    for (point, is_lost) in [
        ("share.reserve 2", false),
        ("share.reserved 2", false),
        ("share.intend 2", false),
        ("share.intended 2", true),
        ("submit.send 2", true),
        ("submit.answered 2", true),
        ("share.told 1", false),
    ] {
        let team = fast(8, 2, &[]);
        let ended =
            team.batch(0, ["run", "-j", "1", "--max-cost", "3"]).env("BATCH_FAULT", &format!("kill {point}")).run();
        assert_eq!(ended.killed_by(), Some(9), "{point} is never reached: {ended:?}");
        let code = team.batch(1, ["run", "--max-cost", "3"]).run().code();
        assert!(code == 0 || (code == 3 && is_lost), "{point}: exit {code}");
        let status = team.batch(1, ["status", "--format", "json"]).run().exits(0).json();
        let uncertain = status["summary"]["uncertain"].as_u64().unwrap_or(0);
        // A submit that may have arrived counts as one that did.
        let paid = team.charges() + u64::from(is_lost && point != "submit.answered 2") * uncertain;
        println!(
            "8 jobs of price 1, --max-cost 3, killed at {point}: {} charges, {uncertain} uncertain",
            team.charges()
        );
        assert_eq!(paid, 3, "{point}: {status}");
        team.paid_once(point);
    }
}

#[test]
fn what_the_service_gives_back_is_spent_again() {
    let team = fast(6, 2, &["submit:fail@1-2"]);
    let ended = team.batch(0, ["run", "-j", "1", "--max-cost", "3"]).run().exits(1);
    assert_eq!(team.charges(), 5, "{ended:?}");
    let plan = team.batch(1, ["plan", "--max-cost", "4", "--format", "json"]).run().exits(0).json();
    let jobs = plan["jobs"].as_array().unwrap();
    assert_eq!(jobs.iter().filter(|job| job["action"] == "submit").count(), 1, "{plan}");
    assert!(jobs.iter().any(|job| job["reason"] == "max-cost"), "{plan}");
    let refused = team.batch(1, ["run", "--max-cost", "3"]).run().exits(0);
    assert!(refused.stderr.contains("3 of it is spent"), "{refused:?}");
    assert_eq!(team.charges(), 5);
    team.batch(1, ["run", "--max-cost", "4"]).run().exits(0);
    assert_eq!(team.charges(), 6);
}
