use super::shown::shown;
use super::*;
use crate::base::digest::Sha256;
use crate::ledger::Buyer;
use crate::ledger::entry::{Decision, Entry, Step};
use crate::ledger::id::PurchaseId;
use crate::ledger::lockfile;
use crate::ledger::purchase::{Owed, Purchase};
use crate::ledger::record::{Key, Output, Record};
use crate::ledger::record::{ServiceError, Stage};
use crate::service::names::{Digest, JobId, TaskId};
use crate::service::output::VideoName;
use crate::service::remote::{Address, Pin};
use jiff::Timestamp;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_770_000_000 + second).unwrap()
}

fn task(number: usize) -> TaskId {
    TaskId::new(&format!("t{number}")).unwrap()
}

fn key(job: &str, input: &str) -> Key {
    Key { job: JobId::new(job).unwrap(), digest: Digest(Sha256::of(input.as_bytes())) }
}

fn id(number: i64) -> PurchaseId {
    PurchaseId::new(at(number), 7, None)
}

fn fault() -> ServiceError {
    ServiceError { code: "400".into(), message: "no".into() }
}

fn intent(id: PurchaseId, key: &Key, second: i64) -> Entry {
    let step = Step::Submitting {
        job: key.job.clone(),
        digest: key.digest,
        parts: BTreeMap::from([("prompt".to_owned(), "9f2c11aa".to_owned())]),
        videos: 2,
        name: VideoName::new(&format!("out/{}-{{n}}.mp4", key.job)),
        service: "simulate".into(),
        manifest: None,
        at: at(second),
    };
    Entry::of(id, step)
}

fn submitted(number: usize) -> Step {
    Step::Submitted { task: task(number), at: at(50) }
}

fn failed() -> Step {
    Step::Failed { error: fault(), at: at(60) }
}

fn unanswered() -> Step {
    Step::Uncertain { task: None, reason: "no answer".into(), at: at(50) }
}

fn resubmit(second: i64) -> Step {
    Step::Resolved { task: None, verdict: Decision::Resubmit, at: at(second) }
}

/// Returns the book of purchases of one job and digest, each intended and followed by these steps.
fn book_of(purchases: &[&[Step]]) -> Book {
    let mut book = Book::default();
    for (number, steps) in (1..).zip(purchases) {
        book.apply(&intent(id(number), &key("a", "a"), number));
        steps.iter().for_each(|step| book.apply(&Entry::of(id(number), step.clone())));
    }
    book
}

fn shown_of(purchases: &[&[Step]]) -> Option<i64> {
    let book = book_of(purchases);
    let shown = book.get(&key("a", "a"))?.id;
    (1..10).find(|number| id(*number) == shown)
}

#[test]
fn what_is_paid_is_shown_before_what_isnt_further_before_less_far_and_later_before_earlier() {
    let refused = || Step::Refused { error: fault(), last: true, at: at(60) };
    let not_taken = || Step::Refused { error: fault(), last: false, at: at(60) };
    let generated = || Step::Generated { at: at(60) };
    for (purchases, expected) in [
        (vec![vec![submitted(1)], vec![submitted(2), failed()]], Some(1)),
        (vec![vec![submitted(1), generated()], vec![submitted(2)]], Some(1)),
        (vec![vec![submitted(1)], vec![submitted(2)]], Some(2)),
        (vec![vec![submitted(1)], vec![]], Some(1)),
        (vec![vec![], vec![refused()]], Some(1)),
        (vec![vec![submitted(1), failed()], vec![refused()]], Some(2)),
        (vec![vec![refused()], vec![submitted(1), failed()]], Some(2)),
        (vec![vec![submitted(1), failed()], vec![not_taken()]], Some(1)),
        (vec![vec![not_taken()]], None),
        (vec![vec![unanswered(), resubmit(70)]], None),
        (vec![vec![refused()], vec![unanswered(), resubmit(70)]], None),
        (vec![vec![unanswered(), resubmit(70)], vec![refused()]], Some(2)),
        (vec![vec![unanswered()], vec![unanswered(), resubmit(70)]], Some(1)),
    ] {
        let slices: Vec<&[Step]> = purchases.iter().map(Vec::as_slice).collect();
        assert_eq!(shown_of(&slices), expected, "{purchases:?}");
    }
}

#[test]
fn a_task_that_comes_again_is_an_answer_like_any_other() {
    let again = [submitted(1), Step::Generated { at: at(70) }, Step::Succeeded];
    let book = book_of(&[&[submitted(1), failed()], &again]);
    assert!(
        matches!(&book.get(&key("a", "a")).unwrap().stage, Stage::Succeeded { task, .. } if *task == self::task(1))
    );
    assert!(book.has_succeeded(id(2)) && book.bought_twice(&key("a", "a")).is_empty());
    let let_go = Step::Resolved { task: Some(task(1)), verdict: Decision::Resubmit, at: at(60) };
    let lost = Step::Uncertain { task: Some(task(1)), reason: "not known".into(), at: at(55) };
    let book = book_of(&[&[submitted(1), lost, let_go], &[submitted(1)]]);
    assert_eq!(book.get(&key("a", "a")).map(|record| record.id), Some(id(2)));
}

#[test]
fn what_is_bought_twice_is_said_and_the_other_is_followed_when_one_fails() {
    let mut book = book_of(&[&[submitted(1)], &[submitted(2)]]);
    let key = key("a", "a");
    assert_eq!(book.bought_twice(&key), BTreeSet::from([&task(1), &task(2)]));
    assert_eq!((book.get(&key).unwrap().id, book.other_tasks(&key)), (id(2), BTreeSet::from([&task(1)])));
    book.apply(&Entry::of(id(2), failed()));
    assert_eq!((book.get(&key).unwrap().id, book.bought_twice(&key).len()), (id(1), 0));
    assert_eq!(book.next_attempt(&key), 3);
}

#[test]
fn another_task_of_the_same_submit_is_another_purchase() {
    let mut book = book_of(&[&[submitted(1)]]);
    let lost = Step::Uncertain { task: Some(task(1)), reason: "not known".into(), at: at(55) };
    book.apply(&Entry::of(id(1), lost));
    let verdict = Decision::Task { task: task(2) };
    let word = Entry::of(id(1), Step::Resolved { task: Some(task(1)), verdict, at: at(60) });
    for _ in 0..2 {
        book.apply(&word);
        let shown = book.get(&key("a", "a")).unwrap();
        assert_eq!((shown.stage.task(), shown.parts.len(), shown.videos), (Some(&task(2)), 1, 2));
        assert_eq!(book.history(&key("a", "a")).count(), 2);
        assert!(book.with_task(&task(1)).is_none() && book.bought_twice(&key("a", "a")).is_empty());
    }
}

#[test]
fn a_rename_takes_place_and_renames_videos() {
    let output = Output {
        number: 1,
        path: "out/a-1.mp4".into(),
        sha256: Sha256::of(b"1"),
        bytes: 1,
        source: None,
        published: Default::default(),
    };
    let mut book = book_of(&[&[submitted(1), Step::Downloaded { output }]]);
    let name = VideoName::new("out/b-{n}.mp4");
    book.apply(&Entry::of(id(1), Step::Moved { job: JobId::new("b").unwrap(), name, at: at(70) }));
    assert!(book.get(&key("a", "a")).is_none() && book.get(&key("b", "a")).is_some());
    let renamed = Renamed { from: "out/a-1.mp4".into(), to: "out/b-1.mp4".into(), sha256: Sha256::of(b"1") };
    assert_eq!(book.renamed(), [renamed]);
}

#[test]
fn what_another_manifest_uses_is_not_dropped_whoever_bought_it() {
    let done = [submitted(1), Step::Generated { at: at(60) }, Step::Succeeded];
    let own = Buyer { manifest: "jobs.yaml".into(), alone: true };
    let other = Buyer { manifest: "other.yaml".into(), alone: false };
    let dropped = |book: &Book, buyer: &Buyer| {
        let mut book = book.clone();
        book.prune(id(1), buyer);
        book.purchase(id(1)).is_none()
    };
    let bought = book_of(&[&done]);
    assert!(dropped(&bought, &own) && !dropped(&bought, &other));
    let mut used = bought.clone();
    used.apply(&Entry::of(id(1), Step::Used { manifest: "other.yaml".into() }));
    assert!(used.is_used_by(id(1), &own) && used.is_used_by(id(1), &other));
    let read = lockfile::parse(lockfile::write(&used).as_bytes(), Path::new("jobs.lock")).unwrap();
    for book in [&used, &read, &union(&[&used, &bought]), &union(&[&bought, &used])] {
        assert!(!dropped(book, &own) && !dropped(book, &other));
    }
    assert_eq!(used.of_other_manifests(&own), BTreeMap::from([(Some("other.yaml"), vec![&key("a", "a")])]));
    assert_eq!(used.of_other_manifests(&other), BTreeMap::from([(None, vec![&key("a", "a")])]));
}

#[test]
fn the_digest_that_a_job_had_last_is_the_current_one() {
    let mut book = Book::default();
    for (number, input) in (1..).zip(["x", "y"]) {
        book.apply(&intent(id(number), &key("a", input), number));
    }
    let job = JobId::new("a").unwrap();
    assert_eq!(book.current(&job).unwrap().id, id(2));
    let name = book.get(&key("a", "y")).unwrap().name.superseded(&key("a", "y").digest);
    book.apply(&Entry::of(id(2), Step::Moved { job: job.clone(), name, at: at(70) }));
    assert_eq!(book.current(&job).unwrap().id, id(1), "the other one was taken back");
    assert_eq!(book.records().map(|record| record.id).collect::<Vec<_>>(), [id(1), id(2)]);
}

#[test]
fn a_word_is_later_than_the_one_before_it_whatever_the_clock_says() {
    let book = book_of(&[&[submitted(1), Step::Uncertain { task: Some(task(1)), reason: "?".into(), at: at(500) }]]);
    let mut word = Entry::of(id(1), Step::Found { task: task(1), at: at(-9000) });
    book.date(&mut word);
    let mut book = book;
    book.apply(&word);
    assert!(matches!(book.get(&key("a", "a")).unwrap().stage, Stage::Submitted { .. }));
    let mut first = intent(id(9), &key("b", "b"), 9);
    book.date(&mut first);
    assert_eq!(first, intent(id(9), &key("b", "b"), 9));
}

#[test]
fn of_two_uploads_and_of_two_looks_the_later_counts_and_a_signed_url_is_not_kept() {
    let content = Sha256::of(b"dog");
    let mut book = Book::default();
    book.add_upload(content, "https://a/1?sign=x", at(1));
    assert!(book.is_empty());
    book.add_upload(content, "https://a/2", at(2));
    book.add_upload(content, "https://a/1", at(1));
    assert_eq!(book.upload(&content), Some("https://a/2"));
    let address = Address::of("https://images.example.com/dog.png");
    let pin = |content: &[u8], second| {
        let (sha256, former) = (Sha256::of(content), BTreeSet::new());
        Pin { sha256, bytes: 3, validator: None, at: at(second), former }
    };
    book.add_pin(address.clone(), pin(b"new", 2), false);
    book.add_pin(address.clone(), pin(b"old", 1), false);
    assert_eq!(book.pins()[&address], Pin { former: BTreeSet::from([Sha256::of(b"old")]), ..pin(b"new", 2) });
    book.add_pin(address.clone(), pin(b"newest", 3), true);
    assert_eq!(book.pins()[&address], pin(b"newest", 3), "taken in its place");
}

/// One of a few purchases, and the step of it in an account; its facts are the same in each account.
#[derive(Clone, Debug)]
struct Told(usize, Step);

/// Returns steps of purchases that may have this many tasks; more than one never happens together with renames.
fn any_step(tasks: usize) -> impl Strategy<Value = Step> {
    let task = move || (0..tasks).prop_map(task);
    let renames = u32::from(tasks == 1);
    let known = prop::option::of(task());
    let verdict =
        prop_oneof![task().prop_map(|task| Decision::Task { task }), Just(Decision::Resubmit), Just(Decision::Failed),];
    let urls = prop::collection::btree_set("[uvw]", 0..3);
    let output = (1..3usize, 0..4u8, urls).prop_map(|(number, content, published)| Output {
        published,
        number,
        path: format!("out/whatever-{number}.mp4"),
        sha256: Sha256::of(&[content]),
        bytes: 1,
        source: None,
    });
    let name = (0..3usize).prop_map(|n| VideoName::new(&format!("out/renamed-{n}-{{n}}.mp4")));
    prop_oneof![
        3 => (task(), 0..100i64).prop_map(|(task, s)| Step::Submitted { task, at: at(s) }),
        1 => (task(), 0..100i64).prop_map(|(task, s)| Step::Found { task, at: at(s) }),
        1 => (any::<bool>(), 0..100i64).prop_map(|(last, s)| Step::Refused { error: fault(), last, at: at(s) }),
        1 => (known.clone(), 0..100i64).prop_map(|(task, s)| Step::Uncertain { task, reason: format!("r{s}"), at: at(s) }),
        1 => (0..100i64).prop_map(|s| Step::Generated { at: at(s) }),
        1 => output.prop_map(|output| Step::Downloaded { output }),
        1 => prop_oneof![Just(Step::Succeeded), "[mn]".prop_map(|manifest| Step::Used { manifest })],
        1 => (0..100i64).prop_map(|s| Step::Failed { error: fault(), at: at(s) }),
        renames => ("[ab]", name, 0..100i64).prop_map(|(job, name, s)| {
            Step::Moved { job: JobId::new(&job).unwrap(), name, at: at(s) }
        }),
        1 => (known, verdict, 0..100i64).prop_map(|(task, verdict, s)| Step::Resolved { task, verdict, at: at(s) }),
    ]
}

fn account(tasks: usize) -> impl Strategy<Value = Vec<Told>> {
    prop::collection::vec((0..4usize, any_step(tasks)).prop_map(|(purchase, step)| Told(purchase, step)), 0..12)
}

/// Returns the entries of an account: each purchase is intended before its first step.
fn entries(account: &[Told]) -> Vec<Entry> {
    let mut intended = BTreeSet::new();
    let mut entries = Vec::new();
    for Told(purchase, step) in account {
        let number = *purchase as i64;
        if intended.insert(*purchase) {
            let input = ["x", "x", "x", "y"][*purchase];
            entries.push(intent(id(number), &key("a", input), number));
        }
        entries.push(Entry::of(id(number), step.clone()));
    }
    entries
}

fn book(account: &[Told]) -> Book {
    let mut book = Book::default();
    entries(account).iter().for_each(|entry| book.apply(entry));
    book
}

fn union(books: &[&Book]) -> Book {
    let mut all = Book::default();
    books.iter().for_each(|book| all.unite((*book).clone()));
    all
}

fn tasks(book: &Book) -> BTreeSet<TaskId> {
    book.purchases().filter_map(|purchase| purchase.task().cloned()).collect()
}

fn all_shown(book: &Book) -> Vec<Record> {
    book.records().cloned().collect()
}

fn two() -> impl Strategy<Value = [Vec<Told>; 2]> {
    prop_oneof![[account(1), account(1)], [account(3), account(3)]]
}

fn three() -> impl Strategy<Value = [Vec<Told>; 3]> {
    prop_oneof![[account(1), account(1), account(1)], [account(3), account(3), account(3)]]
}

/// Returns the configuration: enough for every commit; use `PROPTEST_CASES` for a longer run.
fn config() -> ProptestConfig {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig::with_cases(128),
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn union_doesnt_care_for_order_number_or_grouping([a, b, c] in three()) {
        let (a, b, c) = (book(&a), book(&b), book(&c));
        let all = union(&[&a, &b, &c]);
        prop_assert_eq!(&union(&[&a, &a]), &a);
        prop_assert_eq!(&union(&[&all, &b]), &all);
        for order in [[&a, &c, &b], [&b, &a, &c], [&b, &c, &a], [&c, &a, &b], [&c, &b, &a]] {
            prop_assert_eq!(&union(&order), &all);
            prop_assert_eq!(all_shown(&union(&order)), all_shown(&all));
        }
        prop_assert_eq!(&union(&[&union(&[&a, &b]), &c]), &union(&[&a, &union(&[&b, &c])]));
        prop_assert_eq!(lockfile::write(&union(&[&c, &b, &a])), lockfile::write(&all));
    }

    #[test]
    fn no_task_is_lost([a, b] in two()) {
        let told = |account: &[Told]| -> BTreeSet<TaskId> {
            let task = |Told(_, step): &Told| match step {
                Step::Submitted { task, .. } | Step::Found { task, .. } => Some(task.clone()),
                Step::Resolved { verdict: Decision::Task { task }, .. } => Some(task.clone()),
                _ => None,
            };
            account.iter().filter_map(task).collect()
        };
        let (mine, theirs) = (book(&a), book(&b));
        let kept = tasks(&union(&[&mine, &theirs]));
        prop_assert!(told(&a).is_subset(&tasks(&mine)));
        prop_assert!(kept.is_superset(&tasks(&mine)) && kept.is_superset(&tasks(&theirs)));
        let read = lockfile::parse(lockfile::write(&union(&[&mine, &theirs])).as_bytes(), Path::new("jobs.lock")).unwrap();
        prop_assert_eq!(tasks(&read), kept);
    }

    #[test]
    fn nothing_paid_or_perhaps_paid_is_hidden_by_what_isnt([a, b] in two()) {
        let (a, b) = (book(&a), book(&b));
        let all = union(&[&a, &b]);
        for purchase in all.purchases() {
            let shown = shown(all.all_of(&purchase.record.key));
            prop_assert!(shown.and_then(Purchase::owed).max(Some(Owed::Nothing)) >= purchase.owed());
        }
        // A purchase that one account knows as paid may be known to the other only as failed, or settled, later.
        for purchase in a.purchases().chain(b.purchases()).filter(|purchase| purchase.owed() == Some(Owed::Paid)) {
            let same = |other: &&Purchase| other.task() == purchase.task() && other.record.key.digest == purchase.record.key.digest;
            prop_assert!(all.purchases().filter(same).any(|now| now.rung >= purchase.rung));
        }
    }

    #[test]
    fn a_lock_says_all_that_its_book_does([a, _] in two()) {
        let book = book(&a);
        let text = lockfile::write(&book);
        let again = lockfile::parse(text.as_bytes(), Path::new("jobs.lock")).unwrap();
        prop_assert_eq!(&lockfile::write(&again), &text);
        prop_assert_eq!(again, book);
    }
}
