//! Reports the progress of a transfer, at a limited rate.

use super::context::Context;
use crate::event::{Call, Event};
use crate::service::names::JobId;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Interval between two reports of one transfer.
const PACE: Duration = Duration::from_secs(1);

/// One transfer.
pub(super) struct Transfer<'c, S> {
    context: &'c Context<S>,
    job: &'c JobId,
    call: Call,
    path: &'c str,
    /// Time of the next report.
    next: Mutex<Instant>,
}

impl<'c, S> Transfer<'c, S> {
    /// Creates a transfer that begins now.
    pub(super) fn new(context: &'c Context<S>, job: &'c JobId, call: Call, path: &'c str) -> Transfer<'c, S> {
        Transfer { context, job, call, path, next: Mutex::new(Instant::now() + PACE) }
    }

    /// Reports the bytes transferred so far, of `total` if that is known.
    pub(super) fn advance(&self, bytes: u64, total: Option<u64>) {
        let now = Instant::now();
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        if now < *next {
            return;
        }
        *next = now + PACE;
        let (job, path) = (self.job.clone(), self.path.to_owned());
        self.context.events.send(Event::Transferring { job, call: self.call, path, bytes, total });
    }
}
