use super::*;
use crate::ledger::entry::Decision;
use crate::ledger::record::{Output, ServiceError};
use crate::service::names::{Digest, JobId, TaskId};
use crate::service::output::VideoName;
use crate::service::remote::{Address, Pin, Validator};
use jiff::Timestamp;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn header(service: &str) -> Header {
    let holder = Holder { host: "box".to_owned(), pid: 4711, started: Timestamp::UNIX_EPOCH };
    Header { journal: VERSION, holder, continues: Some(Sha256::of(b"lock")), service: service.to_owned() }
}

fn entry(number: u32) -> Entry {
    let task = TaskId::new(&format!("task-{number}")).unwrap();
    Entry::of(id(number), Step::Submitted { task, at: Timestamp::UNIX_EPOCH })
}

fn id(number: u32) -> PurchaseId {
    PurchaseId::new(Timestamp::UNIX_EPOCH, u64::from(number) << 2, None)
}

fn intent(number: u32) -> Entry {
    let step = Step::Submitting {
        job: JobId::new("a").unwrap(),
        digest: Digest(Sha256::of(&number.to_le_bytes())),
        parts: BTreeMap::from([("reference.小狗".to_owned(), "0c1d77e0".to_owned())]),
        videos: 4,
        name: VideoName::new("out/a-{n}.mp4"),
        service: "line\nbreak, \"quote\", 小狗 and \u{0}".to_owned(),
        manifest: Some("b.yaml".to_owned()),
        at: Timestamp::UNIX_EPOCH,
    };
    Entry::of(id(number), step)
}

/// Returns a journal of groups of so many entries, and the end of each group.
fn journal(groups: &[u32]) -> (Vec<u8>, Vec<usize>) {
    let (mut encoder, mut text) = Encoder::new(&header("simulate"));
    let mut ends = vec![text.len()];
    let mut next = 0;
    for &count in groups {
        let entries: Vec<Entry> = (next..next + count).map(entry).collect();
        next += count;
        text.extend(encoder.group(&entries, &Book::default()));
        ends.push(text.len());
    }
    (text, ends)
}

fn entries(text: &[u8]) -> Result<Vec<Entry>, Flaw> {
    read(text)?.entries().collect()
}

/// Returns the damaged line, if there is one.
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
fn a_purchase_that_the_journal_did_not_intend_is_told_once_as_it_was_known() {
    let mut book = Book::default();
    [intent(1), entry(1)].iter().for_each(|entry| book.apply(entry));
    let generated = Entry::of(id(1), Step::Generated { at: Timestamp::UNIX_EPOCH });
    let (mut encoder, mut text) = Encoder::new(&header("simulate"));
    text.extend(encoder.group(&[generated.clone(), intent(2)], &book));
    text.extend(encoder.group(&[Entry::of(id(1), Step::Succeeded), entry(2)], &book));
    let read = entries(&text).unwrap();
    assert!(matches!(&read[0], Entry::Purchase { step: Step::Known { .. }, .. }), "{read:?}");
    assert_eq!(read[1..], [generated.clone(), intent(2), Entry::of(id(1), Step::Succeeded), entry(2)]);
    // It means the same next to any lock.
    let mut alone = Book::default();
    self::read(&text).unwrap().replay(&mut alone).unwrap();
    [generated, Entry::of(id(1), Step::Succeeded), intent(2), entry(2)].iter().for_each(|entry| book.apply(entry));
    book.forget_service();
    assert_eq!(alone, book);
}

#[test]
fn line_ends_of_another_system_are_read() {
    let (text, ends) = journal(&[1, 3]);
    let crlf = String::from_utf8(text).unwrap().replace('\n', "\r\n").into_bytes();
    assert_eq!(entries(&crlf).unwrap(), (0..4).map(entry).collect::<Vec<_>>());
    assert_eq!(read(&crlf).unwrap().torn, None);
    assert_eq!(holder(&crlf), Some(header("simulate").holder));
    let mut damaged_one = crlf;
    damaged_one[ends[0] + 20] ^= 1;
    assert_eq!(damaged(&damaged_one), Some(2));
}

#[test]
fn every_kind_of_entry_comes_back_as_it_was() {
    let at = Timestamp::UNIX_EPOCH;
    let text = || "line\nbreak, \"quote\", 小狗 and \u{0}".to_owned();
    let fault = || ServiceError { code: "500".to_owned(), message: text() };
    let (name, sha256) = (VideoName::new("out/a-{n}.mp4"), Sha256::of(b""));
    let output = |source| Output {
        number: 2,
        path: "out/a-2.mp4".to_owned(),
        sha256,
        bytes: u64::MAX,
        source,
        published: Default::default(),
    };
    let task = TaskId::new("t").unwrap();
    let mirrored = |address, validator: Option<Validator>| {
        let (taken, former) = (validator.is_some(), validator.iter().map(|_| sha256).collect());
        Entry::Mirrored { address, pin: Pin { sha256, bytes: u64::MAX, validator, at, former }, taken }
    };
    let known = Some(task.clone());
    let steps = [
        Step::Submitted { task: task.clone(), at },
        Step::Found { task: task.clone(), at },
        Step::Refused { error: fault(), last: false, at },
        Step::Refused { error: fault(), last: true, at },
        Step::Uncertain { task: None, reason: text(), at },
        Step::Uncertain { task: known.clone(), reason: text(), at },
        Step::Generated { at },
        Step::Downloaded { output: output(None) },
        Step::Downloaded { output: output(Some(text())) },
        Step::Succeeded,
        Step::Failed { error: fault(), at },
        Step::Moved { job: JobId::new("b").unwrap(), name, at },
        Step::Resolved { task: None, verdict: Decision::Task { task }, at },
        Step::Resolved { task: known, verdict: Decision::Resubmit, at },
        Step::Resolved { task: None, verdict: Decision::Failed, at },
    ];
    let all: Vec<Entry> = [intent(0), Entry::Uploaded { sha256, url: text(), at }]
        .into_iter()
        .chain([
            mirrored(Address::of("https://images.example.com/1.png?sign=1"), Validator::new("\"1\"").ok()),
            mirrored(Address::of("https://images.example.com/1.png"), None),
        ])
        .chain(steps.map(|step| Entry::of(id(0), step)))
        .collect();
    let (mut encoder, mut journal) = Encoder::new(&header("simulate"));
    journal.extend(encoder.group(&all, &Book::default()));
    assert_eq!(entries(&journal).unwrap(), all);
}

#[test]
fn a_line_can_be_searched_for() {
    let (text, _) = journal(&[2]);
    let text = String::from_utf8(text).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains(r#" {"journal":2,"host":"box","pid":4711,"started":"1970-01-01T00:00:00Z","#), "{text}");
    assert!(
        lines[2].contains(r#" 1 0 {"id":"00000000-0000-7000-8000-000000000001","entry":"submitted","task":"task-1","#),
        "{text}"
    );
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
    // The group's first line never reached the disk, its second did: pages are written in any order.
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
    let (mut encoder, _) = Encoder::new(&header("elsewhere"));
    let _ = encoder.group(&[entry(0)], &Book::default());
    let stale = [&text[..ends[1]], &encoder.group(&[entry(7)], &Book::default())].concat();
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
    header.journal = 3;
    let (_, text) = Encoder::new(&header);
    assert_eq!(read(&text).unwrap_err(), Flaw::Newer(3));
    let (mut encoder, mut text) = Encoder::new(&self::header("simulate"));
    let line = String::from_utf8(encoder.group(&[entry(0)], &Book::default())).unwrap();
    // A sound line with an entry of a future version.
    let unknown = line[9..].trim_end().replace("submitted", "teleported");
    text.extend(format!("{:08x} {unknown}\n", checksum(encoder.seed, unknown.as_bytes())).into_bytes());
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
