//! Stand-ins of object stores, as `tests/stores/install` installs them: real processes, started by the test.

use super::server::free_port;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The bucket that each has.
pub(crate) const BUCKET: &str = "team";

/// Azurite's account and key, which everybody knows.
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// A store; killed on drop.
pub(crate) struct Double {
    pub(crate) port: u16,
    process: Child,
}

impl Double {
    /// Starts moto, with a bucket; none where it isn't installed, which is said aloud.
    pub(crate) fn s3() -> Option<Double> {
        Double::s3_on(free_port())
    }

    /// The same on a port, as after a fall: it has forgotten everything.
    pub(crate) fn s3_on(port: u16) -> Option<Double> {
        let double = Double::start(".venv/bin/moto_server", ".venv/bin/python", port, |port| {
            let serve = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/stores/serve-moto.py");
            [&serve.display().to_string(), "-H", "127.0.0.1", "-p", port].map(str::to_owned).into()
        })?;
        assert!(double.asks(&format!("PUT /{BUCKET} HTTP/1.1\r\nHost: 127.0.0.1\r\n")).starts_with("HTTP/1.1 200"));
        Some(double)
    }

    /// Starts Azurite, with a container.
    pub(crate) fn azure() -> Option<Double> {
        let double =
            Double::start("node_modules/.bin/azurite-blob", "node_modules/.bin/azurite-blob", free_port(), |port| {
                let arguments = ["--blobHost", "127.0.0.1", "--blobPort", port, "--inMemoryPersistence", "--silent"];
                arguments.into_iter().chain(["--skipApiVersionCheck"]).map(str::to_owned).collect()
            })?;
        let date = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let signed = format!(
            "PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:2021-08-06\n/{ACCOUNT}/{ACCOUNT}/{BUCKET}\nrestype:container"
        );
        let signature = STANDARD.encode(hmac(&STANDARD.decode(KEY).unwrap(), signed.as_bytes()));
        let answer = double.asks(&format!(
            "PUT /{ACCOUNT}/{BUCKET}?restype=container HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nx-ms-date: {date}\r\nx-ms-version: 2021-08-06\r\nAuthorization: SharedKey {ACCOUNT}:{signature}\r\n",
            double.port
        ));
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
        Some(double)
    }

    /// The environment of who uses S3 at a port.
    pub(crate) fn environment_of_s3(port: u16) -> [(&'static str, String); 4] {
        [
            ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}")),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
        ]
    }

    /// The environment of who uses Azurite at a port.
    pub(crate) fn environment_of_azure(port: u16) -> [(&'static str, String); 2] {
        [
            ("AZURE_STORAGE_USE_EMULATOR", "true".to_owned()),
            ("AZURITE_BLOB_STORAGE_URL", format!("http://127.0.0.1:{port}")),
        ]
    }

    #[expect(clippy::print_stdout)]
    fn start(installed: &str, program: &str, port: u16, arguments: impl Fn(&str) -> Vec<String>) -> Option<Double> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/stores");
        if !folder.join(installed).exists() {
            println!("NOT TESTED: {installed} isn't installed: tests/stores/install does it");
            return None;
        }
        let mut command = Command::new(folder.join(program));
        command.args(arguments(&port.to_string())).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut double = Double { port, process: command.spawn().unwrap() };
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                Instant::now() < deadline && double.process.try_wait().unwrap().is_none(),
                "{program} doesn't start"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(double)
    }

    /// Sets one of the bucket's settings.
    pub(crate) fn set(&self, setting: &str, document: &str) {
        let head = format!("PUT /{BUCKET}?{setting} HTTP/1.1\r\nHost: 127.0.0.1\r\n");
        let answer = self.asks_with(&head, document);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// Sends a request without a body; returns the reply.
    fn asks(&self, head: &str) -> String {
        self.asks_with(head, "")
    }

    fn asks_with(&self, head: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let length = format!("Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        stream.write_all(format!("{head}{length}{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// HMAC with SHA-256, of RFC 2104.
fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let padded = |byte: u8| -> Vec<u8> { (0..64).map(|at| key.get(at).unwrap_or(&0) ^ byte).collect() };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().into()
}
