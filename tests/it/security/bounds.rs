//! No reply is endless: memory is held by the system's own limit, far below what is sent.

use super::hostile::Hostile;
use super::manifest;
use crate::support::program::Ended;
use crate::support::project::Project;
use crate::support::service::simulator;
use std::io::Write;

/// Address space for the program, in kilobytes: a debug build needs a fraction of it.
const KILOBYTES: u32 = 700_000;

/// More than fits.
const FAT: u64 = 4_000_000_000;

/// `batch run` with a bound to its memory.
fn bounded(project: &Project, base_url: &str) -> Ended {
    let script = format!("ulimit -v {KILOBYTES}; exec {} run --progress none", env!("CARGO_BIN_EXE_batch"));
    project.command("/bin/sh", ["-c", &script]).against(base_url).run()
}

#[test]
fn oversized_replies_are_not_read_to_their_end() {
    for call in ["submit", "upload", "status", "result"] {
        let simulator = simulator(&[&format!("{call}:pad({FAT})@1")]);
        let project = Project::new().with("dog.png", crate::support::image::png(64, 64, "a"));
        project.write("jobs.yaml", manifest("").replace("https://images.example.com/", ""));
        bounded(&project, &simulator.base_url()).exits(0);
        assert_eq!(simulator.account().charges(), 1, "{call}");
    }
}

/// A video of more bytes than any has is not begun: its job stays paid, and nothing of it is kept.
#[test]
fn an_oversized_video_is_not_fetched() {
    let simulator = simulator(&["download:pad(5000000000)"]);
    let project = Project::new().with("jobs.yaml", manifest(""));
    let ended = bounded(&project, &simulator.base_url()).exits(1);
    assert!(ended.stderr.contains("longer than any video"), "{ended:?}");
    assert!(project.read("jobs.lock").contains("\"generated\""));
    assert_eq!(project.path("out").read_dir().unwrap().count(), 0);
}

/// The head of a reply is bounded as well, and so is what a few bytes can unfold to.
#[test]
fn endless_heads_and_deep_or_compressed_bodies_end() {
    let endless_head = Hostile::start(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(format!("X-Filler: {}\r\n", "a".repeat(8000)).as_bytes()).is_ok() {}
    });
    let endless_line = Hostile::start(|_, stream| while stream.write_all(&[b'a'; 8192]).is_ok() {});
    let endless_hints = Hostile::start(|_, stream| {
        // Hints that announce a reply which never comes; each is small.
        for _ in 0..100_000 {
            if stream.write_all(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n").is_err() {
                break;
            }
        }
    });
    let endless_chunks = Hostile::start(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        while stream.write_all(format!("2000\r\n{}\r\n", " ".repeat(8192)).as_bytes()).is_ok() {}
    });
    let deep = format!(r#"{{"code":0,"data":{}{}}}"#, "[".repeat(400_000), "]".repeat(400_000));
    let deep = Hostile::saying(&super::hostile::json(&deep));
    let bomb = Hostile::saying(&bomb());
    for (what, server) in [
        ("an endless head", endless_head),
        ("an endless line", endless_line),
        ("endless hints", endless_hints),
        ("endless chunks", endless_chunks),
        ("deep JSON", deep),
        ("a bomb", bomb),
    ] {
        let project = Project::new().with("jobs.yaml", manifest(""));
        let ended = bounded(&project, &server.base_url());
        // The submit got no answer that makes sense; that is all.
        assert_eq!(ended.code(), 3, "{what}: {ended:?}");
        assert!(ended.stderr.len() < 10_000, "{what}: {} bytes of words", ended.stderr.len());
        assert!(project.read("jobs.lock").len() < 5000, "{what}");
        assert_eq!(server.heads().len(), 1, "{what}");
    }
}

/// A reply in gzip of some hundred kilobytes that unfolds to gigabytes: members of zeros, one after the other.
fn bomb() -> Vec<u8> {
    // A stored block can't shrink; a run of fixed-code matches can: 258 zeros for each 13 bits.
    let mut bits = Bits::default();
    bits.push(0b011, 3);
    // The literal 0: code 00110000, most significant bit first.
    bits.push_code(0b0011_0000, 8);
    for _ in 0..400_000 {
        // Length 258 (code 285: 11000101), distance 1 (code 00000).
        bits.push_code(0b1100_0101, 8);
        bits.push_code(0, 5);
    }
    bits.push_code(0, 7);
    let mut member = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    member.extend(bits.bytes());
    let length = 1u32 + 400_000 * 258;
    let zeros = vec![0; 1 << 20];
    let mut checksum = crc32fast::Hasher::new();
    let mut left = length as usize;
    while left > 0 {
        let now = left.min(zeros.len());
        checksum.update(&zeros[..now]);
        left -= now;
    }
    member.extend(checksum.finalize().to_le_bytes());
    member.extend(length.to_le_bytes());
    let body = member.repeat(20);
    let mut reply = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    reply.extend(body);
    reply
}

/// Bits as deflate packs them.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    fn push(&mut self, value: u32, count: u32) {
        for bit in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= ((value >> bit & 1) as u8) << (self.used % 8);
            self.used += 1;
        }
    }

    /// A Huffman code: its most significant bit first.
    fn push_code(&mut self, code: u32, count: u32) {
        for bit in (0..count).rev() {
            self.push(code >> bit & 1, 1);
        }
    }

    fn bytes(self) -> Vec<u8> {
        self.bytes
    }
}
