//! What is still to come of records, whether or not a job of the manifest asks for them: what is paid is collected.

use super::action::{Action, Reason};
use super::decide::{Known, Policy, decide};
use super::videos::of_paid;
use crate::base::folder::Folder;
use crate::ledger::Book;
use crate::ledger::record::Record;

/// A record that no job of the manifest asks for, but whose videos are still to be collected.
#[derive(Clone, Debug)]
pub struct Stray {
    /// The record, as after the moves.
    pub record: Record,
    /// Whether it is polled or fetched.
    pub action: Action,
    /// Why no job asks for it.
    pub reason: Reason,
}

/// What is done to collect the videos of a record, and why: by the same table as for a job that asks for it. Nothing where all
/// are here under `folder`, where there is nothing to be had, or where only a person knows.
pub fn to_collect(folder: &Folder, book: &Book, record: &Record) -> Option<(Action, Reason)> {
    let (_, videos) = of_paid(folder, book, record);
    let decided = decide(Some(record), Known::Never, videos, Policy::default());
    Some(decided).filter(|(action, _)| matches!(action, Action::Resume | Action::Download))
}
