//! A command that can't continue: message, hint, and exit code. The only place that chooses them.

use super::exit::Exit;
use super::terminal::{Terminal, Volume};
use crate::ledger::LedgerError;
use crate::ledger::shared::StoreError;
use crate::report::commands::{Target, quoted};
use crate::report::look::Hue;
use crate::report::{standard_error, terminal_safe};
use crate::run::RunError;
use std::fmt::Display;
use std::path::Path;

/// The reason why a command ended early.
#[derive(Debug)]
pub(super) struct Failure {
    /// The exit code.
    pub(super) exit: Exit,
    /// The message; empty if it has been printed already (the findings of a manifest).
    pub(super) message: String,
    /// The suggested action.
    pub(super) hint: Option<String>,
}

impl Failure {
    /// Returns a failure of the command line, the environment or the manifest.
    pub(super) fn usage(message: impl Display) -> Failure {
        Failure { exit: Exit::Usage, message: message.to_string(), hint: None }
    }

    /// Returns a failure of this machine.
    pub(super) fn machine(message: impl Display) -> Failure {
        Failure { exit: Exit::Machine, message: message.to_string(), hint: None }
    }

    /// Returns a failure of the service: it refuses, doesn't exist at this address, or can't be reached.
    pub(super) fn service(message: impl Display) -> Failure {
        Failure { exit: Exit::Service, message: message.to_string(), hint: None }
    }

    /// Returns a failure of the manifest whose findings have been shown.
    pub(super) fn shown() -> Failure {
        Failure::usage("")
    }

    /// Adds a suggested action.
    pub(super) fn hint(mut self, hint: impl Display) -> Failure {
        self.hint = Some(hint.to_string());
        self
    }

    /// Prints it on standard error.
    pub(super) fn say(&self, terminal: &Terminal) {
        if !self.message.is_empty() {
            self.say_as(Hue::Bad, "error:", terminal);
        }
    }

    /// Prints it on standard error as a warning, since only another command would fail, unless only errors are wanted.
    pub(super) fn warn(&self, terminal: &Terminal) {
        if terminal.volume > Volume::Quiet {
            self.say_as(Hue::Caution, "warning:", terminal);
        }
    }

    fn say_as(&self, hue: Hue, word: &str, terminal: &Terminal) {
        let look = terminal.stderr;
        let line = |word: &str, hue, text: &str| {
            let plain = look.wrapped(&format!("{word} {}", terminal_safe::lines(text)));
            // The word alone has a color.
            format!("{}{}\n", look.paint(hue, word), plain.strip_prefix(word).unwrap_or_default())
        };
        let mut said = line(word, hue, &self.message);
        if let Some(hint) = &self.hint {
            said += &line("help:", Hue::Accent, hint);
        }
        // If standard error is closed, or nobody reads it, the exit code has to suffice.
        standard_error::say(said);
    }
}

/// The places of the two sides of a lock that can't be joined.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sides<'p> {
    /// In git's index, and between the marks in the file.
    OfConflict(&'p Path),
    /// In files of their own.
    InFiles,
}

impl Failure {
    /// Locks can't be joined: names a way out that works for this cause.
    pub(super) fn unjoined(error: LedgerError, sides: Sides) -> Failure {
        let Sides::OfConflict(path) = sides else {
            return match error {
                LedgerError::OtherService { .. } => Failure::from(error).hint(
                    "where it is one service that got a new name, add --move-service: the joined lock gets the name of the first; nothing was written",
                ),
                error => Failure::from(error),
            };
        };
        let lock = quoted(&path.display().to_string()).into_owned();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let at = |stage: &str| quoted(&format!(":{stage}:./{name}")).into_owned();
        let by_hand = format!(
            "in its folder, `git show {} >ours.lock` and `git show {} >theirs.lock` write out both sides (of a merge that was committed: `HEAD^1:./` and `HEAD^2:./` for `:2:./` and `:3:./`)",
            at("2"),
            at("3")
        );
        let join = format!("`batch lock merge ours.lock theirs.lock -o joined.lock`; joined.lock then replaces {lock}");
        let (first, then) = match &error {
            LedgerError::Newer { .. } => (
                format!("upgrade batch, then `batch lock merge {lock}` joins both sides; until then keep both"),
                "with the newer batch,",
            ),
            LedgerError::OtherService { .. } => (
                format!(
                    "where it is one service that got a new name, `batch lock merge --move-service {lock}` joins both sides"
                ),
                "for two services, keep them as two locks (--lock); for one, with --move-service,",
            ),
            LedgerError::Damaged { .. } | LedgerError::Conflict { .. } => {
                ("nothing was joined".to_owned(), "fix the side that is named above, then")
            }
            _ => return Failure::from(error),
        };
        Failure::from(error).hint(format!("{first}; {by_hand}; {then} {join}"))
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Failure {
        match error {
            RunError::Ledger(error) => Failure::from(error),
            RunError::Unclosed(error) => Failure::of_ledger(
                error,
                "what this run did is in the journal beside it, which the next run takes in: leave it there",
            ),
            RunError::InTheWay { ref to, .. } => {
                let hint =
                    format!("it may be a paid video of another version of the lock: move {to} away, then run again");
                Failure::machine(error).hint(hint)
            }
            RunError::Unacknowledged { .. } => {
                Failure::machine(error).hint("it is in the journal, and the next run brings it in")
            }
            RunError::Unrecorded { .. } => {
                Failure::machine(error).hint("keep the lock and its videos as they are, and report it")
            }
            RunError::WithTasks { source, .. } => Failure::from(*source),
            RunError::Journal(_) | RunError::Client(_) | RunError::Runtime(_) | RunError::Rename { .. } => {
                Failure::machine(error)
            }
        }
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Failure {
        Failure::of_ledger(error, "nothing was sent, and the file is as it was")
    }
}

impl Failure {
    /// Returns the failure of a run; the paid tasks that could be written neither into the journal nor into the lock are named here or
    /// nowhere, as commands about the `target`.
    pub(super) fn of_run(error: RunError, target: &Target) -> Failure {
        let RunError::WithTasks { source, tasks } = error else { return Failure::from(error) };
        let tasks = tasks
            .iter()
            .fold(String::new(), |tasks, (job, task)| format!("{tasks}\n  {}", target.resolve_as(job, task)));
        Failure::from(*source).hint(format!("these are paid and could not be written down; keep these lines, and run them once it can be written again:{tasks}"))
    }

    /// Returns the failure of a ledger, whose hint ends with the `state` of things.
    fn of_ledger(error: LedgerError, state: &str) -> Failure {
        let hint = match &error {
            LedgerError::OtherService { .. } => return Failure::usage(error),
            LedgerError::Held { .. } => {
                "wait until it has ended, or interrupt it; `batch status` with the same manifest and options shows its state"
            }
            LedgerError::NoFile { .. } => "a journal is a file of its own: move this one away, then run again",
            LedgerError::NoLock { .. } => {
                "nothing was written: name a new file with -o, or a lock that is whole, which the result is joined with"
            }
            LedgerError::Newer { .. } => &format!("use that version of batch; {state}"),
            LedgerError::Conflict { path, .. } => {
                let merge = quoted(&path.display().to_string()).into_owned();
                return Failure::machine(&error).hint(format!(
                    "`batch lock merge {merge}` joins both sides: no task id is lost, nothing is bought again; {state}"
                ));
            }
            LedgerError::Damaged { path, .. } if path.extension().is_some_and(|extension| extension == "journal") => {
                &format!(
                    "don't delete it, it may hold the only copy of a task id: put back a copy that is whole, or ask for help with it; {state}"
                )
            }
            LedgerError::Damaged { .. } => &format!(
                "fix that line, or put back the last good version (`git log -p` of the lock shows them); {state}"
            ),
            LedgerError::Shared { source: StoreError::Away(_), .. } => {
                &format!("once it answers, run the command again; {state}")
            }
            LedgerError::Shared { .. } => state,
            LedgerError::OtherLedger { wanted: None, .. } => {
                return Failure::usage(&error).hint("name it (--ledger, BATCH_LEDGER, or `run.ledger` in the manifest); or, if purchases are to be in the lock alone from now on: --move-ledger");
            }
            LedgerError::OtherLedger { .. } => {
                return Failure::usage(&error).hint("name the lock's ledger; or, if this one takes its place: --move-ledger, which brings in what the lock knows");
            }
            LedgerError::Remade { lock, .. } => {
                let lock = quoted(&lock.display().to_string()).into_owned();
                return Failure::machine(&error).hint(format!(
                    "nothing was sent; `batch ledger import {lock}` brings in what this lock knows, and `batch run --move-ledger` does so before it runs; the locks and journals of all others who ran go in likewise; or put the former ledger back"
                ));
            }
            LedgerError::Rewound { lock, .. } => {
                let lock = quoted(&lock.display().to_string()).into_owned();
                return Failure::machine(&error).hint(format!(
                    "`batch ledger import {lock}` brings in what is missing, and `--move-ledger` does so before a run; {state}"
                ));
            }
            LedgerError::ForeignJournal { .. } | LedgerError::Io { .. } => return Failure::machine(error),
        };
        Failure::machine(error).hint(hint)
    }
}
