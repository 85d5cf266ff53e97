use super::*;
use crate::ledger::PurchaseId;
use crate::ledger::entry::Step;
use crate::ledger::record::{Key, ServiceError};
use crate::plan::tests::{job, manifest_of};
use crate::service::names::TaskId;

/// Buys a job so many minutes after the first; whether the service failed it.
fn buy(book: &mut Book, job: &Job, minutes: i64, fails: bool) {
    let key = Key { job: job.id.clone(), digest: job.digest };
    let at = Timestamp::from_second(1_772_000_000 + 60 * minutes).unwrap();
    let id = PurchaseId::new(at, 0, book.last(&key));
    let submitting = Step::Submitting {
        job: key.job,
        digest: key.digest,
        parts: job.generation.parts(job.take),
        videos: job.generation.number_of_videos,
        name: job.name.clone(),
        service: "s".into(),
        manifest: None,
        at,
    };
    let task = TaskId::new(&format!("t{minutes}")).unwrap();
    book.record(id, [submitting, Step::Submitted { task, at }]);
    if fails {
        let error = ServiceError { code: "FAILED".into(), message: "no".into() };
        book.record(id, [Step::Failed { error, at }]);
    }
}

#[test]
fn what_is_paid_is_added_up_by_run_tag_and_month() {
    let tag = |word: &str| Tag::new(word).unwrap();
    let mut book = Book::default();
    let jobs = [("a", "one"), ("b", "two"), ("c", "three")];
    let mut manifest = manifest_of(std::path::Path::new("/"), &jobs);
    manifest.jobs[0].tags = Arc::new([tag("hero"), tag("spin")].into());
    manifest.jobs[1].tags = Arc::new([tag("spin")].into());
    for (number, minutes) in [(0, 0), (1, 20), (2, 60 * 24 * 30)] {
        buy(&mut book, &manifest.jobs[number], minutes, false);
    }
    buy(&mut book, &manifest.jobs[2], 60 * 24 * 30 + 1, true);
    let sum = spent(&manifest, &book, |_| true);
    assert_eq!(
        (sum.submits, sum.unknown, sum.estimate.amount),
        (3, 0, Decimal::whole(180)),
        "what failed costs nothing"
    );
    let runs: Vec<_> = sum.runs.iter().map(|run| (run.submits, run.amount)).collect();
    assert_eq!(runs, [(2, Decimal::whole(120)), (1, Decimal::whole(60))]);
    assert_eq!(sum.tags, [(tag("hero"), Decimal::whole(60)), (tag("spin"), Decimal::whole(120))].into());
    let months: Vec<_> = sum.months.into_iter().collect();
    assert_eq!(months, [("2026-02".to_owned(), Decimal::whole(120)), ("2026-03".to_owned(), Decimal::whole(60))]);
    assert_eq!(spent(&manifest, &book, |job| job.as_str() == "a").estimate.amount, Decimal::whole(60));
}

#[test]
fn what_a_job_cost_before_it_was_edited_or_removed_is_told_by_its_settings() {
    let mut book = Book::default();
    let mut large = job("a", "one");
    (large.generation.resolution, large.generation.number_of_videos) = (Resolution::P1080, 2);
    large.digest = large.generation.digest(3);
    large.take = 3;
    buy(&mut book, &large, 0, false);
    buy(&mut book, &job("gone", "two"), 1, false);
    let manifest = manifest_of(std::path::Path::new("/"), &[("a", "another")]);
    let sum = spent(&manifest, &book, |_| true);
    assert_eq!((sum.unknown, sum.estimate.amount), (0, Decimal::whole(2 * 120 + 60)));

    let mut strange = job("strange", "three");
    strange.generation.model = "another model".into();
    strange.digest = strange.generation.digest(1);
    buy(&mut book, &strange, 2, false);
    let sum = spent(&manifest, &book, |_| true);
    assert_eq!((sum.submits, sum.unknown, sum.estimate.amount), (3, 1, Decimal::whole(2 * 120 + 60)));
}
