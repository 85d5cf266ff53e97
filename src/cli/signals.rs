//! Ctrl-C and its kin: the first ends the run in order, the second at once.

use super::exit::{Exit, Signal};
use crate::engine::StopCause;
use crate::engine::stop::{Level, Stop};
use std::sync::{Arc, OnceLock};

/// Which signal came first, if one did.
#[derive(Clone, Debug, Default)]
pub(super) struct Signals(Arc<OnceLock<Signal>>);

impl Signals {
    /// The signal that ended the run.
    pub(super) fn first(&self) -> Option<Signal> {
        self.0.get().copied()
    }

    /// Listens until the runtime ends: the first signal stops the run, the second ends the process on the spot, which
    /// loses nothing, since every step is in the journal before it counts.
    pub(super) fn listen(&self, stop: Stop) {
        let signals = self.clone();
        // Taken here, not in the task: a signal that comes before the task's first turn counts too.
        let Ok(mut source) = Source::new() else { return };
        tokio::spawn(async move {
            loop {
                let signal = source.next().await;
                if signals.0.set(signal).is_err() {
                    end(signal);
                }
                stop.to(Level::Out, StopCause::Interrupted);
            }
        });
    }
}

/// Ends the process at once.
#[expect(clippy::exit, reason = "a second signal asks for exactly this")]
fn end(signal: Signal) -> ! {
    std::process::exit(i32::from(Exit::Interrupted(signal).code()))
}

#[cfg(unix)]
struct Source {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Source {
    fn new() -> std::io::Result<Source> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Source {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.hang_up.recv() => Signal::HangUp,
        }
    }
}

#[cfg(not(unix))]
struct Source;

#[cfg(not(unix))]
impl Source {
    fn new() -> std::io::Result<Source> {
        Ok(Source)
    }

    async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::Interrupt,
            Err(_) => std::future::pending().await,
        }
    }
}
