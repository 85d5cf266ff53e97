//! Work with a time limit.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Returns the result of `work`, which runs on a thread of its own; `None` if it hasn't ended after `patience`, or
/// panicked.
///
/// The thread of abandoned work stays blocked until the process ends: nothing can interrupt a read of an unusual file.
pub fn within<T: Send + 'static>(patience: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    // The receiver may be gone.
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
