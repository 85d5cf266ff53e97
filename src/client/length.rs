//! Asks a server how long a video is that came without a length: one that was cut between two of its parts looks whole.
//!
//! A proxy ends its reply in good order where the server behind it died (nginx does), so the end of a reply proves nothing.

use super::Failure;
use super::download::{Body, LONGEST, Source, judge, send};
use super::failure::{self, Call};
use super::http::HttpService;
use super::representation::length_of_file;
use super::stopped::Stopped;
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode};

/// Returns the length of a video, told or counted; what is longer than `received` needs no counting to its end.
///
/// # Errors
/// Where the server doesn't send it a second time.
pub(super) async fn ask(service: &HttpService, source: &Source, received: u64) -> Result<u64, Failure> {
    let one = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static("bytes=0-0"))]);
    let told = async {
        let response = send(service, source, one).await?;
        if response.status() == StatusCode::PARTIAL_CONTENT {
            return match length_of_file(response.headers()) {
                Some(length) => Ok(length),
                // It knows the length no more than before.
                None => count(service, source, send(service, source, HeaderMap::new()).await?, received).await,
            };
        }
        count(service, source, response, received).await
    };
    told.await.map_err(|stopped: Stopped| match stopped {
        Stopped::Broken(why) => failure::broken(Call::Download, &why),
        Stopped::Disk(error) => failure::local(Call::Download, &error.to_string()),
        Stopped::Failed(failure) => failure,
    })
}

/// Returns the length that a reply announces; else counts its bytes.
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
