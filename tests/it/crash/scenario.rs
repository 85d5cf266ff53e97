//! The manifest that is run, killed and run again; the service that keeps the books; and what must hold at the end.

use super::record::{Journal, Lock};
use crate::support::image;
use crate::support::program::{Ended, Program};
use crate::support::project::Project;
use crate::support::service::{options, simulator};
use batch::base::digest::Sha256;
use batch::simulate::{Books, Latency, Options, Running, Simulator};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

/// One job of each kind: the id, which is also a word of its prompt, and the status in which it ends undisturbed.
pub(super) const KINDS: [(&str, &str); 6] = [
    ("walk", "succeeded"),
    ("trio", "succeeded"),  // three videos
    ("busy", "succeeded"),  // refused for now at first
    ("stumble", "failed"),  // the service gives up
    ("ghost", "uncertain"), // charged, and its answer never comes
    ("rude", "refused"),    // refused for good
];

const FAULTS: [&str; 4] =
    ["submit:429@1~busy", "submit:fail~stumble", "submit:reset(charged)~ghost", "submit:400(envelope)~rude"];

/// A project, and its service with books that outlive every process.
pub(super) struct Scenario {
    pub(super) project: Project,
    pub(super) service: Running,
    /// The jobs, with the status in which each ends undisturbed.
    pub(super) jobs: Vec<(String, &'static str)>,
}

impl Scenario {
    /// One job of each kind.
    pub(super) fn of_all_kinds() -> Scenario {
        Scenario::new(1, 3)
    }

    /// `rounds` jobs of each kind, so many of them in flight at most.
    pub(super) fn new(rounds: usize, concurrency: usize) -> Scenario {
        let mut jobs = Vec::new();
        let mut manifest = format!("version: 1\nrun: {{ concurrency: {concurrency}, poll_interval: 1s }}\n");
        manifest.push_str(
            "references:\n  dog: { type: subject, urls: [refs/dog.png] }\n  \
             hill: { type: background, urls: [refs/hill.png] }\n\
             defaults: { resolution: 360p, duration: 5 }\njobs:\n",
        );
        for round in 0..rounds {
            for (kind, end) in KINDS {
                let id = if rounds == 1 { kind.to_owned() } else { format!("{kind}-{round}") };
                let videos = if kind == "trio" { "\n    number_of_videos: 3" } else { "" };
                let hill = if kind == "walk" { " on the @hill" } else { "" };
                manifest.push_str(&format!("  - id: {id}\n    prompt: \"@dog {id}{hill}\"{videos}\n"));
                jobs.push((id, end));
            }
        }
        let project = Project::new()
            .with("jobs.yaml", manifest)
            .with("refs/dog.png", image::png(320, 180, "dog"))
            .with("refs/hill.png", image::png(320, 180, "hill"));
        Scenario { project, service: simulator(&FAULTS), jobs }
    }

    /// One job of each kind, two in flight at most, at a service that takes its time.
    pub(super) fn slow() -> Scenario {
        let latency = Latency::fixed(Duration::from_millis(1200));
        let mut scenario = Scenario::new(1, 2);
        scenario.service = Simulator::spawn_thread(Options { latency, ..options(&FAULTS) }).unwrap();
        scenario
    }

    /// Many jobs, at a service that charges at once and answers after a while: a kill often falls between the two.
    pub(super) fn hesitant(rounds: usize) -> Scenario {
        let faults: Vec<&str> = FAULTS.into_iter().chain(["submit:delay(120ms)"]).collect();
        let mut scenario = Scenario::new(rounds, 8);
        scenario.service = simulator(&faults);
        scenario
    }

    /// `batch run`; what the service failed is left, so that each job is worth one charge at most.
    pub(super) fn run(&self) -> Program {
        self.run_with(["--progress", "none"])
    }

    /// The same, with other options.
    pub(super) fn run_with<const N: usize>(&self, options: [&str; N]) -> Program {
        let arguments = ["run", "--keep-failed"].into_iter().chain(options);
        self.project.batch(arguments).against(&self.service.base_url())
    }

    /// Runs with a fault; the process must have been killed by it.
    pub(super) fn killed_at(&self, point: &str, time: u32) -> Ended {
        let ended = self.run().env("BATCH_FAULT", &format!("kill {point} {time}")).run();
        assert_eq!(ended.killed_by(), Some(9), "{point} {time}: {ended:?}");
        ended
    }

    /// What the journal says now; nothing where there is none.
    pub(super) fn journal(&self) -> Journal {
        Journal::read(&fs::read(self.project.path("jobs.lock.journal")).unwrap_or_default())
    }

    /// What the lock says now; nothing where there is none.
    pub(super) fn lock(&self) -> Lock {
        Lock::read(&fs::read_to_string(self.project.path("jobs.lock")).unwrap_or_default())
    }

    pub(super) fn books(&self) -> Books {
        self.service.account().books()
    }

    /// The charges for each job.
    pub(super) fn charges(&self) -> BTreeMap<String, u64> {
        let books = self.books();
        let of = |id: &str| {
            let mine = books.charges_by_prompt.iter().filter(|(prompt, _)| prompt.split(' ').nth(1) == Some(id));
            mine.map(|(_, charges)| charges).sum()
        };
        self.jobs.iter().map(|(id, _)| (id.clone(), of(id))).collect()
    }

    /// Runs on to the end, and once more, which must do nothing; checks all that was promised.
    ///
    /// `open` are the jobs whose submit was out, and whose answer was not on record, when a process was killed: they alone may be
    /// uncertain, and are.
    pub(super) fn finish(&self, open: &BTreeSet<String>, context: &str) {
        let ended = self.run().run();
        assert_eq!(ended.code(), 3, "{context}: the ghost is uncertain: {ended:?}");
        self.check(open, context);
        let (lock, books) = (self.project.read("jobs.lock"), self.books());
        let again = self.run().run();
        assert_eq!(again.code(), 3, "{context}: {again:?}");
        assert_eq!(self.project.read("jobs.lock"), lock, "{context}: a second run changes nothing");
        assert_eq!(self.books(), books, "{context}: a second run asks for nothing");
    }

    /// Checks charges, records and files of a project that is done.
    pub(super) fn check(&self, open: &BTreeSet<String>, context: &str) {
        let (lock, charges) = (self.lock(), self.charges());
        for (id, end) in &self.jobs {
            let expected = if open.contains(id) { "uncertain" } else { end };
            let found = lock.jobs.get(id).unwrap_or_else(|| panic!("{context}: {id} has no record"));
            assert_eq!(found.status, expected, "{context}: {id}");
            let least = u64::from(matches!(expected, "succeeded" | "failed"));
            assert!((least..=1).contains(&charges[id]), "{context}: {id} was charged {} times", charges[id]);
            assert_eq!(found.outputs.len(), if expected == "succeeded" { videos(id) } else { 0 }, "{context}: {id}");
        }
        assert_eq!(lock.jobs.len(), self.jobs.len(), "{context}: no other job is in the lock");
        self.check_tasks(&lock, &charges, context);
        self.check_files(&lock, context);
    }

    /// Every task that was charged is in the lock, but for those whose answer was never read: their jobs are uncertain.
    fn check_tasks(&self, lock: &Lock, charges: &BTreeMap<String, u64>, context: &str) {
        let tasks = self.books().tasks;
        let known: BTreeSet<&String> = lock.jobs.values().filter_map(|job| job.task.as_ref()).collect();
        let lost = tasks.iter().filter(|task| !known.contains(task)).count() as u64;
        let uncertain = |id: &String| lock.jobs[id].status == "uncertain";
        let unread: u64 = charges.iter().filter(|(id, _)| uncertain(id)).map(|(_, charges)| charges).sum();
        assert_eq!(lost, unread, "{context}: task ids are lost");
        assert!(known.iter().all(|task| tasks.contains(task)), "{context}: task ids from nowhere");
    }

    /// Every video is there with its hash, and nothing else: no journal, no temporary file.
    pub(super) fn check_files(&self, lock: &Lock, context: &str) {
        let mut expected: Vec<&String> = Vec::new();
        for (path, sha256) in lock.jobs.values().flat_map(|job| &job.outputs) {
            let hash = Sha256::of_file(&self.project.path(path)).unwrap_or_else(|e| panic!("{context}: {path}: {e}"));
            assert_eq!(&hash.to_string(), sha256, "{context}: {path}");
            expected.push(path);
        }
        expected.sort();
        let (videos, others): (Vec<_>, Vec<_>) =
            self.project.files(".").into_iter().partition(|path| path.starts_with("out/"));
        assert!(videos.iter().eq(expected), "{context}: {videos:?}");
        assert_eq!(others, ["jobs.lock", "jobs.yaml", "refs/dog.png", "refs/hill.png"], "{context}");
    }
}

fn videos(id: &str) -> usize {
    if id.starts_with("trio") { 3 } else { 1 }
}
