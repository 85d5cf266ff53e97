//! The five calls, as they should be.

use super::client::{Client, body, json_of};
use crate::support::image::png;
use crate::support::service::{options, simulator};
use batch::base::canonical;
use batch::base::clock::Clock;
use batch::base::digest::Sha256;
use batch::base::secret::ApiKey;
use batch::simulate::{Call, Latency, Options, Share, Simulator};
use jiff::Timestamp;
use reqwest::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, RANGE};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_generation_goes_from_submit_to_download() {
    let simulator = simulator(&[]);
    let client = Client::of(&simulator);
    let reply = client.submit("@dog runs").await.unwrap();
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.headers()[CONTENT_TYPE], "application/json");
    let reply = json_of(reply).await;
    assert_eq!((&reply["code"], &reply["message"]), (&json!(0), &json!("任务提交成功")));
    let ts = reply["ts"].as_str().unwrap();
    assert!(
        ts.ends_with("+08:00[Asia/Shanghai]") && ts.len() == "2026-03-09T10:44:54.716004004+08:00[Asia/Shanghai]".len()
    );
    let task = reply["data"]["taskId"].as_str().unwrap();
    assert_eq!(client.status(task).await["data"], json!([{"status": "COMPLETED", "progress": "100%"}]));

    let mut videos = Vec::new();
    for url in client.urls(task).await {
        let reply = client.download(&url).await.unwrap();
        assert_eq!(reply.status(), 200);
        assert_eq!(reply.headers()[CONTENT_TYPE], "video/mp4");
        let announced: usize = reply.headers()[CONTENT_LENGTH].to_str().unwrap().parse().unwrap();
        let video = reply.bytes().await.unwrap();
        assert_eq!(video.len(), announced);
        assert_eq!(&video[4..8], b"ftyp");
        videos.push(video);
    }
    assert_eq!(videos.len(), 2);
    assert_ne!(videos[0], videos[1]);

    let books = simulator.account().books();
    assert_eq!((books.charges, books.charges_by_prompt["@dog runs"]), (1, 1));
    assert_eq!(books.charges_by_body[&Sha256::of(&canonical::bytes(&body("@dog runs")))], 1);
    assert_eq!((books.requests[&Call::Submit], books.requests[&Call::Download]), (1, 2));
    assert_eq!(books.keys_on_downloads, 0);
    assert_eq!(books.tasks, [task]);
}

#[tokio::test]
async fn a_refused_submit_names_the_field_and_costs_nothing() {
    let simulator = simulator(&[]);
    let client = Client::of(&simulator);
    let post = |text: String| client.http.post(format!("{}/v1/videos/generations", client.base)).body(text).send();
    for (text, message) in [
        (body("@cat runs").to_string(), "input.prompt: @cat is none of the names in input.mutil_reference"),
        ("{".to_owned(), "the body is not JSON: EOF while parsing an object at line 1 column 1"),
        (String::new(), "the body is not JSON: EOF while parsing a value at line 1 column 0"),
        ("[".repeat(100_000), "the body is not JSON: recursion limit exceeded at line 1 column 128"),
    ] {
        let reply = post(text).await.unwrap();
        assert_eq!(reply.status(), 400);
        let reply = json_of(reply).await;
        assert_eq!((&reply["code"], &reply["message"]), (&json!(400), &json!(message)));
    }
    assert_eq!(simulator.account().charges(), 0);
}

#[tokio::test]
async fn the_key_is_demanded_of_calls_and_refused_at_downloads() {
    let key = Some(ApiKey::new("sk-test").unwrap());
    let simulator = Simulator::spawn_thread(Options { key, ..options(&[]) }).unwrap();
    let client = Client::of(&simulator);
    let task = client.task("@dog runs").await;
    let url = &client.urls(&task).await[0];
    let status = format!("{}/v1/comfyui/tasks/{task}/status", client.base);
    for wrong in [client.http.get(&status), client.http.get(&status).bearer_auth("sk-other")] {
        let reply = wrong.send().await.unwrap();
        assert_eq!(reply.status(), 401);
        assert_eq!(json_of(reply).await["code"], 401);
    }
    assert_eq!(client.http.get(url).bearer_auth("sk-test").send().await.unwrap().status(), 400);
    assert_eq!(client.download(url).await.unwrap().status(), 200);
    let account = simulator.account();
    assert_eq!(account.books().keys_on_downloads, 1);
    let seen: Vec<_> = account.requests().iter().map(|r| (r.call, r.is_authorized())).collect();
    assert_eq!(seen[0], (Some(Call::Submit), true));
    assert_eq!(seen[2], (Some(Call::Status), false));
    assert_eq!(account.requests()[0].body, body("@dog runs").to_string().into_bytes());
}

#[tokio::test]
async fn an_upload_has_a_url_that_depends_on_its_content_alone() {
    let simulator = simulator(&[]);
    let client = Client::of(&simulator);
    let image = png(2, 2, "a");
    let mut urls = Vec::new();
    for (name, image) in [("a.png", &image), ("b.png", &image), ("a.png", &png(2, 2, "b"))] {
        let reply = json_of(client.upload("file", name, image).await).await;
        assert_eq!(reply["code"], 0);
        urls.push(reply["data"]["fullPath"].as_str().unwrap().to_owned());
    }
    assert_eq!(urls[0], urls[1]);
    assert_ne!(urls[0], urls[2]);
    assert!(urls[0].starts_with("https://") && urls[0].ends_with(".png"), "{}", urls[0]);
    assert_eq!(simulator.account().books().uploads[&Sha256::of(&image)], 2);

    for (part, name, content, message) in [
        ("image", "a.png", "x", "image: the one part is named file"),
        ("file", "", "x", "file: has no file name"),
        ("file", "a.png", "", "file: is empty"),
    ] {
        let reply = client.upload(part, name, content.as_bytes()).await;
        assert_eq!(reply.status(), 400);
        assert_eq!(json_of(reply).await["message"], message);
    }
    let bare = client.http.post(format!("{}/v1/resources/upload", client.base)).body("x").send().await.unwrap();
    assert_eq!(bare.status(), 400);
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let simulator = simulator(&[]);
    let client = Client::of(&simulator);
    for path in
        ["/", "/v2/x", "/v1/comfyui/tasks/3524e0b3ba014b12ab1faf29f9f00000/status", "/v1/comfyui/tasks/x/result"]
    {
        let reply = client.get(path).await.unwrap();
        assert_eq!(reply.status(), 404, "{path}");
        assert_eq!(json_of(reply).await["code"], 404, "{path}");
    }
    assert_eq!(client.get("/v1/videos/generations").await.unwrap().status(), 405);
}

/// Every simulator answers for every task: what is known of it is in its id.
#[tokio::test]
async fn a_later_simulator_answers_for_the_tasks_of_an_earlier_one() {
    let now: Timestamp = "2026-03-09T02:00:00Z".parse().unwrap();
    let latency = Latency::fixed(Duration::from_secs(3600));
    let after = |seconds: i64| {
        let clock = Clock::paced(now + jiff::SignedDuration::from_secs(seconds));
        Simulator::spawn_thread(Options { clock, latency, ..options(&[]) }).unwrap()
    };
    let first = after(0);
    let task = Client::of(&first).task("@dog runs").await;
    first.stop();
    // Each a little past its point, since the task was accepted a little past the start.
    for (seconds, status) in [
        (315, json!([{"status": "PENDING", "progress": "0%"}])),
        (1815, json!([{"status": "RUNNING", "progress": "50%"}])),
        (3615, json!([{"status": "COMPLETED", "progress": "100%"}])),
    ] {
        let later = after(seconds);
        let client = Client::of(&later);
        assert_eq!(client.status(&task).await["data"], status);
        let reply = client.result(&task).await;
        let expected = if seconds < 3600 { "the task is not finished" } else { "success" };
        assert_eq!(reply["message"], expected);
    }
}

#[tokio::test]
async fn failures_are_decided_by_the_seed_and_the_request() {
    let states = async |seed| {
        let failure_rate = "40%".parse().unwrap();
        let simulator = Simulator::spawn_thread(Options { seed, failure_rate, ..options(&[]) }).unwrap();
        let client = Client::of(&simulator);
        let mut states = Vec::new();
        for number in 0..20 {
            let task = client.task(&format!("@dog runs {number} times")).await;
            states.push(client.status(&task).await["data"][0]["status"].as_str().unwrap().to_owned());
        }
        states
    };
    let first = states(1).await;
    assert!(first.iter().any(|s| s == "FAILED") && first.iter().any(|s| s == "COMPLETED"));
    assert_eq!(states(1).await, first);
    assert_ne!(states(2).await, first);

    let failure_rate = Share::new(1.0).unwrap();
    let simulator = Simulator::spawn_thread(Options { failure_rate, ..options(&[]) }).unwrap();
    let client = Client::of(&simulator);
    let task = client.task("@dog runs").await;
    assert_eq!(client.status(&task).await["message"], "the generation failed (simulated)");
    assert_eq!(client.result(&task).await["code"], 400);
}

#[tokio::test]
async fn a_video_is_served_in_parts() {
    let simulator = simulator(&[]);
    let client = Client::of(&simulator);
    let task = client.task("@dog runs").await;
    let url = &client.urls(&task).await[0];
    let whole = client.download(url).await.unwrap();
    assert_eq!(whole.headers()[ACCEPT_RANGES], "bytes");
    let tag = whole.headers()[ETAG].clone();
    let whole = whole.bytes().await.unwrap();
    let part = |range: String, tag: &str| client.http.get(url).header(RANGE, range).header(IF_RANGE, tag).send();
    // Across the border between the picture and what marks it.
    let border = whole.len() - 40;
    for start in [0, 1, 1000, border, whole.len() - 1] {
        let reply = part(format!("bytes={start}-"), tag.to_str().unwrap()).await.unwrap();
        assert_eq!(reply.status(), 206);
        let shown = format!("bytes {start}-{}/{}", whole.len() - 1, whole.len());
        assert_eq!(reply.headers()[CONTENT_RANGE], shown.as_str());
        assert_eq!(reply.bytes().await.unwrap(), whole[start..]);
    }
    let other = part("bytes=5-".to_owned(), "\"other\"").await.unwrap();
    assert_eq!((other.status().as_u16(), other.bytes().await.unwrap()), (200, whole.clone()));
    let beyond = part(format!("bytes={}-", whole.len()), tag.to_str().unwrap()).await.unwrap();
    assert_eq!(beyond.status(), 416);
}

#[tokio::test]
async fn a_video_needs_a_signed_url_that_has_not_expired() {
    let simulator = Simulator::spawn_thread(Options { url_lifetime: Duration::ZERO, ..options(&[]) }).unwrap();
    let client = Client::of(&simulator);
    let task = client.task("@dog runs").await;
    let url = &client.urls(&task).await[0];
    let (path, _) = url.split_once('?').unwrap();
    for (url, text) in [(url.as_str(), "the URL has expired"), (path, "the URL is not signed")] {
        let reply = client.download(url).await.unwrap();
        assert_eq!((reply.status().as_u16(), reply.text().await.unwrap().as_str()), (403, text));
    }
}

#[tokio::test]
async fn the_books_are_there_by_http() {
    let simulator = simulator(&["submit:503@2"]);
    let client = Client::of(&simulator);
    for _ in 0..3 {
        client.submit("@dog runs").await.unwrap();
    }
    let books: Value = json_of(client.get("/__account").await.unwrap()).await;
    assert_eq!((&books["charges"], &books["requests"]["submit"]), (&json!(2), &json!(3)));
    assert_eq!(books["charges_by_prompt"], json!({"@dog runs": 2}));
    assert_eq!(books, serde_json::to_value(simulator.account().books()).unwrap());
}

#[tokio::test]
async fn without_recording_there_are_counts_only() {
    let simulator = Simulator::spawn_thread(Options { record: false, ..options(&[]) }).unwrap();
    Client::of(&simulator).task("@dog runs").await;
    let account = simulator.account();
    assert_eq!((account.charges(), account.calls(Call::Submit), account.books().charges_by_body.len()), (1, 1, 1));
    assert!(account.requests().is_empty() && account.books().charges_by_prompt.is_empty());
}
