//! The schemas that are committed are those that the program prints, and that of locks is what runs write.

use crate::formats::conforms;
use crate::support::image::png;
use crate::support::images::ImageHost;
use crate::support::project::Project;
use crate::support::setup::{LOCK, MANIFEST, Setup, manifest};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn committed_schemas_are_what_the_program_prints() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let mut names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name.strip_suffix(".schema.json").expect("every schema is named so").to_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["check", "events", "lock", "manifest", "plan", "saved-plan", "show", "status", "verify"]);
    for name in names {
        let committed = fs::read_to_string(folder.join(format!("{name}.schema.json"))).unwrap();
        let printed = Project::new().batch(["schema", &name]).run().exits(0);
        assert!(printed.stdout == committed, "schemas/{name}.schema.json: `batch schema {name}` prints something else");
    }
}

/// The lock, as the data that its TOML holds: times as text.
fn lock(project: &Project) -> Value {
    fn data(value: &toml::Value) -> Value {
        match value {
            toml::Value::Datetime(time) => json!(time.to_string()),
            toml::Value::Array(items) => items.iter().map(data).collect(),
            toml::Value::Table(fields) => fields.iter().map(|(name, value)| (name.clone(), data(value))).collect(),
            plain => serde_json::to_value(plain).unwrap(),
        }
    }
    data(&project.read(LOCK).parse::<toml::Table>().unwrap().into())
}

/// The statuses of its records.
fn statuses(lock: &Value) -> BTreeSet<&str> {
    let records = lock["purchase"].as_array().unwrap().iter();
    records.map(|record| record["status"].as_str().unwrap()).collect()
}

/// Whether the document is one by the schema of locks.
fn fits(project: &Project, lock: &Value) -> bool {
    let schema = project.batch(["schema", "lock"]).run().exits(0).json();
    jsonschema::validator_for(&schema).unwrap().is_valid(lock)
}

#[test]
fn locks_of_runs_fit_their_schema_in_every_status() {
    let jobs = [
        ("done", "@dog 1"),
        ("fails", "@cat fails"),
        ("refused", "@cat refused"),
        ("lost", "@cat lost"),
        ("given-up", "@cat lost too"),
        ("edited", "@dog 2"),
        ("stays", "@cat stays"),
        ("unfetched", "@cat unfetched"),
    ];
    let faults = [
        "submit:moderate~fails",
        "submit:400(envelope)~refused",
        "submit:502~lost",
        "submit:never~stays",
        "download:stall~unfetched",
    ];
    let text = |jobs: &[(&str, &str)]| {
        let text = manifest(jobs).replace("https://images.example.com/dog.png", "refs/dog.png");
        text.replace("id: done,", "id: done, number_of_videos: 2,")
    };
    let setup = Setup::new(&text(&jobs), &faults);
    setup.project.write("refs/dog.png", png(8, 8, "dog"));
    setup.run(["-j1", "--skip", "stays", "--skip", "unfetched"]).exits(3);
    conforms(&setup.project, "lock", &lock(&setup.project));
    let mut running = setup.running(["-j2", "--only", "stays", "--only", "unfetched"]).start();
    running.wait_for_stderr("unfetched generated");
    running.signal("INT");
    running.end().exits(130);
    setup.batch(["resolve", "given-up", "--failed"]).exits(0);
    let mut edited = jobs.to_vec();
    edited[5].1 = "@dog 3";
    setup.project.write(MANIFEST, text(&edited));
    setup.run(["--only", "edited"]).exits(0);

    let lock = lock(&setup.project);
    conforms(&setup.project, "lock", &lock);
    let all = ["failed", "generated", "refused", "submitted", "succeeded", "uncertain"];
    assert_eq!(statuses(&lock), BTreeSet::from(all), "{lock:#}");
    let of_edited = lock["purchase"].as_array().unwrap().iter().filter(|purchase| purchase["job"] == "edited");
    assert_eq!(of_edited.count(), 2, "{lock:#}");
    assert!(lock["upload"].is_array() && lock.to_string().contains("\"word\":\"person\""), "{lock:#}");

    setup.batch(["resolve", "lost", "--resubmit"]).exits(0);
    let released = self::lock(&setup.project);
    conforms(&setup.project, "lock", &released);
    assert!(statuses(&released).contains("released"), "{released:#}");

    // What `batch` would refuse, editors underline.
    for (job, field, value) in [
        ("done", "task_id", None),
        ("done", "reason", Some(json!("x"))),
        ("done", "statsu", Some(json!("x"))),
        ("done", "digest", Some(json!("sha256:0"))),
        ("lost", "reason", None),
        ("refused", "task_id", Some(json!("t"))),
        ("stays", "name", None),
    ] {
        let mut wrong = lock.clone();
        let record = wrong["purchase"].as_array_mut().unwrap().iter_mut().find(|record| record["job"] == job).unwrap();
        match &value {
            Some(value) => record[field] = value.clone(),
            None => drop(record.as_object_mut().unwrap().remove(field).unwrap()),
        }
        assert!(!fits(&setup.project, &wrong), "{job}, {field}: {value:?}");
    }
}

#[test]
fn locks_with_images_of_elsewhere_fit_their_schema() {
    let host = ImageHost::start();
    host.put("/dog.png", &png(8, 8, "dog"));
    host.put("/cat.png", &png(8, 8, "cat"));
    let text = manifest(&[("a", "@dog runs"), ("b", "@cat runs")])
        .replace("https://images.example.com", &host.url(""))
        .replace("cat.png", "cat.png?sign=secret")
        .replace("run: {", "run: { mirror: true, ");
    let setup = Setup::new(&text, &[]);
    setup.run(["--allow-private-images"]).exits(0);
    let lock = lock(&setup.project);
    conforms(&setup.project, "lock", &lock);
    assert_eq!(lock["mirror"].as_array().map(Vec::len), Some(2), "{lock:#}");
    assert!(lock["mirror"].as_array().unwrap().iter().any(|image| image["query"].is_string()), "{lock:#}");
}
