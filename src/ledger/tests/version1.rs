//! Locks and journals written by real runs of earlier versions, when purchases had no ids: nothing in them is lost, and
//! the ids are the same on each machine.
//!
//! `NAME.lock` and `NAME.journal` are what `batch` wrote then; `NAME.expected.lock` is what it writes now after reading
//! them.

use super::super::*;
use crate::service::names::TaskId;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// Files that belonged together: a name, a lock and a journal.
const CASES: [(&str, Option<&str>, Option<&str>); 8] = [
    ("all-kinds", Some("all-kinds.lock"), None),
    ("edited-and-renamed", Some("edited-and-renamed.lock"), None),
    ("whole", None, Some("whole.journal")),
    ("taken-in", Some("taken-in.lock"), Some("whole.journal")),
    ("half", None, Some("half.journal")),
    ("mixed-before", Some("mixed-before.lock"), Some("mixed.journal")),
    ("mixed", Some("mixed.lock"), Some("mixed.journal")),
    ("released", Some("released.lock"), None),
];

fn at(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/ledger/tests/version1").join(name)
}

fn recovered(lock: Option<&[u8]>, journal: &[u8]) -> Book {
    let paths = Paths { lock: "jobs.lock".into(), journal: "jobs.lock.journal".into() };
    recover::recover(lock, journal, &paths).unwrap().0
}

fn book_of((_, lock, journal): (&str, Option<&str>, Option<&str>)) -> Book {
    let lock = lock.map(|lock| fs::read(at(lock)).unwrap());
    let journal = journal.map(|journal| fs::read(at(journal)).unwrap()).unwrap_or_default();
    recovered(lock.as_deref(), &journal)
}

/// Returns every id of 32 hexadecimal digits in a text: those of tasks.
fn tasks_in(text: &str) -> BTreeSet<TaskId> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() == 32);
    words.map(|word| TaskId::new(word).unwrap()).collect()
}

#[test]
fn locks_and_journals_of_before_become_what_is_expected_and_lose_no_task() {
    for case @ (name, lock, journal) in CASES {
        let written = lockfile::write(&book_of(case));
        let expected = fs::read_to_string(at(&format!("{name}.expected.lock"))).unwrap_or_default();
        assert_eq!(written, expected, "{name}");
        let before = [lock, journal].into_iter().flatten().map(|file| fs::read_to_string(at(file)).unwrap());
        let before: BTreeSet<TaskId> = before.flat_map(|text| tasks_in(&text)).collect();
        assert_eq!(tasks_in(&written), before, "{name}");
    }
}

#[test]
fn a_lock_that_was_converted_is_the_same_and_its_journal_of_before_changes_nothing() {
    for case @ (name, _, journal) in CASES {
        let book = book_of(case);
        let written = lockfile::write(&book);
        let again = recovered(Some(written.as_bytes()), b"");
        assert!(again == book, "{name}");
        // The lock was converted, and the process died before the journal was removed.
        let journal = journal.map(|journal| fs::read(at(journal)).unwrap()).unwrap_or_default();
        assert_eq!(lockfile::write(&recovered(Some(written.as_bytes()), &journal)), written, "{name}");
    }
}

#[test]
fn a_lock_says_the_same_with_the_journal_that_it_had_taken_in() {
    let [alone, with_journal] =
        [None, Some("whole.journal")].map(|journal| book_of(("", Some("taken-in.lock"), journal)));
    assert_eq!(lockfile::write(&alone), lockfile::write(&with_journal));
    assert_eq!(lockfile::write(&alone), lockfile::write(&book_of(("", None, Some("whole.journal")))));
}

#[test]
fn what_a_record_kept_beside_it_is_a_purchase_of_its_own() {
    let mixed = book_of(("", Some("mixed.lock"), None));
    let twice = mixed.records().filter(|record| !mixed.bought_twice(&record.key).is_empty()).count();
    assert_eq!(twice, 5, "all but the one whose submits got no answer");
    let open: Vec<usize> = mixed.records().map(|record| mixed.open(&record.key).count()).collect();
    assert_eq!(open.iter().max(), Some(&2), "two submits without an answer");
    let released = book_of(("", Some("released.lock"), None));
    let walk = released.records().find(|record| record.key.job.as_str() == "walk");
    assert!(walk.is_none(), "a person let it be submitted again");
    assert!(lockfile::write(&released).contains("status = \"released\""));
}
