//! Decompresses a video that a server compressed although it was requested without encoding.

use super::video::{self, End, Flaw};
use crate::base::digest::{Hasher, Sha256};
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use std::io::{self, BufReader, Read, Seek, Write as _};
use tempfile::NamedTempFile;

/// Number of bytes unpacked at a time.
const PIECE: usize = 256 * 1024;

/// An unpacked file.
pub(super) struct Unpacked {
    pub(super) file: NamedTempFile,
    pub(super) sha256: Sha256,
    pub(super) bytes: u64,
    pub(super) end: End,
}

/// Unpacks `packed` into `into`, if it is packed as its server says; returns `None` if it isn't, or holds no complete
/// video of at most `most` bytes.
///
/// # Errors
/// Fails if a file can't be read or written.
pub(super) fn unpack(
    mut packed: impl Read + Seek,
    encoding: &str,
    into: NamedTempFile,
    most: u64,
) -> io::Result<Option<Unpacked>> {
    let mut found = None;
    let mut into = into;
    for reader in readers(encoding) {
        packed.rewind()?;
        into.rewind()?;
        into.as_file().set_len(0)?;
        let mut content = reader(&mut packed);
        if let Some((sha256, bytes)) = copy(&mut content, &mut into, most)? {
            match video::check(into.as_file_mut(), bytes) {
                Ok(end) => {
                    found = Some((sha256, bytes, end));
                    break;
                }
                Err(Flaw::Unreadable(error)) => return Err(error),
                Err(_) => {}
            }
        }
    }
    Ok(found.map(|(sha256, bytes, end)| Unpacked { file: into, sha256, bytes, end }))
}

/// A decoder for a packed file.
type Reader = for<'p> fn(&'p mut dyn Read) -> Box<dyn Read + 'p>;

/// Returns the possible decoders of an encoding: `deflate` is sent with and without zlib's frame.
fn readers(encoding: &str) -> Vec<Reader> {
    match encoding.trim() {
        "gzip" | "x-gzip" => vec![|packed| Box::new(MultiGzDecoder::new(BufReader::new(packed)))],
        "deflate" => vec![|packed| Box::new(ZlibDecoder::new(BufReader::new(packed))), |packed| {
            Box::new(DeflateDecoder::new(BufReader::new(packed)))
        }],
        _ => Vec::new(),
    }
}

/// Copies and hashes all of `content`; returns `None` if it isn't packed this way, or is longer than `most`.
fn copy(content: &mut dyn Read, into: &mut NamedTempFile, most: u64) -> io::Result<Option<(Sha256, u64)>> {
    let (mut hasher, mut bytes, mut piece) = (Hasher::default(), 0, vec![0; PIECE]);
    loop {
        let count = match content.read(&mut piece) {
            Ok(0) => return Ok(Some((hasher.finish(), bytes))),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return Ok(None),
        };
        bytes += count as u64;
        if bytes > most {
            return Ok(None);
        }
        hasher.update(&piece[..count]);
        into.write_all(&piece[..count])?;
    }
}
