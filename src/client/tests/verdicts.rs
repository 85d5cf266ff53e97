//! The tables of verdicts, over every combination of HTTP status, code and voice.

use crate::client::failure::{Exchange, Reply, progress, videos};
use crate::client::verdict::{self, Since, Way, presence};
use crate::client::{NotTaken, Progress, Speaker, Submission, Then, Urgency, Verdict};
use crate::service::names::TaskId;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

const PAUSE: Option<Duration> = Some(Duration::from_secs(7));

fn reply(status: u16, body: &str) -> Exchange {
    Exchange::Reply(Reply { status, retry_after: PAUSE, body: body.into(), ..Reply::default() })
}

fn submission_with(exchange: Exchange, since: Since, turned_away: &[u16]) -> Submission {
    verdict::submission(exchange, Way { since, turned_away: &turned_away.iter().copied().collect::<BTreeSet<_>>() })
}

fn submission(exchange: Exchange) -> Submission {
    submission_with(exchange, Since::Start, &[429])
}

fn task() -> TaskId {
    TaskId::new("t-1").unwrap()
}

/// The form of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// An envelope with the service's time.
    Own,
    /// An envelope without it.
    Envelope,
    /// JSON with a message, without a code.
    Message,
    Page,
}

/// A reply and its components.
#[derive(Clone, Debug)]
struct Case {
    status: u16,
    form: Form,
    code: Option<i64>,
    body: String,
}

/// Returns every status, in every form, with every code of interest.
fn cases() -> impl Iterator<Item = Case> {
    let codes = [0, 1, -1, 200, 400, 401, 402, 403, 404, 408, 422, 429, 500, 502, 503, 504, 20_001, i64::MIN, i64::MAX];
    (200..600).flat_map(move |status| {
        let own = codes
            .map(|code| (Form::Own, Some(code), format!(r#"{{"code":{code},"message":"m","data":null,"ts":"x"}}"#)));
        let made_up = codes.map(|code| (Form::Envelope, Some(code), format!(r#"{{"code":"{code}","message":"m"}}"#)));
        let others = [(Form::Message, None, r#"{"message":"m"}"#.to_owned()), (Form::Page, None, "<html>".to_owned())];
        let all = own.into_iter().chain(made_up).chain(others);
        all.map(move |(form, code, body)| Case { status, form, code, body })
    })
}

/// Returns the verdict of the manual's table, row by row, in its own order.
fn manual(case: &Case, since: Since) -> Option<Then> {
    let Case { status, form, code, .. } = *case;
    let refusal = |number: i64| (400..500).contains(&number) && number != 408 && number != 429;
    let enveloped = matches!(form, Form::Own | Form::Envelope);
    if status == 429 || (enveloped && code == Some(429)) {
        // For a gateway that answers 429, the code says nothing more.
        return Some(Then::SlowDown(PAUSE));
    }
    if (form == Form::Own || (form == Form::Envelope && status == 200)) && code.is_some_and(refusal) {
        let account = (401..=403).contains(&status) || matches!(code, Some(401..=403));
        return Some(if account { Then::StopSubmits } else { Then::Refuse });
    }
    if form == Form::Own && matches!(code, Some(500 | 503)) {
        return Some(Then::Later(PAUSE));
    }
    if form == Form::Own || !(300..500).contains(&status) || status == 408 {
        return None;
    }
    if status >= 400 && form != Form::Page && code.is_none_or(refusal) {
        let urgency = if (401..=404).contains(&status) { Urgency::AtOnce } else { Urgency::ThreeInARow };
        return Some(Then::Leave(urgency));
    }
    if code.is_some_and(|code| !refusal(code)) || since == Since::Answered {
        return None;
    }
    let at_once = status < 400 || matches!(status, 401 | 403 | 404 | 405);
    Some(Then::TurnAway(if at_once { Urgency::AtOnce } else { Urgency::ThreeInARow }))
}

#[test]
fn a_submit_is_judged_as_the_manual_says() {
    for since in [Since::Start, Since::Answered] {
        for case in cases() {
            let found = match submission_with(reply(case.status, &case.body), since, &[429]) {
                Submission::Accepted(_) => panic!("{case:?}: nothing was accepted"),
                Submission::NotTaken(NotTaken { then, by, .. }) => {
                    assert_eq!(by == Speaker::Service, case.form == Form::Own, "{case:?}");
                    Some(then)
                }
                Submission::Unknown(_) => None,
            };
            assert_eq!(found, manual(&case, since), "{case:?} {since:?}");
        }
    }
}

#[test]
fn a_status_that_says_that_nothing_was_passed_on_is_no_riddle() {
    for since in [Since::Start, Since::Answered] {
        let judged = |status, body| match submission_with(reply(status, body), since, &[403, 503]) {
            Submission::NotTaken(refusal) => Some(refusal.then),
            _ => None,
        };
        assert_eq!(judged(503, "<html>"), Some(Then::SlowDown(PAUSE)));
        assert_eq!(judged(503, r#"{"code":503,"message":"m"}"#), Some(Then::SlowDown(PAUSE)));
        assert_eq!(judged(403, "<html>"), Some(Then::TurnAway(Urgency::AtOnce)));
        assert_eq!(judged(429, "<html>"), None, "429 isn't among them");
        assert_eq!(judged(502, "<html>"), None);
    }
}

#[test]
fn a_task_id_is_accepted_whatever_else_the_reply_says() {
    for Case { status, code, .. } in cases() {
        let code = code.unwrap_or_default();
        for time in ["", r#","ts":"x""#] {
            let body = format!(r#"{{"code":{code},"data":{{"taskId":"t-1"}}{time}}}"#);
            assert!(matches!(submission(reply(status, &body)), Submission::Accepted(_)), "{status} {code}");
        }
    }
}

#[test]
fn only_what_was_never_sent_is_not_taken_without_a_reply() {
    let then = |exchange| match submission(exchange) {
        Submission::NotTaken(refusal) => refusal.then,
        other => panic!("{other:?}"),
    };
    assert_eq!(then(Exchange::NoConnection("connection refused".into())), Then::WaitForService);
    assert_eq!(then(Exchange::NoWay("the proxy says 407".into())), Then::GiveUp);
    assert_eq!(submission(Exchange::Broken("reset".into())), Submission::Unknown("submit: reset".into()));
}

#[test]
fn a_paid_task_is_given_up_for_the_services_own_word_only() {
    for case in cases() {
        let outcomes = [
            progress(reply(case.status, &case.body), &task()).map(drop),
            videos(reply(case.status, &case.body), &task()).map(drop),
        ];
        for outcome in outcomes {
            let failure = outcome.unwrap_err();
            let exact = |numbers: &[i64]| numbers.iter().any(|n| i64::from(case.status) == *n || case.code == Some(*n));
            let own = case.form == Form::Own;
            let allowed = match failure.verdict {
                Verdict::Stop => own && exact(&[401, 402, 403]),
                Verdict::Gone => own && exact(&[404]),
                Verdict::Final => own && !exact(&[401, 402, 403, 404, 429, 503]),
                Verdict::Again(_) => own || (case.status < 300 && case.code == Some(0)),
                Verdict::Away(pause) => !own && pause == PAUSE,
                Verdict::Unreachable(_) | Verdict::NoWay | Verdict::Local => false,
            };
            assert!(allowed, "{case:?}: {failure:?}");
        }
    }
}

#[test]
fn the_service_is_there_where_its_own_word_is_heard() {
    for case in cases() {
        assert_eq!(presence(reply(case.status, &case.body)).is_ok(), case.form == Form::Own, "{case:?}");
    }
    assert_eq!(presence(Exchange::NoConnection("refused".into())).unwrap_err().verdict, Verdict::Unreachable(None));
    assert_eq!(presence(Exchange::Broken("reset".into())).unwrap_err().verdict, Verdict::Away(None));
}

/// Returns JSON of any shape, with the names that the client reads.
fn json() -> impl Strategy<Value = Value> {
    const NAMES: [&str; 11] =
        ["code", "message", "data", "taskId", "id", "ts", "status", "progress", "result", "urls", "fullPath"];
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
            Submission::NotTaken(NotTaken { message: shown, .. }) | Submission::Unknown(shown) => {
                prop_assert!(shown.chars().count() < 1500 && !shown.contains(char::is_control));
            }
        }
    }

    #[test]
    fn no_body_panics(status in 100u16..1000, bytes in any::<Vec<u8>>(), data in json()) {
        for body in [bytes, serde_json::json!({"code": 0, "data": data}).to_string().into_bytes()] {
            let exchange = || Exchange::Reply(Reply { status, body: body.clone(), ..Reply::default() });
            let _ = submission(exchange());
            if let Ok(Progress { word, progress, message, .. }) = progress(exchange(), &task()) {
                let shown = word + &progress.unwrap_or_default() + &message;
                prop_assert!(shown.chars().count() < 2000 && !shown.contains(char::is_control));
            }
            prop_assert!(videos(exchange(), &task()).into_iter().flatten().all(|url| url.starts_with("http")));
        }
    }
}
