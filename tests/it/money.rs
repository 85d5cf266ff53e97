//! Money: what a run says that it costs, and that `--max-cost` holds by the books of the service.

use crate::support::service::options;
use crate::support::setup::{Setup, manifest_of};
use batch::base::decimal::Decimal;
use batch::simulate::{Latency, Options};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// The summary of `run --progress json`.
fn summary(events: &str) -> Value {
    let last: Value = serde_json::from_str(events.lines().last().unwrap()).unwrap();
    assert_eq!(last["event"], "run_finished");
    last["summary"].clone()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// An amount in JSON, as it is written.
fn amount(value: &Value) -> Decimal {
    decimal(&value.to_string())
}

#[test]
fn what_does_not_fit_is_left_and_the_run_is_fine() {
    let setup = Setup::new(&manifest_of(5), &[]);
    let ended = setup.run(["--max-cost", "134", "--progress", "plain"]).exits(0);
    assert_eq!(setup.charges(), 2);
    for words in [
        "5 jobs",
        "about 90 credits (by the model vendor's price list",
        "3 jobs left for another run",
        "cost: about 90",
        "--max-cost counts anew in each run\n",
    ] {
        assert!(ended.stderr.contains(words), "{words}: {ended:?}");
    }
    let summary = summary(&setup.run(["--max-cost", "45", "--progress", "json"]).exits(0).stdout);
    assert_eq!((&summary["left"], &summary["submits"]), (&json!(2), &json!(1)));
    let cost =
        json!({ "amount": 45, "uncertain": 0, "given_back": 0, "unit": "credits", "exact": false, "prices": "maker" });
    assert_eq!(summary["cost"], cost);
    let calls = setup.calls();
    setup.run(["--max-cost", "44.999999999"]).exits(0);
    assert_eq!((setup.calls(), setup.charges()), (calls, 3), "nothing fits: nothing is sent");
    setup.run(["--max-cost", "0"]).exits(0);
    assert_eq!(setup.calls(), calls);
}

#[test]
fn nothing_is_bought_once_so_many_failed() {
    for fault in ["submit:fail", "submit:400(envelope)", "submit:reset(charged)"] {
        let setup = Setup::new(&manifest_of(6), &[fault]);
        let ended = setup.run(["-j1", "--max-failures", "2", "--progress", "json"]);
        assert!(matches!(ended.code(), 1 | 3), "{ended:?}");
        assert_eq!(setup.submits().len(), 2, "{fault}: {ended:?}");
        assert_eq!(summary(&ended.stdout)["left"], json!(4), "{fault}");
    }
}

#[test]
fn a_plan_knows_the_limit() {
    let table = "prices: { unit: CNY, table: [{ resolution: 360p, duration: 5, price: 0.1 }] }\n";
    let setup = Setup::new(&(manifest_of(4) + table), &[]);
    let plan = |most: &str| setup.batch(["plan", "--format", "json", "--max-cost", most]).exits(0).json();
    let reasons = |plan: &Value| {
        let jobs = plan["jobs"].as_array().unwrap().iter();
        jobs.map(|job| job["reason"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let document = plan("0.3");
    assert_eq!(reasons(&document), ["new", "new", "new", "max-cost"], "three times 0.1 is 0.3");
    assert_eq!(document["estimate"], json!({ "amount": 0.3, "unit": "CNY", "exact": true }));
    assert_eq!(document["summary"], json!({ "submit": 3, "resume": 0, "download": 0, "keep": 0, "hold": 1 }));
    assert_eq!(reasons(&plan("0.29999")), ["new", "new", "max-cost", "max-cost"]);
    let both = setup.batch(["plan", "--format", "json", "--max-cost", "0.2", "--limit", "3"]).exits(0).json();
    assert_eq!(reasons(&both), ["new", "new", "max-cost", "limit"]);
    setup.batch(["plan", "--exit-code", "--max-cost", "0.05"]).exits(0);
    setup.batch(["plan", "--exit-code", "--max-cost", "0.1"]).exits(1);
    for wrong in ["-1", "1e3", "1,5", "3 CNY", ""] {
        setup.batch(["plan", &format!("--max-cost={wrong}")]).exits(2);
    }
}

#[test]
fn limit_and_cost_hold_together_also_where_money_is_given_back() {
    let setup = Setup::new(&manifest_of(9), &["submit:400(envelope)@1-2"]);
    let summary = summary(&setup.run(["--max-cost", "90", "--limit", "3", "--progress", "json"]).exits(1).stdout);
    assert_eq!((setup.charges(), setup.submits().len()), (1, 3));
    assert_eq!((&summary["failed"], &summary["left"]), (&json!(2), &json!(6)));
    assert_eq!((&summary["cost"]["amount"], &summary["cost"]["given_back"]), (&json!(45), &json!(90)));
}

/// Jobs of all prices; each prompt is its own.
fn manifest_at(prices: &BTreeMap<(&str, u8), String>, jobs: &[((&'static str, u8), u8)], on_uncertain: &str) -> String {
    let table: String = prices
        .iter()
        .map(|((resolution, duration), price)| {
            format!("  - {{ resolution: {resolution}, duration: {duration}, price: {price} }}\n")
        })
        .collect();
    let jobs: String = jobs
        .iter()
        .enumerate()
        .map(|(n, ((resolution, duration), videos))| {
            format!(
                "  - {{ id: j{n}, prompt: \"@dog {n}\", resolution: {resolution}, duration: {duration}, number_of_videos: {videos} }}\n"
            )
        })
        .collect();
    format!(
        "version: 1
run: {{ poll_interval: 5ms, patience: 10ms, concurrency: 64, on_uncertain: {on_uncertain} }}
prices:
 unit: CNY
 table:
{table}references:
  dog: {{ type: subject, urls: [\"https://images.example.com/dog.png\"] }}
jobs:
{jobs}"
    )
}

const PAIRS: [(&str, u8); 7] =
    [("360p", 5), ("360p", 8), ("540p", 5), ("540p", 8), ("720p", 5), ("720p", 8), ("1080p", 5)];

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// 64 at once, of random prices, at a service that fails, refuses, delays and loses submits.
    #[test]
    fn the_service_never_charges_more_than_may_be_spent(
        prices in proptest::collection::vec(0u32..4_000, PAIRS.len()),
        jobs in proptest::collection::vec((0..PAIRS.len(), 1u8..=4), 40..120),
        share in 1u32..100,
        seed in 0u64..1_000,
        resubmit in proptest::bool::ANY,
    ) {
        let prices: BTreeMap<_, _> =
            PAIRS.into_iter().zip(prices.iter().map(|cents| format!("{}.{:03}", cents / 1000, cents % 1000))).collect();
        let jobs: Vec<_> = jobs.into_iter().map(|(pair, videos)| (PAIRS[pair], videos)).collect();
        let price_of = |n: usize| decimal(&prices[&jobs[n].0]).times(jobs[n].1.into());
        let total: Decimal = (0..jobs.len()).map(price_of).sum();
        let most = total.scaled(Decimal::whole(share), Decimal::whole(100), 3);
        let faults = [
            "submit:reset(charged)@7%",
            "submit:reset@5%",
            "submit:503@10%",
            "submit:400(envelope)@6%",
        ];
        let latency = Latency::fixed(Duration::from_millis(3));
        let service = Options { latency, failure_rate: "0.2".parse().unwrap(), seed, ..options(&faults) };
        let manifest = manifest_at(&prices, &jobs, if resubmit { "resubmit" } else { "hold" });
        let setup = Setup::with(&manifest, service);
        let ended = setup.run(["--max-cost", &most.to_string(), "--progress", "json"]);
        let summary = summary(&ended.stdout);
        let job_of = |prompt: &str| prompt.rsplit(' ').next().unwrap().parse::<usize>().unwrap();
        let charged: Decimal = setup
            .service
            .account()
            .books()
            .charges_by_prompt
            .iter()
            .map(|(prompt, count)| price_of(job_of(prompt)).times(u32::try_from(*count).unwrap()))
            .sum();
        let failed: Decimal = ended
            .stdout
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter(|event| event["event"] == "failed" && event["error"]["code"] == "failed")
            .map(|event| price_of(event["job"].as_str().unwrap()[1..].parse().unwrap()))
            .sum();
        prop_assert!(charged.minus(failed) <= most, "{} less {} of {}", charged, failed, most);
        if summary["submits"] != 0 {
            let cost = &summary["cost"];
            prop_assert!(amount(&cost["amount"]).plus(amount(&cost["uncertain"])) <= most);
            prop_assert!(amount(&cost["amount"]) <= charged.minus(failed));
            prop_assert!(charged.minus(failed) <= amount(&cost["amount"]).plus(amount(&cost["uncertain"])));
        }
        // Another run spends another such sum at most; what was paid for is not submitted yet again.
        let before = setup.charges();
        setup.run(["--max-cost", "0", "--progress", "none"]);
        prop_assert_eq!(setup.charges(), before);
    }
}
