//! The money, on the model: whatever is lost, killed or late, and in whichever order, all runs together spend no more than they may.

use super::super::desk::{Claimed, Desk};
use super::super::purse::Purse;
use super::super::{Runner, Timer as _, Times};
use super::actors::{Answer, Flaw, TIMES, deliver, post};
use super::explore::{Broken, Looked, Scene, by_chance, everywhere};
use super::paid_once;
use super::world::{ALL, Actor, Fate, Hands, World};
use crate::base::decimal::Decimal;
use crate::base::digest::Sha256;
use crate::ledger::book::Book;
use crate::ledger::entry::{Entry, Step};
use crate::ledger::id::PurchaseId;
use crate::service::names::{Digest, JobId, TaskId};
use crate::service::output::VideoName;
use futures::FutureExt as _;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(100);

/// Long enough that two looks in a row count as watching.
const BEAT: Duration = Duration::from_secs(50);

/// Buys a job of its own where there is money for it; looks so often whether some came back.
async fn spender(hands: Hands, looks: usize, has_purse: bool) {
    let me = Runner { run: format!("run-{}", hands.actor), host: "box".to_owned(), pid: hands.actor as u32 };
    let times = Times { beat: BEAT, ..TIMES };
    let desk = Desk::new(Arc::new(hands.clone()), Arc::new(hands.clone()), times, me, hands.actor as u64);
    let purse = Arc::new(Purse::new(Decimal::whole(1), "CNY"));
    desk.pay("CNY", has_purse.then(|| purse.clone()));
    if desk.beat(1).await.is_err() || desk.join_money(&purse).await.is_err() {
        return;
    }
    for look in 0..=looks {
        if look > 0 {
            hands.pause(PAUSE).await;
            let _ = desk.look_at_money(&purse).await;
        }
        if buy(&hands, &desk).await {
            break;
        }
    }
    let _ = desk.settle_money(&purse).await;
}

/// Whether there was money for it.
async fn buy(hands: &Hands, desk: &Desk) -> bool {
    let at = Timestamp::from_second(hands.now().wall.as_secs() as i64).unwrap();
    let id = PurchaseId::new(at, (hands.actor as u64 + 1) << 40, None);
    let (job, name) = (format!("job-{}", hands.actor), VideoName::new("out/a-{n}.mp4"));
    let intent = Step::Submitting {
        digest: Digest(Sha256::of(job.as_bytes())),
        job: JobId::new(&job).unwrap(),
        parts: BTreeMap::new(),
        videos: 1,
        name,
        service: "simulate".to_owned(),
        manifest: None,
        at,
    };
    let intent = Entry::of(id, intent);
    let pass = match desk.claim(&intent, None, &[], Decimal::whole(1)).await {
        Ok(Claimed::Mine(pass)) => pass,
        Ok(Claimed::NoMoney) => return false,
        _ => return true,
    };
    let step = match post(hands, &pass, Flaw::None).await {
        Answer::NotSent => {
            desk.withdraw(&intent);
            deliver(desk).await;
            return true;
        }
        Answer::Task(task) => Step::Submitted { task: TaskId::new(&task).unwrap(), at },
        Answer::Lost => Step::Uncertain { task: None, reason: "no answer".to_owned(), at },
    };
    let mut mine = Book::default();
    mine.apply(&intent);
    mine.apply(&Entry::of(id, step));
    desk.note(mine.purchase(id).unwrap().clone());
    deliver(desk).await;
    true
}

fn scene(looks: &[usize], has_purse: bool) -> Scene {
    let mut world = World::default();
    world.actors.extend(looks.iter().map(|_| Actor::default()));
    let world = Arc::new(Mutex::new(world));
    let hands = |actor| Hands { world: world.clone(), actor };
    let actors = looks.iter().enumerate().map(|(actor, looks)| spender(hands(actor), *looks, has_purse).boxed_local());
    Scene { actors: actors.collect(), world, holds: paid_once, at_end: |_| Ok(()) }
}

/// Looks everywhere, and sees that this was no small place.
fn holds(looks: &[usize], faults: usize, kinds: &[Fate], states: usize) {
    let looked = everywhere(&|| scene(looks, true), faults, kinds);
    let looked: Looked = looked.unwrap_or_else(|Broken { what, way }| panic!("{what}, by {way:?}"));
    assert!(looked.states >= states && looked.ends > 0, "{looked:?}");
}

#[test]
fn two_that_spend_keep_to_the_limit_in_every_order() {
    holds(&[0, 0], 0, &[], 300);
}

#[test]
#[ignore = "takes minutes: .ci/run runs it"]
fn two_that_spend_keep_to_the_limit_whatever_goes_wrong() {
    for kind in ALL {
        holds(&[0, 0], 1, &[kind], 300);
    }
}

#[test]
fn money_of_one_that_dies_or_sleeps_is_not_spent_twice() {
    for kind in [Fate::Killed, Fate::OthersSleep] {
        let broken = by_chance(&|| scene(&[0, 5], true), 1, &[kind], 0..400);
        broken.unwrap_or_else(|Broken { what, way }| panic!("{what}, by {way:?}"));
    }
}

#[test]
fn longer_ways_are_taken_by_chance() {
    for (looks, faults) in [(&[0, 5][..], 1), (&[1, 4], 3), (&[4, 4, 4], 4), (&[2, 5, 3, 4], 6)] {
        let broken = by_chance(&|| scene(looks, true), faults, &ALL, 0..200);
        broken.unwrap_or_else(|Broken { what, way }| panic!("{what}, by {way:?}"));
    }
}

#[test]
fn a_limit_that_nobody_keeps_is_found() {
    let looked = everywhere(&|| scene(&[0, 0], false), 0, &[]);
    assert!(looked.is_err(), "{looked:?}");
}
