//! A file while it is fetched: the bytes so far, their hash, and the request for the rest.
//!
//! Bytes are buffered in memory and handed over in large pieces to a blocking thread, which hashes and writes them. A
//! video of usual size is handed over once.

use super::representation::{Representation, content_range, length_of_file, length_of_whole};
use crate::base::digest::{Hasher, Sha256};
use crate::base::faultpoint;
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode};
use std::io::{self, Cursor, Read, Seek, Write as _};
use tempfile::NamedTempFile;

/// Size of the buffer before it is written, in bytes.
const GATHERED: usize = 256 * 1024;

/// A partly received file.
pub(super) struct Partial {
    /// `None` while a thread has it.
    draft: Option<Draft>,
    gathered: Vec<u8>,
    received: u64,
    /// The length that the server announced.
    announced: Option<u64>,
    /// The headers that later replies are compared with.
    representation: Representation,
}

/// The kind of a reply to a request for the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Continuation {
    /// The rest: it begins exactly at the current end.
    Rest,
    /// A part of a different file.
    Another,
    /// Not a part that fits.
    None,
}

/// The received content, for inspection.
pub(super) trait Content: Read + Seek {}

impl<T: Read + Seek> Content for T {}

/// The part that is on disk.
struct Draft {
    file: NamedTempFile,
    hasher: Hasher,
    /// `true` once anything was written.
    begun: bool,
}

impl Partial {
    /// Creates an empty one, to be written to `file`.
    pub(super) fn new(file: NamedTempFile) -> Partial {
        let draft = Some(Draft { file, hasher: Hasher::default(), begun: false });
        Partial { draft, gathered: Vec::new(), received: 0, announced: None, representation: Representation::default() }
    }

    /// Returns the number of bytes received.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// Returns the number of bytes announced.
    pub(super) fn announced(&self) -> Option<u64> {
        self.announced
    }

    /// Returns the announced number of bytes if it differs from the number received.
    pub(super) fn mismatch(&self) -> Option<u64> {
        self.announced.filter(|announced| *announced != self.received)
    }

    /// Returns the headers that request the rest; `None` if there is nothing to continue, or no safe way to.
    pub(super) fn range(&self) -> Option<HeaderMap> {
        let validator = self.representation.validator()?.clone();
        self.announced.filter(|announced| (1..*announced).contains(&self.received))?;
        let range = HeaderValue::try_from(format!("bytes={}-", self.received)).ok()?;
        Some(HeaderMap::from_iter([(header::RANGE, range), (header::IF_RANGE, validator)]))
    }

    /// Returns the content encoding, if the server named one.
    pub(super) fn encoding(&self) -> Option<String> {
        self.representation.encoding().map(str::to_ascii_lowercase)
    }

    /// Determines whether a reply continues exactly at the current end.
    pub(super) fn continuation(&self, reply: &Response) -> Continuation {
        let headers = reply.headers();
        let part = content_range(headers).filter(|_| reply.status() == StatusCode::PARTIAL_CONTENT);
        let Some(part) = part.filter(|_| length_of_whole(reply.status(), headers).is_none()) else {
            return Continuation::None;
        };
        let length = length_of_file(headers);
        if !self.representation.has_part(headers) || length.is_some() && length != self.announced {
            return Continuation::Another;
        }
        let rest = length.map(|length| format!("{}-{}", self.received, length.saturating_sub(1)));
        if rest.as_deref() == Some(part) { Continuation::Rest } else { Continuation::None }
    }

    /// Discards the bytes so far, for a reply that begins from the start.
    ///
    /// # Errors
    /// Fails if the written part can't be removed.
    pub(super) async fn begin(&mut self, reply: &Response) -> io::Result<()> {
        let announced = length_of_whole(reply.status(), reply.headers());
        self.announced = announced.or_else(|| reply.content_length());
        self.representation = Representation::of(reply.headers());
        self.forget().await
    }

    /// Discards the bytes so far, so that the next request is for the whole file.
    ///
    /// # Errors
    /// Fails if the written part can't be removed.
    pub(super) async fn forget(&mut self) -> io::Result<()> {
        self.gathered.clear();
        self.received = 0;
        match &self.draft {
            Some(draft) if !draft.begun => Ok(()),
            _ => self.on_disk(|draft, _| draft.begin()).await,
        }
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// Fails if they can't be written.
    pub(super) async fn take_in(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.gathered.is_empty() {
            let left = self.announced.unwrap_or_default().saturating_sub(self.received);
            self.gathered.reserve(usize::try_from(left).map_or(GATHERED, |left| left.min(GATHERED)));
        }
        self.gathered.extend_from_slice(bytes);
        self.received += bytes.len() as u64;
        if self.gathered.len() >= GATHERED {
            self.on_disk(Draft::write).await?;
            self.gathered.clear();
        }
        Ok(())
    }

    /// Returns the file, fully handed to the system, its hash, and the result of `look`, which runs on a blocking thread.
    ///
    /// # Errors
    /// Fails if it can't be written, or `look` refuses it.
    pub(super) async fn finish<T, E>(
        mut self,
        look: impl FnOnce(&mut dyn Content) -> Result<T, E> + Send + 'static,
    ) -> Result<(NamedTempFile, Sha256, T), E>
    where
        T: Send + 'static,
        E: From<io::Error> + Send + 'static,
    {
        let found = self.on_disk(move |draft, rest| draft.finish(rest, look)).await?;
        let Draft { file, hasher, .. } = self.draft.ok_or_else(lost)?;
        Ok((file, hasher.finish(), found))
    }

    /// Runs `work` with the buffered bytes on a blocking thread.
    async fn on_disk<T, E>(
        &mut self,
        work: impl FnOnce(&mut Draft, &[u8]) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<io::Error> + Send + 'static,
    {
        let mut draft = self.draft.take().ok_or_else(lost)?;
        let gathered = std::mem::take(&mut self.gathered);
        let done = tokio::task::spawn_blocking(move || (work(&mut draft, &gathered), draft, gathered)).await;
        let (outcome, draft, gathered) = done.map_err(io::Error::other)?;
        (self.draft, self.gathered) = (Some(draft), gathered);
        outcome
    }
}

impl Draft {
    /// Discards the written part.
    fn begin(&mut self) -> io::Result<()> {
        self.hasher = Hasher::default();
        self.begun = false;
        self.file.rewind()?;
        self.file.as_file().set_len(0)
    }

    /// Writes more bytes.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        faultpoint::write("video", "write")?;
        self.begun = true;
        self.file.write_all(bytes)?;
        self.hasher.update(bytes);
        Ok(())
    }

    /// Writes the rest, and inspects the whole.
    fn finish<T, E: From<io::Error>>(
        &mut self,
        rest: &[u8],
        look: impl FnOnce(&mut dyn Content) -> Result<T, E>,
    ) -> Result<T, E> {
        // A file that fits the buffer is inspected in memory.
        if !self.begun {
            let found = look(&mut Cursor::new(rest))?;
            self.write(rest)?;
            return Ok(found);
        }
        self.write(rest)?;
        self.file.rewind()?;
        look(self.file.as_file_mut())
    }
}

/// Returns the error for a blocking thread that didn't finish.
fn lost() -> io::Error {
    io::Error::other("the file is no longer being written")
}
