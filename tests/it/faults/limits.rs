//! What takes long in real life: the engine and the client in process, with limits and pauses a thousand times shorter.

use super::bench::manifest;
use crate::support::project::Project;
use crate::support::service::options;
use batch::base::clock::Clock;
use batch::base::decimal::Decimal;
use batch::base::folder::Folder;
use batch::client::http::{HttpService, Limits, Pace, Settings as HttpSettings};
use batch::client::retry::Backoff;
use batch::engine::{self, Due, Outcome, Parts, Purchase, Settings, Work};
use batch::event::sender::Events;
use batch::event::stop::{Stop, StopCause};
use batch::event::{Event, Stamped};
use batch::ledger::record::Status;
use batch::ledger::{self, Book, Holder, Paths};
use batch::manifest::model::{OnUncertain, RunSettings};
use batch::plan::action::Action;
use batch::plan::{self, Choice};
use batch::simulate::{Call, Options, Running, Simulator};
use futures::future::join_all;
use std::time::{Duration, Instant};

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A project and a service, in one process with the engine.
pub(super) struct Workshop {
    pub(super) project: Project,
    pub(super) simulator: Running,
    pub(super) limits: Limits,
    pub(super) settings: Settings,
}

/// What a run came to.
pub(super) struct Ran {
    pub(super) outcome: Outcome,
    pub(super) book: Book,
    pub(super) events: Vec<Event>,
}

impl Ran {
    /// How the job with this id stands; none where it has no record.
    pub(super) fn status(&self, job: &str) -> Option<Status> {
        self.book.records().find(|record| record.key.job.as_str() == job).map(|record| record.stage.status())
    }
}

impl Workshop {
    /// These jobs, and a service with these options.
    pub(super) fn new(options: Options, jobs: &[&str]) -> Workshop {
        let limits = Limits {
            connect: ms(2000),
            silence: ms(150),
            call: ms(600),
            submit: ms(600),
            upload: Pace { bytes: 16 * 1024, per: ms(100) },
            download: Pace { bytes: 2000, per: ms(200) },
        };
        let settings = Settings {
            concurrency: 4,
            fleet_concurrency: None,
            submit_rate: None,
            job_timeout: ms(5000),
            poll_interval: ms(10),
            poll_rate: RunSettings::default().poll_rate,
            downloads: RunSettings::default().downloads.get(),
            patience: ms(400),
            denial: ms(60),
            on_uncertain: OnUncertain::Hold,
            retries: 1,
            max_failures: None,
            max_cost: None,
            backoff: Backoff { first: ms(4), most: ms(20) },
        };
        let project = Project::new().with("jobs.yaml", manifest("", jobs));
        Workshop { project, simulator: Simulator::spawn_thread(options).unwrap(), limits, settings }
    }

    /// One job, `walk`, and these faults.
    fn of(faults: &[&str]) -> Workshop {
        Workshop::new(options(faults), &["walk"])
    }

    /// As `batch run` does it.
    pub(super) async fn run(&self) -> Ran {
        let manifest = batch::manifest::load(&self.project.path("jobs.yaml")).manifest.unwrap();
        let holder = Holder { host: "here".into(), pid: 1, started: jiff::Timestamp::UNIX_EPOCH };
        let ledger = ledger::open(&Paths::of(&self.project.path("jobs.lock")), holder).unwrap();
        let plan = plan::plan(&manifest, ledger.book(), &Choice::default());
        let paid = plan.steps.iter().filter(|step| matches!(step.action, Action::Resume | Action::Download));
        let collect = paid
            .filter_map(|step| step.record.as_deref().cloned())
            .map(|record| Due { record, others: Vec::new() })
            .collect();
        let bought = plan.steps.iter().filter(|step| step.action == Action::Submit);
        let purchases =
            bought.map(|step| Purchase::new(&manifest.jobs[step.job], step.attempt, Decimal::ZERO, &manifest.images));
        let base = self.simulator.base_url();
        let http = HttpSettings::new(base.parse().unwrap(), None, self.settings.concurrency);
        let (journal_writer, session) = ledger.start("simulate").unwrap();
        let (events, heard) = Events::channel(Clock::System);
        let parts = Parts {
            service: HttpService::new(HttpSettings { limits: self.limits, ..http }).unwrap(),
            identity: "simulate".into(),
            journal_writer,
            folder: Folder::open(&self.project.root()).unwrap(),
            clock: Clock::System,
            events,
            stop: Stop::default(),
            seed: 1,
            uploads: vec![],
            reupload: false,
            image_cache: Default::default(),
            limits: None,
            publish: None,
        };
        let outcome = engine::run(Work { collect, purchases }, parts, self.settings.clone()).await;
        let book = session.close().await.unwrap();
        Ran { outcome, book, events: heard.into_iter().map(|Stamped { event, .. }| event).collect() }
    }

    pub(super) fn charges(&self) -> u64 {
        self.simulator.account().charges()
    }
}

/// A submit that gets no answer in its time is uncertain, charged or not, and takes no other job down.
#[tokio::test]
async fn a_submit_that_stalls_is_uncertain() {
    let cases = [("stall", 0), ("stall(charged)", 1), ("hang(0)", 1), ("hang(20)", 1), ("drip(100ms)", 1)];
    join_all(cases.map(async |(fault, charges)| {
        let fault = format!("submit:{fault}~walk");
        let workshop = Workshop::new(options(&[&fault]), &["walk", "trot"]);
        let ran = workshop.run().await;
        assert_eq!(
            (ran.status("walk"), ran.status("trot")),
            (Some(Status::Uncertain), Some(Status::Succeeded)),
            "{fault}"
        );
        assert_eq!((workshop.charges(), ran.outcome.summary.submits), (charges + 1, 2), "{fault}");
        let ran = workshop.run().await;
        assert_eq!((workshop.charges(), ran.outcome.summary.submits), (charges + 1, 0), "{fault}");
    }))
    .await;
}

/// A call about what is paid that stalls or drips is given up and made again.
#[tokio::test]
async fn a_call_that_stalls_is_made_again() {
    let actions = ["stall", "hang(0)", "hang(20)", "drip(100ms)"];
    join_all(["status", "result"].into_iter().flat_map(|call| actions.map(|action| (call, action))).map(
        async |(call, action)| {
            let fault = format!("{call}:{action}@1");
            let workshop = Workshop::of(&[&fault]);
            let ran = workshop.run().await;
            assert_eq!(
                (ran.status("walk"), workshop.charges()),
                (Some(Status::Succeeded), 1),
                "{fault}: {:?}",
                ran.events
            );
        },
    ))
    .await;
}

/// A download that falls silent, or drips a byte at a time, is taken up where it was, and nothing is downloaded for ever.
#[tokio::test]
async fn a_download_that_stalls_or_drips_is_continued() {
    for (action, range) in [("stall", false), ("hang(0)", false), ("hang(1500)", true), ("drip(20ms)", true)] {
        let workshop = Workshop::of(&[&format!("download:{action}@1")]);
        let started = Instant::now();
        let ran = workshop.run().await;
        assert_eq!(
            (ran.status("walk"), workshop.charges()),
            (Some(Status::Succeeded), 1),
            "{action}: {:?}",
            ran.events
        );
        assert!(started.elapsed() < ms(4000), "{action}: {:?}", started.elapsed());
        let requests = workshop.simulator.account().requests();
        let again = requests.iter().filter(|request| request.call == Some(Call::Download)).nth(1).unwrap();
        assert_eq!(again.headers.contains_key("range"), range, "{action}");
        let stored = std::fs::metadata(workshop.project.path("out/walk-1.mp4")).unwrap().len();
        let record = ran.book.records().next().unwrap();
        assert_eq!(record.stage.outputs()[0].bytes, stored, "{action}");
    }
}

/// A connection that is accepted and never answered is no answer: for a submit uncertain, for the rest another try.
#[tokio::test]
async fn a_connection_that_nobody_serves_is_no_answer() {
    let workshop = Workshop::of(&["connect:stall@1"]);
    let ran = workshop.run().await;
    assert_eq!((ran.status("walk"), workshop.charges()), (Some(Status::Uncertain), 0));
}

/// What can never be fetched stays paid: so many tries, then the next run goes on, and nobody pays again.
#[tokio::test]
async fn what_can_never_be_fetched_stays_paid() {
    let cases = [
        ("download:404", 8),
        ("download:200(html)", 8),
        ("download:truncate(1000)", 8),
        ("result:404(envelope)", 0),
        ("result:500(envelope)", 0),
        ("result:400(envelope)", 0),
        ("result:set(urls=[])", 0),
        ("result:expires(0s)", 8),
    ];
    join_all(cases.map(async |(fault, tries)| {
        let workshop = Workshop::of(&[fault]);
        for run in 1..=2 {
            let ran = workshop.run().await;
            assert_eq!(
                (ran.status("walk"), workshop.charges()),
                (Some(Status::Generated), 1),
                "{fault}: {:?}",
                ran.events
            );
            assert_eq!(ran.outcome.summary.failed, 1, "{fault}");
            let downloads = workshop.simulator.account().calls(Call::Download);
            assert!(downloads >= tries * run, "{fault}: {downloads} downloads after {run} runs");
        }
        // What may be a video is kept beside its place; of nothing else a part is left behind.
        let out = workshop.project.path("out").read_dir();
        let left: Vec<_> = out.map_or(Vec::new(), |out| out.map(|entry| entry.unwrap().file_name()).collect());
        let doubtful = if fault == "download:truncate(1000)" { vec!["walk-1.mp4.doubtful"] } else { vec![] };
        assert_eq!(left, doubtful, "{fault}");
    }))
    .await;
}

/// A submit that is put off again and again is left for another run: nothing is paid, nothing is final.
#[tokio::test]
async fn a_submit_that_is_always_put_off_is_left() {
    for fault in ["submit:500(envelope)", "submit:503(envelope)", "submit:200(envelope=503)"] {
        let mut workshop = Workshop::of(&[fault]);
        workshop.settings.patience = ms(10_000);
        let ran = workshop.run().await;
        assert_eq!((ran.outcome.summary.failed, workshop.charges()), (1, 0), "{fault}");
        assert_eq!(workshop.simulator.account().calls(Call::Submit), 8, "{fault}");
        assert_eq!(ran.status("walk"), None, "{fault}: nothing is final");
    }
}

/// A rate that is never low enough ends with the run's patience; a wait that is longer ends submits at once, with its end.
#[tokio::test]
async fn a_service_that_always_asks_to_slow_down_is_asked_until_patience_ends() {
    for fault in ["submit:429", "submit:429(html)", "submit:200(envelope=429)", "submit:429(retry-after=1h)"] {
        let workshop = Workshop::new(options(&[fault]), &["walk", "trot"]);
        let started = Instant::now();
        let ran = workshop.run().await;
        let [StopCause::PutOff { again, .. }] = &ran.outcome.causes[..] else { panic!("{fault}: {:?}", ran.outcome) };
        assert_eq!(again.is_some(), fault.contains("retry-after"), "{fault}");
        assert_eq!((ran.outcome.summary.left, ran.outcome.summary.failed, workshop.charges()), (2, 0, 0), "{fault}");
        let least = if again.is_some() { 0 } else { 400 };
        assert!((least..2000).contains(&started.elapsed().as_millis()), "{fault}: {:?}", started.elapsed());
        assert_eq!(ran.status("walk"), None, "{fault}: nothing is final");
    }
}

/// 503 of a proxy for ever: one job is uncertain, the service is looked for with few questions, and the run's patience ends.
#[tokio::test]
async fn patience_with_a_way_that_says_503_for_ever_ends() {
    let jobs: Vec<String> = (0..40).map(|n| format!("job-{n}")).collect();
    let jobs: Vec<&str> = jobs.iter().map(String::as_str).collect();
    let mut workshop = Workshop::new(options(&["any:503"]), &jobs);
    workshop.settings.concurrency = 40;
    let started = Instant::now();
    let ran = workshop.run().await;
    assert!((400..1500).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
    assert!(matches!(ran.outcome.causes[..], [StopCause::Unreachable(_)]), "{:?}", ran.outcome.causes);
    assert_eq!((ran.outcome.summary.uncertain, ran.outcome.summary.left, workshop.charges()), (1, 39, 0));
    assert_eq!(workshop.simulator.account().calls(Call::Submit), 1);
    // A look each 10 to 20 ms.
    let looks = workshop.simulator.account().calls(Call::Status);
    assert!((10..=48).contains(&looks), "{looks} looks");
}

/// A task that the service denies is uncertain after a while, keeps its id, and is taken up by a later run that hears of it.
#[tokio::test]
async fn a_task_that_is_denied_is_asked_for_again_by_every_later_run() {
    let jobs = ["walk"];
    let workshop = Workshop::new(options(&["status:404(envelope)@1-40"]), &jobs);
    let started = Instant::now();
    let ran = workshop.run().await;
    assert_eq!(ran.status("walk"), Some(Status::Uncertain), "{:?}", ran.events);
    assert!(started.elapsed() >= ms(60));
    let task = ran.book.records().next().unwrap().stage.task().cloned();
    assert_eq!(task.unwrap().as_str(), workshop.simulator.account().books().tasks[0]);
    for _ in 0..40 {
        let ran = workshop.run().await;
        if ran.status("walk") == Some(Status::Succeeded) {
            assert_eq!((workshop.charges(), ran.outcome.summary.submits), (1, 0));
            return;
        }
        assert_eq!((ran.status("walk"), ran.outcome.summary.polls), (Some(Status::Uncertain), 1));
    }
    panic!("it was never taken up");
}

/// A drip that never ends within a reply is bounded by the time of the whole call.
#[tokio::test]
async fn a_call_is_bounded_in_time_as_a_whole() {
    let mut workshop = Workshop::of(&["status:drip(50ms)@1"]);
    workshop.limits.silence = ms(10_000);
    let started = Instant::now();
    let ran = workshop.run().await;
    assert_eq!(ran.status("walk"), Some(Status::Succeeded));
    assert!((600..3000).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
}
