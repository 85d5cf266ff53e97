//! What bounds a run: a client that makes the same requests and keeps nothing.

use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Buys and downloads so many videos from the service at `url`, `wide` at a time.
pub(crate) fn work(url: &str, jobs: usize, wide: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    rustls::crypto::ring::default_provider().install_default().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder().pool_max_idle_per_host(wide).build().unwrap();
        let (next, url) = (Arc::new(AtomicUsize::new(0)), Arc::new(url.to_owned()));
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..wide {
            let (client, next, url) = (client.clone(), next.clone(), url.clone());
            workers.spawn(async move {
                loop {
                    let job = next.fetch_add(1, Ordering::Relaxed);
                    if job >= jobs {
                        return;
                    }
                    one(&client, &url, job).await;
                }
            });
        }
        workers.join_all().await;
    });
}

/// Submit, status until it is done, result, download.
async fn one(client: &reqwest::Client, url: &str, job: usize) {
    let image = |name: &str| format!("https://images.example.com/library/{name}/{job:06}.png");
    let reference = |name: &str, kind: &str| json!({ "type": kind, "name": name, "urls": [image(name)] });
    let body = json!({
        "selected_model": "PixVerse-v4.5-MR2V",
        "task_type": "multi_ref_img2video",
        "input": {
            "prompt": format!("@human and @dog play on the @grass, bare {job}"),
            "resolution": "720p",
            "duration": 5,
            "mutil_reference": [reference("human", "subject"), reference("dog", "subject"), reference("grass", "background")],
        },
    });
    let get = async |path: String| -> Value {
        let request = client.get(format!("{url}{path}")).bearer_auth("any-key-will-do");
        request.send().await.unwrap().json().await.unwrap()
    };
    let submit = client.post(format!("{url}/v1/videos/generations")).bearer_auth("any-key-will-do").json(&body);
    let reply: Value = submit.send().await.unwrap().json().await.unwrap();
    let task = reply["data"]["taskId"].as_str().unwrap().to_owned();
    while get(format!("/v1/comfyui/tasks/{task}/status")).await["data"][0]["status"] != "COMPLETED" {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    let result = get(format!("/v1/comfyui/tasks/{task}/result")).await;
    let videos = [&result["data"]["urls"], &result["data"][0]["urls"], &result["data"][0]["result"]["urls"]];
    for video in videos.iter().find_map(|urls| urls.as_array()).unwrap() {
        let bytes = client.get(video.as_str().unwrap()).send().await.unwrap().bytes().await.unwrap();
        assert!(!bytes.is_empty());
    }
}
