//! A shared ledger in a bucket, of the stores' stand-ins: charges are counted at the simulated service.

// The figures are the evidence; `--nocapture` shows them.
#![expect(clippy::print_stdout)]

use super::double::{BUCKET, Double};
use super::gate::{Fault, Gate};
use super::team::Team;
use crate::support::program::Ended;
use crate::support::service::options;
use std::time::{Duration, Instant};

fn on_s3(port: u16, jobs: usize, clones: usize) -> Team {
    let team = Team::at(&format!("s3://{BUCKET}/films/trailer"), "2s", jobs, clones, options(&[]));
    Double::environment_of_s3(port).iter().fold(team, |team, (name, value)| team.with(name, value))
}

fn on_azure(port: u16, jobs: usize, clones: usize) -> Team {
    let team = Team::at(&format!("az://{BUCKET}/films/trailer"), "2s", jobs, clones, options(&[]));
    Double::environment_of_azure(port).iter().fold(team, |team, (name, value)| team.with(name, value))
}

/// Two clones, of which the second buys what the first left, and the first brings that.
fn works(team: &Team, name: &str) {
    let made = team.batch(0, ["ledger", "init"]).run().exits(0);
    assert!(made.stderr.contains("is a ledger for"), "{made:?}");
    team.batch(0, ["run", "--limit", "3"]).run().exits(0);
    team.run(1).exits(0);
    team.run(0).exits(0);
    println!("{name}: two clones on 5 jobs: {} charges", team.charges());
    assert_eq!(team.charges(), 5);
    for clone in 0..2 {
        assert_eq!(team.clones[clone].files("out").len(), 5);
        team.batch(clone, ["verify"]).run().exits(0);
    }
    let checked = team.batch(1, ["ledger", "check"]).run().exits(0);
    assert!(checked.stdout.contains("5 succeeded") && checked.stdout.contains("keeps the conditions"), "{checked:?}");
    team.batch(1, ["lock", "pull"]).run().exits(0);
    assert!(team.clones[1].read("jobs.lock").contains("/films/trailer\"\n"));
}

/// A runner that is killed after its submits were answered; another one brings the videos.
fn survives(team: &Team, name: &str) {
    let killed = team.batch(0, ["run", "-j", "1"]).env("BATCH_FAULT", "kill share.told 3").run();
    assert_eq!(killed.killed_by(), Some(9), "{killed:?}");
    let code = team.run(1).code();
    team.paid_once(name);
    println!("{name}: killed in the middle, run by another: {} charges, exit {code}", team.charges());
    assert!(code == 0 || code == 3, "{code}");
}

#[test]
fn s3_keeps_a_ledger() {
    let Some(double) = Double::s3() else { return };
    works(&on_s3(double.port, 5, 2), "S3");
    let Some(double) = Double::s3() else { return };
    let team = on_s3(double.port, 4, 2);
    let made = team.batch(0, ["ledger", "init"]).run().exits(0);
    let policy: serde_json::Value = serde_json::from_str(&made.stdout).unwrap();
    assert_eq!(policy["Statement"][1]["Resource"][1], format!("arn:aws:s3:::{BUCKET}/films/trailer/p/*"));
    survives(&team, "S3");
}

#[test]
fn azure_keeps_a_ledger() {
    let Some(double) = Double::azure() else { return };
    works(&on_azure(double.port, 5, 2), "Azure");
}

#[test]
fn each_lost_reply_is_read_back() {
    let Some(double) = Double::s3() else { return };
    let gate = Gate::before(double.port, Fault::LosesReplies("/films/trailer/p/", 2));
    let team = on_s3(gate.port, 5, 1);
    team.batch(0, ["run", "-j", "1"]).run().exits(0);
    println!(
        "S3: the reply to each second write on 5 jobs is lost ({} of them): {} charges",
        gate.met(),
        team.charges()
    );
    assert!(gate.met() >= 5, "{}", gate.met());
    assert_eq!((team.charges(), team.clones[0].files("out").len()), (5, 5));
}

#[test]
fn a_store_on_which_no_ledger_can_be_kept_is_refused_with_the_reason() {
    let Some(double) = Double::s3() else { return };
    for (fault, word) in [
        (Fault::Asks("if-none-match", "x-none-match0"), "creates what exists already"),
        (Fault::Asks("if-match", "x-match0"), "swaps what has changed meanwhile"),
        (Fault::Answers("\netag:", "\nxtag:"), "no ETag"),
        (Fault::Forbids("PUT "), "not allowed to write to the bucket"),
        (Fault::Forbids("GET "), "not allowed to read from the bucket: AccessDenied: it has its reasons"),
        (Fault::Refuses("PUT ", 400), "the store refuses: InvalidRequest: it has its reasons"),
        (Fault::Refuses("GET ", 400), "the store refuses: InvalidRequest"),
        (Fault::Refuses("GET ", 405), "the store refuses: "),
    ] {
        let gate = Gate::before(double.port, fault.clone());
        let team = on_s3(gate.port, 1, 1);
        let folder: String = word.chars().filter(char::is_ascii_alphabetic).collect();
        let url = format!("s3://{BUCKET}/{folder}");
        let begun = Instant::now();
        let refused: Ended = team.batch(0, ["run", "--ledger", &url]).run().exits(5);
        assert!(refused.stderr.contains(word), "{fault:?}: {refused:?}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{fault:?}: told after {:?}", begun.elapsed());
        assert_eq!(team.charges(), 0);
    }
    let team = on_s3(double.port, 1, 1);
    let missing = team.batch(0, ["run", "--ledger", "s3://nobodys/films"]).run().exits(5);
    assert!(missing.stderr.contains("no such bucket"), "{missing:?}");
    let missing = team.batch(0, ["status", "--ledger", "s3://nobodys/films"]).run().exits(5);
    assert!(missing.stderr.contains("no such bucket"), "{missing:?}");
    assert_eq!(team.charges(), 0);
}

#[test]
fn who_may_not_list_or_write_is_told_so() {
    let Some(double) = Double::s3() else { return };
    let team = on_s3(double.port, 1, 1);
    team.run(0).exits(0);
    let by = |fault: Fault, command: &str| {
        let gate = Gate::before(double.port, fault);
        let (name, endpoint) = &Double::environment_of_s3(gate.port)[0];
        team.batch(0, [command]).env(name, endpoint).run()
    };
    let listed = by(Fault::Forbids("GET /team?"), "status").exits(5);
    assert!(listed.stderr.contains("not allowed to list the bucket"), "{listed:?}");
    // Rights to read are enough to look.
    by(Fault::Forbids("PUT "), "status").exits(0);
    by(Fault::Forbids("PUT "), "verify").exits(0);
}

#[test]
fn what_a_bucket_does_to_a_ledger_by_itself_is_told() {
    let Some(double) = Double::s3() else { return };
    let team = on_s3(double.port, 1, 1);
    team.batch(0, ["ledger", "init"]).run().exits(0);
    let checked = team.batch(0, ["ledger", "check"]).run().exits(0);
    for word in ["former versions of objects are not kept", "no lifecycle rule takes objects of the ledger away"] {
        assert!(checked.stdout.contains(word), "{word}: {checked:?}");
    }
    double.set("versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>");
    let rule = |id: &str, prefix: &str| {
        let filter = format!("<Filter><Prefix>{prefix}</Prefix></Filter><Status>Enabled</Status>");
        format!("<Rule><ID>{id}</ID>{filter}<Expiration><Days>30</Days></Expiration></Rule>")
    };
    let rules = rule("logs", "logs/") + &rule("tidy", "films/");
    double.set("lifecycle", &format!("<LifecycleConfiguration>{rules}</LifecycleConfiguration>"));
    let checked = team.batch(0, ["ledger", "check"]).run().exits(5);
    assert!(checked.stdout.contains("former versions of objects are kept"), "{checked:?}");
    assert!(checked.stderr.contains("take objects of the ledger away: tidy\n"), "{checked:?}");
    // Who may not read them is told so, and nothing else fails.
    let gate = Gate::before(double.port, Fault::Forbids("GET /team?lifecycle"));
    let (name, endpoint) = &Double::environment_of_s3(gate.port)[0];
    let checked = team.batch(0, ["ledger", "check"]).env(name, endpoint).run().exits(0);
    assert!(checked.stdout.contains("away can't be read: not allowed to read the settings of"), "{checked:?}");
}

#[test]
fn a_store_that_falls_under_load_and_forgets_all_costs_nothing_twice() {
    let Some(double) = Double::s3() else { return };
    let port = double.port;
    let team = on_s3(port, 12, 3);
    team.batch(0, ["run", "--limit", "2"]).run().exits(0);
    let runs = [0, 1].map(|clone| team.batch(clone, ["run", "-j", "2"]).start());
    let begun = Instant::now();
    while team.charges() < 6 {
        assert!(begun.elapsed() < Duration::from_secs(30), "nothing is bought");
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(double);
    let Some(_double) = Double::s3_on(port) else { return };
    for run in runs {
        let ended = run.end();
        assert!([0, 5].contains(&ended.code()), "{ended:?}");
        // Whoever asks before the bucket is made anew is told that there is none.
        let said = ["was emptied while this run was on", "there is no such bucket"];
        assert!(ended.code() == 0 || said.iter().any(|said| ended.stderr.contains(said)), "{ended:?}");
    }
    team.paid_once("a store that forgot all");
    let before = team.charges();
    // Whoever comes next asks a person: the lock is of another ledger, or the journal knows of what is paid.
    for clone in 0..2 {
        let witness = team.run(clone);
        assert!([2, 5].contains(&witness.code()) && witness.stderr.contains("--move-ledger"), "{witness:?}");
    }
    assert_eq!(team.charges(), before);
    println!("S3 (moto): killed with -9 under 2 runs on 12 jobs, and has forgotten all: {before} charges, and no more");
    for clone in 0..2 {
        team.batch(clone, ["ledger", "import", "jobs.lock"]).run().exits(0);
    }
    for clone in 0..2 {
        team.batch(clone, ["run", "--move-ledger"]).run().exits(0);
    }
    team.run(2).exits(0);
    assert_eq!((team.charges(), team.clones[2].files("out").len()), (12, 12));
}
