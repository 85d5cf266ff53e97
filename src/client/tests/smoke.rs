//! The five calls, when all is well.

use super::server::{json, reply};
use super::*;
use crate::base::digest::Sha256;
use crate::client::{Service as _, Submission, TaskState};
use crate::service::image::LocalImage;
use crate::service::names::TaskId;
use crate::service::request::Urls;

#[tokio::test]
async fn the_five_calls_work() {
    let video = VIDEO;
    let (server, service) = scripted([
        vec![Act::Send(json(r#"{"code":0,"data":{"fullPath":"https://up.example.com/1.png"}}"#))],
        vec![Act::Send(json(r#"{"code":0,"data":{"taskId":"t-1"}}"#))],
        vec![Act::Send(json(r#"{"code":0,"data":[{"status":"completed","progress":"100%"}]}"#))],
        vec![Act::Send(json(r#"{"code":0,"data":{"urls":["https://s1.example.com/1.mp4"]}}"#))],
        vec![Act::Send(reply("200 OK", "Content-Type: video/mp4\r\n", video))],
    ])
    .await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("小狗.png");
    std::fs::write(&path, b"pixels").unwrap();
    let image =
        LocalImage {
            path, shown: "小狗.png".into(), sha256: Sha256::of(b"pixels"), bytes: 6, media_type: "image/png"
        };
    assert_eq!(service.upload(&image, |_| {}).await.unwrap(), "https://up.example.com/1.png");
    let task = TaskId::new("t-1").unwrap();
    assert_eq!(service.submit(&generation(), &Urls::new()).await, Submission::Accepted(task.clone()));
    assert_eq!(service.status(&task).await.unwrap().state, TaskState::Completed);
    assert_eq!(service.result(&task).await.unwrap(), ["https://s1.example.com/1.mp4"]);
    let url = format!("{}/1.mp4?sign=x", server.base());
    let got = service.download(&url, &folder.path().join("out.mp4"), |_, _| {}).await.unwrap();
    assert_eq!(std::fs::read(&got.file).unwrap(), video);
    assert_eq!((got.sha256, got.bytes), (Sha256::of(video), video.len() as u64));

    let requests = server.requests();
    let lines: Vec<_> = requests.iter().map(|request| request.head.lines().next().unwrap()).collect();
    assert_eq!(
        lines,
        [
            "POST /v1/resources/upload HTTP/1.1",
            "POST /v1/videos/generations HTTP/1.1",
            "GET /v1/comfyui/tasks/t-1/status HTTP/1.1",
            "GET /v1/comfyui/tasks/t-1/result HTTP/1.1",
            "GET /1.mp4?sign=x HTTP/1.1",
        ]
    );
    let bearer = format!("Bearer {KEY}");
    for request in &requests[..4] {
        assert_eq!(request.header("authorization"), Some(bearer.as_str()));
    }
    assert!(!requests[4].head.contains(KEY));
    assert_eq!(requests[1].header("content-type"), Some("application/json"));
    let sent = serde_json::from_slice::<serde_json::Value>(&requests[1].body).unwrap();
    assert_eq!(sent, generation().body(|_| unreachable!()));
    let upload = String::from_utf8(requests[0].body.clone()).unwrap();
    assert!(upload.contains(r#"Content-Disposition: form-data; name="file"; filename="__.png""#), "{upload}");
    assert!(upload.contains("Content-Type: image/png\r\n\r\npixels\r\n"), "{upload}");
}
