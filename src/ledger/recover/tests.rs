use super::*;
use crate::ledger::Holder;
use crate::ledger::PurchaseId;
use crate::ledger::entry::{Entry, Step};
use crate::ledger::journal::Encoder;
use crate::ledger::record::{Key, Stage};
use crate::service::names::{JobId, TaskId};
use crate::service::output::VideoName;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::Path;

const HERE: &str = "https://here.example.com";
const THERE: &str = "https://there.example.com";

fn paths() -> Paths {
    Paths { lock: "jobs.lock".into(), journal: "jobs.lock.journal".into() }
}

fn key(job: &str) -> Key {
    Key { job: JobId::new(job).unwrap(), digest: crate::service::names::Digest(Sha256::of(job.as_bytes())) }
}

fn bought(job: &str) -> [Entry; 2] {
    let (key, at, service) = (key(job), Timestamp::UNIX_EPOCH, HERE.to_owned());
    let (id, task) = (PurchaseId::for_test(&key, 1), TaskId::new(&format!("task-{job}")).unwrap());
    let (Key { job, digest }, name, parts) = (key, VideoName::new("a-{n}.mp4"), BTreeMap::new());
    let intent = Step::Submitting { job, digest, parts, videos: 1, name, service, manifest: None, at };
    [Entry::of(id, intent), Entry::of(id, Step::Submitted { task, at })]
}

fn journal(continues: Option<&str>, service: &str, groups: &[&[Entry]]) -> Vec<u8> {
    let holder = Holder { host: "box".to_owned(), pid: 1, started: Timestamp::UNIX_EPOCH };
    let continues = continues.map(|lock| Sha256::of(lock.as_bytes()));
    let header = Header { journal: journal::VERSION, holder, continues, service: service.to_owned() };
    let (mut encoder, mut text) = Encoder::new(&header);
    groups.iter().for_each(|group| text.extend(encoder.group(*group, &Book::default())));
    text
}

fn lock(jobs: &[&str], service: &str) -> String {
    let mut book = Book::default();
    book.set_service(service);
    jobs.iter().flat_map(|job| bought(job)).for_each(|entry| book.apply(&entry));
    lockfile::write(&book)
}

fn recover(lock: Option<&[u8]>, journal: &[u8], paths: &Paths) -> Result<Book, LedgerError> {
    super::recover(lock, journal, paths).map(|(book, _)| book)
}

fn jobs(book: &Book) -> Vec<&str> {
    book.records().map(|record| record.key.job.as_str()).collect()
}

#[test]
fn a_journal_goes_onto_the_lock_that_it_continues_and_onto_any_other() {
    let base = lock(&["a"], HERE);
    let text = journal(Some(&base), HERE, &[&bought("b")]);
    let book = recover(Some(base.as_bytes()), &text, &paths()).unwrap();
    assert_eq!(jobs(&book), ["a", "b"]);
    // The lock was written, the journal not yet removed.
    let after = lockfile::write(&book);
    let (again, changed) = super::recover(Some(after.as_bytes()), &text, &paths()).unwrap();
    assert!(again == book && !changed);
    // A checkout replaced the lock next to the journal, or removed it.
    let other = lock(&["c"], HERE);
    assert_eq!(jobs(&recover(Some(other.as_bytes()), &text, &paths()).unwrap()), ["b", "c"]);
    assert_eq!(jobs(&recover(None, &text, &paths()).unwrap()), ["b"]);
    assert_eq!(jobs(&recover(Some(base.as_bytes()), b"", &paths()).unwrap()), ["a"]);
}

#[test]
fn cut_anywhere_no_synced_task_is_lost_and_no_synced_intent_forgotten() {
    let (a, b) = (bought("a"), bought("b"));
    let groups: [&[Entry]; 3] = [&a[..1], &[a[1].clone(), b[0].clone()], &b[1..]];
    let text = journal(None, HERE, &groups);
    let ends: Vec<usize> = (0..=3).map(|count| journal(None, HERE, &groups[..count]).len()).collect();
    for cut in 0..=text.len() {
        let book = recover(None, &text[..cut], &paths()).unwrap();
        let task = |job: &str| book.get(&key(job)).map(|record| record.stage.task().is_some());
        let synced = ends.iter().filter(|end| **end <= cut).count();
        let (a, b) = (task("a"), task("b"));
        assert!(synced < 2 || a.is_some(), "cut at {cut}: an intent is forgotten");
        assert!(synced < 3 || (a == Some(true) && b.is_some()), "cut at {cut}: a task is lost");
        assert!(synced < 4 || b == Some(true), "cut at {cut}: a task is lost");
    }
    let open = recover(None, &text[..ends[1]], &paths()).unwrap();
    let stage = &open.get(&key("a")).unwrap().stage;
    assert!(
        matches!(stage, Stage::Uncertain { task: None, reason } if reason.contains("1970-01-01T00:00:00Z")),
        "{stage:?}"
    );
}

#[test]
fn damage_names_file_and_line_and_nothing_is_recovered() {
    let groups: [&[Entry]; 2] = [&bought("a"), &bought("b")];
    let mut text = journal(None, HERE, &groups);
    let second_line = text.iter().position(|b| *b == b'\n').unwrap() + 20;
    text[second_line] ^= 1;
    let error = recover(None, &text, &paths()).unwrap_err();
    assert!(
        matches!(&error, LedgerError::Damaged { line: Some(2), path, .. } if path == Path::new("jobs.lock.journal"))
    );
    assert!(error.to_string().starts_with("jobs.lock.journal:2: "), "{error}");
    let error = recover(Some(b"version = 9"), b"", &paths()).unwrap_err();
    assert!(matches!(error, LedgerError::Newer { version: 9, .. }));
}

#[test]
fn two_services_are_never_mixed() {
    let base = lock(&["a"], HERE);
    // A run that moves the service continues this very lock.
    let moving = journal(Some(&base), THERE, &[&bought("b")]);
    let book = recover(Some(base.as_bytes()), &moving, &paths()).unwrap();
    assert_eq!((book.service(), jobs(&book)), (Some(THERE), vec!["a", "b"]));
    let after = lockfile::write(&book);
    assert_eq!(recover(Some(after.as_bytes()), &moving, &paths()).unwrap(), book);
    // A journal of another service next to a lock that it doesn't continue.
    let foreign = journal(None, THERE, &[&bought("b")]);
    let error = recover(Some(base.as_bytes()), &foreign, &paths()).unwrap_err();
    assert!(matches!(error, LedgerError::ForeignJournal { .. }), "{error}");
}
