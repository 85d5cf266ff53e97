//! When to ask next how a job stands: learnt from how long this run's jobs took.

use std::ops::RangeInclusive;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Jobs that must have been seen before anything is concluded from them.
const ENOUGH: usize = 8;

/// Durations that are kept; with more, a random one gives way.
const KEPT: usize = 512;

/// How many intervals late, on average over the jobs that are still running, one pause may make the notice of their end.
///
/// So chosen that jobs are noticed about as late as if all were polled every interval, with half the polls (`measure.rs`).
const LATENESS: f64 = 0.10;

/// The shortest and the longest pause, in intervals.
const PAUSES: RangeInclusive<f64> = 0.7..=30.0;

/// How far a pause is spread, in intervals: not a share of the pause, for a long one ends where jobs are known to end.
const SPREAD: f64 = 0.2;

/// The pauses between polls of a job.
///
/// Until enough jobs have finished, every pause is the poll interval. Then a pause grows as long as the jobs seen so far
/// say that it costs little: it is the longest one in which a job of this age would, on average, wait no longer than
/// a small part of the interval to be noticed. Before the first jobs usually finish, and between two bumps of a
/// distribution, that is long; where jobs finish, it is short.
#[derive(Debug)]
pub(super) struct Cadence {
    interval: Duration,
    /// Seconds from submit to finished, sorted.
    seen: Mutex<Vec<f64>>,
}

impl Cadence {
    /// A cadence that knows nothing yet.
    pub(super) fn new(interval: Duration) -> Cadence {
        Cadence { interval, seen: Mutex::new(Vec::new()) }
    }

    /// Takes note of a job that was still running at the age `running` and finished at the age `finished`.
    ///
    /// It is taken to have ended halfway: with the age at which it was noticed, each pause would make the next ones
    /// longer, and later and later. `random` (0..1) chooses which earlier job is forgotten when there are many.
    pub(super) fn learn(&self, running: Duration, finished: Duration, random: f64) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() == KEPT {
            seen.remove(index(random, KEPT));
        }
        let took = (running + finished).as_secs_f64() / 2.0;
        let place = seen.partition_point(|&other| other < took);
        seen.insert(place, took);
    }

    /// The pause before a job of this `age` is asked for again; `random` (0..1) spreads jobs that started together.
    pub(super) fn pause(&self, age: Duration, random: f64) -> Duration {
        let interval = self.interval.as_secs_f64();
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let later = &seen[seen.partition_point(|&took| took <= age.as_secs_f64())..];
        let intervals = if seen.len() < ENOUGH || later.is_empty() {
            1.0
        } else {
            longest_cheap(later, age.as_secs_f64(), interval).clamp(*PAUSES.start(), *PAUSES.end())
        };
        Duration::from_secs_f64(interval * (intervals + SPREAD * (random - 0.5)))
    }
}

/// The longest pause, in intervals, after which jobs that end at `ends` are noticed no more than [`LATENESS`] late on average.
fn longest_cheap(ends: &[f64], age: f64, interval: f64) -> f64 {
    let budget = LATENESS * interval * ends.len() as f64;
    // A pause until `at` makes each of the ends before it late by the time from there to `at`: the sum is piecewise
    // linear in `at`, with a slope of how many ended.
    let mut late = 0.0;
    for (ended, pair) in ends.windows(2).enumerate() {
        let slope = (ended + 1) as f64;
        let step = (pair[1] - pair[0]) * slope;
        if late + step > budget {
            return (pair[0] + (budget - late) / slope - age) / interval;
        }
        late += step;
    }
    let last = ends[ends.len() - 1];
    (last + (budget - late) / ends.len() as f64 - age) / interval
}

fn index(random: f64, length: usize) -> usize {
    // Truncation is what is wanted: a uniform index.
    ((random * length as f64) as usize).min(length - 1)
}

#[cfg(test)]
mod measure;

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(10);

    fn seconds(n: f64) -> Duration {
        Duration::from_secs_f64(n)
    }

    #[test]
    fn pauses_are_the_interval_until_something_is_learnt() {
        let cadence = Cadence::new(INTERVAL);
        assert_eq!(cadence.pause(seconds(0.0), 0.5), INTERVAL);
        for _ in 0..ENOUGH - 1 {
            cadence.learn(seconds(100.0), seconds(100.0), 0.5);
        }
        assert_eq!(cadence.pause(seconds(0.0), 0.5), INTERVAL);
        cadence.learn(seconds(100.0), seconds(100.0), 0.5);
        let first = cadence.pause(seconds(0.0), 0.5);
        assert!((seconds(100.0)..seconds(102.0)).contains(&first), "{first:?}");
        assert_eq!(cadence.pause(seconds(101.0), 0.5), INTERVAL, "older than any job seen");
    }

    #[test]
    fn a_gap_between_two_bumps_is_slept_through() {
        let cadence = Cadence::new(INTERVAL);
        for i in 0..50 {
            cadence.learn(seconds(60.0 + f64::from(i) / 5.0), seconds(60.0 + f64::from(i) / 5.0), 0.5);
            cadence.learn(seconds(200.0 + f64::from(i) / 5.0), seconds(200.0 + f64::from(i) / 5.0), 0.5);
        }
        let between = cadence.pause(seconds(75.0), 0.5);
        assert!((seconds(125.0)..seconds(135.0)).contains(&between), "{between:?}");
        let within = cadence.pause(seconds(62.0), 0.5);
        assert!(within < INTERVAL, "{within:?}");
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let cadence = Cadence::new(INTERVAL);
        for i in 0..5000_u32 {
            cadence.learn(seconds(0.0), seconds(f64::from(i % 997)), f64::from(i % 89) / 89.0);
        }
        assert_eq!(cadence.seen.lock().unwrap().len(), KEPT);
    }
}
