//! The detection of images: the content must be a whole image; its bytes count, not its name.
//!
//! Each kind is read by its own structure up to its end, since half an image costs as much to generate with as a whole
//! one. The bytes after the end don't matter: cameras put videos there, and viewers skip them.

mod bitmap;
mod boxes;
mod gif;
mod ico;
mod jpeg;
mod kind;
mod near;
mod png;
mod tiff;
mod webp;

pub use kind::Kind;

use super::limits::IMAGE_SIDE;
use near::Near;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

/// The reason why a content isn't an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoImage {
    /// The file can't be read; the operating system's reason.
    Unreadable(String),
    /// The file is empty.
    Empty,
    /// The placeholder that git LFS leaves for a file that wasn't fetched.
    LfsPointer,
    /// The content is something other than an image.
    Other,
    /// The content starts as an image of this kind, and breaks off.
    Broken(&'static str),
}

/// An oddity of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// A format other than png, jpg and webp; its name.
    Format(&'static str),
    /// A large size, in bytes.
    Bytes(u64),
    /// Large dimensions: width and height in pixels.
    Pixels(usize, usize),
    /// A whole picture without an end marker.
    NoEnd,
}

/// The number of bytes at the beginning that determine the kind.
const HEAD: usize = 64;

/// Returns the kind of a whole image, and its oddities.
///
/// # Errors
/// Fails if it isn't an image, or breaks off.
pub fn look(file: impl Read + Seek) -> Result<(Kind, Vec<Oddity>), NoImage> {
    let mut file = Near::new(file);
    let unreadable = |error: io::Error| NoImage::Unreadable(error.to_string());
    let head = head(&mut file).map_err(unreadable)?;
    if head.is_empty() {
        return Err(NoImage::Empty);
    }
    if head.starts_with(b"version https://git-lfs.github.com/spec/") {
        return Err(NoImage::LfsPointer);
    }
    let kind = match Kind::of(&head) {
        Some(kind) => kind,
        None if bitmap::is_tga(&mut file).map_err(unreadable)? => Kind::Tga,
        None => return Err(NoImage::Other),
    };
    let seen = file.seek(SeekFrom::Start(0)).and_then(|_| see(kind, &mut file));
    let found = match seen {
        Ok(found) => found,
        Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidInput) => Found::Broken,
        Err(error) => return Err(unreadable(error)),
    };
    let mut oddities = Vec::new();
    if !kind.is_listed() {
        oddities.push(Oddity::Format(kind.name()));
    }
    let (width, height) = match found {
        Found::Whole(width, height) => (width, height),
        Found::WithoutEnd(width, height) => {
            oddities.push(Oddity::NoEnd);
            (width, height)
        }
        // The size doesn't matter for formats that the model vendor doesn't accept.
        Found::Sizeless => return Ok((kind, oddities)),
        Found::Broken => return Err(NoImage::Broken(kind.name())),
    };
    if width == 0 || height == 0 {
        return Err(NoImage::Broken(kind.name()));
    }
    if width > IMAGE_SIDE || height > IMAGE_SIDE {
        oddities.push(Oddity::Pixels(width, height));
    }
    Ok((kind, oddities))
}

/// The result of reading an image; an end of the file that comes too early is a read error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// All of it, with its width and height in pixels.
    Whole(usize, usize),
    /// The same, except for its end marker.
    WithoutEnd(usize, usize),
    /// All of it as far as can be told; its dimensions aren't read.
    Sizeless,
    /// A part.
    Broken,
}

/// Reads an image to its end.
fn see(kind: Kind, file: &mut Near<impl Read + Seek>) -> io::Result<Found> {
    match kind {
        Kind::Png => png::see(file),
        Kind::Jpeg => jpeg::see(file),
        Kind::Webp => webp::see(file),
        Kind::Gif => gif::see(file),
        Kind::Bmp => bitmap::bmp(file),
        Kind::Qoi => bitmap::qoi(file),
        Kind::Pnm => bitmap::pnm(file),
        Kind::Tiff => tiff::see(file),
        Kind::Ico => ico::see(file),
        Kind::Avif | Kind::Heic | Kind::JxlBoxes | Kind::Jp2 => boxes::see(file),
        Kind::Jp2Stream => boxes::stream(file),
        Kind::JxlStream | Kind::Tga | Kind::Psd | Kind::Exr | Kind::Hdr | Kind::Jxr => Ok(Found::Sizeless),
    }
}

/// Reads the beginning of a file: less only if the file ends before.
fn head(file: &mut Near<impl Read + Seek>) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Reads the next bytes.
fn next<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Skips bytes that must exist.
fn skip(file: &mut Near<impl Read + Seek>, count: u64) -> io::Result<()> {
    let Some(before_last) = count.checked_sub(1) else { return Ok(()) };
    file.seek(SeekFrom::Current(i64::try_from(before_last).map_err(|_| ErrorKind::UnexpectedEof)?))?;
    next::<1>(file).map(drop)
}

/// Returns the number of bytes of a file.
fn length(file: &mut Near<impl Read + Seek>) -> io::Result<u64> {
    let at = file.stream_position()?;
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(at))?;
    Ok(length)
}

/// Images for tests.
#[cfg(test)]
pub(crate) mod samples {
    fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        [&(data.len() as u32).to_be_bytes()[..], kind, data, b"sum!"].concat()
    }

    /// Returns a whole PNG of this size, as far as its structure goes.
    pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
        let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
        let chunks = [chunk(b"IHDR", &header), chunk(b"IDAT", &[7; 99]), chunk(b"IEND", b"")].concat();
        [b"\x89PNG\r\n\x1a\n".to_vec(), chunks].concat()
    }
}

#[cfg(test)]
mod tests;
