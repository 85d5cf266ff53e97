use super::*;
use crate::ledger::entry::{Verdict, Which};
use crate::ledger::record::{Fault, Key, Output, Place};
use crate::spec::elsewhere::{Address, Pin, Validator};
use crate::spec::names::{Digest, JobId, TaskId};
use crate::spec::output::VideoName;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn header(service: &str) -> Header {
    let holder = Holder { host: "box".to_owned(), pid: 4711, started: Timestamp::UNIX_EPOCH };
    Header { journal: VERSION, holder, continues: Some(Sha256::of(b"lock")), service: service.to_owned() }
}

fn entry(number: u32) -> Entry {
    let key = Key { job: JobId::new("a").unwrap(), digest: Digest(Sha256::of(&number.to_le_bytes())) };
    let task = TaskId::new(&format!("task-{number}")).unwrap();
    Entry::Submitted { key, attempt: 1, which: None, task, at: Timestamp::UNIX_EPOCH }
}

/// A journal of groups of so many entries, and where each group ends.
fn journal(groups: &[u32]) -> (Vec<u8>, Vec<usize>) {
    let (mut pen, mut text) = Pen::new(&header("simulate"));
    let mut ends = vec![text.len()];
    let mut next = 0;
    for &count in groups {
        let entries: Vec<Entry> = (next..next + count).map(entry).collect();
        next += count;
        text.extend(pen.group(&entries));
        ends.push(text.len());
    }
    (text, ends)
}

fn entries(text: &[u8]) -> Result<Vec<Entry>, Flaw> {
    read(text)?.entries().collect()
}

/// The lines that are damaged, where any is.
fn damaged(text: &[u8]) -> Option<usize> {
    match entries(text) {
        Err(Flaw::Damaged { line, .. }) => Some(line),
        Err(Flaw::Newer(version)) => panic!("version {version}"),
        Ok(_) => None,
    }
}

#[test]
fn what_is_written_is_read() {
    let (text, _) = journal(&[1, 3, 2]);
    let contents = read(&text).unwrap();
    assert_eq!((contents.header.as_ref(), contents.torn), (Some(&header("simulate")), None));
    let read: Vec<Entry> = contents.entries().map(Result::unwrap).collect();
    assert_eq!(read, (0..6).map(entry).collect::<Vec<_>>());
    assert_eq!(holder(&text), Some(header("simulate").holder));
}

#[test]
fn which_purchase_an_entry_is_about_is_written_once() {
    let at = Timestamp::from_microsecond(1_000_001).unwrap();
    let (key, attempt) = (entry(0).key().unwrap().clone(), 1);
    let (task, other) = (TaskId::new("new").unwrap(), TaskId::new("before").unwrap());
    let (asked, of_task) = (Some(Which::Asked(at)), Some(Which::Task(task.clone())));
    let (parts, name, service) = (BTreeMap::new(), VideoName::new("a-{n}.mp4"), "simulate".to_owned());
    let of_another = Some(Which::Task(other));
    let told = [
        Entry::Generated { key: key.clone(), attempt, which: of_another.clone(), at },
        Entry::Submitting { key: key.clone(), attempt, parts, videos: 1, name, service, at },
        Entry::Submitted { key: key.clone(), attempt, which: asked, task, at },
        Entry::Generated { key: key.clone(), attempt, which: of_task.clone(), at },
        Entry::Succeeded { key: key.clone(), attempt, which: of_another },
        Entry::Succeeded { key, attempt, which: of_task },
    ];
    let (mut pen, mut text) = Pen::new(&header("simulate"));
    told.chunks(2).for_each(|group| text.extend(pen.group(group)));
    let written = String::from_utf8(text.clone()).unwrap();
    assert_eq!((written.matches("\"new\"").count(), written.matches("\"before\"").count()), (1, 2), "{written}");
    let mut memory = Memory::default();
    let read: Vec<Entry> = entries(&text).unwrap().into_iter().map(|entry| memory.complete(entry)).collect();
    assert_eq!(read, told);
}

#[test]
fn every_kind_of_entry_comes_back_as_it_was() {
    let (key, attempt, at) = (entry(0).key().unwrap().clone(), 7, Timestamp::UNIX_EPOCH);
    let text = || "line\nbreak, \"quote\", 小狗 and \u{0}".to_owned();
    let fault = || Fault { code: "500".to_owned(), message: text() };
    let (name, sha256) = (VideoName::new("out/a-{n}.mp4"), Sha256::of(b""));
    let output = |source| Output { number: 2, path: "out/a-2.mp4".to_owned(), sha256, bytes: u64::MAX, source };
    let task = TaskId::new("t").unwrap();
    let resolved = |verdict| Entry::Resolved { key: key.clone(), attempt, which: None, verdict, at };
    let mirrored = |address, validator: Option<Validator>| {
        let (taken, former) = (validator.is_some(), validator.iter().map(|_| sha256).collect());
        Entry::Mirrored { address, pin: Pin { sha256, bytes: u64::MAX, validator, at, former }, taken }
    };
    let parts = BTreeMap::from([("reference.小狗".to_owned(), "0c1d77e0".to_owned())]);
    let (to, place) = (JobId::new("b").unwrap(), Place::Superseded);
    let all = [
        Entry::Submitting { key: key.clone(), attempt, parts, videos: 4, name: name.clone(), service: text(), at },
        Entry::Submitted { key: key.clone(), attempt, which: None, task: task.clone(), at },
        Entry::Refused { key: key.clone(), attempt, which: None, error: fault(), last: false, at },
        Entry::Refused { key: key.clone(), attempt, which: None, error: fault(), last: true, at },
        Entry::Uncertain { key: key.clone(), attempt, which: None, reason: text(), at },
        Entry::Generated { key: key.clone(), attempt, which: None, at },
        Entry::Downloaded { key: key.clone(), attempt, which: None, output: output(None) },
        Entry::Downloaded { key: key.clone(), attempt, which: None, output: output(Some(text())) },
        Entry::Succeeded { key: key.clone(), attempt, which: None },
        Entry::Failed { key: key.clone(), attempt, which: None, error: fault(), at },
        Entry::Uploaded { sha256, url: text(), at },
        mirrored(Address::of("https://images.example.com/1.png?sign=1"), Validator::new("\"1\"").ok()),
        mirrored(Address::of("https://images.example.com/1.png"), None),
        Entry::Moved { key: key.clone(), attempt, which: None, to, place, name },
        Entry::Dropped { key: key.clone(), attempt, which: None },
        resolved(Verdict::Task { task }),
        resolved(Verdict::Resubmit),
        resolved(Verdict::Failed),
    ];
    let (mut pen, mut journal) = Pen::new(&header("simulate"));
    journal.extend(pen.group(&all));
    assert_eq!(entries(&journal).unwrap(), all);
}

#[test]
fn a_line_can_be_searched_for() {
    let (text, _) = journal(&[2]);
    let text = String::from_utf8(text).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains(r#" {"journal":1,"host":"box","pid":4711,"started":"1970-01-01T00:00:00Z","#), "{text}");
    assert!(lines[2].contains(r#" 1 0 {"entry":"submitted","job":"a","#), "{text}");
}

#[test]
fn cut_anywhere_it_keeps_all_groups_that_are_whole() {
    let (text, ends) = journal(&[1, 3, 2]);
    let of_groups = [0, 1, 4, 6];
    for cut in 0..=text.len() {
        let read = entries(&text[..cut]).unwrap_or_else(|flaw| panic!("cut at {cut}: {flaw:?}"));
        let whole = ends.iter().filter(|end| **end <= cut).count();
        let synced = whole.checked_sub(1).map_or(0, |groups| of_groups[groups]);
        assert!(read.len() >= synced, "cut at {cut}");
        assert_eq!(read, (0..read.len() as u32).map(entry).collect::<Vec<_>>());
    }
}

#[test]
fn a_changed_byte_before_the_last_group_is_an_error_that_names_the_line() {
    let (text, ends) = journal(&[1, 3, 2]);
    for at in 0..text.len() {
        let mut text = text.clone();
        text[at] ^= 0x20;
        let line = 1 + text[..at].iter().filter(|b| **b == b'\n').count();
        let expected = (at < ends[2]).then_some(line);
        assert_eq!(damaged(&text), expected, "byte {at}");
    }
}

#[test]
fn a_torn_last_group_keeps_what_is_readable_of_it_whatever_came_first_to_the_disk() {
    let (text, ends) = journal(&[2, 3]);
    let line_ends: Vec<usize> = (ends[1]..ends[2]).filter(|at| text[*at] == b'\n').collect();
    // The group's first line never came to the disk, its second did: pages are written in any order.
    let mut zeros = text.clone();
    zeros[ends[1]..line_ends[0] + 5].fill(0);
    assert_eq!(entries(&zeros).unwrap(), [entry(0), entry(1), entry(4)]);
    let mut hole = text.clone();
    hole[line_ends[0] + 1..=line_ends[1]].fill(0);
    assert_eq!(entries(&hole).unwrap().len(), 3, "a hole takes the line behind it along");
    assert_eq!(read(&hole).unwrap().torn, Some(5));
    // The file was made longer, but nothing was written yet.
    let mut longer = text[..ends[1]].to_vec();
    longer.extend([0; 4096]);
    assert_eq!(entries(&longer).unwrap(), [entry(0), entry(1)]);
    // The same hole in a group that another follows is damage.
    let (text, _) = journal(&[2, 3, 1]);
    let mut hole = text;
    hole[line_ends[0] + 1..=line_ends[1]].fill(0);
    assert_eq!(damaged(&hole), Some(5));
}

#[test]
fn a_missing_or_repeated_line_is_damage() {
    let (text, ends) = journal(&[1, 1, 1, 1]);
    let without = [&text[..ends[1]], &text[ends[2]..]].concat();
    assert_eq!(damaged(&without), Some(3));
    let twice = [&text[..ends[2]], &text[ends[1]..]].concat();
    assert_eq!(damaged(&twice), Some(4));
    let swapped = [&text[..ends[1]], &text[ends[2]..ends[3]], &text[ends[1]..ends[2]], &text[ends[3]..]].concat();
    assert_eq!(damaged(&swapped), Some(3));
}

#[test]
fn a_line_of_another_journal_is_none_of_this_one() {
    let (text, ends) = journal(&[1]);
    let (mut pen, _) = Pen::new(&header("elsewhere"));
    let _ = pen.group(&[entry(0)]);
    let stale = [&text[..ends[1]], &pen.group(&[entry(7)])].concat();
    assert_eq!(entries(&stale).unwrap(), [entry(0)]);
    assert_eq!(read(&stale).unwrap().torn, Some(3));
}

#[test]
fn a_header_that_was_never_synced_is_nothing_and_a_damaged_one_is_an_error() {
    let (text, ends) = journal(&[1]);
    assert!(read(&text[..ends[0] - 2]).unwrap().header.is_none());
    assert!(read(&[0; 512]).unwrap().header.is_none());
    assert!(read(b"").unwrap().torn.is_none());
    assert_eq!(damaged(&text[1..]), Some(1));
    assert_eq!(damaged(&text[ends[0]..]), Some(1), "the header is missing");
}

#[test]
fn a_newer_journal_is_called_newer() {
    let mut header = header("simulate");
    header.journal = 2;
    let (_, text) = Pen::new(&header);
    assert_eq!(read(&text).unwrap_err(), Flaw::Newer(2));
    let (mut pen, mut text) = Pen::new(&self::header("simulate"));
    let line = String::from_utf8(pen.group(&[entry(0)])).unwrap();
    // A sound line with an entry of a version to come.
    let unknown = line[9..].trim_end().replace("submitted", "teleported");
    text.extend(format!("{:08x} {unknown}\n", checksum(pen.seed, unknown.as_bytes())).into_bytes());
    assert_eq!(damaged(&text), Some(2));
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(
        groups in prop::collection::vec(1..4u32, 0..4),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        tail in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let (mut text, _) = journal(&groups);
        for (at, byte) in edits {
            let at = at.index(text.len());
            text[at] = byte;
        }
        text.extend(tail);
        let _ = entries(&text);
        let _ = holder(&text);
    }
}
