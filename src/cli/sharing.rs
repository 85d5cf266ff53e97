//! Other manifests that share the lock: what they still ask for isn't renamed away from them.

use super::project::{NAMES, Project};
use crate::base::durable::folder_of;
use crate::ledger::Book;
use crate::ledger::record::Key;
use crate::manifest;
use crate::plan::mirror::pinned;
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

/// Returns the manifests after which the lock may be named.
fn namesakes(lock: &Path) -> Vec<PathBuf> {
    let extensions: BTreeSet<_> = NAMES.iter().filter_map(|name| Path::new(name).extension()).collect();
    extensions.into_iter().map(|extension| lock.with_extension("").with_extension(extension)).collect()
}
