//! Videos arrive whole or not at all, and what can't be fetched stays paid.

use super::bench::{Bench, end, requests, same, table};
use crate::support::service::{options, simulator};
use batch::base::digest::Sha256;
use batch::simulate::{Call, Options, Simulator};
use hyper::header::{HeaderValue, IF_RANGE, RANGE};
use std::time::Duration;

/// The video of `walk` is on disk as `status` says that it is, and nothing lies beside it.
fn is_whole(bench: &Bench) -> Result<(), String> {
    let output = bench.job("walk")["outputs"][0].clone();
    let content = std::fs::read(bench.project.path("out/walk-1.mp4")).map_err(|e| e.to_string())?;
    let whole = output["sha256"] == Sha256::of(&content).to_string()
        && output["bytes"] == content.len()
        && content.len() > 3000
        && bench.project.files("out") == ["out/walk-1.mp4"];
    if whole { Ok(()) } else { Err(format!("{output} is not what lies in out: {:?}", bench.project.files("out"))) }
}

#[test]
fn a_download_that_fails_is_tried_again() {
    let actions = [
        "reset",
        "reset(early)",
        "garbage",
        "401",
        "403",
        "404",
        "408",
        "410",
        "416",
        "429",
        "429(retry-after=0s)",
        "500",
        "500(html)",
        "502(html)",
        "503",
        "503(retry-after=0s)",
        "504",
        "200(html)",
        "200(empty)",
        "200(envelope=0)",
        "200(envelope=403)",
        "200",
        "204(empty)",
        "cut(0)",
        "cut(1000)",
        "cut(1000,reset)",
        "cut(head)",
        "truncate(0)",
        "truncate(1000)",
        "truncate(1000,chunked)",
        "pad(1)",
        "pad(100000)",
        "delay(100ms)",
        "redirect",
        "chunked",
        "302(location=file:///etc/passwd)",
        "302(location=ftp://elsewhere.example.com/1.mp4)",
        "302(location=/videos/none.mp4)",
        "302",
        "301(location=:)",
    ];
    table(&actions, |action| {
        let bench = Bench::new(&[&format!("download:{action}@1")]);
        let ran = bench.run();
        same(&bench.end(&ran), &end(0, "succeeded", 1, 1), &ran)?;
        same(&bench.account().books().keys_on_downloads, &0, &ran)?;
        is_whole(&bench)
    });
}

/// What came is kept: the rest is asked for by range, held to the same file by its tag.
#[test]
fn a_broken_download_is_continued() {
    let cases = [
        (&["download:cut(1000)@1"][..], &["bytes=1000-"][..]),
        (&["download:cut(1000,reset)@1"], &["bytes=1000-"]),
        (
            &["download:cut(1000)@1", "download:cut(500)@2", "download:cut(9,reset)@3"],
            &["bytes=1000-", "bytes=1500-", "bytes=1509-"],
        ),
        // Nothing to continue: anew.
        (&["download:cut(0)@1"], &[""]),
        (&["download:truncate(1000)@1"], &[""]),
    ];
    table(&cases, |(faults, ranges)| {
        let bench = Bench::new(faults);
        let ran = bench.run();
        same(&bench.end(&ran), &end(0, "succeeded", 1, 1), &ran)?;
        let requests = bench.requests(Call::Download);
        let text = |value: Option<&HeaderValue>| value.map_or("", |v| v.to_str().unwrap()).to_owned();
        let asked: Vec<String> = requests[1..].iter().map(|request| text(request.headers.get(RANGE))).collect();
        same(&asked.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), ranges, &ran)?;
        for request in &requests[1..] {
            same(&request.headers.contains_key(IF_RANGE), &request.headers.contains_key(RANGE), &ran)?;
        }
        is_whole(&bench)
    });
}

/// An expired URL is no reason to give up or to pay again: the service is asked for a fresh one by the task's id.
#[test]
fn an_expired_url_is_asked_for_anew() {
    let cases = ["result:expires(0s)@1", "result:expires(0s,404)@1", "result:expires(0s,410)@1", "download:403@1"];
    table(&cases, |fault| {
        let bench = Bench::new(&[fault]);
        let ran = bench.run();
        same(&bench.end(&ran), &end(0, "succeeded", 1, 1), &ran)?;
        let urls: Vec<String> = bench.requests(Call::Download).into_iter().map(|request| request.path).collect();
        if urls.len() != 2 || urls[0] == urls[1] {
            return Err(format!("not a fresh URL: {urls:?}"));
        }
        same(&bench.account().calls(Call::Result), &2, &ran)?;
        is_whole(&bench)
    });
}

/// A URL that expires while its video is on the way: the part that came is no use, and nothing is lost.
#[test]
fn a_url_that_expires_in_the_middle_is_asked_for_anew() {
    let bench = Bench::new(&["download:cut(1000)@1", "download:403@2"]);
    let ran = bench.run();
    assert_eq!(bench.end(&ran), end(0, "succeeded", 1, 1), "{ran:?}");
    assert_eq!(bench.account().calls(Call::Result), 2);
    is_whole(&bench).unwrap();
}

/// A redirect may lead to another host and another port; the key goes to none of them.
#[test]
fn redirects_of_downloads_lead_anywhere_on_the_web_without_the_key() {
    let elsewhere = simulator(&[]);
    let bench = Bench::new(&["download:redirect@1"]);
    let ran = bench.run();
    assert_eq!(bench.end(&ran), end(0, "succeeded", 1, 1), "{ran:?}");
    let hosts: Vec<String> =
        bench.requests(Call::Download).iter().map(|r| r.headers["host"].to_str().unwrap().to_owned()).collect();
    let port = bench.simulator.address().port();
    assert_eq!(hosts, [format!("127.0.0.1:{port}"), format!("localhost:{port}")]);
    assert!(bench.requests(Call::Download).iter().all(|request| !request.is_authorized()));

    // Any simulator answers for any task, so this one can stand for a storage on another port: only its URL must be valid.
    let bench = Bench::new(&["submit:delay(1ms)"]);
    let ran = bench.run();
    let signed = bench.requests(Call::Download)[0].path.clone();
    let away = format!("download:302(location=http://{}{signed})@1", elsewhere.address());
    let redirecting = Simulator::spawn_thread(Options { port: 0, ..options(&[&away]) }).unwrap();
    std::fs::remove_dir_all(bench.project.path("out")).unwrap();
    bench.project.batch(["run", "--move-service"]).against(&redirecting.base_url()).run().exits(0);
    let there = requests(&elsewhere.account(), Call::Download);
    assert_eq!((there.len(), there[0].is_authorized()), (1, false), "{ran:?}");
    is_whole(&bench).unwrap();
}

/// Redirects that go round in circles end, and what is paid stays paid.
#[test]
fn redirects_in_circles_end() {
    let bench = Bench::new(&["download:307(location=/videos/a/1.mp4)@1-12"]);
    let ran = bench.run();
    assert_eq!(bench.end(&ran), end(0, "succeeded", 1, 1), "{ran:?}");
    assert!((12..=14).contains(&bench.account().calls(Call::Download)), "{}", bench.account().calls(Call::Download));
}

/// As many videos as the service lists are taken, and a shortfall is said.
#[test]
fn a_shortfall_is_noted_and_what_is_there_is_taken() {
    let bench = Bench::new(&["result:fewer(1)"]);
    let two = bench.project.read("jobs.yaml").replace("duration: 5", "duration: 5, number_of_videos: 2");
    bench.project.write("jobs.yaml", two);
    let ran = bench.run();
    assert_eq!(bench.end(&ran), end(0, "succeeded", 1, 1), "{ran:?}");
    let events = ran.json_lines();
    let succeeded = super::bench::events(&events, "succeeded");
    assert_eq!((succeeded[0]["asked"].as_u64(), succeeded[0]["outputs"].as_array().unwrap().len()), (Some(2), 1));
    is_whole(&bench).unwrap();
    // It was asked for again over half a minute; from then on it is named, and `fetch` asks once more.
    assert_eq!(bench.account().calls(Call::Result), 5);
    let span = super::bench::gaps(&bench.requests(Call::Result)).iter().sum::<f64>();
    assert!(span >= 30.0, "{span}");
    let verified =
        bench.project.batch(["verify", "--format", "json"]).against(&bench.simulator.base_url()).run().exits(1);
    assert_eq!(verified.json()["problems"][0]["kind"], "fewer-videos", "{verified:?}");
    let ran = bench.run();
    assert_eq!((ran.code(), bench.account().calls(Call::Result)), (0, 5), "a run leaves it: {ran:?}");
    bench.project.batch(["fetch"]).against(&bench.simulator.base_url()).run().exits(0);
    assert_eq!(bench.account().calls(Call::Result), 6);
    assert_eq!(bench.job("walk")["status"], "succeeded");
}

/// What is listed late comes in the same run, or with `fetch`.
#[test]
fn videos_that_are_listed_late_are_fetched() {
    for (faults, calls) in
        [(["result:fewer(1)@1", "result:fewer(9)@9"], 2), (["result:fewer(1)@1-5", "result:fewer(9)@9"], 6)]
    {
        let bench = Bench::new(&faults);
        let two = bench.project.read("jobs.yaml").replace("duration: 5", "duration: 5, number_of_videos: 2");
        bench.project.write("jobs.yaml", two);
        bench.run().exits(0);
        bench.project.batch(["fetch"]).against(&bench.simulator.base_url()).run().exits(0);
        assert_eq!((bench.account().calls(Call::Result), bench.account().charges()), (calls, 1), "{faults:?}");
        assert_eq!(bench.job("walk")["outputs"].as_array().unwrap().len(), 2, "{faults:?}");
        bench.project.batch(["verify"]).against(&bench.simulator.base_url()).run().exits(0);
    }
}

/// A pause that a storage asks for is kept.
#[test]
fn downloads_honour_retry_after() {
    let bench = Bench::new(&["download:429(retry-after=1s)@1"]);
    let ran = bench.run();
    assert_eq!(bench.end(&ran), end(0, "succeeded", 1, 1), "{ran:?}");
    let gaps = super::bench::gaps(&bench.requests(Call::Download));
    assert!(gaps.len() == 1 && gaps[0] >= Duration::from_secs(1).as_secs_f64(), "{gaps:?}");
}
