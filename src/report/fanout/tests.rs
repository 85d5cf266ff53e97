use super::*;
use crate::base::clock::Clock;
use crate::event::sender::Events;
use crate::event::summary::Summary;
use crate::report::look::Look;
use crate::report::ndjson::Ndjson;
use crate::report::plain::Plain;
use crate::report::schemas::Document;
use crate::report::summary::{Apart, RunSummary};
use crate::report::testing::{Blocked, Closed, Shared, a_run, finished, started, submitted, target};
use jiff::tz::TimeZone;
use std::sync::Mutex;

/// Long enough for a busy machine; nothing takes that long unless it is broken.
const PATIENCE: Duration = Duration::from_secs(60);

fn run(events: &Events) {
    events.send(started(1));
    for _ in 0..1000 {
        events.send(submitted("a"));
    }
    events.send(finished(Summary::default(), 0));
}

#[test]
fn every_reporter_hears_everything_in_order() {
    let (events, receiver) = Events::channel(Clock::System);
    let (one, other) = (Shared::default(), Shared::default());
    let together: Vec<Box<dyn Reporter>> = vec![
        Box::new(Plain::new(one.clone(), Look::PLAIN, TimeZone::UTC)),
        Box::new(RunSummary::new(one.clone(), Look::PLAIN, Apart::No, target())),
    ];
    let fanout = Fanout::start(receiver, vec![Box::new(Ndjson::new(other.clone()).0), Box::new(together)]).unwrap();
    run(&events);
    assert_eq!(fanout.finish(PATIENCE), Finished::All);
    let text = other.text();
    let kinds: Vec<String> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["event"].to_string())
        .collect();
    assert_eq!(kinds.len(), 1002);
    assert_eq!((kinds[0].as_str(), kinds[1001].as_str()), ("\"run_started\"", "\"run_finished\""));
    assert!(one.text().ends_with("0 submits, 0 uploads, 0 polls, 0 downloads\n"), "the summary comes last");
}

#[test]
fn a_blocked_reader_holds_up_neither_the_run_nor_the_other_reporters() {
    let (events, receiver) = Events::channel(Clock::System);
    let (blocked, _shut) = Blocked::new();
    let other = Shared::default();
    let reporters: Vec<Box<dyn Reporter>> = vec![
        Box::new(Ndjson::new(blocked).0),
        Box::new(RunSummary::new(other.clone(), Look::PLAIN, Apart::No, target())),
    ];
    let fanout = Fanout::start(receiver, reporters).unwrap();
    // Returns although nothing is read: sending doesn't wait.
    run(&events);
    let start = Instant::now();
    while !other.text().contains("downloads") {
        assert!(start.elapsed() < PATIENCE, "the other reporter is held up");
        thread::yield_now();
    }
    assert_eq!(fanout.finish(Duration::from_millis(10)), Finished::NotAll);
}

#[test]
fn a_reader_that_falls_behind_misses_only_what_is_told_by_the_way_and_hears_of_it() {
    let (events, receiver) = Events::channel(Clock::System);
    let (blocked, open) = Blocked::new();
    let out = Shared::default();
    /// A writer that starts writing when the other end is dropped.
    struct Late(Blocked, Shared);
    impl io::Write for Late {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes).and_then(|_| self.1.write(bytes))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let fanout = Fanout::start(receiver, vec![Box::new(Ndjson::new(Late(blocked, out.clone())).0)]).unwrap();
    let polled =
        || Event::Polled { job: crate::report::testing::job("a"), status: "RUNNING".to_owned(), progress: None };
    events.send(started(1));
    (0..WAITING * 2).for_each(|_| events.send(polled()));
    (0..100).for_each(|_| events.send(submitted("a")));
    events.send(finished(Summary::default(), 0));
    // Taken in order: once the last has arrived, so have all before it.
    while fanout.waiting() < WAITING + 100 {
        thread::yield_now();
    }
    drop(open);
    assert_eq!(fanout.finish(PATIENCE), Finished::All);
    let text = out.text();
    let count = |kind: &str| text.lines().filter(|line| line.contains(&format!("\"event\":\"{kind}\""))).count();
    assert_eq!((count("run_started"), count("submitted"), count("lagged"), count("run_finished")), (1, 100, 1, 1));
    assert!((WAITING - 1..=WAITING + 1).contains(&count("polled")), "{}", count("polled"));
    let lagged = text.lines().find(|line| line.contains("lagged")).unwrap();
    let missed = serde_json::from_str::<serde_json::Value>(lagged).unwrap()["missed"].as_u64().unwrap();
    assert_eq!(missed as usize + count("polled"), WAITING * 2);
}

#[test]
fn a_closed_reader_ends_nothing() {
    let (events, receiver) = Events::channel(Clock::System);
    let tries = Arc::new(Mutex::new(0));
    let closed = Closed { room: 300, tries: Arc::clone(&tries) };
    let fanout = Fanout::start(receiver, vec![Box::new(Ndjson::new(closed).0)]).unwrap();
    run(&events);
    assert_eq!(fanout.finish(PATIENCE), Finished::All);
    assert_eq!(*tries.lock().unwrap(), 2, "after the first error it is silent");
}

#[test]
fn a_run_that_ends_without_a_last_event_ends_the_reporters_too() {
    let (events, receiver) = Events::channel(Clock::System);
    let fanout = Fanout::start(receiver, vec![Box::new(Ndjson::new(Shared::default()).0)]).unwrap();
    events.send(started(1));
    drop(events);
    assert_eq!(fanout.finish(PATIENCE), Finished::All);
}

#[test]
fn nobody_listens_and_nothing_happens() {
    let (events, receiver) = Events::channel(Clock::System);
    let fanout = Fanout::start(receiver, vec![]).unwrap();
    run(&events);
    assert_eq!(fanout.finish(PATIENCE), Finished::All);
    events.send(started(1));
}

#[test]
fn lines_of_a_run_fit_the_schema_of_events() {
    let out = Shared::default();
    let mut ndjson = Ndjson::new(out.clone()).0;
    a_run().iter().for_each(|event| ndjson.event(event));
    let validator = jsonschema::draft7::new(&Document::Events.schema()).unwrap();
    for line in out.text().lines() {
        let event = serde_json::from_str(line).unwrap();
        let errors: Vec<_> = validator.iter_errors(&event).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{line}: {errors:?}");
    }
    assert_eq!(out.text().lines().count(), a_run().len());
}
