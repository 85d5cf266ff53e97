//! A transport error in one sentence for people.

use super::printable::{EXCERPT, printable};
use std::error::Error;

/// Returns the reason why no reply, or no complete one, came from `host`.
pub(super) fn sentence(error: &reqwest::Error, host: &str) -> String {
    let cause = cause(error);
    match (error.is_connect(), error.is_timeout()) {
        (true, true) => format!("could not connect to {host} in time"),
        (true, false) => format!("could not connect to {host}: {cause}"),
        (false, true) => format!("{host} did not reply in time"),
        (false, false) if error.is_redirect() => format!("a redirect of {host} was not followed: {cause}"),
        (false, false) if error.is_builder() => format!("the request to {host} can't be made: {cause}"),
        (false, false) => format!("the connection to {host} broke: {cause}"),
    }
}

/// Returns the innermost cause, which holds the fact ("connection refused"). The outer ones name the URL with its query.
pub(super) fn cause(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(inner) = cause.and_then(Error::source) {
        cause = Some(inner);
    }
    let text = cause.map_or_else(|| "no cause is known".to_owned(), |cause| printable(&cause.to_string(), EXCERPT));
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut characters = text.chars();
    match characters.next() {
        // Abbreviations keep their capitals ("DNS error").
        Some(first) if !characters.as_str().starts_with(char::is_uppercase) => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => text.to_owned(),
    }
}

/// Returns the problem with a certificate, if that is why no connection was made.
pub(super) fn untrusted(error: &reqwest::Error) -> Option<String> {
    // The error's type is hidden inside layers of I/O errors.
    cause(error).strip_prefix("invalid peer certificate: ").map(str::to_owned)
}

/// Returns whether a proxy was reached but refused the connection.
pub(super) fn refusal_of_proxy(error: &reqwest::Error) -> bool {
    // The error's type can't be named.
    let told = ["tunnel error: proxy authorization required", "tunnel error: unsuccessful"];
    chain(error).any(|cause| told.contains(&cause.to_string().as_str()))
}

/// Returns all causes, the outermost first.
fn chain(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}
