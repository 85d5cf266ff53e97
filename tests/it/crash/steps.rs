//! SIGKILL at every step: before and after each write, sync, rename, removal and request.

use super::scenario::Scenario;
use crate::support::lanes;
use crate::support::program::Program;
use crate::support::steps::{self, first_times};
use batch::simulate::Call;
use std::collections::{BTreeMap, BTreeSet};

/// Every step that a run takes which follows none that was killed. A step that is new in the program is new here.
const POINTS: [&str; 25] = [
    "download.answered",
    "download.send",
    "file.claim",
    "file.named",
    "file.sync",
    "file.synced",
    "file.write",
    "file.written",
    "folder.synced",
    "journal.locked",
    "journal.remove",
    "journal.removed",
    "journal.synced",
    "journal.write",
    "journal.written",
    "result.answered",
    "result.send",
    "status.answered",
    "status.send",
    "submit.answered",
    "submit.send",
    "upload.answered",
    "upload.send",
    "video.stored",
    "video.write",
];

/// The points that a program reaches, and how often each.
fn reached(scenario: &Scenario, program: Program, code: i32) -> BTreeMap<String, u32> {
    let (reached, ended) = steps::reached(&scenario.project, program);
    ended.exits(code);
    reached
}

#[test]
fn a_run_that_is_killed_at_any_step_is_finished_by_the_next() {
    let undisturbed = Scenario::of_all_kinds();
    let reached = reached(&undisturbed, undisturbed.run(), 3);
    undisturbed.check(&BTreeSet::new(), "undisturbed");
    assert!(reached.keys().eq(POINTS), "{reached:?}");
    let kills = first_times(&reached, if super::long() { 12 } else { 2 });
    let points = kills.len();
    let outcomes = lanes::each(kills, |(point, time)| {
        let scenario = Scenario::of_all_kinds();
        scenario.killed_at(&point, time);
        let open = scenario.journal().open();
        scenario.finish(&open, &format!("killed at {point}, time {time}"));
        (open.len(), scenario.books().charges)
    });
    let uncertain: usize = outcomes.iter().map(|(open, _)| open).sum();
    let charges: u64 = outcomes.iter().map(|(_, charges)| charges).sum();
    println!(
        "{points} kills at {} steps of a run of 6 jobs: {charges} charges, none twice; {uncertain} submits uncertain, each cut off between intent and answer",
        reached.len()
    );
}

#[test]
fn a_recovery_that_is_killed_at_any_step_is_recovered_from() {
    // Some jobs are fetched by then, some are in flight, some not yet submitted.
    let half_done = || {
        let scenario = Scenario::of_all_kinds();
        scenario.killed_at("status.answered", 2);
        let open = scenario.journal().open();
        (scenario, open)
    };
    let (undisturbed, _) = half_done();
    let reached = reached(&undisturbed, undisturbed.run(), 3);
    // The journal of the run before is taken in, and a new one takes its place.
    assert!(reached.contains_key("journal.clear") && reached.contains_key("journal.cleared"), "{reached:?}");
    let kills = first_times(&reached, if super::long() { 4 } else { 1 });
    let points = kills.len();
    let killed = lanes::each(kills, |(point, time)| {
        let (scenario, mut open) = half_done();
        let ended = scenario.run().env("BATCH_FAULT", &format!("kill {point} {time}")).run();
        // What a recovery has left to do depends on where the first run was killed.
        assert!(ended.killed_by() == Some(9) || ended.code() == 3, "{point} {time}: {ended:?}");
        open.extend(scenario.journal().open());
        scenario.finish(&open, &format!("recovery killed at {point}, time {time}"));
        usize::from(ended.killed_by().is_some())
    });
    let killed: usize = killed.into_iter().sum();
    assert!(2 * killed > points, "{killed} of {points}");
    println!("{killed} recoveries killed as well, at {} steps: each recovered from", reached.len());
}

#[test]
fn a_rename_that_is_killed_at_any_step_is_finished_by_the_next() {
    let renamed = || {
        let scenario = Scenario::of_all_kinds();
        scenario.run().run().exits(3);
        let manifest = scenario.project.read("jobs.yaml");
        scenario.project.write("jobs.yaml", manifest.replace("- id: trio", "- id: quartet"));
        scenario
    };
    let undisturbed = renamed();
    let reached = reached(&undisturbed, undisturbed.run(), 3);
    assert!(reached.contains_key("file.renamed"), "{reached:?}");
    lanes::each(first_times(&reached, 3), |(point, time)| {
        let context = format!("rename killed at {point}, time {time}");
        let scenario = renamed();
        let (charges, before) = (scenario.books().charges, scenario.lock());
        scenario.killed_at(&point, time);
        scenario.run().run().exits(3);
        let after = scenario.lock();
        assert_eq!(after.jobs["quartet"].task, before.jobs["trio"].task, "{context}");
        let names: Vec<&str> = after.jobs["quartet"].outputs.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(names, ["out/quartet-1.mp4", "out/quartet-2.mp4", "out/quartet-3.mp4"], "{context}");
        scenario.check_files(&after, &context);
        assert_eq!(scenario.books().charges, charges, "{context}");
    });
}

/// Whatever a rename that broke off has done, no video has a name that is written down nowhere: when the manifest is put back, all
/// are found, and none is fetched again.
#[test]
fn a_rename_that_breaks_off_at_any_step_can_be_taken_back() {
    let renamed = || {
        let scenario = Scenario::of_all_kinds();
        scenario.run().run().exits(3);
        let manifest = scenario.project.read("jobs.yaml");
        scenario.project.write("jobs.yaml", manifest.replace("- id: trio", "- id: quartet"));
        (scenario, manifest)
    };
    let (undisturbed, _) = renamed();
    let reached = reached(&undisturbed, undisturbed.run(), 3);
    let kills = first_times(&reached, 3).into_iter().map(|(point, time)| format!("kill {point} {time}"));
    let faults = kills.chain((1..=3).map(|time| format!("fail file.rename {time}")));
    lanes::each(faults.collect(), |fault| {
        let (scenario, manifest) = renamed();
        let downloads = scenario.service.account().calls(Call::Download);
        let ended = scenario.run().env("BATCH_FAULT", &fault).run();
        assert!(ended.killed_by() == Some(9) || ended.code() == 5, "{fault}: {ended:?}");
        scenario.project.write("jobs.yaml", &manifest);
        scenario.finish(&BTreeSet::new(), &fault);
        assert_eq!(scenario.service.account().calls(Call::Download), downloads, "{fault}: nothing is fetched again");
    });
}

#[test]
fn a_persons_word_that_is_killed_at_any_step_can_be_said_again() {
    let resolve = |scenario: &Scenario| {
        let task =
            scenario.books().tasks.iter().find(|task| !scenario.project.read("jobs.lock").contains(*task)).cloned();
        scenario.project.batch(["resolve", "ghost", "--task-id", &task.expect("the ghost was charged")])
    };
    let uncertain = || {
        let scenario = Scenario::of_all_kinds();
        scenario.run().run().exits(3);
        scenario
    };
    let undisturbed = uncertain();
    let reached = reached(&undisturbed, resolve(&undisturbed), 0);
    lanes::each(first_times(&reached, 2), |(point, time)| {
        let context = format!("resolve killed at {point}, time {time}");
        let scenario = uncertain();
        let charges = scenario.books().charges;
        let again = resolve(&scenario);
        let killed = resolve(&scenario).env("BATCH_FAULT", &format!("kill {point} {time}")).run();
        assert_eq!(killed.killed_by(), Some(9), "{context}: {killed:?}");
        // 2: it is settled already.
        let ended = again.run();
        assert!(matches!(ended.code(), 0 | 2), "{context}: {ended:?}");
        // Failed and refused jobs are left as they are.
        scenario.run().run().exits(1);
        assert_eq!(scenario.lock().jobs["ghost"].status, "succeeded", "{context}");
        scenario.check_files(&scenario.lock(), &context);
        assert_eq!(scenario.books().charges, charges, "{context}");
    });
}
