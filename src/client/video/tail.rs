//! Distinguishes what people and tools append to a video from the remains of a damaged one.

use super::bytes_at;
use std::io::{self, Read, Seek};

/// Maximum number of bytes that may follow whatever they are: a line break, or padding to an even length.
const FEW: u64 = 7;

/// Maximum length of a text.
const TEXT: u64 = 64 * 1024;

/// The beginnings of tags: ID3v1 and its extension, ID3v2, APE, Lyrics3.
const TAGS: [&[u8]; 5] = [b"TAG", b"TAG+", b"ID3", b"APETAGEX", b"LYRICSBEGIN"];

/// Returns whether the bytes from `at` to the end of a file are a few, a text or a tag.
pub(super) fn is_harmless(file: &mut (impl Read + Seek), at: u64, length: u64) -> io::Result<bool> {
    let count = length.saturating_sub(at);
    if count <= FEW {
        return Ok(true);
    }
    let tail = bytes_at(file, at, count.min(TEXT + 1))?;
    Ok(TAGS.iter().any(|tag| tail.starts_with(tag)) || count <= TEXT && is_text(&tail))
}

/// Returns whether these bytes are a text, which may end in a zero byte.
fn is_text(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_suffix(b"\0").unwrap_or(bytes);
    std::str::from_utf8(bytes).is_ok_and(|text| !text.contains(|c: char| c.is_control() && !c.is_whitespace()))
}
