//! Whether a content is an image, and which: its beginning counts, not its name.

mod near;
mod whole;

use super::image::FORMATS;
use super::limits::IMAGE_SIDE;
use imagesize::{Compression, ImageType};
use near::Near;
use std::io::{self, BufRead as _, Read, Seek};

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

/// The media type by content, read from where it begins, and what is odd about it.
///
/// # Errors
/// Where it is no image.
pub fn content(file: impl Read + Seek) -> Result<(&'static str, Vec<Oddity>), NoImage> {
    begin(&mut Near::new(file)).map(|beginning| (beginning.media_type, beginning.oddities))
}

/// The media type by content, of an image of which the end is there too.
///
/// # Errors
/// Where it is no image, or breaks off.
pub fn whole(file: impl Read + Seek) -> Result<&'static str, NoImage> {
    let mut file = Near::new(file);
    let Beginning { kind, media_type, .. } = begin(&mut file)?;
    let (name, ends) = match kind {
        ImageType::Png => ("PNG", whole::png(&mut file)),
        ImageType::Jpeg => ("JPEG", whole::jpeg(&mut file)),
        ImageType::Webp => ("WebP", whole::webp(&mut file)),
        _ => return Ok(media_type),
    };
    match ends {
        Ok(true) => Ok(media_type),
        Ok(false) => Err(NoImage::Broken(name)),
        Err(error) => Err(unreadable(&error)),
    }
}

/// What the beginning of an image says.
struct Beginning {
    kind: ImageType,
    media_type: &'static str,
    oddities: Vec<Oddity>,
}

fn unreadable(error: &io::Error) -> NoImage {
    NoImage::Unreadable(error.to_string())
}

/// Looks at the beginning, and leaves `file` where the size of the image was read.
fn begin(file: &mut Near<impl Read + Seek>) -> Result<Beginning, NoImage> {
    let head = file.fill_buf().map_err(|error| unreadable(&error))?;
    if head.is_empty() {
        return Err(NoImage::Empty);
    }
    if head.starts_with(b"version https://git-lfs.github.com/spec/") {
        return Err(NoImage::LfsPointer);
    }
    let kind = imagesize::reader_type(&mut *file).map_err(|_| NoImage::Other)?;
    let odd = |media_type, name| Beginning { kind, media_type, oddities: vec![Oddity::Format(name)] };
    let (media_type, name) = match kind {
        ImageType::Png => (FORMATS[0].0, "PNG"),
        ImageType::Jpeg => (FORMATS[1].0, "JPEG"),
        ImageType::Webp => (FORMATS[2].0, "WebP"),
        // The size of what the maker doesn't take matters no more.
        ImageType::Gif => return Ok(odd("image/gif", "GIF")),
        ImageType::Bmp => return Ok(odd("image/bmp", "BMP")),
        ImageType::Tiff => return Ok(odd("image/tiff", "TIFF")),
        ImageType::Heif(Compression::Av1) => return Ok(odd("image/avif", "AVIF")),
        ImageType::Heif(Compression::Hevc | Compression::Jpeg) => return Ok(odd("image/heic", "HEIC")),
        // Videos are among those whose brand isn't known.
        _ => return Err(NoImage::Other),
    };
    let size = kind.reader_size(file).map_err(|_| NoImage::Broken(name))?;
    if size.width == 0 || size.height == 0 {
        return Err(NoImage::Broken(name));
    }
    let large = size.width > IMAGE_SIDE || size.height > IMAGE_SIDE;
    let oddities = if large { vec![Oddity::Pixels(size.width, size.height)] } else { Vec::new() };
    Ok(Beginning { kind, media_type, oddities })
}

#[cfg(test)]
mod tests;
