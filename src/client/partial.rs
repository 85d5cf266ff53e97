//! A file that is being fetched: what came of it, what its hash is so far, and how to ask for the rest.
//!
//! Bytes are gathered in memory and handed over many at a time to a thread that may wait for the disk, which hashes them on the
//! way. A video of usual size makes that way once.

use super::representation::{Representation, content_range, length_of_file, length_of_whole};
use crate::base::digest::{Hasher, Sha256};
use crate::base::faultpoint;
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode};
use std::io::{self, Cursor, Read, Seek, Write as _};
use tempfile::NamedTempFile;

/// Bytes that are gathered before they are written.
const GATHERED: usize = 256 * 1024;

/// A file in the making.
pub(super) struct Partial {
    /// None while a thread has it.
    draft: Option<Draft>,
    gathered: Vec<u8>,
    received: u64,
    /// The length that the server named.
    announced: Option<u64>,
    /// What a later reply is held against.
    representation: Representation,
}

/// What a reply is that was to bring the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Continuation {
    /// The rest: it begins exactly where this ends.
    Rest,
    /// A part of another file.
    Another,
    /// No part that fits.
    None,
}

/// What came, for a look at it.
pub(super) trait Content: Read + Seek {}

impl<T: Read + Seek> Content for T {}

/// What is on the disk of it.
struct Draft {
    file: NamedTempFile,
    hasher: Hasher,
    /// Whether anything was written.
    begun: bool,
}

impl Partial {
    /// Nothing yet, to be written to `file`.
    pub(super) fn new(file: NamedTempFile) -> Partial {
        let draft = Some(Draft { file, hasher: Hasher::default(), begun: false });
        Partial { draft, gathered: Vec::new(), received: 0, announced: None, representation: Representation::default() }
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
        let validator = self.representation.validator()?.clone();
        self.announced.filter(|announced| (1..*announced).contains(&self.received))?;
        let range = HeaderValue::try_from(format!("bytes={}-", self.received)).ok()?;
        Some(HeaderMap::from_iter([(header::RANGE, range), (header::IF_RANGE, validator)]))
    }

    /// How the file is packed, where the server said so.
    pub(super) fn encoding(&self) -> Option<String> {
        self.representation.encoding().map(str::to_ascii_lowercase)
    }

    /// Tells whether a reply goes on exactly where this ends.
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

    /// Forgets what came, for a reply that begins anew.
    ///
    /// # Errors
    /// Where what was written can't be taken back.
    pub(super) async fn begin(&mut self, reply: &Response) -> io::Result<()> {
        let announced = length_of_whole(reply.status(), reply.headers());
        self.announced = announced.or_else(|| reply.content_length());
        self.representation = Representation::of(reply.headers());
        self.forget().await
    }

    /// Forgets what came, so that the next request is for all of it.
    ///
    /// # Errors
    /// Where what was written can't be taken back.
    pub(super) async fn forget(&mut self) -> io::Result<()> {
        self.gathered.clear();
        self.received = 0;
        match &self.draft {
            Some(draft) if !draft.begun => Ok(()),
            _ => self.on_disk(|draft, _| draft.begin()).await,
        }
    }

    /// Takes in more bytes.
    ///
    /// # Errors
    /// Where they can't be written.
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

    /// The file, all of it handed to the system, the hash of its content, and what a `look` at it found, beside the run.
    ///
    /// # Errors
    /// Where it can't be written, or `look` refuses it.
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

    /// Does what takes the disk a while with what was gathered, beside the run.
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
    /// Forgets what was written.
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

    /// Writes the rest, and looks at all of it.
    fn finish<T, E: From<io::Error>>(
        &mut self,
        rest: &[u8],
        look: impl FnOnce(&mut dyn Content) -> Result<T, E>,
    ) -> Result<T, E> {
        // What was gathered whole is looked at where it is.
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

/// The thread that had the file came to no end.
fn lost() -> io::Error {
    io::Error::other("the file is no longer being written")
}
