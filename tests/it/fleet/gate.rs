//! A way to a server on which replies get lost.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A port that leads to another one. Of the requests in which a text stands, each `every`th is passed on, and its reply is not: the
/// connection breaks instead.
pub(crate) struct Gate {
    pub(crate) port: u16,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    seen: AtomicUsize,
    lost: AtomicUsize,
}

impl Gate {
    /// Opens one before a port of loopback.
    pub(crate) fn before(port: u16, text: &str, every: usize) -> Gate {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let gate = Gate { port: listener.local_addr().unwrap().port(), counts: Arc::default() };
        let (counts, text) = (gate.counts.clone(), text.to_owned());
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(("127.0.0.1", port))) else { continue };
                let (counts, text) = (counts.clone(), text.clone());
                thread::spawn(move || pass(&client, &server, &text, every, &counts));
            }
        });
        gate
    }

    /// How many replies are lost so far.
    pub(crate) fn lost(&self) -> usize {
        self.counts.lost.load(Ordering::SeqCst)
    }
}

/// Passes on what comes from either side, until a reply is to be lost.
fn pass(client: &TcpStream, server: &TcpStream, text: &str, every: usize, counts: &Counts) {
    let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let (mut from_server, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let back = thread::spawn(move || {
        let _ = std::io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let mut buffer = [0; 65536];
    while let Ok(length @ 1..) = from_client.read(&mut buffer) {
        let has_text = buffer[..length].windows(text.len()).any(|part| part == text.as_bytes());
        let is_write = ["insert", "update", "PUT "]
            .iter()
            .any(|word| buffer[..length].windows(word.len()).any(|part| part == word.as_bytes()));
        let is_lost = has_text && is_write && counts.seen.fetch_add(1, Ordering::SeqCst) % every == every - 1;
        if is_lost {
            // Nothing comes back any more, and then it is passed on and done.
            let _ = client.shutdown(Shutdown::Write);
            counts.lost.fetch_add(1, Ordering::SeqCst);
        }
        if to_server.write_all(&buffer[..length]).is_err() || is_lost {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Write);
    let _ = back.join();
    let _ = client.shutdown(Shutdown::Both);
}
