//! Open, record, close: with real files.

use super::entry::{Entry, Step};
use super::guard::Guard;
use super::record::{Key, Stage};
use super::*;
use crate::base::digest::Sha256;
use crate::service::names::{Digest, JobId, TaskId};
use crate::service::output::VideoName;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fs;
use tokio::sync::mpsc;

mod exchanged;
mod version1;

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
    let (service, at) = (SERVICE.to_owned(), at(1));
    let (job, digest) = (key.job.clone(), key.digest);
    Entry::of(id(key), Step::Submitting { job, digest, parts, videos: 1, name, service, manifest: None, at })
}

fn submitted(key: &Key, task: &str) -> Entry {
    Entry::of(id(key), Step::Submitted { task: TaskId::new(task).unwrap(), at: at(2) })
}

/// Returns the purchase of a key here.
fn id(key: &Key) -> PurchaseId {
    PurchaseId::for_test(key, 1)
}

/// Ends a run as a kill does: no lock is written, the journal stays.
async fn kill(journal_writer: JournalWriter, session: Session) {
    drop((journal_writer, session.inbox));
    drop(session.writer.await.unwrap());
    drop(session.files);
}

fn begin(place: &Place) -> (JournalWriter, Session) {
    open(&place.paths, holder()).unwrap().start(SERVICE).unwrap()
}

/// Creates a lock with one paid job in it.
async fn with_a_lock() -> Place {
    let place = place();
    let (journal_writer, session) = begin(&place);
    journal_writer.record(submitting(&key("a", "a"))).await.unwrap();
    journal_writer.record(submitted(&key("a", "a"), "ta")).await.unwrap();
    session.close().await.unwrap();
    place
}

fn files(place: &Place) -> Vec<String> {
    let folder = place.paths.lock.parent().unwrap();
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_is_recorded_is_in_the_lock_and_the_journal_is_gone() {
    let place = place();
    let (journal_writer, session) = begin(&place);
    let key = key("park-walk", "a");
    journal_writer.record(submitting(&key)).await.unwrap();
    journal_writer.record(submitted(&key, "t1")).await.unwrap();
    let book = session.close().await.unwrap();
    assert!(matches!(&book.get(&key).unwrap().stage, Stage::Submitted { task } if task.as_str() == "t1"));
    assert_eq!(files(&place), ["jobs.lock"]);
    let snapshot = read(&place.paths).unwrap();
    assert_eq!(snapshot.book, book);
    assert!(snapshot.held_by.is_none() && !snapshot.journal);
    assert!(journal_writer.record(submitting(&key)).await.is_err(), "the ledger is closed");
}

#[tokio::test]
async fn an_entry_is_in_the_journal_before_record_returns() {
    let place = place();
    let (journal_writer, session) = begin(&place);
    for number in 0..20 {
        let key = key("a", &number.to_string());
        journal_writer.record(submitting(&key)).await.unwrap();
        assert!(read(&place.paths).unwrap().book.get(&key).is_some());
    }
    kill(journal_writer, session).await;
}

#[tokio::test]
async fn a_killed_run_leaves_its_entries_in_the_journal() {
    let place = place();
    let (journal_writer, session) = begin(&place);
    let (accepted, open_one) = (key("a", "a"), key("b", "b"));
    journal_writer.record(submitting(&accepted)).await.unwrap();
    journal_writer.record(submitted(&accepted, "t1")).await.unwrap();
    journal_writer.record(submitting(&open_one)).await.unwrap();
    kill(journal_writer, session).await;
    assert_eq!(files(&place), ["jobs.lock", "jobs.lock.journal"]);
    assert!(read(&Paths { journal: "nowhere".into(), ..place.paths.clone() }).unwrap().book.is_empty());

    let ledger = open(&place.paths, holder()).unwrap();
    assert!(matches!(ledger.book().get(&accepted).unwrap().stage, Stage::Submitted { .. }));
    assert!(matches!(ledger.book().get(&open_one).unwrap().stage, Stage::Uncertain { task: None, .. }));
    let book = ledger.close_unchanged().unwrap();
    assert_eq!(files(&place), ["jobs.lock"]);
    assert_eq!(read(&place.paths).unwrap().book, book);
}

#[tokio::test]
async fn the_next_run_takes_in_what_a_killed_one_left_and_begins_a_journal_of_its_own() {
    let place = place();
    let (journal_writer, session) = begin(&place);
    journal_writer.record(submitting(&key("a", "a"))).await.unwrap();
    kill(journal_writer, session).await;
    // It is killed in turn, in the middle of a line.
    let second = Holder { pid: 4712, ..holder() };
    let (journal_writer, session) = open(&place.paths, second.clone()).unwrap().start(SERVICE).unwrap();
    assert_eq!(read(&place.paths).unwrap().held_by, Some(second));
    journal_writer.record(submitting(&key("b", "b"))).await.unwrap();
    kill(journal_writer, session).await;
    let journal = fs::read(&place.paths.journal).unwrap();
    fs::write(&place.paths.journal, [&journal[..], b"0123abcd 1 1 {\"entr"].concat()).unwrap();

    let (journal_writer, session) = begin(&place);
    journal_writer.record(submitting(&key("c", "c"))).await.unwrap();
    let book = session.close().await.unwrap();
    assert_eq!(book.records().map(|r| r.key.job.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(files(&place), ["jobs.lock"]);
}

#[tokio::test]
async fn one_run_at_a_time() {
    let place = place();
    let (journal_writer, session) = begin(&place);
    let error = open(&place.paths, holder()).unwrap_err();
    assert!(matches!(&error, LedgerError::Held { holder: Some(h), .. } if *h == holder()));
    assert!(error.to_string().ends_with("(process 4711 on box, since 2026-02-02T02:40:00Z)"), "{error}");
    let snapshot = read(&place.paths).unwrap();
    assert_eq!((snapshot.held_by, snapshot.journal), (Some(holder()), true));
    kill(journal_writer, session).await;
    let snapshot = read(&place.paths).unwrap();
    assert_eq!((snapshot.held_by, snapshot.journal), (None, true), "a dead run holds nothing");
    let ledger = open(&place.paths, holder()).unwrap();
    assert!(matches!(open(&place.paths, holder()), Err(LedgerError::Held { .. })));
    drop(ledger);
    open(&place.paths, holder()).unwrap().close_unchanged().unwrap();
    assert!(files(&place).is_empty());
}

#[tokio::test]
async fn doing_nothing_leaves_a_lock_as_it_is() {
    let place = with_a_lock().await;
    let text = fs::read_to_string(&place.paths.lock).unwrap() + "# A comment of a person.\n";
    fs::write(&place.paths.lock, &text).unwrap();
    let before = fs::metadata(&place.paths.lock).unwrap().modified().unwrap();
    open(&place.paths, holder()).unwrap().close_unchanged().unwrap();
    drop(open(&place.paths, holder()).unwrap());
    let (_, session) = begin(&place);
    session.close().await.unwrap();
    // Killed before anything was recorded.
    let (journal_writer, session) = begin(&place);
    kill(journal_writer, session).await;
    open(&place.paths, holder()).unwrap().close_unchanged().unwrap();
    assert_eq!(fs::read_to_string(&place.paths.lock).unwrap(), text);
    assert_eq!(fs::metadata(&place.paths.lock).unwrap().modified().unwrap(), before);
    assert_eq!(files(&place), ["jobs.lock"]);
}

#[tokio::test]
async fn nothing_is_made_where_nothing_is_recorded() {
    let place = place();
    let snapshot = read(&place.paths).unwrap();
    assert!(snapshot.book.is_empty() && !snapshot.journal);
    let (_, session) = begin(&place);
    session.close().await.unwrap();
    assert!(files(&place).is_empty());
    let nowhere = Paths::of(&place.paths.lock.join("nowhere/jobs.lock"));
    assert!(read(&nowhere).is_err() || read(&nowhere).unwrap().book.is_empty());
    assert!(matches!(open(&nowhere, holder()), Err(LedgerError::Io { doing: "open", .. })));
}

#[tokio::test]
async fn records_of_another_service_are_not_mixed_in_without_a_word() {
    let place = with_a_lock().await;
    let error = open(&place.paths, holder()).unwrap().start("simulate").unwrap_err();
    assert!(
        matches!(&error, LedgerError::OtherService { lock, wanted, .. } if lock == SERVICE && wanted == "simulate")
    );
    assert_eq!(files(&place), ["jobs.lock"]);
    let mut ledger = open(&place.paths, holder()).unwrap();
    ledger.move_service("https://new.example.com").unwrap();
    let (journal_writer, session) = ledger.start("https://new.example.com").unwrap();
    // Killed while it moves: the journal knows the destination.
    kill(journal_writer, session).await;
    let book = open(&place.paths, holder()).unwrap().close_unchanged().unwrap();
    assert_eq!(book.service(), Some("https://new.example.com"));
    assert_eq!(read(&place.paths).unwrap().book, book);
}

#[tokio::test]
async fn damaged_files_are_refused_and_left_alone() {
    let place = with_a_lock().await;
    fs::write(&place.paths.lock, "version = 2\n<<<<<<< HEAD\n").unwrap();
    assert!(matches!(open(&place.paths, holder()), Err(LedgerError::Conflict { line: 2, .. })));
    assert_eq!(fs::read(&place.paths.lock).unwrap(), b"version = 2\n<<<<<<< HEAD\n");
    assert_eq!(files(&place), ["jobs.lock"]);

    fs::remove_file(&place.paths.lock).unwrap();
    let (journal_writer, session) = begin(&place);
    for job in ["a", "b", "c"] {
        journal_writer.record(submitting(&key(job, job))).await.unwrap();
    }
    kill(journal_writer, session).await;
    let mut journal = fs::read(&place.paths.journal).unwrap();
    let second_line = journal.iter().position(|b| *b == b'\n').unwrap() + 30;
    journal[second_line] ^= 1;
    fs::write(&place.paths.journal, &journal).unwrap();
    let damaged = |outcome| matches!(outcome, Err(LedgerError::Damaged { line: Some(2), .. }));
    assert!(damaged(open(&place.paths, holder()).map(drop)) && damaged(read(&place.paths).map(drop)));
    assert_eq!(fs::read(&place.paths.journal).unwrap(), journal);
    assert_eq!(files(&place), ["jobs.lock", "jobs.lock.journal"]);
}

#[tokio::test]
async fn a_lock_that_is_exchanged_while_a_run_is_on_keeps_what_it_says() {
    let place = with_a_lock().await;
    let other = with_a_lock().await;
    let (journal_writer, session) = begin(&other);
    journal_writer.record(submitting(&key("other", "o"))).await.unwrap();
    session.close().await.unwrap();

    let (journal_writer, session) = begin(&place);
    journal_writer.record(submitting(&key("b", "b"))).await.unwrap();
    journal_writer.record(submitted(&key("b", "b"), "tb")).await.unwrap();
    fs::copy(&other.paths.lock, &place.paths.lock).unwrap();
    let book = session.close().await.unwrap();
    assert_eq!(book.records().map(|r| r.key.job.as_str()).collect::<Vec<_>>(), ["a", "b", "other"]);
    assert_eq!(read(&place.paths).unwrap().book, book);

    // An unreadable lock is not overwritten; the journal waits for it.
    let (journal_writer, session) = begin(&place);
    journal_writer.record(submitting(&key("c", "c"))).await.unwrap();
    fs::write(&place.paths.lock, "=======\n").unwrap();
    assert!(matches!(session.close().await, Err(LedgerError::Conflict { .. })));
    assert_eq!(fs::read(&place.paths.lock).unwrap(), b"=======\n");
    fs::copy(&other.paths.lock, &place.paths.lock).unwrap();
    assert!(open(&place.paths, holder()).unwrap().book().get(&key("c", "c")).is_some());

    // The leftover of a killed run doesn't overwrite a lock that was not read.
    let ledger = open(&place.paths, holder()).unwrap();
    fs::write(&place.paths.lock, "version = 2\n").unwrap();
    assert!(ledger.close_unchanged().unwrap_err().to_string().contains("changed by another program"));
    assert_eq!(files(&place), ["jobs.lock", "jobs.lock.journal"]);
}

#[tokio::test]
async fn a_lock_that_cannot_be_written_leaves_the_journal() {
    let place = place();
    let (journal_writer, session) = begin(&place);
    journal_writer.record(submitting(&key("a", "a"))).await.unwrap();
    journal_writer.record(submitted(&key("a", "a"), "ta")).await.unwrap();
    fs::remove_file(&place.paths.lock).unwrap();
    fs::create_dir(&place.paths.lock).unwrap();
    assert!(matches!(session.close().await, Err(LedgerError::Io { .. })));
    fs::remove_dir(&place.paths.lock).unwrap();
    let book = open(&place.paths, holder()).unwrap().close_unchanged().unwrap();
    assert!(book.with_task(&TaskId::new("ta").unwrap()).is_some());
}

#[tokio::test]
async fn after_a_failed_write_no_intent_is_recorded_and_what_is_paid_still_gets_into_the_lock() {
    let place = place();
    let (journal_writer, mut session) = begin(&place);
    let paid = key("a", "a");
    journal_writer.record(submitting(&paid)).await.unwrap();
    // From here on nothing can be appended: the same journal, opened for reading.
    drop((journal_writer, std::mem::replace(&mut session.inbox, mpsc::channel(1).0)));
    let writer = session.writer.await.unwrap();
    let (journal_writer, inbox, writer) = writer.with_guard(Guard::for_reading(&place.paths.journal)).spawn();
    let session = Session { files: session.files, shared: None, inbox, writer };

    let refused = journal_writer.record(submitting(&key("b", "b"))).await.unwrap_err();
    assert!(refused.to_string().starts_with("can't write "), "{refused}");
    assert!(journal_writer.record(submitted(&paid, "ta")).await.is_err());
    assert!(journal_writer.record(submitting(&key("c", "c"))).await.is_err());
    let book = session.close().await.unwrap();
    assert!(matches!(&book.get(&paid).unwrap().stage, Stage::Submitted { task } if task.as_str() == "ta"));
    assert_eq!(book.records().count(), 1, "what was not durable was never sent");
    assert_eq!(files(&place), ["jobs.lock"]);
}

#[tokio::test]
async fn entries_that_wait_together_share_a_sync() {
    let place = place();
    let (journal_writer, session) = begin(&place);
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..64 {
        let journal_writer = journal_writer.clone();
        writers.spawn(async move {
            for number in 0..10 {
                let key = key(&format!("job-{writer}"), &number.to_string());
                journal_writer.record(submitting(&key)).await.unwrap();
                journal_writer.record(submitted(&key, &format!("t-{writer}-{number}"))).await.unwrap();
            }
        });
    }
    writers.join_all().await;
    let journal = fs::read_to_string(&place.paths.journal).unwrap();
    let lines: Vec<&str> = journal.lines().skip(1).collect();
    let groups: std::collections::BTreeSet<_> = lines.iter().map(|line| line.split(' ').nth(2).unwrap()).collect();
    assert_eq!(lines.len(), 64 * 10 * 2);
    assert!(groups.len() < lines.len() / 4, "{} groups", groups.len());
    let book = session.close().await.unwrap();
    assert_eq!(book.records().count(), 640);
    assert!(book.records().all(|record| record.stage.task().is_some()));
}

#[tokio::test(start_paused = true)]
async fn a_paused_clock_does_not_run_ahead_while_an_entry_is_written() {
    let place = place();
    let (journal_writer, session) = begin(&place);
    let before = tokio::time::Instant::now();
    let timer = tokio::spawn(tokio::time::sleep(std::time::Duration::from_secs(60)));
    for number in 0..20 {
        journal_writer.record(submitting(&key("a", &number.to_string()))).await.unwrap();
    }
    assert!(!timer.is_finished() && before.elapsed() < std::time::Duration::from_secs(1), "{:?}", before.elapsed());
    session.close().await.unwrap();
}
