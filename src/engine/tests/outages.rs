//! Outages: a service that is down, or a proxy that answers in its place, costs at most one uncertain job, or three.

use super::*;
use crate::event::Cause;

fn wide(concurrency: usize) -> Settings {
    Settings { concurrency, ..settings() }
}

fn away() -> Failure {
    failure(Verdict::Away(None))
}

/// Returns a script in which the first `n` submits are answered and the later ones are lost.
fn lost_from(n: usize) -> Script {
    let submit = move |nth| if nth < n { Submission::Accepted(task(nth)) } else { Submission::Unknown("502".into()) };
    Script { submit: Box::new(submit), ..Script::default() }
}

#[tokio::test(start_paused = true)]
async fn an_outage_from_the_start_makes_three_jobs_uncertain_at_most() {
    let (bench, fake) = (Bench::new(), Fake::new(lost_from(0)));
    let ran = bench.run(&fake, 400, wide(200)).await;
    assert_eq!((fake.calls("submit"), fake.calls("look")), (3, 2));
    assert_eq!((ran.outcome.summary.uncertain, ran.outcome.summary.left), (3, 397));
    assert_eq!(ran.outcome.causes, [StopCause::Unanswered]);
    assert_eq!(fake.calls(&format!("look {}", "0".repeat(32))), 2, "no task is known");
}

#[tokio::test(start_paused = true)]
async fn where_the_service_is_not_seen_after_a_lost_submit_no_other_goes_out() {
    let script = Script { look: Box::new(|_, _| Err(away())), ..lost_from(0) };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 400, wide(200)).await;
    assert_eq!((fake.calls("submit"), ran.outcome.summary.uncertain, ran.outcome.summary.left), (1, 1, 399));
    assert!(matches!(ran.outcome.causes[..], [StopCause::Unreachable(_)]), "{:?}", ran.outcome.causes);
    assert!((600..=602).contains(&ran.took.as_secs()), "{:?}", ran.took);
    assert!(fake.calls("look") < 30, "{}", fake.calls("look"));
}

#[tokio::test(start_paused = true)]
async fn a_run_goes_on_when_the_service_is_seen_again() {
    let script = Script {
        submit: Box::new(|n| if n == 5 { Submission::Unknown("502".into()) } else { Submission::Accepted(task(n)) }),
        look: Box::new(|_, n| if n < 6 { Err(away()) } else { Ok(()) }),
        ..Script::default()
    };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 40, wide(8)).await;
    assert_eq!((ran.outcome.summary.uncertain, ran.outcome.summary.succeeded), (1, 39));
    assert_eq!((fake.calls("submit"), fake.calls("look")), (40, 7));
    assert_eq!(fake.calls(&format!("look {}", "0".repeat(32))), 0, "a task in flight is asked about");
}

#[tokio::test(start_paused = true)]
async fn an_outage_in_the_middle_makes_no_more_uncertain_than_were_out() {
    let (bench, fake) = (Bench::new(), Fake::new(lost_from(50)));
    let ran = bench.run(&fake, 1000, wide(20)).await;
    assert!(ran.outcome.summary.uncertain <= 20, "{:?}", ran.outcome.summary);
    assert_eq!(ran.outcome.summary.succeeded, 50, "what is paid is fetched");
    assert_eq!(ran.outcome.causes, [StopCause::Unanswered]);
}

#[tokio::test(start_paused = true)]
async fn submits_open_by_doubling_and_slots_are_full_then() {
    let (bench, fake) = (Bench::new(), Fake::new(Script::default()));
    let ran = bench.run(&fake, 320, wide(16)).await;
    let seen = fake.seen.lock().unwrap();
    let first = seen.submits[0].0;
    let by =
        |milliseconds| seen.submits.iter().filter(|(at, _)| *at - first <= Duration::from_millis(milliseconds)).count();
    assert_eq!([by(50), by(150), by(250), by(350)], [1, 3, 11, 16]);
    // Twenty rounds of a minute and a poll's interval; half a second is for opening.
    assert!(ran.took < Duration::from_secs(20 * 72), "{:?}", ran.took);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_asks_to_slow_down_is_asked_as_often_as_it_lets() {
    let last = Arc::new(Mutex::new(None::<Instant>));
    let submit = move |n| {
        let (mut last, now) = (last.lock().unwrap(), Instant::now());
        if last.is_some_and(|last| now - last < Duration::from_secs(1)) {
            return by_the_way(Then::SlowDown(None));
        }
        *last = Some(now);
        Submission::Accepted(task(n))
    };
    let script = Script { submit: Box::new(submit), latency: Duration::ZERO, ..Script::default() };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 30, wide(16)).await;
    assert_eq!((ran.outcome.summary.succeeded, ran.outcome.summary.failed), (30, 0));
    let seen = fake.seen.lock().unwrap();
    let took = seen.submits.last().unwrap().0 - seen.submits[0].0;
    assert!(took <= Duration::from_secs(58), "{took:?}");
    assert!(seen.submits.len() <= 60, "{}", seen.submits.len());
}

#[tokio::test(start_paused = true)]
async fn a_rate_of_the_run_is_kept_by_tries_again() {
    for then in [Then::SlowDown(None), Then::SlowDown(Some(Duration::from_secs(1))), Then::Later(None)] {
        let script = Script {
            submit: Box::new(move |n| if n < 7 { not_taken(then) } else { Submission::Accepted(task(n)) }),
            ..Script::default()
        };
        let (bench, fake) = (Bench::new(), Fake::new(script));
        let rate = Some(Rate { count: 1, per: Duration::from_secs(1) });
        let ran = bench.run(&fake, 16, Settings { submit_rate: rate, ..wide(16) }).await;
        assert_eq!(ran.outcome.summary.succeeded, 16, "{then:?}");
        let seen = fake.seen.lock().unwrap();
        assert!(seen.submits.windows(2).all(|pair| pair[1].0 - pair[0].0 >= Duration::from_secs(1)), "{then:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_puts_everything_off_is_asked_for_as_long_as_patience_lasts() {
    for (then, least) in [(Then::SlowDown(None), 590), (Then::SlowDown(Some(Duration::from_secs(60))), 590)] {
        let script = Script {
            submit: Box::new(move |n| if n < 2 { Submission::Accepted(task(n)) } else { not_taken(then) }),
            ..Script::default()
        };
        let (bench, fake) = (Bench::new(), Fake::new(script));
        let ran = bench.run(&fake, 1000, settings()).await;
        assert_eq!((ran.outcome.summary.succeeded, ran.outcome.summary.failed, ran.outcome.summary.left), (2, 0, 998));
        assert!(matches!(ran.outcome.causes[..], [StopCause::PutOff { again: None, .. } | StopCause::PutOff { .. }]));
        assert!((least..=680).contains(&ran.took.as_secs()), "{then:?}: {:?}", ran.took);
        assert!(fake.calls("submit") < 60, "{then:?}: {}", fake.calls("submit"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_longer_than_patience_ends_submits_at_once_with_the_time() {
    let day = Duration::from_secs(86_400);
    let script = Script {
        submit: Box::new(move |n| match n {
            0 | 1 => Submission::Accepted(task(n)),
            _ => by_the_way(Then::SlowDown(Some(day))),
        }),
        ..Script::default()
    };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 1000, settings()).await;
    assert_eq!((ran.outcome.summary.succeeded, ran.outcome.summary.left), (2, 998));
    let [StopCause::PutOff { again: Some(again), .. }] = &ran.outcome.causes[..] else {
        panic!("{:?}", ran.outcome.causes)
    };
    assert!((86_400..86_500).contains(&(again.as_second() - 1_700_000_000)), "{again}");

    // A pause of years counts as none: it gives no date.
    let script = Script { submit: Box::new(move |_| by_the_way(Then::SlowDown(Some(366 * day)))), ..Script::default() };
    let ran = Bench::new().run(&Fake::new(script), 3, settings()).await;
    assert!(matches!(ran.outcome.causes[..], [StopCause::PutOff { again: None, .. }]), "{:?}", ran.outcome.causes);
    assert!(fake.calls("submit") <= 4);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_cannot_now_is_tried_eight_times_a_job() {
    let script = Script { submit: Box::new(|_| not_taken(Then::Later(None))), ..Script::default() };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 2, settings()).await;
    assert_eq!((fake.calls("submit"), ran.outcome.summary.failed, ran.status(0)), (16, 2, None));
    let failed = |event: &Event| matches!(event, Event::Failed { error, .. } if error.code == Cause::PutOff);
    assert_eq!(ran.events.iter().filter(|event| failed(event)).count(), 2);
    let (bench, fake) =
        (Bench::new(), Fake::new(Script { submit: Box::new(|_| not_taken(Then::Later(None))), ..Script::default() }));
    let ran = bench.run(&fake, 1000, settings()).await;
    assert!(matches!(ran.outcome.causes[..], [StopCause::PutOff { again: None, .. }]), "{:?}", ran.outcome.causes);
    assert!((600..=680).contains(&ran.took.as_secs()), "{:?}", ran.took);
    assert_eq!(ran.outcome.summary.succeeded + ran.outcome.summary.uncertain, 0);
}

#[tokio::test(start_paused = true)]
async fn without_money_nothing_more_is_bought_and_what_is_paid_comes_home() {
    let script = Script {
        submit: Box::new(|n| if n < 2 { Submission::Accepted(task(n)) } else { not_taken(Then::StopSubmits) }),
        ..Script::default()
    };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 6, settings()).await;
    assert_eq!((ran.outcome.summary.succeeded, ran.outcome.summary.left), (2, 4));
    assert!(fake.calls("submit") <= 4, "those that were out: {}", fake.calls("submit"));
    assert!(matches!(&ran.outcome.causes[..], [StopCause::Refused { problem, .. }] if problem.code == Cause::Account));
    assert_eq!((ran.status(2), ran.outcome.summary.at_service), (None, 0));
}

#[tokio::test(start_paused = true)]
async fn three_that_are_turned_away_in_a_row_end_submits_and_none_is_refused() {
    for (then, failed) in [(Then::TurnAway(Urgency::ThreeInARow), 2), (Then::Leave(Urgency::ThreeInARow), 3)] {
        let script = Script { submit: Box::new(move |_| by_the_way(then)), ..Script::default() };
        let (bench, fake) = (Bench::new(), Fake::new(script));
        let ran = bench.run(&fake, 20, settings()).await;
        assert_eq!(
            (fake.calls("submit"), ran.outcome.summary.failed, ran.book.records().count()),
            (3, failed, 0),
            "{then:?}"
        );
        assert!(
            matches!(&ran.outcome.causes[..], [StopCause::Refused { problem, .. }] if problem.code == Cause::TurnedAway)
        );
    }
    for then in [Then::TurnAway(Urgency::AtOnce), Then::Leave(Urgency::AtOnce)] {
        let script = Script { submit: Box::new(move |_| by_the_way(then)), ..Script::default() };
        let (bench, fake) = (Bench::new(), Fake::new(script));
        let ran = bench.run(&fake, 20, settings()).await;
        assert_eq!((fake.calls("submit"), ran.book.records().count()), (1, 0), "{then:?}");
        assert!(
            matches!(&ran.outcome.causes[..], [StopCause::Refused { problem, .. }] if problem.code == Cause::TurnedAway)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_turned_away_among_others_is_left_for_the_next_run() {
    let script = |all: bool| Script {
        submit: Box::new(move |n| match n {
            0 => by_the_way(Then::TurnAway(Urgency::ThreeInARow)),
            _ if all => by_the_way(Then::TurnAway(Urgency::ThreeInARow)),
            _ => Submission::Accepted(task(n)),
        }),
        ..Script::default()
    };
    let (bench, fake) = (Bench::new(), Fake::new(script(false)));
    let ran = bench.run(&fake, 10, settings()).await;
    assert_eq!((ran.outcome.summary.failed, ran.outcome.summary.succeeded, ran.status(0)), (1, 9, None));
    assert_eq!(ran.outcome.causes, []);
    let (bench, fake) = (Bench::new(), Fake::new(script(true)));
    let ran = bench.run(&fake, 1, settings()).await;
    assert!(
        matches!(ran.outcome.causes[..], [StopCause::Refused { .. }]),
        "nothing else was heard: {:?}",
        ran.outcome.causes
    );
    assert_eq!(ran.status(0), None);
}

#[tokio::test(start_paused = true)]
async fn where_there_is_no_way_the_run_ends_at_once() {
    let script = Script { submit: Box::new(|_| by_the_way(Then::GiveUp)), ..Script::default() };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 100, settings()).await;
    assert!(matches!(ran.outcome.causes[..], [StopCause::NoWay(_)]));
    assert_eq!((fake.calls("submit"), ran.outcome.summary.left, ran.took.as_secs()), (1, 100, 0));
    let script = Script { status: Box::new(|_, _| Err(failure(Verdict::NoWay))), ..Script::default() };
    let ran = Bench::new().run(&Fake::new(script), 2, settings()).await;
    assert!(matches!(ran.outcome.causes[..], [StopCause::NoWay(_)]));
    assert_eq!((ran.status(0), ran.outcome.summary.at_service), (Some(Status::Submitted), 2));
}

#[tokio::test(start_paused = true)]
async fn answers_of_something_else_on_polls_are_an_outage_and_nothing_more() {
    let script = Script {
        status: Box::new(|_, n| if n < 20 { Err(away()) } else { Ok(TaskState::Completed) }),
        result: Box::new(|task, n| match n {
            0..12 => Err(away()),
            _ => Ok(vec![format!("https://videos.example.com/{task}.mp4")]),
        }),
        ..Script::default()
    };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let patient = Settings { patience: Duration::from_secs(3600), ..settings() };
    let ran = bench.run(&fake, 3, patient).await;
    assert_eq!((ran.outcome.summary.succeeded, ran.outcome.summary.uncertain), (3, 0));
    assert_eq!(ran.outcome.causes, []);
}

#[tokio::test(start_paused = true)]
async fn polls_that_hear_nothing_of_the_service_are_given_up_when_patience_ends() {
    let script = Script { status: Box::new(|_, _| Err(away())), ..Script::default() };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 3, settings()).await;
    assert_eq!(
        (ran.outcome.summary.left, ran.outcome.summary.at_service, ran.status(0)),
        (3, 3, Some(Status::Submitted))
    );
    assert!(matches!(ran.outcome.causes[..], [StopCause::Unreachable(_)]), "{:?}", ran.outcome.causes);
    assert!((660..700).contains(&ran.took.as_secs()), "{:?}", ran.took);
    let script = Script { result: Box::new(|_, _| Err(away())), latency: Duration::ZERO, ..Script::default() };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 1, settings()).await;
    assert_eq!((ran.outcome.summary.at_service, ran.status(0)), (1, Some(Status::Generated)));
    assert!(matches!(ran.outcome.causes[..], [StopCause::Unreachable(_)]), "{:?}", ran.outcome.causes);
}

#[tokio::test(start_paused = true)]
async fn a_task_is_denied_for_two_minutes_before_that_is_believed_and_asked_for_again_later() {
    let denied = |until: usize| Script {
        latency: Duration::ZERO,
        status: Box::new(move |_, n| if n < until { Err(failure(Verdict::Gone)) } else { Ok(TaskState::Completed) }),
        ..Script::default()
    };
    let (bench, fake) = (Bench::new(), Fake::new(denied(6)));
    let ran = bench.run(&fake, 1, settings()).await;
    assert_eq!(ran.outcome.summary.succeeded, 1, "six denials within seconds are none");

    let (bench, fake) = (Bench::new(), Fake::new(denied(usize::MAX)));
    let ran = bench.run(&fake, 1, settings()).await;
    assert_eq!((ran.outcome.summary.uncertain, ran.status(0)), (1, Some(Status::Uncertain)));
    assert!((120..240).contains(&ran.took.as_secs()), "{:?}", ran.took);

    let none = || std::iter::empty();
    let (fake, started) =
        (Fake::new(denied(usize::MAX)), Settings { max_failures: NonZeroUsize::new(1), ..settings() });
    let ran = bench.run_until(&fake, none(), started, Stop::default()).await;
    assert_eq!((fake.calls("status"), ran.status(0), ran.outcome.summary.uncertain), (1, Some(Status::Uncertain), 1));
    assert_eq!(ran.outcome.causes, [], "it is no failure of this run");

    let fake = Fake::new(denied(0));
    let ran = bench.run_until(&fake, none(), settings(), Stop::default()).await;
    assert_eq!((fake.calls("submit"), ran.status(0), ran.outcome.summary.succeeded), (0, Some(Status::Succeeded), 1));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_known_after_all_is_followed_like_any_other() {
    let script =
        Script { latency: Duration::ZERO, status: Box::new(|_, _| Err(failure(Verdict::Gone))), ..Script::default() };
    let bench = Bench::new();
    assert_eq!(bench.run(&Fake::new(script), 1, settings()).await.status(0), Some(Status::Uncertain));
    let script = Script { status: Box::new(|_, _| Ok(TaskState::Running)), ..Script::default() };
    let ran = bench.run_until(&Fake::new(script), std::iter::empty(), settings(), Stop::default()).await;
    assert_eq!((ran.status(0), ran.outcome.summary.failed), (Some(Status::Submitted), 1), "it took too long");
}

#[tokio::test(start_paused = true)]
async fn a_task_of_two_jobs_is_said_aloud_and_both_are_followed() {
    let script = Script { submit: Box::new(|_| Submission::Accepted(task(7))), ..Script::default() };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 2, settings()).await;
    assert_eq!((fake.calls("submit"), ran.outcome.summary.left), (2, 0));
}

/// One task that is refused, or about which something else answers, says nothing about the others: they are bought and
/// collected.
#[tokio::test(start_paused = true)]
async fn one_task_that_cannot_be_asked_about_keeps_no_other_from_its_videos() {
    let first = |id: &str| id == task(0).as_str();
    for (verdict, submits) in [(Verdict::Stop, 4), (Verdict::Away(None), 12)] {
        for at_the_result in [false, true] {
            let (status, result) = (verdict, verdict);
            let script = Script {
                status: Box::new(move |task, _| match status {
                    verdict if first(task) && !at_the_result => Err(failure(verdict)),
                    _ => Ok(TaskState::Completed),
                }),
                result: Box::new(move |task, _| match result {
                    verdict if first(task) && at_the_result => Err(failure(verdict)),
                    _ => Ok(vec![format!("https://videos.example.com/{task}.mp4")]),
                }),
                ..Script::default()
            };
            let (bench, fake) = (Bench::new(), Fake::new(script));
            let ran = bench.run(&fake, 12, wide(4)).await;
            let summary = &ran.outcome.summary;
            assert!(fake.calls("submit") >= submits, "{verdict:?} {at_the_result}: {}", fake.calls("submit"));
            assert_eq!(summary.succeeded + 1, fake.calls("submit"), "{verdict:?} {at_the_result}: {summary:?}");
            let is_account = matches!(&ran.outcome.causes[..], [StopCause::Refused { problem, .. }] if problem.code == Cause::Account);
            assert_eq!(is_account, verdict == Verdict::Stop, "{:?}", ran.outcome.causes);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_may_ask_for_nothing_is_not_asked_eight_times_a_job() {
    let status = Box::new(|_: &str, _| Err(failure(Verdict::Stop)));
    let (bench, fake) = (Bench::new(), Fake::new(Script { status, latency: Duration::ZERO, ..Script::default() }));
    let ran = bench.run(&fake, 64, wide(32)).await;
    assert_eq!(ran.outcome.summary.succeeded, 0);
    assert!(
        fake.calls("status") <= 2 * fake.calls("submit") + 8,
        "{} of {}",
        fake.calls("status"),
        fake.calls("submit")
    );
    assert!(matches!(&ran.outcome.causes[..], [StopCause::Refused { .. }]), "{:?}", ran.outcome.causes);
}
