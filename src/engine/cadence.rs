//! The polling schedule, learnt from the durations of this run's jobs.

use std::ops::RangeInclusive;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Number of finished jobs needed before anything is concluded from them.
const ENOUGH: usize = 8;

/// Number of durations kept; beyond it, a random one is replaced.
const KEPT: usize = 512;

/// Delay in noticing the end of a job that one pause may cause, in intervals, on average over the jobs still running.
///
/// Chosen so that jobs are noticed about as late as if all were polled every interval, with half the polls (`measure.rs`).
const LATENESS: f64 = 0.09;

/// The weight of the assumption that a job ended at any time between two polls, against each duration that says more.
const FRESH: f64 = 16.0;

/// The shortest and the longest pause, in intervals.
const PAUSES: RangeInclusive<f64> = 0.7..=30.0;

/// Random spread of a pause, in intervals: not a share of the pause, since a long one ends when jobs are known to end.
const SPREAD: f64 = 0.2;

/// The pauses between polls of a job.
///
/// Until enough jobs have finished, every pause is the poll interval. Then a pause grows as long as the durations so
/// far show that it costs little: it is the longest one after which the end of a job of this age would, on average, be
/// noticed no later than a small part of the interval. Before the first jobs usually finish, and between two peaks of a
/// distribution, that is long; when jobs usually finish, it is short.
#[derive(Debug)]
pub(super) struct Cadence {
    interval: Duration,
    /// Seconds from submit to end, sorted.
    seen: Mutex<Vec<f64>>,
}

impl Cadence {
    /// Creates a schedule without any durations.
    pub(super) fn new(interval: Duration) -> Cadence {
        Cadence { interval, seen: Mutex::new(Vec::new()) }
    }

    /// Records a job that was still running at the age `running` and finished at the age `finished`.
    ///
    /// It is assumed to have ended when others did between the two ages, or at any time between: with the age at which it
    /// was noticed, each pause would make the next ones longer and longer. `random` (0..1 each) chooses that time, and
    /// the earlier job to forget when there are many.
    pub(super) fn learn(&self, running: Duration, finished: Duration, random: [f64; 2]) {
        let mut seen = self.seen();
        if seen.len() == KEPT {
            seen.remove(index(random[0], KEPT));
        }
        let took = end(&seen, running.as_secs_f64(), finished.as_secs_f64(), random[1]);
        let place = seen.partition_point(|&other| other < took);
        seen.insert(place, took);
    }

    /// Returns the seconds for which a job of this `age`, which was seen running at the age `running`, has been finished
    /// without anybody noticing, on average over what the durations so far make of it.
    ///
    /// Where they say nothing of it, the longer it has run, the longer it is taken to run on.
    pub(super) fn unnoticed(&self, running: Duration, age: Duration) -> f64 {
        let (running, age) = (running.as_secs_f64(), age.as_secs_f64());
        let seen = self.seen();
        let later = &seen[seen.partition_point(|&took| took <= running)..];
        if seen.len() < ENOUGH || later.is_empty() {
            let unseen = (age - running).max(0.0);
            return unseen * unseen / (age + unseen).max(f64::MIN_POSITIVE);
        }
        let ended = later.iter().take_while(|&&took| took <= age);
        ended.map(|took| age - took).sum::<f64>() / later.len() as f64
    }

    /// Returns the pause before the next poll of a job of this `age`; `random` (0..1) spreads jobs that started together.
    pub(super) fn pause(&self, age: Duration, random: f64) -> Duration {
        let interval = self.interval.as_secs_f64();
        let seen = self.seen();
        let later = &seen[seen.partition_point(|&took| took <= age.as_secs_f64())..];
        let intervals = if seen.len() < ENOUGH || later.is_empty() {
            1.0
        } else {
            (longest_cheap(later, age.as_secs_f64(), LATENESS * interval) / interval)
                .clamp(*PAUSES.start(), *PAUSES.end())
        };
        Duration::from_secs_f64(interval * (intervals + SPREAD * (random - 0.5)))
    }

    fn seen(&self) -> MutexGuard<'_, Vec<f64>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the longest pause after which jobs that end at `ends` are noticed at most `lateness` late on average.
fn longest_cheap(ends: &[f64], age: f64, lateness: f64) -> f64 {
    let budget = lateness * ends.len() as f64;
    // A pause until `at` delays each earlier end by the time from it to `at`: the sum is piecewise linear in `at`, and
    // its slope is the number of ended jobs.
    let mut late = 0.0;
    for (ended, pair) in ends.windows(2).enumerate() {
        let slope = (ended + 1) as f64;
        let step = (pair[1] - pair[0]) * slope;
        if late + step > budget {
            return pair[0] + (budget - late) / slope - age;
        }
        late += step;
    }
    let last = ends[ends.len() - 1];
    last + (budget - late) / ends.len() as f64 - age
}

/// Returns the age at which a job ended that ended between these two, by the durations `seen` so far: one of those
/// between the two, or any age between if there are few.
fn end(seen: &[f64], running: f64, finished: f64, random: f64) -> f64 {
    let (first, after) =
        (seen.partition_point(|&took| took <= running), seen.partition_point(|&took| took <= finished));
    let between = (after - first) as f64;
    let chosen = random * (between + FRESH);
    if chosen < between {
        seen[first + index(random * (1.0 + FRESH / between), after - first)]
    } else {
        running + (finished - running) * (chosen - between) / FRESH
    }
}

fn index(random: f64, length: usize) -> usize {
    // Truncation is intended: a uniform index.
    ((random * length as f64) as usize).min(length - 1)
}

#[cfg(test)]
pub(super) mod measure;

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
            cadence.learn(seconds(100.0), seconds(100.0), [0.5; 2]);
        }
        assert_eq!(cadence.pause(seconds(0.0), 0.5), INTERVAL);
        cadence.learn(seconds(100.0), seconds(100.0), [0.5; 2]);
        let first = cadence.pause(seconds(0.0), 0.5);
        assert!((seconds(100.0)..seconds(102.0)).contains(&first), "{first:?}");
        assert_eq!(cadence.pause(seconds(101.0), 0.5), INTERVAL, "older than any job seen");
    }

    #[test]
    fn a_gap_between_two_bumps_is_slept_through() {
        let cadence = Cadence::new(INTERVAL);
        for i in 0..50 {
            cadence.learn(seconds(60.0 + f64::from(i) / 5.0), seconds(60.0 + f64::from(i) / 5.0), [0.5; 2]);
            cadence.learn(seconds(200.0 + f64::from(i) / 5.0), seconds(200.0 + f64::from(i) / 5.0), [0.5; 2]);
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
            cadence.learn(seconds(0.0), seconds(f64::from(i % 997)), [f64::from(i % 89) / 89.0; 2]);
        }
        assert_eq!(cadence.seen().len(), KEPT);
    }
}
