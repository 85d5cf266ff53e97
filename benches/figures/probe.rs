//! Processes that measure one thing and say what they saw: this program again, told by its environment what to do.

use batch::ledger::{self, Paths};
use batch::manifest;
use granit_parser::Parser;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// The program that is measured.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_batch");

/// The variable that holds what a probe is to do.
const WHAT: &str = "BATCH_PROBE";

/// What a probe saw.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// How long it took.
    pub seconds: f64,
    /// Memory at its peak, in bytes.
    pub peak: f64,
    /// Memory at the end, with what was made still there, in bytes.
    pub left: f64,
}

/// What a command took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    /// How long, in seconds.
    pub wall: f64,
    /// Processor time, in seconds.
    pub processor: f64,
    /// Memory at its peak, in bytes.
    pub peak: f64,
}

/// Whether this process is a probe.
pub(crate) fn asked() -> bool {
    std::env::var_os(WHAT).is_some()
}

/// Starts a probe for `what`, with `arguments`, and waits for what it saw.
pub(crate) fn ask(what: &str, arguments: &[&str]) -> Seen {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(arguments)
        .env(WHAT, what)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success(), "the probe {what} failed: {said}");
    let mut numbers = said.split_whitespace().map(|number| number.parse::<f64>().unwrap());
    let mut next = || numbers.next().unwrap();
    Seen { seconds: next(), peak: next(), left: next() }
}

/// Does what this process was started for.
pub(crate) fn answer() {
    let what = std::env::var(WHAT).unwrap();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let start = Instant::now();
    match (what.as_str(), &arguments[..]) {
        ("check", [path]) => std::mem::forget(sound(path)),
        // As a run keeps it: without its text.
        ("manifest", [path]) => std::mem::forget(sound(path).manifest),
        ("yaml-events", [path]) => {
            let text = std::fs::read_to_string(path).unwrap();
            let events = Parser::new_from_str(&text).inspect(|event| assert!(event.is_ok())).count();
            assert!(events > 0);
        }
        ("toml-table", [path]) => {
            let text = std::fs::read_to_string(path).unwrap();
            std::mem::forget(toml::de::DeTable::parse(&text).unwrap());
        }
        ("both-files", [manifest, lock]) => {
            std::mem::forget(sound(manifest));
            std::mem::forget(ledger::read(&Paths::of(Path::new(lock))).unwrap());
        }
        ("lock-read", [lock]) => std::mem::forget(ledger::read(&Paths::of(Path::new(lock))).unwrap()),
        ("bare-client", [url, jobs, wide]) => {
            super::rows::bare::work(url, jobs.parse().unwrap(), wide.parse().unwrap());
        }
        other => panic!("no such probe: {other:?}"),
    }
    let (seconds, process) = (start.elapsed().as_secs_f64(), std::process::id());
    crate::say(&format!("{seconds} {} {}", peak(process), resident(process)));
}

/// Runs the program itself, quietly; how long it took, and that it ended well.
pub(crate) fn program(arguments: &[&str]) -> f64 {
    let start = Instant::now();
    let status = spawn(arguments).wait().unwrap();
    assert!(status.success(), "batch {arguments:?}: {status}");
    start.elapsed().as_secs_f64()
}

/// Has the shell take the time of a command, in milliseconds, and GNU time its memory.
const TIME: &str = r#"TIMEFORMAT='%3U %3S'; { time /usr/bin/time -q -f %M -o "$0" "$@" 2>/dev/null; } 2>>"$0""#;

/// Runs a build of the program, which ends with this code, and returns what it took.
pub(crate) fn spend(build: &Path, arguments: &[&str], exit: i32) -> Spent {
    let figures = tempfile::NamedTempFile::new().unwrap();
    let start = Instant::now();
    let status = Command::new("bash")
        .args(["-c", TIME])
        .args([figures.path(), build])
        .args(arguments)
        .env("BAICAI_API_KEY", "any-key-will-do")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .expect("bash and GNU time are installed");
    let wall = start.elapsed().as_secs_f64();
    assert_eq!(status.code(), Some(exit), "{} {arguments:?}", build.display());
    let figures = std::fs::read_to_string(figures.path()).unwrap();
    let figures: Vec<f64> = figures.split_whitespace().map(|number| number.parse().unwrap()).collect();
    Spent { wall, processor: figures[1] + figures[2], peak: 1024.0 * figures[0] }
}

/// Starts the program itself.
pub(crate) fn spawn(arguments: &[&str]) -> Child {
    Command::new(PROGRAM)
        .args(arguments)
        .env("BAICAI_API_KEY", "any-key-will-do")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The most memory that the process had, in bytes.
pub(crate) fn peak(process: u32) -> f64 {
    status(process, "VmHWM:")
}

/// The memory that the process has, in bytes.
pub(crate) fn resident(process: u32) -> f64 {
    status(process, "VmRSS:")
}

fn status(process: u32, field: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = text.lines().find(|line| line.starts_with(field)).unwrap();
    1024.0 * line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap()
}

fn sound(path: &str) -> manifest::Loaded {
    let loaded = manifest::load(Path::new(path));
    assert!(loaded.manifest.is_some(), "{path} has errors");
    loaded
}
