//! Takes each event to every reporter, at the pace of each.
//!
//! A reporter may be blocked for as long as it takes: its reader stopped, its disk is slow. So each has a thread and a
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

/// Events that wait for one reporter at the most, before those that are only told by the way are left out. The others are a
/// dozen for each job, and always kept: no reader's picture is ever wrong, and what waits is bounded by the manifest.
const WAITING: usize = 16_384;

/// How long events gather behind those that were just taken to the reporters: a busy run wakes them once for many.
const GATHERING: Duration = Duration::from_millis(2);

/// Events that are handed over to a reporter at once, at the most.
const BUNDLE: usize = 1024;

/// How long a reporter that takes something now and then is waited for at the end, at the most.
const LONGEST: Duration = Duration::from_secs(10);

/// The threads of the reporters.
#[derive(Debug)]
pub struct Fanout {
    /// Nothing comes through it: it is closed when the last reporter is done.
    done: Receiver<()>,
    /// What waits for each reporter.
    waiting: Vec<Arc<AtomicUsize>>,
}

/// The way to one reporter.
struct Queue {
    feed: Sender<Bundle>,
    /// What is handed over next.
    bundle: Bundle,
    /// How many events are on the way.
    waiting: Arc<AtomicUsize>,
    /// How many were left out since its reader fell behind.
    missed: usize,
}

/// Events that a reporter is handed together, in order.
type Bundle = Vec<Arc<Stamped>>;

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

    /// Waits until every reporter has come to its end, which is behind the last event of the run, but no longer than
    /// `patience` for one that takes nothing: a reader that doesn't read must not keep the program.
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

    /// What waits for all reporters.
    fn waiting(&self) -> usize {
        self.waiting.iter().map(|waiting| waiting.load(Ordering::Relaxed)).sum()
    }
}

/// Takes events to all queues, up to the end of the run or until nobody can send any more.
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
    /// Adds an event, unless its reader is far behind and can do without it.
    fn add(&mut self, event: &Arc<Stamped>, last: bool) {
        let waiting = self.waiting.load(Ordering::Relaxed);
        if waiting >= WAITING && event.event.is_by_the_way() {
            self.missed += 1;
            return;
        }
        // Said when the reader has caught up, or hears the last word: not before each event in between.
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

    /// Hands over what was added.
    fn hand_over(&mut self) {
        if self.bundle.is_empty() {
            return;
        }
        // A reporter whose thread is gone hears no more.
        if let Err(unheard) = self.feed.send(std::mem::take(&mut self.bundle)) {
            self.waiting.fetch_sub(unheard.0.len(), Ordering::Relaxed);
        }
    }
}

/// Tells a reporter all that comes, and at its pace that time passes; `_alive` says to [`Fanout::finish`] that it isn't
/// done yet.
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

/// How time passes for a reporter.
struct Pace {
    /// Between two ticks.
    pause: Duration,
    next: Option<Instant>,
    /// When the last event happened by the clock of the run, and when it was seen here.
    last: Option<(Timestamp, Instant)>,
}

impl Pace {
    fn of(reporter: &dyn Reporter) -> Pace {
        let pause = reporter.pace();
        Pace { pause, next: Instant::now().checked_add(pause), last: None }
    }

    /// The time to the next tick.
    fn left(&self) -> Duration {
        self.next.map_or(Duration::MAX, |next| next.saturating_duration_since(Instant::now()))
    }

    fn saw(&mut self, time: Timestamp) {
        self.last = Some((time, Instant::now()));
    }

    /// Tells the reporter that time has passed, where a tick is due.
    fn keep(&mut self, reporter: &mut dyn Reporter) {
        let now = Instant::now();
        if self.next.is_none_or(|next| now < next) {
            return;
        }
        // Events carry the clock of the run; between them this thread counts on.
        if let Some((time, seen)) = self.last {
            let gone = SignedDuration::try_from(now.duration_since(seen)).unwrap_or(SignedDuration::MAX);
            reporter.tick(time.checked_add(gone).unwrap_or(time));
        }
        self.next = now.checked_add(self.pause);
    }
}

#[cfg(test)]
mod tests;
