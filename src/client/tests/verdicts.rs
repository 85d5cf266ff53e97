//! The table of verdicts, over every combination of HTTP status and code.

use crate::client::failure::{Call, Exchange, Reply, answer, submission};
use crate::client::{Failure, Progress, Submission, Verdict};
use proptest::prelude::*;
use serde_json::Value;
use std::time::Duration;

const PAUSE: Option<Duration> = Some(Duration::from_secs(7));

fn reply(status: u16, body: &str) -> Exchange {
    Exchange::Reply(Reply { status, retry_after: PAUSE, body: body.into(), ..Reply::default() })
}

/// Every status, with every code of interest; none is no envelope.
fn combinations() -> impl Iterator<Item = (u16, Option<i64>, String)> {
    let codes = [0, 1, -1, 200, 400, 401, 402, 403, 404, 408, 422, 429, 500, 502, 503, 504, 20_001, i64::MIN, i64::MAX];
    let codes = codes.map(Some).into_iter().chain([None]);
    (200..600).flat_map(move |status| {
        codes.clone().map(move |code| match code {
            Some(number) => (status, code, format!(r#"{{"code":{number},"message":"m","data":null}}"#)),
            None => (status, code, "<html>".to_owned()),
        })
    })
}

/// What the manual says of a submit's reply without a task id, in its own order.
fn refused(status: u16, code: Option<i64>) -> bool {
    code.is_some_and(|code| code != 0)
        || ((400..500).contains(&status) && status != 408)
        || (300..400).contains(&status)
        || status == 503
}

#[test]
fn a_submit_is_refused_or_unknown_as_the_manual_says() {
    for (status, code, body) in combinations() {
        match submission(reply(status, &body)) {
            Submission::Refused(_) => assert!(refused(status, code), "{status} {code:?}"),
            Submission::Unknown(_) => assert!(!refused(status, code), "{status} {code:?}"),
            Submission::Accepted(_) => panic!("{status} {code:?}: nothing was accepted"),
        }
    }
}

#[test]
fn what_is_tried_again_is_what_the_manual_lists() {
    for (status, code, body) in combinations() {
        let Submission::Refused(failure) = submission(reply(status, &body)) else { continue };
        let any = |what: i64| i64::from(status) == what || code == Some(what);
        let expected = if any(401) || any(402) || any(403) {
            Verdict::Stop
        } else if any(429) {
            Verdict::Again(PAUSE)
        } else if any(503) {
            Verdict::Unreachable(PAUSE)
        } else if any(404) {
            Verdict::Stop
        } else if code == Some(500) {
            Verdict::Again(PAUSE)
        } else {
            Verdict::Final
        };
        assert_eq!(failure.verdict, expected, "{status} {code:?}");
    }
}

#[test]
fn a_task_id_is_accepted_whatever_else_the_reply_says() {
    for (status, code, _) in combinations() {
        let code = code.unwrap_or_default();
        let body = format!(r#"{{"code":{code},"data":{{"taskId":"t-1"}}}}"#);
        assert!(matches!(submission(reply(status, &body)), Submission::Accepted(_)), "{status} {code}");
    }
}

#[test]
fn only_what_was_never_sent_is_refused_without_a_reply() {
    let Submission::Refused(failure) = submission(Exchange::NoConnection("connection refused".into())) else {
        panic!()
    };
    assert_eq!(failure.verdict, Verdict::Unreachable(None));
    assert_eq!(submission(Exchange::Broken("reset".into())), Submission::Unknown("submit: reset".into()));
}

#[test]
fn a_paid_task_is_given_up_for_a_clear_word_only() {
    for call in [Call::Status, Call::Result] {
        for (status, code, body) in combinations() {
            let Err(failure) = answer(call, reply(status, &body)) else {
                assert!(status < 300 && code == Some(0), "{status} {code:?}");
                continue;
            };
            let exact = |numbers: &[i64]| numbers.iter().any(|n| i64::from(status) == *n || code == Some(*n));
            let allowed = match failure.verdict {
                Verdict::Stop => exact(&[401, 402, 403]),
                Verdict::Gone => exact(&[404]),
                Verdict::Unreachable(pause) => exact(&[503]) && pause == PAUSE,
                Verdict::Again(pause) => pause == PAUSE || status < 300,
                Verdict::Final => (300..500).contains(&status) || code.is_some_and(|code| (300..500).contains(&code)),
                Verdict::Local => false,
            };
            assert!(allowed, "{call} {status} {code:?}: {failure:?}");
        }
    }
}

/// JSON of any shape, with the names that the client looks for.
fn json() -> impl Strategy<Value = Value> {
    const NAMES: [&str; 9] = ["code", "message", "data", "taskId", "status", "progress", "result", "urls", "fullPath"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        proptest::sample::select(&["0", "t-1", "FAILED", "https://a.example/1?b", "\u{1b}[2J"][..])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let named = (proptest::sample::select(&NAMES[..]).prop_map(str::to_owned), inner.clone());
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(Value::from),
            proptest::collection::vec(named, 0..6).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_is_accepted_without_a_task_id(status in 100u16..1000, body in json()) {
        let data = &body["data"];
        let named = !data["taskId"].is_null() || data.as_array().is_some_and(|d| d.iter().any(|d| !d["taskId"].is_null()));
        match submission(reply(status, &body.to_string())) {
            Submission::Accepted(_) => prop_assert!(named),
            Submission::Refused(Failure { message: shown, .. }) | Submission::Unknown(shown) => {
                prop_assert!(shown.chars().count() < 1500 && !shown.contains(char::is_control));
            }
        }
    }

    #[test]
    fn no_body_panics(status in 100u16..1000, bytes in any::<Vec<u8>>(), data in json()) {
        for body in [bytes, serde_json::json!({"code": 0, "data": data}).to_string().into_bytes()] {
            let exchange = || Exchange::Reply(Reply { status, body: body.clone(), ..Reply::default() });
            let _ = submission(exchange());
            if let Ok(envelope) = answer(Call::Status, exchange()) {
                if let Some(Progress { word, progress, message, .. }) = envelope.progress() {
                    let shown = word + &progress.unwrap_or_default() + &message;
                    prop_assert!(shown.chars().count() < 2000 && !shown.contains(char::is_control));
                }
                prop_assert!(envelope.videos().into_iter().flatten().all(|url| url.starts_with("http")));
            }
        }
    }
}
