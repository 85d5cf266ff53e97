//! Tiny valid images of any size: what counts is what their headers say, and that a viewer opens them.

/// A PNG of `width` x `height` white pixels; `salt` makes its content another one.
pub(crate) fn png(width: u32, height: u32, salt: &str) -> Vec<u8> {
    // One bit a pixel, and a byte at the start of each line for its filter.
    let line = width.div_ceil(8) as usize;
    let mut pixels = Vec::new();
    for _ in 0..height {
        pixels.push(0);
        pixels.resize(pixels.len() + line, 0xFF);
    }
    let mut header = Vec::new();
    header.extend_from_slice(&width.to_be_bytes());
    header.extend_from_slice(&height.to_be_bytes());
    header.extend_from_slice(&[1, 0, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut png, b"IHDR", &header);
    chunk(&mut png, b"tEXt", format!("Comment\0{salt}").as_bytes());
    chunk(&mut png, b"IDAT", &stored(&pixels));
    chunk(&mut png, b"IEND", b"");
    png
}

fn chunk(png: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    png.extend_from_slice(&(data.len() as u32).to_be_bytes());
    let start = png.len();
    png.extend_from_slice(kind);
    png.extend_from_slice(data);
    let checksum = crc32fast::hash(&png[start..]);
    png.extend_from_slice(&checksum.to_be_bytes());
}

/// `data` as a zlib stream of blocks that aren't compressed.
fn stored(data: &[u8]) -> Vec<u8> {
    let mut zlib = vec![0x78, 0x01];
    let mut blocks = data.chunks(0xFFFF).peekable();
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        zlib.push(u8::from(blocks.peek().is_none()));
        zlib.extend_from_slice(&length.to_le_bytes());
        zlib.extend_from_slice(&(!length).to_le_bytes());
        zlib.extend_from_slice(block);
    }
    let (mut a, mut b) = (1u32, 0u32);
    for byte in data {
        a = (a + u32::from(*byte)) % 65521;
        b = (b + a) % 65521;
    }
    zlib.extend_from_slice(&(b << 16 | a).to_be_bytes());
    zlib
}

/// A JPEG of `width` x `height` grey pixels; `salt` makes its content another one.
pub(crate) fn jpeg(width: u16, height: u16, salt: &str) -> Vec<u8> {
    let mut jpeg = vec![0xFF, 0xD8];
    let mut segment = |marker: u8, data: &[u8]| {
        jpeg.extend_from_slice(&[0xFF, marker]);
        jpeg.extend_from_slice(&(data.len() as u16 + 2).to_be_bytes());
        jpeg.extend_from_slice(data);
    };
    segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    segment(0xFE, salt.as_bytes());
    segment(0xDB, &[&[0u8][..], &[1; 64]].concat());
    let ([h1, h0], [w1, w0]) = (height.to_be_bytes(), width.to_be_bytes());
    segment(0xC0, &[8, h1, h0, w1, w0, 1, 1, 0x11, 0]);
    // Two tables with a single code each, the bit 0: "no difference to the last block" and "nothing more in this one".
    let one_code = |table: u8| [&[table, 1][..], &[0; 15], &[0]].concat();
    segment(0xC4, &one_code(0x00));
    segment(0xC4, &one_code(0x10));
    segment(0xDA, &[1, 1, 0x00, 0, 63, 0]);
    let blocks = usize::from(width).div_ceil(8) * usize::from(height).div_ceil(8);
    jpeg.resize(jpeg.len() + blocks.div_ceil(4), 0);
    jpeg.extend_from_slice(&[0xFF, 0xD9]);
    jpeg
}

#[test]
fn images_have_the_size_that_was_asked_for() {
    for (width, height) in [(1, 1), (640, 360), (4001, 3)] {
        for image in [png(width, height, "a"), jpeg(width as u16, height as u16, "a")] {
            let size = imagesize::blob_size(&image).unwrap();
            assert_eq!((size.width, size.height), (width as usize, height as usize));
        }
    }
    assert_ne!(png(1, 1, "a"), png(1, 1, "b"));
    assert_ne!(jpeg(1, 1, "a"), jpeg(1, 1, "b"));
}
