//! Locks and journals that are exchanged, mixed or removed, during a run and after it.

use super::*;

/// Returns the intent of a colleague for the same input.
fn submitting_there(key: &Key) -> Entry {
    let Entry::Purchase { step: Step::Submitting { job, digest, parts, videos, name, service, .. }, .. } =
        submitting(key)
    else {
        unreachable!()
    };
    let (manifest, at) = (None, at(100));
    Entry::of(there(key), Step::Submitting { job, digest, parts, videos, name, service, manifest, at })
}

fn submitted_there(key: &Key, task: &str) -> Entry {
    Entry::of(there(key), Step::Submitted { task: TaskId::new(task).unwrap(), at: at(101) })
}

/// Returns the purchase of a key there.
fn there(key: &Key) -> PurchaseId {
    PurchaseId::for_test(key, 100)
}

fn failed(id: PurchaseId) -> Entry {
    let error = record::ServiceError { code: "FAILED".to_owned(), message: "no luck".to_owned() };
    Entry::of(id, Step::Failed { error, at: at(3) })
}

fn lost(id: PurchaseId, task: &str) -> Entry {
    let task = Some(TaskId::new(task).unwrap());
    Entry::of(id, Step::Uncertain { task, reason: "gone".to_owned(), at: at(3) })
}

/// Returns the lock with these entries.
fn lock_of(entries: &[Entry]) -> String {
    let mut book = Book::default();
    book.set_service(SERVICE);
    entries.iter().for_each(|entry| book.apply(entry));
    lockfile::write(&book)
}

/// Returns the state of `key` after these entries were recorded and `lock` replaced the lock, both after an orderly end
/// and after a kill.
async fn exchanged(entries: &[Entry], lock: &str, key: &Key) -> [(Stage, Vec<String>); 2] {
    let mut found = Vec::new();
    for is_killed in [false, true] {
        let place = place();
        let (journal_writer, session) = begin(&place);
        for entry in entries {
            journal_writer.record(entry.clone()).await.unwrap();
        }
        fs::write(&place.paths.lock, lock).unwrap();
        if is_killed {
            kill(journal_writer, session).await;
        } else {
            session.close().await.unwrap();
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
    let ours = [submitting(&k), submitted(&k, "ours"), failed(id(&k))];
    for (stage, others) in exchanged(&ours, &lock_of(&[submitting_there(&k)]), &k).await {
        assert!(matches!(stage, Stage::Uncertain { task: None, .. }), "{stage:?}");
        assert!(others.is_empty());
    }
    // Nor the other way round: the lock that is there now says failed.
    let theirs = lock_of(&[submitting_there(&k), submitted_there(&k, "theirs"), failed(there(&k))]);
    for (stage, _) in exchanged(&ours[..1], &theirs, &k).await {
        assert!(matches!(stage, Stage::Uncertain { task: None, .. }), "{stage:?}");
    }
}

#[tokio::test]
async fn a_task_of_the_same_number_in_another_lock_is_another_purchase() {
    let k = key("a", "a");
    let theirs = lock_of(&[submitting_there(&k), submitted_there(&k, "theirs")]);
    let ours = [submitting(&k), submitted(&k, "ours")];
    let task = |task: &str| TaskId::new(task).unwrap();
    for (entry, others) in [(failed(id(&k)), &[][..]), (lost(id(&k), "ours"), &["ours"][..])] {
        for (stage, kept) in exchanged(&[&ours[..], &[entry]].concat(), &theirs, &k).await {
            assert_eq!(stage, Stage::Submitted { task: task("theirs") });
            assert_eq!(kept, others);
        }
    }
    // The purchase that came further is shown, and nothing of the one is attributed to the other.
    let done = [Step::Generated { at: at(3) }, Step::Succeeded].map(|step| Entry::of(id(&k), step));
    let done = [&ours[..], &done].concat();
    for (stage, others) in exchanged(&done, &theirs, &k).await {
        assert_eq!((stage.task(), &others[..]), (Some(&task("ours")), &["theirs".to_owned()][..]));
    }
}

#[tokio::test]
async fn when_one_of_two_that_are_paid_fails_the_other_is_followed() {
    let k = key("a", "a");
    let place = place();
    let (journal_writer, session) = begin(&place);
    for entry in [submitting(&k), submitted(&k, "ours")] {
        journal_writer.record(entry).await.unwrap();
    }
    let open_there = key("b", "b");
    for entry in [submitting(&open_there), submitted(&open_there, "of-b")] {
        journal_writer.record(entry).await.unwrap();
    }
    let theirs = [submitting_there(&k), submitted_there(&k, "theirs"), submitting_there(&open_there)];
    fs::write(&place.paths.lock, lock_of(&theirs)).unwrap();
    let book = session.close().await.unwrap();
    let shown = book.get(&k).unwrap().stage.task().unwrap().as_str().to_owned();
    let (journal_writer, session) = begin(&place);
    let shown_id = book.get(&k).unwrap().id;
    journal_writer.record(failed(shown_id)).await.unwrap();
    journal_writer.record(failed(id(&open_there))).await.unwrap();
    let book = session.close().await.unwrap();
    assert_eq!(read(&place.paths).unwrap().book, book);
    assert!(matches!(&book.get(&k).unwrap().stage, Stage::Submitted { task } if task.as_str() != shown));
    // And a submit with unknown outcome waits for a person again.
    let record = book.get(&open_there).unwrap();
    assert!(matches!(record.stage, Stage::Uncertain { task: None, .. }), "{record:?}");
    assert_eq!(record.submitted_at, Some(at(100)));
}

#[tokio::test]
async fn nothing_is_pruned_before_the_lock_is_written_and_nothing_but_what_was_meant() {
    let k = key("a", "a");
    let finished = lock_of(&[submitting(&k), submitted(&k, "ta"), failed(id(&k))]);
    let prune = |place: &Place| {
        let mut ledger = open(&place.paths, holder()).unwrap();
        ledger.prune(std::slice::from_ref(&k));
        ledger.start(SERVICE).unwrap()
    };
    let place = place();
    fs::write(&place.paths.lock, &finished).unwrap();
    let (journal_writer, session) = prune(&place);
    kill(journal_writer, session).await;
    assert!(open(&place.paths, holder()).unwrap().close_unchanged().unwrap().get(&k).is_some());
    let (_, session) = prune(&place);
    let theirs = lock_of(&[submitting_there(&k), submitted_there(&k, "theirs")]);
    fs::write(&place.paths.lock, &theirs).unwrap();
    assert!(session.close().await.unwrap().with_task(&TaskId::new("theirs").unwrap()).is_some());
    fs::write(&place.paths.lock, &finished).unwrap();
    let (_, session) = prune(&place);
    assert!(session.close().await.unwrap().get(&k).is_none());
    assert!(read(&place.paths).unwrap().book.get(&k).is_none());
}

#[tokio::test]
async fn a_run_whose_lock_and_journal_are_taken_away_writes_what_it_knows() {
    let k = key("a", "a");
    let is_kept = |place: &Place| read(&place.paths).unwrap().book.with_task(&TaskId::new("ta").unwrap()).is_some();
    for there in [None, Some(lock_of(&[submitting_there(&key("b", "b"))])), Some("<<<<<<< HEAD\n".to_owned())] {
        let place = with_a_lock().await;
        let (journal_writer, session) = begin(&place);
        let of_this_run = key("c", "c");
        for entry in [submitting(&of_this_run), submitted(&of_this_run, "tc")] {
            journal_writer.record(entry).await.unwrap();
        }
        fs::remove_file(&place.paths.journal).unwrap();
        fs::remove_file(&place.paths.lock).unwrap();
        if let Some(there) = &there {
            fs::write(&place.paths.lock, there).unwrap();
        }
        assert!(journal_writer.record(submitting(&key("d", "d"))).await.is_err(), "the journal is gone");
        assert!(journal_writer.record(submitted(&of_this_run, "another")).await.is_err(), "the journal is gone");
        let closed = session.close().await;
        if closed.is_err() {
            // It can't be read: the journal is kept again.
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
    let (journal_writer, session) = begin(&place);
    let text = fs::read(&place.paths.lock).unwrap();
    // The same content in another file is not another lock.
    fs::remove_file(&place.paths.lock).unwrap();
    fs::write(&place.paths.lock, &text).unwrap();
    let (b, c) = (key("b", "b"), key("c", "c"));
    journal_writer.record(submitting(&b)).await.unwrap();
    fs::write(&place.paths.lock, lock_of(&[submitting_there(&c), submitted_there(&c, "tc")])).unwrap();
    let refused = journal_writer.record(submitting(&c)).await.unwrap_err();
    assert!(refused.to_string().contains("jobs.lock was replaced while the run was on"), "{refused}");
    // It says nothing about others.
    journal_writer.record(submitting(&key("d", "d"))).await.unwrap();
    journal_writer.record(failed(id(&key("a", "a")))).await.unwrap();
    // The purchase in it is known to have failed since.
    fs::write(&place.paths.lock, &text).unwrap();
    journal_writer.record(submitting_there(&key("a", "a"))).await.unwrap();
    fs::write(&place.paths.lock, "<<<<<<< HEAD\n").unwrap();
    assert!(journal_writer.record(submitting(&key("e", "e"))).await.is_err(), "nobody knows what it says");
    fs::write(&place.paths.lock, lock_of(&[submitting_there(&c), submitted_there(&c, "tc")])).unwrap();
    // Submits already sent are still recorded.
    journal_writer.record(submitted(&b, "tb")).await.unwrap();
    let book = session.close().await.unwrap();
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
    // Not even if it leads nowhere.
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
async fn what_a_person_lets_go_keeps_its_task() {
    let k = key("a", "a");
    let place = with_a_lock().await;
    let task = TaskId::new("ta").unwrap();
    let verdict = entry::Decision::Resubmit;
    let resolved = Step::Resolved { task: Some(task.clone()), verdict, at: at(4) };
    let (journal_writer, session) = begin(&place);
    journal_writer.record(lost(id(&k), "ta")).await.unwrap();
    journal_writer.record(Entry::of(id(&k), resolved)).await.unwrap();
    let journal = fs::read(&place.paths.journal).unwrap();
    session.close().await.unwrap();
    let book = read(&place.paths).unwrap().book;
    assert!(book.get(&k).is_none() && book.next_attempt(&k) == 2);
    assert!(fs::read_to_string(&place.paths.lock).unwrap().contains("\"ta\""));
    // The next one is uncertain: the earlier journal, restored by hand, is not about it.
    let (journal_writer, session) = begin(&place);
    journal_writer.record(submitting_there(&k)).await.unwrap();
    session.close().await.unwrap();
    fs::write(&place.paths.journal, journal).unwrap();
    let book = open(&place.paths, holder()).unwrap().close_unchanged().unwrap();
    assert!(matches!(book.get(&k).unwrap().stage, Stage::Uncertain { task: None, .. }));
    assert!(fs::read_to_string(&place.paths.lock).unwrap().contains("\"ta\""));
}

#[tokio::test]
async fn what_took_the_place_of_a_failed_one_stays_there() {
    let k = key("a", "a");
    let place = place();
    let (journal_writer, session) = begin(&place);
    journal_writer.record(submitting(&k)).await.unwrap();
    fs::write(&place.paths.lock, lock_of(&[submitting_there(&k), submitted_there(&k, "theirs")])).unwrap();
    session.close().await.unwrap();
    // The paid one fails, and the other waits for a person, even if the lock is exchanged once more.
    let (journal_writer, session) = begin(&place);
    journal_writer.record(failed(there(&k))).await.unwrap();
    fs::write(&place.paths.lock, lock_of(&[])).unwrap();
    let book = session.close().await.unwrap();
    assert!(matches!(book.get(&k).unwrap().stage, Stage::Uncertain { task: None, .. }), "{book:?}");
}

#[tokio::test]
async fn a_lock_is_replaced_by_itself_before_anything_is_bought() {
    let place = with_a_lock().await;
    let text = fs::read(&place.paths.lock).unwrap();
    let before = fs::metadata(&place.paths.lock).unwrap();
    let (journal_writer, session) = begin(&place);
    journal_writer.record(lost(id(&key("a", "a")), "ta")).await.unwrap();
    let file = |found: fs::Metadata| std::os::unix::fs::MetadataExt::ino(&found);
    assert_eq!(file(fs::metadata(&place.paths.lock).unwrap()), file(before), "nothing is submitted");
    journal_writer.record(submitting(&key("b", "b"))).await.unwrap();
    assert_eq!(fs::read(&place.paths.lock).unwrap(), text);
    session.close().await.unwrap();
    assert_eq!(files(&place), ["jobs.lock"]);

    // If that can't be done, nothing is bought, and purchases already paid are still recorded.
    let place = self::place();
    let (journal_writer, session) = begin(&place);
    fs::create_dir(&place.paths.lock).unwrap();
    fs::write(place.paths.lock.join("in-the-way"), "").unwrap();
    for job in ["a", "b"] {
        let refused = journal_writer.record(submitting(&key(job, job))).await.unwrap_err();
        assert!(matches!(refused, Unwritable::Lock(_)), "{refused}");
    }
    journal_writer.record(submitting(&key("c", "c"))).await.unwrap_err();
    fs::remove_dir_all(&place.paths.lock).unwrap();
    assert!(session.close().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_link_to_a_journal_that_was_taken_in_keeps_what_it_had() {
    let place = place();
    let (journal_writer, session) = begin(&place);
    journal_writer.record(submitting(&key("a", "a"))).await.unwrap();
    kill(journal_writer, session).await;
    let backup = place.paths.journal.with_extension("backup");
    fs::hard_link(&place.paths.journal, &backup).unwrap();
    let journal = fs::read(&backup).unwrap();
    let (journal_writer, session) = begin(&place);
    assert!(matches!(open(&place.paths, holder()), Err(LedgerError::Held { .. })), "the new one is held too");
    assert_eq!(fs::read(&backup).unwrap(), journal);
    journal_writer.record(submitting(&key("b", "b"))).await.unwrap();
    session.close().await.unwrap();
    assert_eq!(fs::read(&backup).unwrap(), journal);
}

#[tokio::test]
async fn a_journal_tells_beside_any_lock_what_it_began_with() {
    let k = key("a", "a");
    let place = with_a_lock().await;
    let before = lock_of(&[]);
    let (journal_writer, session) = begin(&place);
    journal_writer.record(Entry::of(id(&k), Step::Generated { at: at(3) })).await.unwrap();
    kill(journal_writer, session).await;
    // The lock that knew the purchase is gone.
    fs::write(&place.paths.lock, before).unwrap();
    let record = read(&place.paths).unwrap().book.get(&k).unwrap().clone();
    assert_eq!((record.stage.status().as_str(), record.parts.len()), ("generated", 1));
}
