//! `batch verify` against its contract: what doesn't agree is named, each by its kind.

use crate::support::service::simulator;
use crate::support::setup::{LOCK, MANIFEST, Setup, manifest};
use serde_json::{Value, json};
use std::fs;

const JOBS: [(&str, &str); 4] = [("a", "@dog 1"), ("b", "@dog 2"), ("c", "@dog 3"), ("d", "@dog 4")];

fn problems(document: &Value) -> Vec<(&str, Option<&str>, Option<&str>)> {
    let problems = document["problems"].as_array().unwrap().iter();
    problems
        .map(|problem| (problem["kind"].as_str().unwrap(), problem["job"].as_str(), problem["path"].as_str()))
        .collect()
}

#[test]
fn what_agrees_is_ok_and_what_doesnt_is_named() {
    let setup = Setup::new(&manifest(&JOBS), &[]);
    setup.run([]).exits(0);
    let good = setup.batch(["verify", "--format", "json"]).exits(0).json();
    assert_eq!(good, json!({ "version": 1, "ok": true, "problems": [] }));
    let lock = setup.project.read(LOCK);

    fs::remove_file(setup.project.path("out/a-1.mp4")).unwrap();
    let video = setup.project.path("out/b-1.mp4");
    let mut content = fs::read(&video).unwrap();
    let modified = video.metadata().unwrap().modified().unwrap();
    content[100] ^= 1;
    fs::write(&video, &content).unwrap();
    // As careful as can be: neither its length nor its time betrays it.
    fs::File::options().write(true).open(&video).unwrap().set_modified(modified).unwrap();
    let changed = [("a", "@dog 1"), ("b", "@dog 2"), ("c", "@dog 3 and @cat"), ("e", "@dog 5")];
    setup.project.write(MANIFEST, manifest(&changed));
    let bad = setup.batch(["verify", "--format", "json"]).exits(1).json();
    assert_eq!(bad["ok"], false);
    let expected = [
        ("altered-file", Some("b"), Some("out/b-1.mp4")),
        ("changed", Some("c"), None),
        ("missing-file", Some("a"), Some("out/a-1.mp4")),
        ("not-run", Some("e"), None),
        ("orphan", Some("d"), None),
    ];
    let mut found = problems(&bad);
    found.sort_unstable();
    assert_eq!(found, expected);
    let mut without_files = setup.batch(["verify", "--no-files", "--format", "json"]).exits(1).json();
    let rest: Vec<_> = expected.iter().filter(|problem| problem.2.is_none()).copied().collect();
    without_files["problems"]
        .as_array_mut()
        .unwrap()
        .sort_by_key(|problem| problem["kind"].to_string() + &problem["job"].to_string());
    assert_eq!(problems(&without_files), rest);
    let human = setup.batch(["verify"]).exits(1);
    assert!(human.stdout.contains("missing-file") && human.stdout.contains("out/a-1.mp4"), "{human:?}");
    assert_eq!(setup.project.read(LOCK), lock, "it only looks");

    setup.project.write(MANIFEST, manifest(&JOBS));
    setup.batch(["verify", "--no-files"]).exits(0);
    fs::remove_dir_all(setup.project.path("out")).unwrap();
    setup.batch(["verify", "--no-files"]).exits(0);
    setup.batch(["verify"]).exits(1);
}

#[test]
fn what_isnt_finished_is_named() {
    let faults = ["submit:fail~@dog 1", "submit:400(envelope)~@dog 2", "submit:reset~@dog 3", "download:stall~@dog 4"];
    let setup = Setup::new(&manifest(&JOBS), &faults);
    let mut running = setup.running(["-j1"]).start();
    running.wait_for_stderr("d generated");
    running.signal("INT");
    running.end().exits(130);
    let document = setup.batch(["verify", "--format", "json", "--no-files"]).exits(1).json();
    let kinds: Vec<_> = problems(&document).iter().map(|problem| problem.0).collect();
    assert_eq!(kinds, ["failed", "refused", "uncertain", "not-fetched"]);
}

#[test]
fn what_is_or_may_be_paid_for_an_input_before_an_edit_is_named() {
    let faults = ["submit:reset(charged)~@dog 1", "status:stall~@dog 2", "download:stall~@dog 3"];
    let setup = Setup::new(&manifest(&JOBS), &faults);
    let mut running = setup.running(["-j4"]).start();
    for words in ["a uncertain", "b submitted", "c generated", "d succeeded"] {
        running.wait_for_stderr(words);
    }
    running.signal("INT");
    running.end().exits(130);
    let kinds = || {
        let document = setup.batch(["verify", "--format", "json", "--no-files"]).exits(1).json();
        let mut kinds: Vec<_> = problems(&document).iter().map(|(kind, job, _)| format!("{kind} {job:?}")).collect();
        kinds.sort();
        kinds
    };
    let open = [r#"in-flight Some("b")"#, r#"not-fetched Some("c")"#, r#"uncertain Some("a")"#];
    assert_eq!(kinds(), open);
    setup.project.write(MANIFEST, manifest(&JOBS.map(|(id, _)| (id, "@cat sleeps"))));
    let edited: Vec<String> = JOBS.iter().map(|(id, _)| format!(r#"changed Some("{id}")"#)).collect();
    assert_eq!(kinds(), [&edited[..], &open.map(str::to_owned)].concat());
    setup.project.write(MANIFEST, manifest(&[]).replace("jobs:", "jobs: []"));
    let orphans: Vec<String> = JOBS.iter().map(|(id, _)| format!(r#"orphan Some("{id}")"#)).collect();
    assert_eq!(kinds(), [&open[..2], &orphans.iter().map(String::as_str).collect::<Vec<_>>(), &open[2..]].concat());
}

#[test]
fn a_lock_of_another_service_is_named() {
    let (setup, other) = (Setup::new(&manifest(&JOBS[..1]), &[]), simulator(&[]));
    setup.run([]).exits(0);
    let elsewhere = setup.project.batch(["verify", "--format", "json"]).env("BAICAI_BASE_URL", &other.base_url());
    assert_eq!(problems(&elsewhere.run().exits(1).json()), [("other-service", None, None)]);
    assert_eq!(other.account().requests().len(), 0);
}
