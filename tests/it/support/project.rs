//! A folder of a test's own.

use super::program::Program;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A temporary folder with a project and an empty home in it; removed on drop.
pub(crate) struct Project {
    folder: TempDir,
}

impl Project {
    /// An empty project that is a git work tree, as most are.
    pub(crate) fn new() -> Project {
        let project = Project::without_git();
        fs::create_dir(project.path(".git")).unwrap();
        project
    }

    /// An empty project outside any git work tree.
    pub(crate) fn without_git() -> Project {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("project")).unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        Project { folder }
    }

    /// The project with a file in it; folders on the way are made.
    pub(crate) fn with(self, path: &str, content: impl AsRef<[u8]>) -> Project {
        self.write(path, content);
        self
    }

    /// Writes a file; folders on the way are made.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// The text of a file.
    pub(crate) fn read(&self, path: &str) -> String {
        let path = self.path(path);
        fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// The files below a folder, as paths relative to the project, sorted.
    pub(crate) fn files(&self, folder: &str) -> Vec<String> {
        let mut files = Vec::new();
        let mut folders = vec![self.path(folder)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push(path.strip_prefix(self.root()).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        files.sort();
        files
    }

    /// Where something of the project is.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    /// The project's folder.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// The program, to be run in the project's folder: `project.batch(["run", "--simulate"]).run()`.
    pub(crate) fn batch<A: AsRef<str>>(&self, arguments: impl IntoIterator<Item = A>) -> Program {
        self.command(env!("CARGO_BIN_EXE_batch"), arguments)
    }

    /// Any program, run as `batch` is.
    pub(crate) fn command<A: AsRef<str>>(&self, executable: &str, arguments: impl IntoIterator<Item = A>) -> Program {
        Program::new(executable, &self.root(), &self.home(), arguments)
    }

    fn home(&self) -> PathBuf {
        Path::new(self.folder.path()).join("home")
    }
}
