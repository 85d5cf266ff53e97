//! SIGKILL at every step: before and after each write, sync, rename, removal and request.

use super::lanes;
use super::scenario::Scenario;
use std::collections::BTreeMap;

/// Every step that a run takes. A step that is new in the program is new here.
const POINTS: [&str; 26] = [
    "download.answered",
    "download.send",
    "file.named",
    "file.sync",
    "file.synced",
    "file.write",
    "file.written",
    "folder.synced",
    "journal.clear",
    "journal.cleared",
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

/// The points that an undisturbed run reaches, and how often each.
fn reached() -> BTreeMap<String, u32> {
    let scenario = Scenario::of_all_kinds();
    let trace = scenario.project.root().with_file_name("home").join("trace");
    let ended = scenario.run().env("BATCH_FAULT", &format!("trace {}", trace.display())).run();
    ended.exits(3);
    scenario.check(&Default::default(), "undisturbed");
    let mut reached = BTreeMap::new();
    for point in std::fs::read_to_string(trace).unwrap().lines() {
        *reached.entry(point.to_owned()).or_default() += 1;
    }
    reached
}

#[test]
fn a_run_that_is_killed_at_any_step_is_finished_by_the_next() {
    let reached = reached();
    assert!(reached.keys().eq(POINTS), "{reached:?}");
    let mut kills = Vec::new();
    for (point, times) in &reached {
        // The number of writes depends on how jobs fall into groups: what is reached last in one run may not be in another.
        let surely = if super::long() { (*times).min(12) } else { (*times).min(2) };
        kills.extend((1..=surely).map(|time| (point.clone(), time)));
    }
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
