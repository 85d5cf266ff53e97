//! Renames the videos of records that take another name: the files first, then the journal, so that a crash between them
//! only repeats what is done already.

use super::failure::Failure;
use crate::base::digest::Sha256;
use crate::base::durable;
use crate::base::folder::Folder;
use crate::ledger::Book;
use crate::ledger::entry::Entry;
use crate::ledger::record::{Key, Output};
use crate::plan::reconcile::Move;
use std::collections::HashMap;
use std::path::Path;

/// Renames the files of all `moves`, in their order; gives the entries that say so.
///
/// # Errors
/// Where a file can't be renamed, or another stands where it is to go.
pub(super) fn files(folder: &Folder, book: &Book, moves: &[Move]) -> Result<Vec<Entry>, Failure> {
    // A record that is moved twice is found under its new name the second time.
    let mut moved: HashMap<&Key, &Move> = HashMap::new();
    let mut entries = Vec::with_capacity(moves.len());
    for to in moves {
        let Some(record) = book.get(&to.key) else { continue };
        let record = match moved.insert(&to.key, to) {
            Some(before) => record.clone().moved(&to.key.job, before.place, before.name.clone()),
            None => record.clone(),
        };
        for output in record.stage.outputs() {
            file(folder, output, &to.name.path(output.number))?;
        }
        entries.push(Entry::Moved {
            key: to.key.clone(),
            attempt: record.attempt,
            to: to.to.clone(),
            place: to.place,
            name: to.name.clone(),
        });
    }
    Ok(entries)
}

/// Renames one video; one that is gone, was altered or is there already stays as it is.
fn file(folder: &Folder, output: &Output, to: &str) -> Result<(), Failure> {
    let failed =
        |error: &dyn std::fmt::Display| Failure::machine(format!("{} can't become {to}: {error}", output.path));
    let (from, destination) = match (folder.inside(&output.path), folder.inside(to)) {
        (Ok(from), Ok(destination)) => (from, destination),
        (Err(error), _) | (_, Err(error)) => return Err(failed(&error)),
    };
    let is_the_video = |path: &Path| path.is_file() && Sha256::of_file(path).is_ok_and(|hash| hash == output.sha256);
    if from == destination || !is_the_video(&from) {
        return Ok(());
    }
    if destination.symlink_metadata().is_ok() && !is_the_video(&destination) {
        return Err(failed(&"another file is there").hint(format!("move {to} away or delete it, then run again")));
    }
    std::fs::create_dir_all(durable::folder_of(&destination)).map_err(|error| failed(&error))?;
    durable::rename(&from, &destination).map_err(|error| failed(&error))
}
