//! Distinguishes a complete video from a truncated or damaged one by its structure.
//!
//! An MP4 file is a sequence of boxes and a WebM file a tree of elements, each with its size; the index of an MP4 has
//! the position of each frame, and its fragments have numbers and times. So a truncation shows anywhere, except in two
//! places: between two fragments of a fragmented file or two blocks of a live one, where nothing says that more was to
//! come ([`End::Seam`]), and after all frames, where only tags and padding are lost. A part that is missing in the middle
//! shows too, unless it is whole blocks of a live WebM; and so do frames that are overwritten with zeros, in formats that
//! compress them well. Other bytes in place of the right ones aren't detected: only a hash would find them.

mod boxes;
mod ebml;
mod fragment;
mod frames;
mod moov;
mod mp4;
mod segment;
mod tail;
mod timeline;

use std::io::{self, Read, Seek};

/// Number of bytes at the beginning used to detect text.
const HEAD: u64 = 512;

/// The certainty, from the content alone, that a video is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Nothing that is needed to play it can be missing.
    Proven,
    /// It ends where more may have followed: only its length is conclusive.
    Seam,
}

/// The reason why a file is not a complete video.
#[derive(Debug, thiserror::Error)]
pub(super) enum Flaw {
    #[error("it is empty")]
    Empty,
    #[error("it is a page of HTML")]
    Html,
    #[error("it is JSON")]
    Json,
    #[error("it doesn't begin like a video")]
    Text,
    #[error("it doesn't begin like a video")]
    NotAVideo,
    #[error("it is cut short: a part of it ends after the end of the file")]
    Cut,
    #[error("it is cut short: it has no frames")]
    NoFrames,
    #[error("it has no index of its frames (no `moov` box)")]
    NoIndex,
    #[error("its parts are broken")]
    Broken,
    #[error("a part in its middle is missing")]
    Gap,
    #[error("frames in it are overwritten with zeros")]
    Blank,
    #[error(transparent)]
    Unreadable(#[from] io::Error),
}

impl Flaw {
    /// Returns whether the file may still contain a usable video.
    pub(super) fn is_doubtful(&self) -> bool {
        match self {
            Flaw::Empty | Flaw::Html | Flaw::Json | Flaw::Text | Flaw::Unreadable(_) => false,
            Flaw::NotAVideo | Flaw::Cut | Flaw::NoFrames | Flaw::NoIndex | Flaw::Broken | Flaw::Gap | Flaw::Blank => {
                true
            }
        }
    }

    /// Returns whether the file may be compressed.
    pub(super) fn may_be_packed(&self) -> bool {
        matches!(self, Flaw::Text | Flaw::NotAVideo)
    }
}

/// Checks that `file`, `length` bytes long, is a complete video.
///
/// # Errors
/// Fails if it isn't, or can't be read.
pub(super) fn check(file: &mut (impl Read + Seek), length: u64) -> Result<End, Flaw> {
    if length == 0 {
        return Err(Flaw::Empty);
    }
    file.rewind()?;
    let mut head = Vec::with_capacity(HEAD as usize);
    file.take(HEAD).read_to_end(&mut head)?;
    match head.as_slice() {
        // Matroska and WebM: a video nobody ordered, but paid for all the same.
        [0x1a, 0x45, 0xdf, 0xa3, ..] => segment::walk(file, length),
        // Old QuickTime files begin without `ftyp`.
        [_, _, _, _, a, b, c, d, ..] if mp4::is_registered([*a, *b, *c, *d]) => mp4::walk(file, length),
        head => Err(unlike(head)),
    }
}

/// Returns the flaw of a file that doesn't begin like a video.
fn unlike(head: &[u8]) -> Flaw {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The end of the head may fall within a character.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return Flaw::NotAVideo,
    };
    if text.contains('\0') {
        return Flaw::NotAVideo;
    }
    let text = text.trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    if text.starts_with("<!doctype html") || text.starts_with("<html") {
        Flaw::Html
    } else if text.starts_with(['{', '[']) {
        Flaw::Json
    } else {
        Flaw::Text
    }
}

/// Number of bytes for which room is made before they are there: a count may be wrong.
const ROOM: u64 = 64 * 1024;

/// Reads up to `count` bytes from `at` on: fewer only at the end of the file.
fn bytes_at(file: &mut (impl Read + Seek), at: u64, count: u64) -> io::Result<Vec<u8>> {
    file.seek(io::SeekFrom::Start(at))?;
    // Grown as it is read, it would be moved a dozen times, by threads that contend for memory.
    let mut bytes = Vec::with_capacity(count.min(ROOM) as usize);
    file.take(count).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
