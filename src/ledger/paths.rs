//! The paths of a manifest's ledger.

use crate::base::durable::folder_of;
use std::path::{Path, PathBuf};

/// The lock and its journal, by their real paths: they are the same files, whichever link names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// `jobs.lock`.
    pub lock: PathBuf,
    /// `jobs.lock.journal`.
    pub journal: PathBuf,
}

impl Paths {
    /// Returns the files of the lock that `lock` names: a link is followed, and so are its folder's links.
    pub fn of(lock: &Path) -> Paths {
        let lock = real(lock, 0);
        let mut journal = lock.clone().into_os_string();
        journal.push(".journal");
        Paths { lock, journal: journal.into() }
    }

    /// Returns the paths for a lock or its journal: who names a journal means both.
    pub fn named(path: &Path) -> Paths {
        match path.extension() {
            Some(extension) if extension == "journal" => Paths::of(&path.with_extension("")),
            _ => Paths::of(path),
        }
    }
}

/// Returns the real path of a file that may not exist yet; for circular links, opening it will report the error.
fn real(path: &Path, links: u32) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    match path.read_link() {
        Ok(target) if links < 40 => real(&folder_of(path).join(target), links + 1),
        _ => match (folder_of(path).canonicalize(), path.file_name()) {
            (Ok(folder), Some(name)) => folder.join(name),
            _ => path.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_journal_lies_beside_the_lock_whether_it_exists_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        let paths = Paths::of(&folder.path().join("jobs.lock"));
        assert_eq!(paths, Paths { lock: real.join("jobs.lock"), journal: real.join("jobs.lock.journal") });
        std::fs::write(&paths.lock, "").unwrap();
        assert_eq!(Paths::of(&folder.path().join(".").join("jobs.lock")), paths);
    }

    #[cfg(unix)]
    #[test]
    fn links_lead_to_the_same_files() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("real")).unwrap();
        symlink("real", at("folder")).unwrap();
        symlink("real/jobs.lock", at("link.lock")).unwrap();
        symlink("round.lock", at("round.lock")).unwrap();
        let paths = Paths::of(&at("real/jobs.lock"));
        for exists in [false, true] {
            assert_eq!(Paths::of(&at("folder/jobs.lock")), paths, "{exists}");
            assert_eq!(Paths::of(&at("link.lock")), paths, "{exists}");
            std::fs::write(at("real/jobs.lock"), "").unwrap();
        }
        assert!(Paths::of(&at("round.lock")).lock.ends_with("round.lock"));
    }
}
