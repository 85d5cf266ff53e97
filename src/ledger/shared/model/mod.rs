//! The promise, on a model: whatever is lost, killed or late, and in whichever order, a job and digest is paid at most once, also where
//! a person who looked at the service lets it be submitted again; and every answered task id is in a record.
//!
//! The desk under test is the real one; the store, the clocks and the service are a [`world`]. [`explore::everywhere`] takes every
//! interleaving with a number of faults; the flaws that are planted show that it would find what it looks for.

mod actors;
mod explore;
mod money;
mod world;

use super::account::Account;
use crate::ledger::purchase::Purchase;
use crate::service::names::TaskId;
use actors::{Flaw, careful_person, worker};
use explore::{Broken, Scene, by_chance, everywhere};
use futures::FutureExt as _;
use std::sync::{Arc, Mutex};
use world::{ALL, Actor, Fate, Hands, Shared, World};

/// Workers that buy in so many rounds, and perhaps a person.
fn scene(rounds: &[usize], person: bool, flaw: Flaw) -> Scene {
    let mut world = World { ignores_conditions: flaw == Flaw::NoConditions, ..World::default() };
    let actors = rounds.len() + usize::from(person);
    world.actors.extend((0..actors).map(|_| Actor::default()));
    let world = Arc::new(Mutex::new(world));
    let hands = |actor| Hands { world: world.clone(), actor };
    let mut all: Vec<std::pin::Pin<Box<dyn Future<Output = ()>>>> = Vec::new();
    all.extend(rounds.iter().enumerate().map(|(actor, rounds)| worker(hands(actor), *rounds, flaw).boxed_local()));
    if person {
        all.push(careful_person(hands(rounds.len()), flaw).boxed_local());
    }
    Scene { world, actors: all, holds: paid_once, at_end: ids_are_recorded }
}

fn paid_once(world: &World) -> Result<(), String> {
    match world.charges.len() {
        0 | 1 => Ok(()),
        _ => Err(format!("paid {} times: {:?}", world.charges.len(), world.charges)),
    }
}

/// Every task that a process was told of, and that didn't die in that very moment, is in the record, or in its journal.
fn ids_are_recorded(world: &Shared) -> Result<(), String> {
    let world = world.lock().unwrap();
    let accounts = world.accounts();
    let has = |accounts: &[Account], task: &TaskId| accounts.iter().any(|account| account.has_task(task));
    if let Some(task) = world.acknowledged.iter().find(|task| !has(&accounts, task)) {
        return Err(format!("{task} is said to be in the record, and isn't"));
    }
    // The others are brought in by an import.
    let mut account = accounts.into_iter().next().unwrap_or_default();
    for purchase in &world.journals {
        account = account.with(purchase).unwrap_or(account);
    }
    let mut tasks = world.journals.iter().filter_map(Purchase::task);
    match tasks.find(|task| !account.has_task(task)) {
        Some(task) => Err(format!("{task} is in a journal, and can't be brought in")),
        None => Ok(()),
    }
}

/// Looks for a planted flaw, with faults of these kinds.
fn is_found(flaw: Flaw, rounds: &[usize], person: bool, faults: usize, kinds: &[Fate]) {
    match everywhere(&|| scene(rounds, person, flaw), faults, kinds) {
        Err(Broken { what, way }) => assert!(!what.is_empty() && !way.is_empty()),
        Ok(looked) => panic!("{flaw:?} was not found: {looked:?}"),
    }
}

/// Looks everywhere, and sees that this was no small place.
fn holds(rounds: &[usize], person: bool, faults: usize, kinds: &[Fate], states: usize) {
    let looked = everywhere(&|| scene(rounds, person, Flaw::None), faults, kinds);
    let looked = looked.unwrap_or_else(|Broken { what, way }| panic!("{what}, by {way:?}"));
    assert!(looked.states >= states && looked.ends > 0, "{looked:?}");
}

#[test]
fn two_that_buy_pay_once_whatever_goes_wrong() {
    holds(&[1, 1], false, 1, &ALL, 800);
}

#[test]
fn with_a_person_who_looks_first_nothing_is_paid_twice() {
    holds(&[1, 2], true, 0, &[], 900);
}

#[test]
#[ignore = "takes minutes: .ci/run runs it"]
fn neither_whatever_goes_wrong() {
    for kind in ALL {
        holds(&[1, 2], true, 1, &[kind], 1700);
    }
    holds(&[1, 1, 1], false, 0, &[], 2000);
    holds(&[1, 1], false, 2, &ALL, 6000);
    holds(&[2, 2], false, 1, &ALL, 19_000);
}

#[test]
fn longer_ways_are_taken_by_chance() {
    for (rounds, person, faults) in [(&[3, 3][..], true, 3), (&[3; 4], true, 6), (&[3; 4], false, 8)] {
        let broken = by_chance(&|| scene(rounds, person, Flaw::None), faults, &ALL, 0..100);
        broken.unwrap_or_else(|Broken { what, way }| panic!("{what}, by {way:?}"));
    }
}

#[test]
fn a_lease_that_submits_is_found() {
    is_found(Flaw::LeaseSubmits, &[2, 2], false, 0, &[]);
}

#[test]
fn a_budget_that_is_not_checked_is_found() {
    is_found(Flaw::NoBudget, &[1, 2], true, 0, &[]);
    is_found(Flaw::OneClock, &[1, 2], true, 1, &[Fate::OthersSleep]);
}

#[test]
fn a_retry_of_what_may_have_arrived_is_found() {
    is_found(Flaw::UnknownIntentRetried, &[1, 2], false, 0, &[]);
    is_found(Flaw::RetriedSubmit, &[1, 1], false, 1, &ALL);
}

#[test]
fn a_person_who_is_let_speak_too_early_is_found() {
    is_found(Flaw::HastyPerson, &[1, 2], true, 0, &[]);
}

#[test]
fn a_store_that_ignores_conditions_is_found() {
    is_found(Flaw::NoConditions, &[1, 1], false, 0, &[]);
}

#[test]
fn an_id_that_does_not_win_is_found() {
    is_found(Flaw::LostId, &[1, 2], false, 0, &[]);
}
