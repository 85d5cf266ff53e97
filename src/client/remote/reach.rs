//! The limits of requests for images: which addresses may be connected to, checked at the connection itself.
//!
//! A name is resolved once, by a resolver that returns public addresses only, and the connection is made to one of
//! these: a later change of the name doesn't matter. Addresses written in a URL never reach a resolver; they are
//! checked in the first URL and in each redirect.

use super::Stopped;
use crate::base::public::is_public;
use crate::client::failure::{self};
use crate::client::{NO_CONNECTION, Verdict, reason, redirects};
use crate::service::call::Call;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{ClientBuilder, redirect};
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use url::{Host, Url};

/// The allowed destinations of requests for images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses only, bypassing every proxy: a proxy would resolve names itself.
    Public {
        /// `true` if a proxy is bypassed: that may be why no connection is made.
        past_proxy: bool,
    },
    /// Any address, through a proxy if there is one.
    Anywhere,
}

/// An address that isn't public.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("lies at {0}, which is no public address: only --allow-private-images lets it be fetched")]
pub(super) struct Barred(IpAddr);

impl Reach {
    /// Restricts a client to these destinations.
    pub(super) fn hold(self, client: ClientBuilder) -> ClientBuilder {
        let client = client.redirect(redirect::Policy::custom(move |attempt| {
            match may_follow(self, attempt.previous(), attempt.url()) {
                Ok(()) => attempt.follow(),
                Err(why) => attempt.error(why),
            }
        }));
        match self {
            Reach::Public { .. } => client.no_proxy().dns_resolver(PublicOnly),
            Reach::Anywhere => client,
        }
    }

    /// Checks a URL that contains an address; names are checked when they are resolved.
    pub(super) fn judge(self, url: &Url) -> Result<(), Barred> {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        if self == Reach::Anywhere || is_public(address) { Ok(()) } else { Err(Barred(address)) }
    }

    /// Returns the reason why no reply came from `shown`.
    pub(super) fn blame(self, error: &reqwest::Error, shown: &str) -> Stopped {
        if let Some(barred) = barred(error) {
            let redirected = if error.is_redirect() { "redirects: what it leads to " } else { "" };
            return Stopped::Failed(failure::no_image(shown, &format!("{redirected}{barred}")));
        }
        let why = reason::sentence(error, shown);
        if error.is_redirect() {
            return Stopped::Failed(failure::of(Call::Image, Verdict::Final, "redirect", &why));
        }
        if !error.is_connect() {
            return Stopped::Broken(why);
        }
        let hint = match self {
            Reach::Public { past_proxy: true } => {
                " (proxies aren't used for remote images, unless --allow-private-images is given)"
            }
            Reach::Public { past_proxy: false } | Reach::Anywhere => "",
        };
        let why = format!("{why}{hint}");
        Stopped::Failed(failure::of(Call::Image, Verdict::Again(None), NO_CONNECTION, &why))
    }
}

/// Checks whether a redirect may be followed; the error says why not. From `https` to `http` none is, not even on this
/// machine.
pub(in crate::client) fn may_follow(
    reach: Reach,
    previous: &[Url],
    next: &Url,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    redirects::may_follow(previous, next)?;
    if next.scheme() == "http" && previous.iter().any(|url| url.scheme() == "https") {
        return Err("it leads from https down to http".into());
    }
    Ok(reach.judge(next)?)
}

/// Returns the address for which a request was blocked, if that is the cause.
fn barred(error: &reqwest::Error) -> Option<Barred> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(barred) = error.downcast_ref::<Barred>() {
            return Some(*barred);
        }
        cause = error.source();
    }
    None
}

/// A resolver that returns public addresses only.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let public: Vec<SocketAddr> = found.iter().copied().filter(|found| is_public(found.ip())).collect();
            match (public.is_empty(), found.first()) {
                (true, Some(kept)) => Err(Barred(kept.ip()).into()),
                _ => Ok(Box::new(public.into_iter()) as Addrs),
            }
        })
    }
}
