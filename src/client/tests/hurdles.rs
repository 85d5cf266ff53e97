//! Connections that break, stall, trickle or go stale, and places where the key might show up.

use super::server::{json, nobody, reply};
use super::*;
use crate::client::{NotTaken, Service as _, Submission, Then, Urgency, Verdict};
use crate::service::names::TaskId;
use crate::service::request::Urls;
use std::sync::{Arc, Mutex};
use tokio::time::Instant;

const ACCEPTED: &str = r#"{"code":0,"data":{"taskId":"t-1"}}"#;

fn task() -> TaskId {
    TaskId::new("t-1").unwrap()
}

async fn unknown(service: &HttpService) -> String {
    match service.submit(&generation(), &Urls::new()).await {
        Submission::Unknown(why) => why,
        other => panic!("{other:?}"),
    }
}

async fn not_taken(service: &HttpService) -> NotTaken {
    match service.submit(&generation(), &Urls::new()).await {
        Submission::NotTaken(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let base = nobody().await;
    let service = service(&base);
    let failure = not_taken(&service).await;
    assert_eq!((failure.then, failure.code.as_str()), (Then::WaitForService, "no-connection"));
    let host = base.trim_start_matches("http://");
    assert_eq!(failure.message, format!("submit: could not connect to {host}: connection refused"));
    assert_eq!(service.status(&task()).await.unwrap_err().verdict, Verdict::Unreachable(None));
}

#[tokio::test]
async fn a_host_without_an_address_is_not_reached() {
    let service = limited("https://no-such-host.invalid", |limits| limits.connect = ms(5000));
    let failure = not_taken(&service).await;
    assert_eq!(failure.then, Then::WaitForService);
    assert!(failure.message.starts_with("submit: could not connect to no-such-host.invalid"), "{}", failure.message);
}

#[tokio::test]
async fn a_request_that_got_no_reply_is_unknown() {
    let (server, service) = scripted([vec![Act::Close], vec![Act::Reset], vec![Act::Close]]).await;
    assert!(unknown(&service).await.ends_with("broke: connection closed before message completed"));
    assert!(unknown(&service).await.contains("broke: connection reset"));
    let failure = service.status(&task()).await.unwrap_err();
    assert_eq!((failure.verdict, failure.code.as_str()), (Verdict::Away(None), "broken"));
    assert_eq!(server.requests().len(), 3, "none was sent a second time");
}

#[tokio::test]
async fn a_reset_within_a_reply_is_unknown_and_one_after_it_does_not_matter() {
    let half = reply("200 OK", "", ACCEPTED)[..60].to_vec();
    let (_server, service) =
        scripted([vec![Act::Send(half), Act::Reset], vec![Act::Send(json(ACCEPTED)), Act::Reset]]).await;
    unknown(&service).await;
    assert_eq!(service.submit(&generation(), &Urls::new()).await, Submission::Accepted(task()));
}

#[tokio::test]
async fn silence_ends() {
    let server = Server::start([vec![Act::Hang], vec![Act::Hang]]).await;
    let service = limited(&server.base(), |limits| (limits.submit, limits.silence) = (ms(100), ms(100)));
    let started = Instant::now();
    assert!(unknown(&service).await.ends_with("did not reply in time"));
    let failure = service.status(&task()).await.unwrap_err();
    assert_eq!(failure.verdict, Verdict::Away(None));
    assert!(started.elapsed() < ms(5000));
}

#[tokio::test]
async fn a_drip_ends() {
    let drip = || vec![Act::Drip(json(&" ".repeat(10_000)), ms(10)), Act::Hang];
    let server = Server::start([drip(), drip()]).await;
    let service = limited(&server.base(), |limits| (limits.submit, limits.call) = (ms(300), ms(300)));
    let started = Instant::now();
    unknown(&service).await;
    assert_eq!(service.status(&task()).await.unwrap_err().verdict, Verdict::Away(None));
    assert!(started.elapsed() < ms(10_000));
}

#[tokio::test]
async fn a_reply_without_end_is_not_read_to_its_end() {
    let long = || vec![Act::Send(json(&format!(r#"{{"code":0,"message":"{}"}}"#, "x".repeat(2_000_000))))];
    let (_server, service) = scripted([long(), long()]).await;
    assert!(unknown(&service).await.contains("longer than any"));
    assert_eq!(service.status(&task()).await.unwrap_err().verdict, Verdict::Away(None));
}

#[tokio::test]
async fn every_submit_goes_out_on_a_connection_of_its_own() {
    let accept = || vec![Act::Send(json(ACCEPTED))];
    let (server, service) = scripted([accept(), accept(), accept()]).await;
    for _ in 0..3 {
        assert_eq!(service.submit(&generation(), &Urls::new()).await, Submission::Accepted(task()));
    }
    let connections: Vec<_> = server.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 1, 2]);
}

#[tokio::test]
async fn no_redirect_of_a_call_is_followed() {
    let moved = || vec![Act::Send(reply("307 Temporary Redirect", "Location: /elsewhere\r\n", ""))];
    let (server, service) = scripted([moved(), moved()]).await;
    assert_eq!(not_taken(&service).await.then, Then::TurnAway(Urgency::AtOnce));
    assert_eq!(service.status(&task()).await.unwrap_err().verdict, Verdict::Away(None));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn without_a_key_none_is_sent() {
    let server = Server::start([vec![Act::Send(json(ACCEPTED))]]).await;
    let service = HttpService::new(Settings::new(server.base().parse().unwrap(), None, 1)).unwrap();
    service.submit(&generation(), &Urls::new()).await;
    assert_eq!(server.requests()[0].header("authorization"), None);
}

#[tokio::test]
async fn a_key_that_is_no_secret_does_not_damage_a_task_id() {
    let server = Server::start([vec![Act::Send(json(ACCEPTED))]]).await;
    let key = ApiKey::new("t").ok();
    let service = HttpService::new(Settings::new(server.base().parse().unwrap(), key, 1)).unwrap();
    assert_eq!(service.submit(&generation(), &Urls::new()).await, Submission::Accepted(task()));
}

#[tokio::test]
async fn the_key_is_in_no_log_and_no_debug_output() {
    let script = [vec![Act::Send(json(ACCEPTED))], vec![Act::Close]];
    let (_server, service) = scripted(script.clone().into_iter().chain(script)).await;
    let calls = async || {
        service.submit(&generation(), &Urls::new()).await;
        service.status(&task()).await.unwrap_err();
    };
    // A call site that logs for the first time while another test runs may be cached as one without a listener.
    calls().await;
    let log = Log::default();
    let writer = log.clone();
    let level = tracing::Level::TRACE;
    let subscriber = tracing_subscriber::fmt().with_max_level(level).with_writer(move || writer.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    calls().await;
    drop(guard);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("called"), "something was logged");
    assert!(!log.contains(KEY), "{log}");
    assert!(!format!("{service:?}").contains("secret"));
}

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
