//! Whether a terminal shows the keys that are pressed. A death that nobody can notice leaves it to the shell, which sets its own modes
//! before its prompt.

/// The echo of the terminal that standard error is.
#[cfg(unix)]
#[derive(Debug, Default)]
pub(super) struct Echo {
    /// Whether it was turned off here.
    is_off: bool,
}

#[cfg(unix)]
impl Echo {
    /// Turns it off, where it is on and this process is the one that the terminal belongs to.
    pub(super) fn off(&mut self) {
        if !self.is_off {
            self.is_off = set(false).unwrap_or(false);
        }
    }

    /// Turns it on again, where it was turned off here.
    pub(super) fn on(&mut self) {
        if std::mem::take(&mut self.is_off) {
            let _ = set(true);
        }
    }
}

/// Turns the echo on or off; says whether it was otherwise before.
#[cfg(unix)]
fn set(on: bool) -> rustix::io::Result<bool> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcgetpgrp, tcsetattr};
    let terminal = std::io::stderr();
    // Whoever is in the background and sets a terminal is stopped.
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

/// Elsewhere keys are shown as ever.
#[cfg(not(unix))]
#[derive(Debug, Default)]
pub(super) struct Echo;

#[cfg(not(unix))]
impl Echo {
    pub(super) fn off(&mut self) {}

    pub(super) fn on(&mut self) {}
}
