//! Records and digests: twins, takes, what a person settles, what is collected, and locks that went back in time. Each
//! with the charges counted at the service.

use crate::support::service::options;
use crate::support::setup::{LOCK, MANIFEST, Setup, manifest, manifest_of};
use batch::simulate::{Call, Latency, Options};
use std::fs;
use std::time::Duration;

/// A setup whose first submit is charged and never answered.
fn with_a_lost_reply() -> Setup {
    let setup = Setup::new(&manifest_of(1), &["submit:reset(charged)@1"]);
    setup.run([]).exits(3);
    assert_eq!(setup.charges(), 1);
    setup
}

/// The task id of the only charge, as the service's console would show it.
fn task_of_the_lost_reply(setup: &Setup) -> String {
    let lock = setup.project.read(LOCK);
    assert!(!lock.contains("task_id"), "nobody told it: {lock}");
    setup.service.account().books().tasks.last().expect("there was a charge").clone()
}

#[test]
fn twins_are_two_purchases_and_a_take_is_one_more() {
    let setup = Setup::new(&manifest(&[("a", "@dog runs"), ("b", "@dog runs")]), &[]);
    let ended = setup.run([]).exits(0);
    assert!(ended.stderr.contains("twin-jobs"), "{ended:?}");
    assert_eq!(setup.charges(), 2);
    let takes = manifest(&[("a", "@dog runs"), ("b", "@dog runs")]).replace("id: b,", "id: b, take: 2,");
    setup.project.write(MANIFEST, takes);
    let ended = setup.run([]).exits(0);
    assert!(!ended.stderr.contains("twin-jobs"), "{ended:?}");
    assert_eq!(setup.charges(), 3, "the second take is another input");
    let bodies = setup.submits();
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "`take` is never sent");
    setup.run([]).exits(0);
    assert_eq!(setup.charges(), 3);
}

#[test]
fn an_uncertain_job_is_explained_and_waits() {
    let setup = with_a_lost_reply();
    let told = setup.batch(["resolve", "j1"]).exits(3);
    for word in ["uncertain", "@dog runs 1 times", "--task-id", "--resubmit", "--failed"] {
        assert!(told.stderr.contains(word), "{word}: {told:?}");
    }
    setup.run([]).exits(3);
    assert_eq!(setup.charges(), 1, "nobody decided");
}

#[test]
fn many_uncertain_jobs_are_listed_and_settled_by_one_command() {
    let jobs = [("a-1", "@dog runs"), ("a-2", "@dog sits"), ("b-1", "@dog eats"), ("c-1", "@dog naps")];
    let setup = Setup::new(&manifest(&jobs), &["submit:reset(charged)@1", "submit:reset@3", "submit:502@5"]);
    setup.run([]).exits(3);
    setup.run([]).exits(3);
    let listed = setup.batch(["resolve"]).exits(3);
    let (ids, prompts): (Vec<_>, Vec<_>) =
        jobs.iter().filter(|(id, _)| listed.stdout.contains(&format!("\n{id}\n"))).copied().unzip();
    assert!(ids.len() >= 2, "{listed:?}");
    for prompt in prompts {
        assert!(listed.stdout.contains(&format!("  prompt  {prompt}\n")), "{listed:?}");
    }
    assert!(listed.stdout.contains("  since   20") && listed.stderr.contains("--all --resubmit"), "{listed:?}");
    setup.batch(["resolve", MANIFEST]).exits(3);
    let charges = setup.charges();
    let ended = setup.batch(["resolve", "--only", "nothing-*", "--failed"]).exits(2);
    assert!(ended.stderr.contains("no uncertain job matches nothing-*"), "{ended:?}");
    let ended = setup.batch(["resolve", "--tag", "hero", "--failed"]).exits(2);
    assert!(ended.stderr.contains("no uncertain job matches the tag hero"), "{ended:?}");
    setup.batch(["resolve", "--skip", "*-*"]).exits(2);
    let listed = setup.batch(["resolve", "--only", "*", "--skip", "a-*"]).exits(3);
    assert!(listed.stdout.contains("\nb-1\n") && !listed.stdout.contains("\na-1\n"), "{listed:?}");
    let ended = setup.batch(["resolve", "--only", "a-*", "--failed"]).exits(0);
    assert!(ended.stderr.contains("a-1 has failed") && ended.stderr.contains("`run --retry-failed`"), "{ended:?}");
    setup.batch(["resolve", "--all", "--resubmit"]).exits(0);
    let ended = setup.batch(["resolve", MANIFEST, "--all", "--resubmit"]).exits(0);
    assert!(ended.stderr.contains("no job is uncertain"), "{ended:?}");
    assert_eq!(setup.charges(), charges, "nothing was sent");
}

#[test]
fn a_person_may_name_the_task_and_nothing_is_paid_again() {
    let setup = with_a_lost_reply();
    let task = task_of_the_lost_reply(&setup);
    setup.batch(["resolve", MANIFEST, "j1", "--task-id", &task]).exits(0);
    setup.run([]).exits(0);
    assert_eq!((setup.charges(), setup.project.files("out")), (1, vec!["out/j1-1.mp4".to_owned()]));
    let ended = setup.batch(["resolve", "j1", "--resubmit"]).exits(2);
    assert!(ended.stderr.contains("succeeded"), "{ended:?}");
    let lock = setup.project.read(LOCK);
    let ended = setup.batch(["resolve", "j1", "--task-id", &task]).exits(0);
    assert!(ended.stderr.contains("already"), "said twice, it is as true as before: {ended:?}");
    assert_eq!(setup.project.read(LOCK), lock);
    setup.batch(["resolve", "j1", "--task-id", "another"]).exits(2);
}

/// Two clones each lost the answer of a submit: both are named, each can be told its task, and one word is about both.
#[test]
fn two_submits_without_an_answer_are_both_named_and_both_settled() {
    let lost_twice = || {
        let setup = Setup::new(&manifest_of(1), &["submit:reset(charged)@1-2"]);
        for clone in ["one.lock", "two.lock"] {
            setup.run([]).exits(3);
            fs::rename(setup.project.path(LOCK), setup.project.path(clone)).unwrap();
        }
        setup.batch(["lock", "merge", "one.lock", "two.lock", "-o", LOCK]).exits(0);
        assert_eq!(setup.charges(), 2);
        setup
    };
    let setup = lost_twice();
    let told = setup.batch(["resolve", "j1"]).exits(3);
    for words in ["submit 1 went out", "submit 2 went out", "Each of the 2 submits may be paid"] {
        assert!(told.stderr.contains(words), "{words}: {told:?}");
    }
    let listed = setup.batch(["resolve"]).exits(3);
    assert_eq!(listed.stdout.matches("  since   20").count(), 2, "{listed:?}");
    let tasks: Vec<String> = setup.service.account().books().tasks.to_vec();
    setup.batch(["resolve", "j1", "--task-id", &tasks[1]]).exits(0);
    setup.run([]).exits(0);
    // The other one still waits for a person, although the job has its videos.
    let verified = setup.batch(["verify"]).exits(1);
    assert!(verified.stdout.contains("another submit of it got no answer"), "{verified:?}");
    assert_eq!(setup.batch(["resolve"]).exits(3).stdout.matches("  since   20").count(), 1);
    setup.batch(["resolve", "j1", "--task-id", &tasks[0]]).exits(0);
    assert!(setup.project.read(LOCK).contains(&tasks[0]));
    setup.batch(["resolve"]).exits(0);
    assert_eq!(setup.charges(), 2, "nothing was submitted");

    let setup = lost_twice();
    let tasks: Vec<String> = setup.service.account().books().tasks.to_vec();
    setup.batch(["resolve", "j1", "--task-id", &tasks[1]]).exits(0);
    let settled = setup.batch(["resolve", "j1", "--resubmit"]).exits(0);
    assert!(settled.stderr.contains("nothing is submitted"), "{settled:?}");
    setup.run([]).exits(0);
    setup.batch(["verify"]).exits(0);
    assert_eq!(setup.charges(), 2, "the job has what it needs");

    let setup = lost_twice();
    setup.batch(["resolve", "j1", "--resubmit"]).exits(0);
    setup.run([]).exits(0);
    assert_eq!(setup.charges(), 3, "the word was about both");
}

#[test]
fn the_task_of_another_job_is_refused() {
    let setup = Setup::new(&manifest_of(2), &["submit:reset(charged)@1"]);
    setup.run(["-j", "1"]).exits(3);
    let status = setup.batch(["status", "--format", "json"]).exits(0).json();
    let other = status["jobs"][1]["task_id"].as_str().unwrap().to_owned();
    let lock = setup.project.read(LOCK);
    let ended = setup.batch(["resolve", "j1", "--task-id", &other]).exits(2);
    assert!(ended.stderr.contains("j2"), "{ended:?}");
    assert_eq!(setup.project.read(LOCK), lock);
}

#[test]
fn a_person_may_have_it_submitted_again_or_call_it_failed() {
    let setup = with_a_lost_reply();
    setup.batch(["resolve", "j1", "--resubmit"]).exits(0);
    let plan = setup.batch(["plan", "--format", "json"]).exits(0).json();
    assert_eq!((&plan["jobs"][0]["action"], &plan["jobs"][0]["reason"]), (&"submit".into(), &"released".into()));
    let status = setup.batch(["status", "--format", "json"]).exits(0).json();
    assert_eq!(status["jobs"][0]["error"]["code"], "released", "{status:#}");
    for command in ["plan", "status", "verify"] {
        let said = setup.batch([command]).stdout;
        assert!(said.contains("`batch resolve` lets it be submitted again"), "{command}: {said}");
    }
    setup.run([]).exits(0);
    assert_eq!(setup.charges(), 2, "a person's word");

    let setup = with_a_lost_reply();
    setup.batch(["resolve", "j1", "--failed"]).exits(0);
    setup.run([]).exits(1);
    assert_eq!(setup.charges(), 1);
    let status = setup.batch(["status", "--format", "json"]).exits(0).json();
    assert_eq!(status["jobs"][0]["status"], "failed");
    setup.project.write(MANIFEST, manifest(&[("j1", "@dog sleeps")]));
    setup.run([]).exits(0);
    assert_eq!(setup.charges(), 2, "another digest is another job");
}

#[test]
fn fetch_collects_and_submits_nothing_although_the_manifest_has_errors() {
    let latency = Latency::fixed(Duration::from_millis(400));
    let setup = Setup::with(&manifest_of(2), Options { latency, ..options(&[]) });
    let mut running = setup.running([]).start();
    running.wait_for_stderr("j2 submitted");
    running.signal("INT");
    running.end().exits(130);
    setup.project.write(MANIFEST, "version: 1\njobs: [{ id: j3, prompt: \"@nobody\" }]\n");
    setup.project.batch(["fetch"]).against(&setup.service.base_url()).run().exits(0);
    assert_eq!((setup.charges(), setup.project.files("out").len()), (2, 2));
    let calls = setup.calls();
    setup.project.batch(["fetch"]).env("BAICAI_BASE_URL", &setup.service.base_url()).run().exits(0);
    assert_eq!(setup.calls(), calls, "nothing is left to collect, and no key is needed");
}

#[test]
fn pruning_forgets_what_is_finished_and_gone_and_keeps_its_videos() {
    let setup = Setup::new(&manifest_of(2), &[]);
    setup.run([]).exits(0);
    setup.project.write(MANIFEST, manifest_of(1));
    setup.run([]).exits(0);
    assert!(setup.project.read(LOCK).contains("job = \"j2\""), "a record stays until it is pruned");
    let pruned = setup.run(["--prune"]).exits(0);
    assert!(
        pruned.stderr.contains("of jobs that left the manifest") && pruned.stderr.contains("bought again"),
        "{pruned:?}"
    );
    assert!(!setup.project.read(LOCK).contains("job = \"j2\""));
    assert_eq!((setup.project.files("out").len(), setup.charges()), (2, 2));
    setup.batch(["verify"]).exits(0);
}

#[test]
fn an_edit_in_flight_pays_for_both_inputs_once_and_fetches_both() {
    let latency = Latency::fixed(Duration::from_millis(500));
    let setup = Setup::with(&manifest(&[("a", "@dog runs")]), Options { latency, ..options(&[]) });
    let mut running = setup.running([]).start();
    running.wait_for_stderr("a submitted");
    running.signal("KILL");
    running.end();
    setup.project.write(MANIFEST, manifest(&[("a", "@dog sleeps")]));
    setup.run([]).exits(0);
    let files = setup.project.files("out");
    assert_eq!((setup.charges(), files.len(), setup.requests(Call::Download).len()), (2, 2, 2), "{files:?}");
    setup.project.write(MANIFEST, manifest(&[("a", "@dog runs")]));
    setup.run([]).exits(0);
    assert_eq!(setup.charges(), 2);
}

#[test]
fn a_journal_beside_an_older_lock_loses_nothing() {
    let latency = Latency::fixed(Duration::from_millis(300));
    let setup = Setup::with(&manifest_of(1), Options { latency, ..options(&[]) });
    setup.run([]).exits(0);
    let older = setup.project.read(LOCK);
    setup.project.write(MANIFEST, manifest_of(2));
    setup.run([]).exits(0);
    setup.project.write(MANIFEST, manifest_of(3));
    let mut running = setup.running([]).start();
    running.wait_for_stderr("j3 submitted");
    running.signal("KILL");
    running.end();
    // A checkout puts back the lock of two runs before: it knows nothing of j2, whose money is gone with the lock that said
    // so; what the journal knows is kept.
    fs::write(setup.project.path(LOCK), older).unwrap();
    setup.batch(["status"]).exits(0);
    let status = setup.batch(["status", "--format", "json"]).exits(0).json();
    assert_eq!(status["jobs"][2]["status"], "submitted", "{status}");
    setup.run(["--only", "j3"]).exits(0);
    assert_eq!(setup.charges(), 3);
}

#[test]
fn of_several_videos_only_the_one_that_is_gone_is_fetched() {
    let text = manifest_of(1).replace("id: j1,", "id: j1, number_of_videos: 3,");
    let setup = Setup::new(&text, &[]);
    setup.run([]).exits(0);
    assert_eq!((setup.charges(), setup.project.files("out").len()), (1, 3));
    fs::remove_file(setup.project.path("out/j1-2.mp4")).unwrap();
    setup.run([]).exits(0);
    assert_eq!((setup.charges(), setup.requests(Call::Download).len()), (1, 4));
}

#[test]
fn a_trial_never_writes_into_a_real_lock() {
    let setup = Setup::new(&manifest_of(1), &[]);
    setup.run([]).exits(0);
    let lock = setup.project.read(LOCK);
    setup.project.write(MANIFEST, manifest_of(2));
    for flags in [&["--simulate"][..], &["--simulate", "--move-service"]] {
        let ended = setup.project.batch([&["run", "--lock", LOCK], flags].concat()).run().exits(2);
        assert!(ended.stderr.contains("--lock"), "{ended:?}");
        assert_eq!(setup.project.read(LOCK), lock);
    }
}

#[test]
fn what_may_be_paid_of_an_edited_job_still_waits_for_a_person() {
    let setup = with_a_lost_reply();
    setup.project.write(MANIFEST, manifest(&[("j1", "@dog sleeps")]));
    let ended = setup.run([]).exits(3);
    assert!(ended.stderr.contains("batch resolve jobs.yaml j1"), "{ended:?}");
    setup.run([]).exits(3);
    setup.batch(["resolve", "j1", "--failed"]).exits(0);
    setup.run([]).exits(0);
    assert_eq!(setup.charges(), 2);
}

#[test]
fn a_lock_put_back_during_a_run_loses_no_task_of_the_run() {
    let latency = Latency::fixed(Duration::from_millis(700));
    let setup = Setup::with(&manifest_of(1), Options { latency, ..options(&[]) });
    setup.run([]).exits(0);
    let older = setup.project.read(LOCK);
    setup.project.write(MANIFEST, manifest_of(2));
    let mut running = setup.running([]).start();
    running.wait_for_stderr("j2 submitted");
    running.signal("INT");
    running.end().exits(130);
    let mut running = setup.running([]).start();
    running.wait_for_stderr("1 to do");
    fs::write(setup.project.path(LOCK), older).unwrap();
    running.signal("INT");
    running.end();
    setup.run([]).exits(0);
    assert_eq!((setup.charges(), setup.project.files("out").len()), (2, 2));
}

#[test]
fn what_a_colleague_may_have_paid_is_not_bought_again_after_locks_were_exchanged() {
    // Here the first submit is failed by the service; there its reply was lost.
    let there = with_a_lost_reply();
    let text = there.project.read(LOCK);
    for is_killed in [false, true] {
        let latency = Latency::fixed(Duration::from_millis(500));
        let setup = Setup::with(&manifest_of(2), Options { latency, ..options(&["submit:fail@1"]) });
        let mut running = setup.running(["--keep-failed", "-j", "1"]).start();
        running.wait_for_stderr("j2 submitted");
        let theirs = text.replace(&there.service.base_url(), &setup.service.base_url());
        fs::write(setup.project.path(LOCK), theirs).unwrap();
        if is_killed {
            running.signal("KILL");
        }
        running.end();
        let before = setup.charges();
        setup.run([]).exits(3);
        assert_eq!(setup.charges(), before, "killed {is_killed}: {}", setup.project.read(LOCK));
    }
}
