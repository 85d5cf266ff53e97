//! The service over HTTP.

pub use super::connection::{HttpService, Unusable};
pub use super::limits::{Limits, Pace};
pub use super::settings::Settings;
use super::verdict::{self, Since, Way};
use super::{Failure, Image, Images, Progress, Service, Speaker, Submission, Undelivered, Video, failure};
use super::{download, upload};
use crate::service::call::Call;
use crate::service::image::LocalImage;
use crate::service::names::TaskId;
use crate::service::remote::Validator;
use crate::service::request::{Generation, Urls};
use std::path::Path;
use std::sync::atomic::Ordering;

impl Images for HttpService {
    async fn image(&self, url: &str, known: Option<&Validator>) -> Result<Option<Image>, Failure> {
        self.remote_images.image(url, known).await
    }
}

impl Service for HttpService {
    async fn upload(&self, image: &LocalImage, advance: impl Fn(u64) + Send + Sync) -> Result<String, Failure> {
        upload::upload(self, image, advance).await
    }

    async fn submit(&self, generation: &Generation, urls: &Urls) -> Submission {
        let body = generation.body(|content| urls[content].clone());
        let url = self.base.call("/v1/videos/generations");
        let request = self.submitting.post(url).json(&body).timeout(self.limits.submit);
        let exchange = self.exchange(Call::Submit, request).await;
        // Read only now: others may have been answered while this one was on its way.
        let since = if self.answered.load(Ordering::Relaxed) { Since::Answered } else { Since::Start };
        let answer = verdict::submission(exchange, Way { since, turned_away: &self.turned_away });
        let is_answered = match &answer {
            Submission::Accepted(_) => true,
            Submission::NotTaken(not_taken) => not_taken.by == Speaker::Service,
            Submission::Unknown(_) => false,
        };
        if is_answered {
            self.answered.store(true, Ordering::Relaxed);
        }
        answer
    }

    async fn status(&self, task: &TaskId) -> Result<Progress, Failure> {
        failure::progress(self.ask(Call::Status, &status_of(task)).await, task)
    }

    async fn look(&self, task: &TaskId) -> Result<(), Failure> {
        verdict::presence(self.ask(Call::Status, &status_of(task)).await)
    }

    async fn result(&self, task: &TaskId) -> Result<Vec<String>, Failure> {
        failure::videos(self.ask(Call::Result, &format!("/v1/comfyui/tasks/{task}/result")).await, task)
    }

    async fn download(
        &self,
        url: &str,
        destination: &Path,
        advance: impl Fn(u64, Option<u64>) + Send + Sync,
    ) -> Result<Video, Undelivered> {
        download::download(self, url, destination, advance).await
    }
}

/// Returns the path of a task's status.
fn status_of(task: &TaskId) -> String {
    format!("/v1/comfyui/tasks/{task}/status")
}
