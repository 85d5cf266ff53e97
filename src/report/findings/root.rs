//! The folder to which machine-readable paths are relative: the repository's root.

use crate::base::durable::folder_of;
use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The root of a repository, by its real path.
#[derive(Debug)]
pub struct Root {
    folder: PathBuf,
    /// Paths resolved before: there are few, and file system queries are expensive.
    known: RefCell<HashMap<String, Rc<str>>>,
}

impl Root {
    /// Creates the root at `folder`.
    ///
    /// # Errors
    /// Fails if it doesn't exist.
    pub fn new(folder: &Path) -> io::Result<Root> {
        Ok(Root { folder: folder.canonicalize()?, known: RefCell::default() })
    }

    /// Returns its real path.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns `path`, relative to the current folder, as relative to this root, with `/` between its parts. A path
    /// outside is returned as absolute.
    pub fn relative(&self, path: &str) -> Rc<str> {
        let mut known = self.known.borrow_mut();
        if let Some(relative) = known.get(path) {
            return Rc::clone(relative);
        }
        let relative: Rc<str> = self.find(Path::new(path)).into();
        known.insert(path.to_owned(), Rc::clone(&relative));
        relative
    }

    fn find(&self, path: &Path) -> String {
        let folder = folder_of(path);
        // The links on the way are resolved, but the file itself may be one: version control knows it by its own name.
        let Some(real) = folder.canonicalize().ok().zip(path.file_name()).map(|(folder, name)| folder.join(name))
        else {
            return slashed(path);
        };
        slashed(real.strip_prefix(&self.folder).unwrap_or(&real))
    }
}

/// Returns a path with `/` between its parts on every system.
fn slashed(path: &Path) -> String {
    let shown = path.display().to_string();
    if std::path::MAIN_SEPARATOR == '/' { shown } else { shown.replace(std::path::MAIN_SEPARATOR, "/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_count_from_the_root_wherever_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir_all(root.join("videos")).unwrap();
        let (root, folder) = (Root::new(&root).unwrap(), folder.path().canonicalize().unwrap());
        let relative = |path: PathBuf| root.relative(path.to_str().unwrap());
        assert_eq!(&*relative(folder.join("root/videos/jobs.yaml")), "videos/jobs.yaml");
        assert_eq!(&*relative(folder.join("root/videos/../jobs.yaml")), "jobs.yaml");
        assert_eq!(&*relative(folder.join("jobs.yaml")), folder.join("jobs.yaml").to_str().unwrap());
        assert_eq!(&*root.relative("nowhere/at/all.yaml"), "nowhere/at/all.yaml");
        assert!(Root::new(&folder.join("missing")).is_err());
    }
}
