//! Removes the temporary files that a killed run left.
//!
//! They bear the mark of the lock that the run held, and this process holds it now: nobody is writing them.

use crate::base::durable::{self, Mark};
use crate::base::folder::Folder;
use crate::ledger::Ledger;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// Removes what a killed run was writing, beside the lock and in the folders of all videos that it knew.
///
/// What can't be removed is in nobody's way: the command goes on.
pub(super) fn remove(ledger: &Ledger, manifest: &Path) {
    let mark = Mark::of(ledger.lock());
    for folder in folders(ledger, manifest) {
        match durable::remove_temporaries(&folder, &mark) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(folder = %folder.display(), %error, "temporary files of a killed run can't be removed");
            }
            _ => {}
        }
    }
}

fn folders(ledger: &Ledger, manifest: &Path) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::from([durable::folder_of(ledger.lock()).to_owned()]);
    let real = manifest.canonicalize().unwrap_or_else(|_| manifest.to_owned());
    if let Ok(folder) = Folder::open(durable::folder_of(&real)) {
        // A path that leads out of the folder was never written to.
        let videos = ledger.book().records().filter_map(|record| folder.inside(&record.name.path(1)).ok());
        folders.extend(videos.map(|video| durable::folder_of(&video).to_owned()));
    }
    folders
}
