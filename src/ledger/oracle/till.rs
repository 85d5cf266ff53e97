//! What the service charges, and what people allowed.

use crate::ledger::record::Key;
use crate::spec::names::TaskId;
use std::collections::{BTreeMap, BTreeSet};

/// The service's till.
#[derive(Debug, Default)]
pub(super) struct Till {
    accounts: BTreeMap<Key, Account>,
    tasks: u32,
}

#[derive(Debug, Default)]
struct Account {
    /// What the service charged for, and didn't fail.
    charged: BTreeSet<TaskId>,
    /// How often a person said that it may be paid again.
    words: usize,
    /// How often somebody paid for the same who couldn't know of it.
    doubled: usize,
}

impl Till {
    /// A submit arrived.
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

    /// The service gave up on a task: it costs nothing.
    pub(super) fn refund(&mut self, key: &Key, task: &TaskId) {
        let account = self.accounts.entry(key.clone()).or_default();
        if account.charged.remove(task) {
            account.doubled = account.doubled.saturating_sub(1);
        }
    }

    /// Somebody else pays, whose lock isn't this one.
    pub(super) fn charge_another(&mut self, key: &Key) -> TaskId {
        let account = self.accounts.entry(key.clone()).or_default();
        account.doubled += account.charged.len().min(1);
        self.charge(key)
    }

    /// Nothing but what is or may be paid by these accounts is known any more: who lets a lock be replaced by an older one pays again.
    pub(super) fn forget_all_but(&mut self, known: &BTreeSet<Key>) {
        for (key, account) in &mut self.accounts {
            if !known.contains(key) {
                account.doubled = account.charged.len();
                account.words += 1;
            }
        }
    }

    /// A person said that a job may be paid for again.
    pub(super) fn allow(&mut self, key: &Key) {
        self.accounts.entry(key.clone()).or_default().words += 1;
    }

    /// The tasks that a person finds in the service's console under a key.
    pub(super) fn tasks(&self, key: &Key) -> impl Iterator<Item = &TaskId> {
        self.accounts.get(key).into_iter().flat_map(|account| &account.charged)
    }

    /// `run --prune`: whoever wants it again pays again.
    pub(super) fn prune(&mut self, key: &Key) {
        self.accounts.remove(key);
    }

    /// A purchase takes its account along, to the job that asks for its digest now.
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
