//! Takes each event to every reporter, at the pace of each.
//!
//! A reporter may be blocked for as long as it takes: its reader stopped, its disk is slow. So each has a thread and a
//! queue of its own, and the engine, which only puts events into a channel, waits for none of them.

use super::Reporter;
use crate::event::{Event, Stamped};
use jiff::{SignedDuration, Timestamp};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// How often a reporter hears that time passes when nothing else happens.
const TICK: Duration = Duration::from_secs(1);

/// The threads of the reporters.
#[derive(Debug)]
pub struct Fanout {
    /// Nothing comes through it: it is closed when the last reporter is done.
    done: Receiver<()>,
}

/// Whether all reporters came to their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finished {
    /// All did.
    All,
    /// One at least is stuck, and was left behind.
    NotAll,
}

impl Fanout {
    /// Starts a thread for each reporter, fed from `events`. Those that write to one place belong into one reporter (a
    /// `Vec` of reporters is one), so that they don't talk over each other.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(events: Receiver<Stamped>, reporters: Vec<Box<dyn Reporter>>) -> io::Result<Fanout> {
        let (alive, done) = mpsc::channel();
        let mut queues = Vec::with_capacity(reporters.len());
        for reporter in reporters {
            let (queue, feed) = mpsc::channel();
            let alive = alive.clone();
            thread::Builder::new().name("reporter".to_owned()).spawn(move || serve(reporter, &feed, alive))?;
            queues.push(queue);
        }
        thread::Builder::new().name("events".to_owned()).spawn(move || distribute(&events, &queues))?;
        Ok(Fanout { done })
    }

    /// Waits until every reporter has come to its end, which is behind the last event of the run, but no longer than
    /// `patience`: a reader that doesn't read must not keep the program.
    pub fn finish(self, patience: Duration) -> Finished {
        match self.done.recv_timeout(patience) {
            Err(RecvTimeoutError::Timeout) => Finished::NotAll,
            Ok(()) | Err(RecvTimeoutError::Disconnected) => Finished::All,
        }
    }
}

/// Takes events to all queues, up to the end of the run or until nobody can send any more.
fn distribute(events: &Receiver<Stamped>, queues: &[Sender<Arc<Stamped>>]) {
    for event in events {
        let last = matches!(event.event, Event::RunFinished { .. });
        let event = Arc::new(event);
        for queue in queues {
            // A reporter whose thread is gone hears no more.
            let _ = queue.send(Arc::clone(&event));
        }
        if last {
            return;
        }
    }
}

/// Tells a reporter all that comes; `_alive` says to [`Fanout::finish`] that it isn't done yet.
fn serve(mut reporter: Box<dyn Reporter>, feed: &Receiver<Arc<Stamped>>, _alive: Sender<()>) {
    let mut last: Option<(Timestamp, Instant)> = None;
    loop {
        match feed.recv_timeout(TICK) {
            Ok(event) => {
                last = Some((event.time, Instant::now()));
                reporter.event(&event);
            }
            Err(RecvTimeoutError::Timeout) => {
                // Events carry the clock of the run; between them this thread counts on.
                if let Some((time, seen)) = last {
                    let gone = SignedDuration::try_from(seen.elapsed()).unwrap_or(SignedDuration::MAX);
                    reporter.tick(time.checked_add(gone).unwrap_or(time));
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    reporter.finish();
}

#[cfg(test)]
mod tests;
