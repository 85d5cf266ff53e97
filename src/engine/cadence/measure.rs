//! Costs and gains of the cadence: polls per job, and the delay in noticing ends, compared with a poll every ten seconds.
//!
//! `cargo test --lib cadence::measure -- --nocapture` prints the table. Time is counted, not waited for.
#![expect(clippy::print_stdout, reason = "figures are what this test is for")]

use super::*;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

const INTERVAL: f64 = 10.0;

/// Number of runs averaged for each figure.
const SEEDS: u64 = 8;

/// The duration of a generation, in seconds.
pub(in crate::engine) type Durations = fn(&mut fastrand::Rng) -> f64;

/// The pause before the next poll, from a job's age and a random number.
type Pause<'a> = dyn Fn(f64, f64) -> f64 + 'a;

/// The measurements of a run.
#[derive(Clone, Copy, Default)]
struct Seen {
    polls_per_job: f64,
    /// Mean seconds from a job's end to its detection.
    lag: f64,
}

/// Returns a standard normal variable (Box and Muller).
fn normal(random: &mut fastrand::Rng) -> f64 {
    (-2.0 * (1.0 - random.f64()).ln()).sqrt() * (std::f64::consts::TAU * random.f64()).cos()
}

/// Returns a log-normal duration, between 60 s and 180 s, around 104 s.
pub(in crate::engine) fn log_normal(random: &mut fastrand::Rng) -> f64 {
    loop {
        let seconds = (104_f64.ln() + 0.275 * normal(random)).exp();
        if (60.0..=180.0).contains(&seconds) {
            return seconds;
        }
    }
}

/// Returns a duration around 70 s for half of the jobs, around 165 s for the others.
pub(in crate::engine) fn bimodal(random: &mut fastrand::Rng) -> f64 {
    if random.bool() { 70.0 + 4.0 * normal(random) } else { 165.0 + 8.0 * normal(random) }
}

/// Processes `jobs`, `wide` at a time. `noticed` is called with the age of the poll before the last one, and of the last.
fn work(
    durations: Durations,
    (wide, jobs): (usize, usize),
    seed: u64,
    pause: &Pause<'_>,
    noticed: &dyn Fn(f64, f64, [f64; 2]),
) -> Seen {
    let random = &mut fastrand::Rng::with_seed(seed);
    // In milliseconds, so that it can be ordered: the time of the next poll, and its job.
    let mut next = BinaryHeap::new();
    let mut running = Vec::new();
    let (mut polls, mut lag) = (0, 0.0);
    let at = |seconds: f64| (seconds * 1000.0) as u64;
    for _ in 0..wide {
        next.push(Reverse((at(pause(0.0, random.f64())), running.len())));
        running.push((0, durations(random), 0.0));
    }
    while let Some(Reverse((now, job))) = next.pop() {
        polls += 1;
        let (started, takes, before): (u64, f64, f64) = running[job];
        let age = (now - started) as f64 / 1000.0;
        if age < takes {
            running[job].2 = age;
            next.push(Reverse((now + at(pause(age, random.f64())), job)));
            continue;
        }
        lag += age - takes;
        noticed(before, age, [random.f64(), random.f64()]);
        if running.len() < jobs {
            next.push(Reverse((now + at(pause(0.0, random.f64())), running.len())));
            running.push((now, durations(random), 0.0));
        }
    }
    Seen { polls_per_job: f64::from(polls) / jobs as f64, lag: lag / jobs as f64 }
}

/// Returns the means over all seeds: with a fixed interval, and with the cadence.
fn compare(durations: Durations, size: (usize, usize)) -> [Seen; 2] {
    let mut sums = [Seen::default(); 2];
    for seed in 0..SEEDS {
        let fixed = work(durations, size, seed, &|_, random| INTERVAL * (0.9 + 0.2 * random), &|_, _, _| {});
        let cadence = Cadence::new(Duration::from_secs_f64(INTERVAL));
        let seconds = Duration::from_secs_f64;
        let learnt = work(
            durations,
            size,
            seed,
            &|age, random| cadence.pause(seconds(age), random).as_secs_f64(),
            &|running, finished, random| cadence.learn(seconds(running), seconds(finished), random),
        );
        for (sum, seen) in sums.iter_mut().zip([fixed, learnt]) {
            sum.polls_per_job += seen.polls_per_job / SEEDS as f64;
            sum.lag += seen.lag / SEEDS as f64;
        }
    }
    sums
}

#[test]
fn half_the_polls_notice_ends_no_later() {
    println!("durations    wide    jobs   polls/job: 10 s, learnt    mean lag: 10 s, learnt");
    let distributions: [(&str, Durations); 2] = [("log-normal", log_normal), ("bimodal", bimodal)];
    for (name, durations) in distributions {
        for (wide, jobs) in [(1, 400), (16, 2000), (256, 8000)] {
            let [fixed, learnt] = compare(durations, (wide, jobs));
            println!(
                "{name:10} {wide:6} {jobs:7} {:16.2} {:7.2} {:17.2} s {:5.2} s",
                fixed.polls_per_job, learnt.polls_per_job, fixed.lag, learnt.lag
            );
            assert!(learnt.polls_per_job <= 0.5 * fixed.polls_per_job, "{name}, {wide} wide: polls");
            assert!(learnt.lag <= fixed.lag, "{name}, {wide} wide: lag");
        }
    }
}
