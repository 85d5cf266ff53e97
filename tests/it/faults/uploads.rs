//! An image reaches the service once, or its job costs nothing.

use super::bench::{Bench, end, same, table};
use crate::support::image;
use batch::simulate::Call;

/// A job whose reference is a file.
fn bench(fault: &str) -> Bench {
    let bench = Bench::new(&[fault]);
    bench.project.write("dog.png", image::png(64, 64, "dog"));
    let text = bench.project.read("jobs.yaml").replace("https://images.example.com/dog.png", "dog.png");
    bench.project.write("jobs.yaml", text);
    bench
}

#[test]
fn an_upload_that_fails_for_now_is_made_again() {
    let actions = [
        "reset",
        "reset(charged)",
        "reset(early)",
        "garbage",
        "408",
        "429",
        "429(envelope)",
        "500",
        "500(html)",
        "200(envelope=500)",
        "502(html)",
        "503",
        "503(retry-after=0s)",
        "504(html,charged)",
        "200(html)",
        "200(empty)",
        "cut(10)",
        "cut(head)",
        "truncate(20)",
        "drop(data)",
        "drop(code)",
        "drop(fullPath)",
        "set(fullPath=7)",
        "set(fullPath=/etc/passwd)",
        "set(fullPath=\"ftp://a.example/1\")",
        "set(fullPath=\"file:///etc/passwd\")",
        "delay(50ms)",
        "pad(3000000)",
    ];
    table(&actions, |action| {
        let bench = bench(&format!("upload:{action}@1"));
        let ran = bench.run();
        same(&bench.end(&ran), &end(0, "succeeded", 1, 1), &ran)
    });
}

/// Refused for good, it is not sent again in this run, and no job that needs it is paid for.
#[test]
fn an_upload_that_is_refused_spares_its_job() {
    let actions = [
        "400(envelope)",
        "413(html)",
        "415",
        "422",
        "200(envelope=400)",
        "redirect",
        "302(location=https://elsewhere.example.com/)",
    ];
    table(&actions, |action| {
        let bench = bench(&format!("upload:{action}@1"));
        let ran = bench.run();
        same(&bench.end(&ran), &end(1, "new", 0, 0), &ran)?;
        same(&bench.account().calls(Call::Upload), &1, &ran)?;
        let ran = bench.run();
        same(&bench.end(&ran), &end(0, "succeeded", 1, 1), &ran)
    });
}

#[test]
fn an_upload_whose_account_is_refused_stops_the_run() {
    let actions = ["401", "402(envelope)", "200(envelope=403)"];
    table(&actions, |action| {
        let bench = bench(&format!("upload:{action}@1"));
        let ran = bench.run();
        same(&bench.end(&ran), &end(4, "new", 0, 0), &ran)?;
        let ran = bench.run();
        same(&bench.end(&ran), &end(0, "succeeded", 1, 1), &ran)
    });
}
