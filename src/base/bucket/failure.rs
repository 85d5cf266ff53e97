//! The reasons why a bucket fails, told apart by what can be done.

use object_store::Error;
use std::error::Error as _;

/// The reason why a call to a bucket failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BucketError {
    /// No answer, or none that tells: another call may succeed.
    #[error("{0}")]
    Away(String),
    /// Refused until a person changes something.
    #[error("{0}")]
    Refused(String),
}

/// Returns why `doing` something failed: what a person must change isn't waited for.
pub fn failed(doing: &str, error: &Error) -> BucketError {
    let mut causes = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !causes.iter().any(|known| known.contains(&text)) {
            causes.push(text);
        }
        cause = inner.source();
    }
    let why = causes.join(": ");
    // Of a list, the crate tells no status but in its text.
    let status =
        |status: u16| matches!(error, Error::Generic { .. }) && why.contains(&format!("status code: {status}"));
    BucketError::Refused(match error {
        Error::PermissionDenied { .. } => format!("not allowed to {doing} the bucket: {why}"),
        _ if status(403) => format!("not allowed to {doing} the bucket: {why}"),
        Error::Unauthenticated { .. } => format!("the credentials aren't accepted: {why}"),
        _ if status(401) => format!("the credentials aren't accepted: {why}"),
        Error::NotFound { .. } => format!("there is no such bucket: {why}"),
        _ if status(404) => format!("there is no such bucket: {why}"),
        Error::NotSupported { .. }
        | Error::NotImplemented { .. }
        | Error::InvalidPath { .. }
        | Error::UnknownConfigurationKey { .. } => why,
        _ => return BucketError::Away(why),
    })
}
