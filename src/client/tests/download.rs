//! Downloads: without the key, whole or not at all.

use super::server::{Request, nobody, reply};
use super::*;
use crate::base::digest::Sha256;
use crate::client::download::may_follow;
use crate::client::http::Pace;
use crate::client::{Failure, Service as _, Verdict, Video};
use tokio::time::Instant;

/// A reply with a video in it.
fn video(headers: &str) -> Vec<u8> {
    reply("200 OK", &format!("Content-Type: video/mp4\r\n{headers}"), VIDEO)
}

/// Fetches `path` from the server, and checks that a failure leaves nothing behind.
async fn fetch(server: &Server, service: &HttpService, path: &str) -> Result<Video, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let result = service.download(&format!("{}{path}", server.base()), &folder.path().join("a.mp4"), |_, _| {}).await;
    match &result {
        Ok(video) => assert_eq!(std::fs::read(&video.file).unwrap(), VIDEO),
        Err(_) => assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0),
    }
    result
}

/// The failure of a download that gets this reply.
async fn failed(bytes: Vec<u8>) -> Failure {
    let (server, service) = scripted([vec![Act::Send(bytes), Act::Close]]).await;
    fetch(&server, &service, "/1.mp4?sign=secret").await.unwrap_err()
}

fn tells_nothing(request: &Request) {
    let head = request.head.to_ascii_lowercase();
    for secret in [KEY, "authorization", "referer", "cookie"] {
        assert!(!head.contains(secret), "{head}");
    }
}

#[tokio::test]
async fn neither_the_service_itself_nor_a_redirect_gets_the_key() {
    let other = Server::start([vec![Act::Send(video(""))]]).await;
    let headers = format!("Location: {}/stored.mp4\r\n", other.base());
    let (server, service) = scripted([vec![Act::Send(reply("302 Found", &headers, ""))]]).await;
    fetch(&server, &service, "/1.mp4?sign=secret").await.unwrap();
    tells_nothing(&server.requests()[0]);
    tells_nothing(&other.requests()[0]);
}

#[tokio::test]
async fn redirects_end() {
    let again = || vec![Act::Send(reply("302 Found", "Location: /again?sign=secret\r\n", ""))];
    let (server, service) = scripted((0..20).map(|_| again())).await;
    let failure = fetch(&server, &service, "/1.mp4").await.unwrap_err();
    assert_eq!(failure.verdict, Verdict::Again(None));
    assert!(failure.message.ends_with("was not followed: there are too many of them"), "{failure}");
    assert_eq!(server.requests().len(), 11);
}

#[tokio::test]
async fn what_is_no_whole_video_is_a_failed_download() {
    let mut cut = video("");
    cut.truncate(cut.len() - 1);
    for (bytes, why) in [
        (reply("200 OK", "Content-Type: text/html; charset=utf-8\r\n", VIDEO), "it is a page of HTML"),
        (reply("200 OK", "Content-Type: application/json\r\n", r#"{"code":500}"#), "it is JSON"),
        (reply("200 OK", "", "<Error>denied</Error>"), "it doesn't begin like a video"),
        (reply("200 OK", "", ""), "it is empty"),
        (reply("200 OK", "", &VIDEO[..30]), "it is cut short: a part of it ends behind the end of the file"),
        (cut, "end of file before message length reached"),
        (b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), "it is empty"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n\0\0\0\x0c\r\n".to_vec(), "connection"),
        (b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(), "HTTP 204"),
        (b"HTTP/1.1 206 Partial Content\r\nContent-Length: 0\r\n\r\n".to_vec(), "HTTP 206"),
        (b"nonsense\r\n\r\n".to_vec(), "invalid HTTP version parsed"),
    ] {
        let failure = failed(bytes).await;
        assert_eq!(failure.verdict, Verdict::Again(None), "{failure}");
        assert!(failure.message.contains(why), "{failure}");
        assert!(!failure.message.contains("secret"), "{failure}");
    }
}

#[tokio::test]
async fn statuses_have_their_verdicts() {
    let pause = Some(Duration::from_secs(9));
    for (status, verdict) in [
        (401, Verdict::Again(pause)),
        (403, Verdict::Gone),
        (404, Verdict::Gone),
        (410, Verdict::Gone),
        (429, Verdict::Again(pause)),
        (500, Verdict::Again(pause)),
        (503, Verdict::Unreachable(pause)),
    ] {
        let failure = failed(reply(&format!("{status} Because"), "Retry-After: 9\r\n", "")).await;
        assert_eq!((failure.verdict, failure.code), (verdict, status.to_string()));
    }
}

/// The failure of a download from `url` to `folder`.
async fn refused(service: &HttpService, url: &str, folder: &std::path::Path) -> Failure {
    service.download(url, &folder.join("a.mp4"), |_, _| {}).await.unwrap_err()
}

#[tokio::test]
async fn a_video_that_lies_elsewhere_does_not_make_the_service_unreachable() {
    let folder = tempfile::tempdir().unwrap();
    let (elsewhere, home) = (nobody().await, nobody().await);
    let service = service(&home);
    let failure = refused(&service, &format!("{elsewhere}/1.mp4?sign=secret"), folder.path()).await;
    assert_eq!(failure.verdict, Verdict::Again(None));
    let host = elsewhere.trim_start_matches("http://");
    assert_eq!(failure.message, format!("download: could not connect to {host}/1.mp4: connection refused"));
    let failure = refused(&service, &format!("{home}/1.mp4"), folder.path()).await;
    assert_eq!(failure.verdict, Verdict::Unreachable(None));
}

#[tokio::test]
async fn only_the_web_is_fetched_from() {
    let (folder, service) = (tempfile::tempdir().unwrap(), service("http://127.0.0.1:1"));
    for url in ["file:///etc/passwd", "/1.mp4", "ftp://example.com/1.mp4", "data:video/mp4,x", ""] {
        assert_eq!(refused(&service, url, folder.path()).await.verdict, Verdict::Final, "{url}");
    }
}

#[tokio::test]
async fn a_disk_that_fails_is_this_machines_fault() {
    let (server, service) = scripted([]).await;
    let folder = tempfile::tempdir().unwrap();
    let failure = refused(&service, &format!("{}/1.mp4", server.base()), &folder.path().join("missing")).await;
    assert_eq!(failure.verdict, Verdict::Local);
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn what_can_be_no_video_by_its_length_is_not_fetched() {
    let failure = failed(b"HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n\r\n".to_vec()).await;
    assert_eq!(failure.verdict, Verdict::Final);
}

#[tokio::test]
async fn a_server_that_compresses_unasked_is_understood() {
    let headers = "Content-Type: video/mp4\r\nContent-Encoding: gzip\r\nAccept-Ranges: bytes\r\nETag: \"1\"\r\n";
    let (server, service) = scripted([vec![Act::Send(reply("200 OK", headers, stored_gzip(VIDEO)))]]).await;
    let got = fetch(&server, &service, "/1.mp4").await.unwrap();
    assert_eq!(got.sha256, Sha256::of(VIDEO));
    assert_eq!(server.requests()[0].header("accept-encoding"), Some("identity"));
}

/// `content` as gzip: one stored block.
fn stored_gzip(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    let mut gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01".to_vec();
    gzip.extend(length.to_le_bytes());
    gzip.extend((!length).to_le_bytes());
    gzip.extend(content);
    gzip.extend(crc32fast::hash(content).to_le_bytes());
    gzip.extend(u32::from(length).to_le_bytes());
    gzip
}

#[tokio::test]
async fn silence_and_drips_end() {
    let head = || Act::Send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", VIDEO.len()).into_bytes());
    for acts in [vec![Act::Hang], vec![head(), Act::Hang], vec![head(), Act::Drip(VIDEO.to_vec(), ms(50)), Act::Hang]] {
        let server = Server::start([acts]).await;
        let service = limited(&server.base(), |limits| {
            limits.silence = ms(200);
            limits.download = Pace { bytes: 10_000, per: ms(300) };
        });
        let started = Instant::now();
        assert_eq!(fetch(&server, &service, "/1.mp4").await.unwrap_err().verdict, Verdict::Again(None));
        assert!(started.elapsed() < ms(5000));
    }
}

#[tokio::test]
async fn a_slow_download_that_keeps_its_pace_arrives() {
    let head = Act::Send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", VIDEO.len()).into_bytes());
    let server = Server::start([vec![head, Act::Drip(VIDEO.to_vec(), ms(10))]]).await;
    let service = limited(&server.base(), |limits| limits.download = Pace { bytes: 1, per: ms(100) });
    let got = fetch(&server, &service, "/1.mp4").await.unwrap();
    assert_eq!((got.sha256, got.bytes), (Sha256::of(VIDEO), VIDEO.len() as u64));
}

#[test]
fn no_redirect_leads_from_https_down_to_http() {
    let url = |text: &str| text.parse::<url::Url>().unwrap();
    let follows = |from: &str, to: &str| may_follow(&[url(from)], &url(to)).is_ok();
    assert!(follows("https://a.example/1", "https://b.example/1"));
    assert!(follows("http://a.example/1", "http://b.example/1"));
    assert!(follows("http://a.example/1", "https://b.example/1"));
    assert!(follows("https://a.example/1", "http://127.0.0.1:8080/1"));
    assert!(!follows("https://a.example/1", "http://a.example/1"));
    assert!(!follows("https://a.example/1", "ftp://a.example/1"));
    let detour = ["https://a.example/1", "http://127.0.0.1/1"].map(url);
    assert!(may_follow(&detour, &url("http://a.example/1")).is_err());
}
