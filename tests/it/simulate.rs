//! The simulated service as its clients see it: by HTTP.

use crate::support::service::{options, simulator};
use batch::base::digest::Sha256;
use batch::simulate::{Call, Options, Running, Simulator};
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, RANGE};
use serde_json::{Value, json};

/// A submit that breaks no rule.
fn body(prompt: &str) -> Value {
    json!({
        "selected_model": "PixVerse-v4.5-MR2V",
        "task_type": "multi_ref_img2video",
        "input": {
            "prompt": prompt,
            "resolution": "360p",
            "duration": 5,
            "number_of_videos": 2,
            "mutil_reference": [{"type": "subject", "name": "dog", "urls": ["https://images.example.com/dog.png"]}]
        }
    })
}

/// A client that knows one simulator.
struct Client {
    http: reqwest::Client,
    base: String,
}

impl Client {
    fn of(simulator: &Running) -> Client {
        Client { http: reqwest::Client::builder().no_proxy().build().unwrap(), base: simulator.base_url() }
    }

    async fn submit(&self, body: &Value) -> reqwest::Result<reqwest::Response> {
        self.http.post(format!("{}/v1/videos/generations", self.base)).bearer_auth("sk-1").json(body).send().await
    }

    async fn task(&self, prompt: &str) -> String {
        let reply: Value = self.submit(&body(prompt)).await.unwrap().json().await.unwrap();
        reply["data"]["taskId"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned()
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        self.http.get(format!("{}{path}", self.base)).bearer_auth("sk-1").send().await.unwrap()
    }

    async fn status(&self, task: &str) -> Value {
        self.get(&format!("/v1/comfyui/tasks/{task}/status")).await.json().await.unwrap()
    }

    async fn urls(&self, task: &str) -> Vec<String> {
        let reply: Value = self.get(&format!("/v1/comfyui/tasks/{task}/result")).await.json().await.unwrap();
        let urls = reply["data"]["urls"].as_array().unwrap_or_else(|| panic!("{reply}"));
        urls.iter().map(|url| url.as_str().unwrap().to_owned()).collect()
    }

    async fn download(&self, url: &str) -> reqwest::Result<reqwest::Response> {
        self.http.get(url).send().await
    }
}

#[tokio::test]
async fn a_generation_goes_from_submit_to_download() {
    let simulator = simulator(&[]);
    let client = Client::of(&simulator);
    let reply = client.submit(&body("@dog runs")).await.unwrap();
    assert_eq!(reply.status(), 200);
    let reply: Value = reply.json().await.unwrap();
    assert_eq!((&reply["code"], &reply["message"]), (&json!(0), &json!("任务提交成功")));
    let ts = reply["ts"].as_str().unwrap();
    assert!(ts.ends_with("+08:00[Asia/Shanghai]") && ts.len() == 50, "{ts}");
    let task = reply["data"]["taskId"].as_str().unwrap();

    let status = client.status(task).await;
    assert_eq!(status["data"], json!([{"status": "COMPLETED", "progress": "100%"}]));
    let urls = client.urls(task).await;
    assert_eq!(urls.len(), 2);
    let mut videos = Vec::new();
    for url in &urls {
        let reply = client.download(url).await.unwrap();
        assert_eq!(reply.status(), 200);
        assert_eq!(reply.headers()[CONTENT_TYPE], "video/mp4");
        let announced: usize = reply.headers()[CONTENT_LENGTH].to_str().unwrap().parse().unwrap();
        let video = reply.bytes().await.unwrap();
        assert_eq!(video.len(), announced);
        assert_eq!(&video[4..8], b"ftyp");
        videos.push(video);
    }
    assert_ne!(videos[0], videos[1]);

    let books = simulator.account().books();
    assert_eq!(books.charges, 1);
    assert_eq!(books.charges_by_prompt["@dog runs"], 1);
    assert_eq!(books.requests[&Call::Download], 2);
    assert_eq!(books.keys_on_downloads, 0);
    assert_eq!(books.tasks, [task]);
}
