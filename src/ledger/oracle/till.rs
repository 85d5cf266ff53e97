//! What the service charges, and what people allowed.

use crate::ledger::entry::{Entry, Verdict};
use crate::ledger::record::Key;
use crate::spec::names::{JobId, TaskId};
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
    /// How often somebody else paid for the same without knowing of it.
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

    /// All but these purchases is in no lock any more: who lets a lock be replaced by an older one pays again.
    pub(super) fn forget_all_but(&mut self, known: &BTreeSet<Key>, tasks: &BTreeSet<TaskId>) {
        self.accounts.retain(|key, _| known.contains(key));
        for account in self.accounts.values_mut() {
            account.doubled += account.charged.difference(tasks).count();
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

    /// What a durable entry says about money: a record takes its account along.
    pub(super) fn learn(&mut self, entry: &Entry) {
        match entry {
            Entry::Resolved { key, verdict: Verdict::Resubmit, .. } => self.allow(key),
            Entry::Moved { key, to, .. } if key.job != *to => self.transfer(key, to),
            _ => {}
        }
    }

    fn transfer(&mut self, key: &Key, to: &JobId) {
        if let Some(from) = self.accounts.remove(key) {
            let to = Key { job: to.clone(), digest: key.digest };
            let account = self.accounts.entry(to).or_default();
            account.charged.extend(from.charged);
            account.words += from.words;
            account.doubled += from.doubled;
        }
    }
}
