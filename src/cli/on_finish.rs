//! The user's command for the end of a run: a notification, a copy, a bell.

use super::exit::Exit;
use super::failure::Failure;
use super::terminal::Terminal;
use crate::base::clock::Clock;
use crate::event::summary::Summary;
use crate::event::{Cause, Event, JobError, Stamped};
use crate::report::Reporter;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

/// The variable with the exit code.
const EXIT_CODE: &str = "BATCH_EXIT_CODE";

/// Time limit for the last event to arrive: it comes through memory.
const PATIENCE: Duration = Duration::from_secs(30);

/// A command for the end of a run.
pub(super) struct OnFinish {
    command: String,
    last: Receiver<Stamped>,
}

/// Keeps the last event of a run.
struct LastWord {
    last: Option<Stamped>,
    to: Sender<Stamped>,
}

impl OnFinish {
    /// Returns the command, and the reporter that it needs.
    pub(super) fn new(command: &str) -> (OnFinish, Box<dyn Reporter>) {
        let (to, last) = mpsc::channel();
        (OnFinish { command: command.to_owned(), last }, Box::new(LastWord { last: None, to }))
    }

    /// Runs the command in the shell, if a run began: with the event `run_finished` on its standard input, as in
    /// `--progress json`. Its output goes to standard error, so that standard output is unaffected.
    pub(super) fn run(self, ended: &Result<Exit, Failure>, terminal: &Terminal) {
        // The channel is closed if no run began.
        let Ok(last) = self.last.recv_timeout(PATIENCE) else { return };
        let exit = match ended {
            Ok(exit) => *exit,
            Err(failure) => failure.exit,
        };
        let event = match last.event {
            finished @ Event::RunFinished { .. } => finished,
            // The run broke off without a summary.
            _ => {
                let message = ended.as_ref().err().map(|failure| failure.message.clone()).unwrap_or_default();
                let stopped = Some(JobError { code: Cause::Local, message });
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
                    // A command that doesn't read it doesn't need it.
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
        // Of all other events, only their existence matters.
        if self.last.is_none() || matches!(event.event, Event::RunFinished { .. }) {
            self.last = Some(event.clone());
        }
    }

    fn finish(&mut self) {
        if let Some(last) = self.last.take() {
            // The receiver may be gone already.
            let _ = self.to.send(last);
        }
    }
}

/// Returns the shell for a command.
fn shell(command: &str) -> Command {
    let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut shell = Command::new(shell);
    shell.args([option, command]);
    shell
}
