//! Open, record, close: with real files.

use super::entry::Entry;
use super::record::{Key, Stage};
use super::*;
use crate::spec::names::{Digest, JobId, TaskId};
use crate::spec::output::VideoName;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fs;

const SERVICE: &str = "https://cloud.baicaiinfer.com";

struct Place {
    _folder: tempfile::TempDir,
    paths: Paths,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::of(&folder.path().join("jobs.lock"));
    Place { _folder: folder, paths }
}

fn holder() -> Holder {
    Holder { host: "box".to_owned(), pid: 4711, started: at(0) }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_770_000_000 + second).unwrap()
}

fn key(job: &str, input: &str) -> Key {
    Key { job: JobId::new(job).unwrap(), digest: Digest(Sha256::of(input.as_bytes())) }
}

fn submitting(key: &Key) -> Entry {
    let parts = BTreeMap::from([("prompt".to_owned(), "9f2c11aa".to_owned())]);
    let name = VideoName::new(&format!("out/{}-{{n}}.mp4", key.job));
    Entry::Submitting { key: key.clone(), attempt: 1, parts, videos: 1, name, service: SERVICE.to_owned(), at: at(1) }
}

fn submitted(key: &Key, task: &str) -> Entry {
    Entry::Submitted { key: key.clone(), attempt: 1, task: TaskId::new(task).unwrap(), at: at(2) }
}

#[tokio::test]
async fn what_is_recorded_is_in_the_lock_and_the_journal_is_gone() {
    let place = place();
    let (scribe, closer) = open(&place.paths, holder()).unwrap().start(SERVICE).unwrap();
    let key = key("park-walk", "a");
    scribe.record(submitting(&key)).await.unwrap();
    scribe.record(submitted(&key, "t1")).await.unwrap();
    let book = closer.close().await.unwrap();
    assert!(matches!(&book.get(&key).unwrap().stage, Stage::Submitted { task } if task.as_str() == "t1"));
    assert!(!place.paths.journal.exists());
    let snapshot = read(&place.paths).unwrap();
    assert_eq!(snapshot.book, book);
    assert!(snapshot.held_by.is_none() && !snapshot.journal);
    assert!(scribe.record(submitting(&key)).await.is_err(), "the ledger is closed");
}

#[tokio::test]
async fn a_killed_run_leaves_its_entries_in_the_journal() {
    let place = place();
    let (scribe, closer) = open(&place.paths, holder()).unwrap().start(SERVICE).unwrap();
    let (accepted, open_one) = (key("a", "a"), key("b", "b"));
    scribe.record(submitting(&accepted)).await.unwrap();
    scribe.record(submitted(&accepted, "t1")).await.unwrap();
    scribe.record(submitting(&open_one)).await.unwrap();
    drop((scribe, closer.inbox));
    drop(closer.writer.await.unwrap());
    drop(closer.desk);
    assert!(place.paths.journal.exists() && !place.paths.lock.exists());

    let ledger = open(&place.paths, holder()).unwrap();
    assert!(matches!(ledger.book().get(&accepted).unwrap().stage, Stage::Submitted { .. }));
    assert!(matches!(ledger.book().get(&open_one).unwrap().stage, Stage::Uncertain { task: None, .. }));
    let book = ledger.close_unchanged().unwrap();
    assert!(fs::read_to_string(&place.paths.lock).unwrap().contains("uncertain") && !place.paths.journal.exists());
    assert_eq!(read(&place.paths).unwrap().book, book);
}
