use super::super::key::RUNS;
use super::super::slots::SLOTS;
use super::super::store::{Call, Found, Listed, Revision, Store};
use super::super::timer::SystemTimer;
use super::super::{Runner, Times};
use super::*;
use std::collections::BTreeMap;
use std::future::ready;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A store in memory that gives no answer to the first heartbeats.
struct Reluctant {
    kept: Mutex<BTreeMap<String, Vec<u8>>>,
    unanswered: AtomicUsize,
}

impl Reluctant {
    fn keep(&self, key: &str, text: Vec<u8>) -> Result<Option<Revision>, StoreError> {
        let mut kept = self.kept.lock().unwrap();
        let is_unanswered = |left: usize| left.checked_sub(1);
        if key.starts_with(RUNS)
            && self.unanswered.fetch_update(Ordering::Relaxed, Ordering::Relaxed, is_unanswered).is_ok()
        {
            return Err(StoreError::Away("no answer".to_owned()));
        }
        assert!(key != SLOTS || kept.keys().any(|key| key.starts_with(RUNS)), "a part of a run without a heartbeat");
        kept.insert(key.to_owned(), text);
        Ok(Some(Revision(kept.len().to_string())))
    }
}

impl Store for Reluctant {
    fn get<'s>(&'s self, key: &'s str) -> Call<'s, Option<Found>> {
        let kept = self.kept.lock().unwrap();
        let found = kept.get(key).map(|text| Found { revision: Revision("1".to_owned()), text: text.clone() });
        Box::pin(ready(Ok(found)))
    }

    fn list<'s>(&'s self, _: &'s str) -> Call<'s, Vec<Listed>> {
        Box::pin(ready(Ok(Vec::new())))
    }

    fn create<'s>(&'s self, key: &'s str, text: Vec<u8>) -> Call<'s, Option<Revision>> {
        Box::pin(ready(self.keep(key, text)))
    }

    fn swap<'s>(&'s self, key: &'s str, _: &'s Revision, text: Vec<u8>) -> Call<'s, Option<Revision>> {
        Box::pin(ready(self.keep(key, text)))
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_takes_no_slots_before_its_heartbeat_is_known() {
    let store = Arc::new(Reluctant { kept: Mutex::default(), unanswered: AtomicUsize::new(3) });
    let me = Runner { run: "run".to_owned(), host: "host".to_owned(), pid: 1 };
    let desk = Arc::new(Desk::new(store.clone(), Arc::new(SystemTimer::default()), Times::usual(), me, 1));
    let slots = Slots::new(NonZeroUsize::new(5).unwrap(), 3);
    let limits = Limits::new(desk, (3, Some(slots)), ("CNY", None), Duration::from_secs(60));
    let _ = tokio::time::timeout(Duration::from_secs(30), limits.attend()).await;
    assert_eq!(store.unanswered.load(Ordering::Relaxed), 0, "it was tried again");
    assert!(store.kept.lock().unwrap().contains_key(SLOTS) && limits.slots().unwrap().take());
}
