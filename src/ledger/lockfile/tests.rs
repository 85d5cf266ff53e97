use super::*;
use crate::base::digest::Sha256;
use crate::ledger::book::Book;
use crate::ledger::entry::{Entry, Step};
use crate::ledger::record::{Key, ServiceError};
use crate::ledger::{PurchaseId, purchase};
use crate::service::names::{Digest, JobId, TaskId};
use crate::service::remote::{Address, Pin, Validator};
use jiff::Timestamp;
use proptest::prelude::*;
use std::collections::BTreeMap;

const SHA: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Every kind of block, in the promised order and layout; the checksums are left out.
const CANONICAL: &str = r#"# Written by batch. Commit it together with the manifest.
version = 2
service = "https://cloud.baicaiinfer.com"

# a-done 0b8a1f4c2d10
[[purchase]]
job = "a-done"
digest = "sha256:SHA"
id = "0192f0c1-7e7a-7c3e-9d53-0b8a1f4c2d10"
videos = 2
parts = { prompt = "9f2c11aa", "reference.小狗" = "51ee0a42", settings = "77ab0192" }
status = "succeeded"
task_id = "3524e0b3ba014b12ab1faf29f9f00000"
submitted_at = 2026-03-09T02:44:54.208113Z
finished_at = 2026-03-09T02:47:10Z
[[purchase.output]]
path = "out/a-done-1.mp4"
sha256 = "SHA"
bytes = 1843200
source = "https://cdn.example.com/1.mp4"
[[purchase.output]]
path = "out/a-done-2.mp4"
sha256 = "SHA"
bytes = 1843201
# end 0b8a1f4c2d10

# a-done 0b8a1f4c2d11
[[purchase]]
job = "a-done"
digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
id = "0192f0c1-7e7a-7c3e-9d53-0b8a1f4c2d11"
parts = {}
status = "generated"
task_id = "t2"
renamed_at = 2026-03-10T02:44:54Z
[[purchase.output]]
number = 3
path = "out/a-done-3~00000000.mp4"
sha256 = "SHA"
bytes = 0
# end 0b8a1f4c2d11

# c-failed 0b8a1f4c2d12
[[purchase]]
job = "c-failed"
digest = "sha256:SHA"
id = "0192f0c1-7e7a-7c3e-9d53-0b8a1f4c2d12"
name = "out/hero.mp4"
manifest = "b.yaml"
parts = {}
status = "failed"
submitted_at = 2026-03-09T02:44:54.2Z
finished_at = 2026-03-09T02:47:10Z
error = { code = "resolved", message = "a \"quoted\" word,\nand a line" }
word = "person"
# end 0b8a1f4c2d12

# d-lost 0b8a1f4c2d13
[[purchase]]
job = "d-lost"
digest = "sha256:SHA"
id = "0192f0c1-7e7a-7c3e-9d53-0b8a1f4c2d13"
name = "out/d-lost-{n}.mp4"
parts = {}
status = "uncertain"
task_id = "t3"
submitted_at = 2026-03-09T02:44:54.2Z
said_at = 2026-03-09T02:57:10Z
reason = "the service doesn't know task t3"
# end 0b8a1f4c2d13

# e-refused 0b8a1f4c2d14
[[purchase]]
job = "e-refused"
digest = "sha256:SHA"
id = "0192f0c1-7e7a-7c3e-9d53-0b8a1f4c2d14"
name = "out/e-refused-{n}.mp4"
parts = {}
status = "refused"
submitted_at = 2026-03-09T02:44:54.2Z
finished_at = 2026-03-09T02:44:55Z
error = { code = "400", message = "no" }
# end 0b8a1f4c2d14

# f-released 0b8a1f4c2d15
[[purchase]]
job = "f-released"
digest = "sha256:SHA"
id = "0192f0c1-7e7a-7c3e-9d53-0b8a1f4c2d15"
name = "out/f-released-{n}.mp4"
parts = {}
status = "released"
submitted_at = 2026-03-09T02:44:54.2Z
said_at = 2026-03-09T03:44:54Z
reason = "the connection broke"
# end 0b8a1f4c2d15

# image SHA 6155f67e
[[upload]]
sha256 = "SHA"
uploaded_at = 2026-03-09T02:44:51Z
url = "https://cdn.example.com/a.png"
# end SHA 6155f67e

# remote 5971e263 877e4c3d
[[mirror]]
url = "https://images.example.com/12.png"
sha256 = "SHA"
bytes = 48211
validator = "\"5f1c\""
fetched_at = 2026-03-09T02:44:51Z
# end 5971e263 877e4c3d
"#;

fn canonical() -> String {
    CANONICAL.replace("SHA", SHA)
}

fn parse(text: &str) -> Result<Book, LedgerError> {
    super::parse(text.as_bytes(), Path::new("jobs.lock"))
}

/// Returns a text without its checksums, as a person may write it.
fn unchecked(text: &str) -> String {
    text.split_inclusive('\n').filter(|line| !line.starts_with("check = ")).collect()
}

#[test]
fn a_lock_is_read_and_written_byte_for_byte() {
    let book = parse(&canonical()).unwrap();
    let written = write(&book);
    assert_eq!(unchecked(&written), canonical());
    assert_eq!(written.matches("\ncheck = ").count(), 6);
    assert_eq!(write(&parse(&written).unwrap()), written);
    let done = book.current(&JobId::new("a-done").unwrap()).unwrap();
    assert_eq!((done.videos, done.name.pattern(), done.stage.outputs().len()), (2, "out/a-done-{n}.mp4", 2));
    assert_eq!(book.upload(&Sha256::of(b"")), Some("https://cdn.example.com/a.png"));
    let empty = "# Written by batch. Commit it together with the manifest.\nversion = 2\n";
    assert_eq!(write(&Book::default()), empty);
    assert!(parse(empty).unwrap().is_empty());
}

#[test]
fn the_checksum_is_the_hash_of_the_rest_as_canonical_json() {
    let refused = concat!(
        r#"{"digest":"sha256:SHA","error":{"code":"400","message":"no"},"finished_at":"2026-03-09T02:44:55Z","#,
        r#""id":"0192f0c1-7e7a-7c3e-9d53-0b8a1f4c2d14","job":"e-refused","name":"out/e-refused-{n}.mp4","parts":{},"#,
        r#""status":"refused","submitted_at":"2026-03-09T02:44:54.2Z"}"#
    );
    let check = Sha256::of(refused.replace("SHA", SHA).as_bytes()).short();
    let written = write(&parse(&canonical()).unwrap());
    assert!(written.contains(&format!("name = \"out/e-refused-{{n}}.mp4\"\ncheck = \"{check}\"\n")), "{written}");
}

#[test]
fn what_a_formatter_changes_is_no_damage() {
    let written = write(&parse(&canonical()).unwrap());
    let formatted = written
        .replace("{ code = \"400\", message = \"no\" }", "{message=\"no\",   code='400'}")
        .replace("2026-03-09T02:44:54.2Z", "2026-03-09T10:44:54.200+08:00")
        .replace("\n[[purchase.output]]\n", "\n\n  [[purchase.output]]\n  ")
        .replace("# end ", "#end ");
    assert_ne!(formatted, written);
    assert_eq!(write(&parse(&formatted).unwrap()), written);
    assert_eq!(write(&parse(&written.replace('\n', "\r\n")).unwrap()), written);
}

#[test]
fn blocks_in_another_order_and_twice_are_written_in_order_and_once() {
    let written = write(&parse(&canonical()).unwrap());
    let (head, blocks) = written.split_at(written.find("\n# ").unwrap());
    let blocks: Vec<&str> = blocks.split_inclusive("\n\n").collect();
    let shuffled: String =
        blocks.iter().rev().chain(&blocks[..2]).map(|block| format!("{}\n\n", block.trim_end())).collect();
    assert_eq!(write(&parse(&format!("{head}\n{shuffled}")).unwrap()), written);
}

/// Returns the line and the message with which a lock with `old` replaced by `new` is refused.
#[track_caller]
fn refused(text: &str, old: &str, new: &str) -> (usize, String) {
    assert!(text.contains(old), "{old}");
    match parse(&text.replacen(old, new, 1)) {
        Err(LedgerError::Damaged { line, what, .. }) => (line.expect("the line is known"), what),
        other => panic!("{old} -> {new}: {other:?}"),
    }
}

#[test]
fn what_is_not_whole_is_refused_with_its_block_and_the_cause() {
    let text = canonical();
    let line_of = |part: &str| text.lines().position(|line| line.starts_with(part)).unwrap() + 1;
    let block_of = |job: &str| line_of(&format!("# {job} ")) + 1;
    for (old, new, line, words) in [
        ("version = 2\n", "", 1, "`version` is missing"),
        ("version = 2\n", "version = 0\n", 1, "not a version"),
        ("number = 3", "number = 3\ncolour = 1", line_of("number = 3") + 1, "written by a newer batch"),
        ("number = 3", "number = -3", line_of("number = 3"), "of a-done: "),
        ("job = \"d-lost\"", "job = \"../d\"", line_of("job = \"d-lost\""), "job id"),
        ("job = \"d-lost\"\n", "", block_of("d-lost"), "job"),
        ("sha256:0000", "sha256:000", block_of("a-done") + 24, "digest"),
        ("\"succeeded\"", "\"sold\"", block_of("a-done") + 6, "succeeded"),
        ("status = \"refused\"\n", "", 0, "status"),
        ("status = \"refused\"", "status = \"submitted\"", block_of("e-refused"), "`task_id` is missing"),
        ("error = { code = \"400\", message = \"no\" }\n", "", block_of("e-refused"), "`error` is missing"),
        ("reason = \"the connection broke\"\n", "", block_of("f-released"), "`reason` is missing"),
        ("name = \"out/d-lost-{n}.mp4\"\n", "", block_of("d-lost"), "`name` is missing"),
        ("parts = {}\n", "", 0, "parts"),
        ("word = \"person\"", "word = \"person\"\nreason = \"x\"", block_of("c-failed"), "`reason` doesn't go"),
        ("finished_at = 2026-03-09T02:47:10Z", "finished_at = 2026-03-09", block_of("a-done") + 9, "offset"),
        ("bytes = 1843201\n", "", 0, "bytes"),
        ("bytes = 0", "bytes = 0\nbytes = 0", line_of("bytes = 0") + 1, "`batch lock merge` takes them apart"),
        ("status = \"refused\"", "status = \"refused\"\nstatus = \"failed\"", 0, "e-refused: duplicate"),
        ("[[upload]]", "[[uploads]]", line_of("[[upload]]"), "unknown field"),
        ("https://cdn.example.com/a.png", "file:///etc/passwd", line_of("[[upload]]") + 3, "no http(s) URL"),
        ("bytes = 48211", "bytes = -1", line_of("bytes = 48211"), "the image at https://images.example.com/12.png: "),
        ("\"\\\"5f1c\\\"\"", "\"a\\nb\"", line_of("bytes = 48211") + 1, "validator"),
        ("out/a-done-1.mp4", "../a-done-1.mp4", block_of("a-done"), "out of the project"),
        ("out/hero.mp4", "/tmp/hero.mp4", block_of("c-failed"), "out of the project"),
    ] {
        let (found, what) = refused(&text, old, new);
        assert!(line == 0 || found == line, "{old:?} -> {new:?}: line {found}, not {line}: {what}");
        assert!(what.contains(words), "{old:?} -> {new:?}: {what}");
    }
    assert!(matches!(parse(""), Err(LedgerError::Damaged { line: Some(1), .. })), "an emptied lock");
    let latin = super::parse(b"version = 2\n# \xff", Path::new(""));
    assert!(matches!(latin, Err(LedgerError::Damaged { line: Some(2), .. })));
}

#[test]
fn no_line_of_a_block_can_be_lost_or_changed_unnoticed() {
    let written = write(&parse(&canonical()).unwrap());
    let lines: Vec<&str> = written.lines().collect();
    let blocks = lines.iter().position(|line| line.starts_with("# a-done")).unwrap();
    let end = lines.iter().position(|line| line.starts_with("# image")).unwrap();
    for at in (blocks..end).filter(|at| !lines[*at].is_empty() && !lines[*at].starts_with(['#', '['])) {
        let without: Vec<&str> = lines.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, line)| *line).collect();
        let outcome = parse(&without.join("\n"));
        // Without its checksum it counts as written by a person.
        assert_eq!(outcome.is_ok(), lines[at].starts_with("check = "), "without line {}: {}", at + 1, lines[at]);
        let mut changed = lines.clone();
        let other = lines[at].replacen(['1', 'o', 'd', '{'], "2", 1);
        changed[at] = &other;
        assert!(other == lines[at] || parse(&changed.join("\n")).is_err(), "{} -> {other}", lines[at]);
    }
}

#[test]
fn a_merge_conflict_and_a_newer_version_are_called_by_their_names() {
    let text = canonical();
    for (mark, line) in [("<<<<<<< HEAD", 7), ("=======", 7), (">>>>>>> theirs", 7), ("||||||| base", 7)] {
        let text = text.replacen("[[purchase]]", &format!("[[purchase]]\n{mark}"), 1);
        assert!(matches!(parse(&text), Err(LedgerError::Conflict { line: l, .. }) if l == line), "{mark}");
    }
    let newer = text.replace("version = 2", "version = 3");
    assert!(matches!(parse(&newer), Err(LedgerError::Newer { version: 3, known: 2, .. })));
    let newer = newer.replace("[[upload]]", "[[download]]");
    assert!(matches!(parse(&newer), Err(LedgerError::Newer { version: 3, .. })));
}

#[test]
fn large_locks_are_read_in_pieces_and_lines_are_still_right() {
    let mut text = "version = 2\n".to_owned();
    let block = |i: u32| {
        format!(
            "\n# j{i:05} {i:012}\n[[purchase]]\njob = \"j{i:05}\"\ndigest = \"sha256:{SHA}\"\n\
             id = \"0192f0c1-7e7a-7c3e-9d53-{i:012}\"\nname = \"n{i}\"\nparts = {{}}\nstatus = \"submitted\"\n\
             task_id = \"t{i}\"\n# end {i:012}\n"
        )
    };
    (0..12_000).for_each(|i| text.push_str(&block(i)));
    assert!(text.len() > 2_500_000, "more than eight pieces");
    assert_eq!(parse(&text).unwrap().records().count(), 12_000);
    let line = |text: &str| match parse(text) {
        Err(LedgerError::Damaged { line, .. }) => line.unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(line(&text.replace("\"t9000\"", "7")), 1 + 9_000 * 11 + 10);
    assert_eq!(line(&text.replace("task_id = \"t11000\"\n", "")), 1 + 11_000 * 11 + 3);
    // A header within a string is not one.
    let tricky = block(99_999)
        .replace("\"submitted\"\ntask_id = \"t99999\"", "\"uncertain\"\nreason = \"\"\"\n[[purchase]]\n\"\"\"");
    assert_eq!(parse(&format!("{text}{tricky}")).unwrap().records().count(), 12_001);
}

#[test]
fn a_name_is_left_out_only_where_it_can_be_told() {
    let output = |number: usize, path: &str| Output {
        number,
        path: path.to_owned(),
        sha256: Sha256::of(b""),
        bytes: 0,
        source: None,
        published: Default::default(),
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

/// A layout that git's line merge could confuse: the same job bought by two, with everything alike that can be.
#[test]
fn the_layout_keeps_two_blocks_apart() {
    let mut book = Book::default();
    let key = Key { job: JobId::new("a").unwrap(), digest: Digest(Sha256::of(b"a")) };
    let at = |second| Timestamp::from_second(1_770_000_000 + second).unwrap();
    let error = || ServiceError { code: "400".into(), message: "no".into() };
    let lost = |n: u32| Step::Uncertain { task: TaskId::new(&format!("t{n}")).ok(), reason: "gone".into(), at: at(90) };
    for number in 1..8u32 {
        let id = PurchaseId::new(at(i64::from(number)), u64::from(number) << 2, None);
        let step = Step::Submitting {
            job: key.job.clone(),
            digest: key.digest,
            parts: BTreeMap::from([("prompt".to_owned(), "9f2c11aa".to_owned())]),
            videos: 3,
            name: VideoName::new("out/hero.mp4"),
            service: "s".into(),
            manifest: Some("b.yaml".into()),
            at: at(i64::from(number)),
        };
        book.apply(&Entry::of(id, step));
        let task = TaskId::new(&format!("t{number}")).unwrap();
        let submitted = Step::Submitted { task, at: at(40) };
        let renamed = Step::Moved { job: key.job.clone(), name: VideoName::new("out/villain.mp4"), at: at(95) };
        let steps = match number {
            1 | 2 => vec![submitted, Step::Failed { error: error(), at: at(50) }, renamed],
            3 | 4 => vec![Step::Refused { error: error(), last: true, at: at(50) }, renamed],
            5 | 6 => vec![submitted, lost(number), renamed],
            _ => vec![submitted],
        };
        steps.into_iter().for_each(|step| book.apply(&Entry::of(id, step)));
    }
    for url in ["https://a/1", "https://a/2"] {
        book.add_upload(Sha256::of(url.as_bytes()), url, at(1));
    }
    let text = write(&book);
    let blocks: Vec<Vec<&str>> = text.split("\n\n").skip(1).map(|block| block.lines().collect()).collect();
    assert_eq!(blocks.len(), 9);
    for (i, block) in blocks.iter().enumerate() {
        assert!(block.iter().all(|line| !line.trim().is_empty()));
        let (first, last) = (block[0], block[block.len() - 1]);
        assert!(first.starts_with("# ") && last.starts_with("# end "), "{block:?}");
        for other in blocks.iter().skip(i + 1) {
            assert!(!other.contains(&first) && !other.contains(&last), "{first}, {last}");
            let alike = |at: usize, there: usize| {
                block[at..].iter().zip(&other[there..]).take_while(|(mine, theirs)| mine == theirs).count()
            };
            let longest = (0..block.len()).flat_map(|at| (0..other.len()).map(move |there| alike(at, there))).max();
            assert!(longest <= Some(3), "{block:#?}\n{other:#?}");
        }
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,12}",
        any::<String>(),
        Just("'''\"\"\"\n[[purchase]]\n\\".to_owned()),
        "[\u{0}-\u{1f}\u{7f}-\u{9f}]{0,4}"
    ]
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

proptest! {
    #[test]
    fn whatever_words_a_purchase_has_its_lock_has_them_too(
        words in prop::collection::vec(text(), 6),
        parts in prop::collection::btree_map(text(), text(), 0..3),
        manifest in prop::option::of(text()),
        pins in prop::collection::vec(any_pin(), 0..4),
    ) {
        let at = Timestamp::UNIX_EPOCH;
        let mut book = Book::default();
        book.set_service(&words[0]);
        let error = || ServiceError { code: words[1].clone(), message: words[2].clone() };
        let source = Some(purchase::without_query(&words[3]).to_owned());
        let output = Output { number: 1, path: String::new(), sha256: Sha256::of(b""), bytes: 9, source, published: Default::default() };
        let task = TaskId::new("t").unwrap();
        let submitted = Step::Submitted { task, at };
        for (number, steps) in (1..).zip([
            vec![Step::Refused { error: error(), last: true, at }],
            vec![submitted.clone(), Step::Failed { error: error(), at }],
            vec![Step::Uncertain { task: None, reason: words[4].clone(), at }],
            vec![submitted, Step::Downloaded { output }],
        ]) {
            let key = Key { job: JobId::new("a").unwrap(), digest: Digest(Sha256::of(&[number])) };
            let id = PurchaseId::for_test(&key, u32::from(number));
            let (Key { job, digest }, name) = (key, VideoName::new("out/a-{n}.mp4"));
            let (parts, service, manifest) = (parts.clone(), words[5].clone(), manifest.clone());
            book.apply(&Entry::of(id, Step::Submitting { job, digest, parts, videos: 2, name, service, manifest, at }));
            steps.into_iter().for_each(|step| book.apply(&Entry::of(id, step)));
        }
        for (address, pin) in pins {
            book.add_pin(address, pin, false);
        }
        let written = write(&book);
        let again = parse(&written).unwrap();
        prop_assert_eq!(&write(&again), &written);
        prop_assert_eq!(again, book);
    }

    #[test]
    fn no_text_makes_the_reader_panic(at in any::<prop::sample::Index>(), with in prop::collection::vec(any::<u8>(), 0..12)) {
        let mut text = canonical().into_bytes();
        let at = at.index(text.len());
        text.splice(at..at, with);
        let _ = super::parse(&text, Path::new("jobs.lock"));
    }
}

#[test]
fn a_lock_says_of_which_shared_ledger_it_is() {
    let head = "# Written by batch. Commit it together with the manifest.\nversion = 2\nservice = \"simulate\"\n";
    let text = format!("{head}ledger = \"file:///srv/ledgers/trailer\"\nledger_id = \"0192f0c1\"\n");
    let read = |text: &str| super::parse(text.as_bytes(), Path::new("jobs.lock"));
    let book = read(&text).unwrap();
    assert_eq!(book.projection().unwrap().url, "file:///srv/ledgers/trailer");
    assert_eq!(write(&book), text);
    let half = read(&format!("{head}ledger = \"file:///srv\"\n")).unwrap_err().to_string();
    assert!(half.contains("`ledger` and `ledger_id` go together"), "{half}");
}

#[test]
fn the_checksum_of_what_only_a_person_would_write_is_canonical_too() {
    // Canonical JSON sorts by UTF-16 units, in which U+1F600 comes before U+FB33, and has no whole numbers above 2^53.
    let block = |bytes: u64, check: &str| {
        let digest = "9f".repeat(32);
        let lines = format!(
            "version = 2\n[[purchase]]\njob = \"a\"\ndigest = \"sha256:{digest}\"\nid = \"01953c2b-7f00-7000-8000-000000000001\"\n{check}parts = {{ \"\u{FB33}\" = \"1\", \"\u{1F600}\" = \"2\" }}\nstatus = \"succeeded\"\ntask_id = \"t\"\n[[purchase.output]]\npath = \"out/a-1.mp4\"\nsha256 = \"{digest}\"\nbytes = {bytes}\n"
        );
        parse(&lines)
    };
    for bytes in [1 << 20, (1 << 53) + 1] {
        let text = super::write(&block(bytes, "").unwrap());
        let check = text.lines().find(|line| line.starts_with("check")).unwrap();
        assert_eq!(super::write(&block(bytes, &format!("{check}\n")).unwrap()), text);
        let wrong = block(bytes, "check = \"00000000\"\n").unwrap_err().to_string();
        assert!(wrong.contains(check.split('"').nth(1).unwrap()), "{wrong}");
    }
}
