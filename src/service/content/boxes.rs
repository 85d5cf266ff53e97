//! Images in boxes: AVIF, HEIC, JPEG XL, JPEG 2000. Each box states its length.

use super::near::Near;
use super::{Found, length, next};
use std::io::{self, Read, Seek, SeekFrom};

/// The maximum number of bytes of a description that are read.
const READ: u64 = 1 << 20;

/// The end of a stream of JPEG 2000.
const END: [u8; 2] = [0xFF, 0xD9];

/// Reads an image to its end.
pub(super) fn see(file: &mut Near<impl Read + Seek>) -> io::Result<Found> {
    let all = length(file)?;
    let (mut at, mut has_pixels, mut needs) = (0, false, 0);
    while at < all {
        // Bytes after the pixels that aren't a box don't matter.
        if all - at < 8 {
            break;
        }
        file.seek(SeekFrom::Start(at))?;
        let [s3, s2, s1, s0, kind @ ..] = next::<8>(file)?;
        let size = match u32::from_be_bytes([s3, s2, s1, s0]) {
            0 => all - at,
            1 => u64::from_be_bytes(next(file)?),
            size => u64::from(size),
        };
        if size < 8 || size > all - at {
            let is_named = kind.iter().all(|letter| letter.is_ascii_graphic() || *letter == b' ');
            if has_pixels && !is_named {
                break;
            }
            return Ok(Found::Broken);
        }
        has_pixels |= match &kind {
            b"mdat" | b"jxlc" => true,
            b"meta" => {
                let mut content = Vec::new();
                file.take(size.min(READ)).read_to_end(&mut content)?;
                needs = end_of_items(&content).max(needs);
                // Small pictures are inside the description.
                memchr::memmem::find(&content, b"idat").is_some()
            }
            // The last of several parts has a marker.
            b"jxlp" => size > 12 && u32::from_be_bytes(next(file)?) & 0x8000_0000 != 0,
            b"jp2c" if stream_ends(file, at + size)? => true,
            b"jp2c" => return Ok(Found::Broken),
            _ => false,
        };
        at += size;
    }
    Ok(if has_pixels && needs <= all { Found::Sizeless } else { Found::Broken })
}

/// Reads a JPEG 2000 without boxes to its end.
pub(super) fn stream(file: &mut Near<impl Read + Seek>) -> io::Result<Found> {
    let all = length(file)?;
    Ok(if stream_ends(file, all)? { Found::Sizeless } else { Found::Broken })
}

/// Returns whether a stream of JPEG 2000 ends at `end`.
fn stream_ends(file: &mut Near<impl Read + Seek>, end: u64) -> io::Result<bool> {
    file.seek(SeekFrom::Start(end.saturating_sub(2)))?;
    Ok(next(file)? == END)
}

/// Returns the end of the last part of a picture that a description names (`iloc`), of those that are in the file itself.
fn end_of_items(meta: &[u8]) -> u64 {
    let start = memchr::memmem::find(meta, b"iloc").map_or(meta.len(), |at| at + 4);
    let mut rest = Numbers(&meta[start..]);
    extents(&mut rest).unwrap_or_default()
}

/// Reads the table with the positions of the parts of pictures; `None` if it isn't whole.
fn extents(table: &mut Numbers) -> Option<u64> {
    let version = table.next(1)?;
    table.next(3)?;
    let widths = table.next(2)?;
    let [offset, length, base, index] =
        [12, 8, 4, 0].map(|shift| usize::try_from(widths >> shift & 15).unwrap_or_default());
    let wide = if version < 2 { 2 } else { 4 };
    let mut end = 0;
    for _ in 0..table.next(wide)? {
        table.next(wide)?;
        let method = if version == 0 { 0 } else { table.next(2)? & 15 };
        table.next(2)?;
        let base = table.next(base)?;
        for _ in 0..table.next(2)? {
            table.next(if version == 0 { 0 } else { index })?;
            let (offset, length) = (table.next(offset)?, table.next(length)?);
            if method == 0 {
                end = end.max(base.saturating_add(offset).saturating_add(length));
            }
        }
    }
    Some(end)
}

/// A sequence of numbers of several widths.
struct Numbers<'t>(&'t [u8]);

impl Numbers<'_> {
    /// Reads the next number, of this many bytes.
    fn next(&mut self, width: usize) -> Option<u64> {
        let (number, rest) = self.0.split_at_checked(width)?;
        self.0 = rest;
        Some(number.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}
