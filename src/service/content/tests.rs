use super::*;
use std::cell::Cell;
use std::io::{Cursor, SeekFrom};

fn png() -> Vec<u8> {
    samples::png(8, 8)
}

fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    [&[0xFF, marker][..], &(data.len() as u16 + 2).to_be_bytes(), data].concat()
}

/// Returns a JPEG with these segments before its size.
fn jpeg(before: &[u8]) -> Vec<u8> {
    let size = segment(0xC0, &[8, 0, 8, 0, 8, 1, 1, 0x11, 0]);
    let scan = segment(0xDA, &[1, 1, 0, 0, 63, 0]);
    [&[0xFF, 0xD8][..], before, &size, &scan, &[0x55; 20_000], &[0xFF, 0xD9]].concat()
}

fn webp(size: [u8; 4]) -> Vec<u8> {
    let data = [&[0; 3][..], b"\x9d\x01\x2a", &size, &[1; 40]].concat();
    let picture = [b"WEBPVP8 ", &(data.len() as u32).to_le_bytes()[..], &data].concat();
    [b"RIFF", &(picture.len() as u32).to_le_bytes()[..], &picture].concat()
}

fn looked(image: &[u8]) -> Result<(Kind, Vec<Oddity>), NoImage> {
    look(Cursor::new(image))
}

#[test]
fn an_image_is_whole_where_its_end_is_there() {
    // The preview is an image of its own.
    let preview = segment(0xE1, &[b"Exif\0\0".to_vec(), jpeg(&[])[..20].to_vec(), vec![0xFF, 0xD9]].concat());
    for (image, kind, end) in [
        (png(), Kind::Png, 1),
        (jpeg(&[]), Kind::Jpeg, 12_000),
        (jpeg(&preview), Kind::Jpeg, 12_000),
        (webp([8, 0, 8, 0]), Kind::Webp, 1),
    ] {
        assert_eq!(looked(&image), Ok((kind, Vec::new())));
        let with_a_video = [image.clone(), vec![0; 300_000]].concat();
        assert_eq!(looked(&with_a_video), Ok((kind, Vec::new())), "what follows doesn't matter");
        for length in [40, image.len() / 3, image.len() - end] {
            let cut = looked(&image[..length]);
            assert_eq!(cut, Err(NoImage::Broken(kind.name())), "{kind:?} of {length} bytes");
        }
    }
}

#[test]
fn an_end_across_two_readings_is_seen() {
    for shift in 0..3 {
        let image = jpeg(&[]);
        let padding = 8192 * 3 + 1 + shift - image.len();
        let image = [&image[..image.len() - 2], &vec![0x55; padding][..], &[0xFF, 0xD9]].concat();
        assert_eq!(looked(&image), Ok((Kind::Jpeg, Vec::new())), "{shift}");
    }
}

#[test]
fn sizes_are_those_of_the_picture() {
    let oddities = |image: &[u8]| looked(image).unwrap().1;
    // The first chunk in files of Apple's tools has no size in it.
    let apple = [&png()[..8], b"\0\0\0\x04CgBI\x50\0\x20\x06sum!", &png()[8..]].concat();
    assert_eq!(oddities(&apple), []);
    assert_eq!(oddities(&samples::png(4001, 1)), [Oddity::Pixels(4001, 1)]);
    // The highest bits tell a player to scale.
    assert_eq!(oddities(&webp([0x7B, 0x40, 0x4D, 0x80])), []);
    assert_eq!(oddities(&webp([0xA1, 0x4F, 0x4D, 0x80])), [Oddity::Pixels(4001, 77)]);
    // Any number of fill bytes may come before a marker.
    assert_eq!(oddities(&jpeg(&[0xFF; 9000])), []);
    let wide = jpeg(&segment(0xC2, &[8, 0, 9, 0x0F, 0xA1, 1, 1, 0x11, 0]));
    assert_eq!(oddities(&wide), [Oddity::Pixels(4001, 9)]);
    assert_eq!(looked(&samples::png(0, 1)), Err(NoImage::Broken("PNG")));
}

#[test]
fn what_real_tools_make_is_known_by_its_name_and_whole_until_it_is_cut() {
    for sample in crate::base::corpus::samples("images") {
        let name = &sample.name;
        let (kind, oddities) = looked(&sample.content).unwrap_or_else(|flaw| panic!("{name}: {flaw:?}"));
        let (of_kind, odd) = sample.verdict.split_once(", ").unwrap_or((&sample.verdict, ""));
        assert_eq!(of_kind, format!("image {}", kind.name()), "{name}");
        let mut expected = Vec::new();
        if !kind.is_listed() {
            expected.push(Oddity::Format(kind.name()));
        }
        if odd == "NoEnd" {
            expected.push(Oddity::NoEnd);
        }
        assert_eq!(oddities, expected, "{name}");
        for length in sample.lengths(if kind == Kind::Jpeg { 53 } else { 11 }) {
            let is_told = match looked(&sample.content[..length]) {
                // No decoder notices that one of the last bytes is missing.
                Ok((_, oddities)) => oddities.contains(&Oddity::NoEnd) && length + 12 > sample.end(),
                Err(_) => true,
            };
            assert!(is_told || sample.may_look_whole(length), "{name} cut to {length} bytes");
        }
    }
}

#[test]
fn no_bytes_panic() {
    let begins: [&[u8]; 12] = [
        b"GIF89a",
        b"BM\0\0\0\0\0\0\0\0\0\0\0\0\x28\0\0\0",
        b"II*\0",
        b"MM\0*",
        b"qoif",
        b"P6 ",
        b"\0\0\x01\0\x01\0",
        b"\xFF\xD8\xFF",
        b"\0\0\0\x14ftypavif\0\0\0\0avif",
        b"RIFF\xF0\0\0\0WEBP",
        b"\x89PNG\r\n\x1a\n",
        b"\xFF\x4F\xFF\x51",
    ];
    proptest::proptest!(|(tail in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300))| {
        for begin in begins {
            let _ = looked(&[begin, &tail].concat());
        }
    });
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
    assert_eq!(look(Counted(Cursor::new(image), &read)), Ok((Kind::Jpeg, Vec::new())));
    assert!(read.get() <= length + 16_384, "{} bytes of {length}", read.get());
}
