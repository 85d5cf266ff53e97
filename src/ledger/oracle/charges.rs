//! The service's charges, and the consents that people gave.

use crate::ledger::record::Key;
use crate::service::names::TaskId;
use std::collections::{BTreeMap, BTreeSet};

/// The service's charges.
#[derive(Debug, Default)]
pub(super) struct Charges {
    accounts: BTreeMap<Key, Account>,
    tasks: u32,
}

#[derive(Debug, Default)]
struct Account {
    /// The tasks that the service charged for, and didn't fail.
    charged: BTreeSet<TaskId>,
    /// Number of times that a person allowed another payment.
    words: usize,
    /// Number of times that somebody paid for the same without being able to know.
    doubled: usize,
}

impl Charges {
    /// Charges a submit that arrived.
    pub(super) fn charge(&mut self, key: &Key) -> TaskId {
        self.tasks += 1;
        let task = TaskId::new(&format!("task-{}", self.tasks)).unwrap();
        let account = self.accounts.entry(key.clone()).or_default();
        account.charged.insert(task.clone());
        assert!(
            account.charged.len() <= 1 + account.words + account.doubled,
            "{key:?} is paid for again without a word: {account:?}"
        );
        task
    }

    /// Refunds a task that the service failed.
    pub(super) fn refund(&mut self, key: &Key, task: &TaskId) {
        let account = self.accounts.entry(key.clone()).or_default();
        if account.charged.remove(task) {
            account.doubled = account.doubled.saturating_sub(1);
        }
    }

    /// Charges somebody else, whose lock isn't this one.
    pub(super) fn charge_another(&mut self, key: &Key) -> TaskId {
        let account = self.accounts.entry(key.clone()).or_default();
        account.doubled += account.charged.len().min(1);
        self.charge(key)
    }

    /// Forgets all charges not known by these accounts: replacing a lock with an older one means paying again.
    pub(super) fn forget_all_but(&mut self, known: &BTreeSet<Key>) {
        for (key, account) in &mut self.accounts {
            if !known.contains(key) {
                account.doubled = account.charged.len();
                account.words += 1;
            }
        }
    }

    /// Records that a person allowed a job to be paid again.
    pub(super) fn allow(&mut self, key: &Key) {
        self.accounts.entry(key.clone()).or_default().words += 1;
    }

    /// Returns the tasks that a person finds in the service's console under a key.
    pub(super) fn tasks(&self, key: &Key) -> impl Iterator<Item = &TaskId> {
        self.accounts.get(key).into_iter().flat_map(|account| &account.charged)
    }

    /// Forgets a key after `run --prune`: wanting it again means paying again.
    pub(super) fn prune(&mut self, key: &Key) {
        self.accounts.remove(key);
    }

    /// Moves the account of a purchase to the job that has its digest now.
    pub(super) fn transfer(&mut self, from: &Key, to: &Key) {
        if from != to
            && let Some(Account { charged, words, doubled }) = self.accounts.remove(from)
        {
            let account = self.accounts.entry(to.clone()).or_default();
            account.doubled += account.charged.len().min(charged.len()) + doubled;
            account.charged.extend(charged);
            account.words += words;
        }
    }
}
