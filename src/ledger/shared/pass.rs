//! Until when the maker of an intent may send its one submit.

use super::timer::{Moment, Timer};
use std::sync::Arc;
use std::time::Duration;

/// The right to send one submit, for a short time from before its intent was written.
///
/// Who comes too late doesn't send: by then others may have called the purchase uncertain, and a person may have seen that there is
/// nothing at the service.
#[derive(Clone)]
pub struct Pass(Option<Limit>);

#[derive(Clone)]
struct Limit {
    timer: Arc<dyn Timer>,
    begun: Moment,
    budget: Duration,
}

impl Pass {
    /// Returns a pass that never ends: nobody else can see the intent.
    pub fn unlimited() -> Pass {
        Pass(None)
    }

    /// Returns a pass that begins now.
    pub(super) fn begun(timer: &Arc<dyn Timer>, budget: Duration) -> Pass {
        Pass(Some(Limit { timer: timer.clone(), begun: timer.now(), budget }))
    }

    /// Returns whether the submit may still go out, by both clocks. One that was set back tells nothing, and counts as too late.
    pub fn holds(&self) -> bool {
        let Some(limit) = &self.0 else { return true };
        limit.gone(limit.timer.now()).iter().all(|gone| gone.is_some_and(|gone| gone <= limit.budget))
    }

    /// Returns the time that is gone by then, by each clock.
    #[cfg(test)]
    pub(super) fn gone(&self, now: Moment) -> [Option<Duration>; 2] {
        self.0.as_ref().map_or([Some(Duration::ZERO); 2], |limit| limit.gone(now))
    }
}

impl Limit {
    /// Returns the time that is gone, by each clock; none by one that was set back.
    fn gone(&self, now: Moment) -> [Option<Duration>; 2] {
        [now.steady.checked_sub(self.begun.steady), now.wall.checked_sub(self.begun.wall)]
    }
}

impl std::fmt::Debug for Pass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Pass").field(&self.0.as_ref().map(|limit| limit.begun)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::BoxFuture;
    use std::sync::Mutex;

    struct Hands(Mutex<(u64, u64)>);

    impl Timer for Hands {
        fn now(&self) -> Moment {
            let (steady, wall) = *self.0.lock().unwrap();
            Moment { steady: Duration::from_secs(steady), wall: Duration::from_secs(wall) }
        }

        fn pause(&self, _: Duration) -> BoxFuture<'_, ()> {
            Box::pin(std::future::ready(()))
        }
    }

    #[test]
    fn a_pass_ends_by_whichever_clock_says_so_first() {
        let hands = Arc::new(Hands(Mutex::new((100, 1000))));
        let timer: Arc<dyn Timer> = hands.clone();
        let pass = Pass::begun(&timer, Duration::from_secs(20));
        let at = |steady, wall| {
            *hands.0.lock().unwrap() = (steady, wall);
            pass.holds()
        };
        assert!(at(100, 1000) && at(120, 1020));
        assert!(!at(121, 1020), "the steady clock");
        assert!(!at(101, 1021), "a machine that slept");
        assert!(!at(101, 999), "a clock that was set back");
        assert!(Pass::unlimited().holds());
    }
}
