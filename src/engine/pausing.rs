//! The jobs that pause between two tries to fetch their videos: others are fetched meanwhile.

use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

/// Counts the jobs that pause.
#[derive(Debug, Default)]
pub(super) struct Pausing {
    count: AtomicUsize,
    more: Notify,
}

/// One job that pauses, until this is dropped.
#[derive(Debug)]
pub(super) struct Paused<'p>(&'p Pausing);

impl Pausing {
    /// Counts a job that pauses now.
    pub(super) fn begin(&self) -> Paused<'_> {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.more.notify_one();
        Paused(self)
    }

    /// Returns the number of jobs that pause.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Waits until another job pauses.
    pub(super) async fn more(&self) {
        self.more.notified().await;
    }
}

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::Relaxed);
    }
}
