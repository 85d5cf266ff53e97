//! The content of a request, whatever the answer will be.

use super::call::Route;
use super::check::Submit;
use super::upload::Upload;
use bytes::Bytes;
use hyper::http::request::Parts;
use std::borrow::Cow;

/// The content of a request, as far as it could be read; for an unreadable body, its mistake.
#[derive(Debug)]
pub(super) enum Asked<'r> {
    Submit(Result<Submit, String>),
    Upload(Result<Upload, String>),
    Status(&'r str),
    Result(&'r str),
    /// A task's id and a video's number, as they are in the path.
    Download(&'r str, &'r str),
}

impl<'r> Asked<'r> {
    /// Reads a request.
    pub(super) async fn read(route: Route<'r>, head: &Parts, body: Bytes) -> Asked<'r> {
        match route {
            Route::Submit => Asked::Submit(Submit::read(&body)),
            Route::Upload => Asked::Upload(Upload::read(&head.headers, body).await),
            Route::Status(task) => Asked::Status(task),
            Route::Result(task) => Asked::Result(task),
            Route::Download(task, number) => Asked::Download(task, number),
        }
    }

    /// Returns the identity of the request: the hash of its content, or its path.
    pub(super) fn identity(&self, head: &'r Parts) -> Cow<'r, str> {
        match self {
            Asked::Submit(Ok(submit)) => submit.hash.to_string().into(),
            Asked::Upload(Ok(upload)) => upload.sha256.to_string().into(),
            _ => head.uri.path().into(),
        }
    }
}
