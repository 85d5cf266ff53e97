//! The rate of a run's submits: never above its own limit, and as fast as the service allows, found the way TCP does.
//!
//! Until the service requests to slow down, only the run's own limit counts. Then the rate halves, once for all submits
//! on their way; it rises again with each accepted one, quickly up to the rate of that request, slowly beyond.

use super::throttle::Throttle;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// Number of submits remembered to measure the rate.
const KEPT: usize = 256;

/// Interval over which submits are counted to measure the rate.
const COUNTED: Duration = Duration::from_secs(1);

/// Share of the rate at the last request to slow down that each accepted submit adds beyond that rate.
const PROBE: f64 = 1.0 / 32.0;

/// The rate of a run's submits. A value without a clock of its own.
#[derive(Clone, Debug)]
pub struct Rate {
    /// The run's own limit.
    most: Option<Throttle>,
    /// The longest pause between two retries.
    longest: Duration,
    /// The rate found so far; `None` until the service requests to slow down.
    pace: Option<Pace>,
    /// The time before which the service accepts no submit.
    held: Option<Instant>,
    /// The times of the last submits.
    sent: VecDeque<Instant>,
}

/// The rate found, in submits per second.
#[derive(Clone, Copy, Debug)]
struct Pace {
    now: f64,
    /// The rate at the service's last request to slow down.
    before: f64,
    /// The time of that request.
    since: Instant,
}

impl Rate {
    /// Creates a rate of at most `most`; no pause exceeds `longest` except those that the service requests.
    pub fn new(most: Option<Throttle>, longest: Duration) -> Rate {
        Rate { most, longest, pace: None, held: None, sent: VecDeque::new() }
    }

    /// Returns the time from which the next submit may be sent.
    pub fn next(&self, now: Instant) -> Instant {
        let own = self.most.as_ref().map_or(now, |most| most.next(now));
        let found = self.pace.zip(self.sent.back()).map_or(now, |(pace, last)| *last + self.interval(pace));
        [own, found, self.held.unwrap_or(now)].into_iter().fold(now, Instant::max)
    }

    /// Records that a submit is sent.
    pub fn take(&mut self, now: Instant) {
        if let Some(most) = &mut self.most {
            most.reserve(now);
        }
        if self.sent.len() == KEPT {
            self.sent.pop_front();
        }
        self.sent.push_back(now);
    }

    /// Records that the submit sent at `sent` was accepted.
    pub fn accepted(&mut self, sent: Instant) {
        if let Some(pace) = self.pace.as_mut().filter(|pace| sent >= pace.since) {
            let below = (pace.before - pace.now) / 2.0;
            pace.now += below.max(pace.before * PROBE);
            pace.before = pace.before.max(pace.now);
        }
    }

    /// Records that the service requested to slow down, in reply to the submit sent at `sent`.
    pub fn slow_down(&mut self, sent: Instant, now: Instant) {
        // A submit that was already on its way says nothing new.
        if self.pace.is_some_and(|pace| sent < pace.since) {
            return;
        }
        let before = self.pace.map_or_else(|| self.seen(now), |pace| pace.now);
        let slowest = 1.0 / self.longest.as_secs_f64().max(f64::MIN_POSITIVE);
        self.pace = Some(Pace { now: (before / 2.0).max(slowest), before, since: now });
    }

    /// Allows no submit before `until`, as the service requested.
    pub fn hold(&mut self, until: Instant) {
        self.held = self.held.max(Some(until));
    }

    /// Returns the number of submits sent in the last second, at least one.
    fn seen(&self, now: Instant) -> f64 {
        let recent = self.sent.iter().rev().take_while(|sent| now.saturating_duration_since(**sent) <= COUNTED);
        recent.count().max(1) as f64 / COUNTED.as_secs_f64()
    }

    fn interval(&self, pace: Pace) -> Duration {
        Duration::try_from_secs_f64(1.0 / pace.now).unwrap_or(self.longest).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Duration = Duration::from_secs(60);

    /// A limit like nginx's `limit_req`: so many per second, with room for `burst` more; a refused request costs nothing.
    struct Limit {
        per_second: f64,
        burst: f64,
        excess: f64,
        last: Option<Instant>,
    }

    impl Limit {
        fn lets(&mut self, now: Instant) -> bool {
            let since = self.last.map_or(f64::INFINITY, |last| (now - last).as_secs_f64());
            let excess = (self.excess - self.per_second * since + 1.0).max(0.0);
            let excess = if self.last.is_none() { 0.0 } else { excess };
            if excess > self.burst {
                return false;
            }
            (self.excess, self.last) = (excess, Some(now));
            true
        }
    }

    /// Returns how long `jobs` submits take against a limit, `wide` at a time with replies after `trip`, and how many
    /// are refused.
    fn against(per_second: f64, burst: f64, jobs: usize, wide: usize, trip: Duration) -> (Duration, usize) {
        let mut limit = Limit { per_second, burst, excess: 0.0, last: None };
        let mut rate = Rate::new(None, LONGEST);
        let start = Instant::now();
        let (mut now, mut out): (Instant, VecDeque<(Instant, bool)>) = (start, VecDeque::new());
        let (mut done, mut refused, mut going) = (0, 0, 0);
        while done < jobs {
            let next = if out.len() < wide && done + going < jobs { Some(rate.next(now)) } else { None };
            let answer = out.front().map(|(sent, _)| *sent + trip);
            match (next, answer) {
                (Some(next), answer) if answer.is_none_or(|answer| next < answer) => {
                    now = next;
                    rate.take(now);
                    let passes = limit.lets(now);
                    going += usize::from(passes);
                    out.push_back((now, passes));
                }
                (_, Some(answer)) => {
                    now = answer;
                    let (sent, passed) = out.pop_front().unwrap();
                    if passed {
                        (done, going) = (done + 1, going - 1);
                        rate.accepted(sent);
                    } else {
                        refused += 1;
                        rate.slow_down(sent, now);
                    }
                }
                (_, None) => unreachable!("something is out"),
            }
        }
        (now - start, refused)
    }

    #[test]
    fn a_limit_is_found_and_kept_to() {
        for (per_second, burst, jobs, wide) in [
            (1.0, 0.0, 30, 1),
            (1.0, 0.0, 30, 16),
            (5.0, 2.0, 40, 16),
            (20.0, 5.0, 60, 16),
            (20.0, 0.0, 60, 16),
            (0.2, 0.0, 20, 4),
        ] {
            for trip in [2, 20, 200] {
                let (took, refused) = against(per_second, burst, jobs, wide, Duration::from_millis(trip));
                let ideal = (jobs - 1) as f64 / per_second;
                let (took, case) =
                    (took.as_secs_f64(), format!("{per_second}/s, burst {burst}, {wide} wide, {trip} ms"));
                assert!(took <= 1.9 * ideal, "{case}: {took} s in place of {ideal} s");
                assert!(refused <= jobs, "{case}: {refused} refused of {jobs}");
            }
        }
    }

    #[test]
    fn without_a_word_of_the_service_only_the_own_limit_counts() {
        let now = Instant::now();
        let mut rate = Rate::new(None, LONGEST);
        (0..1000).for_each(|_| rate.take(now));
        assert_eq!(rate.next(now), now);
        let mut rate = Rate::new(Some(Throttle::new(1, Duration::from_secs(1))), LONGEST);
        rate.take(now);
        assert_eq!(rate.next(now), now + Duration::from_secs(1));
    }

    #[test]
    fn submits_that_were_out_together_halve_it_once() {
        let now = Instant::now();
        let mut rate = Rate::new(None, LONGEST);
        (0..16).for_each(|_| rate.take(now));
        let later = now + Duration::from_millis(100);
        (0..16).for_each(|_| rate.slow_down(now, later));
        assert_eq!(rate.next(later), later.max(now + Duration::from_millis(125)));
    }

    #[test]
    fn no_pause_is_longer_than_the_longest_and_what_is_asked_for_is_kept() {
        let mut now = Instant::now();
        let mut rate = Rate::new(None, LONGEST);
        for _ in 0..100 {
            rate.take(now);
            rate.slow_down(now, now);
            assert!(rate.next(now) <= now + LONGEST);
            now = rate.next(now);
        }
        rate.hold(now + 3 * LONGEST);
        rate.hold(now);
        assert_eq!(rate.next(now), now + 3 * LONGEST);
    }
}
