//! Clones of one project that share a ledger and a simulated service.

use crate::support::program::{Ended, Program, Started};
use crate::support::project::Project;
use crate::support::service::options;
use crate::support::setup::manifest_of;
use batch::simulate::{Options, Running, Simulator};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Budget, doubt and beat: short, so that a silent run is noticed while a test waits.
const FENCE: &str = "400 900 50";

/// The same for a ledger on a server, which may take a moment.
const FENCE_OF_SERVERS: &str = "6000 9000 100";

/// A ledger, a service, and clones of one project.
pub(crate) struct Team {
    pub(crate) ledger: tempfile::TempDir,
    pub(crate) service: Running,
    pub(crate) clones: Vec<Project>,
    fence: &'static str,
    environment: Vec<(String, String)>,
}

impl Team {
    pub(crate) fn new(jobs: usize, clones: usize, options: Options) -> Team {
        let ledger = tempfile::tempdir().unwrap();
        let url = format!("file://{}", ledger.path().join("trailer").display());
        Team { ledger, ..Team::at(&url, "300ms", jobs, clones, options).fenced(FENCE) }
    }

    /// The team of a ledger on a server.
    pub(crate) fn at(url: &str, patience: &str, jobs: usize, clones: usize, options: Options) -> Team {
        let run = format!("patience: {patience}, ledger: \"{url}\"");
        let manifest = manifest_of(jobs).replace("patience: 10ms", &run);
        let clones = (0..clones).map(|_| Project::new().with("jobs.yaml", &manifest)).collect();
        let (ledger, service) = (tempfile::tempdir().unwrap(), Simulator::spawn_thread(options).unwrap());
        Team { ledger, service, clones, fence: FENCE_OF_SERVERS, environment: Vec::new() }
    }

    /// The same with other times.
    pub(crate) fn fenced(self, fence: &'static str) -> Team {
        Team { fence, ..self }
    }

    pub(crate) fn fast(jobs: usize, clones: usize) -> Team {
        Team::new(jobs, clones, options(&[]))
    }

    /// The same with another setting of the run.
    pub(crate) fn set(self, setting: &str) -> Team {
        let (name, _) = setting.split_once(':').unwrap();
        for clone in &self.clones {
            let manifest = clone.read("jobs.yaml");
            let (head, run) = manifest.split_once("run: { ").unwrap();
            let (run, rest) = run.split_once('}').unwrap();
            let others = run.split(", ").filter(|other| other.split_once(':').is_none_or(|(other, _)| other != name));
            let settings: Vec<&str> = others.map(str::trim).chain([setting]).collect();
            clone.write("jobs.yaml", format!("{head}run: {{ {} }}{rest}", settings.join(", ")));
        }
        self
    }

    /// The same where each job costs 1.
    pub(crate) fn priced(self) -> Team {
        const PRICES: &str = "prices: { unit: CNY, table: [{ resolution: 360p, duration: 5, price: 1 }] }\n";
        for clone in &self.clones {
            clone.write("jobs.yaml", clone.read("jobs.yaml") + PRICES);
        }
        self
    }

    /// The same with a variable in the environment of its commands.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Team {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn batch<'a>(&self, clone: usize, arguments: impl IntoIterator<Item = &'a str>) -> Program {
        let batch =
            self.clones[clone].batch(arguments).against(&self.service.base_url()).env("BATCH_FENCE", self.fence);
        self.environment.iter().fold(batch, |batch, (name, value)| batch.env(name, value))
    }

    pub(crate) fn run(&self, clone: usize) -> Ended {
        self.batch(clone, ["run"]).run()
    }

    /// A run in which something happens at a step.
    pub(crate) fn run_with(&self, clone: usize, fault: &str) -> Started {
        self.batch(clone, ["run"]).env("BATCH_FAULT", fault).start()
    }

    pub(crate) fn charges(&self) -> u64 {
        self.service.account().charges()
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.ledger.path().join("trailer")
    }

    /// No job is paid twice, and what is paid is known.
    pub(crate) fn paid_once(&self, context: &str) {
        for (prompt, charges) in self.service.account().books().charges_by_prompt {
            assert!(charges <= 1, "{context}: {prompt} is paid {charges} times");
        }
    }

    /// Checks that each job is bought once or uncertain, and that every task id is in the ledger, as a clone sees it.
    pub(crate) fn outcome(&self, clone: usize, context: &str) -> Outcome {
        self.paid_once(context);
        self.batch(clone, ["lock", "pull"]).run().exits(0);
        let (lock, books) = (self.clones[clone].read("jobs.lock"), self.service.account().books());
        let lost = books.tasks.iter().filter(|task| !lock.contains(*task)).count() as u64;
        let status = self.batch(clone, ["status", "--format", "json"]).run().exits(0).json();
        let count = |name: &str| status["summary"][name].as_u64().unwrap_or(0);
        let (succeeded, uncertain) = (count("succeeded"), count("uncertain"));
        assert!(lost <= uncertain, "{context}: {lost} task ids are lost: {status}");
        let jobs = status["jobs"].as_array().map_or(0, Vec::len) as u64;
        assert_eq!(succeeded + uncertain, jobs, "{context}: {status}");
        assert_eq!(succeeded + lost, books.charges, "{context}: {status}");
        Outcome { charges: books.charges, uncertain }
    }
}

/// What came of disturbed runs and those that followed.
pub(crate) struct Outcome {
    pub(crate) charges: u64,
    pub(crate) uncertain: u64,
}

/// Waits until a process has stopped itself.
pub(crate) fn until_stopped(process: &Started) {
    assert!(stops(process), "it ended, and never stopped");
}

/// Waits until a process has stopped itself or ended; whether it stopped.
pub(crate) fn stops(process: &Started) -> bool {
    let stat = format!("/proc/{}/stat", process.id());
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    loop {
        let state = fs::read_to_string(&stat).unwrap_or_default();
        match state.rsplit(") ").next().and_then(|rest| rest.chars().next()) {
            Some('T') => return true,
            None | Some('Z') => return false,
            _ => assert!(std::time::Instant::now() < deadline, "it neither stopped nor ended: {state}"),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}
