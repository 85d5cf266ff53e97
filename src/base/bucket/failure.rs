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
    let said = words_of_store(&why).unwrap_or_else(|| why.clone());
    BucketError::Refused(match (error, status(&why)) {
        (Error::PermissionDenied { .. }, _) | (_, Some(403)) => format!("not allowed to {doing} the bucket: {said}"),
        (Error::Unauthenticated { .. }, _) | (_, Some(401)) => format!("the credentials aren't accepted: {said}"),
        (Error::NotFound { .. }, _) | (_, Some(404)) => format!("there is no such bucket: {said}"),
        (
            Error::NotSupported { .. }
            | Error::NotImplemented { .. }
            | Error::InvalidPath { .. }
            | Error::UnknownConfigurationKey { .. },
            _,
        ) => why,
        // Of these, another try may go well: a slow or a conflicting call, and too many of them.
        (_, Some(408 | 409 | 412 | 425 | 429)) => return BucketError::Away(why),
        (_, Some(400)) if said.starts_with("RequestTimeout") => return BucketError::Away(why),
        (_, Some(400..=499)) => format!("the store refuses: {said}"),
        // The crate's words for a redirect to another region.
        _ if why.contains("redirect without LOCATION") => format!("the store refuses: {why}"),
        _ => return BucketError::Away(why),
    })
}

/// Returns whether the object doesn't exist, in a bucket that does.
pub fn is_absent(error: &Error) -> bool {
    const NO_BUCKET: [&str; 2] = ["NoSuchBucket", "ContainerNotFound"];
    matches!(error, Error::NotFound { source, .. } if !NO_BUCKET.iter().any(|code| source.to_string().contains(code)))
}

/// Returns the status of a reply, which the crate tells of many calls in its text alone.
fn status(why: &str) -> Option<u16> {
    why.split_once("status code: ")?.1.get(..3)?.parse().ok()
}

/// Returns the code and the message of a store's reply, which is XML.
fn words_of_store(why: &str) -> Option<String> {
    let within = |name: &str| {
        let (_, rest) = why.split_once(&format!("<{name}>"))?;
        Some(rest.split_once(&format!("</{name}>"))?.0)
    };
    Some(format!("{}: {}", within("Code")?, within("Message").unwrap_or("no more is said").trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> BucketError {
        let source = format!(
            "Error performing PUT http://s3/team in 3ms - Server returned non-2xx status code: {status} Because: {body}"
        );
        failed("write to", &Error::Generic { store: "S3", source: source.into() })
    }

    #[test]
    fn what_the_request_is_refused_for_is_told_apart_from_what_passes() {
        for (status, code) in [
            (400, "RequestTimeout"),
            (408, "RequestTimeout"),
            (409, "OperationAborted"),
            (412, "PreconditionFailed"),
            (429, "TooManyRequests"),
            (500, "InternalError"),
            (501, "NotImplemented"),
            (503, "SlowDown"),
        ] {
            let error = of(status, &format!("<Error><Code>{code}</Code></Error>"));
            assert!(matches!(error, BucketError::Away(_)), "{status}: {error}");
        }
        for (status, words) in [
            (400, "the store refuses: InvalidRequest: it has its reasons"),
            (405, "the store refuses: InvalidRequest"),
            (401, "the credentials aren't accepted: InvalidRequest"),
            (403, "not allowed to write to the bucket: InvalidRequest"),
            (404, "there is no such bucket: InvalidRequest"),
            (413, "the store refuses: InvalidRequest"),
        ] {
            let body = "<Error><Code>InvalidRequest</Code><Message>it has its reasons</Message></Error>";
            let error = of(status, body);
            assert!(matches!(error, BucketError::Refused(_)), "{status}: {error}");
            assert!(error.to_string().starts_with(words), "{status}: {error}");
        }
        assert!(of(400, "no XML").to_string().ends_with("400 Because: no XML"));
        assert!(matches!(failed("use", &Error::Generic { store: "S3", source: "reset".into() }), BucketError::Away(_)));
    }
}
