//! What came of a file so far, and whether a reply goes on from there.

use crate::base::digest::{Hasher, Sha256};
use crate::base::faultpoint;
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode};
use std::io;
use tokio::fs::File;
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _, BufWriter};

/// A file in the making.
pub(super) struct Partial {
    file: BufWriter<File>,
    hasher: Hasher,
    received: u64,
    /// The length that the server named.
    announced: Option<u64>,
    /// What a later reply is held against; none where the server takes no ranges.
    validator: Option<HeaderValue>,
}

impl Partial {
    /// Nothing yet, to be written to `file`.
    pub(super) fn new(file: std::fs::File) -> Partial {
        let file = BufWriter::with_capacity(256 * 1024, File::from_std(file));
        Partial { file, hasher: Hasher::default(), received: 0, announced: None, validator: None }
    }

    /// How many bytes came.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// How many bytes were announced.
    pub(super) fn announced(&self) -> Option<u64> {
        self.announced
    }

    /// How many bytes were announced, where it isn't as many as came.
    pub(super) fn mismatch(&self) -> Option<u64> {
        self.announced.filter(|announced| *announced != self.received)
    }

    /// Headers that ask for the rest; none where there is nothing to continue, or no way to.
    pub(super) fn range(&self) -> Option<HeaderMap> {
        let validator = self.validator.clone()?;
        self.announced.filter(|announced| (1..*announced).contains(&self.received))?;
        let range = HeaderValue::try_from(format!("bytes={}-", self.received)).ok()?;
        Some(HeaderMap::from_iter([(header::RANGE, range), (header::IF_RANGE, validator)]))
    }

    /// Whether a reply goes on exactly where this ends.
    pub(super) fn is_continued_by(&self, reply: &Response) -> bool {
        let Some(announced) = self.announced.filter(|announced| *announced > 0) else { return false };
        let wanted = format!("bytes {}-{}/{announced}", self.received, announced - 1);
        let range = reply.headers().get(header::CONTENT_RANGE);
        reply.status() == StatusCode::PARTIAL_CONTENT
            && is_plain(reply.headers())
            && range.is_some_and(|range| range.as_bytes().eq_ignore_ascii_case(wanted.as_bytes()))
    }

    /// Forgets what came, for a reply that begins anew.
    pub(super) async fn begin(&mut self, reply: &Response) -> io::Result<()> {
        self.file.flush().await?;
        self.file.rewind().await?;
        self.file.get_mut().set_len(0).await?;
        self.hasher = Hasher::default();
        self.received = 0;
        self.announced = reply.content_length().filter(|_| is_plain(reply.headers()));
        self.validator = validator(reply.headers());
        Ok(())
    }

    /// Takes in more bytes.
    pub(super) async fn take_in(&mut self, bytes: &[u8]) -> io::Result<()> {
        faultpoint::write("video", "write")?;
        self.file.write_all(bytes).await?;
        self.hasher.update(bytes);
        self.received += bytes.len() as u64;
        Ok(())
    }

    /// The file, all of it handed to the system, and the hash of its content.
    pub(super) async fn finish(mut self) -> io::Result<(std::fs::File, Sha256)> {
        self.file.flush().await?;
        Ok((self.file.into_inner().into_std().await, self.hasher.finish()))
    }
}

/// Whether the body is the file itself, not an encoding of it.
fn is_plain(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_ENCODING).is_none_or(|value| value == "identity")
}

/// What tells that a later reply is of the same file: a strong `ETag`, or a date.
fn validator(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(header::ACCEPT_RANGES).filter(|value| *value == "bytes")?;
    let tag = headers.get(header::ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/"));
    tag.or_else(|| headers.get(header::LAST_MODIFIED)).cloned()
}
