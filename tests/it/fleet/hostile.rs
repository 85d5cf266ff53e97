//! A shared ledger in which somebody else wrote: a run ends with the name of the document and what to do, and buys nothing.

use super::team::{Team, until_stopped};
use crate::support::image::png;
use std::fs;
use std::path::{Path, PathBuf};

/// Returns the document under a key that begins so, in a ledger in a folder.
fn key(root: &Path, beginning: &str) -> PathBuf {
    let mut at = root.join(beginning);
    while let Some(below) = fs::read_dir(&at).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir()) {
        at = below;
    }
    at
}

/// Writes a text as the next state of a document; returns its file.
fn write(document: &Path, text: &str) -> PathBuf {
    let states = fs::read_dir(document).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let last: u64 = states.filter_map(|name| name.parse().ok()).max().unwrap();
    let file = document.join((last + 1).to_string());
    fs::write(&file, text).unwrap();
    file
}

#[test]
fn a_document_that_cant_be_read_is_named_with_what_to_do_and_nothing_is_bought() {
    let team = Team::fast(3, 1).priced().set("fleet_concurrency: 2").set("patience: 60s");
    let project = &team.clones[0];
    project.write("dog.png", png(300, 300, "dog"));
    project.write("jobs.yaml", project.read("jobs.yaml").replace("https://images.example.com/dog.png", "dog.png"));
    team.batch(0, ["run", "--max-cost", "9", "--limit", "2"]).run().exits(0);
    fs::create_dir_all(team.folder().join("f/pause")).unwrap();
    fs::write(team.folder().join("f/pause/1"), r#"{"rev":1,"run":"x","milliseconds":1,"reason":"429"}"#).unwrap();
    for (beginning, remedy) in [
        ("ledger.json", "put back what stood there"),
        ("p", "put back what stood there before"),
        ("f/pause", "end all runs of this ledger and take it away"),
        ("f/slots", "end all runs of this ledger and take it away"),
        ("f/budget", "end all runs of this ledger and take it away"),
    ] {
        let document = key(&team.folder(), beginning);
        let name = document.strip_prefix(team.folder()).unwrap().to_str().unwrap().to_owned();
        for text in ["null", "{}", r#"{"rev":18446744073709551615}"#] {
            let file = write(&document, text);
            let ended = team.batch(0, ["run", "--max-cost", "9"]).run().exits(5);
            // The document of the next run's own step may come first.
            assert!(ended.stderr.contains(&format!("{name} can't be read (")), "{name}: {text}: {ended:?}");
            assert!(ended.stderr.contains(remedy), "{name}: {text}: {ended:?}");
            let checked = team.batch(0, ["ledger", "check"]).run().exits(5);
            assert!(checked.stderr.contains(&format!("{name} can't be read (")), "{name}: {text}: {checked:?}");
            fs::remove_file(file).unwrap();
            assert_eq!(team.charges(), 2, "{name}: {text}");
        }
    }
    // An upload only saves another one, and a run that moves no more is gone: neither keeps a run from its work.
    write(&key(&team.folder(), "u"), r#"{"url":"file:///etc/passwd","uploaded_at":"2026-01-01T00:00:00Z"}"#);
    write(&key(&team.folder(), "r"), "null");
    let checked = team.batch(0, ["ledger", "check"]).run().exits(5);
    for word in ["2 documents that can't be read", "take it away: the image is uploaded again", "\n  r/"] {
        assert!(checked.stderr.contains(word), "{word}: {checked:?}");
    }
    fs::remove_file(project.path("jobs.lock")).unwrap();
    team.batch(0, ["run", "--max-cost", "9"]).run().exits(0);
    assert_eq!(team.charges(), 3);
    let checked = team.batch(0, ["ledger", "check"]).run().exits(5);
    assert!(checked.stderr.contains("1 document that") && !checked.stderr.contains("\n  u/"), "{checked:?}");
}

#[test]
fn a_run_whose_ledger_is_damaged_meanwhile_says_where_what_it_did_is_kept() {
    let team = Team::fast(2, 1);
    team.batch(0, ["run", "--limit", "1"]).run().exits(0);
    let damaged = key(&team.folder(), "p");
    let run = team.run_with(0, "stop download.answered 1");
    until_stopped(&run);
    let file = write(&damaged, "{}");
    run.signal("CONT");
    let ended = run.end().exits(5);
    for word in ["can't be read (", "is in the journal beside it, which the next run takes in: leave it there"] {
        assert!(ended.stderr.contains(word), "{word}: {ended:?}");
    }
    assert!(!ended.stderr.contains("nothing was sent"), "{ended:?}");
    fs::remove_file(file).unwrap();
    team.run(0).exits(0);
    team.batch(0, ["verify"]).run().exits(0);
    assert_eq!(team.charges(), 2);
}
