//! PNG: chunks up to the one that ends it.

use super::near::Near;
use super::{Found, next, skip};
use std::io::{self, Read, Seek};

/// Reads an image to its end.
pub(super) fn see(file: &mut Near<impl Read + Seek>) -> io::Result<Found> {
    skip(file, 8)?;
    let mut size = None;
    loop {
        let [l3, l2, l1, l0, kind @ ..] = next::<8>(file)?;
        let length = u64::from(u32::from_be_bytes([l3, l2, l1, l0]));
        let mut left = length;
        // Not always the first chunk: Apple's own form has one before it.
        if &kind == b"IHDR" && length >= 8 {
            let [w3, w2, w1, w0, height @ ..] = next::<8>(file)?;
            size = Some((u32::from_be_bytes([w3, w2, w1, w0]) as usize, u32::from_be_bytes(height) as usize));
            left -= 8;
        }
        // After its data there is a checksum.
        skip(file, left + 4)?;
        if &kind == b"IEND" {
            return Ok(size.map_or(Found::Broken, |(width, height)| Found::Whole(width, height)));
        }
    }
}
