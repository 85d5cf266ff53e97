use super::*;
use crate::event::Call;
use crate::plan::action::{Action, Reason};
use crate::report::testing::{Closed, Shared, a_run, at, job, planned, started, submitted};
use insta::assert_snapshot;
use std::sync::{Arc, Mutex};

fn lines(events: &[Stamped]) -> String {
    let out = Shared::default();
    let mut plain = Plain::new(out.clone(), Look::PLAIN, TimeZone::UTC);
    events.iter().for_each(|event| plain.event(event));
    plain.finish();
    out.text()
}

#[test]
fn each_change_of_state_is_a_line() {
    assert_snapshot!(lines(&a_run()), @"
    12:03:11 jobs.yaml: 6 jobs, 4 at a time, at https://cloud.baicaiinfer.com
    12:03:11 old on hold: nobody knows whether its submit arrived
    12:03:12 4 to do, 1 kept as they are, 1 on hold
    12:03:12 park-walk uploading refs/小狗␛[2J.png (120.00 kB)
    12:03:13 park-walk submitted (attempt 1, task 3524e0b3ba014b12ab1faf29f9f00000)
    12:03:14 close-up refused by the service: the prompt was refused by content moderation (HTTP 400, code 400)
    12:03:15 hill uncertain: the connection broke after the request went out
    12:03:31 late status again in 2.5 s: HTTP 502
    12:03:36 paused for 1m 30s: the service says 503
    12:05:21 the service answers again, after 1m 45s
    12:05:21 park-walk generated after 2m 8s
    12:05:21 2 of 4 done: 1 in flight, 1 being fetched, 1 failed, 1 uncertain; 55.4/h, about 30s left
    12:05:23 park-walk downloaded out/park-walk-1.mp4 (1.84 MB)
    12:05:23 park-walk succeeded (1 video)
    12:05:41 late took too long, and is still at the service: not finished 30 min after its submit
    ");
}

#[test]
fn in_detail_each_call_and_transfer_is_a_line_too() {
    let out = Shared::default();
    let mut plain = Plain::new(out.clone(), Look::PLAIN, TimeZone::UTC).in_detail();
    let (path, progress) = ("out/a-1.mp4".to_owned(), Some("64%\x1b[2J".to_owned()));
    let events = [
        at(0, Event::Submitting { job: job("a"), attempt: 2 }),
        at(1, Event::Polled { job: job("a"), status: "RUNNING".to_owned(), progress }),
        at(2, Event::Downloading { job: job("a"), path: path.clone() }),
        at(
            3,
            Event::Transferring { job: job("a"), call: Call::Download, path, bytes: 900_000, total: Some(8_100_000) },
        ),
        at(4, Event::Uploaded { job: job("a"), path: "refs/dog.png".to_owned(), bytes: 120_000 }),
        at(5, Event::Lagged { missed: 7 }),
    ];
    events.iter().for_each(|event| plain.event(event));
    assert_snapshot!(out.text(), @"
    12:03:11 0 to do
    12:03:11 a submitting (attempt 2)
    12:03:12 a status: RUNNING, 64%␛[2J
    12:03:13 a downloading out/a-1.mp4
    12:03:14 a download of out/a-1.mp4: 900.00 kB of 8.10 MB
    12:03:15 a uploaded refs/dog.png (120.00 kB)
    12:03:16 7 messages left out here
    ");
}

#[test]
fn a_trial_is_called_one() {
    let mut trial = started(2);
    if let Event::RunStarted { service, .. } = &mut trial {
        *service = "simulate".to_owned();
    }
    assert_eq!(lines(&[at(0, trial)]), "12:03:11 jobs.yaml: 2 jobs, 4 at a time, at the simulated service\n");
}

#[test]
fn every_half_minute_it_says_how_the_run_stands() {
    let out = Shared::default();
    let mut plain = Plain::new(out.clone(), Look::PLAIN, TimeZone::UTC);
    plain.event(&at(0, started(1)));
    plain.event(&at(0, planned("a", Action::Submit, Reason::New)));
    plain.event(&at(1, submitted("a")));
    for seconds in 2..=95 {
        plain.tick(at(seconds, started(1)).time);
    }
    let said: Vec<_> = out.text().lines().filter(|line| line.contains("done")).map(str::to_owned).collect();
    let line = |time| format!("{time} 0 of 1 done: 1 in flight");
    assert_eq!(said, [line("12:03:41"), line("12:04:11"), line("12:04:41")]);
}

#[test]
fn times_are_those_of_the_zone() {
    let out = Shared::default();
    let zone = TimeZone::fixed(jiff::tz::offset(8));
    Plain::new(out.clone(), Look::PLAIN, zone).event(&at(0, started(1)));
    assert!(out.text().starts_with("20:03:11 jobs.yaml: 1 job, 4 at a time, at https://"));
}

#[test]
fn when_the_reader_has_gone_it_falls_silent() {
    let tries = Arc::new(Mutex::new(0));
    let mut plain = Plain::new(Closed { room: 100, tries: Arc::clone(&tries) }, Look::PLAIN, TimeZone::UTC);
    for _ in 0..5 {
        a_run().iter().for_each(|event| plain.event(event));
    }
    assert_eq!(*tries.lock().unwrap(), 2);
}

#[test]
fn images_of_elsewhere_come_before_the_plan() {
    let url = "https://images.example.com/dog.png".to_owned();
    let sha256 = crate::base::digest::Sha256::of(b"");
    let changed = |jobs, taken| Event::ImageChanged { url: url.clone(), pinned: sha256, found: sha256, jobs, taken };
    let (host, message) = ("images.example.com".to_owned(), "could not connect\x1b[2J".to_owned());
    let events = [
        at(0, started(1)),
        at(0, Event::LookingAtImages { fetch: 2, check: 1200 }),
        at(1, Event::ImageFetched { url: url.clone(), sha256, bytes: 48_211 }),
        at(1, changed(1, false)),
        at(1, changed(3, true)),
        at(1, Event::ImagesUnchecked { host, images: 3, message }),
        at(1, planned("a", Action::Submit, Reason::New)),
        at(2, submitted("a")),
    ];
    assert_snapshot!(lines(&events), @"
    12:03:11 jobs.yaml: 1 job, 4 at a time, at https://cloud.baicaiinfer.com
    12:03:11 remote images: 2 to fetch, 1,200 to ask whether they changed
    12:03:12 fetched https://images.example.com/dog.png (48.21 kB)
    12:03:12 https://images.example.com/dog.png has other content now; 1 job keeps the one before
    12:03:12 https://images.example.com/dog.png has other content now, taken for 3 jobs
    12:03:12 images.example.com: 3 images taken as before, without an answer: could not connect␛[2J
    12:03:13 1 to do
    12:03:13 a submitted (attempt 1, task 3524e0b3ba014b12ab1faf29f9f00000)
    ");
}
