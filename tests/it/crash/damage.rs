//! A lock or a journal that can't be trusted is refused: nothing is sent, nothing is overwritten, and the words say where and what to do.

use super::scenario::Scenario;
use std::collections::BTreeMap;
use std::fs;

/// All files with their bytes.
fn bytes(scenario: &Scenario) -> BTreeMap<String, Vec<u8>> {
    let content = |path: String| (path.clone(), fs::read(scenario.project.path(&path)).unwrap());
    scenario.project.files(".").into_iter().map(content).collect()
}

/// Runs and looks, and checks that both are refused with these words, and that nothing came of it.
fn is_refused(scenario: &Scenario, what: &str, words: &[&str]) {
    let (files, books) = (bytes(scenario), scenario.books());
    for command in ["run", "status", "plan", "verify"] {
        let ended = scenario.project.batch([command]).against(&scenario.service.base_url()).run();
        assert_eq!(ended.code(), 5, "{what}: {ended:?}");
        for word in words {
            assert!(ended.stderr.contains(word), "{what}: no {word:?} in {ended:?}");
        }
        assert!(ended.stderr.contains("\nhelp: "), "{what}: not a word on what to do in {ended:?}");
    }
    assert_eq!(bytes(scenario), files, "{what}: files are touched");
    assert_eq!(scenario.books(), books, "{what}: something is sent");
}

/// The line, counted from 1, on which `text` has `part` for the first time.
fn line_of(text: &str, part: &str) -> usize {
    1 + text.lines().position(|line| line.contains(part)).unwrap_or_else(|| panic!("no {part:?} in {text}"))
}

#[test]
fn a_lock_that_was_damaged_is_refused() {
    let scenario = Scenario::of_all_kinds();
    scenario.run().run().exits(3);
    let lock = scenario.project.read("jobs.lock");
    let walk = line_of(&lock, "job = \"walk\"");
    let cases: Vec<(&str, String, String)> = vec![
        (
            "cut short",
            lock[..lock.rfind("status = ").unwrap() + 12].to_owned(),
            format!("jobs.lock:{}:", 1 + lock[..lock.rfind("status = ").unwrap()].matches('\n').count()),
        ),
        (
            "an unknown field",
            lock.replace("job = \"walk\"", "job = \"walk\"\ncolour = \"red\""),
            format!("jobs.lock:{}:", walk + 1),
        ),
        (
            "a wrong type",
            lock.replacen("videos = 3", "videos = \"three\"", 1),
            format!("jobs.lock:{}:", line_of(&lock, "videos = 3")),
        ),
        ("another job", lock.replace("job = \"walk\"", "job = \"wolf\""), format!("jobs.lock:{}: ", walk - 1)),
        (
            "a line that is lost",
            lock.replacen(&format!("{}\n", lock.lines().find(|line| line.starts_with("bytes")).unwrap()), "", 1),
            "of busy: ".to_owned(),
        ),
        ("a field twice", lock.replacen("videos = 3", "videos = 3\nvideos = 3", 1), "batch lock merge".to_owned()),
        ("a path that leads out", lock.replace("\"out/walk-1", "\"/out/walk-1"), "jobs.lock:".to_owned()),
        (
            "a status that is none",
            lock.replacen("\"succeeded\"", "\"sucseeded\"", 1),
            format!("jobs.lock:{}:", line_of(&lock, "\"succeeded\"")),
        ),
        ("a task id that is missing", lock.replacen("task_id", "# task_id", 1), "jobs.lock:".to_owned()),
        (
            "a merge conflict",
            lock.replace("job = \"walk\"", "<<<<<<< HEAD\njob = \"walk\"\n=======\njob = \"wolf\"\n>>>>>>> branch"),
            format!("jobs.lock:{walk}: the marks of a merge conflict\nhelp: `batch lock merge "),
        ),
        ("a newer version", lock.replace("version = 2", "version = 3\nnew = true"), "newer batch".to_owned()),
        ("no text", "\u{0}".repeat(4096), "jobs.lock:1:".to_owned()),
    ];
    for (what, damaged, place) in &cases {
        assert_ne!(damaged, &lock, "{what}");
        scenario.project.write("jobs.lock", damaged);
        is_refused(&scenario, what, &["jobs.lock", place]);
    }
    scenario.project.write("jobs.lock", &lock);
    scenario.finish(&Default::default(), "the lock is back");
}

#[test]
fn a_journal_that_was_damaged_is_refused() {
    let scenario = Scenario::of_all_kinds();
    scenario.killed_at("status.answered", 2);
    let open = scenario.journal().open();
    let journal = fs::read(scenario.project.path("jobs.lock.journal")).unwrap();
    let text = String::from_utf8(journal.clone()).unwrap();
    let ends: Vec<usize> = (0..journal.len()).filter(|at| journal[*at] == b'\n').collect();
    for line in [1, 2, 3] {
        for bit in [0, 5] {
            let mut damaged = journal.clone();
            damaged[ends[line - 1] - 20] ^= 1 << bit;
            scenario.project.write("jobs.lock.journal", &damaged);
            is_refused(&scenario, &format!("a flipped bit in line {line}"), &[&format!("jobs.lock.journal:{line}:")]);
        }
    }
    let without_a_line = text.lines().enumerate().filter(|(index, _)| *index != 1).map(|(_, line)| format!("{line}\n"));
    scenario.project.write("jobs.lock.journal", without_a_line.collect::<String>());
    is_refused(&scenario, "a line is gone", &["jobs.lock.journal:2:"]);
    let header = "{\"journal\":3,\"secret\":\"of a later version\"}";
    let newer = format!("{:08x} {header}\n", crc32fast::hash(header.as_bytes()));
    scenario.project.write("jobs.lock.journal", newer);
    is_refused(&scenario, "a newer version", &["jobs.lock.journal", "newer batch"]);

    scenario.project.write("jobs.lock.journal", &journal);
    scenario.finish(&open, "the journal is back");
}
