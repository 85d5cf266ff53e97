//! Renames the videos of records that get another name: the journal first, then the files, so that no video ever has an
//! unrecorded name. Files that a crash leaves under their former name are renamed by the next command.

use super::error::RunError;
use crate::base::clock::Clock;
use crate::base::digest::Sha256;
use crate::base::durable;
use crate::base::folder::Folder;
use crate::ledger::entry::{Entry, Step};
use crate::ledger::record::{Output, Record};
use crate::ledger::{Book, JournalWriter, PurchaseId, Renamed};
use crate::plan::misplaced;
use crate::plan::reconcile::Move;
use crate::plan::videos::{Care, Videos, look_at};
use crate::service::output::VideoName;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Number of moves whose entries become durable together.
const TOGETHER: usize = 1000;

/// A record that gets another name.
pub struct Renaming {
    /// One for each of its purchases.
    entries: Vec<Entry>,
    videos: Vec<Renamed>,
}

/// The reason why not all could be renamed.
pub(super) struct Stuck {
    /// The reason.
    pub(super) error: RunError,
    /// `true` if the journal is ahead of the files: it must stay, so that the next command continues.
    pub(super) midway: bool,
}

/// Returns the renamings for `moves`, in their order.
pub fn of(folder: &Folder, book: &Book, moves: &[Move]) -> Vec<Renaming> {
    // A record that is moved twice is found under its new name the second time.
    let mut moved: HashMap<PurchaseId, Record> = HashMap::new();
    let mut renamings = Vec::with_capacity(moves.len());
    for to in moves {
        let at = Clock::System.now_in_seconds();
        let (together, beside): (Vec<_>, Vec<_>) =
            named(folder, book, to).into_iter().partition(|(_, name)| *name == to.name);
        // What gets a name beside the others makes room for them first.
        for purchases in [beside, together].into_iter().filter(|purchases| !purchases.is_empty()) {
            let mut renaming = Renaming { entries: Vec::new(), videos: Vec::new() };
            for (purchase, name) in purchases {
                let before = moved.get(&purchase.id).unwrap_or(purchase);
                let after = before.clone().moved(&to.to, name.clone());
                let outputs = before.stage.outputs().iter().zip(after.stage.outputs());
                renaming.videos.extend(outputs.map(|(Output { path: from, sha256, .. }, to)| Renamed {
                    from: from.clone(),
                    to: to.path.clone(),
                    sha256: *sha256,
                }));
                renaming.entries.push(Entry::of(purchase.id, Step::Moved { job: to.to.clone(), name, at }));
                moved.insert(purchase.id, after);
            }
            renamings.push(renaming);
        }
    }
    renamings
}

/// Returns the purchases of a record that moves, and the name that each gets. If it was bought twice, the file may be either
/// purchase's; if the videos of both are here, those that aren't shown get a name beside the others.
fn named<'b>(folder: &Folder, book: &'b Book, to: &Move) -> Vec<(&'b Record, VideoName)> {
    let shown = book.get(&to.key).map(|record| record.id);
    let mut all: Vec<&Record> = book.history(&to.key).collect();
    all.sort_by_key(|record| (Some(record.id) != shown, std::cmp::Reverse(record.id)));
    let have = all.iter().filter(|record| !record.stage.outputs().is_empty()).count();
    let mut is_taken = false;
    let name = |record: &'b Record| {
        let is_here = |output: &Output| look_at(folder, output, record.finished_at, Care::Quick) == Videos::Intact;
        let has_files = have > 1 && record.stage.outputs().iter().any(is_here);
        let is_second = has_files && std::mem::replace(&mut is_taken, true);
        (record, if is_second { to.name.beside(&record.id.short()) } else { to.name.clone() })
    };
    all.into_iter().map(name).collect()
}

/// Returns a record as it is after the renamings.
pub fn after(renamings: &[Renaming], record: &Record) -> Record {
    let steps = renamings.iter().flat_map(|renaming| &renaming.entries).rev();
    let last = steps.filter_map(|entry| match entry {
        Entry::Purchase { id, step: Step::Moved { job, name, .. } } if *id == record.id => Some((job, name)),
        _ => None,
    });
    let moved = last.map(|(job, name)| record.clone().moved(job, name.clone())).next();
    moved.unwrap_or_else(|| record.clone())
}

/// Records all of them, and renames their files.
///
/// # Errors
/// Fails if another file is in the way, or one can't be renamed.
pub(super) async fn perform(
    folder: &Folder,
    renamings: Vec<Renaming>,
    journal_writer: &JournalWriter,
) -> Result<(), Stuck> {
    let mut rest = renamings.as_slice();
    while !rest.is_empty() {
        let (batch, after) = rest.split_at(independent(rest));
        let mut files = Vec::new();
        for video in batch.iter().flat_map(|renaming| &renaming.videos) {
            files.extend(file(folder, video).map_err(|error| Stuck { error, midway: false })?);
        }
        let midway = |error| Stuck { error, midway: true };
        let entries =
            batch.iter().flat_map(|renaming| &renaming.entries).map(|entry| journal_writer.record(entry.clone()));
        futures::future::try_join_all(entries).await.map_err(|error| midway(error.into()))?;
        for file in files {
            file.rename().map_err(midway)?;
        }
        rest = after;
    }
    Ok(())
}

/// Completes the renamings that a killed run recorded but didn't perform.
///
/// # Errors
/// As for [`perform`].
pub(super) fn finish(folder: &Folder, book: &Book) -> Result<(), RunError> {
    book.renamed().iter().try_for_each(|video| file(folder, video)?.map_or(Ok(()), File::rename))
}

/// Renames videos to the names that the lock knows.
///
/// Names that are exchanged take a detour by a name that is looked at as well: a killed command is continued by the next one.
///
/// # Errors
/// Fails if one can't be renamed.
pub fn put_right(folder: &Folder, book: &Book, misplaced: Vec<Renamed>) -> Result<(), RunError> {
    let mut left = misplaced;
    while !left.is_empty() {
        let before = left.len();
        let mut rest = Vec::new();
        for video in left {
            match file(folder, &video) {
                Ok(None) => {}
                Ok(Some(file)) => {
                    file.rename()?;
                    tracing::info!(from = video.from, to = video.to, "a video got the name that the lock knows");
                }
                Err(_) => rest.push(video),
            }
        }
        if rest.len() == before {
            // All wait for each other.
            let Some((first, others)) = rest.split_first_mut() else { break };
            let free = |detour: &String| folder.inside(detour).is_ok_and(|path| path.symlink_metadata().is_err());
            let Some(detour) = detour(book, first).filter(free) else {
                left = others.to_vec();
                continue;
            };
            let aside = Renamed { to: detour.clone(), ..first.clone() };
            if let Some(file) = file(folder, &aside)? {
                file.rename()?;
            }
            first.from = detour;
        }
        left = rest;
    }
    Ok(())
}

/// Returns the name by which a video makes room for others.
fn detour(book: &Book, video: &Renamed) -> Option<String> {
    let purchases = book.records().flat_map(|record| book.history(&record.key));
    let mut outputs = purchases.flat_map(|record| record.stage.outputs().iter().map(move |output| (record, output)));
    let (record, output) = outputs.find(|(_, output)| output.path == video.to && output.sha256 == video.sha256)?;
    Some(misplaced::detour(record, output))
}

/// Returns how many of the first ones need no name that another of them still has.
fn independent(renamings: &[Renaming]) -> usize {
    let mut given_up: HashSet<&str> = HashSet::new();
    let together = &renamings[..renamings.len().min(TOGETHER)];
    for (index, renaming) in together.iter().enumerate() {
        if renaming.videos.iter().any(|video| given_up.contains(video.to.as_str())) {
            return index;
        }
        given_up.extend(renaming.videos.iter().map(|video| video.from.as_str()));
    }
    together.len()
}

/// A file to be renamed.
struct File<'v> {
    video: &'v Renamed,
    from: PathBuf,
    to: PathBuf,
}

/// Returns the file of a video, checked to be free for its new name; `None` if it is gone, altered or already renamed.
fn file<'v>(folder: &Folder, video: &'v Renamed) -> Result<Option<File<'v>>, RunError> {
    let (from, to) = match (folder.inside(&video.from), folder.inside(&video.to)) {
        (Ok(from), Ok(to)) => (from, to),
        (Err(error), _) | (_, Err(error)) => return Err(failed(video, &error)),
    };
    let is_the_video = |path: &Path| path.is_file() && Sha256::of_file(path).is_ok_and(|hash| hash == video.sha256);
    if from == to || !is_the_video(&from) {
        return Ok(None);
    }
    if to.symlink_metadata().is_ok() && !is_the_video(&to) {
        return Err(RunError::InTheWay { from: video.from.clone(), to: video.to.clone() });
    }
    Ok(Some(File { video, from, to }))
}

impl File<'_> {
    fn rename(self) -> Result<(), RunError> {
        let renamed =
            durable::make_folder(durable::folder_of(&self.to)).and_then(|()| durable::rename(&self.from, &self.to));
        renamed.map_err(|error| failed(self.video, &error))
    }
}

fn failed(Renamed { from, to, .. }: &Renamed, error: &dyn std::fmt::Display) -> RunError {
    RunError::Rename { from: from.clone(), to: to.clone(), why: error.to_string() }
}
