//! Downloads that broke and are resumed.

use super::server::reply;
use super::*;
use crate::base::digest::Sha256;
use crate::client::{Failure, Service as _, Verdict};
use std::sync::atomic::{AtomicU64, Ordering};

/// The number of bytes before the connection breaks.
const HALF: usize = 20;

const TAGGED: &str = "Accept-Ranges: bytes\r\nETag: \"v1\"\r\n";

/// Returns the first half of a video, then the end of the connection.
fn half(headers: &str) -> Vec<Act> {
    let mut bytes = reply("200 OK", headers, VIDEO);
    bytes.truncate(bytes.len() - VIDEO.len() + HALF);
    vec![Act::Send(bytes), Act::Close]
}

/// Returns a reply that claims to be bytes `from` to `to` of the video.
fn part(from: usize, to: usize, body: &[u8]) -> Vec<Act> {
    let range = format!("Content-Range: bytes {from}-{to}/{}\r\nETag: \"v1\"\r\n", VIDEO.len());
    vec![Act::Send(reply("206 Partial Content", &range, body))]
}

fn rest() -> Vec<Act> {
    part(HALF, VIDEO.len() - 1, &VIDEO[HALF..])
}

/// Fetches a video; returns its content, and the last reported number of bytes.
async fn fetch(script: impl IntoIterator<Item = Vec<Act>>) -> (Server, Result<Vec<u8>, Failure>, u64) {
    let (server, service) = scripted(script).await;
    let folder = tempfile::tempdir().unwrap();
    let told = AtomicU64::new(0);
    let advance = |bytes, _| told.store(bytes, Ordering::Relaxed);
    let url = format!("{}/1.mp4", server.base());
    let result = service.download(&url, &folder.path().join("a.mp4"), advance).await;
    let result = result.map_err(|undelivered| undelivered.failure).map(|video| {
        let content = std::fs::read(&video.file).unwrap();
        assert_eq!((video.sha256, video.bytes), (Sha256::of(&content), content.len() as u64));
        content
    });
    (server, result, told.into_inner())
}

#[tokio::test]
async fn the_rest_is_asked_for() {
    let dated = "Accept-Ranges: bytes\r\nETag: W/\"v1\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    for (headers, validator) in [(TAGGED, "\"v1\""), (dated, "Sun, 06 Nov 1994 08:49:37 GMT")] {
        let (server, result, told) = fetch([half(headers), rest()]).await;
        assert_eq!(result.unwrap(), VIDEO);
        assert_eq!(told, VIDEO.len() as u64);
        let second = &server.requests()[1];
        assert_eq!(second.header("range"), Some("bytes=20-"));
        assert_eq!(second.header("if-range"), Some(validator));
    }
}

#[tokio::test]
async fn it_may_break_more_than_once() {
    let mut second = part(HALF, VIDEO.len() - 1, &VIDEO[HALF..]);
    if let [Act::Send(bytes)] = second.as_mut_slice() {
        bytes.truncate(bytes.len() - 10);
    }
    second.push(Act::Close);
    let third = part(VIDEO.len() - 10, VIDEO.len() - 1, &VIDEO[VIDEO.len() - 10..]);
    let (server, result, told) = fetch([half(TAGGED), second, third]).await;
    assert_eq!(result.unwrap(), VIDEO);
    assert_eq!(server.requests()[2].header("range"), Some(format!("bytes={}-", VIDEO.len() - 10).as_str()));
    assert_eq!(told, VIDEO.len() as u64);
}

#[tokio::test]
async fn a_file_that_is_another_now_is_fetched_anew() {
    let other = reply("200 OK", "ETag: \"v2\"\r\n", VIDEO);
    let (_, result, told) = fetch([half(TAGGED), vec![Act::Drip(other, ms(1))]]).await;
    assert_eq!(result.unwrap(), VIDEO);
    assert_eq!(told, VIDEO.len() as u64, "what is thrown away counts no more");

    let other = reply("200 OK", "ETag: \"v2\"\r\n", shorter());
    let (_, result, _) = fetch([half(TAGGED), vec![Act::Send(other)]]).await;
    assert_eq!(result.unwrap(), shorter());
}

/// Returns a reply that claims to be the rest of the file with these headers.
fn rest_of(headers: &str) -> Vec<Act> {
    let range = format!("Content-Range: bytes {HALF}-{}/{}\r\n{headers}", VIDEO.len() - 1, VIDEO.len());
    vec![Act::Send(reply("206 Partial Content", &range, &VIDEO[HALF..]))]
}

/// Some servers ignore the condition of a range request.
#[tokio::test]
async fn the_rest_of_another_file_is_never_appended() {
    const DATE: &str = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    const LATER: &str = "Last-Modified: Sun, 06 Nov 1994 08:49:38 GMT\r\n";
    let dated = format!("Accept-Ranges: bytes\r\n{DATE}");
    let both = format!("{TAGGED}{DATE}");
    for (first, second, same) in [
        (TAGGED, "ETag: \"v1\"\r\n", true),
        (&both, &format!("ETag: \"v1\"\r\n{DATE}"), true),
        (&both, &format!("ETag: \"v1\"\r\n{LATER}"), false),
        (&dated, "", true),
        (&dated, DATE, true),
        (TAGGED, "ETag: \"v2\"\r\n", false),
        (TAGGED, "ETag: W/\"v1\"\r\n", false),
        (TAGGED, "", false),
        (&both, DATE, false),
        (&dated, LATER, false),
        (&format!("{dated}ETag: W/\"v1\"\r\n"), "ETag: W/\"v2\"\r\n", false),
        (&format!("{TAGGED}Content-Encoding: br\r\n"), "ETag: \"v1\"\r\nContent-Encoding: gzip\r\n", false),
    ] {
        let (server, result, told) =
            fetch([half(first), rest_of(second), vec![Act::Send(reply("200 OK", "", VIDEO))]]).await;
        assert_eq!(result.unwrap(), VIDEO, "{first}{second}");
        assert_eq!(server.requests().len(), if same { 2 } else { 3 }, "{first}{second}");
        assert_eq!(told, VIDEO.len() as u64);
        if !same {
            assert_eq!(server.requests()[2].header("range"), None, "it begins anew");
        }
    }
    // With another length it is another file, whatever its tag.
    let longer = format!("Content-Range: bytes {HALF}-{}/{}\r\nETag: \"v1\"\r\n", VIDEO.len(), VIDEO.len() + 1);
    let longer = vec![Act::Send(reply("206 Partial Content", &longer, [&VIDEO[HALF..], b"x"].concat()))];
    let (_, result, _) = fetch([half(TAGGED), longer, vec![Act::Send(reply("200 OK", "", VIDEO))]]).await;
    assert_eq!(result.unwrap(), VIDEO);
    // All of it, instead of the rest.
    let (server, result, _) = fetch([half(TAGGED), part(0, VIDEO.len() - 1, VIDEO)]).await;
    assert_eq!((result.unwrap(), server.requests().len()), (VIDEO.to_vec(), 2));
}

#[tokio::test]
async fn a_file_that_changes_each_time_is_left_to_the_engine() {
    let changing = (0..20).map(|n| if n % 2 == 0 { half(TAGGED) } else { rest_of("ETag: \"v2\"\r\n") });
    let (server, result, _) = fetch(changing).await;
    assert_eq!(result.unwrap_err().verdict, Verdict::Again(None));
    assert_eq!(server.requests().len(), 6);
}

/// A file changed in the second of the reply may change again in the same second, with the same date.
#[tokio::test]
async fn a_date_of_this_very_second_tells_no_file_from_the_next() {
    let at = |second: u32| {
        format!(
            "Accept-Ranges: bytes\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:49:{second} GMT\r\n"
        )
    };
    for (second, asked) in [(37, 1), (38, 2)] {
        let (server, _, _) = fetch([half(&at(second)), rest()]).await;
        assert_eq!(server.requests().len(), asked);
    }
}

#[tokio::test]
async fn what_does_not_continue_is_not_appended() {
    let length = VIDEO.len();
    for second in [
        part(HALF + 1, length - 1, &VIDEO[HALF + 1..]),
        part(HALF, length - 2, &VIDEO[HALF..length - 1]),
        vec![Act::Send(reply("206 Partial Content", "", &VIDEO[HALF..]))],
        vec![Act::Send(reply("416 Range Not Satisfiable", "", ""))],
    ] {
        let (server, result, _) = fetch([half(TAGGED), second]).await;
        assert_eq!(result.unwrap_err().verdict, Verdict::Again(None));
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_part_that_ends_early_is_not_the_end() {
    // It claims to be the rest, but is shorter.
    let short = part(HALF, VIDEO.len() - 1, &VIDEO[HALF..VIDEO.len() - 8]);
    let last = part(VIDEO.len() - 8, VIDEO.len() - 1, &VIDEO[VIDEO.len() - 8..]);
    let (_, result, _) = fetch([half(TAGGED), short, last]).await;
    assert_eq!(result.unwrap(), VIDEO);
}

#[tokio::test]
async fn an_expired_url_is_told() {
    let (_, result, _) = fetch([half(TAGGED), vec![Act::Send(reply("403 Forbidden", "", ""))]]).await;
    assert_eq!(result.unwrap_err().verdict, Verdict::Gone);
}

#[tokio::test]
async fn without_a_way_to_tell_the_file_it_is_not_continued() {
    for headers in ["", "Accept-Ranges: bytes\r\n", "ETag: \"v1\"\r\n", "Accept-Ranges: bytes\r\nETag: W/\"v1\"\r\n"] {
        let (server, result, told) = fetch([half(headers)]).await;
        assert_eq!(result.unwrap_err().verdict, Verdict::Again(None));
        assert_eq!((server.requests().len(), told), (1, HALF as u64));
    }
}

#[tokio::test]
async fn a_connection_that_always_breaks_is_left_to_the_engine() {
    let breaking = (0..20).map(|n| if n == 0 { half(TAGGED) } else { vec![Act::Close] });
    let (server, result, _) = fetch(breaking).await;
    assert_eq!(result.unwrap_err().verdict, Verdict::Again(None));
    assert_eq!(server.requests().len(), 6);
}
