//! The two clocks that a budget is kept on, and waiting.

use futures::future::BoxFuture;
use std::time::{Duration, Instant, SystemTime};

/// A moment on both clocks: a machine that sleeps stops the first, and a person may set the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    /// Since some fixed moment, never set.
    pub steady: Duration,
    /// Since 1970.
    pub wall: Duration,
}

/// Where moments come from, and who waits.
pub trait Timer: Send + Sync {
    /// Returns the moment that it is.
    fn now(&self) -> Moment;

    /// Waits.
    fn pause(&self, pause: Duration) -> BoxFuture<'_, ()>;
}

/// The machine's clocks.
#[derive(Clone, Copy, Debug)]
pub struct SystemTimer(Instant);

impl Default for SystemTimer {
    fn default() -> SystemTimer {
        SystemTimer(Instant::now())
    }
}

impl Timer for SystemTimer {
    fn now(&self) -> Moment {
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Moment { steady: self.0.elapsed(), wall }
    }

    fn pause(&self, pause: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(pause))
    }
}
