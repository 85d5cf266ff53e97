//! `batch fetch`: collects what is paid as a run would, and says what it does.

use crate::support::program::{Ended, Program};
use crate::support::service::{options, simulator};
use crate::support::setup::{LOCK, MANIFEST, Setup, manifest, manifest_of};
use batch::simulate::{Call, Latency, Options};
use serde_json::Value;
use std::fs;
use std::time::Duration;

fn fetching<'a>(setup: &Setup, arguments: impl IntoIterator<Item = &'a str>) -> Program {
    setup.project.batch(["fetch"].into_iter().chain(arguments)).env("BAICAI_API_KEY", "sk-test")
}

/// A setup whose first job was asked for, edited, and asked for again; the second is finished; the third left the manifest. Of
/// each, the videos are gone.
fn with_lost_videos() -> Setup {
    let setup = Setup::new(&manifest(&[("a", "@dog 1"), ("b", "@dog 2"), ("c", "@dog 3")]), &[]);
    setup.run([]).exits(0);
    setup.project.write(MANIFEST, manifest(&[("a", "@cat 1"), ("b", "@dog 2")]));
    setup.run([]).exits(0);
    assert_eq!((setup.charges(), setup.project.files("out").len()), (4, 4));
    setup
}

fn words(document: &Value, list: &str, keys: [&str; 2]) -> Vec<(String, String)> {
    let word = |item: &Value, key: &str| item[key].as_str().unwrap_or_default().to_owned();
    document[list].as_array().unwrap().iter().map(|item| (word(item, keys[0]), word(item, keys[1]))).collect()
}

fn planned(ended: &Ended) -> Vec<(String, String, String)> {
    let word = |event: &Value, key: &str| event[key].as_str().unwrap().to_owned();
    let lines = ended.json_lines();
    let planned = lines.iter().filter(|event| event["event"] == "job_planned");
    planned.map(|event| (word(event, "job"), word(event, "action"), word(event, "reason"))).collect()
}

#[test]
fn run_fetch_verify_and_plan_agree_on_what_is_missing() {
    for command in ["run", "fetch"] {
        let setup = with_lost_videos();
        let all = setup.project.files("out");
        for (file, job, reason) in [
            ("out/a-1.mp4", "a", "missing-file"),
            ("out/c-1.mp4", "c", "removed"),
            (all.iter().find(|path| path.contains('~')).unwrap(), "a", "superseded"),
        ] {
            fs::remove_file(setup.project.path(file)).unwrap();
            let verify = setup.batch(["verify", "--format", "json"]).exits(1).json();
            let problems = words(&verify, "problems", ["kind", "path"]);
            assert!(problems.contains(&("missing-file".to_owned(), file.to_owned())), "{verify}");
            let plan = setup.batch(["plan", "--format", "json", "--exit-code"]).exits(1).json();
            assert!(words(&plan, "jobs", ["id", "reason"]).contains(&(job.to_owned(), reason.to_owned())), "{plan}");
            setup.run(["--frozen"]).exits(1);
            let downloads = setup.requests(Call::Download).len();
            let ended = setup.project.batch([command, "--progress", "json"]).against(&setup.service.base_url()).run();
            let ended = ended.exits(0);
            assert_eq!(planned(&ended), [(job.to_owned(), "download".to_owned(), reason.to_owned())], "{command}");
            assert_eq!(setup.requests(Call::Download).len(), downloads + 1, "{command}: {file}");
            assert_eq!((setup.project.files("out"), setup.charges()), (all.clone(), 4), "{command}");
        }
        let calls = setup.calls();
        setup.run([]).exits(0);
        assert_eq!(setup.calls(), calls, "all is here");
    }
}

#[test]
fn what_is_fetched_is_announced_and_goes_on_with_fetch() {
    let latency = Latency::fixed(Duration::from_millis(600));
    let setup = Setup::with(&manifest_of(2), Options { latency, ..options(&[]) });
    let mut running = setup.running([]).start();
    running.wait_for_stderr("j2 submitted");
    running.signal("INT");
    running.end().exits(130);
    let mut fetch = fetching(&setup, ["--progress", "json"]).start();
    fetch.wait_for_stdout("\"polled\"");
    fetch.signal("INT");
    let ended = fetch.end().exits(130);
    let resumed = |job: &str| (job.to_owned(), "resume".to_owned(), "in-flight".to_owned());
    assert_eq!(planned(&ended), [resumed("j1"), resumed("j2")]);
    assert!(ended.stderr.contains("go on with: batch fetch jobs.yaml"), "{ended:?}");
    let plain = fetching(&setup, []).run().exits(0);
    assert!(plain.stderr.contains("2 to do"), "{plain:?}");
    assert_eq!(setup.project.files("out").len(), 2);
}

#[test]
fn another_service_is_refused_or_moved_to() {
    let setup = Setup::new(&manifest_of(1), &[]);
    setup.run([]).exits(0);
    fs::remove_dir_all(setup.project.path("out")).unwrap();
    let (other, lock) = (simulator(&[]), setup.project.read(LOCK));
    let service = |url: &str| format!("service: {{ base_url: \"{url}\" }}\n{}", manifest_of(1));
    setup.project.write(MANIFEST, service(&other.base_url()));
    let by_environment = |program: Program| program.env("BAICAI_BASE_URL", &other.base_url());
    for refused in [fetching(&setup, []).run(), by_environment(fetching(&setup, [])).run()] {
        let refused = refused.exits(2);
        assert!(refused.stderr.contains("--move-service"), "{refused:?}");
    }
    // Where nobody names a service, it is the lock's; a manifest that can't be read names none.
    let broken = "version: 1\njobs: [{ id: j1 }]\n";
    setup.project.write(MANIFEST, broken);
    let refused = fetching(&setup, ["--move-service"]).run().exits(2);
    assert!(refused.stderr.contains("BAICAI_BASE_URL"), "{refused:?}");
    assert_eq!((setup.project.read(LOCK), other.account().requests().len()), (lock, 0));
    fetching(&setup, []).run().exits(0);

    fs::remove_dir_all(setup.project.path("out")).unwrap();
    setup.project.write(MANIFEST, service(&other.base_url()));
    fetching(&setup, ["--move-service"]).run().exits(0);
    assert!(setup.project.read(LOCK).contains(&other.base_url()) && setup.project.path("out/j1-1.mp4").exists());
}

#[test]
fn a_manifest_must_be_there_or_come_with_its_lock() {
    let setup = Setup::new(&manifest_of(1), &[]);
    setup.run([]).exits(0);
    fs::create_dir(setup.project.path("folder")).unwrap();
    for (path, word) in [("folder", "folder"), ("none.yaml", "none.yaml"), ("-", "--lock")] {
        let refused = fetching(&setup, [path]).run().exits(2);
        assert!(refused.stderr.contains(word), "{refused:?}");
    }
    fs::remove_dir_all(setup.project.path("out")).unwrap();
    let text = setup.project.read(MANIFEST);
    fetching(&setup, ["-", "--lock", LOCK]).input(&text).run().exits(0);
    assert_eq!(setup.project.files("out"), ["out/j1-1.mp4"]);
}

/// A person's word is enough: no key, and nothing is sent.
#[test]
fn a_doubtful_video_is_taken_on_a_persons_word() {
    let setup = Setup::new(&manifest_of(1), &["download:stall"]);
    let mut running = setup.running([]).start();
    running.wait_for_stderr("j1 generated");
    running.signal("INT");
    running.end().exits(130);
    let refused = setup.batch(["fetch", "--accept-doubtful", "j1"]).exits(2);
    assert!(refused.stderr.contains("out/j1-1.mp4.doubtful"), "{refused:?}");
    setup.batch(["fetch", "--accept-doubtful", "none"]).exits(2);

    fs::create_dir_all(setup.project.path("out")).unwrap();
    fs::write(setup.project.path("out/j1-1.mp4.doubtful"), "it plays").unwrap();
    let calls = setup.calls();
    let taken = setup.batch(["fetch", "--accept-doubtful", "j1"]).exits(0);
    assert!(taken.stderr.contains("out/j1-1.mp4.doubtful is taken for out/j1-1.mp4"), "{taken:?}");
    assert_eq!((setup.project.files("out"), setup.calls()), (vec!["out/j1-1.mp4".to_owned()], calls));
    setup.batch(["verify"]).exits(0);
    let status = setup.batch(["status", "--format", "json"]).exits(0).json();
    assert_eq!(
        (&status["jobs"][0]["status"], &status["jobs"][0]["outputs"][0]["bytes"]),
        (&Value::from("succeeded"), &Value::from(8))
    );
    setup.run([]).exits(0);
    assert_eq!((setup.calls(), setup.charges()), (calls, 1), "nothing is left to do");
    setup.batch(["fetch", "--accept-doubtful", "j1"]).exits(2);
}
