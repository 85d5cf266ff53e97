//! The run's spending limit: money is reserved before a submit and settled by its outcome.

use crate::base::decimal::Decimal;
use crate::ledger::shared::Beside;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The money that a run spent, by the estimate of each purchase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Accepted by the service, and not failed by it.
    pub charged: Decimal,
    /// Possibly accepted: it counts as if it were.
    pub uncertain: Decimal,
    /// Submitted, and then refused or failed by the service.
    pub given_back: Decimal,
}

/// The money of a run. The sum of reserved, charged and uncertain never exceeds the limit.
#[derive(Clone, Debug)]
pub(super) struct Budget(Arc<Mutex<Books>>);

#[derive(Debug)]
struct Books {
    /// The limit; `None` means unlimited.
    most: Option<Decimal>,
    /// For purchases on their way.
    reserved: Decimal,
    spent: Spent,
}

/// The money for one purchase. When dropped, it is settled by the state of the purchase.
#[derive(Debug)]
pub(super) struct Reservation {
    budget: Budget,
    price: Decimal,
    state: State,
    /// `true` once a submit was sent for it.
    was_sent: bool,
}

/// The state of a purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No submit is on its way: given back when dropped.
    Held,
    /// A submit is on its way, unanswered: uncertain when dropped, whatever happened to its job.
    Out,
    /// The service accepted.
    Charged,
    /// Nothing is left to settle.
    Settled,
}

impl Budget {
    /// Creates a budget of at most `most`.
    pub(super) fn new(most: Option<Decimal>) -> Budget {
        Budget(Arc::new(Mutex::new(Books { most, reserved: Decimal::ZERO, spent: Spent::default() })))
    }

    /// Reserves `price`; returns `None` if that would exceed the limit, with what counts beside this run's own money.
    pub(super) fn reserve(&self, price: Decimal, beside: Option<Beside>) -> Option<Reservation> {
        self.books().take(price, beside).then(|| Reservation {
            budget: self.clone(),
            price,
            state: State::Held,
            was_sent: false,
        })
    }

    /// Returns whether there would be money for `price` if what other runs have reserved came back.
    pub(super) fn may_reserve(&self, price: Decimal, beside: Beside) -> bool {
        self.books().fits(price, Some(Beside { reserved: Decimal::ZERO, ..beside }))
    }

    /// Returns the money spent so far.
    pub(super) fn spent(&self) -> Spent {
        self.books().spent
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn fits(&self, price: Decimal, beside: Option<Beside>) -> bool {
        let own = [self.spent.charged, self.spent.uncertain, self.reserved, price].into_iter().sum::<Decimal>();
        let others = beside.map_or(Decimal::ZERO, |beside| beside.spent.plus(beside.reserved));
        let most = self.most.map(|most| beside.map_or(most, |beside| most.min(beside.most)));
        most.is_none_or(|most| own.plus(others) <= most)
    }

    fn take(&mut self, price: Decimal, beside: Option<Beside>) -> bool {
        let fits = self.fits(price, beside);
        if fits {
            self.reserved += price;
        }
        fits
    }
}

impl Reservation {
    /// Records that a submit is sent.
    pub(super) fn sent(&mut self) {
        debug_assert_eq!(self.state, State::Held, "a submit goes out for reserved money only");
        self.was_sent = true;
        self.state = State::Out;
    }

    /// Records that the service refused it: the money can be used for another try.
    pub(super) fn refused(&mut self) {
        if self.state == State::Out {
            self.state = State::Held;
        }
    }

    /// Records that the service accepted.
    pub(super) fn accepted(&mut self) {
        if self.state == State::Out {
            self.settle(State::Charged, |spent, price| spent.charged += price);
        }
    }

    /// Records that it can't be known whether the service accepted.
    pub(super) fn lost(&mut self) {
        match self.state {
            State::Out => self.settle(State::Settled, |spent, price| spent.uncertain += price),
            // It accepted, and no longer knows the task.
            State::Charged => {
                let mut books = self.budget.books();
                books.spent.charged = books.spent.charged.minus(self.price);
                books.spent.uncertain += self.price;
                self.state = State::Settled;
            }
            State::Held | State::Settled => {}
        }
    }

    /// Reserves the price once more after a lost submit; returns `false` if that would exceed the limit.
    pub(super) fn again(&mut self, beside: Option<Beside>) -> bool {
        let fits = self.state == State::Settled && self.budget.books().take(self.price, beside);
        if fits {
            self.state = State::Held;
        }
        fits
    }

    /// Records that the service accepted the purchase but failed it later.
    pub(super) fn failed(&mut self) {
        if self.state == State::Charged {
            let mut books = self.budget.books();
            books.spent.charged = books.spent.charged.minus(self.price);
            books.spent.given_back += self.price;
            self.state = State::Settled;
        }
    }

    /// Moves the reserved price to its final account.
    fn settle(&mut self, state: State, count: impl FnOnce(&mut Spent, Decimal)) {
        let mut books = self.budget.books();
        books.reserved = books.reserved.minus(self.price);
        count(&mut books.spent, self.price);
        self.state = state;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        match self.state {
            State::Held => {
                let was_sent = self.was_sent;
                self.settle(State::Settled, |spent, price| {
                    if was_sent {
                        spent.given_back += price;
                    }
                });
            }
            State::Out => self.lost(),
            State::Charged | State::Settled => {}
        }
    }
}

#[cfg(test)]
mod tests;
