//! Kinds without much structure: they have as many pixels as their headers say.

use super::near::Near;
use super::{Found, length, next, skip};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

/// The end of a TGA of the newer form.
const TGA: &[u8; 18] = b"TRUEVISION-XFILE.\0";

/// Reads a BMP to its end.
pub(super) fn bmp(file: &mut Near<impl Read + Seek>) -> io::Result<Found> {
    let all = length(file)?;
    skip(file, 10)?;
    let offset = u64::from(u32::from_le_bytes(next(file)?));
    let header = u32::from_le_bytes(next(file)?);
    let (width, height, bits, packed, bytes) = if header < 40 {
        let [w0, w1, h0, h1, _, _, b0, b1] = next(file)?;
        let [width, height, bits] = [[w0, w1], [h0, h1], [b0, b1]].map(|number| u64::from(u16::from_le_bytes(number)));
        (width, height, bits, 0, 0)
    } else {
        let [width, height] =
            [next(file)?, next(file)?].map(|number| u64::from(i32::from_le_bytes(number).unsigned_abs()));
        let [_, _, b0, b1] = next(file)?;
        let [packed, bytes] = [next(file)?, next(file)?].map(u32::from_le_bytes);
        (width, height, u64::from(u16::from_le_bytes([b0, b1])), packed, u64::from(bytes))
    };
    // Rows are padded to four bytes; for packed data the header has the length.
    let raw = width.saturating_mul(bits).div_ceil(32).saturating_mul(4).saturating_mul(height);
    let pixels = if matches!(packed, 0 | 3 | 6) { raw } else { bytes };
    Ok(if offset.saturating_add(pixels) > all { Found::Broken } else { Found::Sizeless })
}

/// Reads a QOI to its end marker.
pub(super) fn qoi(file: &mut Near<impl Read + Seek>) -> io::Result<Found> {
    skip(file, 4)?;
    let [w3, w2, w1, w0, h3, h2, h1, h0, _, _] = next(file)?;
    let [width, height] = [[w3, w2, w1, w0], [h3, h2, h1, h0]].map(|number| u64::from(u32::from_be_bytes(number)));
    let mut left = width.saturating_mul(height);
    while left > 0 {
        let (bytes, pixels) = match next(file)? {
            [0xFE] => (3, 1),
            [0xFF] => (4, 1),
            [tag @ 0xC0..=0xFD] => (0, u64::from(tag & 0x3F) + 1),
            [0x80..=0xBF] => (1, 1),
            _ => (0, 1),
        };
        skip(file, bytes)?;
        left = left.saturating_sub(pixels);
    }
    Ok(if next(file)? == [0, 0, 0, 0, 0, 0, 0, 1] { Found::Sizeless } else { Found::Broken })
}

/// Reads a PBM, PGM or PPM of the binary forms to its end; the end of the other forms can't be told.
pub(super) fn pnm(file: &mut Near<impl Read + Seek>) -> io::Result<Found> {
    let [_, form] = next(file)?;
    let samples = match form {
        b'4' | b'5' => 1,
        b'6' => 3,
        _ => return Ok(Found::Sizeless),
    };
    let (width, height) = (number(file)?, number(file)?);
    let bytes = match form {
        b'4' => width.div_ceil(8).saturating_mul(height),
        _ => {
            let sample = if number(file)? > 255 { 2 } else { 1 };
            width.saturating_mul(height).saturating_mul(samples * sample)
        }
    };
    skip(file, bytes).map(|()| Found::Sizeless)
}

/// Reads a number as text, with the blanks and comments before it and the one blank after it.
fn number(file: &mut impl Read) -> io::Result<u64> {
    let (mut number, mut is_begun, mut is_comment) = (0u64, false, false);
    loop {
        match next(file)? {
            [b'\n' | b'\r'] if is_comment => is_comment = false,
            [_] if is_comment => {}
            [b'#'] if !is_begun => is_comment = true,
            [digit @ b'0'..=b'9'] => {
                is_begun = true;
                number = number.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
            }
            [blank] if blank.is_ascii_whitespace() && is_begun => return Ok(number),
            [blank] if blank.is_ascii_whitespace() => {}
            _ => return Err(ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// Returns whether it is a TGA of the newer form, by its end: it has no beginning of its own.
pub(super) fn is_tga(file: &mut Near<impl Read + Seek>) -> io::Result<bool> {
    let Some(at) = length(file)?.checked_sub(TGA.len() as u64) else { return Ok(false) };
    file.seek(SeekFrom::Start(at))?;
    Ok(next(file)? == *TGA)
}
