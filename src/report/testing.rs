//! Shared helpers of the reporters' tests: writers of every kind, and a run as events.

use crate::base::decimal::Decimal;
use crate::base::digest::Sha256;
use crate::event::summary::{Cost, Summary};
use crate::event::{Call, Cause, Event, JobError, Stamped};
use crate::plan::action::{Action, Reason};
use crate::plan::estimate::{Estimate, PriceTable};
use crate::plan::spent::Spent;
use crate::report::commands::{Service, Target};
use crate::service::names::{Digest, JobId, TaskId};
use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};

/// A writer whose bytes can be read elsewhere.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A pipe whose reader goes after some bytes; counts the tries.
#[derive(Clone, Debug)]
pub(super) struct Closed {
    pub(super) room: usize,
    pub(super) tries: Arc<Mutex<usize>>,
}

impl Write for Closed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        *self.tries.lock().unwrap() += 1;
        self.room = self.room.checked_sub(bytes.len()).ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A pipe whose reader doesn't read: every write waits until the other end is dropped.
pub(super) struct Blocked(Mutex<Receiver<()>>);

impl Blocked {
    pub(super) fn new() -> (Blocked, Sender<()>) {
        let (open, wait) = mpsc::channel();
        (Blocked(Mutex::new(wait)), open)
    }
}

impl Write for Blocked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.lock().unwrap().recv();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) fn target() -> Target {
    Target::new("jobs.yaml", "jobs.lock", Service::Real)
}

/// Nothing was spent.
pub(super) fn nothing_spent() -> Spent {
    let estimate = Estimate { amount: Decimal::ZERO, unit: "credits".into(), exact: false, prices: PriceTable::Maker };
    Spent { estimate, submits: 0, unknown: 0, runs: vec![], tags: Default::default(), months: Default::default() }
}

pub(super) fn job(id: &str) -> JobId {
    JobId::new(id).unwrap()
}

/// Returns an event, so many seconds after the start of the run.
pub(super) fn at(seconds: i64, event: Event) -> Stamped {
    let start: jiff::Timestamp = "2026-03-09T12:03:11Z".parse().unwrap();
    Stamped { event, time: start + jiff::SignedDuration::from_secs(seconds) }
}

pub(super) fn started(jobs: usize) -> Event {
    Event::RunStarted {
        version: 1,
        manifest: "jobs.yaml".to_owned(),
        lock: "jobs.lock".to_owned(),
        folder: ".".to_owned(),
        service: "https://cloud.baicaiinfer.com".to_owned(),
        jobs,
        concurrency: 4,
        estimate: None,
    }
}

pub(super) fn planned(id: &str, action: Action, reason: Reason) -> Event {
    Event::JobPlanned { job: job(id), digest: Digest(Sha256::of(b"")), action, reason, submitted_at: None }
}

pub(super) fn submitted(id: &str) -> Event {
    Event::Submitted {
        job: job(id),
        attempt: 1,
        task_id: TaskId::new("3524e0b3ba014b12ab1faf29f9f00000").unwrap(),
        price: None,
    }
}

pub(super) fn downloaded(id: &str, path: &str) -> Event {
    Event::Downloaded { job: job(id), path: path.to_owned(), sha256: Sha256::of(b"").to_string(), bytes: 1_843_200 }
}

pub(super) fn succeeded(id: &str) -> Event {
    Event::Succeeded { job: job(id), outputs: vec![format!("out/{id}-1.mp4")], asked: None }
}

pub(super) fn failed(id: &str, code: Cause, message: &str) -> Event {
    Event::Failed { job: job(id), error: JobError { code, message: message.to_owned() }, next: code.next() }
}

pub(super) fn uncertain(id: &str) -> Event {
    Event::Uncertain {
        job: job(id),
        message: "the connection broke after the request went out".to_owned(),
        task_id: None,
    }
}

pub(super) fn finished(summary: Summary, exit_code: u8) -> Event {
    Event::RunFinished { summary, exit_code, stopped: None }
}

/// Returns a run in which everything happens.
pub(super) fn a_run() -> Vec<Stamped> {
    let (text, bytes) = (str::to_owned, 120_000);
    let summary = Summary {
        succeeded: 1,
        kept: 1,
        failed: 1,
        uncertain: 2,
        left: 1,
        not_submitted: 1,
        at_service: 1,
        elsewhere: 0,
        submits: 3,
        uploads: 1,
        polls: 12,
        videos: 1,
        bytes: 1_843_200,
        published: 0,
        unpublished: 0,
        cost: Some(Cost {
            amount: Decimal::whole(60),
            uncertain: Decimal::whole(60),
            given_back: Decimal::ZERO,
            unit: text("credits"),
            exact: false,
            prices: PriceTable::Maker,
        }),
    };
    vec![
        at(0, started(6)),
        at(0, planned("park-walk", Action::Submit, Reason::New)),
        at(0, planned("close-up", Action::Submit, Reason::Changed)),
        at(0, planned("hill", Action::Submit, Reason::New)),
        at(0, planned("done", Action::Keep, Reason::Succeeded)),
        at(0, planned("old", Action::Hold, Reason::Uncertain)),
        at(0, planned("late", Action::Resume, Reason::InFlight)),
        at(1, Event::Uploading { job: job("park-walk"), path: text("refs/小狗\x1b[2J.png"), bytes }),
        at(2, Event::Submitting { job: job("park-walk"), attempt: 1 }),
        at(2, submitted("park-walk")),
        at(3, failed("close-up", Cause::Refused, "the prompt was refused by content moderation (HTTP 400, code 400)")),
        at(4, uncertain("hill")),
        at(5, Event::Polled { job: job("park-walk"), status: text("RUNNING"), progress: None }),
        at(20, Event::Retrying { job: Some(job("late")), call: Call::Status, message: text("HTTP 502"), pause: 2.5 }),
        at(25, Event::Throttled { message: text("the service says 503"), pause: 90.0 }),
        at(130, Event::Generated { job: job("park-walk"), seconds: Some(128.4) }),
        at(131, Event::Downloading { job: job("park-walk"), path: text("out/park-walk-1.mp4") }),
        at(132, downloaded("park-walk", "out/park-walk-1.mp4")),
        at(132, succeeded("park-walk")),
        at(150, failed("late", Cause::TimedOut, "not finished 30 min after its submit")),
        at(151, finished(summary, 3)),
    ]
}
