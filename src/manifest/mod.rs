//! The manifest: a text becomes a checked [`Manifest`], or findings that say what is wrong with it.
//!
//! ```text
//! text ─ document ─ tree ─ decode ─ raw ─ resolve ─ rules ─ model
//!                             └───────── problems ─────────┘ ─ words ─ findings
//! ```
//!
//! Jobs pass through one by one: there is never more than one in memory, besides the tree and the model.

mod autofix;
mod bound;
mod context;
mod decode;
mod dedup;
mod expand;
pub mod fields;
mod fix;
mod load;
mod messages;
pub mod model;
pub mod preview;
mod problem;
mod raw;
mod read;
mod resolve;
mod rules;
pub mod schema;
mod sink;
mod suggest;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

pub use autofix::{Fixed, FixedManifest, fix_file, fix_text};
pub use model::Manifest;

use crate::base::folder::Folder;
use crate::base::recent::Recent;
use crate::diagnostic::code::Severity;
use crate::diagnostic::finding::Finding;
use crate::document::{self, Format, Source};
use expand::{Expansion, Files};
use rules::Rules;
use rules::images::Images;
use rules::references::Library;
use sink::Sink;
use std::path::Path;

/// The result of reading a manifest.
#[derive(Debug)]
pub struct Loaded {
    /// The text; empty if there is none to show.
    pub source: Source,
    /// The findings about it, in source order.
    pub findings: Vec<Finding>,
    /// The number of jobs, broken ones included.
    pub jobs: usize,
    /// The manifest; `None` if there is an error, or only the findings were wanted.
    pub manifest: Option<Manifest>,
}

/// The purpose of reading a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Manifest,
    /// No job is kept once it is checked.
    Findings,
}

/// Reads and checks the manifest at `path`, or on standard input (as YAML) if the path is `-`.
pub fn load(path: &Path) -> Loaded {
    read(path, Format::of_path(path), Wanted::Manifest)
}

/// Does the same as [`load`], in a format that may differ from the name's extension.
pub fn load_as(path: &Path, format: Format) -> Loaded {
    read(path, format, Wanted::Manifest)
}

/// Does the same as [`load`] for the findings alone.
pub fn check(path: &Path) -> Loaded {
    read(path, Format::of_path(path), Wanted::Findings)
}

fn read(path: &Path, format: Format, wanted: Wanted) -> Loaded {
    match load::text_at(path) {
        (name, Ok((text, folder))) => loaded(&name, text, format, &folder, wanted),
        (name, Err(why)) => unreadable(name, why),
    }
}

/// Returns the result for a manifest that has no text.
fn unreadable(name: String, why: load::NoText) -> Loaded {
    let (problem, text) = why.into_problem(&name);
    let findings = vec![messages::said(&problem, Format::Yaml, None, &mut Recent::default()).finding];
    Loaded { source: Source::new(name, text), findings, jobs: 0, manifest: None }
}

/// Checks the manifest in `text`, whose relative paths start in `folder`.
pub fn load_text(name: &str, text: String, format: Format, folder: &Folder) -> Loaded {
    loaded(name, text, format, folder, Wanted::Manifest)
}

fn loaded(name: &str, text: String, format: Format, folder: &Folder, wanted: Wanted) -> Loaded {
    let mut source = Source::new(name, text);
    let (checked, files) = examine(&source, format, folder, wanted);
    files.into_sources().for_each(|file| source.attach(file));
    let Checked { findings, jobs, manifest } = checked;
    let sound = findings.iter().all(|finding| finding.severity == Severity::Warning);
    Loaded { findings, jobs, manifest: manifest.filter(|_| sound), source }
}

/// The result of checking a text.
struct Checked {
    findings: Vec<Finding>,
    jobs: usize,
    manifest: Option<Manifest>,
}

/// Checks a manifest; also returns the files that it refers to, for findings in them.
fn examine(source: &Source, format: Format, folder: &Folder, wanted: Wanted) -> (Checked, Files) {
    let parsed = document::parse(source, format);
    let root = parsed.tree.root();
    let mut sink = Sink::new(source.text(), format, parsed.flaws, parsed.tree.shared());
    // Text beyond a limit is not looked at: it may be endless.
    if sink.is_beyond_limits() {
        let findings = sink.finish();
        return (Checked { findings, jobs: decode::count_jobs(root), manifest: None }, Files::default());
    }
    let files = Files::read(&parsed.tree, source, folder);
    let mut expansion = Expansion::of(&parsed.tree, &files);
    for problem in expansion.take_problems() {
        sink.push(problem);
    }
    let raw = decode::manifest(root, &mut sink);
    let mut images = Images::new(folder);
    let library = Library::check(&raw.library, &mut images, &mut sink);
    let mut rules = Rules::new(&raw, (images, &library), folder, wanted, &mut sink);
    decode::jobs(raw.jobs, &expansion, &mut rules, &mut sink);
    let manifest = rules.finish();
    let jobs = sink.jobs();
    let checked = Checked { findings: sink.finish(), jobs, manifest };
    drop(expansion);
    (checked, files)
}
