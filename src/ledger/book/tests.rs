use super::*;
use crate::ledger::entry::Verdict;
use crate::ledger::history::Rank;
use crate::ledger::lockfile;
use crate::ledger::record::{Fault, Stage, Status};
use crate::spec::output::VideoName;
use proptest::prelude::*;
use std::path::Path;

fn key(job: &str, input: u8) -> Key {
    Key { job: JobId::new(job).unwrap(), digest: Digest(Sha256::of(&[input])) }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_770_000_000 + second).unwrap()
}

fn task(name: &str) -> TaskId {
    TaskId::new(name).unwrap()
}

fn fault() -> Fault {
    Fault { code: "FAILED".to_owned(), message: "no luck".to_owned() }
}

fn name(job: &str) -> VideoName {
    VideoName::new(&format!("out/{job}-{{n}}.mp4"))
}

fn submitting(key: &Key, attempt: u32) -> Entry {
    let (parts, service) = (BTreeMap::from([("prompt".to_owned(), "9f2c11aa".to_owned())]), "simulate".to_owned());
    Entry::Submitting { key: key.clone(), attempt, parts, videos: 1, name: name(key.job.as_str()), service, at: at(1) }
}

fn submitted(key: &Key, attempt: u32, id: &str) -> Entry {
    Entry::Submitted { key: key.clone(), attempt, which: Some(Which::Asked(at(1))), task: task(id), at: at(2) }
}

fn refused(key: &Key, attempt: u32, last: bool) -> Entry {
    Entry::Refused { key: key.clone(), attempt, which: None, error: fault(), last, at: at(2) }
}

fn uncertain(key: &Key, attempt: u32) -> Entry {
    Entry::Uncertain { key: key.clone(), attempt, which: None, reason: "the connection broke".to_owned(), at: at(2) }
}

fn generated(key: &Key, attempt: u32) -> Entry {
    Entry::Generated { key: key.clone(), attempt, which: None, at: at(3) }
}

fn downloaded(key: &Key, attempt: u32, number: usize) -> Entry {
    let path = format!("out/{}-{number}.mp4", key.job);
    let source = Some(format!("https://cdn.example.com/{number}.mp4?signature=secret"));
    let output = Output { number, path, sha256: Sha256::of(&[number as u8]), bytes: 4, source };
    Entry::Downloaded { key: key.clone(), attempt, which: None, output }
}

fn succeeded(key: &Key, attempt: u32) -> Entry {
    Entry::Succeeded { key: key.clone(), attempt, which: None }
}

fn failed(key: &Key, attempt: u32) -> Entry {
    Entry::Failed { key: key.clone(), attempt, which: None, error: fault(), at: at(3) }
}

fn moved(key: &Key, attempt: u32, to: &str, place: Place) -> Entry {
    Entry::Moved { key: key.clone(), attempt, which: None, to: JobId::new(to).unwrap(), place, name: name(to) }
}

fn resolved(key: &Key, attempt: u32, verdict: Verdict) -> Entry {
    Entry::Resolved { key: key.clone(), attempt, which: None, verdict, at: at(4) }
}

fn dropped(key: &Key, attempt: u32) -> Entry {
    Entry::Dropped { key: key.clone(), attempt, which: None }
}

fn book(entries: &[Entry]) -> Book {
    let mut book = Book::default();
    entries.iter().for_each(|entry| book.apply(entry));
    book
}

/// The book after `entries`, having checked attempt and status of the first job.
#[track_caller]
fn check(entries: &[Entry], expected: Option<(u32, Status)>) -> Book {
    let book = book(entries);
    let key = key("a", 1);
    assert_eq!(book.get(&key).map(|record| (record.attempt, record.stage.status())), expected);
    book
}

#[test]
fn an_attempt_moves_forward() {
    let k = &key("a", 1);
    let s = submitting(k, 1);
    let t = submitted(k, 1, "t1");
    check(std::slice::from_ref(&s), Some((1, Status::Uncertain)));
    check(&[s.clone(), refused(k, 1, false)], None);
    check(&[s.clone(), refused(k, 1, true)], Some((1, Status::Refused)));
    check(&[s.clone(), uncertain(k, 1)], Some((1, Status::Uncertain)));
    check(&[s.clone(), t.clone()], Some((1, Status::Submitted)));
    check(&[s.clone(), t.clone(), uncertain(k, 1)], Some((1, Status::Uncertain)));
    check(&[s.clone(), t.clone(), generated(k, 1)], Some((1, Status::Generated)));
    check(&[s.clone(), t.clone(), failed(k, 1)], Some((1, Status::Failed)));
    let done = [s, t, generated(k, 1), downloaded(k, 1, 1), succeeded(k, 1)];
    let book = check(&done, Some((1, Status::Succeeded)));
    let record = book.get(k).unwrap();
    assert_eq!((record.submitted_at, record.finished_at), (Some(at(1)), Some(at(3))));
    assert_eq!(record.stage.outputs()[0].source.as_deref(), Some("https://cdn.example.com/1.mp4"));
    assert_eq!(record.place, Place::Current);
}

#[test]
fn an_attempt_never_moves_backwards() {
    let k = &key("a", 1);
    let (s, t) = (submitting(k, 1), submitted(k, 1, "t1"));
    let all_late = [
        s.clone(),
        refused(k, 1, false),
        refused(k, 1, true),
        uncertain(k, 1),
        t.clone(),
        generated(k, 1),
        failed(k, 1),
    ];
    let done = [s.clone(), t.clone(), generated(k, 1), downloaded(k, 1, 1), succeeded(k, 1)];
    let before = book(&done);
    for late in &all_late {
        let mut after = before.clone();
        after.apply(late);
        assert_eq!(after, before, "{late:?}");
    }
    // A video that is here was not failed by the service, whatever it says later.
    check(&[&done[..4], &[failed(k, 1)]].concat(), Some((1, Status::Generated)));
    check(&[s.clone(), uncertain(k, 1), refused(k, 1, false)], Some((1, Status::Uncertain)));
    check(&[s.clone(), refused(k, 1, true), uncertain(k, 1)], Some((1, Status::Refused)));
    check(&[s.clone(), t.clone(), refused(k, 1, false)], Some((1, Status::Submitted)));
    check(&[s.clone(), t.clone(), refused(k, 1, true)], Some((1, Status::Submitted)));
    check(&[s, t, failed(k, 1), succeeded(k, 1)], Some((1, Status::Failed)));
}

#[test]
fn a_higher_attempt_wins_and_the_earlier_record_stands_again_when_it_is_refused_for_now() {
    let k = &key("a", 1);
    let first = [submitting(k, 1), submitted(k, 1, "t1"), failed(k, 1)];
    let with = |more: &[Entry]| [&first, more].concat();
    let book = check(&with(&[]), Some((1, Status::Failed)));
    assert_eq!(book.next_attempt(k), 2);
    check(&with(&[submitting(k, 2)]), Some((2, Status::Uncertain)));
    let book = check(&with(&[submitting(k, 2), refused(k, 2, false)]), Some((1, Status::Failed)));
    assert_eq!(book.next_attempt(k), 3);
    check(&with(&[submitting(k, 2), refused(k, 2, true)]), Some((2, Status::Refused)));
    let second = with(&[submitting(k, 2), refused(k, 2, false), submitting(k, 3), submitted(k, 3, "t3")]);
    check(&second, Some((3, Status::Submitted)));
    check(&[&second[..], &[generated(k, 1), failed(k, 1)]].concat(), Some((3, Status::Submitted)));
}

#[test]
fn a_person_settles_what_is_uncertain() {
    let k = &key("a", 1);
    let open = [submitting(k, 1), uncertain(k, 1)];
    let lost = [submitting(k, 1), submitted(k, 1, "t1"), uncertain(k, 1)];
    let with = |before: &[Entry], verdict: &Verdict| [before, &[resolved(k, 1, verdict.clone())]].concat();
    let known = Verdict::Task { task: task("t2") };
    assert!(check(&with(&open, &known), Some((1, Status::Submitted))).with_task(&task("t2")).is_some());
    let book = check(&with(&lost, &known), Some((1, Status::Submitted)));
    assert!(book.other_tasks(k).is_empty(), "a person said that it is another");
    assert_eq!(book.beside(k).let_go, BTreeSet::from([task("t1")]));
    assert!(book.with_task(&task("t1")).is_some() && book.with_task(&task("t2")).is_some());
    check(&with(&lost, &Verdict::Task { task: task("t1") }), Some((1, Status::Submitted)));
    let book = check(&with(&open, &Verdict::Resubmit), None);
    assert_eq!(book.next_attempt(k), 2);
    let book = check(&with(&lost, &Verdict::Failed), Some((1, Status::Failed)));
    assert!(matches!(
        &book.get(k).unwrap().stage,
        Stage::Failed { task: Some(_), word: crate::ledger::record::Word::Person, .. }
    ));
    // Nothing but what is uncertain can be settled.
    let paid = [submitting(k, 1), submitted(k, 1, "t1")];
    for verdict in [Verdict::Resubmit, Verdict::Failed] {
        check(&with(&paid, &verdict), Some((1, Status::Submitted)));
    }
}

#[test]
fn a_job_has_one_current_record_and_the_older_is_superseded_under_a_name_of_its_own() {
    let (old, new) = (&key("a", 1), &key("a", 2));
    let mut book = book(&[submitting(old, 1), submitted(old, 1, "t1"), submitting(new, 1)]);
    assert_eq!(book.current(&new.job).unwrap().key, *new);
    let superseded: Vec<_> = book.superseded().collect();
    assert_eq!(superseded.len(), 1);
    let own_name = name("a").superseded(&old.digest);
    assert_eq!((&superseded[0].key, &superseded[0].name), (old, &own_name));
    // The edit is undone.
    book.apply(&moved(old, 1, "a", Place::Current));
    assert_eq!(book.current(&old.job).unwrap().key, *old);
    assert_eq!(book.get(old).unwrap().name, name("a"));
    assert_eq!(book.get(new).unwrap().name, name("a").superseded(&new.digest));
    let order: Vec<_> = book.records().map(|r| r.place).collect();
    assert_eq!(order, [Place::Current, Place::Superseded]);
}

#[test]
fn a_renamed_job_takes_its_purchase_along() {
    let (from, to) = (&key("a", 1), &key("b", 1));
    let mut book = book(&[submitting(from, 1), submitted(from, 1, "t1"), moved(from, 1, "b", Place::Current)]);
    assert!(book.get(from).is_none() && book.current(&from.job).is_none());
    assert_eq!(book.current(&to.job).unwrap().name, name("b"));
    assert_eq!(book.with_digest(&from.digest).map(|r| r.key.job.as_str()).collect::<Vec<_>>(), ["b"]);
    assert_eq!((book.next_attempt(from), book.next_attempt(to)), (2, 2));
    // The old id asks for the same again: another purchase, which the same entry read twice must not catch.
    book.apply(&submitting(from, 2));
    book.apply(&moved(from, 1, "b", Place::Current));
    assert_eq!(book.get(from).unwrap().attempt, 2);
    assert_eq!(book.get(to).unwrap().attempt, 1);
}

#[test]
fn two_purchases_that_meet_under_one_key_keep_both_task_ids() {
    let (a, b) = (&key("a", 1), &key("b", 1));
    let mut book = book(&[submitting(a, 1), submitted(a, 1, "t1"), submitting(b, 1), submitted(b, 1, "t2")]);
    book.apply(&generated(b, 1));
    book.apply(&moved(a, 1, "b", Place::Current));
    assert_eq!(book.with_task(&task("t1")).unwrap().key, *b);
    assert_eq!(book.get(b).unwrap().stage.task(), Some(&task("t2")));
    // Of two tasks under one attempt the one in sight is the one that isn't refunded.
    let mut book = self::book(&[submitting(a, 1), submitted(a, 1, "t1"), failed(a, 1)]);
    book.apply(&submitted(a, 1, "t2"));
    assert_eq!(book.get(a).unwrap().stage, Stage::Submitted { task: task("t2") });
}

#[test]
fn what_was_dropped_is_gone_and_later_attempts_are_not() {
    let k = &key("a", 1);
    let mut book = book(&[submitting(k, 1), submitted(k, 1, "t1"), failed(k, 1), dropped(k, 1)]);
    assert!(book.is_empty() && book.next_attempt(k) == 2);
    book.apply(&submitting(k, 2));
    book.apply(&dropped(k, 1));
    assert_eq!(book.get(k).unwrap().attempt, 2);
}

#[test]
fn what_a_journal_says_of_an_unknown_submit_holds_the_job() {
    let k = &key("a", 1);
    for entry in [generated(k, 1), downloaded(k, 1, 1), succeeded(k, 1), uncertain(k, 1)] {
        let book = check(&[entry], Some((1, Status::Uncertain)));
        assert_eq!(book.current(&k.job).map(|r| &r.key), Some(k));
    }
    check(&[submitted(k, 1, "t1")], Some((1, Status::Submitted)));
    check(&[refused(k, 1, false)], None);
}

#[test]
fn uploads_are_kept_unless_their_url_may_be_signed() {
    let content = Sha256::of(b"image");
    let uploaded = |url: &str| Entry::Uploaded { sha256: content, url: url.to_owned(), at: at(0) };
    let mut book = book(&[uploaded("https://cdn.example.com/a.png")]);
    assert_eq!(book.upload(&content), Some("https://cdn.example.com/a.png"));
    book.apply(&uploaded("https://cdn.example.com/a.png?signature=secret"));
    assert_eq!(book.upload(&content), None);
}

#[test]
fn the_latest_look_at_an_image_counts_however_often_it_is_told() {
    let pin = |content: &str, second| Pin {
        sha256: Sha256::of(content.as_bytes()),
        bytes: 1,
        validator: None,
        at: at(second),
        former: BTreeSet::new(),
    };
    let address = Address::of("https://images.example.com/dog.png?sign=secret");
    let mirrored =
        |content, second, taken| Entry::Mirrored { address: address.clone(), pin: pin(content, second), taken };
    let history = [mirrored("a", 1, false), mirrored("b", 2, false), mirrored("c", 2, false)];
    let mut book = book(&history);
    assert!(!book.is_empty());
    let content = |text: &str| Sha256::of(text.as_bytes());
    let last = Pin { former: [content("a"), content("b")].into(), ..pin("c", 2) };
    assert_eq!(book.pins()[&address], last);
    for entry in &history {
        book.apply(entry);
        assert_eq!(book.pins().len(), 1);
    }
    assert_eq!(book.pins()[&address], last, "what is read again changes nothing");
    book.apply(&mirrored("d", 3, true));
    assert_eq!(book.pins()[&address], pin("d", 3), "a person took it: the others count no more");
    book.apply(&mirrored("d", 3, true));
    assert_eq!(book.pins()[&address], pin("d", 3));
    book.apply(&mirrored("a", 1, false));
    assert_eq!(book.pins()[&address].sha256, content("d"), "of another lock");
    assert_ne!(book, Book::default());
}

/// One step of a life of some jobs; the indices choose job and digest.
#[derive(Clone, Debug)]
enum Step {
    Submit,
    Accept,
    Refuse(bool),
    Lose,
    Generate,
    Download(usize),
    Succeed,
    Fail,
    Move(usize, Place),
    Resolve(u8),
}

const PAID: [Status; 3] = [Status::Submitted, Status::Generated, Status::Succeeded];

const JOBS: [&str; 3] = ["a", "b", "c"];

fn steps(length: usize) -> impl Strategy<Value = Vec<(usize, u8, Step)>> {
    let place = prop_oneof![Just(Place::Current), Just(Place::Superseded)];
    let step = prop_oneof![
        6 => Just(Step::Submit),
        6 => Just(Step::Accept),
        2 => any::<bool>().prop_map(Step::Refuse),
        2 => Just(Step::Lose),
        3 => Just(Step::Generate),
        3 => (1..4usize).prop_map(Step::Download),
        2 => Just(Step::Succeed),
        2 => Just(Step::Fail),
        2 => (0..3usize, place).prop_map(|(job, place)| Step::Move(job, place)),
        1 => (0..3u8).prop_map(Step::Resolve),
    ];
    prop::collection::vec((0..3usize, 0..2u8, step), 0..length)
}

/// What a writer that takes these steps would record, beginning with `book`. Task ids begin with `prefix`.
fn entries(mut book: Book, steps: &[(usize, u8, Step)], prefix: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (i, (job, input, step)) in steps.iter().enumerate() {
        let k = &key(JOBS[*job], *input);
        let record = book.get(k).cloned();
        let attempt = record.as_ref().map_or(1, |record| record.attempt);
        let id = format!("{prefix}{i}");
        let waits = record.as_ref().is_some_and(|r| matches!(r.stage, Stage::Uncertain { task: None, .. }));
        let has_task = record.as_ref().is_some_and(|r| r.stage.task().is_some());
        let has_failed = record.as_ref().is_some_and(|r| r.stage.status() == Status::Failed);
        let rank = book.history(k).and_then(|history| history.rank(attempt));
        let entry = match step {
            // What is paid is not submitted again, and only what is uncertain is settled.
            Step::Submit if record.as_ref().is_some_and(|r| PAID.contains(&r.stage.status())) => continue,
            Step::Submit if has_task && !has_failed => continue,
            Step::Resolve(_) if record.as_ref().is_none_or(|r| r.stage.status() != Status::Uncertain) => continue,
            Step::Submit => submitting(k, book.next_attempt(k)),
            // Only a submit that is open can be answered.
            Step::Accept if waits => submitted(k, attempt, &id),
            _ if record.is_none() => continue,
            Step::Accept => continue,
            // A refusal answers an open submit; a task is lost before it is done.
            Step::Refuse(_) if rank != Some(Rank::Asked) => continue,
            Step::Lose if !matches!(rank, Some(Rank::Asked | Rank::Submitted)) => continue,
            // Nor does a task that nobody knows come to anything, or one that failed.
            Step::Generate | Step::Download(_) | Step::Succeed | Step::Fail if !has_task || has_failed => continue,
            Step::Refuse(last) => refused(k, attempt, *last),
            Step::Lose => uncertain(k, attempt),
            Step::Generate => generated(k, attempt),
            Step::Download(number) => downloaded(k, attempt, *number),
            Step::Succeed => succeeded(k, attempt),
            Step::Fail => failed(k, attempt),
            // A rename is to an id that has nothing of the kind; what meets all the same is tested by itself.
            Step::Move(to, _) if JOBS[*to] != JOBS[*job] && book.next_attempt(&key(JOBS[*to], *input)) > 1 => continue,
            // A run moves what it finds, before it submits.
            Step::Move(..) if rank == Some(Rank::Asked) => continue,
            Step::Move(job, place) => moved(k, attempt, JOBS[*job], *place),
            Step::Resolve(0) => resolved(k, attempt, Verdict::Task { task: task(&id) }),
            Step::Resolve(1) => resolved(k, attempt, Verdict::Resubmit),
            Step::Resolve(_) => resolved(k, attempt, Verdict::Failed),
        };
        let mut entry = entry;
        if let Some(which) = entry.which_mut() {
            *which = record.as_ref().and_then(Record::which);
        }
        book.apply(&entry);
        entries.push(entry);
    }
    entries
}

fn replayed(base: &Book, entries: &[Entry]) -> Book {
    let mut book = base.clone();
    entries.iter().for_each(|entry| book.apply(entry));
    book
}

/// The book as the next process finds it in the lock.
fn through_the_lock(book: &Book) -> Book {
    lockfile::parse(lockfile::write(book).as_bytes(), Path::new("jobs.lock")).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_journal_read_twice_is_as_one_read_once(before in steps(12), after in steps(25)) {
        let base = through_the_lock(&replayed(&Book::default(), &entries(Book::default(), &before, "old")));
        let journal = entries(base.clone(), &after, "new");
        let once = replayed(&base, &journal);
        prop_assert_eq!(&replayed(&once, &journal), &once);
        // A crash between writing the lock and removing the journal.
        prop_assert_eq!(&replayed(&through_the_lock(&once), &journal), &once);
    }

    #[test]
    fn a_book_and_its_lock_are_the_same(steps in steps(40)) {
        let book = replayed(&Book::default(), &entries(Book::default(), &steps, "t"));
        let again = through_the_lock(&book);
        prop_assert_eq!(lockfile::write(&again), lockfile::write(&book));
        prop_assert_eq!(again, book);
    }

    #[test]
    fn no_task_id_is_forgotten_and_no_job_has_two_current_records(
        entries in prop::collection::vec(any_entry(), 0..40),
    ) {
        let mut book = Book::default();
        let mut tasks = BTreeSet::new();
        for entry in &entries {
            book.apply(entry);
            if let Entry::Submitted { task, .. } = entry {
                tasks.insert(task.clone());
            }
            for job in JOBS {
                let current = book.records().filter(|r| r.key.job.as_str() == job && r.place == Place::Current);
                prop_assert!(current.count() <= 1);
            }
            let names: BTreeSet<_> = book.records().map(|r| r.name.path(1)).collect();
            prop_assert_eq!(names.len(), book.records().count());
        }
        let book = through_the_lock(&book);
        for task in tasks {
            prop_assert!(book.with_task(&task).is_some(), "{} is lost", task);
        }
    }

    #[test]
    fn without_a_persons_word_no_attempt_moves_backwards(steps in steps(40)) {
        let entries = entries(Book::default(), &steps, "t");
        let mut book = Book::default();
        for (i, entry) in entries.iter().enumerate() {
            let before = book.clone();
            book.apply(entry);
            if matches!(entry, Entry::Resolved { .. } | Entry::Dropped { .. } | Entry::Moved { .. }) {
                continue;
            }
            let (key, attempt) = (entry.key().unwrap(), entry.attempt().unwrap());
            let rank = |book: &Book| book.history(key).and_then(|history| history.rank(attempt));
            prop_assert!(rank(&before) <= rank(&book));
            // Entries of before, read again in any place, are no step back either.
            for earlier in &entries[..i] {
                if earlier.key() == Some(key) && matches!(earlier, Entry::Submitted { .. } | Entry::Generated { .. }) {
                    let mut again = book.clone();
                    again.apply(earlier);
                    prop_assert!(rank(&book) <= rank(&again));
                }
            }
        }
    }
}

/// Any entry about two jobs and two digests, in an order that no writer would produce; nothing is dropped, failed or resubmitted.
fn any_entry() -> impl Strategy<Value = Entry> {
    let step = prop_oneof![
        Just(Step::Submit),
        Just(Step::Accept),
        any::<bool>().prop_map(Step::Refuse),
        Just(Step::Lose),
        Just(Step::Generate),
        (1..4usize).prop_map(Step::Download),
        Just(Step::Succeed),
    ];
    (0..2usize, 0..2u8, 1..4u32, 0..6u8, step).prop_map(|(job, input, attempt, id, step)| {
        let k = &key(JOBS[job], input);
        match step {
            Step::Submit => submitting(k, attempt),
            Step::Refuse(last) => refused(k, attempt, last),
            Step::Lose => uncertain(k, attempt),
            Step::Generate => generated(k, attempt),
            Step::Download(number) => downloaded(k, attempt, number),
            Step::Succeed => succeeded(k, attempt),
            _ => submitted(k, attempt, &format!("{job}-{input}-{id}")),
        }
    })
}
