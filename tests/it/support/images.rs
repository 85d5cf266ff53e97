//! A host of images on loopback: it answers, keeps what it was asked, and changes its pictures when told.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What the host sends for a path.
#[derive(Clone)]
struct Picture {
    content: Vec<u8>,
    /// Whether it has an `ETag`, and answers 304.
    tagged: bool,
    /// How long it takes.
    pause: Duration,
}

/// What was asked: the path, and the `ETag` that is known already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) known: Option<String>,
    pub(crate) head: String,
}

#[derive(Default)]
struct State {
    pictures: HashMap<String, Picture>,
    asked: Vec<Asked>,
}

/// The host; its thread ends with the test.
pub(crate) struct ImageHost {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl ImageHost {
    /// A host with nothing on it.
    pub(crate) fn start() -> ImageHost {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || serve(&stream, &state));
            }
        });
        ImageHost { address, state }
    }

    /// With a picture at `path`, with an `ETag`.
    pub(crate) fn put(&self, path: &str, content: &[u8]) {
        self.set(path, Picture { content: content.to_vec(), tagged: true, pause: Duration::ZERO });
    }

    /// With a picture at `path`, of which nothing tells whether it changed.
    pub(crate) fn put_untagged(&self, path: &str, content: &[u8]) {
        self.set(path, Picture { content: content.to_vec(), tagged: false, pause: Duration::ZERO });
    }

    /// With a picture at `path` that takes long.
    pub(crate) fn put_slow(&self, path: &str, content: &[u8], pause: Duration) {
        self.set(path, Picture { content: content.to_vec(), tagged: true, pause });
    }

    fn set(&self, path: &str, picture: Picture) {
        self.state.lock().unwrap().pictures.insert(path.to_owned(), picture);
    }

    /// Without what was at `path`.
    pub(crate) fn remove(&self, path: &str) {
        self.state.lock().unwrap().pictures.remove(path);
    }

    /// The URL of `path`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What was asked since the last time.
    pub(crate) fn take_asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.state.lock().unwrap().asked)
    }
}

fn serve(stream: &TcpStream, state: &Mutex<State>) {
    let mut lines = BufReader::new(stream).lines();
    loop {
        let head: Vec<String> = lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
        let Some(path) = head.first().and_then(|line| line.split(' ').nth(1)) else { return };
        let known = head.iter().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("if-none-match").then(|| value.to_owned())
        });
        let picture = {
            let mut state = state.lock().unwrap();
            state.asked.push(Asked { path: path.to_owned(), known: known.clone(), head: head.join("\n") });
            state.pictures.get(path.split('?').next().unwrap()).cloned()
        };
        let answer = match picture {
            None => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(),
            Some(Picture { content, tagged, pause }) => {
                thread::sleep(pause);
                let tag = format!("\"{:08x}\"", crc32fast::hash(&content));
                if tagged && known.as_ref() == Some(&tag) {
                    format!("HTTP/1.1 304 Not Modified\r\nETag: {tag}\r\n\r\n").into_bytes()
                } else {
                    let tag = if tagged { format!("ETag: {tag}\r\n") } else { String::new() };
                    let head = format!("HTTP/1.1 200 OK\r\n{tag}Content-Length: {}\r\n\r\n", content.len());
                    [head.into_bytes(), content].concat()
                }
            }
        };
        if (&*stream).write_all(&answer).is_err() {
            return;
        }
    }
}
