//! Checks whether a record's videos still exist unchanged.

use super::misplaced;
use crate::base::digest::Sha256;
use crate::base::folder::Folder;
use crate::ledger::record::{Output, Record, Stage, Status};
use crate::ledger::{Book, Renamed};
use crate::manifest::model::Job;
use jiff::Timestamp;
use std::cell::OnceCell;
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

/// The account that tells whether fetched videos exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sight {
    /// The files.
    #[default]
    Disk,
    /// The lock alone, for where the videos aren't: those that it has are taken to be intact.
    Lock,
}

/// The videos of a book on disk. What lies under another name than the lock knows counts as here: a run renames it.
pub struct Shelf<'b> {
    folder: &'b Folder,
    book: &'b Book,
    jobs: &'b [Job],
    care: Care,
    sight: Sight,
    /// Looked for when the first video isn't under its name.
    misplaced: OnceCell<Vec<Renamed>>,
}

impl<'b> Shelf<'b> {
    /// Creates it for `book` under `folder`, with the jobs whose names count as well, and the care with which misplaced videos are
    /// looked for.
    pub fn new(folder: &'b Folder, book: &'b Book, jobs: &'b [Job], care: Care) -> Shelf<'b> {
        Shelf { folder, book, jobs, care, sight: Sight::Disk, misplaced: OnceCell::new() }
    }

    /// Uses `sight` to tell whether videos exist.
    pub fn by(self, sight: Sight) -> Shelf<'b> {
        Shelf { sight, ..self }
    }

    /// Returns the record whose videos exist, and their state: if a job was bought twice, either purchase will do.
    pub fn of_paid(&self, record: &'b Record) -> (&'b Record, Videos) {
        if self.sight == Sight::Lock {
            return (record, Videos::Intact);
        }
        let found = self.of_finished(record);
        if found == Videos::Intact || record.stage.status() != Status::Succeeded {
            return (record, found);
        }
        let here = |twin: &&Record| self.of_finished(twin) == Videos::Intact;
        self.book.history(&record.key).find(here).map_or((record, found), |twin| (twin, Videos::Intact))
    }

    /// Returns the name under which a video lies, if it is another than the lock knows.
    pub fn place_of(&self, output: &Output) -> Option<&str> {
        let is_it = |video: &&Renamed| video.to == output.path && video.sha256 == output.sha256;
        self.misplaced().iter().find(is_it).map(|video| video.from.as_str())
    }

    /// Returns the state of one video; `stamp` is the modification time that its file was given.
    pub fn look_at(&self, output: &Output, stamp: Option<Timestamp>, care: Care) -> Videos {
        match look_at(self.folder, output, stamp, care) {
            Videos::Intact => Videos::Intact,
            _ if self.place_of(output).is_some() => Videos::Intact,
            // What has its name is another video of the lock, which gets its own.
            _ if self.misplaced().iter().any(|video| video.from == output.path) => Videos::Missing,
            found => found,
        }
    }

    /// Returns the renamings that bring videos under the names that the lock knows, as far as they were looked for.
    pub fn into_misplaced(self) -> Vec<Renamed> {
        self.misplaced.into_inner().unwrap_or_default()
    }

    fn misplaced(&self) -> &[Renamed] {
        self.misplaced.get_or_init(|| misplaced::find(self.folder, self.book, self.jobs, self.care))
    }

    /// Returns the state of a record's videos; only those of a finished one are looked for.
    fn of_finished(&self, record: &Record) -> Videos {
        let Stage::Succeeded { outputs, .. } = &record.stage else { return Videos::Missing };
        let mut found = Videos::Intact;
        for output in outputs {
            match self.look_at(output, record.finished_at, Care::Quick) {
                Videos::Altered => return Videos::Altered,
                Videos::Missing => found = Videos::Missing,
                Videos::Intact => {}
            }
        }
        found
    }
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
