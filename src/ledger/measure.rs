//! Speed: `cargo test --release --lib ledger::measure -- --ignored --nocapture`.
#![expect(clippy::print_stdout, reason = "figures are what these tests are for")]

use super::entry::{Entry, Step};
use super::journal::{Encoder, Header};
use super::record::{Key, Output};
use super::*;
use crate::base::digest::Sha256;
use crate::service::names::{Digest, JobId, TaskId};
use crate::service::output::VideoName;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Instant;

const JOBS: u32 = 100_000;

fn key(number: u32) -> Key {
    let job = JobId::new(&format!("scene-{number:06}")).unwrap();
    Key { job, digest: Digest(Sha256::of(&number.to_le_bytes())) }
}

fn parts() -> BTreeMap<String, String> {
    ["prompt", "reference.dog", "reference.human", "settings"].map(|p| (p.to_owned(), "9f2c11aa".to_owned())).into()
}

fn output(number: u32) -> Output {
    let path = format!("out/scene-{number:06}-1.mp4");
    let source = Some(format!("https://cdn.example.com/videos/2026/03/09/{number:032x}.mp4"));
    Output {
        number: 1,
        path,
        sha256: Sha256::of(&number.to_be_bytes()),
        bytes: 1_843_200,
        source,
        published: Default::default(),
    }
}

fn task(number: u32) -> TaskId {
    TaskId::new(&format!("{number:032x}")).unwrap()
}

fn name(number: u32) -> VideoName {
    VideoName::new(&format!("out/scene-{number:06}-{{n}}.mp4"))
}

fn entries(number: u32) -> [Entry; 5] {
    let (Key { job, digest }, at) = (key(number), Timestamp::UNIX_EPOCH);
    let (service, name) = ("https://cloud.baicaiinfer.com".to_owned(), name(number));
    let id = PurchaseId::new(at, u64::from(number) << 2, None);
    [
        Step::Submitting { job, digest, parts: parts(), videos: 1, name, service, manifest: None, at },
        Step::Submitted { task: task(number), at },
        Step::Generated { at },
        Step::Downloaded { output: output(number) },
        Step::Succeeded,
    ]
    .map(|step| Entry::of(id, step))
}

fn large_book() -> Book {
    let mut book = Book::default();
    book.set_service("https://cloud.baicaiinfer.com");
    (0..JOBS).flat_map(entries).for_each(|entry| book.apply(&entry));
    book
}

fn timed<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = run();
    println!("{what}: {:.3} s", start.elapsed().as_secs_f64());
    result
}

#[test]
#[ignore = "measures"]
fn a_lock_of_100_000_jobs() {
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::of(&folder.path().join("jobs.lock"));
    let book = large_book();
    let text = timed("lock as text", || lockfile::write(&book));
    println!("lock: {} MB", text.len() / 1_000_000);
    timed("lock to disk", || lockfile::save(&paths.lock, &text).unwrap());
    let read = timed("lock parsed", || lockfile::parse(text.as_bytes(), &paths.lock).unwrap());
    assert!(read == book);
    timed("opened and closed", || open(&paths, holder()).unwrap().close_unchanged().unwrap());
}

#[test]
#[ignore = "measures"]
fn a_journal_of_100_000_jobs() {
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::of(&folder.path().join("jobs.lock"));
    let header =
        Header { journal: journal::VERSION, holder: holder(), continues: None, service: "simulate".to_owned() };
    let (mut encoder, mut text) = Encoder::new(&header);
    let book = Book::default();
    for number in 0..JOBS {
        text.extend(encoder.group(&entries(number), &book));
    }
    println!("journal: {} MB", text.len() / 1_000_000);
    let (book, _) = timed("journal recovered", || recover::recover(None, &text, &paths).unwrap());
    assert_eq!(book.records().count(), JOBS as usize);
}

#[tokio::test]
#[ignore = "measures"]
async fn entries_of_64_writers() {
    let folder = tempfile::tempdir_in(".").unwrap();
    let paths = Paths::of(&folder.path().join("jobs.lock"));
    let (journal_writer, session) = open(&paths, holder()).unwrap().start("simulate").unwrap();
    let start = Instant::now();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..64 {
        let journal_writer = journal_writer.clone();
        writers.spawn(async move {
            for number in 0..500 {
                for entry in entries(writer * 1000 + number) {
                    journal_writer.record(entry).await.unwrap();
                }
            }
        });
    }
    writers.join_all().await;
    println!("durable entries: {:.0} a second", 64.0 * 500.0 * 5.0 / start.elapsed().as_secs_f64());
    session.close().await.unwrap();
}

fn holder() -> Holder {
    Holder { host: "box".to_owned(), pid: 1, started: Timestamp::UNIX_EPOCH }
}
