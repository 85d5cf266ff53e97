//! Settles what a killed run left: videos are renamed that it wrote down under another name, and its temporary files are removed.
//!
//! These bear the mark of the lock that the run held, and this process holds it now: nobody is writing them.

use super::failure::Failure;
use super::renames;
use crate::base::durable::{self, Mark};
use crate::base::folder::Folder;
use crate::ledger::Ledger;
use std::collections::BTreeSet;
use std::io;
use std::path::Path;

/// Renames what a killed run was renaming, and removes what it was writing, beside the lock and in the folders of all videos that
/// it knew.
///
/// What can't be removed is in nobody's way: the command goes on.
///
/// # Errors
/// Where a video can't be renamed: under its former name nobody would find it any more.
pub(super) fn settle(ledger: &Ledger, manifest: &Path) -> Result<(), Failure> {
    let mark = Mark::of(ledger.lock());
    let mut folders = BTreeSet::from([durable::folder_of(ledger.lock()).to_owned()]);
    let real = manifest.canonicalize().unwrap_or_else(|_| manifest.to_owned());
    if let Ok(folder) = Folder::open(durable::folder_of(&real)) {
        renames::finish(&folder, ledger.book())?;
        // A path that leads out of the folder was never written to.
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
