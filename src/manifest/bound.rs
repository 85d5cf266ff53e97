//! The limits on where a manifest's files may be, and the private files among them.
//!
//! A pull request can bring a link along. So a name in the manifest is judged by the file that it leads to: never out
//! of the project, into `.git/` or to a `.env` file, which holds keys. Nothing of such a file is read, shown or sent.

use crate::base::folder::Folder;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

/// The folder that relative paths may not leave.
#[derive(Debug)]
pub(crate) struct Bound {
    path: PathBuf,
    project: bool,
}

/// The reason why nothing of a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Private {
    /// The file is a `.env`, or its name begins so.
    Env,
    /// The file is in `.git/`.
    Git,
    /// A link leads to the file out of the project, or out of the manifest's folder if there is no project.
    Outside,
    /// A link with a table's name leads to a file whose own name is not that of a table.
    NoTable,
}

impl Bound {
    /// Returns the git work tree around `folder`, or the folder itself if there is none.
    pub(crate) fn of(folder: &Folder) -> Bound {
        let project = project_around(folder.path());
        Bound { path: project.unwrap_or(folder.path()).to_owned(), project: project.is_some() }
    }

    /// Returns its real path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whether it is a git work tree.
    pub(crate) fn is_project(&self) -> bool {
        self.project
    }

    /// Returns the reason why nothing of the file at `real`, whose links are resolved, may be read; `None` if it may be
    /// read.
    pub(crate) fn private(&self, real: &Path) -> Option<Private> {
        private_name(real.strip_prefix(&self.path).unwrap_or(real)).or_else(|| self.private_content(real))
    }

    /// Returns whether `relative`, which leads out of the bound from `folder`, does so by a link: the path as written
    /// stays inside.
    pub(crate) fn is_left_by_link(&self, folder: &Folder, relative: &str) -> bool {
        plain(&folder.join(relative)).starts_with(&self.path)
    }

    /// Returns the reason why a file is private if it is a second name of a private one (a hard link), with the same
    /// content.
    #[cfg(unix)]
    fn private_content(&self, real: &Path) -> Option<Private> {
        use std::os::unix::fs::MetadataExt;
        let own = real.metadata().ok().filter(|own| own.nlink() > 1)?;
        let is_it =
            |path: &Path| path.metadata().is_ok_and(|other| (other.dev(), other.ino()) == (own.dev(), own.ino()));
        if is_it(&self.path.join(".git/config")) {
            return Some(Private::Git);
        }
        let beside = [Some(self.path.as_path()), real.parent()];
        let names = beside.into_iter().flatten().filter_map(|folder| folder.read_dir().ok()).flatten().flatten();
        let mut others = names.filter(|entry| is_env(&entry.file_name())).map(|entry| entry.path());
        others.any(|path| is_it(&path)).then_some(Private::Env)
    }

    #[cfg(not(unix))]
    fn private_content(&self, _: &Path) -> Option<Private> {
        None
    }
}

/// Returns the reason why nothing of the manifest at `path`, which leads to `real`, may be read; `None` if it may be read.
///
/// A user may name any manifest by its own path. A link may lead anywhere in its git work tree. Without a work tree
/// only the user can have put the link there, so it may lead to any file in its folder, and to any manifest.
pub(super) fn private_manifest(path: &Path, real: &Path) -> Option<Private> {
    let named = plain(&std::path::absolute(path).ok()?);
    let project = project_around(named.parent()?).and_then(|project| project.canonicalize().ok());
    let folder = Folder::open(real.parent()?).ok()?;
    let by_name = match &project {
        Some(project) => private_name(real.strip_prefix(project).unwrap_or(real)),
        None => real.file_name().and_then(|name| private_name(Path::new(name))),
    };
    if let Some(private) = by_name.or_else(|| Bound::of(&folder).private(real)) {
        return Some(private);
    }
    let is_inside = match project {
        Some(project) => real.starts_with(project),
        None => {
            let is_link = path.symlink_metadata().is_ok_and(|found| found.is_symlink());
            let beside = named.parent().and_then(|folder| folder.canonicalize().ok());
            let endings = ["yaml", "yml", "toml", "json"].map(OsStr::new);
            let is_manifest =
                real.extension().is_some_and(|end| endings.iter().any(|own| end.eq_ignore_ascii_case(own)));
            !is_link || is_manifest || beside.is_some_and(|beside| real.starts_with(beside))
        }
    };
    (!is_inside).then_some(Private::Outside)
}

/// Returns the innermost git work tree that holds `folder`.
fn project_around(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|ancestor| ancestor.join(".git").symlink_metadata().is_ok())
}

/// Returns the reason why a path is private, if one of its parts has a private name.
fn private_name(path: &Path) -> Option<Private> {
    path.components().find_map(|part| match part {
        Component::Normal(name) if name.eq_ignore_ascii_case(".git") => Some(Private::Git),
        Component::Normal(name) if is_env(name) => Some(Private::Env),
        _ => None,
    })
}

/// Returns whether a name begins with `.env`; some file systems do not tell `.ENV` apart from it.
fn is_env(name: &OsStr) -> bool {
    name.as_encoded_bytes().get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b".env"))
}

/// Returns a path without `.` and `..`, resolved without looking at the file system.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn names_of_private_files_are_known_in_every_letter_case_and_at_every_depth() {
        for (path, expected) in [
            (".env", Some(Private::Env)),
            (".ENV.local", Some(Private::Env)),
            (".envrc", Some(Private::Env)),
            ("a/.env.d/keys.csv", Some(Private::Env)),
            (".git", Some(Private::Git)),
            ("a/.Git/config", Some(Private::Git)),
            ("env", None),
            ("a.env", None),
            (".github/x.csv", None),
            (".gitignore", None),
            (".en", None),
        ] {
            assert_eq!(private_name(Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn a_second_name_of_a_private_file_is_as_private() {
        let temp = tempfile::tempdir().unwrap();
        let folder = Folder::open(temp.path()).unwrap();
        fs::create_dir_all(folder.join("sub")).unwrap();
        fs::write(folder.join(".env"), "A=1").unwrap();
        fs::write(folder.join("mine.csv"), "a").unwrap();
        fs::hard_link(folder.join(".env"), folder.join("sub/rows.csv")).unwrap();
        fs::hard_link(folder.join("mine.csv"), folder.join("sub/mine.csv")).unwrap();
        let bound = Bound::of(&folder);
        assert_eq!(bound.private(&folder.join("sub/rows.csv")), Some(Private::Env));
        assert_eq!(bound.private(&folder.join("sub/mine.csv")), None);
    }

    #[test]
    fn a_manifest_that_is_a_link_stays_in_its_project() {
        let temp = tempfile::tempdir().unwrap();
        let at = |path: &str| temp.path().canonicalize().unwrap().join(path);
        fs::create_dir_all(at("project/.git")).unwrap();
        fs::create_dir_all(at("project/sub")).unwrap();
        fs::create_dir_all(at("bare")).unwrap();
        for path in
            ["accounts.txt", "jobs.yaml", "project/real.yaml", "project/.env", "project/.git/config", "bare/.env"]
        {
            fs::write(at(path), "a").unwrap();
        }
        let judged = |link: &str, target: &str| {
            let _ = fs::remove_file(at(link));
            symlink(target, at(link)).unwrap();
            private_manifest(&at(link), &at(link).canonicalize().unwrap())
        };
        for (link, target, expected) in [
            ("project/jobs.yaml", "../accounts.txt", Some(Private::Outside)),
            ("project/jobs.yaml", "../jobs.yaml", Some(Private::Outside)),
            ("project/jobs.yaml", ".env", Some(Private::Env)),
            ("project/jobs.yaml", ".git/config", Some(Private::Git)),
            ("project/sub/jobs.yaml", "../real.yaml", None),
            // Without a project only the user can have put it there.
            ("bare/jobs.yaml", "../jobs.yaml", None),
            ("bare/jobs.yaml", "../accounts.txt", Some(Private::Outside)),
            ("bare/jobs.yaml", ".env", Some(Private::Env)),
        ] {
            assert_eq!(judged(link, target), expected, "{link} -> {target}");
        }
        // The same through a linked folder.
        symlink(temp.path(), at("project/out")).unwrap();
        assert_eq!(private_manifest(&at("project/out/jobs.yaml"), &at("jobs.yaml")), Some(Private::Outside));
        // By its own path a user may name anything that isn't private.
        assert_eq!(private_manifest(&at("accounts.txt"), &at("accounts.txt")), None);
        assert_eq!(private_manifest(&at("project/../jobs.yaml"), &at("jobs.yaml")), None);
        assert_eq!(private_manifest(&at("bare/.env"), &at("bare/.env")), Some(Private::Env));
    }
}
