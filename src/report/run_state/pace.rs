//! The speed of a run and its remaining time, learnt from its own jobs.

use jiff::Timestamp;
use std::collections::VecDeque;

/// Number of durations kept: enough to know a service, few enough to forget how it was hours ago.
const KEPT: usize = 512;

/// The window in which a rate is counted, in seconds.
const WINDOW: i64 = 300;

/// Minimum number of jobs in the window; with fewer, the rate is counted over the whole run.
const ENOUGH: usize = 10;

/// The knowledge about the pace of a run.
#[derive(Debug, Default)]
pub(super) struct Pace {
    started: Option<Timestamp>,
    /// Maximum number of generations in flight.
    slots: usize,
    /// The highest number in flight at once: a rate of submits or slow uploads may never fill the slots.
    peak: usize,
    /// Seconds that the most recent generations held their slots.
    generations: VecDeque<f64>,
    /// Seconds that the most recent fetches took.
    fetches: VecDeque<f64>,
    /// Number of jobs done in each of the last seconds.
    ends: VecDeque<(i64, usize)>,
    done: usize,
}

impl Pace {
    /// Records the beginning of the run.
    pub(super) fn start(&mut self, time: Timestamp, slots: usize) {
        self.started = Some(time);
        self.slots = slots;
    }

    /// Records the number of jobs in flight.
    pub(super) fn busy(&mut self, in_flight: usize) {
        self.peak = self.peak.max(in_flight);
    }

    /// Records how long a generation held its slot, whatever its outcome.
    pub(super) fn generated(&mut self, seconds: f64) {
        keep(&mut self.generations, seconds);
    }

    /// Records how long after the service was done the videos of a job were stored.
    pub(super) fn fetched(&mut self, seconds: f64) {
        keep(&mut self.fetches, seconds);
    }

    /// Records that a job is done.
    pub(super) fn done(&mut self, time: Timestamp) {
        self.done += 1;
        let second = time.as_second();
        match self.ends.back_mut() {
            Some((last, jobs)) if *last >= second => *jobs += 1,
            _ => self.ends.push_back((second, 1)),
        }
        while self.ends.front().is_some_and(|(first, _)| *first < second - WINDOW) {
            self.ends.pop_front();
        }
    }

    /// Returns the recent number of jobs done per second; `None` before a second job is done.
    pub(super) fn rate(&self, now: Timestamp) -> Option<f64> {
        let seconds = now.duration_since(self.started?).as_secs_f64();
        if self.done < 2 || seconds < 1.0 {
            return None;
        }
        let since = now.as_second() - WINDOW;
        let late: usize = self.ends.iter().filter(|(second, _)| *second > since).map(|(_, jobs)| jobs).sum();
        Some(if late >= ENOUGH { late as f64 / seconds.min(WINDOW as f64) } else { self.done as f64 / seconds })
    }

    /// Returns the seconds until the last job is done: `waiting` jobs haven't begun, the others have been in flight or
    /// being fetched for these times. `None` before a job of each kind in question has ended.
    ///
    /// Each job in flight is expected to take as long as those that lasted at least as long did on average; the waiting
    /// ones take the slots as they become free, each for the average time.
    pub(super) fn left(&self, waiting: usize, in_flight: &[f64], fetching: &[f64]) -> Option<f64> {
        let fetches = Durations::new(&self.fetches);
        let fetched = fetching.iter().map(|age| fetches.beyond(*age)).fold(0.0, f64::max);
        if waiting == 0 && in_flight.is_empty() {
            return (!fetches.sorted.is_empty()).then_some(fetched);
        }
        let generations = Durations::new(&self.generations);
        if generations.sorted.is_empty() {
            return None;
        }
        // If jobs in flight are already older than the average finished one, the average is too low.
        let older = in_flight.iter().filter(|age| **age > generations.mean());
        let (sum, jobs) = older.fold((0.0, 0), |(sum, jobs), age| (sum + age, jobs + 1));
        let known = generations.sorted.len() as f64;
        let mean = (generations.mean() * known + sum) / (known + f64::from(jobs));
        let mut free: Vec<f64> = in_flight.iter().map(|age| generations.beyond(*age)).collect();
        let slots = self.slots.min(self.peak.max(1)).max(1);
        free.resize(free.len().max(slots), 0.0);
        free.sort_by(f64::total_cmp);
        // Jobs beyond the slots are from earlier runs, and free no slot.
        let turn = |slot: usize| (waiting + slots - 1 - slot) / slots;
        let ends =
            free.iter().enumerate().map(|(slot, end)| end + if slot < slots { turn(slot) as f64 * mean } else { 0.0 });
        let last = ends.fold(0.0, f64::max) + fetches.mean();
        Some(last.max(fetched))
    }
}

fn keep(durations: &mut VecDeque<f64>, seconds: f64) {
    if durations.len() == KEPT {
        durations.pop_front();
    }
    durations.push_back(seconds);
}

/// Sorted durations.
struct Durations {
    sorted: Vec<f64>,
}

impl Durations {
    fn new(durations: &VecDeque<f64>) -> Durations {
        let mut sorted: Vec<f64> = durations.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        Durations { sorted }
    }

    /// Returns the average; zero if there is none.
    fn mean(&self) -> f64 {
        self.sorted.iter().sum::<f64>() / (self.sorted.len().max(1) as f64)
    }

    /// Returns the expected remaining time at `age`: the average of those that took longer. If none did, it is unknown:
    /// a quarter of the age.
    fn beyond(&self, age: f64) -> f64 {
        let longer = &self.sorted[self.sorted.partition_point(|seconds| *seconds <= age)..];
        match longer.len() {
            0 => age / 4.0,
            n => longer.iter().sum::<f64>() / n as f64 - age,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn pace(slots: usize, generations: &[f64]) -> Pace {
        let mut pace = Pace::default();
        pace.start(at(0), slots);
        pace.busy(slots);
        generations.iter().for_each(|seconds| pace.generated(*seconds));
        pace
    }

    #[test]
    fn nothing_is_told_before_anything_is_known() {
        assert_eq!(pace(4, &[]).left(10, &[5.0; 4], &[]), None);
        assert_eq!(pace(4, &[]).left(0, &[], &[5.0]), None);
        assert_eq!(pace(4, &[]).rate(at(100)), None);
    }

    #[test]
    fn waiting_jobs_take_the_slots_as_they_become_free() {
        for (slots, known, waiting, in_flight, expected) in [
            // One wave of four, just begun, and one more after it.
            (4, &[60.0][..], 4, &[0.0; 4][..], 120.0),
            // The same, when the first wave is half through.
            (4, &[60.0], 4, &[30.0; 4], 90.0),
            // A fifth waiting job needs a third wave.
            (4, &[60.0], 5, &[0.0; 4], 180.0),
            // Not linear: the last job takes its whole time, however many slots are free.
            (256, &[60.0], 0, &[0.0], 60.0),
            // Those in flight are expected to take as long as those that took longer than they have so far.
            (2, &[10.0, 10.0, 100.0], 0, &[20.0], 80.0),
            // Older than all known ones.
            (2, &[10.0], 0, &[40.0], 10.0),
        ] {
            let left = pace(slots, known).left(waiting, in_flight, &[]).unwrap();
            assert!(
                (left - expected).abs() < 1e-6,
                "{slots} {known:?} {waiting} {in_flight:?}: {left}, not {expected}"
            );
        }
    }

    #[test]
    fn slots_that_were_never_filled_count_for_nothing() {
        let mut rated = Pace::default();
        rated.start(at(0), 256);
        rated.busy(2);
        rated.generated(60.0);
        // Two in a minute: ten more take five minutes more.
        let left = rated.left(10, &[0.0, 30.0], &[]).unwrap();
        assert!((300.0..=360.0).contains(&left), "{left}");
    }

    #[test]
    fn fetching_comes_behind() {
        let mut pace = pace(1, &[60.0]);
        pace.fetched(8.0);
        assert_eq!(pace.left(0, &[0.0], &[]), Some(68.0));
        assert_eq!(pace.left(0, &[], &[3.0, 6.0]), Some(5.0));
    }

    #[test]
    fn a_rate_is_that_of_late() {
        let mut pace = pace(4, &[]);
        pace.done(at(1));
        assert_eq!(pace.rate(at(10)), None);
        pace.done(at(2));
        assert_eq!(pace.rate(at(10)), Some(0.2));
        // A slow hour, then a job a second.
        (3600..4000).for_each(|second| pace.done(at(second)));
        assert_eq!(pace.rate(at(4000)), Some(299.0 / 300.0));
        assert!(pace.ends.len() <= 302);
    }

    proptest::proptest! {
        #[test]
        fn what_is_told_is_a_time(
            slots in 1usize..300, known in proptest::collection::vec(0.0..1e5f64, 1..50), waiting in 0usize..20_000,
            ages in proptest::collection::vec(0.0..1e5f64, 0..300), fetching in proptest::collection::vec(0.0..1e5f64, 0..9),
        ) {
            if let Some(left) = pace(slots, &known).left(waiting, &ages, &fetching) {
                proptest::prop_assert!(left.is_finite() && left >= 0.0);
            }
        }
    }
}
