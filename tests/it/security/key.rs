//! The key is in memory and in one header, and nowhere else.

use super::hostile::{Hostile, json};
use super::{KEY, manifest, project, run, tells_nothing};
use crate::support::cases::each;
use crate::support::image;
use crate::support::service::{options, simulator};
use batch::base::secret::ApiKey;
use batch::simulate::{Call, Latency, Options, Running, Simulator};
use std::time::Duration;

/// All that there is to log, of this program and of those beneath it.
const LOUD: &str = "trace,hyper=trace,hyper_util=trace,reqwest=trace,rustls=trace,h2=trace,mio=trace";

/// A service that takes this key and no other.
fn guarded(faults: &[&str]) -> Running {
    Simulator::spawn_thread(Options { key: Some(ApiKey::new(KEY).unwrap()), ..options(faults) }).unwrap()
}

#[test]
fn the_key_is_in_no_log_event_lock_or_file() {
    let faults: [&[&str]; 8] = [
        &[],
        &["submit:reset(charged)"],
        &["submit:401(envelope)"],
        &["submit:redirect"],
        &["submit:garbage"],
        &["upload:500(html)@1", "submit:429(retry-after=0s)@1", "status:502@1", "result:cut(9)@1", "download:403@1"],
        &["download:redirect@1"],
        &["any:503@1-3"],
    ];
    each(&faults, |faults| {
        let simulator = guarded(faults);
        for arguments in [&["--progress", "json"][..], &["-vvv", "--progress", "plain"]] {
            let project = project().with("dog.png", image::png(64, 64, "a"));
            project.write("jobs.yaml", manifest("").replace("https://images.example.com/", ""));
            let all = ["run"].iter().chain(arguments);
            let loud =
                project.batch(all).against(&simulator.base_url()).env("BAICAI_API_KEY", KEY).env("RUST_LOG", LOUD);
            let ended = loud.run();
            assert!(ended.stderr.contains("TRACE"), "the logs are on: {ended:?}");
            tells_nothing(&project, &ended, &[KEY, "secret+7Kx"]);
            for command in [&["status"][..], &["status", "--format", "json"], &["plan"], &["verify"]] {
                let ended = project.batch(command).env("BAICAI_API_KEY", KEY).env("RUST_LOG", LOUD).run();
                tells_nothing(&project, &ended, &[KEY]);
            }
        }
        // It did arrive, where it should: this is a test of a program that has the key.
        let calls: Vec<_> = simulator.account().requests();
        assert!(calls.iter().filter(|call| call.call != Some(Call::Download)).all(|call| call.is_authorized()));
        assert!(calls.iter().filter(|call| call.call == Some(Call::Download)).all(|call| !call.is_authorized()));
        assert!(calls.len() > 1, "{faults:?}");
    });
}

/// What the service repeats of the key ends in messages, and messages end in the lock, which is committed.
#[test]
fn a_service_that_repeats_the_key_does_not_get_it_written() {
    let escaped = KEY.replace('/', "\\/");
    let coded: String = KEY.chars().map(|c| format!("\\u{:04x}", c as u32)).collect();
    for spelt in [KEY, &escaped, &coded] {
        for reply in [
            format!(r#"{{"code":400,"message":"the key {spelt} may not do this"}}"#),
            format!(r#"{{"code":401,"message":"no such key: {spelt}"}}"#),
            format!(r#"{{"code":0,"message":"Bearer {spelt}","data":{{"note":"{spelt}"}}}}"#),
            format!(r#"{{"code":0,"data":{{"taskId":"{spelt}"}}}}"#),
            format!("<html>Authorization: Bearer {KEY}</html>"),
        ] {
            let (project, server) = (project(), Hostile::saying(&json(&reply)));
            // What is no task is polled for as long as a job may take.
            project.write("jobs.yaml", manifest("").replace("patience: 300ms", "job_timeout: 300ms"));
            let program = project.batch(["run", "--progress", "json"]).against(&server.base_url());
            let ended = program.env("BAICAI_API_KEY", KEY).env("RUST_LOG", LOUD).run();
            assert_ne!(ended.code(), 0, "{ended:?}");
            tells_nothing(&project, &ended, &[KEY, "secret+7Kx", spelt]);
            assert!(server.heads()[0].contains(KEY), "it got the key");
        }
    }
}

/// Of a key that can't be one, and of a `.env` that can't be read, nothing is shown.
#[test]
fn a_key_that_is_no_use_is_not_shown() {
    let simulator = simulator(&[]);
    for bad in ["sk-very secret", "sk-very\tsecret", "sk-vérysecret", "sk-very\u{7f}secret"] {
        let project = project();
        let ended = project.batch(["run"]).against(&simulator.base_url()).env("BAICAI_API_KEY", bad).run().exits(2);
        tells_nothing(&project, &ended, &[bad, "very", "secret"]);
    }
    for env in ["BAICAI_API_KEY='sk-secret\n", "sk-secret\n", "BAICAI_API_KEY=sk very secret\n", "A=$(sk-secret\nB"] {
        let project = project().with(".env", env);
        let ended = project.batch(["run"]).env("BAICAI_BASE_URL", &simulator.base_url()).run().exits(2);
        tells_nothing(&project, &ended, &["secret"]);
    }
    assert!(simulator.account().requests().is_empty());
}

/// What a `.env` says is used as it stands: no other secret of the environment goes where the key goes.
#[test]
fn nothing_is_filled_into_a_key() {
    for line in ["BAICAI_API_KEY=${OTHER}", "BAICAI_API_KEY=$OTHER", "BAICAI_API_KEY=\"${OTHER:-x}\""] {
        let simulator = simulator(&[]);
        let manifest = manifest(&format!("service: {{ base_url: \"{}\" }}\n", simulator.base_url()));
        let project = project().with("jobs.yaml", manifest).with(".env", format!("{line}\n"));
        let ended = project.batch(["run"]).env("OTHER", "other-secret").run().exits(0);
        tells_nothing(&project, &ended, &["other-secret"]);
        let requests = simulator.account().requests();
        assert!(requests.iter().all(|request| !format!("{:?}", request.headers).contains("other-secret")), "{line}");
        assert!(format!("{:?}", requests[0].headers).contains("OTHER"), "{line}");
    }
}

/// A file that Windows wrote, a key that stands twice, a line that is none: each is read or named by its line, and never shown.
#[test]
fn the_file_of_the_key_is_read_strictly_and_never_shown() {
    let simulator = simulator(&[]);
    let run = |content: &[u8]| {
        let project = project();
        std::fs::write(project.path(".env"), content).unwrap();
        let ended = project.batch(["run"]).env("BAICAI_BASE_URL", &simulator.base_url()).run();
        tells_nothing(&project, &ended, &[KEY, "secret"]);
        ended
    };
    run(format!("\u{feff}BAICAI_API_KEY={KEY}\r\n").as_bytes()).exits(0);
    let utf16: Vec<u8> =
        format!("\u{feff}BAICAI_API_KEY={KEY}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    run(&utf16).exits(0);
    for (content, told) in [
        (format!("BAICAI_API_KEY={KEY}\nA=1\nexport BAICAI_API_KEY='{KEY}'\n"), ["line 1", "line 3"]),
        (format!("A=1\n\n{KEY}\n"), ["line 3", "NAME=VALUE"]),
        (format!("BAICAI_API_KEY: {KEY}\n"), ["line 1", "NAME=VALUE"]),
        (format!("A=1\nBAICAI_API_KEY=\"{KEY}\n"), ["line 2", "quote"]),
    ] {
        let ended = run(content.as_bytes()).exits(2);
        assert!(told.iter().all(|told| ended.stderr.contains(told)), "{ended:?}");
    }
}

/// A key from `.env` is used, and doesn't enter the process's environment or its command line, where others could read it.
#[cfg(target_os = "linux")]
#[test]
fn a_key_from_a_file_is_in_no_environment_and_no_command_line() {
    let slow = Options { latency: Latency::fixed(Duration::from_secs(3600)), ..options(&[]) };
    let simulator = Simulator::spawn_thread(Options { key: Some(ApiKey::new(KEY).unwrap()), ..slow }).unwrap();
    let project = project().with(".env", format!("BAICAI_API_KEY={KEY}\n"));
    let mut run = project.batch(["run", "--progress", "json"]).env("BAICAI_BASE_URL", &simulator.base_url()).start();
    run.wait_for_stdout("\"submitted\"");
    let of_process = |file: &str| std::fs::read(format!("/proc/{}/{file}", run.id())).unwrap();
    for file in ["cmdline", "environ"] {
        let content = String::from_utf8_lossy(&of_process(file)).into_owned();
        assert!(content.contains(if file == "cmdline" { "run" } else { "BAICAI_BASE_URL" }), "{content}");
        assert!(!content.contains("secret"), "{file}: {content}");
    }
    run.signal("INT");
    let ended = run.end().exits(130);
    tells_nothing(&project, &ended, &[KEY]);
}

/// No option takes the key: a command line is seen by every user of a machine.
#[test]
fn no_option_takes_the_key() {
    for command in ["run", "plan", "status", "verify", "check", "simulate"] {
        let help = project().batch([command, "--help"]).run().exits(0).stdout;
        assert!(!help.contains("--key") && !help.contains("--api-key") && !help.contains("--token"), "{help}");
    }
    // An option with the environment behind it would show its value in the help.
    let help = project().batch(["run", "--help"]).env("BAICAI_API_KEY", KEY).run().stdout;
    assert!(!help.contains("secret"), "{help}");
}

/// A trial needs no key, and sends none that is there.
#[test]
fn a_trial_does_not_touch_the_key() {
    let project = project();
    let trial = project.batch(["run", "--simulate", "--sim-latency", "0s"]).env("BAICAI_API_KEY", KEY);
    let ended = trial.env("RUST_LOG", LOUD).run().exits(0);
    tells_nothing(&project, &ended, &[KEY]);
    run(&project, &simulator(&[]), &[]).exits(0);
}
