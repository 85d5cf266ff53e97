//! What a person wants to be run when a run is over: a notification, a copy, a bell.

use super::exit::Exit;
use super::failure::Failure;
use super::terminal::Terminal;
use crate::base::clock::Clock;
use crate::event::summary::Summary;
use crate::event::{Cause, Event, Problem, Stamped};
use crate::report::Reporter;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

/// The variable that has the exit code.
const EXIT_CODE: &str = "BATCH_EXIT_CODE";

/// How long the last event may take to come in: it comes through memory.
const PATIENCE: Duration = Duration::from_secs(30);

/// A command for the end of a run.
pub(super) struct OnFinish {
    command: String,
    last: Receiver<Stamped>,
}

/// Keeps the last word of a run.
struct LastWord {
    last: Option<Stamped>,
    to: Sender<Stamped>,
}

impl OnFinish {
    /// Returns the command, and who has to hear of the run for it.
    pub(super) fn new(command: &str) -> (OnFinish, Box<dyn Reporter>) {
        let (to, last) = mpsc::channel();
        (OnFinish { command: command.to_owned(), last }, Box::new(LastWord { last: None, to }))
    }

    /// Lets the shell run the command, if a run began: with the event `run_finished` on its standard input, as `--progress json` has
    /// it. What it writes goes to standard error, so that standard output stays what it is.
    pub(super) fn run(self, ended: &Result<Exit, Failure>, terminal: &Terminal) {
        // The channel is closed where no run began.
        let Ok(last) = self.last.recv_timeout(PATIENCE) else { return };
        let exit = match ended {
            Ok(exit) => *exit,
            Err(failure) => failure.exit,
        };
        let event = match last.event {
            finished @ Event::RunFinished { .. } => finished,
            // It broke off, and came to no summary.
            _ => {
                let message = ended.as_ref().err().map(|failure| failure.message.clone()).unwrap_or_default();
                let stopped = Some(Problem { code: Cause::Local, message });
                Event::RunFinished { summary: Summary::default(), exit_code: exit.code(), stopped }
            }
        };
        let line = serde_json::to_string(&Stamped { event, time: Clock::System.now() }).unwrap_or_default();
        let outcome = shell(&self.command)
            .env(EXIT_CODE, exit.code().to_string())
            .stdin(Stdio::piped())
            .stdout(std::io::stderr())
            .spawn()
            .and_then(|mut child| {
                if let Some(mut input) = child.stdin.take() {
                    // Who doesn't read it needs none of it.
                    let _ = writeln!(input, "{line}");
                }
                child.wait()
            });
        let failed = match outcome {
            Ok(status) if status.success() => return,
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        Failure::usage(format!("--on-finish `{}`: {failed}", self.command))
            .hint("the run itself ended as it says above")
            .warn(terminal);
    }
}

impl Reporter for LastWord {
    fn event(&mut self, event: &Stamped) {
        // Of all others it is enough to know that one came.
        if self.last.is_none() || matches!(event.event, Event::RunFinished { .. }) {
            self.last = Some(event.clone());
        }
    }

    fn finish(&mut self) {
        if let Some(last) = self.last.take() {
            // Who asked for it may have gone already.
            let _ = self.to.send(last);
        }
    }
}

/// The shell that runs a command.
fn shell(command: &str) -> Command {
    let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut shell = Command::new(shell);
    shell.args([option, command]);
    shell
}
