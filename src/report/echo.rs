//! The echo of typed keys on a terminal. After a sudden death of the process, the shell restores it, as it sets its own
//! modes before its prompt.

/// The echo of the terminal on standard error.
#[cfg(unix)]
#[derive(Debug, Default)]
pub(super) struct Echo {
    /// `true` if it was turned off here.
    is_off: bool,
}

#[cfg(unix)]
impl Echo {
    /// Turns it off, if it is on and this process is in the terminal's foreground.
    pub(super) fn off(&mut self) {
        if !self.is_off {
            self.is_off = set(false).unwrap_or(false);
        }
    }

    /// Turns it on again, if it was turned off here.
    pub(super) fn on(&mut self) {
        if std::mem::take(&mut self.is_off) {
            let _ = set(true);
        }
    }
}

/// Turns the echo on or off; returns whether that changed it.
#[cfg(unix)]
fn set(on: bool) -> rustix::io::Result<bool> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcgetpgrp, tcsetattr};
    let terminal = std::io::stderr();
    // A background process that configures a terminal is stopped.
    if tcgetpgrp(&terminal)? != rustix::process::getpgrp() {
        return Ok(false);
    }
    let mut modes = tcgetattr(&terminal)?;
    if modes.local_modes.contains(LocalModes::ECHO) == on {
        return Ok(false);
    }
    modes.local_modes.set(LocalModes::ECHO, on);
    tcsetattr(&terminal, OptionalActions::Now, &modes)?;
    Ok(true)
}

/// On other systems the echo stays on.
#[cfg(not(unix))]
#[derive(Debug, Default)]
pub(super) struct Echo;

#[cfg(not(unix))]
impl Echo {
    pub(super) fn off(&mut self) {}

    pub(super) fn on(&mut self) {}
}
