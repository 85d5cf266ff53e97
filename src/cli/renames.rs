//! Renames the videos of records that get another name: the journal first, then the files, so that no video ever has an
//! unrecorded name. Files that a crash leaves under their former name are renamed by the next command.

use super::failure::Failure;
use crate::base::clock::Clock;
use crate::base::digest::Sha256;
use crate::base::durable;
use crate::base::folder::Folder;
use crate::ledger::entry::{Entry, Step};
use crate::ledger::record::{Key, Output};
use crate::ledger::{Book, Renamed, Scribe};
use crate::plan::misplaced;
use crate::plan::reconcile::Move;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Number of moves whose entries become durable together.
const TOGETHER: usize = 1000;

/// A record that gets another name.
pub(super) struct Renaming {
    /// One for each purchase of it.
    entries: Vec<Entry>,
    videos: Vec<Renamed>,
}

/// The reason why not all could be renamed.
pub(super) struct Stuck {
    /// The message.
    pub(super) failure: Failure,
    /// `true` if the journal is ahead of the files: it must stay, so that the next command continues.
    pub(super) midway: bool,
}

/// Returns the renamings for `moves`, in their order.
pub(super) fn of(book: &Book, moves: &[Move]) -> Vec<Renaming> {
    // A record that is moved twice is found under its new name the second time.
    let mut moved: HashMap<&Key, &Move> = HashMap::new();
    let mut renamings = Vec::with_capacity(moves.len());
    for to in moves {
        let Some(record) = book.get(&to.key) else { continue };
        let record = match moved.insert(&to.key, to) {
            Some(before) => record.clone().moved(&to.key.job, before.name.clone()),
            None => record.clone(),
        };
        // If it was bought twice, the file may be either purchase's.
        let twins = book.history(&to.key).filter(|twin| twin.id != record.id);
        let twins = twins.map(|twin| twin.clone().moved(&record.key.job, record.name.clone()));
        let videos = std::iter::once(record.clone()).chain(twins).flat_map(|record| {
            let renamed = |output: &Output| Renamed {
                from: output.path.clone(),
                to: to.name.path(output.number),
                sha256: output.sha256,
            };
            record.stage.outputs().iter().map(renamed).collect::<Vec<_>>()
        });
        let step = Step::Moved { job: to.to.clone(), name: to.name.clone(), at: Clock::System.now_in_seconds() };
        let entries = book.history(&to.key).map(|purchase| Entry::of(purchase.id, step.clone()));
        renamings.push(Renaming { entries: entries.collect(), videos: videos.collect() });
    }
    renamings
}

/// Records all of them, and renames their files.
///
/// # Errors
/// Fails if another file is in the way, or one can't be renamed.
pub(super) async fn perform(folder: &Folder, renamings: Vec<Renaming>, scribe: &Scribe) -> Result<(), Stuck> {
    let mut rest = renamings.as_slice();
    while !rest.is_empty() {
        let (batch, after) = rest.split_at(independent(rest));
        let mut files = Vec::new();
        for video in batch.iter().flat_map(|renaming| &renaming.videos) {
            files.extend(file(folder, video).map_err(|failure| Stuck { failure, midway: false })?);
        }
        let midway = |failure| Stuck { failure, midway: true };
        let entries = batch.iter().flat_map(|renaming| &renaming.entries).map(|entry| scribe.record(entry.clone()));
        futures::future::try_join_all(entries).await.map_err(|error| midway(Failure::machine(error)))?;
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
pub(super) fn finish(folder: &Folder, book: &Book) -> Result<(), Failure> {
    book.renamed().iter().try_for_each(|video| file(folder, video)?.map_or(Ok(()), File::rename))
}

/// Renames videos to the names that the lock knows.
///
/// Names that are exchanged take a detour by a name that is looked at as well: a killed command is continued by the next one.
///
/// # Errors
/// Fails if one can't be renamed.
pub(super) fn put_right(folder: &Folder, book: &Book, misplaced: Vec<Renamed>) -> Result<(), Failure> {
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
fn file<'v>(folder: &Folder, video: &'v Renamed) -> Result<Option<File<'v>>, Failure> {
    let (from, to) = match (folder.inside(&video.from), folder.inside(&video.to)) {
        (Ok(from), Ok(to)) => (from, to),
        (Err(error), _) | (_, Err(error)) => return Err(failed(video, &error)),
    };
    let is_the_video = |path: &Path| path.is_file() && Sha256::of_file(path).is_ok_and(|hash| hash == video.sha256);
    if from == to || !is_the_video(&from) {
        return Ok(None);
    }
    if to.symlink_metadata().is_ok() && !is_the_video(&to) {
        let hint =
            format!("it may be a paid video of another version of the lock: move {} away, then run again", video.to);
        return Err(failed(video, &"another file is there").hint(hint));
    }
    Ok(Some(File { video, from, to }))
}

impl File<'_> {
    fn rename(self) -> Result<(), Failure> {
        let renamed =
            durable::make_folder(durable::folder_of(&self.to)).and_then(|()| durable::rename(&self.from, &self.to));
        renamed.map_err(|error| failed(self.video, &error))
    }
}

fn failed(Renamed { from, to, .. }: &Renamed, error: &dyn std::fmt::Display) -> Failure {
    Failure::machine(format!("{from} can't become {to}: {error}"))
}
