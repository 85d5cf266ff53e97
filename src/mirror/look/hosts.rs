//! The hosts of images, and those given up: one that is down must not delay the run for each of its images.

use crate::client::{Failure, Verdict};
use crate::service::remote::Address;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use url::Url;

/// Number of images in a row that a host failed to deliver, after which it isn't asked for more.
const ROW: usize = 3;

/// The record of each host.
#[derive(Debug, Default)]
pub(super) struct Hosts(Mutex<HashMap<String, Host>>);

/// The record of one host.
#[derive(Debug, Default)]
struct Host {
    /// Number of images in a row that couldn't be fetched, though the host may have them.
    row: usize,
    /// The last failure among these.
    why: String,
}

impl Hosts {
    /// Returns why `host` isn't asked for more, if it is given up.
    pub(super) fn given_up(&self, host: &str) -> Option<String> {
        self.all().get(host).filter(|host| host.row >= ROW).map(|host| host.why.clone())
    }

    /// Records the outcome of an image, after all retries.
    pub(super) fn told(&self, host: &str, failure: Option<&Failure>) {
        let mut all = self.all();
        let host = all.entry(host.to_owned()).or_default();
        match failure.map(|failure| (failure.verdict, failure)) {
            Some((Verdict::Again(_) | Verdict::Unreachable(_), failure)) => {
                host.row += 1;
                host.why.clone_from(&failure.message);
            }
            // That says nothing about the host.
            Some((Verdict::Local, _)) => {}
            // The host answers, even if it has no such image.
            _ => host.row = 0,
        }
    }

    /// Allows hosts that were given up one more image: until now each was tried only once, from now on there are retries.
    pub(super) fn give_a_chance(&self) {
        self.all().values_mut().for_each(|host| host.row = host.row.min(ROW - 1));
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Host>> {
        // A panic elsewhere can't leave a count half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the failure of an image that wasn't requested, since its host was given up because of `why`.
pub(super) fn not_asked(address: &Address, why: &str) -> Failure {
    let why = why.strip_prefix("image: ").unwrap_or(why);
    let message =
        format!("image: {address} was not fetched: its host was given up after {ROW} images in a row ({why})");
    Failure { verdict: Verdict::Final, code: "given-up".to_owned(), message }
}

/// Returns the host of an address, with its port.
pub(super) fn host(address: &Address) -> String {
    let url = Url::parse(&address.url).ok();
    let host = url.as_ref().and_then(|url| Some((url.host_str()?, url.port())));
    match host {
        Some((host, Some(port))) => format!("{host}:{port}"),
        Some((host, None)) => host.to_owned(),
        None => address.url.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(verdict: Verdict) -> Failure {
        Failure { verdict, code: String::new(), message: "image: it is away".to_owned() }
    }

    #[test]
    fn a_host_is_given_up_after_three_images_in_a_row() {
        let (again, gone, local) = (Verdict::Again(None), Verdict::Final, Verdict::Local);
        for (verdicts, given_up) in [
            (&[Some(again), Some(again)][..], false),
            (&[Some(again), Some(Verdict::Unreachable(None)), Some(again)], true),
            (&[Some(again), Some(again), Some(local), Some(again)], true),
            (&[Some(again), Some(again), Some(gone), Some(again)], false),
            (&[Some(again), Some(again), None, Some(again)], false),
            (&[Some(gone), Some(gone), Some(gone), Some(local), Some(local), Some(local)], false),
        ] {
            let hosts = Hosts::default();
            verdicts.iter().for_each(|verdict| hosts.told("a", verdict.map(failure).as_ref()));
            assert_eq!(hosts.given_up("a").is_some(), given_up, "{verdicts:?}");
            assert_eq!(hosts.given_up("b"), None);
        }
    }

    #[test]
    fn a_chance_is_one_image() {
        let hosts = Hosts::default();
        let away = failure(Verdict::Again(None));
        (0..5).for_each(|_| hosts.told("a", Some(&away)));
        hosts.give_a_chance();
        assert_eq!(hosts.given_up("a"), None);
        hosts.told("a", Some(&away));
        assert_eq!(hosts.given_up("a").as_deref(), Some("image: it is away"));
    }
}
