//! A rate limit of so many per interval: the generic cell rate algorithm, as a value without a clock of its own.

use std::time::Duration;
use tokio::time::Instant;

/// Spreads turns evenly, so that any interval of `per` holds at most `count` of them.
///
/// ```
/// # use batch::client::throttle::Throttle;
/// # use std::time::Duration;
/// # use tokio::time::Instant;
/// let mut throttle = Throttle::new(60, Duration::from_secs(60));
/// let now = Instant::now();
/// assert_eq!(throttle.reserve(now), now);
/// assert_eq!(throttle.reserve(now), now + Duration::from_secs(1));
/// ```
#[derive(Clone, Debug)]
pub struct Throttle {
    interval: Duration,
    next: Option<Instant>,
}

impl Throttle {
    /// Allows at most `count` (0 counts as 1) in `per`.
    pub fn new(count: u32, per: Duration) -> Throttle {
        let count = u128::from(count.max(1));
        // Rounded up: rounded down, a long run would exceed the rate.
        let interval = u64::try_from(per.as_nanos().div_ceil(count)).unwrap_or(u64::MAX);
        Throttle { interval: Duration::from_nanos(interval), next: None }
    }

    /// Returns the time of the next turn without reserving it.
    pub fn next(&self, now: Instant) -> Instant {
        self.next.map_or(now, |next| next.max(now))
    }

    /// Reserves the next turn and returns its time. A reserved turn can't be given back.
    pub fn reserve(&mut self, now: Instant) -> Instant {
        let turn = self.next(now);
        self.next = Some(turn + self.interval);
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[tokio::test(start_paused = true)]
    async fn twenty_one_turns_at_ten_a_second_take_two_seconds() {
        let mut throttle = Throttle::new(10, Duration::from_secs(1));
        let start = Instant::now();
        for _ in 0..21 {
            tokio::time::sleep_until(throttle.reserve(Instant::now())).await;
        }
        assert_eq!(start.elapsed(), Duration::from_secs(2));
    }

    #[test]
    fn turns_that_nobody_took_are_not_saved_up() {
        let mut throttle = Throttle::new(1, Duration::from_secs(1));
        let start = Instant::now();
        throttle.reserve(start);
        let late = start + Duration::from_secs(100);
        assert_eq!(throttle.reserve(late), late);
        assert_eq!(throttle.reserve(late), late + Duration::from_secs(1));
    }

    #[test]
    fn extremes_are_fine() {
        let now = Instant::now();
        let mut never = Throttle::new(0, Duration::MAX);
        never.reserve(now);
        assert!(never.reserve(now) > now + Duration::from_secs(1 << 30));
        let mut always = Throttle::new(u32::MAX, Duration::ZERO);
        always.reserve(now);
        assert_eq!(always.reserve(now), now);
    }

    proptest! {
        #[test]
        fn no_stretch_holds_more_than_the_rate(
            count in 1u32..50,
            millis in 1u64..100_000,
            asks in proptest::collection::vec(0u64..5_000, 1..200),
        ) {
            let per = Duration::from_millis(millis);
            let mut throttle = Throttle::new(count, per);
            let mut now = Instant::now();
            let turns: Vec<Instant> = asks.iter().map(|wait| {
                now += Duration::from_millis(*wait);
                throttle.reserve(now)
            }).collect();
            for (first, later) in turns.iter().zip(turns.iter().skip(count as usize)) {
                prop_assert!(*later - *first >= per);
            }
        }
    }
}
