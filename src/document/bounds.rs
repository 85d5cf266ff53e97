//! How large a text may be, and reading bytes into one.

use super::source::{Position, Source};

/// The most bytes of a manifest.
pub const MANIFEST_BYTES: u64 = 256 * 1024 * 1024;

/// The most lists and tables inside each other, the outermost included.
pub const DEPTH: usize = 64;

/// The most values that all aliases of a text may stand for together: a million, and one more for each of its bytes.
/// The tree shares them, so what is bounded is the work of whoever walks it.
pub fn expansion(bytes: usize) -> u64 {
    1_000_000 + bytes as u64
}

/// Why bytes are no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misencoded {
    /// What they look like.
    pub kind: Misencoding,
    /// The first byte that shows it; 1:1 for a byte order mark.
    pub position: Position,
}

/// What bytes look like that are no text in UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misencoding {
    /// UTF-16, by its byte order mark.
    Utf16,
    /// UTF-32, by its byte order mark.
    Utf32,
    /// A NUL byte: a binary file, or UTF-16 without a byte order mark.
    Nul,
    /// A byte that does not belong in UTF-8: another encoding (GBK, Latin-1, ...), or damage.
    NotUtf8,
}

/// Reads bytes as UTF-8, with or without a byte order mark (which stays in the text: offsets are the file's own).
///
/// # Errors
/// Where the bytes are another encoding, or no text at all.
pub fn decode(bytes: Vec<u8>) -> Result<String, Misencoded> {
    let kind = match bytes.as_slice() {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some(Misencoding::Utf32),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some(Misencoding::Utf16),
        _ => None,
    };
    if let Some(kind) = kind {
        return Err(Misencoded { kind, position: Position { offset: 0, line: 1, column: 1 } });
    }
    match String::from_utf8(bytes) {
        Ok(text) => match text.find('\0') {
            None => Ok(text),
            Some(at) => Err(Misencoded { kind: Misencoding::Nul, position: end_of(&text.as_bytes()[..at]) }),
        },
        Err(error) => {
            let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            // A NUL before the bad byte tells more: text in no encoding has one.
            Err(match good.iter().position(|&byte| byte == 0) {
                Some(at) => Misencoded { kind: Misencoding::Nul, position: end_of(&good[..at]) },
                None => Misencoded { kind: Misencoding::NotUtf8, position: end_of(good) },
            })
        }
    }
}

/// The place right after these bytes.
fn end_of(good: &[u8]) -> Position {
    let text = String::from_utf8_lossy(good).into_owned();
    let end = text.len();
    Source::new("", text).position(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_utf8_is_named_and_found() {
        let at = |offset, line, column| Position { offset, line, column };
        for (bytes, kind, position) in [
            (&b"\xff\xfea\0"[..], Misencoding::Utf16, at(0, 1, 1)),
            (b"\xfe\xff\0a", Misencoding::Utf16, at(0, 1, 1)),
            (b"\xff\xfe\0\0a\0\0\0", Misencoding::Utf32, at(0, 1, 1)),
            (b"\0\0\xfe\xff", Misencoding::Utf32, at(0, 1, 1)),
            (b"a\0b\0", Misencoding::Nul, at(1, 1, 2)),
            (b"a: 1\nb\0\xff", Misencoding::Nul, at(6, 2, 2)),
            (b"v: 1\np: \xc4\xe3", Misencoding::NotUtf8, at(8, 2, 4)),
            (b"\xe7\x8b\x97\xe7\x8b", Misencoding::NotUtf8, at(3, 1, 2)),
        ] {
            assert_eq!(decode(bytes.to_vec()), Err(Misencoded { kind, position }), "{bytes:?}");
        }
        assert_eq!(decode(b"\xef\xbb\xbfversion: 1".to_vec()).as_deref(), Ok("\u{feff}version: 1"));
        assert_eq!(decode(Vec::new()).as_deref(), Ok(""));
    }
}
