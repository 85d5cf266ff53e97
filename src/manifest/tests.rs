mod limits;
mod planted;

use super::dedup::MOST_FINDINGS;
use super::*;
use crate::diagnostic::code::Code;
use std::fs;

/// Creates a folder with the images of the examples.
fn folder() -> (tempfile::TempDir, Folder) {
    let temp = tempfile::tempdir().unwrap();
    fs::create_dir(temp.path().join("refs")).unwrap();
    let png = crate::service::content::samples::png(512, 512);
    fs::write(temp.path().join("refs/dog.png"), &png).unwrap();
    fs::write(temp.path().join("refs/hill.jpg"), png).unwrap();
    let folder = Folder::open(temp.path()).unwrap();
    (temp, folder)
}

fn check(text: &str, format: Format) -> Loaded {
    load_text("jobs", text.to_owned(), format, &folder().1)
}

/// Returns each finding as `code line:underlined text`, then ` + line:underlined` for each further label.
fn shown(loaded: &Loaded) -> Vec<String> {
    let place = |span: crate::document::Span| {
        let underlined = &loaded.source.text()[span.range()];
        format!("{}:{underlined}", loaded.source.position(span.start as usize).line)
    };
    let show = |finding: &Finding| {
        let labels: Vec<String> = finding.labels.iter().map(|label| place(label.span)).collect();
        format!("{} {}", finding.code, labels.join(" + "))
    };
    loaded.findings.iter().map(show).collect()
}

/// A library and defaults, with which a job needs little; 9 lines.
const HEAD: &str = r#"version: 1
references:
  human: { type: subject, urls: ["https://images.example.com/12.png"] }
  dog: { type: subject, urls: [refs/dog.png] }
  grass: { type: background, urls: ["https://images.example.com/11.png"] }
defaults:
  resolution: 720p
  duration: 5
jobs:
"#;

/// Returns the findings of `jobs` after [`HEAD`]; lines are counted from the first job on.
fn jobs(jobs: &str) -> Vec<String> {
    let loaded = check(&format!("{HEAD}{jobs}"), Format::Yaml);
    let again = |line: &str| {
        let mut parts = line.splitn(2, ' ');
        let code = parts.next().unwrap_or_default();
        let labels = parts.next().unwrap_or_default().split(" + ").map(|label| match label.split_once(':') {
            Some((line, text)) if line.parse::<i64>().is_ok() => format!("{}:{text}", line.parse::<i64>().unwrap() - 9),
            _ => label.to_owned(),
        });
        format!("{code} {}", labels.collect::<Vec<_>>().join(" + "))
    };
    shown(&loaded).iter().map(|line| again(line)).collect()
}

#[test]
fn the_page_of_the_manual_is_a_good_manifest() {
    let text = r#"version: 1
service:
  base_url: https://cloud.baicaiinfer.com
run:
  concurrency: 4
  submit_rate: 60/min
  job_timeout: 30m
  poll_interval: 10s
  patience: 10m
  on_uncertain: hold
  retries: 1
output:
  dir: out
  name: "{id}-{n}.mp4"
prices:
  unit: CNY
  table:
    - { resolution: 720p, duration: 5, price: 3.5 }
references:
  human: { type: subject, urls: ["https://images.example.com/12.png"] }
  dog:   { type: subject, urls: [refs/dog.png] }
  grass: { type: background, urls: ["https://images.example.com/11.png"] }
defaults:
  selected_model: PixVerse-v4.5-MR2V
  resolution: 720p
  duration: 5
jobs:
  - id: park-walk
    prompt: "@human and @dog play on the @grass"
    references: [human, dog, grass]
  - id: close-up
    prompt: "@dog looks at the camera in front of @hill"
    resolution: 1080p
    references:
      - dog
      - { name: hill, type: background, urls: [refs/hill.jpg] }
    number_of_videos: 2
    take: 2
  - id: implied
    prompt: "@human walks on the @grass"
"#;
    let loaded = check(text, Format::Yaml);
    assert_eq!(shown(&loaded), [""; 0]);
    let manifest = loaded.manifest.unwrap();
    let ids: Vec<_> = manifest.jobs.iter().map(|job| (job.id.as_str(), job.name.pattern())).collect();
    assert_eq!(
        ids,
        [
            ("park-walk", "out/park-walk-{n}.mp4"),
            ("close-up", "out/close-up-{n}.mp4"),
            ("implied", "out/implied-{n}.mp4")
        ]
    );
    let names = |job: usize| -> Vec<_> {
        manifest.jobs[job].generation.references.iter().map(|reference| reference.name.as_str()).collect()
    };
    assert_eq!(names(0), ["human", "dog", "grass"]);
    assert_eq!(names(1), ["dog", "hill"]);
    assert_eq!(names(2), ["human", "grass"]);
    assert_eq!(manifest.images.len(), 1, "both local images have the same content");
    assert_eq!(manifest.run.poll_interval, Some(std::time::Duration::from_secs(10)));
    assert_eq!(manifest.prices.table.unwrap()[0].price.to_string(), "3.5");
}

#[test]
fn rules_of_a_job() {
    table(&[
        // missing-field
        ("- id: a", vec!["missing-field 1:id"]),
        ("- prompt: \"@dog runs\"", vec!["missing-field 1:prompt"]),
        ("- id: a\n  prompt: a dog runs", vec!["missing-field 1:id"]),
        ("- id: a\n  promt: \"@dog runs\"", vec!["unknown-field 2:promt"]),
        ("- {}", vec!["missing-field 1:{}", "missing-field 1:{}"]),
        // wrong-type
        ("- id: 7\n  prompt: \"@dog runs\"", vec!["wrong-type 1:7"]),
        ("- id: a\n  prompt: [\"@dog runs\"]", vec!["wrong-type 2:[\"@dog runs\"]"]),
        ("- id: a\n  prompt:\n  take: 2", vec!["wrong-type 2:"]),
        ("- id: a\n  prompt: \"@dog runs\"\n  duration: \"5\"", vec!["wrong-type 3:\"5\""]),
        ("- id: a\n  prompt: \"@dog runs\"\n  duration: 5.0", vec!["wrong-type 3:5.0"]),
        ("- id: a\n  prompt: \"@dog runs\"\n  resolution: 720", vec!["wrong-type 3:720"]),
        ("- id: a\n  prompt: \"@dog runs\"\n  need_expand_prompt: yes", vec!["wrong-type 3:yes"]),
        ("- id: a\n  prompt: \"@dog runs\"\n  references: dog", vec!["wrong-type 3:dog"]),
        ("- id: a\n  prompt: \"@dog runs\"\n  references: [5]", vec!["wrong-type 3:5"]),
        ("- a", vec!["wrong-type 1:a"]),
        // unknown-field
        ("- id: a\n  input: { prompt: x }", vec!["unknown-field 2:input"]),
        ("- id: a\n  prompt: \"@x\"\n  mutil_reference: []", vec!["unknown-field 3:mutil_reference"]),
        ("- id: a\n  prompt: \"@dog runs\"\n  x-note: hm", vec!["unknown-field 3:x-note"]),
        // ids
        ("- id: a b\n  prompt: \"@dog runs\"", vec!["job-id 1:a b"]),
        ("- id: \"\"\n  prompt: \"@dog runs\"", vec!["job-id 1:\"\""]),
        ("- id: a\n  prompt: \"@dog runs\"\n- id: A\n  prompt: \"@dog sits\"", vec!["duplicate-job-id 3:A + 1:a"]),
        (
            "- id: a\n  prompt: \"@dog runs\"\n- id: b\n  prompt: \"@dog runs\"\n- id: c\n  take: 2\n  prompt: \"@dog runs\"",
            vec!["twin-jobs 3:b + 1:a"],
        ),
        // values
        ("- id: a\n  prompt: \"@dog runs\"\n  resolution: 4k", vec!["resolution 3:4k"]),
        ("- id: a\n  prompt: \"@dog runs\"\n  duration: 6", vec!["duration 3:6"]),
        ("- id: a\n  prompt: \"@dog runs\"\n  number_of_videos: 0", vec!["number-of-videos 3:0"]),
        ("- id: a\n  prompt: \"@dog runs\"\n  number_of_videos: 5", vec!["number-of-videos 3:5"]),
        ("- id: a\n  prompt: \"@dog runs\"\n  take: 0", vec!["setting 3:0"]),
        ("- id: a\n  prompt: \"@dog runs\"\n  async: false", vec!["async 3:false"]),
        ("- id: a\n  prompt: \"@dog runs\"\n  async: true", vec![]),
        ("- id: a\n  prompt: \"@dog runs\"\n  task_type: text2video", vec!["task-type 3:text2video"]),
        ("- id: a\n  prompt: \"@dog runs\"\n  aspect_ratio: 16:9", vec!["aspect-ratio 3:aspect_ratio"]),
        ("- id: a\n  prompt: \"@dog runs\"\n  selected_model: \" \"", vec!["setting 3:\" \""]),
        (
            "- id: a\n  prompt: \"@dog runs\"\n  resolution: 1080p\n  duration: 8",
            vec!["duration-resolution 4:8 + 3:1080p"],
        ),
        ("- id: a\n  prompt: \"@dog runs\"\n  duration: 8", vec![]),
        // prompts
        ("- id: a\n  prompt: \"\"", vec!["empty-prompt 2:\"\""]),
        ("- id: a\n  prompt: \" \\u200b\\t\"", vec!["empty-prompt 2:\" \\u200b\\t\""]),
        ("- id: a\n  prompt: \"@dog and @cta run\"\n  references: [dog]", vec!["unknown-mention 2:@cta"]),
        ("- id: a\n  prompt: \"@dogs run\"\n  references: [dog]", vec!["unknown-mention 2:@dogs"]),
        ("- id: a\n  prompt: \"@dgo runs\"", vec!["unknown-mention 2:@dgo"]),
        ("- id: a\n  prompt: \"@wolf runs\"", vec!["unknown-mention 2:@wolf"]),
        (
            "- id: a\n  prompt: |\n    A field.\n    Here @wolf runs\n  references: [dog]",
            vec!["unknown-mention 4:@wolf", "unused-reference 5:dog"],
        ),
        ("- id: a\n  prompt: \"@dog, run\"", vec!["mention-spacing 2:@dog"]),
        ("- id: a\n  prompt: \"@dog runs\"\n  references: [dog, human]", vec!["unused-reference 3:human"]),
        // references
        ("- id: a\n  prompt: \"@dog runs\"\n  references: []", vec!["reference-count 3:[]"]),
        ("- id: a\n  prompt: \"@dog runs\"\n  references: [dgo]", vec!["unknown-reference 3:dgo"]),
        ("- id: a\n  prompt: \"@dog @x runs\"\n  references: [dog, wolf]", vec!["unknown-reference 3:wolf"]),
        ("- id: a\n  prompt: \"@dog runs\"\n  references: [dog, dog]", vec!["duplicate-reference-name 3:dog + 3:dog"]),
        (
            "- id: a\n  prompt: \"@a b @c\"\n  references:\n    - { name: a b, type: subject, urls: [refs/dog.png] }\n    - { name: c, type: object, urls: [] }",
            vec!["reference-name 4:a b", "reference-type 5:object", "image-count 5:[]"],
        ),
        (
            "- id: a\n  prompt: \"@c \"\n  references:\n    - { name: c, urls: [refs/dgo.png, 5] }",
            vec!["missing-field 4:name", "image-url 4:refs/dgo.png", "wrong-type 4:5"],
        ),
    ]);
}

/// Compares the findings in jobs after [`HEAD`] with the expected ones, and with those of the twins in TOML and JSON;
/// shows all that differ.
fn table(cases: &[(&str, Vec<&str>)]) {
    yaml_table(cases);
    for (text, expected) in cases {
        let codes = |found: &[String]| {
            let mut codes: Vec<_> = found.iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
            codes.sort();
            codes
        };
        let expected = codes(&expected.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>());
        let value: serde_json::Value = serde_yaml::from_str(&format!("{HEAD}{text}")).unwrap();
        assert_eq!(codes(&shown(&check(&value.to_string(), Format::Json))), expected, "as JSON: {value}");
        if value.to_string().contains("null") {
            continue; // TOML has no null.
        }
        let toml = toml::to_string(&value).unwrap();
        assert_eq!(codes(&shown(&check(&toml, Format::Toml))), expected, "as TOML: {toml}");
    }
}

/// Compares the findings in jobs after [`HEAD`] with the expected ones; shows all that differ.
fn yaml_table(cases: &[(&str, Vec<&str>)]) {
    let differing = cases.iter().filter_map(|(text, expected)| {
        let found = jobs(text);
        (found != *expected).then(|| format!("\n{text}\n  found    {found:?}\n  expected {expected:?}\n"))
    });
    let differing: String = differing.collect();
    assert!(differing.is_empty(), "{differing}");
}

/// Returns the findings in a whole manifest.
fn whole(text: &str) -> Vec<String> {
    shown(&check(text, Format::Yaml))
}

#[test]
fn what_comes_from_elsewhere_is_blamed_where_it_stands_once_with_the_first_job_beside_it() {
    let head = "version: 1\nreferences:\n  dog: { type: subject, urls: [refs/dog.png] }\n";
    for (text, expected) in [
        // A value of `defaults` that is wrong by itself: the first job that has none of its own.
        (
            "defaults: { resolution: 4k, duration: 5 }\njobs:\n- { id: a, prompt: '@dog ', resolution: 720p }\n- { id: b, prompt: '@dog x' }\n- { id: c, prompt: '@dog y' }\n",
            vec!["resolution 4:4k + 7:b"],
        ),
        // Nobody uses it: still wrong.
        (
            "defaults: { resolution: 4k, duration: 5 }\njobs:\n- { id: a, prompt: '@dog ', resolution: 720p }\n",
            vec!["resolution 4:4k"],
        ),
        // Two values that don't go together.
        (
            "defaults: { resolution: 1080p, duration: 8 }\njobs:\n- { id: a, prompt: '@dog ' }\n- { id: b, prompt: '@dog x' }\n",
            vec!["duration-resolution 4:8 + 4:1080p + 6:a"],
        ),
        (
            "defaults: { resolution: 720p, duration: 8 }\njobs:\n- { id: a, prompt: '@dog ', resolution: 1080p }\n- { id: b, prompt: '@dog x' }\n",
            vec!["duration-resolution 4:8 + 6:1080p"],
        ),
        (
            "jobs:\n- { id: a, prompt: '@dog ', duration: 8 }\n- { id: b, prompt: '@dog x', duration: 8 }\ndefaults: { resolution: 1080p }\n",
            vec!["duration-resolution 5:8 + 7:1080p", "duration-resolution 6:8 + 7:1080p"],
        ),
        // Prompts and references of `defaults`.
        (
            "defaults: { resolution: 720p, duration: 5, prompt: '@dgo runs' }\njobs:\n- { id: a }\n- { id: b, references: [dog] }\n",
            vec!["unknown-mention 4:@dgo + 6:a"],
        ),
        (
            "defaults: { resolution: 720p, duration: 5, references: [dog, wolf] }\njobs:\n- { id: a, prompt: '@dog ' }\n- { id: b, prompt: '@x ' }\n",
            vec!["unknown-reference 4:wolf + 6:a"],
        ),
        (
            "defaults: { resolution: 720p, duration: 5, references: [dog] }\njobs:\n- { id: a, prompt: '@dog ' }\n- { id: b, prompt: 'x' }\n",
            vec!["unused-reference 4:dog + 7:b"],
        ),
        (
            "defaults: { resolution: 720p, duration: 5, aspect_ratio: '1:1', promt: x }\njobs:\n- { id: a }\n",
            vec!["aspect-ratio 4:aspect_ratio + 6:a", "unknown-field 4:promt"],
        ),
        // Fields of all jobs at the top level.
        (
            "resolution: 720p\nduration: 5\njobs:\n- { id: a, prompt: '@dog ' }\n",
            vec!["unknown-field 4:resolution", "unknown-field 5:duration"],
        ),
        ("default: { resolution: 720p }\njobs:\n- { id: a, prompt: '@dog ' }\n", vec!["unknown-field 4:default"]),
        ("defaults: []\njobs:\n- { id: a, prompt: '@dog ' }\n", vec!["wrong-type 4:[]"]),
    ] {
        assert_eq!(whole(&format!("{head}{text}")), expected, "{text}");
    }
}

#[test]
fn the_library_is_checked_where_it_stands() {
    let tail = "defaults: { resolution: 720p, duration: 5 }\njobs:\n- { id: a, prompt: '@dog and @cat', references: [dog, cat] }\n- { id: b, prompt: '@dog ' }\n";
    for (library, expected) in [
        (
            "references:\n  dog: { type: animal, urls: [refs/dog.png, refs/cat.png] }\n  cat: { type: subject, url: [x] }\n",
            vec!["reference-type 3:animal + 7:a", "image-url 3:refs/cat.png + 7:a", "unknown-field 4:url"],
        ),
        (
            "references:\n  dog: { name: dog, type: subject, urls: [https://me:pw@example.com/1.png] }\n  cat: subject\n",
            vec![
                "unknown-field 3:name",
                "image-url 3:https://me:pw@example.com/1.png + 7:a",
                "wrong-type 4:subject + 7:a",
            ],
        ),
        // A spoilt field isn't missing.
        ("references: [dog, cat]\n\n\n", vec!["wrong-type 2:[dog, cat]"]),
        ("refrences: {}\n\n\n", vec!["unknown-field 2:refrences"]),
        ("\n\n\n", vec!["unknown-reference 7:dog", "unknown-reference 7:cat", "unknown-mention 8:@dog"]),
        // Names that no prompt can mention, and that nobody uses.
        (
            "references:\n  dog: &dog { type: subject, urls: [refs/dog.png] }\n  cat: *dog\n  \"a b\": *dog\n  a-name-that-is-longer-than-30-bytes: *dog\n",
            vec!["reference-name 5:\"a b\"", "reference-name 6:a-name-that-is-longer-than-30-bytes"],
        ),
    ] {
        assert_eq!(whole(&format!("version: 1\n{library}{tail}")), expected, "{library}");
    }
}

#[test]
fn implied_references_are_those_that_the_prompt_mentions() {
    table(&[
        ("- { id: a, prompt: 'no mention' }", vec!["missing-field 1:id"]),
        ("- { id: a, prompt: '@dogs and @human' }", vec!["unknown-mention 1:@dogs"]),
        ("- { id: a, prompt: 'mail me@example.com, @dog ' }", vec![]),
        ("- { id: a, prompt: '@dog', references: [] }", vec!["reference-count 1:[]"]),
    ]);
    let many = "version: 1\nreferences:\n  a: &x { type: subject, urls: [refs/dog.png] }\n  b: *x\n  c: *x\n  d: *x\njobs:\n- { id: a, prompt: '@d @c @b @a @b', resolution: 720p, duration: 5 }\n";
    assert_eq!(whole(many), ["reference-count 8:@a"]);
    let three = many.replace("@b @a @b", "@a @c");
    let manifest = check(&three, Format::Yaml).manifest.unwrap();
    let names: Vec<_> = manifest.jobs[0].generation.references.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(names, ["d", "c", "a"]);
}

#[test]
fn the_manifest_as_a_whole() {
    for (text, expected) in [
        ("", vec!["missing-field 1:", "missing-field 1:"]),
        ("# nothing\n", vec!["missing-field 1:", "missing-field 1:"]),
        ("version: 1\njobs: []\n", vec![]),
        ("- id: a\n", vec!["wrong-type 1:- id: a"]),
        ("jobs", vec!["wrong-type 1:jobs"]),
        ("version: 2\njobs: []\n", vec!["version 1:2"]),
        ("version: '1'\njobs: []\n", vec!["wrong-type 1:'1'"]),
        ("vresion: 1\njobs: {}\n", vec!["unknown-field 1:vresion", "wrong-type 2:{}"]),
        ("version: 1\njob: []\n", vec!["unknown-field 2:job"]),
        ("version: 1\nx-base: &b { a: 1 }\njobs: []\n", vec!["unknown-field 2:x-base"]),
        ("version: 1\njobs: []\nversion: 1\n", vec!["duplicate-key 3:version + 1:version"]),
    ] {
        assert_eq!(whole(text), expected, "{text}");
    }
}

#[test]
fn settings() {
    for (text, expected) in [
        ("service: { base_url: 'http://example.com' }", vec!["base-url 1:'http://example.com'"]),
        ("service: { base_url: 'http://127.0.0.1:8080' }", vec![]),
        ("service: { base-url: 'https://example.com' }", vec!["unknown-field 1:base-url"]),
        ("run: { concurrency: 0 }", vec!["setting 1:0"]),
        ("run: { concurrency: 10001 }", vec!["setting 1:10001"]),
        ("run: { concurrency: 10000, submit_rate: 1/s, patience: 0s }", vec![]),
        (
            "run: { submit_rate: 60/m, job_timeout: 8d, poll_interval: 0s }",
            vec!["setting 1:60/m", "setting 1:8d", "setting 1:0s"],
        ),
        ("run: { retries: 0 }", vec![]),
        ("run: { retries: -1 }", vec!["setting 1:-1"]),
        ("run: { retries: '2' }", vec!["wrong-type 1:'2'"]),
        ("run: { job_timeout: 30 }", vec!["wrong-type 1:30"]),
        ("run: { on_uncertain: retry }", vec!["setting 1:retry"]),
        ("output: { dir: ../out }", vec!["output-path 1:../out"]),
        ("output: { name: '{id}-{x}.mp4' }", vec!["setting 1:{x}"]),
        ("output: { dir: 5, name: '{id}/' }", vec!["wrong-type 1:5", "output-path 1:'{id}/'"]),
        ("prices: { unit: '', table: [] }", vec!["setting 1:''"]),
        ("prices: { unit: CNY }", vec!["missing-field 1:unit"]),
        (
            "prices: { table: [{ resolution: 720, duration: 5, price: 1 }, { resolution: 4k, duration: 7, price: -1 }, { duration: 5, price: .nan }] }",
            vec![
                "wrong-type 1:720",
                "setting 1:4k",
                "setting 1:7",
                "setting 1:-1",
                "missing-field 1:duration",
                "setting 1:.nan",
            ],
        ),
        (
            "prices: { table: [{ resolution: 720p, duration: 5, price: 1 }, { resolution: 720p, duration: 5, price: 0.5 }] }",
            vec!["setting 1:resolution + 1:resolution"],
        ),
    ] {
        assert_eq!(whole(&format!("{text}\nversion: 1\njobs: []\n")), expected, "{text}");
    }
}

#[test]
fn every_video_gets_a_path_of_its_own() {
    let jobs = "jobs:\n- { id: a, prompt: '@dog ', number_of_videos: 2 }\n- { id: b, prompt: '@dog x' }\n- { id: c, prompt: '@dog y' }\n";
    for (name, expected) in [
        ("'{id}/{n}.mp4'", vec![]),
        ("'{n}.mp4'", vec!["output-path 13:b + 12:a", "output-path 14:c + 12:a"]),
        ("'{id}.mp4'", vec!["output-path 10:'{id}.mp4' + 12:a"]),
    ] {
        let text = format!("{}output: {{ name: {name} }}\n{jobs}", HEAD.replace("jobs:\n", "\n"));
        assert_eq!(whole(&text), expected, "{name}");
    }
    // Not repeated for duplicate ids.
    let text = "output: { name: 'x-{n}.mp4' }\njobs:\n- { id: a, prompt: '@dog ' }\n- { id: A, prompt: '@dog x' }\n";
    let text = format!("{}{text}", HEAD.replace("jobs:\n", "\n"));
    assert_eq!(whole(&text), ["duplicate-job-id 13:A + 12:a"]);
}

#[test]
fn aliases_and_merge_keys_are_blamed_where_they_are_written_once() {
    yaml_table(&[
        (
            "- &a { id: a, prompt: '@dog ', duration: 6 }\n- { <<: *a, id: b }\n- { <<: *a, id: c, duration: 5 }",
            vec!["duration 1:6"],
        ),
        ("- &a { id: a, prompt: '@dog ' }\n- *a", vec!["duplicate-job-id 2:*a + 1:a", "twin-jobs 2:*a + 1:a"]),
        ("- &a { id: a, prompt: '@dog ', colour: 1 }\n- { <<: *a, id: b, take: 2 }", vec!["unknown-field 1:colour"]),
        ("- { id: a, prompt: &p '@wolf runs' }\n- { id: b, prompt: *p, take: 2 }", vec!["unknown-mention 1:@wolf"]),
        ("- { id: a, prompt: '@dog ', references: [&d dog, *d] }", vec!["duplicate-reference-name 1:*d + 1:dog"]),
    ]);
}

#[test]
fn after_a_syntax_error_nothing_is_called_missing() {
    yaml_table(&[
        ("- id: a\n  prompt: @dog runs\n- id: b\n", vec!["syntax 2:@"]),
        (
            "- id: a\n  prompt: @dog runs\n- id: b c\n  prompt: '@dgo '\n",
            vec!["syntax 2:@", "job-id 3:b c", "unknown-mention 4:@dgo"],
        ),
    ]);
}

#[test]
fn toml_says_the_same() {
    let text = r#"version = 1
resolution = "720p"

[run]
job_timeout = 30

[references.dog]
type = "animal"
urls = ["refs/dog.png"]

[defaults]
duration = 8

[[jobs]]
id = "a"
resolution = "1080p"
prompt = """
@dog runs,
@wolf sits"""
references = ["dog"]

[[jobs]]
id = "a"
resolution = "720p"
when = 2026-01-01
prompt = "@dog "

[[jobs]]
resolution = "720p"
"#;
    assert_eq!(
        shown(&check(text, Format::Toml)),
        [
            "unknown-field 2:resolution",
            "wrong-type 5:30",
            "reference-type 8:\"animal\" + 15:\"a\"",
            "duration-resolution 12:8 + 16:\"1080p\"",
            "unknown-mention 19:@wolf",
            "duplicate-job-id 23:\"a\" + 15:\"a\"",
            "unknown-field 25:when",
            "missing-field 28:[[jobs]]",
            "missing-field 28:[[jobs]]",
        ]
    );
}

#[test]
fn the_same_digest_whatever_the_format_and_whatever_comes_from_defaults() {
    let yaml = format!("{HEAD}- id: a\n  prompt: '@dog and @grass sit'\n  number_of_videos: 1\n");
    let plain = r#"
version = 1
[run]
concurrency = 9
[[jobs]]
id = "b"
prompt = "@dog and @grass sit"
resolution = "720p"
duration = 5
need_expand_prompt = false
selected_model = "PixVerse-v4.5-MR2V"
take = 1
[[jobs.references]]
urls = ["refs/hill.jpg"]
type = "subject"
name = "dog"
[[jobs.references]]
name = "grass"
type = "background"
urls = ["https://images.example.com/11.png"]
"#;
    let digest = |loaded: Loaded| {
        assert_eq!(shown(&loaded), [""; 0]);
        loaded.manifest.unwrap().jobs[0].digest
    };
    assert_eq!(digest(check(&yaml, Format::Yaml)), digest(check(plain, Format::Toml)));
    let another = yaml.replace("sit", "sleep");
    assert_ne!(digest(check(&yaml, Format::Yaml)), digest(check(&another, Format::Yaml)));
}

#[test]
fn a_file_that_cannot_be_read_is_a_finding() {
    let (temp, folder) = folder();
    let write = |name: &str, content: &[u8]| {
        fs::write(temp.path().join(name), content).unwrap();
        load(&temp.path().join(name))
    };
    let codes = |loaded: &Loaded| -> Vec<_> { loaded.findings.iter().map(|finding| finding.code.as_str()).collect() };
    assert_eq!(codes(&load(&temp.path().join("refs"))), ["unreadable"]);
    let good = write("jobs.yaml", b"\xef\xbb\xbfversion: 1\njobs: []\n");
    assert_eq!((codes(&good), good.manifest.unwrap().folder), (vec![], folder));
    let missing = load(&temp.path().join("jobs.yml"));
    assert_eq!(codes(&missing), ["unreadable"]);
    assert!(missing.findings[0].help.as_ref().unwrap().contains("jobs.yaml"), "{:?}", missing.findings);
    assert_eq!(codes(&write("a.yaml", b"version: 1\njobs: [\xc4\xe3]\n")), ["syntax"]);
    assert_eq!(codes(&write("b.yaml", b"\xff\xfev\0")), ["syntax"]);
    let large = fs::File::create(temp.path().join("large.yaml")).unwrap();
    large.set_len(crate::document::bounds::MANIFEST_BYTES + 1).unwrap();
    assert_eq!(codes(&load(&temp.path().join("large.yaml"))), ["limits"]);
}

#[cfg(unix)]
#[test]
fn relative_paths_start_at_the_real_manifest_and_pipes_are_not_opened() {
    let (temp, folder) = folder();
    let text = format!("{HEAD}- {{ id: a, prompt: '@dog ' }}\n");
    fs::write(temp.path().join("jobs.yaml"), text).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("link.yaml");
    std::os::unix::fs::symlink(temp.path().join("jobs.yaml"), &link).unwrap();
    let loaded = load(&link);
    assert_eq!(shown(&loaded), [""; 0]);
    assert_eq!(loaded.manifest.unwrap().folder, folder);
    let pipe = elsewhere.path().join("pipe.yaml");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_eq!(load(&pipe).findings[0].code.as_str(), "unreadable");
    assert_eq!(load(Path::new("/dev/null")).findings[0].code.as_str(), "unreadable");
}

#[test]
fn so_many_errors_and_so_many_warnings_are_reported() {
    let (_temp, folder) = folder();
    let limits = |loaded: &Loaded| -> Vec<(Severity, String)> {
        let beyond = loaded.findings.iter().filter(|finding| finding.code == Code::Limits);
        beyond.map(|finding| (finding.severity, finding.message.to_string())).collect()
    };
    // An error in each job; warnings before them must not crowd them out.
    for (errors, beyond) in
        [(MOST_FINDINGS, None), (MOST_FINDINGS + 1, Some("1 more")), (MOST_FINDINGS + 77, Some("77 more"))]
    {
        let text = format!("{{version: 1, jobs: [{}]}}", "0,".repeat(errors));
        let loaded = load_text("jobs", text, Format::Yaml, &folder);
        let found = limits(&loaded);
        assert_eq!(found.len(), usize::from(beyond.is_some()), "{found:?}");
        assert!(beyond.is_none_or(|more| found[0].0 == Severity::Error && found[0].1.contains(more)), "{found:?}");
        assert_eq!(loaded.findings.len(), MOST_FINDINGS + found.len());
        assert_eq!(loaded.jobs, errors, "all of them are counted");
        assert!(loaded.manifest.is_none());
    }
    // A mistake that many jobs have from one place is one mistake, however often it is met.
    let job = "- {prompt: '@dog runs', duration: 8, references: [dog], id: j";
    let jobs: String = (0..3).map(|number| format!("{job}{number}}}\n")).collect();
    let loaded = check(&format!("{}{jobs}", HEAD.replace("720p", "1080p")), Format::Yaml);
    assert_eq!(limits(&loaded), []);
    // A manifest with too many warnings can still be run.
    let twins = format!(
        "{HEAD}- &job {{prompt: '@dog runs', id: x}}\n{}",
        (0..=MOST_FINDINGS).map(|number| format!("- {{<<: *job, id: j{number}}}\n")).collect::<String>()
    );
    let loaded = load_text("jobs", twins, Format::Yaml, &folder);
    assert_eq!(limits(&loaded).iter().map(|(severity, _)| *severity).collect::<Vec<_>>(), [Severity::Warning]);
    assert_eq!(loaded.manifest.map(|manifest| manifest.jobs.len()), Some(MOST_FINDINGS + 2));
}

proptest::proptest! {
    /// Whatever is done to a manifest: it is checked or there is an error, and every place is in the text.
    #[test]
    fn there_is_a_manifest_or_an_error(
        cut in 0_usize..700,
        length in 0_usize..40,
        insert in "[a-z@:{}\\[\\]\"'|<*&!#, \n狗0-9-]{0,12}",
        toml in proptest::bool::ANY,
    ) {
        let mut text = format!("{HEAD}- {{ id: a, prompt: '@dog 小狗 ', number_of_videos: 2 }}\n- id: b\n  prompt: &p |\n    A @human\n    walks, @dog sits\n  references:\n  - human\n  - {{ name: dog, type: subject, urls: [refs/hill.jpg] }}\n- {{ id: c, prompt: *p, take: 2 }}\n");
        if toml {
            let value: serde_json::Value = serde_yaml::from_str(&text).unwrap();
            text = toml::to_string(&value).unwrap();
        }
        let boundary = |text: &str, at: usize| text.floor_char_boundary(at.min(text.len()));
        let range = boundary(&text, cut)..boundary(&text, cut + length);
        text.replace_range(range, &insert);
        let loaded = check(&text, if toml { Format::Toml } else { Format::Yaml });
        let errors = loaded.findings.iter().any(|finding| finding.severity == Severity::Error);
        proptest::prop_assert_eq!(loaded.manifest.is_none(), errors, "{}\n{:?}", text, loaded.findings);
        for label in loaded.findings.iter().flat_map(|finding| &finding.labels) {
            proptest::prop_assert!(text.get(label.span.range()).is_some(), "{}\n{:?}", text, label);
        }
    }
}
