//! The queue, and what it makes of a rate that is too low for all: on the paused clock, with the cadence of a run.
//!
//! `cargo test --lib queries -- --nocapture` prints the table.
#![expect(clippy::print_stdout, reason = "figures are what this test is for")]

use super::*;
use crate::engine::cadence::measure::{Durations, bimodal, log_normal};
use std::sync::Arc;
use tokio::sync::Semaphore;

const INTERVAL: Duration = Duration::from_secs(10);

/// Number of status queries in a second, as a run does without a setting.
const RATE: u32 = 100;

fn queries(rate: u32) -> Queries {
    Queries::new(Throttle::new(rate, Duration::from_secs(1)), INTERVAL)
}

/// Returns a duration between 60 s and 180 s, all alike.
fn uniform(random: &mut fastrand::Rng) -> f64 {
    60.0 + 120.0 * random.f64()
}

/// What a run measured.
#[derive(Debug)]
struct Seen {
    /// Mean seconds from a job's end to its detection, over all jobs.
    lag: f64,
    polls_per_job: f64,
}

/// Follows `jobs` jobs, `wide` at a time, as the engine does.
async fn follow(durations: Durations, (wide, jobs): (usize, usize), rate: u32) -> Seen {
    let shared = Arc::new((Cadence::new(INTERVAL), queries(rate), Semaphore::new(wide)));
    let mut random = fastrand::Rng::with_seed(7);
    let mut tasks = tokio::task::JoinSet::new();
    let spawned = async {
        let mut ends = Vec::new();
        for _ in 0..jobs {
            let (shared, takes, mut random) = (Arc::clone(&shared), durations(&mut random), random.fork());
            let slot = shared.2.acquire().await.unwrap();
            slot.forget();
            tasks.spawn(async move {
                let (cadence, queries, slots) = &*shared;
                let (at, mut running, mut polls) = (Instant::now(), Duration::ZERO, 0_u32);
                loop {
                    tokio::time::sleep(cadence.pause(running, random.f64())).await;
                    let deadline = at + Duration::from_secs(3600);
                    if polls > 0 {
                        queries.turn(cadence, Asked { age: Duration::ZERO, at, running, deadline }).await;
                    }
                    polls += 1;
                    let age = at.elapsed();
                    if age.as_secs_f64() >= takes {
                        cadence.learn(running, age, [random.f64(), random.f64()]);
                        slots.add_permits(1);
                        return (age.as_secs_f64() - takes, polls);
                    }
                    running = age;
                }
            });
            while let Some(end) = tasks.try_join_next() {
                ends.push(end.unwrap());
            }
        }
        while let Some(end) = tasks.join_next().await {
            ends.push(end.unwrap());
        }
        ends
    };
    let ends = spawned.await;
    let lag = ends.iter().map(|(lag, _)| lag).sum::<f64>() / jobs as f64;
    let polls = ends.iter().map(|(_, polls)| f64::from(*polls)).sum::<f64>();
    Seen { lag, polls_per_job: polls / jobs as f64 }
}

/// Log-normal and bimodal generations are those of the other figures; of 60 s to 180 s, all alike, nothing can be learnt
/// but where they begin and end. At 5,000 in flight a schedule with as many queries, first ones included, that knew all
/// durations and met no wave of jobs that began together would still be 10.7 s, 5.3 s and 12.5 s late.
#[tokio::test(start_paused = true)]
async fn thousands_of_jobs_are_noticed_in_time_by_a_hundred_queries_a_second() {
    println!("durations    wide    jobs   mean lag   polls/job");
    let distributions: [(&str, Durations, f64); 3] =
        [("log-normal", log_normal, 0.5), ("bimodal", bimodal, 0.5), ("60..180", uniform, 0.55)];
    for (name, durations, intervals) in distributions {
        for (wide, jobs, intervals) in [(1000, 5000, intervals), (5000, 20_000, 1.35)] {
            let seen = follow(durations, (wide, jobs), RATE).await;
            println!("{name:10} {wide:6} {jobs:7} {:8.2} s {:11.2}", seen.lag, seen.polls_per_job);
            assert!(seen.lag <= intervals * INTERVAL.as_secs_f64(), "{name}, {wide} wide: {seen:?}");
        }
    }
}

/// Asks for a turn, and takes down that it had one.
async fn ask(queries: &Queries, cadence: &Cadence, name: &str, running: u64, order: &Mutex<Vec<String>>) {
    let asked = |at| Asked {
        age: Duration::from_secs(100),
        at,
        running: Duration::from_secs(running),
        deadline: at + Duration::from_secs(3600),
    };
    queries.turn(cadence, asked(Instant::now())).await;
    order.lock().unwrap().push(name.to_owned());
}

#[tokio::test(start_paused = true)]
async fn the_turn_goes_to_the_job_that_has_most_probably_finished() {
    let (queries, cadence, order) = (queries(1), Cadence::new(INTERVAL), Mutex::default());
    for took in 60..90_u64 {
        cadence.learn(Duration::from_secs(took), Duration::from_secs(took), [0.5; 2]);
    }
    let started = Instant::now();
    let ask = |name, running| ask(&queries, &cadence, name, running, &order);
    // The first takes the turn that is free; nothing ends between 95 s and 100 s.
    tokio::join!(ask("first", 80), ask("lately", 95), ask("since 85", 85), ask("since 70", 70));
    assert_eq!(order.into_inner().unwrap(), ["first", "since 70", "since 85", "lately"]);
    assert_eq!(started.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn who_gave_up_waiting_takes_no_turn_and_the_rate_is_kept_at_any_height() {
    let (queries, cadence) = (queries(5000), Cadence::new(INTERVAL));
    let order = Mutex::default();
    let started = Instant::now();
    {
        let turns = (0..100).map(|n| Box::pin(ask(&queries, &cadence, "gone", n, &order))).collect::<Vec<_>>();
        let mut turns = futures::future::join_all(turns);
        assert!(futures::poll!(&mut turns).is_pending());
    }
    futures::future::join_all((0..5000).map(|n| ask(&queries, &cadence, "here", n % 100, &order))).await;
    let took = started.elapsed();
    assert!((Duration::from_millis(990)..Duration::from_millis(1030)).contains(&took), "{took:?}");
}
