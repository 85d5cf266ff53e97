//! Each row of the verdicts on a submit: accepted, refused, or unknown. What is paid is what the server charged.

use super::bench::{Bench, end, events, gaps, same, table};
use crate::support::service::options;
use batch::simulate::Call;

/// A reply with a task id is accepted, whatever else is wrong with it.
#[test]
fn a_task_id_is_accepted() {
    let actions = [
        "shape(array)",
        "chunked",
        "drop(code)",
        "drop(message)",
        "drop(ts)",
        "set(code=\"0\")",
        "set(code=500)",
        "set(code=okay)",
        "set(message=7)",
        "delay(80ms)",
        "drip(1ms)",
        "pad(1000)",
        "pad(3000000)",
        "hangup(20ms)",
    ];
    table(&actions, |action| {
        let bench = Bench::new(&[&format!("submit:{action}")]);
        let ran = bench.run();
        same(&bench.end(&ran), &end(0, "succeeded", 1, 1), &ran)
    });
}

/// Nothing was generated, and it may be later: tried again, and charged once in the end.
#[test]
fn refused_for_now_is_tried_again() {
    let actions = [
        "429",
        "429(html)",
        "429(envelope)",
        "200(envelope=429)",
        "429(retry-after=0s)",
        "500(envelope)",
        "200(envelope=500)",
        "502(envelope=500)",
        "503",
        "503(html)",
        "503(empty)",
        "503(envelope)",
        "200(envelope=503)",
        "503(retry-after=0s)",
    ];
    table(&actions, |action| {
        let bench = Bench::new(&[&format!("submit:{action}@1")]);
        let ran = bench.run();
        same(&bench.end(&ran), &end(0, "succeeded", 1, 2), &ran)
    });
}

/// The account is refused, or the service isn't there: the run stops, and nothing is lost.
#[test]
fn a_refused_account_stops_the_run() {
    let actions = [
        "401",
        "401(envelope)",
        "200(envelope=401)",
        "402(envelope)",
        "200(envelope=402)",
        "403(html)",
        "403(envelope)",
        "404",
        "404(html)",
        "200(envelope=404)",
    ];
    table(&actions, |action| {
        let bench = Bench::new(&[&format!("submit:{action}@1")]);
        let ran = bench.run();
        same(&bench.end(&ran), &end(4, "new", 0, 1), &ran)?;
        let ran = bench.run();
        same(&bench.end(&ran), &end(0, "succeeded", 1, 2), &ran)
    });
}

/// A 4xx on this input, any other code of the service's own, and redirects, which no call follows: final for the job.
#[test]
fn refused_for_good_is_not_tried_again() {
    let actions = [
        "400",
        "400(envelope)",
        "200(envelope=400)",
        "500(envelope=400)",
        "400(html)",
        "405",
        "409",
        "413(html)",
        "415",
        "422(envelope)",
        "451",
        "499(empty)",
        "200(envelope=1234)",
        "200(envelope=-1)",
        "301(location=/v1/videos/generations)",
        "302(location=https://elsewhere.example.com/)",
        "303(location=/v1/videos/generations)",
        "307(location=/v1/videos/generations)",
        "308(location=/v1/videos/generations)",
        "304",
        "redirect",
    ];
    table(&actions, |action| {
        let bench = Bench::new(&[&format!("submit:{action}")]);
        for _ in 0..2 {
            let ran = bench.run();
            same(&bench.end(&ran), &end(1, "refused", 0, 1), &ran)?;
        }
        Ok(())
    });
}

/// Nobody can know: it is never tried again by itself, whether the server charged it or not.
#[test]
fn no_answer_or_none_that_makes_sense_is_uncertain() {
    let mut cases = Vec::new();
    // The server's word on what it did is lost: each with and without a charge behind it.
    for action in [
        "reset",
        "garbage",
        "408",
        "500",
        "500(html)",
        "501",
        "502",
        "502(html)",
        "504",
        "504(empty)",
        "507",
        "520(html)",
        "599",
        "200",
        "200(html)",
        "200(empty)",
        "200(envelope=0)",
        "204(empty)",
        "202(html)",
        "500(envelope=0)",
    ] {
        cases.push((action.to_owned(), 0));
        let charged = match action.strip_suffix(')') {
            Some(start) => format!("{start},charged)"),
            None => format!("{action}(charged)"),
        };
        cases.push((charged, 1));
    }
    cases.push(("reset(early)".to_owned(), 0));
    // The right reply, mutilated.
    for action in [
        "cut(0)",
        "cut(1)",
        "cut(40)",
        "cut(40,reset)",
        "cut(head)",
        "truncate(0)",
        "truncate(30)",
        "truncate(30,chunked)",
        "drop(taskId)",
        "drop(data)",
        "set(data=null)",
        "set(data=[])",
        "set(taskId=null)",
        "set(taskId=\"\")",
        "set(taskId=true)",
        "set(taskId=../../v1/videos)",
        "set(taskId={\"a\":1})",
        "shape(nested)",
    ] {
        cases.push((action.to_owned(), 1));
    }
    table(&cases, |(action, charges)| {
        let bench = Bench::new(&[&format!("submit:{action}@1")]);
        for _ in 0..2 {
            let ran = bench.run();
            same(&bench.end(&ran), &end(3, "uncertain", *charges, 1), &ran)?;
        }
        Ok(())
    });
}

/// A connection that is made and then broken may have carried the request; one that was never made can't have.
#[test]
fn a_connection_that_broke_is_not_one_that_was_never_made() {
    let bench = Bench::new(&["connect:reset@1"]);
    let ran = bench.run();
    // The reset races with the request: where it comes first, nothing was sent, and that is known.
    let ends = [end(3, "uncertain", 0, 0), end(0, "succeeded", 1, 1)];
    assert!(ends.contains(&bench.end(&ran)), "{ran:?}");

    let bench = Bench::with(options(&[]), "patience: 700ms", &["walk"]);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ran = bench.project.batch(["run"]).against(&format!("http://{nobody}")).run();
    assert_eq!(bench.end(&ran), end(4, "new", 0, 0), "{ran:?}");
}

/// `on_uncertain: resubmit` is once for each job and run, at the risk of paying twice.
#[test]
fn resubmitting_is_once_and_only_where_it_was_asked_for() {
    let cases = [
        (&["submit:reset(charged)@1"][..], end(0, "succeeded", 2, 2)),
        (&["submit:502@1"], end(0, "succeeded", 1, 2)),
        (&["submit:reset(charged)@1-2"], end(3, "uncertain", 2, 2)),
        (&["submit:504(charged)@1", "submit:408(charged)@2"], end(3, "uncertain", 2, 2)),
        (&["submit:reset@1", "submit:429@2", "submit:reset@3"], end(3, "uncertain", 0, 3)),
        (&["submit:reset@1", "submit:400@2"], end(1, "refused", 0, 2)),
    ];
    table(&cases, |(faults, wanted)| {
        let bench = Bench::with(options(faults), "on_uncertain: resubmit", &["walk"]);
        let ran = bench.run();
        same(&bench.end(&ran), wanted, &ran)
    });
}

/// Each refusal is on its own, and each 429 is said to hold back the whole run.
#[test]
fn the_last_of_several_refusals_decides() {
    let bench = Bench::new(&["submit:429(retry-after=0s)@1", "submit:500(envelope)@2", "submit:400@3"]);
    let ran = bench.run();
    assert_eq!(bench.end(&ran), end(1, "refused", 0, 3), "{ran:?}");
    let said = ran.json_lines();
    assert_eq!((events(&said, "throttled").len(), events(&said, "retrying").len()), (1, 1), "{ran:?}");
}

/// Both forms of `Retry-After` hold back the whole run: measured where the requests arrive.
#[test]
fn pauses_that_the_service_asks_for_are_kept() {
    // A date has whole seconds: 3 s from now is more than 2 s away.
    let cases = [("submit:429(retry-after=2s)@1", 2.0, 2.6), ("submit:429(retry-date=3s)@1", 2.0, 3.6)];
    table(&cases, |(fault, least, most)| {
        let bench = Bench::with(options(&[fault]), "concurrency: 1", &["walk", "trot"]);
        let ran = bench.run();
        same(&ran.code(), &0, &ran)?;
        let gaps = gaps(&bench.requests(Call::Submit));
        if !(*least..*most).contains(&gaps[0]) {
            return Err(format!("{gaps:?} s between submits"));
        }
        same(&(bench.account().charges(), gaps.len()), &(2, 2), &ran)
    });
}

/// One job's misfortune is not another's: each is judged by its own reply.
#[test]
fn one_run_of_many_verdicts_is_told_apart() {
    let faults = [
        "submit:400(envelope)~the-refused",
        "submit:504(charged)~the-lost",
        "submit:fail~the-failed",
        "submit:moderate~the-moderated",
        "submit:cancel~the-canceled",
        "submit:500(envelope)@1/each~the-retried",
    ];
    let ids = ["the-refused", "the-lost", "the-failed", "the-moderated", "the-canceled", "the-retried", "the-plain"];
    let bench = Bench::with(options(&faults), "", &ids);
    let ran = bench.run();
    let status = ["refused", "uncertain", "failed", "failed", "failed", "succeeded", "succeeded"];
    for (id, status) in ids.iter().zip(status) {
        assert_eq!(bench.job(id)["status"], status, "{id}: {ran:?}");
    }
    assert_eq!(ran.code(), 3, "{ran:?}");
    let charged = bench.account().books().charges_by_prompt;
    for id in ids {
        let charges = charged.get(&format!("@dog does the {id}")).copied().unwrap_or_default();
        assert_eq!(charges, u64::from(id != "the-refused"), "{id}");
    }
}
