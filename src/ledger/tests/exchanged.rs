//! Locks and journals that are exchanged, mixed or taken away, during a run and after it.

use super::*;

/// The intent of a colleague, who gave the same number.
fn submitting_there(key: &Key) -> Entry {
    let mut entry = submitting(key);
    if let Entry::Submitting { at: when, .. } = &mut entry {
        *when = at(100);
    }
    entry
}

fn submitted_there(key: &Key, task: &str) -> Entry {
    let which = Some(Which::Asked(at(100)));
    Entry::Submitted { key: key.clone(), attempt: 1, which, task: TaskId::new(task).unwrap(), at: at(101) }
}

fn failed(key: &Key, task: &str) -> Entry {
    let error = record::Fault { code: "FAILED".to_owned(), message: "no luck".to_owned() };
    let which = Some(Which::Task(TaskId::new(task).unwrap()));
    Entry::Failed { key: key.clone(), attempt: 1, which, error, at: at(3) }
}

/// The lock in which these entries went.
fn lock_of(entries: &[Entry]) -> String {
    let mut book = Book::default();
    book.set_service(SERVICE);
    entries.iter().for_each(|entry| book.apply(entry));
    lockfile::write(&book)
}

/// What is known of `key` when these entries were recorded and `lock` has taken the lock's place, the run having ended or having been killed.
async fn exchanged(entries: &[Entry], lock: &str, key: &Key) -> [(Stage, Vec<String>); 2] {
    let mut found = Vec::new();
    for is_killed in [false, true] {
        let place = place();
        let (scribe, closer) = begin(&place);
        for entry in entries {
            scribe.record(entry.clone()).await.unwrap();
        }
        fs::write(&place.paths.lock, lock).unwrap();
        if is_killed {
            kill(scribe, closer).await;
        } else {
            closer.close().await.unwrap();
        }
        let book = open(&place.paths, holder()).unwrap().close_unchanged().unwrap();
        assert_eq!(read(&place.paths).unwrap().book, book);
        let others = book.other_tasks(key).into_iter().map(|task| task.as_str().to_owned()).collect();
        found.push((book.get(key).unwrap().stage.clone(), others));
    }
    found.try_into().unwrap()
}

#[tokio::test]
async fn what_failed_here_does_not_hide_what_may_be_paid_there() {
    let k = key("a", "a");
    let ours = [submitting(&k), submitted(&k, "ours"), failed(&k, "ours")];
    for (stage, others) in exchanged(&ours, &lock_of(&[submitting_there(&k)]), &k).await {
        assert!(matches!(stage, Stage::Uncertain { task: None, .. }), "{stage:?}");
        assert!(others.is_empty());
    }
    // Nor the other way round: the lock that is there now says failed.
    let theirs = lock_of(&[submitting_there(&k), submitted_there(&k, "theirs"), failed(&k, "theirs")]);
    for (stage, _) in exchanged(&ours[..1], &theirs, &k).await {
        assert!(matches!(stage, Stage::Uncertain { task: None, .. }), "{stage:?}");
    }
}

#[tokio::test]
async fn a_task_of_the_same_number_in_another_lock_is_another_purchase() {
    let k = key("a", "a");
    let theirs = lock_of(&[submitting_there(&k), submitted_there(&k, "theirs")]);
    let ours = [submitting(&k), submitted(&k, "ours")];
    let (id, which) = (|task: &str| TaskId::new(task).unwrap(), Some(Which::Task(TaskId::new("ours").unwrap())));
    let (key, attempt) = (k.clone(), 1);
    for (entry, others) in [
        (failed(&k, "ours"), &[][..]),
        (Entry::Uncertain { key, attempt, which: which.clone(), reason: "gone".to_owned(), at: at(3) }, &["ours"][..]),
    ] {
        for (stage, kept) in exchanged(&[&ours[..], &[entry]].concat(), &theirs, &k).await {
            assert_eq!(stage, Stage::Submitted { task: id("theirs") });
            assert_eq!(kept, others);
        }
    }
    // What came further is in sight, and nothing of the one is told of the other.
    let (key, done) = (k.clone(), Entry::Generated { key: k.clone(), attempt, which: which.clone(), at: at(3) });
    let done = [&ours[..], &[done, Entry::Succeeded { key, attempt, which }]].concat();
    for (stage, others) in exchanged(&done, &theirs, &k).await {
        assert_eq!((stage.task(), &others[..]), (Some(&id("ours")), &["theirs".to_owned()][..]));
    }
}

#[tokio::test]
async fn when_one_of_two_that_are_paid_fails_the_other_is_followed() {
    let k = key("a", "a");
    let place = place();
    let (scribe, closer) = begin(&place);
    for entry in [submitting(&k), submitted(&k, "ours")] {
        scribe.record(entry).await.unwrap();
    }
    let open_there = key("b", "b");
    for entry in [submitting(&open_there), submitted(&open_there, "of-b")] {
        scribe.record(entry).await.unwrap();
    }
    let theirs = [submitting_there(&k), submitted_there(&k, "theirs"), submitting_there(&open_there)];
    fs::write(&place.paths.lock, lock_of(&theirs)).unwrap();
    let book = closer.close().await.unwrap();
    let shown = book.get(&k).unwrap().stage.task().unwrap().as_str().to_owned();
    let (scribe, closer) = begin(&place);
    scribe.record(failed(&k, &shown)).await.unwrap();
    scribe.record(failed(&open_there, "of-b")).await.unwrap();
    let book = closer.close().await.unwrap();
    assert_eq!(read(&place.paths).unwrap().book, book);
    assert!(matches!(&book.get(&k).unwrap().stage, Stage::Submitted { task } if task.as_str() != shown));
    // And a submit that nobody knows of waits for a person again.
    let record = book.get(&open_there).unwrap();
    assert!(matches!(record.stage, Stage::Uncertain { task: None, .. }), "{record:?}");
    assert_eq!(record.submitted_at, Some(at(100)));
}

#[tokio::test]
async fn a_journal_of_before_is_told_apart_as_far_as_it_tells() {
    let k = key("a", "a");
    let place = place();
    let (scribe, closer) = begin(&place);
    let nameless = |mut entry: Entry| {
        *entry.which_mut().unwrap() = None;
        entry
    };
    scribe.record(submitting(&k)).await.unwrap();
    for entry in [submitted(&k, "ours"), failed(&k, "ours")] {
        scribe.record(nameless(entry)).await.unwrap();
    }
    let other = key("b", "b");
    scribe.record(nameless(failed(&other, "of-an-earlier-run"))).await.unwrap();
    scribe.record(Entry::Dropped { key: other.clone(), attempt: 1, which: None }).await.unwrap();
    kill(scribe, closer).await;
    assert!(!fs::read_to_string(&place.paths.journal).unwrap().contains("which"));
    assert!(matches!(read(&place.paths).unwrap().book.get(&k).unwrap().stage, Stage::Failed { .. }));
    let theirs = [submitting_there(&k), submitted_there(&k, "theirs"), submitting(&other), submitted(&other, "tb")];
    fs::write(&place.paths.lock, lock_of(&theirs)).unwrap();
    let book = open(&place.paths, holder()).unwrap().close_unchanged().unwrap();
    assert!(book.records().all(|record| matches!(record.stage, Stage::Submitted { .. })), "{book:?}");
    assert_eq!(book.records().count(), 2);
}

#[tokio::test]
async fn nothing_is_pruned_before_the_lock_is_written_and_nothing_but_what_was_meant() {
    let k = key("a", "a");
    let finished = lock_of(&[submitting(&k), submitted(&k, "ta"), failed(&k, "ta")]);
    let prune = |place: &Place| {
        let mut ledger = open(&place.paths, holder()).unwrap();
        ledger.prune(&[(k.clone(), 1)]);
        ledger.start(SERVICE).unwrap()
    };
    let place = place();
    fs::write(&place.paths.lock, &finished).unwrap();
    let (scribe, closer) = prune(&place);
    kill(scribe, closer).await;
    assert!(open(&place.paths, holder()).unwrap().close_unchanged().unwrap().get(&k).is_some());
    let (_, closer) = prune(&place);
    let theirs = lock_of(&[submitting_there(&k), submitted_there(&k, "theirs")]);
    fs::write(&place.paths.lock, &theirs).unwrap();
    assert!(closer.close().await.unwrap().with_task(&TaskId::new("theirs").unwrap()).is_some());
    fs::write(&place.paths.lock, &finished).unwrap();
    let (_, closer) = prune(&place);
    assert!(closer.close().await.unwrap().get(&k).is_none());
    assert!(read(&place.paths).unwrap().book.get(&k).is_none());
}

#[tokio::test]
async fn a_run_whose_lock_and_journal_are_taken_away_writes_what_it_knows() {
    let k = key("a", "a");
    let is_kept = |place: &Place| read(&place.paths).unwrap().book.with_task(&TaskId::new("ta").unwrap()).is_some();
    for there in [None, Some(lock_of(&[submitting_there(&key("b", "b"))])), Some("<<<<<<< HEAD\n".to_owned())] {
        let place = with_a_lock().await;
        let (scribe, closer) = begin(&place);
        let of_this_run = key("c", "c");
        for entry in [submitting(&of_this_run), submitted(&of_this_run, "tc")] {
            scribe.record(entry).await.unwrap();
        }
        fs::remove_file(&place.paths.journal).unwrap();
        fs::remove_file(&place.paths.lock).unwrap();
        if let Some(there) = &there {
            fs::write(&place.paths.lock, there).unwrap();
        }
        assert!(scribe.record(submitting(&key("d", "d"))).await.is_err(), "the journal is gone");
        assert!(scribe.record(submitted_there(&of_this_run, "another")).await.is_err(), "the journal is gone");
        let closed = closer.close().await;
        if closed.is_err() {
            // It can't be read: the journal lies there again.
            assert_eq!(fs::read_to_string(&place.paths.lock).unwrap(), *there.as_ref().unwrap());
            fs::write(&place.paths.lock, lock_of(&[submitting(&k), submitted(&k, "ta")])).unwrap();
            open(&place.paths, holder()).unwrap().close_unchanged().unwrap();
        }
        assert!(is_kept(&place), "{there:?}");
        let book = read(&place.paths).unwrap().book;
        for task in ["tc", "another"] {
            assert_eq!(book.with_task(&TaskId::new(task).unwrap()).unwrap().key, of_this_run, "{task}");
        }
        assert_eq!(files(&place), ["jobs.lock"]);
    }
}

#[tokio::test]
async fn what_another_lock_says_is_paid_is_not_submitted() {
    let place = with_a_lock().await;
    let (scribe, closer) = begin(&place);
    let text = fs::read(&place.paths.lock).unwrap();
    // The same content in another file is no other lock.
    fs::remove_file(&place.paths.lock).unwrap();
    fs::write(&place.paths.lock, &text).unwrap();
    let (b, c) = (key("b", "b"), key("c", "c"));
    scribe.record(submitting(&b)).await.unwrap();
    fs::write(&place.paths.lock, lock_of(&[submitting_there(&c), submitted_there(&c, "tc")])).unwrap();
    let refused = scribe.record(submitting(&c)).await.unwrap_err();
    assert!(refused.to_string().contains("jobs.lock was replaced while the run was on"), "{refused}");
    // Of others it says nothing.
    scribe.record(submitting(&key("d", "d"))).await.unwrap();
    scribe.record(failed(&key("a", "a"), "ta")).await.unwrap();
    // What it says of this one is known to have failed since.
    fs::write(&place.paths.lock, &text).unwrap();
    let mut again = submitting(&key("a", "a"));
    if let Entry::Submitting { attempt, at: when, .. } = &mut again {
        (*attempt, *when) = (2, at(200));
    }
    scribe.record(again).await.unwrap();
    fs::write(&place.paths.lock, "<<<<<<< HEAD\n").unwrap();
    assert!(scribe.record(submitting(&key("e", "e"))).await.is_err(), "nobody knows what it says");
    fs::write(&place.paths.lock, lock_of(&[submitting_there(&c), submitted_there(&c, "tc")])).unwrap();
    // What is out already is still written down.
    scribe.record(submitted(&b, "tb")).await.unwrap();
    let book = closer.close().await.unwrap();
    let tasks: Vec<_> = book.records().filter_map(|record| record.stage.task()).map(TaskId::as_str).collect();
    assert_eq!(tasks, ["tb", "tc"]);
    assert_eq!(book.records().map(|record| record.key.job.as_str()).collect::<Vec<_>>(), ["a", "b", "c", "d"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_journal_that_is_a_link_is_not_followed() {
    let place = place();
    let target = place.paths.lock.with_file_name("precious");
    fs::write(&target, "").unwrap();
    std::os::unix::fs::symlink(&target, &place.paths.journal).unwrap();
    let is_refused = |error: LedgerError| matches!(error, LedgerError::NoFile { .. });
    assert!(is_refused(open(&place.paths, holder()).unwrap_err()) && is_refused(read(&place.paths).unwrap_err()));
    assert!(!is_held(&place.paths));
    assert_eq!((files(&place).len(), fs::read_to_string(&target).unwrap().as_str()), (2, ""));
    // Not even where it leads nowhere.
    fs::remove_file(&target).unwrap();
    assert!(is_refused(open(&place.paths, holder()).unwrap_err()));
    assert_eq!(files(&place), ["jobs.lock.journal"]);
    fs::remove_file(&place.paths.journal).unwrap();
    fs::create_dir(&place.paths.journal).unwrap();
    assert!(is_refused(open(&place.paths, holder()).unwrap_err()));
}

#[cfg(unix)]
#[test]
fn an_empty_journal_of_another_run_stays() {
    let place = place();
    let ledger = open(&place.paths, holder()).unwrap();
    fs::remove_file(&place.paths.journal).unwrap();
    let other = open(&place.paths, holder()).unwrap();
    drop(ledger);
    assert_eq!(files(&place), ["jobs.lock.journal"]);
    assert!(is_held(&place.paths));
    drop(other);
    assert!(files(&place).is_empty());
}

#[tokio::test]
async fn what_a_person_lets_go_keeps_its_number_and_its_task() {
    let k = key("a", "a");
    let place = with_a_lock().await;
    let id = TaskId::new("ta").unwrap();
    let which = Some(Which::Task(id.clone()));
    let lost =
        Entry::Uncertain { key: k.clone(), attempt: 1, which: which.clone(), reason: "gone".to_owned(), at: at(3) };
    let verdict = entry::Verdict::Resubmit;
    let resolved = Entry::Resolved { key: k.clone(), attempt: 1, which, verdict, at: at(4) };
    let (scribe, closer) = begin(&place);
    scribe.record(lost).await.unwrap();
    scribe.record(resolved).await.unwrap();
    let journal = fs::read(&place.paths.journal).unwrap();
    closer.close().await.unwrap();
    let book = read(&place.paths).unwrap().book;
    assert!(book.get(&k).is_none() && book.next_attempt(&k) == 2);
    assert!(book.beside(&k).let_go.contains(&id));
    // The next one is uncertain: the journal of before, put back by hand, is not about it.
    let (scribe, closer) = begin(&place);
    let next = |at, attempt| match submitting(&k) {
        Entry::Submitting { key, parts, videos, name, service, .. } => {
            Entry::Submitting { key, attempt, parts, videos, name, service, at }
        }
        _ => unreachable!(),
    };
    scribe.record(next(at(50), 2)).await.unwrap();
    closer.close().await.unwrap();
    fs::write(&place.paths.journal, journal).unwrap();
    let book = open(&place.paths, holder()).unwrap().close_unchanged().unwrap();
    assert!(matches!(book.get(&k).unwrap().stage, Stage::Uncertain { task: None, .. }));
    assert!(book.beside(&k).let_go.contains(&id));
}

#[tokio::test]
async fn what_took_the_place_of_a_failed_one_stays_there() {
    let k = key("a", "a");
    let place = place();
    let (scribe, closer) = begin(&place);
    scribe.record(submitting(&k)).await.unwrap();
    let mut there = submitting_there(&k);
    if let Entry::Submitting { attempt, .. } = &mut there {
        *attempt = 2;
    }
    let accepted = Entry::Submitted {
        key: k.clone(),
        attempt: 2,
        which: Some(Which::Asked(at(100))),
        task: TaskId::new("theirs").unwrap(),
        at: at(101),
    };
    fs::write(&place.paths.lock, lock_of(&[there, accepted])).unwrap();
    closer.close().await.unwrap();
    // The one that is paid fails, and the other waits for a person, also where the lock is exchanged once more.
    let (scribe, closer) = begin(&place);
    let mut failed = failed(&k, "theirs");
    if let Entry::Failed { attempt, .. } = &mut failed {
        *attempt = 2;
    }
    scribe.record(failed).await.unwrap();
    fs::write(&place.paths.lock, lock_of(&[])).unwrap();
    let book = closer.close().await.unwrap();
    assert!(matches!(book.get(&k).unwrap().stage, Stage::Uncertain { task: None, .. }), "{book:?}");
}
