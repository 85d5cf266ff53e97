//! Work that is waited for so long and no longer.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// The result of `work`, which runs on a thread of its own; `None` where it hasn't ended after `patience`, or panicked.
///
/// What is given up stays behind, blocked as it is, until the process ends: nothing can interrupt a read of a strange file.
pub fn within<T: Send + 'static>(patience: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    // Nobody may be there any more to hear of it.
    thread::spawn(move || drop(sender.send(work())));
    receiver.recv_timeout(patience).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_is_had_and_what_does_not_is_given_up() {
        assert_eq!(within(Duration::from_secs(60), || 1), Some(1));
        let (never, waits) = mpsc::channel::<()>();
        assert_eq!(within(Duration::from_millis(1), move || waits.recv().is_ok()), None);
        drop(never);
    }
}
