//! The way to the service according to the environment: proxies and certificates, read before anything is sent.
//!
//! The HTTP client ignores an unusable proxy variable and connects directly; here that is an error. And its errors
//! about a proxy name neither the proxy nor its variable nor its status; here they are determined.

use super::failure::Exchange;
use super::reason::{cause, refusal_of_proxy, untrusted};
use hyper::Uri;
use hyper::header::HeaderValue;
use hyper_util::client::proxy::matcher::Matcher;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The variables that name a proxy for `https`, those for `http`, and those for both: of each group, the first that is
/// set counts.
const HTTPS: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
const HTTP: [&str; 2] = ["HTTP_PROXY", "http_proxy"];
const ALL: [&str; 2] = ["ALL_PROXY", "all_proxy"];

/// The variable that names a file of certificates.
const CERTIFICATES: &str = "SSL_CERT_FILE";

/// Time limit for asking a proxy for its status.
const PATIENCE: Duration = Duration::from_secs(10);

/// Maximum number of bytes of a proxy's first line.
const LINE: usize = 256;

/// An unusable setting in the environment.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoWay {
    /// A proxy variable that isn't the URL of a proxy. Its value isn't shown: it may contain a password.
    #[error("{variable} is no usable URL of a proxy: write http://HOST:PORT, or take it away")]
    NoUrl {
        /// The variable.
        variable: &'static str,
    },
    /// A proxy with an unsupported protocol.
    #[error("{variable} names a {scheme} proxy, which isn't spoken here: an http:// or https:// one is")]
    Scheme {
        /// The variable.
        variable: &'static str,
        /// The scheme of its URL.
        scheme: String,
    },
    /// The variable for a file of certificates, without one.
    #[error(
        "SSL_CERT_FILE is set, but empty, so that no certificate would be trusted: name a file of certificates, or unset it"
    )]
    NoCertificates,
    /// A file of certificates that can't be read, or has none in it.
    #[error("SSL_CERT_FILE names {path}, which {why}")]
    Certificates {
        /// The file.
        path: String,
        /// The problem.
        why: String,
    },
}

/// The way to the service.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    proxy: Option<Proxy>,
}

/// The proxy for calls of the service.
#[derive(Clone, Debug)]
struct Proxy {
    variable: &'static str,
    uri: Uri,
    /// The credentials for it (`Proxy-Authorization`).
    login: Option<HeaderValue>,
}

impl Surroundings {
    /// Reads the environment, for calls of the service at `base`.
    ///
    /// # Errors
    /// Fails if a proxy variable or the file of certificates can't be used.
    pub fn read(base: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Surroundings, NoWay> {
        if let Some(path) = variable(CERTIFICATES) {
            if path.trim().is_empty() {
                return Err(NoWay::NoCertificates);
            }
            certificates(Path::new(&path)).map_err(|why| NoWay::Certificates { path: path.clone(), why })?;
        }
        let first = |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, variable(name)?)));
        let [https, http, all] = [first(HTTPS), first(HTTP), first(ALL)];
        for (name, value) in [&https, &http, &all].into_iter().flatten() {
            check(name, value)?;
        }
        let text = |named: &Option<(&str, String)>| named.as_ref().map(|(_, value)| value.clone()).unwrap_or_default();
        let no = first(["NO_PROXY", "no_proxy"]);
        let matcher = Matcher::builder().https(text(&https)).http(text(&http)).all(text(&all)).no(text(&no)).build();
        let intercept = base.parse::<Uri>().ok().and_then(|base| matcher.intercept(&base));
        let for_scheme = if base.starts_with("https:") { https } else { http };
        let used = for_scheme.filter(|(_, value)| !value.is_empty()).or(all);
        let proxy = intercept.zip(used).map(|(intercept, (variable, _))| Proxy {
            variable,
            uri: intercept.uri().clone(),
            login: intercept.basic_auth().cloned(),
        });
        Ok(Surroundings { proxy })
    }

    /// Returns the outcome of a connection to `host` that couldn't be made.
    pub(super) async fn explain(&self, error: &reqwest::Error, host: &str, why: String) -> Exchange {
        let through = match &self.proxy {
            Some(proxy) => format!(" through {}", proxy.name()),
            None => String::new(),
        };
        if let Some(flaw) = untrusted(error) {
            return Exchange::NoWay(format!(
                "the certificate of {host} isn't trusted{through} ({flaw}): name a file with the certificate of whoever signed it in SSL_CERT_FILE"
            ));
        }
        let Some(proxy) = self.proxy.as_ref().filter(|_| error.is_connect()) else {
            return Exchange::NoConnection(why);
        };
        if !refusal_of_proxy(error) {
            return Exchange::NoConnection(format!("could not connect to {host}{through}: {}", cause(error)));
        }
        match proxy.status(host).await {
            Some(407) => Exchange::NoWay(format!(
                "{} answers 407: it wants a name and a password, as http://NAME:PASSWORD@HOST:PORT",
                proxy.name()
            )),
            Some(403) => Exchange::NoWay(format!("{} answers 403: it lets nobody through to {host}", proxy.name())),
            Some(status) => {
                Exchange::NoConnection(format!("{} answers {status} to a connection to {host}", proxy.name()))
            }
            None => Exchange::NoConnection(format!("{} doesn't let through to {host}: {}", proxy.name(), cause(error))),
        }
    }
}

impl Proxy {
    /// Returns its name: `the proxy HOST:PORT (HTTPS_PROXY)`.
    fn name(&self) -> String {
        let authority = self.uri.authority().map(ToString::to_string).unwrap_or_default();
        format!("the proxy {authority} ({})", self.variable)
    }

    /// Returns the status with which it answers a CONNECT to `host`. Nothing is sent through it.
    async fn status(&self, host: &str) -> Option<u16> {
        if self.uri.scheme_str() != Some("http") {
            return None;
        }
        let host = if host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
            host.to_owned()
        } else {
            format!("{host}:443")
        };
        let ask = async {
            let at = (self.uri.host()?.trim_matches(['[', ']']), self.uri.port_u16().unwrap_or(80));
            let mut stream = TcpStream::connect(at).await.ok()?;
            let login = self.login.as_ref().and_then(|login| login.to_str().ok());
            let login = login.map(|login| format!("Proxy-Authorization: {login}\r\n"));
            let request = format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n{}\r\n", login.unwrap_or_default());
            stream.write_all(request.as_bytes()).await.ok()?;
            let mut line = Vec::new();
            while !line.contains(&b'\n') && line.len() < LINE {
                let mut bytes = [0; LINE];
                match stream.read(&mut bytes).await.ok()? {
                    0 => break,
                    n => line.extend_from_slice(&bytes[..n]),
                }
            }
            String::from_utf8_lossy(&line).split_whitespace().nth(1)?.parse().ok()
        };
        tokio::time::timeout(PATIENCE, ask).await.ok().flatten()
    }
}

/// Checks whether a proxy variable can be used; an empty one means no proxy.
fn check(variable: &'static str, value: &str) -> Result<(), NoWay> {
    if value.is_empty() {
        return Ok(());
    }
    let uri: Uri = value.parse().map_err(|_| NoWay::NoUrl { variable })?;
    match uri.scheme_str() {
        None | Some("http" | "https") => {}
        Some(scheme) => return Err(NoWay::Scheme { variable, scheme: scheme.to_owned() }),
    }
    let is_whole = uri.authority().is_some_and(|authority| {
        let place = authority.as_str().rsplit('@').next().unwrap_or_default();
        let port = place.strip_prefix(authority.host()).map(|rest| rest.strip_prefix(':').unwrap_or(rest));
        !authority.host().is_empty() && port.is_some_and(|port| port.is_empty() || port.parse::<u16>().is_ok())
    });
    if is_whole { Ok(()) } else { Err(NoWay::NoUrl { variable }) }
}

/// Checks whether a file of certificates contains any.
fn certificates(path: &Path) -> Result<(), String> {
    let mut found = 0;
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unreadable(&error))? {
        certificate.map_err(|error| unreadable(&error))?;
        found += 1;
    }
    if found == 0 { Err("has no certificate in it (PEM)".to_owned()) } else { Ok(()) }
}

fn unreadable(error: &rustls::pki_types::pem::Error) -> String {
    match error {
        rustls::pki_types::pem::Error::Io(error) => format!("can't be read: {error}"),
        other => format!("can't be read as PEM: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = "https://cloud.example.com/";

    fn read(variables: &[(&str, &str)]) -> Result<Option<String>, NoWay> {
        let variable = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        Surroundings::read(SERVICE, variable).map(|way| way.proxy.map(|proxy| proxy.name()))
    }

    #[test]
    fn the_proxy_that_is_used_is_known_by_its_variable() {
        let named = |variables: &[(&str, &str)]| read(variables).unwrap();
        assert_eq!(named(&[]), None);
        assert_eq!(named(&[("HTTPS_PROXY", "http://p:3128")]).unwrap(), "the proxy p:3128 (HTTPS_PROXY)");
        assert_eq!(named(&[("https_proxy", "p:3128")]).unwrap(), "the proxy p:3128 (https_proxy)");
        assert_eq!(named(&[("ALL_PROXY", "http://p:1"), ("HTTPS_PROXY", "")]).unwrap(), "the proxy p:1 (ALL_PROXY)");
        assert_eq!(named(&[("HTTP_PROXY", "http://p:1")]), None, "for plain http alone");
        assert_eq!(named(&[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", "example.com")]), None);
        let login = named(&[("HTTPS_PROXY", "http://me:secret@p:1")]).unwrap();
        assert!(!login.contains("secret"), "{login}");
    }

    #[test]
    fn an_empty_variable_of_certificates_is_told_from_a_file_that_cannot_be_read() {
        assert_eq!(read(&[("SSL_CERT_FILE", "")]), Err(NoWay::NoCertificates));
        assert_eq!(read(&[("SSL_CERT_FILE", " ")]), Err(NoWay::NoCertificates));
        let missing = read(&[("SSL_CERT_FILE", "/no/such/file")]).unwrap_err().to_string();
        assert!(missing.contains("SSL_CERT_FILE names /no/such/file, which can't be read"), "{missing}");
    }

    #[test]
    fn a_proxy_variable_that_cannot_be_used_is_an_error_and_never_passed_by() {
        for (value, scheme) in [
            ("http://", None),
            ("http:/p:3128", None),
            ("not a url", None),
            (" http://p:3128", None),
            ("http://p:port", None),
            ("socks5://p:1080", Some("socks5")),
            ("socks5h://p:1080", Some("socks5h")),
            ("socks://p:1080", Some("socks")),
            ("ftp://p", Some("ftp")),
        ] {
            for variable in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
                let error = read(&[(variable, value), ("NO_PROXY", "*")]).unwrap_err();
                match scheme {
                    None => assert_eq!(error, NoWay::NoUrl { variable }, "{value}"),
                    Some(scheme) => assert_eq!(error, NoWay::Scheme { variable, scheme: scheme.into() }, "{value}"),
                }
                assert!(error.to_string().contains(variable));
            }
        }
    }

    #[test]
    fn a_file_of_certificates_must_have_one() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let why = |path: &str| read(&[("SSL_CERT_FILE", path)]).unwrap_err().to_string();
        assert!(why("/no/such/file.pem").contains("SSL_CERT_FILE names /no/such/file.pem, which can't be read"));
        assert!(why(&write("empty.pem", "")).contains("no certificate"));
        assert!(why(&write("text.pem", "hello\n")).contains("no certificate"));
        assert!(why(&write("cut.pem", "-----BEGIN CERTIFICATE-----\nAAAA")).contains("can't be read as PEM"));
        let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls/ca.pem");
        assert_eq!(read(&[("SSL_CERT_FILE", whole.to_str().unwrap())]), Ok(None));
    }
}
