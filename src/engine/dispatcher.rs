//! Decides which job is next: the sole owner of a run's queue, its slots and its numbers.

mod outcomes;
mod window;

use super::budget::Reservation;
use super::context::Context;
use super::job::{End, buy};
use super::others::{collect_any, follow_any};
use super::purchase::Bought;
use super::sharing::{Held, more_money, more_slots, slots};
use super::slot::{Freed, Slot};
use super::{Due, Purchase, Work};
use crate::client::Service;
use crate::event::Bound;
use crate::event::stop::Level;
use crate::event::summary::Summary;
use crate::ledger::record::Stage;
use crate::ledger::shared::Slots;
use crate::service::names::JobId;
use crate::service::request::Urls;
use futures::FutureExt as _;
use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Number of finished jobs being fetched for each video that may be downloaded at a time: the others ask for their videos'
/// URLs, or store what they have. More would only wait, with the memory of a call each.
const FETCHING: usize = 4;

/// Starts jobs and counts their outcomes.
pub(super) struct Dispatcher<S, P> {
    context: Arc<Context<S>>,
    purchases: P,
    /// The next purchases, if there is no money for the first of them: other purchases may give theirs back.
    unaffordable: VecDeque<Purchase>,
    /// Jobs from earlier runs that are at the service.
    resumed: Vec<Due>,
    /// Jobs that the service has finished and whose videos wait to be fetched, and since when: those of earlier runs first.
    finished: VecDeque<(Due, Instant)>,
    /// Purchases being prepared, in the order in which they are sent.
    window: VecDeque<Prepared>,
    /// Number of purchases that entered the window: its first has number `prepared - window.len()`.
    prepared: usize,
    in_flight: usize,
    /// Since when the next purchase waits for a slot of those that the runs of a ledger share.
    held: Held,
    /// `true` once no purchase is left to be prepared.
    is_exhausted: bool,
    fetching: usize,
    tasks: JoinSet<()>,
    inbox: mpsc::UnboundedReceiver<Message>,
    outbox: mpsc::UnboundedSender<Message>,
    freed: mpsc::UnboundedReceiver<Freed>,
    slots: mpsc::UnboundedSender<Freed>,
    summary: Summary,
}

/// A purchase on its way to a slot.
enum Prepared {
    Uploading,
    Ready(Box<Order>, Urls),
    /// It can't be bought; its place is skipped.
    Spoilt,
}

/// A purchase with the money for it.
struct Order {
    purchase: Purchase,
    reservation: Reservation,
}

/// A message from a job to the dispatcher.
enum Message {
    /// The images of the purchase with this number are uploaded, or can't be.
    Uploaded(usize, Box<Order>, Result<Urls, Bought>),
    /// The service has finished a job.
    Finished(Due),
    /// A job ended without being fetched.
    Ended(JobId, Box<End>),
    /// A finished job ended: its videos are fetched, or can't be.
    Fetched(JobId, Box<End>),
}

impl<S: Service, P: Iterator<Item = Purchase>> Dispatcher<S, P> {
    pub(super) fn new(context: Arc<Context<S>>, work: Work<P>) -> Dispatcher<S, P> {
        let (outbox, inbox) = mpsc::unbounded_channel();
        let (slots, freed) = mpsc::unbounded_channel();
        let (resumed, finished): (Vec<_>, Vec<_>) = work
            .collect
            .into_iter()
            .partition(|due| matches!(due.record.stage, Stage::Submitted { .. } | Stage::Uncertain { .. }));
        for Due { record, .. } in resumed.iter().chain(&finished) {
            if let Some(task) = record.stage.task() {
                let _ = context.at_service.know(&record.key.job, task);
            }
        }
        Dispatcher {
            context,
            purchases: work.purchases,
            unaffordable: VecDeque::new(),
            resumed,
            finished: finished.into_iter().map(|due| (due, Instant::now())).collect(),
            window: VecDeque::new(),
            prepared: 0,
            in_flight: 0,
            held: Held::default(),
            is_exhausted: false,
            fetching: 0,
            tasks: JoinSet::new(),
            inbox,
            outbox,
            freed,
            slots,
            summary: Summary::default(),
        }
    }

    /// Runs until nothing is left to do, or the run is stopped and every job has said how it ended. Returns its numbers.
    pub(super) async fn run(mut self) -> Summary {
        for due in std::mem::take(&mut self.resumed) {
            self.resume(due);
        }
        loop {
            let level = self.context.stop.level();
            if level < Level::Out {
                self.fetch_more();
            }
            if level == Level::Go {
                self.prepare();
                while self.start_next() {}
            }
            self.say_want(level);
            if self.tasks.is_empty() && self.inbox.is_empty() && !self.has_more(level) {
                break;
            }
            tokio::select! {
                Some(message) = self.inbox.recv() => self.take(message),
                Some(Freed) = self.freed.recv() => self.in_flight -= 1,
                Some(ended) = self.tasks.join_next() => {
                    if let Err(panic) = ended {
                        // A bug in one job must not take the others down; its state is in the ledger.
                        tracing::error!(%panic, "a job's task ended unexpectedly");
                        self.summary.failed += 1;
                        self.context.failed();
                        self.give_up_places();
                    }
                }
                () = self.context.stop.reached(next_level(level)), if level < Level::Out => {}
                word = self.context.word() => self.context.heed(word),
                () = self.context.pausing.more(), if !self.finished.is_empty() => {}
                () = more_money(&self.context), if level == Level::Go && !self.unaffordable.is_empty() => {}
                () = more_slots(&self.context), if level == Level::Go => {}
                () = self.held.say(&self.context) => {}
            }
        }
        self.count_what_is_left();
        self.summary.submits = self.context.sent.submits.load(Ordering::Relaxed);
        self.summary.uploads = self.context.sent.uploads.load(Ordering::Relaxed);
        self.summary.polls = self.context.sent.polls.load(Ordering::Relaxed);
        self.summary.videos = self.context.sent.videos.load(Ordering::Relaxed);
        self.summary.bytes = self.context.sent.bytes.load(Ordering::Relaxed);
        self.summary
    }

    /// Returns whether there is still something to start at this level.
    fn has_more(&self, level: Level) -> bool {
        match level {
            Level::Go => !self.window.is_empty() || !self.finished.is_empty() || self.may_afford(),
            Level::NoSubmits => !self.finished.is_empty(),
            Level::Out => false,
        }
    }

    /// Returns whether a slot is free and the next purchase in turn is ready.
    fn may_start(&self) -> bool {
        self.in_flight < self.context.settings.concurrency && matches!(self.window.front(), Some(Prepared::Ready(..)))
    }

    /// Gives the next purchase a slot, if one is free and it is ready: they wait for their turn in order.
    fn start_next(&mut self) -> bool {
        if !self.may_start() || !self.held.take(&self.context) {
            return false;
        }
        let shared = slots(&self.context).cloned();
        let Some(Prepared::Ready(order, urls)) = self.window.pop_front() else { return false };
        let slot = self.slot(shared);
        let Order { purchase, reservation } = *order;
        self.spawn(purchase.key.job.clone(), buy(self.context.clone(), purchase, reservation, urls, slot));
        self.prepare();
        true
    }

    /// Says how many generations this run would have in flight: no more than it has to buy still.
    fn say_want(&self, level: Level) {
        let Some(slots) = slots(&self.context) else { return };
        let waiting = match level {
            Level::Go if !self.is_exhausted => usize::MAX,
            Level::Go => self.window.len(),
            Level::NoSubmits | Level::Out => 0,
        };
        slots.wait_for(waiting, self.context.settings.concurrency);
    }

    /// Releases places after a panic: if no task is left, nothing that is waited for will come.
    fn give_up_places(&mut self) {
        if self.tasks.is_empty() && self.inbox.is_empty() {
            self.fetching = 0;
            let uploading = self.window.iter_mut().filter(|place| matches!(place, Prepared::Uploading));
            uploading.for_each(|place| *place = Prepared::Spoilt);
        }
    }

    /// Takes a slot at the service; it is free again when the guard is dropped.
    fn slot(&mut self, shared: Option<Arc<Slots>>) -> Slot {
        self.in_flight += 1;
        Slot::new(self.slots.clone(), shared)
    }

    /// Resumes a job that is already at the service: it is in flight whether or not a slot is free.
    fn resume(&mut self, due: Due) {
        let slot = self.slot(None);
        self.spawn(due.record.key.job.clone(), follow_any(self.context.clone(), due, slot));
    }

    /// Starts fetching finished jobs, a few at a time.
    fn fetch_more(&mut self) {
        let most = FETCHING.saturating_mul(self.context.settings.downloads);
        // Those that pause before another try keep no others from being fetched.
        while self.fetching < most.saturating_add(self.context.pausing.count()) {
            let Some((due, since)) = self.finished.pop_front() else { return };
            self.context.waited(Bound::Downloads, since);
            self.fetching += 1;
            let (job, outbox) = (due.record.key.job.clone(), self.outbox.clone());
            self.tasks.spawn(collect_any(self.context.clone(), due).map(move |end| {
                let _ = outbox.send(Message::Fetched(job, Box::new(end)));
            }));
        }
    }

    /// Starts a job that is followed until the service is done with it.
    fn spawn(&mut self, job: JobId, work: impl Future<Output = Result<Due, Box<End>>> + Send + 'static) {
        let outbox = self.outbox.clone();
        // Not an async block, which would hold the job's state twice.
        self.tasks.spawn(work.map(move |followed| {
            let _ = outbox.send(followed.map_or_else(|end| Message::Ended(job, end), Message::Finished));
        }));
    }
}

/// Returns the level that is awaited after `level`.
fn next_level(level: Level) -> Level {
    match level {
        Level::Go => Level::NoSubmits,
        Level::NoSubmits | Level::Out => Level::Out,
    }
}
