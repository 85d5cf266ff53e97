//! ICO: a table of pictures, each with its position.

use super::near::Near;
use super::{Found, length, next, skip};
use std::io::{self, Read, Seek};

/// Reads an image to its end.
pub(super) fn see(file: &mut Near<impl Read + Seek>) -> io::Result<Found> {
    let all = length(file)?;
    skip(file, 4)?;
    for _ in 0..u16::from_le_bytes(next(file)?) {
        let [_, _, _, _, _, _, _, _, b0, b1, b2, b3, o0, o1, o2, o3] = next(file)?;
        let [bytes, offset] = [[b0, b1, b2, b3], [o0, o1, o2, o3]].map(|number| u64::from(u32::from_le_bytes(number)));
        if offset + bytes > all {
            return Ok(Found::Broken);
        }
    }
    Ok(Found::Sizeless)
}
