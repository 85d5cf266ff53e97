//! What bounds a run: its rate of queries, and what it does at a time. A run that is held says by what.

use super::*;
use crate::event::Bound;
use std::sync::atomic::{AtomicUsize, Ordering};

fn told(ran: &Ran) -> Vec<(Bound, &str)> {
    let bounds = ran.events.iter().filter_map(|event| match event {
        Event::Bounded { bound, most } => Some((*bound, most.as_str())),
        _ => None,
    });
    bounds.collect()
}

#[tokio::test(start_paused = true)]
async fn polls_of_many_jobs_stay_within_the_rate_and_a_run_that_it_holds_says_so_once() {
    for (count, told_of) in [(100, vec![(Bound::PollRate, "100/s")]), (10_000, vec![])] {
        let script = Script { latency: Duration::from_secs(120), ..Script::default() };
        let (bench, fake) = (Bench::new(), Fake::new(script));
        let poll_rate = Rate { count, per: Duration::from_secs(1) };
        let poll_interval = Duration::from_millis(100);
        let ran = bench.run(&fake, 400, Settings { concurrency: 400, poll_interval, poll_rate, ..settings() }).await;
        assert_eq!(ran.outcome.summary.succeeded, 400);
        // The first query of each job follows its submit.
        let rate = (fake.calls("status") - 400) as f64 / ran.took.as_secs_f64();
        assert!(rate < f64::from(count) * 1.01, "{rate} a second");
        assert_eq!(told(&ran), told_of);
    }
}

#[tokio::test(start_paused = true)]
async fn jobs_that_are_finished_when_they_are_first_queried_wait_for_no_turn() {
    let (bench, fake) = (Bench::new(), Fake::new(Script { latency: Duration::ZERO, ..Script::default() }));
    let poll_rate = Rate { count: 1, per: Duration::from_secs(3600) };
    let poll_interval = Duration::from_millis(10);
    let ran = bench.run(&fake, 400, Settings { concurrency: 400, poll_interval, poll_rate, ..settings() }).await;
    assert_eq!((ran.outcome.summary.succeeded, fake.calls("status")), (400, 400));
    assert!(ran.took < Duration::from_secs(60), "{:?}", ran.took);
    assert_eq!(told(&ran), []);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_slow_to_take_submits_is_held_by_their_number() {
    let script = Script { answer: Duration::from_secs(30), ..Script::default() };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 300, Settings { concurrency: 300, ..settings() }).await;
    assert_eq!(told(&ran), [(Bound::Submits, "64")]);
    let ran = bench.run(&fake, 30, Settings { concurrency: 30, ..settings() }).await;
    assert_eq!(told(&ran), [], "as many as the run's own setting allows");
}

#[tokio::test(start_paused = true)]
async fn urls_are_asked_for_when_their_download_is_near_and_a_run_that_downloads_hold_says_so() {
    let (listed, fetched) = (Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
    let most_ahead = Arc::new(AtomicUsize::new(0));
    let (count, ahead) = (Arc::clone(&listed), Arc::clone(&most_ahead));
    let script = Script {
        latency: Duration::ZERO,
        transfer: Duration::from_secs(1),
        result: Box::new(move |task, _| {
            count.fetch_add(1, Ordering::Relaxed);
            Ok(vec![format!("https://videos.example.com/{task}.mp4")])
        }),
        download: Box::new(move |url, _| {
            let fetched = fetched.fetch_add(1, Ordering::Relaxed);
            ahead.fetch_max(listed.load(Ordering::Relaxed) - fetched, Ordering::Relaxed);
            Ok(url.as_bytes().to_vec())
        }),
        ..Script::default()
    };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let settings = Settings { concurrency: 100, downloads: 2, poll_interval: Duration::from_secs(10), ..settings() };
    let ran = bench.run(&fake, 100, settings).await;
    assert_eq!(ran.outcome.summary.succeeded, 100);
    assert_eq!(told(&ran), [(Bound::Downloads, "2")]);
    let most_ahead = most_ahead.load(Ordering::Relaxed);
    assert!((2..=8).contains(&most_ahead), "{most_ahead} listings that a video was still to come of");
}
