//! A server must prove its name. The certificates of `tests/tls` are for `localhost`, by an authority that nobody trusts and
//! whose key was thrown away.

use super::{KEY, project};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name)
}

/// A server that speaks TLS, refuses every call with 400, and notes what it was told.
fn server() -> (SocketAddr, Arc<Mutex<String>>) {
    let chain = CertificateDer::pem_file_iter(file("server.pem")).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(default_provider().into()).with_safe_default_protocol_versions();
    let config = config.unwrap().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let (acceptor, heard) = (TlsAcceptor::from(Arc::new(config)), Arc::new(Mutex::new(String::new())));
    let (started, starting) = mpsc::channel();
    let noted = Arc::clone(&heard);
    // It ends with the tests' process.
    std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            started.send(listener.local_addr().unwrap()).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut buffer = [0; 4096];
                let read = stream.read(&mut buffer).await.unwrap_or(0);
                noted.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..read]));
                let reply = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                let _ = stream.write_all(reply).await;
                let _ = stream.shutdown().await;
            }
        });
    });
    (starting.recv().unwrap(), heard)
}

#[test]
fn a_server_without_a_trusted_certificate_gets_nothing() {
    let (address, heard) = server();
    let base = format!("https://localhost:{}", address.port());
    let project = project();
    let ended = project.batch(["run", "--base-url", &base]).env("BAICAI_API_KEY", KEY).run().exits(4);
    assert!(
        ended.stderr.contains("the certificate of localhost:") && ended.stderr.contains("SSL_CERT_FILE"),
        "{ended:?}"
    );
    assert_eq!(*heard.lock().unwrap(), "", "not a byte of HTTP");
    assert!(!ended.stderr.contains("secret"));
}

/// The same server is heard where its authority is trusted: it was the certificate, and nothing else, that was refused.
#[test]
fn a_server_is_trusted_by_its_authority_and_its_name() {
    let (address, heard) = server();
    let trusting = |host: &str| {
        let base = format!("https://{host}:{}", address.port());
        let project = project();
        let program = project.batch(["run", "--base-url", &base]).env("BAICAI_API_KEY", KEY);
        program.env("SSL_CERT_FILE", file("ca.pem").to_str().unwrap()).run()
    };
    // 127.0.0.1 is where it is, and no name of the certificate.
    let ended = trusting("127.0.0.1").exits(4);
    assert!(ended.stderr.to_lowercase().contains("certificate"), "{ended:?}");
    assert_eq!(*heard.lock().unwrap(), "");
    // Its bare 400 turns the submit away, and nothing else was heard.
    trusting("localhost").exits(4);
    assert!(heard.lock().unwrap().contains(KEY));
}

/// A server that speaks no TLS where https is wanted is told nothing in the clear.
#[test]
fn https_does_not_fall_back_to_http() {
    let plain = super::hostile::Hostile::saying(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    let base = format!("https://localhost:{}", plain.address.port());
    project().batch(["run", "--base-url", &base]).env("BAICAI_API_KEY", KEY).run().exits(4);
    assert_eq!(plain.heads(), Vec::<String>::new());
}
