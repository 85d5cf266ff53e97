//! Rows 6 and 9: a rerun that has nothing to do, and the lock.

use super::run::service;
use crate::inputs::{self, Scale};
use crate::probe::{ask, program, spawn};
use crate::table::{Figure, Table};
use batch::ledger::{self, Paths};
use std::time::Instant;

pub(crate) fn measure(scale: Scale, table: &mut Table) {
    let jobs = scale.of(10_000, 100_000);
    let folder = inputs::folder();
    let manifest = inputs::yaml(&folder.join("jobs.yaml"), jobs, "run: { poll_interval: 1ms }\n");
    let (manifest, lock) = (manifest.display().to_string(), folder.join("jobs.lock"));
    let service = service("0s");
    let run = ["run", manifest.as_str(), "--base-url", &service.base_url(), "-j", "64", "-q"];
    assert!(spawn(&run).wait().unwrap().success());

    let lock_shown = lock.display().to_string();
    let (mut ratios, mut reads, mut writes, mut illustration) = (Vec::new(), Vec::new(), Vec::new(), String::new());
    for _ in 0..scale.rounds() {
        let ours = program(&run);
        let bound = ask("both-files", &[&manifest, &lock_shown]).seconds;
        ratios.push(ours / bound);
        illustration = format!("{ours:.2} s / {bound:.2} s");
        reads.push(ask("lock-read", &[&lock_shown]).seconds);
        writes.push(write(&Paths::of(&lock)));
    }
    assert_eq!(service.account().charges(), jobs as u64, "nothing was bought twice");
    let what = format!("a no-op `run` of {jobs} jobs with their videos / parsing both files");
    table.at_most("6", &what, &Figure::new(ratios, ""), 1.5, &illustration);
    let megabytes = lock.metadata().unwrap().len() as f64 / 1e6;
    let seconds = jobs as f64 / 100_000.0;
    let what = |verb| format!("lock of {jobs} jobs ({megabytes:.0} MB), {verb}");
    table.at_most("9", &what("read"), &Figure::new(reads, " s"), seconds, "");
    table.at_most("9", &what("written, durably"), &Figure::new(writes, " s"), seconds, "");
}

/// Opens the ledger as a run does, and writes the lock as its end does.
fn write(paths: &Paths) -> f64 {
    let holder = ledger::Holder { host: "bench".to_owned(), pid: std::process::id(), started: jiff::Timestamp::now() };
    let ledger = ledger::open(paths, holder).unwrap();
    let service = ledger.book().service().unwrap().to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (journal_writer, session) = ledger.start(&service).unwrap();
        drop(journal_writer);
        let start = Instant::now();
        session.close().await.unwrap();
        start.elapsed().as_secs_f64()
    })
}
