//! Whether the end of an image is there. What follows it doesn't matter: cameras put videos there, and viewers skip it.

use std::io::{self, BufRead, ErrorKind, Seek, SeekFrom};

/// Whether a PNG has its last chunk.
pub(super) fn png(file: &mut (impl BufRead + Seek)) -> io::Result<bool> {
    file.seek(SeekFrom::Start(8))?;
    while let Some([l3, l2, l1, l0, kind @ ..]) = next::<8>(file)? {
        if kind == *b"IEND" {
            return Ok(true);
        }
        // Behind its data stands a checksum.
        let length = i64::from(u32::from_be_bytes([l3, l2, l1, l0]));
        file.seek(SeekFrom::Current(length + 4))?;
    }
    Ok(false)
}

/// Whether a JPEG that was read up to its size has an end after that: the preview that it may hold comes before.
pub(super) fn jpeg(file: &mut impl BufRead) -> io::Result<bool> {
    let mut after_mark = false;
    loop {
        let bytes = file.fill_buf()?;
        let Some(last) = bytes.last() else { return Ok(false) };
        if after_mark && bytes[0] == 0xD9 || bytes.windows(2).any(|pair| pair == [0xFF, 0xD9]) {
            return Ok(true);
        }
        after_mark = *last == 0xFF;
        let count = bytes.len();
        file.consume(count);
    }
}

/// Whether a WebP is as long as it says.
pub(super) fn webp(file: &mut (impl BufRead + Seek)) -> io::Result<bool> {
    file.seek(SeekFrom::Start(4))?;
    let Some(length) = next::<4>(file)? else { return Ok(false) };
    let announced = 8 + u64::from(u32::from_le_bytes(length));
    Ok(file.seek(SeekFrom::End(0))? >= announced)
}

/// The next bytes, if there are as many.
fn next<const N: usize>(file: &mut impl BufRead) -> io::Result<Option<[u8; N]>> {
    let mut bytes = [0; N];
    match file.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}
