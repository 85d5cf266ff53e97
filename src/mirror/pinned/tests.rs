//! What is paid under a URL or a content is never bought again, whichever way `run.mirror` is turned.

use super::*;
use crate::ledger::PurchaseId;
use crate::ledger::entry::{Decision, Entry, Step};
use crate::ledger::record::ServiceError;
use crate::manifest::model::RunSettings;
use crate::manifest::sample;
use crate::mirror::lacking;
use crate::plan::action::Action;
use crate::plan::action::Reason;
use crate::plan::{Choice, plan};
use crate::service::names::TaskId;
use jiff::Timestamp;

const DOG: &str = "https://images.example.com/dog.png";
const CAT: &str = "https://images.example.com/cat.png?sign=1";

fn job(id: &str, prompt: &str, images: &[&str]) -> Job {
    sample::job(id, sample::generation(&format!("@dog {prompt}"), vec![sample::reference("dog", images)]))
}

fn manifest(mirror: bool, jobs: Vec<Job>) -> Manifest {
    Manifest { run: RunSettings { mirror, ..RunSettings::default() }, ..sample::manifest(jobs) }
}

/// How a purchase came out.
#[derive(Clone, Copy)]
enum End {
    Submitted,
    Generated,
    Succeeded,
    Uncertain,
    Failed,
    Settled,
    Refused,
}

#[derive(Default)]
struct Ledger {
    book: Book,
    time: i64,
}

impl Ledger {
    fn pin(&mut self, url: &str, content: &str) -> &mut Ledger {
        self.look(url, content, false)
    }

    fn look(&mut self, url: &str, content: &str, taken: bool) -> &mut Ledger {
        self.time += 1;
        let at = Timestamp::from_second(self.time).unwrap();
        let sha256 = Sha256::of(content.as_bytes());
        let pin = Pin { sha256, bytes: 1, validator: None, at, former: BTreeSet::new() };
        self.book.apply(&Entry::Mirrored { address: Address::of(url), pin, taken });
        self
    }

    /// Buys all that a run of this manifest would buy now, to this end; gives what it bought.
    fn run(&mut self, manifest: &Manifest, end: End) -> Vec<String> {
        let pinned = pinned(manifest, &self.book);
        assert!(pinned.pending.is_empty(), "the images were fetched before");
        let plan = plan(&pinned.manifest, &self.book, &Choice::default());
        for to in &plan.moves {
            let step = Step::Moved { job: to.to.clone(), name: to.name.clone(), at: Timestamp::UNIX_EPOCH };
            let all: Vec<_> = self.book.history(&to.key).map(|purchase| purchase.id).collect();
            all.into_iter().for_each(|id| self.book.record(id, [step.clone()]));
        }
        let bought = plan.steps.iter().filter(|step| step.action == Action::Submit);
        let bought: Vec<_> = bought.map(|step| (pinned.manifest.jobs[step.job].clone(), step.attempt)).collect();
        bought.iter().for_each(|(job, attempt)| self.buy(job, *attempt, end));
        bought.into_iter().map(|(job, _)| job.id.to_string()).collect()
    }

    fn buy(&mut self, job: &Job, attempt: u32, end: End) {
        let key = Key { job: job.id.clone(), digest: job.digest };
        let at = Timestamp::UNIX_EPOCH;
        let error = || ServiceError { code: "400".into(), message: "no".into() };
        let task = TaskId::new(&format!("{}-{attempt}", key.digest.short())).unwrap();
        let id = PurchaseId::for_test(&key, attempt);
        let submitted = Step::Submitted { task, at };
        let lost = || Step::Uncertain { task: None, reason: "lost".into(), at };
        let mut steps = vec![Step::Submitting {
            job: key.job,
            digest: key.digest,
            parts: job.generation.parts(1),
            videos: 1,
            name: job.name.clone(),
            service: "s".into(),
            manifest: None,
            at,
        }];
        match end {
            End::Submitted => steps.push(submitted),
            End::Generated => steps.extend([submitted, Step::Generated { at }]),
            End::Succeeded => steps.extend([submitted, Step::Generated { at }, Step::Succeeded]),
            End::Uncertain => steps.push(lost()),
            End::Failed => steps.extend([submitted, Step::Failed { error: error(), at }]),
            End::Settled => steps.extend([lost(), Step::Resolved { task: None, verdict: Decision::Failed, at }]),
            End::Refused => steps.push(Step::Refused { error: error(), last: true, at }),
        }
        self.book.record(id, steps);
    }
}

#[test]
fn turning_it_on_or_off_buys_nothing_again() {
    let jobs = || vec![job("a", "runs", &[DOG]), job("b", "sits", &[DOG, CAT]), job("c", "barks", &[CAT])];
    for end in [End::Submitted, End::Generated, End::Succeeded, End::Uncertain, End::Settled] {
        for first in [true, false] {
            let mut ledger = Ledger::default();
            if first {
                ledger.pin(DOG, "dog").pin(CAT, "cat");
            }
            assert_eq!(ledger.run(&manifest(first, jobs()), end), ["a", "b", "c"]);
            ledger.pin(DOG, "dog").pin(CAT, "cat");
            for mirror in [!first, first, !first] {
                assert!(ledger.run(&manifest(mirror, jobs()), end).is_empty(), "first {first}, then {mirror}");
            }
        }
    }
    for end in [End::Failed, End::Refused] {
        let mut ledger = Ledger::default();
        ledger.run(&manifest(false, jobs()), end);
        ledger.pin(DOG, "dog").pin(CAT, "cat");
        assert_eq!(ledger.run(&manifest(true, jobs()), end), ["a", "b", "c"], "nothing was paid, and another is asked");
    }
}

#[test]
fn what_nobody_has_looked_at_is_pending_unless_it_is_paid() {
    let jobs = || vec![job("a", "runs", &[DOG]), job("b", "sits", &[DOG, CAT]), job("c", "barks", &[])];
    let mut ledger = Ledger::default();
    let pending = |ledger: &Ledger, mirror| pinned(&manifest(mirror, jobs()), &ledger.book).pending;
    assert_eq!(pending(&ledger, true), BTreeSet::from([0, 1]));
    assert!(pending(&ledger, false).is_empty());
    ledger.pin(DOG, "dog");
    assert_eq!(pending(&ledger, true), BTreeSet::from([1]));
    let written = manifest(true, jobs());
    let steps = plan(&written, &ledger.book, &Choice::default()).steps;
    let lacking = lacking(&written, &BTreeSet::from([1]), &steps, ledger.book.pins());
    assert_eq!(lacking, BTreeMap::from([(Address::of(CAT), CAT)]));
    ledger.buy(&job("b", "sits", &[DOG, CAT]), 1, End::Succeeded);
    assert!(pending(&ledger, true).is_empty());
}

#[test]
fn a_record_that_another_job_has_is_no_reason_to_choose_its_digest() {
    let moved = "https://images.example.com/moved.png";
    let mut ledger = Ledger::default();
    // `a` was bought by its URL, `b` by the same content, which both show.
    ledger.run(&manifest(false, vec![job("a", "runs", &[DOG])]), End::Succeeded);
    ledger.pin(DOG, "dog").pin(moved, "dog");
    let both = || vec![job("a", "runs", &[DOG]), job("b", "runs", &[moved])];
    assert_eq!(ledger.run(&manifest(true, both()), End::Succeeded), ["b"]);
    for mirror in [true, false, true] {
        assert!(ledger.run(&manifest(mirror, both()), End::Succeeded).is_empty());
    }
    // Renamed, `a` still gets its own and not the one of `b`, whichever comes first.
    let renamed = |first: bool| {
        let (a, b) = (job("a2", "runs", &[DOG]), job("b", "runs", &[moved]));
        if first { vec![a, b] } else { vec![b, a] }
    };
    for (mirror, first) in [(true, true), (true, false), (false, true)] {
        assert!(ledger.run(&manifest(mirror, renamed(first)), End::Succeeded).is_empty(), "{mirror} {first}");
    }
}

#[test]
fn an_image_that_moved_or_a_job_that_was_renamed_is_known_by_its_content() {
    let moved = "https://cdn.example.com/dog.png";
    let mut ledger = Ledger::default();
    ledger.pin(DOG, "dog").pin(moved, "dog");
    assert_eq!(ledger.run(&manifest(true, vec![job("a", "runs", &[DOG])]), End::Succeeded), ["a"]);
    assert!(ledger.run(&manifest(true, vec![job("a", "runs", &[moved])]), End::Succeeded).is_empty());
    assert!(ledger.run(&manifest(true, vec![job("z", "runs", &[moved])]), End::Succeeded).is_empty());
    assert!(ledger.run(&manifest(false, vec![job("z", "runs", &[moved])]), End::Succeeded).is_empty());
}

#[test]
fn a_picture_that_was_taken_anew_makes_its_jobs_new_and_no_other() {
    let jobs = || vec![job("a", "runs", &[DOG]), job("b", "sits", &[CAT])];
    let mut ledger = Ledger::default();
    ledger.pin(DOG, "dog").pin(CAT, "cat");
    ledger.run(&manifest(true, jobs()), End::Succeeded);
    ledger.look(DOG, "another dog", true);
    let written = manifest(true, jobs());
    let pinned = pinned(&written, &ledger.book);
    let plan = plan(&pinned.manifest, &ledger.book, &Choice::default());
    assert_eq!(
        (plan.steps[0].reason, &plan.steps[0].changed[..]),
        (Reason::Changed, &["reference.dog".to_owned()][..])
    );
    assert_eq!(plan.count(Action::Submit), 1);
    let content = Sha256::of(b"another dog");
    assert_eq!(pinned.manifest.images[&content].shown(), DOG);
    assert_eq!(ledger.run(&manifest(true, jobs()), End::Succeeded), ["a"]);
    ledger.pin(DOG, "dog");
    assert!(ledger.run(&manifest(true, jobs()), End::Succeeded).is_empty(), "what it showed before is paid");
}

#[test]
fn what_was_paid_with_another_picture_on_another_branch_stays_paid() {
    let ours = || vec![job("a", "runs", &[DOG, CAT])];
    let both = || vec![job("a", "runs", &[DOG, CAT]), job("b", "sits", &[DOG, CAT])];
    let mut ledger = Ledger::default();
    ledger.pin(DOG, "dog").pin(CAT, "cat");
    ledger.run(&manifest(true, ours()), End::Succeeded);
    // The other branch saw other pictures, and bought the other job.
    ledger.pin(DOG, "another dog").pin(CAT, "another cat");
    assert_eq!(ledger.run(&manifest(true, both()), End::Succeeded), ["b"]);
    for mirror in [true, false, true] {
        assert!(ledger.run(&manifest(mirror, both()), End::Succeeded).is_empty());
    }
    ledger.look(DOG, "a third dog", true);
    assert_eq!(ledger.run(&manifest(true, both()), End::Succeeded), ["a", "b"], "a person took it");
}

/// A job with nine images, which is all that there can be: three references with three each.
fn with_nine_images(id: &str) -> (Job, Vec<String>) {
    let urls: Vec<String> = (0..9).map(|n| format!("https://images.example.com/{n}.png")).collect();
    let reference = |(n, urls): (usize, &[String])| {
        sample::reference(&format!("dog{n}"), &urls.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let references = urls.chunks(3).enumerate().map(reference).collect();
    let job = sample::job(id, sample::generation("@dog runs", references));
    (job, urls)
}

#[test]
fn however_many_images_of_a_job_had_another_content_on_another_branch_it_stays_paid() {
    let manifest = |id| manifest(true, vec![with_nine_images(id).0]);
    let (_, urls) = with_nine_images("a");
    let mut ledger = Ledger::default();
    for url in &urls {
        ledger.pin(url, &format!("{url} there"));
    }
    ledger.run(&manifest("a"), End::Succeeded);
    // Here all looked otherwise, twice.
    for look in ["here", "here again"] {
        for url in &urls {
            ledger.pin(url, &format!("{url} {look}"));
        }
        assert!(ledger.run(&manifest("a"), End::Succeeded).is_empty(), "{look}");
    }
    assert!(ledger.run(&manifest("renamed"), End::Succeeded).is_empty(), "nor is it under another id");
    // A lock of before images had parts of their own says enough as well.
    let mut record = ledger.book.records().next().unwrap().clone();
    record.parts.retain(|part, _| !part.contains('@'));
    ledger.book = book_of(record, &ledger.book);
    assert!(ledger.run(&manifest("renamed"), End::Succeeded).is_empty());
    for url in &urls {
        ledger.look(url, &format!("{url} taken"), true);
    }
    assert_eq!(ledger.run(&manifest("renamed"), End::Succeeded), ["renamed"], "a person took them");
}

/// The book with these pins, and this record alone.
fn book_of(record: Record, pins: &Book) -> Book {
    let mut book = Book::default();
    let Record { id, key: Key { job, digest }, parts, videos, name, stage, .. } = record;
    let (service, at, task) = ("s".to_owned(), Timestamp::UNIX_EPOCH, stage.task().unwrap().clone());
    let submitting = Step::Submitting { job, digest, parts, videos, name, service, manifest: None, at };
    book.record(id, [submitting, Step::Submitted { task, at }]);
    for (address, pin) in pins.pins() {
        book.apply(&Entry::Mirrored { address: address.clone(), pin: pin.clone(), taken: false });
    }
    book
}

#[test]
fn who_has_but_one_record_to_go_by_gets_it() {
    let other = "https://images.example.com/other.png";
    let mut ledger = Ledger::default();
    ledger.run(&manifest(false, vec![job("x", "runs", &[DOG])]), End::Succeeded);
    ledger.pin(other, "dog");
    ledger.run(&manifest(true, vec![job("x", "runs", &[DOG]), job("y", "runs", &[other])]), End::Succeeded);
    ledger.pin(DOG, "dog");
    let renamed = vec![job("x2", "runs", &[DOG]), job("y2", "runs", &[other])];
    assert!(ledger.run(&manifest(true, renamed), End::Succeeded).is_empty());
}

#[test]
fn without_pins_nothing_is_copied() {
    let written = manifest(true, vec![job("a", "runs", &[DOG])]);
    assert!(matches!(pinned(&written, &Book::default()).manifest, Cow::Borrowed(_)));
    let off = manifest(false, vec![job("a", "runs", &[DOG])]);
    let mut ledger = Ledger::default();
    ledger.pin(DOG, "dog");
    let pinned = pinned(&off, &ledger.book);
    assert!(matches!(pinned.manifest, Cow::Borrowed(_)) && pinned.pending.is_empty());
}
