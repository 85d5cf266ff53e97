//! The money of all runs of a ledger that have a limit (`--max-cost`): no purchase is intended before its price is reserved, by a swap
//! after which all together are within the smallest limit.
//!
//! One document has a part for each run: what its purchases cost, and what it has reserved for those on their way. A run writes its own
//! part only, and whole, so a reply that was lost changes nothing. What a run that is gone has in the document stays counted until
//! nothing can come of it any more; then its purchases speak for it, each of which has its price in the ledger.

mod steps;

use super::key::escaped;
use super::store::{Found, StoreError, counted, document};
use crate::base::decimal::Decimal;
use crate::ledger::id::PurchaseId;
use crate::ledger::purchase::{Owed, Purchase, Rung};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};

/// What the keys of all documents begin with; there is one for each unit of money.
pub(super) const BUDGETS: &str = "f/budget/";

/// What a purchase costs, as it stands beside it in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cost {
    /// Its price.
    #[serde(with = "amount")]
    pub(super) price: Decimal,
    /// What that is in.
    pub(super) unit: String,
    /// The run that intended it.
    pub(super) run: String,
}

/// One run's part in the money of all.
#[derive(Debug)]
pub struct Purse {
    key: String,
    unit: String,
    most: Decimal,
    state: Mutex<State>,
    /// Whoever has it writes for all who wish.
    writing: tokio::sync::Mutex<Option<Found>>,
    settled: Notify,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    own: Own,
    /// The last state of the document that was seen.
    rev: u64,
    /// Counts how often others took the own part for that of a run that is gone: what was spent before is no longer in it.
    era: u64,
    /// Whether the own part stood there.
    is_in: bool,
    /// Whether it stands there as it is.
    is_told: bool,
    holds: HashMap<PurchaseId, Hold>,
    wishes: Vec<Wish>,
    beside: Beside,
    /// The parts of others: since when they stand there unmoved.
    watched: HashMap<String, (u64, Duration)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Own {
    spent: Decimal,
    reserved: Decimal,
}

/// What is counted for a purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hold {
    price: Decimal,
    /// The era in which it was counted as spent; none while it is reserved.
    spent: Option<u64>,
}

#[derive(Debug)]
struct Wish {
    id: PurchaseId,
    price: Decimal,
    answer: oneshot::Sender<Result<bool, StoreError>>,
}

/// What counts beside this run's own money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beside {
    /// What purchases of other runs cost.
    pub spent: Decimal,
    /// What other runs have reserved: it may come back.
    pub reserved: Decimal,
    /// The smallest limit.
    pub most: Decimal,
}

/// What stands there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    /// Counts the writes: no two states are equal in bytes.
    #[serde(deserialize_with = "counted")]
    rev: u64,
    /// What the purchases cost of runs that have no part any more.
    #[serde(with = "amount")]
    past: Decimal,
    runs: BTreeMap<String, Part>,
}

/// The part of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    /// Counts its writes.
    #[serde(deserialize_with = "counted")]
    number: u64,
    #[serde(with = "amount")]
    most: Decimal,
    #[serde(with = "amount")]
    spent: Decimal,
    #[serde(with = "amount")]
    reserved: Decimal,
}

/// Amounts are texts: they stay exact.
mod amount {
    use crate::base::decimal::Decimal;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(amount: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(amount)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Decimal, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Document {
    fn read(key: &str, found: Option<&Found>) -> Result<Document, StoreError> {
        found.map_or_else(|| Ok(Document::default()), |found| document(key, &found.text))
    }

    /// Returns what counts beside a run with a limit of its own.
    fn beside(&self, run: &str, most: Decimal) -> Beside {
        let others = || self.runs.iter().filter(|(other, _)| *other != run).map(|(_, part)| part);
        Beside {
            spent: others().map(|part| part.spent).fold(self.past, Decimal::plus),
            reserved: others().map(|part| part.reserved).sum(),
            most: others().map(|part| part.most).fold(most, Decimal::min),
        }
    }
}

impl Purse {
    /// Returns the part of a run that ends to buy when all runs together would spend more than `most`.
    pub fn new(most: Decimal, unit: &str) -> Purse {
        let beside = Beside { spent: Decimal::ZERO, reserved: Decimal::ZERO, most };
        let state = State {
            own: Own::default(),
            rev: 0,
            era: 0,
            is_in: false,
            is_told: false,
            holds: HashMap::new(),
            wishes: Vec::new(),
            beside,
            watched: HashMap::new(),
        };
        Purse {
            key: format!("{BUDGETS}{}", escaped(unit)),
            unit: unit.to_owned(),
            most,
            state: Mutex::new(state),
            writing: tokio::sync::Mutex::new(None),
            settled: Notify::new(),
            changed: Notify::new(),
        }
    }

    /// Returns what counts beside this run's own money, as it was last seen.
    pub fn beside(&self) -> Beside {
        self.state().beside
    }

    /// Waits until there may be more money, or less.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Lets what isn't told be written down.
    pub(super) fn noted(&self) {
        self.settled.notify_one();
    }

    /// Waits until something was settled.
    pub(super) async fn settled(&self) {
        self.settled.notified().await;
    }

    /// Takes note of how a purchase stands: what isn't owed any more is given back.
    pub(super) fn saw(&self, purchase: &Purchase) {
        let mut state = self.state();
        let (id, era) = (purchase.record.id, state.era);
        let Some(Hold { price, spent }) = state.holds.get(&id).copied() else { return };
        match (purchase.owed(), spent) {
            // What a word lets be submitted again may have arrived all the same.
            _ if matches!(purchase.rung, Rung::Intended | Rung::Settled) => return,
            (Some(Owed::Paid | Owed::Maybe), Some(_)) => return,
            (Some(Owed::Paid | Owed::Maybe), None) => {
                state.own.reserved = state.own.reserved.minus(price);
                state.own.spent += price;
                state.holds.insert(id, Hold { price, spent: Some(era) });
            }
            (_, None) => {
                state.own.reserved = state.own.reserved.minus(price);
                state.holds.remove(&id);
            }
            (_, Some(then)) => {
                // Since then others may have counted it with those of runs that are gone.
                if then == era {
                    state.own.spent = state.own.spent.minus(price);
                }
                state.holds.remove(&id);
            }
        }
        state.is_told = false;
        drop(state);
        self.noted();
        self.changed.notify_one();
    }

    /// Returns whether all that was settled stands in the ledger.
    pub(super) fn is_told(&self) -> bool {
        self.state().is_told
    }

    /// Returns since when this machine sees the part of a run as it is.
    fn unmoved_since(&self, run: &str, number: u64, now: Duration) -> Duration {
        let mut state = self.state();
        let seen = state.watched.entry(run.to_owned()).or_insert((number, now));
        if seen.0 != number {
            *seen = (number, now);
        }
        seen.1
    }

    /// Takes in what stands there.
    fn look_into(&self, document: &Document, run: &str) {
        let mut state = self.state();
        // What was read earlier, and came later.
        if document.rev < state.rev {
            return;
        }
        state.rev = document.rev;
        if state.is_in && !document.runs.contains_key(run) {
            // Others took this run for one that is gone: its purchases are counted with the past.
            (state.is_in, state.is_told, state.own.spent) = (false, false, Decimal::ZERO);
            state.era += 1;
        }
        let beside = document.beside(run, self.most);
        if std::mem::replace(&mut state.beside, beside) != beside {
            self.changed.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Checks that a text says what the runs spent.
///
/// # Errors
/// Fails if it doesn't.
pub(super) fn is_budget(key: &str, text: &[u8]) -> Result<(), StoreError> {
    document::<Document>(key, text).map(drop)
}

/// Returns how many of these prices, from the first on, there is money for, and what they are together.
fn afforded(beside: Beside, own: Decimal, prices: &[Decimal]) -> (usize, Decimal) {
    let before = [beside.spent, beside.reserved, own].into_iter().sum::<Decimal>();
    let mut more = Decimal::ZERO;
    for (number, price) in prices.iter().enumerate() {
        if before.plus(more).plus(*price) > beside.most {
            return (number, more);
        }
        more += *price;
    }
    (prices.len(), more)
}

#[cfg(test)]
mod tests;
