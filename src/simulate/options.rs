//! The options of a simulated service.

use super::Fault;
use crate::base::clock::Clock;
use crate::base::secret::ApiKey;
use jiff::SignedDuration;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The options of a simulated service.
#[derive(Clone, Debug)]
pub struct Options {
    /// The port on `127.0.0.1`; 0 is any free one.
    pub port: u16,
    /// The key that calls must carry; `None` accepts any key, and none.
    pub key: Option<ApiKey>,
    /// The time that a generation takes. The seed and the request decide which time within the range it gets.
    pub latency: Latency,
    /// The share of generations that end as `FAILED`. The seed and the request decide which.
    pub failure_rate: Share,
    /// The seed of all chance.
    pub seed: u64,
    /// The faults; the first that is due decides.
    pub faults: Vec<Fault>,
    /// `true` if every request is stored, with its body, for a test to inspect; counters are always kept.
    pub record: bool,
    /// The time for which a result's URLs are valid.
    pub url_lifetime: Duration,
    /// The time after which an idle connection is closed without notice.
    pub idle: Duration,
    /// The clock for the time of day.
    pub clock: Clock,
}

impl Default for Options {
    /// Returns the defaults: any port, any key, generations of one to three seconds, no failure, no fault, nothing
    /// recorded.
    fn default() -> Options {
        Options {
            port: 0,
            key: None,
            latency: Latency { from: Duration::from_secs(1), to: Duration::from_secs(3) },
            failure_rate: Share::NONE,
            seed: 0,
            faults: Vec::new(),
            record: false,
            url_lifetime: Duration::from_secs(3600),
            idle: Duration::from_secs(60),
            clock: Clock::System,
        }
    }
}

/// The time that a generation takes: a range, both ends included. Written as `2s` or `1s..3s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    from: Duration,
    to: Duration,
}

/// The error for a text that is not a latency.
#[derive(Debug, thiserror::Error)]
#[error("a latency is a duration as `2s`, or a range as `1s..3s`; 4 hours at most")]
pub struct NotALatency;

impl Latency {
    /// The longest: a task's id has no room for more.
    pub const MAX: Duration = Duration::from_secs(4 * 3600);

    /// Returns the latency of exactly `duration`, or [`Latency::MAX`] if that is shorter.
    pub fn fixed(duration: Duration) -> Latency {
        let duration = duration.min(Latency::MAX);
        Latency { from: duration, to: duration }
    }

    /// Returns the time at `place` of the range, from 0 to 1.
    pub(super) fn at(self, place: f64) -> Duration {
        self.from + (self.to - self.from).mul_f64(place)
    }
}

impl FromStr for Latency {
    type Err = NotALatency;

    fn from_str(text: &str) -> Result<Latency, NotALatency> {
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        let (from, to) = (duration(from).ok_or(NotALatency)?, duration(to).ok_or(NotALatency)?);
        if from <= to && to <= Latency::MAX { Ok(Latency { from, to }) } else { Err(NotALatency) }
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from == self.to { write!(f, "{:?}", self.from) } else { write!(f, "{:?}..{:?}", self.from, self.to) }
    }
}

/// Parses a duration as users write it: `2s`, `150ms`, `1m 30s`; a bare `0` is zero.
pub(super) fn duration(text: &str) -> Option<Duration> {
    if text.trim() == "0" {
        return Some(Duration::ZERO);
    }
    text.trim().parse::<SignedDuration>().ok().and_then(|duration| duration.try_into().ok())
}

/// A share of all cases, from 0 (none) to 1 (all).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share(f64);

/// The error for a number that is not a share.
#[derive(Debug, thiserror::Error)]
#[error("a share is a number from 0 to 1, as `0.1`, or a percentage, as `10%`")]
pub struct NotAShare;

impl Share {
    /// No case.
    pub const NONE: Share = Share(0.0);

    /// Returns the share for `number`.
    ///
    /// # Errors
    /// Fails if it isn't from 0 to 1.
    pub fn new(number: f64) -> Result<Share, NotAShare> {
        if (0.0..=1.0).contains(&number) { Ok(Share(number)) } else { Err(NotAShare) }
    }

    /// Returns the share as a number from 0 to 1.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl FromStr for Share {
    type Err = NotAShare;

    fn from_str(text: &str) -> Result<Share, NotAShare> {
        let (number, whole) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 100.0));
        Share::new(number.parse::<f64>().map_err(|_| NotAShare)? / whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_are_read_as_people_write_them() {
        let read = |text: &str| text.parse::<Latency>().map(|l| (l.from.as_millis(), l.to.as_millis())).ok();
        assert_eq!(read("2s"), Some((2000, 2000)));
        assert_eq!(read("1s..3s"), Some((1000, 3000)));
        assert_eq!(read("150ms .. 1m"), Some((150, 60_000)));
        assert_eq!(read("0"), Some((0, 0)));
        for bad in ["", "2", "3s..1s", "-1s", "5h", "1s...2s", "1s..", "soon"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!("1s..3s".parse::<Latency>().unwrap().to_string(), "1s..3s");
        assert_eq!("150ms".parse::<Latency>().unwrap().to_string(), "150ms");
    }

    #[test]
    fn a_place_in_the_range_is_between_its_ends() {
        let latency: Latency = "1s..3s".parse().unwrap();
        assert_eq!(latency.at(0.0), Duration::from_secs(1));
        assert_eq!(latency.at(0.5), Duration::from_secs(2));
        assert_eq!(latency.at(1.0), Duration::from_secs(3));
    }

    #[test]
    fn shares_are_numbers_or_percentages() {
        assert_eq!("0.25".parse::<Share>().unwrap().get(), 0.25);
        assert_eq!("25%".parse::<Share>().unwrap().get(), 0.25);
        for bad in ["", "-0.1", "1.1", "101%", "NaN", "a"] {
            assert!(bad.parse::<Share>().is_err(), "{bad}");
        }
    }
}
