//! Files that are there whole or not at all, also after a crash or a power cut.
//!
//! The only place in the program that renames. What is guaranteed: once a function here has returned,
//! the file's content *and* its entry in the folder have been handed to the disk (`fsync` of both). Its
//! limit: a disk that lies about having written, and file systems without `fsync` of a folder.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use tempfile::{NamedTempFile, TempPath};

/// Replaces the content of `path` in one step: readers see the old content or the new, never a part.
///
/// # Errors
/// Where the temporary file beside `path` can't be written, synced or renamed; `path` is then as it was.
pub fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = temporary_beside(path)?;
    file.write_all(content)?;
    persist(file.into_temp_path(), path)
}

/// A temporary file in the folder of `path`, removed on drop unless it is persisted.
///
/// # Errors
/// Where the folder is missing or not writable.
pub fn temporary_beside(path: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".batch-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // The creator's umask applies, as to any file: a lock must be readable by a colleague.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder_of(path))
}

/// Makes a finished temporary file durable and gives it its name, replacing what stood there.
///
/// # Errors
/// Where the content or the folder can't be synced, or the name can't be taken.
pub fn persist(file: TempPath, path: &Path) -> io::Result<()> {
    File::open(&file)?.sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    sync_folder(folder_of(path))
}

/// Renames a file, durably; what stood at `to` is replaced.
///
/// # Errors
/// As `rename(2)`, or where a folder can't be synced.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    sync_folder(folder_of(to))?;
    if folder_of(from) != folder_of(to) {
        sync_folder(folder_of(from))?;
    }
    Ok(())
}

/// Removes a file, durably; one that isn't there is fine.
///
/// # Errors
/// Where the file is there and can't be removed.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => sync_folder(folder_of(path)),
    }
}

/// Makes the entries of a folder durable.
///
/// # Errors
/// Where the folder can't be opened or synced.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// The folder that holds `path`; `.` for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_replaced_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_whole(&path, b"old").unwrap();
        write_whole(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_write_leaves_the_old_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::create_dir_all(path.join("not-empty")).unwrap();
        assert!(write_whole(&path, b"new").is_err(), "a folder can't be replaced by a file");
        assert!(path.join("not-empty").is_dir());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn removing_what_is_not_there_is_fine() {
        let folder = tempfile::tempdir().unwrap();
        remove(&folder.path().join("a")).unwrap();
    }
}
