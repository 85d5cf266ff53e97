//! How far requests for images may go: the addresses that are connected to, looked at where nothing comes in between.
//!
//! A name is resolved once, by a resolver that gives out public addresses only, and the connection is made to one of these:
//! what a name stands for later doesn't matter. Addresses that stand in a URL never come to a resolver; they are looked at in
//! the first URL and in each redirect.

use super::Stopped;
use crate::base::public::is_public;
use crate::client::failure::{self, Call};
use crate::client::{NO_CONNECTION, Verdict, download, reason};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{ClientBuilder, redirect};
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use url::{Host, Url};

/// How far requests for images may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To public addresses, past every proxy: a proxy would resolve names itself.
    Public {
        /// Whether there is a proxy that is passed by: where no connection is made, that may be why.
        past_proxy: bool,
    },
    /// Anywhere, through a proxy where there is one.
    Anywhere,
}

/// An address that isn't public.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("lies at {0}, which is no public address: only --allow-private-images lets it be fetched")]
pub(super) struct Barred(IpAddr);

impl Reach {
    /// A client that goes no further.
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

    /// Whether a URL with an address in it may be asked; names are judged when they are resolved.
    pub(super) fn judge(self, url: &Url) -> Result<(), Barred> {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        if self == Reach::Anywhere || is_public(address) { Ok(()) } else { Err(Barred(address)) }
    }

    /// Why no reply came from `shown`.
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
                " (proxies are passed by for images of elsewhere, unless --allow-private-images is given)"
            }
            Reach::Public { past_proxy: false } | Reach::Anywhere => "",
        };
        let why = format!("{why}{hint}");
        Stopped::Failed(failure::of(Call::Image, Verdict::Again(None), NO_CONNECTION, &why))
    }
}

/// Whether a redirect may be followed; if not, why. From `https` down to `http` none is, not even on this machine.
pub(in crate::client) fn may_follow(
    reach: Reach,
    previous: &[Url],
    next: &Url,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    download::may_follow(previous, next)?;
    if next.scheme() == "http" && previous.iter().any(|url| url.scheme() == "https") {
        return Err("it leads from https down to http".into());
    }
    Ok(reach.judge(next)?)
}

/// The address for which a request wasn't made, if that is the cause.
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

/// Gives out public addresses only.
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
