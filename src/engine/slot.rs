//! A slot at the service for one generation.

use crate::ledger::shared::Slots;
use std::sync::Arc;
use tokio::sync::mpsc;

/// A slot at the service; free again when dropped.
#[derive(Debug)]
pub(super) struct Slot {
    counter: mpsc::UnboundedSender<Freed>,
    /// The slots that the runs of a ledger share, of which one was taken besides.
    shared: Option<Arc<Slots>>,
}

/// The message that a slot is free again.
#[derive(Debug)]
pub(super) struct Freed;

impl Slot {
    /// Creates a slot that reports its end to `counter`, and gives back the one that was taken from `shared`.
    pub(super) fn new(counter: mpsc::UnboundedSender<Freed>, shared: Option<Arc<Slots>>) -> Slot {
        Slot { counter, shared }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.shared.iter().for_each(|shared| shared.free());
        // If the dispatcher is gone, nobody counts slots.
        let _ = self.counter.send(Freed);
    }
}
