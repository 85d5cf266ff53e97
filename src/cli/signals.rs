//! Ctrl-C and similar signals: the first ends the run in order, the second at once.

use super::exit::{Exit, Signal};
use crate::event::stop::{Level, Stop, StopCause};
use crate::report::screen::Screen;
use std::sync::{Arc, OnceLock};

/// The first signal received, if any.
#[derive(Clone, Debug, Default)]
pub(super) struct Signals(Arc<OnceLock<Signal>>);

impl Signals {
    /// Returns the signal that ended the run.
    pub(super) fn first(&self) -> Option<Signal> {
        self.0.get().copied()
    }

    /// Listens until the process ends: the first signal stops the run, the second exits immediately, which loses
    /// nothing, since every step is in the journal before it counts. `heard` is printed at the first.
    pub(super) fn listen(&self, stop: Stop, screen: Screen, heard: &'static str) {
        let signals = self.clone();
        // A thread of its own: signals also count while the run's own thread is busy, and after the run's end.
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        // Registered here, not on the thread: a signal that arrives before the thread starts counts too.
        let Ok(mut source) = ({
            let _entered = runtime.enter();
            Source::new()
        }) else {
            return;
        };
        let listening = async move {
            loop {
                match source.next().await {
                    Heard::End(signal) if signals.0.set(signal).is_err() => end(signal, &screen),
                    Heard::End(_) => {
                        screen.say(heard);
                        stop.to(Level::Out, StopCause::Interrupted);
                    }
                    #[cfg(unix)]
                    Heard::Suspend => suspend(&screen),
                }
            }
        };
        // Without a thread for it, a signal ends the process by default, or is ignored: the journal has every step.
        let _ = std::thread::Builder::new().name("signals".to_owned()).spawn(move || runtime.block_on(listening));
    }
}

/// The request of a signal.
enum Heard {
    /// To exit.
    End(Signal),
    /// To suspend: Ctrl-Z.
    #[cfg(unix)]
    Suspend,
}

/// Suspends the process, its live view removed from the terminal, until the shell resumes it.
#[cfg(unix)]
fn suspend(screen: &Screen) {
    use rustix::process::{Signal, getpid, kill_process};
    // A process may always stop itself; if it fails, it continues.
    let _ = screen.without(|| kill_process(getpid(), Signal::STOP));
}

/// Ends the process at once.
#[expect(clippy::exit, reason = "a second signal asks for exactly this")]
fn end(signal: Signal, screen: &Screen) -> ! {
    screen.leave_at_once();
    std::process::exit(i32::from(Exit::Interrupted(signal).code()))
}

#[cfg(unix)]
struct Source {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    /// `None` if the parent process had it ignored, as `nohup` does: it stays ignored.
    hang_up: Option<tokio::signal::unix::Signal>,
    suspend: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Source {
    fn new() -> std::io::Result<Source> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Source {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: if is_ignored(rustix::process::Signal::HUP) { None } else { Some(signal(SignalKind::hangup())?) },
            suspend: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
        })
    }

    async fn next(&mut self) -> Heard {
        tokio::select! {
            _ = self.interrupt.recv() => Heard::End(Signal::Interrupt),
            _ = self.terminate.recv() => Heard::End(Signal::Terminate),
            () = next_of(self.hang_up.as_mut()) => Heard::End(Signal::HangUp),
            _ = self.suspend.recv() => Heard::Suspend,
        }
    }
}

/// Waits for the next signal, or forever if there is no source.
#[cfg(unix)]
async fn next_of(source: Option<&mut tokio::signal::unix::Signal>) {
    match source {
        Some(source) => drop(source.recv().await),
        None => std::future::pending().await,
    }
}

/// Returns whether this process ignores a signal. Only Linux tells without an unsafe system call; elsewhere none counts
/// as ignored.
#[cfg(unix)]
fn is_ignored(signal: rustix::process::Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignored(&status).is_some_and(|mask| mask >> (signal.as_raw() - 1) & 1 == 1)
}

/// Returns the mask of ignored signals in the text of `/proc/self/status`: the lowest bit is signal 1.
#[cfg(unix)]
fn ignored(status: &str) -> Option<u64> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

#[cfg(not(unix))]
struct Source;

#[cfg(not(unix))]
impl Source {
    fn new() -> std::io::Result<Source> {
        Ok(Source)
    }

    async fn next(&mut self) -> Heard {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Heard::End(Signal::Interrupt),
            Err(_) => std::future::pending().await,
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_mask_of_ignored_signals_is_found() {
        assert_eq!(ignored("Name:\tbatch\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n"), Some(0x1001));
        assert_eq!(ignored("Name:\tbatch\n"), None);
    }
}
