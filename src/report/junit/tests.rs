use super::*;
use crate::event::Stamped;
use crate::report::Reporter as _;
use crate::report::results::Collector;
use crate::report::testing::{a_run, at, failed, job, started};

fn reported(events: &[Stamped]) -> String {
    let (mut collector, results) = Collector::new();
    events.iter().for_each(|event| collector.event(event));
    collector.finish();
    let mut results = results.try_recv().unwrap();
    results.add_kept([job("kept")]);
    report(&results)
}

#[test]
fn a_run_is_a_suite_with_a_case_for_each_job() {
    insta::assert_snapshot!(reported(&a_run()), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="batch run" tests="7" failures="2" errors="2" time="151.000">
      <testsuite name="jobs.yaml" tests="7" failures="2" errors="2" skipped="2" time="151.000" timestamp="2026-03-09T12:03:11Z">
        <testcase name="park-walk" classname="jobs" time="131.000"><system-out>out/park-walk-1.mp4</system-out></testcase>
        <testcase name="close-up" classname="jobs" time="0.000"><failure type="refused" message="the prompt was refused by content moderation (HTTP 400, code 400)">the prompt was refused by content moderation (HTTP 400, code 400)</failure></testcase>
        <testcase name="hill" classname="jobs" time="0.000"><error type="uncertain" message="the connection broke after the request went out">the connection broke after the request went out</error></testcase>
        <testcase name="done" classname="jobs" time="0.000"><skipped message="nothing to do: its videos are here"/></testcase>
        <testcase name="old" classname="jobs" time="0.000"><error type="uncertain" message="nobody knows whether its submit arrived">nobody knows whether its submit arrived</error></testcase>
        <testcase name="late" classname="jobs" time="130.000"><failure type="timed-out" message="not finished 30 min after its submit">not finished 30 min after its submit</failure></testcase>
        <testcase name="kept" classname="jobs" time="0.000"><skipped message="nothing to do: its videos are here"/></testcase>
        <system-err>the run ended with exit code 3</system-err>
      </testsuite>
    </testsuites>
    "#);
}

#[test]
fn causes_are_failures_of_the_job_or_errors_on_the_way() {
    for (cause, element) in [
        (Cause::Failed, "<failure type=\"failed\" "),
        (Cause::Refused, "<failure type=\"refused\" "),
        (Cause::ResultGone, "<failure type=\"result-gone\" "),
        (Cause::Account, "<error type=\"account\" "),
        (Cause::Local, "<error type=\"local\" "),
        (Cause::Stopped, "<skipped message=\"why\"/>"),
    ] {
        let xml = reported(&[at(0, started(1)), at(1, failed("a", cause, "why"))]);
        assert!(xml.contains(element), "{cause:?}: {xml}");
    }
}

#[test]
fn classes_have_no_dots() {
    let of = |manifest| class(manifest);
    assert_eq!(
        [of("jobs.yaml"), of("./a.b/jobs.yaml"), of("../x/jobs"), of("standard input")].join(" "),
        "jobs a_b/jobs x/jobs standard input"
    );
}

/// Decodes the five entities in use, and numeric ones.
fn unescaped(xml: &str) -> String {
    let amp = |text: String| text.replace("&amp;", "&");
    amp(xml.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#10;", "\n"))
}

proptest::proptest! {
    #[test]
    fn any_message_is_well_formed_xml(message: String) {
        let xml = reported(&[at(0, started(1)), at(1, failed("a", Cause::Refused, &message))]);
        let allowed = |c: char| matches!(c, '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        proptest::prop_assert!(xml.chars().all(allowed), "{:?}", xml);
        let (short, rest) = xml.split_once("<failure type=\"refused\" message=\"").unwrap().1.split_once("\">").unwrap();
        let (whole, _) = rest.split_once("</failure>").unwrap();
        proptest::prop_assert!(!short.contains(['<', '"', '\n']) && !whole.contains('<'));
        proptest::prop_assert_eq!(unescaped(short), unescaped(whole));
        let shown = terminal_safe::lines(&message).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
        proptest::prop_assert_eq!(unescaped(whole), shown);
    }
}
