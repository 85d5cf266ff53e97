//! A project with a manifest, and a simulated service that it is run against.

use super::program::{Ended, Program};
use super::project::Project;
use super::service::options;
use batch::simulate::{Call, Options, Request, Running, Simulator};
use serde_json::Value;

/// The manifest, at the places that every test needs.
pub(crate) const MANIFEST: &str = "jobs.yaml";

/// The lock beside it.
pub(crate) const LOCK: &str = "jobs.lock";

/// A manifest of these jobs, an id and a prompt each, that asks often; the library has a `@dog` and a `@cat`.
pub(crate) fn manifest(jobs: &[(&str, &str)]) -> String {
    let job = |(id, prompt): &(&str, &str)| format!("  - {{ id: {id}, prompt: \"{prompt}\" }}\n");
    let jobs: String = jobs.iter().map(job).collect();
    format!(
        "version: 1
run: {{ poll_interval: 10ms, patience: 10ms }}
references:
  dog: {{ type: subject, urls: [\"https://images.example.com/dog.png\"] }}
  cat: {{ type: subject, urls: [\"https://images.example.com/cat.png\"] }}
defaults: {{ resolution: 360p, duration: 5 }}
jobs:
{jobs}"
    )
}

/// The manifest of the jobs `j1` to `j{count}`, all different.
pub(crate) fn manifest_of(count: usize) -> String {
    let jobs: Vec<_> = (1..=count).map(|n| (format!("j{n}"), format!("@dog runs {n} times"))).collect();
    manifest(&jobs.iter().map(|(id, prompt)| (id.as_str(), prompt.as_str())).collect::<Vec<_>>())
}

/// A project and its service.
pub(crate) struct Setup {
    pub(crate) project: Project,
    pub(crate) service: Running,
}

impl Setup {
    /// A project with this `jobs.yaml`, and a service with these faults.
    pub(crate) fn new(manifest: &str, faults: &[&str]) -> Setup {
        Setup::with(manifest, options(faults))
    }

    /// A project with this `jobs.yaml`, and a service with these options.
    pub(crate) fn with(manifest: &str, options: Options) -> Setup {
        let project = Project::new().with(MANIFEST, manifest);
        Setup { project, service: Simulator::spawn_thread(options).unwrap() }
    }

    /// `batch run` with these arguments besides, against the service.
    pub(crate) fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Ended {
        self.running(arguments).run()
    }

    /// `batch run`, not started yet.
    pub(crate) fn running<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Program {
        self.project.batch(["run"].into_iter().chain(arguments)).against(&self.service.base_url())
    }

    /// Any command, without a key: it sends nothing.
    pub(crate) fn batch<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Ended {
        self.project.batch(arguments).env("BAICAI_BASE_URL", &self.service.base_url()).run()
    }

    /// The requests of one call, in the order of their arrival.
    pub(crate) fn requests(&self, call: Call) -> Vec<Request> {
        let all = self.service.account().requests();
        all.into_iter().filter(|request| request.call == Some(call)).collect()
    }

    /// How many requests came in all.
    pub(crate) fn calls(&self) -> usize {
        self.service.account().requests().len()
    }

    /// How many submits made a task.
    pub(crate) fn charges(&self) -> u64 {
        self.service.account().charges()
    }

    /// The bodies of all submits, in the order of their arrival.
    pub(crate) fn submits(&self) -> Vec<Value> {
        self.requests(Call::Submit).iter().map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
    }

    /// The prompts of all submits, in the order of their arrival.
    pub(crate) fn prompts(&self) -> Vec<String> {
        self.submits().iter().map(|body| body["input"]["prompt"].as_str().unwrap().to_owned()).collect()
    }
}
