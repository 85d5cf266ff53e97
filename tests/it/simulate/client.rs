//! A client of one simulator, for tests: it believes what it is told, and has no decoder of the product's in it.

use batch::simulate::Running;
use reqwest::{Client as Http, Error, Response};
use serde_json::{Value, json};
use std::time::Duration;

/// A submit that breaks no rule, of two videos.
pub(super) fn body(prompt: &str) -> Value {
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

pub(super) struct Client {
    pub(super) http: Http,
    pub(super) base: String,
}

impl Client {
    pub(super) fn of(simulator: &Running) -> Client {
        Client::at(simulator.base_url())
    }

    pub(super) fn at(base: String) -> Client {
        // As the program does before its first connection; harmless where another test did.
        let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
        let http = Http::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        Client { http, base }
    }

    /// A submit, with the key.
    pub(super) async fn submit(&self, prompt: &str) -> Result<Response, Error> {
        let url = format!("{}/v1/videos/generations", self.base);
        self.http.post(url).bearer_auth("sk-test").json(&body(prompt)).send().await
    }

    /// An upload of one part.
    pub(super) async fn upload(&self, part: &'static str, name: &'static str, content: &[u8]) -> Response {
        let file = reqwest::multipart::Part::bytes(content.to_vec()).file_name(name);
        let form = reqwest::multipart::Form::new().part(part, file);
        self.http.post(format!("{}/v1/resources/upload", self.base)).multipart(form).send().await.unwrap()
    }

    /// A GET of a path, with the key.
    pub(super) async fn get(&self, path: &str) -> Result<Response, Error> {
        self.http.get(format!("{}{path}", self.base)).bearer_auth("sk-test").send().await
    }

    /// The task that a submit made.
    pub(super) async fn task(&self, prompt: &str) -> String {
        let reply = json_of(self.submit(prompt).await.unwrap()).await;
        reply["data"]["taskId"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned()
    }

    pub(super) async fn status(&self, task: &str) -> Value {
        json_of(self.get(&format!("/v1/comfyui/tasks/{task}/status")).await.unwrap()).await
    }

    pub(super) async fn result(&self, task: &str) -> Value {
        json_of(self.get(&format!("/v1/comfyui/tasks/{task}/result")).await.unwrap()).await
    }

    /// The URLs of a task's videos.
    pub(super) async fn urls(&self, task: &str) -> Vec<String> {
        let reply = self.result(task).await;
        let urls = reply["data"]["urls"].as_array().unwrap_or_else(|| panic!("{reply}"));
        urls.iter().map(|url| url.as_str().unwrap().to_owned()).collect()
    }

    /// A GET of a URL, without the key.
    pub(super) async fn download(&self, url: &str) -> Result<Response, Error> {
        self.http.get(url).send().await
    }
}

pub(super) async fn json_of(response: Response) -> Value {
    response.json().await.unwrap()
}

/// Whether the connection was reset, as some cause of the error says.
pub(super) fn was_reset(error: &Error) -> bool {
    causes(error).any(|cause| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::ConnectionReset)
    })
}

fn causes(error: &Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |error| error.source())
}
