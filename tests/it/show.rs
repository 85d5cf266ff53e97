//! `batch show`: what is or would be sent for a job, before it is paid.

use crate::formats::conforms;
use crate::support::image::png;
use crate::support::setup::{MANIFEST, Setup};
use serde_json::json;

const TEXT: &str = r#"version: 1
run: { poll_interval: 10ms }
references:
  小狗: { type: subject, urls: [refs/小狗.png] }
  草地: { type: background, urls: ["https://images.example.com/grass.png"] }
  dog: { type: subject, urls: [refs/小狗.png, "https://images.example.com/dog.png"] }
defaults: { resolution: 720p, duration: 5 }
jobs:
  - { id: walk, prompt: "🐕 @小狗 在 @草地 上跑, mail a@b.c", tags: [spring] }
  - id: listed
    prompt: "@dog runs"
    negative_prompt: rain
    number_of_videos: 2
    take: 3
    references: [dog]
"#;

fn setup() -> Setup {
    let setup = Setup::new(TEXT, &[]);
    setup.project.write("refs/小狗.png", png(8, 8, "dog"));
    setup
}

#[test]
fn a_job_is_shown_as_it_would_be_sent() {
    let setup = setup();
    let shown = setup.batch(["show", "walk", "listed"]).exits(0).stdout;
    for line in [
        "walk  submit: not submitted yet",
        "  prompt      🐕 @小狗 在 @草地 上跑, mail a@b.c",
        "  mentions    @小狗, @草地",
        "  references  小狗: subject, implied by the prompt",
        "              草地: background, implied by the prompt",
        "                https://images.example.com/grass.png",
        "  settings    720p, 5 s, 1 video, model PixVerse-v4.5-MR2V, the prompt is sent as it is",
        "  tags        spring",
        "  video       out/walk-1.mp4",
        "  not         rain",
        "  references  dog: subject, listed in the job",
        "  settings    720p, 5 s, 2 videos, model PixVerse-v4.5-MR2V, the prompt is sent as it is, take 3",
        "              out/listed-2.mp4",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line:?} in\n{shown}");
    }
    assert_eq!(shown.matches("refs/小狗.png (").count(), 2, "{shown}");
    assert_eq!(shown.matches(", uploaded first)").count(), 2, "{shown}");

    let document = setup.batch(["show", "*", "--format", "json"]).exits(0).json();
    conforms(&setup.project, "show", &document);
    let walk = &document["jobs"][0];
    assert_eq!(
        walk["mentions"],
        json!([{ "name": "小狗", "start": 2, "end": 5 }, { "name": "草地", "start": 8, "end": 11 }])
    );
    let listed = document["jobs"].as_array().unwrap().iter().map(|job| &job["references"][0]["listed_in"]);
    assert_eq!(listed.collect::<Vec<_>>(), ["prompt", "job"]);
    assert_eq!((&walk["price"]["amount"], &walk["take"], &walk["action"]), (&60.into(), &1.into(), &"submit".into()));
    let plan = setup.batch(["plan", "--format", "json"]).exits(0).json();
    for (planned, shown) in plan["jobs"].as_array().unwrap().iter().zip(document["jobs"].as_array().unwrap()) {
        assert_eq!((&planned["digest"], &planned["id"]), (&shown["digest"], &shown["id"]));
    }
    assert_eq!((&plan["jobs"][0]["implied"], plan["jobs"][1].get("implied")), (&json!(["小狗", "草地"]), None));
    assert_eq!(setup.calls(), 0);
}

#[test]
fn the_request_is_the_one_that_is_sent() {
    let setup = setup();
    let before = setup.batch(["show", "walk", "--request"]).exits(0).json();
    let urls = &before["input"]["mutil_reference"][0]["urls"];
    assert_eq!(*urls, json!(["(uploaded first) refs/小狗.png"]));
    setup.run(["-j1"]).exits(0);
    let sent = setup.submits();
    let shown = setup.batch(["show", "*", "--request"]).exits(0).json_lines();
    assert_eq!(shown, sent);
    let after = setup.batch(["show", "walk"]).exits(0).stdout;
    assert!(
        after.starts_with("walk  keep: its videos are here\n") && after.contains(", the service has it)"),
        "{after}"
    );
}

#[test]
fn a_job_that_there_is_not_is_a_mistake_with_the_nearest_name() {
    let setup = setup();
    setup.project.write("other.yaml", TEXT.replace("id: walk", "id: other"));
    let refused = |arguments: &[&'static str]| setup.batch(["show"].iter().chain(arguments).copied()).exits(2).stderr;
    assert!(refused(&["wlak"]).contains("did you mean `walk`?"));
    assert!(refused(&["walk", "x*"]).contains("no job's id matches `x*`"));
    assert!(refused(&["other.yaml"]).contains("no job is named"));
    assert!(refused(&["others.yaml", "walk"]).contains("a manifest is named first"));
    assert!(refused(&["[a"]).contains("is not a pattern"));
    assert!(!refused(&[]).is_empty());
    assert!(!refused(&["walk", "--request", "--format", "json"]).is_empty());
    setup.batch(["show", "other.yaml", "other"]).exits(0);
    setup.project.write(MANIFEST, TEXT.replace("720p", "721p"));
    assert!(refused(&["walk"]).contains("721p"));
}

#[test]
fn what_a_prompt_holds_is_harmless_on_a_terminal() {
    let setup = setup();
    setup.project.write(MANIFEST, TEXT.replace("上跑", "\\e[2J\\u202e\\n上跑"));
    let shown = setup.batch(["show", "walk", "--color", "always"]).exits(0).stdout;
    assert!(!shown.contains("\x1b[2J") && !shown.contains('\u{202e}'), "{shown:?}");
    assert!(shown.contains("\x1b[36m@小狗\x1b[0m"), "{shown:?}");
}
