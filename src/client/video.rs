//! Whether a file is a whole video, judged by its outermost structure.
//!
//! An MP4 file is a row of boxes that say how long they are: where they don't add up to the file's length, a part is
//! missing. A zeroed middle is not found (only a hash would), a cut end always is.

use std::io::{self, Read, Seek, SeekFrom};

/// Boxes at most: a video of some seconds has a dozen.
const BOXES: usize = 100_000;

/// Why a file is not a whole video.
#[derive(Debug, thiserror::Error)]
pub(super) enum Flaw {
    #[error("it is empty")]
    Empty,
    #[error("it doesn't begin like a video")]
    NotAVideo,
    #[error("it is cut short: a part of it ends behind the end of the file")]
    Cut,
    #[error("it has no index of its frames (no `moov` box)")]
    NoIndex,
    #[error("its parts are broken")]
    Broken,
    #[error(transparent)]
    Unreadable(#[from] io::Error),
}

/// Checks that `file`, `length` bytes long, is a whole video.
///
/// # Errors
/// Where it is none, or can't be read.
pub(super) fn check(file: &mut (impl Read + Seek), length: u64) -> Result<(), Flaw> {
    if length == 0 {
        return Err(Flaw::Empty);
    }
    file.rewind()?;
    let mut head = Vec::new();
    file.take(8).read_to_end(&mut head)?;
    match head.as_slice() {
        // Matroska and WebM: a video nobody ordered, but paid for all the same.
        [0x1a, 0x45, 0xdf, 0xa3, ..] => Ok(()),
        [_, _, _, _, b'f', b't', b'y', b'p'] => tile(file, length),
        _ => Err(Flaw::NotAVideo),
    }
}

/// Walks from box to box.
fn tile(file: &mut (impl Read + Seek), length: u64) -> Result<(), Flaw> {
    let mut at = 0;
    let mut index = false;
    for _ in 0..BOXES {
        if at == length {
            return if index { Ok(()) } else { Err(Flaw::NoIndex) };
        }
        file.seek(SeekFrom::Start(at))?;
        let mut head = Vec::new();
        file.take(16).read_to_end(&mut head)?;
        let (Some(size), Some(kind)) = (head.first_chunk(), head.get(4..8)) else { return Err(Flaw::Cut) };
        index |= kind == b"moov";
        let (header, size) = match u32::from_be_bytes(*size) {
            0 => (8, length - at),
            1 => match head.get(8..).and_then(<[u8]>::first_chunk) {
                Some(size) => (16, u64::from_be_bytes(*size)),
                None => return Err(Flaw::Cut),
            },
            size => (8, u64::from(size)),
        };
        if size < header {
            return Err(Flaw::Broken);
        }
        at = at.checked_add(size).filter(|end| *end <= length).ok_or(Flaw::Cut)?;
    }
    Err(Flaw::Broken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Cursor;

    fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let size = u32::try_from(content.len() + 8).unwrap();
        [&size.to_be_bytes()[..], kind, content].concat()
    }

    fn mp4() -> Vec<u8> {
        [boxed(b"ftyp", b"isom"), boxed(b"mdat", &[7; 100]), boxed(b"moov", &[1; 20])].concat()
    }

    fn judged(bytes: &[u8]) -> Result<(), Flaw> {
        check(&mut Cursor::new(bytes), bytes.len() as u64)
    }

    #[test]
    fn whole_videos_pass() {
        judged(&mp4()).unwrap();
        // A 64-bit size, and a last box that goes to the end.
        let large = [&1u32.to_be_bytes()[..], b"mdat", &20u64.to_be_bytes(), &[0; 4]].concat();
        let open = [&0u32.to_be_bytes()[..], b"mdat", &[0; 50]].concat();
        judged(&[boxed(b"ftyp", b""), large, boxed(b"moov", b""), open].concat()).unwrap();
        judged(b"\x1a\x45\xdf\xa3 webm").unwrap();
    }

    #[test]
    fn anything_cut_short_is_found() {
        for length in 0..mp4().len() {
            assert!(judged(&mp4()[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn what_is_no_video_is_told_apart() {
        assert!(matches!(judged(b"<html>sorry</html>"), Err(Flaw::NotAVideo)));
        assert!(matches!(judged(b""), Err(Flaw::Empty)));
        assert!(matches!(judged(&boxed(b"ftyp", b"isom")), Err(Flaw::NoIndex)));
        let backwards = [boxed(b"ftyp", b""), [&3u32.to_be_bytes()[..], b"moov"].concat()].concat();
        assert!(matches!(judged(&backwards), Err(Flaw::Broken)));
        let endless = [boxed(b"ftyp", b""), [&1u32.to_be_bytes()[..], b"moov", &[0xff; 8]].concat()].concat();
        assert!(matches!(judged(&endless), Err(Flaw::Cut)));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(tail in any::<Vec<u8>>()) {
            let _ = judged(&[boxed(b"ftyp", b""), tail].concat());
        }
    }
}
