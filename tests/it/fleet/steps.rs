//! A run that is killed, or stopped until others gave it up, at every step that it takes, over each engine.
//!
//! `BATCH_CRASH=long cargo test --test it fleet::steps` takes each step as often as it is reached.

// The figures are the evidence; `--nocapture` shows them.
#![expect(clippy::print_stdout)]

use super::is_long;
use super::site::Site;
use super::team::{Outcome, stops};
use crate::support::lanes;
use crate::support::service::options;
use crate::support::steps::{first_times, reached};
use std::thread;
use std::time::{Duration, Instant};

const JOBS: usize = 4;

/// Budget, doubt and beat. Many of these run at once, and a budget that is over in such a crowd only costs time.
const FENCE: &str = "3000 5000 400";

/// How long others wait before they call an intent uncertain.
const DOUBT: Duration = Duration::from_millis(5000);

/// The steps that the short way takes.
const OF_MONEY: [&str; 11] = [
    "share.intend",
    "share.intended",
    "submit.send",
    "submit.answered",
    "journal.synced",
    "share.tell",
    "share.told",
    "status.answered",
    "download.answered",
    "file.named",
    "journal.remove",
];

/// The steps of those at whose first time, with one generation in flight, no submit is under way.
const WITHOUT_A_SUBMIT: [&str; 4] = ["share.intend", "share.told", "status.answered", "journal.remove"];

/// The steps of a run of a team, each at the times that are tried.
fn steps(site: &Site, in_flight: u32) -> Vec<(String, u32)> {
    let team = site.team(&format!("undisturbed_{in_flight}"), JOBS, 1, options(&[])).fenced(FENCE);
    let (reached, ended) = reached(&team.clones[0], team.batch(0, ["run", "-j", &in_flight.to_string()]));
    ended.exits(0);
    for step in OF_MONEY {
        assert!(reached.contains_key(step), "{step} is never reached: {reached:?}");
    }
    let mut steps = first_times(&reached, if is_long() { 12 } else { 1 });
    steps.retain(|(step, _)| is_long() || OF_MONEY.contains(&&**step));
    steps
}

fn killed(site: &Site, in_flight: u32, step: &str, time: u32) -> Option<Outcome> {
    let context = format!("killed at {step} {time}, {in_flight} in flight");
    let ledger = format!("killed_{}_{time}_{in_flight}", step.replace('.', "_"));
    let team = site.team(&ledger, JOBS, 3, options(&[])).fenced(FENCE);
    let first = team.batch(0, ["run", "-j", &in_flight.to_string()]);
    // How often a step is reached depends on how things fall together.
    first.env("BATCH_FAULT", &format!("kill {step} {time}")).run().killed_by()?;
    // Another machine, which has nothing of the first one's disk.
    let code = team.run(1).code();
    assert!([0, 3].contains(&code), "{context}: exit {code}");
    team.paid_once(&context);
    // The first one comes back: what its journal has is known then.
    let code = team.run(0).code();
    assert!([0, 3].contains(&code), "{context}: exit {code}");
    let outcome = team.outcome(2, &context);
    let under_way = if in_flight == 1 && time == 1 && WITHOUT_A_SUBMIT.contains(&step) { 0 } else { in_flight };
    assert!(outcome.uncertain <= u64::from(under_way), "{context}: {} are uncertain", outcome.uncertain);
    Some(outcome)
}

fn stopped(site: &Site, in_flight: u32, step: &str, time: u32) -> Option<Outcome> {
    let context = format!("stopped at {step} {time}, {in_flight} in flight");
    let ledger = format!("stopped_{}_{time}_{in_flight}", step.replace('.', "_"));
    let team = site.team(&ledger, JOBS, 3, options(&[])).fenced(FENCE);
    let first = team.batch(0, ["run", "-j", &in_flight.to_string()]);
    let asleep = first.env("BATCH_FAULT", &format!("stop {step} {time}")).start();
    if !stops(&asleep) {
        return None;
    }
    let since = Instant::now();
    let code = team.run(1).code();
    assert!([0, 3].contains(&code), "{context}: the other one: exit {code}");
    team.paid_once(&context);
    thread::sleep(DOUBT.saturating_sub(since.elapsed()));
    asleep.signal("CONT");
    let woken = asleep.end();
    assert_eq!(woken.code(), 0, "{context}: {woken:?}");
    // Each brings what the other one bought.
    for clone in [1, 0] {
        team.run(clone).exits(0);
    }
    let outcome = team.outcome(2, &context);
    // It knows what became of each of its own submits.
    assert_eq!((outcome.charges, outcome.uncertain), (JOBS as u64, 0), "{context}");
    for clone in 0..2 {
        assert_eq!(team.clones[clone].files("out").len(), JOBS, "{context}");
    }
    Some(outcome)
}

/// Disturbs a run at each step, over each engine, and tells what it cost.
fn at_each_step(what: &str, disturbed: fn(&Site, u32, &str, u32) -> Option<Outcome>) {
    let in_flight = if is_long() { &[1, 4][..] } else { &[1] };
    let at_once = if is_long() { 1 } else { 3 };
    lanes::each_of(at_once, Site::all(), |(name, site)| {
        for in_flight in in_flight {
            let steps = steps(&site, *in_flight);
            let all = steps.len();
            let outcomes = lanes::each(steps, |(step, time)| disturbed(&site, *in_flight, &step, time));
            let outcomes: Vec<Outcome> = outcomes.into_iter().flatten().collect();
            assert!(4 * outcomes.len() >= 3 * all, "{name}: {} of {all} steps", outcomes.len());
            println!(
                "{name}: {JOBS} jobs, {in_flight} in flight, {what} at {} steps in turn, then others: {} charges, none twice; {} submits uncertain",
                outcomes.len(),
                outcomes.iter().map(|outcome| outcome.charges).sum::<u64>(),
                outcomes.iter().map(|outcome| outcome.uncertain).sum::<u64>(),
            );
        }
    });
}

#[test]
fn a_run_that_is_killed_at_any_step_costs_nothing_twice() {
    at_each_step("killed", killed);
}

#[test]
fn a_run_that_is_stopped_at_any_step_costs_nothing_twice_when_it_wakes() {
    at_each_step("stopped until others gave it up", stopped);
}
