//! Tells a whole video from a cut one by its outermost structure.
//!
//! An MP4 file is a row of boxes and a WebM file a tree of elements, each of which says how long it is; the index of an MP4 says
//! where each frame lies. So a cut shows, wherever it falls, but for two places: between two fragments of a fragmented file or
//! two blocks of a live one, where nothing says that more was to come ([`End::Seam`]), and behind all frames, where only tags
//! and padding are lost. A zeroed middle isn't found: only a hash would find it.

mod ebml;
mod moov;
mod mp4;

use std::io::{self, Read, Seek};

/// Bytes at the beginning by which text is told from everything else.
const HEAD: u64 = 512;

/// How far the content alone tells that a video is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Nothing that is needed to play it can be missing.
    Proven,
    /// It ends where more may have followed: only its length tells.
    Seam,
}

/// Why a file is not a whole video.
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
    #[error("it is cut short: a part of it ends behind the end of the file")]
    Cut,
    #[error("it is cut short: it has no frames")]
    NoFrames,
    #[error("it has no index of its frames (no `moov` box)")]
    NoIndex,
    #[error("its parts are broken")]
    Broken,
    #[error(transparent)]
    Unreadable(#[from] io::Error),
}

impl Flaw {
    /// Whether a person may find a video in the file all the same.
    pub(super) fn is_doubtful(&self) -> bool {
        match self {
            Flaw::Empty | Flaw::Html | Flaw::Json | Flaw::Text | Flaw::Unreadable(_) => false,
            Flaw::NotAVideo | Flaw::Cut | Flaw::NoFrames | Flaw::NoIndex | Flaw::Broken => true,
        }
    }

    /// Whether the file may be a packed one.
    pub(super) fn may_be_packed(&self) -> bool {
        matches!(self, Flaw::Text | Flaw::NotAVideo)
    }
}

/// Checks that `file`, `length` bytes long, is a whole video.
///
/// # Errors
/// Where it is none, or can't be read.
pub(super) fn check(file: &mut (impl Read + Seek), length: u64) -> Result<End, Flaw> {
    if length == 0 {
        return Err(Flaw::Empty);
    }
    file.rewind()?;
    let mut head = Vec::new();
    file.take(HEAD).read_to_end(&mut head)?;
    match head.as_slice() {
        // Matroska and WebM: a video nobody ordered, but paid for all the same.
        [0x1a, 0x45, 0xdf, 0xa3, ..] => ebml::walk(file, length),
        // QuickTime files of old begin without `ftyp`.
        [_, _, _, _, a, b, c, d, ..] if mp4::is_registered([*a, *b, *c, *d]) => mp4::walk(file, length),
        head => Err(unlike(head)),
    }
}

/// Returns what a file is that doesn't begin like a video.
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

/// Reads up to `count` bytes from `at` on: fewer only where the file ends.
fn bytes_at(file: &mut (impl Read + Seek), at: u64, count: u64) -> io::Result<Vec<u8>> {
    file.seek(io::SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    file.take(count).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
