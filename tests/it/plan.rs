//! `batch plan` against its contract: what a run would do, why, and what it would cost; and nothing is done.

use crate::support::image::png;
use crate::support::setup::{LOCK, MANIFEST, Setup, manifest, manifest_of};
use serde_json::{Value, json};
use std::fs;

/// Action, reason and changed parts of each job.
fn steps(plan: &Value) -> Vec<(String, String, String, Vec<String>)> {
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let jobs = plan["jobs"].as_array().unwrap().iter();
    let step = |job: &Value| {
        let changed = job["changed"].as_array().unwrap().iter().map(word).collect();
        (word(&job["id"]), word(&job["action"]), word(&job["reason"]), changed)
    };
    jobs.map(step).collect()
}

#[test]
fn the_document_has_exactly_the_promised_shape() {
    let setup = Setup::new(&manifest(&[("a", "@dog runs")]), &[]);
    let plan = setup.batch(["plan", "--format", "json"]).exits(0).json();
    let digest = plan["jobs"][0]["digest"].as_str().unwrap();
    assert!(digest.starts_with("sha256:") && digest.len() == "sha256:".len() + 64, "{digest}");
    assert_eq!(
        plan,
        json!({
            "version": 1,
            "jobs": [{ "id": "a", "action": "submit", "reason": "new", "changed": [], "implied": ["dog"], "digest": digest }],
            "removed": [],
            "summary": { "submit": 1, "resume": 0, "download": 0, "keep": 0, "hold": 0 },
            "estimate": { "amount": 45, "unit": "credits", "exact": false }
        })
    );
    assert_eq!((setup.calls(), setup.project.files(".")), (0, vec![MANIFEST.to_owned()]));
}

#[test]
fn every_action_has_its_reason() {
    let jobs = [
        ("keep", "@dog 1"),
        ("missing", "@dog 2"),
        ("altered", "@dog 3"),
        ("fails", "@cat fails"),
        ("refused", "@cat refused"),
        ("lost", "@cat lost"),
        ("edited", "@dog 4"),
        ("gone", "@dog 5"),
    ];
    let setup = Setup::new(
        &manifest(&jobs),
        &["submit:fail~fails", "submit:400(envelope)~refused", "submit:reset(charged)~lost"],
    );
    setup.run([]).exits(3);
    fs::remove_file(setup.project.path("out/missing-1.mp4")).unwrap();
    setup.project.write("out/altered-1.mp4", "other");
    let mut edited = jobs.to_vec();
    edited[6].1 = "@dog 4 and @cat";
    edited[7] = ("new", "@dog 6");
    setup.project.write(MANIFEST, manifest(&edited));
    let (calls, lock) = (setup.calls(), setup.project.read(LOCK));
    let plan = |arguments: &[&str], code| {
        let all = ["plan", "--format", "json"].iter().chain(arguments);
        setup.batch(all.copied()).exits(code).json()
    };
    let document = plan(&[], 0);
    let expected = [
        ("keep", "keep", "succeeded", &[][..]),
        ("missing", "download", "missing-file", &[]),
        ("altered", "download", "altered-file", &[]),
        ("fails", "submit", "failed", &[]),
        ("refused", "hold", "refused", &[]),
        ("lost", "hold", "uncertain", &[]),
        ("edited", "submit", "changed", &["prompt", "reference.cat"]),
        ("new", "submit", "new", &[]),
    ];
    let expected = expected.map(|(id, action, reason, changed)| {
        (id.to_owned(), action.to_owned(), reason.to_owned(), changed.iter().map(|&c| c.to_owned()).collect())
    });
    assert_eq!(steps(&document), expected);
    assert_eq!(document["removed"], json!(["gone"]));
    assert_eq!(document["summary"], json!({ "submit": 3, "resume": 0, "download": 2, "keep": 1, "hold": 2 }));
    assert_eq!(document["estimate"], json!({ "amount": 135, "unit": "credits", "exact": false }));
    for (arguments, job, action, reason) in [
        (&["--keep-failed"][..], "fails", "hold", "failed"),
        (&["--retry-failed"], "refused", "submit", "refused"),
        (&["--on-uncertain", "resubmit"], "lost", "submit", "uncertain"),
    ] {
        let document = plan(arguments, 0);
        let step = steps(&document).into_iter().find(|step| step.0 == job).unwrap();
        assert_eq!((step.1.as_str(), step.2.as_str()), (action, reason), "{arguments:?}");
    }
    plan(&["--exit-code"], 1);
    plan(&["--exit-code", "--only", "keep"], 0);
    plan(&["--exit-code", "--only", "lost", "--only", "refused"], 0);
    assert_eq!(
        steps(&plan(&["--only", "*e*", "--skip", "*ed"], 0)).iter().map(|step| step.0.as_str()).collect::<Vec<_>>(),
        ["keep", "new"]
    );
    let human = setup.batch(["plan"]).exits(0);
    for word in ["missing", "a video is gone", "changed since the last submit"] {
        assert!(human.stdout.contains(word), "{word}: {human:?}");
    }
    assert_eq!((setup.calls(), setup.project.read(LOCK)), (calls, lock));
    setup.project.write(MANIFEST, "version: 1\n");
    setup.batch(["plan"]).exits(2);
}

/// The order of the references is one of the settings; which references there are is not.
#[test]
fn changed_parts_are_named() {
    let setup = Setup::new(&manifest(&[("a", "@dog and @cat")]), &[]);
    setup.run([]).exits(0);
    let text = setup.project.read(MANIFEST);
    for (from, to, changed) in [
        ("@dog and @cat", "@dog and @cat run", &["prompt"][..]),
        ("dog.png", "other.png", &["reference.dog"]),
        ("id: a,", "id: a, duration: 8,", &["settings"]),
        ("id: a,", "id: a, take: 2,", &["settings"]),
        ("@dog and @cat", "@cat and @dog", &["prompt", "settings"]),
        ("@dog and @cat", "@dog alone", &["prompt", "reference.cat"]),
    ] {
        setup.project.write(MANIFEST, text.replace(from, to));
        let plan = setup.batch(["plan", "--format", "json"]).exits(0).json();
        assert_eq!(plan["jobs"][0]["changed"], json!(changed), "{to}");
        assert_eq!(plan["jobs"][0]["reason"], "changed", "{to}");
    }
}

#[test]
fn an_estimate_knows_the_manifests_prices_or_says_that_it_guesses() {
    let table = "prices: { unit: CNY, table: [{ resolution: 360p, duration: 5, price: 0.1 }] }\n";
    for (text, amount, unit, exact) in [
        (manifest_of(3), json!(135), "credits", false),
        (manifest_of(3) + table, json!(0.3), "CNY", true),
        (
            manifest_of(2).replace("360p, duration: 5", "720p, duration: 8, number_of_videos: 2"),
            json!(480),
            "credits",
            false,
        ),
        (manifest_of(1).replace("360p", "1080p"), json!(120), "credits", false),
    ] {
        let setup = Setup::new(&text, &[]);
        let plan = setup.batch(["plan", "--format", "json"]).exits(0).json();
        assert_eq!(plan["estimate"], json!({ "amount": amount, "unit": unit, "exact": exact }), "{text}");
    }
}

/// People and machines are told which setting, and which image of which reference.
#[test]
fn a_change_is_explained() {
    let library = |images: &str| {
        let text = manifest(&[("a", "@dog and @cat"), ("b", "@dog runs")]);
        text.replace("[\"https://images.example.com/dog.png\"]", images)
    };
    let setup = Setup::new(&library("[refs/dog.png, https://images.example.com/2.png]"), &[]);
    setup.project.write("refs/dog.png", png(8, 8, "one"));
    setup.run([]).exits(0);
    setup.project.write("refs/dog.png", png(8, 8, "two"));
    let explained = |id: usize| {
        let plan = setup.batch(["plan", "--format", "json"]).exits(0).json();
        plan["jobs"][id]["details"].clone()
    };
    let dog = json!({ "part": "reference.dog", "image": 1, "source": "refs/dog.png", "message": "refs/dog.png has other content" });
    assert_eq!([explained(0), explained(1)], [json!([dog]), json!([dog])]);
    let human = setup.batch(["plan"]).exits(0).stdout;
    assert!(human.contains("changed since the last submit: dog: refs/dog.png has other content"), "{human}");
    setup.project.write("refs/dog.png", png(8, 8, "one"));
    setup.project.write(
        MANIFEST,
        library("[refs/dog.png, https://images.example.com/3.png]").replace("id: a,", "id: a, duration: 8,"),
    );
    let url = json!({ "part": "reference.dog", "image": 2, "source": "https://images.example.com/3.png",
        "message": "https://images.example.com/3.png is another URL" });
    let setting = json!({ "part": "settings", "message": "duration 8 s, not 5 s" });
    assert_eq!([explained(0), explained(1)], [json!([url, setting]), json!([url])]);
}
