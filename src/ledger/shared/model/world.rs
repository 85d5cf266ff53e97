//! The world of the model: a store in memory, the service that charges, clocks, and what goes wrong.
//!
//! Every call waits at a gate until the explorer lets it through, and the explorer says what becomes of it.

use super::super::account::Account;
use super::super::key::SELF;
use super::super::store::{Call, Found, Listed, Revision, Store, StoreError};
use super::super::timer::{Moment, Timer};
use crate::ledger::purchase::Purchase;
use crate::service::names::TaskId;
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::fmt::Debug;
use std::future::Future;
use std::hash::{Hash as _, Hasher as _};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// What waits at a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Read,
    Write,
    Post,
    Pause,
    Look,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fate {
    Well,
    /// No answer, and nothing was done.
    LostBefore,
    /// No answer, though it was done.
    LostAfter,
    /// What stood there before is read.
    Stale,
    /// While one waits, the machines of the others sleep: their steady clocks stand.
    OthersSleep,
    /// The actor dies here.
    Killed,
}

/// All that may go wrong.
pub(super) const ALL: [Fate; 5] = [Fate::LostBefore, Fate::LostAfter, Fate::Stale, Fate::OthersSleep, Fate::Killed];

impl Kind {
    /// What may go wrong.
    pub(super) fn faults(self) -> &'static [Fate] {
        match self {
            Kind::Read => &[Fate::Killed, Fate::LostBefore, Fate::Stale],
            Kind::Write | Kind::Post => &[Fate::Killed, Fate::LostBefore, Fate::LostAfter],
            Kind::Pause => &[Fate::Killed, Fate::OthersSleep],
            Kind::Look => &[],
        }
    }
}

/// How an actor stands.
#[derive(Default)]
pub(super) struct Actor {
    pub(super) waits: Option<Kind>,
    fate: Option<Fate>,
    waker: Option<Waker>,
    /// What its steady clock lags behind.
    slept: Duration,
    /// A hash of all that it saw.
    saw: u64,
}

#[derive(Default)]
pub(super) struct World {
    pub(super) actors: Vec<Actor>,
    pub(super) store: BTreeMap<String, Vec<Vec<u8>>>,
    pub(super) time: Duration,
    /// The charges: who sent, and the task.
    pub(super) charges: Vec<String>,
    /// What journals have: purchases whose task an actor was told of.
    pub(super) journals: Vec<Purchase>,
    /// Tasks that an actor believes to be in the record.
    pub(super) acknowledged: Vec<TaskId>,
    /// Whether the store ignores the conditions of writes.
    pub(super) ignores_conditions: bool,
}

pub(super) type Shared = Arc<Mutex<World>>;

impl World {
    /// A hash of all on which the rest depends.
    pub(super) fn state(&self, alive: &[bool]) -> u64 {
        let mut hash = DefaultHasher::new();
        for (actor, alive) in self.actors.iter().zip(alive) {
            (actor.saw, actor.slept, actor.waits.map(|kind| kind as u8), alive).hash(&mut hash);
        }
        // A stale read gives the state before this one.
        for (key, states) in &self.store {
            (key, &states[states.len().saturating_sub(2)..], states.len()).hash(&mut hash);
        }
        (self.time, &self.charges, self.journals.len(), &self.acknowledged).hash(&mut hash);
        hash.finish()
    }

    pub(super) fn let_through(&mut self, actor: usize, fate: Fate) {
        let actor = &mut self.actors[actor];
        actor.fate = Some(fate);
        if let Some(waker) = actor.waker.take() {
            waker.wake();
        }
    }

    /// All that stands in the store.
    pub(super) fn accounts(&self) -> Vec<Account> {
        let last = self.store.iter().filter_map(|(key, states)| Some((key, states.last()?)));
        last.map(|(key, text)| Account::read(key, text).unwrap()).collect()
    }

    pub(super) fn moment(&self, actor: usize) -> Moment {
        let wall = Duration::from_secs(1_773_000_000) + self.time;
        Moment { steady: self.time - self.actors[actor].slept, wall }
    }

    fn current(&self, key: &str, fate: Fate) -> Option<Found> {
        let states = self.store.get(key)?;
        let number = if fate == Fate::Stale { states.len() - 1 } else { states.len() };
        let text = states.get(number.checked_sub(1)?)?.clone();
        Some(Found { revision: Revision(number.to_string()), text })
    }

    fn write(&mut self, key: &str, from: Option<&Revision>, text: Vec<u8>) -> Option<Revision> {
        let states = self.store.entry(key.to_owned()).or_default();
        let is_so = from.map_or(states.is_empty(), |from| from.0 == states.len().to_string());
        (is_so || self.ignores_conditions).then(|| {
            states.push(text);
            Revision(states.len().to_string())
        })
    }
}

/// One actor's hands in the world.
#[derive(Clone)]
pub(super) struct Hands {
    pub(super) world: Shared,
    pub(super) actor: usize,
}

impl Hands {
    /// Waits at a gate, then does it.
    pub(super) async fn at_gate<T: Debug>(&self, kind: Kind, act: impl FnOnce(&mut World, Fate) -> T) -> T {
        let fate = Gate { hands: self, kind, is_registered: false }.await;
        let mut world = self.world.lock().unwrap();
        let outcome = act(&mut world, fate);
        let actor = &mut world.actors[self.actor];
        let mut hash = DefaultHasher::new();
        (actor.saw, fate, format!("{outcome:?}")).hash(&mut hash);
        actor.saw = hash.finish();
        outcome
    }

    async fn wrote(&self, key: &str, from: Option<&Revision>, text: Vec<u8>) -> Result<Option<Revision>, StoreError> {
        let write = |world: &mut World, fate| match fate {
            Fate::LostBefore => Err(lost()),
            Fate::LostAfter => {
                world.write(key, from, text);
                Err(lost())
            }
            _ => Ok(world.write(key, from, text)),
        };
        self.at_gate(Kind::Write, write).await
    }
}

fn lost() -> StoreError {
    StoreError::Away("no answer".to_owned())
}

struct Gate<'h> {
    hands: &'h Hands,
    kind: Kind,
    is_registered: bool,
}

impl Future for Gate<'_> {
    type Output = Fate;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Fate> {
        let mut world = self.hands.world.lock().unwrap();
        let actor = &mut world.actors[self.hands.actor];
        if self.is_registered
            && let Some(fate) = actor.fate.take()
        {
            return Poll::Ready(fate);
        }
        (actor.waits, actor.waker) = (Some(self.kind), Some(context.waker().clone()));
        drop(world);
        self.is_registered = true;
        Poll::Pending
    }
}

impl Store for Hands {
    fn get<'s>(&'s self, key: &'s str) -> Call<'s, Option<Found>> {
        if key == SELF {
            // The model's ledger stays where it is.
            return Box::pin(std::future::ready(Ok(None)));
        }
        let read = |world: &mut World, fate| match fate {
            Fate::LostBefore => Err(lost()),
            fate => Ok(world.current(key, fate)),
        };
        Box::pin(self.at_gate(Kind::Read, read))
    }

    fn list<'s>(&'s self, prefix: &'s str) -> Call<'s, Vec<Listed>> {
        let read = move |world: &mut World, fate| match fate {
            Fate::LostBefore => Err(lost()),
            fate => {
                let keys = world.store.keys().filter(|key| key.starts_with(prefix));
                let found = keys.filter_map(|key| Some((key.clone(), world.current(key, fate)?)));
                Ok(found.map(|(key, Found { revision, text })| Listed { key, revision, text: Some(text) }).collect())
            }
        };
        Box::pin(self.at_gate(Kind::Read, read))
    }

    fn create<'s>(&'s self, key: &'s str, text: Vec<u8>) -> Call<'s, Option<Revision>> {
        Box::pin(self.wrote(key, None, text))
    }

    fn swap<'s>(&'s self, key: &'s str, from: &'s Revision, text: Vec<u8>) -> Call<'s, Option<Revision>> {
        Box::pin(self.wrote(key, Some(from), text))
    }
}

impl Timer for Hands {
    fn now(&self) -> Moment {
        self.world.lock().unwrap().moment(self.actor)
    }

    fn pause(&self, pause: Duration) -> BoxFuture<'_, ()> {
        let pass = move |world: &mut World, fate| {
            world.time += pause;
            if fate == Fate::OthersSleep {
                let others = world.actors.iter_mut().enumerate().filter(|(other, _)| *other != self.actor);
                others.for_each(|(_, other)| other.slept += pause);
            }
        };
        Box::pin(self.at_gate(Kind::Pause, pass))
    }
}
