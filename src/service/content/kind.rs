//! The kinds of images: their first bytes, their names, and the extensions of their files.

/// The brands of images in boxes.
const IMAGES: [&[u8; 4]; 16] = [
    b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2",
    b"msf1", b"miaf", b"avci", b"jpeg",
];

/// A kind of image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names are")]
pub enum Kind {
    Png,
    Jpeg,
    Webp,
    Gif,
    Bmp,
    Tiff,
    Avif,
    Heic,
    /// JPEG XL in boxes, as most tools write it with metadata.
    JxlBoxes,
    /// JPEG XL as it is.
    JxlStream,
    Jp2,
    /// JPEG 2000 without its boxes.
    Jp2Stream,
    Jxr,
    Ico,
    Qoi,
    Pnm,
    Tga,
    Psd,
    Exr,
    Hdr,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 20] = [
        Kind::Png,
        Kind::Jpeg,
        Kind::Webp,
        Kind::Gif,
        Kind::Bmp,
        Kind::Tiff,
        Kind::Avif,
        Kind::Heic,
        Kind::JxlBoxes,
        Kind::JxlStream,
        Kind::Jp2,
        Kind::Jp2Stream,
        Kind::Jxr,
        Kind::Ico,
        Kind::Qoi,
        Kind::Pnm,
        Kind::Tga,
        Kind::Psd,
        Kind::Exr,
        Kind::Hdr,
    ];

    /// Returns the kind by the first bytes of a file; TGA has no such bytes.
    pub(super) fn of(head: &[u8]) -> Option<Kind> {
        let begins = |with: &[u8]| head.starts_with(with);
        Some(match head {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Kind::Png,
            [0xFF, 0xD8, 0xFF, ..] => Kind::Jpeg,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Kind::Webp,
            _ if begins(b"GIF87a") || begins(b"GIF89a") => Kind::Gif,
            // Two letters are few: the length of the header after them is checked, too.
            [b'B', b'M', _, _, _, _, _, _, _, _, _, _, _, _, 12..=124, 0, 0, 0, ..] => Kind::Bmp,
            _ if begins(b"II\xBC\x01") => Kind::Jxr,
            _ if begins(b"II*\0") || begins(b"MM\0*") || begins(b"II+\0\x08\0") || begins(b"MM\0+\0\x08") => Kind::Tiff,
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => Kind::of_brands(head)?,
            _ if begins(b"\0\0\0\x0CJXL \r\n\x87\n") => Kind::JxlBoxes,
            [0xFF, 0x0A, ..] => Kind::JxlStream,
            _ if begins(b"\0\0\0\x0CjP  \r\n\x87\n") => Kind::Jp2,
            [0xFF, 0x4F, 0xFF, 0x51, ..] => Kind::Jp2Stream,
            [0, 0, 1 | 2, 0, count, more, _, _, _, 0, ..] if (*count, *more) != (0, 0) => Kind::Ico,
            _ if begins(b"qoif") => Kind::Qoi,
            [b'P', b'1'..=b'7', blank, ..] if blank.is_ascii_whitespace() => Kind::Pnm,
            _ if begins(b"8BPS\0") => Kind::Psd,
            _ if begins(b"\x76\x2F\x31\x01") => Kind::Exr,
            _ if begins(b"#?RADIANCE\n") || begins(b"#?RGBE\n") => Kind::Hdr,
            _ => return None,
        })
    }

    /// Tells images in boxes from videos by their brands: the main one, and those that they are compatible with.
    fn of_brands(head: &[u8]) -> Option<Kind> {
        let size = head.first_chunk().map_or(0, |size| u32::from_be_bytes(*size) as usize);
        let brands = head.get(8..size.min(head.len())).unwrap_or_default().chunks_exact(4);
        let brands: Vec<&[u8]> = brands.enumerate().filter(|(n, _)| *n != 1).map(|(_, brand)| brand).collect();
        let has = |names: &[&[u8; 4]]| brands.iter().any(|brand| names.iter().any(|name| name[..] == **brand));
        // A video may be compatible with an image's brands, but its main one is a video's.
        brands.first().filter(|main| IMAGES.iter().any(|name| name[..] == ***main))?;
        Some(if has(&[b"avif", b"avis"]) { Kind::Avif } else { Kind::Heic })
    }

    /// Returns whether the model vendor lists it.
    pub fn is_listed(self) -> bool {
        matches!(self, Kind::Png | Kind::Jpeg | Kind::Webp)
    }

    /// Returns its name, for messages.
    pub fn name(self) -> &'static str {
        self.names().0
    }

    /// Returns its media type, as `image/png`.
    pub fn media_type(self) -> &'static str {
        self.names().1
    }

    /// Returns the extensions of its files: the usual one first.
    pub fn endings(self) -> &'static [&'static str] {
        self.names().2
    }

    fn names(self) -> (&'static str, &'static str, &'static [&'static str]) {
        match self {
            Kind::Png => ("PNG", "image/png", &["png"]),
            Kind::Jpeg => ("JPEG", "image/jpeg", &["jpg", "jpeg", "jpe", "jfif"]),
            Kind::Webp => ("WebP", "image/webp", &["webp"]),
            Kind::Gif => ("GIF", "image/gif", &["gif"]),
            Kind::Bmp => ("BMP", "image/bmp", &["bmp", "dib"]),
            Kind::Tiff => ("TIFF", "image/tiff", &["tif", "tiff"]),
            Kind::Avif => ("AVIF", "image/avif", &["avif", "avifs"]),
            Kind::Heic => ("HEIC", "image/heic", &["heic", "heif", "hif"]),
            Kind::JxlBoxes | Kind::JxlStream => ("JPEG XL", "image/jxl", &["jxl"]),
            Kind::Jp2 => ("JPEG 2000", "image/jp2", &["jp2", "jpx", "jpf"]),
            Kind::Jp2Stream => ("JPEG 2000", "image/j2c", &["j2k", "j2c", "jpc"]),
            Kind::Jxr => ("JPEG XR", "image/jxr", &["jxr", "wdp", "hdp"]),
            Kind::Ico => ("ICO", "image/x-icon", &["ico", "cur"]),
            Kind::Qoi => ("QOI", "image/qoi", &["qoi"]),
            Kind::Pnm => ("PNM", "image/x-portable-anymap", &["pnm", "ppm", "pgm", "pbm", "pam"]),
            Kind::Tga => ("TGA", "image/x-tga", &["tga"]),
            Kind::Psd => ("PSD", "image/vnd.adobe.photoshop", &["psd", "psb"]),
            Kind::Exr => ("OpenEXR", "image/x-exr", &["exr"]),
            Kind::Hdr => ("Radiance HDR", "image/vnd.radiance", &["hdr", "pic"]),
        }
    }
}
