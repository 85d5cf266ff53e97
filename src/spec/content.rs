//! Whether a content is an image, and which: its beginning counts, not its name.

use super::image::FORMATS;
use super::limits::IMAGE_SIDE;
use imagesize::{Compression, ImageType};
use std::io::{self, BufRead, Seek};

/// Why a content is no image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoImage {
    /// It can't be read; the system's reason.
    Unreadable(String),
    /// There is nothing in it.
    Empty,
    /// The placeholder that git LFS leaves for a file that wasn't fetched.
    LfsPointer,
    /// Something else than an image.
    Other,
    /// It starts as an image of this kind, and breaks off.
    Broken(&'static str),
}

/// What the model's maker advises against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// Another format than png, jpg and webp; its name.
    Format(&'static str),
    /// So many bytes.
    Bytes(u64),
    /// So many pixels wide and high.
    Pixels(usize, usize),
}

/// The media type by content, and what is odd about it.
///
/// # Errors
/// Where it is no image.
pub fn content(file: &mut (impl BufRead + Seek)) -> Result<(&'static str, Vec<Oddity>), NoImage> {
    let unreadable = |error: io::Error| NoImage::Unreadable(error.to_string());
    let head = file.fill_buf().map_err(unreadable)?;
    if head.is_empty() {
        return Err(NoImage::Empty);
    }
    if head.starts_with(b"version https://git-lfs.github.com/spec/") {
        return Err(NoImage::LfsPointer);
    }
    let kind = imagesize::reader_type(&mut *file).map_err(|_| NoImage::Other)?;
    let (media_type, name) = match kind {
        ImageType::Png => (FORMATS[0].0, "PNG"),
        ImageType::Jpeg => (FORMATS[1].0, "JPEG"),
        ImageType::Webp => (FORMATS[2].0, "WebP"),
        // The size of what the maker doesn't take matters no more.
        ImageType::Gif => return Ok(("image/gif", vec![Oddity::Format("GIF")])),
        ImageType::Bmp => return Ok(("image/bmp", vec![Oddity::Format("BMP")])),
        ImageType::Tiff => return Ok(("image/tiff", vec![Oddity::Format("TIFF")])),
        ImageType::Heif(Compression::Av1) => return Ok(("image/avif", vec![Oddity::Format("AVIF")])),
        ImageType::Heif(Compression::Hevc | Compression::Jpeg) => {
            return Ok(("image/heic", vec![Oddity::Format("HEIC")]));
        }
        // Videos are among those whose brand isn't known.
        _ => return Err(NoImage::Other),
    };
    let size = kind.reader_size(file).map_err(|_| NoImage::Broken(name))?;
    if size.width == 0 || size.height == 0 {
        return Err(NoImage::Broken(name));
    }
    let large = size.width > IMAGE_SIDE || size.height > IMAGE_SIDE;
    Ok((media_type, if large { vec![Oddity::Pixels(size.width, size.height)] } else { Vec::new() }))
}
