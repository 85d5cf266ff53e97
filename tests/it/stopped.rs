//! What a run that ended before its time says: what is paid, what isn't, what is wrong, and what to type.

use crate::support::program::Ended;
use crate::support::service::options;
use crate::support::setup::{LOCK, MANIFEST, Setup, manifest, manifest_of};
use batch::simulate::{Latency, Options};
use std::time::Duration;

fn says(ended: &Ended, words: &[&str]) {
    for word in words {
        assert!(ended.stderr.contains(word), "{word}: {}", ended.stderr);
    }
}

fn says_not(ended: &Ended, words: &[&str]) {
    for word in words {
        assert!(!ended.stderr.contains(word), "{word}: {}", ended.stderr);
    }
}

#[test]
fn what_is_paid_is_told_from_what_was_never_submitted() {
    let latency = Latency::fixed(Duration::from_secs(30));
    let setup = Setup::with(&manifest_of(5), Options { latency, ..options(&[]) });
    std::fs::rename(setup.project.path(MANIFEST), setup.project.path("my jobs.yaml")).unwrap();
    let mut running = setup.running(["my jobs.yaml", "-j2", "--junit", "junit.xml", "--lock", "a b.lock"]).start();
    running.wait_for_stderr("j2 submitted");
    running.signal("INT");
    let ended = running.end().exits(130);
    says(
        &ended,
        &[
            "2 jobs are paid and still at the service: the next run brings them, and so does batch fetch 'my jobs.yaml' --lock 'a b.lock'\n",
            "3 jobs left for another run: not submitted\n",
            "go on with: batch run 'my jobs.yaml' --lock 'a b.lock' ",
        ],
    );
    let junit = setup.project.read("junit.xml");
    assert_eq!(junit.matches("paid and still at the service").count(), 2, "{junit}");
    assert_eq!(junit.matches("not submitted in this run").count(), 3, "{junit}");
}

#[test]
fn a_refused_key_says_so_and_where_it_came_from() {
    let setup = Setup::new(&manifest_of(2), &["submit:401(envelope,message=invalid api key)"]);
    let ended = setup.run([]).exits(4);
    says(
        &ended,
        &[
            "error: the key is refused, and nothing more was submitted: submit: HTTP 401 Unauthorized, code 401: invalid api key\n",
            "help: check the key: it comes from the environment (BAICAI_API_KEY); nothing is lost",
            "2 jobs left for another run: not submitted",
        ],
    );
    setup.project.write(".env", "BAICAI_API_KEY=sk-wrong\n");
    let ended = setup.batch(["run"]).exits(4);
    let file = setup.project.root().join(".env");
    let source = format!("check the key: it comes from {}, since BAICAI_API_KEY isn't set", file.display());
    says(&ended, &[&source]);
    says_not(&ended, &["sk-wrong"]);
}

#[test]
fn no_money_is_no_closed_door() {
    for fault in ["submit:402(message=pay first)", "submit:402(envelope)"] {
        let setup = Setup::new(&manifest_of(2), &[fault]);
        let ended = setup.run([]).exits(4);
        says(
            &ended,
            &["error: the account has no money left, and nothing more was submitted: submit: HTTP 402", "top it up"],
        );
        says_not(&ended, &["turned away", "the key"]);
    }
}

#[test]
fn a_lost_network_is_no_refused_key() {
    let setup = Setup::new(&manifest_of(2), &[]);
    let Setup { project, service } = setup;
    let base = service.base_url();
    service.stop();
    let ended = project.batch(["run"]).against(&base).run().exits(4);
    says(&ended, &["error: the service can't be reached: ", "check the network", "then `batch run jobs.yaml` goes on"]);
    says_not(&ended, &["the key"]);
}

#[test]
fn a_cap_without_room_for_a_single_job_says_so() {
    let setup = Setup::new(&manifest_of(3), &[]);
    for progress in ["none", "plain"] {
        let ended = setup.run(["--max-cost", "1", "--progress", progress]).exits(0);
        says(
            &ended,
            &[
                "warning: nothing was submitted: the next job, j1, costs about 45 credits",
                "--max-cost 1 has no room for it",
            ],
        );
    }
    let ended = setup.run(["--max-cost", "50"]).exits(0);
    says_not(&ended, &["has no room"]);
    assert_eq!(setup.charges(), 1);
}

#[test]
fn fewer_videos_than_promised_are_said_whatever_is_shown() {
    let text = manifest(&[("few", "@dog runs")]).replace("duration: 5 }", "duration: 5, number_of_videos: 3 }");
    let setup = Setup::new(&text, &["result:fewer(1)"]);
    let ended = setup.run(["--progress", "none"]).exits(0);
    let short = "1 job with fewer videos than were requested: the service lists no more; batch fetch jobs.yaml asks again\n    few (2 of 3)\n";
    says(&ended, &[short, "1 job succeeded: 2 videos"]);
    let fetched =
        setup.project.batch(["fetch", "--progress", "none"]).against(&setup.service.base_url()).run().exits(0);
    says(&fetched, &[short]);
    says_not(&fetched, &["succeeded", "0 videos"]);
}

#[test]
fn causes_with_different_codes_are_not_merged() {
    let two = manifest(&[("a", "@dog runs"), ("b", "@cat runs")]);
    let setup =
        Setup::new(&two, &["submit:200(envelope=410,message=no)~@dog", "submit:200(envelope=422,message=no)~@cat"]);
    let ended = setup.run(["-j1", "--progress", "none"]).exits(1);
    says(
        &ended,
        &[
            "  1 refused by the service: submit: HTTP 200, code 410: no",
            "  1 refused by the service: submit: HTTP 200, code 422: no",
        ],
    );
}

/// A mistyped task is corrected by the right one, and nothing is paid twice.
#[test]
fn a_task_that_the_service_denies_is_asked_for_again_and_can_be_corrected() {
    let setup = Setup::new(&manifest_of(1), &["submit:reset(charged)@1"]);
    setup.run([]).exits(3);
    let task = setup.service.account().books().tasks.last().unwrap().clone();
    setup.batch(["resolve", "j1", "--task-id", "0123456789abcdef"]).exits(0);
    let told = setup.batch(["resolve", "j1", "--task-id", &task]).exits(0);
    says(&told, &[&format!("j1 is task {task}, not 0123456789abcdef: the next run collects it")]);
    setup.run([]).exits(0);
    assert_eq!((setup.charges(), setup.project.files("out").len()), (1, 1));
    assert!(setup.project.read(LOCK).contains("0123456789abcdef"), "no id is dropped");
    let refused = setup.batch(["resolve", "j1", "--task-id", "0123456789abcdef"]).exits(2);
    says(&refused, &["succeeded"]);
}

#[test]
fn a_command_is_run_at_the_end_with_what_came_of_it() {
    let setup = Setup::new(&manifest(&[("good", "@dog runs"), ("bad", "@cat runs")]), &["submit:fail~@cat"]);
    let command = "cat > seen.json; echo $BATCH_EXIT_CODE; exit 3";
    let ended = setup.run(["--progress", "json", "--on-finish", command]).exits(1);
    assert!(ended.json_lines().iter().all(|line| line["event"].is_string()), "standard output stays what it is");
    says(&ended, &["\n1\n", "warning: --on-finish `cat > seen.json; echo $BATCH_EXIT_CODE; exit 3`: exit status: 3\n"]);
    let seen: serde_json::Value = serde_json::from_str(&setup.project.read("seen.json")).unwrap();
    assert_eq!((&seen["event"], &seen["exit_code"]), (&"run_finished".into(), &1.into()));
    assert_eq!((&seen["summary"]["succeeded"], &seen["summary"]["failed"]), (&1.into(), &1.into()));

    let fetched =
        setup.project.batch(["fetch", "--on-finish", "cat > fetched.json"]).against(&setup.service.base_url());
    fetched.run().exits(0);
    assert!(setup.project.read("fetched.json").contains("\"exit_code\":0"));
    // No run began.
    setup.run(["--only", "none", "--on-finish", "touch began"]).exits(2);
    assert!(!setup.project.path("began").exists());
}

#[test]
fn of_a_status_what_is_asked_for_is_shown() {
    let three = manifest(&[("good", "@dog runs"), ("bad", "@cat runs"), ("no", "@dog sits")]);
    let setup = Setup::new(&three, &["submit:fail~@cat", "submit:400(envelope)~sits"]);
    setup.run(["-j1"]).exits(1);
    setup.project.write(MANIFEST, three.replace("jobs:", "jobs:\n  - { id: new, prompt: \"@dog\" }"));
    let jobs = |arguments: &[&str]| {
        let all = ["status", "--format", "json"].iter().chain(arguments).copied();
        let status = setup.batch(all).exits(0).json();
        assert_eq!((&status["summary"]["succeeded"], &status["summary"]["new"]), (&1.into(), &1.into()), "of all");
        let spent = &status["spent"];
        assert_eq!(
            (&spent["submits"], &spent["estimate"]["amount"]),
            (&1.into(), &45.into()),
            "what failed is given back"
        );
        status["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(jobs(&["--failed"]), ["bad", "no"]);
    assert_eq!(jobs(&["--status", "new,succeeded"]), ["new", "good"]);
    assert_eq!(jobs(&["--failed", "--status", "new"]), ["new", "bad", "no"]);
    assert_eq!(jobs(&["--status", "uncertain"]), [""; 0]);
    assert_eq!(jobs(&["--summary"]), [""; 0]);
    let short = setup.batch(["status", "--summary"]).exits(0);
    assert!(
        short
            .stdout
            .starts_with("4 jobs: 1 new, 1 succeeded, 1 failed, 1 refused\nspent, estimated for 1 submit: about 45"),
        "{short:?}"
    );
    let wrong = setup.batch(["status", "--status", "gone"]).exits(2);
    says(&wrong, &["the statuses are new, changed, submitted"]);
}

/// The known task is asked for first: that costs nothing.
#[test]
fn submitting_again_what_is_known_at_the_service_is_warned_of() {
    let latency = Latency::fixed(Duration::from_secs(30));
    let setup = Setup::with(&manifest_of(1), Options { latency, ..options(&[]) });
    let mut running = setup.running([]).start();
    running.wait_for_stderr("j1 submitted");
    running.signal("INT");
    running.end().exits(130);
    let lock = setup.project.read(LOCK);
    let without_check: Vec<_> = lock.lines().filter(|line| !line.starts_with("check = ")).collect();
    let denied = "status = \"uncertain\"\nreason = \"its submit arrived, but the service no longer knows its task\"";
    setup.project.write(LOCK, without_check.join("\n").replace("status = \"submitted\"", denied) + "\n");
    let plan = setup.batch(["plan", "--format", "json"]).exits(0).json();
    assert_eq!((&plan["jobs"][0]["action"], &plan["jobs"][0]["reason"]), (&"resume".into(), &"denied".into()));
    let told = setup.batch(["resolve", "j1", "--resubmit"]).exits(0);
    says(
        &told,
        &[
            "warning: the submit of j1 arrived as task ",
            "help: `batch fetch jobs.yaml` asks for it once more, at no cost",
        ],
    );
}
