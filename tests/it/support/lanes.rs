//! Many small things at once: a run mostly waits.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::thread;

/// How many at once.
const LANES: usize = 24;

/// What `work` makes of each of `items`, in any order.
pub(crate) fn each<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    each_of(LANES, items, work)
}

/// The same with so many at once.
pub(crate) fn each_of<T: Send, R: Send>(at_once: usize, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let waiting = Mutex::new(VecDeque::from(items));
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                loop {
                    // The lock must not be held while the work is done.
                    let next = waiting.lock().unwrap().pop_front();
                    let Some(item) = next else { break };
                    let result = work(item);
                    done.lock().unwrap().push(result);
                }
            });
        }
    });
    done.into_inner().unwrap()
}
