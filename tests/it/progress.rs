//! How a run is shown: each form on its stream, none of them in the way of the run.

use crate::formats::conforms;
use crate::support::image;
use crate::support::images::ImageHost;
use crate::support::service::options;
use crate::support::setup::{Setup, manifest, manifest_of};
use batch::simulate::{Latency, Options};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

#[test]
fn events_keep_to_their_schema_and_tell_the_whole_story() {
    let setup = Setup::new(
        &manifest_of(6).replace("run: {", "run: { patience: 5s, ").replace(", patience: 10ms", ""),
        &[
            "submit:fail@1",
            "submit:400(envelope)@2",
            "submit:reset@3",
            "submit:429@4",
            "status:500@1",
            "download:404@1",
        ],
    );
    let ended = setup.run(["-j1", "--progress", "json"]).exits(3);
    let events = ended.json_lines();
    for event in &events {
        conforms_once(&setup, event);
    }
    let of = |job: &str| -> Vec<String> {
        let about = events.iter().filter(|event| event["job"] == job);
        about.map(|event| event["event"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        (&events[0]["event"], &events[0]["version"], &events[0]["jobs"]),
        (&"run_started".into(), &1.into(), &6.into())
    );
    assert_eq!(of("j2"), ["job_planned", "submitting", "failed"]);
    assert_eq!(of("j3"), ["job_planned", "submitting", "uncertain"]);
    let last = ["submitting", "submitted", "polled", "generated", "downloading", "downloaded", "succeeded"];
    let story = of("j6");
    let mut rest = story.iter();
    assert!(last.iter().all(|word| rest.any(|event| event == word)), "{story:?}");
    let finished = &events[events.len() - 1];
    assert_eq!((&finished["event"], &finished["exit_code"]), (&"run_finished".into(), &3.into()));
    let summary = &finished["summary"];
    assert_eq!(
        (&summary["succeeded"], &summary["failed"], &summary["uncertain"]),
        (&3.into(), &2.into(), &1.into()),
        "{summary}"
    );
    assert_eq!(summary["submits"], setup.submits().len(), "{summary}");
    assert!(!ended.stderr.is_empty(), "the summary is for people");

    let again = setup.run(["--progress", "json", "--keep-failed"]).exits(3).json_lines();
    again.iter().for_each(|event| conforms_once(&setup, event));
    assert_eq!(again[again.len() - 1]["summary"]["kept"], 3, "{again:?}");
}

#[test]
fn every_kind_of_event_is_told_by_a_run_and_keeps_to_its_schema() {
    let text = manifest_of(6)
        .replace("https://images.example.com/dog.png", "refs/dog.png")
        .replace("patience: 10ms", "patience: 20s, downloads: 1");
    // A video that others wait for, a slow upload, a service that asks to slow down, a job of each end, and a video that has to be asked for again.
    let faults = [
        "upload:delay(1500ms)@1",
        "submit:429@1",
        "submit:fail@2",
        "submit:reset@3",
        "download:404@1",
        "download:delay(2500ms)@2",
    ];
    let setup = Setup::new(&text, &faults);
    setup.project.write("refs/dog.png", image::png(64, 64, "dog"));
    let events = setup.run(["-j1", "--progress", "json"]).exits(3).json_lines();
    let mut told = BTreeSet::new();
    for event in events.iter().chain(&events_of_images()) {
        conforms_once(&setup, event);
        told.insert(event["event"].as_str().unwrap().to_owned());
    }
    let schema = setup.batch(["schema", "events"]).exits(0).json();
    let kinds = schema["oneOf"].as_array().unwrap().iter();
    let mut kinds: BTreeSet<_> =
        kinds.map(|kind| kind["properties"]["event"]["const"].as_str().unwrap().to_owned()).collect();
    // Of a reader that falls behind by thousands of events: see the reporters' own tests.
    kinds.remove("lagged");
    // Of several runs on one ledger: see `fleet`.
    kinds.remove("elsewhere");
    assert_eq!(told, kinds);
    let transfers: Vec<_> = events.iter().filter(|event| event["event"] == "transferring").collect();
    assert!(transfers.len() <= 2, "one a second: {transfers:?}");
    assert_eq!((&transfers[0]["call"], &transfers[0]["total"]), (&"upload".into(), &transfers[0]["bytes"]));
}

/// What is told of two remote images, of which one changes and one goes away between two runs.
fn events_of_images() -> Vec<Value> {
    let host = ImageHost::start();
    host.put("/dog.png", &image::png(8, 8, "dog"));
    host.put("/cat.png", &image::png(8, 8, "cat"));
    let text = manifest(&[("a", "@dog runs"), ("b", "@cat runs")])
        .replace("https://images.example.com", &host.url(""))
        .replace("run: {", "run: { mirror: true, ");
    let setup = Setup::new(&text, &[]);
    let run = |more: &[&'static str]| {
        let arguments = ["--allow-private-images", "--progress", "json"].into_iter().chain(more.iter().copied());
        setup.run(arguments).exits(0).json_lines()
    };
    let first = run(&[]);
    host.put("/dog.png", &image::png(8, 8, "another dog"));
    host.remove("/cat.png");
    first.into_iter().chain(run(&["--refresh-images"])).collect()
}

#[test]
fn a_reader_that_never_reads_keeps_nobody() {
    // Far more lines than a pipe holds (64 KiB).
    let setup = Setup::new(&manifest_of(300), &[]);
    let script = format!(
        "mkfifo pipe; sleep 50 <pipe & '{}' run -j64 --progress json >pipe; echo code $? >&2; kill $!",
        env!("CARGO_BIN_EXE_batch")
    );
    let ended = setup.project.command("/bin/sh", ["-c", &script]).against(&setup.service.base_url()).run();
    assert!(ended.stderr.contains("300 jobs succeeded") && ended.stderr.contains("code 0"), "{ended:?}");
    assert_eq!(setup.charges(), 300);
    setup.batch(["verify"]).exits(0);
}

#[test]
fn a_reader_of_standard_error_that_never_reads_keeps_nobody() {
    // Far more lines than a pipe holds (64 KiB).
    for (fault, then, code) in [
        ("submit:402(envelope)@501-", "", 4),
        // All but one job are done, and then somebody interrupts.
        ("submit:never@501", "until ls out | grep -c mp4 | grep -qx 500; do sleep 0.1; done; kill -INT $run;", 130),
    ] {
        let setup = Setup::new(&manifest_of(501), &[fault]);
        let script = format!(
            "mkfifo pipe; sleep 100 <pipe & reader=$!; '{}' run -j64 --progress plain --junit report.xml 2>pipe & run=$!;
            {then} wait $run; echo code $?; kill $reader",
            env!("CARGO_BIN_EXE_batch")
        );
        let ended = setup.project.command("/bin/sh", ["-c", &script]).against(&setup.service.base_url()).run();
        assert_eq!(ended.stdout, format!("code {code}\n"), "{ended:?}");
        assert!(setup.project.files(".").contains(&"report.xml".to_owned()));
    }
}

/// One schema for many lines.
#[track_caller]
fn conforms_once(setup: &Setup, event: &serde_json::Value) {
    conforms(&setup.project, "events", event);
    let time = event["time"].as_str().unwrap();
    assert!(time.ends_with('Z') && time.parse::<jiff::Timestamp>().is_ok(), "{time}");
}

#[test]
fn each_form_keeps_to_its_stream() {
    for (arguments, stdout, lines, summary) in [
        (&["--progress", "plain"][..], false, true, true),
        (&["--progress", "auto"], false, true, true),
        (&["--progress", "bar"], false, false, true),
        (&["--progress", "none"], false, false, true),
        (&["--progress", "json"], true, false, true),
        (&["--progress", "json", "-q"], true, false, false),
        (&["-q"], false, false, false),
        (&["-q", "--progress", "bar"], false, false, false),
    ] {
        let setup = Setup::new(&manifest_of(2), &[]);
        let ended = setup.run(arguments.iter().copied()).exits(0);
        assert_eq!(!ended.stdout.is_empty(), stdout, "{ended:?}");
        assert_eq!(ended.stderr.contains("j1 submitted"), lines, "{ended:?}");
        assert_eq!(ended.stderr.contains("2 jobs succeeded"), summary, "{ended:?}");
        assert!(!ended.stderr.contains('\u{1b}'), "no colors into a pipe: {ended:?}");
    }
    let setup = Setup::new(&manifest_of(1), &[]);
    let colored = setup.run(["--color", "always"]).exits(0);
    assert!(colored.stderr.contains('\u{1b}'), "{colored:?}");
}

#[test]
fn a_reader_that_goes_away_or_doesnt_read_is_no_matter() {
    let latency = Latency::fixed(Duration::from_millis(100));
    let shell = |script: &str| {
        let setup = Setup::with(&manifest_of(8), Options { latency, ..options(&[]) });
        let started = Instant::now();
        let script = script.replace("RUN", &format!("'{}' run --progress", env!("CARGO_BIN_EXE_batch")));
        let ended = setup.project.command("/bin/sh", ["-c", &script]).against(&setup.service.base_url()).run();
        assert!(ended.stderr.contains("code 0"), "{script}: {ended:?}");
        assert_eq!(setup.charges(), 8, "{script}");
        setup.batch(["verify"]).exits(0);
        (ended, started.elapsed())
    };
    let (ended, _) = shell("(RUN json; echo code $? >&2) | head -1");
    assert_eq!(ended.json()["event"], "run_started");
    shell("(RUN plain; echo code $? >code) 2>&1 | head -1 >/dev/null; echo code $(cat code | tr -dc 0-9) >&2");
    shell("RUN json >&-; echo code $? >&2");
    shell("(RUN plain 2>&-; echo code $? >&2)");
    let (_, took) = shell("(RUN json; echo code $? >&2) | sleep 4");
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn tables_and_machine_formats_go_to_standard_output_and_words_to_standard_error() {
    let setup = Setup::new(&manifest_of(2).replace("@dog runs 2 times", "@dog, run"), &[]);
    setup.run([]).exits(0);
    for command in ["plan", "status", "verify"] {
        for format in ["human", "json"] {
            let ended = setup.batch([command, "--format", format]).exits(0);
            assert!(!ended.stdout.is_empty(), "{ended:?}");
            assert!(ended.stderr.contains("mention-spacing") && !ended.stdout.contains("mention-spacing"), "{ended:?}");
            assert_eq!(setup.batch([command, "--format", format, "-q"]).exits(0).stderr, "");
        }
    }
    for script in
        ["plan", "status", "verify", "check --format json", "schema events", "--help", "run --help", "--version"]
    {
        let script = format!("({} {script}; echo code $? >&2) | :", env!("CARGO_BIN_EXE_batch"));
        let ended =
            setup.project.command("/bin/sh", ["-c", &script]).env("BAICAI_BASE_URL", &setup.service.base_url()).run();
        assert!(ended.stderr.contains("code 0") && !ended.stderr.contains("panicked"), "{ended:?}");
    }
}
