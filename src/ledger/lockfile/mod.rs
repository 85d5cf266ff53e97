//! `jobs.lock`: the state as one TOML file, in a canonical layout.
//!
//! The same state gives the same bytes: blocks are sorted by job and id, and a field that follows from the others is
//! left out. Only text that can be written back without loss is accepted; anything else is refused, never rewritten.

mod accounts;
mod halves;
mod read;
mod sides;
mod tables;
mod version1;
mod write;

pub(super) use accounts::accounts;
pub(super) use read::parse;
pub(super) use sides::{in_conflict, is_mark};
pub(super) use version1::Which;
pub(super) use write::write;

pub use tables::{LockFile, PurchaseTable};

use super::failure::LedgerError;
use super::record::Output;
use crate::base::durable;
use crate::service::output::VideoName;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The version that is written; the ones before can be read.
const VERSION: i64 = 2;
/// Maximum size of a lock in bytes, for reading and therefore for writing.
const LOCK_BYTES: u64 = 1 << 30;

/// Returns the text of the lock at `path`, if there is one.
///
/// # Errors
/// Fails if it can't be read, or is too large.
pub(super) fn load(path: &Path) -> Result<Option<Vec<u8>>, LedgerError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(LedgerError::io("read", path)(e)),
    };
    // Its size is a hint only: it may grow while it is read.
    let size = file.metadata().map_or(0, |found| found.len()).min(LOCK_BYTES);
    let mut text = Vec::with_capacity(usize::try_from(size).unwrap_or_default() + 1);
    file.take(LOCK_BYTES + 1).read_to_end(&mut text).map_err(LedgerError::io("read", path))?;
    if text.len() as u64 > LOCK_BYTES {
        let what = "larger than any lock".to_owned();
        return Err(LedgerError::Damaged { path: path.to_owned(), line: None, what });
    }
    Ok(Some(text))
}

/// Writes the whole lock to `path`.
///
/// # Errors
/// Fails if it can't be written, or couldn't be read again; the old one stays then.
pub(super) fn save(path: &Path, text: &str) -> Result<(), LedgerError> {
    let written = if text.len() as u64 > LOCK_BYTES {
        Err(io::Error::new(io::ErrorKind::FileTooLarge, "the lock has grown too large"))
    } else {
        durable::write_whole(path, text.as_bytes())
    };
    written.map_err(LedgerError::io("write", path))
}

/// Returns the number of processors that share the work on a long lock.
fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |threads| threads.get().min(8))
}

/// Returns the name pattern that follows from the paths of outputs: `out/a-{n}.mp4` for `out/a-1.mp4`.
///
/// Reader and writer share it, so that a name is left out exactly if the reader can derive it.
fn name_of(outputs: &[Output]) -> Option<VideoName> {
    let first = outputs.first()?;
    let file = first.path.rfind('/').map_or(0, |slash| slash + 1);
    let dot = first.path[file..].rfind('.').filter(|dot| *dot > 0).map_or(first.path.len(), |dot| file + dot);
    let (stem, extension) = first.path.split_at(dot);
    // A superseded video has its digest after the number.
    let (stem, digest) = stem.split_at(stem.rfind('~').filter(|at| *at > file).unwrap_or(stem.len()));
    let stem = stem.strip_suffix(&format!("-{}", first.number))?;
    let name = VideoName::new(&format!("{stem}-{{n}}{digest}{extension}"));
    outputs.iter().all(|output| name.path(output.number) == output.path).then_some(name)
}

#[cfg(test)]
mod tests;
