//! Rows 5, 8 and 11: how near a run comes to the bare client, what it writes, and how full it keeps its slots.

use crate::inputs::{self, Scale};
use crate::probe::{self, ask};
use crate::table::{Figure, Table};
use batch::simulate::{Latency, Options, Running, Simulator};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How many jobs are in flight at once.
pub(crate) const WIDE: usize = 64;

/// A folder whose files are in memory, on Linux.
pub(crate) const MEMORY: &str = "/dev/shm";

/// A simulated service on a thread of this process.
pub(crate) fn service(latency: &str) -> Running {
    let options = Options { latency: latency.parse::<Latency>().unwrap(), ..Options::default() };
    Simulator::spawn_thread(options).unwrap()
}

pub(crate) fn speed(scale: Scale, table: &mut Table) {
    let jobs = scale.of(2_000, 10_000);
    let (mut ratios, mut in_memory, mut illustration) = (Vec::new(), Vec::new(), String::new());
    let (mut written, mut synced, mut journal) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..scale.rounds() {
        let seen = beside_bare(&inputs::folder(), jobs);
        ratios.push(seen.bare / seen.ours);
        illustration = format!("{:.0} jobs/s / {:.0} jobs/s", jobs as f64 / seen.ours, jobs as f64 / seen.bare);
        written.push(seen.written / jobs as f64 / 1024.0);
        if Path::new(MEMORY).is_dir() {
            let folder = tempfile::tempdir_in(MEMORY).unwrap();
            let seen = beside_bare(folder.path(), jobs);
            in_memory.push(seen.bare / seen.ours);
        }
        if let Some(syncs) = syncs() {
            synced.push(syncs.all / SYNCED_JOBS as f64);
            journal.push(syncs.journal / SYNCED_JOBS as f64);
        }
    }
    let what = format!("`run` of {jobs} jobs at zero latency, {WIDE} wide / a bare client, jobs/s");
    table.at_least("5", &what, &Figure::new(ratios, ""), 0.7, &illustration);
    if !in_memory.is_empty() {
        let what = format!("the same with all files in memory (`{MEMORY}`)");
        table.illustrate("5", &what, &Figure::new(in_memory, ""));
    }
    let durable = (0..scale.rounds()).map(|_| durable_files(jobs)).collect();
    let what = "files of a video's size that this disk makes durable, by 16 threads that do nothing else";
    table.illustrate("5", what, &Figure::new(durable, " a second"));
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

/// A run beside its bound.
struct Beside {
    /// How long it took, in seconds.
    ours: f64,
    /// How long its bound took.
    bare: f64,
    /// What it wrote besides videos, in bytes.
    written: f64,
}

/// A run of so many jobs whose files lie in this new folder, and the bare client.
fn beside_bare(folder: &Path, jobs: usize) -> Beside {
    let manifest = inputs::yaml(&folder.join("jobs.yaml"), jobs, "run: { poll_interval: 1ms }\n");
    // Each its own, so that the second finds no warm tables in it.
    let (one, other) = (service("0s"), service("0s"));
    let (url, wide) = (one.base_url(), WIDE.to_string());
    let start = Instant::now();
    let mut run = probe::spawn(&["run", &manifest.display().to_string(), "--base-url", &url, "-j", &wide, "-q"]);
    let written = written_until_the_end(&mut run, &folder.join("jobs.lock"));
    let ours = start.elapsed().as_secs_f64();
    assert_eq!(one.account().charges(), jobs as u64, "every job was bought once");
    let bare = ask("bare-client", &[&other.base_url(), &jobs.to_string(), &wide]).seconds;
    Beside { ours, bare, written }
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

/// How many files of a video's size are written, synced and named in a second, where nothing else is done: no run that
/// promises that its videos are there can be faster.
fn durable_files(files: usize) -> f64 {
    let folder = inputs::folder();
    let (video, next) = (vec![7; 20_000], AtomicUsize::new(0));
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                loop {
                    let file = next.fetch_add(1, Ordering::Relaxed);
                    if file >= files {
                        return;
                    }
                    let path = folder.join(format!("{file}.mp4"));
                    let mut temporary = tempfile::NamedTempFile::new_in(&folder).unwrap();
                    temporary.write_all(&video).unwrap();
                    temporary.as_file().sync_all().unwrap();
                    temporary.persist_noclobber(path).unwrap();
                    // As many as a run's videos share on average.
                    if file % 16 == 0 {
                        File::open(&folder).unwrap().sync_all().unwrap();
                    }
                }
            });
        }
    });
    files as f64 / start.elapsed().as_secs_f64()
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
    let folder = inputs::folder();
    let manifest = inputs::yaml(&folder.join("jobs.yaml"), SYNCED_JOBS, "run: { poll_interval: 1ms }\n");
    let (service, counts) = (service("0s"), folder.join("counts"));
    let status = Command::new("strace")
        .args(["-f", "--seccomp-bpf", "-c", "-e", "trace=fsync,fdatasync", "-o"])
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
    let folder = inputs::folder();
    let manifest = inputs::yaml(&folder.join("jobs.yaml"), jobs, "run: { poll_interval: 100ms }\n");
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
