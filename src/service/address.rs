//! The address of the service, and of the hosts that may receive the key.

use super::vocabulary::BASE_URL;
use std::fmt;
use std::str::FromStr;
use url::{Host, Url};

/// A base URL of the service: `https`, or `http` on loopback; no credentials, query or fragment.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// The reason why a text isn't a base URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotABaseUrl {
    /// It can't be parsed.
    #[error("not a URL with a host, such as {BASE_URL}")]
    NotAUrl,
    /// Neither `https` nor `http`.
    #[error("only https is supported (and http on loopback)")]
    Scheme,
    /// `http` to another machine: the key would travel in the clear.
    #[error("plain http is for loopback only: the key would travel in the clear")]
    PlainHttp,
    /// A name or password in the URL.
    #[error("a base URL has no name or password in it")]
    Credentials,
    /// A query or fragment after the path.
    #[error("a base URL has no query and no fragment")]
    Query,
}

impl BaseUrl {
    /// Returns the service's own address.
    pub fn official() -> BaseUrl {
        BASE_URL.parse().expect("the service's address is a base URL")
    }

    /// Returns the URL of a call, `path` starting with a slash.
    pub fn call(&self, path: &str) -> String {
        format!("{self}{path}")
    }

    /// Returns whether `url` has the same scheme, host and port.
    pub fn is_origin_of(&self, url: &Url) -> bool {
        self.0.origin() == url.origin()
    }

    /// Returns whether the key may be sent here without explicit consent: the service's own host, or this machine.
    pub fn is_trusted(&self) -> bool {
        *self == BaseUrl::official() || is_loopback(&self.0)
    }
}

impl FromStr for BaseUrl {
    type Err = NotABaseUrl;

    fn from_str(text: &str) -> Result<BaseUrl, NotABaseUrl> {
        let url = Url::parse(text).map_err(|_| NotABaseUrl::NotAUrl)?;
        if url.host().is_none() {
            return Err(NotABaseUrl::NotAUrl);
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(NotABaseUrl::PlainHttp),
            _ => return Err(NotABaseUrl::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotABaseUrl::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(NotABaseUrl::Query);
        }
        Ok(BaseUrl(url))
    }
}

/// Without a slash at the end, so that one service has one spelling.
impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Returns the absolute http(s) URL in `text`, in the spelling that is sent.
pub fn web_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// Returns whether a URL stays on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_service_has_one_spelling() {
        for text in ["https://CLOUD.baicaiinfer.com/", "https://cloud.baicaiinfer.com:443", BASE_URL] {
            assert_eq!(text.parse::<BaseUrl>().unwrap().to_string(), BASE_URL);
        }
        let proxied: BaseUrl = "https://example.com/api/".parse().unwrap();
        assert_eq!(proxied.call("/v1/x"), "https://example.com/api/v1/x");
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for good in ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:1"] {
            assert!(good.parse::<BaseUrl>().unwrap().is_trusted(), "{good}");
        }
        let refused = |text: &str| text.parse::<BaseUrl>().unwrap_err();
        assert_eq!(refused("http://example.com"), NotABaseUrl::PlainHttp);
        assert_eq!(refused("http://localhost.example.com"), NotABaseUrl::PlainHttp);
        assert_eq!(refused("ftp://example.com"), NotABaseUrl::Scheme);
        assert_eq!(refused("example.com"), NotABaseUrl::NotAUrl);
        assert_eq!(refused("https://me:pw@example.com"), NotABaseUrl::Credentials);
        assert_eq!(refused("https://example.com/?a"), NotABaseUrl::Query);
    }

    #[test]
    fn other_hosts_are_not_trusted_with_the_key() {
        assert!(BaseUrl::official().is_trusted());
        assert!(!"https://cloud.baicaiinfer.com.example.com".parse::<BaseUrl>().unwrap().is_trusted());
        assert!(!"https://cloud.baicaiinfer.com:8443".parse::<BaseUrl>().unwrap().is_trusted());
    }
}
