//! `batch check` against its contract: one pass, exact places, clear words for any input, and nothing touched.

use crate::support::program::Ended;
use crate::support::project::Project;
use crate::support::setup::{MANIFEST, manifest, manifest_of};
use serde_json::{Value, json};

/// A manifest with a mistake that has two places, as the page of the command line shows it.
const TWO_PLACES: &str = "version: 1
references:
  dog: { type: subject, urls: [\"https://images.example.com/dog.png\"] }
jobs:
  - id: close-up
    prompt: \"@dog\"
    resolution: 1080p
    duration: 8
";

#[test]
fn the_json_document_has_exactly_the_promised_shape() {
    let project = Project::new().with(MANIFEST, TWO_PLACES).with("good.yaml", manifest_of(2));
    let ended = project.batch(["check", "--format", "json", MANIFEST, "good.yaml"]).run().exits(2);
    assert!(ended.stdout.ends_with("}\n") && ended.stderr.is_empty(), "{ended:?}");
    let label = |offset: usize, line: usize, text: &str, length: usize, primary: bool| {
        let column = TWO_PLACES[..offset].rsplit('\n').next().unwrap().len() + 1;
        json!({
            "path": MANIFEST,
            "start": { "offset": offset, "line": line, "column": column },
            "end": { "offset": offset + length, "line": line, "column": column + length },
            "text": text,
            "primary": primary
        })
    };
    let (eight, resolution) = (TWO_PLACES.rfind('8').unwrap(), TWO_PLACES.find("1080p").unwrap());
    let document = ended.json();
    let help = document["diagnostics"][0]["help"].as_str().unwrap();
    assert!(help.contains('5') && help.contains("720p"), "{help}");
    assert_eq!(
        document,
        json!({
            "version": 1, "ok": false, "errors": 1, "warnings": 0,
            "manifests": [{ "path": MANIFEST, "jobs": 1 }, { "path": "good.yaml", "jobs": 2 }],
            "diagnostics": [{
                "code": "duration-resolution", "severity": "error", "job": "close-up", "help": help,
                "message": "1080p videos last 5 s, not 8 s",
                "labels": [label(eight, 8, "8 s asked for here", 1, true), label(resolution, 7, "1080p asked for here", 5, false)]
            }]
        })
    );
    let good = project.batch(["check", "--format", "json", "good.yaml"]).run().exits(0).json();
    assert_eq!((&good["ok"], &good["diagnostics"]), (&json!(true), &json!([])));
}

/// Where a diagnostic's primary label is: the text under it, its line, its column.
fn place(text: &str, diagnostic: &Value) -> (String, usize, usize) {
    let label = &diagnostic["labels"].as_array().unwrap().iter().find(|label| label["primary"] == true).unwrap();
    let number = |end: &str, field: &str| label[end][field].as_u64().unwrap() as usize;
    let (start, end) = (number("start", "offset"), number("end", "offset"));
    assert_eq!(text[..start].matches('\n').count() + 1, number("start", "line"), "{diagnostic}");
    let column =
        |offset: usize| text[..offset].trim_start_matches('\u{feff}').rsplit('\n').next().unwrap().chars().count() + 1;
    assert_eq!((column(start), column(end)), (number("start", "column"), number("end", "column")), "{diagnostic}");
    (text[start..end].to_owned(), number("start", "line"), number("start", "column"))
}

#[test]
fn places_are_exact_whatever_stands_before_them() {
    let yaml = |prompt: &str| {
        TWO_PLACES
            .replace("1080p", "720p")
            .replace("  dog:", "  小狗:")
            .replace("prompt: \"@dog\"", &format!("prompt: {prompt}"))
    };
    let toml = |prompt: &str| {
        format!(
            "version = 1\n[[jobs]]\nid = \"a\"\nresolution = \"720p\"\nduration = 5\nprompt = {prompt}\n\
             references = [{{ name = \"小狗\", type = \"subject\", urls = [\"https://e.com/a.png\"] }}]\n"
        )
    };
    for (name, text, found) in [
        ("jobs.yaml", yaml("\"@小狗 跑 @小猫 x\""), "@小猫"),
        ("jobs.yaml", yaml("'@小狗 it''s @小猫 x'"), "@小猫"),
        ("jobs.yaml", yaml("\"\\u0040小狗\\t🐕 @小猫\""), "@小猫"),
        ("jobs.yaml", yaml("|\n      草地\n\n      上 @小狗 和 @小猫"), "@小猫"),
        ("jobs.yaml", yaml(">-\n      一 @小狗\n      二 @小猫 三"), "@小猫"),
        ("jobs.yaml", yaml("\"一 @小狗 \\\n       @小猫 三\""), "@小猫"),
        ("jobs.yaml", yaml("plain 小 @小狗\t@小猫"), "@小猫"),
        ("jobs.yaml", yaml("\"@小狗\"").replace("720p", "900p # 注释"), "900p"),
        ("jobs.json", "{\"version\":1,\t\"defaults\":{\"negative_prompt\":\"狗\",\"resolution\":\"360p\",\"duration\":5},\"jobs\":[{\"id\":\"a\",\"prompt\":\"\\u72d7\\ud83d\\udc15@小猫\"}]}".to_owned(), "@小猫"),
        ("jobs.toml", toml("\"@小狗 🐕 @小猫\""), "@小猫"),
        ("jobs.toml", toml("'''\n小 @小狗\n\t狗 @小猫'''"), "@小猫"),
        ("jobs.toml", toml("\"\\u0040小狗 \\U0001F415 @小猫\""), "@小猫"),
    ] {
        for text in [text.clone(), text.replace('\n', "\r\n"), format!("\u{feff}{text}"), format!("\u{feff}{}", text.replace('\n', "\r\n"))] {
            let project = Project::new().with(name, &text);
            let document = project.batch(["check", "--format", "json"]).run().exits(2).json();
            let first = &document["diagnostics"][0];
            assert_eq!(place(&text, first).0, found, "{text:?}\n{document:#}");
        }
    }
}

#[test]
fn all_mistakes_are_reported_in_one_pass_in_the_order_of_the_source() {
    let text = "version: 2
jobs:
  - id: a b
    prompt: \"@dog\"
    resolution: 721p
    duration: \"5\"
    colour: red
  - { id: c, prompt: \" \", resolution: 720p, duration: 7, references: [cat] }
";
    let project = Project::new().with(MANIFEST, text);
    let document = project.batch(["check", "--format", "json"]).run().exits(2).json();
    let diagnostics = document["diagnostics"].as_array().unwrap();
    let codes: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic["code"].as_str().unwrap()).collect();
    let expected = [
        "version",
        "job-id",
        "unknown-mention",
        "resolution",
        "wrong-type",
        "unknown-field",
        "empty-prompt",
        "duration",
        "unknown-reference",
    ];
    assert_eq!(codes, expected, "{document:#}");
    assert_eq!(document["errors"], expected.len());
    let human = project.batch(["check"]).run().exits(2);
    assert_eq!(human.stdout, "", "what people read goes to standard error");
    for code in expected {
        assert!(human.stderr.contains(code), "{code}: {human:?}");
    }
}

#[test]
fn a_thousand_mistakes_are_summed_up_unless_all_are_asked_for() {
    let jobs: Vec<(String, &str)> = (0..500).map(|n| (format!("j{n}"), "@dog, with @cow")).collect();
    let jobs: Vec<(&str, &str)> = jobs.iter().map(|(id, prompt)| (id.as_str(), *prompt)).collect();
    let project = Project::new().with(MANIFEST, manifest(&jobs));
    let found = project.batch(["check", "--format", "json"]).run().exits(2).json();
    assert_eq!((&found["errors"], &found["warnings"]), (&json!(500), &json!(500)));
    let shown = |args: &[&str]| {
        let stderr = project.batch(args).run().exits(2).stderr;
        assert!(stderr.ends_with("500 errors, 500 warnings in jobs.yaml\n"), "{stderr}");
        (stderr.matches("\nunknown-mention\n").count() + usize::from(stderr.starts_with("unknown-mention\n")), stderr)
    };
    for args in [&["check"][..], &["run", "--simulate"], &["plan"]] {
        let (times, stderr) = shown(args);
        assert_eq!(times, 1, "{stderr}");
        assert!(stderr.contains("and 998 more (`batch check --all` shows them all):\n"), "{stderr}");
        assert!(stderr.lines().count() < 40, "{stderr}");
    }
    let (times, stderr) = shown(&["check", "--all"]);
    assert_eq!(times, 500);
    assert!(!stderr.contains(" more ("), "{stderr}");
}

#[test]
fn warnings_pass_unless_they_are_denied() {
    let project = Project::new().with(MANIFEST, manifest(&[("a", "@dog, sit"), ("b", "@dog, sit")]));
    let passed = project.batch(["check", "--format", "json"]).run().exits(0).json();
    assert_eq!(
        (&passed["ok"], &passed["errors"], &passed["warnings"]),
        (&json!(true), &json!(0), &json!(3)),
        "{passed:#}"
    );
    let denied = project.batch(["check", "--format", "json", "--deny", "warnings"]).run().exits(2).json();
    assert_eq!((&denied["ok"], &denied["errors"], &denied["warnings"]), (&json!(false), &json!(3), &json!(0)));
    assert_eq!(project.batch(["check", "-q"]).run().exits(0).stderr, "");
    assert_eq!(project.files("."), [MANIFEST]);
}

#[test]
fn warnings_are_denied_and_allowed_by_their_codes() {
    // The first has a white space too few, the second is the first once more.
    let project = Project::new().with(MANIFEST, manifest(&[("a", "@dog, sit"), ("b", "@dog, sit")]));
    let check =
        |arguments: &[&'static str]| project.batch(["check", "--format", "concise"].iter().chain(arguments)).run();
    let codes = |ended: Ended| -> Vec<String> {
        ended.stdout.lines().map(|line| line.split(": ").nth(1).unwrap().to_owned()).collect()
    };
    let all = ["mention-spacing", "twin-jobs", "mention-spacing"];
    assert_eq!(codes(check(&["--deny", "twin-jobs"]).exits(2)), all);
    assert_eq!(codes(check(&["--deny", "unused-reference"]).exits(0)), all);
    assert_eq!(codes(check(&["--deny", "warnings", "--allow", "twin-jobs"]).exits(2)), [all[0]; 2]);
    assert_eq!(codes(check(&["--allow", "twin-jobs", "--allow", "mention-spacing"]).exits(0)), [""; 0]);
    assert_eq!(codes(check(&["--allow", "warnings", "--deny", "twin-jobs"]).exits(2)), [all[1]]);
    for wrong in
        [&["--allow", "twin-jobs", "--deny", "twin-jobs"][..], &["--deny", "twinjobs"], &["--allow", "warning"]]
    {
        let refused = check(wrong).exits(2);
        assert!(refused.stdout.is_empty() && !refused.stderr.is_empty(), "{refused:?}");
    }
    assert!(check(&["--deny", "twinjobs"]).stderr.contains("did you mean `twin-jobs`?"));

    // What is allowed is no mistake, so that it isn't fixed either: another prompt is another job.
    let before = project.read(MANIFEST);
    project.batch(["check", "--fix", "--allow", "mention-spacing"]).run().exits(0);
    assert_eq!(project.read(MANIFEST), before);
    project.batch(["run", "--simulate", "--frozen", "--deny", "twin-jobs"]).run().exits(2);
    project.batch(["run", "--simulate", "--frozen", "--allow", "warnings"]).run().exits(1);
    project.batch(["check", "--fix"]).run().exits(0);
    assert_ne!(project.read(MANIFEST), before);
}

#[test]
fn a_manifest_can_come_from_standard_input() {
    let project = Project::new();
    project.batch(["check", "-"]).input(&manifest_of(1)).run().exits(0);
    let ended = project.batch(["check", "--format", "json", "-"]).input(TWO_PLACES).run().exits(2).json();
    assert_eq!(ended["diagnostics"][0]["labels"][0]["start"]["line"], 8, "{ended:#}");
    project.batch(["check", "-"]).input("{\"version\": 1, \"jobs\": []}").run().exits(0);
    project.batch(["run", "-"]).input(&manifest_of(1)).run().exits(2);
}

#[test]
fn odd_input_is_refused_in_clear_words() {
    let utf16 = |text: &str, big: bool| {
        let unit = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(unit).collect::<Vec<u8>>()
    };
    let deep = format!("version: 1\njobs: {}{}\n", "[".repeat(5000), "]".repeat(5000));
    let bomb = (1..10).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
        format!("{text}a{n}: &a{n} [{}]\n", format!("*a{},", n - 1).repeat(10))
    });
    for (what, name, content, code) in [
        ("empty", MANIFEST, Vec::new(), "missing-field"),
        ("white space", MANIFEST, b" \n\n".to_vec(), "missing-field"),
        ("a comment", MANIFEST, b"# nothing\n".to_vec(), "missing-field"),
        ("null", MANIFEST, b"null\n".to_vec(), "missing-field"),
        ("a text", MANIFEST, b"hello\n".to_vec(), "wrong-type"),
        ("a list", MANIFEST, b"- version: 1\n".to_vec(), "wrong-type"),
        ("two documents", MANIFEST, b"version: 1\njobs: []\n---\nversion: 1\n".to_vec(), "syntax"),
        ("broken UTF-8", MANIFEST, b"version: 1\njobs: []\n# \xff\xfe\xc3\n".to_vec(), "syntax"),
        ("UTF-16, little", MANIFEST, utf16(&manifest_of(1), false), "syntax"),
        ("UTF-16, big", MANIFEST, utf16(&manifest_of(1), true), "syntax"),
        ("zeros", MANIFEST, vec![0; 4096], "syntax"),
        ("an image", MANIFEST, crate::support::image::png(9, 9, ""), "syntax"),
        ("an open quote", MANIFEST, b"version: 1\njobs: \"\n".to_vec(), "syntax"),
        ("deep", MANIFEST, deep.into_bytes(), "limits"),
        ("deep JSON", "jobs.json", format!("{{\"jobs\": {}", "[".repeat(100_000)).into_bytes(), "limits"),
        ("an alias bomb", MANIFEST, bomb.into_bytes(), "limits"),
        ("a long line", MANIFEST, format!("version: 1\njobs: {}\n", "x".repeat(1 << 20)).into_bytes(), "wrong-type"),
        ("an empty TOML", "jobs.toml", Vec::new(), "missing-field"),
        ("broken TOML", "jobs.toml", b"version = \n= 1\n[[jobs".to_vec(), "syntax"),
        ("TOML, not UTF-8", "jobs.toml", b"version = 1\n# \xff\n".to_vec(), "syntax"),
        ("deep TOML", "jobs.toml", format!("version = 1\njobs = {}", "[".repeat(100_000)).into_bytes(), "limits"),
    ] {
        let project = Project::new().with(name, content);
        for command in ["check", "run", "plan", "status", "verify"] {
            let ended = project.batch([command]).run().exits(2);
            assert!(ended.stderr.contains(code), "{what}: {ended:?}");
            assert!(ended.stderr.len() < 8000, "{what}: {} bytes of words", ended.stderr.len());
            if command == "check" {
                let json = project.batch(["check", "--format", "json"]).run().exits(2).json();
                let mut diagnostics = json["diagnostics"].as_array().unwrap().iter();
                assert!(diagnostics.any(|diagnostic| diagnostic["code"] == code), "{what}: {json:#}");
            }
        }
        assert_eq!(project.files("."), [name], "{what}");
    }
}

#[test]
fn what_is_no_regular_file_is_refused_without_waiting() {
    let project = Project::new().with("folder.yaml/file", "");
    project.command("mkfifo", ["pipe.yaml"]).run().exits(0);
    std::os::unix::fs::symlink("nowhere", project.path("broken.yaml")).unwrap();
    std::os::unix::fs::symlink("loop.yaml", project.path("loop.yaml")).unwrap();
    for name in
        ["folder.yaml", "pipe.yaml", "broken.yaml", "loop.yaml", "/dev/zero", "missing.yaml", "folder.yaml/file/x", ""]
    {
        for command in ["check", "run", "plan", "status", "verify"] {
            let ended = project.batch([command, name]).run().exits(2);
            assert!(!ended.stderr.contains("panicked") && !ended.stderr.is_empty(), "{ended:?}");
        }
    }
    let document = project.batch(["check", "--format", "json", "missing.yaml", "pipe.yaml"]).run().exits(2).json();
    let codes: Vec<_> = document["diagnostics"].as_array().unwrap().iter().map(|d| &d["code"]).collect();
    assert_eq!(codes, ["unreadable", "unreadable"]);
}
