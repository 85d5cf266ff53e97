//! The service's five calls, the one to other hosts that have images, and what their failures mean.
//!
//! [`Service`] is what the engine needs; [`HttpService`](http::HttpService) is the real one, and [`Elsewhere`](elsewhere::Elsewhere)
//! its part that fetches images. The outcome of a submit is a
//! type of its own: "unknown" can't be mistaken for a failure that may be tried again, so that paying twice can't be
//! written by accident. What each reply means for the money is decided in `verdict` alone; when to try again is the engine's.

pub mod elsewhere;
pub mod failure;
pub mod http;
pub mod rate;
pub mod retry;
pub mod throttle;

mod download;
mod length;
mod meter;
mod partial;
mod printable;
mod reason;
mod representation;
mod settings;
mod stopped;
mod tls;
mod unpack;
mod upload;
pub mod verdict;
mod video;
pub mod way;
mod wire;

#[cfg(test)]
mod tests;

use crate::base::digest::Sha256;
use crate::spec::elsewhere::Validator;
use crate::spec::image::LocalImage;
use crate::spec::names::TaskId;
use std::future::Future;
use std::path::Path;
use std::time::Duration;

/// The code of a failure where no connection was made, so that nothing was sent.
pub const NO_CONNECTION: &str = "no-connection";

/// The code of a failure where no connection will be made until a person changes something.
pub const NO_WAY: &str = "no-way";

/// The call that goes anywhere but to the service: it carries no key.
pub trait Images: Send + Sync + 'static {
    /// Fetches the image at `url` to a temporary file: whole, checked to be one, and hashed. Nothing where it is still the one
    /// that `known` stands for.
    fn image(
        &self,
        url: &str,
        known: Option<&Validator>,
    ) -> impl Future<Output = Result<Option<Image>, Failure>> + Send;
}

/// An image that was fetched; its file is removed on drop.
#[derive(Debug)]
pub struct Image {
    /// The temporary file.
    pub file: tempfile::TempPath,
    /// The hash of its content.
    pub sha256: Sha256,
    /// Its size.
    pub bytes: u64,
    /// Its media type by content, as `image/png`.
    pub media_type: &'static str,
    /// What tells whether it changed, where its server said.
    pub validator: Option<Validator>,
}

/// The five calls of the service, and the one for images of elsewhere.
pub trait Service: Images {
    /// Uploads a local image; gives its URL. `advance` is told now and then how many bytes are on their way.
    fn upload(
        &self,
        image: &LocalImage,
        advance: impl Fn(u64) + Send + Sync,
    ) -> impl Future<Output = Result<String, Failure>> + Send;

    /// Asks for a generation. Never tried again in here.
    fn submit(&self, body: &serde_json::Value) -> impl Future<Output = Submission> + Send;

    /// Asks how a task stands.
    fn status(&self, task: &TaskId) -> impl Future<Output = Result<Progress, Failure>> + Send;

    /// Asks how a task stands, only to hear whether the service itself answers: any word of its own will do.
    fn look(&self, task: &TaskId) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Asks for the URLs of a finished task's videos, in the service's order.
    fn result(&self, task: &TaskId) -> impl Future<Output = Result<Vec<String>, Failure>> + Send;

    /// Fetches a video, without the key, to a temporary file beside `destination`: whole, checked and hashed, not yet
    /// renamed. `advance` is told how many bytes have come, and how many there are in all, where the server says so.
    fn download(
        &self,
        url: &str,
        destination: &Path,
        advance: impl Fn(u64, Option<u64>) + Send + Sync,
    ) -> impl Future<Output = Result<Video, Undelivered>> + Send;
}

/// A video that was fetched; its file is removed on drop unless it is persisted.
#[derive(Debug)]
pub struct Video {
    /// The temporary file.
    pub file: tempfile::NamedTempFile,
    /// The hash of its content.
    pub sha256: Sha256,
    /// Its size.
    pub bytes: u64,
}

/// A download that brought no video that is known to be whole.
#[derive(Debug, thiserror::Error)]
#[error("{failure}")]
pub struct Undelivered {
    /// Why, and what to do about it.
    pub failure: Failure,
    /// What came, where a person may find a video in it all the same.
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
    /// Nobody can know; `String` says what happened. Never tried again by itself.
    Unknown(String),
}

/// A submit that wasn't taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotTaken {
    /// What follows.
    pub then: Then,
    /// Who said so.
    pub by: Speaker,
    /// The service's code, an HTTP status or a short word: for machines.
    pub code: String,
    /// In words: what was asked, what came back.
    pub message: String,
}

/// What follows from a submit that wasn't taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Final for this input.
    Refuse,
    /// The account is refused, or has no money: no more submits, and the job is as it was.
    StopSubmits,
    /// All submits of the run slow down, and the same is tried again; the pause that was asked for, if any.
    SlowDown(Option<Duration>),
    /// The service can't now: the same is tried again, after the pause that it asked for, if any.
    Later(Option<Duration>),
    /// A gateway, or a front of the service, says no in words: the job is left for the next run.
    Leave(Urgency),
    /// Turned away before the service: the job is as it was.
    TurnAway(Urgency),
    /// No connection was made: the whole run waits for the service.
    WaitForService,
    /// No connection will be made until a person changes something: the run stops.
    GiveUp,
}

/// When a reply of the way ends all submits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// It is the same for all jobs.
    AtOnce,
    /// It may be about one job; three in a row are about all.
    ThreeInARow,
}

/// Who a reply is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// The service itself.
    Service,
    /// Something on the way to it.
    Way,
}

/// How a task stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The state.
    pub state: TaskState,
    /// The service's word, upper-case.
    pub word: String,
    /// What the service says of the progress.
    pub progress: Option<String>,
    /// The service's message, for people; empty where there is none.
    pub message: String,
}

/// The state of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// Waiting or running.
    Running,
    /// A word that isn't known: taken as still running, and said once.
    Strange,
    /// Finished, the videos can be fetched.
    Completed,
    /// Failed or cancelled: final, and refunded.
    Failed,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What to do about it.
    pub verdict: Verdict,
    /// The service's code, an HTTP status or a short word: for machines.
    pub code: String,
    /// In words: what was asked, what came back.
    pub message: String,
}

/// What a failure means for the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Worth another try, after the pause that the service asked for, if it did.
    Again(Option<Duration>),
    /// No connection was made: the whole run waits for the service.
    Unreachable(Option<Duration>),
    /// Something else than the service answered, or nothing: it is away, for this call.
    Away(Option<Duration>),
    /// No connection will be made until a person changes something: the run stops.
    NoWay,
    /// The account is refused (401, 402, 403).
    Stop,
    /// The service doesn't know what was asked for (404; for a video 403 and 410 too).
    Gone,
    /// No use in trying again.
    Final,
    /// This machine failed: a file can't be read or written, or changed under the run.
    Local,
}
