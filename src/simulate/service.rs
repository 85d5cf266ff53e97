//! The service's five calls: from the request to the right reply.

use super::account::Account;
use super::asked::Asked;
use super::check::Submit;
use super::dice::Dice;
use super::fault::{Action, Alteration, Fault};
use super::options::Options;
use super::reply::Reply;
use super::signature::Pass;
use super::task::{Outcome, State, Task, milliseconds};
use super::video::Video;
use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, HeaderMap};
use hyper::http::request::Parts;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, PoisonError};

/// The service as it should behave.
#[derive(Debug)]
pub(super) struct Service {
    options: Options,
    address: SocketAddr,
    account: Account,
    tasks: AtomicU16,
    /// The prompts of tasks by their ids, if a fault needs them.
    prompts: Option<Mutex<HashMap<String, String>>>,
}

impl Service {
    pub(super) fn new(options: Options, faults: &[Fault], address: SocketAddr) -> Service {
        let account = Account::new(options.record);
        let prompts = faults.iter().any(Fault::needs_prompts).then(Mutex::default);
        Service { options, address, account, tasks: AtomicU16::new(0), prompts }
    }

    pub(super) fn account(&self) -> &Account {
        &self.account
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    pub(super) fn now(&self) -> Timestamp {
        self.options.clock.now()
    }

    pub(super) fn dice(&self) -> Dice {
        Dice { seed: self.options.seed }
    }

    /// Returns the prompt of a task, if it is stored.
    pub(super) fn prompt(&self, task: &str) -> Option<String> {
        let prompts = self.prompts.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        prompts.get(task).cloned()
    }

    /// Returns the reply to a request; `action` may decide how a task ends, or how long a URL is valid.
    pub(super) fn answer(&self, asked: &Asked<'_>, head: &Parts, action: Option<&Action>) -> Reply {
        let now = self.now();
        if let Asked::Download(task, number) = asked {
            return self.download(task, number, head, now);
        }
        if !self.admits(&head.headers) {
            return Reply::failure(StatusCode::UNAUTHORIZED, "the key is missing or wrong", now);
        }
        match asked {
            Asked::Submit(Ok(submit)) => self.submit(submit, action, now),
            Asked::Upload(Ok(upload)) => {
                self.account.uploaded(upload.sha256);
                Reply::success("success", json!({ "fullPath": upload.url() }), now)
            }
            Asked::Submit(Err(message)) | Asked::Upload(Err(message)) => {
                Reply::failure(StatusCode::BAD_REQUEST, message, now)
            }
            Asked::Status(id) => status(id, now),
            Asked::Result(id) => self.result(id, action, now),
            Asked::Download(..) => unreachable!("replied to above"),
        }
    }

    fn admits(&self, headers: &HeaderMap) -> bool {
        let Some(key) = &self.options.key else { return true };
        let sent = headers.get(AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        sent == Some(key.expose().as_bytes())
    }

    fn submit(&self, submit: &Submit, action: Option<&Action>, now: Timestamp) -> Reply {
        let wanted = match submit.check() {
            Ok(wanted) => wanted,
            Err(message) => return Reply::failure(StatusCode::BAD_REQUEST, &message, now),
        };
        let content = submit.hash.bytes();
        let latency = self.options.latency.at(self.dice().roll("latency", content));
        let fails = self.dice().hits(self.options.failure_rate, "failure", content);
        let mut task = Task {
            accepted: milliseconds(now),
            takes: u32::try_from(latency.as_millis()).unwrap_or(Task::NEVER),
            resolution: wanted.resolution,
            duration: wanted.duration,
            videos: wanted.videos,
            outcome: if fails { Outcome::Failed } else { Outcome::Completed },
            number: self.tasks.fetch_add(1, Ordering::Relaxed),
        };
        match action {
            Some(Action::Ends(Some(outcome))) => task.outcome = *outcome,
            Some(Action::Ends(None)) => task.takes = Task::NEVER,
            _ => {}
        }
        let id = task.id();
        self.account.charge(submit.hash, wanted.prompt, &task, &id);
        if let Some(prompts) = &self.prompts {
            let mut prompts = prompts.lock().unwrap_or_else(PoisonError::into_inner);
            prompts.insert(id.clone(), wanted.prompt.to_owned());
        }
        Reply::success("任务提交成功", json!({ "taskId": id }), now)
    }

    fn result(&self, id: &str, action: Option<&Action>, now: Timestamp) -> Reply {
        let Some(task) = Task::from_id(id) else { return unknown(id, now) };
        match task.state(now) {
            State::Ended(Outcome::Completed) => {}
            State::Ended(outcome) => return Reply::failure(StatusCode::BAD_REQUEST, outcome.message(), now),
            State::Pending | State::Running(_) => {
                return Reply::failure(StatusCode::BAD_REQUEST, "the task is not finished", now);
            }
        }
        let (after, gone) = match action {
            Some(Action::Alter(Alteration::Expires { after, status })) => (*after, *status),
            _ => (self.options.url_lifetime, StatusCode::FORBIDDEN),
        };
        let expires = milliseconds(now).saturating_add(u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
        let url = |number| {
            let path = format!("/videos/{id}/{number}.mp4");
            let query = Pass { expires, gone }.query(&path);
            Value::from(format!("http://{}{path}?{query}", self.address))
        };
        Reply::success("success", json!({ "urls": (1..=task.videos).map(url).collect::<Vec<_>>() }), now)
    }

    /// Returns the reply of the storage, which is separate from the service and knows no envelope.
    fn download(&self, id: &str, number: &str, head: &Parts, now: Timestamp) -> Reply {
        if head.headers.contains_key(AUTHORIZATION) {
            self.account.key_on_download();
            return Reply::text(StatusCode::BAD_REQUEST, "a signed URL takes no Authorization header");
        }
        match Pass::read(head.uri.path(), head.uri.query().unwrap_or_default()) {
            None => return Reply::text(StatusCode::FORBIDDEN, "the URL is not signed"),
            Some(pass) if pass.expires <= milliseconds(now) => return Reply::text(pass.gone, "the URL has expired"),
            Some(_) => {}
        }
        let task = Task::from_id(id).filter(|task| task.state(now) == State::Ended(Outcome::Completed));
        let number = number.parse::<u8>().ok();
        match task.zip(number) {
            Some((task, number)) if (1..=task.videos).contains(&number) => {
                Video::of(&task, number).reply(&head.headers)
            }
            _ => Reply::text(StatusCode::NOT_FOUND, "there is no such video"),
        }
    }
}

fn status(id: &str, now: Timestamp) -> Reply {
    let Some(task) = Task::from_id(id) else { return unknown(id, now) };
    let (word, progress, message) = match task.state(now) {
        State::Pending => ("PENDING", 0, "success"),
        State::Running(percent) => ("RUNNING", percent, "success"),
        State::Ended(outcome) => (outcome.word(), 100, outcome.message()),
    };
    Reply::success(message, json!([{ "status": word, "progress": format!("{progress}%") }]), now)
}

fn unknown(id: &str, now: Timestamp) -> Reply {
    Reply::failure(StatusCode::NOT_FOUND, &format!("there is no task {id}"), now)
}

impl Outcome {
    /// Returns the service's word for it.
    fn word(self) -> &'static str {
        match self {
            Outcome::Completed => "COMPLETED",
            Outcome::Failed | Outcome::Moderated => "FAILED",
            Outcome::Canceled => "CANCELED",
        }
    }

    fn message(self) -> &'static str {
        match self {
            Outcome::Completed => "success",
            Outcome::Failed => "the generation failed (simulated)",
            Outcome::Moderated => {
                "the content contains inappropriate information and does not pass the review (simulated)"
            }
            Outcome::Canceled => "the generation was canceled (simulated)",
        }
    }
}
