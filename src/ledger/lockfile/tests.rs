use super::*;
use crate::base::digest::Sha256;
use crate::ledger::book::Book;
use crate::ledger::history::Beside;
use crate::ledger::record::{Fault, Key, Place, Record, Stage, Word};
use crate::spec::elsewhere::{Address, Pin, Validator};
use crate::spec::names::{Digest, JobId, TaskId};
use jiff::Timestamp;
use proptest::prelude::*;
use std::collections::BTreeMap;

const SHA: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Every kind of record, in the order and layout that are promised.
const CANONICAL: &str = r#"# Written by batch. Commit it together with the manifest.
version = 1
service = "https://cloud.baicaiinfer.com"

[[job]]
id = "a-done"
digest = "sha256:SHA"
parts = { prompt = "9f2c11aa", "reference.小狗" = "51ee0a42", settings = "77ab0192" }
status = "succeeded"
attempt = 1
videos = 2
task_id = "3524e0b3ba014b12ab1faf29f9f00000"
submitted_at = 2026-03-09T02:44:54Z
finished_at = 2026-03-09T02:47:10Z

[[job.output]]
path = "out/a-done-1.mp4"
sha256 = "SHA"
bytes = 1843200
source = "https://cdn.example.com/1.mp4"

[[job.output]]
path = "out/a-done-2.mp4"
sha256 = "SHA"
bytes = 1843201

[[job]]
id = "b-half"
digest = "sha256:SHA"
status = "generated"
attempt = 3
videos = 4
task_id = "t2"
other_task_ids = ["t1", "t1b"]

[[job.output]]
number = 3
path = "out/b-half-3.mp4"
sha256 = "SHA"
bytes = 0

[[job]]
id = "c-named"
digest = "sha256:SHA"
status = "succeeded"
attempt = 1
name = "out/hero.mp4"
task_id = "t3"

[[job.output]]
path = "out/hero.mp4"
sha256 = "SHA"
bytes = 7

[[job]]
id = "d-sent"
digest = "sha256:SHA"
status = "submitted"
attempt = 1
name = "out/d-sent-{n}.mp4"
task_id = "t4"
submitted_at = 2026-03-09T02:44:54Z

[[job]]
id = "e-failed"
digest = "sha256:SHA"
status = "failed"
attempt = 1
name = "out/e-failed-{n}.mp4"
error = { code = "resolved", message = "a \"quoted\" word,\nand a line" }
word = "person"

[[job]]
id = "f-refused"
digest = "sha256:SHA"
status = "refused"
attempt = 1
name = "out/f-refused-{n}.mp4"
error = { code = "400", message = "no" }

[[job]]
id = "g-open"
digest = "sha256:SHA"
status = "uncertain"
attempt = 1
name = "out/g-open-{n}.mp4"
submitted_at = 2026-03-09T02:44:54Z
reason = "the connection broke"

[[superseded]]
id = "a-done"
digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
status = "succeeded"
attempt = 1
task_id = "t5"

[[superseded.output]]
path = "out/a-done-1~00000000.mp4"
sha256 = "SHA"
bytes = 9

[[upload]]
sha256 = "SHA"
url = "https://cdn.example.com/a.png"
uploaded_at = 2026-03-09T02:44:51Z

[[mirror]]
url = "https://images.example.com/12.png"
sha256 = "SHA"
bytes = 48211
validator = "\"5f1c\""
fetched_at = 2026-03-09T02:44:51Z

[[mirror]]
url = "https://images.example.com/12.png"
query = "0123456789abcdef"
sha256 = "SHA"
bytes = 9
fetched_at = 2026-03-09T02:44:52Z
"#;

fn canonical() -> String {
    CANONICAL.replace("SHA", SHA)
}

fn parse(text: &str) -> Result<Book, LedgerError> {
    super::parse(text.as_bytes(), Path::new("jobs.lock"))
}

#[test]
fn a_lock_is_read_and_written_byte_for_byte() {
    let book = parse(&canonical()).unwrap();
    assert_eq!(write(&book), canonical());
    assert_eq!(book.service(), Some("https://cloud.baicaiinfer.com"));
    let done = book.current(&JobId::new("a-done").unwrap()).unwrap();
    assert_eq!((done.videos, done.name.pattern(), done.stage.outputs().len()), (2, "out/a-done-{n}.mp4", 2));
    let half = book.current(&JobId::new("b-half").unwrap()).unwrap();
    assert_eq!((half.attempt, half.stage.outputs()[0].number), (3, 3));
    assert_eq!(book.other_tasks(&half.key).len(), 2);
    assert_eq!(book.next_attempt(&half.key), 4);
    let failed = book.current(&JobId::new("e-failed").unwrap()).unwrap();
    assert!(matches!(failed.stage, Stage::Failed { word: Word::Person, task: None, .. }));
    assert_eq!(book.superseded().map(|r| r.name.pattern()).collect::<Vec<_>>(), ["out/a-done-{n}~00000000.mp4"]);
    assert_eq!(book.upload(&Sha256::of(b"")), Some("https://cdn.example.com/a.png"));
}

#[test]
fn a_merge_in_another_order_is_written_in_order() {
    let text = canonical();
    let (head, tables) = text.split_at(text.find("\n[[job]]").unwrap());
    let mut blocks: Vec<&str> = tables.split("\n[[job]]").filter(|b| !b.is_empty()).collect();
    let (last, rest) = blocks.pop().unwrap().split_at(0);
    assert!(last.is_empty());
    blocks.reverse();
    // The last block carries the other tables along: their order doesn't matter either.
    let shuffled = format!("{head}\n[[job]]{rest}\n[[job]]{}", blocks.join("\n[[job]]"));
    assert_ne!(shuffled, text);
    assert_eq!(write(&parse(&shuffled).unwrap()), text);
}

#[test]
fn times_are_kept_in_utc_and_an_empty_book_is_a_short_lock() {
    let text = canonical().replace("2026-03-09T02:44:51Z", "2026-03-09T10:44:51.5+08:00");
    assert_eq!(write(&parse(&text).unwrap()), canonical());
    let empty = "# Written by batch. Commit it together with the manifest.\nversion = 1\n";
    assert_eq!(write(&Book::default()), empty);
    assert!(parse(empty).unwrap().is_empty());
}

/// What a lock with `old` replaced by `new` is refused with: line and words.
#[track_caller]
fn refused(old: &str, new: &str) -> (usize, String) {
    let text = canonical();
    assert!(text.contains(old), "{old}");
    match parse(&text.replacen(old, new, 1)) {
        Err(LedgerError::Damaged { line, what, .. }) => (line.expect("the line is known"), what),
        other => panic!("{old} -> {new}: {other:?}"),
    }
}

#[test]
fn what_would_not_be_written_back_is_refused_with_its_line() {
    let line_of = |text: &str| canonical().lines().position(|line| line == text).unwrap() + 1;
    for (old, new, line, words) in [
        ("version = 1\n", "", 1, "version"),
        ("version = 1\n", "version = 0\n", 2, "version"),
        ("attempt = 3", "attempt = 3\ncolour = 1", line_of("attempt = 3") + 1, "written by a newer batch"),
        ("attempt = 3", "attempt = -3", line_of("attempt = 3"), ""),
        ("attempt = 3\n", "", 0, "attempt"),
        ("id = \"d-sent\"", "id = \"../d\"", line_of("id = \"d-sent\""), "job id"),
        (
            "id = \"d-sent\"",
            "id = \"c-named\"",
            line_of("id = \"d-sent\"") - 1,
            "c-named (e3b0c442) stands in the lock twice",
        ),
        ("sha256:0000", "sha256:000", line_of("[[superseded]]") + 2, "digest"),
        ("\"succeeded\"", "\"sold\"", 9, "succeeded"),
        ("status = \"refused\"", "status = \"submitted\"", line_of("id = \"f-refused\"") - 1, "go with its status"),
        ("reason = \"the connection broke\"\n", "", line_of("id = \"g-open\"") - 1, "go with its status"),
        ("name = \"out/d-sent-{n}.mp4\"\n", "", line_of("id = \"d-sent\"") - 1, "`name` is missing"),
        ("number = 3", "number = -3", line_of("number = 3"), ""),
        ("finished_at = 2026-03-09T02:47:10Z", "finished_at = 2026-03-09", 14, "offset"),
        ("bytes = 7", "bytes = \"7\"", line_of("bytes = 7"), ""),
        ("bytes = 7", "bytes = 7\nbytes = 7", line_of("bytes = 7") + 1, "duplicate"),
        ("[[upload]]", "[[uploads]]", line_of("[[upload]]"), "unknown field"),
        ("[[upload]]", "[upload]", line_of("[[upload]]"), ""),
        ("bytes = 48211", "bytes = -1", line_of("bytes = 48211"), ""),
        ("\"\\\"5f1c\\\"\"", "\"a\\nb\"", line_of("bytes = 48211") + 1, "validator"),
    ] {
        let (found, what) = refused(old, new);
        assert!(line == 0 || found == line, "{old:?} -> {new:?}: line {found}, not {line}: {what}");
        assert!(what.contains(words), "{old:?} -> {new:?}: {what}");
    }
    assert!(matches!(parse(""), Err(LedgerError::Damaged { line: Some(1), .. })), "an emptied lock");
    assert!(matches!(
        super::parse(b"version = 1\n# \xff", Path::new("")),
        Err(LedgerError::Damaged { line: Some(2), .. })
    ));
}

#[test]
fn one_purchase_stands_once() {
    let text = canonical();
    let superseded = text.find("\n[[superseded]]").unwrap();
    let twice = format!("{text}{}", &text[superseded..text.find("\n[[upload]]").unwrap()]);
    assert!(parse(&twice).unwrap_err().to_string().contains("twice"));
    let as_job = text
        .replace("sha256:0000000000000000000000000000000000000000000000000000000000000000", &format!("sha256:{SHA}"));
    assert!(parse(&as_job).unwrap_err().to_string().contains("a-done (e3b0c442) stands in the lock twice"));
}

#[test]
fn a_merge_conflict_and_a_newer_version_are_called_by_their_names() {
    let text = canonical();
    for (mark, line) in [("<<<<<<< HEAD", 6), ("=======", 6), (">>>>>>> theirs", 6)] {
        let text = text.replacen("[[job]]", &format!("[[job]]\n{mark}"), 1);
        assert!(matches!(parse(&text), Err(LedgerError::Conflict { line: l, .. }) if l == line), "{mark}");
    }
    let newer = text.replace("version = 1", "version = 2");
    assert!(matches!(parse(&newer), Err(LedgerError::Newer { version: 2, known: 1, .. })));
    let newer = newer.replace("[[upload]]", "[[download]]");
    assert!(matches!(parse(&newer), Err(LedgerError::Newer { version: 2, .. })));
}

#[test]
fn large_locks_are_read_in_pieces_and_lines_are_still_right() {
    let mut text = "version = 1\n".to_owned();
    let job = |i: u32| {
        format!(
            "\n[[job]]\nid = \"j{i:05}\"\ndigest = \"sha256:{SHA}\"\nstatus = \"submitted\"\nattempt = 1\nname = \"n{i}\"\ntask_id = \"t{i}\"\n"
        )
    };
    (0..20_000).for_each(|i| text.push_str(&job(i)));
    assert!(text.len() > 2_500_000, "more than eight pieces");
    assert_eq!(parse(&text).unwrap().records().count(), 20_000);
    let line = |text: &str| match parse(text) {
        Err(LedgerError::Damaged { line, .. }) => line.unwrap(),
        other => panic!("{other:?}"),
    };
    for again in [3, 19_999] {
        let twice = format!("{text}{}", job(again));
        assert_eq!(line(&twice), 1 + 20_000 * 8 + 2, "job {again} a second time");
    }
    assert_eq!(line(&text.replace("\"t15000\"", "7")), 1 + 15_000 * 8 + 8);
    // What looks like a header within a string is none.
    let job = "id = \"x\"\nstatus = \"uncertain\"\nattempt = 1\nname = \"n\"";
    let tricky = format!("{text}\n[[job]]\n{job}\ndigest = \"sha256:{SHA}\"\nreason = \"\"\"\n[[job]]\n\"\"\"\n");
    assert_eq!(parse(&tricky).unwrap().records().count(), 20_001);
}

#[test]
fn a_name_is_left_out_only_where_it_can_be_told() {
    let output = |number: usize, path: &str| Output {
        number,
        path: path.to_owned(),
        sha256: Sha256::of(b""),
        bytes: 0,
        source: None,
    };
    let name = |outputs: &[Output]| name_of(outputs).map(|name| name.pattern().to_owned());
    assert_eq!(name(&[]), None);
    assert_eq!(name(&[output(1, "out/a-1.mp4")]).unwrap(), "out/a-{n}.mp4");
    assert_eq!(name(&[output(2, "o.d/a-2~0011aabb.mp4")]).unwrap(), "o.d/a-{n}~0011aabb.mp4");
    assert_eq!(name(&[output(1, "o-1.d/a-1")]).unwrap(), "o-1.d/a-{n}");
    assert_eq!(name(&[output(1, "out/a.mp4")]), None);
    assert_eq!(name(&[output(1, "out/1/a.mp4")]), None);
    assert_eq!(name(&[output(1, "out/a-1.mp4"), output(2, "out/b-2.mp4")]), None);
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,12}",
        any::<String>(),
        Just("'''\"\"\"\n[[job]]\n\\".to_owned()),
        "[\u{0}-\u{1f}\u{7f}-\u{9f}]{0,4}"
    ]
}

fn any_output() -> impl Strategy<Value = Output> {
    let path = prop_oneof!["out/[a-c]-[12](~[0-9]{1,3})?(\\.mp4)?", text()];
    let hash = any::<[u8; 4]>().prop_map(|bytes| Sha256::of(&bytes));
    (1..5usize, path, hash, 0..u64::from(u32::MAX), prop::option::of("https://[a-z]{1,9}/[a-z\"]{0,5}"))
        .prop_map(|(number, path, sha256, bytes, source)| Output { number, path, sha256, bytes, source })
}

fn any_stage() -> impl Strategy<Value = Stage> {
    let task = || "[a-z0-9!-.]{1,12}".prop_filter_map("a task id", |id| TaskId::new(&id).ok());
    let fault = || (text(), text()).prop_map(|(code, message)| Fault { code, message });
    let word = prop_oneof![Just(Word::Service), Just(Word::Person)];
    let outputs = || {
        prop::collection::vec(any_output(), 0..4).prop_map(|mut outputs| {
            outputs.sort_by_key(|o| o.number);
            outputs.dedup_by_key(|o| o.number);
            outputs
        })
    };
    prop_oneof![
        task().prop_map(|task| Stage::Submitted { task }),
        (task(), outputs()).prop_map(|(task, outputs)| Stage::Generated { task, outputs }),
        (task(), outputs()).prop_map(|(task, outputs)| Stage::Succeeded { task, outputs }),
        (prop::option::of(task()), fault(), word).prop_map(|(task, error, word)| Stage::Failed { task, error, word }),
        fault().prop_map(|error| Stage::Refused { error }),
        (prop::option::of(task()), text()).prop_map(|(task, reason)| Stage::Uncertain { task, reason }),
    ]
}

fn any_record() -> impl Strategy<Value = Record> {
    let key = ("[a-c]", 0..3u8)
        .prop_map(|(job, input)| Key { job: JobId::new(&job).unwrap(), digest: Digest(Sha256::of(&[input])) });
    let time = || prop::option::of((0..253_402_300_799i64).prop_map(|second| Timestamp::from_second(second).unwrap()));
    let parts = prop::collection::btree_map(text(), text(), 0..3);
    let name = prop_oneof!["out/[a-c]-\\{n\\}(~[0-9]{1,3})?(\\.mp4)?", text()].prop_map(|name| VideoName::new(&name));
    (key, parts, any::<bool>(), any::<u32>(), any::<u8>(), name, time(), time(), any_stage()).prop_map(
        |(key, parts, current, attempt, videos, name, submitted_at, finished_at, stage)| {
            let place = if current { Place::Current } else { Place::Superseded };
            Record { key, parts, place, attempt, videos, name, submitted_at, finished_at, stage }
        },
    )
}

fn any_pin() -> impl Strategy<Value = (Address, Pin)> {
    let address = (text(), prop::option::of("[0-9a-f]{16}")).prop_map(|(url, query)| Address { url, query });
    let validator = prop::option::of("[!-~]{1,9}".prop_map(|text| Validator::new(&text).unwrap()));
    let content = any::<u8>().prop_map(|content| Sha256::of(&[content]));
    let former = prop::collection::btree_set(content.clone(), 0..3);
    (address, content, 0..u64::from(u32::MAX), validator, 0..9i64, former).prop_map(
        |(address, sha256, bytes, validator, at, former)| {
            (address, Pin { sha256, bytes, validator, at: Timestamp::from_second(at).unwrap(), former })
        },
    )
}

#[test]
fn what_has_no_record_and_what_stands_beside_one_is_kept() {
    let digest = |n: u8| format!("sha256:{}", Sha256::of(&[n]));
    let text = format!(
        "# Written by batch. Commit it together with the manifest.\nversion = 1\nservice = \"s\"\n\
         \n[[job]]\nid = \"a\"\ndigest = \"{}\"\nstatus = \"submitted\"\nattempt = 3\nname = \"a-{{n}}.mp4\"\ntask_id = \"t3\"\n\
         other_task_ids = [\"t2\"]\nreleased_task_ids = [\"t1\"]\n\
         unanswered = [{{ attempt = 1, submitted_at = 2026-03-09T02:44:55.731902Z }}, {{ attempt = 2, submitted_at = 2026-03-09T02:44:56Z }}]\n\
         submitted_at = 2026-03-09T02:44:54.208113Z\n\
         \n[[released]]\nid = \"b\"\ndigest = \"{}\"\nattempt = 2\nreleased_task_ids = [\"t4\"]\n",
        digest(1),
        digest(2),
    );
    let book = parse(&text).unwrap();
    assert_eq!(write(&book), text);
    let released = Key { job: JobId::new("b").unwrap(), digest: Digest(Sha256::of(&[2])) };
    assert!(book.get(&released).is_none() && !book.is_empty() && book.next_attempt(&released) == 3);
    // A merge may leave two, or one beside the record of who bought it again: none is lost.
    let twice = format!(
        "{text}\n[[released]]\nid = \"b\"\ndigest = \"{}\"\nattempt = 5\nreleased_task_ids = [\"t5\"]\n\
         \n[[released]]\nid = \"a\"\ndigest = \"{}\"\nattempt = 1\nreleased_task_ids = [\"t0\"]\n",
        digest(2),
        digest(1),
    );
    let book = parse(&twice).unwrap();
    assert_eq!(book.next_attempt(&released), 6);
    assert_eq!((book.beside(&released).let_go.len(), book.records().count()), (2, 1));
    assert_eq!(book.beside(&book.records().next().unwrap().key).let_go.len(), 2);
    assert_eq!(parse(&write(&book)).unwrap(), book);
}

/// A merge put what a person let go on one branch beside the record of it on the other: their word was about that task alone.
#[test]
fn what_else_is_paid_is_shown_in_the_place_of_what_was_let_go() {
    let digest = format!("sha256:{}", Sha256::of(&[1]));
    let with = |beside: &str, released: &str| {
        let text = format!(
            "version = 1\n\n[[job]]\nid = \"a\"\ndigest = \"{digest}\"\nstatus = \"submitted\"\nattempt = 1\nname = \"a-{{n}}.mp4\"\n\
             task_id = \"t1\"\n{beside}\n\
             \n[[released]]\nid = \"a\"\ndigest = \"{digest}\"\nattempt = 1\nreleased_task_ids = [{released}]\n"
        );
        let book = parse(&text).unwrap();
        assert_eq!(parse(&write(&book)).unwrap(), book);
        book.records().next().map(|record| record.stage.clone())
    };
    let paid = with("other_task_ids = [\"t5\"]", "\"t1\"");
    assert!(matches!(&paid, Some(Stage::Submitted { task }) if task.as_str() == "t5"), "{paid:?}");
    let open = with("unanswered = [{ attempt = 1, submitted_at = 2026-03-09T02:44:55Z }]", "\"t1\"");
    assert!(matches!(open, Some(Stage::Uncertain { task: None, .. })), "{open:?}");
    assert_eq!(with("other_task_ids = [\"t5\"]", "\"t1\", \"t5\""), None, "both were let go");
}

proptest! {
    #[test]
    fn whatever_a_record_says_its_lock_says_it_too(
        records in prop::collection::vec(any_record(), 0..6),
        service in prop::option::of(text()),
        uploads in prop::collection::btree_map(any::<u8>(), "https://[a-z\"\\\\]{1,9}", 0..3),
        pins in prop::collection::vec(any_pin(), 0..4),
    ) {
        let mut book = Book::default();
        if let Some(service) = &service {
            book.set_service(service);
        }
        let mut seen = BTreeMap::new();
        for record in records {
            let jobs_place = (record.key.job.clone(), record.place == Place::Current);
            let taken = book.get(&record.key).is_some() || record.place == Place::Current && seen.contains_key(&jobs_place);
            if !taken {
                seen.insert(jobs_place, ());
                book.insert(record, Beside::default());
            }
        }
        for (content, url) in uploads {
            book.add_upload(Sha256::of(&[content]), &url, Timestamp::UNIX_EPOCH);
        }
        for (address, pin) in pins {
            book.add_pin(address, pin, false);
        }
        let text = write(&book);
        let again = parse(&text).unwrap();
        prop_assert_eq!(&write(&again), &text);
        prop_assert_eq!(again, book);
    }

    #[test]
    fn the_books_of_two_shares_make_the_book_of_the_whole(
        records in prop::collection::vec(any_record(), 0..6),
        pins in prop::collection::vec(any_pin(), 0..4),
        at in any::<prop::sample::Index>(),
    ) {
        let book = |records: &[Record], pins: &[(Address, Pin)]| {
            let mut book = Book::default();
            for record in records {
                if book.contradicts(record) {
                    return None;
                }
                book.insert(record.clone(), Beside::default());
            }
            pins.iter().for_each(|(address, pin)| book.add_pin(address.clone(), pin.clone(), false));
            Some(book)
        };
        let (whole, (some, rest)) = (book(&records, &pins), records.split_at(at.index(records.len() + 1)));
        let joined = book(some, &[]).and_then(|some| some.join(book(rest, &pins)?));
        prop_assert_eq!(joined.as_ref().map(write), whole.as_ref().map(write));
        prop_assert_eq!(joined, whole);
    }

    #[test]
    fn no_text_makes_the_reader_panic(at in any::<prop::sample::Index>(), with in prop::collection::vec(any::<u8>(), 0..12)) {
        let mut text = canonical().into_bytes();
        let at = at.index(text.len());
        text.splice(at..at, with);
        let _ = super::parse(&text, Path::new("jobs.lock"));
    }
}
