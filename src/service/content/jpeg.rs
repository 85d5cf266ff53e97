//! JPEG: segments and scans up to the end marker.

use super::near::Near;
use super::{Found, next, skip};
use std::io::{self, BufRead as _, ErrorKind, Read, Seek, SeekFrom};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::options::DecoderOptions;

/// The maximum number of pixels of an image that is decoded to see whether it is whole.
const PIXELS: usize = 64_000_000;

/// The content of the segments so far.
#[derive(Default)]
struct Frame {
    size: Option<(usize, usize)>,
    has_scan: bool,
    is_progressive: bool,
}

/// Reads an image to its end.
pub(super) fn see(file: &mut Near<impl Read + Seek>) -> io::Result<Found> {
    let mut frame = Frame::default();
    match walk(file, &mut frame) {
        Ok(()) => Ok(match frame.size {
            Some((width, height)) if frame.has_scan => Found::Whole(width, height),
            _ => Found::Broken,
        }),
        // Some cameras omit the end marker. Missing scans of a progressive image can't be noticed.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => match frame.size {
            Some((width, height)) if frame.has_scan && !frame.is_progressive && has_all(file, width * height)? => {
                Ok(Found::WithoutEnd(width, height))
            }
            _ => Ok(Found::Broken),
        },
        Err(error) => Err(error),
    }
}

/// Walks from marker to marker, up to the one that ends the image.
fn walk(file: &mut Near<impl Read + Seek>, frame: &mut Frame) -> io::Result<()> {
    skip(file, 2)?;
    loop {
        match marker(file)? {
            0xD9 => return Ok(()),
            // These have no content.
            0x01 | 0xD0..=0xD8 => {}
            kind => {
                let length = u64::from(u16::from_be_bytes(next(file)?));
                let mut rest = length.saturating_sub(2);
                // The size is in the frame; one that was not known at its beginning follows the first scan (DNL).
                match kind {
                    0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF | 0xF7 if rest >= 5 => {
                        let [_, h1, h0, w1, w0] = next(file)?;
                        let [width, height] = [[w1, w0], [h1, h0]].map(|side| usize::from(u16::from_be_bytes(side)));
                        // Each level of a hierarchical image has one.
                        let (wide, high) = frame.size.unwrap_or_default();
                        frame.size = Some((width.max(wide), height.max(high)));
                        frame.is_progressive = matches!(kind, 0xC2 | 0xC6 | 0xCA | 0xCE);
                        rest -= 5;
                    }
                    0xDC if rest >= 2 => {
                        let height = usize::from(u16::from_be_bytes(next(file)?));
                        frame.size = frame.size.map(|(width, known)| (width, known.max(height)));
                        rest -= 2;
                    }
                    0xDA => frame.has_scan = true,
                    _ => {}
                }
                skip(file, rest)?;
            }
        }
    }
}

/// Returns the next marker: after bytes that aren't one, as the data of a scan, and after any number of fill bytes.
fn marker(file: &mut Near<impl Read + Seek>) -> io::Result<u8> {
    let mut is_near = false;
    loop {
        let bytes = file.fill_buf()?;
        if bytes.is_empty() {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let (mut found, mut count) = (None, bytes.len());
        if is_near {
            match bytes[0] {
                0xFF => count = 1,
                // A byte of the data, and markers in it to restart from.
                0 | 0xD0..=0xD7 => (is_near, count) = (false, 1),
                kind => (found, count) = (Some(kind), 1),
            }
        } else if let Some(at) = memchr::memchr(0xFF, bytes) {
            (is_near, count) = (true, at + 1);
        }
        file.consume(count);
        if let Some(kind) = found {
            return Ok(kind);
        }
    }
}

/// Returns whether the data of an image without its end marker is complete, by decoding it.
fn has_all(file: &mut Near<impl Read + Seek>, pixels: usize) -> io::Result<bool> {
    if pixels == 0 || pixels > PIXELS {
        return Ok(false);
    }
    let mut content = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut content)?;
    let options = DecoderOptions::default().set_strict_mode(true).set_max_width(PIXELS).set_max_height(PIXELS);
    Ok(JpegDecoder::new_with_options(ZCursor::new(content), options).decode().is_ok())
}
