//! What stands between here and the service is named, and never gone past.

use super::{KEY, project};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

/// A proxy that answers every CONNECT so. It ends with the tests' process.
fn proxy(status: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer);
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        }
    });
    address
}

const SERVICE: &str = "https://cloud.example.com";

#[test]
fn a_proxy_that_lets_nothing_through_is_named_and_not_waited_for() {
    for (status, code) in [("407 Proxy Authentication Required", "407"), ("403 Forbidden", "403")] {
        let (address, project, started) = (proxy(status), project(), Instant::now());
        let run = project.batch(["run", "--base-url", SERVICE]).env("BAICAI_API_KEY", KEY);
        let ended = run.env("HTTPS_PROXY", &format!("http://me:hush@{address}")).run().exits(4);
        let words = format!("the proxy {address} (HTTPS_PROXY) answers {code}");
        assert!(ended.stderr.contains(&words) && !ended.stderr.contains("hush"), "{ended:?}");
        assert!(started.elapsed() < Duration::from_secs(60), "it isn't waited for");
    }
}

#[test]
fn a_proxy_that_may_come_back_is_named_and_waited_for() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (address, words) in [(proxy("502 Bad Gateway"), "answers 502"), (nobody, "connection refused")] {
        let project = project();
        let run = project.batch(["run", "--base-url", SERVICE]).env("BAICAI_API_KEY", KEY);
        let ended = run.env("https_proxy", &format!("http://{address}")).run().exits(4);
        assert!(ended.stderr.contains(&format!("the proxy {address} (https_proxy)")), "{ended:?}");
        assert!(ended.stderr.contains(words), "{ended:?}");
    }
}

#[test]
fn what_cannot_be_used_is_an_error_before_anything_is_sent() {
    let bait = proxy("200 OK");
    for (name, value, words) in [
        ("HTTPS_PROXY", "http:/proxy:3128", "HTTPS_PROXY is no usable URL of a proxy"),
        ("all_proxy", "socks://127.0.0.1:1", "all_proxy names a socks proxy"),
        ("HTTPS_PROXY", "socks5://127.0.0.1:1", "HTTPS_PROXY names a socks5 proxy"),
        ("SSL_CERT_FILE", "/no/such/file.pem", "SSL_CERT_FILE names /no/such/file.pem, which can't be read"),
    ] {
        let project = project();
        let run = project.batch(["run", "--base-url", &format!("https://localhost:{}", bait.port())]);
        let ended = run.env("BAICAI_API_KEY", KEY).env(name, value).run().exits(2);
        assert!(ended.stderr.contains(words), "{name}={value}: {ended:?}");
        assert!(!project.path("jobs.lock").exists());
    }
}
