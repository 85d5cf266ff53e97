//! What jobs report back: their ends are counted and told.

use super::{Dispatcher, Message, Prepared};
use crate::client::Service;
use crate::engine::Purchase;
use crate::engine::job::{End, without_task};
use crate::event::Event;
use crate::plan::action::Action;
use crate::service::names::JobId;
use tokio::time::Instant;

impl<S: Service, P: Iterator<Item = Purchase>> Dispatcher<S, P> {
    /// Takes in what a job reports.
    pub(super) fn take(&mut self, message: Message) {
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
    pub(super) fn count(&mut self, job: &JobId, end: &End) {
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
    pub(super) fn count_what_is_left(&mut self) {
        let waiting = self.window.iter().filter(|p| !matches!(p, Prepared::Spoilt)).count();
        let unbought = self.unaffordable.len() + self.purchases.by_ref().count();
        let (not_submitted, paid) = (waiting + unbought, self.finished.len());
        self.summary.left += not_submitted + paid;
        self.summary.not_submitted += not_submitted;
        self.summary.at_service += paid;
    }
}
