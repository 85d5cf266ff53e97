//! Accepts content received instead of videos as these videos, with explicit consent.

use super::failure::Failure;
use crate::base::digest::Sha256;
use crate::base::durable;
use crate::base::folder::Folder;
use crate::ledger::entry::{Entry, Step};
use crate::ledger::record::{Output, Record, Stage};
use crate::ledger::{Book, Ledger};
use crate::run;
use crate::service::names::JobId;
use crate::service::output::doubtful;
use std::path::PathBuf;

/// A file that becomes a video.
struct Taken {
    output: Output,
    from: PathBuf,
    to: PathBuf,
}

/// Accepts the doubtful videos of `jobs`: their hashes are recorded before they get their names. Returns the messages
/// to print.
///
/// # Errors
/// Fails if a job has none, another file is in the way, or something can't be written.
pub(super) fn accept(ledger: Ledger, folder: &Folder, jobs: &[JobId]) -> Result<Vec<String>, Failure> {
    let (mut entries, mut all) = (Vec::new(), Vec::new());
    for job in jobs {
        let record = paid(ledger.book(), job)?;
        let taken = found(record, folder)?;
        if taken.is_empty() {
            let first = doubtful(&record.name.path(1));
            return Err(Failure::usage(format!("job {job} has no doubtful video: {first} doesn't exist"))
                .hint("`batch status` shows its state; `batch fetch` asks for its videos again"));
        }
        entries.extend(entries_of(record, &taken));
        all.extend(taken);
    }
    let service = ledger.book().service().unwrap_or_default().to_owned();
    run::record_all(ledger, &service, entries)?;
    for Taken { output, from, to } in &all {
        let unwritable = |error| Failure::machine(format!("{} can't be written: {error}", output.path));
        durable::rename(from, to).map_err(unwritable)?;
    }
    let said = |taken: &Taken| format!("{} is taken for {}", doubtful(&taken.output.path), taken.output.path);
    Ok(all.iter().map(said).collect())
}

/// Returns the paid purchase of a job: the current one, else one that was superseded.
fn paid<'b>(book: &'b Book, job: &JobId) -> Result<&'b Record, Failure> {
    let of_job = || book.records().filter(|record| record.key.job == *job);
    let is_paid = |record: &&Record| matches!(record.stage, Stage::Generated { .. } | Stage::Succeeded { .. });
    let found = of_job().filter(is_paid).min_by_key(|record| record.is_superseded());
    found.ok_or_else(|| match of_job().next() {
        None => Failure::usage(format!("the lock knows no job {job}")),
        Some(record) => Failure::usage(format!(
            "job {job} is {}: nothing of it was generated that a file could be taken for",
            record.stage.status().as_str()
        )),
    })
}

/// Returns the doubtful videos of a purchase that exist.
fn found(record: &Record, folder: &Folder) -> Result<Vec<Taken>, Failure> {
    let mut all = Vec::new();
    for number in 1.. {
        let path = record.name.path(number);
        let inside = |path: &str| folder.inside(path).map_err(|error| Failure::machine(format!("{path}: {error}")));
        let (from, to) = (inside(&doubtful(&path))?, inside(&path)?);
        if !from.is_file() {
            if number >= usize::from(record.videos) {
                break;
            }
            continue;
        }
        if to.symlink_metadata().is_ok() {
            return Err(Failure::machine(format!("{path} exists already"))
                .hint(format!("move away whichever of it and {} is not the video, then run again", doubtful(&path))));
        }
        let unreadable = |error| Failure::machine(format!("{} can't be read: {error}", doubtful(&path)));
        let sha256 = Sha256::of_file(&from).map_err(unreadable)?;
        let bytes = from.metadata().map_err(unreadable)?.len();
        all.push(Taken {
            output: Output { number, path, sha256, bytes, source: None, published: Default::default() },
            from,
            to,
        });
    }
    Ok(all)
}

/// Returns the entries that record them: the job has succeeded if no video is missing then.
fn entries_of(record: &Record, taken: &[Taken]) -> Vec<Entry> {
    let entry = |taken: &Taken| Entry::of(record.id, Step::Downloaded { output: taken.output.clone() });
    let mut entries: Vec<_> = taken.iter().map(entry).collect();
    let known = record.stage.outputs().iter().map(|output| output.number);
    let numbers: std::collections::BTreeSet<_> = known.chain(taken.iter().map(|taken| taken.output.number)).collect();
    if numbers.len() >= usize::from(record.videos) {
        entries.push(Entry::of(record.id, Step::Succeeded));
    }
    entries
}
