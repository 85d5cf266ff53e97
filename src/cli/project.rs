//! What nearly every command starts from: a manifest that was read and shown, and where its lock lies.

use super::failure::Failure;
use super::fleet::Fleet;
use super::options::{Common, Subject};
use super::realm::Realm;
use super::terminal::{Terminal, Volume};
use crate::base::durable::folder_of;
use crate::base::folder::Folder;
use crate::diagnostic::code::{Code, Severity};
use crate::diagnostic::finding::Finding;
use crate::diagnostic::levels::Levels;
use crate::document::Source;
use crate::ledger::{Buyer, Paths, Snapshot};
use crate::manifest::model::{Job, Manifest};
use crate::manifest::{self, Loaded};
use crate::report::commands::{self, Target};
use crate::report::findings::Checked;
use crate::report::findings::human::{self, Extent};
use crate::report::look::count;
use std::io;
use std::path::{Path, PathBuf};

/// The names under which a manifest is looked for.
pub(super) const NAMES: [&str; 4] = ["jobs.yaml", "jobs.yml", "jobs.toml", "jobs.json"];

/// A checked manifest, and where its lock lies.
#[derive(Debug)]
pub(super) struct Project {
    /// The manifest, as it was named.
    pub(super) shown: PathBuf,
    /// The real thing or the trial, of which each has its lock.
    pub(super) realm: Realm,
    /// The manifest, without an error in it.
    pub(super) manifest: Manifest,
    /// The lock and the journal.
    pub(super) paths: Paths,
    /// The lock, as it would be named.
    pub(super) lock: String,
    /// The shared ledger, if it is on one.
    pub(super) fleet: Fleet,
}

impl Project {
    /// Opens what a command looks at.
    ///
    /// # Errors
    /// As [`Project::open`].
    pub(super) fn look_at(subject: &Subject, common: &Common, terminal: &Terminal) -> Result<Project, Failure> {
        let realm = Realm::of(subject.trial.simulate);
        Project::open(subject.manifest.manifest.as_deref(), realm, &Levels::default(), common, terminal)
    }

    /// Reads and checks the manifest, and shows what was found in it.
    ///
    /// # Errors
    /// Fails if it has errors, which have been shown by then.
    pub(super) fn open(
        named: Option<&Path>,
        realm: Realm,
        levels: &Levels,
        common: &Common,
        terminal: &Terminal,
    ) -> Result<Project, Failure> {
        Project::seen(named, realm, levels, common, terminal, |_| ()).map(|(project, ())| project)
    }

    /// Opens a project as [`Project::open`] does, with what `look` makes of the texts.
    ///
    /// # Errors
    /// As [`Project::open`].
    pub(super) fn seen<T>(
        named: Option<&Path>,
        realm: Realm,
        levels: &Levels,
        common: &Common,
        terminal: &Terminal,
        look: impl FnOnce(&Source) -> T,
    ) -> Result<(Project, T), Failure> {
        let shown = manifest_path(named)?;
        has_place_for_lock(&shown, common)?;
        let mut loaded = manifest::load(&shown);
        levels.apply(&mut loaded.findings);
        show(&loaded, terminal);
        let failed = loaded.findings.iter().any(|finding| finding.severity == Severity::Error);
        let mut manifest = loaded.manifest.filter(|_| !failed).ok_or_else(Failure::shown)?;
        let looked = look(&loaded.source);
        drop(loaded.source);
        if realm == Realm::Trial {
            manifest.turn_into_trial();
        }
        let paths = paths(&shown, realm, common)?;
        let lock = lock_shown(&shown, realm, common);
        // Beside the manifest, no video can have their names.
        if common.lock.is_some() {
            leave_to_the_lock(&manifest, &paths)?;
        }
        tracing::info!("{}: {}, and its lock is {lock}", shown.display(), count(manifest.jobs.len(), "job"));
        let fleet = Fleet::named(Some(&manifest), realm, common)?;
        Ok((Project { shown, realm, manifest, paths, lock, fleet }, looked))
    }

    /// Returns the buyer of the jobs: the manifest as the lock calls it. More than one may share a lock, by `--lock` or by their names.
    pub(super) fn buyer(&self) -> Buyer {
        let manifest = self.shown.canonicalize().unwrap_or_else(|_| self.shown.clone());
        let folder = folder_of(&self.paths.lock);
        let name = manifest.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let inside = manifest.strip_prefix(folder).map(|inside| inside.to_string_lossy().replace('\\', "/"));
        let twins = NAMES.iter().filter_map(|twin| Path::new(twin).extension());
        let twins = twins.filter(|extension| manifest.with_extension(extension).exists()).count();
        let alone = manifest.with_extension(self.realm.extension()) == self.paths.lock && twins < 2;
        Buyer { manifest: inside.unwrap_or(name), alone }
    }

    /// Returns what is known of its jobs; nothing is taken or written.
    ///
    /// # Errors
    /// Fails if the lock, the journal or the shared ledger can't be read.
    pub(super) fn read(&self) -> Result<Snapshot, Failure> {
        self.fleet.read(&self.paths)
    }

    /// Returns how commands about it are typed.
    pub(super) fn target(&self) -> Target {
        self.realm.target(&self.shown, &self.lock)
    }
}

/// Returns where the lock of the manifest lies: beside its real path, unless `--lock` says otherwise.
pub(super) fn paths(manifest: &Path, realm: Realm, common: &Common) -> Result<Paths, Failure> {
    if let Some(lock) = &common.lock {
        if lock.is_dir() {
            return Err(Failure::machine(format!("{} is a folder, and a lock is a file", lock.display()))
                .hint("name the file: --lock FILE"));
        }
        return Ok(Paths::of(lock));
    }
    has_place_for_lock(manifest, common)?;
    let real = manifest.canonicalize().map_err(|error| Failure::machine(format!("{}: {error}", manifest.display())))?;
    Ok(Paths::of(&real.with_extension(realm.extension())))
}

/// Refuses a manifest that has no folder where its lock could lie: before it is waited for.
fn has_place_for_lock(manifest: &Path, common: &Common) -> Result<(), Failure> {
    if manifest == Path::new("-") && common.lock.is_none() {
        return Err(Failure::usage("a manifest from standard input has no place for its lock")
            .hint("say where it is: --lock FILE"));
    }
    Ok(())
}

/// Returns the folder where the manifest's relative paths start: this one, for a manifest from standard input.
pub(super) fn folder_of_manifest(manifest: &Path) -> Result<Folder, Failure> {
    let failed = |error: io::Error| Failure::machine(format!("{}: {error}", manifest.display()));
    if manifest == Path::new("-") {
        return Folder::open(Path::new(".")).map_err(failed);
    }
    let real = manifest.canonicalize().map_err(failed)?;
    Folder::open(folder_of(&real)).map_err(failed)
}

/// Refuses a lock whose place, or whose journal's, a video would take.
fn leave_to_the_lock(manifest: &Manifest, paths: &Paths) -> Result<(), Failure> {
    for own in [&paths.lock, &paths.journal] {
        let Ok(inside) = own.strip_prefix(manifest.folder.path()) else { continue };
        let of_video = |path: &str| Path::new(path).as_os_str().eq_ignore_ascii_case(inside);
        let videos = |job: &Job| usize::from(job.generation.number_of_videos);
        let taken = manifest.jobs.iter().find(|job| (1..=videos(job)).any(|n| of_video(&job.name.path(n))));
        if let Some(job) = taken {
            return Err(Failure::usage(format!("{} is the path of a video of {}", inside.display(), job.id))
                .hint("name another lock: --lock FILE"));
        }
    }
    Ok(())
}

/// Returns a folder with its links resolved, as a person would name it from here.
pub(super) fn folder_shown(real: &Path) -> String {
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
    match real.strip_prefix(here) {
        Ok(below) if below == Path::new("") => ".".to_owned(),
        below => below.unwrap_or(real).display().to_string(),
    }
}

/// Returns the lock, as a person would name it.
pub(super) fn lock_shown(manifest: &Path, realm: Realm, common: &Common) -> String {
    let beside = || manifest.with_extension(realm.extension());
    common.lock.clone().unwrap_or_else(beside).display().to_string()
}

/// Returns the manifest that was named, or the one that is here.
///
/// # Errors
/// Fails if none or several are here, or if a job was named instead.
pub(super) fn manifest_path(named: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(named) = named {
        return if is_job(named) { Err(job_for_manifest(named)) } else { Ok(named.to_owned()) };
    }
    let here: Vec<&str> = NAMES.into_iter().filter(|name| Path::new(name).exists()).collect();
    match here[..] {
        [only] => Ok(only.into()),
        [] => Err(Failure::usage("there is no jobs.yaml, jobs.yml, jobs.toml or jobs.json in this folder")
            .hint("name the manifest, or start one with `batch init`")),
        _ => Err(Failure::usage(format!("there are several manifests in this folder: {}", here.join(", ")))
            .hint(format!("say which one, as `{}`", here[0]))),
    }
}

/// Returns whether this, which is no file, is a job of the manifest that is here.
fn is_job(named: &Path) -> bool {
    let is_named_so = |manifest: Manifest| manifest.jobs.iter().any(|job| Path::new(job.id.as_str()) == named);
    let is_word = named.extension().is_none() && named.components().count() == 1 && named != Path::new("-");
    let here = || manifest_path(None).ok().and_then(|here| manifest::load(&here).manifest);
    is_word && !named.exists() && here().is_some_and(is_named_so)
}

fn job_for_manifest(job: &Path) -> Failure {
    let job = job.display().to_string();
    Failure::usage(format!("`{job}` is a job of the manifest here, and MANIFEST is a file"))
        .hint(format!("to choose a job: --only {}", commands::quoted(&job)))
}

/// Says whether this is a file with the name of a manifest.
pub(super) fn is_manifest(name: &str) -> bool {
    let path = Path::new(name);
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("yaml" | "yml" | "toml" | "json")) && path.is_file()
}

/// Returns the manifest, as far as it could be read, for a command that doesn't mind what is wrong in it.
///
/// # Errors
/// Fails if there is no text to read: it isn't there, is a folder, or may not be read, which has been shown by then; or where it
/// has no place for its lock.
pub(super) fn readable(path: &Path, common: &Common, terminal: &Terminal) -> Result<Loaded, Failure> {
    has_place_for_lock(path, common)?;
    let loaded = manifest::load(path);
    // An image or a file of rows that can't be read is a mistake with a place in the manifest.
    let is_unreadable =
        |finding: &Finding| matches!(finding.code, Code::Unreadable | Code::PrivateFile) && finding.labels.is_empty();
    if loaded.findings.iter().any(is_unreadable) {
        show(&loaded, terminal);
        return Err(Failure::shown());
    }
    Ok(loaded)
}

/// Shows what was found, on standard error.
pub(super) fn show(loaded: &Loaded, terminal: &Terminal) {
    let errors_only = terminal.volume == Volume::Quiet;
    let worth = |severity| severity == Severity::Error || !errors_only;
    let findings: Vec<_> = loaded.findings.iter().filter(|finding| worth(finding.severity)).cloned().collect();
    if findings.is_empty() {
        return;
    }
    // Where standard error is closed, nobody reads it.
    let _ = human::write(io::stderr().lock(), &[checked(loaded, &findings)], Extent::Summary, terminal.stderr);
}

/// Returns a manifest that was read, as it is shown with these of its findings.
pub(super) fn checked<'l>(loaded: &'l Loaded, findings: &'l [Finding]) -> Checked<'l> {
    let labelled = findings.iter().any(|finding| !finding.labels.is_empty());
    let source = (labelled || findings.is_empty()).then_some(&loaded.source);
    Checked { path: loaded.source.name(), source, jobs: loaded.jobs, findings }
}
