//! Misbehaviour, as it arrives at a client: nothing here would be a test if the client couldn't see it.

use super::client::{Client, json_of, was_reset};
use crate::support::service::simulator;
use batch::simulate::{Account, Call, Running};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use serde_json::json;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

fn set_up(faults: &[&str]) -> (Running, Account, Client) {
    let simulator = simulator(faults);
    let (account, client) = (simulator.account(), Client::of(&simulator));
    (simulator, account, client)
}

#[tokio::test]
async fn an_answer_takes_the_place_of_the_reply() {
    for (action, status, media_type, text) in [
        ("503", 503, "text/plain; charset=utf-8", "simulated failure"),
        ("502(html)", 502, "text/html; charset=utf-8", "<h1>Bad gateway</h1>"),
        ("200(html)", 200, "text/html; charset=utf-8", "<h1>Bad gateway</h1>"),
        ("200(empty)", 200, "text/plain; charset=utf-8", ""),
        ("429(envelope)", 429, "application/json", "\"code\":429"),
        ("200(envelope=500)", 200, "application/json", "\"code\":500"),
    ] {
        let (_simulator, account, client) = set_up(&[&format!("submit:{action}@1")]);
        let reply = client.submit("@dog runs").await.unwrap();
        assert_eq!(reply.status(), status, "{action}");
        assert_eq!(reply.headers()[CONTENT_TYPE], media_type, "{action}");
        let body = reply.text().await.unwrap();
        assert!(body.contains(text) && body.is_empty() == text.is_empty(), "{action}: {body}");
        assert_eq!(account.charges(), 0, "{action}");
        client.task("@dog runs").await;
    }
}

#[tokio::test]
async fn retry_after_comes_in_both_forms() {
    let (_simulator, _, client) = set_up(&["submit:429(retry-after=7s)@1", "submit:503(retry-date=1h)@2"]);
    assert_eq!(client.submit("@dog").await.unwrap().headers()[RETRY_AFTER], "7");
    let date = client.submit("@dog").await.unwrap().headers()[RETRY_AFTER].to_str().unwrap().to_owned();
    let then = jiff::fmt::rfc2822::parse(&date.replace("GMT", "+0000")).unwrap().timestamp();
    let away = then.duration_since(jiff::Timestamp::now()).as_secs();
    assert!((3590..=3600).contains(&away), "{date}");
}

/// A lost reply: the one case that money depends on.
#[tokio::test]
async fn a_reset_is_before_or_after_the_charge() {
    for (action, charges) in [("reset", 0), ("reset(early)", 0), ("reset(charged)", 1)] {
        let (_simulator, account, client) = set_up(&[&format!("submit:{action}@1")]);
        let error = client.submit("@dog runs").await.unwrap_err();
        assert!(was_reset(&error), "{action}: {error:?}");
        assert!(!error.is_connect(), "{action}: {error:?}");
        assert_eq!((account.charges(), account.calls(Call::Submit)), (charges, 1), "{action}");
        assert_eq!(account.requests()[0].body.is_empty(), action == "reset(early)");
        client.task("@dog runs").await;
    }
}

#[tokio::test]
async fn a_charge_can_hide_behind_any_answer() {
    for action in
        ["504(charged)", "504(html,charged)", "200(empty,charged)", "500(envelope,charged)", "garbage(charged)"]
    {
        let (_simulator, account, client) = set_up(&[&format!("submit:{action}")]);
        let outcome = client.submit("@dog runs").await;
        assert_eq!(outcome.is_err(), action.starts_with("garbage"), "{action}");
        assert_eq!(account.charges(), 1, "{action}");
        client.submit("@cat breaks a rule").await.ok();
        assert_eq!(account.charges(), 1, "{action}");
    }
}

#[tokio::test]
async fn a_stalled_call_never_comes_back() {
    for (action, charges) in [("stall", 0), ("stall(charged)", 1), ("hang(10)", 1)] {
        let (_simulator, account, client) = set_up(&[&format!("submit:{action}")]);
        let whole = async { client.submit("@dog runs").await.unwrap().text().await };
        let outcome = tokio::time::timeout(Duration::from_millis(200), whole).await;
        assert!(outcome.is_err(), "{action}: {outcome:?}");
        assert_eq!(account.charges(), charges, "{action}");
    }
}

#[tokio::test]
async fn nobody_is_at_home() {
    let (_simulator, account, client) = set_up(&["connect:reset@1-2"]);
    for _ in 0..2 {
        let error = client.submit("@dog runs").await.unwrap_err();
        assert!(was_reset(&error), "{error:?}");
    }
    client.task("@dog runs").await;
    assert_eq!(account.calls(Call::Submit), 1);
}

#[tokio::test]
async fn a_task_ends_as_the_submit_was_told() {
    let faults = ["submit:fail~fails", "submit:moderate~refused", "submit:cancel~canceled", "submit:never~never"];
    let (_simulator, account, client) = set_up(&faults);
    for (prompt, status, message) in [
        ("it fails", "FAILED", "the generation failed (simulated)"),
        (
            "it is refused",
            "FAILED",
            "the content contains inappropriate information and does not pass the review (simulated)",
        ),
        ("it is canceled", "CANCELED", "the generation was canceled (simulated)"),
        ("it never ends", "PENDING", "success"),
        ("it works", "COMPLETED", "success"),
    ] {
        let task = client.task(prompt).await;
        let reply = client.status(&task).await;
        assert_eq!((&reply["data"][0]["status"], &reply["message"]), (&json!(status), &json!(message)), "{prompt}");
    }
    assert_eq!(account.charges(), 5);
}

#[tokio::test]
async fn a_reply_has_wrong_and_missing_fields_and_other_shapes() {
    let (_simulator, account, client) = set_up(&[
        "submit:drop(taskId)@1",
        "submit:drop(code)@2",
        "submit:set(code=\"0\")@3",
        "submit:shape(array)@4",
        "status:set(status=QUEUED)",
        "result:shape(nested)@1",
        "result:shape(array)@2",
        "result:fewer(1)@3",
    ]);
    let submit = async || json_of(client.submit("@dog runs").await.unwrap()).await;
    assert_eq!(submit().await["data"], json!({}));
    assert!(submit().await.get("code").is_none());
    assert_eq!(submit().await["code"], "0");
    let task = submit().await["data"][0]["taskId"].as_str().unwrap().to_owned();
    assert_eq!(account.charges(), 4);
    assert_eq!(client.status(&task).await["data"][0]["status"], "QUEUED");
    assert_eq!(client.result(&task).await["data"][0]["result"]["urls"].as_array().unwrap().len(), 2);
    assert_eq!(client.result(&task).await["data"][0]["urls"].as_array().unwrap().len(), 2);
    assert_eq!(client.urls(&task).await.len(), 1);
    assert_eq!(client.urls(&task).await.len(), 2);
}

#[tokio::test]
async fn a_task_is_forgotten() {
    let (_simulator, _, client) = set_up(&["status:404(envelope)@2-/each~forgotten"]);
    let forgotten = client.task("@dog is forgotten").await;
    let other = client.task("@dog is remembered").await;
    for (task, codes) in [(&forgotten, [0, 404, 404]), (&other, [0, 0, 0])] {
        for code in codes {
            assert_eq!(client.status(task).await["code"], code);
        }
    }
}

#[tokio::test]
async fn a_download_falls_short_in_every_way() {
    for (action, announced, arrives) in [
        ("cut(1000)", true, Err(())),
        ("cut(0)", true, Err(())),
        ("cut(1000,reset)", true, Err(())),
        ("truncate(1000)", false, Ok(1000)),
        ("truncate(1000,chunked)", false, Ok(1000)),
    ] {
        let (_simulator, _, client) = set_up(&[&format!("download:{action}@1")]);
        let task = client.task("@dog runs").await;
        let url = &client.urls(&task).await[0];
        let first = client.download(url).await.unwrap();
        let length = first.headers().get(CONTENT_LENGTH).cloned();
        assert_eq!(length.is_none(), action.ends_with("chunked)"), "{action}");
        let bytes = first.bytes().await;
        assert_eq!(bytes.as_ref().map(|b| b.len()).map_err(|_| ()), arrives, "{action}");
        let whole = client.download(url).await.unwrap();
        assert_eq!(length.as_ref() == whole.headers().get(CONTENT_LENGTH), announced, "{action}");
        let whole = whole.bytes().await.unwrap();
        assert!(whole.len() > 1000);
        if let Ok(bytes) = bytes {
            assert_eq!(bytes, whole[..1000], "{action}");
        }
    }
}

/// What was sent before a cut does arrive: a client that keeps it and asks for the rest can be tested.
#[tokio::test]
async fn the_bytes_before_a_cut_arrive() {
    let (simulator, _, client) = set_up(&["download:cut(1000)@1"]);
    let task = client.task("@dog runs").await;
    let url = client.urls(&task).await.remove(0);
    let path = url.strip_prefix(&simulator.base_url()).unwrap();
    let mut connection = TcpStream::connect(simulator.address()).unwrap();
    connection.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).unwrap();
    let mut all = Vec::new();
    connection.read_to_end(&mut all).unwrap();
    let head = all.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(all.len() - head, 1000);
}

#[test]
fn a_cut_is_an_end_or_a_reset() {
    for (action, reset) in [("cut(9)", false), ("cut(9,reset)", true)] {
        let simulator = simulator(&[&format!("any:{action}")]);
        let mut connection = TcpStream::connect(simulator.address()).unwrap();
        connection.write_all(b"GET /v1/comfyui/tasks/x/status HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let end = connection.read_to_end(&mut Vec::new()).map_err(|e| e.kind());
        assert_eq!(end.is_err_and(|kind| kind == ErrorKind::ConnectionReset), reset, "{action}");
    }
}

#[tokio::test]
async fn a_connection_is_reset_after_a_whole_reply() {
    let simulator = simulator(&["any:hangup(20ms)@1"]);
    let mut connection = TcpStream::connect(simulator.address()).unwrap();
    connection.write_all(b"GET /v1/comfyui/tasks/x/status HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut all = Vec::new();
    let end = connection.read_to_end(&mut all).unwrap_err();
    assert_eq!(end.kind(), ErrorKind::ConnectionReset);
    assert!(all.ends_with(b"}"), "the reply is whole");
}

#[tokio::test]
async fn a_reply_is_cut_within_its_head() {
    let (_simulator, account, client) = set_up(&["submit:cut(head)@1"]);
    let error = client.submit("@dog runs").await.unwrap_err();
    assert!(!error.is_connect() && !was_reset(&error), "{error:?}");
    assert_eq!(account.charges(), 1);
}

#[tokio::test]
async fn a_reply_is_late_slow_or_fat() {
    let (_simulator, _, client) =
        set_up(&["submit:delay(60ms)@1", "submit:drip(1ms)@2", "submit:pad(5000000)@3", "submit:chunked@4"]);
    let started = Instant::now();
    client.task("@dog runs").await;
    assert!(started.elapsed() >= Duration::from_millis(60));
    let started = Instant::now();
    client.task("@dog runs").await;
    assert!(started.elapsed() >= Duration::from_millis(100), "a hundred bytes, one each millisecond");
    let fat = client.submit("@dog runs").await.unwrap().bytes().await.unwrap();
    assert!(fat.len() > 5_000_000);
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&fat).unwrap()["code"], 0);
    assert!(client.submit("@dog runs").await.unwrap().headers().get(CONTENT_LENGTH).is_none());
}

#[tokio::test]
async fn a_result_expires_and_is_renewed() {
    for (arguments, status) in [("0s", 403), ("0s,404", 404), ("0s,410", 410)] {
        let (_simulator, _, client) = set_up(&[&format!("result:expires({arguments})@1/each")]);
        let task = client.task("@dog runs").await;
        let (old, new) = (client.urls(&task).await, client.urls(&task).await);
        assert_eq!(client.download(&old[0]).await.unwrap().status(), status);
        assert_eq!(client.download(&new[0]).await.unwrap().status(), 200);
        assert_eq!(old[0].split('?').next(), new[0].split('?').next(), "only the query differs");
    }
}

#[tokio::test]
async fn a_url_is_good_for_one_use() {
    let (_simulator, _, client) = set_up(&["download:410@2-/url"]);
    let task = client.task("@dog runs").await;
    let url = client.urls(&task).await.remove(0);
    let mut fresh = url.clone();
    while fresh == url {
        fresh = client.urls(&task).await.remove(0);
    }
    for (url, status) in [(&url, 200), (&url, 410), (&fresh, 200), (&fresh, 410)] {
        assert_eq!(client.download(url).await.unwrap().status(), status);
    }
}

#[tokio::test]
async fn a_download_is_redirected_to_another_host() {
    let (_simulator, account, client) = set_up(&["download:redirect@1"]);
    let task = client.task("@dog runs").await;
    let url = &client.urls(&task).await[0];
    let reply = client.download(url).await.unwrap();
    assert_eq!((reply.status().as_u16(), reply.url().host_str()), (200, Some("localhost")));
    assert_eq!(account.calls(Call::Download), 2);
}

#[tokio::test]
async fn uploads_are_told_apart_by_content_and_name() {
    let (_simulator, account, client) = set_up(&["upload:500(envelope)@1/each", "upload:400(envelope)~secret"]);
    for (name, content, status) in [("a", "1", 500), ("a", "2", 500), ("b", "1", 200), ("secret", "1", 400)] {
        assert_eq!(client.upload("file", name, content.as_bytes()).await.status(), status, "{name} {content}");
    }
    assert_eq!(account.books().uploads.len(), 1);
}
