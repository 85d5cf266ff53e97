//! Edits, undone edits, renames and swaps: what is paid follows its digest, and no file is renamed over another.

use super::*;
use crate::base::decimal::Decimal;
use crate::base::digest::Sha256;
use crate::base::folder::Folder;
use crate::ledger::PurchaseId;
use crate::ledger::entry::Step;
use crate::ledger::record::Output;
use crate::manifest::sample;
use crate::service::names::{Digest, TaskId};
use jiff::Timestamp;

/// A project of jobs, each an id with a prompt; and a ledger that goes along.
struct Project {
    temp: tempfile::TempDir,
    book: Book,
}

pub(super) fn job(id: &str, prompt: &str) -> Job {
    let dog = sample::reference("dog", &["https://images.example.com/dog.png"]);
    sample::job(id, sample::generation(&format!("@dog {prompt}"), vec![dog]))
}

/// The manifest of these jobs, in this folder.
pub(super) fn manifest_of(folder: &std::path::Path, jobs: &[(&str, &str)]) -> Manifest {
    let jobs = jobs.iter().map(|(id, prompt)| job(id, prompt)).collect();
    Manifest { folder: Folder::open(folder).unwrap(), ..sample::manifest(jobs) }
}

impl Project {
    fn new() -> Project {
        let temp = tempfile::tempdir().unwrap();
        std::fs::create_dir(temp.path().join("out")).unwrap();
        Project { temp, book: Book::default() }
    }

    fn plan(&self, jobs: &[(&str, &str)], choice: &Choice) -> Plan {
        plan(&manifest_of(self.temp.path(), jobs), &self.book, choice)
    }

    /// Runs a manifest to its end: moves first, then everything succeeds. Gives what was done to each job.
    fn run(&mut self, jobs: &[(&str, &str)]) -> Vec<(Action, Reason)> {
        let plan = self.plan(jobs, &Choice::default());
        for to in &plan.moves {
            self.rename(to);
        }
        for step in plan.steps.iter().filter(|step| step.action == Action::Submit) {
            self.buy(&job(jobs[step.job].0, jobs[step.job].1), step.attempt, true);
        }
        plan.steps.iter().map(|step| (step.action, step.reason)).collect()
    }

    fn rename(&mut self, to: &Move) {
        let record = self.book.get(&to.key).unwrap().clone();
        for output in record.stage.outputs() {
            let destination = self.temp.path().join(to.name.path(output.number));
            assert!(!destination.exists(), "{} would be overwritten", destination.display());
            std::fs::rename(self.temp.path().join(&output.path), destination).unwrap();
        }
        let Move { key, to: job, name } = to.clone();
        let step = Step::Moved { job, name, at: Timestamp::UNIX_EPOCH };
        let all: Vec<_> = self.book.history(&key).map(|purchase| purchase.id).collect();
        all.into_iter().for_each(|id| self.book.record(id, [step.clone()]));
    }

    /// Submits a job; with `finish` its video comes too.
    fn buy(&mut self, job: &Job, attempt: u32, finish: bool) {
        let key = Key { job: job.id.clone(), digest: job.digest };
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        let task = TaskId::new(&format!("task-{}-{attempt}", job.digest.short())).unwrap();
        let id = PurchaseId::for_test(&key, attempt);
        let submitting = Step::Submitting {
            job: key.job,
            digest: key.digest,
            parts: job.generation.parts(1),
            videos: 1,
            name: job.name.clone(),
            service: "s".into(),
            manifest: None,
            at,
        };
        self.book.record(id, [submitting, Step::Submitted { task, at }]);
        if !finish {
            return;
        }
        let (path, content) = (job.name.path(1), job.digest.to_string());
        std::fs::write(self.temp.path().join(&path), &content).unwrap();
        let (sha256, bytes) = (Sha256::of(content.as_bytes()), content.len() as u64);
        let output = Output { number: 1, path, sha256, bytes, source: None, published: Default::default() };
        self.book.record(id, [Step::Generated { at }, Step::Downloaded { output }, Step::Succeeded]);
    }

    fn digest_in(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.temp.path().join(path)).ok()
    }
}

const NEW: (Action, Reason) = (Action::Submit, Reason::New);
const CHANGED: (Action, Reason) = (Action::Submit, Reason::Changed);
const KEPT: (Action, Reason) = (Action::Keep, Reason::Succeeded);
const RENAMED: (Action, Reason) = (Action::Keep, Reason::Renamed);
const TAKEN_BACK: (Action, Reason) = (Action::Keep, Reason::TakenBack);

fn content(id: &str, prompt: &str) -> Option<String> {
    Some(job(id, prompt).digest.to_string())
}

#[test]
fn a_rerun_does_nothing() {
    let mut project = Project::new();
    assert_eq!(project.run(&[("a", "one"), ("b", "two")]), [NEW, NEW]);
    assert_eq!(project.run(&[("b", "two"), ("a", "one")]), [KEPT, KEPT]);
    assert!(project.plan(&[("a", "one")], &Choice::default()).is_idle());
}

#[test]
fn an_edited_job_is_bought_anew_and_an_undone_edit_is_not() {
    let mut project = Project::new();
    project.run(&[("a", "one")]);
    let plan = project.plan(&[("a", "two")], &Choice::default());
    assert_eq!(plan.steps[0].changed, ["prompt"]);
    assert_eq!(project.run(&[("a", "two")]), [CHANGED]);
    let aside = job("a", "one").name.superseded(&job("a", "one").digest).path(1);
    assert_eq!(project.digest_in(&aside), content("a", "one"), "the paid video is kept");
    assert_eq!(project.digest_in("out/a-1.mp4"), content("a", "two"));

    assert_eq!(project.run(&[("a", "one")]), [TAKEN_BACK]);
    assert_eq!(project.digest_in("out/a-1.mp4"), content("a", "one"));
    assert_eq!(project.run(&[("a", "two")]), [TAKEN_BACK], "and back again");
    assert_eq!(project.book.records().filter(|record| record.is_superseded()).count(), 1);
}

#[test]
fn a_rename_costs_nothing_and_its_files_go_along() {
    let mut project = Project::new();
    project.run(&[("a", "one")]);
    assert_eq!(project.run(&[("b", "one")]), [RENAMED]);
    assert_eq!((project.digest_in("out/a-1.mp4"), project.digest_in("out/b-1.mp4")), (None, content("b", "one")));
    assert_eq!(project.book.records().count(), 1);
}

#[test]
fn swapped_and_rotated_ids_cost_nothing() {
    let mut project = Project::new();
    project.run(&[("a", "one"), ("b", "two"), ("c", "three")]);
    assert_eq!(project.run(&[("a", "two"), ("b", "one"), ("c", "three")]), [RENAMED, RENAMED, KEPT]);
    assert_eq!(project.digest_in("out/a-1.mp4"), content("a", "two"));
    assert_eq!(project.digest_in("out/b-1.mp4"), content("b", "one"));
    assert_eq!(project.run(&[("b", "two"), ("c", "one"), ("d", "three")]), [RENAMED, RENAMED, RENAMED]);
    assert_eq!(project.digest_in("out/d-1.mp4"), content("d", "three"));
    assert_eq!(project.digest_in("out/a-1.mp4"), None);
    assert!(project.plan(&[("b", "two"), ("c", "one"), ("d", "three")], &Choice::default()).is_idle());
}

#[test]
fn a_job_with_the_digest_that_another_gave_up_takes_its_record() {
    let mut project = Project::new();
    project.run(&[("a", "one")]);
    assert_eq!(project.run(&[("a", "two"), ("b", "one")]), [CHANGED, RENAMED]);
    assert_eq!(project.digest_in("out/b-1.mp4"), content("b", "one"));
    assert_eq!(project.digest_in("out/a-1.mp4"), content("a", "two"));
}

#[test]
fn twins_are_two_purchases() {
    let mut project = Project::new();
    assert_eq!(project.run(&[("a", "one"), ("b", "one")]), [NEW, NEW]);
    assert_eq!(project.run(&[("a", "one"), ("b", "one")]), [KEPT, KEPT]);
}

#[test]
fn what_is_in_flight_of_an_edited_or_removed_job_is_still_collected() {
    let mut project = Project::new();
    project.buy(&job("a", "one"), 1, false);
    project.buy(&job("gone", "three"), 1, false);
    let plan = project.plan(&[("a", "two")], &Choice::default());
    let mut strays: Vec<_> =
        plan.strays.iter().map(|Stray { record, .. }| (record.key.job.as_str(), record.name.pattern())).collect();
    strays.sort_unstable();
    let aside = job("a", "one").name.superseded(&job("a", "one").digest);
    assert_eq!(strays, [("a", aside.pattern()), ("gone", "out/gone-{n}.mp4")]);
    assert_eq!(plan.removed, [JobId::new("gone").unwrap()]);
}

#[test]
fn a_missing_video_is_fetched_again_whether_or_not_a_job_asks_for_it() {
    let mut project = Project::new();
    project.run(&[("a", "one"), ("gone", "three")]);
    project.run(&[("a", "two")]);
    assert!(project.plan(&[("a", "two")], &Choice::default()).is_idle());
    let before = job("a", "one");
    for name in [before.name.superseded(&before.digest), job("gone", "three").name] {
        std::fs::remove_file(project.temp.path().join(name.path(1))).unwrap();
    }
    let strays = |prune| {
        let plan = project.plan(&[("a", "two")], &Choice { prune, ..Choice::default() });
        let stray = |stray: &Stray| (stray.record.key.job.to_string(), stray.action, stray.reason);
        plan.strays.iter().map(stray).collect::<Vec<_>>()
    };
    let superseded = ("a".to_owned(), Action::Download, Reason::Superseded);
    let removed = ("gone".to_owned(), Action::Download, Reason::Removed);
    assert_eq!(strays(false), [superseded.clone(), removed]);
    assert_eq!(strays(true), [superseded], "what is dropped isn't fetched");
}

#[test]
fn pruning_drops_what_is_finished_and_left_the_manifest() {
    let mut project = Project::new();
    project.run(&[("a", "one"), ("b", "two")]);
    project.buy(&job("flying", "three"), 1, false);
    let prune = Choice { prune: true, ..Choice::default() };
    let dropped = |jobs: &[(&str, &str)]| {
        let plan = project.plan(jobs, &prune);
        plan.prune.iter().map(|key| key.job.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(dropped(&[("a", "one")]), ["b"]);
    assert_eq!(dropped(&[("a", "one"), ("c", "two")]), [""; 0], "what is taken over is not dropped");
}

#[test]
fn pruning_spares_what_a_job_beyond_the_selection_will_take_over() {
    let mut project = Project::new();
    project.run(&[("a", "one"), ("c", "three")]);
    let selection = Selection::new(&["c".into()], &[], &[], None).unwrap();
    let choice = Choice { prune: true, selection, ..Choice::default() };
    assert_eq!(project.plan(&[("b", "one"), ("c", "three")], &choice).prune, []);
}

#[test]
fn of_several_records_a_job_takes_the_one_that_came_furthest() {
    let mut project = Project::new();
    project.run(&[("a", "one")]);
    for other in ["b", "z"] {
        project.buy(&job(other, "one"), 1, false);
    }
    assert_eq!(project.run(&[("m", "one")]), [RENAMED]);
}

#[test]
fn ten_thousand_ids_that_move_by_one_are_planned_at_once() {
    let mut project = Project::new();
    let names: Vec<String> = (0..10_000).map(|n| format!("job-{n:05}")).collect();
    let prompts: Vec<String> = (0..10_000).map(|n| format!("scene {n}")).collect();
    for (name, prompt) in names.iter().zip(&prompts) {
        project.buy(&job(name, prompt), 1, false);
    }
    let shifted: Vec<_> = names[1..].iter().map(String::as_str).zip(prompts.iter().map(String::as_str)).collect();
    let started = std::time::Instant::now();
    let plan = project.plan(&shifted, &Choice::default());
    assert_eq!((plan.moves.len(), plan.count(Action::Resume)), (10_000, 9_999));
    // A plan that goes through all that waits for each move takes minutes.
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn a_selection_touches_nothing_else() {
    let mut project = Project::new();
    project.run(&[("a", "one"), ("b", "two")]);
    let only = Choice { selection: Selection::new(&["b".into()], &[], &[], None).unwrap(), ..Choice::default() };
    let plan = project.plan(&[("a", "changed"), ("b", "two")], &only);
    assert_eq!((plan.steps.len(), plan.moves.len(), plan.is_idle()), (1, 0, true));
}

#[test]
fn a_limit_leaves_jobs_for_another_run() {
    let project = Project::new();
    let choice = Choice { limit: Some(1), ..Choice::default() };
    let plan = project.plan(&[("a", "one"), ("b", "two")], &choice);
    let steps: Vec<_> = plan.steps.iter().map(|step| (step.action, step.reason)).collect();
    assert_eq!(steps, [NEW, (Action::Hold, Reason::Limit)]);
    assert_eq!(plan.estimate.amount, Decimal::whole(60));
}

#[test]
fn digests_of_the_test_are_real() {
    assert_ne!(job("a", "one").digest, job("a", "two").digest);
    assert_eq!(job("a", "one").digest, Digest(job("b", "one").digest.0));
}
