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
        "429(gateway)",
        "200(envelope=500,message=500044: too many generations)",
        "400(message=too many requests)",
        "503(envelope)",
        "200(envelope=503)",
        "503(envelope,retry-after=0s)",
    ];
    table(&actions, |action| {
        let bench = Bench::new(&[&format!("submit:{action}@1")]);
        let ran = bench.run();
        same(&bench.end(&ran), &end(0, "succeeded", 1, 2), &ran)
    });
}

/// The account is refused, or something before the service turns the submit away: no more submits, and nothing is lost.
#[test]
fn a_refused_account_or_a_closed_door_stops_submits() {
    let actions = [
        "401",
        "401(envelope)",
        "200(envelope=401)",
        "402(envelope)",
        "200(envelope=402)",
        "200(envelope=500,message=余额不足)",
        "400(message=insufficient balance)",
        "200(envelope=400,message=500020)",
        "403(html)",
        "403(envelope)",
        "403(message=Forbidden)",
        "404",
        "404(html)",
        "404(gateway)",
        "405",
        "301(location=/v1/videos/generations)",
        "302(location=https://elsewhere.example.com/)",
        "303(location=/v1/videos/generations)",
        "307(location=/v1/videos/generations)",
        "308(location=/v1/videos/generations)",
        "304",
        "redirect",
        // With nothing else heard, one that might be about one job ends the same way.
        "400",
        "400(html)",
        "413(html)",
        "421",
        "451",
        "499(empty)",
    ];
    table(&actions, |action| {
        let bench = Bench::new(&[&format!("submit:{action}@1")]);
        let ran = bench.run();
        same(&bench.end(&ran), &end(4, "new", 0, 1), &ran)?;
        if !ran.stderr.contains("nothing is lost") {
            return Err(format!("{ran:?}"));
        }
        let ran = bench.run();
        same(&bench.end(&ran), &end(0, "succeeded", 1, 2), &ran)
    });
}

/// The way to the service is named where it turns submits away.
#[test]
fn who_turned_a_submit_away_is_said() {
    let bench = Bench::new(&["submit:403(html,server=nginx/1.22.1)"]);
    let ran = bench.run().exits(4);
    let place = format!("turned away before the service by nginx/1.22.1 at {}: HTTP 403", bench.simulator.address());
    assert!(ran.stderr.contains(&place), "{ran:?}");
}

/// A gateway's words are no refusal by the service: the job is left for the next run.
#[test]
fn what_a_gateway_says_in_words_is_left_for_the_next_run() {
    let actions =
        ["400(message=bad request)", "400(gateway)", "422(gateway)", "409(gateway=400)", "413(message=too large)"];
    table(&actions, |action| {
        let bench = Bench::new(&[&format!("submit:{action}@1")]);
        let ran = bench.run();
        same(&bench.end(&ran), &end(1, "new", 0, 1), &ran)?;
        let ran = bench.run();
        same(&bench.end(&ran), &end(0, "succeeded", 1, 2), &ran)
    });
}

/// A status of `service.turned_away` says that nothing was passed on: the run slows down, and nothing is uncertain.
#[test]
fn a_status_that_says_that_nothing_was_passed_on_is_tried_again() {
    let bench = Bench::new(&["submit:503(html)@1-3"]);
    let text =
        bench.project.read("jobs.yaml").replace("version: 1\n", "version: 1\nservice: { turned_away: [429, 503] }\n");
    bench.project.write("jobs.yaml", text);
    let ran = bench.run();
    assert_eq!(bench.end(&ran), end(0, "succeeded", 1, 4), "{ran:?}");
}

/// The service's own word on this input: final for the job.
#[test]
fn refused_for_good_is_not_tried_again() {
    let actions = [
        "400(envelope)",
        "200(envelope=400)",
        "500(envelope=400)",
        "200(gateway=400)",
        "422(envelope)",
        "404(envelope)",
        "200(envelope=404)",
        "200(envelope=500,message=500054)",
        "200(envelope=400,message=内容审核未通过)",
        "200(envelope=500,message=400018)",
        "400(message=The content contains inappropriate information and does not pass the review.)",
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

/// A bare refusal after an accepted submit may be a filter on answers: nobody can know.
#[test]
fn a_closed_door_after_an_open_one_is_no_answer() {
    let actions =
        ["403(html,charged)", "302(location=https://elsewhere.example.com/,charged)", "400(html,charged)", "404"];
    table(&actions, |action| {
        let bench = Bench::with(options(&[&format!("submit:{action}@2")]), "concurrency: 1", &["trot", "walk"]);
        let ran = bench.run();
        let charges = 1 + u64::from(action.contains("charged"));
        same(&bench.end(&ran), &end(3, "uncertain", charges, 2), &ran)?;
        let ran = bench.run();
        same(&bench.end(&ran), &end(3, "uncertain", charges, 2), &ran)
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
        "502(envelope)",
        "503",
        "503(html)",
        "503(empty)",
        "503(retry-after=5s)",
        "503(gateway)",
        "500(gateway)",
        "200(gateway=500)",
        "504(gateway)",
        "400(gateway=504)",
        "504(envelope)",
        "408(envelope)",
        "200(envelope=200)",
        "200(envelope=1234)",
        "200(envelope=-1)",
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
        (&["submit:reset@1", "submit:400(envelope)@2"], end(1, "refused", 0, 2)),
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
    let bench = Bench::new(&["submit:429(retry-after=0s)@1", "submit:500(envelope)@2", "submit:400(envelope)@3"]);
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
