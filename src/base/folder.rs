//! Relative paths that stay inside their folder, links resolved.

use std::fs::Metadata;
use std::io;
use std::path::{Component, Path, PathBuf};

/// A folder by its real path (links resolved), to which relative paths are joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder(PathBuf);

/// The kind of file at a path inside a folder.
#[derive(Debug)]
pub enum Found {
    /// This; not followed further if it is a link, which no resolved path is.
    Something(Metadata),
    /// Nothing; the folder around it exists.
    Nothing,
    /// Not even the folder around it.
    NoFolder,
}

/// The reason why a relative path was not joined.
#[derive(Debug, thiserror::Error)]
pub enum Outside {
    /// The path starts at a root, a drive or a user's home.
    #[error("the path is absolute")]
    Absolute,
    /// The path, or a link on it, leads out of the folder.
    #[error("the path leads out of the folder")]
    Escapes,
    /// A part of the path can't be inspected.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Folder {
    /// Opens the folder at `path`, which must exist.
    ///
    /// # Errors
    /// Fails if it doesn't exist or can't be resolved.
    pub fn open(path: &Path) -> io::Result<Folder> {
        path.canonicalize().map(Folder)
    }

    /// Returns its real path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Returns `relative` joined to the folder, without looking at the disk.
    pub fn join(&self, relative: &str) -> PathBuf {
        self.0.join(relative)
    }

    /// Returns the real path of `relative`, whose existing part is inside the folder with every link resolved.
    ///
    /// A part that doesn't exist yet can't be a link, so the rest is only checked for `..`.
    ///
    /// # Errors
    /// [`Outside`] is the reason.
    pub fn inside(&self, relative: &str) -> Result<PathBuf, Outside> {
        self.resolve(relative, &self.0)
    }

    /// Does the same as [`inside`](Folder::inside), and returns what lies there, looking at each part once.
    ///
    /// # Errors
    /// [`Outside`] is the reason.
    pub fn look(&self, relative: &str) -> Result<(PathBuf, Found), Outside> {
        self.walk(relative, &self.0)
    }

    /// Does the same as [`inside`](Folder::inside), but `relative` may lead anywhere below `bound`, a real path above
    /// this folder.
    ///
    /// # Errors
    /// [`Outside`] is the reason.
    pub fn resolve(&self, relative: &str, bound: &Path) -> Result<PathBuf, Outside> {
        self.walk(relative, bound).map(|(real, _)| real)
    }

    fn walk(&self, relative: &str, bound: &Path) -> Result<(PathBuf, Found), Outside> {
        let relative = Path::new(relative);
        let mut real = self.0.clone();
        // What the last part is; none if it was reached without looking at it.
        let mut found = None;
        let mut missing = false;
        for part in relative.components() {
            match part {
                Component::Prefix(_) | Component::RootDir => return Err(Outside::Absolute),
                Component::CurDir => {}
                Component::ParentDir if missing => return Err(Outside::Escapes),
                Component::ParentDir => {
                    real.pop();
                    found = None;
                }
                Component::Normal(name) if missing => {
                    real.push(name);
                    found = Some(Found::NoFolder);
                }
                Component::Normal(name) => {
                    real.push(name);
                    match real.symlink_metadata() {
                        Ok(link) if link.is_symlink() => {
                            real = real.canonicalize()?;
                            found = None;
                        }
                        Ok(metadata) => found = Some(Found::Something(metadata)),
                        Err(e) if e.kind() == io::ErrorKind::NotFound => {
                            missing = true;
                            found = Some(Found::Nothing);
                        }
                        Err(e) => return Err(e.into()),
                    }
                }
            }
            if !real.starts_with(bound) {
                return Err(Outside::Escapes);
            }
        }
        let found = match found {
            Some(found) => found,
            None => Found::Something(real.symlink_metadata()?),
        };
        Ok((real, found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let temp = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(temp.path().join("in/sub")).unwrap();
        let folder = Folder::open(&temp.path().join("in")).unwrap();
        (temp, folder)
    }

    #[test]
    fn paths_inside_are_joined_whether_they_exist_or_not() {
        let (_temp, folder) = folder();
        assert_eq!(folder.inside("sub/../sub/./new/a.mp4").unwrap(), folder.path().join("sub/new/a.mp4"));
        assert_eq!(folder.inside("").unwrap(), folder.path());
    }

    #[test]
    fn what_lies_at_a_path_is_known_from_the_way_there() {
        let (_temp, folder) = folder();
        std::fs::write(folder.path().join("sub/a"), "ab").unwrap();
        let look = |path: &str| match folder.look(path).unwrap().1 {
            Found::Something(metadata) if metadata.is_dir() => "folder",
            Found::Something(_) => "file",
            Found::Nothing => "nothing",
            Found::NoFolder => "no folder",
        };
        for (path, found) in [
            ("sub/a", "file"),
            ("sub", "folder"),
            ("", "folder"),
            ("sub/..", "folder"),
            ("sub/b", "nothing"),
            ("new", "nothing"),
            ("new/a", "no folder"),
            ("sub/new/a", "no folder"),
        ] {
            assert_eq!(look(path), found, "{path}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("sub/a", folder.path().join("alias")).unwrap();
            std::os::unix::fs::symlink("gone", folder.path().join("dangling")).unwrap();
            assert_eq!(look("alias"), "file");
            assert!(folder.look("dangling").is_err());
        }
    }

    #[test]
    fn paths_that_lead_out_are_refused() {
        let (_temp, folder) = folder();
        assert!(matches!(folder.inside("../x"), Err(Outside::Escapes)));
        assert!(matches!(folder.inside("sub/../../in/x"), Err(Outside::Escapes)));
        assert!(matches!(folder.inside("new/../../../x"), Err(Outside::Escapes)));
        assert!(matches!(folder.inside("/etc/passwd"), Err(Outside::Absolute)));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_before_judging() {
        let (temp, folder) = folder();
        std::os::unix::fs::symlink("/", folder.path().join("root")).unwrap();
        std::os::unix::fs::symlink("sub", folder.path().join("alias")).unwrap();
        assert!(matches!(folder.inside("root/etc"), Err(Outside::Escapes)));
        assert_eq!(folder.inside("alias/a").unwrap(), folder.path().join("sub/a"));
        let bound = temp.path().canonicalize().unwrap();
        assert_eq!(folder.resolve("../a", &bound).unwrap(), bound.join("a"));
    }
}
