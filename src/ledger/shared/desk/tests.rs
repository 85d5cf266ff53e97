use super::super::store::Call;
use super::super::timer::SystemTimer;
use super::*;
use crate::base::digest::Sha256;
use crate::ledger::entry::{Entry, Step};
use crate::ledger::record::Key;
use crate::service::names::{Digest, JobId, TaskId};
use crate::service::output::VideoName;
use futures::FutureExt as _;
use jiff::Timestamp;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Semaphore;

/// A store in memory whose swaps wait until they are let through, or get no answer.
struct Gate {
    kept: Mutex<BTreeMap<String, Found>>,
    open: Semaphore,
    is_away: AtomicBool,
}

impl Gate {
    fn keep(&self, key: &str, text: Vec<u8>) -> Revision {
        let mut kept = self.kept.lock().unwrap();
        let revision =
            Revision(format!("{}", kept.get(key).map_or(1, |found| found.revision.0.parse::<u32>().unwrap() + 1)));
        kept.insert(key.to_owned(), Found { revision: revision.clone(), text });
        revision
    }
}

impl Store for Gate {
    fn get<'s>(&'s self, key: &'s str) -> Call<'s, Option<Found>> {
        std::future::ready(Ok(self.kept.lock().unwrap().get(key).cloned())).boxed()
    }

    fn list<'s>(&'s self, _: &'s str) -> Call<'s, Vec<Listed>> {
        std::future::ready(Ok(Vec::new())).boxed()
    }

    fn create<'s>(&'s self, key: &'s str, text: Vec<u8>) -> Call<'s, Option<Revision>> {
        std::future::ready(Ok(Some(self.keep(key, text)))).boxed()
    }

    fn swap<'s>(&'s self, key: &'s str, _: &'s Revision, text: Vec<u8>) -> Call<'s, Option<Revision>> {
        let swap = async move {
            self.open.acquire().await.unwrap().forget();
            match self.is_away.load(Ordering::Relaxed) {
                true => Err(StoreError::Away("no answer".to_owned())),
                false => Ok(Some(self.keep(key, text))),
            }
        };
        swap.boxed()
    }
}

/// Returns a desk whose ledger has an intent, and the purchase with its task id, which is noted and not told yet.
async fn noted(store: &Arc<Gate>) -> (Desk, PurchaseId) {
    let me = Runner { run: "run".to_owned(), host: "host".to_owned(), pid: 1 };
    let desk = Desk::new(store.clone(), Arc::new(SystemTimer::default()), Times::usual(), me, 1);
    let (job, digest) = (JobId::new("walk").unwrap(), Digest(Sha256::of(b"walk")));
    let id = PurchaseId::for_test(&Key { job: job.clone(), digest }, 1);
    let at = Timestamp::from_second(1_770_000_000).unwrap();
    let (name, service) = (VideoName::new("out/walk-{n}.mp4"), "simulate".to_owned());
    let parts = BTreeMap::new();
    let intent = Entry::of(id, Step::Submitting { job, digest, parts, videos: 1, name, service, manifest: None, at });
    assert!(matches!(desk.claim(&intent, None, &[], Decimal::ZERO).await, Ok(Claimed::Mine(_))));
    let mut book = Book::default();
    book.apply(&intent);
    book.apply(&Entry::of(id, Step::Submitted { task: TaskId::new("t1").unwrap(), at }));
    desk.note(book.purchase(id).unwrap().clone());
    (desk, id)
}

fn gate() -> Arc<Gate> {
    Arc::new(Gate { kept: Mutex::default(), open: Semaphore::new(0), is_away: AtomicBool::new(false) })
}

/// Whether it is over within a moment.
async fn is_over(waiting: impl Future<Output = ()>) -> bool {
    tokio::time::timeout(Duration::from_millis(200), waiting).await.is_ok()
}

#[tokio::test]
async fn a_task_id_is_used_once_the_ledger_knows_it() {
    let store = gate();
    let (desk, id) = noted(&store).await;
    let work = async {
        assert!(!is_over(desk.acknowledged(id)).await, "nothing is acknowledged yet");
        store.open.add_permits(1);
        assert!(is_over(desk.acknowledged(id)).await);
        assert!(desk.waiting().is_empty());
    };
    tokio::select! { () = desk.attend() => unreachable!(), () = work => {} }
}

#[tokio::test]
async fn a_ledger_that_does_not_answer_holds_up_no_poll() {
    let store = gate();
    store.is_away.store(true, Ordering::Relaxed);
    store.open.add_permits(100);
    let (desk, id) = noted(&store).await;
    let work = async {
        assert!(is_over(desk.acknowledged(id)).await);
        assert_eq!(desk.waiting().len(), 1, "it is told again and again");
    };
    tokio::select! { () = desk.attend() => unreachable!(), () = work => {} }
}
