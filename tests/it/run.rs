//! `batch run` against its contract: what goes over the wire, what doesn't, and how it ends.

use crate::support::image::png;
use crate::support::project::Project;
use crate::support::service::{options, simulator};
use crate::support::setup::{LOCK, MANIFEST, Setup, manifest, manifest_of};
use batch::simulate::{Call, Latency, Options, Simulator};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::time::{Duration, Instant};

/// The example of the service's page.
const EXAMPLE: &str = r#"
version: 1
run: { poll_interval: 10ms }
jobs:
  - id: example
    prompt: "@human and @dog paly on the @grass"
    resolution: 720p
    duration: 5
    references:
      - { name: human, type: subject, urls: ["https://s1.example.com/12.png"] }
      - { name: dog, type: subject, urls: ["https://s1.example.com/13.png"] }
      - { name: grass, type: background, urls: ["https://s1.example.com/11.png"] }
"#;

#[test]
fn a_submit_is_the_example_of_the_services_page_to_the_letter() {
    let setup = Setup::new(EXAMPLE, &[]);
    setup.run([]).exits(0);
    let expected = json!({
        "selected_model": "PixVerse-v4.5-MR2V",
        "task_type": "multi_ref_img2video",
        "input": {
            "prompt": "@human and @dog paly on the @grass",
            "resolution": "720p",
            "duration": 5,
            "mutil_reference": [
                { "type": "subject", "name": "human", "urls": ["https://s1.example.com/12.png"] },
                { "type": "subject", "name": "dog", "urls": ["https://s1.example.com/13.png"] },
                { "type": "background", "name": "grass", "urls": ["https://s1.example.com/11.png"] }
            ]
        }
    });
    assert_eq!(setup.submits(), [expected]);
    let submit = &setup.requests(Call::Submit)[0];
    assert_eq!((submit.method.as_str(), submit.path.as_str()), ("POST", "/v1/videos/generations"));
    assert_eq!(submit.headers["content-type"], "application/json");
}

#[test]
fn fields_are_sent_where_they_are_not_the_services_defaults() {
    let job = |fields: &str| EXAMPLE.replace("    resolution: 720p\n", &format!("    resolution: 720p\n{fields}"));
    let body = |manifest: &str| {
        let setup = Setup::new(manifest, &[]);
        setup.run([]).exits(0);
        setup.submits().remove(0)
    };
    let plain = body(EXAMPLE);
    let defaults = "    number_of_videos: 1\n    need_expand_prompt: false\n    async: true\n    aspect_ratio: '16:9'\n    take: 3\n";
    assert_eq!(body(&job(defaults)), plain);
    let mut all = plain;
    all["input"]["number_of_videos"] = json!(4);
    all["input"]["negative_prompt"] = json!("blur");
    all["need_expand_prompt"] = json!(true);
    let others = "    number_of_videos: 4\n    need_expand_prompt: true\n    negative_prompt: blur\n";
    assert_eq!(body(&job(others)), all);
}

/// Two jobs with local images of the same content under two names, and one more image.
fn with_images() -> Setup {
    let text = manifest(&[("a", "@one and @two"), ("b", "@three alone"), ("c", "@one and @three")]).replace(
        "references:\n",
        "references:
  one: { type: subject, urls: [refs/one.png] }
  two: { type: subject, urls: [refs/two.png] }
  three: { type: background, urls: [refs/copy-of-one.png] }\n",
    );
    let setup = Setup::new(&text, &[]);
    for (name, salt) in [("one", "1"), ("copy-of-one", "1"), ("two", "2")] {
        setup.project.write(&format!("refs/{name}.png"), png(4, 4, salt));
    }
    setup
}

#[test]
fn the_key_goes_with_every_call_but_downloads() {
    let setup = with_images();
    setup.run([]).exits(0);
    for call in [Call::Upload, Call::Submit, Call::Status, Call::Result, Call::Download] {
        let requests = setup.requests(call);
        assert!(!requests.is_empty(), "{call:?}");
        for request in requests {
            let key = request.headers.get("authorization").map(|value| value.to_str().unwrap());
            assert_eq!(key, (call != Call::Download).then_some("Bearer sk-test"), "{call:?}");
            assert!(request.headers["user-agent"].to_str().unwrap().starts_with("batch/"), "{call:?}");
        }
    }
}

#[test]
fn each_content_is_uploaded_once_across_jobs_and_runs() {
    let setup = with_images();
    let uploads = || setup.requests(Call::Upload).len();
    setup.run(["-j1"]).exits(0);
    assert_eq!(uploads(), 2);
    let bodies: Vec<_> = setup.requests(Call::Upload).iter().map(|request| request.body.clone()).collect();
    for (body, salt) in bodies.iter().zip(["1", "2"].iter().rev().chain(["1", "2"].iter())) {
        let text = String::from_utf8_lossy(body);
        assert_eq!(text.to_lowercase().matches("content-disposition").count(), 1, "one part, for {salt}");
        assert!(text.contains("form-data; name=\"file\"; filename=\""), "{text}");
        assert!(!text.contains(setup.project.root().to_str().unwrap()), "a path of this machine goes out: {text}");
    }
    let holds = |salt: &str| {
        let image = png(4, 4, salt);
        bodies.iter().filter(|body| body.windows(image.len()).any(|part| part == image)).count()
    };
    assert_eq!((holds("1"), holds("2")), (1, 1));
    let urls = |n: usize, reference: usize| setup.submits()[n]["input"]["mutil_reference"][reference]["urls"].clone();
    assert_eq!(urls(0, 0), urls(1, 0));
    assert_ne!(urls(0, 0), urls(0, 1));

    let text = setup.project.read(MANIFEST);
    setup.project.write(MANIFEST, format!("{text}  - {{ id: d, prompt: \"@two and @three again\" }}\n"));
    setup.run([]).exits(0);
    assert_eq!((uploads(), setup.charges()), (2, 4));
    setup.project.write(MANIFEST, format!("{text}  - {{ id: d, prompt: \"@two once more\" }}\n"));
    setup.run(["--reupload"]).exits(0);
    assert_eq!((uploads(), setup.charges()), (3, 5));
}

#[test]
fn submits_go_out_in_manifest_order() {
    let setup = Setup::new(&manifest(&[("z", "@dog 1"), ("a", "@dog 2"), ("m", "@dog 3"), ("b", "@cat 4")]), &[]);
    setup.run(["-j", "1"]).exits(0);
    assert_eq!(setup.prompts(), ["@dog 1", "@dog 2", "@dog 3", "@cat 4"]);
}

#[test]
fn a_rerun_sends_nothing_needs_no_key_and_leaves_all_files_alone() {
    let setup = with_images();
    setup.run([]).exits(0);
    let (calls, files) = (setup.calls(), setup.project.files("."));
    let looks: Vec<_> = files.iter().map(|file| look(&setup.project, file)).collect();
    let again = setup.project.batch(["run"]).run().exits(0);
    assert_eq!(again.stdout, "");
    assert_eq!(setup.project.files("."), files);
    assert_eq!(files.iter().map(|file| look(&setup.project, file)).collect::<Vec<_>>(), looks);
    assert_eq!(setup.calls(), calls);
}

/// What must not change where nothing is to be done: content and time.
fn look(project: &Project, file: &str) -> (String, Vec<u8>, std::time::SystemTime) {
    let path = project.path(file);
    (file.to_owned(), fs::read(&path).unwrap(), path.metadata().unwrap().modified().unwrap())
}

#[test]
fn what_changes_no_video_is_not_paid_for() {
    let setup = with_images();
    setup.run([]).exits(0);
    let (calls, text) = (setup.calls(), setup.project.read(MANIFEST));
    let twice = |line: &str| text.replace(line, "").trim_end().to_owned() + "\n" + line;
    for (what, changed) in [
        ("order", twice("  - { id: a, prompt: \"@one and @two\" }\n")),
        ("comments", format!("# a comment\n{text}\n# another\n")),
        ("run", text.replace("poll_interval: 10ms", "poll_interval: 20ms, concurrency: 1, on_uncertain: resubmit")),
        ("quotes", text.replace("\"@three alone\"", "'@three alone'")),
        ("block", text.replace("{ id: b, prompt: \"@three alone\" }", "id: b\n    prompt: |-\n      @three alone")),
        ("defaults", text.replace("id: b,", "id: b, resolution: 360p, duration: 5, number_of_videos: 1,")),
        ("aspect ratio", text.replace("id: b,", "id: b, aspect_ratio: '16:9',")),
        ("own references", text.replace("id: b,", "id: b, references: [three],")),
        ("prices", format!("{text}prices: {{ unit: CNY, table: [] }}\n")),
        (
            "an unused reference",
            text.replace("references:\n", "references:\n  new: { type: subject, urls: [refs/two.png] }\n"),
        ),
    ] {
        assert_ne!(changed, text, "{what}");
        setup.project.write(MANIFEST, &changed);
        setup.run([]).exits(0);
        assert_eq!(setup.calls(), calls, "{what}");
    }
    fs::rename(setup.project.path("refs/one.png"), setup.project.path("refs/other.png")).unwrap();
    setup.project.write(MANIFEST, text.replace("refs/one.png", "refs/other.png"));
    setup.run([]).exits(0);
    assert_eq!(setup.calls(), calls, "an image has another name");
    setup.project.write(MANIFEST, text.replace("refs/one.png", "refs/other.png").replace("id: a,", "id: renamed,"));
    setup.run([]).exits(0);
    assert_eq!(setup.calls(), calls, "a job has another id");
    assert_eq!(setup.project.files("out"), ["out/b-1.mp4", "out/c-1.mp4", "out/renamed-1.mp4"]);
}

#[test]
fn what_changes_the_video_is_paid_for_once() {
    let setup = with_images();
    setup.run([]).exits(0);
    let text = setup.project.read(MANIFEST);
    for (what, from, to) in [
        ("prompt", "@three alone", "@three all alone"),
        ("resolution", "id: b,", "id: b, resolution: 540p,"),
        ("duration", "id: b,", "id: b, duration: 8,"),
        ("videos", "id: b,", "id: b, number_of_videos: 2,"),
        ("negative prompt", "id: b,", "id: b, negative_prompt: blur,"),
        ("expansion", "id: b,", "id: b, need_expand_prompt: true,"),
        ("model", "id: b,", "id: b, selected_model: PixVerse-v4.5-MR2V-fast,"),
        ("take", "id: b,", "id: b, take: 2,"),
        ("type", "id: b,", "id: b, references: [{ name: three, type: subject, urls: [refs/two.png] }],"),
        ("order", "id: a,", "id: a, references: [two, one],"),
    ] {
        let charges = setup.charges();
        setup.project.write(MANIFEST, text.replace(from, to));
        for _ in 0..2 {
            setup.run([]).exits(0);
        }
        assert_eq!(setup.charges(), charges + 1, "{what}");
    }
    setup.project.write(MANIFEST, &text);
    let charges = setup.charges();
    setup.run([]).exits(0);
    assert_eq!(setup.charges(), charges, "an edit that is undone costs nothing");
    setup.project.write("refs/two.png", png(4, 4, "other"));
    for _ in 0..2 {
        setup.run([]).exits(0);
    }
    assert_eq!(setup.charges(), charges + 1, "an image has other content");
}

#[test]
fn a_service_that_refuses_the_account_or_isnt_there_stops_everything_at_once() {
    for fault in ["submit:401@1", "submit:402(envelope)@1", "submit:403(html)@1", "submit:404@1"] {
        let setup = Setup::new(&manifest_of(3), &[fault]);
        let ended = setup.run(["-j1"]).exits(4);
        assert!(ended.stderr.contains("nothing is lost: then `batch run jobs.yaml"), "{fault}: {ended:?}");
        assert_eq!((setup.submits().len(), setup.charges()), (1, 0), "{fault}");
        assert!(!setup.project.path("jobs.lock.journal").exists(), "{fault}");
        setup.run([]).exits(0);
        assert_eq!((setup.submits().len(), setup.charges()), (4, 3), "{fault}");
    }
    for fault in ["upload:401@1", "status:403(envelope)@1", "result:401(envelope)@1"] {
        let setup = with_images();
        let port = setup.service.address().port();
        let project = setup.project;
        setup.service.stop();
        let faulty = Simulator::spawn_thread(Options { port, ..options(&[fault]) }).unwrap();
        project.batch(["run"]).against(&faulty.base_url()).run().exits(4);
        project.batch(["run"]).against(&faulty.base_url()).run().exits(0);
        assert_eq!(faulty.account().charges(), 3, "{fault}");
    }
}

#[test]
fn a_service_that_is_away_is_waited_for_and_then_left_alone() {
    let setup = Setup::new(&manifest_of(20).replace("patience: 10ms", "patience: 700ms"), &[]);
    let (port, base) = (setup.service.address().port(), setup.service.base_url());
    let project = setup.project;
    setup.service.stop();
    let started = Instant::now();
    let ended = project.batch(["run"]).against(&base).run().exits(4);
    assert!(ended.stderr.contains("can't be reached"), "{ended:?}");
    assert!((700..3000).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
    assert!(!project.path("jobs.lock.journal").exists());
    let back = Simulator::spawn_thread(Options { port, ..options(&["submit:503(envelope)@1-2"]) }).unwrap();
    project.batch(["run"]).against(&base).run().exits(0);
    assert_eq!(back.account().charges(), 20);
}

#[test]
fn the_exit_code_says_how_it_ended() {
    let two = manifest(&[("a", "@dog runs"), ("b", "@cat sleeps")]);
    for (faults, code, charges, word) in [
        (&[][..], 0, 2, "2 jobs succeeded"),
        (&["submit:fail~@cat"], 1, 2, "b failed at the service"),
        (&["submit:moderate~@cat"], 1, 2, "b failed at the service"),
        (&["submit:400(envelope)~@cat"], 1, 1, "b refused by the service"),
        (&["submit:200(envelope=400)~@cat"], 1, 1, "b refused by the service"),
        (&["submit:reset(charged)~@cat"], 3, 2, "batch resolve"),
        (&["submit:502~@cat"], 3, 1, "batch resolve"),
        (&["submit:fail~@dog", "submit:reset~@cat"], 3, 1, "batch resolve"),
        (&["any:503"], 4, 0, "can't be reached"),
    ] {
        let setup = Setup::new(&two, faults);
        let ended = setup.run(["-j1"]).exits(code);
        assert!(ended.stderr.contains(word), "{faults:?}: {ended:?}");
        assert_eq!(ended.stdout, "", "{faults:?}");
        assert_eq!(setup.charges(), charges, "{faults:?}");
    }
    let setup = Setup::new(&two, &[]);
    for arguments in [&["--no-such-option"][..], &["no-such-manifest.yaml"], &["-j0"], &["--only", "["]] {
        let ended = setup.run(arguments.iter().copied()).exits(2);
        assert!(!ended.stderr.is_empty(), "{arguments:?}");
    }
    setup.project.write(MANIFEST, two.replace("duration: 5", "duration: 6"));
    setup.run([]).exits(2);
    assert_eq!(setup.calls(), 0);
    assert_eq!(setup.project.files("."), [MANIFEST]);
}

#[test]
fn a_key_is_needed_before_anything_is_sent() {
    let setup = Setup::new(&manifest_of(1), &[]);
    let unset = || setup.project.batch(["run"]).env("BAICAI_BASE_URL", &setup.service.base_url());
    let missing = unset().run().exits(2);
    assert!(missing.stderr.contains("BAICAI_API_KEY"), "{missing:?}");
    unset().env("BAICAI_API_KEY", " ").run().exits(2);
    setup.project.write(".env", "BAICAI_API_KEY='sk-un");
    let broken = unset().run().exits(2);
    assert!(!broken.stderr.contains("sk-un"), "{broken:?}");
    assert_eq!(setup.calls(), 0);
    assert_eq!(setup.project.files("."), [".env", MANIFEST]);

    setup.project.write(".env", "OTHER=1\n# the key\nexport BAICAI_API_KEY=\"sk-of-the-file\"\n");
    let manifest = format!("{}/{MANIFEST}", setup.project.root().display());
    let elsewhere = setup
        .project
        .command("/bin/sh", ["-c", "cd / && exec \"$0\" run \"$1\"", env!("CARGO_BIN_EXE_batch"), &manifest]);
    elsewhere.env("BAICAI_BASE_URL", &setup.service.base_url()).run().exits(0);
    assert_eq!(setup.requests(Call::Submit)[0].headers["authorization"], "Bearer sk-of-the-file");
    setup.project.write(MANIFEST, manifest_of(2));
    setup.run([]).exits(0);
    assert_eq!(setup.requests(Call::Submit)[1].headers["authorization"], "Bearer sk-test", "the environment wins");
}

#[test]
fn the_key_appears_nowhere() {
    let setup =
        Setup::new(&manifest_of(3), &["submit:fail@1", "submit:400(envelope)@2", "status:500@2", "upload:500@1"]);
    let secret = "sk-canary-0123456789";
    for (arguments, environment) in [
        (&["run", "-vvv"][..], "BAICAI_API_KEY"),
        (&["run", "-vvv", "--progress", "json"], "BAICAI_API_KEY"),
        (&["run", "-vvv"], ".env"),
    ] {
        if environment == ".env" {
            setup.project.write(MANIFEST, manifest_of(4));
        }
        let program =
            setup.project.batch(arguments).env("RUST_LOG", "trace").env("BAICAI_BASE_URL", &setup.service.base_url());
        let ended = match environment {
            ".env" => {
                setup.project.write(".env", format!("BAICAI_API_KEY={secret}\n"));
                program
            }
            name => program.env(name, secret),
        }
        .run();
        assert!(ended.stderr.contains("DEBUG") || ended.stderr.contains("TRACE"), "logs are on: {ended:?}");
        for text in [&ended.stdout, &ended.stderr] {
            assert!(!text.contains("canary"), "{text}");
        }
    }
    assert_eq!(setup.requests(Call::Submit)[0].headers["authorization"], format!("Bearer {secret}").as_str());
    for file in setup.project.files("..").iter().filter(|file| !file.ends_with(".env")) {
        let content = fs::read(setup.project.path(file)).unwrap();
        assert!(!String::from_utf8_lossy(&content).contains("canary"), "{file}");
    }
    setup.project.write(MANIFEST, manifest_of(5));
    let wrong = setup.project.batch(["run"]).env("BAICAI_API_KEY", "sk-canary\u{e9}\n2").run().exits(2);
    assert!(!wrong.stderr.contains("canary"), "{wrong:?}");
}

#[test]
fn a_base_url_of_the_manifest_gets_the_key_only_when_trusted() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = "https://service.invalid";
    let text = manifest_of(1).replace("run:", &format!("service: {{ base_url: \"{base}\" }}\nrun:"));
    let project = Project::new().with(MANIFEST, &text);
    let run = |arguments: &[&str]| {
        let program = project.batch(["run"].iter().chain(arguments));
        program.env("BAICAI_API_KEY", "sk-test").env("HTTPS_PROXY", &format!("http://{}", proxy.local_addr().unwrap()))
    };
    let refused = run(&[]).run().exits(2);
    assert!(refused.stderr.contains(base) && refused.stderr.contains("--trust-base-url"), "{refused:?}");
    for trusted in [run(&["--trust-base-url"]), run(&["--base-url", base]), run(&[]).env("BAICAI_BASE_URL", base)] {
        let started = trusted.start();
        let mut line = String::new();
        BufReader::new(proxy.accept().unwrap().0).read_line(&mut line).unwrap();
        assert_eq!(line, "CONNECT service.invalid:443 HTTP/1.1\r\n");
        started.signal("KILL");
        started.end();
        fs::remove_file(project.path("jobs.lock.journal")).unwrap();
    }
}

#[test]
fn the_option_wins_over_the_environment_and_that_over_the_manifest() {
    let (of_manifest, of_environment, of_option) = (simulator(&[]), simulator(&[]), simulator(&[]));
    let service = format!("service: {{ base_url: \"{}\" }}\nrun:", of_manifest.base_url());
    let project = Project::new().with(MANIFEST, manifest_of(1).replace("run:", &service));
    let run = |lock: &str| project.batch(["run", "--lock", lock]).env("BAICAI_API_KEY", "sk-test");
    let charges = || [&of_manifest, &of_environment, &of_option].map(|service| service.account().charges());
    run("1.lock").run().exits(0);
    assert_eq!(charges(), [1, 0, 0]);
    fs::remove_dir_all(project.path("out")).unwrap();
    run("2.lock").env("BAICAI_BASE_URL", &of_environment.base_url()).run().exits(0);
    assert_eq!(charges(), [1, 1, 0]);
    fs::remove_dir_all(project.path("out")).unwrap();
    let option = ["run", "--lock", "3.lock", "--base-url", &of_option.base_url()];
    project.batch(option).against(&of_environment.base_url()).run().exits(0);
    assert_eq!(charges(), [1, 1, 1]);
    for url in ["http://service.example.com", "ftp://127.0.0.1", "service", "https://user:sk@service.example.com"] {
        project.batch(["run", "--lock", "4.lock", "--base-url", url]).env("BAICAI_API_KEY", "sk-test").run().exits(2);
    }
}

#[test]
fn a_lock_stays_with_its_service_until_it_is_moved() {
    let setup = Setup::new(&manifest_of(1), &[]);
    setup.run([]).exits(0);
    let (lock, other) = (setup.project.read(LOCK), simulator(&[]));
    setup.project.write(MANIFEST, manifest_of(2));
    let run =
        |arguments: &[&str]| setup.project.batch(["run"].iter().chain(arguments)).against(&other.base_url()).run();
    let refused = run(&[]).exits(2);
    for word in [&setup.service.base_url(), &other.base_url(), "--lock FILE", "--move-service"] {
        assert!(refused.stderr.contains(word), "{word}: {refused:?}");
    }
    assert_eq!((other.account().requests().len(), setup.project.read(LOCK)), (0, lock));
    assert!(!setup.project.path("jobs.lock.journal").exists());
    run(&["--move-service"]).exits(0);
    assert_eq!((setup.charges(), other.account().charges()), (1, 1), "what is paid is paid at the new address too");
    assert!(setup.project.read(LOCK).contains(&format!("service = \"{}\"", other.base_url())));
}

#[test]
fn a_file_in_the_way_is_found_before_paying() {
    let setup = Setup::new(&manifest_of(3), &[]);
    setup.project.write("out/j2-1.mp4", "somebody's");
    let ended = setup.run([]).exits(5);
    assert!(ended.stderr.contains("out/j2-1.mp4"), "{ended:?}");
    assert_eq!(setup.charges(), 2, "the others go on");
    assert_eq!(setup.project.read("out/j2-1.mp4"), "somebody's");
    setup.run([]).exits(5);
    fs::remove_file(setup.project.path("out/j2-1.mp4")).unwrap();
    setup.run([]).exits(0);
    assert_eq!(setup.charges(), 3);
}

#[test]
fn a_folder_that_cant_be_written_is_this_machines_failure() {
    let setup = Setup::new(&manifest_of(2), &[]);
    let locked = setup.run(["--lock", "jobs.yaml/jobs.lock"]).exits(5);
    assert!(locked.stderr.contains("jobs.yaml/jobs.lock"), "{locked:?}");
    setup.project.write("out", "no folder");
    let ended = setup.run([]).exits(2);
    assert!(ended.stderr.contains("output-path"), "it is found by checking: {ended:?}");
    assert_eq!(setup.calls(), 0, "what can't be stored isn't bought");
}

#[test]
fn exactly_so_many_generations_are_in_flight_and_slots_are_kept_full() {
    // Long beside the time in which submits open by doubling.
    let latency = Duration::from_millis(600);
    let run = |manifest: &str, arguments: &[&str]| {
        let setup = Setup::with(manifest, Options { latency: Latency::fixed(latency), ..options(&[]) });
        let started = Instant::now();
        setup.run(arguments.iter().copied()).exits(0);
        let submits = setup.requests(Call::Submit);
        let span = submits[submits.len() - 1].at.duration_since(submits[0].at).unsigned_abs();
        (setup.service.account().books().most_in_flight, span, started.elapsed())
    };
    let (most, span, _) = run(&manifest_of(12), &["-j3"]);
    assert_eq!(most, 3);
    assert!(span >= latency * 3 && span < latency * 9, "three more rounds: {span:?}");
    let limited = manifest_of(5).replace("run: {", "run: { concurrency: 2, ");
    assert_eq!(run(&limited, &[]).0, 2);
    assert_eq!(run(&limited, &["--concurrency", "5"]).0, 5, "the option wins");
    assert_eq!(run(&manifest_of(9), &[]).0, 4, "the default");
}

#[test]
fn submits_keep_to_their_rate() {
    let setup = Setup::new(&manifest_of(5).replace("run: {", "run: { submit_rate: 10/s, "), &[]);
    setup.run([]).exits(0);
    let times: Vec<_> = setup.requests(Call::Submit).iter().map(|request| request.at).collect();
    let span = times[4].duration_since(times[0]).unsigned_abs();
    assert!(span >= Duration::from_millis(350), "{span:?} for five");
}

#[test]
fn a_frozen_run_says_why_it_is_not_fine() {
    let faults = ["submit:fail~1 times", "submit:400(envelope)~2 times", "submit:reset(charged)~3 times"];
    let setup = Setup::new(&manifest_of(4), &faults);
    setup.run(["-j1"]).exits(3);
    let frozen = |arguments: &[&'static str], code| -> String {
        let arguments = ["run", "--frozen"].into_iter().chain(arguments.iter().copied());
        setup.project.batch(arguments).run().exits(code).stderr
    };
    let said = frozen(&[], 3);
    for words in [
        "1 to submit",
        "1 job on hold, the service refused it (j2)",
        "1 job on hold, nobody knows whether its submit arrived (j3)",
        "batch plan",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let said = frozen(&["--keep-failed"], 3);
    assert!(said.contains("the service failed it (j1)") && said.contains("batch resolve"), "{said}");
    let said = frozen(&["--keep-failed", "--skip", "j3"], 1);
    assert!(said.contains("the service failed it (j1)") && !said.contains("j3"), "{said}");
    setup.project.write(MANIFEST, manifest_of(0).replace("jobs:", "jobs: []"));
    let said = frozen(&["--prune", "--skip", "j3"], 1);
    assert!(said.contains("3 records to drop (j1, j2, j4)"), "{said}");
    assert_eq!(frozen(&["--skip", "j3"], 0), "");
}

#[test]
fn frozen_sends_nothing_and_changes_nothing() {
    let setup = Setup::new(&manifest_of(2), &[]);
    let undone = setup.run(["--frozen"]).exits(1);
    assert!(undone.stderr.contains("2 to submit"), "{undone:?}");
    assert_eq!((setup.calls(), setup.project.files(".")), (0, vec![MANIFEST.to_owned()]));
    setup.run([]).exits(0);
    let (calls, lock) = (setup.calls(), look(&setup.project, LOCK));
    let frozen = |code| {
        setup.project.batch(["run", "--frozen"]).run().exits(code);
        assert_eq!((setup.calls(), look(&setup.project, LOCK)), (calls, lock.clone()));
    };
    frozen(0);
    setup.project.write(MANIFEST, manifest_of(3));
    frozen(1);
    setup.batch(["run", "--frozen", "--skip", "j3"]).exits(0);
    setup.project.write(MANIFEST, manifest_of(2));
    fs::remove_file(setup.project.path("out/j1-1.mp4")).unwrap();
    frozen(1);
    assert!(!setup.project.path("out/j1-1.mp4").exists());
}

#[test]
fn jobs_are_chosen_by_their_ids() {
    let setup = Setup::new(&manifest(&[("a-1", "@dog 1"), ("a-2", "@dog 2"), ("b-1", "@dog 3")]), &[]);
    setup.run(["--only", "a-*", "--skip", "*-2"]).exits(0);
    assert_eq!(setup.prompts(), ["@dog 1"]);
    setup.run(["--only", "*-1", "--only", "none"]).exits(0);
    assert_eq!(setup.prompts(), ["@dog 1", "@dog 3"]);
    assert_eq!(setup.charges(), 2);
}

#[test]
fn a_choice_of_nothing_is_refused_by_every_command_and_buys_nothing() {
    let setup = Setup::new(&manifest(&[("a-1", "@dog 1"), ("小狗", "@dog 2")]), &[]);
    setup.run(["--only", "小?"]).exits(0);
    let wrong: [(&[&str], &str); 6] = [
        (&["--only", "a-1,小狗"], "a comma doesn't separate patterns: write --only a-1 --only 小狗"),
        (&["--only", "A-1"], "did you mean `a-1`?"),
        (&["--only", ""], "no job's id matches --only ``"),
        (&["--tag", "hero"], "no job has the tag `hero`"),
        (&["--skip", "*"], "together leave none"),
        (&["--only", "a-1", "--skip", "a-*"], "together leave none"),
    ];
    for (options, said) in wrong {
        for command in ["run", "plan", "status", "fetch", "verify", "report"] {
            let ran = setup.batch([command].into_iter().chain(options.iter().copied())).exits(2);
            assert!(ran.stderr.contains(said), "{command} {options:?}: {}", ran.stderr);
        }
    }
    assert_eq!(setup.charges(), 1);
    let warned = setup.run(["--skip", "draft-*"]).exits(0);
    assert!(warned.stderr.contains("matches --skip `draft-*`: it leaves nothing out"), "{}", warned.stderr);
    assert_eq!(setup.charges(), 2);
    setup.batch(["verify", "--only", "小狗"]).exits(0);
}

#[test]
fn failed_and_refused_jobs_are_tried_again_as_asked() {
    let two = manifest(&[("fails", "@dog runs"), ("refused", "@cat sleeps")]);
    let setup = Setup::new(&two, &["submit:fail@1~@dog", "submit:400(envelope)@1~@cat"]);
    let run = |arguments: &[&str], code| {
        let before = setup.submits().len();
        setup.run(arguments.iter().copied()).exits(code);
        setup.prompts().split_off(before)
    };
    assert_eq!(run(&["-j1"], 1), ["@dog runs", "@cat sleeps"]);
    assert_eq!(run(&["--keep-failed"], 1), [""; 0]);
    assert_eq!(run(&[], 1), ["@dog runs"], "a refusal is final");
    assert_eq!(run(&[], 1), [""; 0]);
    assert_eq!(run(&["--retry-failed"], 0), ["@cat sleeps"]);
    assert_eq!(run(&[], 0), [""; 0]);
}

#[test]
fn what_the_service_fails_again_and_again_is_not_bought_for_ever() {
    let always = ["submit:fail@1-99~@dog", "submit:moderate@1-99~@cat"];
    let setup = Setup::new(&manifest(&[("fails", "@dog runs"), ("moderated", "@cat sleeps")]), &always);
    let run = |arguments: &[&str], code| {
        let before = setup.submits().len();
        let ended = setup.run(["-j1"].iter().chain(arguments).copied()).exits(code);
        (setup.prompts().split_off(before), ended.stderr)
    };
    let (bought, said) = run(&[], 1);
    assert_eq!(bought, ["@dog runs", "@cat sleeps"]);
    assert!(said.contains("    fails\n    the next run submits it again\n"), "{said}");
    assert!(said.contains("    moderated\n    the next run leaves it: edit it, or use --retry-failed\n"), "{said}");

    let (bought, said) = run(&[], 1);
    assert_eq!(bought, ["@dog runs"]);
    assert!(said.contains("    fails\n    the next run leaves it: edit it, or use --retry-failed\n"), "{said}");
    assert!(said.contains("1 job skipped: moderation refused its content; edit it"), "{said}");

    let (bought, said) = run(&[], 1);
    assert_eq!(bought, [""; 0]);
    assert!(said.contains("allows; edit it, or use --retry-failed\n") && !said.contains("go on with"), "{said}");
    let plan = setup.batch(["plan", "--format", "json"]).exits(0).json();
    let reasons: Vec<_> = plan["jobs"].as_array().unwrap().iter().map(|job| &job["reason"]).collect();
    assert_eq!(reasons, ["failed-too-often", "moderated"]);
    assert_eq!(run(&["--retry-failed"], 1).0, ["@dog runs", "@cat sleeps"]);

    // Another limit, another input.
    let of = |retries, prompt| {
        let jobs = manifest(&[("fails", prompt), ("moderated", "@cat sleeps")]);
        jobs.replace("run: {", &format!("run: {{ retries: {retries}, "))
    };
    setup.project.write(MANIFEST, of(3, "@dog runs"));
    assert_eq!((run(&[], 1).0.len(), run(&[], 1).0.len()), (1, 0));
    setup.project.write(MANIFEST, of(0, "@dog runs far"));
    assert_eq!((run(&[], 1).0.len(), run(&[], 1).0.len()), (1, 0));
}

#[test]
fn an_uncertain_job_waits_for_a_person_or_an_option() {
    let setup = Setup::new(&manifest_of(2), &["submit:reset(charged)@1"]);
    setup.run(["-j1"]).exits(3);
    setup.run([]).exits(3);
    assert_eq!(setup.submits().len(), 2, "never tried again by itself");
    setup.run(["--on-uncertain", "resubmit"]).exits(0);
    assert_eq!((setup.submits().len(), setup.charges()), (3, 3));
    setup.run([]).exits(0);

    let resubmit = manifest_of(1).replace("run: {", "run: { on_uncertain: resubmit, ");
    let setup = Setup::new(&resubmit, &["submit:502@1-2"]);
    setup.run([]).exits(3);
    assert_eq!(setup.submits().len(), 2, "once in a run");
    setup.run(["--on-uncertain", "hold"]).exits(3);
    assert_eq!(setup.submits().len(), 2);
    setup.run([]).exits(0);
    assert_eq!((setup.submits().len(), setup.charges()), (3, 1));
}

#[test]
fn warnings_are_errors_when_denied() {
    let setup = Setup::new(&manifest(&[("a", "@dog, run")]), &[]);
    let denied = setup.run(["--deny", "warnings"]).exits(2);
    assert!(denied.stderr.contains("mention-spacing"), "{denied:?}");
    assert_eq!(setup.calls(), 0);
    setup.run([]).exits(0);
}

#[test]
fn a_manifest_named_by_a_link_has_its_lock_beside_its_real_path() {
    let setup = Setup::new(&manifest_of(1), &[]);
    setup.project.write("links/.keep", "");
    std::os::unix::fs::symlink("../jobs.yaml", setup.project.path("links/linked.yaml")).unwrap();
    setup.run(["links/linked.yaml"]).exits(0);
    setup.run(["--frozen"]).exits(0);
    setup.run([]).exits(0);
    assert_eq!(setup.charges(), 1);
    assert_eq!(setup.project.files("."), [LOCK, MANIFEST, "links/.keep", "links/linked.yaml", "out/j1-1.mp4"]);
}

#[test]
fn a_lock_can_have_another_name() {
    let setup = Setup::new(&manifest_of(1), &[]);
    setup.project.write("locks/.keep", "");
    setup.run(["--lock", "locks/mine.lock"]).exits(0);
    setup.run(["--lock", "locks/mine.lock", "--frozen"]).exits(0);
    assert_eq!(setup.project.files("."), [MANIFEST, "locks/.keep", "locks/mine.lock", "out/j1-1.mp4"]);
    setup.batch(["verify", "--lock", "locks/mine.lock"]).exits(0);
    setup.batch(["verify"]).exits(1);
}

#[test]
fn the_only_manifest_of_a_folder_is_the_one() {
    let project = Project::new();
    let none = project.batch(["run", "--simulate"]).run().exits(2);
    assert!(none.stderr.contains("batch init"), "{none:?}");
    for name in ["jobs.yaml", "jobs.yml", "jobs.json"] {
        let project = Project::new().with(name, manifest_of(1));
        project.batch(["check"]).run().exits(0);
        project.batch(["plan"]).run().exits(0);
    }
    let project = project.with("jobs.yaml", manifest_of(1)).with("jobs.toml", "version = 1\njobs = []\n");
    for command in ["run", "check", "plan", "status", "verify"] {
        let several = project.batch([command]).run().exits(2);
        assert!(several.stderr.contains("jobs.yaml, jobs.toml"), "{several:?}");
    }
}

#[test]
fn an_empty_list_of_jobs_is_fine() {
    let project = Project::new().with(MANIFEST, "version: 1\njobs: []\n");
    for arguments in
        [&["run"][..], &["run", "--simulate"], &["check"], &["plan", "--exit-code"], &["status"], &["verify"]]
    {
        let ended = project.batch(arguments).run().exits(0);
        assert!(!ended.stderr.contains("error"), "{ended:?}");
    }
}

#[test]
fn a_trial_never_mixes_with_real_results() {
    let setup = Setup::new(&manifest_of(2), &[]);
    setup.run(["--only", "j1"]).exits(0);
    let real = look(&setup.project, LOCK);
    let trial = || setup.project.batch(["run", "--simulate", "--sim-latency", "0"]).run().exits(0);
    trial();
    assert_eq!((look(&setup.project, LOCK), setup.charges()), (real, 1));
    let files = setup.project.files(".");
    let expected = ["jobs.lock", "jobs.sim.lock", "jobs.yaml", "out/j1-1.mp4", "out/sim/j1-1.mp4", "out/sim/j2-1.mp4"];
    assert_eq!(files, expected);
    let lock = look(&setup.project, "jobs.sim.lock");
    assert!(setup.project.read("jobs.sim.lock").contains("service = \"simulate\""));
    let again = trial();
    assert!(again.stderr.contains("0 submits"), "{again:?}");
    assert_eq!(look(&setup.project, "jobs.sim.lock"), lock);
    setup.batch(["verify", "--simulate"]).exits(0);
    setup.batch(["verify"]).exits(1);
    let plan = setup.batch(["plan", "--format", "json"]).json();
    assert_eq!(plan["summary"]["submit"], 1, "{plan}");
    setup.run([]).exits(0);
    assert_eq!(setup.charges(), 2);
}

#[test]
fn two_thousand_jobs_run_and_are_nothing_to_do_then() {
    let setup = Setup::with(&manifest_of(2000), Options { record: false, ..options(&[]) });
    setup.run(["-j", "64", "--progress", "none"]).exits(0);
    assert_eq!((setup.charges(), setup.project.files("out").len()), (2000, 2000));
    let submits = setup.service.account().calls(Call::Submit);
    let started = Instant::now();
    setup.run(["--progress", "none"]).exits(0);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert_eq!(setup.service.account().calls(Call::Submit), submits);
}

#[test]
fn another_run_of_the_same_manifest_is_kept_out() {
    let setup =
        Setup::with(&manifest_of(1), Options { latency: Latency::fixed(Duration::from_secs(3600)), ..options(&[]) });
    let mut first = setup.running([]).start();
    first.wait_for_stderr("j1 submitted");
    let second = setup.run([]).exits(5);
    assert!(second.stderr.contains("another run"), "{second:?}");
    setup.run(["--frozen"]).exits(1);
    assert_eq!(setup.charges(), 1);
    let _: Value = setup.batch(["status", "--format", "json"]).exits(0).json();
}
