//! Decides which job is next: the sole owner of a run's queue, its slots and its numbers.

use super::budget::Reservation;
use super::context::Context;
use super::images::upload;
use super::job::{End, buy, without_task};
use super::others::{collect_any, follow_any};
use super::purchase::Bought;
use super::sharing::{Held, more_money, more_slots, slots};
use super::slot::{Freed, Slot};
use super::uploads::Urls;
use super::{Due, Purchase, Work};
use crate::client::Service;
use crate::event::stop::Level;
use crate::event::summary::Summary;
use crate::event::{Bound, Cause, Event};
use crate::ledger::record::Stage;
use crate::ledger::shared::{Purse, Slots};
use crate::plan::action::Action;
use crate::service::names::JobId;
use futures::FutureExt as _;
use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Number of jobs whose images are uploaded ahead of a free slot, beyond the concurrency.
const AHEAD: usize = 8;

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

    /// Returns whether there may be money for the next purchase once other runs of a shared ledger have settled theirs.
    fn may_afford(&self) -> bool {
        let next = self.unaffordable.front().zip(self.context.purse());
        next.is_some_and(|(next, purse)| self.context.budget.may_reserve(next.price, purse.beside()))
    }

    /// Fills the window: the images of the next purchases are uploaded ahead of their slots.
    fn prepare(&mut self) {
        while let Some(Prepared::Spoilt) = self.window.front() {
            self.window.pop_front();
        }
        let ahead = self.context.settings.concurrency.saturating_sub(self.in_flight) + AHEAD;
        while self.window.len() < ahead {
            let Some(order) = self.next_order() else { return };
            let number = self.prepared;
            self.prepared += 1;
            if order.purchase.images.is_empty() {
                self.window.push_back(Prepared::Ready(order, Urls::new()));
                continue;
            }
            self.window.push_back(Prepared::Uploading);
            let (context, outbox) = (self.context.clone(), self.outbox.clone());
            self.tasks.spawn(async move {
                let urls = upload(&context, &order.purchase).await;
                let _ = outbox.send(Message::Uploaded(number, order, urls));
            });
        }
    }

    /// Returns the next purchase, if there is money for it. No other overtakes it, so that the purchases made don't
    /// depend on timing.
    fn next_order(&mut self) -> Option<Box<Order>> {
        let purchase = self.unaffordable.pop_front().or_else(|| self.next_obtainable())?;
        let beside = self.context.purse().map(Purse::beside);
        match self.context.budget.reserve(purchase.price, beside) {
            Some(reservation) => Some(Box::new(Order { purchase, reservation })),
            None => {
                self.unaffordable.push_front(purchase);
                None
            }
        }
    }

    /// Returns the next purchase whose images are all available; those skipped before it fail at no cost.
    fn next_obtainable(&mut self) -> Option<Purchase> {
        loop {
            let Some(mut purchase) = self.purchases.next() else {
                self.is_exhausted = true;
                return None;
            };
            let Some(problem) = purchase.unobtainable.take() else { return Some(purchase) };
            let end = if problem.code == Cause::Local { End::Local(problem) } else { End::Failed(problem) };
            let end = end.noted(&self.context);
            self.count(&purchase.key.job, &end);
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

    fn take(&mut self, message: Message) {
        match message {
            Message::Uploaded(number, order, outcome) => {
                // Places before the window have been skipped.
                let first = self.prepared - self.window.len();
                let prepared = match outcome {
                    Ok(urls) => Prepared::Ready(order, urls),
                    Err(bought) => {
                        self.count(&order.purchase.key.job, &without_task(bought).noted(&self.context));
                        Prepared::Spoilt
                    }
                };
                if let Some(place) = number.checked_sub(first).and_then(|index| self.window.get_mut(index)) {
                    *place = prepared;
                }
            }
            Message::Finished(due) => self.finished.push_back((due, Instant::now())),
            Message::Ended(_, end) if matches!(*end, End::NoMoney(_)) => {
                if let End::NoMoney(purchase) = *end {
                    self.unaffordable.push_front(*purchase);
                }
            }
            Message::Ended(job, end) => self.count(&job, &end),
            Message::Fetched(job, end) => {
                self.fetching -= 1;
                self.count(&job, &end);
            }
        }
    }

    /// Counts and reports the end of a job.
    fn count(&mut self, job: &JobId, end: &End) {
        let job = job.clone();
        let event = match end {
            End::Succeeded { outputs, asked } => {
                self.summary.succeeded += 1;
                let short = outputs.len() < usize::from(*asked);
                Event::Succeeded { job, outputs: outputs.clone(), asked: short.then_some(*asked) }
            }
            End::Failed(error) => {
                self.summary.failed += 1;
                self.summary.at_service += usize::from(error.code.is_at_service());
                Event::Failed { job, error: error.clone(), next: error.code.next() }
            }
            End::GivenUp(error) => {
                self.summary.failed += 1;
                Event::Failed { job, error: error.clone(), next: Some(Action::Hold) }
            }
            End::Local(error) => {
                self.summary.failed += 1;
                self.context.fail_locally();
                Event::Failed { job, error: error.clone(), next: error.code.next() }
            }
            End::Uncertain(message) => {
                self.summary.uncertain += 1;
                Event::Uncertain { job, message: message.clone(), task_id: None }
            }
            End::Denied(task_id, message) => {
                self.summary.uncertain += 1;
                Event::Uncertain { job, message: message.clone(), task_id: Some(task_id.clone()) }
            }
            End::Elsewhere(message) => {
                self.summary.elsewhere += 1;
                Event::Elsewhere { job, message: message.clone() }
            }
            End::Left => {
                self.summary.left += 1;
                self.summary.at_service += 1;
                return;
            }
            End::Out | End::NoMoney(_) => {
                self.summary.left += 1;
                self.summary.not_submitted += 1;
                return;
            }
        };
        self.context.events.send(event);
    }

    /// Counts the jobs that a stopped run hasn't started.
    fn count_what_is_left(&mut self) {
        let waiting = self.window.iter().filter(|p| !matches!(p, Prepared::Spoilt)).count();
        let unbought = self.unaffordable.len() + self.purchases.by_ref().count();
        let (not_submitted, paid) = (waiting + unbought, self.finished.len());
        self.summary.left += not_submitted + paid;
        self.summary.not_submitted += not_submitted;
        self.summary.at_service += paid;
    }
}

/// Returns the level that is awaited after `level`.
fn next_level(level: Level) -> Level {
    match level {
        Level::Go => Level::NoSubmits,
        Level::NoSubmits | Level::Out => Level::Out,
    }
}
