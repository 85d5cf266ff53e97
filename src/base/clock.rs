//! The time of day, as a parameter.

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// The source of the time of day.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The system's clock.
    System,
    /// A clock that starts at `origin` and runs at the pace of tokio's, which tests can pause.
    Paced {
        /// The time of day at `started`.
        origin: Timestamp,
        /// The time at which the clock was started.
        started: Instant,
    },
}

impl Clock {
    /// Returns a clock that shows `origin` now and runs at the pace of tokio's.
    pub fn paced(origin: Timestamp) -> Clock {
        Clock::Paced { origin, started: Instant::now() }
    }

    /// Returns the time of day, in UTC.
    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => Timestamp::now(),
            Clock::Paced { origin, started } => {
                let gone = SignedDuration::try_from(started.elapsed()).unwrap_or(SignedDuration::MAX);
                origin.checked_add(gone).unwrap_or(Timestamp::MAX)
            }
        }
    }

    /// Returns the time of day, to the microsecond: it tells apart two submits that machines sent in the same second.
    pub fn now_in_microseconds(&self) -> Timestamp {
        Timestamp::from_microsecond(self.now().as_microsecond()).expect("a whole microsecond of a valid time is valid")
    }

    /// Returns the time of day, without fractions of a second, as files store it.
    pub fn now_in_seconds(&self) -> Timestamp {
        Timestamp::from_second(self.now().as_second()).expect("a whole second of a valid time is valid")
    }
}
