//! Where the ledger of a manifest lies.

use crate::base::durable::folder_of;
use std::path::{Path, PathBuf};

/// The lock and its journal, by their real paths: whichever link names them, they are the same files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// `jobs.lock`.
    pub lock: PathBuf,
    /// `jobs.lock.journal`.
    pub journal: PathBuf,
}

impl Paths {
    /// The files of the lock that `lock` names: a link is followed, its folder's links too.
    pub fn of(lock: &Path) -> Paths {
        let lock = real(lock, 0);
        let mut journal = lock.clone().into_os_string();
        journal.push(".journal");
        Paths { lock, journal: journal.into() }
    }
}

/// The real path of a file that may not exist yet; where links go in circles, any error of opening it is as good.
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
