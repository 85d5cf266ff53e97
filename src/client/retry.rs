//! Pauses between retries: exponential backoff with jitter, and `Retry-After`.

use crate::base::clock::Clock;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{self, HeaderMap};
use std::time::Duration;

/// The longest requested pause that is honoured: after it, the service is asked again.
pub const LONGEST_ASKED: Duration = Duration::from_secs(10 * 60);

/// Longest pause considered: anything beyond a year is cut to it.
const FAR_AWAY: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Pauses that double from one failure to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The approximate length of the first pause.
    pub first: Duration,
    /// The longest pause, unless the service requests a longer one.
    pub most: Duration,
}

impl Backoff {
    /// Returns the pause after `failures` in a row, with `random` from 0 to 1.
    ///
    /// It is between half and all of the doubled pause, so that calls that failed together are spread out. If the
    /// service `asked` for a pause, it is never shorter than that, and longer by the first pause at most.
    pub fn pause(&self, failures: u32, asked: Option<Duration>, random: f64) -> Duration {
        let random = if random.is_finite() { random.clamp(0.0, 1.0) } else { 1.0 };
        match asked {
            Some(asked) => asked.min(LONGEST_ASKED).max(self.first.min(self.most)) + self.first.mul_f64(random),
            None => {
                let doubled = 2u32.checked_pow(failures.saturating_sub(1)).and_then(|n| self.first.checked_mul(n));
                doubled.unwrap_or(self.most).min(self.most).mul_f64(0.5 + random / 2.0)
            }
        }
    }
}

/// Returns the pause in a `Retry-After` header: seconds, or a date; a date in the past means no pause.
///
/// `now` is best taken from the reply's own `Date`, so that a wrong local clock doesn't matter.
pub fn retry_after(header: &str, now: Timestamp) -> Option<Duration> {
    let header = header.trim();
    let pause = if !header.is_empty() && header.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than fit mean "very long".
        Duration::from_secs(header.parse().unwrap_or(u64::MAX))
    } else {
        let until = date(header)?;
        Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO)
    };
    Some(pause.min(FAR_AWAY))
}

/// Returns the pause that a reply requests; `clock` is used if the reply has no date of its own.
pub(super) fn pause_of(headers: &HeaderMap, clock: &Clock) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let now = text(header::DATE).and_then(date).unwrap_or_else(|| clock.now());
    retry_after(text(header::RETRY_AFTER)?, now)
}

/// Parses an HTTP date, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(super) fn date(header: &str) -> Option<Timestamp> {
    DateTimeParser::new().relaxed_weekday(true).parse_timestamp(header.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BACKOFF: Backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_secs(60) };

    #[test]
    fn pauses_double_up_to_the_longest() {
        let seconds: Vec<f64> = (0..9).map(|n| BACKOFF.pause(n, None, 1.0).as_secs_f64()).collect();
        assert_eq!(seconds, [1.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]);
        assert_eq!(BACKOFF.pause(4, None, 0.0), Duration::from_secs(4));
    }

    #[test]
    fn what_the_service_asks_for_is_honoured() {
        let asked = |seconds, random| BACKOFF.pause(1, Some(Duration::from_secs(seconds)), random);
        assert_eq!(asked(7, 0.0), Duration::from_secs(7));
        assert_eq!(asked(7, 0.5), Duration::from_millis(7500));
        assert_eq!(asked(0, 0.0), BACKOFF.first, "never without a pause");
        assert_eq!(asked(u64::MAX, 0.0), LONGEST_ASKED);
    }

    #[test]
    fn both_forms_of_retry_after_are_read() {
        let now = date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        for (header, seconds) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("86400", Some(86_400)),
            ("99999999999999999999999", Some(31_622_400)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30)),
            ("Mon, 06 Nov 1994 08:50:07 GMT", Some(30)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
            ("Thu, 30 Dec 9999 00:00:00 GMT", Some(31_622_400)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
        ] {
            assert_eq!(retry_after(header, now), seconds.map(Duration::from_secs), "{header:?}");
        }
    }

    proptest! {
        #[test]
        fn a_pause_is_always_within_its_bounds(failures: u32, asked: Option<u64>, random: f64) {
            let pause = BACKOFF.pause(failures, asked.map(Duration::from_secs), random);
            prop_assert!(pause >= BACKOFF.first / 2);
            prop_assert!(pause <= LONGEST_ASKED + BACKOFF.first);
        }

        #[test]
        fn no_header_panics(header: String) {
            retry_after(&header, Timestamp::UNIX_EPOCH);
        }
    }
}
