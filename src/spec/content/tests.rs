use super::*;
use std::cell::Cell;
use std::io::{Cursor, SeekFrom};

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    [&(data.len() as u32).to_be_bytes()[..], kind, data, b"sum!"].concat()
}

fn png() -> Vec<u8> {
    let header = [0, 0, 0, 8, 0, 0, 0, 8, 8, 2, 0, 0, 0];
    let chunks = [chunk(b"IHDR", &header), chunk(b"IDAT", &[7; 99]), chunk(b"IEND", b"")].concat();
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunks].concat()
}

fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    [&[0xFF, marker][..], &(data.len() as u16 + 2).to_be_bytes(), data].concat()
}

/// A JPEG with these segments before its size.
fn jpeg(before: &[u8]) -> Vec<u8> {
    let size = segment(0xC0, &[8, 0, 8, 0, 8, 1, 1, 0x11, 0]);
    let scan = segment(0xDA, &[1, 1, 0, 0, 63, 0]);
    [&[0xFF, 0xD8][..], before, &size, &scan, &[0x55; 20_000], &[0xFF, 0xD9]].concat()
}

fn webp() -> Vec<u8> {
    let data = [&[0; 3][..], b"\x9d\x01\x2a", &[8, 0, 8, 0], &[1; 40]].concat();
    let picture = [b"WEBPVP8 ", &(data.len() as u32).to_le_bytes()[..], &data].concat();
    [b"RIFF", &(picture.len() as u32).to_le_bytes()[..], &picture].concat()
}

#[test]
fn an_image_is_whole_where_its_end_is_there() {
    // The preview is an image of its own.
    let preview = segment(0xE1, &[b"Exif\0\0".to_vec(), jpeg(&[])[..20].to_vec(), vec![0xFF, 0xD9]].concat());
    for (image, media_type, end) in [
        (png(), "image/png", 8),
        (jpeg(&[]), "image/jpeg", 1),
        (jpeg(&preview), "image/jpeg", 1),
        (webp(), "image/webp", 1),
    ] {
        assert_eq!(whole(Cursor::new(&image)), Ok(media_type));
        let with_a_video = [image.clone(), vec![0; 300_000]].concat();
        assert_eq!(whole(Cursor::new(&with_a_video)), Ok(media_type), "what follows doesn't matter");
        for length in [40, image.len() / 2, image.len() - end] {
            let cut = whole(Cursor::new(&image[..length]));
            assert!(matches!(cut, Err(NoImage::Broken(_))), "{media_type} of {length} bytes: {cut:?}");
        }
    }
    assert_eq!(whole(Cursor::new(b"GIF89a\x08\0\x08\0 and so on")), Ok("image/gif"));
}

#[test]
fn an_end_across_two_readings_is_seen() {
    for shift in 0..3 {
        let image = jpeg(&[]);
        let padding = 8192 * 3 + 1 + shift - image.len();
        let image = [&image[..image.len() - 2], &vec![0x55; padding][..], &[0xFF, 0xD9]].concat();
        assert_eq!(whole(Cursor::new(&image)), Ok("image/jpeg"), "{shift}");
    }
}

/// Counts the bytes that are read.
struct Counted<'c>(Cursor<Vec<u8>>, &'c Cell<usize>);

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        self.1.set(self.1.get() + count);
        Ok(count)
    }
}

impl Seek for Counted<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn tiny_parts_are_not_read_over_and_over() {
    let image = jpeg(&segment(0xE0, &[]).repeat(100_000));
    let (length, read) = (image.len(), Cell::new(0));
    assert_eq!(content(Counted(Cursor::new(image.clone()), &read)), Ok(("image/jpeg", Vec::new())));
    assert!(read.get() <= length + 16_384, "{} bytes of {length}", read.get());
    assert_eq!(whole(Cursor::new(image)), Ok("image/jpeg"));
}
