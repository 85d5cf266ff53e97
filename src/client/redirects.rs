//! Which redirects are followed.

use crate::service::address::is_loopback;
use reqwest::redirect;
use url::Url;

/// Maximum number of redirects.
const REDIRECTS: usize = 10;

/// Checks whether a redirect from the last of `previous` to `next` may be followed; the error says why not.
pub(super) fn may_follow(previous: &[Url], next: &Url) -> Result<(), &'static str> {
    let secure = previous.iter().any(|url| url.scheme() == "https");
    match next.scheme() {
        _ if previous.len() > REDIRECTS => Err("there are too many of them"),
        "https" => Ok(()),
        "http" if !secure || is_loopback(next) => Ok(()),
        "http" => Err("it leads from https down to http"),
        _ => Err("it leads out of the web"),
    }
}

/// Returns the redirect policy of downloads.
pub(super) fn redirects() -> redirect::Policy {
    redirect::Policy::custom(|attempt| match may_follow(attempt.previous(), attempt.url()) {
        Ok(()) => attempt.follow(),
        Err(why) => attempt.error(why),
    })
}
