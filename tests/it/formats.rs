//! One manifest in three formats is one manifest, and all that is printed for machines keeps to its schema.

use crate::support::project::Project;
use crate::support::setup::{LOCK, Setup, manifest_of};
use serde_json::Value;
use std::fs;

const YAML: &str = r#"
version: 1
run: { poll_interval: 10ms }
references:
  小狗: { type: subject, urls: [refs/dog.png, "https://images.example.com/dog.png"] }
  grass: { type: background, urls: ["https://images.example.com/grass.png"] }
defaults: { resolution: 720p, duration: 5 }
jobs:
  - id: a
    prompt: |
      @小狗 runs
      over the @grass
  - { id: b, prompt: "@小狗 said \"no\"\t", number_of_videos: 2, negative_prompt: '', need_expand_prompt: yes-no }
"#;

const TOML: &str = r#"
version = 1
jobs = [
  { id = "a", prompt = "@小狗 runs\nover the @grass\n" },
  { id = "b", prompt = '@小狗 said "no"	', number_of_videos = 2, negative_prompt = '', duration = 0x5 },
]
[run]
poll_interval = "10ms"
[defaults]
resolution = "720p"
duration = 5
[references]
"小狗" = { type = "subject", urls = ["refs/dog.png", "https://images.example.com/dog.png"] }
grass = { type = "background", urls = ["https://images.example.com/grass.png"] }
"#;

const JSON: &str = r#"{
  "version": 1,
  "run": { "poll_interval": "10ms" },
  "references": {
    "\u5c0f\u72d7": { "type": "subject", "urls": ["refs/dog.png", "https://images.example.com/dog.png"] },
    "grass": { "type": "background", "urls": ["https:\/\/images.example.com/grass.png"] }
  },
  "defaults": { "resolution": "720p", "duration": 5 },
  "jobs": [
    { "id": "a", "prompt": "@小狗 runs\nover the @grass\n" },
    { "id": "b", "prompt": "@\u5c0f狗 said \"no\"\t", "number_of_videos": 2, "negative_prompt": "" }
  ]
}"#;

fn digests(document: &Value) -> Vec<&str> {
    document["jobs"].as_array().unwrap().iter().map(|job| job["digest"].as_str().unwrap()).collect()
}

#[test]
fn a_manifest_in_another_format_is_the_same_manifest() {
    let yaml = YAML.replace(", need_expand_prompt: yes-no", "");
    let setup = Setup::new(&yaml, &[]);
    setup.project.write("refs/dog.png", crate::support::image::png(8, 8, ""));
    let first = setup.batch(["plan", "--format", "json"]).exits(0).json();
    setup.run([]).exits(0);
    let (calls, lock) = (setup.calls(), setup.project.read(LOCK));
    let mut before = "jobs.yaml";
    for (name, text) in [
        ("jobs.toml", TOML.to_owned()),
        ("jobs.json", JSON.to_owned()),
        ("jobs.yml", JSON.to_owned()),
        ("jobs.yaml", yaml.replace('\n', "\r\n")),
        ("jobs.toml", TOML.replace('\n', "\r\n")),
        ("jobs.yaml", format!("\u{feff}%YAML 1.2\n---{yaml}...\n")),
    ] {
        fs::remove_file(setup.project.path(before)).unwrap();
        setup.project.write(name, &text);
        let plan = setup.batch(["plan", "--format", "json"]).exits(0).json();
        assert_eq!(digests(&plan), digests(&first), "{name}: {text}");
        assert_eq!(plan["summary"]["keep"], 2, "{name}: {plan:#}");
        setup.run([]).exits(0);
        assert_eq!((setup.calls(), setup.project.read(LOCK)), (calls, lock.clone()), "{name}");
        before = name;
    }
}

#[test]
fn a_digest_is_what_the_manual_says_it_is() {
    use sha2::Digest;
    let setup = Setup::new(&manifest_of(1), &[]);
    setup.run([]).exits(0);
    // RFC 8785: keys in order, no white space.
    let request = r#"{"input":{"duration":5,"mutil_reference":[{"name":"dog","type":"subject","urls":["https://images.example.com/dog.png"]}],"prompt":"@dog runs 1 times","resolution":"360p"},"selected_model":"PixVerse-v4.5-MR2V","task_type":"multi_ref_img2video"}"#;
    assert_eq!(setup.submits(), [serde_json::from_str::<Value>(request).unwrap()]);
    let hash: String = sha2::Sha256::digest(request).iter().map(|byte| format!("{byte:02x}")).collect();
    let plan = setup.batch(["plan", "--format", "json"]).exits(0).json();
    assert_eq!(digests(&plan), [format!("sha256:{hash}")]);
}

#[test]
fn all_documents_keep_to_their_schemas() {
    let setup = Setup::new(&manifest_of(4), &["submit:fail@1", "submit:400(envelope)@2", "submit:reset@3"]);
    setup.run(["-j1"]).exits(3);
    setup.project.write("jobs.yaml", manifest_of(5).replace("@dog runs 4 times", "@dog, run"));
    for name in ["check", "plan", "status", "verify"] {
        let document = setup.batch([name, "--format", "json"]);
        assert!(document.stdout.ends_with("}\n"), "{document:?}");
        conforms(&setup.project, name, &document.json());
    }
    setup.project.write("jobs.yaml", "version: 2\njobs: [{ id: a, a: [}");
    conforms(&setup.project, "check", &setup.batch(["check", "--format", "json"]).exits(2).json());
}

/// Fails unless the document is as `batch schema NAME` says.
#[track_caller]
pub(crate) fn conforms(project: &Project, name: &str, document: &Value) {
    let schema = project.batch(["schema", name]).run().exits(0).json();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}\n{document:#}");
}
