//! Checks whether a record's videos still exist unchanged.

use super::misplaced;
use crate::base::digest::Sha256;
use crate::base::folder::{Folder, Found};
use crate::ledger::record::{Output, Record, Stage, Status};
use crate::ledger::{Book, Renamed};
use crate::manifest::model::Job;
use jiff::Timestamp;
use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
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
    /// Its content is hashed, unless size and modification time are as set when it was fetched: the time tells its content
    /// from others of the same second.
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
    misplaced: OnceCell<Misplaced>,
    /// The state of videos that were hashed, by path and hash: none is hashed twice.
    hashed: RefCell<HashMap<(&'b str, Sha256), Videos>>,
}

/// Videos that lie under another name than the lock knows.
#[derive(Default)]
struct Misplaced {
    all: Vec<Renamed>,
    /// The place of each, by the path and hash in the lock.
    places: HashMap<(String, Sha256), usize>,
    /// The names that they have now.
    names: HashSet<String>,
}

impl<'b> Shelf<'b> {
    /// Creates it for `book` under `folder`, with the jobs whose names count as well, and the care with which misplaced videos are
    /// looked for.
    pub fn new(folder: &'b Folder, book: &'b Book, jobs: &'b [Job], care: Care) -> Shelf<'b> {
        let (misplaced, hashed) = (OnceCell::new(), RefCell::default());
        Shelf { folder, book, jobs, care, sight: Sight::Disk, misplaced, hashed }
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
        let here = |twin: &&'b Record| self.of_finished(twin) == Videos::Intact;
        self.book.history(&record.key).find(here).map_or((record, found), |twin| (twin, Videos::Intact))
    }

    /// Returns the name under which a video lies, if it is another than the lock knows.
    pub fn place_of(&self, output: &Output) -> Option<&str> {
        let Misplaced { all, places, .. } = self.misplaced();
        places.get(&(output.path.clone(), output.sha256)).map(|place| all[*place].from.as_str())
    }

    /// Returns the state of one video; `finished_at` is when its purchase was finished.
    pub fn look_at(&self, output: &'b Output, finished_at: Option<Timestamp>, care: Care) -> Videos {
        match self.under_its_name(output, finished_at, care) {
            Videos::Intact => Videos::Intact,
            _ if self.place_of(output).is_some() => Videos::Intact,
            // What has its name is another video of the lock, which gets its own.
            _ if self.misplaced().names.contains(&output.path) => Videos::Missing,
            found => found,
        }
    }

    /// Returns the renamings that bring videos under the names that the lock knows, as far as they were looked for.
    pub fn into_misplaced(self) -> Vec<Renamed> {
        self.misplaced.into_inner().unwrap_or_default().all
    }

    fn misplaced(&self) -> &Misplaced {
        self.misplaced.get_or_init(|| {
            let is_intact = |record: &Record, output: &'b Output| {
                self.under_its_name(output, record.finished_at, self.care) == Videos::Intact
            };
            let all = misplaced::find(self.folder, self.book, self.jobs, is_intact);
            let places = all.iter().enumerate().map(|(place, video)| ((video.to.clone(), video.sha256), place));
            Misplaced { places: places.collect(), names: all.iter().map(|video| video.from.clone()).collect(), all }
        })
    }

    fn under_its_name(&self, output: &'b Output, finished_at: Option<Timestamp>, care: Care) -> Videos {
        if care == Care::Quick {
            return look_at(self.folder, output, finished_at, care);
        }
        let look = || look_at(self.folder, output, finished_at, care);
        *self.hashed.borrow_mut().entry((&output.path, output.sha256)).or_insert_with(look)
    }

    /// Returns the state of a record's videos; only those of a finished one are looked for.
    fn of_finished(&self, record: &'b Record) -> Videos {
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

/// Returns the state of one video, looked for only inside `folder`; `finished_at` is when its purchase was finished.
pub fn look_at(folder: &Folder, output: &Output, finished_at: Option<Timestamp>, care: Care) -> Videos {
    let Ok((path, Found::Something(metadata))) = folder.look(&output.path) else { return Videos::Missing };
    if !metadata.is_file() || metadata.len() != output.bytes {
        return Videos::Altered;
    }
    if care == Care::Quick && finished_at.is_some_and(|at| bears(&metadata, stamp(at, &output.sha256))) {
        return Videos::Intact;
    }
    match Sha256::of_file(&path) {
        Ok(hash) if hash == output.sha256 => {
            // The next check can rely on its time.
            if let (Some(at), Ok(file)) = (finished_at, File::open(&path)) {
                stamp_file(&file, at, &output.sha256);
            }
            Videos::Intact
        }
        _ => Videos::Altered,
    }
}

/// Sets a video's modification time to when it was generated, so that an untouched file is recognized without hashing.
///
/// A file whose time can't be set is hashed at each check; nothing else depends on it.
pub fn stamp_file(file: &File, finished_at: Timestamp, sha256: &Sha256) {
    if let Err(error) = file.set_modified(SystemTime::from(stamp(finished_at, sha256))) {
        tracing::debug!(?file, %error, "the file can't be given a time");
    }
}

/// Returns the modification time of a video: the second when it was generated, and a fraction made of its content. So two
/// videos of one second and size, which took each other's names in another clone, are told apart.
fn stamp(finished_at: Timestamp, sha256: &Sha256) -> Timestamp {
    let [a, b, c, ..] = *sha256.bytes();
    let micros = i64::from(u32::from_be_bytes([0, a, b, c]) % 1_000_000);
    Timestamp::from_microsecond(finished_at.as_second() * 1_000_000 + micros).unwrap_or(finished_at)
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
        let output = Output {
            number: 1,
            path: "a.mp4".into(),
            sha256: Sha256::of(b"video"),
            bytes: 5,
            source: None,
            published: Default::default(),
        };
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        let look = |care| look_at(&folder, &output, Some(at), care);

        assert_eq!(look(Care::Quick), Videos::Missing);
        std::fs::write(&path, b"video").unwrap();
        assert_eq!(look(Care::Quick), Videos::Intact);
        assert!(bears(&path.metadata().unwrap(), stamp(at, &output.sha256)), "it was hashed, and need not be again");
        std::fs::write(&path, b"other").unwrap();
        assert_eq!(look(Care::Quick), Videos::Altered, "writing changes the time");
        stamp_file(&File::open(&path).unwrap(), at, &Sha256::of(b"other"));
        assert_eq!(look(Care::Quick), Videos::Altered, "another video of the same second has another time");
        stamp_file(&File::open(&path).unwrap(), at, &output.sha256);
        assert_eq!(look(Care::Thorough), Videos::Altered, "whatever its time says");
        std::fs::write(&path, b"videos").unwrap();
        assert_eq!(look(Care::Quick), Videos::Altered);
    }
}
