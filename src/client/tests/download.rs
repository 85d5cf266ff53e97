//! Downloads: without the key, complete or not at all.

use super::server::{Request, nobody, reply};
use super::*;
use crate::base::digest::Sha256;
use crate::client::http::Pace;
use crate::client::redirects::may_follow;
use crate::client::{Failure, Service as _, Verdict, Video};
use tokio::time::Instant;

/// Returns a reply with a video in it.
fn video(headers: &str) -> Vec<u8> {
    reply("200 OK", &format!("Content-Type: video/mp4\r\n{headers}"), VIDEO)
}

/// Fetches `path` from the server, and checks that a failure leaves nothing behind.
async fn fetch(server: &Server, service: &HttpService, path: &str) -> Result<Video, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let result = service.download(&format!("{}{path}", server.base()), &folder.path().join("a.mp4"), |_, _| {}).await;
    let result = result.map_err(|undelivered| undelivered.failure);
    match &result {
        Ok(video) => assert_eq!(std::fs::read(&video.file).unwrap(), VIDEO),
        Err(_) => assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0),
    }
    result
}

/// Returns the failure of a download that gets this reply.
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
        (reply("200 OK", "Content-Type: video/mp4\r\n", "<!doctype html><p>Sorry"), "it is a page of HTML"),
        (reply("200 OK", "Content-Type: application/json\r\n", r#"{"code":500}"#), "it is JSON"),
        (reply("200 OK", "", "<Error>denied</Error>"), "it doesn't begin like a video"),
        (reply("201 Created", "", VIDEO), "HTTP 201"),
        (reply("206 Partial Content", "Content-Range: bytes 0-10/44\r\n", &VIDEO[..11]), "HTTP 206"),
        (reply("200 OK", "", ""), "it is empty"),
        (reply("200 OK", "", &VIDEO[..30]), "it is cut short: a part of it ends after the end of the file"),
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

/// Returns the failure of a download from `url` to `folder`.
async fn refused(service: &HttpService, url: &str, folder: &std::path::Path) -> Failure {
    service.download(url, &folder.join("a.mp4"), |_, _| {}).await.unwrap_err().failure
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

/// Returns `content` as gzip: one stored block.
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
async fn the_bytes_decide_and_not_what_they_are_called() {
    let whole = format!("Content-Range: bytes 0-{}/{}\r\n", VIDEO.len() - 1, VIDEO.len());
    for reply in [
        reply("200 OK", "Content-Type: text/html; charset=utf-8\r\n", VIDEO),
        reply("200 OK", "Content-Type: application/json\r\n", VIDEO),
        reply("203 Non-Authoritative Information", "", VIDEO),
        reply("206 Partial Content", &whole, VIDEO),
        reply("200 OK", "Content-Encoding: gzip\r\n", VIDEO),
        reply("200 OK", "Content-Encoding: br\r\n", VIDEO),
        reply("200 OK", "Content-Encoding: deflate\r\n", VIDEO),
        reply("200 OK", "Content-Encoding: deflate\r\n", stored_zlib(VIDEO)),
        reply("200 OK", "Content-Encoding: deflate\r\n", &stored_zlib(VIDEO)[2..VIDEO.len() + 7]),
        reply("200 OK", "Content-Encoding: x-gzip\r\n", stored_gzip(VIDEO)),
    ] {
        let (server, service) = scripted([vec![Act::Send(reply)]]).await;
        let got = fetch(&server, &service, "/1.mp4").await.unwrap();
        assert_eq!((got.sha256, got.bytes), (Sha256::of(VIDEO), VIDEO.len() as u64));
        assert_eq!(server.requests().len(), 1);
    }
}

/// Returns `content` as zlib: one stored block.
fn stored_zlib(content: &[u8]) -> Vec<u8> {
    let gzip = stored_gzip(content);
    let (mut a, mut b) = (1u32, 0u32);
    for byte in content {
        a = (a + u32::from(*byte)) % 65521;
        b = (b + a) % 65521;
    }
    [b"\x78\x01", &gzip[10..gzip.len() - 8], &(b << 16 | a).to_be_bytes()].concat()
}

/// Returns a fragmented video, and the end of its first fragment.
fn fragmented() -> (Vec<u8>, usize) {
    let head = b"\0\0\0\x08ftyp\0\0\0\x10moov\0\0\0\x08mvex".to_vec();
    let fragment = b"\0\0\0\x08moof\0\0\0\x10mdatfragment";
    ([&head[..], fragment, fragment].concat(), head.len() + fragment.len())
}

/// Returns a reply that ends with its connection.
fn endless(content: &[u8]) -> Vec<Act> {
    vec![Act::Send([b"HTTP/1.1 200 OK\r\n\r\n", content].concat()), Act::Close]
}

/// Fetches a video from a scripted server; returns it or its doubtful file, and the number of requests.
async fn fetched(script: impl IntoIterator<Item = Vec<Act>>) -> (Result<Vec<u8>, (String, Vec<u8>)>, usize) {
    let (server, service) = scripted(script).await;
    let folder = tempfile::tempdir().unwrap();
    let result = service.download(&format!("{}/1.mp4", server.base()), &folder.path().join("a.mp4"), |_, _| {}).await;
    let read = |video: &Video| std::fs::read(&video.file).unwrap();
    let result = match &result {
        Ok(video) => Ok(read(video)),
        Err(undelivered) => {
            let doubtful = undelivered.doubtful.as_ref().map(|video| read(video)).unwrap_or_default();
            Err((undelivered.failure.message.clone(), doubtful))
        }
    };
    (result, server.requests().len())
}

#[tokio::test]
async fn what_may_be_cut_at_a_seam_is_asked_about_a_second_time() {
    let (video, seam) = fragmented();
    let length = video.len();
    let part = |total: &str| {
        vec![Act::Send(reply("206 Partial Content", &format!("Content-Range: bytes 0-0/{total}\r\n"), "\0"))]
    };
    let whole = || vec![Act::Send(reply("200 OK", "", &video))];
    // With an announced length, no second request is needed.
    assert_eq!(fetched([whole()]).await, (Ok(video.clone()), 1));
    for (second, third, asked) in [
        (part(&length.to_string()), vec![], 2),
        (whole(), vec![], 2),
        (endless(&video), vec![], 2),
        (part("*"), endless(&video), 3),
        (vec![Act::Send(reply("416 Range Not Satisfiable", "", ""))], endless(&video), 3),
        (vec![Act::Send(reply("416 Range Not Satisfiable", "Content-Range: bytes */0\r\n", ""))], whole(), 3),
    ] {
        assert_eq!(fetched([endless(&video), second.clone(), third.clone()]).await, (Ok(video.clone()), asked));
        let (result, _) = fetched([endless(&video[..seam]), second, third]).await;
        let (why, kept) = result.unwrap_err();
        assert!(why.contains(&format!("{seam} bytes came")), "{why}");
        assert_eq!(kept, video[..seam], "it is kept for a person to see");
    }
    let refused = vec![Act::Send(reply("403 Forbidden", "", ""))];
    let (why, kept) = fetched([endless(&video), refused]).await.0.unwrap_err();
    assert!(why.contains("HTTP 403") && kept == video, "{why}");
    // A video with an end of its own needs no second request.
    assert_eq!(fetched([endless(VIDEO)]).await, (Ok(VIDEO.to_vec()), 1));
}

#[tokio::test]
async fn what_came_is_doubtful_where_a_video_may_be_in_it() {
    let (video, seam) = fragmented();
    let announced = |length: usize, content: &[u8]| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        vec![Act::Send([head.as_bytes(), content].concat()), Act::Close]
    };
    for (acts, kept) in [
        (announced(seam - 3, &video[..seam - 3]), &video[..seam - 3]),
        (announced(9, b"RIFF\0AVI "), b"RIFF\0AVI "),
        // Complete, but its server announced more.
        (announced(VIDEO.len() + 1, VIDEO), VIDEO),
        (announced(VIDEO.len(), &VIDEO[..VIDEO.len() - 1]), b""),
        (announced(11, b"<html>sorry"), b""),
        (announced(7, b"{\"a\":1}"), b""),
        (announced(5, b"Sorry"), b""),
    ] {
        assert_eq!(fetched([acts]).await.0.unwrap_err().1, kept);
    }
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
