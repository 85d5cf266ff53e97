//! Disks that are full, folders that can't be written, folders that go away under a run.
//!
//! A full disk is made in three ways: at each write in turn by fault points; by the system's limit on the size of files, which is
//! there for everyone; and by a small file system of its own, where the test may mount one.

use super::scenario::Scenario;
use crate::support::lanes;
use crate::support::not_tested;
use crate::support::program::Ended;
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

/// Checks what a run that couldn't write has left, does what it told the person to do, and finishes.
///
/// Gives the number of task ids that had no other place than the terminal.
fn recover(scenario: &Scenario, ended: &Ended, context: &str) -> usize {
    let journal = scenario.journal();
    let intended: BTreeSet<String> = journal.jobs("submitting");
    if scenario.project.path("jobs.lock.journal").exists() {
        for (id, charges) in scenario.charges() {
            assert!(charges == 0 || intended.contains(&id), "{context}: {id} was submitted without a durable intent");
        }
    }
    let mut open = journal.open();
    // A task id that could be written nowhere was told to the person.
    let mut told = 0;
    for line in ended.stderr.lines().filter_map(|line| line.strip_prefix("  batch resolve ")) {
        let arguments = ["resolve"].into_iter().chain(line.split(' '));
        scenario.project.batch(arguments).run().exits(0);
        let job = line.split(' ').nth(1).unwrap();
        // A line that the disk took, but not to the end of its group, is on record, and nobody could know that.
        let is_known = journal.jobs("submitted").contains(job);
        assert!(open.remove(job) || is_known, "{context}: {line} was not open");
        told += 1;
    }
    let charged = |id: &String| scenario.charges()[id] > 0;
    let unread = |id: &&String| !id.starts_with("ghost");
    assert_eq!(
        open.iter().filter(unread).filter(|id| charged(id)).count(),
        0,
        "{context}: a task id was lost: {ended:?}"
    );
    scenario.finish(&open, context);
    told
}

#[test]
fn a_disk_that_is_full_at_any_write_costs_nothing() {
    let most = if super::long() { 16 } else { 7 };
    let points = [("journal.write", most), ("video.write", 2), ("file.sync", 2), ("file.write", 1)];
    let cases: Vec<_> = points.iter().flat_map(|(point, times)| (1..=*times).map(move |time| (*point, time))).collect();
    let all = cases.len();
    let tell = |(point, time): (&str, u32)| {
        let context = format!("full at {point}, time {time}");
        let scenario = Scenario::of_all_kinds();
        let ended = scenario.run().env("BATCH_FAULT", &format!("full {point} {time}")).run();
        assert_eq!(ended.code(), 5, "{context}: {ended:?}");
        if (point, time) == ("journal.write", 1) {
            assert_eq!(scenario.books().requests.values().sum::<u64>(), 0, "{context}: something was sent");
        }
        recover(&scenario, &ended, &context)
    };
    let mut told = 0;
    // Which answers fall together with the first write that fails is a matter of chance: once is the rule, never is none.
    for _ in 0..4 {
        told += lanes::each(cases.clone(), tell).into_iter().sum::<usize>();
        if told > 0 {
            break;
        }
    }
    assert!(told > 0, "no answer fell together with the first write that failed");
    println!(
        "{all} disks that were full from one write on, none paid for twice; {told} task ids were told to the person, since they could be written nowhere"
    );
}

#[test]
fn without_a_journal_nothing_is_submitted_and_what_is_paid_is_fetched() {
    lanes::each((2..8).collect(), |time| {
        let context = format!("the journal fails at write {time}");
        let scenario = Scenario::of_all_kinds();
        let ended = scenario.run().env("BATCH_FAULT", &format!("fail journal.write {time}")).run();
        assert_eq!(ended.code(), 5, "{context}: {ended:?}");
        assert!(ended.stderr.contains("jobs.lock.journal"), "{context}: {ended:?}");
        assert!(!scenario.project.path("jobs.lock.journal").exists(), "{context}: the lock has it all");
        let lock = scenario.lock();
        for (id, end) in scenario.jobs.iter().filter(|(id, _)| scenario.charges()[id] > 0) {
            assert_eq!(lock.jobs[id].status, *end, "{context}: {id}");
        }
        scenario.finish(&BTreeSet::new(), &context);
    });
}

#[test]
fn a_limit_on_the_size_of_files_costs_nothing() {
    // In blocks of 512 bytes; the journal has about 15, a video 19.
    let limits = if super::long() { (0..24).collect() } else { vec![0, 1, 3, 7, 12, 18] };
    lanes::each(limits, |blocks: u32| {
        let context = format!("files of {blocks} blocks at most");
        let scenario = Scenario::of_all_kinds();
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" run --progress none --keep-failed");
        let limited = scenario.project.command("/bin/sh", ["-c", &script, env!("CARGO_BIN_EXE_batch")]);
        let ended = limited.against(&scenario.service.base_url()).run();
        assert!(matches!(ended.code(), 3 | 5), "{context}: {ended:?}");
        assert!(ended.code() == 5 || blocks > 18, "{context}: {ended:?}");
        recover(&scenario, &ended, &context);
    });
}

/// The options with which `unshare` gives a process mounts of its own, if this machine lets it.
fn own_mounts() -> Option<&'static [&'static str]> {
    let ways: [&[&str]; 2] = [&["--mount"], &["--mount", "--map-root-user"]];
    let script = "mount -t tmpfs none /mnt";
    ways.into_iter().find(|way| {
        let tried = Command::new("unshare").args(*way).args(["sh", "-c", script]).output();
        tried.is_ok_and(|output| output.status.success())
    })
}

#[test]
fn a_small_file_system_that_fills_up_costs_nothing() {
    let Some(way) = own_mounts() else { return not_tested("a full file system, since nothing can be mounted") };
    let free = if super::long() { (0..16).collect() } else { vec![0, 1, 2, 4, 7] };
    lanes::each(free, |pages: u32| {
        let context = format!("{pages} pages free");
        let scenario = Scenario::of_all_kinds();
        // What is left is copied out, since the file system ends with the process.
        let script = format!(
            "set -e; mkdir ../disk; mount -t tmpfs -o size=1m none ../disk; cp -r . ../disk; \
             cp -r . ../left; cd ../disk; cat /dev/zero > ballast 2>/dev/null || :; \
             truncate -s -$(({pages} * 4096)) ballast; set +e; \
             \"$0\" run --progress none --keep-failed; code=$?; set -e; rm ballast; \
             find . -type f -exec cp --parents {{}} ../left ';'; exit $code"
        );
        let arguments = way.iter().copied().chain(["sh", "-c", &script, env!("CARGO_BIN_EXE_batch")]);
        let run = scenario.project.command("unshare", arguments);
        let ended = run.against(&scenario.service.base_url()).run();
        assert_eq!(ended.code(), 5, "{context}: {ended:?}");
        fs::remove_dir_all(scenario.project.root()).unwrap();
        fs::rename(scenario.project.root().with_file_name("left"), scenario.project.root()).unwrap();
        recover(&scenario, &ended, &context);
    });
}

#[test]
fn a_folder_that_can_only_be_read_is_refused_before_anything_is_sent() {
    let Some(way) = own_mounts() else { return not_tested("a read-only file system, since nothing can be mounted") };
    let scenario = Scenario::of_all_kinds();
    let script = "mount --bind . . && mount -o remount,bind,ro . && cd \"$PWD\" && exec \"$0\" run --progress none";
    let arguments = way.iter().copied().chain(["sh", "-c", script, env!("CARGO_BIN_EXE_batch")]);
    let run = scenario.project.command("unshare", arguments);
    let ended = run.against(&scenario.service.base_url()).run().exits(5);
    assert!(ended.stderr.contains("jobs.lock.journal") && ended.stderr.contains("Read-only"), "{ended:?}");
    assert_eq!(scenario.books().requests.values().sum::<u64>(), 0);
    scenario.finish(&BTreeSet::new(), "once it can be written");
}

#[test]
fn a_lock_that_has_no_place_is_refused_before_anything_is_sent() {
    let scenario = Scenario::of_all_kinds();
    let project = &scenario.project;
    fs::create_dir(project.path("jobs.lock")).unwrap();
    let run = |lock| scenario.run_with(["--progress", "none", "--lock", lock]).run().exits(5);
    for lock in ["jobs.lock", "missing/jobs.lock", "jobs.yaml/jobs.lock"] {
        let ended = run(lock);
        assert!(ended.stderr.contains("jobs.lock"), "{ended:?}");
    }
    fs::remove_dir(project.path("jobs.lock")).unwrap();
    fs::create_dir(project.path("jobs.lock.journal")).unwrap();
    run("jobs.lock");
    fs::remove_dir(project.path("jobs.lock.journal")).unwrap();
    assert_eq!(scenario.books().requests.values().sum::<u64>(), 0);
    scenario.finish(&BTreeSet::new(), "once it has a place");
}

/// exFAT and its like can't take a name only where it is free; what is paid comes to its place all the same.
#[test]
fn videos_come_to_their_place_on_simple_file_systems() {
    let scenario = Scenario::of_all_kinds();
    scenario.run().env("BATCH_FAULT", "fail file.claim 1").run().exits(3);
    scenario.check(&BTreeSet::new(), "no name can be claimed");
}

#[test]
fn videos_whose_place_is_taken_are_fetched_later() {
    let scenario = Scenario::of_all_kinds();
    scenario.killed_at("download.send", 2);
    let open = scenario.journal().open();
    let taken: Vec<String> = ["out/walk-1.mp4", "out/trio-1.mp4", "out/trio-2.mp4", "out/trio-3.mp4"]
        .into_iter()
        .filter(|path| !scenario.project.path(path).exists())
        .map(str::to_owned)
        .collect();
    for (index, path) in taken.iter().enumerate() {
        match index {
            0 => fs::create_dir_all(scenario.project.path(path)).unwrap(),
            _ => scenario.project.write(path, "mine"),
        }
    }
    for _ in 0..2 {
        let ended = scenario.run().run().exits(5);
        assert!(ended.stderr.contains(&taken[0]), "{ended:?}");
    }
    for (index, path) in taken.iter().enumerate() {
        match index {
            0 => fs::remove_dir(scenario.project.path(path)).unwrap(),
            _ => {
                assert_eq!(scenario.project.read(path), "mine");
                fs::remove_file(scenario.project.path(path)).unwrap();
            }
        }
    }
    scenario.finish(&open, "once there is a place");
}

#[test]
fn a_folder_of_videos_that_is_removed_under_a_run_costs_nothing() {
    let scenario = Scenario::slow();
    let mut run = scenario.run_with(["--progress", "json"]).start();
    run.wait_for_stdout("\"downloaded\"");
    // In one step: files that come meanwhile must not keep it.
    fs::rename(scenario.project.path("out"), scenario.project.root().with_file_name("gone")).unwrap();
    let ended = run.end();
    assert!(matches!(ended.code(), 3 | 5), "{ended:?}");
    scenario.finish(&BTreeSet::new(), "the videos' folder was removed");
}

#[test]
fn a_project_that_is_moved_away_under_a_run_costs_nothing() {
    let scenario = Scenario::slow();
    let (folder, away) = (scenario.project.root(), scenario.project.root().with_file_name("away"));
    let mut run = scenario.run_with(["--progress", "json"]).start();
    run.wait_for_stdout("\"polled\"");
    fs::rename(&folder, &away).unwrap();
    let ended = run.end().exits(5);
    assert!(ended.stderr.contains("removed"), "{ended:?}");
    // The videos in flight and the lock found a new folder where the old one had been: both come together again.
    for path in ["jobs.yaml", "jobs.lock.journal", "refs"] {
        fs::rename(away.join(path), folder.join(path)).unwrap();
    }
    scenario.finish(&BTreeSet::new(), "the project was moved away and back");
}
