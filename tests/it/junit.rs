//! `run --junit` and the step's summary: what CI is told of a run, however it ends.

use crate::support::program::Ended;
use crate::support::service::options;
use crate::support::setup::{Setup, manifest_of};
use batch::simulate::{Latency, Options};
use std::time::Duration;

/// The cases of the report: id and outcome.
#[track_caller]
fn cases(setup: &Setup, path: &str) -> Vec<(String, String)> {
    let xml = setup.project.read(path);
    let document = roxmltree::Document::parse(&xml).unwrap_or_else(|e| panic!("{e}: {xml}"));
    let suites = document.root_element();
    let suite = suites.first_element_child().unwrap();
    assert_eq!((suites.tag_name().name(), suite.tag_name().name()), ("testsuites", "testsuite"));
    let is_case = |node: &roxmltree::Node<'_, '_>| node.is_element() && !node.has_tag_name("system-err");
    let cases: Vec<_> = suite.children().filter(is_case).collect();
    let outcome = |case: &roxmltree::Node<'_, '_>| {
        assert_eq!((case.tag_name().name(), case.attribute("classname")), ("testcase", Some("jobs")));
        assert!(case.attribute("time").unwrap().parse::<f64>().unwrap() >= 0.0);
        case.first_element_child().map_or("passed", |mark| mark.tag_name().name()).replace("system-out", "passed")
    };
    let told: Vec<_> = cases.iter().map(|case| (case.attribute("name").unwrap().to_owned(), outcome(case))).collect();
    for (attribute, element) in [("failures", "failure"), ("errors", "error"), ("skipped", "skipped")] {
        let count = told.iter().filter(|(_, outcome)| outcome == element).count().to_string();
        assert_eq!(suite.attribute(attribute), Some(count.as_str()), "{xml}");
    }
    assert_eq!(suite.attribute("tests"), Some(told.len().to_string().as_str()));
    told
}

fn told(cases: &[(String, String)]) -> Vec<(&str, &str)> {
    cases.iter().map(|(job, outcome)| (job.as_str(), outcome.as_str())).collect()
}

#[test]
fn every_job_is_a_case_and_a_rerun_skips_what_is_there() {
    let setup = Setup::new(&manifest_of(4), &["submit:fail@2", "submit:reset@3"]);
    setup.run(["-j1", "--junit", "junit.xml"]).exits(3);
    let first = cases(&setup, "junit.xml");
    assert_eq!(told(&first), [("j1", "passed"), ("j2", "failure"), ("j3", "error"), ("j4", "passed")]);
    setup.run(["-j1", "--junit", "junit.xml", "--keep-failed"]).exits(3);
    let mut again = cases(&setup, "junit.xml");
    again.sort();
    assert_eq!(told(&again), [("j1", "skipped"), ("j2", "skipped"), ("j3", "error"), ("j4", "skipped")]);
    setup.run(["--junit", "other.xml", "--only", "j1"]).exits(0);
    assert_eq!(told(&cases(&setup, "other.xml")), [("j1", "skipped")], "a run with nothing to do has a report, too");
}

#[test]
fn a_report_that_cannot_be_written_is_said_before_anything_is_sent() {
    let setup = Setup::new(&manifest_of(1), &[]);
    setup.project.write("folder/file", "");
    setup.project.write("notes.xml", "<notes/>");
    let refused = |path: &str| -> Ended { setup.run(["--junit", path]).exits(2) };
    for path in ["nowhere/junit.xml", "folder", "jobs.yaml", "notes.xml", "folder/.."] {
        let ended = refused(path);
        assert!(ended.stderr.contains(path) && ended.stderr.contains("help: "), "{ended:?}");
    }
    assert_eq!((setup.calls(), setup.project.read("notes.xml").as_str()), (0, "<notes/>"));
    setup.project.write("empty.xml", "");
    setup.run(["--junit", "empty.xml"]).exits(0);
    assert_eq!(told(&cases(&setup, "empty.xml")), [("j1", "passed")]);
    assert_eq!(setup.run(["--junit", "frozen.xml", "--frozen"]).exits(0).stderr, "");
    assert!(!setup.project.path("frozen.xml").exists(), "no run began");
}

#[test]
fn a_run_that_is_stopped_has_its_report() {
    let refusing = Setup::new(&manifest_of(3), &["submit:402(envelope)"]);
    refusing.run(["-j1", "--junit", "junit.xml"]).exits(4);
    let stopped = cases(&refusing, "junit.xml");
    assert_eq!(told(&stopped), [("j1", "error"), ("j2", "error"), ("j3", "error")]);
    assert!(refusing.project.read("junit.xml").contains("<error type=\"account\" message=\"submit: HTTP 402"));
    assert!(refusing.project.read("junit.xml").contains("<system-err>the run ended with exit code 4</system-err>"));

    let latency = Latency::fixed(Duration::from_secs(600));
    let slow = Setup::with(&manifest_of(3), Options { latency, ..options(&[]) });
    let mut run = slow.running(["-j2", "--progress", "json", "--junit", "junit.xml"]).start();
    run.wait_for_stdout("\"polled\"");
    run.signal("INT");
    run.end().exits(130);
    assert_eq!(told(&cases(&slow, "junit.xml")), [("j1", "skipped"), ("j2", "skipped"), ("j3", "skipped")]);
}

#[test]
fn github_actions_gets_a_summary_of_the_run() {
    let setup = Setup::new(&manifest_of(2), &["submit:fail@2"]);
    let run = |actions: &str, page: &str| {
        let run = setup.running(["-j1", "--keep-failed"]);
        run.env("GITHUB_ACTIONS", actions).env("GITHUB_STEP_SUMMARY", page).run()
    };
    run("true", "summary.md").exits(1);
    let page = setup.project.read("summary.md");
    assert!(page.starts_with("\nbatch run <code>jobs.yaml</code>: ended with exit code 1, after "), "{page}");
    assert!(page.contains("\n| succeeded | 1 |\n| failed | 1 |\n"), "{page}");
    assert!(page.contains("| <code>j2</code> | failed at the service |"), "{page}");
    run("false", "other.md").exits(1);
    assert!(!setup.project.path("other.md").exists());
    let refused = run("true", "nowhere/summary.md").exits(1);
    assert!(refused.stderr.contains("GITHUB_STEP_SUMMARY"), "{refused:?}");
}
