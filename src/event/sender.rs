//! The way events take from the engine to whoever shows them.

use super::{Event, Stamped};
use crate::base::clock::Clock;
use std::sync::mpsc;

/// Where events are put in. Never blocks and never fails: a run doesn't depend on who watches it.
#[derive(Clone)]
pub struct Events {
    channel: mpsc::Sender<Stamped>,
    clock: Clock,
}

impl Events {
    /// A sender with its other end.
    pub fn channel(clock: Clock) -> (Events, mpsc::Receiver<Stamped>) {
        let (channel, receiver) = mpsc::channel();
        (Events { channel, clock }, receiver)
    }

    /// Stamps an event with the time and sends it off.
    pub fn send(&self, event: Event) {
        self.send_stamped(Stamped { event, time: self.clock.now() });
    }

    /// Sends off what happened at another time than now.
    pub fn send_stamped(&self, event: Stamped) {
        // Nobody may be listening any more; the run goes on.
        let _ = self.channel.send(event);
    }
}
