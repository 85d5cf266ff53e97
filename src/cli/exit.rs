//! The exit codes: a promise.

use std::process::ExitCode;

/// The end of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// Everything requested is done.
    Done,
    /// Jobs failed, or something differs.
    Failed,
    /// The command line or the manifest is wrong; nothing was sent.
    Usage,
    /// Uncertain jobs wait for a person; everything else is done.
    Uncertain,
    /// The service refuses the account, doesn't exist at this address, or can't be reached.
    Service,
    /// This machine failed.
    Machine,
    /// A signal ended it.
    Interrupted(Signal),
}

/// A signal that ends a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// `kill`.
    Terminate,
    /// The terminal went away.
    HangUp,
}

impl Exit {
    /// Returns the exit code.
    pub(super) fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Uncertain => 3,
            Exit::Service => 4,
            Exit::Machine => 5,
            Exit::Interrupted(Signal::Interrupt) => 130,
            Exit::Interrupted(Signal::Terminate) => 143,
            Exit::Interrupted(Signal::HangUp) => 129,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}
