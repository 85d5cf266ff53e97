//! The journal's file, held: an advisory lock excludes a second run of the same manifest.
//!
//! The kernel releases the lock when the process dies, however it dies.

use super::failure::LedgerError;
use super::holder::Holder;
use super::journal;
use crate::base::{durable, faultpoint};
use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Maximum size of a journal in bytes, for reading and therefore for writing.
const JOURNAL_BYTES: u64 = 4 << 30;

/// Number of tries to lock: a reader (`batch status`) locks it for a moment to see whether a run is active, and must
/// not keep a run out.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(10);

/// The journal's file, locked until this is dropped.
#[derive(Debug)]
pub(super) struct Guard {
    file: File,
    path: PathBuf,
    /// `true` if it existed already: the process that created it was killed.
    found: bool,
    removed: AtomicBool,
}

impl Guard {
    /// Locks the journal, creating it if it is missing.
    ///
    /// # Errors
    /// [`LedgerError::Held`] if another process (or another part of this one) holds it.
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

    /// Returns a journal that can be read but not written, as on a failed disk.
    #[cfg(test)]
    pub(super) fn for_reading(path: &Path) -> Guard {
        let file = File::open(path).expect("the journal exists");
        Guard { file, path: path.to_owned(), found: true, removed: AtomicBool::new(true) }
    }

    /// Returns whether the journal existed, even if empty: a run that ends in order leaves none.
    pub(super) fn was_found(&self) -> bool {
        self.found
    }

    /// Returns the whole content of the journal.
    pub(super) fn content(&self) -> Result<Vec<u8>, LedgerError> {
        // Read from the held file, whatever is at its path by now.
        (&self.file).rewind().map_err(LedgerError::io("read", &self.path))?;
        read_bounded(&self.file, &self.path)
    }

    /// Returns whether the journal is still at its path.
    pub(super) fn is_in_place(&self) -> bool {
        is_at(&self.file, &self.path)
    }

    /// Writes a journal with this text where this one was removed. One that another run has created since stays.
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
    /// Fails if it can't be written or synced: nothing may be appended after that, since the file's content is unknown.
    pub(super) fn append(&self, text: &[u8]) -> io::Result<()> {
        let found = self.file.metadata()?;
        if found.len() + text.len() as u64 > JOURNAL_BYTES {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the journal has grown too large"));
        }
        // If it was removed, its lock no longer keeps anybody out.
        if !is_this(&found, &self.path) {
            return Err(io::Error::other("the file was removed or replaced while the run was on"));
        }
        faultpoint::write("journal", "write")?;
        (&self.file).write_all(text)?;
        faultpoint::reach("journal", "written");
        self.file.sync_data()?;
        faultpoint::reach("journal", "synced");
        Ok(())
    }

    /// Replaces this journal with an empty one, durably, and holds it: hard links to the old one keep its content.
    pub(super) fn renew(&mut self) -> Result<(), LedgerError> {
        faultpoint::reach("journal", "clear");
        let fresh = || -> io::Result<File> {
            // With the lock's mark: the next command removes what a kill leaves of it.
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
        // One that another run has created since is not ours.
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

/// An empty journal counts as none: it was only created to be locked.
impl Drop for Guard {
    fn drop(&mut self) {
        let is_empty = || self.file.metadata().is_ok_and(|m| m.len() == 0);
        // One that another run has created since is not ours.
        if !self.removed.load(Ordering::Relaxed) && is_empty() && is_at(&self.file, &self.path) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Opens the journal for reading.
///
/// # Errors
/// Fails if it doesn't exist, can't be opened, or isn't a regular file.
pub(super) fn open_to_read(path: &Path) -> Result<File, LedgerError> {
    open_own(OpenOptions::new().read(true), path)
}

/// Opens a file without following a link, which might lead to somebody else's file, and without blocking on a pipe.
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

/// Returns whether a run holds the journal `file`.
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

/// Returns the content of a journal, from its beginning.
pub(super) fn read_bounded(file: &File, path: &Path) -> Result<Vec<u8>, LedgerError> {
    let mut text = Vec::new();
    file.take(JOURNAL_BYTES + 1).read_to_end(&mut text).map_err(LedgerError::io("read", path))?;
    if text.len() as u64 > JOURNAL_BYTES {
        let what = "larger than any journal".to_owned();
        return Err(LedgerError::Damaged { path: path.to_owned(), line: None, what });
    }
    Ok(text)
}

fn holder_in(file: &File) -> Option<Holder> {
    let mut start = Vec::new();
    file.take(16 * 1024).read_to_end(&mut start).ok()?;
    journal::holder(&start)
}

fn is_at(file: &File, path: &Path) -> bool {
    file.metadata().is_ok_and(|found| is_this(&found, path))
}

/// Returns whether the file with this metadata is the one at `path`.
#[cfg(unix)]
fn is_this(file: &Metadata, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    path.symlink_metadata().is_ok_and(|there| (there.dev(), there.ino()) == (file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn is_this(_: &Metadata, path: &Path) -> bool {
    path.exists()
}
