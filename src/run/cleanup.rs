//! Cleans up after a killed run: renames videos whose new name it had recorded, and removes its temporary files.
//!
//! These bear the mark of the lock that the run held, and this process holds it now: nobody is writing them.

use super::error::RunError;
use super::renames;
use crate::base::durable::{self, Mark};
use crate::base::folder::Folder;
use crate::ledger::Ledger;
use std::collections::BTreeSet;
use std::io;
use std::path::Path;

/// Renames the files that a killed run was renaming, and removes those that it was writing, next to the lock and in the
/// folders of all videos known to it.
///
/// Files that can't be removed do no harm: the command continues.
///
/// # Errors
/// Fails if a video can't be renamed: under its former name it wouldn't be found any more.
pub(super) fn settle(ledger: &Ledger, manifest: &Path) -> Result<(), RunError> {
    let mark = Mark::of(ledger.lock());
    let mut folders = BTreeSet::from([durable::folder_of(ledger.lock()).to_owned()]);
    let real = manifest.canonicalize().unwrap_or_else(|_| manifest.to_owned());
    if let Ok(folder) = Folder::open(durable::folder_of(&real)) {
        renames::finish(&folder, ledger.book())?;
        // Nothing was ever written to a path that leads out of the folder.
        let videos = ledger.book().records().filter_map(|record| folder.inside(&record.name.path(1)).ok());
        folders.extend(videos.map(|video| durable::folder_of(&video).to_owned()));
    }
    for folder in folders {
        match durable::remove_temporaries(&folder, &mark) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(folder = %folder.display(), %error, "temporary files of a killed run can't be removed");
            }
            _ => {}
        }
    }
    Ok(())
}
