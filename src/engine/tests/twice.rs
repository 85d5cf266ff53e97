//! Inputs that were bought twice, by two branches: when nothing comes of one purchase, the other one is collected.

use super::*;
use crate::ledger::entry::{Entry, Step};

const SERVICE: &str = "https://service.example.com";

impl Bench {
    /// Job 0 was bought as these tasks, each of this many videos and followed by these steps.
    async fn bought(&self, videos: u8, tasks: &[(&str, &[Step])]) {
        let ledger = ledger::open(&Paths::of(&self.folder.path().join("jobs.lock")), holder()).unwrap();
        let (journal_writer, session) = ledger.start(SERVICE).unwrap();
        let Purchase { key, parts, name, .. } = purchase(0);
        for (second, (task, steps)) in (1_700_000_000..).zip(tasks) {
            let (at, task) = (Timestamp::from_second(second).unwrap(), TaskId::new(task).unwrap());
            let id = PurchaseId::new(at, 7, None);
            let (job, digest, parts, name) = (key.job.clone(), key.digest, parts.clone(), name.clone());
            let (service, manifest) = (SERVICE.to_owned(), None);
            let intent = Step::Submitting { job, digest, parts, videos, name, service, manifest, at };
            for step in [intent, Step::Submitted { task, at }].into_iter().chain(steps.iter().cloned()) {
                journal_writer.record(Entry::of(id, step)).await.unwrap();
            }
        }
        drop(journal_writer);
        session.close().await.unwrap();
    }

    async fn collected(&self, script: Script) -> (Ran, Fake) {
        let fake = Fake::new(script);
        let ran = self.run_until(&fake, std::iter::empty(), settings(), Stop::default()).await;
        assert_eq!(fake.calls("submit"), 0);
        (ran, fake)
    }
}

fn generated() -> Step {
    Step::Generated { at: Timestamp::from_second(1_700_000_100).unwrap() }
}

/// The service no longer has the result of these tasks.
fn gone(tasks: &'static [&str]) -> Script {
    let result = move |task: &str, _| match tasks.contains(&task) {
        true => Err(failure(Verdict::Gone)),
        false => Ok(vec![format!("https://videos.example.com/{task}.mp4")]),
    };
    Script { result: Box::new(result), ..Script::default() }
}

#[tokio::test(start_paused = true)]
async fn if_the_result_of_one_is_gone_the_other_is_collected() {
    for other in [&[][..], &[generated()]] {
        let bench = Bench::new();
        bench.bought(1, &[("other", other), ("shown", &[generated()])]).await;
        let (ran, _) = bench.collected(gone(&["shown"])).await;
        assert_eq!((ran.outcome.summary.succeeded, ran.outcome.summary.failed), (1, 0));
        let record = ran.book.get(&purchase(0).key).unwrap();
        assert_eq!((record.stage.status(), record.stage.task().unwrap().as_str()), (Status::Succeeded, "other"));
        let video = std::fs::read_to_string(bench.folder.path().join("out/job-0000-1.mp4")).unwrap();
        assert!(video.ends_with("other.mp4"), "{video}");
        assert!(!ran.events.iter().any(|event| matches!(event, Event::Failed { .. })), "{:?}", ran.events);
    }
}

#[tokio::test(start_paused = true)]
async fn if_one_fails_or_is_denied_the_other_is_collected() {
    type State = fn() -> Result<TaskState, Failure>;
    let states: [State; 2] = [|| Ok(TaskState::Failed), || Err(failure(Verdict::Gone))];
    for state in states {
        let bench = Bench::new();
        bench.bought(1, &[("other", &[]), ("shown", &[])]).await;
        let status = move |task: &str, _| if task == "shown" { state() } else { Ok(TaskState::Completed) };
        let (ran, _) = bench.collected(Script { status: Box::new(status), ..Script::default() }).await;
        assert_eq!((ran.outcome.summary.succeeded, ran.outcome.summary.uncertain), (1, 0), "{:?}", ran.events);
        assert_eq!(ran.status(0), Some(Status::Succeeded));
    }
}

#[tokio::test(start_paused = true)]
async fn if_nothing_comes_of_either_the_first_ones_end_is_said() {
    let bench = Bench::new();
    bench.bought(1, &[("other", &[generated()]), ("shown", &[generated()])]).await;
    let (ran, _) = bench.collected(gone(&["shown", "other"])).await;
    let said: Vec<_> = ran.events.iter().filter(|event| matches!(event, Event::Failed { .. })).collect();
    assert!(matches!(said[..], [Event::Failed { error, .. }] if error.message.contains("task shown")), "{said:?}");
    assert_eq!((ran.outcome.summary.failed, ran.status(0)), (1, Some(Status::Generated)));
}

#[tokio::test(start_paused = true)]
async fn videos_of_the_other_never_get_the_name_of_those_that_came() {
    let bench = Bench::new();
    bench.bought(2, &[("other", &[generated()]), ("shown", &[generated()])]).await;
    let urls =
        |task: &str| vec![format!("https://v.example.com/{task}-1.mp4"), format!("https://v.example.com/{task}-2.mp4")];
    // One of two videos comes, then the service has lost them.
    let script = Script {
        result: Box::new(move |task, n| match (task, n) {
            ("shown", 0) | ("other", _) => Ok(urls(task)),
            _ => Err(failure(Verdict::Gone)),
        }),
        download: Box::new(|url, _| match url.ends_with("shown-2.mp4") {
            true => Err(failure(Verdict::Gone)),
            false => Ok(url.as_bytes().to_vec()),
        }),
        ..Script::default()
    };
    let (ran, _) = bench.collected(script).await;
    assert_eq!(ran.outcome.summary.succeeded, 1, "{:?}", ran.events);
    let record = ran.book.get(&purchase(0).key).unwrap();
    let content = |path: &str| std::fs::read_to_string(bench.folder.path().join(path)).unwrap();
    assert!(content("out/job-0000-1.mp4").ends_with("shown-1.mp4"), "what came first stays");
    let brought: Vec<_> = record.stage.outputs().iter().map(|output| content(&output.path)).collect();
    assert_eq!(brought, urls("other"));
}
