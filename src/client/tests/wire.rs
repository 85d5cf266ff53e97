//! Every literal reply under `tests/wire`, with the client's interpretation.

use super::server::Act;
use super::*;
use crate::base::digest::Sha256;
use crate::client::verdict::Since;
use crate::client::{Failure, NotTaken, Service as _, Submission};
use crate::service::image::LocalImage;
use crate::service::names::TaskId;
use crate::service::request::Urls;
use std::path::{Path, PathBuf};

/// The reply's file, and the outcome: for failures verdict, code and message.
#[rustfmt::skip] // one row a reply
const TABLE: &[(&str, &str)] = &[
    ("submit/accepted-after-hints", "accepted 3524e0b3ba014b12ab1faf29f9f00000"),
    ("submit/accepted-array", "accepted 3524e0b3ba014b12ab1faf29f9f00000"),
    ("submit/accepted-behind-a-byte-order-mark", "accepted 3524e0b3ba014b12ab1faf29f9f00000"),
    ("submit/accepted-chunked", "accepted 3524e0b3ba014b12ab1faf29f9f00000"),
    ("submit/accepted-code-in-quotes", "accepted 3524e0b3ba014b12ab1faf29f9f00000"),
    ("submit/accepted-code-missing", "accepted 3524e0b3ba014b12ab1faf29f9f00000"),
    ("submit/accepted-gzip", "accepted 3524e0b3ba014b12ab1faf29f9f00000"),
    ("submit/accepted-longer-announced", "accepted 3524e0b3ba014b12ab1faf29f9f00000"),
    ("submit/accepted-number", "accepted 1234567890123456789"),
    ("submit/accepted-with-400", "accepted 3524e0b3ba014b12ab1faf29f9f00000"),
    ("submit/accepted-with-500", "accepted 3524e0b3ba014b12ab1faf29f9f00000"),
    ("submit/accepted-with-gbk-message", "accepted 3524e0b3ba014b12ab1faf29f9f00000"),
    ("submit/accepted", "accepted 3524e0b3ba014b12ab1faf29f9f00000"),
    ("submit/later-500-in-200", "not taken, Later(None) 500 by the Service | submit: HTTP 200, code 500: 系统繁忙"),
    ("submit/later-500-in-502", "not taken, Later(None) 500 by the Service | submit: HTTP 502 Bad Gateway, code 500: 系统繁忙"),
    ("submit/later-500", "not taken, Later(None) 500 by the Service | submit: HTTP 500 Internal Server Error, code 500: 系统繁忙"),
    ("submit/later-503-in-200", "not taken, Later(None) 503 by the Service | submit: HTTP 200, code 503: maintenance"),
    ("submit/later-503-own", "not taken, Later(Some(9s)) 503 by the Service | submit: HTTP 503 Service Unavailable, code 503: maintenance"),
    ("submit/left-400-code-is-a-word", "not taken, Leave(ThreeInARow) 400 by the Way | submit: HTTP 400 Bad Request: bad request"),
    ("submit/left-400-message", "not taken, Leave(ThreeInARow) 400 by the Way | submit: HTTP 400 Bad Request: bad request"),
    ("submit/left-403-message", "not taken, Leave(AtOnce) 403 by the Way | submit: HTTP 403 Forbidden: Missing Authentication Token"),
    ("submit/left-422-gateway", "not taken, Leave(ThreeInARow) 422 by the Way | submit: HTTP 422 Unprocessable Entity, code 422: not processable"),
    ("submit/refused-400-in-200-without-time", "not taken, Refuse 400 by the Way | submit: HTTP 200, code 400: 参数错误"),
    ("submit/refused-400-in-200", "not taken, Refuse 400 by the Service | submit: HTTP 200, code 400: 参数错误"),
    ("submit/refused-400-in-500", "not taken, Refuse 400 by the Service | submit: HTTP 500 Internal Server Error, code 400: 参数错误"),
    ("submit/refused-400-in-504", "not taken, Refuse 400 by the Service | submit: HTTP 504 Gateway Timeout, code 400: 参数错误"),
    ("submit/refused-400-moderated-by-a-front", "not taken, Refuse content by the Way | submit: HTTP 400 Bad Request: The content contains inappropriate information and does not pass the review."),
    ("submit/refused-400-moderated", "not taken, Refuse content by the Service | submit: HTTP 400 Bad Request, code 400: 内容审核未通过"),
    ("submit/refused-400", "not taken, Refuse 400 by the Service | submit: HTTP 400 Bad Request, code 400: 参数错误"),
    ("submit/refused-400018", "not taken, Refuse 500 by the Service | submit: HTTP 200, code 500: 400018 prompt too long"),
    ("submit/refused-404-in-200", "not taken, Refuse 404 by the Service | submit: HTTP 200, code 404: no route"),
    ("submit/refused-404-own", "not taken, Refuse 404 by the Service | submit: HTTP 404 Not Found, code 404: no such model"),
    ("submit/refused-422-own", "not taken, Refuse 422 by the Service | submit: HTTP 422 Unprocessable Entity, code 422: resolution"),
    ("submit/refused-500030", "not taken, Refuse 400 by the Service | submit: HTTP 200, code 400: 500030"),
    ("submit/refused-500054", "not taken, Refuse content by the Service | submit: HTTP 500 Internal Server Error, code 500: 500054: content moderation"),
    ("submit/refused-500063-as-code", "not taken, Refuse content by the Service | submit: HTTP 200, code 500063"),
    ("submit/refused-escapes", "not taken, Refuse 400 by the Service | submit: HTTP 200, code 400: ]0;owned [2Jbad prompt gpj.exe"),
    ("submit/slow-429-date", "not taken, SlowDown(Some(30s)) 429 by the Way | submit: HTTP 429 Too Many Requests"),
    ("submit/slow-429-gateway", "not taken, SlowDown(None) 429 by the Way | submit: HTTP 429 Too Many Requests, code 429: rate limited"),
    ("submit/slow-429-in-200", "not taken, SlowDown(Some(3s)) 429 by the Service | submit: HTTP 200, code 429: slow down"),
    ("submit/slow-429-page", "not taken, SlowDown(None) 429 by the Way | submit: HTTP 429 Too Many Requests"),
    ("submit/slow-429-seconds", "not taken, SlowDown(Some(7s)) 429 by the Service | submit: HTTP 429 Too Many Requests, code 429: slow down"),
    ("submit/slow-429", "not taken, SlowDown(None) 429 by the Service | submit: HTTP 429 Too Many Requests, code 429: slow down"),
    ("submit/slow-500044", "not taken, SlowDown(None) 429 by the Service | submit: HTTP 200, code 500: 500044: reached the limit for concurrent generations"),
    ("submit/slow-too-many-of-a-front", "not taken, SlowDown(Some(4s)) 429 by the Way | submit: HTTP 400 Bad Request: Too many requests"),
    ("submit/stop-401-own", "not taken, StopSubmits 401 by the Service | submit: HTTP 401 Unauthorized, code 401: no key"),
    ("submit/stop-402-in-200", "not taken, StopSubmits 402 by the Service | submit: HTTP 200, code 402: 余额不足"),
    ("submit/stop-403", "not taken, StopSubmits 403 by the Service | submit: HTTP 403 Forbidden, code 400: account frozen"),
    ("submit/stop-500020", "not taken, StopSubmits 403 by the Service | submit: HTTP 200, code 500: 500020"),
    ("submit/stop-balance-in-500", "not taken, StopSubmits 402 by the Service | submit: HTTP 200, code 500: 余额不足"),
    ("submit/stop-balance-of-a-front", "not taken, StopSubmits 402 by the Way | submit: HTTP 400 Bad Request: insufficient credits"),
    ("submit/stop-key-repeated", "not taken, StopSubmits 401 by the Service | submit: HTTP 401 Unauthorized, code 401: unknown key ********************"),
    ("submit/turned-away-301", "not taken, TurnAway(AtOnce) 301 by the Way | submit: turned away before the service at HOST: HTTP 301 Moved Permanently; a redirect to www.example.com, which is not followed: is the base URL right?"),
    ("submit/turned-away-302-relative", "not taken, TurnAway(AtOnce) 302 by the Way | submit: turned away before the service at HOST: HTTP 302 Found; a redirect to 127.0.0.1, which is not followed: is the base URL right?"),
    ("submit/turned-away-400-code-alone", "not taken, TurnAway(ThreeInARow) 400 by the Way | submit: turned away before the service at HOST: HTTP 400 Bad Request, code 400"),
    ("submit/turned-away-401-page", "not taken, TurnAway(AtOnce) 401 by the Way | submit: turned away before the service at HOST: HTTP 401 Unauthorized"),
    ("submit/turned-away-403-page", "not taken, TurnAway(AtOnce) 403 by the Way | submit: turned away before the service by haproxy/2.6.12 at HOST: HTTP 403 Forbidden"),
    ("submit/turned-away-404-page", "not taken, TurnAway(AtOnce) 404 by the Way | submit: turned away before the service at HOST: HTTP 404 Not Found"),
    ("submit/turned-away-405-page", "not taken, TurnAway(AtOnce) 405 by the Way | submit: turned away before the service at HOST: HTTP 405 Method Not Allowed"),
    ("submit/turned-away-413-page", "not taken, TurnAway(ThreeInARow) 413 by the Way | submit: turned away before the service at HOST: HTTP 413 Payload Too Large"),
    ("submit/unknown-302-with-a-task-id", r#"unknown, submit: HTTP 302 Found; a redirect to 127.0.0.1, which is not followed: is the base URL right?; no task id in the reply: {"taskId":"3524e0b3ba014b12ab1faf29f9f00000"}"#),
    ("submit/unknown-408", "unknown, submit: HTTP 408 Request Timeout; no task id in the reply: <html><head><title>Sorry</title></head><body> <h1>Bad Gateway</h1></body></html>"),
    ("submit/unknown-422-cut", r#"unknown, submit: HTTP 422 Unprocessable Entity; the reply was cut short (end of file before message length reached); no task id in the reply: {"code":42"#),
    ("submit/unknown-500-page", "unknown, submit: HTTP 500 Internal Server Error; no task id in the reply: <html><head><title>Sorry</title></head><body> <h1>Bad Gateway</h1></body></html>"),
    ("submit/unknown-500-with-code-0", r#"unknown, submit: HTTP 500 Internal Server Error, code 0: ok; no task id in the reply: {"code":0,"message":"ok","data":null,"ts":"2026-03-09T10:44:54.716004004+08:00[Asia/Shanghai]"}"#),
    ("submit/unknown-502", "unknown, submit: HTTP 502 Bad Gateway; no task id in the reply: <html><head><title>Sorry</title></head><body> <h1>Bad Gateway</h1></body></html>"),
    ("submit/unknown-503-page", "unknown, submit: HTTP 503 Service Unavailable; no task id in the reply: <html><head><title>Sorry</title></head><body> <h1>Bad Gateway</h1></body></html>"),
    ("submit/unknown-503-retry-after", "unknown, submit: HTTP 503 Service Unavailable; no task id in the reply: <html><head><title>Sorry</title></head><body> <h1>Bad Gateway</h1></body></html>"),
    ("submit/unknown-504", "unknown, submit: HTTP 504 Gateway Timeout; no task id in the reply: it is empty"),
    ("submit/unknown-507-without-code", r#"unknown, submit: HTTP 507 Insufficient Storage; no task id in the reply: {"error":"disk full"}"#),
    ("submit/unknown-code-is-a-word", r#"unknown, submit: HTTP 200: queued; no task id in the reply: {"code":"OK","message":"queued"}"#),
    ("submit/unknown-cut-chunk", r#"unknown, submit: HTTP 200; the reply was cut short (end of file before message length reached); no task id in the reply: {"code":0,"mess"#),
    ("submit/unknown-cut-head", "unknown, submit: the connection to HOST broke: connection closed before message completed"),
    ("submit/unknown-cut", r#"unknown, submit: HTTP 200; the reply was cut short (end of file before message length reached); no task id in the reply: {"code":0,"message":"任务提交成功","data":{"taskId":"3524e0b3ba014"#),
    ("submit/unknown-empty-task-id", r#"unknown, submit: HTTP 200, code 0: ok; no task id in the reply: {"code":0,"message":"ok","data":{"taskId":""},"ts":"2026-03-09T10:44:54.716004004+08:00[Asia/Shanghai]"}"#),
    ("submit/unknown-empty", "unknown, submit: HTTP 200; no task id in the reply: it is empty"),
    ("submit/unknown-gateway-408", r#"unknown, submit: HTTP 408 Request Timeout, code 408: request timeout; no task id in the reply: {"code":408,"message":"request timeout"}"#),
    ("submit/unknown-gateway-500-in-200", r#"unknown, submit: HTTP 200, code 500: internal error; no task id in the reply: {"code":500,"message":"internal error"}"#),
    ("submit/unknown-gateway-500", r#"unknown, submit: HTTP 500 Internal Server Error, code 500: internal error; no task id in the reply: {"code":500,"message":"internal error"}"#),
    ("submit/unknown-gateway-503", r#"unknown, submit: HTTP 503 Service Unavailable, code 503: upstream connect error or disconnect/reset before headers; no task id in the reply: {"code":503,"message":"upstream connect error or disconnect/reset before headers"}"#),
    ("submit/unknown-gateway-504-in-400", r#"unknown, submit: HTTP 400 Bad Request, code 504: upstream request timeout; no task id in the reply: {"code":504,"message":"upstream request timeout"}"#),
    ("submit/unknown-gateway-504", r#"unknown, submit: HTTP 504 Gateway Timeout, code 504: upstream request timeout; no task id in the reply: {"code":504,"message":"upstream request timeout"}"#),
    ("submit/unknown-no-content", "unknown, submit: HTTP 204; no task id in the reply: it is empty"),
    ("submit/unknown-no-envelope", r#"unknown, submit: HTTP 200; no task id in the reply: {"status":"ok"}"#),
    ("submit/unknown-no-http", "unknown, submit: the connection to HOST broke: invalid HTTP version parsed"),
    ("submit/unknown-no-task-id", r#"unknown, submit: HTTP 200, code 0: ok; no task id in the reply: {"code":0,"message":"ok","data":{},"ts":"2026-03-09T10:44:54.716004004+08:00[Asia/Shanghai]"}"#),
    ("submit/unknown-odd-task-id", r#"unknown, submit: HTTP 200, code 0: ok; a task id that can't be one: "../admin? [31m""#),
    ("submit/unknown-own-200", r#"unknown, submit: HTTP 200, code 200: success; no task id in the reply: {"code":200,"message":"success","data":null,"ts":"2026-03-09T10:44:54.716004004+08:00[Asia/Shanghai]"}"#),
    ("submit/unknown-own-408", r#"unknown, submit: HTTP 200, code 408: timeout; no task id in the reply: {"code":408,"message":"timeout","data":null,"ts":"2026-03-09T10:44:54.716004004+08:00[Asia/Shanghai]"}"#),
    ("submit/unknown-own-502", r#"unknown, submit: HTTP 502 Bad Gateway, code 502: bad gateway; no task id in the reply: {"code":502,"message":"bad gateway","data":null,"ts":"2026-03-09T10:44:54.716004004+08:00[Asia/Shanghai]"}"#),
    ("submit/unknown-own-504", r#"unknown, submit: HTTP 504 Gateway Timeout, code 504: gateway timeout; no task id in the reply: {"code":504,"message":"gateway timeout","data":null,"ts":"2026-03-09T10:44:54.716004004+08:00[Asia/Shanghai]"}"#),
    ("submit/unknown-own-code", r#"unknown, submit: HTTP 200, code -1001: no such model; no task id in the reply: {"code":-1001,"message":"no such model","data":null,"ts":"2026-03-09T10:44:54.716004004+08:00[Asia/Shanghai]"}"#),
    ("submit/unknown-page", "unknown, submit: HTTP 200; no task id in the reply: <html><head><title>Sorry</title></head><body> <h1>Bad Gateway</h1></body></html>"),
    ("submit/unknown-several-task-ids-with-400", "unknown, submit: HTTP 400 Bad Request, code 400: no; several task ids: a-1, b-2"),
    ("submit/unknown-two-task-ids", "unknown, submit: HTTP 200, code 0: ok; several task ids: a-1, b-2"),
    ("upload/again-500-in-200", "Again(None) 500 | upload: HTTP 200, code 500: storage is full"),
    ("upload/array", "https://s1.example.com/u/hero.png"),
    ("upload/no-url", "Again(None) nonsense | upload: the reply has no URL of the image in it"),
    ("upload/object", "https://s1.example.com/u/hero.png"),
    ("upload/relative", r#"Again(None) no-url | upload: the reply has "/u/hero.png" in the place of the image's URL"#),
    ("upload/stop-401", "Stop 401 | upload: HTTP 401 Unauthorized, code 401: no key"),
    ("upload/too-large", "Final 413 | upload: HTTP 413 Payload Too Large"),
    ("status/again-429-own", "Again(Some(5s)) 429 | status: HTTP 429 Too Many Requests, code 429: slow down"),
    ("status/again-500-in-200", "Again(None) 500 | status: HTTP 200, code 500: 系统繁忙"),
    ("status/again-503-own", "Again(None) 503 | status: HTTP 503 Service Unavailable, code 503: maintenance"),
    ("status/again-own-code", "Again(None) 20001 | status: HTTP 200, code 20001: queue is moving"),
    ("status/away-401", "Away(None) 401 | status: HTTP 401 Unauthorized"),
    ("status/away-404-gateway", "Away(None) 404 | status: HTTP 404 Not Found, code 404: no route"),
    ("status/away-404-page", "Away(None) 404 | status: HTTP 404 Not Found"),
    ("status/away-408", "Away(None) 408 | status: HTTP 408 Request Timeout"),
    ("status/away-429", "Away(Some(5s)) 429 | status: HTTP 429 Too Many Requests"),
    ("status/away-502", "Away(None) 502 | status: HTTP 502 Bad Gateway"),
    ("status/away-503", "Away(None) 503 | status: HTTP 503 Service Unavailable"),
    ("status/away-504-gateway", "Away(None) 504 | status: HTTP 504 Gateway Timeout, code 504: upstream request timeout"),
    ("status/away-cut", r#"Away(None) nonsense | status: HTTP 200; the reply was cut short (end of file before message length reached); the reply makes no sense: {"code":0,"data":[{"sta"#),
    ("status/away-page", "Away(None) nonsense | status: HTTP 200; the reply makes no sense: <html><head><title>Sorry</title></head><body> <h1>Bad Gateway</h1></body></html>"),
    ("status/away-redirect", "Away(None) 307 | status: HTTP 307 Temporary Redirect; a redirect to status.example.com, which is not followed: is the base URL right?"),
    ("status/canceled", r#"Failed CANCELED  "by the user""#),
    ("status/completed", r#"Completed COMPLETED 100% "success""#),
    ("status/failed-error-object", r#"Failed FAILED  "out of memory""#),
    ("status/failed-without-a-reason", r#"Failed FAILED  """#),
    ("status/failed", r#"Failed FAILED  "内容审核未通过""#),
    ("status/gone-404-in-200", "Gone 404 | status: HTTP 200, code 404: task not found"),
    ("status/gone-404", "Gone 404 | status: HTTP 404 Not Found, code 404: task not found"),
    ("status/list-of-others", "Again(None) nonsense | status: the reply has no status of this task in it"),
    ("status/list-ours-by-id", r#"Completed COMPLETED  "success""#),
    ("status/list-ours-second", r#"Running RUNNING  "success""#),
    ("status/list-without-ids", "Again(None) nonsense | status: the reply has no status of this task in it"),
    ("status/no-data", "Again(None) nonsense | status: the reply has no status of this task in it"),
    ("status/no-status", "Again(None) nonsense | status: the reply has no status of this task in it"),
    ("status/object-of-another", "Again(None) nonsense | status: the reply has no status of this task in it"),
    ("status/pending", r#"Running PENDING  "success""#),
    ("status/refused-400-in-200", "Final 400 | status: HTTP 200, code 400: bad id"),
    ("status/refused-400", "Final 400 | status: HTTP 400 Bad Request, code 400: bad id"),
    ("status/running-object", r#"Running RUNNING 37 "success""#),
    ("status/running", r#"Running RUNNING 37% "success""#),
    ("status/stop-401-own", "Stop 401 | status: HTTP 401 Unauthorized, code 401: no key"),
    ("status/stop-403-in-200", "Stop 403 | status: HTTP 200, code 403: forbidden"),
    ("status/strange-word", r#"Strange QUEUEING [1M  "success""#),
    ("result/again-500", "Again(None) 500 | result: HTTP 500 Internal Server Error, code 500: 系统繁忙"),
    ("result/array-result", "https://s1.example.com/a/1.mp4?sign=x http://s1.example.com/a/2.mp4"),
    ("result/array", "https://s1.example.com/a/1.mp4?sign=x http://s1.example.com/a/2.mp4"),
    ("result/away-404-page", "Away(None) 404 | result: HTTP 404 Not Found"),
    ("result/away-502-page", "Away(None) 502 | result: HTTP 502 Bad Gateway"),
    ("result/away-cut", r#"Away(None) nonsense | result: HTTP 200; the reply was cut short (end of file before message length reached); the reply makes no sense: {"code":0,"data":{"urls":["https://s1.exa"#),
    ("result/empty", "Again(None) not-ready | result: no videos are listed yet"),
    ("result/gone-404", "Gone 404 | result: HTTP 404 Not Found, code 404: task not found"),
    ("result/list-of-others", "Again(None) nonsense | result: the reply has no list of URLs of this task in it"),
    ("result/list-ours-second", "https://s1.example.com/1.mp4"),
    ("result/no-list", "Again(None) nonsense | result: the reply has no list of URLs of this task in it"),
    ("result/no-url", r#"Again(None) nonsense | result: the reply lists "file:///etc/passwd" in the place of a video's URL"#),
    ("result/object", "https://s1.example.com/a/1.mp4?sign=x http://s1.example.com/a/2.mp4"),
    ("result/relative", r#"Again(None) nonsense | result: the reply lists "/a/1.mp4" in the place of a video's URL"#),
    ("result/several-without-ids", "Again(None) nonsense | result: the reply has no list of URLs of this task in it"),
    ("result/with-an-empty-place", "https://s1.example.com/1.mp4"),
];

/// Replies with another meaning once a submit of the run was accepted: a filter on replies may look like this.
#[rustfmt::skip] // one row a reply
const AFTERWARDS: &[(&str, &str)] = &[
    ("submit/turned-away-301", "unknown, submit: HTTP 301 Moved Permanently; a redirect to www.example.com, which is not followed: is the base URL right?; no task id in the reply: it is empty"),
    ("submit/turned-away-302-relative", "unknown, submit: HTTP 302 Found; a redirect to 127.0.0.1, which is not followed: is the base URL right?; no task id in the reply: it is empty"),
    ("submit/turned-away-400-code-alone", r#"unknown, submit: HTTP 400 Bad Request, code 400; no task id in the reply: {"code":400}"#),
    ("submit/turned-away-401-page", "unknown, submit: HTTP 401 Unauthorized; no task id in the reply: <html><head><title>Sorry</title></head><body> <h1>Bad Gateway</h1></body></html>"),
    ("submit/turned-away-403-page", "unknown, submit: HTTP 403 Forbidden; no task id in the reply: <html><head><title>Sorry</title></head><body> <h1>Bad Gateway</h1></body></html>"),
    ("submit/turned-away-404-page", "unknown, submit: HTTP 404 Not Found; no task id in the reply: <html><head><title>Sorry</title></head><body> <h1>Bad Gateway</h1></body></html>"),
    ("submit/turned-away-405-page", "unknown, submit: HTTP 405 Method Not Allowed; no task id in the reply: <html><head><title>Sorry</title></head><body> <h1>Bad Gateway</h1></body></html>"),
    ("submit/turned-away-413-page", "unknown, submit: HTTP 413 Payload Too Large; no task id in the reply: <html><head><title>Sorry</title></head><body> <h1>Bad Gateway</h1></body></html>"),
];

#[tokio::test]
async fn every_reply_means_what_the_table_says() {
    let mut wrong = String::new();
    for (name, expected) in TABLE {
        let found = heard(name, Since::Start).await;
        if found != *expected {
            wrong += &format!("    (\"{name}\", {found:?}),\n");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[tokio::test]
async fn a_reply_after_an_accepted_submit_means_the_same_unless_it_may_be_a_filter_on_answers() {
    let mut wrong = String::new();
    for (name, before) in TABLE.iter().filter(|(name, _)| name.starts_with("submit/")) {
        let expected = AFTERWARDS.iter().find(|(other, _)| other == name).map_or(before, |(_, after)| after);
        let found = heard(name, Since::Answered).await;
        if found != *expected {
            wrong += &format!("    (\"{name}\", {found:?}),\n");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// Returns a fresh client's interpretation of a literal reply, after an accepted submit if requested.
async fn heard(name: &str, since: Since) -> String {
    let reply =
        |name: &str| vec![Act::Send(std::fs::read(folder().join(name).with_extension("http")).unwrap()), Act::Close];
    let before = (since == Since::Answered).then(|| reply("submit/accepted"));
    let (server, service) = scripted(before.into_iter().chain([reply(name)])).await;
    if since == Since::Answered {
        assert!(matches!(service.submit(&generation(), &Urls::new()).await, Submission::Accepted(_)));
    }
    outcome(&service, name).await.replace(server.base().strip_prefix("http://").unwrap(), "HOST")
}

#[test]
fn every_reply_is_in_the_table() {
    let mut files = Vec::new();
    for call in ["submit", "upload", "status", "result"] {
        for entry in std::fs::read_dir(folder().join(call)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            files.push(format!("{call}/{}", name.strip_suffix(".http").unwrap()));
        }
    }
    files.sort_unstable();
    let mut table: Vec<_> = TABLE.iter().map(|(name, _)| (*name).to_owned()).collect();
    table.sort_unstable();
    assert_eq!(files, table);
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire")
}

/// Returns the client's outcome, in words, for the reply to the call that `name` begins with.
async fn outcome(service: &HttpService, name: &str) -> String {
    let task = TaskId::new("t-1").unwrap();
    let text = match name.split('/').next().unwrap() {
        "submit" => match service.submit(&generation(), &Urls::new()).await {
            Submission::Accepted(task) => format!("accepted {task}"),
            Submission::NotTaken(NotTaken { then, by, code, message }) => {
                format!("not taken, {then:?} {code} by the {by:?} | {message}")
            }
            Submission::Unknown(why) => format!("unknown, {why}"),
        },
        "status" => match service.status(&task).await {
            Ok(progress) => format!(
                "{:?} {} {} {:?}",
                progress.state,
                progress.word,
                progress.progress.unwrap_or_default(),
                progress.message
            ),
            Err(failure) => shown(&failure),
        },
        "result" => service.result(&task).await.map_or_else(|failure| shown(&failure), |urls| urls.join(" ")),
        "upload" => {
            let file = tempfile::NamedTempFile::new().unwrap();
            let (path, shown_as) = (file.path().to_owned(), "hero.png".to_owned());
            let image =
                LocalImage { path, shown: shown_as, sha256: Sha256::of(b""), bytes: 0, media_type: "image/png" };
            service.upload(&image, |_| {}).await.unwrap_or_else(|failure| shown(&failure))
        }
        call => panic!("no such call: {call}"),
    };
    assert!(!text.contains("0123456789-secret"), "{name}: {text}");
    text
}

fn shown(failure: &Failure) -> String {
    format!("{:?} {} | {}", failure.verdict, failure.code, failure.message)
}
