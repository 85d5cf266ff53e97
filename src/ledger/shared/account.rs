//! The purchases of one job and digest, as all machines know them, and the steps that they take. Pure.

use super::key::of_purchases;
use super::purse::Cost;
use super::store::{StoreError, counted, document};
use crate::base::decimal::Decimal;
use crate::ledger::book::Book;
use crate::ledger::entry::{Entry, Step};
use crate::ledger::id::PurchaseId;
use crate::ledger::lockfile::PurchaseTable;
use crate::ledger::purchase::{Owed, Purchase, Rung};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Whether a book is told why a purchase is doubted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubts {
    /// With the reason, for who looks.
    Told,
    /// As its holder left it, for a lock: its holder may withdraw it still.
    Untold,
}

/// The purchases of one job and digest.
///
/// Its revision counts the writes, so that no two states are equal in bytes: a store may call a text by its hash.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Account {
    rev: u64,
    claim: Option<Claim>,
    holder: Option<Runner>,
    doubt: Option<Doubt>,
    /// What purchases cost, as far as that was known when they were intended.
    costs: BTreeMap<PurchaseId, Cost>,
    pub(super) book: Book,
}

/// The right to send the one submit of a purchase: bits that only its maker has, and never hands on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    pub(super) purchase: PurchaseId,
    pub(super) bits: String,
}

/// A run that works on the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runner {
    /// What it is called among all runs.
    pub run: String,
    /// The machine's name.
    pub host: String,
    /// The process's id there.
    pub pid: u32,
}

/// Why a purchase is called uncertain though its holder never said so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Doubt {
    purchase: PurchaseId,
    reason: String,
}

/// Why nothing is bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Barrier {
    /// Another purchase has a later id: this one's must be later still.
    Behind(PurchaseId),
    /// What is or may be paid, or something happened that wasn't known when it was decided to buy.
    Taken(Option<Runner>),
}

/// The text of an account.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(deserialize_with = "counted")]
    rev: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claim: Option<Claim>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    holder: Option<Runner>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    doubt: Option<Doubt>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    costs: BTreeMap<PurchaseId, Cost>,
    purchase: Vec<PurchaseTable>,
}

#[cfg(test)]
thread_local! {
    /// What was read before: the model reads the same texts millions of times.
    static READ: std::cell::RefCell<std::collections::HashMap<Vec<u8>, Account>> = std::cell::RefCell::default();
}

impl Account {
    /// Reads the text that stands under a key.
    ///
    /// # Errors
    /// Fails if it is none that this program writes.
    pub(super) fn read(key: &str, text: &[u8]) -> Result<Account, StoreError> {
        #[cfg(test)]
        if let Some(known) = READ.with_borrow(|known| known.get(text).cloned()) {
            return Ok(known);
        }
        let damaged = |what: String| StoreError::Damaged { key: key.to_owned(), what };
        let document: Document = document(key, text)?;
        let mut book = Book::default();
        for table in document.purchase {
            let purchase = table.into_purchase().map_err(damaged)?;
            let of = of_purchases(&purchase.record.key);
            if of != key {
                return Err(damaged(format!("it has a purchase that belongs under {of}")));
            }
            book.add(purchase);
        }
        let Document { rev, claim, holder, doubt, costs, .. } = document;
        let account = Account { rev, claim, holder, doubt, costs, book };
        #[cfg(test)]
        READ.with_borrow_mut(|known| known.insert(text.to_vec(), account.clone()));
        Ok(account)
    }

    /// Returns the text.
    pub(super) fn text(&self) -> Vec<u8> {
        let Account { rev, claim, holder, doubt, mut costs, book } = self.clone();
        costs.retain(|id, _| book.purchase(*id).is_some());
        let purchase = book.kept().map(PurchaseTable::of).collect();
        let document = Document { rev, claim, holder, doubt, costs, purchase };
        serde_json::to_vec(&document).expect("an account is JSON")
    }

    /// Returns the account with a purchase that is intended (step 1): the maker of `claim` may send its submit.
    ///
    /// `after` is the last purchase that was known when it was decided to buy, `releases` are those without an answer in whose
    /// place it is made.
    ///
    /// # Errors
    /// Fails if something is or may be paid, or happened since.
    pub(super) fn intend(
        &self,
        intent: &Entry,
        after: Option<PurchaseId>,
        releases: &[PurchaseId],
        claim: &Claim,
        holder: &Runner,
        cost: Option<&Cost>,
    ) -> Result<Account, Barrier> {
        let stands_in_the_way = |known: &Purchase| match known.owed() {
            None => false,
            Some(Owed::Nothing) => Some(known.record.id) > after,
            Some(Owed::Maybe) => !releases.contains(&known.record.id) || self.may_still_be_sent(known),
            Some(Owed::Paid) => true,
        };
        if self.book.kept().any(stands_in_the_way) {
            return Err(Barrier::Taken(self.holder.clone()));
        }
        if let Some(last) = self.last().filter(|last| *last >= claim.purchase) {
            return Err(Barrier::Behind(last));
        }
        let mut next = self.clone();
        next.book.apply(intent);
        next.costs.extend(cost.map(|cost| (claim.purchase, cost.clone())));
        Ok(Account { rev: self.rev + 1, claim: Some(claim.clone()), holder: Some(holder.clone()), doubt: None, ..next })
    }

    /// Returns the account with what somebody knows of a purchase (steps 2 to 5, 8 and 9, and what comes of elsewhere); none where that
    /// is nothing new. Whoever it was, and whatever became of the account: a task id goes in.
    pub(super) fn with(&self, purchase: &Purchase) -> Option<Account> {
        let mut next = self.clone();
        next.book.add(purchase.clone());
        (next.book != self.book).then(|| Account { rev: self.rev + 1, ..next })
    }

    /// Returns the account with its open intent called uncertain, since its holder is silent (step 6).
    pub(super) fn doubted(&self) -> Option<Account> {
        let purchase = self.open()?;
        let who = self.holder.as_ref().map_or_else(|| "its run".to_owned(), Runner::to_string);
        let reason = format!("{who} wrote down that it submits it, and nothing since: it may or may not have arrived");
        Some(Account { rev: self.rev + 1, doubt: Some(Doubt { purchase, reason }), ..self.clone() })
    }

    /// Returns the purchase that its holder may still submit, as far as anybody knows.
    pub(super) fn open(&self) -> Option<PurchaseId> {
        let open = |known: &&Purchase| self.may_still_be_sent(known);
        self.book.kept().filter(open).map(|known| known.record.id).max()
    }

    /// Returns whether an intent is called uncertain since its holder is silent.
    pub(super) fn is_doubted(&self) -> bool {
        let doubted = self.doubt.as_ref().and_then(|doubt| self.book.purchase(doubt.purchase));
        doubted.is_some_and(|purchase| purchase.rung == Rung::Intended)
    }

    /// Returns whether this claim stands in it.
    pub(super) fn is_claimed_by(&self, claim: &Claim) -> bool {
        self.claim.as_ref() == Some(claim)
    }

    /// Returns what is or may be paid here of what was bought in a unit, by the runs that are asked about.
    pub(super) fn cost(&self, unit: &str, of: impl Fn(&str) -> bool) -> Decimal {
        let is_owed = |id: PurchaseId| {
            let owed = self.book.purchase(id).and_then(Purchase::owed);
            matches!(owed, Some(Owed::Paid | Owed::Maybe))
        };
        let costs = self.costs.iter().filter(|(id, cost)| cost.unit == unit && of(&cost.run) && is_owed(**id));
        costs.map(|(_, cost)| cost.price).sum()
    }

    /// Returns who made the last intent.
    pub(super) fn holder(&self) -> Option<&Runner> {
        self.holder.as_ref()
    }

    /// Lets a book take in what is known here.
    pub(super) fn tell(self, book: &mut Book, doubts: Doubts) {
        let Account { doubt, book: mut known, .. } = self;
        if doubts == Doubts::Told
            && let Some(Doubt { purchase, reason }) = doubt
            && known.purchase(purchase).is_some_and(|purchase| purchase.rung == Rung::Intended)
        {
            let at = jiff::Timestamp::UNIX_EPOCH;
            known.apply(&Entry::of(purchase, Step::Uncertain { task: None, reason, at }));
        }
        book.unite(known);
    }

    /// Returns whether a purchase with this task stands in it.
    #[cfg(test)]
    pub(super) fn has_task(&self, task: &crate::service::names::TaskId) -> bool {
        self.book.kept().any(|known| known.task() == Some(task))
    }

    fn may_still_be_sent(&self, known: &Purchase) -> bool {
        let is_doubted = self.doubt.as_ref().is_some_and(|doubt| doubt.purchase == known.record.id);
        known.rung == Rung::Intended && !is_doubted
    }

    fn last(&self) -> Option<PurchaseId> {
        self.book.kept().map(|known| known.record.id).max()
    }
}

impl fmt::Display for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} on {}", self.pid, self.host)
    }
}
