use super::super::hostile::memory::Memory;
use super::super::key::RUNS;
use super::super::slots::SLOTS;
use super::super::store::{Call, Found, Listed, Revision, Store};
use super::super::timer::SystemTimer;
use super::super::{Runner, Times};
use super::*;
use std::future::ready;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A store in memory that gives no answer to the first heartbeats.
#[derive(Default)]
struct Reluctant {
    memory: Memory,
    unanswered: AtomicUsize,
}

impl Reluctant {
    /// Looks at what is to be written before it is.
    fn meet(&self, key: &str) -> Result<(), StoreError> {
        let is_unanswered = |left: usize| left.checked_sub(1);
        if key.starts_with(RUNS)
            && self.unanswered.fetch_update(Ordering::Relaxed, Ordering::Relaxed, is_unanswered).is_ok()
        {
            return Err(StoreError::Away("no answer".to_owned()));
        }
        assert!(key != SLOTS || self.has(RUNS), "a part of a run without a heartbeat");
        Ok(())
    }

    fn has(&self, prefix: &str) -> bool {
        self.memory.documents().iter().any(|(key, _)| key.starts_with(prefix))
    }
}

impl Store for Reluctant {
    fn get<'s>(&'s self, key: &'s str) -> Call<'s, Option<Found>> {
        self.memory.get(key)
    }

    fn list<'s>(&'s self, prefix: &'s str) -> Call<'s, Vec<Listed>> {
        self.memory.list(prefix)
    }

    fn create<'s>(&'s self, key: &'s str, text: Vec<u8>) -> Call<'s, Option<Revision>> {
        match self.meet(key) {
            Ok(()) => self.memory.create(key, text),
            Err(error) => Box::pin(ready(Err(error))),
        }
    }

    fn swap<'s>(&'s self, key: &'s str, from: &'s Revision, text: Vec<u8>) -> Call<'s, Option<Revision>> {
        match self.meet(key) {
            Ok(()) => self.memory.swap(key, from, text),
            Err(error) => Box::pin(ready(Err(error))),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_takes_no_slots_before_its_heartbeat_is_known() {
    let store = Arc::new(Reluctant { unanswered: AtomicUsize::new(3), ..Reluctant::default() });
    let me = Runner { run: "run".to_owned(), host: "host".to_owned(), pid: 1 };
    let desk = Arc::new(Desk::new(store.clone(), Arc::new(SystemTimer::default()), Times::usual(), me, 1));
    let slots = Slots::new(NonZeroUsize::new(5).unwrap(), 3);
    let limits = Limits::new(desk, (3, Some(slots)), ("CNY", None), Duration::from_secs(60));
    let _ = tokio::time::timeout(Duration::from_secs(30), limits.attend()).await;
    assert_eq!(store.unanswered.load(Ordering::Relaxed), 0, "it was tried again");
    assert!(store.has(SLOTS) && limits.slots().unwrap().take());
}
