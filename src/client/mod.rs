//! The service's five calls, the call to other hosts for images, and what their failures mean.
//!
//! [`Service`] is the interface that the engine needs; [`HttpService`](http::HttpService) implements it over HTTP, and
//! [`RemoteImages`](remote::RemoteImages) is its part that fetches images. The outcome of a submit is a type of its own:
//! "unknown" can't be mistaken for a failure that may be retried, so that paying twice can't be written by accident.
//! The meaning of each reply for the money is decided in `verdict` alone; the engine decides when to retry.

pub mod failure;
pub mod http;
pub mod publish;
pub mod rate;
pub mod remote;
pub mod retry;
pub mod throttle;

mod conceal;
mod connection;
mod download;
mod length;
mod limits;
mod meter;
mod partial;
mod printable;
mod reason;
mod redirects;
mod representation;
mod settings;
mod stopped;
mod unpack;
mod upload;
pub mod verdict;
mod video;
pub mod way;
mod wire;

#[cfg(test)]
mod tests;

use crate::base::digest::Sha256;
use crate::service::image::LocalImage;
use crate::service::names::TaskId;
use crate::service::remote::Validator;
use crate::service::request::{Generation, Urls};
use std::future::Future;
use std::path::Path;
use std::time::Duration;

/// The code of a failure to connect: nothing was sent.
pub const NO_CONNECTION: &str = "no-connection";

/// The code of a failure to connect that lasts until a person changes something.
pub const NO_WAY: &str = "no-way";

/// The code of an upload whose reply has something else in the place of the image's URL.
pub const NO_URL: &str = "no-url";

/// The call to hosts other than the service; it carries no key.
pub trait Images: Send + Sync + 'static {
    /// Fetches the image at `url` to a temporary file: complete, checked to be an image, and hashed. Returns `None` if
    /// it is still the one that `known` identifies.
    fn image(
        &self,
        url: &str,
        known: Option<&Validator>,
    ) -> impl Future<Output = Result<Option<Image>, Failure>> + Send;
}

/// A fetched image; its file is removed on drop.
#[derive(Debug)]
pub struct Image {
    /// The temporary file.
    pub file: tempfile::TempPath,
    /// The hash of its content.
    pub sha256: Sha256,
    /// Its size.
    pub bytes: u64,
    /// Its media type as detected from the content, such as `image/png`.
    pub media_type: &'static str,
    /// The validator by which a later change is detected, if the server sent one.
    pub validator: Option<Validator>,
}

/// The five calls of the service, and the one for remote images.
pub trait Service: Images {
    /// Uploads a local image and returns its URL. `advance` is called now and then with the number of bytes sent.
    fn upload(
        &self,
        image: &LocalImage,
        advance: impl Fn(u64) + Send + Sync,
    ) -> impl Future<Output = Result<String, Failure>> + Send;

    /// Submits a generation; `urls` has each of its images that are known by content. Never retried in here.
    fn submit(&self, generation: &Generation, urls: &Urls) -> impl Future<Output = Submission> + Send;

    /// Returns the status of a task.
    fn status(&self, task: &TaskId) -> impl Future<Output = Result<Progress, Failure>> + Send;

    /// Queries the status of a task only to learn whether the service itself answers: any reply of its own will do.
    fn look(&self, task: &TaskId) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Returns the URLs of a finished task's videos, in the service's order.
    fn result(&self, task: &TaskId) -> impl Future<Output = Result<Vec<String>, Failure>> + Send;

    /// Fetches a video, without the key, to a temporary file next to `destination`: complete, checked and hashed, not
    /// yet renamed. `advance` is called with the bytes received so far and the total, if the server announced it.
    fn download(
        &self,
        url: &str,
        destination: &Path,
        advance: impl Fn(u64, Option<u64>) + Send + Sync,
    ) -> impl Future<Output = Result<Video, Undelivered>> + Send;
}

/// A fetched video; its file is removed on drop unless it is persisted.
#[derive(Debug)]
pub struct Video {
    /// The temporary file.
    pub file: tempfile::NamedTempFile,
    /// The hash of its content.
    pub sha256: Sha256,
    /// Its size.
    pub bytes: u64,
}

/// A download that got no video known to be complete.
#[derive(Debug, thiserror::Error)]
#[error("{failure}")]
pub struct Undelivered {
    /// The cause, and what to do about it.
    pub failure: Failure,
    /// The received file, if it may still hold a usable video.
    pub doubtful: Option<Box<Video>>,
}

impl From<Failure> for Undelivered {
    fn from(failure: Failure) -> Undelivered {
        Undelivered { failure, doubtful: None }
    }
}

/// The outcome of a submit: one of three.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submission {
    /// A reply with a task id: it is paid.
    Accepted(TaskId),
    /// Nothing was generated, nothing is paid.
    NotTaken(NotTaken),
    /// It can't be known whether it is paid; `String` says what happened. Never retried automatically.
    Unknown(String),
}

/// A submit that wasn't accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotTaken {
    /// The consequence.
    pub then: Then,
    /// The sender of the reply.
    pub by: Speaker,
    /// The service's code, an HTTP status or a short word: for machines.
    pub code: String,
    /// A message: the call and its reply.
    pub message: String,
}

/// The consequence of a submit that wasn't accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Final for this input.
    Refuse,
    /// The account is refused, or has no money: no more submits, and the job stays as it was.
    StopSubmits,
    /// All submits of the run slow down, and this one is retried, after the requested pause, if any.
    SlowDown(Option<Duration>),
    /// The service can't now: this submit is retried, after the pause that it requested, if any.
    Later(Option<Duration>),
    /// A gateway, or a front end of the service, refuses with a message: the job is left for the next run.
    Leave(Urgency),
    /// Turned away before it reached the service: the job stays as it was.
    TurnAway(Urgency),
    /// No connection was made: the whole run waits for the service.
    WaitForService,
    /// No connection will be made until a person changes something: the run stops.
    GiveUp,
}

/// When a refusal from something on the way ends all submits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// At once: it is the same for all jobs.
    AtOnce,
    /// After three in a row: one alone may be about a single job.
    ThreeInARow,
}

/// The sender of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// The service itself.
    Service,
    /// Something on the way to it.
    Way,
}

/// The status of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The state.
    pub state: TaskState,
    /// The service's word for it, upper-case.
    pub word: String,
    /// The progress as the service reports it.
    pub progress: Option<String>,
    /// The service's message, for people; empty if it has none.
    pub message: String,
}

/// The state of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// Waiting or running.
    Running,
    /// An unknown word: treated as still running, and reported once.
    Strange,
    /// Finished, the videos can be fetched.
    Completed,
    /// Failed or cancelled: final, and refunded.
    Failed,
}

/// A failed call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The consequence.
    pub verdict: Verdict,
    /// The service's code, an HTTP status or a short word: for machines.
    pub code: String,
    /// A message: the call and its reply.
    pub message: String,
}

/// The consequence of a failure for the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Worth retrying, after the pause that the service requested, if any.
    Again(Option<Duration>),
    /// No connection was made: the whole run waits for the service.
    Unreachable(Option<Duration>),
    /// Something other than the service answered, or nothing: it is unreachable for this call.
    Away(Option<Duration>),
    /// No connection will be made until a person changes something: the run stops.
    NoWay,
    /// The account is refused (401, 402, 403).
    Stop,
    /// The service doesn't know the resource (404; for a video 403 and 410 too).
    Gone,
    /// Retrying is of no use.
    Final,
    /// This machine failed: a file can't be read or written, or was changed during the run.
    Local,
}
