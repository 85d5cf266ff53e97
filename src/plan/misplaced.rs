//! Finds videos that lie under a name which by the lock is another video's: after a pull, the lock may know that they were renamed
//! elsewhere, while here they weren't.

use crate::base::digest::Sha256;
use crate::base::folder::Folder;
use crate::ledger::record::{Output, Record};
use crate::ledger::{Book, Renamed};
use crate::manifest::model::Job;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

/// Returns the renamings that bring known videos under the names that the lock knows, each either free, given up by another of them, or that of
/// the very same content.
///
/// `is_intact` returns whether a video is unchanged under its own name. Only names that `batch` itself gives are looked at, those of `jobs` among them: a copy under a name of its own stays what it is.
pub(super) fn find<'b>(
    folder: &Folder,
    book: &'b Book,
    jobs: &[Job],
    is_intact: impl Fn(&'b Record, &'b Output) -> bool,
) -> Vec<Renamed> {
    let purchases = || book.records().flat_map(|record| book.history(&record.key));
    let mut intact: HashSet<PathBuf> = HashSet::new();
    let mut lacking: Vec<(&Record, &Output)> = Vec::new();
    let mut known: HashMap<Sha256, Vec<&Output>> = HashMap::new();
    let mut sizes: HashSet<u64> = HashSet::new();
    for record in purchases() {
        for output in record.stage.outputs() {
            let Ok(path) = folder.inside(&output.path) else { continue };
            known.entry(output.sha256).or_default().push(output);
            sizes.insert(output.bytes);
            if is_intact(record, output) {
                intact.insert(path);
            } else {
                lacking.push((record, output));
            }
        }
    }
    if lacking.is_empty() {
        return Vec::new();
    }
    let mut places: BTreeSet<String> = BTreeSet::new();
    for record in purchases() {
        places.extend(record.stage.outputs().iter().map(|output| output.path.clone()));
        places.extend((1..=usize::from(record.videos)).map(|number| record.name.path(number)));
    }
    for job in jobs {
        places.extend((1..=usize::from(job.generation.number_of_videos)).map(|number| job.name.path(number)));
    }
    let wanted: HashSet<(&str, Sha256)> =
        lacking.iter().map(|(_, output)| (output.path.as_str(), output.sha256)).collect();
    places.extend(lacking.iter().map(|(record, output)| detour(record, output)));
    let mut found = Vec::new();
    let mut given: HashMap<String, Sha256> = HashMap::new();
    for place in places {
        let Some(sha256) = content(folder, &place, &sizes, &intact) else { continue };
        let of_content = known.get(&sha256).map_or(&[][..], Vec::as_slice);
        let is_wanted = |output: &&&Output| wanted.contains(&(output.path.as_str(), sha256));
        let is_free = |output: &&&Output| output.path != place && !given.contains_key(&output.path);
        let to = of_content.iter().filter(is_wanted).find(is_free);
        // It lies under its name as well: this one is a copy of it that is in the way.
        let to = to.or_else(|| of_content.iter().filter(|output| !is_wanted(output)).find(is_free));
        if let Some(to) = to {
            given.insert(to.path.clone(), sha256);
            found.push(Renamed { from: place, to: to.path.clone(), sha256 });
        }
    }
    possible(folder, found)
}

/// Returns the name under which a video may lie for a while, so that others can change theirs.
pub fn detour(record: &Record, output: &Output) -> String {
    record.name.superseded(&record.key.digest).path(output.number)
}

/// Returns the hash of the file under a name, if it may be a known video and isn't where it belongs.
fn content(folder: &Folder, place: &str, sizes: &HashSet<u64>, intact: &HashSet<PathBuf>) -> Option<Sha256> {
    let is_file = |found: &std::fs::Metadata| found.is_file() && sizes.contains(&found.len());
    folder.join(place).symlink_metadata().ok().filter(is_file)?;
    let path = folder.inside(place).ok().filter(|path| !intact.contains(path))?;
    Sha256::of_file(&path).ok()
}

/// Returns those whose new name is free, or becomes so, or has the same content.
fn possible(folder: &Folder, mut found: Vec<Renamed>) -> Vec<Renamed> {
    loop {
        let left: HashSet<&str> = found.iter().map(|video| video.from.as_str()).collect();
        let is_possible = |video: &Renamed| {
            let Ok(to) = folder.inside(&video.to) else { return false };
            left.contains(video.to.as_str())
                || to.symlink_metadata().is_err()
                || to.is_file() && Sha256::of_file(&to).is_ok_and(|hash| hash == video.sha256)
        };
        let remaining: Vec<Renamed> = found.iter().filter(|video| is_possible(video)).cloned().collect();
        if remaining.len() == found.len() {
            return found;
        }
        found = remaining;
    }
}
