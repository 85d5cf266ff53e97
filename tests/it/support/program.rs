//! The real program as a process: nothing of the test's environment reaches it, and it can't hang.

use super::terminal::OnTerminal;
use serde_json::Value;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{LazyLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// How long a process may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// Returns whether a signal that ends a program is ignored here, as under `nohup`: a child would go on to ignore it.
fn ignores_signals() -> bool {
    static IGNORES: LazyLock<bool> = LazyLock::new(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or_default().trim();
        // SIGHUP is signal 1, SIGINT 2, SIGTERM 15.
        u64::from_str_radix(ignored, 16).unwrap_or_default() & (1 | 1 << 1 | 1 << 14) != 0
    });
    *IGNORES
}

/// A command line in the making.
pub(crate) struct Program {
    command: Command,
    shown: String,
    input: Vec<u8>,
}

impl Program {
    pub(super) fn new<A: AsRef<str>>(
        executable: &str,
        folder: &Path,
        home: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Program {
        let mut command = match ignores_signals() {
            true => {
                let mut command = Command::new("env");
                command.arg("--default-signal=HUP,INT,TERM").arg(executable);
                command
            }
            false => Command::new(executable),
        };
        let mut shown = Path::new(executable).file_name().unwrap().to_str().unwrap().to_owned();
        for argument in arguments {
            command.arg(argument.as_ref());
            shown = format!("{shown} {}", argument.as_ref());
        }
        command.current_dir(folder).env_clear().env("HOME", home).env("TMPDIR", home);
        for kept in ["PATH", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(kept) {
                command.env(kept, value);
            }
        }
        Program { command, shown, input: Vec::new() }
    }

    /// With a variable in its environment, which is empty otherwise.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Program {
        self.command.env(name, value);
        self
    }

    /// With a simulated service's address and a key.
    pub(crate) fn against(self, base_url: &str) -> Program {
        self.env("BAICAI_BASE_URL", base_url).env("BAICAI_API_KEY", "sk-test")
    }

    /// With text on its standard input.
    pub(crate) fn input(mut self, text: &str) -> Program {
        self.input = text.into();
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Ended {
        self.start().end()
    }

    /// Starts it on a terminal of its own.
    pub(crate) fn on_terminal(self, rows: u16, columns: u16) -> OnTerminal {
        OnTerminal::start(self.command, self.shown, rows, columns)
    }

    /// Starts it.
    pub(crate) fn start(mut self) -> Started {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = self.input;
        // The process may end without reading it all.
        thread::spawn(move || drop(stdin.write_all(&input)));
        let stdout = Pipe::read(child.stdout.take().unwrap());
        let stderr = Pipe::read(child.stderr.take().unwrap());
        Started { child, shown: self.shown, stdout, stderr }
    }
}

/// A process that runs; killed on drop.
pub(crate) struct Started {
    child: Child,
    shown: String,
    stdout: Pipe,
    stderr: Pipe,
}

impl Started {
    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, as `INT` or `KILL`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success(), "kill -{name} of `{}`", self.shown);
    }

    /// Waits until it has written `text` to standard output; gives all up to then.
    pub(crate) fn wait_for_stdout(&mut self, text: &str) -> String {
        self.stdout.wait_for(text, &self.shown)
    }

    /// Waits until it has written `text` to standard error; gives all up to then.
    pub(crate) fn wait_for_stderr(&mut self, text: &str) -> String {
        self.stderr.wait_for(text, &self.shown)
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > deadline {
                let _ = self.child.kill();
                let (stdout, stderr) = (self.stdout.all(), self.stderr.all());
                panic!("`{}` hangs\nstdout: {stdout}\nstderr: {stderr}", self.shown);
            }
            thread::sleep(Duration::from_millis(5));
        };
        Ended { status, stdout: self.stdout.all(), stderr: self.stderr.all(), shown: self.shown.clone() }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // It has ended, most likely.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process that has ended.
pub(crate) struct Ended {
    status: ExitStatus,
    /// All that it wrote to standard output.
    pub(crate) stdout: String,
    /// All that it wrote to standard error.
    pub(crate) stderr: String,
    shown: String,
}

impl Ended {
    /// Its exit code; a process that a signal killed has none, and fails the test.
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("{self:?} was killed"))
    }

    /// The signal that killed it.
    pub(crate) fn killed_by(&self) -> Option<i32> {
        self.status.signal()
    }

    /// Standard output as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// Standard output as one JSON document a line.
    #[track_caller]
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let line = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line:?} of {self:?}"));
        self.stdout.lines().map(line).collect()
    }

    /// Fails the test, with all that was written, unless the exit code is `code`.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Ended {
        assert_eq!(self.status.code(), Some(code), "{self:?}");
        self
    }
}

impl std::fmt::Debug for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` ({})\nstdout:\n{}\nstderr:\n{}", self.shown, self.status, self.stdout, self.stderr)
    }
}

/// What a process writes, as it comes.
struct Pipe {
    pieces: mpsc::Receiver<Vec<u8>>,
    seen: Vec<u8>,
}

impl Pipe {
    fn read(mut from: impl Read + Send + 'static) -> Pipe {
        let (sender, pieces) = mpsc::channel();
        thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(length @ 1..) = from.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Pipe { pieces, seen: Vec::new() }
    }

    fn wait_for(&mut self, text: &str, shown: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let seen = String::from_utf8_lossy(&self.seen).into_owned();
            if seen.contains(text) {
                return seen;
            }
            match self.pieces.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(piece) => self.seen.extend(piece),
                Err(_) => panic!("`{shown}` never wrote {text:?}, but:\n{seen}"),
            }
        }
    }

    /// All of it, to the end.
    fn all(&mut self) -> String {
        // A child of the process may hold the pipe open; what it writes isn't waited for.
        while let Ok(piece) = self.pieces.recv_timeout(Duration::from_secs(5)) {
            self.seen.extend(piece);
        }
        String::from_utf8_lossy(&self.seen).into_owned()
    }
}

#[test]
fn a_process_is_seen_whole_and_knows_nothing_of_the_tests_environment() {
    let project = super::project::Project::new().with("sub/a.txt", "content");
    let shell = |script| project.command("/bin/sh", ["-c", script]);
    let ended = shell("cat sub/a.txt; echo $VARIABLE$CARGO_MANIFEST_DIR >&2; exit 3").env("VARIABLE", "value").run();
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("content", "value\n"));
    assert_eq!(ended.exits(3).code(), 3);
    assert_eq!(shell("cat").input("{\"a\": 1}").run().json()["a"], 1);
    assert_eq!(shell("echo 1; echo 2").run().json_lines(), [1, 2]);
    assert_eq!(shell("pwd").run().stdout.trim_end(), project.root().canonicalize().unwrap().to_str().unwrap());
    assert_eq!(project.files("."), ["sub/a.txt"]);
}

#[test]
fn a_process_can_be_watched_and_interrupted() {
    let project = super::project::Project::new();
    let mut started = project
        .command("/bin/sh", ["-c", "trap 'echo bye; exit 130' INT; echo ready; while :; do sleep 0.02; done"])
        .start();
    assert_eq!(started.wait_for_stdout("ready"), "ready\n");
    started.signal("INT");
    assert_eq!(started.end().exits(130).stdout, "ready\nbye\n");
    let started = project.command("/bin/sh", ["-c", "kill -KILL $$"]).start();
    assert_eq!(started.end().killed_by(), Some(9));
}
