//! Checks whether a record's videos still exist unchanged.

use crate::base::digest::Sha256;
use crate::base::folder::Folder;
use crate::ledger::Book;
use crate::ledger::record::{Output, Record, Stage, Status};
use jiff::Timestamp;
use std::fs::{File, Metadata};
use std::time::SystemTime;

/// The state of a record's videos on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Videos {
    /// All exist as they were fetched.
    Intact,
    /// At least one is gone.
    Missing,
    /// At least one has other content.
    Altered,
}

/// The care with which a video is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// Its content is hashed, unless size and modification time are as set when it was fetched.
    Quick,
    /// Its content is hashed.
    Thorough,
}

/// What tells whether videos that were fetched are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sight {
    /// The files.
    #[default]
    Disk,
    /// The lock alone, for where the videos aren't: those that it has are taken to be intact.
    Lock,
}

/// Returns the state of the videos of `record` under `folder`.
pub fn look(folder: &Folder, record: &Record, care: Care) -> Videos {
    let mut found = Videos::Intact;
    for output in record.stage.outputs() {
        match look_at(folder, output, record.finished_at, care) {
            Videos::Altered => return Videos::Altered,
            Videos::Missing => found = Videos::Missing,
            Videos::Intact => {}
        }
    }
    found
}

/// Returns the state of the videos of `record` under `folder`; only those of a finished one are looked for.
pub fn of_finished(folder: &Folder, record: &Record) -> Videos {
    match record.stage {
        Stage::Succeeded { .. } => look(folder, record, Care::Quick),
        _ => Videos::Missing,
    }
}

/// Returns the record whose videos exist, and their state: if a job was bought twice, either purchase will do.
pub fn of_paid<'b>(sight: Sight, folder: &Folder, book: &'b Book, record: &'b Record) -> (&'b Record, Videos) {
    if sight == Sight::Lock {
        return (record, Videos::Intact);
    }
    let found = of_finished(folder, record);
    if found == Videos::Intact || record.stage.status() != Status::Succeeded {
        return (record, found);
    }
    let here = |twin: &&Record| of_finished(folder, twin) == Videos::Intact;
    book.history(&record.key).find(here).map_or((record, found), |twin| (twin, Videos::Intact))
}

/// Returns the state of one video, looked for only inside `folder`; `stamp` is the modification time that its file was
/// given.
pub fn look_at(folder: &Folder, output: &Output, stamp: Option<Timestamp>, care: Care) -> Videos {
    let Ok(path) = folder.inside(&output.path) else { return Videos::Missing };
    let Ok(metadata) = path.symlink_metadata() else { return Videos::Missing };
    if !metadata.is_file() || metadata.len() != output.bytes {
        return Videos::Altered;
    }
    if care == Care::Quick && stamp.is_some_and(|stamp| bears(&metadata, stamp)) {
        return Videos::Intact;
    }
    match Sha256::of_file(&path) {
        Ok(hash) if hash == output.sha256 => {
            // The next check can rely on its time.
            if let (Some(stamp), Ok(file)) = (stamp, File::open(&path)) {
                stamp_file(&file, stamp);
            }
            Videos::Intact
        }
        _ => Videos::Altered,
    }
}

/// Sets a video's modification time to when it was generated, so that an untouched file is recognized without hashing.
///
/// A file whose time can't be set is hashed at each check; nothing else depends on it.
pub fn stamp_file(file: &File, stamp: Timestamp) {
    if let Err(error) = file.set_modified(SystemTime::from(stamp)) {
        tracing::debug!(?file, %error, "the file can't be given a time");
    }
}

fn bears(metadata: &Metadata, stamp: Timestamp) -> bool {
    metadata.modified().is_ok_and(|time| time == SystemTime::from(stamp))
}

/// Returns whether a finished record has fewer videos than were ordered.
pub fn is_short(record: &Record) -> bool {
    matches!(record.stage, Stage::Succeeded { .. }) && record.stage.outputs().len() < usize::from(record.videos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_video_is_intact_missing_or_altered() {
        let temp = tempfile::tempdir().unwrap();
        let folder = Folder::open(temp.path()).unwrap();
        let path = folder.join("a.mp4");
        let output = Output { number: 1, path: "a.mp4".into(), sha256: Sha256::of(b"video"), bytes: 5, source: None };
        let stamp = Timestamp::from_second(1_700_000_000).unwrap();
        let look = |care| look_at(&folder, &output, Some(stamp), care);

        assert_eq!(look(Care::Quick), Videos::Missing);
        std::fs::write(&path, b"video").unwrap();
        assert_eq!(look(Care::Quick), Videos::Intact);
        assert!(bears(&path.metadata().unwrap(), stamp), "it was hashed, and need not be again");
        std::fs::write(&path, b"other").unwrap();
        assert_eq!(look(Care::Quick), Videos::Altered, "writing changes the time");
        stamp_file(&File::open(&path).unwrap(), stamp);
        assert_eq!(look(Care::Thorough), Videos::Altered, "whatever its time says");
        std::fs::write(&path, b"videos").unwrap();
        assert_eq!(look(Care::Quick), Videos::Altered);
    }
}
