//! Says which bound holds the run back: once for each, with its name.

use crate::event::Bound;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio::time::Instant;

/// The shortest wait at a bound that is worth a word.
const SHORTEST: Duration = Duration::from_secs(1);

/// The bounds that were reported.
#[derive(Debug)]
pub(super) struct Bounds {
    /// A job that waits longer than this is held.
    long: Duration,
    said: [AtomicBool; Bound::ALL.len()],
}

impl Bounds {
    /// Creates a record of a run in which a finished job may be noticed about `poll_interval` late: who waits longer
    /// than that at a bound is held by it.
    pub(super) fn new(poll_interval: Duration) -> Bounds {
        Bounds { long: poll_interval.max(SHORTEST), said: Default::default() }
    }

    /// Awaits `turn`, which `bound` may delay; calls `say` if that takes long, for the first time in this run.
    pub(super) async fn wait<T>(&self, bound: Bound, turn: impl Future<Output = T>, say: impl FnOnce()) -> T {
        tokio::pin!(turn);
        // Who needn't wait arms no timer.
        if let Poll::Ready(done) = futures::poll!(turn.as_mut()) {
            return done;
        }
        if !self.said[bound as usize].load(Ordering::Relaxed) {
            tokio::select! {
                biased;
                done = &mut turn => return done,
                () = tokio::time::sleep(self.long) => {}
            }
            self.waited(bound, self.long, say);
        }
        turn.await
    }

    /// Waits until a wait at `bound` that began then is long; for ever once it was said that it holds.
    pub(super) async fn long(&self, bound: Bound, since: Instant) {
        if self.said[bound as usize].load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep_until(since + self.long).await;
    }

    /// Calls `say` if `bound` has made somebody wait long, for the first time in this run.
    pub(super) fn waited(&self, bound: Bound, time: Duration, say: impl FnOnce()) {
        if time >= self.long && !self.said[bound as usize].swap(true, Ordering::Relaxed) {
            say();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use tokio::sync::Semaphore;

    #[tokio::test(start_paused = true)]
    async fn a_bound_is_told_of_once_and_only_if_it_holds() {
        let (bounds, permits, said) = (Bounds::new(Duration::from_millis(10)), Semaphore::new(1), Cell::new(0));
        let work = |time| {
            let (bounds, permits, said) = (&bounds, &permits, &said);
            async move {
                let _permit = bounds.wait(Bound::Downloads, permits.acquire(), || said.set(said.get() + 1)).await;
                tokio::time::sleep(Duration::from_millis(time)).await;
            }
        };
        tokio::join!(work(900), work(900));
        assert_eq!(said.get(), 0, "a second is worth no word");
        tokio::join!(work(600), work(600), work(600), work(600));
        assert_eq!(said.get(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_keeps_the_place() {
        let (bounds, permits, order) = (Bounds::new(Duration::from_secs(1)), Semaphore::new(1), Cell::new(0));
        let work = |place| {
            let (bounds, permits, order) = (&bounds, &permits, &order);
            async move {
                let _permit = bounds.wait(Bound::Calls, permits.acquire(), || {}).await;
                assert_eq!(order.replace(place), place - 1);
                tokio::time::sleep(Duration::from_secs(10)).await;
            }
        };
        tokio::join!(work(1), work(2), work(3));
    }
}
