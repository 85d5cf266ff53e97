//! Replies of the service: judged as the manual says of money, and shown without harm.

use batch::client::failure::{self, Exchange, Reply};
use batch::client::verdict::{self, Since, Way};
use batch::client::{Failure, Submission, TaskState};
use batch::service::limits::TURNED_AWAY;
use batch::service::names::TaskId;
use serde_json::Value;
use std::time::Duration;

/// Characters of a message at most: a sentence of the service's, an excerpt, and the words around them.
const MESSAGE: usize = 2000;

/// Judges the reply in `bytes`, as it would come over the wire, in answer to each of the calls.
pub fn judge(bytes: &[u8]) {
    let (status, body) = split(bytes);
    for flaw in [None, Some("the reply was cut short".to_owned())] {
        let retry_after = Some(Duration::from_secs(1));
        let reply = Reply { status, retry_after, body: body.to_vec(), flaw, ..Reply::default() };
        let exchange = || Exchange::Reply(reply.clone());
        for since in [Since::Start, Since::Answered] {
            let way = Way { since, turned_away: &TURNED_AWAY.into() };
            submit(status, body, &verdict::submission(exchange(), way));
        }
        ask(status, body, exchange);
    }
}

/// Status and body. Without a head it is all body, of a reply that says success.
fn split(bytes: &[u8]) -> (u16, &[u8]) {
    let head = bytes.windows(4).position(|end| end == b"\r\n\r\n");
    let status = bytes.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    match (head, status) {
        (Some(end), Some(status @ 100..=999)) => (status, &bytes[end + 4..]),
        _ => (200, bytes),
    }
}

/// Not taken only where the manual says that nothing is paid; accepted only with an id.
fn submit(status: u16, body: &[u8], outcome: &Submission) {
    let text = String::from_utf8_lossy(body);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let reply = serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
    let says_no = matches!(status, 300..=407 | 409..=499);
    match outcome {
        Submission::Accepted(task) => {
            let reply = reply.expect("only JSON has a task id");
            let found = strings(&reply["data"]).iter().any(|found| found == task.as_str());
            assert!(found, "{task} is not in the reply");
        }
        Submission::NotTaken(refusal) => {
            let code = reply.map(|reply| reply["code"].clone()).unwrap_or_default();
            let code = code.as_i64().or_else(|| code.as_str()?.trim().parse().ok());
            assert!(
                says_no || code.is_some_and(|code| code != 0),
                "HTTP {status}, code {code:?}: it may have been paid"
            );
            assert!(!refusal.code.is_empty());
            fit_to_show(&refusal.message);
        }
        Submission::Unknown(why) => fit_to_show(why),
    }
}

/// What is known of a task and its videos.
fn ask(status: u16, body: &[u8], exchange: impl Fn() -> Exchange) {
    let success = (200..=299).contains(&status);
    let task = TaskId::new("task-1").expect("an id");
    match failure::progress(exchange(), &task) {
        Ok(progress) => {
            assert!(success);
            let words = [&progress.word, &progress.message].into_iter().chain(&progress.progress);
            words.for_each(|text| fit_to_show(text));
            let lost = matches!(progress.state, TaskState::Failed | TaskState::Completed);
            let named = ["COMPLETED", "FAILED", "CANCELED", "CANCELLED"].contains(&progress.word.as_str());
            assert_eq!(lost, named, "only these words end a task: {:?}", progress.word);
        }
        Err(failed) => harmless(&failed),
    }
    match failure::videos(exchange(), &task) {
        Ok(urls) => {
            assert!(success && !urls.is_empty() && urls.len() <= body.len());
            urls.iter().for_each(|url| of_the_web(url));
        }
        Err(failed) => harmless(&failed),
    }
    match failure::upload(exchange()) {
        Ok(url) => of_the_web(&url),
        Err(failed) => harmless(&failed),
    }
}

fn of_the_web(url: &str) {
    let parsed = url::Url::parse(url).expect("a URL");
    assert!(matches!(parsed.scheme(), "http" | "https") && parsed.has_host(), "{url}");
    assert_eq!(parsed.as_str(), url, "a URL in its normal form");
}

fn harmless(failed: &Failure) {
    assert!(!failed.code.is_empty());
    fit_to_show(&failed.message);
}

/// On one line, not endless, and with nothing that steers a terminal.
fn fit_to_show(text: &str) {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    assert_eq!(text.chars().find(|c| c.is_control() || turns(*c)), None, "{text:?}");
    assert!(text.chars().count() <= MESSAGE, "{text:?}");
}

/// Every text and number in a value, as text.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Number(number) => vec![number.to_string()],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(entries) => entries.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}
