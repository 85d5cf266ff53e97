//! Reading with short jumps: bytes that were read ahead are kept.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

/// A buffered reader for which a jump within its buffer costs nothing: an image of many tiny parts is not read over and
/// over.
pub(super) struct Near<R> {
    inner: BufReader<R>,
    at: u64,
}

impl<R: Read> Near<R> {
    /// Creates a reader of a file, from its beginning.
    pub(super) fn new(file: R) -> Near<R> {
        Near { inner: BufReader::new(file), at: 0 }
    }
}

impl<R: Read> Read for Near<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl<R: Read> BufRead for Near<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.inner.consume(count);
        self.at += count as u64;
    }
}

impl<R: Read + Seek> Seek for Near<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let outside = || io::Error::from(io::ErrorKind::InvalidInput);
        let target = match to {
            SeekFrom::Start(target) => target,
            SeekFrom::Current(by) => self.at.checked_add_signed(by).ok_or_else(outside)?,
            SeekFrom::End(_) => {
                self.at = self.inner.seek(to)?;
                return Ok(self.at);
            }
        };
        let by = i128::from(target) - i128::from(self.at);
        self.inner.seek_relative(i64::try_from(by).map_err(|_| outside())?)?;
        self.at = target;
        Ok(target)
    }
}
