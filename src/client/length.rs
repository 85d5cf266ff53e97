//! Asks a server for the length of a video that came without one: a video cut between two of its parts looks complete.
//!
//! A proxy ends its reply regularly when the server behind it dies (nginx does), so the end of a reply proves nothing.

use super::Failure;
use super::connection::HttpService;
use super::download::{Body, LONGEST, Source, judge, send};
use super::failure;
use super::representation::length_of_file;
use super::stopped::Stopped;
use crate::service::call::Call;
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode};

/// Returns the length of a video, announced or counted; counting stops as soon as it exceeds `received`.
///
/// # Errors
/// Fails if the server doesn't send it a second time.
pub(super) async fn ask(service: &HttpService, source: &Source, received: u64) -> Result<u64, Failure> {
    let one = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static("bytes=0-0"))]);
    let told = async {
        let response = send(service, source, one).await?;
        let all = match response.status() {
            StatusCode::PARTIAL_CONTENT => match length_of_file(response.headers()) {
                Some(length) => return Ok(length),
                // The server still doesn't know the length.
                None => send(service, source, HeaderMap::new()).await?,
            },
            // It generates the file anew for each request, and refuses parts of it.
            StatusCode::RANGE_NOT_SATISFIABLE => send(service, source, HeaderMap::new()).await?,
            _ => response,
        };
        count(service, source, all, received).await
    };
    told.await.map_err(|stopped: Stopped| match stopped {
        Stopped::Broken(why) => failure::broken(Call::Download, &why),
        Stopped::Disk(error) => failure::local(Call::Download, &error.to_string()),
        Stopped::Failed(failure) => failure,
    })
}

/// Returns the length that a reply announces; otherwise counts its bytes.
async fn count(service: &HttpService, source: &Source, response: Response, received: u64) -> Result<u64, Stopped> {
    judge(service, source, &response).map_err(Stopped::Failed)?;
    if let Some(length) = response.content_length() {
        return Ok(length);
    }
    let (mut body, mut counted) = (Body::of(response, service), 0);
    while let Some(chunk) = body.next(&source.shown).await? {
        counted += chunk.len() as u64;
        if counted > received.min(LONGEST) {
            break;
        }
    }
    Ok(counted)
}
