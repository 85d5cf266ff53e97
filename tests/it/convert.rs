//! `batch convert`: the same manifest in another format, and nothing lost unsaid.

use crate::support::image::png;
use crate::support::project::Project;
use crate::support::setup::{LOCK, MANIFEST, Setup, manifest_of};
use batch::base::folder::Folder;
use batch::document::Format;
use batch::document::emit::{Item, convert, write};
use batch::manifest::{Loaded, Manifest, load, load_text};
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

const FORMATS: [Format; 3] = [Format::Yaml, Format::Toml, Format::Json];

/// All that a manifest means.
fn meaning(manifest: &Manifest) -> String {
    let jobs: Vec<_> =
        manifest.jobs.iter().map(|job| (&job.id, &job.generation, job.take, &job.digest, &job.name)).collect();
    let settings = (&manifest.base_url, &manifest.turned_away, &manifest.run, &manifest.output_dir, &manifest.prices);
    format!("{jobs:#?}{settings:#?}")
}

/// Fails unless the manifest means the same in every format, there and back.
#[track_caller]
fn keeps_its_meaning(loaded: &Loaded, from: Format, folder: &Folder) {
    let name = loaded.source.name();
    let before = meaning(loaded.manifest.as_ref().unwrap_or_else(|| panic!("{name}: {:#?}", loaded.findings)));
    for to in FORMATS {
        let converted = convert(&loaded.source, from, to).unwrap().text;
        let there = load_text(name, converted.clone(), to, folder);
        assert_eq!(there.findings.len(), loaded.findings.len(), "{name} {to:?}: {converted}");
        assert_eq!(meaning(there.manifest.as_ref().unwrap()), before, "{name} {to:?}: {converted}");
        let back = convert(&there.source, to, from).unwrap().text;
        let again = load_text(name, back.clone(), from, folder);
        assert_eq!(meaning(again.manifest.as_ref().unwrap()), before, "{name} {to:?} and back: {back}");
        let twice = convert(&there.source, to, to).unwrap().text;
        assert_eq!(twice, converted, "{name}: {to:?} is written in one way");
    }
}

fn manifests_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            manifests_below(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| ["yaml", "toml", "json"].iter().any(|known| extension == *known))
        {
            found.push(path);
        }
    }
}

#[test]
fn every_good_manifest_and_example_keeps_its_meaning() {
    let mut found = Vec::new();
    for folder in ["tests/manifests/good", "examples"] {
        manifests_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    }
    assert!(found.len() > 30, "only {found:?}");
    for path in found {
        let folder = Folder::open(path.canonicalize().unwrap().parent().unwrap()).unwrap();
        keeps_its_meaning(&load(&path), Format::of_path(&path), &folder);
    }
}

fn text() -> impl Strategy<Value = String> {
    let awkward = [
        "no",
        "720",
        "1_000",
        "a: b",
        "a #b",
        "one\ntwo\n",
        "one\n\n  two",
        "one \ntwo",
        "\"'''\"\"\"\n\\",
        "狗 🐕\n",
        "\tx",
        "@e.com",
    ];
    prop_oneof![prop::sample::select(awkward.to_vec()).prop_map(str::to_owned), "[a-z狗🐶:#'\"\\\\\n\t,{}-]{0,16}",]
}

fn job(number: usize) -> impl Strategy<Value = Item> {
    let entry = |key: &str, value: Item| (key.to_owned(), value);
    (text(), prop::option::of(text()), prop::bool::ANY, 1..4_i64, prop::bool::ANY).prop_map(
        move |(prompt, negative, eight, videos, inline)| {
            let mut job = vec![
                entry("id", Item::Text(format!("no-{number}"))),
                entry("prompt", Item::Text(format!("@on {prompt} @小狗 {prompt}"))),
                entry("duration", Item::Integer(if eight { 8 } else { 5 })),
                entry("number_of_videos", Item::Integer(videos)),
            ];
            if inline {
                let hill =
                    [("name", "on"), ("type", "subject")].map(|(key, value)| entry(key, Item::Text(value.to_owned())));
                let urls = entry("urls", Item::List(vec![Item::Text("https://e.com/h.png?a=1&b=#2".to_owned())]));
                let hill = Item::Table(hill.into_iter().chain([urls]).collect());
                job.push(entry("references", Item::List(vec![hill, Item::Text("小狗".to_owned())])));
            }
            job.extend(negative.map(|text| entry("negative_prompt", Item::Text(text))));
            Item::Table(job)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn generated_manifests_keep_their_meaning(jobs in (0..4_usize).prop_flat_map(|count| (0..count).map(job).collect::<Vec<_>>()), cents in 0..100_000_000_u32) {
        let text = format!(
            "version: 1\nrun: {{ concurrency: 7, patience: 1h30m, submit_rate: 60/min }}\noutput: {{ name: \"{{id}}/{{n}}.mp4\" }}\n\
             prices: {{ unit: y, table: [{{ resolution: 720p, duration: 8, price: {}.{:02} }}] }}\n\
             references:\n  on: &shared {{ type: subject, urls: [\"https://e.com/a.png\"] }}\n  小狗: {{ <<: *shared, type: background }}\n\
             defaults: {{ resolution: 720p }}\njobs: {}",
            cents / 100,
            cents % 100,
            write(&Item::List(jobs), Format::Json).unwrap()
        );
        let folder = tempfile::tempdir().unwrap();
        let folder = Folder::open(folder.path()).unwrap();
        let loaded = load_text("generated", text, Format::Yaml, &folder);
        prop_assume!(loaded.manifest.is_some());
        keeps_its_meaning(&loaded, Format::Yaml, &folder);
    }
}

#[test]
fn a_manifest_is_written_and_what_stays_behind_is_said() {
    let text =
        format!("# yaml-language-server: $schema=manifest.schema.json\n# mine\n{} # last\n", manifest_of(2).trim_end());
    let project = Project::new().with(MANIFEST, &text);
    let before = project.batch(["plan", "--format", "json"]).run().exits(0).json();
    let ended = project.batch(["convert", MANIFEST, "jobs.toml"]).run().exits(0);
    assert!(
        ended.stdout.is_empty() && ended.stderr.contains("2 comments") && ended.stderr.contains("same lock"),
        "{ended:?}"
    );
    assert!(project.read("jobs.toml").starts_with("#:schema manifest.schema.json\n"), "{}", project.read("jobs.toml"));
    let after = project.batch(["plan", "--format", "json", "jobs.toml"]).run().exits(0).json();
    assert_eq!(before["jobs"], after["jobs"]);
    let quiet = project.batch(["convert", "-q", "jobs.toml", "jobs.json"]).run().exits(0);
    assert!(quiet.stderr.is_empty(), "{quiet:?}");
    let silent = project.batch(["convert", "jobs.json", "again.yml"]).run().exits(0);
    assert!(!silent.stderr.contains("comment"), "there are none: {silent:?}");
}

#[test]
fn nothing_is_replaced_unasked() {
    let project = Project::new().with(MANIFEST, manifest_of(1)).with("jobs.toml", "mine");
    let ended = project.batch(["convert", MANIFEST, "jobs.toml"]).run().exits(2);
    assert!(ended.stderr.contains("--force"), "{ended:?}");
    assert_eq!(project.read("jobs.toml"), "mine");
    project.batch(["convert", "--force", MANIFEST, "jobs.toml"]).run().exits(0);
    assert!(project.read("jobs.toml").contains("[[jobs]]"));
    let before = project.read(MANIFEST);
    project.batch(["convert", "--force", MANIFEST, "./jobs.yaml"]).run().exits(2);
    assert_eq!(project.read(MANIFEST), before, "not even over itself");
}

#[test]
fn a_manifest_with_errors_is_not_converted() {
    for text in ["version: 1\njobs: [", "version: 2\njobs: []\n", "version: 1\njobs: ~\n"] {
        let project = Project::new().with(MANIFEST, text);
        let ended = project.batch(["convert", MANIFEST, "jobs.toml"]).run().exits(2);
        assert!(ended.stderr.contains("nothing was written"), "{ended:?}");
        assert!(!project.path("jobs.toml").exists());
    }
}

#[test]
fn streams_say_their_format() {
    let project = Project::new();
    let yaml = manifest_of(1);
    let toml = project.batch(["convert", "-", "-", "--to", "toml"]).input(&yaml).run().exits(0).stdout;
    let json =
        project.batch(["convert", "-", "-", "--from", "toml", "--to", "json"]).input(&toml).run().exits(0).stdout;
    let back = project.batch(["convert", "-", "-", "--to", "yaml"]).input(&json).run().exits(0).stdout;
    let digests = |text: &str| {
        let folder = Folder::open(&project.root()).unwrap();
        meaning(load_text("t", text.to_owned(), Format::Yaml, &folder).manifest.as_ref().unwrap())
    };
    assert_eq!(digests(&back), digests(&yaml));
    for options in [["convert", "-", "-"], ["convert", "-", "jobs"], ["convert", "-", "jobs.txt"]] {
        let ended = project.batch(options).input(&yaml).run().exits(2);
        assert!(ended.stderr.contains("--to"), "{ended:?}");
    }
    project.batch(["convert", "-", "jobs.txt", "--to", "json"]).input(&yaml).run().exits(0);
    assert!(project.read("jobs.txt").starts_with("{\n"));
}

#[test]
fn paths_never_come_to_mean_other_images() {
    let local = manifest_of(1).replace("https://images.example.com/dog.png", "refs/dog.png");
    let project = Project::new().with(MANIFEST, &local).with("refs/dog.png", png(8, 8, "a")).with("sub/x", "");
    project.batch(["convert", MANIFEST, "jobs.toml"]).run().exits(0);
    let refused = project.batch(["convert", MANIFEST, "sub/jobs.toml"]).run().exits(2);
    assert!(
        refused.stderr.contains("relative to the manifest") && !project.path("sub/jobs.toml").exists(),
        "{refused:?}"
    );
    // An image of the same name with another content is another job.
    project.write("sub/refs/dog.png", png(8, 8, "b"));
    project.batch(["convert", MANIFEST, "sub/jobs.toml"]).run().exits(2);
    project.write(MANIFEST, manifest_of(1));
    project.batch(["convert", MANIFEST, "sub/jobs.toml"]).run().exits(0);
}

#[test]
fn a_lock_that_would_be_left_behind_is_named() {
    let setup = Setup::new(&manifest_of(1), &[]);
    setup.run([]).exits(0);
    let ended = setup.batch(["convert", MANIFEST, "other.toml"]).exits(0);
    assert!(ended.stderr.contains("other.lock") && ended.stderr.contains(LOCK), "{ended:?}");
}
