//! What is shared: a lock by several manifests, and a task by several jobs.

use super::failure::Failure;
use super::project::{NAMES, Project};
use super::terminal::Terminal;
use crate::base::durable::folder_of;
use crate::ledger::Book;
use crate::ledger::record::Key;
use crate::manifest;
use crate::mirror::pinned;
use crate::service::names::TaskId;
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

/// Returns the jobs and digests that other manifests ask for which bought or use something in the lock.
///
/// A manifest with errors asks for all that it bought or uses; one that no longer exists asks for nothing.
pub(super) fn asked_elsewhere(project: &Project, book: &Book) -> HashSet<Key> {
    let buyer = project.buyer();
    let folder = folder_of(&project.paths.lock);
    let mut asked = HashSet::new();
    for (name, keys) in book.of_other_manifests(&buyer) {
        let named = name.map_or_else(|| namesakes(&project.paths.lock), |name| vec![folder.join(name)]);
        let own = project.shown.canonicalize().ok();
        for path in named.into_iter().filter(|path| path.is_file() && path.canonicalize().ok() != own) {
            match manifest::load(&path).manifest {
                Some(manifest) => {
                    let jobs = &pinned(&manifest, book).manifest.jobs;
                    asked.extend(jobs.iter().map(|job| Key { job: job.id.clone(), digest: job.digest }));
                }
                None => asked.extend(keys.iter().copied().cloned()),
            }
        }
    }
    asked
}

/// Warns of tasks that are recorded for more than one job: nothing is joined or dropped without a word.
pub(super) fn warn_of_shared_tasks(book: &Book, terminal: &Terminal) {
    for (task, keys) in book.shared_tasks() {
        Failure::usage(shared_task(task, keys)).hint(LOOK_UP).warn(terminal);
    }
}

/// Returns the message about a task that is recorded for several jobs or inputs.
pub(super) fn shared_task<'k>(task: &TaskId, keys: impl IntoIterator<Item = &'k Key>) -> String {
    let named: Vec<String> =
        keys.into_iter().map(|Key { job, digest }| format!("{job} ({})", digest.short())).collect();
    format!(
        "task {task} is recorded for {}: it is one generation, and each of them gets its videos",
        named.join(" and ")
    )
}

/// The advice about it.
pub(super) const LOOK_UP: &str = "look up at the service which one it was submitted for, and delete the other one's block from the lock: that one is then bought by the next run";

/// Returns the manifests after which the lock may be named.
fn namesakes(lock: &Path) -> Vec<PathBuf> {
    let extensions: BTreeSet<_> = NAMES.iter().filter_map(|name| Path::new(name).extension()).collect();
    extensions.into_iter().map(|extension| lock.with_extension("").with_extension(extension)).collect()
}
