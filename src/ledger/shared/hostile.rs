//! What a run does with documents that somebody else wrote: it ends, names the key, and buys nothing.

use super::Doubts;
pub(super) mod memory;

use self::memory::Memory;
use super::account::Runner;
use super::charter::Charter;
use super::desk::Desk;
use super::key::{ERA, SELF, of_purchases, of_upload};
use super::limits::Limits;
use super::pauses::{Pause, Pauses};
use super::purse::Purse;
use super::slots::Slots;
use super::store::{Store as _, StoreError};
use super::timer::SystemTimer;
use super::times::Times;
use super::uploads::SharedUpload;
use crate::base::decimal::Decimal;
use crate::base::digest::Sha256;
use crate::ledger::book::Book;
use crate::ledger::entry::{Entry, Step};
use crate::ledger::id::PurchaseId;
use crate::ledger::record::Key;
use crate::service::names::{Digest, JobId};
use crate::service::output::VideoName;
use futures::future::LocalBoxFuture;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

const PAUSE: &str = "f/pause";
const SLOTS: &str = "f/slots";
const BUDGET: &str = "f/budget/=43=4e=59";
const OTHER: &str = "r/019cd07b-b540-71ce-848d-159e26af37bc";

fn content() -> Sha256 {
    Sha256::of(b"an image")
}

fn bought() -> Key {
    Key { job: JobId::new("walk").unwrap(), digest: Digest(Sha256::of(b"walk")) }
}

fn desk(store: &Arc<Memory>, run: &str) -> Arc<Desk> {
    let me = Runner { run: run.to_owned(), host: "host".to_owned(), pid: 1 };
    let beat = Duration::from_millis(1);
    let times = Times { beat, doubt: Duration::from_millis(1), once: Duration::ZERO, ..Times::usual() };
    Arc::new(Desk::new(store.clone(), Arc::new(SystemTimer::default()), times, me, 1))
}

fn intent() -> Entry {
    let Key { job, digest } = bought();
    let name = VideoName::new("out/walk-{n}.mp4");
    let at = Timestamp::now();
    let (parts, service) = (Default::default(), "https://service.example".to_owned());
    let step = Step::Submitting { job, digest, parts, videos: 1, name, service, manifest: None, at };
    Entry::of(PurchaseId::new(at, fastrand::u64(..), None), step)
}

/// Returns what one run does at a ledger, step by step.
fn steps(desk: &Arc<Desk>) -> Vec<LocalBoxFuture<'_, Result<(), StoreError>>> {
    let most = Decimal::whole(1000);
    let upload = || SharedUpload { url: "https://up.example/1".to_owned(), uploaded_at: Timestamp::UNIX_EPOCH };
    vec![
        Box::pin(async { Charter::read(desk.store()).await.map(drop) }),
        Box::pin(async { desk.check_era().await }),
        Box::pin(async { desk.view(&mut Book::default(), Doubts::Told).await }),
        Box::pin(async move {
            let purse = Arc::new(Purse::new(most, "CNY"));
            desk.pay("CNY", Some(purse.clone()));
            desk.join_money(&purse).await?;
            desk.look_at_money(&purse).await
        }),
        Box::pin(async { desk.claim(&intent(), None, &[], Decimal::whole(1)).await.map(drop) }),
        Box::pin(async { desk.settle(Duration::ZERO).await }),
        Box::pin(async {
            let slots = Slots::new(NonZeroUsize::new(4).unwrap(), 2);
            desk.share(&slots).await?;
            desk.give_back(&slots).await
        }),
        Box::pin(async {
            let pauses = Pauses::default();
            desk.hear_pause(&pauses).await?;
            pauses.to_tell(Pause { time: Duration::from_secs(1), reason: "429".to_owned() });
            desk.tell_pause(&pauses).await
        }),
        Box::pin(async { desk.look_at_runs().await }),
        Box::pin(async { desk.look_at_others().await.map(drop) }),
        Box::pin(async move { desk.share_upload(&content(), upload(), false).await.map(drop) }),
        Box::pin(async { desk.upload(&content()).await.map(drop) }),
        Box::pin(async {
            desk.runs_alive().await?;
            desk.beat(1).await?;
            desk.leave().await
        }),
    ]
}

/// Returns a ledger with a document of every kind.
async fn sound() -> Arc<Memory> {
    let store = Arc::new(Memory::default());
    let id = PurchaseId::new(Timestamp::now(), 1, None).to_string();
    Charter::found(&*store, &id, "https://service.example").await.unwrap();
    let run = &OTHER[2..];
    let part = json!({ "number": 1, "most": "9", "spent": "1", "reserved": "1" });
    for (key, document) in [
        (ERA, json!("system 1, timeline 1")),
        (OTHER, json!({ "host": "h", "pid": 1, "beat": 3, "want": 2 })),
        (SLOTS, json!({ "rev": 1, "runs": { run: { "want": 1, "holds": 1, "most": 4 } } })),
        (BUDGET, json!({ "rev": 1, "past": "0", "runs": { run: part } })),
    ] {
        store.create(key, document.to_string().into_bytes()).await.unwrap().unwrap();
    }
    let first = desk(&store, "first");
    for step in steps(&first) {
        step.await.unwrap();
    }
    let kinds = store.documents();
    for key in [PAUSE, &of_purchases(&bought()), &of_upload(&content())] {
        assert!(kinds.iter().any(|(known, _)| known == key), "{key}: {kinds:?}");
    }
    // What a proof leaves isn't read.
    store.0.lock().unwrap().retain(|key, _| !key.starts_with("t/"));
    store
}

fn numbers() -> Vec<Value> {
    vec![json!(-1), json!(0), json!(1.5), json!(1e308), json!(u64::MAX), json!(i64::MIN), json!("1"), Value::Null]
}

/// Returns a document with each of its values in turn replaced by each of these.
fn altered(sound: &Value, by: &[Value]) -> Vec<Value> {
    let mut all: Vec<Value> = by.to_vec();
    match sound {
        Value::Object(fields) => {
            for (name, value) in fields {
                for other in altered(value, by) {
                    let mut fields = fields.clone();
                    fields.insert(name.clone(), other);
                    all.push(Value::Object(fields));
                }
                let mut without = fields.clone();
                without.remove(name);
                all.push(Value::Object(without));
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                for other in altered(item, by) {
                    let mut items = items.clone();
                    items[at] = other;
                    all.push(Value::Array(items));
                }
            }
        }
        _ => {}
    }
    all
}

/// Lets a run work on a ledger; returns what failed.
async fn meet(store: &Arc<Memory>) -> Vec<StoreError> {
    let second = desk(store, "second");
    let mut failed = Vec::new();
    for (number, step) in steps(&second).into_iter().enumerate() {
        let ended = tokio::time::timeout(Duration::from_secs(20), step).await;
        failed.extend(ended.unwrap_or_else(|_| panic!("step {number} never ends: {:?}", store.documents())).err());
    }
    failed
}

/// Checks that all that failed names the key, and nothing else.
fn name_it(failed: &[StoreError], key: &str, text: &[u8]) {
    for error in failed {
        let names_it = matches!(error, StoreError::Damaged { key: named, .. } if named == key);
        // One that is readable may be of another ledger, or of a newer batch.
        let is_other = key == SELF && matches!(error, StoreError::Refused(_));
        assert!(names_it || is_other, "{key}: {}: {error}", String::from_utf8_lossy(&text[..text.len().min(300)]));
        assert!(!names_it || error.to_string().contains(&format!("{key} can't be read (")), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_document_is_named_by_its_key() {
    let (sound, huge) = (sound().await, format!("\"{}\"", "x".repeat(1 << 20)));
    for text in ["null", "[]", "{}", "true", "-1", "1e308", "", "{\"rev\":", "\u{feff}{}", &huge, "[[[[[[1]]]]]]"] {
        for (key, _) in sound.documents() {
            // Any text may be what an engine calls an era.
            if key == ERA && text.starts_with('"') {
                continue;
            }
            let store = sound.with(&key, text.as_bytes());
            let named = desk(&store, "looks").examine().await.unwrap();
            assert_eq!(named.len(), usize::from(key != SELF), "{key}: {text:.80}: {named:?}");
            name_it(&named, &key, text.as_bytes());
            let failed = meet(&store).await;
            name_it(&failed, &key, text.as_bytes());
            // An upload only saves another one, and a heartbeat tells by moving.
            let is_borne = key.starts_with("u/") || key.starts_with("r/");
            assert_eq!(failed.is_empty(), is_borne, "{key}: {text:.80}: {failed:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_number_or_text_in_a_document_stops_a_run_for_good_or_breaks_it() {
    let sound = sound().await;
    for (key, known) in sound.documents() {
        let texts = ["-9999-01-02T00:00:00Z", "ffffffff-ffff-7fff-bfff-ffffffffffff", &"x".repeat(1 << 12)];
        let by = texts.map(|text| json!(text)).into_iter().chain([json!([]), json!({})]);
        let by: Vec<Value> = numbers().into_iter().chain(by).collect();
        let mut known: Value = serde_json::from_slice(&known).unwrap();
        // A purchase without its checksum is one that a person wrote.
        known.pointer_mut("/purchase/0").and_then(Value::as_object_mut).map(|purchase| purchase.remove("check"));
        for document in altered(&known, &by) {
            let text = serde_json::to_vec(&document).unwrap();
            name_it(&meet(&sound.with(&key, &text)).await, &key, &text);
        }
    }
}

#[tokio::test]
async fn nothing_is_claimed_where_what_is_known_of_a_job_cant_be_read() {
    let key = of_purchases(&bought());
    let store = sound().await.with(&key, b"{}");
    let claimed = desk(&store, "second").claim(&intent(), None, &[], Decimal::ZERO).await;
    assert!(matches!(&claimed, Err(StoreError::Damaged { key: named, .. }) if *named == key), "{claimed:?}");
}

#[tokio::test]
async fn a_run_that_shares_is_told_what_cant_be_read() {
    let sound = sound().await;
    for key in [PAUSE, SLOTS, BUDGET] {
        let store = sound.with("r/first", b"{}");
        let slots = Slots::new(NonZeroUsize::new(4).unwrap(), 2);
        let (share, money) = ((2, Some(slots)), ("CNY", Some(Decimal::whole(5))));
        let limits = Limits::new(desk(&store, "second"), share, money, Duration::from_secs(3600));
        limits.begin().await.unwrap();
        store.put(key, b"{}".to_vec(), |_| true).unwrap();
        let told = tokio::select! {
            () = limits.attend() => unreachable!("it attends until it is dropped"),
            word = limits.word() => word,
            () = tokio::time::sleep(Duration::from_secs(20)) => panic!("{key}: it is never told"),
        };
        assert!(matches!(&told, super::Word::Lost(StoreError::Damaged { key: named, .. }) if named == key), "{told:?}");
    }
}
