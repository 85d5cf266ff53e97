//! The next purchases: the money for them is reserved and their images are uploaded ahead of their slots.

use super::{Dispatcher, Message, Order, Prepared};
use crate::client::Service;
use crate::engine::Purchase;
use crate::engine::images::upload;
use crate::engine::job::End;
use crate::event::Cause;
use crate::ledger::shared::Purse;
use crate::service::request::Urls;

/// Number of jobs whose images are uploaded ahead of a free slot, beyond the concurrency.
const AHEAD: usize = 8;

impl<S: Service, P: Iterator<Item = Purchase>> Dispatcher<S, P> {
    /// Returns whether there may be money for the next purchase once other runs of a shared ledger have settled theirs.
    pub(super) fn may_afford(&self) -> bool {
        let next = self.unaffordable.front().zip(self.context.purse());
        next.is_some_and(|(next, purse)| self.context.budget.may_reserve(next.price, purse.beside()))
    }

    /// Fills the window: the images of the next purchases are uploaded ahead of their slots.
    pub(super) fn prepare(&mut self) {
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
    pub(super) fn next_obtainable(&mut self) -> Option<Purchase> {
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
}
