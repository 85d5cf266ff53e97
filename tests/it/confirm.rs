//! `run.confirm_above`: a question on a real pseudo-terminal, before anything is sent or written.

use crate::support::image::png;
use crate::support::images::ImageHost;
use crate::support::setup::{LOCK, MANIFEST, Setup, manifest_of};
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Jobs of 45 credits each, and a threshold.
fn setup(jobs: usize, above: &str) -> Setup {
    let manifest = manifest_of(jobs).replace("run: { ", &format!("run: {{ confirm_above: {above}, "));
    Setup::new(&manifest, &[])
}

/// The program on a terminal, and what was shown on it so far.
struct Terminal {
    child: std::process::Child,
    pty: Arc<pty_process::blocking::Pty>,
    shown: Arc<Mutex<String>>,
    reader: std::thread::JoinHandle<()>,
}

impl Terminal {
    fn start(setup: &Setup, arguments: &[&str], stdin: Option<Stdio>) -> Terminal {
        let (pty, pts) = pty_process::blocking::open().unwrap();
        let mut command = pty_process::blocking::Command::new(env!("CARGO_BIN_EXE_batch"))
            .args(["run", "--progress", "plain"])
            .args(arguments)
            .current_dir(setup.project.root())
            .env_clear()
            .env("HOME", setup.project.root())
            .env("TERM", "xterm")
            .env("BAICAI_BASE_URL", setup.service.base_url())
            .env("BAICAI_API_KEY", "sk-test");
        if let Some(stdin) = stdin {
            command = command.stdin(stdin);
        }
        let child = command.spawn(pts).unwrap();
        let (pty, shown) = (Arc::new(pty), Arc::<Mutex<String>>::default());
        let (from, to) = (pty.clone(), shown.clone());
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // Where the program has ended, reading is an error.
            while let Ok(count @ 1..) = (&*from).read(&mut bytes) {
                to.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Terminal { child, pty, shown, reader }
    }

    fn shown(&self) -> String {
        self.shown.lock().unwrap().clone()
    }

    fn wait_for(&self, text: &str) {
        let started = Instant::now();
        while !self.shown().contains(text) {
            assert!(started.elapsed() < Duration::from_secs(30), "`{text}` never came: {}", self.shown());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn types(&self, text: &str) {
        (&*self.pty).write_all(text.as_bytes()).unwrap();
    }

    fn end(mut self) -> (ExitStatus, String) {
        let started = Instant::now();
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None if started.elapsed() < Duration::from_secs(60) => std::thread::sleep(Duration::from_millis(5)),
                None => {
                    self.child.kill().unwrap();
                    panic!("it hangs: {}", self.shown());
                }
            }
        };
        // What the program said last may still be on its way.
        self.reader.join().unwrap();
        let shown = self.shown.lock().unwrap().clone();
        (status, shown)
    }
}

#[test]
fn pictures_that_make_a_run_dearer_are_asked_about_again() {
    let host = ImageHost::start();
    host.put("/dog.png", &png(8, 8, "dog"));
    let manifest = manifest_of(2)
        .replace("run: { ", "run: { confirm_above: 50, mirror: true, ")
        .replace("https://images.example.com", &host.url(""));
    let setup = Setup::new(&manifest, &[]);
    setup.run(["--yes", "--allow-private-images"]).exits(0);
    host.put("/dog.png", &png(8, 8, "another dog"));
    let lock = setup.project.read(LOCK);
    for (answer, charges, code) in [("n\n", 2, Some(2)), ("y\n", 4, Some(0))] {
        let terminal = Terminal::start(&setup, &["--allow-private-images", "--refresh-images"], None);
        terminal.wait_for("With the images as they are now, this run submits 2 jobs: about 90 credits");
        terminal.types(answer);
        let (status, shown) = terminal.end();
        assert_eq!((status.code(), setup.charges()), (code, charges), "{shown}");
        assert!(shown.contains("taken for 2 jobs"), "{shown}");
        assert_eq!(setup.project.read(LOCK) == lock, code == Some(2), "{shown}");
    }
}

/// An interrupt is a no: what the pictures show now is not written down, since the next run would buy by it unasked.
#[test]
fn ctrl_c_at_the_question_about_pictures_buys_nothing_later_either() {
    let host = ImageHost::start();
    let manifest = manifest_of(2)
        .replace("run: { ", "run: { confirm_above: 50, mirror: true, ")
        .replace("https://images.example.com", &host.url(""));
    host.put("/dog.png", &png(8, 8, "dog"));
    let setup = Setup::new(&manifest, &[]);
    setup.run(["--yes", "--allow-private-images"]).exits(0);
    host.put("/dog.png", &png(8, 8, "another dog"));
    let lock = setup.project.read(LOCK);
    let terminal = Terminal::start(&setup, &["--allow-private-images", "--refresh-images"], None);
    terminal.wait_for("[y/N] ");
    terminal.types("\u{3}");
    let (status, shown) = terminal.end();
    assert_eq!((status.code(), setup.charges()), (Some(130), 2), "{shown}");
    assert_eq!(setup.project.read(LOCK), lock, "{shown}");
    setup.run(["--allow-private-images"]).exits(0);
    assert_eq!(setup.charges(), 2, "the next run buys nothing");
}

#[test]
fn yes_goes_on_and_anything_else_leaves_everything_as_it_was() {
    let setup = setup(2, "89.9");
    for answer in ["n\n", "\n", "yess\n", "\u{4}"] {
        let terminal = Terminal::start(&setup, &[], None);
        terminal.wait_for("[y/N] ");
        assert!(terminal.shown().contains("about 90 credits"), "{}", terminal.shown());
        terminal.types(answer);
        let (status, shown) = terminal.end();
        assert_eq!(status.code(), Some(2), "{answer:?}: {shown}");
        assert!(shown.contains("not confirmed"), "{shown}");
        assert_eq!((setup.calls(), setup.project.files(".")), (0, vec![MANIFEST.to_owned()]), "{answer:?}");
    }
    let terminal = Terminal::start(&setup, &[], None);
    terminal.wait_for("[y/N] ");
    terminal.types("Y\n");
    let (status, shown) = terminal.end();
    assert_eq!((status.code(), setup.charges()), (Some(0), 2), "{shown}");
    // There is nothing to pay for now.
    let (status, shown) = Terminal::start(&setup, &[], None).end();
    assert_eq!(status.code(), Some(0), "{shown}");
    assert!(!shown.contains("Go on?"), "{shown}");
}

#[test]
fn ctrl_c_at_the_question_leaves_everything_as_it_was() {
    let setup = setup(2, "0");
    let terminal = Terminal::start(&setup, &[], None);
    terminal.wait_for("[y/N] ");
    terminal.types("\u{3}");
    let (status, shown) = terminal.end();
    assert_eq!(status.signal(), Some(2), "{status:?}: {shown}");
    assert_eq!((setup.calls(), setup.project.files(".")), (0, vec![MANIFEST.to_owned()]));
}

#[test]
fn nothing_is_asked_below_the_threshold_or_with_yes_or_where_nobody_sits() {
    for (above, arguments, stdin) in [
        ("90", &[][..], None),
        ("0", &["--yes"], None),
        ("0", &["-y"], None),
        ("45", &["--limit", "1"], None),
        ("45", &["--max-cost", "89"], None),
        ("0", &[], Some(Stdio::null())),
    ] {
        let setup = setup(2, above);
        let (status, shown) = Terminal::start(&setup, arguments, stdin).end();
        assert_eq!(status.code(), Some(0), "{arguments:?}: {shown}");
        assert!(!shown.contains("Go on?") && setup.charges() > 0, "{arguments:?}: {shown}");
    }
    let setup = setup(2, "0");
    setup.run([]).exits(0);
    assert_eq!(setup.charges(), 2, "a pipe is no terminal");
}

/// While the question stands the ledger is free; what was agreed to is not more than what was asked.
#[test]
fn a_plan_that_came_to_cost_more_is_not_what_was_agreed_to() {
    let setup = setup(2, "1");
    setup.run([]).exits(0);
    setup.project.write(MANIFEST, setup.project.read(MANIFEST).replace("1 times", "once"));
    let lock = setup.project.read(LOCK);
    let terminal = Terminal::start(&setup, &[], None);
    terminal.wait_for("about 45 credits");
    // The lock is put back to before everything: both jobs are new to it.
    std::fs::remove_file(setup.project.path(LOCK)).unwrap();
    terminal.types("y\n");
    let (status, shown) = terminal.end();
    assert_eq!(status.code(), Some(2), "{shown}");
    assert!(shown.contains("costs more now"), "{shown}");
    assert_eq!(setup.charges(), 2);
    setup.project.write(LOCK, lock);
}
