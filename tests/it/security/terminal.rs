//! What strangers wrote is shown and not obeyed: no escape sequence of a manifest or a service reaches a terminal.

use super::hostile::{Hostile, json};
use super::{KEY, manifest};
use crate::support::cases::each;
use crate::support::program::Ended;
use crate::support::project::Project;
use crate::support::service::simulator;

/// Clears the screen, sets the title, turns the direction of writing: as YAML or JSON spells it.
const EVIL: &str = "\\u001b[2J\\u001b]0;owned\\u0007\\u009b31m\\u202egpj.exe";

#[track_caller]
fn obeys_nothing(ended: &Ended, what: &str) {
    for (stream, text) in [("stdout", &ended.stdout), ("stderr", &ended.stderr)] {
        let evil =
            text.chars().find(|c| (c.is_control() && !matches!(c, '\n')) || ('\u{202a}'..='\u{202e}').contains(c));
        assert!(evil.is_none(), "{what}: {evil:?} on {stream}: {text:?}");
    }
}

#[test]
fn no_text_of_a_manifest_reaches_the_terminal_as_it_is() {
    let simulator = simulator(&["submit:400(envelope)"]);
    let cases = [
        ("@dog walks", format!("@dog {EVIL} walks")),
        ("@dog walks", format!("@dog {EVIL} @cat{EVIL}")),
        ("id: walk", format!("id: \"{EVIL}\"")),
        ("resolution: 360p", format!("resolution: \"{EVIL}\"")),
        ("type: subject", format!("type: \"{EVIL}\"")),
        ("dog:", format!("\"dog{EVIL}\":")),
        ("version: 1", format!("version: 1\n\"{EVIL}\": 1")),
        ("images.example.com/dog.png", format!("images.example.com/{EVIL}.png")),
        ("https://images.example.com/dog.png", format!("dog{EVIL}.png")),
        ("jobs:", format!("output: {{ dir: \"out{EVIL}\" }}\njobs:")),
        ("jobs:", format!("output: {{ name: \"{EVIL}{{id}}-{{n}}.mp4\" }}\njobs:")),
        ("version: 1", format!("version: 1\nservice: {{ base_url: \"https://example.com/{EVIL}\" }}")),
        ("jobs:", format!("prices: {{ unit: \"{EVIL}\" }}\njobs:")),
        // As it is, unescaped.
        ("@dog walks", "@dog \u{9b}31m walks \u{202e}".to_owned()),
        ("version: 1", "version: 1 # \u{1b}[31m red\u{7}".to_owned()),
        ("jobs:", "jobs: \u{1b}[2J".to_owned()),
    ];
    each(&cases, |(from, to)| {
        let project = Project::new().with("jobs.yaml", manifest("").replacen(from, to, 1));
        for command in [
            &["check"][..],
            &["check", "--format", "json"],
            &["plan"],
            &["run", "--progress", "plain", "-vv"],
            &["status"],
        ] {
            let ended = project.batch(command).against(&simulator.base_url()).run();
            obeys_nothing(&ended, &format!("{command:?} of {to}"));
        }
    });
}

#[test]
fn no_text_of_a_service_reaches_the_terminal_as_it_is() {
    let accepted = r#"{"code":0,"data":{"taskId":"t1"}}"#;
    let cases = [
        (format!(r#"{{"code":400,"message":"{EVIL}"}}"#), "", ""),
        (format!(r#"{{"code":401,"message":"{EVIL}"}}"#), "", ""),
        (format!(r#"{{"code":0,"data":{{"taskId":"{EVIL}"}}}}"#), "", ""),
        (EVIL.to_owned(), "", ""),
        ("\u{1b}[2J\u{7}\u{9b}31m".to_owned(), "", ""),
        (accepted.to_owned(), r#"{"code":0,"data":[{"status":"FAILED","message":"EVIL","errorMessage":"EVIL"}]}"#, ""),
        (accepted.to_owned(), r#"{"code":0,"data":[{"status":"COMPLETED EVIL","progress":"EVIL"}]}"#, ""),
        (accepted.to_owned(), r#"{"code":400,"message":"EVIL"}"#, ""),
        (accepted.to_owned(), r#"{"code":0,"data":[{"status":"COMPLETED"}]}"#, r#"{"code":400,"message":"EVIL"}"#),
        (
            accepted.to_owned(),
            r#"{"code":0,"data":[{"status":"COMPLETED"}]}"#,
            r#"{"code":0,"data":{"urls":["http://EVIL/"]}}"#,
        ),
        (
            accepted.to_owned(),
            r#"{"code":0,"data":[{"status":"COMPLETED"}]}"#,
            r#"{"code":0,"data":{"urls":["http://127.0.0.1:1/EVIL"]}}"#,
        ),
    ];
    each(&cases, |(submit, status, result)| {
        let (submit, status, result) = (submit.clone(), status.replace("EVIL", EVIL), result.replace("EVIL", EVIL));
        let what = format!("{submit} {status} {result}");
        let for_ever = !result.is_empty();
        let server = Hostile::start(move |head, stream| {
            use std::io::Write as _;
            let path = head.split(' ').nth(1).unwrap_or_default();
            let body = if path.ends_with("/status") {
                &status
            } else if path.ends_with("/result") {
                &result
            } else {
                &submit
            };
            let _ = stream.write_all(&json(body));
        });
        let text = manifest("").replace("patience: 300ms", "job_timeout: 300ms");
        for progress in ["plain", "json"] {
            let project = Project::new().with("jobs.yaml", &text);
            let program = project.batch(["run", "--progress", progress, "-vv"]).against(&server.base_url());
            let mut started = program.env("BAICAI_API_KEY", KEY).start();
            if for_ever {
                // It may be tried again for a minute.
                match progress {
                    "json" => started.wait_for_stdout("\"generated\""),
                    _ => started.wait_for_stderr(" generated"),
                };
                std::thread::sleep(std::time::Duration::from_millis(200));
                started.signal("INT");
            }
            obeys_nothing(&started.end(), &what);
            for command in [&["status"][..], &["status", "--format", "json"], &["verify"]] {
                obeys_nothing(&project.batch(command).run(), &what);
            }
            for file in project.files(".").iter().filter(|file| file.starts_with("jobs.lock")) {
                let text = project.read(file);
                assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\u{7}']), "{what}: {text:?}");
            }
        }
    });
}
