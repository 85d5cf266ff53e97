//! Two at once: a second run of the same lock is kept out, whichever way it comes, and a dead one keeps nobody out.

use super::scenario::Scenario;
use std::fs;
use std::os::unix::fs::symlink;

/// A run that is on, with all its submits answered.
fn started(scenario: &Scenario) -> crate::support::program::Started {
    let mut run = scenario.run_with(["--progress", "json"]).start();
    run.wait_for_stdout("\"polled\"");
    run
}

#[test]
fn a_second_run_is_kept_out_and_told_by_whom() {
    let scenario = Scenario::slow();
    let run = started(&scenario);
    let project = &scenario.project;
    fs::create_dir(project.path("elsewhere")).unwrap();
    symlink("../jobs.yaml", project.path("elsewhere/linked.yaml")).unwrap();
    symlink(project.root(), project.path("elsewhere/folder")).unwrap();
    let absolute = project.path("jobs.yaml");
    for path in [
        "jobs.yaml",
        "./refs/../jobs.yaml",
        "elsewhere/linked.yaml",
        "elsewhere/folder/jobs.yaml",
        absolute.to_str().unwrap(),
    ] {
        let books = scenario.books().charges;
        let ended = project.batch(["run", path]).against(&scenario.service.base_url()).run().exits(5);
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        for word in [&format!("process {} on {}", run.id(), host.trim()), "since 20", "\nhelp: "] {
            assert!(ended.stderr.contains(word), "{path}: no {word:?} in {ended:?}");
        }
        assert_eq!(scenario.books().charges, books, "{path}");
    }
    for command in ["status", "plan", "check"] {
        project.batch([command]).run().exits(0);
    }
    run.signal("KILL");
    assert_eq!(run.end().killed_by(), Some(9));
    let open = scenario.journal().open();
    fs::remove_dir_all(project.path("elsewhere")).unwrap();
    scenario.finish(&open, "after a run that was killed");
}

#[test]
fn a_run_whose_journal_is_removed_notices_and_submits_no_more() {
    let scenario = Scenario::slow();
    let run = started(&scenario);
    let charges = scenario.books().charges;
    assert_eq!(charges, 2, "two are in flight");
    fs::remove_file(scenario.project.path("jobs.lock.journal")).unwrap();
    let ended = run.end().exits(5);
    assert!(ended.stderr.contains("jobs.lock.journal") && ended.stderr.contains("removed"), "{ended:?}");
    assert_eq!(scenario.books().charges, charges, "nothing is submitted after the journal is gone");
    assert_eq!(
        scenario.lock().jobs.values().filter(|job| job.status == "succeeded").count(),
        2,
        "what is paid is fetched"
    );
    scenario.finish(&Default::default(), "after the journal was removed");
}
