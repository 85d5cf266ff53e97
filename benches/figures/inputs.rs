//! What is measured on: manifests of many jobs, with references written out in each.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// How much is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// For a look, in minutes.
    Quick,
    /// For the manual.
    Full,
}

impl Scale {
    /// The one or the other.
    pub(crate) fn of<T>(self, quick: T, full: T) -> T {
        match self {
            Scale::Quick => quick,
            Scale::Full => full,
        }
    }

    /// How often each figure is taken.
    pub(crate) fn rounds(self) -> usize {
        self.of(3, 5)
    }
}

/// A new folder, on the disk of the current one.
///
/// It is removed at the end of all, together with the others: ext4 makes files slowly for some seconds after many were removed.
pub(crate) fn folder() -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let folder = scratch().join(NEXT.fetch_add(1, Ordering::Relaxed).to_string());
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// What [`folder`] makes folders in.
pub(crate) fn scratch() -> PathBuf {
    PathBuf::from(format!("figures-{}.tmp", std::process::id()))
}

const PROMPT: &str = "@human and @dog play on the @grass near the old pier while gulls circle overhead, the camera follows slowly \
    from left to right, warm evening light";

/// Writes a manifest of `jobs` jobs in YAML.
pub(crate) fn yaml(path: &Path, jobs: usize, run: &str) -> PathBuf {
    let mut text = format!("version: 1\n{run}jobs:\n");
    for job in 0..jobs {
        let _ = write!(
            text,
            "  - id: scene-{job:06}\n    prompt: \"{PROMPT}, take {job}\"\n    resolution: 720p\n    duration: 5\n    references:\n"
        );
        for (name, kind) in REFERENCES {
            let _ = write!(
                text,
                "      - name: {name}\n        type: {kind}\n        urls:\n          - https://images.example.com/library/{name}/{job:06}.png\n"
            );
        }
    }
    std::fs::write(path, text).unwrap();
    path.to_owned()
}

/// Writes the same manifest in TOML.
pub(crate) fn toml(path: &Path, jobs: usize) -> PathBuf {
    let mut text = "version = 1\n".to_owned();
    for job in 0..jobs {
        let _ = write!(
            text,
            "\n[[jobs]]\nid = \"scene-{job:06}\"\nprompt = \"{PROMPT}, take {job}\"\nresolution = \"720p\"\nduration = 5\n"
        );
        for (name, kind) in REFERENCES {
            let _ = write!(
                text,
                "\n[[jobs.references]]\nname = \"{name}\"\ntype = \"{kind}\"\nurls = [\"https://images.example.com/library/{name}/{job:06}.png\"]\n"
            );
        }
    }
    std::fs::write(path, text).unwrap();
    path.to_owned()
}

const REFERENCES: [(&str, &str); 3] = [("human", "subject"), ("dog", "subject"), ("grass", "background")];
