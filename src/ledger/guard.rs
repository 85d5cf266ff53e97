//! The journal's file, held: an advisory lock keeps a second run of the same manifest out.
//!
//! The kernel releases the lock when the process dies, however it dies.

use super::failure::LedgerError;
use super::journal;
use crate::base::{durable, faultpoint};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Bytes of a journal at most: what is read, and so what is written.
const JOURNAL_BYTES: u64 = 4 << 30;

/// A reader (`batch status`) holds the lock for a moment to see whether a run is on: it must not keep a run out.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(10);

/// The journal's file, locked until this is dropped.
#[derive(Debug)]
pub(super) struct Guard {
    file: File,
    path: PathBuf,
    /// Whether it was there already: whoever made it was killed.
    found: bool,
    removed: AtomicBool,
}

impl Guard {
    /// Locks the journal, which is made where it is missing.
    ///
    /// # Errors
    /// [`LedgerError::Held`] where another process (or another part of this one) holds it.
    pub(super) fn take(path: &Path) -> Result<Guard, LedgerError> {
        let mut tries = 0;
        let found = path.symlink_metadata().is_ok();
        loop {
            let file = open_own(OpenOptions::new().read(true).append(true).create(true), path)?;
            match file.try_lock() {
                // Between opening and locking, a run that ended may have removed the file: its lock is worth nothing then.
                Ok(()) if is_at(&file, path) => {
                    faultpoint::reach("journal", "locked");
                    let (path, removed) = (path.to_owned(), AtomicBool::new(false));
                    return Ok(Guard { file, path, found, removed });
                }
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if tries < TRIES => std::thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => {
                    return Err(LedgerError::Held { journal: path.to_owned(), holder: holder_in(&file) });
                }
                Err(TryLockError::Error(e)) => return Err(LedgerError::io("lock", path)(e)),
            }
            tries += 1;
        }
    }

    /// A journal that can be read and not written, as on a disk that failed.
    #[cfg(test)]
    pub(super) fn for_reading(path: &Path) -> Guard {
        let file = File::open(path).expect("the journal is there");
        Guard { file, path: path.to_owned(), found: true, removed: AtomicBool::new(true) }
    }

    /// Whether the journal was there, however much was in it: a run that ends in order leaves none.
    pub(super) fn was_found(&self) -> bool {
        self.found
    }

    /// All that the journal has.
    pub(super) fn content(&self) -> Result<Vec<u8>, LedgerError> {
        // Of the file that is held, whatever stands at its path by now.
        (&self.file).rewind().map_err(LedgerError::io("read", &self.path))?;
        read_bounded(&self.file, &self.path)
    }

    /// Whether the journal is where it was made.
    pub(super) fn is_in_place(&self) -> bool {
        is_at(&self.file, &self.path)
    }

    /// Puts a journal of this text where this one was taken away. One that another run has put there since stays.
    pub(super) fn put_back(&self, text: &[u8]) -> Result<(), LedgerError> {
        let written = durable::temporary_beside(&self.path, &durable::Mark::of(&self.path)).and_then(|mut file| {
            file.write_all(text)?;
            durable::name(file, &self.path, durable::Replacing::Nothing)?;
            durable::sync_folder(durable::folder_of(&self.path))
        });
        written.map_err(LedgerError::io("write", &self.path))
    }

    /// Appends `text` and makes it durable.
    ///
    /// # Errors
    /// Where it can't be written or synced: nothing may be appended after that, since nobody knows what the file has.
    pub(super) fn append(&self, text: &[u8]) -> io::Result<()> {
        if self.file.metadata()?.len() + text.len() as u64 > JOURNAL_BYTES {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the journal has grown too large"));
        }
        // Where it was removed, its lock keeps nobody out any more.
        if !is_at(&self.file, &self.path) {
            return Err(io::Error::other("the file was removed or replaced while the run was on"));
        }
        faultpoint::write("journal", "write")?;
        (&self.file).write_all(text)?;
        faultpoint::reach("journal", "written");
        self.file.sync_data()?;
        faultpoint::reach("journal", "synced");
        Ok(())
    }

    /// Puts an empty journal in the place of this one, durably, and holds it: whoever has a link to the old one keeps what it had.
    pub(super) fn renew(&mut self) -> Result<(), LedgerError> {
        faultpoint::reach("journal", "clear");
        let fresh = || -> io::Result<File> {
            // By the lock's mark: the next command removes what a kill leaves of it.
            let mark = durable::Mark::of(&self.path.with_extension(""));
            let temporary = durable::temporary_beside(&self.path, &mark)?;
            // Held before it can be found, and the old one until then: nobody comes between.
            let file = OpenOptions::new().read(true).append(true).open(temporary.path())?;
            file.try_lock().map_err(|error| io::Error::other(error.to_string()))?;
            durable::persist(temporary, &self.path)?;
            Ok(file)
        };
        self.file = fresh().map_err(LedgerError::io("write", &self.path))?;
        faultpoint::reach("journal", "cleared");
        Ok(())
    }

    /// Removes the journal; the lock is held until the guard is dropped.
    pub(super) fn remove(&self) -> Result<(), LedgerError> {
        faultpoint::reach("journal", "remove");
        // One that another run has put there since is not ours.
        if !is_at(&self.file, &self.path) {
            self.removed.store(true, Ordering::Relaxed);
            return Ok(());
        }
        durable::remove(&self.path).map_err(LedgerError::io("remove", &self.path))?;
        faultpoint::reach("journal", "removed");
        self.removed.store(true, Ordering::Relaxed);
        Ok(())
    }
}

/// A journal in which nothing was written is none: it was only made to be locked.
impl Drop for Guard {
    fn drop(&mut self) {
        let is_empty = || self.file.metadata().is_ok_and(|m| m.len() == 0);
        // One that another run has put there since is not ours.
        if !self.removed.load(Ordering::Relaxed) && is_empty() && is_at(&self.file, &self.path) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Opens the journal to look into it.
///
/// # Errors
/// Where it isn't there, can't be opened, or is no file of its own.
pub(super) fn open_to_read(path: &Path) -> Result<File, LedgerError> {
    open_own(OpenOptions::new().read(true), path)
}

/// Opens a file without following a link, which would lead to a file of somebody else's, and without waiting for the other end of a pipe.
fn open_own(options: &mut OpenOptions, path: &Path) -> Result<File, LedgerError> {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
    }
    let no_file = || LedgerError::NoFile { path: path.to_owned() };
    let is_other = |found: &std::fs::Metadata| !found.is_file();
    match options.open(path) {
        Ok(file) if file.metadata().is_ok_and(|found| is_other(&found)) => Err(no_file()),
        Ok(_) if cfg!(not(unix)) && path.symlink_metadata().is_ok_and(|found| is_other(&found)) => Err(no_file()),
        Ok(file) => Ok(file),
        Err(_) if path.symlink_metadata().is_ok_and(|found| is_other(&found)) => Err(no_file()),
        Err(e) => Err(LedgerError::io("open", path)(e)),
    }
}

/// Whether a run holds the journal that `file` is.
pub(super) fn is_held(file: &File) -> bool {
    match file.try_lock_shared() {
        Ok(()) => {
            let _ = file.unlock();
            false
        }
        Err(TryLockError::WouldBlock) => true,
        Err(TryLockError::Error(_)) => false,
    }
}

/// The content of a journal, from its beginning.
pub(super) fn read_bounded(file: &File, path: &Path) -> Result<Vec<u8>, LedgerError> {
    let mut text = Vec::new();
    file.take(JOURNAL_BYTES + 1).read_to_end(&mut text).map_err(LedgerError::io("read", path))?;
    if text.len() as u64 > JOURNAL_BYTES {
        let what = "larger than any journal".to_owned();
        return Err(LedgerError::Damaged { path: path.to_owned(), line: None, what });
    }
    Ok(text)
}

fn holder_in(file: &File) -> Option<journal::Holder> {
    let mut start = Vec::new();
    file.take(16 * 1024).read_to_end(&mut start).ok()?;
    journal::holder(&start)
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let place = |metadata: io::Result<std::fs::Metadata>| metadata.map(|m| (m.dev(), m.ino())).ok();
    let place_of_file = place(file.metadata());
    place_of_file.is_some() && place_of_file == place(path.symlink_metadata())
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}
