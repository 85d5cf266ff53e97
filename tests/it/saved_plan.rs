//! `batch plan --out FILE` and `batch run FILE`: what was reviewed is what is bought.

use crate::formats::conforms;
use crate::support::image::png;
use crate::support::setup::{MANIFEST, Setup};
use serde_json::{Value, json};

const TEXT: &str = r#"version: 1
run: { poll_interval: 10ms }
references:
  dog: { type: subject, urls: [refs/dog.png] }
defaults: { resolution: 360p, duration: 5 }
jobs:
  - { id: a, prompt: "@dog runs" }
  - { id: b, prompt: "@dog sits" }
  - { id: c, prompt: "@dog sleeps" }
  - { rows: rows.csv, id: "${{ row.id }}", prompt: "@dog ${{ row.what }}" }
"#;

fn setup() -> Setup {
    let setup = Setup::new(TEXT, &[]);
    setup.project.write("refs/dog.png", png(8, 8, "dog"));
    setup.project.write("rows.csv", "id,what\nd,eats\n");
    setup
}

/// Saves the plan of everything.
fn save(setup: &Setup) -> Value {
    setup.batch(["plan", "--out", "p.json"]).exits(0);
    serde_json::from_str(&setup.project.read("p.json")).unwrap()
}

/// The text of a plan; its first field says what it is.
fn text(plan: &Value) -> String {
    serde_json::to_string_pretty(plan).unwrap()
}

#[test]
fn exactly_what_was_planned_is_bought_once() {
    let setup = setup();
    setup.project.write("plans/.keep", "");
    let saved = setup.batch(["plan", "--only", "[abd]", "--limit", "2", "--out", "plans/p.json"]).exits(0);
    assert!(saved.stderr.contains("batch run plans/p.json"), "{saved:?}");
    let document: Value = serde_json::from_str(&setup.project.read("plans/p.json")).unwrap();
    conforms(&setup.project, "saved-plan", &document);
    assert_eq!(document["manifest"], "../jobs.yaml");
    let jobs = document["jobs"].as_array().unwrap().iter().map(|job| job["reason"].as_str().unwrap());
    assert_eq!(jobs.collect::<Vec<_>>(), ["new", "new", "limit"]);
    setup.run(["plans/p.json", "--frozen"]).exits(1);
    setup.run(["plans/p.json"]).exits(0);
    let mut prompts = setup.prompts();
    prompts.sort();
    assert_eq!(prompts, ["@dog runs", "@dog sits"]);
    let again = setup.run(["plans/p.json"]).exits(2);
    assert!(again.stderr.contains("the ledger changed"), "{again:?}");
    assert_eq!(setup.charges(), 2);
    // Another plan takes its place; a file of somebody else's stays.
    setup.batch(["plan", "--out", "plans/p.json"]).exits(0);
    setup.batch(["plan", "--out", MANIFEST]).exits(2);
    assert_eq!(setup.project.read(MANIFEST), TEXT);
    setup.run(["plans/p.json"]).exits(0);
    assert_eq!(setup.charges(), 4);
}

#[test]
fn what_changed_since_is_named_and_nothing_is_sent() {
    let setup = setup();
    save(&setup);
    let refused = |why: &str| {
        let ended = setup.run(["p.json"]).exits(2);
        assert!(ended.stderr.contains(&format!("p.json can't be run any more: {why}")), "{why}: {ended:?}");
    };
    let changed = |path: &str, content: &[u8], why: &str| {
        let before = std::fs::read(setup.project.path(path)).unwrap();
        setup.project.write(path, content);
        refused(why);
        setup.project.write(path, before);
    };
    changed(MANIFEST, TEXT.replace("sits", "stands").as_bytes(), "jobs.yaml changed");
    changed("rows.csv", b"id,what\nd,drinks\n", "rows.csv changed");
    changed("refs/dog.png", &png(8, 8, "another dog"), "the image refs/dog.png changed");
    let elsewhere = setup.run(["p.json", "--base-url", "http://127.0.0.1:9"]).exits(2);
    assert!(elsewhere.stderr.contains("the jobs would go to http://127.0.0.1:9, not to"), "{elsewhere:?}");
    let trial = setup.batch(["run", "p.json", "--simulate"]).exits(2);
    assert!(trial.stderr.contains("it is the plan of a real run"), "{trial:?}");
    for options in [&["--only", "a"][..], &["--limit", "1"], &["--max-cost", "9"], &["--prune"], &["--retry-failed"]] {
        let ended = setup.run(["p.json"].iter().chain(options).copied()).exits(2);
        assert!(ended.stderr.contains("a saved plan is run as it is"), "{options:?}: {ended:?}");
    }
    assert_eq!(setup.calls(), 0);
    setup.run(["--only", "a"]).exits(0);
    refused("the ledger changed");
    assert_eq!(setup.charges(), 1);
}

#[test]
fn a_plan_that_nobody_saved_is_refused_in_clear_words() {
    let setup = setup();
    let good = save(&setup);
    let with = |field: &str, value: Value| {
        let mut plan = good.clone();
        plan[field] = value;
        text(&plan)
    };
    let job = json!([{ "id": "../x", "digest": good["jobs"][0]["digest"], "action": "submit", "reason": "new" }]);
    for (hostile, why) in [
        (text(&good)[..200].to_owned(), "EOF"),
        (with("batch_plan", json!(2)), "version 2"),
        (with("extra", json!(1)), "unknown field `extra`"),
        (with("manifest", json!("/etc/passwd")), "not a relative path"),
        (with("manifest", json!("..")), "not a relative path"),
        (with("jobs", job), "at line"),
        (with("ledger", json!("0")), "at line"),
        (with("retry", json!("always")), "unknown variant `always`"),
        (format!("{{\n  \"batch_plan\": {}", "[".repeat(100_000)), "at line"),
    ] {
        setup.project.write("p.json", &hostile);
        let ended = setup.run(["p.json"]).exits(2);
        let said = "p.json is a saved plan that can't be run: ";
        assert!(ended.stderr.contains(said) && ended.stderr.contains(why), "{why}: {ended:?}");
        assert!(ended.stderr.lines().count() < 5, "{ended:?}");
    }
    // One that says that it buys another digest, or jobs that the manifest doesn't have.
    let mut plan = good.clone();
    plan["jobs"][0]["digest"] = good["jobs"][1]["digest"].clone();
    let mut more = good.clone();
    let mut job = good["jobs"][0].clone();
    job["id"] = json!("not-there");
    more["jobs"].as_array_mut().unwrap().push(job);
    for made_up in [plan, more] {
        setup.project.write("p.json", text(&made_up));
        let ended = setup.run(["p.json"]).exits(2);
        assert!(ended.stderr.contains("would buy something else"), "{ended:?}");
    }
    assert_eq!((setup.calls(), setup.project.path("jobs.lock").exists()), (0, false));
}
