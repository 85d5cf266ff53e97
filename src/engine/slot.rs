//! A generation's place at the service.

use tokio::sync::mpsc;

/// A slot at the service; free again when dropped.
#[derive(Debug)]
pub(super) struct Slot(mpsc::UnboundedSender<Freed>);

/// Word of a slot that is free again.
#[derive(Debug)]
pub(super) struct Freed;

impl Slot {
    /// A slot whose end is told to whoever counts them.
    pub(super) fn new(counter: mpsc::UnboundedSender<Freed>) -> Slot {
        Slot(counter)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // A dispatcher that is gone counts no slots.
        let _ = self.0.send(Freed);
    }
}
