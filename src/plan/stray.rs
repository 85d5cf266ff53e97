//! The remaining work for records, whether or not a job of the manifest needs them: paid videos are collected.

use super::action::{Action, Reason};
use super::decide::{Known, Policy, decide};
use super::videos::Shelf;
use crate::ledger::record::Record;

/// A record that no job of the manifest needs, but whose videos are still to be collected.
#[derive(Clone, Debug)]
pub struct Stray {
    /// The record, as after the moves.
    pub record: Record,
    /// The action: polling or fetching.
    pub action: Action,
    /// The reason why no job needs it.
    pub reason: Reason,
}

/// Returns the action that collects the videos of a record, and its reason, by the same table as for a job. Returns
/// `None` if all are stored, if there are none to get, or if only a person can decide.
pub fn to_collect<'b>(shelf: &Shelf<'b>, record: &'b Record) -> Option<(Action, Reason)> {
    let (_, videos) = shelf.of_paid(record);
    let decided = decide(Some(record), Known::Never, videos, Policy::default());
    Some(decided).filter(|(action, _)| matches!(action, Action::Resume | Action::Download))
}
