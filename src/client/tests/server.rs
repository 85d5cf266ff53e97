//! A server that plays a script, byte for byte, and records its requests.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

/// An action of the server for a request, in sequence; then it waits for the next request on the connection.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends these bytes one by one, with a pause before each.
    Drip(Vec<u8>, Duration),
    /// Ends the connection in order.
    Close,
    /// Ends the connection with a reset.
    Reset,
    /// Sends nothing more, and leaves the connection open.
    Hang,
}

/// A request that the server received.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// The connection, counted from 0.
    pub connection: usize,
    /// Request line and headers.
    pub head: String,
    /// The body, as far as it came.
    pub body: Vec<u8>,
}

impl Request {
    /// Returns the value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        headers.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// The server; stopped on drop.
pub(super) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    end: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts a server with a script of actions per request, in order; requests beyond the script aren't answered.
    pub(super) async fn start(script: impl IntoIterator<Item = Vec<Act>>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::new(Mutex::new(script.into_iter().collect::<VecDeque<_>>()));
        let (requests, end) = (Arc::default(), Arc::new(Notify::new()));
        let task = tokio::spawn(accept(listener, script, Arc::clone(&requests), Arc::clone(&end)));
        Server { address, requests, end, task }
    }

    /// Returns its base URL.
    pub(super) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the requests received so far.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Returns all requests, once every connection is closed.
    pub(super) async fn end(mut self) -> Vec<Request> {
        self.end.notify_one();
        (&mut self.task).await.unwrap();
        self.requests()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Returns a base URL where nobody listens.
pub(super) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// Returns a complete reply with a body.
pub(super) fn reply(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut reply = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n", body.len()).into_bytes();
    reply.extend_from_slice(body);
    reply
}

/// Returns a complete reply with JSON in it.
pub(super) fn json(body: &str) -> Vec<u8> {
    reply("200 OK", "Content-Type: application/json\r\n", body)
}

type Script = Arc<Mutex<VecDeque<Vec<Act>>>>;

async fn accept(listener: TcpListener, script: Script, requests: Arc<Mutex<Vec<Request>>>, end: Arc<Notify>) {
    let mut connections = JoinSet::new();
    for connection in 0.. {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted.unwrap().0,
            () = end.notified() => break,
        };
        connections.spawn(serve(connection, stream, Arc::clone(&script), Arc::clone(&requests)));
    }
    connections.join_all().await;
}

async fn serve(connection: usize, mut stream: TcpStream, script: Script, requests: Arc<Mutex<Vec<Request>>>) {
    loop {
        let (request, whole) = read(connection, &mut stream).await;
        if request.head.is_empty() {
            return;
        }
        requests.lock().unwrap().push(request);
        if !whole {
            return;
        }
        let acts = script.lock().unwrap().pop_front().unwrap_or_else(|| vec![Act::Hang]);
        for act in acts {
            match act {
                // The client may have gone in the meantime.
                Act::Send(bytes) => drop(stream.write_all(&bytes).await),
                Act::Drip(bytes, pause) => {
                    for byte in bytes {
                        tokio::time::sleep(pause).await;
                        let _ = stream.write_all(&[byte]).await;
                    }
                }
                Act::Close => return,
                Act::Reset => return stream.set_zero_linger().unwrap(),
                Act::Hang => std::future::pending().await,
            }
        }
    }
}

/// Reads one request, and returns whether it is complete.
async fn read(connection: usize, stream: &mut TcpStream) -> (Request, bool) {
    let mut request = Request { connection, head: String::new(), body: Vec::new() };
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let n = stream.read(&mut buffer).await.unwrap_or(0);
        if n == 0 {
            return (request, false);
        }
        bytes.extend_from_slice(&buffer[..n]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        request.head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        request.body = bytes[end + 4..].to_vec();
        let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
        if request.body.len() >= length {
            return (request, true);
        }
    }
}
