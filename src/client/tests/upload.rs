//! Uploads: exactly the hashed content is sent, or no complete request.

use super::server::{Request, json, reply};
use super::*;
use crate::base::digest::Sha256;
use crate::client::{Service as _, Verdict};
use crate::service::image::LocalImage;
use std::path::Path;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const DONE: &str = r#"{"code":0,"data":{"fullPath":"https://up.example.com/1.png"}}"#;

/// Writes an image of `content`, as it was when it was hashed.
fn image(path: &Path, content: &[u8]) -> LocalImage {
    std::fs::write(path, content).unwrap();
    LocalImage {
        path: path.to_owned(),
        shown: "images/hero.png".into(),
        sha256: Sha256::of(content),
        bytes: content.len() as u64,
        media_type: "image/png",
    }
}

/// Returns the content of the only part of an upload, as the server got it.
fn part(request: &Request) -> &[u8] {
    let start = request.body.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let boundary = request.header("content-type").unwrap().split_once("boundary=").unwrap().1;
    let end = format!("\r\n--{boundary}--\r\n");
    &request.body[start..request.body.len() - end.len()]
}

#[tokio::test]
async fn images_of_any_size_arrive_whole() {
    let folder = tempfile::tempdir().unwrap();
    for size in [0, 1, 65_535, 65_536, 65_537, 131_072, 1_000_000] {
        let content: Vec<u8> = (0..size).map(|n: u32| n.to_le_bytes()[0] ^ n.to_le_bytes()[1]).collect();
        let (server, service) = scripted([vec![Act::Send(json(DONE))]]).await;
        let image = image(&folder.path().join("hero.png"), &content);
        assert_eq!(service.upload(&image, |_| {}).await.unwrap(), "https://up.example.com/1.png", "{size} bytes");
        assert!(part(&server.requests()[0]) == content, "{size} bytes");
    }
}

#[tokio::test]
async fn a_file_that_changed_is_never_sent_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hero.png");
    let content = vec![1; 200_000];
    let longer = [content.as_slice(), b"more"].concat();
    let mut other = content.clone();
    other[199_999] = 2;
    for changed in [other.as_slice(), &longer, &content[..199_999], b""] {
        let (server, service) = scripted([vec![Act::Send(json(DONE))]]).await;
        let image = image(&path, &content);
        std::fs::write(&path, changed).unwrap();
        let failure = service.upload(&image, |_| {}).await.unwrap_err();
        assert_eq!((failure.verdict, failure.code.as_str()), (Verdict::Local, "local"));
        assert!(failure.message.starts_with("upload: images/hero.png: the file was changed while"), "{failure}");
        drop(service);
        for request in server.end().await {
            let announced: usize = request.header("content-length").unwrap().parse().unwrap();
            assert!(announced > content.len());
            assert!(request.body.len() < content.len(), "the last piece was held back");
        }
    }
}

#[tokio::test]
async fn a_file_that_is_gone_is_this_machines_fault() {
    let (server, service) = scripted([]).await;
    let folder = tempfile::tempdir().unwrap();
    let image = image(&folder.path().join("hero.png"), b"x");
    std::fs::remove_file(&image.path).unwrap();
    assert_eq!(service.upload(&image, |_| {}).await.unwrap_err().verdict, Verdict::Local);
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_url_for_half_an_image_is_not_taken() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let service = limited(&format!("http://{}", listener.local_addr().unwrap()), |_| {});
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_exact(&mut [0; 10]).await.unwrap();
        stream.write_all(&json(DONE)).await.unwrap();
        // Kept open: a client that goes on sending fills the buffers.
        std::future::pending::<()>().await;
    });
    let folder = tempfile::tempdir().unwrap();
    let image = image(&folder.path().join("hero.png"), &vec![1; 30_000_000]);
    let failure = service.upload(&image, |_| {}).await.unwrap_err();
    server.abort();
    assert_eq!((failure.verdict, failure.code.as_str()), (Verdict::Again(None), "nonsense"));
}

#[tokio::test]
async fn file_names_are_plain() {
    let folder = tempfile::tempdir().unwrap();
    for (name, sent) in [
        ("hero.png", "hero.png"),
        ("小狗.PNG", "__.png"),
        ("a \"b\"\r\nc.jpeg", "a__b___c.png"),
        ("..x", "_.png"),
        (&"x".repeat(200), &format!("{}.png", "x".repeat(100))),
    ] {
        let (server, service) = scripted([vec![Act::Send(json(DONE))]]).await;
        service.upload(&image(&folder.path().join(name), b"x"), |_| {}).await.unwrap();
        let body = String::from_utf8(server.requests()[0].body.clone()).unwrap();
        assert!(body.contains(&format!("name=\"file\"; filename=\"{sent}\"\r\n")), "{body}");
    }
}

#[tokio::test]
async fn an_upload_that_is_refused_half_way_is_refused() {
    let (_server, service) = scripted([vec![Act::Send(reply("413 Content Too Large", "", "")), Act::Close]]).await;
    let folder = tempfile::tempdir().unwrap();
    let failure = service.upload(&image(&folder.path().join("hero.png"), &vec![1; 100_000]), |_| {}).await.unwrap_err();
    assert_eq!((failure.verdict, failure.code.as_str()), (Verdict::Final, "413"));
}
