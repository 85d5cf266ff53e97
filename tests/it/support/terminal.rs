//! The real program on a real pseudo-terminal, whose screen is read as a person would see it.

use pty_process::Size;
use pty_process::blocking::{Pty, open};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How long something may take to be seen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process on a terminal; killed on drop.
pub(crate) struct OnTerminal {
    child: Child,
    shown: String,
    pty: Arc<Pty>,
    seen: Arc<Mutex<Seen>>,
}

/// What the process wrote.
struct Seen {
    screen: vt100::Parser,
    raw: String,
}

impl OnTerminal {
    pub(super) fn start(command: Command, shown: String, rows: u16, columns: u16) -> OnTerminal {
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(rows, columns)).unwrap();
        let command = pty_process::blocking::Command::from(command).env("TERM", "xterm-256color");
        let child = command.spawn(pts).unwrap();
        let screen = vt100::Parser::new(of(rows), of(columns), 1000);
        let seen = Arc::new(Mutex::new(Seen { screen, raw: String::new() }));
        let pty = Arc::new(pty);
        let (reader, writer) = (Arc::clone(&pty), Arc::clone(&seen));
        thread::spawn(move || {
            let mut buffer = [0; 8192];
            // Where the last process has closed the terminal, reading fails.
            while let Ok(length @ 1..) = (&*reader).read(&mut buffer) {
                let mut seen = writer.lock().unwrap();
                seen.screen.process(&buffer[..length]);
                seen.raw.push_str(&String::from_utf8_lossy(&buffer[..length]));
            }
        });
        OnTerminal { child, shown, pty, seen }
    }

    /// Makes the terminal another size, as its window would.
    pub(crate) fn resize(&self, rows: u16, columns: u16) {
        self.seen.lock().unwrap().screen.screen_mut().set_size(of(rows), of(columns));
        self.pty.resize(Size::new(rows, columns)).unwrap();
    }

    /// Types something.
    pub(crate) fn types(&self, text: &str) {
        (&*self.pty).write_all(text.as_bytes()).unwrap();
    }

    /// The process's id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The rows of the screen, without blanks at their ends and empty rows at the end.
    pub(crate) fn rows(&self) -> Vec<String> {
        let contents = self.seen.lock().unwrap().screen.screen().contents();
        let mut rows: Vec<_> = contents.lines().map(|row| row.trim_end().to_owned()).collect();
        while rows.last().is_some_and(String::is_empty) {
            rows.pop();
        }
        rows
    }

    /// Every byte that came by now.
    pub(crate) fn raw(&self) -> String {
        self.seen.lock().unwrap().raw.clone()
    }

    /// Whether the cursor is shown.
    pub(crate) fn has_cursor(&self) -> bool {
        !self.seen.lock().unwrap().screen.screen().hide_cursor()
    }

    /// Waits until the screen is as wanted; gives its rows.
    #[track_caller]
    pub(crate) fn wait_until(&self, wanted: impl Fn(&[String]) -> bool) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let rows = self.rows();
            if wanted(&rows) {
                return rows;
            }
            assert!(Instant::now() < deadline, "`{}` never showed it, but:\n{}", self.shown, rows.join("\n"));
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until a row has `text`; gives the rows.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) -> Vec<String> {
        self.wait_until(|rows| rows.iter().any(|row| row.contains(text)))
    }

    /// Waits for its end with this exit code; gives the last rows.
    #[track_caller]
    pub(crate) fn exits(mut self, code: i32) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        let status: ExitStatus = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None => assert!(Instant::now() < deadline, "`{}` hangs:\n{}", self.shown, self.rows().join("\n")),
            }
            thread::sleep(Duration::from_millis(5));
        };
        // What it wrote last may be on its way.
        let mut rows = self.rows();
        loop {
            thread::sleep(Duration::from_millis(50));
            let now = self.rows();
            if now == rows {
                break;
            }
            rows = now;
        }
        assert_eq!(status.code(), Some(code), "`{}`:\n{}", self.shown, rows.join("\n"));
        assert!(self.has_cursor(), "the cursor is gone");
        rows
    }
}

impl Drop for OnTerminal {
    fn drop(&mut self) {
        // It has ended, most likely.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn of(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).unwrap()
}
