//! A storm of SIGKILLs: the same run, killed again and again at any time, and finished in the end.

use super::scenario::Scenario;
use crate::support::lanes;
use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

/// Jobs of each kind; with six kinds, 30 jobs.
const ROUNDS: usize = 5;

/// What came of a storm.
struct Weathered {
    kills: usize,
    charges: u64,
    uncertain: usize,
}

#[test]
fn a_run_that_is_killed_again_and_again_pays_once() {
    let (storms, kills) = if super::long() { (40, 16) } else { (8, 10) };
    let started = Instant::now();
    let weathered = lanes::each((0..storms).collect(), |seed| storm(seed, kills));
    let sum = |count: fn(&Weathered) -> usize| weathered.iter().map(count).sum::<usize>();
    println!(
        "{} SIGKILLs in {storms} storms over 30 jobs each, in {:.0} s: {} charges, none twice; {} submits uncertain, each cut off between intent and answer",
        sum(|w| w.kills),
        started.elapsed().as_secs_f64(),
        weathered.iter().map(|w| w.charges).sum::<u64>(),
        sum(|w| w.uncertain),
    );
}

fn storm(seed: u64, kills: usize) -> Weathered {
    let scenario = Scenario::hesitant(ROUNDS);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut open = BTreeSet::new();
    let mut killed = 0;
    for _ in 0..kills {
        let run = scenario.run().start();
        // Some die while they start, some while they submit, some while they fetch.
        thread::sleep(Duration::from_millis(random.u64(20..900)));
        run.signal("KILL");
        let ended = run.end();
        if ended.killed_by() != Some(9) {
            // It was done before.
            break;
        }
        killed += 1;
        open.extend(scenario.journal().open());
        for (id, charges) in scenario.charges() {
            assert!(charges <= 1, "storm {seed}, kill {killed}: {id} is paid for twice");
        }
    }
    scenario.finish(&open, &format!("storm {seed} after {killed} kills"));
    Weathered { kills: killed, charges: scenario.books().charges, uncertain: open.len() }
}
