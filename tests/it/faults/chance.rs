//! Whatever a service does, in whatever order: the promise about money, held against its books.

use super::limits::Workshop;
use crate::support::service::options;
use batch::client::http::Limits;
use batch::ledger::record::Status;
use batch::simulate::{Call, Options, Share};
use std::time::Duration;

const JOBS: [&str; 6] = ["walk", "trot", "amble", "run", "jump", "swim"];

/// What may go wrong at a call. What a service can't be protected against is left out: a refusal that was charged.
const SUBMIT: [&str; 22] = [
    "reset",
    "reset(early)",
    "reset(charged)",
    "408(charged)",
    "429(retry-after=0s)",
    "500(envelope)",
    "502(html,charged)",
    "503(charged)",
    "503(html,retry-after=0s,charged)",
    "503(envelope)",
    "504(gateway,charged)",
    "403(html)",
    "400(message=no)",
    "413(html)",
    "504",
    "200(html,charged)",
    "garbage(charged)",
    "cut(30)",
    "cut(head)",
    "truncate(10)",
    "drop(taskId)",
    "400(envelope)",
];
const STATUS: [&str; 10] = [
    "reset",
    "429",
    "500(html)",
    "503",
    "404(envelope)",
    "200(html)",
    "cut(9)",
    "drop(status)",
    "set(status=ODD)",
    "truncate(5)",
];
const RESULT: [&str; 8] =
    ["reset", "502", "503(envelope)", "404", "cut(30,reset)", "set(urls=[])", "expires(0s)", "expires(0s,410)"];
const DOWNLOAD: [&str; 10] = [
    "reset",
    "403",
    "503",
    "200(html)",
    "cut(1000)",
    "cut(2000,reset)",
    "truncate(1500)",
    "truncate(0,chunked)",
    "redirect",
    "pad(9)",
];

/// Some faults, by this seed.
fn faults(random: &mut fastrand::Rng) -> Vec<String> {
    let calls: [(&str, &[&str]); 4] =
        [("submit", &SUBMIT), ("status", &STATUS), ("result", &RESULT), ("download", &DOWNLOAD)];
    let mut faults = Vec::new();
    for _ in 0..random.usize(1..6) {
        let (call, actions) = random.choice(calls).unwrap();
        let action = random.choice(actions).unwrap();
        let when = random.choice(["@1", "@2", "@3-5", "@%3", "@1/each", "@20%", "@40%"]).unwrap();
        let when = if action.contains("early") { "@%4" } else { when };
        faults.push(format!("{call}:{action}{when}"));
    }
    if random.bool() {
        faults.push("submit:fail@15%".to_owned());
    }
    faults
}

/// Runs until nothing moves any more, and holds the record to the server's books after each run.
async fn trial(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let faults = faults(&mut random);
    let texts: Vec<&str> = faults.iter().map(String::as_str).collect();
    let seeded = Options { seed, failure_rate: Share::NONE, ..options(&texts) };
    let mut workshop = Workshop::new(seeded, &JOBS);
    // Nothing here stalls: a limit that strikes would be a slow machine's.
    workshop.limits = Limits::default();
    workshop.settings.patience = Duration::from_millis(200);
    workshop.settings.concurrency = random.usize(1..5);
    for run in 1..=3 {
        let ran = workshop.run().await;
        let context = || format!("seed {seed}, run {run}, faults {faults:?}");
        let books = workshop.simulator.account().books();
        for job in JOBS {
            let charges = books.charges_by_prompt.get(&format!("@dog does the {job}")).copied().unwrap_or_default();
            let status = ran.status(job);
            // A failed generation is refunded, and bought again by the next run, which may be refused.
            let fails = faults.iter().any(|fault| fault.starts_with("submit:fail"));
            let most = if fails { run } else { 1 };
            let bought = match status {
                Some(Status::Submitted | Status::Generated | Status::Succeeded | Status::Failed) => 1..=most,
                Some(Status::Uncertain) => 0..=most,
                Some(Status::Refused) if fails => 0..=run - 1,
                Some(Status::Refused) | None => 0..=0,
            };
            assert!(bought.contains(&charges), "{job} is {status:?} and was charged {charges} times: {}", context());
        }
        for task in ran.book.records().filter_map(|record| record.stage.task()) {
            assert!(books.tasks.iter().any(|made| made == task.as_str()), "{task} is nobody's: {}", context());
        }
        assert_eq!(books.keys_on_downloads, 0, "{}", context());
        for record in ran.book.records().filter(|record| record.stage.status() == Status::Succeeded) {
            for output in record.stage.outputs() {
                let content = std::fs::read(workshop.project.path(&output.path)).unwrap();
                assert_eq!(batch::base::digest::Sha256::of(&content), output.sha256, "{}", context());
            }
        }
        assert!(books.requests[&Call::Submit] <= 8 * 6 * run + 40, "{books:?}: {}", context());
    }
}

#[test]
fn no_misfortune_pays_twice_or_loses_what_is_paid() {
    let seeds = std::sync::Mutex::new(0..24);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                loop {
                    let Some(seed) = seeds.lock().unwrap().next() else { break };
                    runtime.block_on(trial(seed));
                }
            });
        }
    });
}
