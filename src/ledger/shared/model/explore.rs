//! Takes every way through a scene, to its end: who goes next, and what goes wrong there.

use super::world::{Fate, Shared, World};
use futures::task::noop_waker;
use std::collections::HashSet;
use std::future::Future;
use std::pin::Pin;
use std::task::Context;

/// Actors that begin in a world.
pub(super) struct Scene {
    pub(super) world: Shared,
    pub(super) actors: Vec<Pin<Box<dyn Future<Output = ()>>>>,
    /// What must hold all the time, and at the end.
    pub(super) holds: fn(&World) -> Result<(), String>,
    pub(super) at_end: fn(&Shared) -> Result<(), String>,
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Looked {
    pub(super) states: usize,
    pub(super) ends: usize,
}

/// A way through a scene on which something didn't hold.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) what: String,
    pub(super) way: Vec<(usize, Fate)>,
}

/// Takes every way with so many faults at most.
pub(super) fn everywhere(scene: &dyn Fn() -> Scene, faults: usize, kinds: &[Fate]) -> Result<Looked, Broken> {
    let mut looked = Looked::default();
    let mut seen = HashSet::new();
    let mut ways: Vec<Vec<usize>> = vec![Vec::new()];
    while let Some(begun) = ways.pop() {
        let mut turn = 0;
        let next = |options: &[(usize, Fate)], state: u64, left: usize| {
            turn += 1;
            if let Some(known) = begun.get(turn - 1) {
                return Some(*known);
            }
            if !seen.insert((state, left)) {
                return None;
            }
            looked.states += 1;
            ways.extend((1..options.len()).map(|other| {
                let first = std::iter::repeat_n(0, turn - 1 - begun.len());
                begun.iter().copied().chain(first).chain([other]).collect()
            }));
            Some(0)
        };
        looked.ends += usize::from(follow(scene(), faults, kinds, next)?);
    }
    Ok(looked)
}

/// Takes one way after another by chance.
pub(super) fn by_chance(
    scene: &dyn Fn() -> Scene,
    faults: usize,
    kinds: &[Fate],
    seeds: std::ops::Range<u64>,
) -> Result<(), Broken> {
    for seed in seeds {
        let mut random = fastrand::Rng::with_seed(seed);
        // Faults are rarer than steps.
        let next = |options: &[(usize, Fate)], _, _| {
            let well = options.iter().filter(|(_, fate)| *fate == Fate::Well).count();
            let wrong = options.len() - well;
            let is_fault = wrong > 0 && random.u8(..5) == 0;
            Some(if is_fault { well + random.usize(..wrong) } else { random.usize(..well) })
        };
        follow(scene(), faults, kinds, next)?;
    }
    Ok(())
}

/// Follows a way: `next` chooses among what may happen, until it gives up or all have come to their end.
fn follow(
    mut scene: Scene,
    mut faults: usize,
    kinds: &[Fate],
    mut next: impl FnMut(&[(usize, Fate)], u64, usize) -> Option<usize>,
) -> Result<bool, Broken> {
    let waker = noop_waker();
    let mut context = Context::from_waker(&waker);
    let mut alive: Vec<bool> =
        scene.actors.iter_mut().map(|actor| actor.as_mut().poll(&mut context).is_pending()).collect();
    let mut way = Vec::new();
    let broken = |what, way: &[(usize, Fate)]| Broken { what, way: way.to_vec() };
    loop {
        let (options, state) = {
            let world = scene.world.lock().unwrap();
            let waiting = || (0..alive.len()).filter(|actor| alive[*actor]);
            let mut options: Vec<(usize, Fate)> = waiting().map(|actor| (actor, Fate::Well)).collect();
            if faults > 0 {
                for actor in waiting() {
                    let wrong = world.actors[actor].waits.map_or(&[][..], |kind| kind.faults());
                    options.extend(wrong.iter().filter(|fate| kinds.contains(fate)).map(|fate| (actor, *fate)));
                }
            }
            (options, world.state(&alive))
        };
        if options.is_empty() {
            return (scene.at_end)(&scene.world).map(|()| true).map_err(|what| broken(what, &way));
        }
        let Some(choice) = next(&options, state, faults) else { return Ok(false) };
        let (actor, fate) = options[choice];
        way.push((actor, fate));
        faults -= usize::from(fate != Fate::Well);
        if fate == Fate::Killed {
            alive[actor] = false;
            continue;
        }
        scene.world.lock().unwrap().let_through(actor, fate);
        alive[actor] = scene.actors[actor].as_mut().poll(&mut context).is_pending();
        (scene.holds)(&scene.world.lock().unwrap()).map_err(|what| broken(what, &way))?;
    }
}
