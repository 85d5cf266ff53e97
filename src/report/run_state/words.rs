//! The state of a run in words: the status line and its parts.

use super::active::Active;
use super::{Away, Phase, RunState};
use crate::base::decimal::Decimal;
use crate::report::look::thousands;
use crate::report::money::grouped;
use crate::report::span::{about, roughly, until};
use crate::report::terminal_safe;
use jiff::{SignedDuration, Timestamp};

impl RunState {
    /// Returns the plan in numbers: `3 to do, 12 kept, 1 on hold`.
    pub(in crate::report) fn plan(&self) -> String {
        let parts = [
            (self.total(), "to do"),
            (self.count(Phase::Kept), "kept as they are"),
            (self.count(Phase::Held), "on hold"),
        ];
        let told = parts.iter().enumerate().filter(|(i, (n, _))| *i == 0 || *n > 0);
        told.map(|(_, (n, words))| format!("{} {words}", thousands(*n))).collect::<Vec<_>>().join(", ")
    }

    /// Returns the numbers, other than zero, of current activity and problems.
    pub(in crate::report) fn parts(&self) -> impl Iterator<Item = (usize, &'static str, Phase)> {
        let parts = [
            (Phase::InFlight, "in flight"),
            (Phase::Uploading, "uploading"),
            (Phase::Fetching, "being fetched"),
            (Phase::Elsewhere, "in other runs"),
            (Phase::Failed, "failed"),
            (Phase::Uncertain, "uncertain"),
        ];
        parts.into_iter().map(|(phase, words)| (self.count(phase), words, phase)).filter(|(n, ..)| *n > 0)
    }

    /// Returns the status line: `4 in flight, 1 failed; 2.5/min, about 3m left`, without zeros, as far as it is known
    /// at `now`.
    pub(in crate::report) fn words(&self, now: Timestamp) -> String {
        let parts = self.parts().map(|(n, words, _)| format!("{} {words}", thousands(n)));
        let parts = parts.collect::<Vec<_>>().join(", ");
        let left = self.left(now).map(|left| format!("about {} left", roughly(left)));
        let pace = [self.rate(now), left].into_iter().flatten().collect::<Vec<_>>().join(", ");
        let told = [parts, pace].into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>();
        told.join("; ")
    }

    /// Returns the run's speed: `2.5/min`.
    pub(in crate::report) fn rate(&self, now: Timestamp) -> Option<String> {
        let each_minute = self.pace.rate(now)? * 60.0;
        Some(match each_minute {
            100.0.. => format!("{each_minute:.0}/min"),
            1.0.. => format!("{each_minute:.1}/min"),
            _ => format!("{:.1}/h", each_minute * 60.0),
        })
    }

    /// Returns what the submits of this run cost by now, as far as that is known: `24,720 credits`.
    pub(in crate::report) fn spent(&self) -> Option<String> {
        let unit = self.unit.as_ref()?;
        (self.spent > Decimal::ZERO).then(|| format!("{} {}", grouped(self.spent), terminal_safe::line(unit)))
    }

    /// Returns how long the run will still take, as far as its own jobs tell.
    pub(in crate::report) fn left(&self, now: Timestamp) -> Option<SignedDuration> {
        // While everybody waits for the service, nobody knows.
        if self.away.is_some() || self.done() == self.total() {
            return None;
        }
        let ages = |phase| {
            let of_phase = move |active: &&Active| active.phase() == phase;
            self.active.values().filter(of_phase).map(move |active| active.age(now).as_secs_f64()).collect::<Vec<_>>()
        };
        let waiting = self.count(Phase::Waiting) + self.count(Phase::Uploading);
        let seconds = self.pace.left(waiting, &ages(Phase::InFlight), &ages(Phase::Fetching))?;
        SignedDuration::try_from_secs_f64(seconds).ok()
    }
}

impl Away {
    /// Returns the outage in words: `service away for 2m 10s, next try in 12s`.
    pub(in crate::report) fn words(&self, now: Timestamp) -> String {
        let gone = about(now.duration_since(self.since));
        format!("waiting for the service for {gone}, next try {}", until(self.until.duration_since(now)))
    }
}
