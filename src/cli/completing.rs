//! Completions that a shell asks for while a command line is typed: manifests, and the job ids and tags of the one that is typed.

use super::options::Common;
use super::project::{NAMES, is_manifest, manifest_path, paths};
use super::realm::Realm;
use crate::ledger;
use crate::manifest::{self, Manifest};
use crate::report::documents::status::JobStatus;
use clap::builder::StyledStr;
use clap_complete::CompleteEnv;
use clap_complete::engine::{
    ArgValueCandidates, ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The variable by which a shell's script asks.
pub(super) const VARIABLE: &str = "BATCH_COMPLETE";

/// Answers a shell that asks for completions of the `command`; returns whether one did.
///
/// # Errors
/// Fails if the shell is unknown, or doesn't read the answer.
pub(super) fn answer(command: impl Fn() -> clap::Command) -> Result<bool, clap::Error> {
    let here = std::env::current_dir().ok();
    CompleteEnv::with_factory(command).var(VARIABLE).try_complete(std::env::args_os(), here.as_deref())
}

/// Completes manifests.
pub(super) fn manifests() -> ArgValueCompleter {
    ArgValueCompleter::new(files_of_manifests())
}

/// Completes the ids of the manifest's jobs.
pub(super) fn jobs() -> ArgValueCandidates {
    ArgValueCandidates::new(ids)
}

/// Completes the tags of the manifest's jobs.
pub(super) fn tags() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let mut tags: BTreeMap<String, usize> = BTreeMap::new();
        for tag in typed_manifest().iter().flat_map(|manifest| &manifest.jobs).flat_map(|job| job.tags.iter()) {
            *tags.entry(tag.to_string()).or_default() += 1;
        }
        tags.into_iter().map(|(tag, jobs)| candidate(&tag, &crate::report::look::count(jobs, "job"))).collect()
    })
}

/// Completes the statuses of jobs.
pub(super) fn statuses() -> ArgValueCandidates {
    ArgValueCandidates::new(|| JobStatus::ALL.map(|status| CompletionCandidate::new(status.as_str())).into())
}

/// Completes a manifest, or the ids of jobs, as `show` takes them.
pub(super) fn manifest_and_jobs() -> ArgValueCompleter {
    ArgValueCompleter::new(ManifestAnd(ids))
}

/// Completes a manifest, or the ids of uncertain jobs, as `resolve` takes them.
pub(super) fn manifest_and_uncertain_job() -> ArgValueCompleter {
    ArgValueCompleter::new(ManifestAnd(uncertain))
}

/// A manifest in the first place, and what this returns in any.
struct ManifestAnd(fn() -> Vec<CompletionCandidate>);

impl ValueCompleter for ManifestAnd {
    fn complete(&self, current: &OsStr) -> Vec<CompletionCandidate> {
        self.complete_at(0, current)
    }

    fn complete_at(&self, at: usize, current: &OsStr) -> Vec<CompletionCandidate> {
        let start = current.to_string_lossy();
        let begins = |candidate: &CompletionCandidate| candidate.get_value().to_string_lossy().starts_with(&*start);
        let mut found: Vec<_> = (self.0)().into_iter().filter(begins).collect();
        if at == 0 {
            found.extend(files_of_manifests().complete(current));
        }
        found
    }
}

fn files_of_manifests() -> PathCompleter {
    let extensions = || NAMES.iter().filter_map(|name| Path::new(name).extension());
    let is_schema = |path: &Path| path.to_string_lossy().ends_with(".schema.json");
    let is_one = move |path: &Path| extensions().any(|it| path.extension() == Some(it)) && !is_schema(path);
    PathCompleter::any().filter(move |path| path.is_file() && is_one(path))
}

fn candidate(value: &str, help: &str) -> CompletionCandidate {
    CompletionCandidate::new(value).help(Some(StyledStr::from(help.to_owned())))
}

fn ids() -> Vec<CompletionCandidate> {
    let manifest = typed_manifest();
    let jobs = manifest.iter().flat_map(|manifest| &manifest.jobs);
    jobs.map(|job| CompletionCandidate::new(job.id.as_str())).collect()
}

fn uncertain() -> Vec<CompletionCandidate> {
    let realm = Realm::of(words().iter().any(|word| word == "--simulate"));
    let book = typed_path().and_then(|manifest| paths(&manifest, realm, &Common::default()).ok());
    let book = book.and_then(|paths| ledger::read(&paths).ok()).map(|snapshot| snapshot.book);
    let ids: BTreeSet<_> = book.iter().flat_map(|book| book.unanswered()).map(|record| &record.key.job).collect();
    ids.into_iter().map(|id| CompletionCandidate::new(id.as_str())).collect()
}

/// Returns the manifest that is typed, or else the one in this folder, as far as it has no errors.
fn typed_manifest() -> Option<Manifest> {
    manifest::load(&typed_path()?).manifest
}

fn typed_path() -> Option<PathBuf> {
    let typed = words().into_iter().find(|word| is_manifest(word));
    typed.map(PathBuf::from).or_else(|| manifest_path(None).ok())
}

/// Returns the words of the command line that is completed.
fn words() -> Vec<String> {
    let words = std::env::args().skip_while(|word| word != "--").skip(1);
    words.collect()
}
