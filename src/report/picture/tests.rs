use super::*;
use crate::base::decimal::Decimal;
use crate::event::{Call, Cause, Event};
use crate::plan::action::{Action, Reason};
use crate::plan::estimate::{Estimate, PriceTable};
use crate::report::look::Color;
use crate::report::testing::{at, failed, job, planned, started, submitted, succeeded};
use insta::assert_snapshot;

fn run_state(events: impl IntoIterator<Item = (i64, Event)>) -> RunState {
    let mut run_state = RunState::default();
    for (second, event) in events {
        run_state.event(&event, at(second, started(0)).time);
    }
    run_state
}

fn polled(id: &str, status: &str, progress: Option<&str>) -> Event {
    Event::Polled { job: job(id), status: status.to_owned(), progress: progress.map(str::to_owned) }
}

fn transferring(id: &str, call: Call, path: &str, bytes: u64, total: Option<u64>) -> Event {
    Event::Transferring { job: job(id), call, path: path.to_owned(), bytes, total }
}

/// Returns one job in each state.
fn every_state() -> Vec<(i64, Event)> {
    let mut events = vec![(0, started(12))];
    let ids =
        ["sent", "accepted", "queued", "running", "odd", "asked-again", "up", "up-soon", "made", "down", "down-more"];
    events.extend(ids.map(|id| (0, planned(id, Action::Submit, Reason::New))));
    events.push((0, planned("waits", Action::Submit, Reason::New)));
    events.push((0, planned("kept-and-longer-than-all-others", Action::Keep, Reason::Succeeded)));
    for (second, id) in [(1, "accepted"), (2, "queued"), (3, "running"), (4, "odd"), (5, "asked-again")] {
        events.push((second, submitted(id)));
    }
    let text = str::to_owned;
    events.extend([
        (6, polled("queued", "PENDING", None)),
        (6, polled("running", "RUNNING", Some("64%"))),
        (6, polled("odd", "WARMING\x1b[2J", None)),
        (
            60,
            Event::Retrying {
                job: Some(job("asked-again")),
                call: Call::Status,
                message: text("HTTP 502"),
                pause: 12.0,
            },
        ),
        (60, Event::Uploading { job: job("up"), path: text("refs/小狗.png"), bytes: 3_400_000 }),
        (61, transferring("up", Call::Upload, "refs/小狗.png", 1_200_000, Some(3_400_000))),
        (61, Event::Uploading { job: job("up-soon"), path: text("refs/cat.png"), bytes: 999 }),
        (62, Event::Submitting { job: job("sent"), attempt: 1 }),
        (62, Event::Generated { job: job("made"), seconds: None }),
        (62, Event::Downloading { job: job("down"), path: text("out/down-1.mp4") }),
        (62, Event::Downloading { job: job("down-more"), path: text("out/down-more-1.mp4") }),
        (63, transferring("down-more", Call::Download, "out/down-more-1.mp4", 900_000, Some(8_100_000))),
    ]);
    events
}

fn plain(look: Look) -> Show<'static> {
    static ZONE: TimeZone = TimeZone::UTC;
    Show { look, zone: &ZONE }
}

fn drawn(run_state: &RunState, width: usize, height: usize, second: i64) -> String {
    let now = at(second, started(0)).time;
    lines(run_state, plain(Look::PLAIN), Room { width, height }, now).join("\n")
}

#[test]
fn every_state_has_its_words() {
    assert_snapshot!(drawn(&run_state(every_state()), 80, 30, 65), @"
    accepted     1m 04s  at the service
    queued       1m 03s  queued at the service
    running      1m 02s  running, 64%
    odd          1m 01s  warming␛[2j
    asked-again  1m 00s  status again in 7s: HTTP 502
    up               5s  uploading 1.20 of 3.40 MB, refs/小狗.png
    up-soon          4s  uploading 999 B, refs/cat.png
    sent             3s  submitting
    made             3s  generated
    down             3s  downloading out/down-1.mp4
    down-more        3s  downloading 900.00 kB of 8.10 MB, out/down-more-1.mp4
    ───────────────────────────────────────────────────────────────────────── 0/12
    6 in flight, 2 uploading, 3 being fetched
    ");
}

#[test]
fn a_narrow_terminal_gets_the_beginning_of_each_line() {
    assert_snapshot!(drawn(&run_state(every_state()), 40, 30, 65), @"
    accepted     1m 04s  at the service
    queued       1m 03s  queued at the se…
    running      1m 02s  running, 64%
    odd          1m 01s  warming␛[2j
    asked-again  1m 00s  status again in …
    up               5s  uploading 1.20 o…
    up-soon          4s  uploading 999 B,…
    sent             3s  submitting
    made             3s  generated
    down             3s  downloading out/…
    down-more        3s  downloading 900.…
    ───────────────────────────────── 0/12
    6 in flight, 2 uploading, 3 being fet…
    ");
}

#[test]
fn what_has_no_room_is_folded() {
    assert_snapshot!(drawn(&run_state(every_state()), 80, 12, 65), @"
    accepted     1m 04s  at the service
    queued       1m 03s  queued at the service
    running      1m 02s  running, 64%
    odd          1m 01s  warming␛[2j
    asked-again  1m 00s  status again in 7s: HTTP 502
    … and 6 more: 2 uploading, 1 in flight, 3 being fetched
    ───────────────────────────────────────────────────────────────────────── 0/12
    6 in flight, 2 uploading, 3 being fetched
    ");
}

#[test]
fn no_line_is_too_wide_and_no_picture_too_high() {
    let mut run_state = run_state(every_state());
    let throttled =
        Event::Throttled { message: "the service can't be reached: 连接被拒绝".to_owned(), pause: 30.0 };
    for away in [false, true] {
        if away {
            run_state.event(&throttled, at(66, started(0)).time);
        }
        for width in 1..130 {
            for height in 1..40 {
                for drawing in [Drawing::Unicode, Drawing::Ascii] {
                    let look = Look { drawing, ..Look::PLAIN };
                    let lines = lines(&run_state, plain(look), Room { width, height }, at(70, started(0)).time);
                    assert!(!lines.is_empty() && lines.len() <= height, "{width}x{height}: {lines:#?}");
                    let widest = lines.iter().map(|line| columns_of(line)).max().unwrap();
                    assert!(widest <= (width - 1).max(1), "{width}x{height}: {lines:#?}");
                    assert!(lines.iter().all(|line| line.starts_with(' ')), "{lines:#?}");
                }
            }
        }
    }
}

#[test]
fn the_whole_is_told_as_far_as_it_is_known() {
    let mut events = vec![(0, started(1000))];
    let ids: Vec<String> = (0..1000).map(|n| format!("j{n}")).collect();
    events.extend(ids.iter().map(|id| (0, planned(id, Action::Submit, Reason::New))));
    events.extend(ids[..4].iter().map(|id| (1, submitted(id))));
    let last = |events: &[(i64, Event)], second| {
        let text = drawn(&run_state(events.to_vec()), 80, 24, second);
        text.lines().skip(4).map(str::to_owned).collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(last(&events, 30), @"
    ────────────────────────────────────────────────────────────────────── 0/1,000
    4 in flight
    ");
    for n in 0..400 {
        let start = 1 + n as i64 * 15;
        events.push((start + 60, if n % 40 == 7 { failed(&ids[n], Cause::Failed, "no") } else { succeeded(&ids[n]) }));
        events.push((start + 60, submitted(&ids[n + 4])));
    }
    assert_snapshot!(last(&events, 6061), @"
    ━━━━━━━━━━━────────────────── 400/1,000, about 2h 30m left till 16:14, 3.8/min
    4 in flight, 10 failed
    ");
}

#[test]
fn a_service_that_is_away_is_said_instead_of_a_guess() {
    let mut events = every_state();
    events.push((70, succeeded("down")));
    events.push((80, Event::Throttled { message: "connection refused".to_owned(), pause: 30.0 }));
    events.push((200, Event::Throttled { message: "connection refused".to_owned(), pause: 60.0 }));
    let told = drawn(&run_state(events.clone()), 80, 6, 215);
    assert_snapshot!(told, @"
    … and 10 more: 2 uploading, 6 in flight, 2 being fetched
    waiting for the service for 2m 15s, next try in 45s: connection refused
    ━━━━━━─────────────────────────────────────────────────────────────────── 1/12
    6 in flight, 2 uploading, 2 being fetched
    ");
    events.push((220, polled("running", "RUNNING", None)));
    assert!(!drawn(&run_state(events), 80, 6, 221).contains("waiting for the service"));
}

#[test]
fn what_is_spent_is_told_and_given_back_where_the_service_fails() {
    let credits = |n| Decimal::whole(n);
    let estimate = Estimate { amount: credits(2400), unit: "credits".into(), exact: false, prices: PriceTable::Maker };
    let mut first = started(40);
    if let Event::RunStarted { estimate: known, .. } = &mut first {
        *known = Some(estimate);
    }
    let mut events = vec![(0, first)];
    let ids: Vec<String> = (0..40).map(|n| format!("j{n}")).collect();
    events.extend(ids.iter().map(|id| (0, planned(id, Action::Submit, Reason::New))));
    events.extend(ids[..30].iter().map(|id| {
        let mut event = submitted(id);
        if let Event::Submitted { price, .. } = &mut event {
            *price = Some(credits(60));
        }
        (1, event)
    }));
    events.extend([(5, failed("j0", Cause::Failed, "no")), (6, failed("j1", Cause::TimedOut, "late"))]);
    let last = drawn(&run_state(events), 100, 4, 7);
    assert!(last.contains(" 2/40, ") && last.contains(", 1,740 credits, "), "{last}");
}

#[test]
fn the_day_of_the_end_is_named_where_it_is_another() {
    let now: Timestamp = "2026-03-09T22:00:00Z".parse().unwrap();
    let told = |minutes| clock(now, SignedDuration::from_mins(minutes), &TimeZone::UTC);
    assert_eq!([1, 119, 120, 26 * 60].map(told), ["22:01", "23:59", "Tue 00:00", "Wed 00:00"]);
}

#[test]
fn nothing_to_do_is_no_picture() {
    let kept = [(0, started(1)), (0, planned("a", Action::Keep, Reason::Succeeded))];
    assert_eq!(drawn(&run_state(kept), 80, 24, 1), "");
}

#[test]
fn colors_take_no_room() {
    let look = Look { color: Color::Ansi, ..Look::PLAIN };
    let (run_state, room, now) = (run_state(every_state()), Room { width: 80, height: 24 }, at(65, started(0)).time);
    let colored = lines(&run_state, plain(look), room, now);
    let bare = |line: &String| {
        let parts = line.split('\x1b').enumerate();
        parts.map(|(at, part)| if at == 0 { part } else { part.split_once('m').unwrap().1 }).collect::<String>()
    };
    let bare: Vec<_> = colored.iter().map(bare).collect();
    assert_eq!(bare, lines(&run_state, plain(Look::PLAIN), room, now));
    assert!(colored.iter().any(|line| line.contains("\x1b[36m")));
}
