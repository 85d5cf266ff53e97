//! A server that is bound by nothing, not even by HTTP.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Answers each connection's first request, and closes it.
pub(super) struct Hostile {
    pub(super) address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Hostile {
    /// `answer` is told the head of the request; it may write what it likes for as long as somebody reads.
    pub(super) fn start(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Hostile {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (noted, answer) = (Arc::clone(&heads), Arc::new(answer));
        // It ends with the tests' process.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(mut stream), noted, answer) = (stream, Arc::clone(&noted), Arc::clone(&answer)) else {
                    continue;
                };
                thread::spawn(move || {
                    if let Some(head) = request(&mut stream) {
                        noted.lock().unwrap().push(head.clone());
                        answer(&head, &mut stream);
                    }
                });
            }
        });
        Hostile { address, heads }
    }

    /// Always the same reply, to any request.
    pub(super) fn saying(reply: &[u8]) -> Hostile {
        let reply = reply.to_vec();
        Hostile::start(move |_, stream| drop(stream.write_all(&reply)))
    }

    pub(super) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The heads of all requests so far.
    pub(super) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

/// A reply of 200 with JSON in it.
pub(super) fn json(body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
        .into_bytes()
}

/// The head of a request, its body read too.
fn request(stream: &mut TcpStream) -> Option<String> {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    // Whoever begins with TLS gets no reply.
    while seen.first() != Some(&0x16) {
        let end = seen.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&seen[..end]).to_lowercase();
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
            if seen.len() >= end + 4 + length.unwrap_or(0) {
                return Some(String::from_utf8_lossy(&seen[..end]).into_owned());
            }
        }
        match stream.read(&mut buffer) {
            Ok(read @ 1..) => seen.extend_from_slice(&buffer[..read]),
            _ => return None,
        }
    }
    None
}
