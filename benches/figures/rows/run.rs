//! Rows 5, 8 and 11: how near a run comes to the bare client, what it writes, and how full it keeps its slots.

use crate::inputs::{self, Scale};
use crate::probe::{self, ask};
use crate::table::{Figure, Table};
use batch::simulate::{Latency, Options, Running, Simulator};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const WIDE: usize = 64;

/// A simulated service on a thread of this process.
pub(crate) fn service(latency: &str) -> Running {
    let options = Options { latency: latency.parse::<Latency>().unwrap(), ..Options::default() };
    Simulator::spawn_thread(options).unwrap()
}

pub(crate) fn speed(scale: Scale, table: &mut Table) {
    let jobs = scale.of(2_000, 10_000);
    let (mut ratios, mut illustration) = (Vec::new(), String::new());
    let (mut written, mut synced, mut journal) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..scale.rounds() {
        let folder = tempfile::tempdir_in(".").unwrap();
        let manifest = inputs::yaml(&folder.path().join("jobs.yaml"), jobs, "run: { poll_interval: 1ms }\n");
        // Each its own, so that the second finds no warm tables in it.
        let (one, other) = (service("0s"), service("0s"));
        let (url, wide) = (one.base_url(), WIDE.to_string());
        let start = Instant::now();
        let mut run = probe::spawn(&["run", &manifest.display().to_string(), "--base-url", &url, "-j", &wide, "-q"]);
        let bytes = written_until_the_end(&mut run, &folder.path().join("jobs.lock"));
        let ours = start.elapsed().as_secs_f64();
        assert_eq!(one.account().charges(), jobs as u64, "every job was bought once");
        let bare = ask("bare-client", &[&other.base_url(), &jobs.to_string(), &wide]).seconds;
        ratios.push(bare / ours);
        illustration = format!("{:.0} jobs/s / {:.0} jobs/s", jobs as f64 / ours, jobs as f64 / bare);
        written.push(bytes / jobs as f64 / 1024.0);
        if let Some(syncs) = syncs() {
            synced.push(syncs.all / SYNCED_JOBS as f64);
            journal.push(syncs.journal / SYNCED_JOBS as f64);
        }
    }
    let what = format!("`run` of {jobs} jobs at zero latency, {WIDE} wide / a bare client, jobs/s");
    table.at_least("5", &what, &Figure::new(ratios, ""), 0.7, &illustration);
    let figure = Figure::new(written, " KiB");
    table.at_most("8", "bytes written per job besides its video", &figure, 2.0, "journal and lock");
    if !synced.is_empty() {
        let what = "fsyncs per job, video and its folder included";
        table.at_most("8", what, &Figure::new(synced, ""), 0.5, "by `strace -c`");
        table.at_most("8", "those of the journal alone", &Figure::new(journal, ""), 0.5, "`fdatasync`");
    } else {
        crate::say("row 8, fsyncs per job: not counted, as there is no `strace`");
    }
}

/// Waits for the process; how many bytes it wrote besides videos until then: its journal, which only grows and is removed at
/// the end, and its lock, which is written once, behind the journal's last entry.
fn written_until_the_end(run: &mut std::process::Child, lock: &Path) -> f64 {
    let size_of = |path: &Path| path.metadata().map_or(0.0, |found| found.len() as f64);
    let journal = lock.with_extension("lock.journal");
    let mut largest = 0.0_f64;
    loop {
        largest = largest.max(size_of(&journal));
        if let Some(status) = run.try_wait().unwrap() {
            assert!(status.success(), "the run ended with {status}");
            return largest + size_of(lock);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

const SYNCED_JOBS: usize = 500;

/// How often a run asks the disk to be done.
struct Syncs {
    all: f64,
    /// Only the journal is synced without its metadata.
    journal: f64,
}

/// The syncs of a run of [`SYNCED_JOBS`], where `strace` is there to count them.
fn syncs() -> Option<Syncs> {
    let folder = tempfile::tempdir_in(".").unwrap();
    let manifest = inputs::yaml(&folder.path().join("jobs.yaml"), SYNCED_JOBS, "run: { poll_interval: 1ms }\n");
    let (service, counts) = (service("0s"), folder.path().join("counts"));
    let status = Command::new("strace")
        .args(["-f", "-c", "-e", "trace=fsync,fdatasync", "-o"])
        .args([&counts, Path::new(env!("CARGO_BIN_EXE_batch")), Path::new("run"), &manifest])
        .args(["--base-url", &service.base_url(), "-j", &WIDE.to_string(), "-q"])
        .env("BAICAI_API_KEY", "any-key-will-do")
        .status()
        .ok()?;
    assert!(status.success(), "the traced run ended with {status}");
    let text = std::fs::read_to_string(counts).unwrap();
    let calls = |line: &str| line.split_whitespace().nth(3).unwrap().parse::<f64>().unwrap();
    let sum = |name: &str| text.lines().filter(|line| line.ends_with(name)).map(calls).sum();
    Some(Syncs { all: sum("sync"), journal: sum(" fdatasync") })
}

pub(crate) fn slots(scale: Scale, table: &mut Table) {
    let jobs = scale.of(400, 2_000);
    let shares = (0..scale.of(1, 3)).map(|_| 100.0 * idle_share(jobs)).collect();
    let what = format!("share of slot time without a job although one is ready, {jobs} jobs of 1 to 3 s, {WIDE} wide");
    table.at_most("11", &what, &Figure::new(shares, " %"), 1.0, "from the run's own events");
}

/// From the first time that all slots were full until the last submit.
fn idle_share(jobs: usize) -> f64 {
    let folder = tempfile::tempdir_in(".").unwrap();
    let manifest = inputs::yaml(&folder.path().join("jobs.yaml"), jobs, "run: { poll_interval: 100ms }\n");
    let service = service("1s..3s");
    let mut run = Command::new(env!("CARGO_BIN_EXE_batch"))
        .args(["run", &manifest.display().to_string(), "--base-url", &service.base_url(), "-j", &WIDE.to_string()])
        .args(["--progress", "json"])
        .env("BAICAI_API_KEY", "any-key-will-do")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut taken, mut submitted, mut idle) = (0, 0, 0.0);
    let (mut full_since, mut last, mut share) = (None, 0.0, None);
    for line in BufReader::new(run.stdout.take().unwrap()).lines() {
        let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let at: jiff::Timestamp = event["time"].as_str().unwrap().parse().unwrap();
        let now = at.as_microsecond() as f64 / 1e6;
        if full_since.is_some() && submitted < jobs {
            idle += (WIDE - taken) as f64 * (now - last);
        }
        last = now;
        match event["event"].as_str().unwrap() {
            // A slot is taken from when a submit is begun.
            "submitting" => {
                taken += 1;
                submitted += 1;
            }
            "generated" | "failed" | "uncertain" => taken -= 1,
            _ => continue,
        }
        if taken == WIDE && full_since.is_none() {
            full_since = Some(now);
        }
        if submitted == jobs && share.is_none() {
            share = full_since.map(|since| idle / (WIDE as f64 * (now - since)));
        }
    }
    assert!(run.wait().unwrap().success());
    share.expect("all slots were full at some time")
}
