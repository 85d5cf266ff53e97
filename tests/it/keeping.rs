//! What keeps the record whole, from the outside: which locks are refused, what a journal leaves behind, whose records are
//! dropped, and lines that can be typed as they are printed.

use crate::support::project::Project;
use crate::support::service::options;
use crate::support::setup::{LOCK, MANIFEST, Setup, manifest, manifest_of};
use batch::simulate::{Latency, Options};
use std::fs;
use std::time::Duration;

#[test]
fn every_command_refuses_a_lock_whose_paths_lead_out() {
    let done = Setup::new(&manifest_of(1), &[]);
    done.run([]).exits(0);
    // Without its check a block was edited by a person.
    let lock = done.project.read(LOCK);
    let lock: String =
        lock.lines().filter(|line| !line.starts_with("check = ")).map(|line| format!("{line}\n")).collect();
    let video = fs::read(done.project.path("out/j1-1.mp4")).unwrap();
    for path in ["../j1-1.mp4", "/tmp/../j1-1.mp4", "out/../../j1-1.mp4"] {
        let setup = Setup::new(&manifest_of(1), &[]);
        setup.project.write(LOCK, lock.replace("out/j1-1.mp4", path));
        let outside = setup.project.root().parent().unwrap().join("j1-1.mp4");
        fs::write(&outside, &video).unwrap();
        let before = fs::metadata(&outside).unwrap().modified().unwrap();
        for command in [&["plan"][..], &["verify"], &["status"], &["report"], &["resolve"], &["fetch"], &["run"]] {
            let program = setup.project.batch(command.iter().copied()).against(&setup.service.base_url());
            let ended = program.run().exits(5);
            assert!(ended.stderr.contains("leads out of the project"), "{command:?}: {ended:?}");
        }
        assert_eq!((fs::read(&outside).unwrap(), setup.calls()), (video.clone(), 0));
        assert_eq!(fs::metadata(&outside).unwrap().modified().unwrap(), before, "not even its time");
        assert!(!setup.project.path("jobs.report.html").exists());
    }
}

#[test]
fn a_new_journal_leaves_a_hard_link_to_the_old_one_what_it_had() {
    let slow = Options { latency: Latency::fixed(Duration::from_millis(300)), ..options(&[]) };
    let setup = Setup::with(&manifest_of(3), slow);
    let mut run = setup.running(["--progress", "json"]).start();
    run.wait_for_stdout("\"submitted\"");
    run.signal("KILL");
    drop(run);
    let (journal, backup) = (setup.project.path("jobs.lock.journal"), setup.project.path("backup"));
    fs::hard_link(&journal, &backup).unwrap();
    let kept = fs::read(&backup).unwrap();
    assert!(!kept.is_empty());
    // What was killed on its way to the service is for a person to say.
    let code = setup.run([]).code();
    assert!([0, 3].contains(&code), "{code}");
    assert_eq!(fs::read(&backup).unwrap(), kept);
    assert!(!journal.exists());
    assert!(setup.charges() <= 3);
}

#[test]
fn prune_spares_what_another_manifest_bought() {
    let setup = Setup::new(&manifest(&[("a", "@dog runs"), ("b", "@dog sleeps")]), &[]);
    setup.project.write("other.yaml", manifest(&[("c", "@cat runs"), ("d", "@cat sleeps")]));
    setup.run([]).exits(0);
    setup.run(["other.yaml", "--lock", LOCK]).exits(0);
    assert_eq!(setup.charges(), 4);
    setup.project.write(MANIFEST, manifest(&[("a", "@dog runs")]));
    setup.run(["--prune"]).exits(0);
    let lock = setup.project.read(LOCK);
    for (job, there) in [("a", true), ("b", false), ("c", true), ("d", true)] {
        assert_eq!(lock.contains(&format!("job = \"{job}\"")), there, "{job}");
    }
    fs::remove_dir_all(setup.project.path("out")).unwrap();
    setup.run(["other.yaml", "--lock", LOCK]).exits(0);
    assert_eq!(setup.charges(), 4, "fetched, not bought again");
}

#[test]
fn prune_spares_what_another_manifest_took_over() {
    for (job, is_in_both) in [("b", false), ("c", false), ("b", true)] {
        let setup = Setup::new(&manifest(&[("a", "@dog runs"), ("b", "@dog sleeps")]), &[]);
        let other = ["other.yaml", "--lock", LOCK];
        setup.run([]).exits(0);
        // The job moves to another manifest, under its name or a new one; or is in both for a while.
        let rest = manifest(&[("a", "@dog runs")]);
        if !is_in_both {
            setup.project.write(MANIFEST, &rest);
        }
        setup.project.write("other.yaml", manifest(&[(job, "@dog sleeps")]));
        setup.run(other).exits(0);
        setup.project.write(MANIFEST, &rest);
        let lock = setup.project.read(LOCK);
        assert!(lock.contains("used_by = [\"other.yaml\"]"), "{lock}");
        setup.run(["--prune"]).exits(0);
        assert_eq!(setup.project.read(LOCK), lock, "nothing is dropped");
        setup.run(other).exits(0);
        assert_eq!((setup.project.read(LOCK), setup.charges()), (lock, 2), "{job}, {is_in_both}");
    }
}

#[test]
fn no_manifest_takes_over_what_another_one_still_asks_for() {
    let setup = Setup::new(&manifest(&[("a", "@dog runs")]), &[]);
    setup.project.write("other.yaml", manifest(&[("z", "@dog runs")]));
    let other = ["other.yaml", "--lock", LOCK];
    setup.run([]).exits(0);
    let video = fs::read(setup.project.path("out/a-1.mp4")).unwrap();
    let plan = setup.batch(["plan", "other.yaml", "--lock", LOCK, "--format", "json"]).exits(0).json();
    assert_eq!(plan["jobs"][0]["action"], "submit", "{plan:#}");
    for _ in 0..2 {
        setup.run(other).exits(0);
        setup.run([]).exits(0);
    }
    assert_eq!((fs::read(setup.project.path("out/a-1.mp4")).unwrap(), setup.charges()), (video, 2));
    setup.batch(["verify", "other.yaml", "--lock", LOCK]).exits(0);
    setup.batch(["verify"]).exits(0);
    // What it no longer asks for is free.
    setup.project.write(MANIFEST, manifest(&[("b", "@cat sits")]));
    setup.project.write("other.yaml", manifest(&[("z", "@dog runs"), ("y", "@dog runs")]));
    setup.run(other).exits(0);
    assert_eq!(setup.charges(), 2);
}

#[test]
fn a_conflict_that_comes_into_the_lock_during_a_run_is_told_with_what_the_run_did() {
    let slow = Options { latency: Latency::fixed(Duration::from_millis(300)), ..options(&[]) };
    let setup = Setup::with(&manifest_of(2), slow);
    setup.run(["--only", "j1"]).exits(0);
    let lock = setup.project.read(LOCK);
    let mut run = setup.running(["--progress", "json"]).start();
    run.wait_for_stdout("\"submitted\"");
    setup.project.write(LOCK, format!("<<<<<<< HEAD\n{lock}=======\n{lock}>>>>>>> theirs\n"));
    let ended = run.end().exits(5);
    assert!(!ended.stderr.contains("nothing was sent"), "{ended:?}");
    for words in ["batch lock merge", "in the journal beside it", "1 submit"] {
        assert!(ended.stderr.contains(words), "{words}: {ended:?}");
    }
    let last = ended.json_lines().pop().unwrap();
    assert_eq!((&last["event"], &last["exit_code"]), (&"run_finished".into(), &5.into()));
    assert_eq!(last["summary"]["submits"], 1);
    setup.batch(["lock", "merge"]).exits(0);
    setup.run([]).exits(0);
    assert_eq!(setup.charges(), 2);
    setup.batch(["verify"]).exits(0);
}

#[test]
fn every_command_names_the_way_out_of_a_conflict() {
    let setup = Setup::new(&manifest_of(1), &[]);
    setup.run([]).exits(0);
    let lock = setup.project.read(LOCK);
    let conflict = format!("<<<<<<< HEAD\n{lock}=======\n{lock}>>>>>>> theirs\n");
    setup.project.write(LOCK, &conflict);
    setup.project.write("other.lock", &lock);
    for command in [
        &["plan"][..],
        &["verify"],
        &["status"],
        &["report"],
        &["resolve"],
        &["resolve", "j1", "--failed"],
        &["fetch"],
        &["run"],
        &["run", "--frozen"],
        &["show", "j1"],
    ] {
        let ended = setup.project.batch(command.iter().copied()).against(&setup.service.base_url()).run();
        assert!(
            ended.stderr.contains("`batch lock merge ") && ended.stderr.contains("jobs.lock` joins"),
            "{command:?}: {ended:?}"
        );
        assert_eq!((ended.code(), setup.project.read(LOCK)), (5, conflict.clone()), "{command:?}");
    }
    setup.batch(["lock", "merge", LOCK]).exits(0);
    assert_eq!(setup.project.read(LOCK), lock);
}

#[test]
fn a_line_that_settles_a_job_can_be_typed_as_it_is_printed() {
    let setup = Setup::new("", &["submit:reset(charged)@1"]);
    let name = "it's; my jobs.yaml";
    setup.project.write("my locks/README", "");
    setup.project.write(&format!("shop/{name}"), manifest(&[("a", "@dog runs")]));
    let manifest = format!("shop/{name}");
    let ended = setup.run([manifest.as_str(), "--lock", "my locks/all.lock"]).exits(3);
    let line = ended.stderr.lines().find_map(|line| line.trim().strip_prefix("batch resolve ")).unwrap().to_owned();
    let path = format!(
        "{}:{}",
        std::path::Path::new(env!("CARGO_BIN_EXE_batch")).parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let shell = |project: &Project, more: &str| {
        let shell = project.command("/bin/sh", ["-c", &format!("batch resolve {line}{more}")]);
        shell.env("PATH", &path).env("BAICAI_BASE_URL", &setup.service.base_url()).run()
    };
    shell(&setup.project, "").exits(3);
    shell(&setup.project, " --failed").exits(0);
}
