//! One job, or a few, against a service that misbehaves.

use crate::support::cases::each;
use crate::support::program::Ended;
use crate::support::project::Project;
use crate::support::service::options;
use batch::simulate::{Account, Call, Options, Request, Running, Simulator};
use serde_json::Value;
use std::sync::Mutex;

/// A project with a manifest, and a service that misbehaves.
pub(super) struct Bench {
    pub(super) project: Project,
    pub(super) simulator: Running,
}

impl Bench {
    /// One job, `walk`, and these faults.
    pub(super) fn new(faults: &[&str]) -> Bench {
        Bench::with(options(faults), "", &["walk"])
    }

    /// These jobs, with more settings under `run:`.
    pub(super) fn with(options: Options, run: &str, jobs: &[&str]) -> Bench {
        let project = Project::new().with("jobs.yaml", manifest(run, jobs));
        Bench { project, simulator: Simulator::spawn_thread(options).unwrap() }
    }

    /// `batch run`, with its events on standard output.
    pub(super) fn run(&self) -> Ended {
        self.run_with(&[])
    }

    /// `batch run` with more arguments.
    pub(super) fn run_with(&self, arguments: &[&str]) -> Ended {
        let all = ["run", "--progress", "json"].iter().chain(arguments);
        self.project.batch(all).against(&self.simulator.base_url()).run()
    }

    pub(super) fn account(&self) -> Account {
        self.simulator.account()
    }

    /// What the job with this id came to, as `batch status` has it.
    pub(super) fn job(&self, id: &str) -> Value {
        let status = self.project.batch(["status", "--format", "json"]).run().exits(0).json();
        let found = status["jobs"].as_array().unwrap().iter().find(|job| job["id"] == id).cloned();
        found.unwrap_or_else(|| panic!("no {id} in {status}"))
    }

    /// What the only job came to, by a run that ended so.
    pub(super) fn end(&self, ended: &Ended) -> End {
        let status = self.job("walk")["status"].as_str().unwrap().to_owned();
        let account = self.account();
        End { exit: ended.code(), status, charges: account.charges(), submits: account.calls(Call::Submit) }
    }

    /// The requests of one call, in the order of their arrival.
    pub(super) fn requests(&self, call: Call) -> Vec<Request> {
        requests(&self.account(), call)
    }
}

/// What a run came to: exit code and state from the program, charges and submits from the server.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) exit: i32,
    pub(super) status: String,
    pub(super) charges: u64,
    pub(super) submits: u64,
}

/// What a run should come to.
pub(super) fn end(exit: i32, status: &str, charges: u64, submits: u64) -> End {
    End { exit, status: status.to_owned(), charges, submits }
}

/// The requests of one call, in the order of their arrival.
pub(super) fn requests(account: &Account, call: Call) -> Vec<Request> {
    account.requests().into_iter().filter(|request| request.call == Some(call)).collect()
}

/// Seconds between one request and the next.
pub(super) fn gaps(requests: &[Request]) -> Vec<f64> {
    requests.windows(2).map(|pair| pair[1].at.duration_since(pair[0].at).as_secs_f64()).collect()
}

/// A manifest of jobs with these ids, whose prompts have the id in them.
pub(super) fn manifest(run: &str, jobs: &[&str]) -> String {
    let mut text = String::from(
        "version: 1\n\
         defaults: { resolution: 360p, duration: 5 }\n\
         references:\n  dog: { type: subject, urls: [\"https://images.example.com/dog.png\"] }\n",
    );
    let poll = if run.contains("poll_interval") { "" } else { "poll_interval: 50ms, " };
    text += &format!("run: {{ {poll}{run} }}\njobs:\n").replace(", }", " }");
    for id in jobs {
        text += &format!("  - {{ id: {id}, prompt: \"@dog does the {id}\" }}\n");
    }
    text
}

/// Events of one kind.
pub(super) fn events<'e>(events: &'e [Value], kind: &str) -> Vec<&'e Value> {
    events.iter().filter(|event| event["event"] == kind).collect()
}

/// Holds every case of a table to its `check`, several at a time, and names all that fail.
pub(super) fn table<C: Sync + std::fmt::Debug>(cases: &[C], check: impl Fn(&C) -> Result<(), String> + Sync) {
    let failed = Mutex::new(Vec::new());
    each(cases, |case| {
        if let Err(why) = check(case) {
            failed.lock().unwrap().push(format!("{case:?}: {why}"));
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of {} cases:\n{}", failed.len(), cases.len(), failed.join("\n"));
}

/// For [`table`]: whether `found` is as `wanted`.
pub(super) fn same<T: PartialEq + std::fmt::Debug>(found: &T, wanted: &T, beside: &Ended) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("{found:?} is not {wanted:?}\n{beside:?}")) }
}
