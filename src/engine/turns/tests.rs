//! The door in isolation.

use super::*;
use crate::client::throttle::Throttle;

const SECOND: Duration = Duration::from_secs(1);

fn turns(most: usize) -> Turns {
    Turns::new(most, Rate::new(None, 60 * SECOND), 600 * SECOND)
}

/// Takes all turns available right now.
fn take_all(turns: &Turns) -> Vec<Turn<'_>> {
    let mut taken = Vec::new();
    while let Some(door) = now(turns.door()) {
        match now(door.ready()) {
            Some(Ready::Go) => taken.extend(door.take()),
            Some(Ready::Look) | None => break,
        }
    }
    taken
}

/// Returns the output of a future that is ready without waiting.
fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    futures::FutureExt::now_or_never(future)
}

#[tokio::test(start_paused = true)]
async fn each_answer_that_tells_doubles_how_many_are_out() {
    let turns = turns(10);
    for wide in [1, 2, 8, 10] {
        let taken = take_all(&turns);
        assert_eq!(taken.len(), wide);
        taken.iter().for_each(Turn::accepted);
    }
    let taken = take_all(&turns);
    taken[0].unknown();
    drop(taken);
    assert_eq!(now(turns.door().await.ready()), Some(Ready::Look));
    turns.door().await.found();
    assert_eq!(take_all(&turns).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nobody_passes_after_an_unknown_before_all_that_was_out_is_in() {
    let turns = turns(10);
    take_all(&turns).iter().for_each(Turn::told);
    let taken = take_all(&turns);
    assert_eq!(taken.len(), 2);
    assert_eq!(taken[0].unknown(), 1);
    assert_eq!(now(turns.door().await.ready()), None);
    assert_eq!(taken[1].unknown(), 2);
    drop(taken);
    assert_eq!(now(turns.door().await.ready()), Some(Ready::Look));
    turns.door().await.found();
    let next = take_all(&turns);
    next[0].told();
    assert_eq!(next[0].unknown(), 1, "an answer that tells is between them");
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_the_run_holds_for_every_try() {
    let most = Some(Throttle::new(2, SECOND));
    let turns = Turns::new(10, Rate::new(most, 60 * SECOND), 600 * SECOND);
    let started = Instant::now();
    for _ in 0..7 {
        let door = turns.door().await;
        assert_eq!(door.ready().await, Ready::Go);
        door.take().unwrap().told();
    }
    assert_eq!(started.elapsed(), 3 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn what_is_put_off_for_longer_than_patience_is_over() {
    let turns = turns(10);
    let taken = take_all(&turns);
    assert_eq!(taken[0].slow_down(Some(601 * SECOND)), PutOff::Over(Some(601 * SECOND)));
    let put_off = taken[0].slow_down(Some(100 * SECOND));
    assert_eq!(put_off, PutOff::Wait(100 * SECOND));
    tokio::time::advance(599 * SECOND).await;
    assert!(matches!(taken[0].put_off(Some(100 * SECOND)), PutOff::Wait(pause) if pause <= SECOND), "the last try");
    tokio::time::advance(SECOND).await;
    assert_eq!(taken[0].put_off(None), PutOff::Over(None));
    taken[0].moved_on();
    assert!(matches!(taken[0].put_off(None), PutOff::Wait(_)));
}
