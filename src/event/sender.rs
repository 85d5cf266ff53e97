//! The channel for events from the engine to whatever displays them.

use super::{Event, Stamped};
use crate::base::clock::Clock;
use std::sync::mpsc;

/// The sending end for events. Never blocks and never fails: a run doesn't depend on its observers.
#[derive(Clone)]
pub struct Events {
    channel: mpsc::Sender<Stamped>,
    clock: Clock,
}

impl Events {
    /// Returns a sender and its receiver.
    pub fn channel(clock: Clock) -> (Events, mpsc::Receiver<Stamped>) {
        let (channel, receiver) = mpsc::channel();
        (Events { channel, clock }, receiver)
    }

    /// Sends an event, stamped with the current time.
    pub fn send(&self, event: Event) {
        self.send_stamped(Stamped { event, time: self.clock.now() });
    }

    /// Sends an event that happened at another time than now.
    pub fn send_stamped(&self, event: Stamped) {
        // Nobody may be listening any more; the run continues.
        let _ = self.channel.send(event);
    }
}
