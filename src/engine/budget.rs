//! What a run may spend: reserved before a submit, settled by what came of it.

use crate::base::decimal::Decimal;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a run spent, by the estimate of each purchase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Accepted by the service, and not failed by it.
    pub charged: Decimal,
    /// Nobody knows whether it was accepted: it counts as if it were.
    pub uncertain: Decimal,
    /// Submitted, and then refused or failed by the service.
    pub given_back: Decimal,
}

/// The money of a run. All that is reserved, charged or uncertain together never passes what may be spent.
#[derive(Clone, Debug)]
pub(super) struct Budget(Arc<Mutex<Books>>);

#[derive(Debug)]
struct Books {
    /// None means without end.
    most: Option<Decimal>,
    /// For purchases on their way.
    reserved: Decimal,
    spent: Spent,
}

/// The money for one purchase. Dropped, it is settled by how far the purchase came.
#[derive(Debug)]
pub(super) struct Reservation {
    budget: Budget,
    price: Decimal,
    state: State,
    /// Whether a submit went out for it.
    was_sent: bool,
}

/// How far a purchase came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No submit is out: given back when dropped.
    Held,
    /// A submit is out, and not answered: uncertain when dropped, whatever happened to its job.
    Out,
    /// The service accepted.
    Charged,
    /// Nothing is left to settle.
    Settled,
}

impl Budget {
    /// Money up to `most`.
    pub(super) fn new(most: Option<Decimal>) -> Budget {
        Budget(Arc::new(Mutex::new(Books { most, reserved: Decimal::ZERO, spent: Spent::default() })))
    }

    /// Reserves `price`; none where it would pass what may be spent.
    pub(super) fn reserve(&self, price: Decimal) -> Option<Reservation> {
        self.books().take(price).then(|| Reservation {
            budget: self.clone(),
            price,
            state: State::Held,
            was_sent: false,
        })
    }

    /// What was spent so far.
    pub(super) fn spent(&self) -> Spent {
        self.books().spent
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn take(&mut self, price: Decimal) -> bool {
        let all = [self.spent.charged, self.spent.uncertain, self.reserved, price].into_iter().sum::<Decimal>();
        let fits = self.most.is_none_or(|most| all <= most);
        if fits {
            self.reserved += price;
        }
        fits
    }
}

impl Reservation {
    /// A submit goes out.
    pub(super) fn sent(&mut self) {
        debug_assert_eq!(self.state, State::Held, "a submit goes out for reserved money only");
        self.was_sent = true;
        self.state = State::Out;
    }

    /// The service refused it: the money is there for another try.
    pub(super) fn refused(&mut self) {
        if self.state == State::Out {
            self.state = State::Held;
        }
    }

    /// The service accepted.
    pub(super) fn accepted(&mut self) {
        if self.state == State::Out {
            self.settle(State::Charged, |spent, price| spent.charged += price);
        }
    }

    /// Nobody can know whether the service accepted.
    pub(super) fn lost(&mut self) {
        match self.state {
            State::Out => self.settle(State::Settled, |spent, price| spent.uncertain += price),
            // It accepted, and doesn't know the task any more.
            State::Charged => {
                let mut books = self.budget.books();
                books.spent.charged = books.spent.charged.minus(self.price);
                books.spent.uncertain += self.price;
                self.state = State::Settled;
            }
            State::Held | State::Settled => {}
        }
    }

    /// After a lost submit: reserves the price once more for another. Whether that is possible.
    pub(super) fn again(&mut self) -> bool {
        let fits = self.state == State::Settled && self.budget.books().take(self.price);
        if fits {
            self.state = State::Held;
        }
        fits
    }

    /// The service accepted, and failed it then.
    pub(super) fn failed(&mut self) {
        if self.state == State::Charged {
            let mut books = self.budget.books();
            books.spent.charged = books.spent.charged.minus(self.price);
            books.spent.given_back += self.price;
            self.state = State::Settled;
        }
    }

    /// Moves what is reserved to where it belongs.
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
