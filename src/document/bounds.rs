//! The limits on the size of a text, and the decoding of bytes.

use super::source::Position;

/// The maximum number of bytes of a manifest.
pub const MANIFEST_BYTES: u64 = 256 * 1024 * 1024;

/// The maximum depth of nested lists and tables, the outermost included.
pub const DEPTH: usize = 64;

/// Returns the maximum number of values that all aliases of a text may expand to together: a million, and one more for
/// each of its bytes. The tree shares them, so the limit is on the work of a walk through it.
pub fn expansion(bytes: usize) -> u64 {
    1_000_000 + bytes as u64
}

/// The reason why bytes are not a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misencoded {
    /// The likely encoding.
    pub kind: Misencoding,
    /// The first byte that shows it; 1:1 for a byte order mark.
    pub position: Position,
}

/// The likely encoding of bytes that are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misencoding {
    /// UTF-16, by its byte order mark.
    Utf16,
    /// UTF-32, by its byte order mark.
    Utf32,
    /// A NUL byte: a binary file, or UTF-16 without a byte order mark.
    Nul,
    /// A byte that isn't valid in UTF-8: another encoding (GBK, Latin-1, ...), or damage.
    NotUtf8,
}

/// Decodes bytes as UTF-8, with or without a byte order mark (which stays in the text: offsets are the file's own).
///
/// # Errors
/// Fails if the bytes are in another encoding, or not text at all; with the valid text before the first bad byte.
pub fn decode(bytes: Vec<u8>) -> Result<String, (Misencoded, String)> {
    let kind = match bytes.as_slice() {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some(Misencoding::Utf32),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some(Misencoding::Utf16),
        _ => None,
    };
    if let Some(kind) = kind {
        return Err(misencoded(kind, String::new()));
    }
    let (mut text, sound) = match String::from_utf8(bytes) {
        Ok(text) => (text, true),
        Err(error) => {
            let end = error.utf8_error().valid_up_to();
            let mut bytes = error.into_bytes();
            bytes.truncate(end);
            (String::from_utf8(bytes).expect("it is valid up to there"), false)
        }
    };
    // A NUL before the bad byte is more telling: text in no encoding has one.
    match text.find('\0') {
        Some(at) => {
            text.truncate(at);
            Err(misencoded(Misencoding::Nul, text))
        }
        None if sound => Ok(text),
        None => Err(misencoded(Misencoding::NotUtf8, text)),
    }
}

/// Decodes the bytes of a table: as [`decode`] does, and also UTF-16 with a byte order mark, as spreadsheets write it.
///
/// # Errors
/// The same as those of [`decode`].
pub fn decode_table(bytes: Vec<u8>) -> Result<String, (Misencoded, String)> {
    let big = match bytes.as_slice() {
        [0xff, 0xfe, 0, 0, ..] => return decode(bytes),
        [0xff, 0xfe, ..] => false,
        [0xfe, 0xff, ..] => true,
        _ => return decode(bytes),
    };
    let unit = |pair: &[u8]| match pair {
        [one, two] if big => u16::from_be_bytes([*one, *two]),
        [one, two] => u16::from_le_bytes([*one, *two]),
        // Half a unit at the end is invalid.
        _ => 0xd800,
    };
    let mut text = String::with_capacity(bytes.len());
    for c in char::decode_utf16(bytes.chunks(2).map(unit)) {
        match c {
            Ok('\0') => return Err(misencoded(Misencoding::Nul, text)),
            Ok(c) => text.push(c),
            Err(_) => return Err(misencoded(Misencoding::Utf16, text)),
        }
    }
    Ok(text)
}

/// Returns the error that the bytes after `sound` are of this kind.
fn misencoded(kind: Misencoding, sound: String) -> (Misencoded, String) {
    let line = sound.rfind('\n').map_or(0, |end| end + 1);
    let mark = usize::from(line == 0 && sound.starts_with('\u{feff}'));
    let position = Position {
        offset: sound.len(),
        line: sound.matches('\n').count() + 1,
        column: sound[line..].chars().count() - mark + 1,
    };
    (Misencoded { kind, position }, sound)
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
            let (found, sound) = decode(bytes.to_vec()).unwrap_err();
            assert_eq!(
                (found, sound.as_bytes()),
                (Misencoded { kind, position }, &bytes[..position.offset]),
                "{bytes:?}"
            );
        }
        for (bytes, table) in [
            (&b"\xff\xfea\0,\0b\0\n\0\xd7\x72"[..], Ok("\u{feff}a,b\n狗")),
            (b"\xfe\xff\0a\0\n\xd8\x3d\xdc\x36", Ok("\u{feff}a\n🐶")),
            (b"\xff\xfea\0\xd8", Err((Misencoding::Utf16, at(4, 1, 2)))),
            (b"\xff\xfea\0\x3d\xd8x\0", Err((Misencoding::Utf16, at(4, 1, 2)))),
            (b"\xff\xfea\0\0\0", Err((Misencoding::Nul, at(4, 1, 2)))),
            (b"a;b", Ok("a;b")),
        ] {
            let found = decode_table(bytes.to_vec()).map_err(|(what, _)| (what.kind, what.position));
            assert_eq!(found, table.map(str::to_owned), "{bytes:?}");
        }
        assert_eq!(decode(b"\xef\xbb\xbfversion: 1".to_vec()), Ok("\u{feff}version: 1".to_owned()));
        assert_eq!(decode(Vec::new()), Ok(String::new()));
    }
}
