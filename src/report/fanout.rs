//! Distributes events to every reporter, at its own pace.
//!
//! A reporter may block for any length of time: its reader has stopped, its disk is slow. So each has a thread and a
//! queue of its own, and the engine, which only puts events into a channel, waits for none of them.

use super::Reporter;
use crate::event::{Event, Stamped};
use jiff::{SignedDuration, Timestamp};
use std::io;
use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// Maximum number of events that wait for one reporter before incidental ones are left out. The others are about a
/// dozen for each job, and always kept: no reader gets a wrong picture, and the queue is bounded by the manifest.
const WAITING: usize = 16_384;

/// Time that events gather after those just delivered to the reporters: a busy run wakes them once for many.
const GATHERING: Duration = Duration::from_millis(10);

/// Maximum number of events delivered to a reporter at once.
const BUNDLE: usize = 1024;

/// Maximum time that a reporter which still makes progress is awaited at the end.
const LONGEST: Duration = Duration::from_secs(10);

/// The threads of the reporters.
#[derive(Debug)]
pub struct Fanout {
    /// Carries nothing: it is closed when the last reporter is done.
    done: Receiver<()>,
    /// The number of events waiting for each reporter.
    waiting: Vec<Arc<AtomicUsize>>,
}

/// The queue of one reporter.
struct Queue {
    feed: Sender<Bundle>,
    /// The events to be delivered next.
    bundle: Bundle,
    /// Number of events on their way.
    waiting: Arc<AtomicUsize>,
    /// Number of events left out since its reader fell behind.
    missed: usize,
}

/// Events delivered to a reporter together, in order.
type Bundle = Vec<Arc<Stamped>>;

/// The outcome of waiting for the reporters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finished {
    /// All finished.
    All,
    /// At least one is stuck, and was abandoned.
    NotAll,
}

impl Fanout {
    /// Starts a thread for each reporter, fed from `events`. Those that write to the same place belong into one
    /// reporter (a `Vec` of reporters is one), so that their output doesn't mix.
    ///
    /// # Errors
    /// Fails if the system can't start a thread.
    pub fn start(events: Receiver<Stamped>, reporters: Vec<Box<dyn Reporter>>) -> io::Result<Fanout> {
        let (alive, done) = mpsc::channel();
        let mut queues = Vec::with_capacity(reporters.len());
        for reporter in reporters {
            let (sender, feed) = mpsc::channel();
            let queue = Queue { feed: sender, bundle: Vec::new(), waiting: Arc::default(), missed: 0 };
            let (alive, waiting) = (alive.clone(), Arc::clone(&queue.waiting));
            thread::Builder::new()
                .name("reporter".to_owned())
                .spawn(move || serve(reporter, &feed, &waiting, alive))?;
            queues.push(queue);
        }
        let waiting = queues.iter().map(|queue| Arc::clone(&queue.waiting)).collect();
        thread::Builder::new().name("events".to_owned()).spawn(move || distribute(&events, &mut queues))?;
        Ok(Fanout { done, waiting })
    }

    /// Waits until every reporter has finished, that is, processed the last event of the run, but at most `patience`
    /// for one that makes no progress: a reader that doesn't read must not block the program.
    pub fn finish(self, patience: Duration) -> Finished {
        let end = Instant::now() + LONGEST;
        loop {
            let before = self.waiting();
            match self.done.recv_timeout(patience) {
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return Finished::All,
                Err(RecvTimeoutError::Timeout) if self.waiting() < before && Instant::now() < end => {}
                Err(RecvTimeoutError::Timeout) => return Finished::NotAll,
            }
        }
    }

    /// Returns the number of events waiting for all reporters.
    fn waiting(&self) -> usize {
        self.waiting.iter().map(|waiting| waiting.load(Ordering::Relaxed)).sum()
    }
}

/// Delivers events to all queues, until the run ends or no sender is left.
fn distribute(events: &Receiver<Stamped>, queues: &mut [Queue]) {
    while let Ok(first) = events.recv() {
        for event in iter::once(first).chain(events.try_iter()) {
            let last = matches!(event.event, Event::RunFinished { .. });
            let event = Arc::new(event);
            for queue in &mut *queues {
                queue.add(&event, last);
            }
            if last {
                queues.iter_mut().for_each(Queue::hand_over);
                return;
            }
        }
        queues.iter_mut().for_each(Queue::hand_over);
        thread::sleep(GATHERING);
    }
}

impl Queue {
    /// Adds an event, unless its reader is far behind and doesn't need it.
    fn add(&mut self, event: &Arc<Stamped>, last: bool) {
        let waiting = self.waiting.load(Ordering::Relaxed);
        if waiting >= WAITING && event.event.is_by_the_way() {
            self.missed += 1;
            return;
        }
        // Reported when the reader has caught up, or at the end: not before each event in between.
        if self.missed > 0 && (last || waiting < WAITING / 2) {
            let missed = std::mem::take(&mut self.missed);
            self.put(Arc::new(Stamped { event: Event::Lagged { missed }, time: event.time }));
        }
        self.put(Arc::clone(event));
    }

    fn put(&mut self, event: Arc<Stamped>) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.bundle.push(event);
        if self.bundle.len() == BUNDLE {
            self.hand_over();
        }
    }

    /// Delivers the added events.
    fn hand_over(&mut self) {
        if self.bundle.is_empty() {
            return;
        }
        // A reporter whose thread is gone gets no more events.
        if let Err(unheard) = self.feed.send(std::mem::take(&mut self.bundle)) {
            self.waiting.fetch_sub(unheard.0.len(), Ordering::Relaxed);
        }
    }
}

/// Passes all events to a reporter, and ticks at its pace; `_alive` tells [`Fanout::finish`] that it isn't done yet.
fn serve(mut reporter: Box<dyn Reporter>, feed: &Receiver<Bundle>, waiting: &AtomicUsize, _alive: Sender<()>) {
    let mut pace = Pace::of(&*reporter);
    loop {
        match feed.recv_timeout(pace.left()) {
            Ok(bundle) => {
                for event in bundle {
                    pace.saw(event.time);
                    reporter.event(&event);
                    waiting.fetch_sub(1, Ordering::Relaxed);
                    pace.keep(&mut *reporter);
                }
            }
            Err(RecvTimeoutError::Timeout) => pace.keep(&mut *reporter),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    reporter.finish();
}

/// The timing of a reporter's ticks.
struct Pace {
    /// The interval between two ticks.
    pause: Duration,
    next: Option<Instant>,
    /// The time of the last event by the clock of the run, and the time when it was seen here.
    last: Option<(Timestamp, Instant)>,
}

impl Pace {
    fn of(reporter: &dyn Reporter) -> Pace {
        let pause = reporter.pace();
        Pace { pause, next: Instant::now().checked_add(pause), last: None }
    }

    /// Returns the time until the next tick.
    fn left(&self) -> Duration {
        self.next.map_or(Duration::MAX, |next| next.saturating_duration_since(Instant::now()))
    }

    fn saw(&mut self, time: Timestamp) {
        self.last = Some((time, Instant::now()));
    }

    /// Ticks the reporter, if a tick is due.
    fn keep(&mut self, reporter: &mut dyn Reporter) {
        let now = Instant::now();
        if self.next.is_none_or(|next| now < next) {
            return;
        }
        // Events carry the clock of the run; between them, this thread counts on.
        if let Some((time, seen)) = self.last {
            let gone = SignedDuration::try_from(now.duration_since(seen)).unwrap_or(SignedDuration::MAX);
            reporter.tick(time.checked_add(gone).unwrap_or(time));
        }
        self.next = now.checked_add(self.pause);
    }
}

#[cfg(test)]
mod tests;
