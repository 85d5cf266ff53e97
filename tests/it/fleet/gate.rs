//! A way to a server on which things go wrong.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What goes wrong.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// Of the writes in which this text stands, each so manyth is passed on, and its reply is not: the connection breaks instead.
    LosesReplies(&'static str, usize),
    /// A text in requests becomes another one of its length.
    Asks(&'static str, &'static str),
    /// A text in replies becomes another one of its length.
    Answers(&'static str, &'static str),
    /// A request that begins so is forbidden.
    Forbids(&'static str),
    /// A request that begins so gets this status, with a reason.
    Refuses(&'static str, u16),
}

/// How what is written of a purchase begins.
pub(crate) const DOCUMENT: &str = "{\"rev\":";

/// A port that leads to another one.
pub(crate) struct Gate {
    pub(crate) port: u16,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    seen: AtomicUsize,
    met: AtomicUsize,
}

impl Gate {
    /// Opens one before a port of loopback.
    pub(crate) fn before(port: u16, fault: Fault) -> Gate {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let gate = Gate { port: listener.local_addr().unwrap().port(), counts: Arc::default() };
        let counts = gate.counts.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(("127.0.0.1", port))) else { continue };
                let (counts, fault) = (counts.clone(), fault.clone());
                thread::spawn(move || pass(&client, &server, &fault, &counts));
            }
        });
        gate
    }

    /// How often it went wrong so far.
    pub(crate) fn met(&self) -> usize {
        self.counts.met.load(Ordering::SeqCst)
    }
}

/// Returns a reply with a status as S3 gives it.
fn refusal(status: u16) -> String {
    let code = if status == 403 { "AccessDenied" } else { "InvalidRequest" };
    let body = format!("<Error><Code>{code}</Code><Message>it has its reasons</Message></Error>");
    format!("HTTP/1.1 {status} No\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// Passes on what comes from either side, until the connection is to break.
fn pass(client: &TcpStream, server: &TcpStream, fault: &Fault, counts: &Counts) {
    let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let (mut from_server, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let answers = fault.clone();
    let back = thread::spawn(move || {
        let mut buffer = [0; 65536];
        while let Ok(length @ 1..) = from_server.read(&mut buffer) {
            if let Fault::Answers(from, to) = answers {
                replace(&mut buffer[..length], from, to);
            }
            if to_client.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let mut buffer = [0; 65536];
    while let Ok(length @ 1..) = from_client.read(&mut buffer) {
        let sent = &mut buffer[..length];
        let mut is_lost = false;
        match *fault {
            Fault::LosesReplies(text, every) => {
                // To a database, what was asked before is sent without its words.
                let is_write = ["PUT ", DOCUMENT].iter().any(|word| position(sent, word).is_some());
                let is_one = is_write && position(sent, text).is_some();
                is_lost = is_one && counts.seen.fetch_add(1, Ordering::SeqCst) % every == every - 1;
            }
            Fault::Asks(from, to) => replace(sent, from, to),
            Fault::Forbids(head) | Fault::Refuses(head, _) if sent.starts_with(head.as_bytes()) => {
                counts.met.fetch_add(1, Ordering::SeqCst);
                let status = if let Fault::Refuses(_, status) = *fault { status } else { 403 };
                let _ = client.try_clone().unwrap().write_all(refusal(status).as_bytes());
                break;
            }
            Fault::Forbids(_) | Fault::Refuses(..) | Fault::Answers(..) => {}
        }
        if is_lost {
            // Nothing comes back any more, and then it is passed on and done.
            let _ = client.shutdown(Shutdown::Write);
            counts.met.fetch_add(1, Ordering::SeqCst);
        }
        if to_server.write_all(sent).is_err() || is_lost {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Write);
    let _ = back.join();
    let _ = client.shutdown(Shutdown::Both);
}

fn position(bytes: &[u8], text: &str) -> Option<usize> {
    bytes.windows(text.len()).position(|part| part.eq_ignore_ascii_case(text.as_bytes()))
}

fn replace(bytes: &mut [u8], from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    while let Some(at) = position(bytes, from) {
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
}
