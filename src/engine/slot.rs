//! A slot at the service for one generation.

use tokio::sync::mpsc;

/// A slot at the service; free again when dropped.
#[derive(Debug)]
pub(super) struct Slot(mpsc::UnboundedSender<Freed>);

/// The message that a slot is free again.
#[derive(Debug)]
pub(super) struct Freed;

impl Slot {
    /// Creates a slot that reports its end to `counter`.
    pub(super) fn new(counter: mpsc::UnboundedSender<Freed>) -> Slot {
        Slot(counter)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // If the dispatcher is gone, nobody counts slots.
        let _ = self.0.send(Freed);
    }
}
