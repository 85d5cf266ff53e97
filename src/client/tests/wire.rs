//! Every literal reply under `tests/wire`, and what the client makes of it.

use super::server::Act;
use super::*;
use crate::base::digest::Sha256;
use crate::client::{Failure, Service as _, Submission};
use crate::spec::image::LocalImage;
use crate::spec::names::TaskId;
use std::path::{Path, PathBuf};

/// The reply's file, and the outcome: for failures verdict, code and message.
#[rustfmt::skip] // one row a reply
const TABLE: &[(&str, &str)] = &[
    ("submit/accepted-after-hints", "accepted 3524e0b3ba014b12ab1faf29f9f00000"),
    ("submit/accepted-array", "accepted 3524e0b3ba014b12ab1faf29f9f00000"),
    ("submit/accepted-chunked", "accepted 3524e0b3ba014b12ab1faf29f9f00000"),
    ("submit/accepted-code-in-quotes", "accepted 3524e0b3ba014b12ab1faf29f9f00000"),
    ("submit/accepted-code-missing", "accepted 3524e0b3ba014b12ab1faf29f9f00000"),
    ("submit/accepted-gzip", "accepted 3524e0b3ba014b12ab1faf29f9f00000"),
    ("submit/accepted-longer-announced", "accepted 3524e0b3ba014b12ab1faf29f9f00000"),
    ("submit/accepted-number", "accepted 1234567890123456789"),
    ("submit/accepted-with-500", "accepted 3524e0b3ba014b12ab1faf29f9f00000"),
    ("submit/accepted-with-gbk-message", "accepted 3524e0b3ba014b12ab1faf29f9f00000"),
    ("submit/accepted", "accepted 3524e0b3ba014b12ab1faf29f9f00000"),
    ("submit/refused-301", "refused, Final 301 | submit: HTTP 301 Moved Permanently; a redirect to www.example.com, which is not followed: is the base URL right?"),
    ("submit/refused-302-relative", "refused, Final 302 | submit: HTTP 302 Found; a redirect to 127.0.0.1, which is not followed: is the base URL right?"),
    ("submit/refused-400-in-200", "refused, Final 400 | submit: HTTP 200, code 400: 参数错误"),
    ("submit/refused-400-in-500", "refused, Final 400 | submit: HTTP 500 Internal Server Error, code 400: 参数错误"),
    ("submit/refused-400", "refused, Final 400 | submit: HTTP 400 Bad Request, code 400: 参数错误"),
    ("submit/refused-401-page", "refused, Stop 401 | submit: HTTP 401 Unauthorized"),
    ("submit/refused-402-in-200", "refused, Stop 402 | submit: HTTP 200, code 402: 余额不足"),
    ("submit/refused-403", "refused, Stop 403 | submit: HTTP 403 Forbidden, code 400: account frozen"),
    ("submit/refused-404-in-200", "refused, Stop 404 | submit: HTTP 200, code 404: no route"),
    ("submit/refused-404-page", "refused, Stop 404 | submit: HTTP 404 Not Found"),
    ("submit/refused-413-page", "refused, Final 413 | submit: HTTP 413 Payload Too Large"),
    ("submit/refused-422-cut", "refused, Final 422 | submit: HTTP 422 Unprocessable Entity; the reply was cut short (end of file before message length reached)"),
    ("submit/refused-429-date", "refused, Again(Some(30s)) 429 | submit: HTTP 429 Too Many Requests"),
    ("submit/refused-429-in-200", "refused, Again(Some(3s)) 429 | submit: HTTP 200, code 429: slow down"),
    ("submit/refused-429-seconds", "refused, Again(Some(7s)) 429 | submit: HTTP 429 Too Many Requests, code 429: slow down"),
    ("submit/refused-429", "refused, Again(None) 429 | submit: HTTP 429 Too Many Requests, code 429: slow down"),
    ("submit/refused-500-in-200", "refused, Again(None) 500 | submit: HTTP 200, code 500: 系统繁忙"),
    ("submit/refused-500-in-502", "refused, Again(None) 500 | submit: HTTP 502 Bad Gateway, code 500: 系统繁忙"),
    ("submit/refused-500", "refused, Again(None) 500 | submit: HTTP 500 Internal Server Error, code 500: 系统繁忙"),
    ("submit/refused-503-in-200", "refused, Unreachable(None) 503 | submit: HTTP 200, code 503: maintenance"),
    ("submit/refused-503", "refused, Unreachable(Some(120s)) 503 | submit: HTTP 503 Service Unavailable"),
    ("submit/refused-escapes", "refused, Final 400 | submit: HTTP 200, code 400: ]0;owned [2Jbad prompt gpj.exe"),
    ("submit/refused-key-repeated", "refused, Stop 401 | submit: HTTP 401 Unauthorized, code 401: unknown key ********************"),
    ("submit/refused-own-code", "refused, Final -1001 | submit: HTTP 200, code -1001: no such model"),
    ("submit/unknown-408", "unknown, submit: HTTP 408 Request Timeout; no task id in the reply: <html><head><title>Sorry</title></head><body> <h1>Bad Gateway</h1></body></html>"),
    ("submit/unknown-500-page", "unknown, submit: HTTP 500 Internal Server Error; no task id in the reply: <html><head><title>Sorry</title></head><body> <h1>Bad Gateway</h1></body></html>"),
    ("submit/unknown-500-with-code-0", r#"unknown, submit: HTTP 500 Internal Server Error, code 0: ok; no task id in the reply: {"code":0,"message":"ok","data":null,"ts":"2026-03-09T10:44:54.716004004+08:00[Asia/Shanghai]"}"#),
    ("submit/unknown-502", "unknown, submit: HTTP 502 Bad Gateway; no task id in the reply: <html><head><title>Sorry</title></head><body> <h1>Bad Gateway</h1></body></html>"),
    ("submit/unknown-504", "unknown, submit: HTTP 504 Gateway Timeout; no task id in the reply: it is empty"),
    ("submit/unknown-507-without-code", r#"unknown, submit: HTTP 507 Insufficient Storage; no task id in the reply: {"error":"disk full"}"#),
    ("submit/unknown-code-is-a-word", r#"unknown, submit: HTTP 200: queued; no task id in the reply: {"code":"OK","message":"queued"}"#),
    ("submit/unknown-cut-chunk", r#"unknown, submit: HTTP 200; the reply was cut short (end of file before message length reached); no task id in the reply: {"code":0,"mess"#),
    ("submit/unknown-cut-head", "unknown, submit: the connection to HOST broke: connection closed before message completed"),
    ("submit/unknown-cut", r#"unknown, submit: HTTP 200; the reply was cut short (end of file before message length reached); no task id in the reply: {"code":0,"message":"任务提交成功","data":{"taskId":"3524e0b3ba014"#),
    ("submit/unknown-empty-task-id", r#"unknown, submit: HTTP 200, code 0: ok; a task id that can't be one: """#),
    ("submit/unknown-empty", "unknown, submit: HTTP 200; no task id in the reply: it is empty"),
    ("submit/unknown-no-content", "unknown, submit: HTTP 204; no task id in the reply: it is empty"),
    ("submit/unknown-no-envelope", r#"unknown, submit: HTTP 200; no task id in the reply: {"status":"ok"}"#),
    ("submit/unknown-no-http", "unknown, submit: the connection to HOST broke: invalid HTTP version parsed"),
    ("submit/unknown-no-task-id", r#"unknown, submit: HTTP 200, code 0: ok; no task id in the reply: {"code":0,"message":"ok","data":{},"ts":"2026-03-09T10:44:54.716004004+08:00[Asia/Shanghai]"}"#),
    ("submit/unknown-odd-task-id", r#"unknown, submit: HTTP 200, code 0: ok; a task id that can't be one: "../admin? [31m""#),
    ("submit/unknown-page", "unknown, submit: HTTP 200; no task id in the reply: <html><head><title>Sorry</title></head><body> <h1>Bad Gateway</h1></body></html>"),
    ("submit/unknown-two-task-ids", "unknown, submit: HTTP 200, code 0: ok; several task ids: a-1, b-2"),
    ("upload/again-500-in-200", "Again(None) 500 | upload: HTTP 200, code 500: storage is full"),
    ("upload/array", "https://s1.example.com/u/hero.png"),
    ("upload/no-url", "Again(None) nonsense | upload: the reply has no URL of the image in it"),
    ("upload/object", "https://s1.example.com/u/hero.png"),
    ("upload/relative", "Again(None) nonsense | upload: the reply has no URL of the image in it"),
    ("upload/stop-401", "Stop 401 | upload: HTTP 401 Unauthorized, code 401: no key"),
    ("upload/too-large", "Final 413 | upload: HTTP 413 Payload Too Large"),
    ("status/again-408", "Again(None) 408 | status: HTTP 408 Request Timeout"),
    ("status/again-429", "Again(Some(5s)) 429 | status: HTTP 429 Too Many Requests"),
    ("status/again-500-in-200", "Again(None) 500 | status: HTTP 200, code 500: 系统繁忙"),
    ("status/again-502", "Again(None) 502 | status: HTTP 502 Bad Gateway"),
    ("status/again-own-code", "Again(None) 20001 | status: HTTP 200, code 20001: queue is moving"),
    ("status/canceled", r#"Failed CANCELED  "by the user""#),
    ("status/completed", r#"Completed COMPLETED 100% "success""#),
    ("status/cut", r#"Again(None) nonsense | status: HTTP 200; the reply was cut short (end of file before message length reached); the reply makes no sense: {"code":0,"data":[{"sta"#),
    ("status/failed-error-object", r#"Failed FAILED  "out of memory""#),
    ("status/failed", r#"Failed FAILED  "内容审核未通过""#),
    ("status/gone-404-in-200", "Gone 404 | status: HTTP 200, code 404: task not found"),
    ("status/gone-404", "Gone 404 | status: HTTP 404 Not Found, code 404: task not found"),
    ("status/no-data", "Again(None) nonsense | status: the reply has no status in it"),
    ("status/no-status", "Again(None) nonsense | status: the reply has no status in it"),
    ("status/page", "Again(None) nonsense | status: HTTP 200; the reply makes no sense: <html><head><title>Sorry</title></head><body> <h1>Bad Gateway</h1></body></html>"),
    ("status/pending", r#"Running PENDING  "success""#),
    ("status/redirect", "Final 307 | status: HTTP 307 Temporary Redirect; a redirect to status.example.com, which is not followed: is the base URL right?"),
    ("status/refused-400-in-200", "Final 400 | status: HTTP 200, code 400: bad id"),
    ("status/refused-400", "Final 400 | status: HTTP 400 Bad Request, code 400: bad id"),
    ("status/running-object", r#"Running RUNNING 37 "success""#),
    ("status/running", r#"Running RUNNING 37% "success""#),
    ("status/stop-401", "Stop 401 | status: HTTP 401 Unauthorized"),
    ("status/stop-403-in-200", "Stop 403 | status: HTTP 200, code 403: forbidden"),
    ("status/strange-word", r#"Strange QUEUEING [1M  "success""#),
    ("status/unreachable-503", "Unreachable(None) 503 | status: HTTP 503 Service Unavailable"),
    ("result/again-500", "Again(None) 500 | result: HTTP 500 Internal Server Error, code 500: 系统繁忙"),
    ("result/array-result", "https://s1.example.com/a/1.mp4?sign=x http://s1.example.com/a/2.mp4"),
    ("result/array", "https://s1.example.com/a/1.mp4?sign=x http://s1.example.com/a/2.mp4"),
    ("result/cut", r#"Again(None) nonsense | result: HTTP 200; the reply was cut short (end of file before message length reached); the reply makes no sense: {"code":0,"data":{"urls":["https://s1.exa"#),
    ("result/empty", "Again(None) not-ready | result: no videos are listed yet"),
    ("result/gone-404", "Gone 404 | result: HTTP 404 Not Found"),
    ("result/no-list", "Again(None) nonsense | result: the reply has no list of URLs in it"),
    ("result/no-url", "Again(None) nonsense | result: the reply has no list of URLs in it"),
    ("result/object", "https://s1.example.com/a/1.mp4?sign=x http://s1.example.com/a/2.mp4"),
    ("result/relative", "Again(None) nonsense | result: the reply has no list of URLs in it"),
    ("result/several", "https://s1.example.com/1.mp4 https://s1.example.com/2.mp4"),
    ("result/with-an-empty-place", "https://s1.example.com/1.mp4"),
];

#[tokio::test]
async fn every_reply_means_what_the_table_says() {
    let replies = TABLE.iter().map(|(name, _)| {
        let bytes = std::fs::read(folder().join(name).with_extension("http")).unwrap();
        vec![Act::Send(bytes), Act::Close]
    });
    let (server, service) = scripted(replies).await;
    let mut wrong = String::new();
    for (name, expected) in TABLE {
        let found = outcome(&service, name).await;
        let found = found.replace(server.base().strip_prefix("http://").unwrap(), "HOST");
        if found != *expected {
            wrong += &format!("(\"{name}\", {found:?}),\n");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
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

/// What the client makes of the reply to the call that `name` begins with, in words.
async fn outcome(service: &HttpService, name: &str) -> String {
    let task = TaskId::new("t-1").unwrap();
    let text = match name.split('/').next().unwrap() {
        "submit" => match service.submit(&serde_json::json!({})).await {
            Submission::Accepted(task) => format!("accepted {task}"),
            Submission::Refused(failure) => format!("refused, {}", shown(&failure)),
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
