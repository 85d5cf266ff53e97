//! Locks and journals: refused or read, the same each time, and written back without a loss.

use batch::ledger::entry::{Entry, Step};
use batch::ledger::{self, Book, Holder, LedgerError, Paths};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fs;
use tempfile::TempDir;

/// A folder with nothing in it but what a target puts there; in memory where `TMPDIR` is.
struct Place {
    _folder: TempDir,
    paths: Paths,
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().expect("a folder can be made");
        Place { paths: Paths::of(&folder.path().join("jobs.lock")), _folder: folder }
    }

    fn with_journal(&self, text: &[u8]) -> Result<Book, LedgerError> {
        fs::write(&self.paths.journal, text).expect("a file can be written");
        self.read()
    }

    fn lock(&self) -> Option<Vec<u8>> {
        fs::read(&self.paths.lock).ok()
    }

    /// Reads twice: the same both times.
    fn read(&self) -> Result<Book, LedgerError> {
        let (first, second) = (ledger::read(&self.paths), ledger::read(&self.paths));
        match (&first, &second) {
            (Ok(first), Ok(second)) => assert!(first.book == second.book, "the same files, the same state"),
            (Err(first), Err(second)) => assert_eq!(first.to_string(), second.to_string()),
            (first, second) => panic!("the same files, but once {first:?} and once {second:?}"),
        }
        first.map(|snapshot| snapshot.book)
    }

    /// Opens and closes the ledger, so that the lock is written where it is due; on another service if one is given.
    fn close(&self, service: Option<&str>) -> Book {
        let holder = Holder { host: "fuzz".to_owned(), pid: 1, started: Timestamp::UNIX_EPOCH };
        let mut ledger = ledger::open(&self.paths, holder).expect("what was read can be opened");
        if let Some(service) = service {
            ledger.move_service(service).expect("the lock can be written");
        }
        let book = ledger.close_unchanged().expect("the lock can be written");
        assert!(!self.paths.journal.exists(), "a journal that was taken in is gone");
        book
    }
}

/// Reads the lock in `bytes`; one that is sound is written back without a loss.
pub fn read_lock(bytes: &[u8]) {
    let place = Place::new();
    fs::write(&place.paths.lock, bytes).expect("a file can be written");
    let outcome = place.read();
    assert_eq!(place.lock().as_deref(), Some(bytes), "reading writes nothing");
    let Ok(book) = outcome else { return };
    let service = book.service().unwrap_or("simulate").to_owned();
    place.close(None);
    assert_eq!(place.lock().as_deref(), Some(bytes), "a lock that nothing was done to stays as it is");
    // Another service and back: the lock is written anew, twice.
    place.close(Some(&format!("{service}/moved")));
    place.close(Some(&service));
    let mut expected = book;
    expected.set_service(&service);
    let canonical = place.lock();
    assert!(place.read().expect("what was written can be read") == expected, "written back without a loss");
    place.close(Some(&format!("{service}/moved")));
    place.close(Some(&service));
    assert!(place.lock() == canonical, "same state, same bytes");
}

/// Reads the journal in `bytes` as it is, and sealed: its lines with the checksums and numbers that make them a journal.
pub fn read_journal(bytes: &[u8]) {
    let place = Place::new();
    let _ = place.with_journal(bytes);
    let sealed = seal(bytes);
    let Ok(book) = place.with_journal(&sealed.text) else { return };
    torn_or_broken(&place, &sealed, crc32fast::hash(bytes) as usize);

    // Taken into the lock, nothing is lost; and replayed on it (a kill before the journal is removed) no task is.
    place.with_journal(&sealed.text).expect("it was read before");
    assert!(place.close(None) == book, "opening recovers what reading does");
    if book.is_empty() {
        return assert_eq!(place.lock(), None, "of nothing there is no lock");
    }
    assert!(place.read().expect("what was written can be read") == book, "the lock has all of the journal");
    let replayed = place.with_journal(&sealed.text).expect("it goes onto the lock that has taken it in");
    // Entries that no run would write may settle another purchase the second time; but none is settled without a word.
    if !sealed.settles {
        assert!(tasks(&replayed).is_superset(&tasks(&book)), "read again, it forgets a task that is paid");
    }
}

/// All task ids that are known.
fn tasks(book: &Book) -> BTreeSet<String> {
    let all = book.records().flat_map(|record| book.history(&record.key));
    all.filter_map(|record| record.stage.task()).map(|task| task.as_str().to_owned()).collect()
}

/// A sound journal that was cut at `seed` is read; one that was broken there, where it was safe on the disk, is refused.
fn torn_or_broken(place: &Place, sealed: &Sealed, seed: usize) {
    let text = &sealed.text;
    let cut = seed % (text.len() + 1);
    let torn = place.with_journal(&text[..cut]);
    assert!(torn.is_ok(), "cut at {cut} of {}: {torn:?}", text.len());
    if sealed.synced > 0 {
        let mut broken = text.clone();
        broken[seed % sealed.synced] ^= 1 << (seed / 7 % 8);
        assert!(place.with_journal(&broken).is_err(), "damage at {} was passed over", seed % sealed.synced);
    }
}

/// A journal with sound checksums.
struct Sealed {
    text: Vec<u8>,
    /// How much of it was on the disk before its last group was written, without the end of that part's last line.
    synced: usize,
    /// Whether an entry lets go of a purchase: it failed, moved on, or a person settled it.
    settles: bool,
}

/// The first line is the header, each further one an entry; an empty line begins a group.
fn seal(bytes: &[u8]) -> Sealed {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let header = lines.next().unwrap_or_default();
    let seed = crc32fast::hash(header);
    let mut sealed = Sealed { text: line(seed, header), synced: 0, settles: false };
    let (mut number, mut group) = (0_usize, 0);
    for entry in lines {
        if entry.is_empty() {
            group = number;
            continue;
        }
        if group == number {
            sealed.synced = sealed.text.len() - 1;
        }
        sealed.settles |= matches!(
            serde_json::from_slice(entry),
            Ok(Entry::Purchase { step: Step::Failed { .. } | Step::Moved { .. } | Step::Resolved { .. }, .. })
        );
        let content = [format!("{number} {group} ").as_bytes(), entry].concat();
        let mut sum = crc32fast::Hasher::new_with_initial(seed);
        sum.update(&content);
        sealed.text.extend(line(sum.finalize(), &content));
        number += 1;
    }
    sealed
}

fn line(sum: u32, content: &[u8]) -> Vec<u8> {
    [format!("{sum:08x} ").as_bytes(), content, b"\n"].concat()
}
