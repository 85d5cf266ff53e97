//! What is measured on: manifests of many jobs, with references written out in each.

use batch::ledger::{self, Paths};
use batch::manifest::model::Job;
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

/// Removes all that was made here.
pub(crate) fn clear() {
    let _ = std::fs::remove_dir_all(scratch());
}

/// The beginning of a manifest whose jobs use a library.
const LIBRARY: &str = "version: 1\ndefaults: { resolution: 720p, duration: 5 }\nreferences:\n  \
    human: { type: subject, urls: [\"https://images.example.com/human.png\"] }\n  \
    dog: { type: subject, urls: [\"https://images.example.com/dog.png\"] }\n  \
    grass: { type: background, urls: [\"https://images.example.com/grass.png\"] }\njobs:\n";

/// Writes a manifest in YAML whose jobs name references of a library.
pub(crate) fn library(path: &Path, jobs: usize) -> PathBuf {
    written(path, LIBRARY, jobs, |text, job| {
        let _ = writeln!(
            text,
            "  - id: scene-{job:07}\n    prompt: \"{PROMPT}, take {job}\"\n    references: [human, dog, grass]"
        );
    })
}

/// Writes one whose every job has an unknown key, and a mention that means nothing.
pub(crate) fn mistaken(path: &Path, jobs: usize) -> PathBuf {
    written(path, LIBRARY, jobs, |text, job| {
        let _ = writeln!(text, "  - id: scene-{job:07}\n    prompt: \"@human and @cat{job}\"\n    colour: blue");
    })
}

/// Writes one of a few lines, whose matrix stands for so many jobs.
pub(crate) fn matrix(path: &Path, jobs: usize) -> PathBuf {
    let axis = |count: usize| (0..count).map(|value| value.to_string()).collect::<Vec<_>>().join(", ");
    let (a, b) = (axis(jobs / 100), axis(100));
    let job = format!(
        "  - id: ${{{{ matrix.a }}}}-${{{{ matrix.b }}}}\n    prompt: \"{PROMPT}, take ${{{{ matrix.a }}}} of ${{{{ matrix.b }}}}\"\n"
    );
    std::fs::write(path, format!("{LIBRARY}{job}    matrix: {{ a: [{a}], b: [{b}] }}\n")).unwrap();
    path.to_owned()
}

/// Writes one of a few lines, and beside it the table with so many rows: in CSV or in JSONL.
pub(crate) fn rows(folder: &Path, jobs: usize, extension: &str) -> PathBuf {
    let table = format!("rows.{extension}");
    let head = if extension == "csv" { "id,where\n" } else { "" };
    written(&folder.join(&table), head, jobs, |text, job| {
        let _ = match extension {
            "csv" => writeln!(text, "scene-{job:07},near pier {job}"),
            _ => writeln!(text, "{{\"id\": \"scene-{job:07}\", \"where\": \"near pier {job}\"}}"),
        };
    });
    let job = format!("  - id: ${{{{ row.id }}}}\n    prompt: \"{PROMPT}, ${{{{ row.where }}}}\"\n    rows: {table}\n");
    let path = folder.join("jobs.yaml");
    std::fs::write(&path, format!("{LIBRARY}{job}")).unwrap();
    path
}

fn written(path: &Path, head: &str, jobs: usize, mut write: impl FnMut(&mut String, usize)) -> PathBuf {
    let mut text = head.to_owned();
    (0..jobs).for_each(|job| write(&mut text, job));
    std::fs::write(path, text).unwrap();
    path.to_owned()
}

/// A manifest whose jobs were bought.
pub(crate) struct Bought {
    pub manifest: PathBuf,
    jobs: Vec<Job>,
}

/// Writes a manifest with a library.
pub(crate) fn bought(folder: &Path, jobs: usize) -> Bought {
    let manifest = library(&folder.join("jobs.yaml"), jobs);
    let jobs = batch::manifest::load(&manifest).manifest.unwrap().jobs;
    Bought { manifest, jobs }
}

impl Bought {
    /// Writes the lock of each job whose number leaves `rest` when it is divided by `by`, as a run that bought them leaves it.
    pub(crate) fn lock(&self, rest: usize, by: usize) -> PathBuf {
        let mut text = "version = 2\nservice = \"https://api.example.com\"\n".to_owned();
        for (number, job) in self.jobs.iter().enumerate().filter(|(number, _)| number % by == rest) {
            let (id, digest, path) = (&job.id, &job.digest, job.name.path(1));
            let _ = write!(
                text,
                "[[purchase]]\njob = \"{id}\"\ndigest = \"{digest}\"\nid = \"01a232e4-4b0d-7dd7-892b-{number:012x}\"\nparts = {{}}\n\
                 status = \"succeeded\"\ntask_id = \"{number:032x}\"\n\
                 submitted_at = 2026-12-01T18:35:51.949865Z\nfinished_at = 2026-12-01T18:35:52Z\n\
                 [[purchase.output]]\npath = \"{path}\"\nsha256 = \"{number:064x}\"\nbytes = 18183\nsource = \"https://videos.example.com/{number}.mp4\"\n"
            );
        }
        let path = self.manifest.with_extension(if by == 1 { "lock".to_owned() } else { format!("{rest}.lock") });
        std::fs::write(&path, text).unwrap();
        // With its checksums.
        let book = ledger::read(&Paths::of(&path)).unwrap().book;
        std::fs::write(&path, ledger::written(&book)).unwrap();
        path
    }
}
