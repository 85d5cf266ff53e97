//! A signed query is a key to a video: it is used, and neither written nor shown.

use super::{project, run, tells_nothing};
use crate::support::cases::each;
use crate::support::image;
use crate::support::service::{options, simulator};
use batch::simulate::{Call, Latency, Options, Simulator};
use std::time::Duration;

#[test]
fn a_signed_query_is_in_no_log_event_lock_or_file() {
    let cases = [
        &[][..],
        &["download:403@1"],
        &["download:redirect@1"],
        &["download:cut(1000)@1", "download:reset@2"],
        &["download:404", "result:expires(0s)"],
        &["download:200(html)@1-2"],
        &["result:drop(code)@1"],
        &["result:cut(180)@1"],
        &["result:truncate(190)@1"],
    ];
    each(&cases, |faults| {
        let simulator = simulator(faults);
        for arguments in [&["--progress", "json"][..], &["-vvv", "--progress", "plain"]] {
            let project = project();
            let program = project.batch(["run"].iter().chain(arguments)).against(&simulator.base_url());
            let mut started = program.env("RUST_LOG", "trace,hyper=trace,hyper_util=trace,reqwest=trace").start();
            let always = faults.contains(&"download:404");
            if always {
                // It would be tried for a minute.
                started.wait_for_stderr("404");
                std::thread::sleep(Duration::from_millis(700));
                started.signal("INT");
            }
            let ended = started.end().exits(if always { 130 } else { 0 });
            tells_nothing(&project, &ended, &["signature=", "expires="]);
        }
        let downloads =
            simulator.account().requests().into_iter().filter(|request| request.call == Some(Call::Download));
        assert!(downloads.clone().count() > 0 && downloads.clone().all(|request| request.path.contains("signature=")));
    });
}

/// The journal is no other: it is looked at while a run is on, and after a kill.
#[test]
fn a_signed_query_is_not_in_the_journal() {
    let slow = Options { latency: Latency::fixed(Duration::from_millis(10)), ..options(&["download:drip(50ms)"]) };
    let (project, simulator) = (project(), Simulator::spawn_thread(slow).unwrap());
    let mut run = project.batch(["run", "--progress", "json"]).against(&simulator.base_url()).start();
    run.wait_for_stdout("\"downloading\"");
    run.signal("KILL");
    let ended = run.end();
    assert!(project.read("jobs.lock.journal").contains("generated"));
    tells_nothing(&project, &ended, &["signature=", "expires="]);
}

/// An upload's URL that may be signed is used for this run and not kept; one without a query is.
#[test]
fn an_upload_url_with_a_query_is_not_kept() {
    for (url, kept) in
        [("https://up.example.com/a.png?signature=secret", false), ("https://up.example.com/a.png", true)]
    {
        let simulator = simulator(&[&format!("upload:set(fullPath={url})")]);
        let project = project().with("dog.png", image::png(64, 64, "a"));
        project.write("jobs.yaml", super::manifest("").replace("https://images.example.com/", ""));
        let ended = run(&project, &simulator, &["--progress", "json"]).exits(0);
        tells_nothing(&project, &ended, &["signature=", "secret"]);
        assert_eq!(project.read("jobs.lock").contains(url), kept);
        let submits = simulator.account().requests().into_iter().find(|request| request.call == Some(Call::Submit));
        assert!(String::from_utf8_lossy(&submits.unwrap().body).contains(url), "it was used");
    }
}
