//! Every prefix of a journal: the files of a moment, made anew, and the run that follows.
//!
//! A real run is killed just before it removes its journal, which then has all that was ever written. Of it and of the videos,
//! the state of each moment is made: a prefix of the journal, and the videos that were there by then. An intent without an answer counts as
//! charged: that it was not is the same to the program, and can only be better for the books.

use super::record::Journal;
use super::scenario::Scenario;
use crate::support::lanes;
use batch::ledger::{self, Paths};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// How many runs are recorded; each has a service of its own, at whose address its journal is valid.
const RUNS: usize = 16;

/// A run of which everything is known.
struct Recording {
    scenario: Scenario,
    journal: Vec<u8>,
    videos: BTreeMap<String, Vec<u8>>,
}

impl Recording {
    fn new() -> Recording {
        let scenario = Scenario::of_all_kinds();
        scenario.killed_at("journal.remove", 1);
        let journal = fs::read(scenario.project.path("jobs.lock.journal")).unwrap();
        let content = |path: String| (path.clone(), fs::read(scenario.project.path(&path)).unwrap());
        let videos = scenario.project.files("out").into_iter().map(content).collect();
        Recording { scenario, journal, videos }
    }

    /// The lengths of the journal after each of its lines, the first among them.
    fn ends_of_lines(&self) -> Vec<usize> {
        (1..=self.journal.len()).filter(|length| self.journal[length - 1] == b'\n').collect()
    }

    /// Makes the files what they were when the journal had `length` bytes. With `named`, a video whose hash is on record has its name;
    /// without, a kill came between.
    fn rewind(&self, length: usize, named: bool) -> Journal {
        let project = &self.scenario.project;
        let _ = fs::remove_file(project.path("jobs.lock"));
        let _ = fs::remove_dir_all(project.path("out"));
        let journal = Journal::read(&self.journal[..length]);
        project.write("jobs.lock.journal", &self.journal[..length]);
        let last = journal.entries.len().wrapping_sub(1);
        for (index, entry) in journal.entries.iter().enumerate().filter(|(_, entry)| entry["entry"] == "downloaded") {
            if named || index != last {
                let path = entry["output"]["path"].as_str().unwrap();
                project.write(path, &self.videos[path]);
            }
        }
        journal
    }

    /// Lets the run that was cut off at `length` bytes be followed by another, and checks what the two paid for.
    fn follow(&self, length: usize, named: bool) -> Followed {
        let context = format!("cut at byte {length} of {}, named: {named}", self.journal.len());
        let journal = self.rewind(length, named);
        let (asked, answered, open) = (journal.jobs("submitting"), journal.jobs("submitted"), journal.open());
        let before = self.scenario.charges();
        let ended = self.scenario.run().run();
        assert_eq!(ended.code(), 3, "{context}: {ended:?}");
        let after = self.scenario.charges();
        let lock = self.scenario.lock();
        for (id, end) in &self.scenario.jobs {
            let charged_now = after[id] - before[id];
            // A submit that was out may have been charged, and one that was answered was.
            let charged_then = u64::from(answered.contains(id) || open.contains(id));
            let lost = journal.jobs("uncertain").contains(id);
            assert!(charged_then + charged_now + u64::from(lost) <= 1, "{context}: {id} is paid for twice");
            let uncertain = open.contains(id) || *end == "uncertain";
            let expected = if uncertain { "uncertain" } else { end };
            assert_eq!(lock.jobs[id].status, expected, "{context}: {id}, of {asked:?}");
            if !uncertain && *end != "refused" {
                assert_eq!(charged_then + charged_now, 1, "{context}: {id}");
            }
            if let Some(entry) = journal.entries.iter().find(|e| e["entry"] == "submitted" && e["job"] == **id) {
                assert_eq!(lock.jobs[id].task.as_deref(), entry["task"].as_str(), "{context}: {id} lost its task");
            }
        }
        self.scenario.check_files(&lock, &context);
        Followed { open: open.len(), charges: after.values().sum::<u64>() - before.values().sum::<u64>() }
    }
}

struct Followed {
    open: usize,
    charges: u64,
}

#[test]
fn a_run_that_is_cut_off_after_any_line_is_finished_by_the_next() {
    let cut = |part| {
        let recording = Recording::new();
        let ends = recording.ends_of_lines();
        let mut cuts: Vec<(usize, bool)> = ends.iter().map(|end| (*end, true)).collect();
        let downloaded = |end: &&usize| Journal::read(&recording.journal[..**end]).ends_with("downloaded");
        cuts.extend(ends.iter().filter(downloaded).map(|end| (*end, false)));
        // Within the last lines, and within the first: torn ends.
        let [start, end] = [ends[ends.len() - 2], ends[ends.len() - 1]];
        let step = if super::long() { 1 } else { 31 };
        cuts.extend((start + 1..end).step_by(step).map(|length| (length, true)));
        cuts.extend([(0, true), (1, true), (ends[0] - 1, true)]);
        let all = cuts.len();
        // Each recording takes its share; they differ, as any two runs do, but by no more than their order.
        let mine = cuts.into_iter().skip(part).step_by(RUNS);
        let followed: Vec<Followed> = mine.map(|(length, named)| recording.follow(length, named)).collect();
        (all, followed)
    };
    let parts = lanes::each((0..RUNS).collect(), cut);
    let followed: Vec<&Followed> = parts.iter().flat_map(|(_, followed)| followed).collect();
    let open: usize = followed.iter().map(|followed| followed.open).sum();
    let charges: u64 = followed.iter().map(|followed| followed.charges).sum();
    println!(
        "{} prefixes of the journals of {RUNS} runs of 6 jobs, each finished by another run: {charges} charges more, none twice; {open} submits uncertain",
        followed.len()
    );
    let planned: usize = parts.iter().map(|(all, _)| all).sum::<usize>() / RUNS;
    assert!(followed.len() >= planned - RUNS, "{} of {planned} cuts", followed.len());
}

/// What the ledger reads, byte by byte: at each length the whole lines count, and nothing but what was in them.
#[test]
fn a_journal_that_is_cut_off_at_any_byte_says_what_its_whole_lines_say() {
    let recording = Recording::new();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| Paths::of(&folder.path().join(name));
    let read = |paths: &Paths, length: usize| {
        ledger::read(paths).unwrap_or_else(|error| panic!("cut at byte {length}: {error}")).book
    };
    let (cut, whole) = (at("cut.lock"), at("whole.lock"));
    fs::write(&cut.journal, &recording.journal).unwrap();
    let journal = fs::File::options().write(true).open(&cut.journal).unwrap();
    let ends: BTreeSet<usize> = recording.ends_of_lines().into_iter().collect();
    for (start, end) in ends.iter().copied().zip(ends.iter().copied().skip(1)).rev() {
        fs::write(&whole.journal, &recording.journal[..start]).unwrap();
        let before = read(&whole, start);
        fs::write(&whole.journal, &recording.journal[..end]).unwrap();
        let after = read(&whole, end);
        for length in (start..=end).rev() {
            journal.set_len(length as u64).unwrap();
            // A line that lost only its end is whole.
            let expected = if length + 1 >= end { &after } else { &before };
            assert_eq!(&read(&cut, length), expected, "cut at byte {length}");
        }
    }
    for length in 0..=*ends.first().unwrap() {
        journal.set_len(length as u64).unwrap();
        assert!(read(&cut, length).is_empty(), "cut at byte {length}");
    }
    println!("{} lengths of a journal read: each says what its whole lines say", recording.journal.len());
}
