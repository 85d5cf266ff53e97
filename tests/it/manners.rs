//! Manners of the command line, whatever a command is about: what it prints is there, what it is told is heeded, and what
//! it says to type does the same thing.

use crate::support::program::Ended;
use crate::support::project::Project;
use crate::support::service::options;
use crate::support::setup::{LOCK, MANIFEST, Setup, manifest, manifest_of};
use batch::simulate::{Latency, Options};
use std::fs;
use std::time::Duration;

/// Runs `batch LINE` with standard output into a disk that is full.
fn into_a_full_disk(setup: &Setup, line: &str) -> Ended {
    let script = format!("'{}' {line} >/dev/full", env!("CARGO_BIN_EXE_batch"));
    setup.project.command("/bin/sh", ["-c", &script]).against(&setup.service.base_url()).run()
}

#[test]
fn what_cannot_be_printed_is_an_error() {
    let setup = Setup::new(&manifest_of(2), &[]);
    setup.run([]).exits(0);
    for line in [
        "status",
        "status --format json",
        "plan",
        "plan --format json",
        "show j1",
        "show j1 --request",
        "verify",
        "verify --format json",
        "check --format json",
        "check --format sarif",
        "check --format gitlab",
        "convert jobs.yaml - --to json",
        "check --fix - <jobs.yaml",
        "report -o -",
        "schema",
        "schema lock",
        "explain",
        "explain version",
        "completions bash",
        "man",
        "simulate --port 0",
        "--help",
        "--version",
        "run --progress json",
    ] {
        let ended = into_a_full_disk(&setup, line).exits(5);
        assert!(ended.stderr.contains("error: standard output can't be written to: "), "{line}: {ended:?}");
    }
    // One mistake, and its fix as a difference.
    setup.project.write("mistaken.yaml", manifest_of(1).replace("@dog runs", "@dog, run"));
    for line in ["check --diff mistaken.yaml", "check --format github mistaken.yaml"] {
        into_a_full_disk(&setup, line).exits(5);
    }
}

#[test]
fn a_run_whose_events_have_no_room_is_run_to_its_end() {
    let setup = Setup::new(&manifest_of(3), &["submit:fail@1"]);
    let ended = into_a_full_disk(&setup, "run -j1 --progress json").exits(5);
    assert!(ended.stderr.contains("2 jobs succeeded"), "{ended:?}");
    assert_eq!((setup.charges(), setup.project.files("out").len()), (3, 2));
}

#[test]
fn what_a_trial_says_to_type_is_about_the_trial() {
    let setup = Setup::new(&manifest_of(4), &[]);
    let trial = ["run", "--simulate", "--sim-latency", "0s", "-j1", "--skip", "j4", "--limit", "2"];
    let fault = ["--sim-fault", "submit:reset(charged)@1"];
    let ended = setup.batch(trial.into_iter().chain(fault)).exits(3);
    let first = ended.stderr.lines().next().unwrap();
    assert!(first.contains("at the simulated service"), "{first}");
    assert!(
        ended.stderr.contains(
            "go on with: batch run jobs.yaml --simulate --concurrency 1 --skip j4 --limit 2 --sim-latency 0s --sim-fault 'submit:reset(charged)@1'\n"
        ),
        "{ended:?}"
    );
    assert!(ended.stderr.contains("batch resolve jobs.yaml j1 --simulate\n"), "{ended:?}");
    let told = setup.batch(["resolve", "j1", "--simulate"]).exits(3);
    assert!(told.stderr.contains("batch resolve jobs.yaml j1 --simulate --task-id ID\n"), "{told:?}");
    let settled = setup.batch(["resolve", "j1", "--simulate", "--task-id", "x"]).exits(0);
    assert!(settled.stderr.contains("batch fetch jobs.yaml --simulate\n"), "{settled:?}");
    let left = setup.batch(["run", "--simulate", "--frozen"]).exits(1);
    assert!(left.stderr.contains("batch plan jobs.yaml --simulate shows each"), "{left:?}");
    assert_eq!(setup.calls(), 0);
}

#[test]
fn options_of_the_simulated_service_are_for_a_trial_alone() {
    let setup = Setup::new(&manifest_of(1), &[]);
    for [name, value] in
        [["--sim-latency", "0s"], ["--sim-failures", "0.5"], ["--sim-seed", "1"], ["--sim-fault", "submit:503@1"]]
    {
        let ended = setup.run([name, value]).exits(2);
        assert!(ended.stderr.contains(name) && ended.stderr.contains("--simulate"), "{ended:?}");
    }
    assert_eq!((setup.calls(), setup.project.path(LOCK).exists()), (0, false));
}

#[test]
fn a_service_is_moved_although_nothing_is_sent() {
    let setup = Setup::new(&manifest_of(1), &[]);
    setup.run([]).exits(0);
    let other = |arguments: &[&str]| setup.project.batch(arguments).env("BAICAI_BASE_URL", "http://127.0.0.1:9").run();
    let before = setup.project.read(LOCK);
    other(&["run"]).exits(0);
    assert_eq!(setup.project.read(LOCK), before, "nobody said that it moved");
    let left = other(&["run", "--frozen", "--move-service"]).exits(1);
    assert!(left.stderr.contains("http://127.0.0.1:9"), "{left:?}");
    other(&["run", "--move-service"]).exits(0);
    let lines =
        |text: &str| text.lines().filter(|line| !line.starts_with("service")).map(str::to_owned).collect::<Vec<_>>();
    let after = setup.project.read(LOCK);
    assert!(after.contains("service = \"http://127.0.0.1:9\"\n"), "{after}");
    assert_eq!(lines(&after), lines(&before));
    other(&["run", "--frozen", "--move-service"]).exits(0);
}

#[test]
fn a_plan_says_what_a_run_would_be_refused_for() {
    let setup = Setup::new(&manifest_of(1), &[]);
    setup.run([]).exits(0);
    setup.project.write(MANIFEST, manifest_of(2));
    let other = |arguments: &[&str]| setup.project.batch(arguments).env("BAICAI_BASE_URL", "http://127.0.0.1:9").run();
    let plan = other(&["plan"]).exits(0);
    for words in ["warning: the lock belongs to ", &setup.service.base_url(), "http://127.0.0.1:9", "--move-service"] {
        assert!(plan.stderr.contains(words), "{words}: {plan:?}");
    }
    for arguments in [&["plan", "--move-service"][..], &["plan", "-q"], &["plan", "--simulate"]] {
        assert_eq!(other(arguments).exits(0).stderr, "", "{arguments:?}");
    }
    assert_eq!(setup.batch(["plan"]).exits(0).stderr, "");
}

#[test]
fn a_quiet_run_names_what_has_no_result() {
    let jobs = [("good", "@dog 1"), ("fails", "@cat fails"), ("lost", "@cat lost"), ("refused", "@cat refused")];
    let faults = ["submit:moderate~fails", "submit:502~lost", "submit:400(envelope)~refused"];
    let setup = Setup::new(&manifest(&jobs), &faults);
    let ended = setup.run(["-q", "-j1"]).exits(3);
    let named: Vec<_> = ended.stderr.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(named, ["fails", "lost", "refused"], "{ended:?}");
    let again = setup.run(["-q", "-j1", "--keep-failed"]).exits(3);
    let mut named: Vec<_> = again.stderr.lines().map(|line| line.split(' ').next().unwrap()).collect();
    named.sort_unstable();
    assert_eq!(named, ["fails", "lost", "refused"], "what the exit code is about: {again:?}");
    assert_eq!(setup.run(["-q", "--only", "good"]).exits(0).stderr, "");
}

#[test]
fn a_run_that_is_to_say_more_says_each_call() {
    let setup = Setup::new(&manifest_of(1), &["status:500@1"]);
    let usual = setup.run([]).exits(0).stderr;
    setup.project.write(MANIFEST, manifest_of(1).replace("id: j1", "id: j1, take: 2"));
    let more = setup.run(["-v"]).exits(0).stderr;
    for words in [
        "jobs.yaml: 1 job, and its lock is jobs.lock",
        "the key comes from the environment",
        "the jobs go to http://127.0.0.1",
        "j1 submitting (attempt 1)",
        "j1 status: ",
        "j1 downloading out/j1",
    ] {
        assert!(more.contains(words) && !usual.contains(words), "{words}:\n{more}\n{usual}");
    }
    assert!(!more.contains("sk-test"), "{more}");
}

#[test]
fn a_hang_up_that_is_ignored_stays_ignored() {
    let latency = Latency::fixed(Duration::from_secs(2));
    let setup = Setup::with(&manifest_of(1), Options { latency, ..options(&[]) });
    let script = format!("trap '' HUP; exec '{}' run", env!("CARGO_BIN_EXE_batch"));
    let mut running = setup.project.command("/bin/sh", ["-c", &script]).against(&setup.service.base_url()).start();
    running.wait_for_stderr("j1 submitted");
    running.signal("HUP");
    let ended = running.end().exits(0);
    assert!(ended.stderr.contains("1 job succeeded"), "{ended:?}");
}

#[test]
fn colors_are_those_that_were_asked_for_in_help_and_mistakes_too() {
    let project = Project::new();
    let text = |line: &str| {
        let ended = project.batch(line.split(' ')).run();
        ended.stdout + &ended.stderr
    };
    for line in ["--help", "run --help", "rnu", "run --limit x", "explain nonsense"] {
        assert!(text(&format!("--color always {line}")).contains('\u{1b}'), "{line}");
        assert!(text(&format!("{line} --color=always")).contains('\u{1b}'), "{line}");
        assert!(!text(&format!("--color never {line}")).contains('\u{1b}'), "{line}");
        assert!(!text(line).contains('\u{1b}'), "{line}");
    }
}

#[test]
fn the_option_takes_as_many_at_a_time_as_a_manifest_may_say() {
    let setup = Setup::new(&manifest_of(1), &[]);
    for number in ["0", "10001", "-1", "many", "99999999999999999999"] {
        let ended = setup.run([&format!("-j{number}")[..]]).exits(2);
        assert!(ended.stderr.contains("`run.concurrency`") && ended.stderr.contains("1 to 10000"), "{ended:?}");
    }
    assert_eq!(setup.calls(), 0);
    setup.run(["--concurrency", "10000"]).exits(0);
}

#[test]
fn what_is_no_manifest_is_called_so_by_every_command() {
    let setup = Setup::new(&manifest_of(1), &[]);
    fs::create_dir(setup.project.path("videos")).unwrap();
    for line in [
        "check",
        "plan",
        "status",
        "verify",
        "fetch",
        "report",
        "run",
        "run --simulate",
        "run --frozen",
        "fetch --simulate",
        "resolve MANIFEST j1",
        "resolve MANIFEST j1 --failed",
        "convert MANIFEST out.toml",
        "check --fix",
        "check --diff",
    ] {
        for (named, words) in
            [("videos", "`videos` is a folder, not a file"), ("gone.yaml", "`gone.yaml` doesn't exist")]
        {
            let mut arguments: Vec<_> =
                line.split(' ').map(|word| if word == "MANIFEST" { named } else { word }).collect();
            if !line.contains("MANIFEST") {
                arguments.push(named);
            }
            let ended = setup.batch(arguments).exits(2);
            assert!(ended.stderr.contains(words), "{line}: {ended:?}");
        }
    }
    for command in ["plan", "status", "verify", "fetch", "report", "run"] {
        let ended = setup.project.batch([command, "-"]).input(&manifest_of(1)).run().exits(2);
        assert!(ended.stderr.contains("--lock FILE"), "{ended:?}");
    }
    let ended = setup.batch(["status", "--lock", "videos"]).exits(5);
    assert!(ended.stderr.contains("videos is a folder, and a lock is a file"), "{ended:?}");
    setup.project.batch(["resolve", "-", "j1"]).input(&manifest_of(1)).run().exits(2);
    let nothing = setup.project.batch(["fetch", "-", "--lock", "other.lock"]).input(&manifest_of(1)).run();
    nothing.exits(0);
    for line in ["init jobs.yaml", "convert jobs.yaml videos --to toml", "convert jobs.yaml videos --to toml --force"] {
        let ended = setup.batch(line.split(' ')).exits(2);
        assert!(ended.stderr.contains("folder"), "{ended:?}");
    }
}

#[test]
fn what_is_wrong_with_an_option_is_said_in_its_own_words() {
    let setup = Setup::new(&manifest_of(1), &[]);
    for (line, words) in [
        ("rnu", "a similar subcommand exists: 'run'"),
        ("run --limit many", "it is a whole number such as `5`"),
        ("run --max-failures 0", "it is a whole number from 1, such as `5`"),
        ("run --simulate --sim-seed x", "it is a whole number such as `5`"),
        ("simulate --seed 1.5", "it is a whole number such as `5`"),
        ("schema statsu", "a similar value exists: 'status'"),
        ("resolve --failed", "batch resolve [MANIFEST] JOB, or --all"),
        ("resolve jobs.yaml j1 --all", "JOB doesn't go with --all and --only"),
        ("resolve --only 'j*' --task-id x", "cannot be used with"),
        ("run --report -", "goes to a file, not to standard output"),
    ] {
        let ended = setup.project.batch(line.split(' ')).against(&setup.service.base_url()).run().exits(2);
        assert!(ended.stderr.contains(words), "{line}: {ended:?}");
    }
    assert_eq!((setup.calls(), setup.project.files(".")), (0, vec![MANIFEST.to_owned()]));
}
