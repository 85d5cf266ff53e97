//! What a run finds of earlier ones: killed, left in the middle, with videos gone or altered.

use crate::support::service::options;
use crate::support::setup::{LOCK, MANIFEST, Setup, manifest, manifest_of};
use batch::simulate::{Call, Latency, Options};
use std::fs;
use std::time::Duration;

#[test]
fn a_killed_run_is_taken_up_without_a_new_submit() {
    let latency = Latency::fixed(Duration::from_millis(800));
    let setup = Setup::with(&manifest_of(3), Options { latency, ..options(&[]) });
    let mut running = setup.running([]).start();
    running.wait_for_stderr("j3 submitted");
    running.signal("KILL");
    assert_eq!(running.end().killed_by(), Some(9));
    assert_eq!(setup.project.files("."), [LOCK, "jobs.lock.journal", MANIFEST]);
    let status = setup.batch(["status", "--format", "json"]).exits(0).json();
    assert_eq!(status["summary"]["submitted"], 3, "{status}");
    let plan = setup.batch(["plan", "--format", "json"]).exits(0).json();
    assert_eq!(plan["summary"]["resume"], 3, "{plan}");
    setup.run([]).exits(0);
    assert_eq!((setup.submits().len(), setup.charges()), (3, 3));
    setup.batch(["verify"]).exits(0);
}

#[test]
fn a_video_that_is_gone_or_altered_is_fetched_again_not_bought() {
    let setup = Setup::new(&manifest_of(3), &[]);
    setup.run([]).exits(0);
    let (lock, video) = (setup.project.read(LOCK), fs::read(setup.project.path("out/j1-1.mp4")).unwrap());
    fs::remove_file(setup.project.path("out/j1-1.mp4")).unwrap();
    setup.run([]).exits(0);
    assert_eq!((setup.charges(), setup.requests(Call::Download).len()), (3, 4));
    assert_eq!(fs::read(setup.project.path("out/j1-1.mp4")).unwrap(), video);
    assert_eq!(setup.project.read(LOCK), lock, "same state, same bytes");

    setup.project.write("out/j2-1.mp4", "cut by a person");
    let ended = setup.run([]).exits(5);
    assert!(ended.stderr.contains("out/j2-1.mp4"), "{ended:?}");
    assert_eq!(setup.project.read("out/j2-1.mp4"), "cut by a person", "it isn't known to be ours");
    assert_eq!(setup.requests(Call::Download).len(), 4, "to see that, nothing is fetched");
    fs::remove_file(setup.project.path("out/j2-1.mp4")).unwrap();
    setup.run([]).exits(0);
    fs::remove_dir_all(setup.project.path("out")).unwrap();
    setup.run([]).exits(0);
    assert_eq!((setup.charges(), setup.project.files("out").len()), (3, 3));
    assert_eq!(setup.project.read(LOCK), lock);
}

#[test]
fn an_edited_job_keeps_what_was_paid_and_takes_it_back() {
    let setup = Setup::new(&manifest(&[("a", "@dog runs")]), &[]);
    setup.run([]).exits(0);
    let (first, lock) = (fs::read(setup.project.path("out/a-1.mp4")).unwrap(), setup.project.read(LOCK));
    setup.project.write(MANIFEST, manifest(&[("a", "@dog sleeps")]));
    setup.run([]).exits(0);
    let files = setup.project.files("out");
    assert_eq!(files.len(), 2, "{files:?}");
    let superseded = files.iter().find(|file| file.contains('~')).unwrap();
    assert!(superseded.starts_with("out/a-1~") && superseded.len() == "out/a-1~12345678.mp4".len(), "{superseded}");
    assert_eq!(fs::read(setup.project.path(superseded)).unwrap(), first);
    assert_eq!(setup.project.read(LOCK).matches("[[purchase]]").count(), 2);
    setup.project.write(MANIFEST, manifest(&[("a", "@dog runs")]));
    setup.run([]).exits(0);
    assert_eq!(fs::read(setup.project.path("out/a-1.mp4")).unwrap(), first);
    assert_eq!(setup.charges(), 2);
    assert_ne!(setup.project.read(LOCK), lock, "the other take is kept");
}

#[test]
fn ids_change_places_without_a_word_to_the_service() {
    let setup = Setup::new(&manifest(&[("a", "@dog runs"), ("b", "@cat sleeps")]), &[]);
    setup.run([]).exits(0);
    let read = |id: &str| fs::read(setup.project.path(&format!("out/{id}-1.mp4"))).unwrap();
    let (a, b, calls) = (read("a"), read("b"), setup.calls());
    for (first, second) in [("b", "a"), ("x", "a"), ("a", "y")] {
        setup.project.write(MANIFEST, manifest(&[(first, "@dog runs"), (second, "@cat sleeps")]));
        setup.run([]).exits(0);
        assert_eq!((read(first), read(second)), (a.clone(), b.clone()), "{first} {second}");
        assert_eq!(setup.calls(), calls);
        setup.batch(["verify"]).exits(0);
    }
}

#[test]
fn what_left_the_manifest_is_still_collected() {
    let latency = Latency::fixed(Duration::from_millis(500));
    let setup = Setup::with(&manifest_of(2), Options { latency, ..options(&[]) });
    let mut running = setup.running([]).start();
    running.wait_for_stderr("j2 submitted");
    running.signal("INT");
    running.end().exits(130);
    setup.project.write(MANIFEST, manifest_of(1));
    setup.run([]).exits(0);
    assert_eq!((setup.charges(), setup.project.files("out")), (2, vec!["out/j1-1.mp4".into(), "out/j2-1.mp4".into()]));
}

#[test]
fn a_job_that_takes_too_long_is_polled_on_by_the_next_run() {
    let latency = Latency::fixed(Duration::from_millis(2500));
    let text = manifest_of(1).replace("run: {", "run: { job_timeout: 1s, ");
    let setup = Setup::with(&text, Options { latency, ..options(&[]) });
    let ended = setup.run([]).exits(1);
    assert!(ended.stderr.contains("took too long"), "{ended:?}");
    assert!(setup.project.read(LOCK).contains("status = \"submitted\""));
    setup.project.write(MANIFEST, manifest_of(1));
    setup.run([]).exits(0);
    assert_eq!(setup.charges(), 1);
}

#[test]
fn a_lock_that_cant_be_trusted_is_refused_and_left_alone() {
    let setup = Setup::new(&manifest_of(1), &[]);
    setup.run([]).exits(0);
    let lock = setup.project.read(LOCK);
    setup.project.write(MANIFEST, manifest_of(2));
    let calls = setup.calls();
    for (what, text) in [
        ("newer", lock.replace("version = 2", "version = 3")),
        ("cut", lock[..lock.len() / 2].to_owned()),
        ("merged", format!("<<<<<<< ours\n{lock}=======\n{lock}>>>>>>> theirs\n")),
        ("not a lock", "a: 1\n".to_owned()),
        ("no UTF-8", format!("{lock}\u{0}")),
        ("empty", String::new()),
    ] {
        setup.project.write(LOCK, &text);
        for command in ["run", "plan", "status", "verify"] {
            let program = setup.project.batch([command]).against(&setup.service.base_url());
            let ended = program.run().exits(5);
            assert!(ended.stderr.contains(LOCK), "{what}: {ended:?}");
        }
        assert_eq!((setup.project.read(LOCK), setup.calls()), (text, calls), "{what}");
    }
}
