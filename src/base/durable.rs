//! Files that exist whole or not at all, also after a crash or a power cut.
//!
//! The only place in the program that renames. The guarantee: once a function here has returned, the file's content
//! *and* its entry in the folder have been handed to the disk (`fsync` of both). Its limit: a disk that falsely reports
//! a write, and file systems without `fsync` of a folder.

use super::digest::Sha256;
use super::faultpoint;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use tempfile::{NamedTempFile, PersistError};

/// Replaces the content of `path` in one step: readers see the old content or the new, never a part.
///
/// # Errors
/// Fails if the temporary file next to `path` can't be written, synced or renamed; `path` is then as it was.
pub fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = temporary_beside(path, &Mark::of(path))?;
    faultpoint::write("file", "write")?;
    file.write_all(content)?;
    faultpoint::reach("file", "written");
    persist(file, path)
}

/// Replaces the content of an existing file that is writable, in one step; its permissions stay.
///
/// # Errors
/// Fails if the file doesn't exist or isn't writable, or as [`write_whole`] does.
pub fn rewrite_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    // Renaming would also replace a file that this user may only read.
    let permissions = File::options().write(true).open(path)?.metadata()?.permissions();
    let mut file = temporary_beside(path, &Mark::of(path))?;
    file.as_file().set_permissions(permissions)?;
    faultpoint::write("file", "write")?;
    file.write_all(content)?;
    faultpoint::reach("file", "written");
    persist(file, path)
}

/// Writes a file that appears whole, and only where there is none. Returns `true` if this call made it: of many at once, one does.
///
/// # Errors
/// Fails if it can't be written, or the file system has no way to take a free name in one step.
pub fn create_whole(path: &Path, content: &[u8]) -> io::Result<bool> {
    let mut file = temporary_beside(path, &Mark::of(path))?;
    faultpoint::write("file", "write")?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    faultpoint::reach("file", "synced");
    match file.persist_noclobber(path) {
        Ok(_) => {}
        Err(refused) if refused.error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        Err(refused) => return Err(refused.error),
    }
    faultpoint::reach("file", "named");
    sync_folder(folder_of(path))?;
    Ok(true)
}

/// A mark that tells one owner's temporary files from another's in the same folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark(String);

impl Mark {
    /// Returns the mark of the owner of the file at `path`.
    pub fn of(path: &Path) -> Mark {
        Mark(Sha256::of(path.as_os_str().as_encoded_bytes()).short())
    }

    /// Returns the beginning of the names of its temporary files.
    fn prefix(&self) -> String {
        format!(".batch-{}-", self.0)
    }
}

/// The end of the names of temporary files.
const SUFFIX: &str = ".part";

/// Creates a temporary file in the folder of `path`, removed on drop unless it is persisted.
///
/// A killed process leaves it; [`remove_temporaries`] finds it by its mark.
///
/// # Errors
/// Fails if the folder is missing or not writable.
pub fn temporary_beside(path: &Path, mark: &Mark) -> io::Result<NamedTempFile> {
    let prefix = mark.prefix();
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(SUFFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // The creator's umask applies, as to any file: a lock must be readable by a colleague.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder_of(path)).map_err(|error| without_path(&error))
}

/// Returns an error without the temporary file's own path, whose name means nothing to a user.
fn without_path(error: &io::Error) -> io::Error {
    let text = error.to_string();
    io::Error::new(error.kind(), text.split(" at path ").next().unwrap_or_default())
}

/// Makes a finished temporary file durable and gives it its name, replacing any existing file.
///
/// # Errors
/// Fails if the content or the folder can't be synced, or the name can't be used.
pub fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    name(file, path, Replacing::Anything)?;
    sync_folder(folder_of(path))
}

/// The file that a new file may replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replacing {
    /// Any existing file.
    Anything,
    /// None: an existing file is an error.
    Nothing,
}

/// Makes the content of a finished temporary file durable and gives it its name. The name is durable when its folder is
/// synced: many files can share that.
///
/// # Errors
/// Fails if the content can't be synced or the name can't be used; with [`io::ErrorKind::AlreadyExists`] if another
/// file has it.
pub fn name(file: NamedTempFile, path: &Path, replacing: Replacing) -> io::Result<()> {
    faultpoint::write("file", "sync")?;
    file.as_file().sync_all()?;
    faultpoint::reach("file", "synced");
    match replacing {
        Replacing::Anything => file.persist(path).map(drop).map_err(|e| e.error)?,
        Replacing::Nothing => claim(file, path)?,
    }
    faultpoint::reach("file", "named");
    Ok(())
}

/// Renames a file to a name that is free.
fn claim(file: NamedTempFile, path: &Path) -> io::Result<()> {
    let refused = match faultpoint::write("file", "claim") {
        Ok(()) => match file.persist_noclobber(path) {
            Ok(_) => return Ok(()),
            Err(refused) => refused,
        },
        Err(error) => PersistError { file, error },
    };
    // Some file systems (exFAT, and some remote ones) can't give a file a free name in one step. A paid video must be
    // saved there too: checking first is the best that is possible.
    if refused.error.kind() == io::ErrorKind::AlreadyExists || path.symlink_metadata().is_ok() {
        return Err(refused.error);
    }
    refused.file.persist(path).map(drop).map_err(|e| e.error)
}

/// Removes the temporary files with this mark from `folder`: only for callers that know that nobody is writing them.
///
/// # Errors
/// Fails if the folder can't be read, or a file can't be removed.
pub fn remove_temporaries(folder: &Path, mark: &Mark) -> io::Result<()> {
    let prefix = mark.prefix();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_ours = entry.file_name().to_str().is_some_and(|n| n.starts_with(&prefix) && n.ends_with(SUFFIX));
        if is_ours && entry.file_type()?.is_file() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Creates a folder if it is missing, and the missing ones above it, durably.
///
/// # Errors
/// Fails if one can't be created, or something else exists there.
pub fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let above = folder_of(path);
    make_folder(above)?;
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists || !path.is_dir() => Err(error),
        _ => sync_folder(above),
    }
}

/// Renames a file, durably; an existing file at `to` is replaced.
///
/// # Errors
/// Fails as `rename(2)` does, or if a folder can't be synced.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    faultpoint::write("file", "rename")?;
    fs::rename(from, to)?;
    faultpoint::reach("file", "renamed");
    sync_folder(folder_of(to))?;
    if folder_of(from) != folder_of(to) {
        sync_folder(folder_of(from))?;
    }
    Ok(())
}

/// Removes a file, durably; a missing file is fine.
///
/// # Errors
/// Fails if the file exists and can't be removed.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => sync_folder(folder_of(path)),
    }
}

/// Makes the entries of a folder durable.
///
/// # Errors
/// Fails if the folder can't be opened or synced.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    faultpoint::reach("folder", "synced");
    Ok(())
}

/// Returns the folder that holds `path`; `.` for a bare name.
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
    fn an_error_is_about_the_file_and_not_about_the_temporary_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let error = write_whole(&folder.path().join("nowhere/a"), b"new").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(error.to_string().contains("os error") && !error.to_string().contains(".batch-"), "{error}");
    }

    #[test]
    fn only_temporaries_with_the_mark_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, others) = (Mark::of(Path::new("a/jobs.lock")), Mark::of(Path::new("b/jobs.lock")));
        let leave = |mark| temporary_beside(&folder.path().join("a.mp4"), mark).unwrap().keep().unwrap().1;
        let (left, living) = (leave(&ours), leave(&others));
        let video = folder.path().join(format!("{}1.mp4", ours.prefix()));
        fs::write(&video, "").unwrap();
        remove_temporaries(folder.path(), &ours).unwrap();
        assert!(!left.exists() && living.exists() && video.exists());
    }

    #[test]
    fn a_folder_is_made_with_those_above_it() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("a/b/c");
        make_folder(&folder).unwrap();
        make_folder(&folder).unwrap();
        assert!(folder.is_dir());
        fs::write(folder.join("file"), "").unwrap();
        assert!(make_folder(&folder.join("file/d")).is_err() && make_folder(&folder.join("file")).is_err());
    }

    #[test]
    fn removing_what_is_not_there_is_fine() {
        let folder = tempfile::tempdir().unwrap();
        remove(&folder.path().join("a")).unwrap();
    }

    #[test]
    fn a_new_file_takes_nobodys_place() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("a.mp4");
        let fresh = || {
            let mut file = temporary_beside(&path, &Mark::of(&path)).unwrap();
            io::Write::write_all(&mut file, b"ours").unwrap();
            file
        };
        name(fresh(), &path, Replacing::Nothing).unwrap();
        fs::write(&path, b"theirs").unwrap();
        let taken = name(fresh(), &path, Replacing::Nothing).unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        assert_eq!(fs::read_dir(&temp).unwrap().count(), 1, "the temporary file is gone");
        persist(fresh(), &path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"ours");
    }
}
