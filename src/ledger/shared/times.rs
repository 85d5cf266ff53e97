//! The times that fencing hangs on.

use super::patience::PATIENCE;
use std::time::Duration;

/// The times that fencing hangs on.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// From before an intent is written until its submit is sent, at most.
    pub budget: Duration,
    /// How long an intent must be seen unchanged before its holder counts as silent: longer than the budget and a submit together.
    pub doubt: Duration,
    /// How often a run says that it is alive, and looks whether something changed.
    pub beat: Duration,
    /// How long an answer is waited for that is needed once.
    pub once: Duration,
}

/// A submit may take so long from when it is sent.
const SUBMIT: Duration = Duration::from_secs(120);

impl Times {
    /// Returns the times that hold, by which a submit is over long before its holder counts as silent.
    ///
    /// Builds with debug assertions take others from `BATCH_FENCE`, as `BUDGET DOUBT BEAT` in milliseconds: tests can't wait for minutes.
    pub fn usual() -> Times {
        let budget = Duration::from_secs(20);
        let usual = Times {
            budget,
            doubt: SUBMIT + budget + Duration::from_secs(30),
            beat: Duration::from_secs(15),
            once: PATIENCE,
        };
        match std::env::var("BATCH_FENCE") {
            Ok(text) if cfg!(debug_assertions) => {
                let mut times = text.split(' ').filter_map(|time| time.parse().ok()).map(Duration::from_millis);
                let (Some(budget), Some(doubt), Some(beat)) = (times.next(), times.next(), times.next()) else {
                    return usual;
                };
                Times { budget, doubt, beat, ..usual }
            }
            _ => usual,
        }
    }

    /// Returns how often the runs look what they are to share: what one of them is told, all know soon.
    pub fn look(&self) -> Duration {
        self.beat.min(Duration::from_secs(2))
    }

    /// Returns how long a heartbeat must be seen unmoved before its run counts as gone.
    pub fn gone(&self) -> Duration {
        self.beat * 4
    }
}
