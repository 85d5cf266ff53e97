//! The reporters of a run: chosen once, by option and terminal.

use super::exit::Exit;
use super::failure::Failure;
use super::options::Progress;
use super::standard_output::{is_gone, unwritable};
use super::terminal::{Terminal, Volume};
use crate::base::clock::Clock;
use crate::event::sender::Events;
use crate::event::summary::Summary;
use crate::event::{Event, JobError, Stamped};
use crate::report::Reporter;
use crate::report::bar::Bar;
use crate::report::commands::Target;
use crate::report::fanout::Fanout;
use crate::report::ndjson::Ndjson;
use crate::report::plain::Plain;
use crate::report::quiet::Quiet;
use crate::report::screen::Screen;
use crate::report::summary::{Apart, RunSummary};
use jiff::tz::TimeZone;
use std::io;
use std::sync::mpsc::Receiver;
use std::time::Duration;

/// Time that a stalled reader may delay the end of the program.
const PATIENCE: Duration = Duration::from_millis(500);

/// The reporters of a run, and the channel to them.
pub(super) struct Reporting {
    events: Events,
    fanout: Fanout,
    screen: Screen,
    volume: Volume,
    /// The error of standard output, if events can't be written there.
    broken: Option<Receiver<io::Error>>,
}

/// The message at the first Ctrl-C.
const INTERRUPTED: &str =
    "interrupted: no new jobs are submitted, the state is saved; press Ctrl-C again to quit now\n";

/// Starts the reporters of a run of `target`: those for the terminal, and `others`.
///
/// # Errors
/// Fails if the system can't start a thread.
pub(super) fn start(
    progress: Progress,
    terminal: &Terminal,
    target: Target,
    others: Vec<Box<dyn Reporter>>,
) -> Result<Reporting, Failure> {
    let (events, receiver) = Events::channel(Clock::System);
    let look = terminal.stderr;
    // Output to standard error comes from one reporter: a bar and, once it is gone, the summary.
    let mut stderr: Vec<Box<dyn Reporter>> = Vec::new();
    let (mut reporters, mut broken) = (others, None);
    match (progress, terminal.watched) {
        (Progress::Bar, _) | (Progress::Auto, true) => {
            stderr.push(bar(terminal));
        }
        (Progress::Plain, _) | (Progress::Auto, false) => stderr.push(lines(terminal)),
        (Progress::Json, _) => {
            let (ndjson, errors) = Ndjson::new(io::stdout());
            reporters.push(Box::new(ndjson));
            broken = Some(errors);
        }
        (Progress::None, _) => {}
    }
    if terminal.volume == Volume::Quiet {
        stderr = vec![Box::new(Quiet::new(io::stderr(), look))];
    } else {
        let apart = if stderr.is_empty() { Apart::No } else { Apart::ByALine };
        stderr.push(Box::new(RunSummary::new(io::stderr(), look, apart, target)));
    }
    reporters.push(Box::new(stderr));
    let fanout = Fanout::start(receiver, reporters).map_err(Failure::machine)?;
    Ok(Reporting { events, fanout, screen: terminal.screen.clone(), volume: terminal.volume, broken })
}

impl Reporting {
    /// Returns the channel to the reporters.
    pub(super) fn events(&self) -> Events {
        self.events.clone()
    }

    /// Returns the screen whose live view may have to be removed when a signal arrives, and the message printed then.
    pub(super) fn when_interrupted(&self) -> (Screen, &'static str) {
        (self.screen.clone(), if self.volume == Volume::Quiet { "" } else { INTERRUPTED })
    }

    /// Reports the end of the run, and waits until it is shown.
    ///
    /// # Errors
    /// Fails if events couldn't be written to standard output. A reader that went away has read enough.
    pub(super) fn finish(self, summary: Summary, exit: Exit, stopped: Option<JobError>) -> Result<(), Failure> {
        self.events.send(Event::RunFinished { summary, exit_code: exit.code(), stopped });
        self.fanout.finish(PATIENCE);
        let error = self.broken.and_then(|broken| broken.try_recv().ok());
        error.filter(|error| !is_gone(error)).map_or(Ok(()), |error| Err(unwritable(&error)))
    }

    /// Waits until all messages are shown, for a run without an end of its own.
    pub(super) fn leave(self) {
        drop(self.events);
        self.fanout.finish(PATIENCE);
    }
}

/// The reporters for a run of another process.
pub(super) struct Watching {
    events: Events,
    fanout: Fanout,
}

/// Starts displaying one: a live view on a terminal, lines elsewhere.
///
/// # Errors
/// Fails if the system can't start a thread.
pub(super) fn watching(terminal: &Terminal) -> Result<Watching, Failure> {
    let (events, receiver) = Events::channel(Clock::System);
    let reporter = match (terminal.volume, terminal.watched) {
        (Volume::Quiet, _) => Vec::new(),
        (_, true) => vec![bar(terminal)],
        (_, false) => vec![lines(terminal)],
    };
    Ok(Watching { events, fanout: Fanout::start(receiver, reporter).map_err(Failure::machine)? })
}

impl Watching {
    /// Sends an event.
    pub(super) fn send(&self, event: Stamped) {
        self.events.send_stamped(event);
    }

    /// Waits until all of it is shown.
    pub(super) fn finish(self) {
        let Watching { events, fanout } = self;
        drop(events);
        fanout.finish(PATIENCE);
    }
}

/// Returns a live view, with as many messages above it as requested.
fn bar(terminal: &Terminal) -> Box<dyn Reporter> {
    let bar = Bar::new(terminal.screen.clone(), terminal.stderr, zone());
    Box::new(if terminal.volume > Volume::Normal { bar.in_detail() } else { bar })
}

/// Returns a line reporter, with as many lines as requested.
fn lines(terminal: &Terminal) -> Box<dyn Reporter> {
    let lines = Plain::new(io::stderr(), terminal.stderr, zone());
    Box::new(if terminal.volume > Volume::Normal { lines.in_detail() } else { lines })
}

/// Returns the time zone of lines and live views.
fn zone() -> TimeZone {
    TimeZone::try_system().unwrap_or(TimeZone::UTC)
}
