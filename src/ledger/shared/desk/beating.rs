//! Heartbeats: each run writes its own, and is alive for the others while they see it move, by their own clocks.

use super::super::account::{Account, Runner};
use super::super::key::{RUNS, of_purchases};
use super::super::store::{Found, Listed, Revision, StoreError, counted, document};
use super::{AT_ONCE, Desk};
use crate::ledger::record::Key;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::time::Duration;

/// What stands under the key of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Beat {
    host: String,
    pid: u32,
    /// Moves while the run is alive.
    #[serde(deserialize_with = "counted")]
    beat: u64,
    /// How many generations it would have in flight.
    want: usize,
    /// Whether it ended in order: it beats no more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    over: bool,
}

/// This run's own heartbeat.
#[derive(Debug, Default)]
pub(super) struct Own {
    beat: u64,
    written: Option<Revision>,
}

/// The heartbeats of the others, as this run saw them.
#[derive(Debug, Default)]
pub(super) struct Others {
    runs: HashMap<String, Seen>,
    looked: Option<Duration>,
}

/// One of them.
#[derive(Clone, Debug)]
struct Seen {
    revision: Revision,
    /// What it says; none where that can't be read: it tells by moving alone that its run is alive.
    beat: Option<Beat>,
    /// Since when it stands there unmoved, by this machine's steady clock.
    since: Duration,
    has_moved: bool,
}

/// How a run looks to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Its heartbeat moves.
    Alive,
    /// It wasn't watched for long enough to know.
    Unknown,
    /// It ended, or its heartbeat has stood still for long.
    Gone,
}

impl Seen {
    /// Returns whether the run said itself that it has ended.
    fn is_over(&self) -> bool {
        self.beat.as_ref().is_some_and(|beat| beat.over)
    }

    fn life(&self, now: Duration, gone: Duration) -> Life {
        match now.saturating_sub(self.since) >= gone {
            _ if self.is_over() => Life::Gone,
            true => Life::Gone,
            false if self.has_moved => Life::Alive,
            false => Life::Unknown,
        }
    }
}

impl Desk {
    /// Says that this run is alive, and how many generations it would have in flight.
    ///
    /// # Errors
    /// Fails if the store doesn't answer.
    pub async fn beat(&self, want: usize) -> Result<(), StoreError> {
        self.write_beat(want, false).await
    }

    /// Says that this run has ended.
    ///
    /// # Errors
    /// Fails if the store doesn't answer.
    pub async fn leave(&self) -> Result<(), StoreError> {
        self.write_beat(0, true).await
    }

    async fn write_beat(&self, want: usize, over: bool) -> Result<(), StoreError> {
        let key = format!("{RUNS}{}", self.me.run);
        loop {
            let (beat, known) = {
                let mut state = self.state();
                state.own.beat += 1;
                (state.own.beat, state.own.written.clone())
            };
            let beat = Beat { host: self.me.host.clone(), pid: self.me.pid, beat, want, over };
            let text = serde_json::to_vec(&beat).expect("a heartbeat is JSON");
            let written = match &known {
                None => self.store.create(&key, text).await?,
                Some(known) => self.store.swap(&key, known, text).await?,
            };
            if written.is_some() {
                self.state().own.written = written;
                return Ok(());
            }
            // The reply to an earlier beat was lost: nobody else writes here.
            let found = self.store.get(&key).await?.map(|found| found.revision);
            self.state().own.written = found;
        }
    }

    /// Looks at the heartbeats of the other runs.
    ///
    /// # Errors
    /// Fails if the store doesn't answer.
    pub async fn look_at_runs(&self) -> Result<(), StoreError> {
        let listed = self.store.list(RUNS).await?;
        let now = self.timer.now().steady;
        let fresh: Vec<Listed> = {
            let mut state = self.state();
            state.others.begin(now, self.times.beat);
            let is_new = |listed: &Listed| {
                let known = run_of(&listed.key).and_then(|run| state.others.runs.get(run));
                listed.revision.0.is_empty() || known.is_none_or(|known| known.revision != listed.revision)
            };
            listed.into_iter().filter(is_new).collect()
        };
        let read = |Listed { key, revision, text }: Listed| async move {
            let found = match text {
                Some(text) => Some(Found { revision, text }),
                None => self.store.get(&key).await?,
            };
            Ok::<_, StoreError>((key, found))
        };
        let read: Vec<_> = stream::iter(fresh).map(read).buffer_unordered(AT_ONCE).try_collect().await?;
        let mut state = self.state();
        for (key, found) in read {
            if let (Some(run), Some(found)) = (run_of(&key), found)
                && run != self.me.run
            {
                state.others.saw(run, &key, found, now);
            }
        }
        Ok(())
    }

    /// Looks at them where that is due, or where a run is asked about that wasn't seen yet.
    ///
    /// # Errors
    /// Fails if the store doesn't answer.
    pub(in crate::ledger::shared) async fn look_for<'r>(
        &self,
        mut runs: impl Iterator<Item = &'r str>,
    ) -> Result<(), StoreError> {
        let is_due = {
            let (state, now) = (self.state(), self.timer.now().steady);
            let others = &state.others;
            let is_late = |looked| now.saturating_sub(looked) >= self.times.beat;
            let is_late = others.looked.is_none_or(is_late);
            runs.any(|run| run != self.me.run && (is_late || !others.runs.contains_key(run)))
        };
        if is_due { self.look_at_runs().await } else { Ok(()) }
    }

    /// Returns how a run looks by what was seen so far; a run without a heartbeat is gone.
    pub fn life(&self, run: &str) -> Life {
        if run == self.me.run {
            return Life::Alive;
        }
        let (state, now) = (self.state(), self.timer.now().steady);
        state.others.runs.get(run).map_or(Life::Gone, |seen| seen.life(now, self.times.gone()))
    }

    /// Returns whether a run said itself that it has ended, as far as was seen.
    pub(in crate::ledger::shared) fn has_ended(&self, run: &str) -> bool {
        self.state().others.runs.get(run).is_some_and(Seen::is_over)
    }

    /// Watches the other runs until each is known to be alive or gone; returns those that are alive.
    ///
    /// # Errors
    /// Fails if the store doesn't answer.
    pub async fn runs_alive(&self) -> Result<Vec<Runner>, StoreError> {
        loop {
            self.patiently(async || self.look_at_runs().await).await?;
            let lives = self.lives();
            if lives.iter().all(|(_, life)| *life != Life::Unknown) {
                let alive = lives.into_iter().filter(|(_, life)| *life == Life::Alive);
                return Ok(alive.map(|(runner, _)| runner).collect());
            }
            self.timer.pause(self.times.beat.min(GLANCE)).await;
        }
    }

    /// Watches a run until it is known to be alive or gone; whether it is alive.
    ///
    /// # Errors
    /// Fails if the store doesn't answer.
    pub async fn is_alive(&self, run: &Runner) -> Result<bool, StoreError> {
        loop {
            self.patiently(async || self.look_at_runs().await).await?;
            match self.life(&run.run) {
                Life::Unknown => self.timer.pause(self.times.beat.min(GLANCE)).await,
                life => return Ok(life == Life::Alive),
            }
        }
    }

    /// Returns the other run that made the last intent of a job and digest, as far as was seen.
    pub fn holder(&self, key: &Key) -> Option<Runner> {
        let key = of_purchases(key);
        let account = Account::read(&key, &self.remembered(&key)?.text).ok()?;
        account.holder().filter(|holder| holder.run != self.me.run).cloned()
    }

    fn lives(&self) -> Vec<(Runner, Life)> {
        let (state, now) = (self.state(), self.timer.now().steady);
        let lives = state.others.runs.iter().map(|(run, seen)| {
            let who = seen.beat.as_ref().map(|beat| (beat.host.clone(), beat.pid));
            let (host, pid) = who.unwrap_or_else(|| (format!("a machine whose {RUNS}{run} can't be read"), 0));
            (Runner { run: run.clone(), host, pid }, seen.life(now, self.times.gone()))
        });
        lives.collect()
    }
}

/// How often a heartbeat is looked at where somebody waits for it.
const GLANCE: Duration = Duration::from_secs(1);

impl Others {
    /// Begins a look: the time in which nobody looked says nothing of a heartbeat.
    fn begin(&mut self, now: Duration, beat: Duration) {
        let gap = self.looked.map_or(Duration::ZERO, |looked| now.saturating_sub(looked)).saturating_sub(beat * 2);
        self.runs.values_mut().for_each(|seen| seen.since += gap);
        self.looked = Some(now);
    }

    fn saw(&mut self, run: &str, key: &str, found: Found, now: Duration) {
        let known = self.runs.get(run);
        if known.is_some_and(|known| known.revision == found.revision) {
            return;
        }
        let beat = document(key, &found.text);
        if let Err(error) = &beat {
            tracing::warn!(%error, "a heartbeat");
        }
        let seen = Seen { revision: found.revision, beat: beat.ok(), since: now, has_moved: known.is_some() };
        self.runs.insert(run.to_owned(), seen);
    }
}

/// Checks that a text is a heartbeat.
///
/// # Errors
/// Fails if it isn't.
pub(in crate::ledger::shared) fn is_heartbeat(key: &str, text: &[u8]) -> Result<(), StoreError> {
    document::<Beat>(key, text).map(drop)
}

fn run_of(key: &str) -> Option<&str> {
    key.strip_prefix(RUNS)
}
