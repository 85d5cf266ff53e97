use super::*;
use crate::base::decimal::Decimal;
use crate::base::digest::Sha256;
use crate::plan::estimate::{Estimate, PriceTable};
use crate::plan::spent::{Spent, SpentInRun};
use crate::report::commands::Service;
use crate::report::documents::status::{StatusError, VideoFile};
use crate::report::documents::verify::ProblemKind;
use crate::report::look::{Color, Drawing, columns_of};
use crate::report::testing::nothing_spent;
use crate::service::names::{Digest, JobId, Tag, TaskId};
use insta::assert_snapshot;

const WIDE: Look = Look { color: Color::None, drawing: Drawing::Unicode, width: Some(80) };

fn target() -> Target {
    Target::new("jobs.yaml", "jobs.lock", Service::Real)
}

fn job(id: &str) -> JobId {
    JobId::new(id).unwrap()
}

fn text(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn planned(id: &str, action: Action, reason: Reason, changed: &[&str]) -> PlannedJob {
    let changed = changed.iter().map(|&part| part.to_owned()).collect();
    PlannedJob {
        id: job(id),
        action,
        reason,
        changed,
        details: vec![],
        implied: vec![],
        digest: Digest(Sha256::of(b"")),
        made_of: None,
    }
}

fn a_plan() -> PlanDocument {
    let jobs = vec![
        planned("park-walk", Action::Submit, Reason::New, &[]),
        planned("close-up", Action::Submit, Reason::Changed, &["prompt", "reference.小狗"]),
        planned("a-job-with-an-id-that-is-longer-than-any-column-should-be", Action::Hold, Reason::Uncertain, &[]),
        planned("done", Action::Keep, Reason::Succeeded, &[]),
        planned("moved", Action::Keep, Reason::Renamed, &[]),
    ];
    let estimate =
        Estimate { amount: Decimal::whole(180), unit: "credits".to_owned(), exact: false, prices: PriceTable::Maker };
    PlanDocument::new(jobs, vec![job("old"), job("older")], estimate)
}

#[test]
fn a_plan_says_what_and_why() {
    assert_snapshot!(text(|out| plan(out, &a_plan(), WIDE, Rows::All)), @"
    job        action  why
    park-walk  submit  not submitted yet
    close-up   submit  changed since the last submit: prompt, reference.小狗
    a-job-with-an-id-that-is-longer-than-any-column-should-be  hold    nobody knows whether its submit arrived
    done       keep    its videos are here
    moved      keep    takes over the record of a renamed job

    not in the manifest any more: 2 jobs (old, older)
    5 jobs: 2 to submit, 2 to keep, 1 on hold; about 180 credits (by the model vendor's price list; the service may charge differently)
    ");
}

#[test]
fn what_is_kept_is_counted_only_where_changes_are_asked_for() {
    let listed = text(|out| plan(out, &a_plan(), WIDE, Rows::Changes));
    assert!(!listed.contains("done"));
    assert!(listed.contains("moved"));
}

#[test]
fn an_empty_plan_is_one_line() {
    let estimate =
        Estimate { amount: Decimal::ZERO, unit: "CNY".to_owned(), exact: true, prices: PriceTable::Manifest };
    let empty = PlanDocument::new(vec![], vec![], estimate.clone());
    assert_eq!(text(|out| plan(out, &empty, WIDE, Rows::All)), "no jobs\n");
    let kept = PlanDocument::new(vec![planned("a", Action::Keep, Reason::Succeeded, &[])], vec![], estimate);
    assert_eq!(text(|out| plan(out, &kept, WIDE, Rows::Changes)), "1 job: 1 to keep\n");
}

fn a_status() -> StatusDocument {
    let state = |id, status| JobState {
        id: job(id),
        status,
        task_id: None,
        submitted_at: None,
        outputs: vec![],
        error: None,
        bought_twice: vec![],
        same_task: vec![],
    };
    let task = TaskId::new("3524e0b3ba014b12ab1faf29f9f00000").ok();
    let video = |path: &str| VideoFile {
        path: path.to_owned(),
        sha256: Sha256::of(b""),
        bytes: 921_600,
        published: Default::default(),
    };
    let said = |message: &str| Some(StatusError { code: "400".to_owned(), message: message.to_owned() });
    let done = JobState {
        task_id: task.clone(),
        outputs: vec![video("out/公园-1.mp4"), video("out/公园-2.mp4")],
        ..state("park-walk", JobStatus::Succeeded)
    };
    let refused = JobState {
        error: said("不合规 content\x1b[31m was refused by the moderation of the service, and will be again"),
        ..state("close-up", JobStatus::Refused)
    };
    let flying = JobState { task_id: task, ..state("implied", JobStatus::Submitted) };
    let unknown = JobState { error: said("the reply never came"), ..state("hill", JobStatus::Uncertain) };
    StatusDocument::new(
        vec![done.clone(), refused, flying, unknown, state("later", JobStatus::New)],
        vec![done],
        nothing_spent(),
    )
}

#[test]
fn a_status_says_what_was_spent() {
    let amount = |n| Decimal::whole(n);
    let at = |text: &str| text.parse().unwrap();
    let run = |from: &str, submits, n| SpentInRun { from: at(from), to: at(from), submits, amount: amount(n) };
    let tag = |word: &str| Tag::new(word).unwrap();
    let spent = Spent {
        estimate: Estimate { amount: amount(16_860), ..nothing_spent().estimate },
        submits: 281,
        unknown: 1,
        runs: vec![run("2026-03-09T02:44:54Z", 280, 16_800), run("2026-04-01T12:00:00Z", 1, 60)],
        tags: [(tag("hero"), amount(60)), (tag("spin"), amount(16_800))].into(),
        months: [("2026-03".to_owned(), amount(16_800)), ("2026-04".to_owned(), amount(60))].into(),
    };
    let document = StatusDocument::new(vec![], vec![], spent);
    assert_snapshot!(text(|out| status_in_short(out, &document, &target(), WIDE)), @"
    no jobs
    spent, estimated for 281 submits: about 16,860 credits (by the model vendor's price list; the service may charge differently)
      without 1 submit: with which settings it was made isn't known any more
      by month: 2026-04 60, 2026-03 16,800
      by tag: spin 16,800, hero 60
      by run: 2026-04-01 12:00Z 60 (1 submit), 2026-03-09 02:44Z 16,800 (280 submits)
    ");
}

#[test]
fn a_status_says_where_each_job_stands() {
    assert_snapshot!(text(|out| status(out, &a_status(), &target(), WIDE)), @"
    job        status     task       videos
    park-walk  succeeded  3524e0b3…  out/公园-1.mp4, out/公园-2.mp4 (1.84 MB)
    close-up   refused    -          不合规 content␛[31m was refused by the moderat…
    implied    submitted  3524e0b3…  -
    hill       uncertain  -          the reply never came
    later      new        -          -
    park-walk  succeeded  3524e0b3…  superseded: out/公园-1.mp4, out/公园-2.mp4 (1.…

    5 jobs: 1 new, 1 submitted, 1 succeeded, 1 refused, 1 uncertain
    to settle what is uncertain: batch resolve jobs.yaml hill
    ");
}

#[test]
fn no_row_is_wider_than_the_terminal() {
    let shown = text(|out| status(out, &a_status(), &target(), WIDE));
    assert!(shown.lines().all(|line| columns_of(line) <= 80), "{shown}");
}

#[test]
fn nothing_is_cut_where_it_is_no_terminal() {
    let shown = text(|out| status(out, &a_status(), &target(), Look::PLAIN));
    assert!(shown.contains("3524e0b3ba014b12ab1faf29f9f00000"));
    assert!(shown.contains("will be again"));
    assert!(!shown.contains('\x1b'));
}

#[test]
fn colors_do_not_move_columns() {
    let color = text(|out| status(out, &a_status(), &target(), Look { color: Color::Ansi, ..WIDE }));
    let mut bare = String::new();
    for (i, part) in color.split("\x1b[").enumerate() {
        bare.push_str(if i == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert_eq!(bare, text(|out| status(out, &a_status(), &target(), WIDE)));
}

#[test]
fn a_verification_says_what_differs() {
    let problem = |kind, id: Option<&str>, path: Option<&str>, message: &str| VerifyProblem {
        kind,
        job: id.map(job),
        path: path.map(str::to_owned),
        message: message.to_owned(),
    };
    let problems = vec![
        problem(ProblemKind::MissingFile, Some("park-walk"), Some("out/公园-1.mp4"), "the video is gone"),
        problem(ProblemKind::NotRun, Some("hill"), None, "it was not submitted yet"),
        problem(ProblemKind::OpenJournal, None, None, "a run is on, or was killed"),
    ];
    assert_snapshot!(text(|out| verify(out, &VerifyDocument::new(problems), WIDE)), @"
    job        problem       what
    park-walk  missing-file  out/公园-1.mp4: the video is gone
    hill       not-run       it was not submitted yet
    -          open-journal  a run is on, or was killed

    3 problems
    ");
    assert_eq!(text(|out| verify(out, &VerifyDocument::new(vec![]), WIDE)), "ok: manifest, lock and files agree\n");
}

/// A writer that fails after so many bytes, like a pipe whose reader has gone.
struct Gone(usize);

impl Write for Gone {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn rows_are_written_as_they_come() {
    let jobs = (0..100_000).map(|i| planned(&format!("job-{i}"), Action::Submit, Reason::New, &[])).collect();
    let estimate =
        Estimate { amount: "0.3".parse().unwrap(), unit: "CNY".to_owned(), exact: true, prices: PriceTable::Manifest };
    let document = PlanDocument::new(jobs, vec![], estimate);
    let shown = text(|out| plan(out, &document, WIDE, Rows::All));
    assert_eq!(shown.lines().count(), 100_003);
    assert!(shown.ends_with("\n100,000 jobs: 100,000 to submit; 0.3 CNY by the manifest's prices\n"));
    let error = plan(Gone(20_000), &document, WIDE, Rows::All).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
}
