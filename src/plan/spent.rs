//! The money spent, estimated from the lock and the prices.
//!
//! A lock holds no prices. The cost of a purchase follows from its settings: from the job that still has the same
//! input, else from the short hash of its settings, of which there are few.

use super::changes::orders;
use super::estimate::{Estimate, price};
use crate::base::decimal::Decimal;
use crate::ledger::Book;
use crate::ledger::record::Record;
use crate::manifest::model::{Job, Manifest};
use crate::service::names::{Digest, JobId, Tag};
use crate::service::request::Generation;
use crate::service::text::Text;
use crate::service::vocabulary::{Duration, MODEL, Resolution};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// The pause between submits from which they count as two runs: a lock doesn't say where a run begins.
const GAP: SignedDuration = SignedDuration::from_mins(30);

/// Number of takes of one input that are tried if only a hash is known.
const TAKES: u32 = 8;

/// The amount spent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Spent {
    /// For everything that the service accepted, and didn't fail: an estimate, since the lock holds no prices.
    pub estimate: Estimate,
    /// The number of submits.
    pub submits: usize,
    /// Submits of these whose price isn't known, and which the amounts leave out: they were made with settings that nobody can tell now.
    pub unknown: usize,
    /// By run, from the first to the last: submits without half an hour between them are taken for one.
    pub runs: Vec<SpentInRun>,
    /// By tag of the manifest; what has several tags counts for each.
    #[schemars(with = "BTreeMap<String, f64>")]
    pub tags: BTreeMap<Tag, Decimal>,
    /// By month of the submit (UTC), as `2026-03`.
    #[schemars(with = "BTreeMap<String, f64>")]
    pub months: BTreeMap<String, Decimal>,
}

/// The spending of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct SpentInRun {
    /// The time of its first submit.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub from: Timestamp,
    /// The time of its last submit.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub to: Timestamp,
    /// The number of its submits.
    pub submits: usize,
    /// Their cost.
    #[schemars(with = "f64")]
    pub amount: Decimal,
}

/// Sums up the paid purchases of the jobs selected by `takes`, by the prices of `manifest`.
pub fn spent(manifest: &Manifest, book: &Book, takes: impl Fn(&JobId) -> bool) -> Spent {
    let by_digest: HashMap<Digest, &Job> = manifest.jobs.iter().map(|job| (job.digest, job)).collect();
    let tags: HashMap<&JobId, &BTreeSet<Tag>> = manifest.jobs.iter().map(|job| (&job.id, job.tags.as_ref())).collect();
    let mut guesses = Guesses::default();
    let mut spent = Spent {
        estimate: Estimate::zero(&manifest.prices),
        submits: 0,
        unknown: 0,
        runs: Vec::new(),
        tags: BTreeMap::new(),
        months: BTreeMap::new(),
    };
    let mut dated: Vec<(Timestamp, Decimal)> = Vec::new();
    for record in book.paid().filter(|record| takes(&record.key.job)) {
        spent.submits += 1;
        let asked = match by_digest.get(&record.key.digest) {
            Some(job) => Some(job.generation.clone()),
            None => guesses.settings(record),
        };
        let amount = match asked {
            Some(asked) => {
                spent.estimate.add(&manifest.prices, &asked);
                price(&manifest.prices, &asked)
            }
            None => {
                spent.unknown += 1;
                Decimal::ZERO
            }
        };
        for tag in tags.get(&record.key.job).into_iter().copied().flatten() {
            *spent.tags.entry(tag.clone()).or_insert(Decimal::ZERO) += amount;
        }
        dated.extend(record.submitted_at.map(|at| (at, amount)));
    }
    dated.sort_by_key(|(at, _)| *at);
    for (at, amount) in dated {
        *spent.months.entry(at.strftime("%Y-%m").to_string()).or_insert(Decimal::ZERO) += amount;
        match spent.runs.last_mut().filter(|run| at.duration_since(run.to) <= GAP) {
            Some(run) => {
                (run.to, run.submits) = (at, run.submits + 1);
                run.amount += amount;
            }
            None => spent.runs.push(SpentInRun { from: at, to: at, submits: 1, amount }),
        }
    }
    spent
}

/// The settings found for the short hashes of records.
#[derive(Debug, Default)]
struct Guesses(HashMap<(String, u8, Vec<String>), Option<Generation>>);

impl Guesses {
    /// Returns a generation with the settings of a record, if they can be found; its prompt and references are placeholders.
    fn settings(&mut self, record: &Record) -> Option<Generation> {
        let hash = record.parts.get("settings")?;
        let names = record.parts.keys().filter_map(|part| part.strip_prefix("reference."));
        let names: Vec<String> = names.filter(|name| !name.contains('@')).map(str::to_owned).collect();
        let key = (hash.clone(), record.videos, names);
        self.0.entry(key).or_insert_with_key(|(hash, videos, names)| guess(hash, *videos, names)).clone()
    }
}

/// Tries all possible settings, the usual ones first.
fn guess(hash: &str, videos: u8, names: &[String]) -> Option<Generation> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let orders = orders(&names);
    for (take, need_expand_prompt) in (1..=TAKES).flat_map(|take| [(take, false), (take, true)]) {
        for (resolution, duration) in Resolution::ALL.iter().flat_map(|r| [(*r, Duration::Five), (*r, Duration::Eight)])
        {
            let asked = Generation {
                model: MODEL.into(),
                prompt: Text::default(),
                negative_prompt: None,
                resolution,
                duration,
                references: Arc::default(),
                number_of_videos: videos,
                need_expand_prompt,
            };
            if orders.iter().any(|order| asked.settings_part(take, order) == hash) {
                return Some(asked);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests;
