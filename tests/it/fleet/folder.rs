//! Several runs on one ledger in a folder: charges are counted at the simulated service.

// The figures are the evidence; `--nocapture` shows them.
#![expect(clippy::print_stdout)]

use super::team::{Team, copy, until_stopped};
use crate::formats::conforms;
use crate::support::program::Started;
use crate::support::project::Project;
use crate::support::service::options;
use crate::support::setup::manifest_of;
use batch::simulate::{Latency, Options};
use std::fs;
use std::time::Duration;

#[test]
fn four_runs_at_once_pay_for_fifty_jobs_once() {
    let latency = Latency::fixed(Duration::from_millis(100));
    let team = Team::new(50, 4, Options { latency, ..options(&[]) });
    let runs: Vec<Started> = (0..4).map(|clone| team.batch(clone, ["run"]).start()).collect();
    for run in runs {
        run.end().exits(0);
    }
    println!("4 runs at once on 50 jobs: {} charges", team.charges());
    assert_eq!(team.charges(), 50);
    // Each brings what the others bought, and pays for nothing.
    for clone in 0..4 {
        team.run(clone).exits(0);
        assert_eq!(team.clones[clone].files("out").len(), 50);
        team.batch(clone, ["verify"]).run().exits(0);
    }
    assert_eq!(team.charges(), 50);
    let lock = team.clones[0].read("jobs.lock");
    assert!(lock.contains("\nledger = \"file://") && lock.contains("\nledger_id = \""), "{lock}");
    team.batch(3, ["lock", "pull"]).run().exits(0);
    team.batch(0, ["lock", "pull"]).run().exits(0);
    assert_eq!(team.clones[3].read("jobs.lock"), team.clones[0].read("jobs.lock"));
}

#[test]
fn a_runner_that_dies_for_good_costs_nothing_twice() {
    let team = Team::new(6, 2, Options { latency: Latency::fixed(Duration::from_secs(2)), ..options(&[]) });
    let run = team.batch(0, ["run", "-j", "6"]).env("BATCH_FAULT", "kill result.answered 1");
    assert_eq!(run.run().killed_by(), Some(9));
    assert_eq!(team.charges(), 6);
    team.run(1).exits(0);
    println!("6 jobs of a runner that dies for good, run by another: {} charges", team.charges());
    assert_eq!((team.charges(), team.clones[1].files("out").len()), (6, 6));
}

#[test]
fn a_run_that_sleeps_between_intent_and_submit_sends_nothing() {
    let team = Team::fast(3, 2);
    let asleep = team.run_with(0, "stop share.intended 1");
    until_stopped(&asleep);
    let ended = team.run(1).exits(3);
    let status = team.batch(1, ["status"]).run().exits(0);
    let who = format!("process {}", asleep.id());
    assert!(status.stdout.contains(&who), "{status:?}\n{ended:?}");
    assert_eq!(team.charges(), 2);
    asleep.signal("CONT");
    // It says itself that it sent nothing, and then buys.
    asleep.end().exits(0);
    println!("3 jobs, asleep between intent and submit until others gave it up: {} charges", team.charges());
    assert_eq!(team.charges(), 3);
    team.run(1).exits(0);
    team.paid_once("after it woke");
}

#[test]
fn a_persons_word_waits_until_nobody_can_submit_any_more() {
    let team = Team::fast(2, 2);
    let asleep = team.batch(0, ["run", "--progress", "json"]).env("BATCH_FAULT", "stop share.intended 1").start();
    until_stopped(&asleep);
    let resolved = team.batch(1, ["resolve", "jobs.yaml", "j1", "--resubmit"]).run().exits(0);
    assert!(resolved.stderr.contains("waiting until the run"), "{resolved:?}");
    team.run(1).exits(0);
    assert_eq!(team.charges(), 2);
    asleep.signal("CONT");
    let ended = asleep.end().exits(0);
    assert!(
        ended.stderr.contains("in other runs of this ledger: batch fetch jobs.yaml brings their videos later"),
        "{ended:?}"
    );
    let left = ended.json_lines().into_iter().filter(|event| event["event"] == "elsewhere").collect::<Vec<_>>();
    assert!(!left.is_empty(), "{ended:?}");
    left.iter().for_each(|event| conforms(&team.clones[0], "events", event));
    assert_eq!(team.charges(), 2);
}

#[test]
fn a_person_is_refused_while_the_run_is_at_it() {
    let team = Team::fast(1, 2);
    let slow = team.run_with(0, "stop submit.answered 1");
    until_stopped(&slow);
    let resolve =
        team.batch(1, ["resolve", "jobs.yaml", "j1", "--resubmit"]).env("BATCH_FENCE", "400 60000 50").start();
    let mut resolve = resolve;
    resolve.wait_for_stderr("waiting until the run");
    slow.signal("CONT");
    let refused = resolve.end().exits(2);
    assert!(refused.stderr.contains("at it still"), "{refused:?}");
    slow.end().exits(0);
    assert_eq!(team.charges(), 1);
}

#[test]
fn a_ledger_that_went_back_is_noticed_before_anything_is_sent() {
    let team = Team::fast(3, 1);
    team.batch(0, ["run", "--limit", "1"]).run().exits(0);
    let before = team.ledger.path().join("before");
    copy(&team.folder(), &before);
    team.run(0).exits(0);
    fs::remove_dir_all(team.folder()).unwrap();
    copy(&before, &team.folder());
    let ended = team.run(0).exits(5);
    for word in ["went back", "batch ledger import", "--move-ledger"] {
        assert!(ended.stderr.contains(word), "{word}: {ended:?}");
    }
    assert_eq!(team.charges(), 3);
    team.batch(0, ["ledger", "import", "jobs.lock"]).run().exits(0);
    team.run(0).exits(0);
    team.batch(0, ["verify"]).run().exits(0);
    assert_eq!(team.charges(), 3);
    // The same where a new one takes its place.
    fs::remove_dir_all(team.folder()).unwrap();
    let ended = team.run(0).exits(5);
    assert!(ended.stderr.contains("--move-ledger"), "{ended:?}");
    team.batch(0, ["run", "--move-ledger"]).run().exits(0);
    team.run(0).exits(0);
    assert_eq!(team.charges(), 3);
}

/// The id of the ledger that a clone's lock was written from.
fn ledger_id(team: &Team, clone: usize) -> String {
    let lock = team.clones[clone].read("jobs.lock");
    lock.split_once("ledger_id = \"").unwrap().1.split_once('"').unwrap().0.to_owned()
}

#[test]
fn a_ledger_that_was_made_anew_is_told_by_its_id_and_both_ways_out_work() {
    for way_out in ["import", "move"] {
        let team = Team::fast(4, 3);
        for clone in 0..2 {
            team.batch(clone, ["run", "--limit", &format!("{}", clone + 1)]).run().exits(0);
        }
        let former = ledger_id(&team, 0);
        fs::remove_dir_all(team.folder()).unwrap();
        team.batch(2, ["ledger", "init"]).run().exits(0);
        let refused = team.run(0).exits(5);
        let checked = team.batch(2, ["ledger", "check"]).run().exits(0);
        let present = checked.stdout.lines().find_map(|line| line.strip_prefix("id ")).unwrap().to_owned();
        for word in [&*former, &*present, "was made anew", "`batch ledger import ", "`batch run --move-ledger`"] {
            assert!(refused.stderr.contains(word), "{word}: {refused:?}");
        }
        let before = team.charges();
        assert!(former != present && before == 3, "{former} {present} {before}");
        if way_out == "import" {
            team.batch(0, ["ledger", "import", "jobs.lock"]).run().exits(0);
            // The other clone's lock knows of what is still missing, and says so.
            let witness = team.run(1).exits(5);
            assert!(witness.stderr.contains("batch ledger import"), "{witness:?}");
            team.batch(1, ["ledger", "import", "jobs.lock"]).run().exits(0);
        } else {
            team.batch(0, ["run", "--move-ledger", "--limit", "0"]).run().exits(0);
            team.batch(1, ["run", "--move-ledger", "--limit", "0"]).run().exits(0);
        }
        assert_eq!(team.charges(), before);
        for clone in 0..3 {
            team.run(clone).exits(0);
            assert_eq!(ledger_id(&team, clone), present);
        }
        assert_eq!(team.charges(), 4, "{way_out}");
    }
}

#[test]
fn the_lock_of_a_ledger_elsewhere_is_told_apart_by_url_and_id() {
    let team = Team::fast(1, 1);
    team.run(0).exits(0);
    let (id, other) = (ledger_id(&team, 0), team.ledger.path().join("another%20one"));
    let url = format!("file://{}", other.display());
    let refused = team.batch(0, ["run", "--ledger", &url]).run().exits(2);
    let there = team.batch(0, ["ledger", "check", "--ledger", &url]).run().exits(0);
    let present = there.stdout.lines().find_map(|line| line.strip_prefix("id ")).unwrap().to_owned();
    assert!(refused.stderr.contains(&id) && refused.stderr.contains(&present), "{refused:?}");
    assert!(team.ledger.path().join("another one/ledger.json").exists());
}

#[test]
fn a_ledger_that_gives_place_to_another_under_a_run_ends_its_submits() {
    let team = Team::fast(4, 2);
    let run = team.batch(0, ["run", "-j", "1"]).env("BATCH_FAULT", "stop share.intend 3").start();
    until_stopped(&run);
    fs::remove_dir_all(team.folder()).unwrap();
    team.batch(1, ["ledger", "init"]).run().exits(0);
    run.signal("CONT");
    let ended = run.end().exits(5);
    for word in ["gave place to another one", "batch ledger import", "--move-ledger"] {
        assert!(ended.stderr.contains(word), "{word}: {ended:?}");
    }
    assert_eq!(team.charges(), 2);
    team.batch(0, ["run", "--move-ledger"]).run().exits(0);
    team.run(1).exits(0);
    assert_eq!((team.charges(), team.clones[1].files("out").len()), (4, 4));
}

#[test]
fn an_id_whose_ledger_is_gone_is_in_the_journal_and_in_a_line_to_type() {
    let team = Team::fast(1, 1);
    let run = team.run_with(0, "stop submit.answered 1");
    until_stopped(&run);
    let away = team.ledger.path().join("away");
    fs::rename(team.folder(), &away).unwrap();
    run.signal("CONT");
    let ended = run.end().exits(5);
    let line = ended.stderr.lines().find(|line| line.contains("batch resolve jobs.yaml j1 --task-id ")).map(str::trim);
    assert!(line.is_some(), "{ended:?}");
    assert!(team.clones[0].path("jobs.lock.journal").exists());
    fs::rename(&away, team.folder()).unwrap();
    team.run(0).exits(0);
    assert_eq!((team.charges(), team.clones[0].files("out").len()), (1, 1));
}

#[test]
fn a_journal_of_a_machine_that_is_gone_is_brought_in() {
    let team = Team::fast(2, 2);
    let ended = team.run_with(0, "kill share.tell 1").end();
    assert_eq!(ended.killed_by(), Some(9));
    // The lock and its journal are one thing, whichever is named.
    for name in ["jobs.lock.journal", "jobs.lock"] {
        let path = team.clones[0].path(name);
        let imported = team.batch(1, ["ledger", "import", path.to_str().unwrap()]).run().exits(0);
        assert!(imported.stderr.contains("purchase"), "{imported:?}");
    }
    team.run(1).exits(0);
    assert_eq!((team.charges(), team.clones[1].files("out").len()), (2, 2));
}

#[test]
fn a_lock_that_was_written_from_a_ledger_is_not_run_without_it() {
    let team = Team::fast(1, 1);
    team.run(0).exits(0);
    let url = format!("file://{}", team.folder().display());
    let project = &team.clones[0];
    project.write("jobs.yaml", project.read("jobs.yaml").replace(&format!(", ledger: \"{url}\""), ""));
    let ended = team.run(0).exits(2);
    assert!(ended.stderr.contains(&url) && ended.stderr.contains("--move-ledger"), "{ended:?}");
    team.batch(0, ["run", "--ledger", &url]).run().exits(0);
    team.batch(0, ["run"]).env("BATCH_LEDGER", &url).run().exits(0);
    team.batch(0, ["run", "--move-ledger"]).run().exits(0);
    assert!(!project.read("jobs.lock").contains("ledger"));
    assert_eq!(team.charges(), 1);
}

#[test]
fn a_ledger_is_founded_looked_at_and_left_aside() {
    let team = Team::fast(2, 1);
    let none = team.batch(0, ["ledger", "check"]).run().exits(5);
    assert!(none.stderr.contains("batch ledger init"), "{none:?}");
    let made = team.batch(0, ["ledger", "init"]).run().exits(0);
    assert!(made.stderr.contains("is a ledger for"), "{made:?}");
    team.run(0).exits(0);
    let checked = team.batch(0, ["ledger", "check"]).run().exits(0);
    assert!(checked.stdout.contains("2 succeeded") && checked.stdout.contains("keeps the conditions"), "{checked:?}");
    let offline = team.batch(0, ["status", "--offline"]).run().exits(0);
    assert!(offline.stderr.contains("offline: by the lock (of 20"), "{offline:?}");
    team.batch(0, ["run", "--offline"]).run().exits(2);
    let sound = team.clones[0].read("jobs.yaml");
    team.clones[0].write("jobs.yaml", format!("{sound}unknown: 1\n"));
    let unread = team.batch(0, ["ledger", "check"]).run().exits(2);
    assert!(unread.stderr.contains("the manifest has errors, so its `run.ledger` can't be read"), "{unread:?}");
    team.clones[0].write("jobs.yaml", sound);
    for (url, word) in [("redis://host/0", "allowed are s3://"), ("nonsense", "not a URL")] {
        let refused = team.batch(0, ["run", "--ledger", url]).run().exits(2);
        assert!(refused.stderr.contains(word), "{refused:?}");
    }
    assert_eq!(team.charges(), 2);
}

#[test]
fn a_run_without_a_ledger_touches_none() {
    let team = Team::fast(1, 0);
    let project = Project::new().with("jobs.yaml", manifest_of(1));
    project.batch(["run"]).against(&team.service.base_url()).run().exits(0);
    assert!(!project.read("jobs.lock").contains("ledger"));
    assert_eq!(fs::read_dir(team.ledger.path()).unwrap().count(), 0);
}

#[test]
fn a_manifest_that_names_no_ledger_that_can_be_is_told_what_is_allowed() {
    for url in ["redis://host/0", "postgres://me:hunter2@db/films", "file://relative"] {
        let manifest = manifest_of(1).replace("patience: 10ms", &format!("ledger: \"{url}\""));
        let checked = Project::new().with("jobs.yaml", manifest).batch(["check"]).run().exits(2);
        assert!(checked.stderr.contains("is not the URL of a shared ledger"), "{checked:?}");
        assert!(checked.stderr.contains("write s3://bucket"), "{checked:?}");
    }
}
