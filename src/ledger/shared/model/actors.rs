//! Who acts in the model: workers that buy, and a person who settles what is uncertain.

use super::super::account::Doubts;
use super::super::desk::{Claimed, Desk};
use super::super::{Pass, Runner, Timer as _, Times};
use super::world::{Fate, Hands, Kind, World};
use crate::base::decimal::Decimal;
use crate::base::digest::Sha256;
use crate::ledger::book::Book;
use crate::ledger::entry::{Decision, Entry, Step};
use crate::ledger::id::PurchaseId;
use crate::ledger::purchase::Rung;
use crate::ledger::record::{Key, Stage};
use crate::service::names::{Digest, JobId, TaskId};
use crate::service::output::VideoName;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub(super) const TIMES: Times = Times {
    budget: Duration::from_secs(20),
    doubt: Duration::from_secs(170),
    beat: Duration::from_secs(15),
    once: Duration::ZERO,
};

/// What is wrong with a worker or a store, on purpose: the model must find each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    None,
    /// An intent that is silent for long enough is taken over, and submitted by another.
    LeaseSubmits,
    /// A submit goes out however long its intent is over.
    NoBudget,
    /// The budget is kept on the steady clock alone.
    OneClock,
    /// A submit without an answer is sent once more.
    RetriedSubmit,
    /// A purchase is bought in the place of one whose intent may still be sent.
    UnknownIntentRetried,
    /// A person lets a job be submitted again whose holder isn't silent yet.
    HastyPerson,
    /// The store ignores conditions.
    NoConditions,
    /// A task id is not made known where somebody called the purchase uncertain.
    LostId,
}

pub(super) fn key() -> Key {
    Key { job: JobId::new("a").unwrap(), digest: Digest(Sha256::of(b"a")) }
}

pub(super) fn desk(hands: &Hands) -> Desk {
    let me = Runner { run: format!("run-{}", hands.actor), host: "box".to_owned(), pid: hands.actor as u32 };
    Desk::new(Arc::new(hands.clone()), Arc::new(hands.clone()), TIMES, me, hands.actor as u64)
}

fn now(hands: &Hands) -> Timestamp {
    Timestamp::from_second(hands.now().wall.as_secs() as i64).unwrap()
}

/// Buys where nothing is or may be paid, and waits for others.
pub(super) async fn worker(hands: Hands, rounds: usize, flaw: Flaw) {
    let desk = desk(&hands);
    for _ in 0..rounds {
        let mut book = Book::default();
        if desk.view(&mut book, Doubts::Told).await.is_err() {
            continue;
        }
        let open: Vec<PurchaseId> = book.open(&key()).map(|record| record.id).collect();
        match book.get(&key()).map(|record| &record.stage) {
            None => buy(&hands, &desk, &book, &[], flaw).await,
            Some(Stage::Uncertain { task: None, .. }) => {
                if flaw == Flaw::UnknownIntentRetried {
                    buy(&hands, &desk, &book, &open, Flaw::LeaseSubmits).await;
                }
                let _ = desk.look_at_others().await;
                hands.pause(TIMES.doubt + Duration::from_secs(1)).await;
                let left = desk.look_at_others().await;
                if flaw == Flaw::LeaseSubmits && left == Ok(0) {
                    let mut book = Book::default();
                    let _ = desk.view(&mut book, Doubts::Told).await;
                    buy(&hands, &desk, &book, &open, flaw).await;
                }
            }
            Some(_) => return,
        }
    }
}

async fn buy(hands: &Hands, desk: &Desk, book: &Book, releases: &[PurchaseId], flaw: Flaw) {
    let last = book.last(&key());
    let id = PurchaseId::new(now(hands), (hands.actor as u64 + 1) << 40, last);
    let intent = Entry::of(
        id,
        Step::Submitting {
            job: key().job,
            digest: key().digest,
            parts: BTreeMap::new(),
            videos: 1,
            name: VideoName::new("out/a-{n}.mp4"),
            service: "simulate".to_owned(),
            manifest: None,
            at: now(hands),
        },
    );
    let Ok(Claimed::Mine(pass)) = desk.claim(&intent, last, releases, Decimal::ZERO).await else {
        let _ = deliver(desk).await;
        return;
    };
    let mut mine = Book::default();
    mine.apply(&intent);
    let at = now(hands);
    let lost = Step::Uncertain { task: None, reason: "no answer".to_owned(), at };
    let mut answer = post(hands, &pass, flaw).await;
    if flaw == Flaw::RetriedSubmit && answer == Answer::Lost {
        answer = post(hands, &pass, flaw).await;
    }
    let step = match answer {
        Answer::NotSent => {
            desk.withdraw(&intent);
            let _ = deliver(desk).await;
            return;
        }
        Answer::Task(task) => Step::Submitted { task: TaskId::new(&task).unwrap(), at },
        Answer::Lost => lost,
    };
    mine.apply(&Entry::of(id, step));
    let purchase = mine.purchase(id).unwrap().clone();
    let task = purchase.task().cloned();
    // On the own disk first.
    if task.is_some() {
        hands.world.lock().unwrap().journals.push(purchase.clone());
    }
    let mut there = Book::default();
    if flaw == Flaw::LostId {
        let _ = desk.view(&mut there, Doubts::Told).await;
    }
    let is_doubted = there.purchase(id).is_some_and(|known| known.rung == Rung::Unanswered);
    if !is_doubted {
        desk.note(purchase);
    }
    if deliver(desk).await {
        hands.world.lock().unwrap().acknowledged.extend(task);
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    NotSent,
    Task(String),
    Lost,
}

/// The last look at the clocks, and the submit: one step, since nothing can come between that is longer than microseconds.
pub(super) async fn post(hands: &Hands, pass: &Pass, flaw: Flaw) -> Answer {
    // Both look at the clocks when the gate opens.
    let may = |world: &World| {
        let [steady, wall] = pass.gone(world.moment(hands.actor));
        let within = |gone: Option<Duration>| gone.is_some_and(|gone| gone <= TIMES.budget);
        match flaw {
            Flaw::NoBudget => true,
            Flaw::OneClock => within(steady),
            _ => within(steady) && within(wall),
        }
    };
    let act = |world: &mut World, fate| {
        if !may(world) {
            return Answer::NotSent;
        }
        if fate == Fate::LostBefore {
            return Answer::Lost;
        }
        let task = format!("task-{}", world.charges.len() + 1);
        world.charges.push(task.clone());
        if fate == Fate::LostAfter {
            return Answer::Lost;
        }
        Answer::Task(task)
    };
    hands.at_gate(Kind::Post, act).await
}

/// In a loop, until it is acknowledged; where the store stays away, the journal has it.
pub(super) async fn deliver(desk: &Desk) -> bool {
    for _ in 0..4 {
        if desk.deliver().await.is_ok() && desk.waiting().is_empty() {
            return true;
        }
    }
    false
}

/// A person who looks at the service before they say anything: with them, nothing is ever paid twice.
pub(super) async fn careful_person(hands: Hands, flaw: Flaw) {
    let desk = desk(&hands);
    let mut book = Book::default();
    // Who holds it may still be at it: too early for a word.
    if desk.view(&mut book, Doubts::Told).await.is_err() || (desk.is_open(&key()) && flaw != Flaw::HastyPerson) {
        return;
    }
    let Some(Stage::Uncertain { task: None, .. }) = book.get(&key()).map(|record| &record.stage) else { return };
    let key = key();
    let tasks = book.history(&key).filter_map(|record| record.stage.task());
    let known: Vec<String> = tasks.map(ToString::to_string).collect();
    let look = |world: &mut World, _| world.charges.iter().find(|task| !known.contains(task)).cloned();
    let verdict = match hands.at_gate(Kind::Look, look).await {
        Some(task) => Decision::Task { task: TaskId::new(&task).unwrap() },
        None => Decision::Resubmit,
    };
    let open: Vec<PurchaseId> = book.open(&key).map(|record| record.id).collect();
    for id in open {
        book.record(id, [Step::Resolved { task: None, verdict: verdict.clone(), at: now(&hands) }]);
        desk.note(book.purchase(id).unwrap().clone());
    }
    let _ = deliver(&desk).await;
}
