//! Finds frames that were overwritten with zeros, as a download that lost a part leaves them.

use std::io::{self, Read, Seek, SeekFrom};

/// Number of zero bytes in a row that no encoder writes into a compressed picture: H.264 and its successors allow two,
/// arithmetic coders make them at random, and hardware pads to a multiple of 16 or 32.
const BLANK: u64 = 64;

/// Number of bytes from which on a group of frames isn't all zeros.
const LEAST: u64 = 8;

/// Number of bytes that are read at a time.
const READ: usize = 32 * 1024;

/// Frames of a compressed picture, one after the other: their start and their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frames {
    pub(super) start: u64,
    pub(super) end: u64,
}

/// Reads frames to see whether they are overwritten with zeros.
pub(super) struct Scan {
    buffer: Vec<u8>,
    /// Number of bytes that it reads at most: an index may list the same frames over and over.
    left: u64,
}

impl Scan {
    /// Returns a scan of a file of this length.
    pub(super) fn of(length: u64) -> Scan {
        Scan { buffer: vec![0; READ], left: length }
    }

    /// Returns whether frames are overwritten with zeros, at least in part.
    pub(super) fn finds_blank(&mut self, file: &mut (impl Read + Seek), frames: Frames) -> io::Result<bool> {
        let length = frames.end.saturating_sub(frames.start);
        if length < LEAST || length > self.left {
            return Ok(false);
        }
        self.left -= length;
        file.seek(SeekFrom::Start(frames.start))?;
        let mut content = file.take(length);
        let mut zeros = Zeros { run: 0, enough: length.min(BLANK) };
        loop {
            let count = content.read(&mut self.buffer)?;
            if count == 0 {
                return Ok(false);
            }
            if zeros.are_enough(&self.buffer[..count]) {
                return Ok(true);
            }
        }
    }
}

/// Returns whether a table of formats is overwritten with zeros.
pub(super) fn is_blank_table(content: &[u8]) -> bool {
    Zeros { run: 0, enough: BLANK }.are_enough(content)
}

/// Zero bytes in a row.
struct Zeros {
    run: u64,
    enough: u64,
}

impl Zeros {
    /// Returns whether enough are in a row within these bytes, which follow the previous ones.
    fn are_enough(&mut self, bytes: &[u8]) -> bool {
        bytes.iter().any(|byte| {
            self.run = if *byte == 0 { self.run + 1 } else { 0 };
            self.run >= self.enough
        })
    }
}

/// Returns whether pictures in this format never contain so many zeros; by the names in MP4 and in Matroska.
pub(super) fn is_dense(codec: &[u8]) -> bool {
    const MP4: [&[u8]; 16] = [
        b"avc1", b"avc2", b"avc3", b"avc4", b"hvc1", b"hev1", b"dvh1", b"dvhe", b"dvav", b"dva1", b"vvc1", b"av01",
        b"vp08", b"vp09", b"mp4v", b"encv",
    ];
    const MATROSKA: [&[u8]; 6] = [b"V_MPEG4/", b"V_MPEGH/", b"V_MPEGI/", b"V_AV1", b"V_VP8", b"V_VP9"];
    MP4.contains(&codec) || MATROSKA.iter().any(|name| codec.starts_with(name))
}
