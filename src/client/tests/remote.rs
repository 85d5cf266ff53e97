//! Remote images: complete, images by content, bounded, and from allowed addresses only.

use super::server::{Request, reply};
use super::*;
use crate::base::digest::Sha256;
use crate::client::http::Pace;
use crate::client::remote::{Reach, RemoteImages};
use crate::client::{Failure, Image, Images as _, Verdict};
use crate::service::limits::IMAGE_BYTES;
use crate::service::remote::Validator;

const PUBLIC: Reach = Reach::Public { past_proxy: false };

/// Returns the header and the end of a small PNG: nothing else is examined.
fn png() -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend([0, 0, 0, 8, 0, 0, 0, 8]);
    bytes.extend(b"\x08\x02\0\0\0sum!");
    bytes.extend(b"\0\0\0\0IEND\xae\x42\x60\x82");
    bytes
}

/// Fetches `url`, and checks that a failure leaves nothing behind.
async fn fetch(url: &str, known: Option<&str>, reach: Reach, limits: Limits) -> Result<Option<Image>, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let remote_images = RemoteImages::with_limits(&folder.path().join("jobs.lock"), reach, limits);
    let known = known.map(|known| Validator::new(known).unwrap());
    let result = remote_images.image(url, known.as_ref()).await;
    match &result {
        Ok(Some(image)) => assert_eq!(Sha256::of_file(&image.file).unwrap(), image.sha256),
        Ok(None) | Err(_) => assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0),
    }
    result
}

/// Returns the outcome of this reply, with any address allowed.
async fn got(bytes: Vec<u8>, known: Option<&str>) -> (Result<Option<Image>, Failure>, Request) {
    let server = Server::start([vec![Act::Send(bytes), Act::Close]]).await;
    let url = format!("{}/dog.png?sign=secret", server.base());
    let result = fetch(&url, known, Reach::Anywhere, Limits::default()).await;
    let request = server.requests()[0].clone();
    (result, request)
}

async fn refused(bytes: Vec<u8>) -> Failure {
    let failure = got(bytes, None).await.0.unwrap_err();
    assert!(!failure.message.contains("secret"), "{failure}");
    failure
}

#[tokio::test]
async fn an_image_comes_whole_without_a_word_about_who_asks() {
    for (headers, validator) in [
        ("ETag: \"1\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n", Some("\"1\"")),
        ("ETag: W/\"1\"\r\nContent-Type: text/html\r\n", Some("W/\"1\"")),
        ("ETag: 1\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n", Some("Sun, 06 Nov 1994 08:49:37 GMT")),
        ("Last-Modified: yesterday\r\n", None),
        ("", None),
    ] {
        let (image, request) = got(reply("200 OK", headers, png()), None).await;
        let image = image.unwrap().unwrap();
        assert_eq!((image.bytes, image.media_type), (png().len() as u64, "image/png"));
        assert_eq!(image.validator.as_ref().map(Validator::as_str), validator, "{headers}");
        let head = request.head.to_ascii_lowercase();
        for secret in ["authorization", "cookie", "referer", "if-none-match", "if-modified-since", "gzip"] {
            assert!(!head.contains(secret), "{head}");
        }
        assert_eq!(request.header("accept-encoding"), Some("identity"));
    }
}

#[tokio::test]
async fn a_validator_asks_only_for_what_is_new() {
    for (known, header) in [("\"1\"", "if-none-match"), ("Sun, 06 Nov 1994 08:49:37 GMT", "if-modified-since")] {
        let (unchanged, request) = got(b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec(), Some(known)).await;
        assert!(unchanged.unwrap().is_none());
        assert_eq!(request.header(header), Some(known));
        let (changed, _) = got(reply("200 OK", "", png()), Some(known)).await;
        assert!(changed.unwrap().is_some());
    }
    let failure = refused(b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec()).await;
    assert_eq!((failure.verdict, failure.code.as_str()), (Verdict::Final, "304"), "nobody asked that");
}

#[tokio::test]
async fn what_is_no_whole_image_is_refused() {
    let html = reply("200 OK", "Content-Type: image/png\r\n", "<!DOCTYPE html><title>dog</title>");
    let short = [b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n".to_vec(), png()].concat();
    let announced = format!("HTTP/1.1 200 OK\r\nContent-Length: {IMAGE_BYTES}\r\n\r\n").into_bytes();
    for (bytes, verdict, words) in [
        (html, Verdict::Final, "is no image by its content"),
        (reply("200 OK", "", ""), Verdict::Final, "is empty"),
        (reply("200 OK", "", &png()[..20]), Verdict::Final, "starts as a PNG image and breaks off"),
        (reply("200 OK", "", &png()[..40]), Verdict::Final, "starts as a PNG image and breaks off"),
        (reply("200 OK", "Content-Encoding: gzip\r\n", png()), Verdict::Final, "comes encoded"),
        (announced, Verdict::Final, "has 20 MB or more"),
        (reply("404 Not Found", "", "\u{1b}[2J"), Verdict::Final, "HTTP 404"),
        (reply("401 Unauthorized", "", ""), Verdict::Final, "HTTP 401"),
        (reply("206 Partial Content", "", png()), Verdict::Final, "HTTP 206"),
        (reply("503 Service Unavailable", "Retry-After: 7\r\n", ""), Verdict::Again(Some(ms(7000))), "HTTP 503"),
        (reply("429 Too Many Requests", "", ""), Verdict::Again(None), "HTTP 429"),
        (short, Verdict::Again(None), "broke"),
    ] {
        let failure = refused(bytes).await;
        assert_eq!(failure.verdict, verdict, "{failure}");
        assert!(failure.message.contains("127.0.0.1:") && failure.message.contains(words), "{failure}");
    }
}

#[tokio::test]
async fn no_body_is_read_without_an_end() {
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    let megabyte = [b"100000\r\n".to_vec(), png(), vec![0; (1 << 20) - png().len()], b"\r\n".to_vec()].concat();
    let mut acts = vec![Act::Send(head)];
    acts.extend((0..25).map(|_| Act::Send(megabyte.clone())));
    acts.push(Act::Hang);
    let server = Server::start([acts]).await;
    let url = format!("{}/a", server.base());
    let failure = fetch(&url, None, Reach::Anywhere, Limits::default()).await.unwrap_err();
    assert_eq!(failure.verdict, Verdict::Final);
    assert!(failure.message.ends_with("has 20 MB or more, and the model takes none as large"), "{failure}");
}

#[tokio::test]
async fn no_host_stalls_or_drips_for_ever() {
    let head = Act::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n".to_vec());
    let server = Server::start([vec![Act::Hang], vec![head, Act::Drip(vec![0; 4000], ms(2))]]).await;
    let pace = Pace { bytes: 1 << 20, per: ms(50) };
    let limits = Limits { silence: ms(500), download: pace, ..Limits::default() };
    let url = format!("{}/a", server.base());
    let silent = fetch(&url, None, Reach::Anywhere, limits).await.unwrap_err();
    assert!(silent.message.ends_with("did not reply in time"), "{silent}");
    let slow = fetch(&url, None, Reach::Anywhere, limits).await.unwrap_err();
    assert!(slow.message.ends_with("sends too slowly"), "{slow}");
    assert_eq!((silent.verdict, slow.verdict), (Verdict::Again(None), Verdict::Again(None)));
}

#[tokio::test]
async fn nothing_goes_to_an_address_that_is_not_public() {
    let server = Server::start([vec![Act::Send(reply("200 OK", "", png()))]]).await;
    let port = server.base().rsplit(':').next().unwrap().to_owned();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433", "127.1", "[::1]", "0.0.0.0"] {
        let url = format!("http://{host}:{port}/dog.png?sign=secret");
        let failure = fetch(&url, None, PUBLIC, Limits::default()).await.unwrap_err();
        assert_eq!((failure.verdict, failure.code.as_str()), (Verdict::Final, "no-image"), "{host}: {failure}");
        assert!(failure.message.contains("--allow-private-images"), "{host}: {failure}");
        assert!(!failure.message.contains("secret"), "{failure}");
    }
    for url in
        ["http://169.254.169.254/latest/meta-data/", "https://10.0.0.1/", "http://[fd00::1]/", "http://[fe80::1]/"]
    {
        let failure = fetch(url, None, PUBLIC, Limits::default()).await.unwrap_err();
        assert!(failure.message.contains("is no public address"), "{url}: {failure}");
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn redirects_are_followed_as_far_as_the_reach_goes() {
    let to = |target: &str| vec![Act::Send(reply("302 Found", &format!("Location: {target}\r\n"), "")), Act::Close];
    let end = Server::start([vec![Act::Send(reply("200 OK", "", png()))]]).await;
    let start = Server::start([to(&format!("{}/x?sign=secret", end.base()))]).await;
    let url = format!("{}/a", start.base());
    assert!(fetch(&url, None, Reach::Anywhere, Limits::default()).await.unwrap().is_some());
    for (target, words) in [
        ("ftp://127.0.0.1/", "it leads out of the web"),
        ("file:///etc/passwd", "HTTP 302"),
        ("/a", "there are too many of them"),
    ] {
        let server = Server::start((0..20).map(|_| to(target))).await;
        let url = format!("{}/a", server.base());
        let failure = fetch(&url, None, Reach::Anywhere, Limits::default()).await.unwrap_err();
        assert!(failure.verdict == Verdict::Final && failure.message.contains(words), "{target}: {failure}");
    }
}

#[test]
fn redirects_are_judged_like_the_first_url() {
    use crate::client::remote::may_follow;
    let url = |text: &str| text.parse::<url::Url>().unwrap();
    let follow = |from: &str, to: &str| may_follow(PUBLIC, &[url(from)], &url(to)).is_ok();
    assert!(follow("http://a.example/", "https://b.example/") && follow("http://a.example/", "http://b.example/"));
    assert!(!follow("https://a.example/", "http://b.example/"), "from https down to http");
    assert!(!follow("https://a.example/", "http://localhost/"), "not even on this machine");
    for to in ["http://127.0.0.1/", "http://[::1]/", "http://169.254.169.254/", "http://0xa9fea9fe/", "http://10.1/"] {
        assert!(!follow("http://a.example/", to), "{to}");
        assert!(may_follow(Reach::Anywhere, &[url("http://a.example/")], &url(to)).is_ok(), "{to}");
    }
}
