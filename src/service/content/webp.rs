//! WebP: a RIFF file with the length that it states.

use super::near::Near;
use super::{Found, length, next, skip};
use std::io::{self, Read, Seek};

/// Reads an image to its end.
pub(super) fn see(file: &mut Near<impl Read + Seek>) -> io::Result<Found> {
    let all = length(file)?;
    skip(file, 4)?;
    let announced = 8 + u64::from(u32::from_le_bytes(next(file)?));
    skip(file, 4)?;
    if announced > all {
        return Ok(Found::Broken);
    }
    let (mut size, mut has_pixels, mut at) = (None, false, 12);
    while at + 8 <= announced {
        let [kind @ .., l0, l1, l2, l3] = next::<8>(file)?;
        let length = u64::from(u32::from_le_bytes([l0, l1, l2, l3]));
        let head = next_up_to_ten(file, length)?;
        has_pixels |= matches!(&kind, b"VP8 " | b"VP8L" | b"ANMF");
        size = size.or_else(|| size_of(kind, &head));
        let padded = length + length % 2;
        at += 8 + padded;
        // In the last chunk only the data counts: some writers omit the padding.
        let left = length - head.len() as u64;
        skip(file, if at < announced { left + padded - length } else { left })?;
    }
    Ok(match size {
        Some((width, height)) if has_pixels => Found::Whole(width, height),
        _ => Found::Broken,
    })
}

fn next_up_to_ten(file: &mut impl Read, length: u64) -> io::Result<Vec<u8>> {
    let mut head = vec![0; length.min(10) as usize];
    file.read_exact(&mut head)?;
    Ok(head)
}

/// Returns the size that a chunk states.
fn size_of(kind: [u8; 4], head: &[u8]) -> Option<(usize, usize)> {
    let le = |bytes: &[u8]| bytes.iter().rev().fold(0, |number: usize, byte| number << 8 | usize::from(*byte));
    match (&kind, head) {
        // The highest two bits of each tell a player to scale.
        (b"VP8 ", [_, _, _, 0x9D, 0x01, 0x2A, w0, w1, h0, h1]) => {
            Some((le(&[*w0, *w1]) & 0x3FFF, le(&[*h0, *h1]) & 0x3FFF))
        }
        (b"VP8L", [0x2F, b0, b1, b2, b3, ..]) => {
            let bits = le(&[*b0, *b1, *b2, *b3]);
            Some(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
        }
        (b"VP8X", [_, _, _, _, w0, w1, w2, h0, h1, h2]) => Some((le(&[*w0, *w1, *w2]) + 1, le(&[*h0, *h1, *h2]) + 1)),
        _ => None,
    }
}
