//! The engine on a paused clock, against a service that is made of a script and counts what it is asked.

use super::*;
use crate::client::{
    self, Failure, Images, NotTaken, Progress, Speaker, Submission, TaskState, Then, Urgency, Verdict, Video,
};
use crate::event::{Event, Stamped};
use crate::ledger::record::{Stage, Status};
use crate::ledger::{self, Book, Holder, Paths};
use crate::manifest::sample;
use crate::mirror::fake::FakeHosts;
use crate::service::image::LocalImage;
use crate::service::names::{Digest, TaskId};
use crate::service::remote::Validator;
use crate::service::request::Urls;
use jiff::Timestamp;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::time::Instant;

/// Answers a call about something; gets how many such calls there were before.
type Answer<T> = Box<dyn Fn(&str, usize) -> Result<T, Failure> + Send + Sync>;

/// How the scripted service answers.
struct Script {
    submit: Box<dyn Fn(usize) -> Submission + Send + Sync>,
    status: Answer<TaskState>,
    result: Answer<Vec<String>>,
    download: Answer<Vec<u8>>,
    upload: Box<dyn Fn(usize) -> Result<String, Failure> + Send + Sync>,
    /// Whether the service is there, when that alone is asked.
    look: Answer<()>,
    /// How long a generation takes.
    latency: Duration,
    /// How long a submit takes to be answered.
    answer: Duration,
    /// How long a video takes to be downloaded.
    transfer: Duration,
}

impl Default for Script {
    fn default() -> Script {
        Script {
            submit: Box::new(|n| Submission::Accepted(task(n))),
            status: Box::new(|_, _| Ok(TaskState::Completed)),
            result: Box::new(|task, _| Ok(vec![format!("https://videos.example.com/{task}.mp4?signature=1")])),
            download: Box::new(|url, _| Ok(url.as_bytes().to_vec())),
            upload: Box::new(|n| Ok(format!("https://up.example.com/{n}"))),
            look: Box::new(|_, _| Ok(())),
            latency: Duration::from_secs(60),
            answer: Duration::from_millis(100),
            transfer: Duration::ZERO,
        }
    }
}

#[derive(Default)]
struct Seen {
    calls: HashMap<String, usize>,
    started: HashMap<String, Instant>,
    submits: Vec<(Instant, serde_json::Value)>,
    in_flight: usize,
    most_in_flight: usize,
}

#[derive(Clone)]
struct Fake {
    script: Arc<Script>,
    seen: Arc<Mutex<Seen>>,
}

impl Fake {
    fn new(script: Script) -> Fake {
        Fake { script: Arc::new(script), seen: Arc::default() }
    }

    /// Counts a call; gives how many there were before.
    fn count(&self, call: &str) -> usize {
        let mut seen = self.seen.lock().unwrap();
        let count = seen.calls.entry(call.to_owned()).or_default();
        *count += 1;
        *count - 1
    }

    fn calls(&self, call: &str) -> usize {
        self.seen.lock().unwrap().calls.get(call).copied().unwrap_or_default()
    }
}

impl Images for Fake {
    async fn image(&self, url: &str, known: Option<&Validator>) -> Result<Option<client::Image>, Failure> {
        self.count("image");
        FakeHosts::default().image(url, known).await
    }
}

impl Service for Fake {
    async fn upload(&self, _: &LocalImage, _: impl Fn(u64) + Send + Sync) -> Result<String, Failure> {
        let n = self.count("upload");
        tokio::time::sleep(self.script.answer).await;
        (self.script.upload)(n)
    }

    async fn submit(&self, generation: &Generation, urls: &Urls) -> Submission {
        let n = self.count("submit");
        self.seen.lock().unwrap().submits.push((Instant::now(), generation.body(|content| urls[content].clone())));
        tokio::time::sleep(self.script.answer).await;
        let answer = (self.script.submit)(n);
        if let Submission::Accepted(task) = &answer {
            let mut seen = self.seen.lock().unwrap();
            seen.started.insert(task.to_string(), Instant::now());
            seen.in_flight += 1;
            seen.most_in_flight = seen.most_in_flight.max(seen.in_flight);
        }
        answer
    }

    async fn status(&self, task: &TaskId) -> Result<Progress, Failure> {
        self.count("status");
        let n = self.count(&format!("status {task}"));
        let started = self.seen.lock().unwrap().started.get(task.as_str()).copied();
        let running = started.is_some_and(|at| at.elapsed() < self.script.latency);
        let state = if running { TaskState::Running } else { (self.script.status)(task.as_str(), n)? };
        if matches!(state, TaskState::Completed | TaskState::Failed) && started.is_some() {
            self.seen.lock().unwrap().in_flight -= 1;
        }
        Ok(Progress { state, word: format!("{state:?}").to_uppercase(), progress: None, message: "said so".into() })
    }

    async fn look(&self, task: &TaskId) -> Result<(), Failure> {
        let n = self.count("look");
        self.count(&format!("look {task}"));
        tokio::time::sleep(self.script.answer).await;
        (self.script.look)(task.as_str(), n)
    }

    async fn result(&self, task: &TaskId) -> Result<Vec<String>, Failure> {
        self.count("result");
        let n = self.count(&format!("result {task}"));
        (self.script.result)(task.as_str(), n)
    }

    async fn download(
        &self,
        url: &str,
        to: &Path,
        _: impl Fn(u64, Option<u64>) + Send + Sync,
    ) -> Result<Video, client::Undelivered> {
        let n = self.count("download");
        if !self.script.transfer.is_zero() {
            tokio::time::sleep(self.script.transfer).await;
        }
        let bytes = (self.script.download)(url, n)?;
        let file = crate::base::durable::temporary_beside(to, &crate::base::durable::Mark::of(to)).unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        let video = Video { file, sha256: Sha256::of(&bytes), bytes: bytes.len() as u64 };
        if bytes.starts_with(b"doubtful") {
            let failure = failure(Verdict::Again(None));
            return Err(client::Undelivered { failure, doubtful: Some(Box::new(video)) });
        }
        Ok(video)
    }
}

fn task(n: usize) -> TaskId {
    TaskId::new(&format!("task-{n}")).unwrap()
}

fn failure(verdict: Verdict) -> Failure {
    Failure { verdict, code: "503".into(), message: "the service said so".into() }
}

/// A submit that the service itself didn't take.
fn not_taken(then: Then) -> Submission {
    said_by(Speaker::Service, then)
}

/// A submit that something on the way didn't pass on.
fn by_the_way(then: Then) -> Submission {
    said_by(Speaker::Way, then)
}

fn said_by(by: Speaker, then: Then) -> Submission {
    Submission::NotTaken(NotTaken { then, by, code: "503".into(), message: "the service said so".into() })
}

fn purchase(n: usize) -> Purchase {
    let dog = sample::reference("dog", &["https://images.example.com/dog.png"]);
    let job = sample::job(&format!("job-{n:04}"), sample::generation(&format!("@dog runs {n}"), vec![dog]));
    Purchase::new(&job, 1, Decimal::whole(60), &BTreeMap::new())
}

fn settings() -> Settings {
    Settings {
        concurrency: 4,
        fleet_concurrency: None,
        submit_rate: None,
        job_timeout: Duration::from_secs(1800),
        poll_interval: Duration::from_secs(10),
        poll_rate: Rate { count: 100, per: Duration::from_secs(1) },
        downloads: 8,
        patience: Duration::from_secs(600),
        denial: Duration::from_secs(120),
        on_uncertain: OnUncertain::Hold,
        retries: 1,
        max_failures: None,
        max_cost: None,
        backoff: Backoff { first: Duration::from_millis(500), most: Duration::from_secs(60) },
    }
}

fn holder() -> Holder {
    Holder { host: "here".into(), pid: 1, started: Timestamp::UNIX_EPOCH }
}

/// A folder with a ledger, and what a run in it came to.
struct Bench {
    folder: tempfile::TempDir,
    /// Runs so far: each has chance of its own, so that no two purchases have one id.
    runs: std::cell::Cell<u64>,
}

struct Ran {
    outcome: Outcome,
    book: Book,
    events: Vec<Event>,
    took: Duration,
}

impl Ran {
    fn status(&self, n: usize) -> Option<Status> {
        self.book.current(&purchase(n).key.job).map(|record| record.stage.status())
    }
}

impl Bench {
    fn new() -> Bench {
        Bench { folder: tempfile::tempdir().unwrap(), runs: Default::default() }
    }

    async fn run(&self, fake: &Fake, jobs: usize, settings: Settings) -> Ran {
        self.run_until(fake, (0..jobs).map(purchase), settings, Stop::default()).await
    }

    async fn run_until(
        &self,
        fake: &Fake,
        purchases: impl Iterator<Item = Purchase>,
        settings: Settings,
        stop: Stop,
    ) -> Ran {
        let paths = Paths::of(&self.folder.path().join("jobs.lock"));
        let ledger = ledger::open(&paths, holder()).unwrap();
        let paid = |record: &&Record| {
            let open = matches!(record.stage, Stage::Submitted { .. } | Stage::Generated { .. });
            open || matches!(record.stage, Stage::Uncertain { task: Some(_), .. })
        };
        let due = |record: &Record| Due {
            record: record.clone(),
            others: ledger.book().others(record.id).cloned().collect(),
        };
        let collect: Vec<_> = ledger.book().records().filter(paid).map(due).collect();
        self.work(fake, ledger, Work { collect, purchases }, settings, stop).await
    }

    /// Collects these records alone.
    async fn collect(&self, fake: &Fake, collect: Vec<Record>) -> Ran {
        let ledger = ledger::open(&Paths::of(&self.folder.path().join("jobs.lock")), holder()).unwrap();
        self.work(
            fake,
            ledger,
            Work {
                collect: collect.into_iter().map(|record| Due { record, others: Vec::new() }).collect(),
                purchases: std::iter::empty(),
            },
            settings(),
            Stop::default(),
        )
        .await
    }

    async fn work(
        &self,
        fake: &Fake,
        ledger: ledger::Ledger,
        work: Work<impl Iterator<Item = Purchase>>,
        settings: Settings,
        stop: Stop,
    ) -> Ran {
        let (journal_writer, session) = ledger.start("https://service.example.com").unwrap();
        let clock = Clock::paced(Timestamp::from_second(1_700_000_000).unwrap());
        let (events, heard) = Events::channel(clock);
        let parts = Parts {
            service: fake.clone(),
            identity: "https://service.example.com".into(),
            journal_writer,
            folder: Folder::open(self.folder.path()).unwrap(),
            clock,
            events,
            stop,
            seed: self.runs.replace(self.runs.get() + 1) + 1,
            uploads: vec![],
            reupload: false,
            image_cache: ImageCache::default(),
            limits: None,
            publish: None,
        };
        let started = Instant::now();
        let outcome = run(work, parts, settings).await;
        let took = started.elapsed();
        let book = session.close().await.unwrap();
        Ran { outcome, book, events: heard.into_iter().map(|Stamped { event, .. }| event).collect(), took }
    }
}

#[tokio::test(start_paused = true)]
async fn jobs_become_videos_and_slots_are_kept_full() {
    let (bench, fake) = (Bench::new(), Fake::new(Script::default()));
    let ran = bench.run(&fake, 20, settings()).await;
    assert_eq!(ran.outcome.summary.succeeded, 20);
    assert_eq!(ran.outcome.summary.videos, 20);
    assert_eq!(fake.calls("submit"), 20);
    assert_eq!(fake.seen.lock().unwrap().most_in_flight, 4);
    // Five rounds of a minute each, noticed within a poll interval.
    assert!(ran.took < Duration::from_secs(5 * 72), "{:?}", ran.took);
    let video = std::fs::read(bench.folder.path().join("out/job-0007-1.mp4")).unwrap();
    let record = ran.book.current(&purchase(7).key.job).unwrap();
    assert_eq!(record.stage.outputs()[0].sha256, Sha256::of(&video));
    assert!(!record.stage.outputs()[0].source.as_ref().unwrap().contains('?'), "no query is kept");
}

#[tokio::test(start_paused = true)]
async fn submits_go_out_in_order_and_at_the_asked_rate() {
    let (bench, fake) = (Bench::new(), Fake::new(Script::default()));
    let rate = Rate { count: 30, per: Duration::from_secs(60) };
    bench.run(&fake, 10, Settings { concurrency: 100, submit_rate: Some(rate), ..settings() }).await;
    let seen = fake.seen.lock().unwrap();
    let prompts: Vec<_> = seen.submits.iter().map(|(_, body)| body["input"]["prompt"].as_str().unwrap()).collect();
    assert_eq!(prompts, (0..10).map(|n| format!("@dog runs {n}")).collect::<Vec<_>>());
    for pair in seen.submits.windows(2) {
        let gap = pair[1].0 - pair[0].0;
        assert!(gap >= Duration::from_millis(1990), "{gap:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_is_held_and_frees_its_slot() {
    let script = Script {
        submit: Box::new(|n| if n == 0 { Submission::Unknown("reset".into()) } else { Submission::Accepted(task(n)) }),
        ..Script::default()
    };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 3, Settings { concurrency: 1, ..settings() }).await;
    assert_eq!((ran.outcome.summary.uncertain, ran.outcome.summary.succeeded), (1, 2));
    assert_eq!(fake.calls("submit"), 3);
    assert_eq!(ran.status(0), Some(Status::Uncertain));
    let again = bench.run_until(&fake, std::iter::empty(), settings(), Stop::default()).await;
    assert_eq!(again.status(0), Some(Status::Uncertain));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_is_submitted_again_once_where_that_is_asked_for() {
    let script = Script { submit: Box::new(|_| Submission::Unknown("reset".into())), ..Script::default() };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 1, Settings { on_uncertain: OnUncertain::Resubmit, ..settings() }).await;
    assert_eq!(fake.calls("submit"), 2);
    assert_eq!(ran.outcome.summary.uncertain, 1);
    assert_eq!(ran.book.current(&purchase(0).key.job).unwrap().attempt, 2);
}

#[tokio::test(start_paused = true)]
async fn what_was_lost_before_is_submitted_again_once_and_stays_uncertain_without_an_answer() {
    let script = Script {
        submit: Box::new(|n| match n {
            0 => Submission::Unknown("reset".into()),
            _ => not_taken(Then::Later(None)),
        }),
        ..Script::default()
    };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let resubmit = Settings { on_uncertain: OnUncertain::Resubmit, ..settings() };
    let lost = |n| Purchase { lost: Some("before".into()), ..purchase(n) };
    let ran = bench.run_until(&fake, [lost(0)].into_iter(), resubmit.clone(), Stop::default()).await;
    assert_eq!((fake.calls("submit"), ran.outcome.summary.uncertain), (1, 1));
    let ran = bench.run_until(&fake, [lost(1)].into_iter(), resubmit, Stop::default()).await;
    assert_eq!(ran.outcome.summary.uncertain, 1, "refused for now: the earlier one still waits for a person");
}

#[tokio::test(start_paused = true)]
async fn when_no_submit_is_answered_no_more_go_out() {
    let script = Script { submit: Box::new(|_| Submission::Unknown("502".into())), ..Script::default() };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 1000, settings()).await;
    assert_eq!(fake.calls("submit"), 3);
    assert!(matches!(ran.outcome.causes[..], [StopCause::Unanswered]));
    assert_eq!(ran.outcome.summary.uncertain + ran.outcome.summary.left, 1000);
}

#[tokio::test(start_paused = true)]
async fn refusals_for_now_are_tried_again_after_the_pause_that_was_asked_for() {
    let pause = Duration::from_secs(20);
    let script = Script {
        submit: Box::new(move |n| match n {
            0 => not_taken(Then::Later(Some(pause))),
            _ => Submission::Accepted(task(n)),
        }),
        ..Script::default()
    };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 1, settings()).await;
    assert_eq!(ran.outcome.summary.succeeded, 1);
    let seen = fake.seen.lock().unwrap();
    assert!(seen.submits[1].0 - seen.submits[0].0 >= pause);
    assert_eq!(ran.book.current(&purchase(0).key.job).unwrap().attempt, 2);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_for_good_is_final_for_the_job_alone() {
    let script = Script {
        submit: Box::new(|n| match n {
            0 => not_taken(Then::Refuse),
            _ => Submission::Accepted(task(n)),
        }),
        ..Script::default()
    };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 2, Settings { concurrency: 1, ..settings() }).await;
    assert_eq!((ran.outcome.summary.failed, ran.outcome.summary.succeeded), (1, 1));
    assert_eq!((ran.status(0), fake.calls("submit")), (Some(Status::Refused), 2));
}

#[tokio::test(start_paused = true)]
async fn after_too_many_failures_nothing_more_is_submitted() {
    let script = Script {
        submit: Box::new(|n| match n {
            0..=3 => Submission::Accepted(task(n)),
            _ => not_taken(Then::Refuse),
        }),
        ..Script::default()
    };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 100, Settings { max_failures: NonZeroUsize::new(2), ..settings() }).await;
    assert_eq!(ran.outcome.summary.succeeded, 4, "what is paid is fetched");
    assert!(ran.outcome.summary.failed <= 5 && ran.outcome.summary.left >= 91, "{:?}", ran.outcome.summary);
}

#[tokio::test(start_paused = true)]
async fn a_refused_account_stops_everything() {
    let script = Script { submit: Box::new(|_| not_taken(Then::StopSubmits)), ..Script::default() };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 1000, settings()).await;
    assert!(fake.calls("submit") <= 4, "{}", fake.calls("submit"));
    assert!(matches!(ran.outcome.causes[..], [StopCause::Refused { .. }]));
    assert_eq!(ran.outcome.summary.left, 1000);
    assert_eq!(ran.book.records().count(), 0, "nothing is known of the jobs");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_away_is_waited_for_as_one() {
    let script = Script {
        submit: Box::new(|n| match n {
            0..=12 => by_the_way(Then::WaitForService),
            _ => Submission::Accepted(task(n)),
        }),
        ..Script::default()
    };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 50, Settings { concurrency: 10, ..settings() }).await;
    assert_eq!(ran.outcome.summary.succeeded, 50);
    assert_eq!(fake.calls("submit"), 50 + 13);
}

#[tokio::test(start_paused = true)]
async fn patience_ends() {
    let script = Script { submit: Box::new(|_| by_the_way(Then::WaitForService)), ..Script::default() };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 500, settings()).await;
    assert!(matches!(ran.outcome.causes[..], [StopCause::Unreachable(_)]));
    assert!((599..=606).contains(&ran.took.as_secs()), "{:?}", ran.took);
    assert!(fake.calls("submit") < 40, "{}", fake.calls("submit"));
    assert_eq!(ran.outcome.summary.left, 500);
}

#[tokio::test(start_paused = true)]
async fn failed_polls_and_downloads_never_become_a_submit() {
    let script = Script {
        status: Box::new(|_, n| if n < 5 { Err(failure(Verdict::Again(None))) } else { Ok(TaskState::Completed) }),
        result: Box::new(|task, n| match n {
            0 => Err(failure(Verdict::Again(None))),
            n => Ok(vec![format!("https://videos.example.com/{task}.mp4?signature={n}")]),
        }),
        download: Box::new(|url, n| match n {
            0 => Err(failure(Verdict::Again(None))),
            1 => Err(failure(Verdict::Gone)),
            _ => Ok(url.as_bytes().to_vec()),
        }),
        ..Script::default()
    };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 1, settings()).await;
    assert_eq!((ran.outcome.summary.succeeded, fake.calls("submit")), (1, 1));
    let fresh = std::fs::read_to_string(bench.folder.path().join("out/job-0000-1.mp4")).unwrap();
    assert!(fresh.ends_with("signature=2"), "an expired URL is asked for again: {fresh}");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_fetched_stays_paid_and_is_fetched_by_the_next_run() {
    let broken = Script { download: Box::new(|_, _| Err(failure(Verdict::Again(None)))), ..Script::default() };
    let (bench, fake) = (Bench::new(), Fake::new(broken));
    let ran = bench.run(&fake, 1, settings()).await;
    assert_eq!((ran.outcome.summary.failed, ran.status(0)), (1, Some(Status::Generated)));
    assert!(fake.calls("download") >= 8);

    let fake = Fake::new(Script::default());
    let ran = bench.run_until(&fake, std::iter::empty(), settings(), Stop::default()).await;
    assert_eq!((ran.outcome.summary.succeeded, fake.calls("submit"), fake.calls("status")), (1, 0, 0));
    assert_eq!(ran.status(0), Some(Status::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_never_ends_is_left_submitted() {
    let script = Script { latency: Duration::from_secs(100_000), ..Script::default() };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 1, settings()).await;
    assert_eq!((ran.outcome.summary.failed, ran.status(0)), (1, Some(Status::Submitted)));
    assert!((1800..1815).contains(&ran.took.as_secs()), "{:?}", ran.took);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_the_service_does_not_know_is_uncertain_after_several_times() {
    let script =
        Script { latency: Duration::ZERO, status: Box::new(|_, _| Err(failure(Verdict::Gone))), ..Script::default() };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 1, settings()).await;
    assert_eq!((ran.outcome.summary.uncertain, ran.status(0)), (1, Some(Status::Uncertain)));
    assert!(fake.calls("status") >= 3);
    let record = ran.book.current(&purchase(0).key.job).unwrap();
    assert_eq!(record.stage.task(), Some(&task(0)), "its id is kept");
}

#[tokio::test(start_paused = true)]
async fn a_failed_generation_is_failed() {
    let script = Script { status: Box::new(|_, _| Ok(TaskState::Failed)), ..Script::default() };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let ran = bench.run(&fake, 1, settings()).await;
    assert_eq!((ran.outcome.summary.failed, ran.status(0)), (1, Some(Status::Failed)));
    assert_eq!(ran.book.current(&purchase(0).key.job).unwrap().stage.error().unwrap().message, "said so");
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_waits_for_replies_of_submits_and_for_nothing_else() {
    let (bench, fake) = (Bench::new(), Fake::new(Script { answer: Duration::from_secs(3), ..Script::default() }));
    let stop = Stop::default();
    let interrupt = {
        let stop = stop.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            stop.to(Level::Out, StopCause::Interrupted);
        })
    };
    let ran = bench.run_until(&fake, (0..100).map(purchase), settings(), stop).await;
    interrupt.await.unwrap();
    assert!((3..4).contains(&ran.took.as_secs()), "{:?}", ran.took);
    assert_eq!((fake.calls("submit"), ran.outcome.summary.left), (1, 100));
    assert_eq!(ran.status(0), Some(Status::Submitted), "the reply came in time");

    let ran = bench.run_until(&fake, (1..3).map(purchase), settings(), Stop::default()).await;
    assert_eq!((ran.outcome.summary.succeeded, fake.calls("submit")), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_does_not_come_in_time_makes_its_job_uncertain() {
    let (bench, fake) = (Bench::new(), Fake::new(Script { answer: Duration::from_secs(50), ..Script::default() }));
    let stop = Stop::default();
    stop_after(&stop, Duration::from_secs(1));
    let ran = bench.run_until(&fake, (0..1).map(purchase), settings(), stop).await;
    assert!((11..12).contains(&ran.took.as_secs()), "{:?}", ran.took);
    assert_eq!(ran.status(0), Some(Status::Uncertain));
}

/// What an interrupt cuts off says nothing of the way to the service.
#[tokio::test(start_paused = true)]
async fn an_interrupt_while_submits_hang_is_no_outage() {
    let (bench, fake) = (Bench::new(), Fake::new(Script { answer: Duration::from_secs(50), ..Script::default() }));
    let stop = Stop::default();
    stop_after(&stop, Duration::from_secs(160));
    let ran = bench.run_until(&fake, (0..40).map(purchase), Settings { concurrency: 40, ..settings() }, stop).await;
    assert!(ran.outcome.summary.uncertain >= 3, "{:?}", ran.outcome.summary);
    assert_eq!(ran.outcome.causes, [StopCause::Interrupted]);
}

fn stop_after(stop: &Stop, pause: Duration) {
    let stop = stop.clone();
    tokio::spawn(async move {
        tokio::time::sleep(pause).await;
        stop.to(Level::Out, StopCause::Interrupted);
    });
}

#[tokio::test(start_paused = true)]
async fn a_file_in_the_way_is_found_before_anything_is_paid() {
    let (bench, fake) = (Bench::new(), Fake::new(Script::default()));
    std::fs::create_dir(bench.folder.path().join("out")).unwrap();
    std::fs::write(bench.folder.path().join("out/job-0000-1.mp4"), "mine").unwrap();
    let ran = bench.run(&fake, 2, settings()).await;
    assert!(ran.outcome.local);
    assert_eq!((ran.outcome.summary.failed, fake.calls("submit"), ran.status(0)), (1, 1, None));
    assert_eq!(std::fs::read(bench.folder.path().join("out/job-0000-1.mp4")).unwrap(), b"mine");
}

#[tokio::test(start_paused = true)]
async fn each_content_is_uploaded_once_and_a_failed_upload_spoils_only_its_jobs() {
    let image = |name: &str| LocalImage {
        path: name.into(),
        shown: name.into(),
        sha256: Sha256::of(name.as_bytes()),
        bytes: 1,
        media_type: "image/png",
    };
    let script = Script {
        upload: Box::new(
            |n| if n == 0 { Err(failure(Verdict::Final)) } else { Ok(format!("https://up.example.com/{n}")) },
        ),
        ..Script::default()
    };
    let (bench, fake) = (Bench::new(), Fake::new(script));
    let purchases = (0..6).map(|n| {
        let image = image(if n < 2 { "bad" } else { "good" });
        let mut purchase = purchase(n);
        std::sync::Arc::make_mut(&mut purchase.generation.references)[0].images = vec![Image::Content(image.sha256)];
        purchase.images = vec![Picture::Local(image)];
        purchase
    });
    let ran = bench.run_until(&fake, purchases, settings(), Stop::default()).await;
    assert_eq!((ran.outcome.summary.failed, ran.outcome.summary.succeeded), (2, 4));
    assert_eq!((fake.calls("upload"), fake.calls("submit")), (2, 4));
    assert_eq!(ran.book.upload(&Sha256::of(b"good")), Some("https://up.example.com/1"));
    let failed = ran.events.iter().filter(|event| matches!(event, Event::Failed { .. })).count();
    assert_eq!(failed, 2);
}

#[tokio::test(start_paused = true)]
async fn an_upload_without_a_url_is_given_up_when_the_service_says_the_same_again() {
    for (same, uploads) in [(true, 2), (false, 8)] {
        let strange = move |n: usize| Failure {
            code: client::NO_URL.into(),
            message: if same { "/files/a.png".into() } else { format!("/files/{n}.png") },
            ..failure(Verdict::Again(None))
        };
        let script = Script { upload: Box::new(move |n| Err(strange(n))), ..Script::default() };
        let (bench, fake) = (Bench::new(), Fake::new(script));
        let mut purchase = purchase(0);
        let (path, shown, sha256) = ("a".into(), "a".into(), Sha256::of(b"a"));
        purchase.images = vec![Picture::Local(LocalImage { path, shown, sha256, bytes: 1, media_type: "image/png" })];
        let ran = bench.run_until(&fake, std::iter::once(purchase), settings(), Stop::default()).await;
        assert_eq!((ran.outcome.summary.failed, fake.calls("upload"), fake.calls("submit")), (1, uploads, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn digests_are_those_of_what_is_sent() {
    let (bench, fake) = (Bench::new(), Fake::new(Script::default()));
    bench.run(&fake, 1, settings()).await;
    let body = fake.seen.lock().unwrap().submits[0].1.clone();
    assert_eq!(purchase(0).key.digest, Digest(Sha256::of(&crate::base::canonical::bytes(&body))));
}

mod bounds;
mod failures;
mod images;
mod money;
mod outages;
mod twice;
mod videos;
